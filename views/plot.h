/* Curves in cells: braille, half blocks or ASCII, with axes, ticks, units, a legend, marks and a cursor.
 *
 *     struct plot_curve curve = {.name = "train", .role = THEME_TRAIN, .points = points, .count = n};
 *     struct plot p = {.title = "loss", .x_unit = "step", .curves = &curve, .curve_count = 1, .to = 960};
 *     plot_draw(&canvas, area, &paint, &p);
 *
 * The y range is that of the curves, rounded outwards, unless given. Points whose low and high differ from their mean
 * (merged or smoothed ones) show that range as an envelope in the curve's dim colour. Points just outside of the x
 * range let lines reach its edges. Values that are not finite, or have no place on the scale, are gaps. A cell that two
 * curves share has the colour of the later one; where there are no colours, curves differ by their dashes, in ASCII by
 * their glyphs. Numbers in, cells out. */
#ifndef VIEWS_PLOT_H
#define VIEWS_PLOT_H

#include "views/series.h"
#include "views/theme.h"

struct plot_curve {
    const char *name;
    enum theme_role role;
    const struct series_point *points;
    size_t count;
    bool steps; /* hold each value until the next (gates set once an epoch); else straight lines */
    bool dots;  /* the points themselves too (one an epoch) */
};

struct plot_mark {
    double x;
    int number; /* of the intervention, as the log explains it */
};

enum plot_scale {
    PLOT_LINEAR,
    PLOT_LOG,
    PLOT_LOGIT
}; /* PLOT_LOGIT: values are shares 0 to 1, ticks .001 .01 .1 .5 .9 */

struct plot {
    const char *title;  /* may be NULL */
    const char *unit;   /* behind the title: "%", "cross-entropy"; may be NULL */
    const char *x_unit; /* "step" */
    double from, to;    /* x range */
    double low, high;   /* y range, before `factor`; both 0: by the curves */
    double factor;      /* values are shown times this (100 for %); 0 counts as 1 */
    enum plot_scale scale;
    const struct plot_curve *curves;
    size_t curve_count;
    const struct series *const *exact; /* [curve_count] where the legend looks values up; NULL: the points as merged */
    const struct plot_mark *marks;     /* vertical places on the x axis with their numbers */
    size_t mark_count;
    const char *level_name; /* of a horizontal line that curves are to be compared with; NULL: there is none */
    double level;           /* its value; outside of the y range it is not drawn, and does not widen it */
    bool has_cursor;
    double cursor; /* x; the title line says the curves' values there instead of the last ones */
};

/* Draws into the area. Below 10 rows the x axis is one row, below 5 there is none; below 4 x 12 there are curves and
 * the last value alone, in one row a sparkline. Text and numbers without room are left out, never cut off; a title ends
 * with an ellipsis. */
void plot_draw(struct canvas *c, struct area a, const struct paint *p, const struct plot *plot);

/* The x value under a column of the area that plot_draw() was given (for the mouse); false: left of the axis. */
bool plot_x_at(struct area a, const struct plot *plot, int column, double *x);

/* One row of bars (1/8 blocks or ASCII) of the points' means, low to high; both 0: by the points. For histories in a
 * table's row: a point a column, the newest at the right edge, neighbours merged where there are more. NaN and empty
 * points are blanks. */
void plot_spark(struct canvas *c, struct area a, const struct paint *p, struct style s,
                const struct series_point *points, size_t n, double low, double high);

/* Ticks of a linear axis: round numbers (multiples of 1, 2 or 5 times a power of ten) within low..high; `low` itself
 * where both are the same. Returns how many (<= most). */
size_t plot_ticks(double low, double high, size_t most, double *out);

/* A number in at most `width` columns, with as many digits as say something, four at most ("0.0067", "1.2e-5", "13k");
 * "##" where there is no room for one. Returns out. */
const char *plot_number(double value, int width, char out[static 32]);

/* A share 0 to 1 on the axis of the logit from .001 to .999, as a place from 0 to 1. NaN: 0. */
double plot_logit_place(double share);

#endif
