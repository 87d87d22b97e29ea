/* Every setting of the run, from its table: those that differ from their default stand out. */
#include <stdio.h>
#include <string.h>

#include "views/views.h"
#include "views/wrap.h"

enum {
    NAME = 2,
    VALUE = 18,
    APPLIES_WIDTH = 7,
    LEAST_HELP_WIDTH = 72,
    LEAST_LEGEND_HEIGHT = 8,
    LEAST_VALUE = 15,
    LIVE_TEXT = 320
};

/* Where the columns of a row are; help 0: there is no room for it. */
struct columns {
    int width, value_width, applies, help;
};

/* The values' column is as wide as they are, up to a share of the row. */
static struct columns columns_of(const struct view_context *x, int width) {
    char value[SETTINGS_TEXT];
    int most = (width - 24) * 2 / 5, wide = LEAST_VALUE;
    if (width < LEAST_HELP_WIDTH)
        return (struct columns){.width = width, .value_width = width - VALUE};
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *s = settings_at(i);
        int n = canvas_columns(settings_get(x->task->settings, s, value, sizeof value));
        n += s->type == SETTING_TEXT ? 0 : 1 + canvas_columns(s->unit);
        wide = n > wide ? n : wide;
    }
    wide = wide > most ? most : wide;
    return (struct columns){width, wide, VALUE + wide + 1, VALUE + wide + 1 + APPLIES_WIDTH};
}

static bool is_shown(const struct view_context *x, size_t i) {
    const char *filter = x->choice->filter;
    return wrap_holds(settings_at(i)->name, filter) || wrap_holds(settings_at(i)->help, filter) ||
           wrap_holds(settings_group(i), filter);
}

/* A heading stands before the first row shown of its group. */
static bool has_heading(const struct view_context *x, size_t i) {
    for (size_t k = i; k-- > 0 && strcmp(settings_group(k), settings_group(i)) == 0;)
        if (is_shown(x, k))
            return false;
    return true;
}

/* A setting's row, ready to be drawn. */
struct row {
    const struct setting *setting;
    char value[SETTINGS_TEXT], usual[SETTINGS_TEXT];
    char now[LIVE_TEXT]; /* what a command made of it since; "": nothing */
    char help[SETTINGS_TEXT + 256];
    bool differs;
};

static void read_row(const struct view_context *x, const struct setting *setting, struct row *r) {
    struct settings defaults;
    const struct snapshot *s = x->now;
    settings_default(&defaults);
    *r = (struct row){.setting = setting};
    settings_get(x->task->settings, setting, r->value, sizeof r->value);
    settings_get(&defaults, setting, r->usual, sizeof r->usual);
    r->differs = strcmp(r->value, r->usual) != 0;
    bool changed_rate = s->version && strcmp(setting->name, "lr") == 0 &&
                        !(s->base_rate <= x->task->settings->lr && s->base_rate >= x->task->settings->lr);
    if (changed_rate)
        snprintf(r->now, sizeof r->now, "now %.4g", s->base_rate);
    if (strcmp(setting->name, "data") == 0 && s->data[0] && s->swaps > 0)
        snprintf(r->now, sizeof r->now, "now %s", s->data);
    if (r->differs)
        snprintf(r->help, sizeof r->help, "(default %s) %s", *r->usual ? r->usual : "empty", setting->help);
    else
        snprintf(r->help, sizeof r->help, "%s", setting->help);
}

static int row_height(const struct row *r, const struct columns *k) {
    int rows = k->help ? wrap_rows(r->help, k->width - k->help) : 1;
    return *r->now && rows < 2 ? 2 : rows;
}

/* What a text setting is made of stands where it is empty; numbers have their unit behind them. */
static void draw_value(const struct view_context *x, struct canvas *c, struct area in, int y, const struct row *r) {
    char text[SETTINGS_TEXT + 8];
    struct style dim = theme_style(&x->paint, THEME_DIM);
    struct style s = theme_style(&x->paint, r->differs ? THEME_TITLE : THEME_TEXT);
    bool is_text = r->setting->type == SETTING_TEXT;
    int at = canvas_text(c, in, y, 0, *r->value ? s : dim,
                         wrap_fit(*r->value ? r->value : "-", in.width, is_text, &x->paint, text, sizeof text));
    if (!is_text && at + 1 + canvas_columns(r->setting->unit) <= in.width)
        canvas_text(c, in, y, at + 1, dim, r->setting->unit);
    if (*r->now)
        canvas_text(c, in, y + 1, 0, theme_style(&x->paint, THEME_MARK),
                    wrap_fit(r->now, in.width, is_text, &x->paint, text, sizeof text));
}

static void draw_row(const struct view_context *x, struct canvas *c, struct area a, const struct columns *k, int y,
                     const struct row *r) {
    const struct wrap_mark mark = {x->choice->filter, theme_style(&x->paint, THEME_SELECTED)};
    struct style text = theme_style(&x->paint, THEME_TEXT), dim = theme_style(&x->paint, THEME_DIM);
    wrap_draw(c, a, y, NAME, text, r->setting->name, &mark);
    draw_value(x, c, canvas_part(a, 0, VALUE, a.height, k->value_width), y, r);
    if (!k->help)
        return;
    bool live = r->setting->applies == LIVE;
    canvas_text(c, a, y, k->applies, live ? theme_style(&x->paint, THEME_GOOD) : dim, live ? "live" : "fixed");
    wrap_draw(c, a, y, k->help, dim, r->help, &mark);
}

/* The rows' part of the area, below the legend. */
static struct area rows_area(struct area a) {
    int top = a.height >= LEAST_LEGEND_HEIGHT && a.width > LEAST_HELP_WIDTH ? 1 : 0;
    return canvas_part(a, top, 0, a.height - top, a.width - 1); /* text does not touch the edge */
}

/* What the run takes of the machine stands before the settings that decide it. */
static int draw_memory(const struct view_context *x, struct canvas *c, struct area a, const struct columns *k, int y) {
    static const char *const names[] = {"planned", "kept blocks", "resident"};
    static const char *const helps[] = {"weights, activations, batches", "at most, besides (cache-blocks)",
                                        "of this process now"};
    const size_t bytes[] = {x->task->planned, x->task->kept, x->machine->rss};
    struct style text = theme_style(&x->paint, THEME_TEXT), dim = theme_style(&x->paint, THEME_DIM);
    char value[32];
    int start = y;
    if (!x->task->planned || !wrap_holds("memory", x->choice->filter))
        return 0;
    if (c)
        canvas_text(c, a, y, 0, theme_style(&x->paint, THEME_TITLE), "Memory");
    y++;
    for (int i = 0; i < 3; i++) {
        if (!bytes[i])
            continue;
        if (c && y < a.height) {
            canvas_text(c, a, y, NAME, text, names[i]);
            canvas_text(c, a, y, VALUE, text, view_bytes(bytes[i], value));
            if (k->help)
                canvas_text(c, a, y, k->help, dim, helps[i]);
        }
        y++;
    }
    return y - start;
}

/* Draws rows from `y` on; c NULL: only counts them. Returns how many there are. */
static int draw_rows(const struct view_context *x, struct canvas *c, struct area a, const struct columns *k, int y) {
    struct row r;
    int start = y;
    y += draw_memory(x, c, a, k, y);
    for (size_t i = 0; i < settings_count(); i++) {
        if (!is_shown(x, i))
            continue;
        if (has_heading(x, i)) {
            if (c)
                canvas_text(c, a, y, 0, theme_style(&x->paint, THEME_TITLE), settings_group(i));
            y++;
        }
        read_row(x, settings_at(i), &r);
        if (c && y < a.height)
            draw_row(x, c, a, k, y, &r);
        y += row_height(&r, k);
    }
    return y - start;
}

static int overflow(const struct view_context *x, struct area a) {
    struct area in = rows_area(a);
    struct columns k = columns_of(x, in.width);
    int rows = draw_rows(x, NULL, in, &k, 0);
    return rows > in.height ? rows - in.height : 0;
}

static void draw_legend(const struct view_context *x, struct canvas *c, struct area a, const struct columns *k) {
    struct style dim = theme_style(&x->paint, THEME_DIM);
    bool is_wide = a.width - k->applies >= 48;
    canvas_text(c, a, 0, NAME, dim, "setting");
    canvas_text(c, a, 0, VALUE, dim, "value");
    canvas_text(c, a, 0, k->applies, dim,
                is_wide ? "fixed: as the run began   live: of this session" : "fixed or live");
}

static void draw(const struct view_context *x, struct canvas *c, struct area a) {
    struct area in = rows_area(a);
    struct columns k = columns_of(x, in.width);
    int most = overflow(x, a), scroll = x->choice->scroll[VIEW_SETTINGS];
    if (in.height < a.height)
        draw_legend(x, c, a, &k);
    if (draw_rows(x, c, in, &k, -(scroll < most ? scroll : most)) == 0)
        canvas_print(c, in, 0, NAME, theme_style(&x->paint, THEME_DIM), "no setting holds \"%s\"", x->choice->filter);
}

const struct view settings_view = {.name = "settings", .title = "Settings", .draw = draw, .overflow = overflow};
