/* A file that is written whole or not at all.
 *
 *     static int write_names(const void *names, FILE *to) { ...; return 0; }
 *     whole_file_write("runs/a/names.txt", write_names, names, &err);
 *
 * What write() says goes beside the file's place, is synced and renamed; a failure of its stream is one of the file,
 * and needs no word from it. Of two programs that write the same file at once, the later one's is left. */
#ifndef APP_WHOLE_FILE_H
#define APP_WHOLE_FILE_H

#include <stdio.h>

#include "core/error.h"

typedef int whole_file_write_fn(const void *context, FILE *to); /* 0, or ERROR_MEMORY */

/* Errors: ERROR_IO, ERROR_MEMORY, ERROR_USAGE (the path is too long); what stood there before stays. */
int whole_file_write(const char *path, whole_file_write_fn *write, const void *context, struct error *e);

#endif
