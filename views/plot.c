#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/plot_private.h"

enum { MOST_COLUMNS = 1024, SMALL_HEIGHT = 4, SMALL_WIDTH = 12 }; /* labels are kept from each other to so far */

/* Where what is drawn: a function of the area and the plot alone, for plot_x_at(). */
struct layout {
    bool small;                                 /* no axes */
    bool has_values;                            /* in the x range */
    int gutter;                                 /* columns left of the graph: numbers and the axis */
    struct area title, graph, x_line, x_labels; /* of height 0 where there are none */
    double from, to;
    struct plot_axis x, y;
};

static double factor_of(const struct plot *plot) {
    return isfinite(plot->factor) && plot->factor > 0 ? plot->factor : 1;
}

static bool is_value(const struct plot *plot, const struct series_point *p) {
    return p->count > 0 && !isnan(plot_axis_bend(plot->scale, p->mean));
}

/* ---- ranges */

/* On the bent scale, so that a line between two points is straight. */
struct range {
    double low, high;
};

static void widen(struct range *r, double bent) {
    if (isnan(bent))
        return;
    r->low = fmin(r->low, bent);
    r->high = fmax(r->high, bent);
}

/* The value at x of the line from a to b. */
static double between(const struct plot *plot, const struct plot_curve *curve, const struct series_point *a,
                      const struct series_point *b, double x) {
    double start = plot_axis_bend(plot->scale, a->mean), end = plot_axis_bend(plot->scale, b->mean);
    double share = b->x > a->x ? (x - a->x) / (b->x - a->x) : 0;
    return curve->steps ? start : start + (end - start) * share;
}

/* What of a curve is seen between l->from and l->to: its points, its envelope, and lines that cross the edges. */
static void widen_by_curve(struct range *r, const struct plot *plot, const struct plot_curve *curve,
                           const struct layout *l) {
    const struct series_point *before = NULL;
    for (size_t i = 0; i < curve->count; i++) {
        const struct series_point *p = &curve->points[i];
        if (!is_value(plot, p)) {
            before = NULL;
            continue;
        }
        if (p->x >= l->from && p->x <= l->to) {
            widen(r, plot_axis_bend(plot->scale, p->mean));
            widen(r, plot_axis_bend(plot->scale, p->low));
            widen(r, plot_axis_bend(plot->scale, p->high));
        }
        if (before && before->x < l->from && p->x > l->from)
            widen(r, between(plot, curve, before, p, l->from));
        if (before && before->x < l->to && p->x > l->to)
            widen(r, between(plot, curve, before, p, l->to));
        before = p;
    }
}

static void measure(struct layout *l, const struct plot *plot) {
    struct range r = {INFINITY, -INFINITY};
    l->from = isfinite(plot->from) ? plot->from : 0;
    l->to = isfinite(plot->to) && plot->to > l->from ? plot->to : l->from + fmax(1, fabs(l->from) * 1e-9);
    for (size_t i = 0; i < plot->curve_count; i++)
        widen_by_curve(&r, plot, &plot->curves[i], l);
    l->has_values = r.low <= r.high;
    double low = plot_axis_bend(plot->scale, plot->low), high = plot_axis_bend(plot->scale, plot->high);
    bool is_given = plot->low < plot->high && low < high; /* not where it has no place on the scale */
    size_t most = ((size_t)l->graph.height + 1) / 2;      /* a row between numbers, but in the lowest plots */
    most = most < 3 ? 3 : most > 8 ? 8 : most;
    if (is_given)
        plot_axis_make(&l->y, plot->scale, plot->low, plot->high, false, factor_of(plot), most);
    else if (l->has_values)
        plot_axis_make(&l->y, plot->scale, plot_axis_unbend(plot->scale, r.low), plot_axis_unbend(plot->scale, r.high),
                       true, factor_of(plot), most);
}

/* ---- layout */

static bool has_title(const struct plot *plot) {
    bool has = plot->title || plot->unit || plot->has_cursor;
    for (size_t i = 0; i < plot->curve_count; i++)
        has = has || plot->curves[i].name;
    return has;
}

static struct layout layout_of(struct area a, const struct plot *plot) {
    struct layout l = {.small = a.height < SMALL_HEIGHT || a.width < SMALL_WIDTH};
    int top = has_title(plot) && a.height > 1, axis = l.small || a.height < 5 ? 0 : a.height < 10 ? 1 : 2;
    l.title = canvas_part(a, 0, 0, top, a.width);
    l.graph = canvas_part(a, top, 0, a.height - top - axis, a.width);
    measure(&l, plot);
    if (l.small)
        return l;
    l.gutter = a.width - l.y.width - 1 >= 8 ? l.y.width + 1 : 1;
    l.graph = canvas_part(l.graph, 0, l.gutter, l.graph.height, a.width);
    l.x_line = canvas_part(a, a.height - axis, 0, axis > 0, a.width);
    l.x_labels = canvas_part(a, a.height - 1, 0, axis > 0, a.width);
    double most = fmax(l.graph.width / 9 + 1, 3), span = l.to - l.from;
    if (span >= 1) /* steps and epochs have no parts */
        most = fmin(most, floor(span) + 1);
    plot_axis_make(&l.x, PLOT_LINEAR, l.from, l.to, false, 1, (size_t)most);
    return l;
}

static double dot_x(const struct layout *l, double x, int width) {
    double share = (x - l->from) / (l->to - l->from);
    return fmin(fmax(share, -1e6), 1e6) * (width - 1);
}

static double dot_y(const struct layout *l, double value, int height) {
    return (1 - plot_axis_place(&l->y, value)) * (height - 1);
}

/* The column of the graph's cells that x falls into; -1: none. */
static int column_of(const struct layout *l, const struct plot_raster *r, double x) {
    if (!(x >= l->from && x <= l->to))
        return -1;
    return (int)lround(dot_x(l, x, r->width)) / r->across;
}

bool plot_x_at(struct area a, const struct plot *plot, int column, double *x) {
    struct layout l = layout_of(a, plot);
    int at = column - l.gutter, dots = 2 * l.graph.width - 1;
    if (l.small || at < 0 || at >= l.graph.width)
        return false;
    double share = at == 0 ? 0 : at == l.graph.width - 1 ? 1 : (2 * at + 0.5) / dots;
    *x = l.from + (l.to - l.from) * share;
    return true;
}

/* ---- curves */

static struct style curve_style(const struct paint *p, enum theme_role role) {
    struct style s = theme_style(p, role);
    s.attributes &= (uint8_t)~CANVAS_UNDERLINE; /* dots and underlines cannot be told apart */
    return s;
}

static struct style envelope_style(const struct canvas *c, const struct paint *p, enum theme_role role) {
    struct style s = curve_style(p, role);
    if (p->colors < 256) {
        s = theme_style(p, THEME_DIM);
    } else {
        uint32_t paper = c->ground.paper == CANVAS_DEFAULT ? 0x000000 : c->ground.paper;
        s.ink = theme_mix(s.ink, paper, 0.6);
        s.attributes = 0;
    }
    return s;
}

static bool is_spread(const struct series_point *p) {
    return p->low < p->mean || p->high > p->mean;
}

/* Low to high, with straight edges to the next point. */
static void draw_envelope(struct plot_raster *r, const struct layout *l, const struct plot *plot,
                          const struct plot_curve *curve) {
    for (size_t i = 0; i < curve->count; i++) {
        const struct series_point *p = &curve->points[i], *next = i + 1 < curve->count ? p + 1 : p;
        if (!is_value(plot, p))
            continue;
        if (!is_value(plot, next))
            next = p;
        if (!is_spread(p) && !is_spread(next))
            continue;
        double x0 = dot_x(l, p->x, r->width), x1 = dot_x(l, next->x, r->width);
        double low = dot_y(l, p->low, r->height), low_end = dot_y(l, next->low, r->height);
        double high = dot_y(l, p->high, r->height), high_end = dot_y(l, next->high, r->height);
        low = isnan(low) ? r->height : low;
        low_end = isnan(low_end) ? r->height : low_end;
        int first = (int)lround(fmax(x0, -1)), last = (int)lround(fmin(x1, r->width));
        for (int x = first; x <= last; x++) {
            double share = x1 > x0 ? fmin(fmax((x - x0) / (x1 - x0), 0), 1) : 0;
            share = curve->steps ? 0 : share;
            plot_raster_span(r, x, high + (high_end - high) * share, low + (low_end - low) * share);
        }
    }
}

/* Points that stand closer than that are a line. */
static bool shows_points(const struct plot_curve *curve, const struct layout *l) {
    size_t seen = 0;
    for (size_t i = 0; i < curve->count; i++)
        seen += curve->points[i].count > 0 && curve->points[i].x >= l->from && curve->points[i].x <= l->to;
    return curve->dots && seen <= (size_t)l->graph.width / 3;
}

static void draw_curve(struct plot_raster *r, const struct layout *l, const struct plot *plot,
                       const struct plot_curve *curve) {
    bool dots = shows_points(curve, l), has_before = false;
    double x0 = 0, y0 = 0;
    for (size_t i = 0; i < curve->count; i++) {
        const struct series_point *p = &curve->points[i];
        if (!is_value(plot, p)) {
            has_before = false;
            continue;
        }
        double x = dot_x(l, p->x, r->width), y = dot_y(l, p->mean, r->height);
        bool is_alone = !has_before && (i + 1 == curve->count || !is_value(plot, p + 1));
        if (has_before) {
            plot_raster_line(r, x0, y0, x, curve->steps ? y0 : y);
            if (curve->steps)
                plot_raster_line(r, x, y0, x, y);
        }
        if (is_alone || dots)
            plot_raster_point(r, x, y);
        has_before = true;
        x0 = x;
        y0 = y;
    }
}

static uint32_t mark_glyph(const struct paint *p) {
    return p->glyphs == GLYPHS_ASCII ? ':' : 0x250a;
}

static void draw_graph(struct plot_raster *r, const struct paint *p, const struct layout *l, const struct plot *plot) {
    bool has_axis = l->y.high > l->y.low;
    for (size_t i = 0; i < plot->curve_count && has_axis; i++) {
        plot_raster_curve(r, (int)(i & 0xff), envelope_style(r->canvas, p, plot->curves[i].role));
        draw_envelope(r, l, plot, &plot->curves[i]);
    }
    for (size_t i = 0; i < plot->curve_count && has_axis; i++) {
        plot_raster_curve(r, (int)(i & 0xff), curve_style(p, plot->curves[i].role));
        draw_curve(r, l, plot, &plot->curves[i]);
    }
    for (size_t i = 0; i < plot->mark_count && !l->small; i++)
        plot_raster_rule(r, column_of(l, r, plot->marks[i].x), mark_glyph(p), theme_style(p, THEME_FRAME));
    if (plot->has_cursor && !l->small)
        plot_raster_rule(r, column_of(l, r, plot->cursor), p->glyphs == GLYPHS_ASCII ? '|' : 0x2502,
                         theme_style(p, THEME_TITLE));
    plot_raster_end(r);
}

/* Where no curve is: the line, behind marks, and over them at its right end, with room, what it is. */
static void draw_level(struct canvas *c, const struct paint *p, const struct layout *l, const struct plot *plot) {
    struct style s = theme_style(p, THEME_DIM);
    int row = (int)lround(dot_y(l, plot->level, 4 * l->graph.height)) / 4, free = 0;
    char number[32], text[64];
    if (!(l->y.high > l->y.low) || row < 0 || row >= l->graph.height)
        return;
    for (int x = 0; x < l->graph.width; x++) {
        const struct cell *cell = canvas_at(c, l->graph.y + row, l->graph.x + x);
        bool is_blank = cell && cell->glyph == ' ', is_mark = cell && cell->glyph == mark_glyph(p);
        free = is_blank || is_mark ? free + 1 : 0;
        if (is_blank)
            canvas_put(c, l->graph, row, x, p->glyphs == GLYPHS_ASCII ? '.' : 0x2508, s);
    }
    plot_number(plot->level * factor_of(plot), 6, number);
    snprintf(text, sizeof text, " %.20s %s", plot->level_name, number);
    int columns = canvas_columns(text);
    if (columns < free)
        canvas_text(c, l->graph, row, l->graph.width - columns, s, text);
}

/* Why there is nothing to see. */
static void draw_reason(struct canvas *c, const struct paint *p, const struct layout *l, const struct plot *plot) {
    bool has_any = false;
    for (size_t i = 0; i < plot->curve_count; i++)
        for (size_t k = 0; k < plot->curves[i].count && !has_any; k++)
            has_any = plot->curves[i].points[k].count > 0 && isfinite(plot->curves[i].points[k].mean);
    const char *text = has_any ? "no values here" : "no data yet";
    int columns = canvas_columns(text);
    if (!l->has_values && columns <= l->graph.width && l->graph.height > 0)
        canvas_text(c, l->graph, (l->graph.height - 1) / 2, (l->graph.width - columns) / 2, theme_style(p, THEME_DIM),
                    text);
}

/* ---- axes */

static void draw_y_axis(struct canvas *c, const struct paint *p, const struct layout *l) {
    struct style s = theme_style(p, THEME_FRAME), dim = theme_style(p, THEME_DIM);
    struct area gutter = {l->graph.y, l->graph.x - l->gutter, l->graph.height, l->gutter};
    int taken = l->graph.height; /* the last row that has a number */
    for (int y = 0; y < gutter.height; y++)
        canvas_put(c, gutter, y, l->gutter - 1, p->glyphs == GLYPHS_ASCII ? '|' : 0x2502, s);
    for (size_t i = 0; i < l->y.count; i++) {
        int columns = (int)strlen(l->y.labels[i]);
        int row = (int)lround(dot_y(l, l->y.ticks[i], 4 * gutter.height)) / 4;
        if (row < 0 || row >= taken)
            continue;
        taken = row;
        canvas_put(c, gutter, row, l->gutter - 1, p->glyphs == GLYPHS_ASCII ? '+' : 0x2524, s);
        if (columns < l->gutter)
            canvas_text(c, gutter, row, l->gutter - 1 - columns, dim, l->y.labels[i]);
    }
}

/* A row of labels that keep a blank between each other. */
struct labels {
    struct area area;
    bool taken[MOST_COLUMNS];
};

/* A label that begins at column x, moved so that it fits. False: there is no room, and nothing is drawn. */
static bool put_label(struct labels *row, struct canvas *c, int x, struct style s, const char *text) {
    int columns = canvas_columns(text), width = row->area.width < MOST_COLUMNS ? row->area.width : MOST_COLUMNS;
    if (x > width - columns)
        x = width - columns;
    if (x < 0)
        x = 0;
    bool fits = columns > 0 && x + columns <= width && row->area.height > 0;
    for (int i = x > 0 ? x - 1 : 0; fits && i <= x + columns && i < width; i++)
        fits = !row->taken[i];
    for (int i = x; fits && i < x + columns; i++)
        row->taken[i] = true;
    if (fits)
        canvas_text(c, row->area, 0, x, s, text);
    return fits;
}

static void draw_marks(struct labels *row, struct canvas *c, const struct paint *p, const struct layout *l,
                       const struct plot_raster *r, const struct plot *plot) {
    for (size_t i = plot->mark_count; i-- > 0;) { /* the newest first: where there is no room, it stays */
        int column = column_of(l, r, plot->marks[i].x);
        char text[16];
        snprintf(text, sizeof text, "^%d", plot->marks[i].number);
        if (column >= 0)
            put_label(row, c, column, theme_style(p, THEME_MARK), text);
    }
}

/* A line with ticks and marks and, with room, the numbers below; else all in one row. */
static void draw_x_axis(struct canvas *c, const struct paint *p, const struct layout *l, const struct plot_raster *r,
                        const struct plot *plot) {
    bool ascii = p->glyphs == GLYPHS_ASCII, apart = l->x_labels.y > l->x_line.y;
    struct style frame = theme_style(p, THEME_FRAME), dim = theme_style(p, THEME_DIM);
    struct area line = canvas_part(l->x_line, 0, l->gutter, 1, l->graph.width);
    struct labels marks = {.area = line}, numbers = {.area = canvas_part(l->x_labels, 0, l->gutter, 1, line.width)};
    struct labels *row = apart ? &numbers : &marks;
    const char *unit = plot->x_unit ? plot->x_unit : "";
    int columns = canvas_columns(unit);
    canvas_put(c, l->x_line, 0, l->gutter - 1, ascii ? '+' : 0x2514, frame);
    for (int x = 0; x < line.width; x++)
        canvas_put(c, line, 0, x, ascii ? '-' : 0x2500, frame);
    for (size_t i = 0; i < l->x.count; i++)
        canvas_put(c, line, 0, column_of(l, r, l->x.ticks[i]), ascii ? '+' : 0x2534, frame);
    draw_marks(&marks, c, p, l, r, plot);
    if (columns < l->gutter)
        canvas_text(c, l->x_labels, 0, l->gutter - 1 - columns, dim, unit);
    else if (columns + 12 <= line.width)
        put_label(row, c, line.width, dim, unit);
    for (size_t i = 0; i < l->x.count; i++) {
        int column = column_of(l, r, l->x.ticks[i]);
        if (column >= 0)
            put_label(row, c, column - (int)strlen(l->x.labels[i]) / 2, dim, l->x.labels[i]);
    }
}

/* ---- title and legend */

/* The newest value at or before x. */
static bool value_before(const struct plot *plot, int i, double x, double *out) {
    const struct plot_curve *curve = &plot->curves[i];
    if (plot->exact) {
        bool known = series_at(plot->exact[i], x, out);
        *out *= known ? factor_of(plot) : 1;
        return known;
    }
    for (size_t k = curve->count; k-- > 0;)
        if (curve->points[k].x <= x && curve->points[k].count > 0 && isfinite(curve->points[k].mean)) {
            *out = curve->points[k].mean * factor_of(plot);
            return true;
        }
    return false;
}

/* How much of a legend is shown: names go before values, samples before names. */
enum detail { DETAIL_ALL, DETAIL_NO_SAMPLE, DETAIL_VALUE, DETAIL_NONE };

/* Draws the entry at column x of the title, or measures it where r is NULL. Returns its columns. */
static int put_entry(struct canvas *c, const struct paint *p, const struct layout *l, const struct plot *plot, int i,
                     const struct plot_raster *r, enum detail detail, int x) {
    const struct plot_curve *curve = &plot->curves[i];
    double value, at = plot->has_cursor ? plot->cursor : l->to;
    char number[32] = "-";
    int start = x;
    if (value_before(plot, i, at, &value))
        plot_number(value, 6, number);
    if (detail == DETAIL_ALL) {
        for (int k = 0; k < 2 && r; k++)
            canvas_put(c, l->title, 0, x + k, plot_raster_sample(r, i), curve_style(p, curve->role));
        x += 3;
    }
    if (detail < DETAIL_VALUE && curve->name) {
        if (r)
            canvas_text(c, l->title, 0, x, theme_style(p, THEME_DIM), curve->name);
        x += canvas_columns(curve->name) + 1;
    }
    if (r)
        canvas_text(c, l->title, 0, x, curve_style(p, curve->role), number);
    return x + (int)strlen(number) - start;
}

static int legend_columns(struct canvas *c, const struct paint *p, const struct layout *l, const struct plot *plot,
                          enum detail detail) {
    int columns = 0;
    for (size_t i = 0; i < plot->curve_count && i < PLOT_TICKS; i++)
        columns += put_entry(c, p, l, plot, (int)i, NULL, detail, 0) + 2 * (i > 0);
    return columns;
}

/* "step 120": where the cursor is. */
static void cursor_text(const struct plot *plot, char out[static 64]) {
    char number[32];
    bool is_whole = fabs(plot->cursor) < 1e15 && !(fabs(plot->cursor - round(plot->cursor)) > 0);
    if (is_whole)
        snprintf(number, sizeof number, "%.0f", plot->cursor);
    else
        plot_number(plot->cursor, 8, number);
    snprintf(out, 64, "%.20s%s%s", plot->x_unit ? plot->x_unit : "", plot->x_unit ? " " : "", number);
}

/* The name at the left, the legend at the right; where both do not fit, the unit goes, then detail, then the cursor's
 * place. */
static void draw_title(struct canvas *c, const struct paint *p, const struct layout *l, const struct plot *plot,
                       const struct plot_raster *r) {
    int title = plot->title ? canvas_columns(plot->title) + 1 : 0,
        unit = plot->unit ? canvas_columns(plot->unit) + 1 : 0;
    int columns = 0, width = l->title.width;
    char at[64] = "";
    if (plot->has_cursor)
        cursor_text(plot, at);
    int place = plot->has_cursor ? canvas_columns(at) + 2 : 0;
    /* Values alone say nothing where there is more than one curve and no colour. */
    enum detail detail = DETAIL_ALL, last = plot->curve_count == 1 || !r->plain ? DETAIL_VALUE : DETAIL_NO_SAMPLE;
    while (detail <= last && title + place + (columns = legend_columns(c, p, l, plot, detail)) > width)
        detail++;
    if (detail > last)
        columns = 0;
    int start = width - columns;
    if (plot->title)
        canvas_text(c, l->title, 0, 0, theme_style(p, THEME_TITLE), plot->title);
    if (title > width + 1) /* a number that is cut off is another one */
        canvas_put(c, l->title, 0, width - 1, p->glyphs == GLYPHS_ASCII ? '~' : 0x2026, theme_style(p, THEME_TITLE));
    bool is_alone = columns + place == 0; /* else a blank follows */
    if (unit > 0 && title + unit + place <= start + is_alone)
        canvas_text(c, l->title, 0, title, theme_style(p, THEME_DIM), plot->unit);
    if (plot->has_cursor && start - place >= title)
        canvas_text(c, l->title, 0, start - place, theme_style(p, THEME_MARK), at);
    for (size_t i = 0; i < plot->curve_count && i < PLOT_TICKS && detail <= last; i++)
        start += put_entry(c, p, l, plot, (int)i, r, detail, start) + 2;
}

/* ---- the whole */

/* One row: the title, a sparkline and the last value, as far as there is room. */
static void draw_row(struct canvas *c, struct area a, const struct paint *p, const struct layout *l,
                     const struct plot *plot) {
    char number[32] = "";
    double value;
    int title = plot->title ? canvas_columns(plot->title) + 1 : 0, left = 0, right = 0;
    if (plot->curve_count == 0)
        return;
    struct style s = curve_style(p, plot->curves[0].role);
    if (value_before(plot, 0, l->to, &value))
        plot_number(value, 6, number);
    if ((int)strlen(number) <= a.width)
        right = (int)strlen(number);
    if (title > 1 && title + right + 5 <= a.width)
        left = title;
    if (left > 0)
        canvas_text(c, a, 0, 0, theme_style(p, THEME_TITLE), plot->title);
    if (right > 0)
        canvas_text(c, a, 0, a.width - right, s, number);
    plot_spark(c, canvas_part(a, 0, left, 1, a.width - left - right - (right > 0)), p, s, plot->curves[0].points,
               plot->curves[0].count, plot->low, plot->high);
}

void plot_draw(struct canvas *c, struct area a, const struct paint *p, const struct plot *plot) {
    if (a.height <= 0 || a.width <= 0)
        return;
    struct layout l = layout_of(a, plot);
    if (a.height == 1) {
        draw_row(c, a, p, &l, plot);
        return;
    }
    struct plot_raster r;
    plot_raster_begin(&r, c, l.graph, p);
    draw_graph(&r, p, &l, plot);
    if (plot->level_name && !l.small)
        draw_level(c, p, &l, plot);
    draw_reason(c, p, &l, plot);
    if (l.title.height > 0)
        draw_title(c, p, &l, plot, &r);
    if (l.small)
        return;
    draw_y_axis(c, p, &l);
    if (l.x_line.height > 0)
        draw_x_axis(c, p, &l, &r, plot);
}
