/* Below the view: what waits, what was said, the prompt with its offers, the keys. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "views/frame_private.h"
#include "views/wrap.h"

enum { LEAST_ERROR = 16 }; /* columns behind the prompt's text that an error needs */

static bool is_open(const struct view_context *x) {
    return x->prompt && x->prompt->open;
}

/* ---- the queued command and the message */

/* The end of the step under way: what is left of it, by the chunks that are done. */
static double until_boundary(const struct snapshot *s) {
    double left = s->chunks > 0 ? 1 - (double)s->chunk / s->chunks : 1;
    return s->step_s * (left > 0 ? left : 0);
}

static void say_when(const struct snapshot *s, struct frame_piece *p) {
    char time[32] = "";
    double wait = until_boundary(s);
    if (s->phase == PHASE_EVALUATING) {
        snprintf(p->full, sizeof p->full, "applies after the evaluation");
        snprintf(p->brief, sizeof p->brief, "after eval");
    } else if (s->phase == PHASE_PAUSED || s->phase == PHASE_STARTING) {
        snprintf(p->full, sizeof p->full, "applies before the next step");
        snprintf(p->brief, sizeof p->brief, "next step");
    } else if (s->paused) {
        snprintf(p->full, sizeof p->full, "applies after batch %llu, once resumed", (unsigned long long)s->batch);
        snprintf(p->brief, sizeof p->brief, "once resumed");
    } else if (wait > 0) {
        view_duration(wait < 1 ? 1 : wait, time);
        snprintf(p->full, sizeof p->full, "applies after batch %llu, %s%s", (unsigned long long)s->batch,
                 wait < 1 ? "<" : "~", time);
        snprintf(p->brief, sizeof p->brief, "%s%s", wait < 1 ? "<" : "~", time);
    } else {
        snprintf(p->full, sizeof p->full, "applies after batch %llu", (unsigned long long)s->batch);
    }
}

static void draw_queued(const struct view_context *x, struct canvas *c, struct area a, int y) {
    enum { WHAT, WHEN, CANCEL, MESSAGE, PIECES };
    struct frame_piece pieces[PIECES] = {0};
    char text[128];
    struct style text_style = theme_style(&x->paint, THEME_TEXT);
    for (int i = 0; i < PIECES; i++)
        pieces[i] = (struct frame_piece){.rank = i, .style = theme_style(&x->paint, THEME_WARN)};
    wrap_fit(x->queued, a.width - 20, false, &x->paint, text, sizeof text);
    snprintf(pieces[WHAT].full, sizeof pieces[WHAT].full, "QUEUED %.120s", text);
    wrap_fit(x->queued, a.width - 28 > 40 ? 40 : a.width - 28, false, &x->paint, text, sizeof text);
    snprintf(pieces[WHAT].brief, sizeof pieces[WHAT].brief, "QUEUED %.56s", text);
    pieces[WHAT].full_rank = 1;
    pieces[WHAT].style.attributes |= CANVAS_BOLD;
    say_when(x->now, &pieces[WHEN]);
    snprintf(pieces[CANCEL].full, sizeof pieces[CANCEL].full, "Esc cancels");
    pieces[MESSAGE].style = text_style;
    if (x->message)
        wrap_fit(x->message, 100, false, &x->paint, pieces[MESSAGE].full, sizeof pieces[MESSAGE].full);
    frame_pieces_draw(c, a, &x->paint, y, 1, a.width - 1, pieces, x->message ? PIECES : MESSAGE, "  ", text_style);
}

static void draw_message(const struct view_context *x, struct canvas *c, struct area a, int y) {
    char text[1024];
    enum theme_role role = x->message_is_error ? THEME_BAD : THEME_TEXT;
    canvas_text(c, a, y, 1, theme_style(&x->paint, role),
                wrap_fit(x->message, a.width - 2, false, &x->paint, text, sizeof text));
}

static void draw_filter(const struct view_context *x, struct canvas *c, struct area a, int y) {
    char text[160], full[200];
    bool is_list = x->choice->view == VIEW_LOG || x->choice->view >= VIEW_SETTINGS;
    if (!is_list || !x->choice->filter[0])
        return;
    wrap_fit(x->choice->filter, a.width - 32, false, &x->paint, text, sizeof text);
    snprintf(full, sizeof full, "only rows with \"%s\"  Esc: all", text);
    canvas_text(c, a, y, 1, theme_style(&x->paint, THEME_WARN), full);
}

/* ---- the prompt */

/* The prompt's text from the first character shown on, so that the cursor is seen. */
static const char *shown_text(const struct view_prompt *p, int width) {
    char before[1024];
    const char *text = p->text;
    snprintf(before, sizeof before, "%.*s", p->cursor, p->text);
    for (const char *rest = before; canvas_columns(rest) > width - 4 && *rest;) {
        canvas_next_code(&rest);
        canvas_next_code(&text);
    }
    return text;
}

int frame_bottom_cursor(const struct view_context *x, int width) {
    char before[1024];
    const struct view_prompt *p = x->prompt;
    const char *text = shown_text(p, width);
    snprintf(before, sizeof before, "%.*s", (int)(p->text + p->cursor - text), text);
    int at = 1 + canvas_columns(before);
    return at < width ? at : width - 1;
}

/* Columns behind the prompt's text. */
static int room_for_error(const struct view_context *x, int width) {
    return width - canvas_columns(shown_text(x->prompt, width)) - 4;
}

static bool has_offers(const struct view_prompt *p) {
    return p->offers && p->offers[0];
}

/* Beside offers an error may be cut off; else it has the row above to itself. */
static bool error_fits(const struct view_context *x, int width) {
    int room = room_for_error(x, width);
    return room >= canvas_columns(x->prompt->error) || (room >= LEAST_ERROR && has_offers(x->prompt));
}

static void draw_prompt(const struct view_context *x, struct canvas *c, struct area a, int y) {
    const struct view_prompt *p = x->prompt;
    char text[1024];
    canvas_put(c, a, y, 0, (uint32_t)p->lead, theme_style(&x->paint, THEME_TITLE));
    int n = canvas_text(c, a, y, 1, theme_style(&x->paint, THEME_TEXT), shown_text(p, a.width));
    if (p->error && error_fits(x, a.width))
        canvas_text(c, a, y, n + 3, theme_style(&x->paint, THEME_BAD),
                    wrap_fit(p->error, room_for_error(x, a.width), false, &x->paint, text, sizeof text));
}

/* Where there is no room behind the text, the error takes the row above. */
static void draw_prompt_error(const struct view_context *x, struct canvas *c, struct area a, int y) {
    char text[1024];
    canvas_text(c, a, y, 1, theme_style(&x->paint, THEME_BAD),
                wrap_fit(x->prompt->error, a.width - 2, false, &x->paint, text, sizeof text));
}

/* A screenful of offers at a time, that with the taken one. */
static void draw_offers(const struct view_context *x, struct canvas *c, struct area a, int y) {
    const struct view_prompt *p = x->prompt;
    struct style s = theme_style(&x->paint, THEME_DIM), chosen = theme_style(&x->paint, THEME_SELECTED);
    int first = 0, at = 2, i;
    for (i = 0; p->offers[i] && i <= p->offered; i++) {
        int n = canvas_columns(p->offers[i]) + 2;
        if (at + n > a.width - 2 && i > first) {
            first = i;
            at = 2;
        }
        at += n;
    }
    at = 2;
    for (i = first; p->offers[i]; i++) {
        char text[256];
        wrap_fit(p->offers[i], a.width - 4, true, &x->paint, text, sizeof text);
        if (i > first && at + canvas_columns(text) > a.width - 2)
            break;
        at += canvas_text(c, a, y, at, i == p->offered ? chosen : s, text) + 2;
    }
    if (first > 0)
        canvas_put(c, a, y, 0, '<', theme_style(&x->paint, THEME_MARK));
    if (p->offers[i])
        canvas_put(c, a, y, a.width - 1, '>', theme_style(&x->paint, THEME_MARK));
}

/* ---- the keys */

/* "j k block": words of one character, and names as "Enter", are keys; what follows says what they do. */
static bool is_key(const char *word, const char *end, bool is_last) {
    return !is_last && (end - word == 1 || isupper((unsigned char)*word));
}

/* One hint at column x; returns the column behind it. */
static int draw_hint(const struct view_context *x, struct canvas *c, struct area a, int y, int at, const char *hint,
                     const char *end) {
    struct style s = theme_style(&x->paint, THEME_BAR), bold = theme_style(&x->paint, THEME_TITLE);
    bool keys = true;
    bold.paper = s.paper;
    bold.attributes = s.attributes | CANVAS_BOLD;
    while (hint < end) {
        const char *word = hint;
        while (hint < end && *hint != ' ')
            hint++;
        keys = keys && is_key(word, hint, hint == end);
        at += canvas_print(c, a, y, at, keys ? bold : s, "%.*s", (int)(hint - word), word);
        at += hint < end;
        hint += hint < end;
    }
    return at;
}

/* Where the hints do not fit, those in the middle give way: the last ones say how to get help and how to leave. */
static void cut_hints(char *text, size_t size, int room) {
    static const char last[] = "? help  q quit";
    size_t cut = 0;
    if (canvas_columns(text) <= room)
        return;
    int most = room - (int)strlen(last) - 2;
    for (int i = 0; i <= most && text[i]; i++)
        if (text[i] == ' ' && text[i + 1] == ' ')
            cut = (size_t)i;
    snprintf(text + cut, size - cut, "%s%s", cut ? "  " : "", last);
}

static void draw_hints(const struct view_context *x, struct canvas *c, struct area a, int y) {
    char text[512];
    int at = 1;
    canvas_fill(c, canvas_part(a, y, 0, 1, a.width), ' ', theme_style(&x->paint, THEME_BAR));
    snprintf(text, sizeof text, "%s", x->hints ? x->hints : "");
    cut_hints(text, sizeof text, a.width - 2);
    for (const char *hint = text + strspn(text, " "); *hint; hint += strspn(hint, " ")) {
        const char *end = strstr(hint, "  ");
        end = end ? end : hint + strlen(hint);
        at = draw_hint(x, c, a, y, at, hint, end) + 2;
        hint = end;
    }
}

void frame_bottom_draw(const struct view_context *x, struct canvas *c, int y) {
    struct area a = canvas_all(c);
    if (is_open(x) && x->prompt->error && !error_fits(x, a.width))
        draw_prompt_error(x, c, a, y);
    else if (is_open(x) && has_offers(x->prompt))
        draw_offers(x, c, a, y);
    else if (x->message && (x->message_is_error || !x->queued))
        draw_message(x, c, a, y);
    else if (x->queued)
        draw_queued(x, c, a, y);
    else
        draw_filter(x, c, a, y);
    if (is_open(x))
        draw_prompt(x, c, a, y + 1);
    else
        draw_hints(x, c, a, y + 1);
}

void frame_bottom_draw_tiny(const struct view_context *x, struct canvas *c, int y) {
    struct area a = canvas_all(c);
    struct style s = theme_style(&x->paint, THEME_WARN);
    if (y < 0)
        return;
    if (frame_dialog_is_open(x)) {
        canvas_fill(c, canvas_part(a, y, 0, 1, a.width), ' ', s);
        int at = canvas_text(c, a, y, 0, s, x->dialog->title);
        for (int i = 0; x->dialog->keys && x->dialog->keys[i]; i++)
            at += 1 + canvas_text(c, a, y, at + 1, s, x->dialog->keys[i]);
    } else if (is_open(x)) {
        canvas_fill(c, canvas_part(a, y, 0, 1, a.width), ' ', theme_style(&x->paint, THEME_TEXT));
        draw_prompt(x, c, a, y);
    }
}
