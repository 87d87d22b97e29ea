/* What gates.c is made of: the map of all blocks over time (gates_map.c) and what each block is worth (gates_whatif.c),
 * beside the curve and the list of interventions. Only these files include it. */
#ifndef VIEWS_GATES_PRIVATE_H
#define VIEWS_GATES_PRIVATE_H

#include "views/curves.h"

#define GATES_LABEL 11  /* columns left of the map: block, sign of what is frozen, value */
#define GATES_WORTH 8   /* columns right of the map: what top-1 loses without the block, where that is known */
#define GATES_WIDTH 512 /* most columns of the whole */

/* Rows of the map. */
struct gates_map {
    struct area area; /* with the labels */
    int rows;         /* blocks in all */
    int first;        /* block of the top row */
    int each;         /* 2: two blocks a row of cells */
    int tall;         /* rows of cells a block */
};

/* Whether two blocks fit a row of cells on this terminal. */
bool gates_can_halve(const struct paint *p);

/* "gate .001 .... .01 .... .1": the colours and their values, in one row; and the signs, if the map shows them. */
void gates_legend(const struct view_context *x, struct canvas *c, struct area a, const struct gates_map *m);

void gates_draw_map(const struct view_context *x, struct canvas *c, const struct gates_map *m);

/* The steps below the map: a line with ticks and the numbers of interventions, and with a second row the steps. */
void gates_axis(const struct view_context *x, struct canvas *c, struct area a);

/* The series of a block: its gate, or its temperature; NULL: it has none. */
const struct series *gates_series(const struct view_context *x, const struct history *h, int block);

bool gates_is_frozen(const struct view_context *x, int block);

/* Whether `gptui whatif` found anything of what is shown: gates, or temperatures. */
bool gates_has_worth(const struct view_context *x);

/* "off pp", and beside each row of the map how top-1 changes with that gate at 0, or that temperature at 1, in
 * percentage points; a sign behind what is more than noise. `a`: the legend's row and the map's. */
void gates_draw_worth(const struct view_context *x, struct canvas *c, struct area a, const struct gates_map *m);

/* Where these numbers come from, in one row: what does not fit is left out. */
void gates_draw_source(const struct view_context *x, struct canvas *c, struct area a);

#endif
