/* The map of the gates view: a row a block, steps from left to right, and what was done to a block in its row. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/gates_private.h"
#include "views/heat.h"

enum { MOST_COLUMNS = GATES_WIDTH, MOST_TICKS = 8 };

/* What the map's ends stand for: gates on the logit's axis between two of its ticks, temperatures as factors of 1. */
struct scale {
    bool temps;
    int count;
    double ticks[MOST_TICKS];
};

/* Below 256 colours the map is made of glyphs. */
static bool is_shaded(const struct paint *p) {
    return p->colors < 256;
}

static double bend(const struct scale *s, double value) {
    return s->temps ? log(fmax(value, 1e-9)) : curves_logit(value);
}

/* 0 to 1 over the scale; of temperatures -1 to 1. NaN stays. */
static double place(const struct scale *s, double value) {
    double low = bend(s, s->ticks[0]), high = bend(s, s->ticks[s->count - 1]);
    if (isnan(value))
        return value;
    double share = fmin(fmax((bend(s, value) - low) / (high - low), 0), 1);
    return s->temps ? 2 * share - 1 : share;
}

const struct series *gates_series(const struct view_context *x, const struct history *h, int block) {
    bool has = block >= 0 && block < (x->choice->temps ? h->temps : h->gates);
    return !has ? NULL : x->choice->temps ? &h->temp[block] : &h->gate[block];
}

bool gates_is_frozen(const struct view_context *x, int block) {
    return x->choice->temps ? x->now->temp_frozen[block] : x->now->gate_frozen[block];
}

static double value_now(const struct view_context *x, int block) {
    if (x->choice->temps)
        return (double)x->now->temps[block];
    return block < curves_depth(x) - 1 ? (double)x->now->gates[block] : (double)NAN;
}

/* ---- scale */

/* Least and greatest value of all blocks in these steps. */
static void extremes(const struct view_context *x, double *low, double *high) {
    struct series_point points[64];
    struct curves_range r = curves_range(x);
    for (int block = 0; block < curves_depth(x); block++) {
        const struct series *s = gates_series(x, x->history, block);
        size_t n = s ? series_read(s, r.from, r.to, sizeof points / sizeof *points, points) : 0;
        for (size_t i = 0; i < n; i++) {
            *low = points[i].count ? fmin(*low, points[i].low) : *low;
            *high = points[i].count ? fmax(*high, points[i].high) : *high;
        }
        double now = value_now(x, block);
        *low = isnan(now) ? *low : fmin(*low, now);
        *high = isnan(now) ? *high : fmax(*high, now);
    }
}

static struct scale gate_scale(double low, double high) {
    static const double ticks[] = {0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999};
    enum { LAST = sizeof ticks / sizeof *ticks - 1 };
    struct scale s = {0};
    int from = LAST - 1, to = 1;
    while (from > 0 && ticks[from] > low)
        from--;
    while (to < LAST && ticks[to] < high)
        to++;
    if (to <= from)
        to = from + 1;
    for (int i = from; i <= to; i++)
        s.ticks[s.count++] = ticks[i];
    return s;
}

static struct scale temp_scale(double low, double high) {
    static const double factors[] = {1.25, 1.5, 2, 3, 5, 10, 100};
    size_t i = 0;
    while (i + 1 < sizeof factors / sizeof *factors && (low < 1 / factors[i] || high > factors[i]))
        i++;
    return (struct scale){.temps = true, .count = 3, .ticks = {1 / factors[i], 1, factors[i]}};
}

static struct scale scale_of(const struct view_context *x) {
    double low = INFINITY, high = -INFINITY;
    extremes(x, &low, &high);
    return x->choice->temps ? temp_scale(low, high) : gate_scale(low, high);
}

static const char *tick_text(const struct scale *s, int i, char out[static 32]) {
    char text[32];
    plot_number(s->ticks[i], 5, text);
    snprintf(out, 32, "%s", text + (strncmp(text, "0.", 2) == 0 && !s->temps));
    return out;
}

/* A row of the map's own cells, from place `from` to `to`. */
static void draw_ramp(const struct view_context *x, struct canvas *c, struct area a, const struct scale *s, double from,
                      double to) {
    double values[MOST_COLUMNS];
    int n = a.width < MOST_COLUMNS ? a.width : MOST_COLUMNS;
    for (int i = 0; i < n; i++)
        values[i] = from + (to - from) * (i + 0.5) / n;
    heat_draw(c, a, &x->paint,
              &(struct heat){.rows = 1,
                             .columns = n,
                             .values = values,
                             .low = s->temps ? -1 : 0,
                             .high = 1,
                             .diverging = s->temps,
                             .selected_row = -1});
}

void gates_legend(const struct view_context *x, struct canvas *c, struct area a, const struct gates_map *m) {
    struct scale s = scale_of(x);
    struct style dim = theme_style(&x->paint, THEME_DIM);
    char text[MOST_TICKS][32], title[64];
    int labels = 0, at;
    if (x->choice->has_cursor)
        snprintf(title, sizeof title, "%s at step %.0f", x->choice->temps ? "temperatures" : "gates",
                 x->choice->cursor);
    else
        snprintf(title, sizeof title, "%s", x->choice->temps ? "temperatures" : "gates");
    for (int i = 0; i < s.count; i++)
        labels += canvas_columns(tick_text(&s, i, text[i]));
    at = canvas_text(c, a, 0, 0, theme_style(&x->paint, THEME_TITLE), title) + 2;
    int ramp = (a.width - at - labels) / (s.count - 1);
    ramp = ramp > 12 ? 12 : ramp;
    for (int i = 0; i < s.count && ramp > 0; i++) {
        at += canvas_text(c, a, 0, at, dim, text[i]);
        if (i + 1 < s.count)
            draw_ramp(x, c, canvas_part(a, 0, at, 1, ramp), &s, place(&s, s.ticks[i]), place(&s, s.ticks[i + 1]));
        at += i + 1 < s.count ? ramp : 0;
    }
    const char *signs = is_shaded(&x->paint) ? "F freeze  T thaw  S set" : "* freeze  + thaw  = set";
    if (m->each == 1 && at + 3 + canvas_columns(signs) <= a.width)
        canvas_print_right(c, a, 0, 0, dim, "%s", signs);
}

/* ---- cells */

bool gates_can_halve(const struct paint *p) {
    return p->glyphs != GLYPHS_ASCII && !is_shaded(p);
}

/* The step in the middle of a column; columns share the range evenly. */
static double step_at(struct curves_range r, int column, int columns) {
    return r.from + (r.to - r.from) * (column + 0.5) / columns;
}

/* The column in which a step falls; -1: none. */
static int column_at(struct curves_range r, double step, int columns) {
    if (!(step >= r.from && step <= r.to))
        return -1;
    int column = (int)((step - r.from) / (r.to - r.from) * columns);
    return column < columns ? column : columns - 1;
}

static void read_row(const struct view_context *x, const struct scale *scale, int block, int columns, double *out) {
    const struct series *s = gates_series(x, x->history, block);
    struct curves_range r = curves_range(x);
    for (int i = 0; i < columns; i++) {
        double value, step = step_at(r, i, columns);
        /* The last step holds until the next one. */
        bool has = s && step < (double)x->history->steps && series_at(s, step, &value);
        out[i] = has ? place(scale, value) : (double)NAN;
    }
}

static void draw_cells(const struct view_context *x, struct canvas *c, struct area a, const struct scale *scale,
                       int block, int count) {
    double values[2 * MOST_COLUMNS];
    int columns = a.width < MOST_COLUMNS ? a.width : MOST_COLUMNS;
    for (int i = 0; i < count; i++)
        read_row(x, scale, block + i, columns, values + i * columns);
    heat_draw(c, a, &x->paint,
              &(struct heat){.rows = count,
                             .columns = columns,
                             .values = values,
                             .low = scale->temps ? -1 : 0,
                             .high = 1,
                             .diverging = scale->temps,
                             .selected_row = -1});
}

/* ---- what was done */

/* Ink that is read on the cell's paper. */
static struct style over(const struct view_context *x, struct canvas *c, int y, int column) {
    const struct cell *cell = canvas_at(c, y, column);
    struct style s = theme_style(&x->paint, THEME_MARK);
    if (cell && !is_shaded(&x->paint) && cell->style.paper != CANVAS_DEFAULT) {
        uint32_t paper = cell->style.paper;
        uint32_t light = (paper >> 16 & 0xff) * 3 + (paper >> 8 & 0xff) * 6 + (paper & 0xff);
        s.ink = light > 1275 ? 0x000000 : 0xffffff;
    }
    s.paper = CANVAS_DEFAULT;
    return s;
}

static void put_over(const struct view_context *x, struct canvas *c, struct area a, int y, int column, uint32_t glyph) {
    if (column >= 0 && column < a.width)
        canvas_put(c, a, y, column, glyph, over(x, c, a.y + y, a.x + column));
}

/* A line through the steps in which the block was frozen; not where shades of glyphs are the map. */
static void draw_held(const struct view_context *x, struct canvas *c, struct area a, double from, double to) {
    struct curves_range r = curves_range(x);
    uint32_t line = x->paint.glyphs == GLYPHS_ASCII ? '-' : 0x2500;
    if (is_shaded(&x->paint))
        return;
    for (int i = 0; i < a.width; i++)
        if (step_at(r, i, a.width) >= from && step_at(r, i, a.width) < to)
            put_over(x, c, a, 0, i, line);
}

/* Freezes, thaws and settings of one block, in the one row of its area. Letters where these signs are shades. */
static void draw_effects(const struct view_context *x, struct canvas *c, struct area a, int block) {
    static const char signs[] = {[HISTORY_FREEZE] = '*', [HISTORY_THAW] = '+', [HISTORY_SET] = '='};
    static const char letters[] = {[HISTORY_FREEZE] = 'F', [HISTORY_THAW] = 'T', [HISTORY_SET] = 'S'};
    const struct history *h = x->history;
    double frozen = -1;
    for (size_t i = 0; i < h->mark_count; i++) {
        enum history_effect effect = history_effect(&h->marks[i], x->choice->temps, block);
        double step = (double)h->marks[i].step;
        if (effect == HISTORY_THAW && frozen >= 0)
            draw_held(x, c, a, frozen, step);
        if (effect == HISTORY_THAW)
            frozen = -1;
        else if (effect == HISTORY_FREEZE && frozen < 0)
            frozen = step;
    }
    if (frozen >= 0)
        draw_held(x, c, a, frozen, (double)h->steps);
    for (size_t i = 0; i < h->mark_count; i++) {
        enum history_effect effect = history_effect(&h->marks[i], x->choice->temps, block);
        if (effect != HISTORY_NONE)
            put_over(x, c, a, 0, column_at(curves_range(x), (double)h->marks[i].step, a.width),
                     (unsigned char)(is_shaded(&x->paint) ? letters : signs)[effect]);
    }
}

/* ---- rows */

/* At the cursor, or now. */
static double value_shown(const struct view_context *x, int block) {
    double value;
    const struct series *s = gates_series(x, x->history, block);
    if (!x->choice->has_cursor)
        return value_now(x, block);
    return s && series_at(s, x->choice->cursor, &value) ? value : (double)NAN;
}

static void draw_label(const struct view_context *x, struct canvas *c, struct area a, int block, int count) {
    bool ascii = x->paint.glyphs == GLYPHS_ASCII,
         chosen = block <= x->choice->block && x->choice->block < block + count;
    struct style dim = theme_style(&x->paint, THEME_DIM), s = chosen ? theme_style(&x->paint, THEME_SELECTED) : dim;
    struct area number = canvas_part(a, 0, 0, 1, 3);
    char text[32];
    if (count > 1 && !chosen) {
        canvas_print(c, a, 0, 1, dim, "%d-%d", block + 1, block + count);
        return;
    }
    block = chosen ? x->choice->block : block;
    if (chosen)
        canvas_fill(c, number, ' ', s);
    if (chosen)
        canvas_put(c, number, 0, 0, ascii ? '>' : 0x25b8, s);
    canvas_print_right(c, number, 0, 0, s, "%d", block + 1);
    bool frozen = gates_is_frozen(x, block);
    if (frozen)
        canvas_put(c, a, 0, 3, '*', theme_style(&x->paint, THEME_FROZEN));
    double value = value_shown(x, block);
    s = theme_style(&x->paint, frozen ? THEME_FROZEN : x->choice->temps ? THEME_TEMP : THEME_TEXT);
    if (isnan(value))
        snprintf(text, sizeof text, "-");
    else if (x->choice->temps)
        snprintf(text, sizeof text, "%.2f", value);
    else
        curves_share(value, text);
    canvas_print_right(c, canvas_part(a, 0, 4, 1, 6), 0, 0, s, "%s", text);
}

static void draw_block(const struct view_context *x, struct canvas *c, const struct gates_map *m, int y,
                       const struct scale *scale, int block) {
    struct area row = canvas_part(m->area, y, 0, m->tall, m->area.width);
    struct area cells = canvas_part(row, 0, GATES_LABEL, m->tall, row.width);
    int count = m->each == 2 && block + 1 < m->rows ? 2 : 1, middle = (m->tall - 1) / 2;
    for (int i = 0; i < m->tall; i++)
        draw_cells(x, c, canvas_part(cells, i, 0, 1, cells.width), scale, block, count);
    if (count == 1)
        draw_effects(x, c, canvas_part(cells, middle, 0, 1, cells.width), block);
    draw_label(x, c, canvas_part(row, middle, 0, 1, GATES_LABEL), block, count);
    if (!x->choice->temps && count == 1 && block == curves_depth(x) - 1)
        canvas_text(c, canvas_part(cells, middle, 0, 1, cells.width), 0, 0, theme_style(&x->paint, THEME_DIM),
                    "no gate: last block");
}

void gates_draw_map(const struct view_context *x, struct canvas *c, const struct gates_map *m) {
    struct scale scale = scale_of(x);
    struct area cells = canvas_part(m->area, 0, GATES_LABEL, m->area.height, m->area.width);
    int block = m->first;
    for (int y = 0; y + m->tall <= m->area.height && block < m->rows; y += m->tall, block += m->each)
        draw_block(x, c, m, y, &scale, block);
    int cursor = x->choice->has_cursor ? column_at(curves_range(x), x->choice->cursor, cells.width) : -1;
    for (int y = 0; y < m->area.height; y++)
        put_over(x, c, cells, y, cursor, x->paint.glyphs == GLYPHS_ASCII ? '|' : 0x2502);
}

/* ---- axis */

/* Texts in a row keep a blank between each other; the first ones stay. */
static bool put_apart(struct canvas *c, struct area row, bool *taken, int at, struct style s, const char *text) {
    int n = canvas_columns(text), width = row.width < MOST_COLUMNS ? row.width : MOST_COLUMNS;
    at = at + n > width ? width - n : at;
    for (int i = at > 0 ? at - 1 : 0; i <= at + n && i < width; i++)
        if (taken[i])
            return false;
    if (at < 0)
        return false;
    memset(taken + at, true, (size_t)n);
    canvas_text(c, row, 0, at, s, text);
    return true;
}

static void draw_marks(const struct view_context *x, struct canvas *c, struct area row, bool *taken) {
    struct plot_mark marks[CURVES_MARKS];
    char text[16];
    for (size_t i = curves_marks(x, marks); i-- > 0;) {
        snprintf(text, sizeof text, "^%d", marks[i].number);
        put_apart(c, row, taken, column_at(curves_range(x), marks[i].x, row.width), theme_style(&x->paint, THEME_MARK),
                  text);
    }
}

void gates_axis(const struct view_context *x, struct canvas *c, struct area a) {
    bool ascii = x->paint.glyphs == GLYPHS_ASCII, in_line[MOST_COLUMNS] = {false}, below[MOST_COLUMNS] = {false};
    struct area line = canvas_part(a, 0, GATES_LABEL, 1, a.width), numbers = canvas_part(a, 1, GATES_LABEL, 1, a.width);
    struct style frame = theme_style(&x->paint, THEME_FRAME), dim = theme_style(&x->paint, THEME_DIM);
    struct curves_range r = curves_range(x);
    double ticks[16];
    char text[32];
    for (int i = 0; i < line.width; i++)
        canvas_put(c, line, 0, i, ascii ? '-' : 0x2500, frame);
    draw_marks(x, c, line, in_line);
    size_t most = (size_t)(line.width / 10 < 2 ? 2 : line.width / 10 > 16 ? 16 : line.width / 10);
    size_t n = plot_ticks(r.from, r.to, most, ticks);
    for (size_t i = 0; i < n; i++) {
        int column = column_at(r, ticks[i], line.width);
        plot_number(ticks[i], 6, text);
        if (numbers.height == 0)
            put_apart(c, line, in_line, column, dim, text);
        else if (put_apart(c, numbers, below, column, dim, text) && !in_line[column])
            canvas_put(c, line, 0, column, ascii ? '+' : 0x2534, frame);
    }
    canvas_print_right(c, canvas_part(a, numbers.height, 0, 1, GATES_LABEL - 1), 0, 0, dim, "step");
}
