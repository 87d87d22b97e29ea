/* Colours by what they mean, and what the terminal can show.
 *
 *     struct paint p = {.theme = theme_named("dark"), .glyphs = GLYPHS_BRAILLE, .colors = 256};
 *     canvas_text(c, a, 0, 0, theme_style(&p, THEME_TITLE), "gptui");
 *
 * Views ask for roles, never for colours. Where colours == 0 a role is told by its attributes (bold, dim, reverse,
 * underline) alone, and maps are drawn in shades of glyphs. Pure. */
#ifndef VIEWS_THEME_H
#define VIEWS_THEME_H

#include <stddef.h>

#include "views/canvas.h"

enum glyphs {
    GLYPHS_ASCII,   /* 7-bit */
    GLYPHS_BLOCKS,  /* box drawing, half blocks and shades */
    GLYPHS_BRAILLE, /* these and braille dots */
};

/* X(constant, what it is for) */
#define THEME_ROLES_LIST(X)                                                                                            \
    X(THEME_TEXT, "ordinary text")                                                                                     \
    X(THEME_DIM, "labels, units, axes")                                                                                \
    X(THEME_TITLE, "titles of panes and the name of the run")                                                          \
    X(THEME_FRAME, "lines between panes")                                                                              \
    X(THEME_BAR, "the top line and the key line")                                                                      \
    X(THEME_SELECTED, "the chosen block, row or tab")                                                                  \
    X(THEME_GOOD, "running, right predictions")                                                                        \
    X(THEME_WARN, "paused, queued, warnings")                                                                          \
    X(THEME_BAD, "failed, wrong predictions")                                                                          \
    X(THEME_TRAIN, "curves of training")                                                                               \
    X(THEME_VAL, "curves of val")                                                                                      \
    X(THEME_TEST, "curves and numbers of test")                                                                        \
    X(THEME_OTHER, "the run that is laid over for comparison")                                                         \
    X(THEME_GATE, "gates")                                                                                             \
    X(THEME_TEMP, "temperatures")                                                                                      \
    X(THEME_FROZEN, "what is frozen")                                                                                  \
    X(THEME_MARK, "numbers of interventions")

enum theme_role {
#define X(constant, help) constant,
    THEME_ROLES_LIST(X)
#undef X
        THEME_ROLES
};

struct theme;

struct paint {
    const struct theme *theme;
    enum glyphs glyphs;
    int colors; /* 0, 8, 16, 256, or 1 << 24 */
};

const struct theme *theme_named(const char *name); /* "dark", "light", "safe" (colour-blind); NULL: none of that name */
const struct theme *theme_at(size_t i);            /* NULL behind the last */
const char *theme_name(const struct theme *t);

struct style theme_style(const struct paint *p, enum theme_role role);

/* The colour of share 0 to 1 of a sequential map (low to high), perceived evenly; of -1 to 1 of a diverging one. */
uint32_t theme_heat(const struct theme *t, double share);
uint32_t theme_change(const struct theme *t, double share);

/* Ten glyphs of rising darkness for share 0 to 1 where there are no colours (" .:-=+*#%@"). */
uint32_t theme_shade(double share);

/* Colour 0 to 15 of terminals with 8 or 16 colours, as xterm shows it: what theme_style() answers with there. */
uint32_t theme_ansi(int index);

/* How far two colours are from each other, about as eyes see it; 0: the same. */
int theme_distance(uint32_t a, uint32_t b);

/* The nearest entry of xterm's 256 colours, from 16 on. */
int theme_palette(uint32_t rgb);

/* A mix of two colours: share 0 gives a, 1 gives b; of CANVAS_DEFAULT and another the nearer one. */
uint32_t theme_mix(uint32_t a, uint32_t b, double share);

#endif
