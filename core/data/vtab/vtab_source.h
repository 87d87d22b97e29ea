/* Where the images of a VTAB task come from: a prepared dataset or the raw download. Private to core/data; vtab.c asks
 * the sources one after another. */
#ifndef CORE_DATA_VTAB_VTAB_SOURCE_H
#define CORE_DATA_VTAB_VTAB_SOURCE_H

#include <stdint.h>

#include "core/data/image.h"
#include "core/data/vtab/vtab_task.h"
#include "core/error.h"

/* An image, as its source knows it. label: -1 where it cannot be read. */
struct vtab_image {
    uint64_t place;
    uint32_t file;
    int label;
};

struct vtab_source {
    const char *dataset;  /* without configuration and version: "eurosat"; NULL: any */
    const char *expected; /* of a raw download, for messages: "cifar-100-binary/train.bin" */
    /* *state is set where `path` holds this task in the source's form, else left NULL. The error is of what is there
     * and cannot be used. */
    int (*open)(void **state, const struct vtab_task *task, const char *path, struct error *e);
    void (*close)(void *state);
    /* Images of a split (names of TensorFlow Datasets); false: there is none of that name. */
    bool (*size)(const void *state, const char *split, size_t *out);
    /* Images first..first+count-1 of a split, in the order of TensorFlow Datasets. */
    int (*locate)(void *state, const char *split, size_t first, size_t count, struct vtab_image *out, struct error *e);
    /* Once all is located: fetches what cannot be read piece by piece. NULL: nothing to do. */
    int (*gather)(void *state, struct error *e);
    /* From here on any thread may call. The encoded image (to be freed), or NULL where none is encoded. */
    int (*encoded)(const void *state, const struct vtab_image *i, uint8_t **bytes, size_t *size, struct error *e);
    int (*pixels)(const void *state, const struct vtab_image *i, struct image *out, struct error *e); /* where not */
    void (*say)(const void *state, const struct vtab_image *i, char *out, size_t size); /* "FILE, record 7" */
    const char *(*file)(const void *state, const struct vtab_image *i); /* that it lies in; NULL: as `say` says */
    /* A text with a class name a line, to be freed; NULL: none. */
    char *(*class_names)(const void *state);
};

/* A file of class names as such a text; NULL: none. */
char *vtab_source_names(const char *folder, const char *file);

extern const struct vtab_source vtab_prepared;                                      /* vtab_prepared.c */
extern const struct vtab_source vtab_cifar, vtab_smallnorb, vtab_dsprites;          /* a file each */
extern const struct vtab_source vtab_svhn, vtab_camelyon, vtab_flowers, vtab_clevr; /* a file each */
extern const struct vtab_source vtab_eurosat, vtab_resisc;                          /* vtab_folders.c */
extern const struct vtab_source vtab_dtd, vtab_pets;                                /* vtab_lists.c */

#endif
