/* cifar100 from the binary version: train.bin and test.bin, records of a coarse label, a fine label and 32 x 32 pixels,
 * the planes of R, G and B one after another. */
#include <stdlib.h>

#include "core/data/vtab/raw_file.h"
#include "core/data/vtab/vtab_raw.h"
#include "core/data/vtab/vtab_source.h"

enum { SIDE = 32, PLANE = SIDE * SIDE, RECORD = 2 + 3 * PLANE, TOGETHER = 64 /* records read at once */ };

struct cifar {
    struct vtab_raw raw;
    struct raw_file files[2];
    char *folder;
};

static int read_labels(struct cifar *c, size_t split, struct error *e) {
    struct vtab_raw_split *s = &c->raw.splits[split];
    uint8_t *records = malloc((size_t)TOGETHER * RECORD);
    int r = records ? 0 : error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", s->path);
    for (size_t at = 0; r == 0 && at < s->count; at += TOGETHER) {
        size_t n = s->count - at < TOGETHER ? s->count - at : TOGETHER;
        r = raw_file_read(&c->files[split], (uint64_t)at * RECORD, n * RECORD, records, e);
        for (size_t i = 0; r == 0 && i < n; i++)
            if (records[i * RECORD + 1] < c->raw.task->classes)
                s->labels[at + i] = records[i * RECORD + 1];
    }
    free(records);
    return r;
}

static int open_split(struct cifar *c, size_t split, const char *name, const char *file, struct error *e) {
    struct raw_file *f = &c->files[split];
    int r = raw_file_open(f, c->folder, file, e);
    if (r == 0 && f->size % RECORD != 0)
        r = error_set(e, ERROR_FORMAT, "%s: %llu bytes, no whole number of records of %d bytes; it may be cut off",
                      f->path, (unsigned long long)f->size, RECORD);
    if (r < 0 || (r = vtab_raw_add(&c->raw, name, f->path, f->size / RECORD, e)) < 0 ||
        (r = read_labels(c, split, e)) < 0)
        return r;
    return vtab_raw_sort(&c->raw, split, md5_order_number, NULL, e);
}

static void close_cifar(void *state) {
    struct cifar *c = state;
    raw_file_close(&c->files[0]);
    raw_file_close(&c->files[1]);
    vtab_raw_free(&c->raw);
    free(c->folder);
    free(c);
}

static int open_cifar(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"cifar-100-binary", NULL};
    char *folder;
    int r = vtab_raw_find(&folder, path, tops, "train.bin", e);
    if (r < 0 || !folder)
        return r;
    struct cifar *c = calloc(1, sizeof *c);
    if (!c) {
        free(folder);
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to open it", path);
    }
    c->folder = folder;
    c->raw.task = task;
    if ((r = open_split(c, 0, "train", "train.bin", e)) < 0 || (r = open_split(c, 1, "test", "test.bin", e)) < 0) {
        close_cifar(c);
        return r;
    }
    *state = c;
    return 0;
}

static int pixels(const void *state, const struct vtab_image *i, struct image *out, struct error *e) {
    const struct cifar *c = state;
    uint8_t record[RECORD];
    int r = vtab_raw_check(state, i, e);
    if (r == 0)
        r = raw_file_read(&c->files[i->file], i->place * RECORD, RECORD, record, e);
    return r < 0 ? r : vtab_raw_picture(out, record + 2, SIDE, SIDE, 1, PLANE, e);
}

static char *class_names(const void *state) {
    const struct cifar *c = state;
    return vtab_source_names(c->folder, "fine_label_names.txt");
}

const struct vtab_source vtab_cifar = {
    .dataset = "cifar100",
    .expected = "cifar-100-binary/train.bin",
    .open = open_cifar,
    .close = close_cifar,
    .size = vtab_raw_size,
    .locate = vtab_raw_locate,
    .pixels = pixels,
    .say = vtab_raw_say,
    .file = vtab_raw_file,
    .class_names = class_names,
};
