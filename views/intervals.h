/* Means with their intervals, one a row, on one axis: results side by side.
 *
 *     struct intervals_row rows[] = {{"method=linear", 0.31, 0.02}, {"method=gated", 0.36, 0.01}};
 *     struct intervals k = {.title = "test top-1 %, mean and 95% interval", .factor = 100, .rows = rows, .count = 2};
 *     intervals_draw(&canvas, area, &paint, &k);
 *
 *     method=linear  ├──────●──────┤             31.0 ±2.0
 *     method=gated                    ├──●──┤    36.0 ±1.0
 *
 * Numbers in, cells out. */
#ifndef VIEWS_INTERVALS_H
#define VIEWS_INTERVALS_H

#include "views/theme.h"

struct intervals_row {
    const char *name;
    double mean; /* NaN: there is none, which the row says */
    double half; /* the interval is mean - half to mean + half; NaN: none */
};

struct intervals {
    const char *title;
    double factor; /* values are written times this (100 for %) */
    const struct intervals_row *rows;
    size_t count;
    size_t best; /* the row that stands out; count: none */
};

/* The rows that intervals_draw() fills: one a row, the title, and the axis with its numbers. */
int intervals_height(size_t count);

/* Values are shares: the axis holds every mean and interval, but nothing below 0 or above 1; what reaches further ends
 * at the edge without a cap. Rows without room are left out. */
void intervals_draw(struct canvas *c, struct area a, const struct paint *p, const struct intervals *k);

#endif
