/* patch_camelyon from camelyonpatch_level_2_split_{train,valid,test}_{x,y}.h5, unpacked: x (N x 96 x 96 x 3) and y (N,
 * or N x 1 x 1 x 1). Its keys say valid where the split is called validation. */
#include <stdio.h>
#include <stdlib.h>

#include "core/data/vtab/vtab_raw.h"
#include "core/data/vtab/vtab_source.h"
#include "core/formats/h5.h"

enum { SIDE = 96 };

#define STEM "camelyonpatch_level_2_split_"

struct camelyon {
    struct vtab_raw raw;
    struct h5 *pictures[3];
    char *folder;
};

static const struct {
    const char *split, *name;
} files[] = {{"train", "train"}, {"validation", "valid"}, {"test", "test"}};

static void key(const void *context, size_t i, char out[static MD5_ORDER_KEY]) {
    snprintf(out, MD5_ORDER_KEY, "%s_%zu", (const char *)context, i);
}

static int open_array(const struct camelyon *c, size_t split, const char *name, struct h5 **h, struct h5_shape *shape,
                      char *path, size_t size, struct error *e) {
    if ((size_t)snprintf(path, size, "%s/" STEM "%s_%s.h5", c->folder, files[split].name, name) >= size)
        return error_set(e, ERROR_DATA, "%s: the name of the folder is too long", c->folder);
    return h5_open(h, path, name, shape, e);
}

static int read_labels(struct camelyon *c, size_t split, struct error *e) {
    struct vtab_raw_split *s = &c->raw.splits[split];
    char path[4096];
    struct h5 *h;
    struct h5_shape y;
    int r = open_array(c, split, "y", &h, &y, path, sizeof path, e);
    if (r < 0)
        return r;
    bool good = y.at[0] == s->count;
    for (size_t i = 1; i < y.dimensions; i++)
        good = good && y.at[i] == 1;
    uint8_t *values = good ? malloc(s->count) : NULL;
    if (!good)
        r = error_set(e, ERROR_FORMAT, "%s: y has another shape than %zu x 1 x 1 x 1, one for each image", path,
                      s->count);
    else if (!values)
        r = error_set(e, ERROR_MEMORY, "%s: not enough memory for %zu labels", path, s->count);
    else
        r = h5_rows(h, 0, s->count, values, e);
    for (size_t i = 0; r == 0 && i < s->count; i++)
        if (values[i] < c->raw.task->classes)
            s->labels[i] = values[i];
    free(values);
    h5_close(h);
    return r;
}

static int open_split(struct camelyon *c, size_t split, struct error *e) {
    char path[4096];
    struct h5_shape x;
    int r = open_array(c, split, "x", &c->pictures[split], &x, path, sizeof path, e);
    if (r < 0)
        return r;
    if (x.dimensions != 4 || x.at[1] != SIDE || x.at[2] != SIDE || x.at[3] != 3)
        return error_set(e, ERROR_FORMAT, "%s: x has another shape than N x %d x %d x 3", path, SIDE, SIDE);
    if ((r = vtab_raw_add(&c->raw, files[split].split, path, x.at[0], e)) < 0 || (r = read_labels(c, split, e)) < 0)
        return r;
    return vtab_raw_sort(&c->raw, split, key, files[split].name, e);
}

static void close_camelyon(void *state) {
    struct camelyon *c = state;
    for (size_t i = 0; i < 3; i++)
        h5_close(c->pictures[i]);
    vtab_raw_free(&c->raw);
    free(c->folder);
    free(c);
}

static int open_camelyon(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"pcam", "pcamv1", NULL};
    char *folder;
    int r = vtab_raw_find(&folder, path, tops, STEM "train_x.h5", e);
    if (r < 0 || !folder)
        return r;
    struct camelyon *c = calloc(1, sizeof *c);
    if (!c) {
        free(folder);
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to open it", path);
    }
    c->folder = folder;
    c->raw.task = task;
    for (size_t split = 0; r == 0 && split < 3; split++)
        r = open_split(c, split, e);
    if (r < 0) {
        close_camelyon(c);
        return r;
    }
    *state = c;
    return 0;
}

static int pixels(const void *state, const struct vtab_image *i, struct image *out, struct error *e) {
    const struct camelyon *c = state;
    int r = vtab_raw_check(state, i, e);
    if (r == 0)
        r = image_create(out, SIDE, SIDE, e);
    if (r == 0 && (r = h5_rows(c->pictures[i->file], i->place, 1, out->rgb, e)) < 0)
        image_free(out);
    return r;
}

const struct vtab_source vtab_camelyon = {
    .dataset = "patch_camelyon",
    .expected = STEM "train_x.h5",
    .open = open_camelyon,
    .close = close_camelyon,
    .size = vtab_raw_size,
    .locate = vtab_raw_locate,
    .pixels = pixels,
    .say = vtab_raw_say,
    .file = vtab_raw_file,
};
