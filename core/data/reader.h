/* What a reader fills in, so that dataset.c can serve one more kind of data. Private to core/data.
 *
 * A reader is a row of constants, a file each (folder.c, cifar.c, scenes_reader.c ...), named in dataset.c's list.
 * After open() its state is constant: every other function may be called by any number of threads at once. */
#ifndef CORE_DATA_READER_H
#define CORE_DATA_READER_H

#include <stdio.h>
#include <string.h>

#include "core/data/dataset.h"
#include "core/digest.h"

/* What open() fills; zeroed before. After a failed open(), close() is not called. */
struct reader_contents {
    void *state;
    size_t size[SPLITS];
    int classes;
    bool native;              /* rendered: images come with a side of options.image */
    size_t dealt;             /* dataset_dealt_path(): where in a path the one of a split file begins; 0: not dealt */
    size_t published[SPLITS]; /* images; 0: not known */
    int published_classes;    /* likewise */
};

/* What stands behind KIND: in a SPEC. Paths in it are made whole, so that a run can go on from any folder. */
enum reader_form { ARGUMENT_NAME, ARGUMENT_PATH, ARGUMENT_NAME_AND_PATH };

struct reader {
    const char *kind;     /* "folder" of folder:PATH */
    const char *argument; /* "PATH" */
    enum reader_form form;
    bool stretched;                         /* dataset_is_stretched() */
    bool (*recognises)(const char *folder); /* its path alone will do; NULL: it has to be named */
    const char *(*name)(size_t i);          /* NAMEs there are, NULL behind the last; NULL where the form has none */
    int (*open)(struct reader_contents *out, const char *argument, const struct dataset_options *options,
                struct error *e);
    void (*close)(void *state);
    const char *(*class_name)(const void *state, int label);
    int (*label)(const void *state, enum split split, size_t index);
    const char *(*path)(const void *state, enum split split, size_t index); /* NULL: images are no files */
    /* Where an image lies, for messages ("FILE, record at byte N"); NULL: its path, or its number. */
    void (*say)(const void *state, enum split split, size_t index, char *out, size_t size);
    /* The encoded image, to be freed; *bytes is NULL where none is encoded. NULL: the file, or nothing. */
    int (*encoded)(const void *state, enum split split, size_t index, uint8_t **bytes, size_t *size, struct error *e);
    int (*decode)(const void *state, enum split split, size_t index, struct image *out, struct error *e);
    /* Adds what tells these images from others of the same kind and classes. */
    void (*fingerprint)(const void *state, struct digest *digest);
};

/* "cub, nabirds, ..." of reader.name, for messages. Returns `out`. */
static inline const char *reader_list_names(const char *(*name)(size_t i), char *out, size_t size) {
    out[0] = '\0';
    for (size_t i = 0; name(i); i++) {
        size_t n = strlen(out);
        snprintf(out + n, size - n, "%s%s", i ? ", " : "", name(i));
    }
    return out;
}

/* A class name from a file: a control character would break what has a name a line, and terminals. */
static inline void reader_clean_name(char *name) {
    for (; name && *name; name++)
        if ((unsigned char)*name < ' ' || *name == 127)
            *name = '?';
}

/* Deals n images of one class out: where[i] is the split of the i-th. A tenth goes to val (if there are two or more)
 * and, where `to_test`, one to test (of three or more), by a permutation of (seed, label). `path` is for messages.
 * Errors: ERROR_MEMORY, ERROR_DATA (too many to shuffle). */
int split_deal(unsigned char *where, size_t n, bool to_test, uint64_t seed, int label, const char *path,
               struct error *e);

extern const struct reader cifar_reader, folder_reader, fgvc_reader, scenes_reader, vtab_reader, vtab_800_reader;

#endif
