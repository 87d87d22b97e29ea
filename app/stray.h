/* What libraries print while the screen is up: caught from the standard streams, line by line, so that it lands in the
 * log and not on the screen.
 *
 *     stray_catch(&s, &err);                     // standard output and error are a pipe now
 *     while (stray_line(&s, line, sizeof line)) ...;
 *     stray_release(&s);                         // as they were
 *
 * A stream that is no terminal is left alone: its user wants it in that file. Main thread; others may print. */
#ifndef APP_STRAY_H
#define APP_STRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define STRAY_LINE 512

struct stray {
    int saved[2]; /* standard output and error as they were; -1: left alone */
    int pipe[2];  /* read end, which never blocks, and write end */
    size_t used;
    char part[STRAY_LINE]; /* of a line whose end has not come */
};

/* Errors: ERROR_IO. */
int stray_catch(struct stray *s, struct error *e);
void stray_release(struct stray *s);

/* The next whole line, or one that is STRAY_LINE long; false: none has come. */
bool stray_line(struct stray *s, char out[static STRAY_LINE]);

#endif
