/* `gptui --help` and `gptui help TOPIC`, the manual page and shell completion, all made from the tables. Output is
 * ASCII. Main thread only; errors of the stream stay in it, for the caller to ask. */
#ifndef APP_HELP_H
#define APP_HELP_H

#include <stdio.h>

#include "core/error.h"

/* Prints what `topic` is about: a subcommand's name or a topic's; NULL: the program. `width`: columns. Errors:
 * ERROR_USAGE: unknown topic (with the nearest one). */
int help_print(FILE *f, int width, const char *topic, struct error *e);

/* Prints the manual page, in man(7) troff. */
void help_man(FILE *f);

/* Prints a bash completion script. */
void help_completion(FILE *f);

#endif
