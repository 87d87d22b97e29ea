/* The rows of the help view, from the tables of keys and commands.
 *
 *     size_t count;
 *     struct view_help_line *lines = help_screen_lines(false, &count); // NULL: no memory
 *     free(lines);
 *
 * One block of memory. Main thread. */
#ifndef APP_HELP_SCREEN_H
#define APP_HELP_SCREEN_H

#include "views/view.h"

/* `pretrains`: with the keys of a run of masked autoencoding in place of those of the others. */
struct view_help_line *help_screen_lines(bool pretrains, size_t *count);

#endif
