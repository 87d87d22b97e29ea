#include "views/intervals.h"

#include <math.h>
#include <stdio.h>

#include "views/plot.h"

enum { NUMBER_COLUMNS = 12, LEAST_BAR = 8, MOST_TICKS = 8 };

/* Where things are, and what the axis holds. */
struct layout {
    struct area a;
    int from, width; /* columns of the bars */
    double low, high;
    bool ascii;
};

int intervals_height(size_t count) {
    return (int)count + 3;
}

static void find_range(const struct intervals *k, struct layout *l) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < k->count; i++) {
        const struct intervals_row *row = &k->rows[i];
        double half = isnan(row->half) ? 0 : row->half;
        if (isnan(row->mean))
            continue;
        low = fmin(low, row->mean - half);
        high = fmax(high, row->mean + half);
    }
    if (low > high)
        low = 0, high = 1;
    double margin = fmax(0.05 * (high - low), 0.005);
    l->low = fmax(low - margin, 0);
    l->high = fmin(high + margin, 1);
}

static int find_names(const struct intervals *k, int most) {
    int width = 0;
    for (size_t i = 0; i < k->count; i++) {
        int columns = canvas_columns(k->rows[i].name);
        width = columns > width ? columns : width;
    }
    return width < most ? width : most;
}

/* The column of a value, cut to the bars; *inside: it was not cut. */
static int column_of(const struct layout *l, double value, bool *inside) {
    double place = (value - l->low) / (l->high - l->low);
    *inside = place >= 0 && place <= 1;
    place = fmin(fmax(place, 0), 1);
    return l->from + (int)lround(place * (l->width - 1));
}

static void draw_bar(struct canvas *c, const struct layout *l, int y, const struct intervals_row *row,
                     const struct style *s) {
    bool inside, left_cap, right_cap;
    if (!isnan(row->half)) {
        int left = column_of(l, row->mean - row->half, &left_cap);
        int right = column_of(l, row->mean + row->half, &right_cap);
        for (int x = left; x <= right; x++)
            canvas_put(c, l->a, y, x, l->ascii ? '-' : 0x2500, *s);
        if (left_cap)
            canvas_put(c, l->a, y, left, l->ascii ? '|' : 0x251c, *s);
        if (right_cap)
            canvas_put(c, l->a, y, right, l->ascii ? '|' : 0x2524, *s);
    }
    canvas_put(c, l->a, y, column_of(l, row->mean, &inside), l->ascii ? 'o' : 0x25cf, *s);
}

static void draw_row(struct canvas *c, const struct layout *l, int y, const struct intervals *k, size_t i,
                     const struct paint *p) {
    const struct intervals_row *row = &k->rows[i];
    struct style s = theme_style(p, THEME_TEST), text = theme_style(p, THEME_TEXT);
    if (i == k->best)
        text.attributes |= CANVAS_BOLD;
    canvas_text(c, canvas_part(l->a, 0, 0, l->a.height, l->from - 2), y, 0, text, row->name);
    if (isnan(row->mean)) {
        canvas_text(c, l->a, y, l->from, theme_style(p, THEME_DIM), "no result");
        return;
    }
    draw_bar(c, l, y, row, &s);
    int x = l->from + l->width + 1;
    x += canvas_print(c, l->a, y, x, text, "%5.1f", k->factor * row->mean);
    if (!isnan(row->half))
        canvas_print(c, l->a, y, x, theme_style(p, THEME_DIM), " %s%.1f", l->ascii ? "+-" : "±", k->factor * row->half);
}

static void draw_axis(struct canvas *c, const struct layout *l, int y, double factor, const struct paint *p) {
    double ticks[MOST_TICKS];
    struct style s = theme_style(p, THEME_DIM);
    size_t most = (size_t)(l->width / 8 < 3 ? 3 : l->width / 8);
    size_t n = plot_ticks(factor * l->low, factor * l->high, most < MOST_TICKS ? most : MOST_TICKS, ticks);
    for (int x = 0; x < l->width; x++)
        canvas_put(c, l->a, y, l->from + x, l->ascii ? '-' : 0x2500, s);
    for (size_t i = 0; i < n; i++) {
        bool inside;
        char text[32];
        int x = column_of(l, ticks[i] / factor, &inside);
        canvas_put(c, l->a, y, x, l->ascii ? '+' : 0x2534, s);
        plot_number(ticks[i], 6, text);
        canvas_text(c, l->a, y + 1, x - canvas_columns(text) / 2, s, text);
    }
}

void intervals_draw(struct canvas *c, struct area a, const struct paint *p, const struct intervals *k) {
    struct layout l = {.a = a, .ascii = p->glyphs == GLYPHS_ASCII};
    l.from = find_names(k, a.width - NUMBER_COLUMNS - LEAST_BAR - 2) + 2;
    l.width = a.width - l.from - NUMBER_COLUMNS - 1;
    find_range(k, &l);
    canvas_fill(c, a, ' ', theme_style(p, THEME_TEXT));
    if (l.width < LEAST_BAR || l.from < 3)
        return;
    canvas_text(c, a, 0, 0, theme_style(p, THEME_TITLE), k->title);
    size_t rows = a.height < intervals_height(0) ? 0 : (size_t)(a.height - intervals_height(0));
    if (rows > k->count)
        rows = k->count;
    for (size_t i = 0; i < rows; i++)
        draw_row(c, &l, 1 + (int)i, k, i, p);
    draw_axis(c, &l, 1 + (int)rows, k->factor, p);
}
