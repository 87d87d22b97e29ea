/* An array of bytes in an HDF5 file, over libhdf5: rows of it, whatever its chunks and filters.
 *
 *     struct h5 *h = NULL;
 *     h5_open(&h, "split_train_x.h5", "x", &shape, &err);
 *     h5_rows(h, 17, 1, pixels, &err);
 *     h5_close(h);
 *
 * Any thread may call: libhdf5 is not made for that, so that one call at a time gets through. Without libhdf5 opening
 * fails, and says so. */
#ifndef CORE_FORMATS_H5_H
#define CORE_FORMATS_H5_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct h5;

enum { H5_DIMENSIONS = 4 };

struct h5_shape {
    size_t dimensions;
    uint64_t at[H5_DIMENSIONS]; /* rows first */
};

/* Opens the array `name`, of integers of one byte. Errors: ERROR_DATA (built without libhdf5), ERROR_IO, ERROR_MEMORY,
 * ERROR_FORMAT (no HDF5 file, cut off, no such array, of another type; or its values lie in other files). */
int h5_open(struct h5 **out, const char *path, const char *name, struct h5_shape *shape, struct error *e);
void h5_close(struct h5 *h); /* NULL is accepted */

/* Rows first..first+count-1, which it must have. Errors: ERROR_FORMAT: they cannot be read. */
int h5_rows(struct h5 *h, uint64_t first, uint64_t count, uint8_t *out, struct error *e);

#endif
