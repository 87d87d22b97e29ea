/* The blocks of the overview: a table, or two rows where there is no room for one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/curves.h"
#include "views/overview_private.h"

enum { LABEL = 3, LEAST_AXIS = 18, LEAST_COURSE = 8 };

/* Columns of the table: where each begins and how wide it is; width 0: left out. */
struct columns {
    struct span {
        int x, width;
    } gate, change, frozen, axis, course, used, bar, temp;
};

static int take(struct span *s, int x, int width, int gap) {
    *s = (struct span){x, width};
    return x + width + (width > 0 ? gap : 0);
}

/* What is left between the numbers is for the axis, then for the courses, then for a bar of the selection ratio. */
static struct columns columns_of(const struct view_context *x, int width) {
    struct columns k = {0};
    int temp = curves_is_tempered(x) ? 5 : 0, frozen = width < 72 ? 1 : 6,
        bar = width < 110   ? 0
              : width < 150 ? 10
                            : 24;
    int left = LABEL + 1 + 6 + 1 + 6 + 1 + frozen + 1, right = 5 + (bar ? bar + 1 : 0) + (temp ? temp + 1 : 0);
    int rest = width - left - right - 1, axis = rest, course = 0;
    if (rest >= LEAST_AXIS + 2 + LEAST_COURSE) {
        axis = rest * 6 / 10 < LEAST_AXIS ? LEAST_AXIS : rest * 6 / 10 > 61 ? 61 : rest * 6 / 10;
        course = rest - axis - 2;
    } else if (rest < LEAST_AXIS) {
        axis = 0;
        course = rest > 0 ? rest : 0;
    }
    int at = take(&k.gate, LABEL + 1, 6, 1);
    at = take(&k.change, at, 6, 1);
    at = take(&k.frozen, at, frozen, 1);
    at = take(&k.axis, at, axis, course ? 2 : 1);
    at = take(&k.course, at, course, 1);
    at = take(&k.used, at, 5, 1);
    at = take(&k.bar, at, bar, 1);
    take(&k.temp, at, temp, 0);
    return k;
}

/* Where a share stands on an axis of so many columns. */
static int axis_column(double share, int width) {
    return (int)lround(plot_logit_place(share) * (width - 1));
}

static void put_right(struct canvas *c, struct area a, int y, struct span at, struct style s, const char *text) {
    if (at.width > 0)
        canvas_print_right(c, canvas_part(a, y, at.x, 1, at.width), 0, 0, s, "%s", text);
}

/* ---- the head */

/* Labels below which there is a line in every row; the ones in the middle are the more important. */
static const struct {
    double share;
    const char *text;
} ticks[] = {{0.01, ".01"}, {0.1, ".1"}, {0.5, ".5"}, {0.9, ".9"}, {0.99, ".99"}, {0.001, ".001"}, {0.999, ".999"}};
enum { TICKS = sizeof ticks / sizeof *ticks };

static void draw_ticks(struct canvas *c, struct area axis, struct style s) {
    bool taken[128] = {false};
    for (int i = 0; i < TICKS; i++) {
        int n = (int)strlen(ticks[i].text), start = axis_column(ticks[i].share, axis.width) - n / 2;
        start = start < 0 ? 0 : start + n > axis.width ? axis.width - n : start;
        bool fits = start >= 0 && start + n < (int)sizeof taken;
        for (int k = start > 0 ? start - 1 : 0; fits && k <= start + n; k++)
            fits = !taken[k];
        for (int k = start; fits && k < start + n; k++)
            taken[k] = true;
        if (fits)
            canvas_text(c, axis, 0, start, s, ticks[i].text);
    }
}

static void draw_head(const struct view_context *x, struct canvas *c, struct area a, const struct columns *k) {
    struct style s = theme_style(&x->paint, THEME_DIM);
    s.attributes |= x->paint.colors ? CANVAS_UNDERLINE : 0;
    canvas_fill(c, canvas_part(a, 0, 0, 1, a.width), ' ', s);
    put_right(c, a, 0, (struct span){0, LABEL}, s, "blk");
    put_right(c, a, 0, k->gate, s, "gate");
    put_right(c, a, 0, k->change, s, "change");
    if (k->axis.width)
        draw_ticks(c, canvas_part(a, 0, k->axis.x, 1, k->axis.width), s);
    if (k->course.width) {
        struct area course = canvas_part(a, 0, k->course.x, 1, k->course.width);
        canvas_text(c, course, 0, 0, s,
                    k->course.width < 18   ? "history"
                    : k->course.width < 28 ? "history, own scale"
                                           : "history, each on its own scale");
    }
    put_right(c, a, 0, k->used, s, "used%");
    put_right(c, a, 0, k->temp, s, "tau ");
}

/* ---- a row */

/* From the start (o) to the present (a dot, or * if it is frozen). */
static void draw_axis(const struct view_context *x, struct canvas *c, struct area axis, int block) {
    bool ascii = x->paint.glyphs == GLYPHS_ASCII, frozen = x->now->gate_frozen[block];
    struct style line = theme_style(&x->paint, THEME_FRAME), dim = theme_style(&x->paint, THEME_DIM);
    struct style s = theme_style(&x->paint, frozen ? THEME_FROZEN : THEME_GATE);
    int start = axis_column(curves_gate_start(x), axis.width);
    int now = axis_column((double)x->now->gates[block], axis.width);
    for (int i = 0; i < TICKS; i++)
        canvas_put(c, axis, 0, axis_column(ticks[i].share, axis.width), ascii ? '.' : 0x250a, line);
    for (int i = start < now ? start : now; i <= (start < now ? now : start); i++)
        canvas_put(c, axis, 0, i, ascii ? '-' : 0x2500, s);
    canvas_put(c, axis, 0, start, ascii ? 'o' : 0x25cb, dim);
    uint32_t head = ascii ? (now > start ? '>' : now < start ? '<' : 'o') : 0x25cf;
    canvas_put(c, axis, 0, now, frozen ? '*' : head, s);
}

/* By logits, in a scale of its own that covers at least a factor of about e, so that noise stays flat. */
static void draw_course(const struct view_context *x, struct canvas *c, struct area a, int block) {
    struct series_point points[CURVES_POINTS];
    struct curves_range r = curves_range(x);
    double low = INFINITY, high = -INFINITY;
    size_t n = series_read(&x->history->gate[block], r.from, r.to, (size_t)(a.width < 2 ? 2 : a.width), points);
    for (size_t i = 0; i < n; i++) {
        if (points[i].count == 0)
            continue;
        points[i].mean = curves_logit(points[i].mean);
        low = fmin(low, points[i].mean);
        high = fmax(high, points[i].mean);
    }
    double more = fmax(0, 1 - (high - low)) / 2, size = high - low + 2 * more;
    if (low <= high) /* with air above, so that the bars of two rows do not touch */
        plot_spark(c, a, &x->paint, theme_style(&x->paint, x->now->gate_frozen[block] ? THEME_FROZEN : THEME_GATE),
                   points, n, low - more, low - more + 1.15 * size);
}

/* Eighths of a cell, or '#'. */
static void draw_bar(const struct view_context *x, struct canvas *c, struct area a, double share) {
    struct style s = theme_style(&x->paint, THEME_GATE);
    int eighths = (int)lround(fmin(fmax(share, 0), 1) * a.width * 8);
    if (eighths == 0 && share > 0)
        eighths = 1;
    for (int i = 0; i < a.width && eighths > 0; i++, eighths -= 8) {
        uint32_t part = eighths >= 8 ? 0x2588 : 0x2590 - (uint32_t)eighths;
        if (x->paint.glyphs == GLYPHS_ASCII)
            part = eighths >= 4 ? '#' : '.';
        canvas_put(c, a, 0, i, part, s);
    }
}

static void draw_gate(const struct view_context *x, struct canvas *c, struct area a, int y, const struct columns *k,
                      int block) {
    char text[32];
    const struct snapshot *now = x->now;
    double gate = (double)now->gates[block];
    bool frozen = now->gate_frozen[block];
    struct style s = theme_style(&x->paint, frozen ? THEME_FROZEN : THEME_TEXT);
    put_right(c, a, y, k->gate, s, curves_share(gate, text));
    put_right(c, a, y, k->change, s, curves_change(gate, curves_gate_start(x), text));
    if (frozen)
        put_right(c, a, y, k->frozen, theme_style(&x->paint, THEME_FROZEN), k->frozen.width < 6 ? "*" : "frozen");
    if (k->axis.width)
        draw_axis(x, c, canvas_part(a, y, k->axis.x, 1, k->axis.width), block);
    if (k->course.width)
        draw_course(x, c, canvas_part(a, y, k->course.x, 1, k->course.width), block);
    snprintf(text, sizeof text, "%.1f", 100 * (double)now->selection[block]);
    put_right(c, a, y, k->used, theme_style(&x->paint, THEME_TEXT), text);
    if (k->bar.width)
        draw_bar(x, c, canvas_part(a, y, k->bar.x, 1, k->bar.width), (double)now->selection[block]);
}

/* The last block mixes nothing; of what it gets, a part is still as it was put in, which used% leaves out. */
static void draw_last(const struct view_context *x, struct canvas *c, struct area a, int y, int at) {
    struct style dim = theme_style(&x->paint, THEME_DIM);
    double kept = 1;
    for (int i = 0; i < curves_depth(x) - 1; i++)
        kept *= 1 - (double)x->now->gates[i];
    int n = canvas_text(c, a, y, at, dim, "no gate: last block");
    if (a.width >= 100)
        canvas_print(c, a, y, at + n, dim,
                     "; %.0f%% of the prompts it gets are as they were put in, used%% shares the rest", 100 * kept);
    else if (a.width >= 76)
        canvas_print(c, a, y, at + n, dim, "; %.0f%% of its prompts as put in", 100 * kept);
}

/* `beyond`: a sign that there are more blocks above or below; 0: none. */
static void draw_row(const struct view_context *x, struct canvas *c, struct area a, int y, const struct columns *k,
                     int block, uint32_t beyond) {
    bool chosen = block == x->choice->block, ascii = x->paint.glyphs == GLYPHS_ASCII;
    struct style dim = theme_style(&x->paint, THEME_DIM), s = chosen ? theme_style(&x->paint, THEME_SELECTED) : dim;
    struct area label = canvas_part(a, y, 0, 1, LABEL);
    char text[32];
    if (chosen)
        canvas_fill(c, label, ' ', s);
    uint32_t sign = beyond ? beyond : !chosen ? ' ' : ascii ? '>' : 0x25b8;
    canvas_put(c, label, 0, 0, sign, s);
    canvas_print_right(c, label, 0, 0, s, "%d", block + 1);
    if (block < curves_depth(x) - 1)
        draw_gate(x, c, a, y, k, block);
    else
        draw_last(x, c, a, y, k->gate.x + 1);
    if (k->temp.width) {
        bool frozen = x->now->temp_frozen[block];
        snprintf(text, sizeof text, "%.2f%s", (double)x->now->temps[block], frozen ? "*" : " ");
        put_right(c, a, y, k->temp, theme_style(&x->paint, frozen ? THEME_FROZEN : THEME_TEMP), text);
    }
}

/* ---- the table */

int overview_table_rows(const struct view_context *x) {
    return curves_depth(x) + 1;
}

/* The first block shown: the chosen one is kept away from the edges. */
static int first_block(const struct view_context *x, int rows) {
    int depth = curves_depth(x), first = x->choice->block - rows / 2;
    if (first > depth - rows)
        first = depth - rows;
    return first > 0 ? first : 0;
}

void overview_table(const struct view_context *x, struct canvas *c, struct area a) {
    struct columns k = columns_of(x, a.width);
    bool ascii = x->paint.glyphs == GLYPHS_ASCII;
    int rows = a.height - 1, first = first_block(x, rows), depth = curves_depth(x);
    draw_head(x, c, a, &k);
    for (int i = 0; i < rows && first + i < depth; i++) {
        uint32_t beyond = i == 0 && first > 0                      ? (ascii ? '^' : 0x2191)
                          : i == rows - 1 && first + i + 1 < depth ? (ascii ? 'v' : 0x2193)
                                                                   : 0;
        draw_row(x, c, a, i + 1, &k, first + i, beyond);
    }
}

int overview_table_block(const struct view_context *x, struct area a, int y) {
    int block = first_block(x, a.height - 1) + y - 1;
    return y >= 1 && y < a.height && block < curves_depth(x) ? block : -1;
}

/* ---- two rows */

/* A bar a gate, from the least to the greatest by their logits; the chosen one stands out. */
static void draw_bars(const struct view_context *x, struct canvas *c, struct area a) {
    static const char letters[] = "_.-=^";
    int gates = curves_depth(x) - 1, at = canvas_text(c, a, 0, 0, theme_style(&x->paint, THEME_DIM), "gates ");
    double low = 1, high = 0;
    char text[32], other[32];
    for (int i = 0; i < gates; i++) {
        low = fmin(low, (double)x->now->gates[i]);
        high = fmax(high, (double)x->now->gates[i]);
    }
    for (int i = 0; i < gates && at < a.width; i++, at++) {
        double from = curves_logit(low), size = fmax(curves_logit(high) - from, 1);
        double place = fmin((curves_logit((double)x->now->gates[i]) - from) / size, 1);
        enum theme_role role = i == x->choice->block    ? THEME_SELECTED
                               : x->now->gate_frozen[i] ? THEME_FROZEN
                                                        : THEME_GATE;
        uint32_t glyph = x->paint.glyphs == GLYPHS_ASCII ? (unsigned char)letters[(int)(place * 4.999)]
                                                         : 0x2581 + (uint32_t)(place * 7.999);
        canvas_put(c, a, 0, at, glyph, theme_style(&x->paint, role));
    }
    if (gates > 0) {
        snprintf(text, sizeof text, "%s", curves_share(low, other));
        canvas_print(c, a, 0, at + 1, theme_style(&x->paint, THEME_TEXT), "%s to %s", text, curves_share(high, other));
    }
}

void overview_compact(const struct view_context *x, struct canvas *c, struct area a) {
    const struct snapshot *now = x->now;
    int block = x->choice->block;
    char gate[32], change[32];
    struct style s = theme_style(&x->paint, THEME_SELECTED), text = theme_style(&x->paint, THEME_TEXT);
    draw_bars(x, c, a);
    int at = canvas_print(c, a, 1, 0, s, " %d ", block + 1) + 1;
    if (block < curves_depth(x) - 1) {
        curves_share((double)now->gates[block], gate);
        curves_change((double)now->gates[block], curves_gate_start(x), change);
        at += canvas_print(c, a, 1, at, text, "%s %s%s used %.1f%%", gate, change,
                           now->gate_frozen[block] ? " frozen" : "", 100 * (double)now->selection[block]);
    } else {
        at += canvas_text(c, a, 1, at, text, "no gate: last block");
    }
    if (curves_is_tempered(x))
        canvas_print(c, a, 1, at + 1, text, "tau %.2f%s", (double)now->temps[block],
                     now->temp_frozen[block] ? "*" : "");
}
