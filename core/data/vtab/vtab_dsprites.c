/* dsprites from dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz: imgs (N x 64 x 64, 0 or 1) and latents_classes (N x 6:
 * colour, shape, scale, orientation, x, y). The pictures are 3 GB once unpacked: they pass by once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/vtab/vtab_label.h"
#include "core/data/vtab/vtab_source.h"
#include "core/data/vtab/vtab_spilled.h"
#include "core/formats/npz.h"
#include "core/formats/window.h"

enum { SIDE = 64, PICTURE = SIDE * SIDE, LATENTS = 6, ORIENTATION = 3, X = 4, TOGETHER = 256 };

#define FILE_NAME "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"

struct dsprites {
    struct vtab_spilled spilled;
    char *path;
};

static int read_labels(struct dsprites *d, struct npz *z, struct error *e) {
    struct vtab_raw_split *s = &d->spilled.raw.splits[0];
    const struct vtab_task *task = d->spilled.raw.task;
    size_t column = strcmp(task->key, "label_x_position") == 0 ? X : ORIENTATION;
    uint8_t rows[TOGETHER][LATENTS * 8];
    for (size_t at = 0; at < s->count; at += TOGETHER) {
        size_t n = s->count - at < TOGETHER ? s->count - at : TOGETHER;
        int r = npz_read(z, rows, n * sizeof *rows, e);
        if (r < 0)
            return r;
        for (size_t i = 0; i < n; i++)
            s->labels[at + i] = (int16_t)vtab_label_of_value(task, (int64_t)window_u64(rows[i] + 8 * column));
    }
    return npz_end(z, e);
}

static int open_latents(struct dsprites *d, struct error *e) {
    struct npz *z;
    int r = npz_open(&z, d->path, "latents_classes.npy", "<i8", e);
    if (r < 0)
        return r;
    const struct npy *a = npz_array(z);
    if (a->dimensions != 2 || a->shape[1] != LATENTS)
        r = error_set(e, ERROR_FORMAT, "%s: latents_classes has another shape than N x %d", d->path, LATENTS);
    if (r == 0)
        r = vtab_raw_add(&d->spilled.raw, "train", d->path, a->shape[0], e);
    if (r == 0)
        r = read_labels(d, z, e);
    npz_close(z);
    return r;
}

static int open_pictures(const struct dsprites *d, struct npz **z, struct error *e) {
    size_t count = d->spilled.raw.splits[0].count;
    int r = npz_open(z, d->path, "imgs.npy", "|u1", e);
    if (r < 0)
        return r;
    const struct npy *a = npz_array(*z);
    if (a->dimensions == 3 && a->shape[0] == count && a->shape[1] == SIDE && a->shape[2] == SIDE)
        return 0;
    npz_close(*z);
    *z = NULL;
    return error_set(e, ERROR_FORMAT, "%s: imgs has another shape than %zu x %d x %d", d->path, count, SIDE, SIDE);
}

static void close_dsprites(void *state) {
    struct dsprites *d = state;
    vtab_spilled_free(&d->spilled);
    free(d->path);
    free(d);
}

static int open_dsprites(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"dsprites-dataset", "dsprites-dataset-master", NULL};
    char *folder;
    struct npz *z;
    int r = vtab_raw_find(&folder, path, tops, FILE_NAME, e);
    if (r < 0 || !folder)
        return r;
    struct dsprites *d = calloc(1, sizeof *d);
    if (!d || asprintf(&d->path, "%s/" FILE_NAME, folder) < 0) {
        free(folder);
        free(d);
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to open it", path);
    }
    free(folder);
    d->spilled.raw.task = task;
    if ((r = open_latents(d, e)) < 0 || (r = open_pictures(d, &z, e)) < 0)
        goto close;
    npz_close(z);
    if ((r = vtab_raw_sort(&d->spilled.raw, 0, md5_order_number, NULL, e)) < 0 ||
        (r = vtab_spilled_begin(&d->spilled, PICTURE, e)) < 0)
        goto close;
    *state = d;
    return 0;
close:
    close_dsprites(d);
    return r;
}

static int gather(void *state, struct error *e) {
    struct dsprites *d = state;
    size_t count = d->spilled.raw.splits[0].count;
    uint8_t *pictures = malloc((size_t)TOGETHER * PICTURE);
    struct npz *z = NULL;
    int r = pictures ? open_pictures(d, &z, e) : error_set(e, ERROR_MEMORY, "%s: not enough memory", d->path);
    for (size_t at = 0; r == 0 && at < count; at += TOGETHER) {
        size_t n = count - at < TOGETHER ? count - at : TOGETHER;
        r = npz_read(z, pictures, n * PICTURE, e);
        if (r == 0)
            r = vtab_spilled_pass(&d->spilled, 0, at, n, pictures, e);
    }
    if (r == 0)
        r = npz_end(z, e);
    npz_close(z);
    free(pictures);
    return r;
}

static int pixels(const void *state, const struct vtab_image *i, struct image *out, struct error *e) {
    const struct dsprites *d = state;
    uint8_t grey[PICTURE];
    int r = vtab_spilled_read(&d->spilled, i, grey, e);
    return r < 0 ? r : vtab_raw_picture(out, grey, SIDE, SIDE, 1, 0, e);
}

const struct vtab_source vtab_dsprites = {
    .dataset = "dsprites",
    .expected = FILE_NAME,
    .open = open_dsprites,
    .close = close_dsprites,
    .size = vtab_raw_size,
    .locate = vtab_spilled_locate,
    .gather = gather,
    .pixels = pixels,
    .say = vtab_raw_say,
    .file = vtab_raw_file,
};
