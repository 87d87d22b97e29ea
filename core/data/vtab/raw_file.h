/* A large file of which pieces are read. Any thread may read. Private to core/data. */
#ifndef CORE_DATA_VTAB_RAW_FILE_H
#define CORE_DATA_VTAB_RAW_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct raw_file {
    char *path; /* NULL: not open */
    int fd;
    uint64_t size;
};

/* FOLDER/NAME. Errors: ERROR_IO, ERROR_MEMORY; they name the path. */
int raw_file_open(struct raw_file *out, const char *folder, const char *name, struct error *e);
void raw_file_close(struct raw_file *f); /* one that is not open is accepted */

/* Errors: ERROR_IO, ERROR_FORMAT (the file ends before). */
int raw_file_read(const struct raw_file *f, uint64_t place, size_t size, void *out, struct error *e);

#endif
