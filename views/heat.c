#include "views/heat.h"

#include <math.h>

#define STEPS 32 /* colours of a map: two values a cell need their square of pairs */

/* The part of the area that holds values, and which of them. */
struct drawing {
    const struct heat *h;
    const struct paint *p;
    struct area map;
    int first, shown, each; /* rows; rows of the matrix in one of the area */
};

static bool has_colors(const struct paint *p) {
    return p->colors >= 256;
}

/* From 0 to 1 over the scale; NaN: empty. */
static double share_of(const struct heat *h, double value) {
    if (isnan(value))
        return (double)NAN;
    if (!(h->low < h->high))
        return 0.5;
    return fmin(fmax((value / 2 - h->low / 2) / (h->high / 2 - h->low / 2), 0), 1);
}

static uint32_t color_of(const struct paint *p, bool diverging, double share) {
    share = round(share * STEPS) / STEPS;
    return diverging ? theme_change(p->theme, share * 2 - 1) : theme_heat(p->theme, share);
}

/* Blank is what is empty: the lowest value has a glyph. */
static uint32_t shade_of(double share) {
    return theme_shade(0.1 + 0.9 * share);
}

/* Column of the matrix at which column x of the map begins. With texts all cells are equally wide. */
static int column_at(const struct drawing *d, int x) {
    int wide = d->map.width / d->h->columns;
    if (d->h->cell_text && wide > 0)
        return x / wide;
    return (int)((long long)x * d->h->columns / d->map.width);
}

/* The mean of what falls into column x of the map. */
static double value_at(const struct drawing *d, int row, int x) {
    int from = column_at(d, x), to = column_at(d, x + 1), count = 0;
    double mean = 0;
    if (row >= d->h->rows)
        return (double)NAN;
    for (int i = from; i < (to > from ? to : from + 1) && i < d->h->columns; i++) {
        double value = d->h->values[(size_t)row * (size_t)d->h->columns + (size_t)i];
        if (!isnan(value))
            mean += (value - mean) / ++count;
    }
    return count > 0 ? mean : (double)NAN;
}

static struct style text_style(const struct paint *p) {
    struct style s = theme_style(p, THEME_TEXT);
    s.paper = CANVAS_DEFAULT;
    return s;
}

static void draw_value(struct canvas *c, const struct drawing *d, int y, int x, double share) {
    struct style s = text_style(d->p);
    uint32_t glyph = ' ';
    if (!isnan(share) && has_colors(d->p))
        s.paper = color_of(d->p, d->h->diverging, share);
    else if (!isnan(share))
        glyph = shade_of(share);
    canvas_put(c, d->map, y, x, glyph, s);
}

/* Two values: the upper half block's ink and its paper. */
static void draw_pair(struct canvas *c, const struct drawing *d, int y, int x, double upper, double lower) {
    struct style s = text_style(d->p);
    if (isnan(upper) || isnan(lower)) {
        double share = isnan(upper) ? lower : upper;
        if (!isnan(share))
            s.ink = color_of(d->p, d->h->diverging, share);
        canvas_put(c, d->map, y, x, isnan(share) ? ' ' : isnan(upper) ? 0x2584 : 0x2580, s);
        return;
    }
    s.ink = color_of(d->p, d->h->diverging, upper);
    s.paper = color_of(d->p, d->h->diverging, lower);
    canvas_put(c, d->map, y, x, 0x2580, s);
}

static void draw_cells(struct canvas *c, const struct drawing *d) {
    for (int y = 0; y < d->shown; y++)
        for (int x = 0; x < d->map.width; x++) {
            int row = d->first + y * d->each;
            double share = share_of(d->h, value_at(d, row, x));
            if (d->each == 1)
                draw_value(c, d, y, x, share);
            else
                draw_pair(c, d, y, x, share, share_of(d->h, value_at(d, row + 1, x)));
        }
}

static uint32_t contrast(uint32_t paper) {
    uint32_t light = (paper >> 16 & 0xff) * 3 + (paper >> 8 & 0xff) * 6 + (paper & 0xff);
    return light > 1275 ? 0x000000 : 0xffffff;
}

/* Text in the middle of its cell, with a blank beside it; none is cut off. */
static void draw_text(struct canvas *c, const struct drawing *d, int row, int column, int wide) {
    int y = row - d->first, x = column * wide;
    const struct cell *cell = canvas_at(c, d->map.y + y, d->map.x + x);
    struct style s = text_style(d->p);
    if (!cell)
        return;
    if (has_colors(d->p) && cell->style.paper != CANVAS_DEFAULT)
        s.ink = contrast(cell->style.paper);
    const char *text = d->h->cell_text(d->h->context, row * d->h->columns + column, &s);
    int columns = text ? canvas_columns(text) : 0;
    if (columns == 0 || columns >= wide)
        return;
    x += (wide - columns) / 2;
    for (int i = x - 1; i <= x + columns && !has_colors(d->p); i++) /* among glyphs that are shades */
        canvas_put(c, d->map, y, i < column * wide ? x : i, ' ', s);
    canvas_text(c, d->map, y, x, s, text);
}

static void draw_texts(struct canvas *c, const struct drawing *d) {
    int wide = d->map.width / d->h->columns;
    if (!d->h->cell_text || d->each > 1 || wide < 2)
        return;
    for (int y = 0; y < d->shown; y++)
        for (int column = 0; column < d->h->columns; column++)
            draw_text(c, d, d->first + y, column, wide);
}

/* Right-aligned beside the map; of a pair of rows the selected one, or the upper. */
static void draw_row_labels(struct canvas *c, struct area a, const struct drawing *d) {
    const struct heat *h = d->h;
    for (int y = 0; y < d->shown && h->row_label && h->label_width > 0; y++) {
        int row = d->first + y * d->each;
        bool selected = h->selected_row >= row && h->selected_row < row + d->each && h->selected_row < h->rows;
        struct style s = theme_style(d->p, THEME_DIM);
        const char *text = h->row_label(h->context, selected ? h->selected_row : row, &s);
        struct area label = canvas_part(a, y, 0, 1, h->label_width);
        if (selected) {
            s = theme_style(d->p, THEME_SELECTED);
            canvas_fill(c, label, ' ', s);
            canvas_put(c, a, y, h->label_width, d->p->glyphs == GLYPHS_ASCII ? '>' : 0x25b8,
                       theme_style(d->p, THEME_TITLE));
        }
        if (text)
            canvas_print_right(c, label, 0, 0, s, "%s", text);
        if (text && canvas_columns(text) > label.width) /* a number that is cut off is another one */
            canvas_put(c, label, 0, label.width - 1, d->p->glyphs == GLYPHS_ASCII ? '~' : 0x2026, s);
    }
}

/* The cells of a column begin there; where columns are merged several begin in one. */
static int start_of(const struct drawing *d, int column) {
    int wide = d->map.width / d->h->columns;
    if (d->h->cell_text && wide > 0)
        return column * wide;
    return (int)((long long)column * d->map.width / d->h->columns);
}

/* Every `each`th label below the middle of its column, as far as it is not cut off at the edge. False: one would touch
 * the one before it. Without a canvas nothing is drawn. */
static bool put_column_labels(struct canvas *c, struct area row, const struct drawing *d, int each) {
    int next = 0;
    for (int i = 0; i < d->h->columns; i += each) {
        struct style s = theme_style(d->p, THEME_DIM);
        const char *text = d->h->column_label(d->h->context, i, &s);
        int columns = text ? canvas_columns(text) : 0, left = start_of(d, i), right = start_of(d, i + 1);
        int start = left + ((right > left ? right - left : 1) - columns) / 2;
        if (start < 0)
            start = 0;
        if (columns == 0 || start + columns > row.width)
            continue;
        if (start < next)
            return false;
        if (c)
            canvas_text(c, row, 0, start, s, text);
        next = start + columns + 1;
    }
    return true;
}

/* All of them, or at even distances. */
static void draw_column_labels(struct canvas *c, struct area row, const struct drawing *d) {
    static const int factors[] = {1, 2, 5};
    for (int power = 1; power <= d->h->columns && power < 1000000; power *= 10)
        for (int i = 0; i < 3; i++)
            if (put_column_labels(NULL, row, d, factors[i] * power)) {
                put_column_labels(c, row, d, factors[i] * power);
                return;
            }
}

/* How many rows, from which on: the selected one is kept away from the edges where there are rows beyond them. */
static void choose_rows(struct drawing *d, int height) {
    const struct heat *h = d->h;
    bool can_halve = d->p->glyphs != GLYPHS_ASCII && has_colors(d->p);
    d->each = can_halve && h->rows > height ? 2 : 1;
    int fit = height * d->each;
    d->first = 0;
    if (h->rows > fit) {
        int selected = h->selected_row < 0 ? 0 : h->selected_row < h->rows ? h->selected_row : h->rows - 1;
        int most = h->rows - fit;
        d->first = selected - fit / 2 < 0 ? 0 : selected - fit / 2 > most ? most : selected - fit / 2;
    }
    int left = h->rows - d->first < fit ? h->rows - d->first : fit;
    d->shown = (left + d->each - 1) / d->each;
}

int heat_draw(struct canvas *c, struct area a, const struct paint *p, const struct heat *h) {
    int labels = h->label_width > 0 ? h->label_width + 1 : 0, bottom = h->column_label && a.height > 1 ? 1 : 0;
    struct drawing d = {.h = h, .p = p, .map = canvas_part(a, 0, labels, a.height - bottom, a.width)};
    if (h->rows <= 0 || h->columns <= 0 || d.map.width <= 0 || d.map.height <= 0)
        return 0;
    choose_rows(&d, d.map.height);
    draw_cells(c, &d);
    draw_texts(c, &d);
    draw_row_labels(c, a, &d);
    if (bottom > 0)
        draw_column_labels(c, canvas_part(a, d.shown, labels, 1, a.width), &d);
    return d.shown + bottom;
}

void heat_legend(struct canvas *c, struct area a, const struct paint *p, bool diverging, const char *low_text,
                 const char *high_text) {
    struct style dim = theme_style(p, THEME_DIM);
    int low = low_text ? canvas_columns(low_text) : 0, high = high_text ? canvas_columns(high_text) : 0;
    int left = low > 0 ? low + 1 : 0, right = high > 0 ? high + 1 : 0;
    const struct heat h = {.diverging = diverging};
    struct drawing d = {.h = &h, .p = p, .map = canvas_part(a, 0, left, 1, a.width - left - right)};
    if (d.map.width < 2 || a.height <= 0)
        return;
    for (int x = 0; x < d.map.width; x++)
        draw_value(c, &d, 0, x, (double)x / (d.map.width - 1));
    if (low > 0)
        canvas_text(c, a, 0, 0, dim, low_text);
    if (high > 0)
        canvas_text(c, a, 0, a.width - high, dim, high_text);
}
