/* A terminal for tests: libvterm behind a pty, and a program or a function that runs on it.
 *
 *     struct terminal *t = terminal_run(24, 80, "xterm-256color", "C.UTF-8", draw, NULL);
 *     assert_true(terminal_shows(t, "step 3", 2));
 *     terminal_send(t, "q");
 *     assert_int_equal(terminal_finish(t, 5), 0);
 *     terminal_destroy(t);
 *
 * Output is read, and questions of the program are answered, only while one of these functions runs. Places count from
 * 0. Failures of the test's own machinery (no pty, no memory) end the program. One thread. */
#ifndef TESTS_TERMINAL_H
#define TESTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

struct terminal;

/* Calls `function` in a child whose terminal this is, on descriptors 0, 1 and 2; its result is the exit status. TERM
 * and LC_ALL are those given (NULL: not set); LINES, COLUMNS, COLORTERM and NO_COLOR are not set. */
typedef int terminal_function(void *context);
struct terminal *terminal_run(int height, int width, const char *term, const char *locale, terminal_function *function,
                              void *context);

/* The same with a program: arguments ends with NULL; its first is the program's path. */
struct terminal *terminal_start(int height, int width, const char *term, const char *locale,
                                const char *const *arguments);

/* Kills what still runs. NULL is accepted. */
void terminal_destroy(struct terminal *t);

pid_t terminal_pid(const struct terminal *t);

/* Bytes as they come from a keyboard. */
void terminal_send(struct terminal *t, const char *bytes);
void terminal_resize(struct terminal *t, int height, int width); /* the kernel sends SIGWINCH */
void terminal_hang_up(struct terminal *t);                       /* closes the pty's other side */

/* Reads until nothing has come for `quiet` seconds, or the child is gone. Returns the bytes that came. */
size_t terminal_settle(struct terminal *t, double quiet);

/* Reads until the screen holds this text in one row; false: not within so many seconds. */
bool terminal_shows(struct terminal *t, const char *text, double seconds);
/* Until the condition holds. */
bool terminal_until(struct terminal *t, bool (*condition)(struct terminal *t, void *context), void *context,
                    double seconds);

/* Waits for the child to end. Returns its exit status, 128 and the number of the signal that ended it, or -1: it still
 * runs. */
int terminal_finish(struct terminal *t, double seconds);
/* Waits for the child to stop (SIGTSTP, SIGSTOP); false: it has not. */
bool terminal_stops(struct terminal *t, double seconds);

/* The whole screen as UTF-8, a line each row, without the blanks at their ends. Valid until the next call. */
const char *terminal_text(struct terminal *t);
/* The place of a text; false: the screen does not hold it. */
bool terminal_find(struct terminal *t, const char *text, int *y, int *x);

/* A colour is 0xRRGGBB, or one of these. */
#define TERMINAL_OWN UINT32_C(0xff000000)              /* the terminal's default */
#define TERMINAL_PALETTE(n) (UINT32_C(0xfe000000) | n) /* entry n of the 256 */

struct terminal_cell {
    uint32_t glyph; /* ' ': nothing; 0: the right half of a wide one */
    uint32_t ink, paper;
    bool bold, underline, reverse;
};

struct terminal_cell terminal_cell(struct terminal *t, int y, int x);

void terminal_cursor(const struct terminal *t, int *y, int *x, bool *visible);
bool terminal_is_alternate(const struct terminal *t); /* the screen of full-screen programs */
bool terminal_has_mouse(const struct terminal *t);    /* mouse events are asked for */
size_t terminal_bytes(const struct terminal *t);      /* that came since the start */

/* The line discipline's settings, as they are now and as they were before the child started. */
struct termios terminal_modes(const struct terminal *t);
struct termios terminal_modes_before(const struct terminal *t);

#endif
