/* A box over the view: a question with its answers, or a list to choose from. */
#include <stdio.h>
#include <string.h>

#include "views/frame_private.h"
#include "views/wrap.h"

enum { BESIDE = 2, LEAST_KEY = 3 }; /* columns between the border and the text; of a choice's key */

static const char hint[] = " Enter takes, Esc leaves ";

struct box {
    struct area area, in; /* the whole, and what is within its border */
    int line_rows;        /* of what it says, with the empty row behind */
    int choices, first, shown;
    int key_width; /* 0: choices have no keys */
};

static int count(const char *const *texts) {
    int n = 0;
    while (texts && texts[n])
        n++;
    return n;
}

static int widest(const char *const *texts, int wide) {
    for (; texts && *texts; texts++)
        wide = canvas_columns(*texts) > wide ? canvas_columns(*texts) : wide;
    return wide;
}

static int rows_of(const char *const *lines, int width) {
    int rows = 0;
    for (; lines && *lines; lines++)
        rows += wrap_rows(*lines, width);
    return rows;
}

static int at_most(int value, int most) {
    return value < most ? value : most;
}

bool frame_dialog_is_open(const struct view_context *x) {
    return x->dialog && x->dialog->title;
}

/* Centred, as wide as what it says, no larger than the canvas. Choices that do not fit are scrolled. */
static struct box lay_out(const struct view_dialog *d, const struct canvas *c) {
    struct box b = {.choices = count(d->choices), .key_width = widest(d->keys, d->keys ? LEAST_KEY : 0)};
    int key = b.key_width ? b.key_width + 1 : 0;
    int width = widest(d->lines, widest(d->choices, 0) + 2 + key);
    width = canvas_columns(d->title) + 2 > width ? canvas_columns(d->title) + 2 : width;
    width = (int)sizeof hint > width ? (int)sizeof hint : width;
    width = at_most(width, c->width - 2 - 2 * BESIDE);
    b.line_rows = rows_of(d->lines, width);
    b.line_rows += b.line_rows > 0;
    int room = c->height - 2 - b.line_rows;
    b.shown = room < 1 ? 1 : at_most(b.choices, room);
    int height = at_most(b.line_rows + b.shown + 2, c->height);
    b.first = d->chosen >= b.shown ? d->chosen - b.shown + 1 : 0;
    b.area = (struct area){(c->height - height) / 2, (c->width - width) / 2 - BESIDE, height, width + 2 * BESIDE};
    b.in = (struct area){b.area.y + 1, b.area.x + BESIDE, height - 2, width};
    return b;
}

static void draw_border(struct canvas *c, struct area a, const struct paint *p) {
    static const uint32_t corners[] = {0x256d, 0x256e, 0x2570, 0x256f};
    struct style s = theme_style(p, THEME_FRAME);
    bool ascii = p->glyphs == GLYPHS_ASCII;
    int right = a.width - 1, bottom = a.height - 1;
    for (int x = 1; x < right; x++) {
        canvas_put(c, a, 0, x, ascii ? '-' : 0x2500, s);
        canvas_put(c, a, bottom, x, ascii ? '-' : 0x2500, s);
    }
    for (int y = 1; y < bottom; y++) {
        canvas_put(c, a, y, 0, ascii ? '|' : 0x2502, s);
        canvas_put(c, a, y, right, ascii ? '|' : 0x2502, s);
    }
    for (int i = 0; i < 4; i++)
        canvas_put(c, a, i / 2 ? bottom : 0, i % 2 ? right : 0, ascii ? '+' : corners[i], s);
}

static void draw_choice(const struct view_context *x, struct canvas *c, const struct box *b, int y, int i) {
    const struct view_dialog *d = x->dialog;
    bool chosen = i == d->chosen;
    struct style s = theme_style(&x->paint, chosen ? THEME_SELECTED : THEME_TEXT);
    struct style key = chosen ? s : theme_style(&x->paint, THEME_MARK);
    int at = 2 + (b->key_width ? b->key_width + 1 : 0);
    char text[512];
    canvas_fill(c, canvas_part(b->in, y, 0, 1, b->in.width), ' ', s);
    canvas_put(c, b->in, y, 0, chosen ? '>' : ' ', s);
    if (d->keys)
        canvas_text(c, b->in, y, 2, key, d->keys[i]);
    canvas_text(c, b->in, y, at, s, wrap_fit(d->choices[i], b->in.width - at, false, &x->paint, text, sizeof text));
}

void frame_dialog_draw(const struct view_context *x, struct canvas *c) {
    const struct view_dialog *d = x->dialog;
    if (!frame_dialog_is_open(x))
        return;
    struct box b = lay_out(d, c);
    struct style dim = theme_style(&x->paint, THEME_DIM);
    int y = 0;
    /* A column of paper on either side keeps the border apart from the view. */
    canvas_fill(c, canvas_part(canvas_all(c), b.area.y, b.area.x - 1, b.area.height, b.area.width + 2), ' ',
                theme_style(&x->paint, THEME_TEXT));
    draw_border(c, b.area, &x->paint);
    canvas_print(c, b.area, 0, 2, theme_style(&x->paint, THEME_TITLE), " %s ", d->title);
    canvas_text(c, b.area, b.area.height - 1, 2, dim, hint);
    if (b.shown < b.choices)
        canvas_print_right(c, b.area, 0, 2, dim, " %d/%d ", d->chosen + 1, b.choices);
    for (int i = 0; d->lines && d->lines[i]; i++)
        y += wrap_draw(c, b.in, y, 0, dim, d->lines[i], NULL);
    for (int i = 0; i < b.shown && b.first + i < b.choices; i++)
        draw_choice(x, c, &b, b.line_rows + i, b.first + i);
}

int frame_dialog_at(const struct view_context *x, const struct canvas *c, int y, int x_) {
    if (!frame_dialog_is_open(x))
        return -1;
    struct box b = lay_out(x->dialog, c);
    int row = y - b.in.y - b.line_rows;
    bool within = x_ >= b.in.x && x_ < b.in.x + b.in.width;
    return within && row >= 0 && row < b.shown && b.first + row < b.choices ? b.first + row : -1;
}
