#include "views/frame.h"

#include <stdio.h>
#include <string.h>

#include "core/data/dataset.h"
#include "views/frame_private.h"
#include "views/wrap.h"

/* Rows above and below the view; a low screen has no row of its own for the progress. */
enum { TOP = 3, BOTTOM = 2, LOW = 16 };

static bool has_room(const struct canvas *c) {
    return c->height >= FRAME_MIN_HEIGHT && c->width >= FRAME_MIN_WIDTH;
}

static int top(const struct canvas *c) {
    return c->height < LOW ? TOP - 1 : TOP;
}

struct area frame_area(const struct view_context *x, const struct canvas *c) {
    (void)x;
    if (!has_room(c))
        return (struct area){0};
    return (struct area){top(c), 0, c->height - top(c) - BOTTOM, c->width};
}

/* ---- what runs on what */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

struct word {
    const char *text;
    enum theme_role role;
};

static struct word phase(const struct view_context *x) {
    enum snapshot_phase phase = (enum snapshot_phase)x->now->phase;
    bool is_over = phase == PHASE_DONE || phase == PHASE_FAILED;
    if (x->task->read_only && phase != PHASE_EVALUATING)
        return (struct word){"SHOW", THEME_GOOD};
    if (x->now->paused && !is_over)
        return (struct word){"PAUSED", THEME_WARN};
    switch (phase) {
    case PHASE_STARTING:
        return (struct word){"STARTING", THEME_WARN};
    case PHASE_TRAINING:
        return (struct word){"RUNNING", THEME_GOOD};
    case PHASE_EVALUATING:
        return (struct word){"EVALUATING", THEME_GOOD};
    case PHASE_PAUSED:
        return (struct word){"PAUSED", THEME_WARN};
    case PHASE_DONE:
        return (struct word){"DONE", THEME_GOOD};
    default:
        return (struct word){"FAILED", THEME_BAD};
    }
}

/* The word stands out by reversed video; without colours the line is reversed already, and the word is not. */
static int draw_phase(const struct view_context *x, struct canvas *c, struct area a) {
    struct word w = phase(x);
    struct style s = theme_style(&x->paint, w.role);
    s.attributes = CANVAS_BOLD | (x->paint.colors > 0 ? CANVAS_REVERSE : 0);
    int width = canvas_columns(w.text) + 2;
    canvas_fill(c, canvas_part(a, 0, a.width - width, 1, width), ' ', s);
    canvas_text(c, a, 0, a.width - width + 1, s, w.text);
    return a.width - width;
}

static void describe_method(const struct view_context *x, struct frame_piece *p) {
    const char *method = settings_choice("method", x->task->settings->method);
    const char *temps = x->now->tempered ? "+temp" : "";
    if (x->now->prompts <= 0) {
        snprintf(p->full, sizeof p->full, "%s", method);
        return;
    }
    snprintf(p->full, sizeof p->full, "%s%s, %d prompt%s", method, temps, x->now->prompts,
             x->now->prompts == 1 ? "" : "s");
    snprintf(p->brief, sizeof p->brief, "%s%s %dp", method, temps, x->now->prompts);
}

/* Run, model, data, method, device and memory, and what it is doing. */
static void draw_title(const struct view_context *x, struct canvas *c, struct area a) {
    enum { NAME, MODEL, DATA, METHOD, DEVICE, MEMORY, PIECES };
    const char *spec = x->now->data[0] ? x->now->data : x->task->settings->data;
    struct style bar = theme_style(&x->paint, THEME_BAR), title = theme_style(&x->paint, THEME_TITLE);
    struct frame_piece pieces[PIECES] = {0};
    char text[SETTINGS_TEXT], bytes[32];
    canvas_fill(c, canvas_part(a, 0, 0, 1, a.width), ' ', bar);
    int end = draw_phase(x, c, a);
    for (int i = 0; i < PIECES; i++)
        pieces[i] = (struct frame_piece){.rank = i, .style = bar};
    title.paper = bar.paper;
    title.attributes = bar.attributes | CANVAS_BOLD;
    pieces[NAME].style = title;
    wrap_fit(base_name(x->task->run), end / 2, false, &x->paint, pieces[NAME].full, sizeof pieces[NAME].full);
    snprintf(pieces[MODEL].full, sizeof pieces[MODEL].full, "%.60s %.60s", x->task->family, x->task->model);
    wrap_fit(spec, 60, true, &x->paint, pieces[DATA].full, sizeof pieces[DATA].full);
    wrap_fit(dataset_short_name(spec, text, sizeof text), 24, true, &x->paint, pieces[DATA].brief,
             sizeof pieces[DATA].brief);
    describe_method(x, &pieces[METHOD]);
    wrap_fit(x->task->device, 60, false, &x->paint, pieces[DEVICE].full, sizeof pieces[DEVICE].full);
    if (x->machine->rss)
        snprintf(pieces[MEMORY].full, sizeof pieces[MEMORY].full, "%s", view_bytes(x->machine->rss, bytes));
    frame_pieces_draw(c, a, &x->paint, 0, 1, end - 1, pieces, x->machine->rss ? PIECES : MEMORY,
                      x->paint.glyphs == GLYPHS_ASCII ? " | " : " \u2502 ", bar);
}

static void draw_progress(const struct view_context *x, struct canvas *c, struct area a, int y, int from) {
    struct frame_piece pieces[FRAME_PIECES];
    int n = frame_pieces_progress(x, pieces);
    frame_pieces_draw(c, a, &x->paint, y, from, a.width - 1, pieces, n, "  ", theme_style(&x->paint, THEME_TEXT));
}

/* ---- tabs */

enum tabs { TABS_NAMES, TABS_DIGITS }; /* where there is room for all names, or for the chosen one alone */

static void tab_text(const struct view_context *x, int i, enum tabs form, char out[static 32]) {
    const char *name = view_in(x, (enum view_id)i)->name;
    char digit = i == VIEW_HELP ? '?' : (char)('1' + i);
    if ((int)x->choice->view == i)
        snprintf(out, 32, "[%c %s]", digit, name);
    else if (form == TABS_NAMES)
        snprintf(out, 32, " %c %s ", digit, name);
    else
        snprintf(out, 32, " %c", digit);
}

/* Where tab i begins, and how wide they are up to it. */
static int tabs_width(const struct view_context *x, enum tabs form, int count) {
    int width = 0;
    for (int i = 0; i < count; i++) {
        char text[32];
        tab_text(x, i, form, text);
        width += canvas_columns(text);
    }
    return width;
}

/* On a low screen the progress stands behind the tabs. */
static enum tabs tabs_form(const struct view_context *x, const struct canvas *c) {
    int progress = top(c) < TOP ? 24 : 0;
    return tabs_width(x, TABS_NAMES, VIEW_COUNT) + progress <= c->width ? TABS_NAMES : TABS_DIGITS;
}

/* Rows of a list that are not seen: "^12 v30". */
static void draw_hidden_rows(const struct view_context *x, struct canvas *c, struct area a, int y, int from) {
    const struct view *v = view_in(x, x->choice->view);
    char text[48] = "";
    int most = v->overflow ? v->overflow(x, frame_area(x, c)) : 0, at = x->choice->scroll[x->choice->view];
    at = at > most ? most : at;
    int above = x->choice->view == VIEW_LOG ? most - at : at, below = most - above;
    bool ascii = x->paint.glyphs == GLYPHS_ASCII;
    if (above > 0)
        snprintf(text, sizeof text, "%s%d ", ascii ? "^" : "\u2191", above);
    if (below > 0)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d ", ascii ? "v" : "\u2193", below);
    if (from + canvas_columns(text) < a.width)
        canvas_print_right(c, a, y, 0, theme_style(&x->paint, THEME_MARK), "%s", text);
}

static void draw_tabs(const struct view_context *x, struct canvas *c, struct area a, int y) {
    struct style dim = theme_style(&x->paint, THEME_DIM), chosen = theme_style(&x->paint, THEME_SELECTED);
    enum tabs form = tabs_form(x, c);
    int at = 0;
    for (int i = 0; i < VIEW_COUNT; i++) {
        char text[32];
        tab_text(x, i, form, text);
        at += canvas_text(c, a, y, at, (int)x->choice->view == i ? chosen : dim, text);
    }
    if (top(c) < TOP)
        draw_progress(x, c, a, y, at + 1);
    else
        draw_hidden_rows(x, c, a, y, at);
}

/* The tab at a column, from 0; -1: none. */
static int tab_at(const struct view_context *x, const struct canvas *c, int column) {
    enum tabs form = tabs_form(x, c);
    for (int i = 0; i < VIEW_COUNT; i++)
        if (column >= tabs_width(x, form, i) && column < tabs_width(x, form, i + 1))
            return i;
    return -1;
}

/* ---- all of it */

/* Too small for a view: what is going on, and what a key has opened. */
static void draw_tiny(const struct view_context *x, struct canvas *c) {
    struct area all = canvas_all(c);
    struct word w = phase(x);
    const struct snapshot *s = x->now;
    int at = canvas_text(c, all, 0, 0, theme_style(&x->paint, w.role), w.text);
    canvas_print(c, all, 0, at + 1, theme_style(&x->paint, THEME_TEXT), "ep %llu/%llu", (unsigned long long)s->epoch,
                 (unsigned long long)s->epochs);
    if (c->height > 1)
        canvas_print(c, all, 1, 0, theme_style(&x->paint, THEME_DIM), "%dx%d: needs %dx%d", c->width, c->height,
                     FRAME_MIN_WIDTH, FRAME_MIN_HEIGHT);
    frame_bottom_draw_tiny(x, c, c->height - 1);
}

void frame_draw(const struct view_context *x, struct canvas *c) {
    struct area all = canvas_all(c);
    canvas_clear(c, theme_style(&x->paint, THEME_TEXT));
    if (!has_room(c)) {
        draw_tiny(x, c);
        return;
    }
    draw_title(x, c, all);
    if (top(c) == TOP)
        draw_progress(x, c, all, 1, 1);
    draw_tabs(x, c, all, top(c) - 1);
    view_in(x, x->choice->view)->draw(x, c, frame_area(x, c));
    frame_bottom_draw(x, c, c->height - BOTTOM);
    frame_dialog_draw(x, c);
}

void frame_cursor(const struct view_context *x, const struct canvas *c, int *y, int *x_) {
    *y = c->height - 1;
    *x_ = frame_bottom_cursor(x, c->width);
}

bool frame_click(const struct view_context *x, const struct canvas *c, int y, int x_, char *command, size_t size) {
    const struct view *v = view_in(x, x->choice->view);
    struct area a = frame_area(x, c);
    if (!has_room(c))
        return false;
    if (frame_dialog_is_open(x)) {
        int choice = frame_dialog_at(x, c, y, x_);
        snprintf(command, size, "dialog %d", choice + 1);
        return choice >= 0;
    }
    if (y == a.y - 1) {
        int tab = tab_at(x, c, x_);
        if (tab >= 0)
            snprintf(command, size, "view %s", view_in(x, (enum view_id)tab)->name);
        return tab >= 0;
    }
    bool within = y >= a.y && y < a.y + a.height && x_ >= 0 && x_ < a.width;
    return within && v->click && v->click(x, a, y - a.y, x_ - a.x, command, size);
}
