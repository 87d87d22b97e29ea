/* What a view shows as a picture for print: dark ink on white paper, 1600 pixels wide. Colours are those of Okabe and
 * Ito, which colour-blind readers tell apart, whatever the screen's theme. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "views/class_name.h"
#include "views/curves.h"
#include "views/export_private.h"

enum {
    WIDTH = 1600,
    MARGIN = 40,
    LEFT = 150,
    HEAD = 130,
    CHART = 470,
    CHART_FOOT = 110,
    MOST_MAP = 493,
    MAP_FOOT = 90
};
#define TRAIN UINT32_C(0x0072b2)
#define VAL UINT32_C(0xd55e00)
#define TEST UINT32_C(0x009e73)
#define OTHER UINT32_C(0x8c8c8c)

/* Maps on white paper go from pale to dark. */
static uint32_t heat(double share) {
    return theme_heat(theme_named("light"), share);
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* What ran on what, and how far it is. */
static void draw_head(const struct view_context *x, struct raster *r) {
    char text[256], prompts[32] = "";
    const struct settings *s = x->task->settings;
    if (x->now->prompts > 0)
        snprintf(prompts, sizeof prompts, ", %d prompts", x->now->prompts);
    raster_text(r, MARGIN, 28, EXPORT_TEXT + 1, EXPORT_INK, base_name(x->task->run));
    snprintf(text, sizeof text, "%s %s   %.80s   %s%s%s   step %llu", x->task->family, x->task->model,
             x->now->data[0] ? x->now->data : s->data, settings_choice("method", s->method),
             x->now->tempered ? "+temp" : "", prompts, (unsigned long long)x->now->step);
    raster_text(r, MARGIN, 68, EXPORT_TEXT - 1, EXPORT_GREY, text);
}

static struct export_chart chart_at(const struct view_context *x, double y, double height) {
    struct export_chart k = {.x = LEFT, .y = y, .width = WIDTH - LEFT - MARGIN, .height = height, .factor = 1};
    export_chart_range(x, &k);
    return k;
}

static int draw_overview(const struct view_context *x, struct raster *r, struct error *e) {
    static const struct series none;
    const struct history *h = x->history, *o = x->other;
    const char *other = curves_other(x);
    const struct export_curve loss[] = {{o ? &o->loss : &none, other, OTHER, false, true},
                                        {&h->loss, "train", TRAIN, false, true},
                                        {&h->val_loss, "val", VAL, true, false}};
    const struct export_curve top1[] = {{o ? &o->val_top1 : &none, other, OTHER, false, false},
                                        {&h->top1, "train", TRAIN, false, true},
                                        {&h->val_top1, "val", VAL, true, false},
                                        {&h->test_top1, "test", TEST, true, false}};
    struct export_chart k = chart_at(x, HEAD + 40, CHART);
    char title[64];
    snprintf(title, sizeof title, "loss (%s%s)", x->now->reconstructs ? "masked patches" : "cross-entropy, nats",
             x->choice->log_scale ? ", logarithmic" : "");
    k.title = title;
    k.scale = x->choice->log_scale ? PLOT_LOG : PLOT_LINEAR;
    k.curves = loss;
    k.count = sizeof loss / sizeof *loss;
    int code = export_chart_draw(x, r, &k, e);
    if (code < 0)
        return code;
    k = chart_at(x, HEAD + 40 + CHART + CHART_FOOT, CHART);
    k.title = x->now->reconstructs ? "explained variance of masked patches (%)" : "top-1 (%)";
    k.factor = 100;
    k.curves = top1;
    k.count = sizeof top1 / sizeof *top1;
    return export_chart_draw(x, r, &k, e);
}

/* ---- gates */

/* Of a map's colour for a gate on the axis of the logit, or for a temperature by its doubling: 1/4 to 4. */
static double gate_share(double value, bool temps) {
    return temps ? log2(value) / 4 + 0.5 : plot_logit_place(value);
}

/* Colours from low to high with what they mean. */
static void draw_scale(struct raster *r, double x, double y, double width, const char *const *labels,
                       const double *shares, int count) {
    for (int i = 0; i < (int)width; i++)
        raster_fill(r, x + i, y, 1, 22, heat(i / (width - 1)));
    for (int i = 0; i < count; i++) {
        double at = x + shares[i] * (width - 1);
        raster_fill(r, at, y + 22, 2, 6, EXPORT_INK);
        raster_text(r, at - raster_text_width(EXPORT_TEXT - 1, labels[i]) / 2.0, y + 32, EXPORT_TEXT - 1, EXPORT_INK,
                    labels[i]);
    }
}

static void draw_gate_scale(struct raster *r, double y, bool temps) {
    static const char *const gates[] = {".001", ".01", ".1", ".5", ".9", ".99", ".999"};
    static const double gate_values[] = {.001, .01, .1, .5, .9, .99, .999};
    static const char *const taus[] = {"1/4", "1/2", "1", "2", "4"};
    static const double tau_values[] = {.25, .5, 1, 2, 4};
    double shares[8];
    int n = temps ? 5 : 7;
    for (int i = 0; i < n; i++)
        shares[i] = gate_share(temps ? tau_values[i] : gate_values[i], temps);
    draw_scale(r, WIDTH - MARGIN - 460, y, 430, temps ? taus : gates, shares, n);
}

/* A pixel's column shows the value before its step; where a gate was not known yet it is white. */
static void draw_gate_map(const struct view_context *x, struct raster *r, const struct export_chart *k, int rows,
                          bool temps) {
    const struct history *h = x->history;
    double high = k->height / rows;
    for (int row = 0; row < rows; row++) {
        const struct series *s = temps ? &h->temp[row] : &h->gate[row];
        uint32_t color = row == x->choice->block ? TRAIN : EXPORT_INK;
        char label[16];
        snprintf(label, sizeof label, "%s%d", row == x->choice->block ? "> " : "", row + 1);
        double first = 0, value, y = k->y + row * high, end = fmin(k->to, (double)h->steps);
        raster_text(r, k->x - 18 - raster_text_width(EXPORT_TEXT, label), y + high / 2 - 11, EXPORT_TEXT, color, label);
        if (!series_first(s, &first, &value))
            continue;
        for (int i = 0; i < (int)k->width; i++) {
            double step = k->from + (k->to - k->from) * (i + 0.5) / k->width;
            if (step >= first && step <= end && series_at(s, step, &value))
                raster_fill(r, k->x + i, y, 1, high - 1, heat(gate_share(value, temps)));
        }
    }
}

static int draw_gates(const struct view_context *x, struct raster *r, struct error *e) {
    const struct history *h = x->history;
    bool temps = x->choice->temps;
    int rows = temps ? h->temps : h->gates, block = x->choice->block;
    if (rows == 0)
        return error_set(e, ERROR_USAGE, "no %s of this run are known", temps ? "temperatures" : "gates");
    block = block < rows ? block : rows - 1;
    struct export_chart k = chart_at(x, HEAD + 60, CHART);
    raster_text(r, k.x, k.y - 38, EXPORT_TEXT, EXPORT_INK,
                temps ? "temperature by block and step" : "gate by block and step");
    draw_gate_scale(r, k.y - 66, temps);
    draw_gate_map(x, r, &k, rows, temps);
    export_chart_steps(x, r, &k);
    char title[64];
    snprintf(title, sizeof title, "%s of block %d%s", temps ? "temperature" : "gate", block + 1,
             temps ? "" : " (logit axis)");
    const struct series *o = x->other ? temps ? &x->other->temp[block] : &x->other->gate[block] : &(struct series){0};
    const struct export_curve curves[] = {{o, curves_other(x), OTHER, false, false},
                                          {temps ? &h->temp[block] : &h->gate[block], "this run", TRAIN, false, false}};
    k = chart_at(x, HEAD + 60 + CHART + CHART_FOOT, CHART);
    k.title = title;
    k.scale = temps ? PLOT_LINEAR : PLOT_LOGIT;
    k.curves = curves;
    k.count = sizeof curves / sizeof *curves;
    return export_chart_draw(x, r, &k, e);
}

/* ---- attention */

struct map {
    const char *title;
    const float *values; /* [patches, patches]; NULL: the picture alone */
};

/* Side of a map where so many stand side by side. */
static int map_size(int count) {
    int size = (WIDTH - MARGIN) / count - MARGIN;
    return size < MOST_MAP ? size : MOST_MAP;
}

/* A map's colours over the picture, patch by patch. */
static int draw_map(const struct view_context *x, struct raster *r, double at, double size, const struct map *m,
                    double high, struct error *e) {
    const struct look *l = x->look;
    int side = l->side, patches = (int)lround(sqrt((double)l->patches));
    size_t pixels = (size_t)side * (size_t)side;
    uint8_t *rgb = malloc(3 * pixels);
    if (!rgb)
        return error_set(e, ERROR_MEMORY, "not enough memory for the map");
    memcpy(rgb, look_rgb(l), 3 * pixels);
    for (size_t i = 0; i < pixels && m->values; i++) {
        int row = (int)(i / (size_t)side) * patches / side, column = (int)(i % (size_t)side) * patches / side;
        uint8_t *p = rgb + 3 * i;
        uint32_t under = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        double share = high > 0 ? (double)m->values[row * patches + column] / high : 0;
        uint32_t color = theme_mix(under, theme_heat(theme_named("dark"), share), 0.7);
        for (int k = 0; k < 3; k++)
            p[k] = (uint8_t)(color >> (16 - 8 * k));
    }
    raster_text(r, at, HEAD, EXPORT_TEXT, EXPORT_INK, m->title);
    raster_picture(r, at, HEAD + EXPORT_LINE + 8, size, rgb, side);
    free(rgb);
    return 0;
}

static void draw_attention_foot(const struct view_context *x, struct raster *r, double y, double high) {
    const struct look *l = x->look;
    char text[200], number[32], head[32] = "mean of heads", label[CLASS_NAME], said[CLASS_NAME];
    if (l->request.head >= 0)
        snprintf(head, sizeof head, "head %d", l->request.head + 1);
    for (int i = 0; i < 400; i++)
        raster_fill(r, MARGIN + i, y, 1, 22, theme_heat(theme_named("dark"), i / 399.0));
    raster_text(r, MARGIN, y + 32, EXPORT_TEXT - 1, EXPORT_INK, "0");
    snprintf(text, sizeof text, "%s%% of the attention", plot_number(100 * high, 4, number));
    raster_text(r, MARGIN + 400 - raster_text_width(EXPORT_TEXT - 1, text), y + 32, EXPORT_TEXT - 1, EXPORT_INK, text);
    snprintf(text, sizeof text, "%s image %u   block %d of %d   %s   before step %llu", split_name(l->request.split),
             l->request.index, l->request.block + 1, l->depth, head, (unsigned long long)l->step);
    raster_text(r, MARGIN + 460, y, EXPORT_TEXT - 1, EXPORT_INK, text);
    snprintf(text, sizeof text, "true %.60s   said %.60s %.0f%%", class_name_fit(x->task, l->label, 40, label),
             class_name_fit(x->task, l->said, 40, said), 100 * (double)l->said_share);
    raster_text(r, MARGIN + 460, y + 32, EXPORT_TEXT - 1, EXPORT_INK, text);
}

/* The picture, then from the prompts, from CLS, and, where the view shows it, from CLS without prompts. */
static int draw_attention(const struct view_context *x, struct raster *r, struct error *e) {
    const struct look *l = x->look;
    size_t n = (size_t)l->patches, block = (size_t)l->request.block, count = 0;
    const float *alone = look_alone(l) + block * (1 + n) + 1;
    char query[64] = "prompts to patches";
    struct map maps[4];
    double high = 0;
    int code = 0;
    if (l->request.prompt >= 0)
        snprintf(query, sizeof query, "prompt %d to patches", l->request.prompt + 1);
    maps[count++] = (struct map){"image", NULL};
    if (l->prompts > 0)
        maps[count++] = (struct map){query, look_query(l) + block * n};
    maps[count++] = (struct map){"CLS to patches", look_cls(l) + block * n};
    if (x->choice->alone)
        maps[count++] = (struct map){"CLS, no prompts", alone};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n && maps[i].values; k++)
            high = fmax(high, (double)maps[i].values[k]);
    double size = map_size((int)count);
    for (size_t i = 0; i < count && code == 0; i++)
        code = draw_map(x, r, MARGIN + (double)i * (size + MARGIN), size, &maps[i], high, e);
    draw_attention_foot(x, r, HEAD + EXPORT_LINE + 8 + size + 24, high);
    return code;
}

/* ---- reconstruction */

/* The input, what is seen of it, and what was made of that, with the image's numbers below. */
static void draw_reconstruction(const struct view_context *x, struct raster *r) {
    const struct look *l = x->look;
    const uint8_t *const pictures[] = {look_rgb(l), look_masked(l), look_rebuilt(l)};
    const char *const titles[] = {"original", "masked", "reconstructed"};
    double size = map_size(3), y = HEAD + EXPORT_LINE + 8;
    char text[200];
    for (int i = 0; i < 3; i++) {
        double at = MARGIN + i * (size + MARGIN);
        raster_text(r, at, HEAD, EXPORT_TEXT, EXPORT_INK, titles[i]);
        raster_picture(r, at, y, size, pictures[i], l->side);
    }
    snprintf(text, sizeof text, "%s image %u   mask %d%s   %d of %d patches hidden   before step %llu",
             split_name(l->request.split), l->request.index, l->request.mask + 1,
             l->request.mask ? "" : ", that of evaluation", l->patches - l->visible, l->patches,
             (unsigned long long)l->step);
    raster_text(r, MARGIN, y + size + 24, EXPORT_TEXT - 1, EXPORT_INK, text);
    snprintf(text, sizeof text, "loss %.4f   baseline, of each hidden patch's mean, %.4f   explained %.1f%%", l->loss,
             l->baseline, 100 * look_explained(l));
    raster_text(r, MARGIN, y + size + 56, EXPORT_TEXT - 1, EXPORT_INK,
                l->label >= 0 ? text : "the image could not be read");
}

/* ---- all of them */

/* The height of the view's picture; 0: it has none. */
static int height_of(const struct view_context *x) {
    enum view_id view = x->choice->view;
    int maps = view_reconstructs(x) ? 3 : 2 + (x->look && x->look->prompts > 0) + x->choice->alone;
    if (view == VIEW_OVERVIEW || view == VIEW_GATES)
        return HEAD + 60 + 2 * (CHART + CHART_FOOT);
    return view == VIEW_ATTENTION ? HEAD + EXPORT_LINE + 8 + map_size(maps) + MAP_FOOT : 0;
}

int export_png(const struct view_context *x, const char *path, struct error *e) {
    enum view_id view = x->choice->view;
    struct raster r;
    if (height_of(x) == 0)
        return error_set(e, ERROR_USAGE, "the %s view has no picture to export; overview, gates and attention have",
                         view_of(view)->name);
    if (view == VIEW_ATTENTION && !x->look)
        return error_set(e, ERROR_USAGE, "no %s is known yet; the %s view asks for it", view_in(x, view)->name,
                         view_in(x, view)->name);
    int code = raster_create(&r, WIDTH, height_of(x), e);
    if (code < 0)
        return code;
    draw_head(x, &r);
    if (view == VIEW_OVERVIEW)
        code = draw_overview(x, &r, e);
    else if (view == VIEW_GATES)
        code = draw_gates(x, &r, e);
    else if (x->look->reconstructs)
        draw_reconstruction(x, &r);
    else
        code = draw_attention(x, &r, e);
    if (code == 0)
        code = raster_write(&r, path, e);
    raster_destroy(&r);
    return code;
}
