/* A program for the tests of the screen: it shows frames on the terminal that it runs on and obeys keys.
 *
 *     struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &(struct screen_play){.draw = draw});
 *     ...
 *     screen_play_stop(t);
 *
 * q ends it, n goes on to the next frame, c moves the cursor, z suspends; f, d, a and b make it crash. */
#ifndef TESTS_SCREEN_PLAY_H
#define TESTS_SCREEN_PLAY_H

#include "tests/terminal.h"
#include "views/screen.h"

#define SOON 10.0  /* seconds within which something has to happen */
#define QUIET 0.15 /* seconds without output: nothing more comes */

struct screen_play {
    void (*draw)(struct canvas *c, int frame);
    struct screen_options options; /* in and out are 0 and 1 */
    bool echo;                     /* says in the top row which keys came, as "Name;" */
    const char *colorterm;
};

/* A terminal_function; its context is a struct screen_play. */
int screen_play_run(void *context);

/* On a terminal of 12 x 40. */
struct terminal *screen_play_start(const char *term, const char *locale, const struct screen_play *play);

/* Ends it and asserts that it ended well. */
void screen_play_stop(struct terminal *t);

#endif
