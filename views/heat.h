/* A matrix as colours: a cell each value or two values a cell (upper and lower half), with row and column labels and a
 * legend of the scale. Below 256 colours, which make no even map, shades of glyphs.
 *
 *     struct heat h = {.rows = 11, .columns = 60, .values = v, .low = 0, .high = 1, .row_label = label, .context = x};
 *     heat_draw(&canvas, area, &paint, &h);
 *
 * Columns are stretched to the width, or merged (their mean) where more than fit. Numbers in, cells out. */
#ifndef VIEWS_HEAT_H
#define VIEWS_HEAT_H

#include "views/theme.h"

/* The label of row or column i, and its style, which is set to that of labels before; NULL: none. */
typedef const char *heat_label_fn(void *context, int i, struct style *style);

struct heat {
    int rows, columns;
    const double *values; /* [rows, columns]; NaN: empty */
    double low, high;     /* values of the map's ends */
    bool diverging;       /* theme_change() over -1..1 of (value - middle); else theme_heat() */
    int selected_row;     /* -1: none; its label is drawn as selected, with a pointer to the row */
    int label_width;      /* columns for row labels; 0: none */
    heat_label_fn *row_label,
        *column_label; /* may be NULL; column labels are a row below the matrix, every n-th where not all fit */
    heat_label_fn
        *cell_text; /* i = row * columns + column: text inside a cell, where cells are wide enough; may be NULL */
    void *context;
};

/* Two values a cell where that makes all rows fit; rows that do not fit even so are scrolled so that the selected one
 * is seen. Returns the rows of the area that it took. */
int heat_draw(struct canvas *c, struct area a, const struct paint *p, const struct heat *h);

/* "LOW .... HIGH" with the map between, in one row. low_text and high_text say the ends with their unit. */
void heat_legend(struct canvas *c, struct area a, const struct paint *p, bool diverging, const char *low_text,
                 const char *high_text);

#endif
