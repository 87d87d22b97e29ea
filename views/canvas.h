/* A screen in memory: a grid of cells that views draw into, and that screen.h shows, and svg.h or text files keep.
 *
 *     struct canvas c = {0};
 *     canvas_create(&c, 24, 80, &err);
 *     canvas_clear(&c, theme_style(theme, THEME_TEXT));
 *     canvas_print(&c, canvas_all(&c), 0, 2, style, "step %d", 3);
 *     canvas_destroy(&c);
 *
 * Places count from 0 at the top left. Every drawing function takes the area that it may touch and leaves the rest
 * alone; what does not fit is cut off at its right edge. Pure; one thread at a time. */
#ifndef VIEWS_CANVAS_H
#define VIEWS_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

#define CANVAS_DEFAULT UINT32_C(0xff000000) /* the terminal's own ink or paper; else 0xRRGGBB */

enum canvas_attribute { CANVAS_BOLD = 1, CANVAS_DIM = 2, CANVAS_UNDERLINE = 4, CANVAS_REVERSE = 8 };

struct style {
    uint32_t ink, paper; /* 0xRRGGBB or CANVAS_DEFAULT */
    uint8_t attributes;  /* of enum canvas_attribute */
};

struct cell {
    uint32_t glyph; /* a code point of one column; 0: the right half of a wide one on its left */
    struct style style;
};

struct canvas {
    int height, width;
    struct cell *cells;  /* [height, width] */
    struct style ground; /* of the last canvas_clear(): what CANVAS_DEFAULT means below */
};

struct area {
    int y, x, height, width;
};

/* Errors: ERROR_MEMORY, the canvas as before. canvas_create() on one that was created before gives it the new size, its
 * content undefined. */
int canvas_create(struct canvas *c, int height, int width, struct error *e);
void canvas_destroy(struct canvas *c); /* a zeroed one is accepted */

struct area canvas_all(const struct canvas *c);

/* The part of `a` from row y, column x of it, cut to `a`; never negative in size. */
struct area canvas_part(struct area a, int y, int x, int height, int width);

/* Both set every cell. From then on CANVAS_DEFAULT as ink of anything drawn, or as paper of canvas_fill(), means that
 * of canvas_clear(): a theme of its own paper is readable on any terminal. */
void canvas_clear(struct canvas *c, struct style s);
void canvas_fill(struct canvas *c, struct area a, uint32_t glyph, struct style s);

/* One cell at (y, x) of the area; a wide glyph takes two. Like text, a style whose paper is CANVAS_DEFAULT keeps the
 * cell's paper. Where half of a wide glyph is overwritten, the other half becomes a blank. */
void canvas_put(struct canvas *c, struct area a, int y, int x, uint32_t glyph, struct style s);
struct cell *canvas_at(struct canvas *c, int y, int x); /* of the canvas; NULL outside */

/* UTF-8 text at (y, x) of the area, wide characters in two cells, what is no character and control characters as '?'.
 * Returns the columns that it takes, cut off or not. A style whose paper is CANVAS_DEFAULT keeps the cell's paper. */
int canvas_text(struct canvas *c, struct area a, int y, int x, struct style s, const char *text);
int canvas_print(struct canvas *c, struct area a, int y, int x, struct style s, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The same, ending at the area's right edge less `x` columns. Returns the column where it starts (0 at least). */
int canvas_print_right(struct canvas *c, struct area a, int y, int x, struct style s, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Columns of UTF-8 text. */
int canvas_columns(const char *text);

/* Decodes the next code point of *text and moves on; 0 at its end, '?' for what is none. */
uint32_t canvas_next_code(const char **text);
/* A code point as UTF-8, 0-terminated. Returns out. */
const char *canvas_encode(uint32_t glyph, char out[static 5]);

#endif
