/* Arrays of a MATLAB file (version 5, compressed or not), over libmatio.
 *
 *     struct matlab *m = NULL;
 *     matlab_open(&m, "train_32x32.mat", &err);
 *     matlab_numbers(m, "y", &digits, &count, 1000000, &err);
 *     matlab_begin(m, "X", &shape, &err);
 *     matlab_bytes(m, 0, 3072, pixels, &err);
 *
 * One thread at a time. Without libmatio opening fails, and says so. */
#ifndef CORE_FORMATS_MATLAB_H
#define CORE_FORMATS_MATLAB_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct matlab;

enum { MATLAB_DIMENSIONS = 8 };

struct matlab_shape {
    size_t dimensions, at[MATLAB_DIMENSIONS]; /* the first runs fastest */
};

/* Reads what is compressed once. Errors: ERROR_DATA (built without libmatio), ERROR_IO, ERROR_MEMORY, ERROR_FORMAT
 * (another format, cut off, a wrong checksum). */
int matlab_open(struct matlab **out, const char *path, struct error *e);
void matlab_close(struct matlab *m); /* NULL is accepted */

/* A matrix of whole numbers, whatever their type: *values (to be freed), at most `most`. Errors: ERROR_FORMAT (no such
 * array, no numbers, no whole ones, too many), ERROR_MEMORY. */
int matlab_numbers(struct matlab *m, const char *name, int32_t **values, size_t *count, size_t most, struct error *e);

/* From here on matlab_bytes() reads from this array of bytes (uint8). Errors: ERROR_FORMAT. */
int matlab_begin(struct matlab *m, const char *name, struct matlab_shape *shape, struct error *e);

/* Its elements first..first+count-1, in the order of the file. Errors: ERROR_FORMAT: damaged. */
int matlab_bytes(struct matlab *m, size_t first, size_t count, uint8_t *out, struct error *e);

#endif
