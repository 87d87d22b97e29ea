#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/curves.h"
#include "views/overview_private.h"
#include "views/views.h"

/* ---- numbers at the top */

enum { MOST_FACTS = 16, SECOND_LINE_HEIGHT = 24, NARROW = 60 };

/* "best 78.0% at epoch 20": what it is, its value, and what belongs to it; empty texts are left out. */
struct fact {
    enum theme_role role; /* of the value */
    char before[24], value[48], after[48];
};

struct facts {
    bool brief; /* shorter words */
    int count;
    struct fact list[MOST_FACTS];
};

static void add(struct facts *f, enum theme_role role, const char *before, const char *value, const char *after) {
    if (f->count == MOST_FACTS)
        return;
    struct fact *n = &f->list[f->count++];
    n->role = role;
    snprintf(n->before, sizeof n->before, "%s", before);
    snprintf(n->value, sizeof n->value, "%s", value);
    snprintf(n->after, sizeof n->after, "%s", after);
}

static const char *percent(double share, char out[static 32]) {
    snprintf(out, 32, "%.1f%%", 100 * share);
    return out;
}

static void add_training(struct facts *f, const struct view_context *x) {
    const struct snapshot *s = x->now;
    char loss[32], mean[48] = "";
    if (s->step == 0) {
        add(f, THEME_TRAIN, "loss", "-", f->brief ? "" : "before the first step");
        return;
    }
    if (!f->brief && s->batch > 0)
        snprintf(mean, sizeof mean, "(epoch mean %.3f)", s->epoch_loss);
    snprintf(loss, sizeof loss, "%.3f", s->loss);
    add(f, THEME_TRAIN, "loss", loss, mean);
}

static void add_results(struct facts *f, const struct view_context *x) {
    const struct snapshot *s = x->now;
    char text[32], at[48];
    if (s->val.known)
        add(f, THEME_VAL, "val", percent(s->val.top1, text), s->reconstructs && !f->brief ? view_share(s) : "");
    else if (x->task->images[SPLIT_VAL])
        add(f, THEME_VAL, "val", "-", f->brief ? "" : "before the first epoch's end");
    if (s->best.known) {
        snprintf(at, sizeof at, f->brief ? "@%llu" : "at epoch %llu", (unsigned long long)s->best.epoch);
        add(f, THEME_VAL, "best", percent(s->best.top1, text), at);
    }
    if (s->test.known)
        add(f, THEME_TEST, "test", percent(s->test.top1, text), "");
    else if (x->task->images[SPLIT_TEST])
        add(f, THEME_TEST, "test", "",
            x->task->settings->eval_test == EVAL_TEST_EPOCH ? "after an epoch"
            : f->brief                                      ? "at end"
                                                            : "at the end");
}

/* A learning rate that no step has used yet is not shown. */
static void add_rate(struct facts *f, const struct view_context *x) {
    const struct snapshot *s = x->now;
    char rate[32], base[32], after[48];
    plot_number(s->base_rate, 6, base);
    if (s->step == 0) {
        add(f, THEME_TEXT, f->brief ? "base lr" : "base learning rate", base, "");
        return;
    }
    plot_number(s->rate, 6, rate);
    snprintf(after, sizeof after, f->brief ? "/%s" : "(base %s)", base);
    add(f, THEME_TEXT, "lr", rate, after);
}

/* Images a second stand in the frame. */
static void add_speed(struct facts *f, const struct view_context *x) {
    double work = view_gflops(x), peak = x->machine->peak_gflops;
    char text[48], after[48] = "GFLOP/s";
    if (!(work > 0))
        return;
    snprintf(text, sizeof text, "%.*f", work < 10 ? 1 : 0, work);
    if (peak > 0 && !f->brief)
        snprintf(after, sizeof after, "GFLOP/s, %.0f%% of sgemm's peak", 100 * work / peak);
    add(f, THEME_TEXT, "", text, after);
}

static void add_warnings(struct facts *f, const struct view_context *x) {
    char text[32];
    if (x->now->prompts_frozen)
        add(f, THEME_FROZEN, "", "prompts frozen", "");
    if (x->now->head_frozen)
        add(f, THEME_FROZEN, "", "head frozen", "");
    snprintf(text, sizeof text, "%llu", (unsigned long long)x->now->unreadable);
    if (x->now->unreadable)
        add(f, THEME_WARN, "", text, f->brief ? "unreadable" : "unreadable images");
}

/* In the order of importance: what does not fit goes. */
static void collect(struct facts *f, const struct view_context *x, bool brief) {
    char text[32];
    f->brief = brief;
    f->count = 0;
    add_training(f, x);
    add_results(f, x);
    add_rate(f, x);
    add_warnings(f, x);
    add_speed(f, x);
    if (x->machine->rss)
        add(f, THEME_TEXT, brief ? "" : "memory", view_bytes(x->machine->rss, text), "");
}

/* Draws one at (y, x) or, without a canvas, measures it. Returns its columns. */
static int put_fact(const struct view_context *x, struct canvas *c, struct area a, int y, int at,
                    const struct fact *f) {
    const char *const parts[] = {f->before, f->value, f->after};
    int start = at;
    for (int i = 0; i < 3; i++) {
        if (!*parts[i])
            continue;
        at += at > start && !strchr("@/", parts[i][0]);
        if (c)
            canvas_text(c, a, y, at, theme_style(&x->paint, i == 1 ? f->role : THEME_DIM), parts[i]);
        at += canvas_columns(parts[i]);
    }
    return at - start;
}

/* Whole facts, one after the other over the area's rows. Returns how many did not fit; without a canvas none is drawn.
 */
static int put_facts(const struct view_context *x, struct canvas *c, struct area a, const struct facts *f) {
    int y = 0, at = 0, left_out = 0;
    for (int i = 0; i < f->count; i++) {
        int columns = put_fact(x, NULL, a, 0, 0, &f->list[i]), gap = at > 0 ? 2 : 0;
        if (at + gap + columns > a.width && y + 1 < a.height) {
            y++;
            at = gap = 0;
        }
        if (at + gap + columns > a.width) {
            left_out++;
            continue;
        }
        put_fact(x, c, a, y, at + gap, &f->list[i]);
        at += gap + columns;
    }
    return left_out;
}

/* ---- layout */

enum { LEAST_CURVES = 5, LEAST_TABLE = 4, COMPACT = 2, WIDE = 150, WIDE_ALONE = 110, STACKED = 60 };

struct layout {
    struct area facts, plots, blocks; /* height 0: none */
    bool brief, compact;
    int shown, across; /* plots in all, and side by side */
};

static int min(int a, int b) {
    return a < b ? a : b;
}

static void place_facts(struct layout *l, const struct view_context *x, struct area a) {
    struct facts f;
    int most = a.height >= SECOND_LINE_HEIGHT || a.width < NARROW ? 2 : 1, rows = 1;
    collect(&f, x, false);
    while (rows < most && put_facts(x, NULL, canvas_part(a, 0, 0, rows, a.width), &f) > 0)
        rows++;
    l->facts = canvas_part(a, 0, 0, rows, a.width);
    l->brief = put_facts(x, NULL, l->facts, &f) > 0;
}

static struct layout layout_of(const struct view_context *x, struct area a) {
    struct layout l = {0};
    place_facts(&l, x, a);
    int rest = a.height - l.facts.height, blocks = 1, gap;
    bool gated = curves_is_gated(x) || curves_is_tempered(x);
    if (gated)
        blocks = min(overview_table_rows(x), rest - LEAST_CURVES);
    l.compact = gated && blocks < LEAST_TABLE;
    if (l.compact)
        blocks = COMPACT;
    gap = rest - blocks >= 16;
    l.plots = canvas_part(a, l.facts.height, 0, rest - blocks - gap, a.width);
    l.blocks = canvas_part(a, a.height - blocks, 0, blocks, a.width);
    l.shown = a.width >= WIDE ? 3 : 2;
    if (l.shown < 3 && a.width >= WIDE_ALONE && !gated)
        l.shown = 3;
    l.across = l.shown;
    if (a.width < STACKED && l.plots.height >= 2 * LEAST_CURVES + 2)
        l.across = 1;
    return l;
}

static struct area plot_area(const struct layout *l, int i) {
    if (l->across == 1) {
        int height = l->plots.height / l->shown;
        return canvas_part(l->plots, i * height, 0, i + 1 < l->shown ? height : l->plots.height, l->plots.width);
    }
    int from = i * (l->plots.width + 2) / l->across, to = (i + 1) * (l->plots.width + 2) / l->across - 2;
    return canvas_part(l->plots, 0, from, l->plots.height, to - from);
}

/* ---- curves */

enum { MOST_CURVES = 4 };

struct figure {
    struct plot plot;
    struct plot_curve curves[MOST_CURVES];
    const struct series *exact[MOST_CURVES];
    struct series_point points[MOST_CURVES][CURVES_POINTS];
    struct plot_mark marks[CURVES_MARKS];
};

static void begin(struct figure *f, const struct view_context *x, const char *title, const char *unit) {
    struct curves_range r = curves_range(x);
    f->plot = (struct plot){
        .title = title,
        .unit = unit,
        .x_unit = "step",
        .from = r.from,
        .to = r.to,
        .curves = f->curves,
        .exact = f->exact,
        .marks = f->marks,
        .mark_count = curves_marks(x, f->marks),
        .has_cursor = x->choice->has_cursor,
        .cursor = x->choice->cursor,
    };
}

/* A series without values is left out, and so is its name. */
static void curve(struct figure *f, const struct view_context *x, int columns, const char *name, enum theme_role role,
                  const struct series *s, bool each_step) {
    size_t i = f->plot.curve_count;
    if (s->count == 0)
        return;
    size_t n = curves_read(x, s, columns, each_step, f->points[i]);
    f->curves[i] =
        (struct plot_curve){.name = name, .role = role, .points = f->points[i], .count = n, .dots = !each_step};
    f->exact[i] = s;
    f->plot.curve_count++;
}

static void make_loss(struct figure *f, const struct view_context *x, int columns) {
    begin(f, x, "loss", view_loss(x->now));
    f->plot.scale = x->choice->log_scale ? PLOT_LOG : PLOT_LINEAR;
    if (x->other)
        curve(f, x, columns, curves_other(x), THEME_OTHER, &x->other->loss, true);
    curve(f, x, columns, "train", THEME_TRAIN, &x->history->loss, true);
    curve(f, x, columns, "val", THEME_VAL, &x->history->val_loss, false);
}

static void make_top1(struct figure *f, const struct view_context *x, int columns) {
    begin(f, x, view_share(x->now), "%");
    f->plot.factor = 100;
    if (x->now->classes > 0 && !view_reconstructs(x)) {
        f->plot.level_name = "chance";
        f->plot.level = 1.0 / x->now->classes;
    }
    curve(f, x, columns, "train", THEME_TRAIN, &x->history->top1, true);
    if (x->other)
        curve(f, x, columns, curves_other(x), THEME_OTHER, &x->other->val_top1, false);
    curve(f, x, columns, "val", THEME_VAL, &x->history->val_top1, false);
    curve(f, x, columns, "test", THEME_TEST, &x->history->test_top1, false);
}

/* The chosen block's gate; where there is none, the learning rate. */
static void make_third(struct figure *f, const struct view_context *x, int columns, char title[static 32]) {
    int block = x->choice->block;
    snprintf(title, 32, "gate %d", block + 1);
    if (!curves_is_gated(x) || block >= curves_depth(x) - 1) {
        begin(f, x, "learning rate", NULL);
        curve(f, x, columns, NULL, THEME_TEXT, &x->history->rate, true);
        f->curves[0].steps = true;
        return;
    }
    begin(f, x, title, x->now->gate_frozen[block] ? "frozen, logit scale" : "logit scale");
    f->plot.scale = PLOT_LOGIT;
    if (x->other && block < x->other->gates)
        curve(f, x, columns, curves_other(x), THEME_OTHER, &x->other->gate[block], true);
    curve(f, x, columns, NULL, THEME_GATE, &x->history->gate[block], true);
}

static void make_figure(struct figure *f, const struct view_context *x, int i, int columns, char title[static 32]) {
    if (i == 0)
        make_loss(f, x, columns);
    else if (i == 1)
        make_top1(f, x, columns);
    else
        make_third(f, x, columns, title);
}

/* ---- the view */

/* What the loss of a pretraining run is to be compared with; in place of the blocks. */
static void draw_baseline(const struct view_context *x, struct canvas *c, struct area a) {
    const struct snapshot_result *r = x->now->val.known ? &x->now->val : &x->now->test;
    struct style dim = theme_style(&x->paint, THEME_DIM);
    if (!r->known || r->top1 >= 1)
        canvas_text(c, a, 0, 0, dim,
                    a.width < NARROW ? "explained = 1 - loss / baseline"
                                     : "explained = 1 - loss / baseline, that of predicting each hidden patch's mean");
    else if (a.width < NARROW)
        canvas_print(c, a, 0, 0, dim, "baseline %.3f: of each patch's mean", r->loss / (1 - r->top1));
    else
        canvas_print(c, a, 0, 0, dim, "baseline loss %.3f: predicting each hidden patch's mean, explained 0%%",
                     r->loss / (1 - r->top1));
}

static void draw(const struct view_context *x, struct canvas *c, struct area a) {
    struct layout l = layout_of(x, a);
    struct figure figure;
    struct facts facts;
    char title[32];
    collect(&facts, x, l.brief);
    put_facts(x, c, l.facts, &facts);
    for (int i = 0; i < l.shown; i++) {
        struct area at = plot_area(&l, i);
        make_figure(&figure, x, i, at.width, title);
        plot_draw(c, at, &x->paint, &figure.plot);
    }
    if (view_reconstructs(x))
        draw_baseline(x, c, l.blocks);
    else if (!curves_is_gated(x) && !curves_is_tempered(x))
        canvas_text(c, l.blocks, 0, 0, theme_style(&x->paint, THEME_DIM), curves_without_gates(x));
    else if (l.compact)
        overview_compact(x, c, l.blocks);
    else
        overview_table(x, c, l.blocks);
}

static bool is_in(struct area a, int y, int x) {
    return y >= a.y && y < a.y + a.height && x >= a.x && x < a.x + a.width;
}

static bool click(const struct view_context *x, struct area a, int y, int x_, char *command, size_t size) {
    struct layout l = layout_of(x, (struct area){0, 0, a.height, a.width});
    struct figure figure;
    char title[32];
    double step;
    bool has_table = !l.compact && (curves_is_gated(x) || curves_is_tempered(x));
    int block = has_table && is_in(l.blocks, y, x_) ? overview_table_block(x, l.blocks, y - l.blocks.y) : -1;
    if (block >= 0) {
        snprintf(command, size, "select block %d", block + 1);
        return true;
    }
    for (int i = 0; i < l.shown; i++) {
        struct area at = plot_area(&l, i);
        if (!is_in(at, y, x_))
            continue;
        make_figure(&figure, x, i, at.width, title);
        if (!plot_x_at(at, &figure.plot, x_ - at.x, &step))
            return false;
        snprintf(command, size, "cursor %.0f", step);
        return true;
    }
    return false;
}

const struct view overview_view = {.name = "overview", .title = "Overview", .draw = draw, .click = click};
