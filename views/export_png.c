/* What a view shows as a picture for print: dark ink on white paper, 1600 pixels wide. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "views/export_private.h"
#include "views/plot.h"
#include "views/raster.h"

enum { WIDTH = 1600, HEIGHT = 900, MARGIN = 40, LEFT = 150, BELOW = 90, SCALE = 3, POINTS = 1200, TICKS = 8 };
#define INK UINT32_C(0x202020)
#define GREY UINT32_C(0xd0d0d0)

struct curve {
    const struct series *series;
    const char *name;
    uint32_t color;
};

struct frame {
    double x, y, width, height; /* pixels of the plot itself */
    double from, to, low, high;
    bool logit; /* values are shares on the axis of the logit */
    double factor;
};

static double place_x(const struct frame *f, double x) {
    return f->x + f->width * (x - f->from) / (f->to > f->from ? f->to - f->from : 1);
}

static double place_y(const struct frame *f, double y) {
    double share = f->logit ? plot_logit_place(y) : (y - f->low) / (f->high > f->low ? f->high - f->low : 1);
    return f->y + f->height * (1 - share);
}

static void text_middle(struct raster *r, double x, double y, const char *text) {
    raster_text(r, x - raster_text_width(SCALE, text) / 2.0, y, SCALE, INK, text);
}

static void y_tick(struct raster *r, const struct frame *f, double value) {
    char text[32];
    double y = place_y(f, value);
    plot_number(value * f->factor, 7, text);
    raster_fill(r, f->x, y, f->width, 1, GREY);
    raster_text(r, f->x - 14 - raster_text_width(SCALE, text), y - 10, SCALE, INK, text);
}

static void draw_axes(struct raster *r, const struct frame *f, const char *title) {
    static const double shares[] = {0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999};
    double ticks[TICKS];
    char text[32];
    raster_text(r, f->x, f->y - 36, SCALE, INK, title);
    size_t n = plot_ticks(f->low, f->high, TICKS, ticks);
    for (size_t i = 0; i < (f->logit ? sizeof shares / sizeof *shares : n); i++)
        y_tick(r, f, f->logit ? shares[i] : ticks[i]);
    n = plot_ticks(f->from, f->to, TICKS, ticks);
    for (size_t i = 0; i < n; i++) {
        double x = place_x(f, ticks[i]);
        raster_fill(r, x, f->y + f->height, 2, 10, INK);
        text_middle(r, x, f->y + f->height + 18, plot_number(ticks[i], 7, text));
    }
    raster_text(r, f->x + f->width - raster_text_width(SCALE, "step"), f->y + f->height + 48, SCALE, INK, "step");
    raster_fill(r, f->x, f->y, 2, f->height, INK);
    raster_fill(r, f->x, f->y + f->height, f->width, 2, INK);
}

/* The greatest and least of the curves, with a little room. */
static void find_range(struct frame *f, const struct curve *curves, size_t count, struct series_point *points) {
    f->low = INFINITY;
    f->high = -INFINITY;
    for (size_t c = 0; c < count; c++) {
        size_t n = series_read(curves[c].series, f->from, f->to, POINTS, points);
        for (size_t i = 0; i < n; i++)
            if (points[i].count) {
                f->low = fmin(f->low, points[i].mean);
                f->high = fmax(f->high, points[i].mean);
            }
    }
    if (!(f->low <= f->high)) {
        f->low = 0;
        f->high = 1;
    }
    double room = f->high > f->low ? 0.05 * (f->high - f->low) : 0.5;
    f->low -= room;
    f->high += room;
}

static void draw_curve(struct raster *r, const struct frame *f, const struct curve *k, struct series_point *points) {
    size_t n = series_read(k->series, f->from, f->to, POINTS, points);
    double last_x = NAN, last_y = NAN;
    for (size_t i = 0; i < n; i++) {
        double x = place_x(f, points[i].x), y = points[i].count ? place_y(f, points[i].mean) : NAN;
        raster_line(r, isnan(last_y) ? x : last_x, isnan(last_y) ? y : last_y, x, y, 4, k->color);
        last_x = x;
        last_y = y;
    }
}

static void draw_legend(struct raster *r, const struct frame *f, const struct curve *curves, size_t count) {
    double x = f->x + f->width;
    for (size_t i = count; i-- > 0;) {
        x -= raster_text_width(SCALE, curves[i].name);
        raster_text(r, x, f->y - 36, SCALE, INK, curves[i].name);
        raster_line(r, x - 50, f->y - 26, x - 14, f->y - 26, 4, curves[i].color);
        x -= 80;
    }
}

static int draw_plot(struct raster *r, struct frame f, const char *title, const struct curve *curves, size_t count,
                     struct error *e) {
    struct series_point *points = calloc(POINTS, sizeof *points);
    if (!points)
        return error_set(e, ERROR_MEMORY, "not enough memory for the curves");
    find_range(&f, curves, count, points);
    draw_axes(r, &f, title);
    for (size_t i = 0; i < count; i++)
        draw_curve(r, &f, &curves[i], points);
    draw_legend(r, &f, curves, count);
    free(points);
    return 0;
}

static struct frame frame_at(const struct view_context *x, double y, double height) {
    const struct choice *c = x->choice;
    double to = c->end > 0 ? c->end : (double)x->history->steps;
    return (struct frame){.x = LEFT,
                          .y = y + 60,
                          .width = WIDTH - LEFT - MARGIN,
                          .height = height - 60 - BELOW,
                          .from = c->window > 0 && c->window < to ? to - c->window : 0,
                          .to = to,
                          .factor = 1};
}

static int draw_overview(const struct view_context *x, struct raster *r, struct error *e) {
    const struct history *h = x->history;
    const struct curve loss[] = {{&h->loss, "train", 0x0072b2}, {&h->val_loss, "val", 0xd55e00}};
    const struct curve top1[] = {
        {&h->top1, "train batch", 0x9ecae1}, {&h->val_top1, "val", 0xd55e00}, {&h->test_top1, "test", 0x009e73}};
    struct frame f = frame_at(x, 0, HEIGHT);
    int code = draw_plot(r, f, "loss (cross-entropy)", loss, 2, e);
    f = frame_at(x, HEIGHT, HEIGHT);
    f.factor = 100;
    return code < 0 ? code : draw_plot(r, f, "top-1 %", top1, 3, e);
}

/* Blocks by time, a rectangle a value. */
static void draw_heat(const struct view_context *x, struct raster *r, const struct frame *f, bool temps) {
    const struct history *h = x->history;
    int rows = temps ? h->temps : h->gates, columns = 300;
    double high = f->height / (rows ? rows : 1), wide = f->width / columns;
    for (int row = 0; row < rows; row++) {
        const struct series *s = temps ? &h->temp[row] : &h->gate[row];
        char label[16];
        snprintf(label, sizeof label, "%d", row + 1);
        raster_text(r, f->x - 20 - raster_text_width(SCALE, label), f->y + (row + 0.5) * high - 10, SCALE, INK, label);
        for (int k = 0; k < columns; k++) {
            double value, at = f->from + (f->to - f->from) * (k + 0.5) / columns;
            if (!series_at(s, at, &value))
                continue;
            double share = temps ? (log10(value) + 2) / 3 : plot_logit_place(value);
            raster_fill(r, f->x + k * wide, f->y + row * high, wide + 1, high + 1, theme_heat(x->paint.theme, share));
        }
    }
}

static int draw_gates(const struct view_context *x, struct raster *r, struct error *e) {
    const struct history *h = x->history;
    bool temps = x->choice->temps;
    int count = temps ? h->temps : h->gates, block = x->choice->block;
    if (count == 0)
        return error_set(e, ERROR_USAGE, "this run has no %s to draw", temps ? "temperatures" : "gates");
    block = block < count ? block : count - 1;
    struct frame f = frame_at(x, 0, HEIGHT);
    draw_heat(x, r, &f, temps);
    raster_text(r, f.x, f.y - 36, SCALE, INK, temps ? "temperature of each block" : "gate of each block, logit scale");
    char name[32];
    snprintf(name, sizeof name, "block %d", block + 1);
    const struct curve curve = {temps ? &h->temp[block] : &h->gate[block], name, 0x0072b2};
    f = frame_at(x, HEIGHT, HEIGHT);
    f.logit = !temps;
    return draw_plot(r, f, temps ? "temperature" : "gate", &curve, 1, e);
}

/* A map of patches over the picture, in its own colours. */
static int draw_map(const struct view_context *x, struct raster *r, double at, double size, const char *title,
                    const float *map, double high, struct error *e) {
    const struct look *l = x->look;
    int side = l->side, patches = (int)(sqrt((double)l->patches) + 0.5);
    size_t pixels = (size_t)side * (size_t)side;
    uint8_t *rgb = malloc(3 * pixels);
    if (!rgb)
        return error_set(e, ERROR_MEMORY, "not enough memory for the map");
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t *p = look_rgb(l) + 3 * i;
        uint32_t color = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        if (map) {
            int row = (int)(i / (size_t)side) * patches / side, column = (int)(i % (size_t)side) * patches / side;
            double share = high > 0 ? (double)map[row * patches + column] / high : 0;
            color = theme_mix(color, theme_heat(x->paint.theme, share), 0.65);
        }
        for (int k = 0; k < 3; k++)
            rgb[3 * i + (size_t)k] = (uint8_t)(color >> (16 - 8 * k));
    }
    raster_text(r, at, 30, SCALE, INK, title);
    raster_picture(r, at, 80, size, rgb, side);
    free(rgb);
    return 0;
}

static int draw_attention(const struct view_context *x, struct raster *r, struct error *e) {
    const struct look *l = x->look;
    size_t n = (size_t)l->patches, block = (size_t)l->request.block;
    const float *query = look_query(l) + block * n, *cls = look_cls(l) + block * n;
    double high = 0, size = (WIDTH - 4.0 * MARGIN) / 3;
    for (size_t i = 0; i < n; i++)
        high = fmax(high, (double)fmaxf(query[i], cls[i]));
    int code = draw_map(x, r, MARGIN, size, "image", NULL, 0, e);
    if (code == 0)
        code = draw_map(x, r, 2 * MARGIN + size, size, l->prompts ? "prompts -> patches" : "no prompts here",
                        l->prompts ? query : NULL, high, e);
    if (code == 0)
        code = draw_map(x, r, 3 * MARGIN + 2 * size, size, "CLS -> patches", cls, high, e);
    char text[128], number[32];
    snprintf(text, sizeof text, "block %zu, 0 to %s of the attention a patch", block + 1, plot_number(high, 6, number));
    raster_text(r, MARGIN, 80 + size + 30, SCALE, INK, text);
    for (int i = 0; i < 400; i++)
        raster_fill(r, WIDTH - MARGIN - 400 + i, 80 + size + 30, 1, 30, theme_heat(x->paint.theme, i / 399.0));
    return code;
}

int export_png(const struct view_context *x, const char *path, struct error *e) {
    enum view_id view = x->choice->view;
    struct raster r;
    if (view != VIEW_OVERVIEW && view != VIEW_GATES && view != VIEW_ATTENTION)
        return error_set(e, ERROR_USAGE, "the %s view has no picture to export; overview, gates and attention have",
                         view_of(view)->name);
    if (view == VIEW_ATTENTION && !x->look)
        return error_set(e, ERROR_USAGE, "no attention has been computed yet: choose an image in the attention view");
    int code = raster_create(&r, WIDTH, view == VIEW_ATTENTION ? 720 : 2 * HEIGHT, e);
    if (code < 0)
        return code;
    code = view == VIEW_OVERVIEW ? draw_overview(x, &r, e)
           : view == VIEW_GATES  ? draw_gates(x, &r, e)
                                 : draw_attention(x, &r, e);
    if (code == 0)
        code = raster_write(&r, path, e);
    raster_destroy(&r);
    return code;
}
