/* What screen.c is made of: colours, glyphs and keys of a terminal, each in a file of its own. Only these files include
 * it. */
#ifndef VIEWS_SCREEN_PRIVATE_H
#define VIEWS_SCREEN_PRIVATE_H

#include <wchar.h>

#include "views/screen.h"

/* ---- colours: 0xRRGGBB to what the terminal has, and to colour pairs */

struct screen_pair {
    int ink, paper; /* as the terminal counts colours; -1: its own */
};

struct screen_colors {
    int count;                 /* 0, 8, 16, 256, or 1 << 24 */
    bool has_own;              /* the terminal's own ink and paper can be asked for */
    short used, limit;         /* pairs 1..used of 1..limit; 0 is the terminal's own */
    struct screen_pair *pairs; /* [limit + 1] */
    short *slots;              /* numbers of pairs by the hash of their colours; 0: free */
    bool is_new;               /* all pairs are of this frame */
    int crowded;               /* frames to come in which pairs are not forgotten: one needed more than there are */
};

/* After newterm(). Errors: ERROR_MEMORY. */
int screen_colors_open(struct screen_colors *c, bool none, struct error *e);
void screen_colors_close(struct screen_colors *c);

/* The colour of this terminal that is nearest to 0xRRGGBB; -1 for CANVAS_DEFAULT. */
int screen_colors_nearest(const struct screen_colors *c, uint32_t rgb);

/* The pair for a cell. -1: there is none left; after screen_colors_forget() there will be. Where a frame needs more
 * than there are, the nearest ones serve: to forget in every frame would flicker. */
short screen_colors_pair(struct screen_colors *c, const struct cell *cell);

void screen_colors_forget(struct screen_colors *c); /* all pairs: every cell has to be drawn anew */
void screen_colors_frame(struct screen_colors *c);  /* a frame begins */

/* A value for TERMINFO: the description of `term` with 1 << 24 colours, where COLORTERM says that the terminal has them
 * and the description does not. NULL: none is wanted, or can be made. free() it. */
char *screen_direct_describe(const char *term, int out);

/* ---- glyphs */

/* What shows a glyph of so many columns here: itself or the nearest one of `level`. Asks the locale. */
uint32_t screen_glyphs_map(enum glyphs level, uint32_t glyph, int columns);
enum glyphs screen_glyphs_best(bool ascii, const char *term);

/* ---- keys */

#define SCREEN_SEQUENCE 64

struct screen_keys {
    void *pad;                               /* a WINDOW that is never shown: reading from stdscr would draw it */
    mbstate_t partial;                       /* of a character whose bytes come in pieces */
    unsigned char sequence[SCREEN_SEQUENCE]; /* an escape sequence so far, without its Esc */
    int size;                                /* bytes in it; -1: none has begun */
    double escape;                           /* seconds: when Esc was reported last */
    char name[32];
};

int screen_keys_open(struct screen_keys *k, struct error *e);
void screen_keys_close(struct screen_keys *k);
bool screen_keys_next(struct screen_keys *k, struct screen_key *out);

#endif
