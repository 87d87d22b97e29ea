/* The terminal: cells out, keys in, and back to what it was on every way out.
 *
 *     struct screen *s;
 *     screen_open(&s, &(struct screen_options){.no_color = false}, &err);
 *     screen_show(s, &canvas);                       // one doupdate: only what changed goes out
 *     while (screen_key(s, &key)) ...;               // never waits
 *     screen_close(s);
 *
 * ncurses on file descriptors that the caller gives, so that standard output can be caught meanwhile. Colours go down
 * from true to 256, 16, 8, none and glyphs from braille to blocks to ASCII by what terminal and locale can do; ink and
 * paper are quantised so that colour pairs do not run out. Nothing here installs signal handlers but for SIGSEGV,
 * SIGBUS, SIGFPE, SIGILL and SIGABRT, which restore the terminal and die as they would have. Main thread. */
#ifndef VIEWS_SCREEN_H
#define VIEWS_SCREEN_H

#include "views/theme.h"

struct screen_options {
    int in, out;   /* descriptors of the terminal */
    bool ascii;    /* --ascii */
    bool no_color; /* NO_COLOR is set */
};

enum screen_key_kind { SCREEN_KEY_TEXT, SCREEN_KEY_NAMED, SCREEN_KEY_MOUSE };

struct screen_key {
    enum screen_key_kind kind;
    uint32_t code;    /* TEXT: the code point */
    const char *name; /* of any key, as keys.def writes it: "a", "Space", "Enter", "Tab", "Shift-Tab", "Esc", "Up",
                       * "Down", "Left", "Right", "PageUp", "PageDown", "Home", "End", "Backspace", "Delete", "F1",
                       * "Ctrl-A"; of a mouse event "Click", "WheelUp", "WheelDown". Valid until the next call */
    int y, x;         /* MOUSE */
};

struct screen;

/* Reads TERM and COLORTERM, and for a moment sets TERMINFO: before other threads read the environment. The caller has
 * called setlocale(LC_CTYPE, ""). One screen at a time. Errors: ERROR_IO: no terminal, or one that curses does not know
 * (names TERM); ERROR_MEMORY. */
int screen_open(struct screen **out, const struct screen_options *o, struct error *e);
void screen_close(struct screen *s); /* restores the terminal; NULL is accepted */

/* What this terminal can show; the theme is left to the caller. */
void screen_paint(const struct screen *s, struct paint *out);
void screen_size(const struct screen *s, int *height, int *width);

/* Asks the terminal for its size again (after SIGWINCH); the next screen_show() draws all of it. */
void screen_resize(struct screen *s);

/* Shows the cells; only what differs from the last time is written. The cursor is hidden unless cursor_y >= 0. */
void screen_show(struct screen *s, const struct canvas *c, int cursor_y, int cursor_x);

/* The next key that has come; false: none. An escape sequence that comes in pieces is put together. */
bool screen_key(struct screen *s, struct screen_key *out);

/* Gives the terminal back (Ctrl-Z) and takes it again. */
void screen_suspend(struct screen *s);
void screen_continue(struct screen *s);

#endif
