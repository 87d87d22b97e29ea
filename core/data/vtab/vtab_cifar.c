/* cifar100 from the binary version: train.bin and test.bin. */
#include <stdlib.h>

#include "core/data/vtab/cifar_file.h"
#include "core/data/vtab/vtab_raw.h"
#include "core/data/vtab/vtab_source.h"

struct cifar {
    struct vtab_raw raw;
    struct cifar_file files[2];
    char *folder;
};

static int open_split(struct cifar *c, size_t split, const char *name, const char *file, struct error *e) {
    struct cifar_file *f = &c->files[split];
    int r = cifar_file_open(f, c->folder, file, 2, e);
    if (r < 0 || (r = vtab_raw_add(&c->raw, name, f->raw.path, f->count, e)) < 0 ||
        (r = cifar_file_labels(f, c->raw.task->classes, c->raw.splits[split].labels, e)) < 0)
        return r;
    return vtab_raw_sort(&c->raw, split, md5_order_number, NULL, e);
}

static void close_cifar(void *state) {
    struct cifar *c = state;
    cifar_file_close(&c->files[0]);
    cifar_file_close(&c->files[1]);
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
    int r = vtab_raw_check(state, i, e);
    return r < 0 ? r : cifar_file_picture(&c->files[i->file], i->place, out, e);
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
