/* Charts for print: anti-aliased curves on white paper. */
#include <math.h>
#include <stdlib.h>

#include "views/curves.h"
#include "views/export_private.h"

enum { POINTS = 1400, TICKS = 8, BELOW = 18 };

/* ---- places */

static double bend(enum plot_scale scale, double value) {
    if (scale == PLOT_LOG)
        return value > 0 ? log10(value) : NAN;
    return scale == PLOT_LOGIT ? curves_logit(value) : value;
}

static double place_x(const struct export_chart *k, double x) {
    return k->x + k->width * (x - k->from) / (k->to - k->from);
}

static double place_y(const struct export_chart *k, double y) {
    double low = bend(k->scale, k->low), high = bend(k->scale, k->high);
    double share = (bend(k->scale, y) - low) / (high - low);
    return k->y + k->height * (1 - fmin(fmax(share, -1), 2));
}

void export_chart_range(const struct view_context *x, struct export_chart *k) {
    struct curves_range r = curves_range(x);
    k->from = r.from;
    k->to = r.to > r.from ? r.to : r.from + 1;
}

static void widen(struct export_chart *k, double value) {
    if (!isfinite(bend(k->scale, value)))
        return;
    k->low = fmin(k->low, value);
    k->high = fmax(k->high, value);
}

/* A twentieth of room above and below; on an axis of shares in per cent not beyond 0 and 1. */
static void find_values(struct export_chart *k, struct series_point *points) {
    k->low = INFINITY;
    k->high = -INFINITY;
    for (size_t i = 0; i < k->count; i++) {
        size_t n = series_read(k->curves[i].series, k->from, k->to, POINTS, points);
        for (size_t j = 0; j < n; j++)
            if (points[j].count > 0) {
                widen(k, points[j].low);
                widen(k, points[j].high);
            }
    }
    if (!(k->low <= k->high)) {
        k->low = k->scale == PLOT_LINEAR ? 0 : 0.1;
        k->high = k->scale == PLOT_LOGIT ? 0.9 : 1;
    }
    double low = bend(k->scale, k->low), high = bend(k->scale, k->high);
    double room = high > low ? 0.05 * (high - low) : 0.5;
    if (k->scale == PLOT_LOG) {
        k->low = pow(10, low - room);
        k->high = pow(10, high + room);
    } else if (k->scale == PLOT_LOGIT) {
        k->low = 1 / (1 + exp(room - low));
        k->high = 1 / (1 + exp(-high - room));
    } else {
        k->low = low >= 0 && low < room ? 0 : low - room;
        k->high = high + room;
    }
}

/* ---- axes */

static void draw_y_tick(struct raster *r, const struct export_chart *k, double value) {
    char text[32];
    double y = place_y(k, value);
    if (y < k->y - 1 || y > k->y + k->height + 1)
        return;
    plot_number(value * k->factor, 7, text);
    raster_fill(r, k->x, y, k->width, 1, EXPORT_GRID);
    raster_text(r, k->x - 14 - raster_text_width(EXPORT_TEXT, text), y - 11, EXPORT_TEXT, EXPORT_INK, text);
}

static void draw_y_axis(struct raster *r, const struct export_chart *k) {
    static const double shares[] = {1e-5, 1e-4, .001, .002, .003, .005, .007, .01, .02, .03, .05,
                                    .07,  .1,   .2,   .3,   .5,   .7,   .8,   .9,  .95, .99, .999};
    double ticks[TICKS], last = INFINITY;
    if (k->scale == PLOT_LINEAR) {
        size_t n = plot_ticks(k->low, k->high, TICKS, ticks);
        for (size_t i = 0; i < n; i++)
            draw_y_tick(r, k, ticks[i]);
        return;
    }
    if (k->scale == PLOT_LOGIT) {
        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
            if (last - place_y(k, shares[i]) > 34) {
                draw_y_tick(r, k, shares[i]);
                last = place_y(k, shares[i]);
            }
        return;
    }
    for (int power = (int)floor(log10(k->low)); power <= (int)ceil(log10(k->high)); power++)
        for (int digit = 1; digit <= 5; digit += digit == 1 ? 1 : 3) /* 1, 2, 5 */
            if (last - place_y(k, digit * pow(10, power)) > 34) {
                draw_y_tick(r, k, digit * pow(10, power));
                last = place_y(k, digit * pow(10, power));
            }
}

static void draw_mark(struct raster *r, const struct export_chart *k, const struct plot_mark *m, double *free_from) {
    char text[16];
    double x = place_x(k, m->x);
    for (double y = k->y; y < k->y + k->height; y += 14)
        raster_fill(r, x, y, 2, fmin(6, k->y + k->height - y), EXPORT_GREY);
    snprintf(text, sizeof text, "^%d", m->number);
    if (x < *free_from)
        return;
    raster_text(r, x + 5, k->y + 4, EXPORT_TEXT, EXPORT_GREY, text);
    *free_from = x + 10 + raster_text_width(EXPORT_TEXT, text);
}

void export_chart_steps(const struct view_context *x, struct raster *r, const struct export_chart *k) {
    struct plot_mark marks[CURVES_MARKS];
    double ticks[TICKS], bottom = k->y + k->height, free_from = 0;
    char text[32];
    size_t n = curves_marks(x, marks);
    for (size_t i = 0; i < n; i++)
        draw_mark(r, k, &marks[i], &free_from);
    n = plot_ticks(k->from, k->to, TICKS, ticks);
    int unit = raster_text_width(EXPORT_TEXT, "step");
    for (size_t i = 0; i < n; i++) {
        double at = place_x(k, ticks[i]);
        raster_fill(r, at, bottom, 2, 10, EXPORT_INK);
        int width = raster_text_width(EXPORT_TEXT, plot_number(ticks[i], 7, text));
        if (at + width / 2.0 < k->x + k->width - unit - 20)
            raster_text(r, at - width / 2.0, bottom + BELOW, EXPORT_TEXT, EXPORT_INK, text);
    }
    raster_text(r, k->x + k->width - unit, bottom + BELOW, EXPORT_TEXT, EXPORT_INK, "step");
    raster_fill(r, k->x, bottom, k->width, 2, EXPORT_INK);
    raster_fill(r, k->x - 2, k->y, 2, k->height + 2, EXPORT_INK);
}

/* ---- curves */

/* What merged or smoothed points stand for, behind the curve. */
static void draw_envelope(struct raster *r, const struct export_chart *k, const struct export_curve *curve,
                          const struct series_point *points, size_t n) {
    uint32_t pale = theme_mix(0xffffff, curve->color, 0.25);
    for (size_t i = 0; i < n; i++) {
        if (points[i].count == 0 || points[i].x < k->from || points[i].x > k->to)
            continue;
        double most = fmax(points[i].high, points[i].mean), least = fmin(points[i].low, points[i].mean);
        double high = fmax(place_y(k, most), k->y), low = fmin(place_y(k, least), k->y + k->height);
        double x = place_x(k, points[i].x);
        if (low > high)
            raster_line(r, x, high, x, low, 3, pale);
    }
}

/* Straight lines, cut where they leave the chart on its left or right. */
static void draw_line(struct raster *r, const struct export_chart *k, const struct export_curve *curve,
                      const struct series_point *points, size_t n) {
    for (size_t i = 1; i < n; i++) {
        const struct series_point *a = &points[i - 1], *b = &points[i];
        if (a->count == 0 || b->count == 0 || b->x < k->from || a->x > k->to || !(b->x > a->x))
            continue;
        double from = fmax(a->x, k->from), to = fmin(b->x, k->to);
        double slope = (place_y(k, b->mean) - place_y(k, a->mean)) / (b->x - a->x), y = place_y(k, a->mean);
        raster_line(r, place_x(k, from), y + slope * (from - a->x), place_x(k, to), y + slope * (to - a->x), 4,
                    curve->color);
    }
    for (size_t i = 0; i < n && (curve->dots || n == 1); i++)
        if (points[i].count > 0 && points[i].x >= k->from && points[i].x <= k->to) {
            double x = place_x(k, points[i].x), y = place_y(k, points[i].mean);
            raster_line(r, x, y, x, y, 11, curve->color);
        }
}

static void draw_curve(const struct view_context *x, struct raster *r, const struct export_chart *k,
                       const struct export_curve *curve, struct series_point *points) {
    size_t n = series_read(curve->series, k->from, k->to, POINTS, points);
    double steps = fmin(k->to, (double)x->history->steps) - k->from, over = x->choice->smooth;
    if (curve->smooth)
        series_smooth(points, n, steps > (double)n ? over * (double)n / steps : over);
    draw_envelope(r, k, curve, points, n);
    draw_line(r, k, curve, points, n);
}

static void draw_legend(struct raster *r, const struct export_chart *k) {
    double x = k->x + k->width;
    for (size_t i = k->count; i-- > 0;) {
        if (k->curves[i].series->count == 0)
            continue;
        x -= raster_text_width(EXPORT_TEXT, k->curves[i].name);
        raster_text(r, x, k->y - 38, EXPORT_TEXT, EXPORT_INK, k->curves[i].name);
        raster_line(r, x - 54, k->y - 27, x - 16, k->y - 27, 5, k->curves[i].color);
        x -= 90;
    }
}

int export_chart_draw(const struct view_context *x, struct raster *r, struct export_chart *k, struct error *e) {
    struct series_point *points = calloc(POINTS, sizeof *points);
    if (!points)
        return error_set(e, ERROR_MEMORY, "not enough memory for the curves");
    find_values(k, points);
    raster_text(r, k->x, k->y - 38, EXPORT_TEXT, EXPORT_INK, k->title);
    draw_y_axis(r, k);
    export_chart_steps(x, r, k);
    for (size_t i = 0; i < k->count; i++)
        draw_curve(x, r, k, &k->curves[i], points);
    draw_legend(r, k);
    free(points);
    return 0;
}
