/* A list of commands, run from the top, and what can be known of it before it runs. */
#ifndef APP_SCRIPT_H
#define APP_SCRIPT_H

#include <stddef.h>

#include "core/error.h"
#include "core/train/command.h"

struct script {
    struct command *commands; /* [count], owned */
    size_t count;
};

/* Finds a pause that would last for ever: after an immediate `pause` there must stand, before any `wait` and before the
 * end, a `resume`, `step`, `stop` or `quit`; after an `at T pause` an `at T` with `resume`, `stop` or `quit`. Errors:
 * ERROR_USAGE, and *bad is the number of that command. */
int script_check(const struct script *s, size_t *bad, struct error *e);

void script_free(struct script *s); /* a zeroed script is accepted, and left behind */

#endif
