/* A file of CIFAR's binary version (Krizhevsky 2009): records of a label (CIFAR-10) or of a coarse and a fine one
 * (CIFAR-100), a byte each, and of 32 x 32 pixels, the planes of R, G and B one after another. Once opened, any thread
 * may read. Private to core/data.
 *
 *     struct cifar_file f;
 *     cifar_file_open(&f, "cifar-100-binary", "train.bin", 2, &err);
 *     cifar_file_labels(&f, 100, labels, &err);    // [f.count]
 *     cifar_file_picture(&f, 7, &image, &err);
 *     cifar_file_close(&f); */
#ifndef CORE_DATA_VTAB_CIFAR_FILE_H
#define CORE_DATA_VTAB_CIFAR_FILE_H

#include "core/data/image.h"
#include "core/data/vtab/raw_file.h"

struct cifar_file {
    struct raw_file raw;
    size_t label_bytes, record; /* bytes before the pixels, the last of them the label; of a whole record */
    size_t count;               /* images */
};

/* Errors: ERROR_IO, ERROR_MEMORY, ERROR_FORMAT (no whole number of records). */
int cifar_file_open(struct cifar_file *out, const char *folder, const char *name, size_t label_bytes, struct error *e);
void cifar_file_close(struct cifar_file *f); /* one that is not open is accepted */

/* labels[count]: -1 where there is none below `classes`. Errors: ERROR_IO, ERROR_MEMORY, ERROR_FORMAT. */
int cifar_file_labels(const struct cifar_file *f, int classes, int16_t *labels, struct error *e);

/* Errors: ERROR_IO, ERROR_MEMORY, ERROR_FORMAT. */
int cifar_file_picture(const struct cifar_file *f, size_t index, struct image *out, struct error *e);

#endif
