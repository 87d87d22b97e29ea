#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/gates_private.h"
#include "views/views.h"

/* ---- layout */

enum { LEAST_CURVE = 5, MOST_TALL = 3, LIST_FROM = 15, MOST_LIST = 8, LEAST_WORTH = 60 };

struct layout {
    struct area legend, worth, axis, source, curve, list; /* height 0: none */
    struct gates_map map;
};

static int min(int a, int b) {
    return a < b ? a : b;
}

static int max(int a, int b) {
    return a > b ? a : b;
}

/* Rows of cells for the map: as many as the blocks ask for if a curve still has room below, else two blocks a row, else
 * without a curve, else those around the chosen block. */
static int map_height(const struct view_context *x, struct gates_map *m, int budget) {
    int rows = m->rows, half = (rows + 1) / 2;
    bool halve = gates_can_halve(&x->paint);
    m->each = m->tall = 1;
    if (rows + LEAST_CURVE <= budget) {
        m->tall = max(1, min(budget * 2 / 3 / rows, MOST_TALL));
        return rows * m->tall;
    }
    if (halve && (half + LEAST_CURVE <= budget || rows > budget)) {
        m->each = 2;
        return min(half, budget);
    }
    return min(rows, budget);
}

static int first_block(const struct view_context *x, const struct gates_map *m, int height) {
    int shown = height / m->tall * m->each, first = x->choice->block - shown / 2;
    first = min(first, m->rows - shown);
    return max(first, 0) / m->each * m->each;
}

static int mark_columns(const struct history_mark *m) {
    return snprintf(NULL, 0, "^%d step %llu  ", m->number, (unsigned long long)m->step) + canvas_columns(m->line);
}

/* The interventions of these steps in columns as wide as the longest. */
struct list {
    size_t count;
    struct plot_mark marks[CURVES_MARKS];
    int across;
};

static const struct history_mark *mark_of(const struct view_context *x, const struct list *l, size_t i) {
    return &x->history->marks[l->marks[i].number - 1];
}

static void collect(struct list *l, const struct view_context *x, int width) {
    int longest = 1;
    l->count = curves_marks(x, l->marks);
    for (size_t i = 0; i < l->count; i++)
        longest = max(longest, mark_columns(mark_of(x, l, i)));
    l->across = max(1, (width + 2) / (longest + 2));
}

/* At most a third of what the map leaves: a title and the interventions. */
static int list_height(const struct view_context *x, int rest, int width) {
    struct list l;
    collect(&l, x, width);
    int rows = ((int)l.count + l.across - 1) / l.across;
    return rest < LIST_FROM || rows == 0 ? 0 : min(min(1 + rows, rest / 3), MOST_LIST);
}

/* What the blocks are worth takes columns from the map, and a row that says where it comes from from the curve: where
 * there is no room for both, or not a row a block, both are left out. */
static struct layout layout_of(const struct view_context *x, struct area a) {
    struct layout l = {.map.rows = max(curves_depth(x), 1)};
    a.width = min(a.width, GATES_WIDTH);
    int budget = max(a.height - 2, 1), height = map_height(x, &l.map, budget), rest = budget - height;
    int source = rest > 0 && l.map.each == 1 && a.width >= LEAST_WORTH && gates_has_worth(x);
    int width = a.width - source * GATES_WORTH, least = LEAST_CURVE - source;
    rest -= source;
    int axis = rest < least && rest > 0 ? 2 : 1, list = list_height(x, rest, a.width);
    l.legend = canvas_part(a, 0, 0, 1, width);
    l.map.area = canvas_part(a, 1, 0, height, width);
    l.map.first = first_block(x, &l.map, height);
    l.axis = canvas_part(a, 1 + height, 0, axis, width);
    if (source) {
        l.worth = canvas_part(a, 0, width, 1 + height, GATES_WORTH);
        l.source = canvas_part(a, 1 + height + axis, 0, 1, a.width);
    }
    if (rest >= least)
        l.curve = canvas_part(a, 2 + height + source, 0, rest - list, width);
    l.list = canvas_part(a, a.height - list, 0, list, a.width);
    return l;
}

/* ---- the chosen block's curve */

struct figure {
    struct plot plot;
    struct plot_curve curves[2];
    const struct series *exact[2];
    struct series_point points[2][CURVES_POINTS];
    struct plot_mark marks[CURVES_MARKS];
    char title[48];
};

static void add_curve(struct figure *f, const struct view_context *x, const struct history *h, int columns,
                      const char *name, enum theme_role role) {
    const struct series *s = gates_series(x, h, x->choice->block);
    size_t i = f->plot.curve_count;
    if (!s)
        return;
    size_t n = curves_read(x, s, columns, false, f->points[i]);
    f->curves[i] = (struct plot_curve){.name = name, .role = role, .points = f->points[i], .count = n};
    f->exact[i] = s;
    f->plot.curve_count++;
}

static void make_figure(struct figure *f, const struct view_context *x, int columns) {
    struct curves_range r = curves_range(x);
    bool temps = x->choice->temps, frozen = gates_is_frozen(x, x->choice->block);
    snprintf(f->title, sizeof f->title, "%s of block %d", temps ? "temperature" : "gate", x->choice->block + 1);
    f->plot = (struct plot){
        .title = f->title,
        .unit = frozen ? "frozen" : NULL,
        .x_unit = "step",
        .from = r.from,
        .to = r.to,
        .scale = temps ? PLOT_LOG : PLOT_LOGIT,
        .curves = f->curves,
        .exact = f->exact,
        .marks = f->marks,
        .mark_count = curves_marks(x, f->marks),
        .has_cursor = x->choice->has_cursor,
        .cursor = x->choice->cursor,
    };
    if (x->other)
        add_curve(f, x, x->other, columns, curves_other(x), THEME_OTHER);
    add_curve(f, x, x->history, columns, x->other ? "this run" : NULL, temps ? THEME_TEMP : THEME_GATE);
}

/* The part of the area in which the plot's first column lies below the map's. */
static struct area below_map(struct area a, const struct plot *plot) {
    int gutter = 0;
    double step;
    while (gutter < GATES_LABEL && !plot_x_at(a, plot, gutter, &step))
        gutter++;
    return canvas_part(a, 0, GATES_LABEL - gutter, a.height, a.width);
}

static void draw_curve(const struct view_context *x, struct canvas *c, struct area a) {
    struct figure f;
    if (!x->choice->temps && x->choice->block >= curves_depth(x) - 1) {
        canvas_text(c, a, a.height / 2, GATES_LABEL, theme_style(&x->paint, THEME_DIM), "the last block has no gate");
        return;
    }
    make_figure(&f, x, a.width);
    plot_draw(c, below_map(a, &f.plot), &x->paint, &f.plot);
}

/* ---- interventions */

/* Text that is too long ends in a sign that says so. */
static void draw_mark(const struct view_context *x, struct canvas *c, struct area a, const struct history_mark *m) {
    bool touches = history_effect(m, x->choice->temps, x->choice->block) != HISTORY_NONE;
    struct style s = theme_style(&x->paint, touches ? THEME_TEXT : THEME_DIM);
    int at = canvas_print(c, a, 0, 0, theme_style(&x->paint, THEME_MARK), "^%d", m->number) + 1;
    at += canvas_print(c, a, 0, at, s, "step %llu  %s", (unsigned long long)m->step, m->line);
    if (at > a.width)
        canvas_put(c, a, 0, a.width - 1, x->paint.glyphs == GLYPHS_ASCII ? '~' : 0x2026, s);
}

/* The newest that there is room for, one below the other, then in the next column. */
static void draw_list(const struct view_context *x, struct canvas *c, struct area a) {
    struct list l;
    int rows = a.height - 1;
    if (rows <= 0)
        return;
    collect(&l, x, a.width);
    size_t room = (size_t)rows * (size_t)l.across, shown = room < l.count ? room : l.count;
    int at = canvas_text(c, a, 0, 0, theme_style(&x->paint, THEME_TITLE), "interventions") + 1;
    if (shown < l.count)
        canvas_print(c, a, 0, at, theme_style(&x->paint, THEME_DIM), "the last %zu of %zu", shown, l.count);
    for (int i = 0; i < (int)shown; i++) {
        int column = i / rows, left = column * ((a.width + 2) / l.across),
            right = (column + 1) * ((a.width + 2) / l.across);
        draw_mark(x, c, canvas_part(a, 1 + i % rows, left, 1, right - left - 2),
                  mark_of(x, &l, l.count - shown + (size_t)i));
    }
}

/* ---- the view */

/* Why there is nothing to show; NULL: there is. */
static const char *reason(const struct view_context *x) {
    if (x->choice->temps && !curves_is_tempered(x))
        return curves_is_gated(x) ? "temperatures are not tuned in this run: t shows the gates"
                                  : curves_without_gates(x);
    return !x->choice->temps && !curves_is_gated(x) ? curves_without_gates(x) : NULL;
}

static void draw(const struct view_context *x, struct canvas *c, struct area a) {
    const char *text = reason(x);
    if (text) {
        int indent = max(0, (a.width - canvas_columns(text)) / 2);
        canvas_text(c, a, a.height / 2, indent, theme_style(&x->paint, THEME_DIM), text);
        return;
    }
    struct layout l = layout_of(x, a);
    gates_legend(x, c, l.legend, &l.map);
    gates_draw_map(x, c, &l.map);
    gates_axis(x, c, l.axis);
    if (l.source.height > 0) {
        gates_draw_worth(x, c, l.worth, &l.map);
        gates_draw_source(x, c, l.source);
    }
    if (l.curve.height > 0)
        draw_curve(x, c, l.curve);
    draw_list(x, c, l.list);
}

/* The block in a row of the map; of two in one row the other one, if one of them is chosen. */
static int block_at(const struct view_context *x, const struct gates_map *m, int y) {
    int block = m->first + y / m->tall * m->each;
    if (m->each == 2 && block == x->choice->block && block + 1 < m->rows)
        block++;
    return block < m->rows ? block : -1;
}

static bool click(const struct view_context *x, struct area a, int y, int x_, char *command, size_t size) {
    struct layout l = layout_of(x, (struct area){0, 0, a.height, a.width});
    struct figure f;
    double step;
    if (reason(x))
        return false;
    int row = y - l.map.area.y, block = row >= 0 && row < l.map.area.height ? block_at(x, &l.map, row) : -1;
    if (block >= 0) {
        snprintf(command, size, "select block %d", block + 1);
        return true;
    }
    if (y < l.curve.y || y >= l.curve.y + l.curve.height)
        return false;
    make_figure(&f, x, l.curve.width);
    struct area at = below_map(l.curve, &f.plot);
    if (!plot_x_at(at, &f.plot, x_ - at.x, &step))
        return false;
    snprintf(command, size, "cursor %.0f", step);
    return true;
}

const struct view gates_view = {.name = "gates", .title = "Gates", .draw = draw, .click = click};
