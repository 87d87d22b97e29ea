/* A file's content in memory. Any thread may call. */
#ifndef CORE_FILE_BYTES_H
#define CORE_FILE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* -> *bytes (to be freed, a 0 behind its end) and *size, at most `most`. `what` is what was expected ("an image").
 * Errors: ERROR_IO, ERROR_DATA (too long), ERROR_MEMORY; they name the path. */
int file_bytes(uint8_t **bytes, size_t *size, const char *path, size_t most, const char *what, struct error *e);

/* For libraries that open files by themselves: whether it is a regular one that can be read. Errors: ERROR_IO. */
int file_bytes_check(const char *path, struct error *e);

#endif
