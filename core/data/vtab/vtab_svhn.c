/* svhn from train_32x32.mat and test_32x32.mat: X, 32 x 32 x 3 x N bytes of which rows run fastest, then columns, then
 * channels; y, N digits of which 10 stands for 0. */
#include <stdio.h>
#include <stdlib.h>

#include "core/data/vtab/vtab_source.h"
#include "core/data/vtab/vtab_spilled.h"
#include "core/formats/matlab.h"

enum { SIDE = 32, PLANE = SIDE * SIDE, PICTURE = 3 * PLANE, TOGETHER = (1 << 26) / PICTURE /* 64 MiB */ };

struct svhn {
    struct vtab_spilled spilled;
    struct matlab *files[2]; /* at X, until all is gathered */
    char *folder;
};

static int begin_pictures(struct matlab *m, const char *path, size_t *count, struct error *e) {
    struct matlab_shape x;
    int r = matlab_begin(m, "X", &x, e);
    if (r == 0 && (x.dimensions != 4 || x.at[0] != SIDE || x.at[1] != SIDE || x.at[2] != 3))
        r = error_set(e, ERROR_FORMAT, "%s: X has another shape than %d x %d x 3 x N", path, SIDE, SIDE);
    *count = r == 0 ? x.at[3] : 0;
    return r;
}

static int open_split(struct svhn *s, size_t split, const char *name, struct error *e) {
    char path[4096];
    int32_t *digits = NULL;
    size_t count, labels = 0;
    if ((size_t)snprintf(path, sizeof path, "%s/%s_32x32.mat", s->folder, name) >= sizeof path)
        return error_set(e, ERROR_DATA, "%s: the name of the folder is too long", s->folder);
    int r = matlab_open(&s->files[split], path, e);
    if (r < 0)
        return r;
    struct matlab *m = s->files[split];
    if ((r = begin_pictures(m, path, &count, e)) == 0 &&
        (r = vtab_raw_add(&s->spilled.raw, name, path, count, e)) == 0 &&
        (r = matlab_numbers(m, "y", &digits, &labels, VTAB_RAW_MOST, e)) == 0 && labels != count)
        r = error_set(e, ERROR_FORMAT, "%s: y has %zu digits; %zu were expected, one for each image of X", path, labels,
                      count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (digits[i] >= 1 && digits[i] <= 10)
            s->spilled.raw.splits[split].labels[i] = (int16_t)(digits[i] % 10);
    free(digits);
    return r < 0 ? r : vtab_raw_sort(&s->spilled.raw, split, md5_order_number, NULL, e);
}

static void close_svhn(void *state) {
    struct svhn *s = state;
    matlab_close(s->files[0]);
    matlab_close(s->files[1]);
    vtab_spilled_free(&s->spilled);
    free(s->folder);
    free(s);
}

static int open_svhn(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"svhn", NULL};
    char *folder;
    int r = vtab_raw_find(&folder, path, tops, "train_32x32.mat", e);
    if (r < 0 || !folder)
        return r;
    struct svhn *s = calloc(1, sizeof *s);
    if (!s) {
        free(folder);
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to open it", path);
    }
    s->folder = folder;
    s->spilled.raw.task = task;
    if ((r = open_split(s, 0, "train", e)) < 0 || (r = open_split(s, 1, "test", e)) < 0 ||
        (r = vtab_spilled_begin(&s->spilled, PICTURE, e)) < 0) {
        close_svhn(s);
        return r;
    }
    *state = s;
    return 0;
}

static int gather_split(struct svhn *s, size_t split, struct error *e) {
    const struct vtab_raw_split *of = &s->spilled.raw.splits[split];
    size_t together = of->count < TOGETHER ? of->count : TOGETHER;
    uint8_t *pictures = malloc(together * PICTURE);
    if (!pictures)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", of->path);
    int r = 0;
    for (size_t at = 0; r == 0 && at < of->count; at += together) {
        size_t n = of->count - at < together ? of->count - at : together;
        r = matlab_bytes(s->files[split], at * PICTURE, n * PICTURE, pictures, e);
        if (r == 0)
            r = vtab_spilled_pass(&s->spilled, split, at, n, pictures, e);
    }
    free(pictures);
    return r;
}

static int gather(void *state, struct error *e) {
    struct svhn *s = state;
    int r = 0;
    for (size_t split = 0; r == 0 && split < 2; split++) {
        r = gather_split(s, split, e);
        matlab_close(s->files[split]);
        s->files[split] = NULL;
    }
    return r;
}

static int pixels(const void *state, const struct vtab_image *i, struct image *out, struct error *e) {
    const struct svhn *s = state;
    uint8_t picture[PICTURE];
    int r = vtab_spilled_read(&s->spilled, i, picture, e);
    return r < 0 ? r : vtab_raw_picture(out, picture, SIDE, 1, SIDE, PLANE, e);
}

const struct vtab_source vtab_svhn = {
    .dataset = "svhn_cropped",
    .expected = "train_32x32.mat",
    .open = open_svhn,
    .close = close_svhn,
    .size = vtab_raw_size,
    .locate = vtab_spilled_locate,
    .gather = gather,
    .pixels = pixels,
    .say = vtab_raw_say,
    .file = vtab_raw_file,
};
