/* Cells of a canvas for the tests of what draws into it: rows as text, and a guard around an area. */
#ifndef TESTS_CELLS_H
#define TESTS_CELLS_H

#include <stdlib.h>
#include <string.h>

#include "views/canvas.h"

#define CELLS_GUARD ((uint32_t)'~')

/* A canvas of `height` x `width` cells that say CELLS_GUARD in a style of its own. */
static inline void cells_open(struct canvas *c, int height, int width) {
    struct error e = {0};
    if (canvas_create(c, height, width, &e) < 0)
        abort();
    canvas_clear(c, (struct style){0x111111, 0x222222, 0});
    for (int i = 0; i < height * width; i++)
        c->cells[i].glyph = CELLS_GUARD;
}

/* Whether every cell outside of the area is as cells_open() left it, and every one inside a glyph. */
static inline bool cells_are_kept(struct canvas *c, struct area a) {
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++) {
            const struct cell *cell = canvas_at(c, y, x);
            bool inside = y >= a.y && y < a.y + a.height && x >= a.x && x < a.x + a.width;
            bool as_before = cell->glyph == CELLS_GUARD && cell->style.ink == 0x111111 &&
                             cell->style.paper == 0x222222 && cell->style.attributes == 0;
            if (inside ? cell->glyph > 0x10ffff : !as_before)
                return false;
        }
    return true;
}

/* The rows of an area, each ended by a newline; free it. */
static inline char *cells_text(struct canvas *c, struct area a) {
    char *text = calloc((size_t)a.height * ((size_t)a.width * 4 + 1) + 1, 1), *end = text;
    if (!text)
        abort();
    for (int y = 0; y < a.height; y++) {
        for (int x = 0; x < a.width; x++) {
            char glyph[5];
            canvas_encode(canvas_at(c, a.y + y, a.x + x)->glyph, glyph);
            end = stpcpy(end, glyph);
        }
        end = stpcpy(end, "\n");
    }
    return text;
}

#endif
