/* cifar:PATH: CIFAR-10 or CIFAR-100, the binary version, as it is unpacked. test is the published 10,000 images; of the
 * 50,000 others a tenth of each class is val, by seed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/reader.h"
#include "core/data/vtab/cifar_file.h"
#include "core/file_bytes.h"
#include "core/folder_has.h"

enum { MOST_FILES = 6, MOST_NAMES = 1 << 16 /* bytes */ };

struct form {
    const char *name, *folder, *names; /* "CIFAR-10"; what it is unpacked as; the file of class names */
    const char *files[MOST_FILES];     /* that of test is the last */
    size_t count, label_bytes;
    int classes;
};

static const struct form forms[] = {
    {"CIFAR-10",
     "cifar-10-batches-bin",
     "batches.meta.txt",
     {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin",
      "test_batch.bin"},
     6,
     1,
     10},
    {"CIFAR-100", "cifar-100-binary", "fine_label_names.txt", {"train.bin", "test.bin"}, 2, 2, 100},
};

enum { FORMS = sizeof forms / sizeof *forms };

struct place {
    uint32_t index;
    int16_t label; /* -1: none */
    uint8_t file;
};

struct cifar {
    const struct form *form;
    char *folder, **names; /* [classes] */
    struct cifar_file files[MOST_FILES];
    struct place *images[SPLITS];
    size_t count[SPLITS];
};

static bool is_form(const struct form *f, const char *folder) {
    return folder_has(folder, f->files[0]) && folder_has(folder, f->files[f->count - 1]);
}

static bool recognises(const char *folder) {
    bool any = false;
    for (size_t i = 0; i < FORMS && !any; i++)
        any = is_form(&forms[i], folder) || folder_has_folder(folder, forms[i].folder);
    return any;
}

/* The form that `path` holds, or a folder in it: one of them. */
static int find(struct cifar *c, const char *path, struct error *e) {
    for (size_t i = 0; i < 2 * FORMS; i++) {
        const struct form *f = &forms[i / 2];
        char *folder = NULL;
        if (asprintf(&folder, "%s%s%s", path, i % 2 ? "/" : "", i % 2 ? f->folder : "") < 0)
            return error_set(e, ERROR_MEMORY, "%s: not enough memory to look into it", path);
        if (!is_form(f, folder)) {
            free(folder);
        } else if (c->form) {
            free(folder);
            return error_set(e, ERROR_DATA, "%s: holds both %s and %s; the folder of one of them was expected", path,
                             c->form->name, f->name);
        } else {
            c->form = f;
            c->folder = folder;
        }
    }
    return c->form ? 0
                   : error_set(e, ERROR_DATA,
                               "%s: holds neither data_batch_1.bin ... and test_batch.bin (CIFAR-10) nor train.bin and "
                               "test.bin (CIFAR-100); the binary version, unpacked, was expected",
                               path);
}

static int no_memory(const struct cifar *c, struct error *e) {
    return error_set(e, ERROR_MEMORY, "%s: not enough memory to list its images", c->folder);
}

/* All images of file i, behind those that `to` has. */
static int list(struct cifar *c, size_t i, enum split to, struct error *e) {
    const struct cifar_file *f = &c->files[i];
    struct place *grown = f->count > UINT32_MAX / sizeof *grown
                              ? NULL
                              : realloc(c->images[to], (c->count[to] + f->count + 1) * sizeof *grown);
    int16_t *labels = grown ? calloc(f->count + 1, sizeof *labels) : NULL;
    c->images[to] = grown ? grown : c->images[to];
    int r = labels ? cifar_file_labels(f, c->form->classes, labels, e) : no_memory(c, e);
    for (size_t k = 0; r == 0 && k < f->count; k++)
        c->images[to][c->count[to]++] = (struct place){(uint32_t)k, labels[k], (uint8_t)i};
    free(labels);
    return r;
}

/* Marks in where[] which of the images for training with this label go to val. */
static int deal_class(const struct cifar *c, int label, uint64_t seed, unsigned char *where, unsigned char *dealt,
                      struct error *e) {
    size_t n = 0, at = 0, all = c->count[SPLIT_TRAIN];
    for (size_t i = 0; i < all; i++)
        n += c->images[SPLIT_TRAIN][i].label == label;
    int r = split_deal(dealt, n, false, seed, label, c->folder, e);
    for (size_t i = 0; r == 0 && i < all; i++)
        if (c->images[SPLIT_TRAIN][i].label == label)
            where[i] = dealt[at++];
    return r;
}

/* A tenth of each class from train to val, both in the order of the files. */
static int deal(struct cifar *c, uint64_t seed, struct error *e) {
    size_t all = c->count[SPLIT_TRAIN], kept = 0;
    unsigned char *where = calloc(all + 1, 1), *dealt = calloc(all + 1, 1);
    c->images[SPLIT_VAL] = calloc(all + 1, sizeof **c->images);
    int r = where && dealt && c->images[SPLIT_VAL] ? 0 : no_memory(c, e);
    for (int label = 0; r == 0 && label < c->form->classes; label++)
        r = deal_class(c, label, seed, where, dealt, e);
    for (size_t i = 0; r == 0 && i < all; i++) {
        struct place p = c->images[SPLIT_TRAIN][i];
        if (where[i] == SPLIT_VAL)
            c->images[SPLIT_VAL][c->count[SPLIT_VAL]++] = p;
        else
            c->images[SPLIT_TRAIN][kept++] = p;
    }
    c->count[SPLIT_TRAIN] = kept;
    free(where);
    free(dealt);
    return r;
}

/* A name a line; without such a file, or with other than one for each class, classes are called by their numbers. */
static int name_classes(struct cifar *c, struct error *e) {
    size_t classes = (size_t)c->form->classes, found = 0, size;
    char *path = NULL, *rest, *line;
    uint8_t *text = NULL;
    int r = 0;
    if (!(c->names = calloc(classes, sizeof *c->names)) || asprintf(&path, "%s/%s", c->folder, c->form->names) < 0)
        return no_memory(c, e);
    if (folder_has(c->folder, c->form->names))
        r = file_bytes(&text, &size, path, MOST_NAMES, "a text", e);
    free(path);
    if (r < 0)
        return r;
    char **lines = calloc(classes, sizeof *lines);
    for (rest = (char *)text; lines && rest && (line = strsep(&rest, "\r\n"));)
        if (*line && found++ < classes)
            lines[found - 1] = line;
    bool whole = lines != NULL;
    for (size_t i = 0; whole && i < classes; i++) {
        if (found == classes)
            c->names[i] = strdup(lines[i]);
        else if (asprintf(&c->names[i], "%zu", i) < 0)
            c->names[i] = NULL;
        reader_clean_name(c->names[i]);
        whole = c->names[i] != NULL;
    }
    free(lines);
    free(text);
    return whole ? 0 : no_memory(c, e);
}

static void close_cifar(void *state) {
    struct cifar *c = state;
    for (int i = 0; c->names && i < c->form->classes; i++)
        free(c->names[i]);
    for (size_t i = 0; i < MOST_FILES; i++)
        cifar_file_close(&c->files[i]);
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        free(c->images[s]);
    free(c->names);
    free(c->folder);
    free(c);
}

static int fill(struct cifar *c, const char *path, uint64_t seed, struct error *e) {
    int r = find(c, path, e);
    for (size_t i = 0; r == 0 && i < c->form->count; i++) {
        r = cifar_file_open(&c->files[i], c->folder, c->form->files[i], c->form->label_bytes, e);
        if (r == 0)
            r = list(c, i, i + 1 == c->form->count ? SPLIT_TEST : SPLIT_TRAIN, e);
    }
    if (r == 0 && ((r = deal(c, seed, e)) < 0 || (r = name_classes(c, e)) < 0))
        return r;
    for (enum split s = SPLIT_TRAIN; r == 0 && s < SPLITS; s++)
        if (c->count[s] == 0)
            r = error_set(e, ERROR_DATA, "%s: no images in the %s split", c->folder, split_name(s));
    return r;
}

static int open_cifar(struct reader_contents *out, const char *argument, const struct dataset_options *options,
                      struct error *e) {
    struct cifar *c = calloc(1, sizeof *c);
    int r = c ? fill(c, argument, options->seed, e)
              : error_set(e, ERROR_MEMORY, "not enough memory for data 'cifar:%s'", argument);
    if (r < 0) {
        if (c)
            close_cifar(c);
        return r;
    }
    *out = (struct reader_contents){.state = c, .classes = c->form->classes};
    memcpy(out->size, c->count, sizeof out->size);
    out->published[SPLIT_TEST] = 10000;
    return 0;
}

static const char *class_name(const void *state, int label) {
    const struct cifar *c = state;
    return c->names[label];
}

static int label_of(const void *state, enum split split, size_t index) {
    const struct cifar *c = state;
    return c->images[split][index].label;
}

static void say(const void *state, enum split split, size_t index, char *out, size_t size) {
    const struct cifar *c = state;
    const struct place *p = &c->images[split][index];
    snprintf(out, size, "%s, image %u", c->files[p->file].raw.path, p->index);
}

static int decode(const void *state, enum split split, size_t index, struct image *out, struct error *e) {
    const struct cifar *c = state;
    const struct place *p = &c->images[split][index];
    if (p->label < 0)
        return error_set(e, ERROR_FORMAT, "%s, image %u: its label is none of the %d of %s", c->files[p->file].raw.path,
                         p->index, c->form->classes, c->form->name);
    return cifar_file_picture(&c->files[p->file], p->index, out, e);
}

static void fingerprint(const void *state, struct digest *digest) {
    const struct cifar *c = state;
    char text[64];
    for (size_t i = 0; i < c->form->count; i++) {
        snprintf(text, sizeof text, "%s %llu", c->form->files[i], (unsigned long long)c->files[i].raw.size);
        digest_update(digest, text, strlen(text) + 1);
    }
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        for (size_t i = 0; i < c->count[s]; i++) {
            const struct place *p = &c->images[s][i];
            snprintf(text, sizeof text, "%d %u %u %d", s, p->file, p->index, p->label);
            digest_update(digest, text, strlen(text) + 1);
        }
}

const struct reader cifar_reader = {
    .kind = "cifar",
    .argument = "PATH",
    .form = ARGUMENT_PATH,
    .recognises = recognises,
    .open = open_cifar,
    .close = close_cifar,
    .class_name = class_name,
    .label = label_of,
    .say = say,
    .decode = decode,
    .fingerprint = fingerprint,
};
