#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "views/attention_private.h"
#include "views/class_name.h"
#include "views/flow.h"
#include "views/heat.h"
#include "views/picture.h"
#include "views/views.h"

enum { TEXT = 192, SMALL_HEAD = 3, LARGE_HEAD = 4 };

/* A share as percent: "31.4%", "0.31%", "0.004%". */
static const char *percent(double share, char out[static 32]) {
    double p = 100 * share;
    int digits = p >= 99.95 ? 0 : p >= 0.995 ? 1 : p >= 0.0995 || p <= 0 ? 2 : 3;
    snprintf(out, 32, "%.*f%%", p <= 0 ? 0 : digits, p);
    return out;
}

/* In four columns. */
static const char *short_percent(double share, char out[static 32]) {
    double p = 100 * share;
    if (p > 0 && p < 0.05)
        return "<.1%";
    snprintf(out, 32, "%.*f%%", p < 9.95 ? 1 : 0, p);
    return out;
}

/* A class name of at most `most` columns and its probability. */
static const char *class_text(const struct view_context *x, int label, float share, int most, char out[static TEXT]) {
    char name[CLASS_NAME], number[32];
    snprintf(out, TEXT, "%.*s %s", CLASS_NAME, class_name_fit(x->task, label, most, name),
             percent((double)share, number));
    return out;
}

static const char *query_text(const struct look *l, bool narrow, char out[static TEXT]) {
    if (l->first >= l->depth)
        snprintf(out, TEXT, narrow ? "CLS" : "CLS (no prompts)");
    else if (l->request.prompt >= 0)
        snprintf(out, TEXT, narrow ? "p %d" : "prompt %d", l->request.prompt + 1);
    else
        snprintf(out, TEXT, narrow ? "mean" : "mean of prompts");
    return out;
}

static const char *age_text(double seconds, char out[static TEXT]) {
    char text[32];
    if (seconds < 9.95)
        snprintf(out, TEXT, "%.1f s old", fmax(seconds, 0));
    else
        snprintf(out, TEXT, "%s old", view_duration(seconds, text));
    return out;
}

/* What is chosen, but not in the look that is there. Returns NULL: it is what was asked for. */
static const char *pending(const struct view_context *x, char out[static TEXT]) {
    const struct look_request *r = &x->look->request;
    const struct choice *c = x->choice;
    if (r->split != c->split || r->index != c->image)
        snprintf(out, TEXT, "%s #%u", split_name(c->split), c->image);
    else if (r->block != c->block)
        snprintf(out, TEXT, "block %d", c->block + 1);
    else if (r->head != c->head)
        snprintf(out, TEXT, c->head < 0 ? "mean of heads" : "head %d", c->head + 1);
    else if (r->prompt != c->prompt)
        snprintf(out, TEXT, c->prompt < 0 ? "mean of prompts" : "prompt %d", c->prompt + 1);
    else
        return NULL;
    return out;
}

/* Whose attention it is and what the model says of it. */
static void put_image(const struct view_context *x, struct flow *f, bool low) {
    const struct look *l = x->look;
    const struct paint *p = &x->paint;
    bool known = l->label >= 0, right = l->label == l->said;
    int most = f->a.width < 60 ? f->a.width / 4 : f->a.width / 5;
    char text[TEXT];
    snprintf(text, sizeof text, "#%u", l->request.index);
    flow_put(f, p, split_name(l->request.split), THEME_TITLE, text);
    if (known)
        flow_put(f, p, "", right ? THEME_GOOD : THEME_BAD, right ? "RIGHT" : "WRONG");
    flow_put(f, p, "true", THEME_TEXT, known ? class_text(x, l->label, l->label_share, most, text) : "unreadable");
    if (known)
        flow_put(f, p, "said", right ? THEME_GOOD : THEME_BAD, class_text(x, l->said, l->said_share, most, text));
    snprintf(text, sizeof text, "%llu", (unsigned long long)l->step);
    if (!low)
        flow_put(f, p, "step", THEME_TEXT, text);
}

/* Which part of it is shown, and how old that is. What is still waited for comes first where little fits. */
static void put_choice(const struct view_context *x, struct flow *f) {
    const struct look *l = x->look;
    const struct paint *p = &x->paint;
    bool narrow = f->a.width < 60, waits;
    char text[TEXT], wanted[TEXT];
    waits = pending(x, wanted) != NULL;
    if (waits && narrow)
        flow_put(f, p, "waiting for", THEME_WARN, wanted);
    snprintf(text, sizeof text, "%d/%d", l->request.block + 1, l->depth);
    flow_put(f, p, "block", THEME_TITLE, text);
    if (l->request.head >= 0)
        snprintf(text, sizeof text, "%d/%d", l->request.head + 1, x->task->heads);
    else if (narrow)
        snprintf(text, sizeof text, "mean");
    else
        snprintf(text, sizeof text, "mean of %d", x->task->heads);
    flow_put(f, p, "head", THEME_TITLE, text);
    flow_put(f, p, "query", THEME_TITLE, query_text(l, narrow, text));
    if (waits && !narrow)
        flow_put(f, p, "waiting for", THEME_WARN, wanted);
    else if (!waits)
        flow_put(f, p, "", THEME_DIM, age_text(x->look_age, text));
}

/* The header; without a canvas it is measured. Returns the rows that it takes. */
static int draw_head(const struct view_context *x, struct canvas *c, struct area a) {
    bool low = a.height < 16;
    struct flow f = {.c = c, .a = canvas_part(a, 0, 0, low ? SMALL_HEAD : LARGE_HEAD, a.width)};
    put_image(x, &f, low);
    flow_line(&f);
    put_choice(x, &f);
    flow_line(&f);
    return f.y < f.a.height ? f.y : f.a.height;
}

/* The longest of some titles that fits, as they get shorter. */
static void draw_title(const struct view_context *x, struct canvas *c, struct area pane, const char *const *titles) {
    while (titles[1] && canvas_columns(titles[0]) >= pane.width)
        titles++;
    canvas_text(c, canvas_part(pane, 0, 0, 1, pane.width), 0, 0, theme_style(&x->paint, THEME_TITLE), titles[0]);
}

static void draw_pane_title(const struct view_context *x, struct canvas *c, struct area pane, enum attention_pane k) {
    char whole[TEXT], part[TEXT], least[TEXT];
    int chosen = x->look->request.prompt;
    snprintf(whole, TEXT, chosen < 0 ? "mean of PROMPTS -> patches" : "PROMPT %d -> patches", chosen + 1);
    snprintf(part, TEXT, chosen < 0 ? "prompts->patches" : "p %d -> patches", chosen + 1);
    snprintf(least, TEXT, chosen < 0 ? "prompts" : "prompt %d", chosen + 1);
    const char *const titles[ATTENTION_PANES][4] = {
        [ATTENTION_IMAGE] = {"image", NULL},
        [ATTENTION_QUERY] = {whole, part, least, NULL},
        [ATTENTION_CLS] = {"CLS -> patches", "CLS", NULL},
        [ATTENTION_ALONE] = {"CLS alone (no prompts)", "CLS alone", "alone", NULL},
        [ATTENTION_CHANGE] = {"CLS: with - without", "with - alone", "change", NULL},
    };
    draw_title(x, c, pane, titles[k]);
}

/* Why there is nothing to see of the query. */
static void say_no_prompts(const struct view_context *x, struct canvas *c, struct area a) {
    struct style s = theme_style(&x->paint, THEME_DIM);
    int y = a.height > 4 ? a.height / 2 - 1 : 0;
    canvas_text(c, a, y, 0, s, "no prompts here:");
    canvas_text(c, a, y + 1, 0, s, "they come in");
    canvas_print(c, a, y + 2, 0, s, "at block %d", x->look->first + 1);
}

/* Changes as a picture: the map of picture.h has no middle. Greys where there are no colours. */
static void draw_change(const struct view_context *x, const struct attention_facts *f, struct canvas *c,
                        struct area a) {
    size_t n = (size_t)f->side * (size_t)f->side;
    uint8_t *rgb = malloc(3 * (n ? n : 1));
    for (size_t i = 0; rgb && i < n; i++) {
        double share = f->most > 0 ? (double)f->change[i] / f->most : 0;
        uint32_t color = theme_change(x->paint.theme, share);
        if (x->paint.colors < 256)
            color = UINT32_C(0x010101) * (uint32_t)lround(127.5 * (share + 1));
        for (size_t k = 0; k < 3; k++)
            rgb[3 * i + k] = (uint8_t)(color >> (16 - 8 * k));
    }
    if (rgb)
        picture_draw(c, a, &x->paint, &(struct picture){.rgb = rgb, .side = f->side});
    free(rgb);
}

static void draw_map(const struct view_context *x, const struct attention_facts *f, struct canvas *c, struct area a,
                     enum attention_pane kind) {
    const float *const maps[ATTENTION_PANES] = {
        [ATTENTION_QUERY] = f->query, [ATTENTION_CLS] = f->cls, [ATTENTION_ALONE] = f->alone};
    bool plain = kind == ATTENTION_IMAGE || x->choice->image_only;
    struct picture p = {.rgb = look_rgb(x->look),
                        .side = x->look->side,
                        .map = plain ? NULL : maps[kind],
                        .map_side = f->side,
                        .map_low = (float)f->low,
                        .map_high = (float)f->high,
                        .strength = x->paint.colors < 256 ? 1 : 0.75f,
                        .peak = !plain};
    if (kind == ATTENTION_CHANGE)
        draw_change(x, f, c, a);
    else if (kind == ATTENTION_QUERY && !f->query)
        say_no_prompts(x, c, a);
    else
        picture_draw(c, a, &x->paint, &p);
}

/* One scale for all maps below them, that of the changes below these. */
static void draw_legends(const struct view_context *x, const struct attention_facts *f,
                         const struct attention_layout *o, struct canvas *c) {
    char low[64], high[64], n[32];
    int from = -1, to = -1;
    for (int i = 0; i < o->panes; i++) {
        struct area p = o->pane[i], row = canvas_part(p, p.height - 1, 0, 1, p.width);
        if (o->kind[i] == ATTENTION_CHANGE) {
            snprintf(low, sizeof low, "-%s", percent(f->most, n));
            snprintf(high, sizeof high, "+%s", percent(f->most, n));
            heat_legend(c, row, &x->paint, true, low, high);
        } else if (o->kind[i] == ATTENTION_IMAGE) {
            canvas_print(c, row, 0, 0, theme_style(&x->paint, THEME_DIM), "%d x %d px", x->look->side, x->look->side);
        } else {
            from = from < 0 ? i : from;
            to = i;
        }
    }
    if (from < 0 || x->choice->image_only)
        return;
    struct area first = o->pane[from], last = o->pane[to];
    struct area row = {first.y + first.height - 1, first.x, 1, last.x + last.width - first.x};
    const char *unit = row.width >= 44 ? " of a row's attention, one patch" : row.width >= 28 ? " a patch" : "";
    snprintf(high, sizeof high, "%s%s", percent(f->high, n), unit);
    heat_legend(c, row, &x->paint, false, percent(f->low, low), high);
}

/* A column of the table of numbers. */
struct column {
    char name[16];
    const struct attention_row *row;
    bool has_prompts;
};

enum { COLUMNS = 3, LABELS = 8, COLUMN = 7, NUMBERS = 5 };

/* Those that fit: CLS, without prompts if that is shown, and the query. Returns how many. */
static int choose_columns(const struct view_context *x, const struct attention_facts *f, int width,
                          struct column out[static COLUMNS]) {
    const struct look *l = x->look;
    int n = 0, most = (width - LABELS) / COLUMN;
    out[n++] = (struct column){"CLS", &f->of_cls, l->prompts > 0};
    if (l->first < l->depth && most > 1 + x->choice->alone) {
        out[n] = (struct column){"mean", &f->of_query, l->prompts > 0};
        if (l->request.prompt >= 0)
            snprintf(out[n].name, sizeof out[n].name, "p %d", l->request.prompt + 1);
        n++;
    }
    if (x->choice->alone && most > 1)
        out[n++] = (struct column){"alone", &f->of_alone, false};
    return n;
}

static const char *number_text(const struct column *k, int number, char out[static 32]) {
    const struct attention_row *r = k->row;
    const double shares[] = {r->cls, r->prompts, r->patches, r->peak};
    if (!r->known || (number == 1 && !k->has_prompts))
        return "-";
    if (number < 4)
        return percent(shares[number], out);
    snprintf(out, 32, "%.1f", r->bits);
    return out;
}

/* Where the attention of CLS, the query, and CLS without prompts goes. */
static void draw_numbers(const struct view_context *x, const struct attention_facts *f, struct canvas *c,
                         struct area a) {
    static const char *const labels[NUMBERS] = {"to CLS", "prompts", "patches", "peak", "entropy"};
    struct style dim = theme_style(&x->paint, THEME_DIM), text = theme_style(&x->paint, THEME_TEXT);
    struct column columns[COLUMNS];
    char most[TEXT], number[32];
    int n = choose_columns(x, f, a.width, columns), spare = a.height - NUMBERS - 3, y = 0;
    if (spare >= 0)
        canvas_text(c, a, y++, 0, theme_style(&x->paint, THEME_TITLE), "attention goes");
    canvas_text(c, a, y, 0, dim, "from");
    for (int i = 0; i < n; i++)
        canvas_print_right(c, canvas_part(a, y, LABELS + COLUMN * i, 1, COLUMN), 0, 0, dim, "%s", columns[i].name);
    for (int k = 0; k < NUMBERS; k++) {
        y += k == 3 && spare > 0 ? 2 : 1;
        canvas_text(c, a, y, 0, dim, labels[k]);
        for (int i = 0; i < n; i++)
            canvas_print_right(c, canvas_part(a, y, LABELS + COLUMN * i, 1, COLUMN), 0, 0, text, "%s",
                               number_text(&columns[i], k, number));
    }
    if (snprintf(most, sizeof most, "in bits, at most %.1f = log2 of %d", f->bits, x->look->patches) > a.width)
        snprintf(most, sizeof most, "in bits, at most %.1f", f->bits);
    canvas_text(c, a, y + 1, 0, dim, most);
}

/* What stands at the left of a strip, from above: NULL: nothing. */
static void draw_strip_title(const struct view_context *x, struct canvas *c, const struct attention_strip *s,
                             const char *const lines[3], const char *const labels[2]) {
    struct area a = canvas_part(s->at, 0, 0, s->at.height, ATTENTION_LABEL - 1);
    for (int i = 0; i < 3 && i < s->rows; i++)
        canvas_text(c, a, i, 0, theme_style(&x->paint, i ? THEME_DIM : THEME_TITLE), lines[i]);
    for (int i = 0; i < s->label_rows; i++)
        canvas_text(c, a, s->rows + i, 0, theme_style(&x->paint, THEME_DIM), labels[i]);
}

/* Lines at both sides of the chosen map, and its number in brackets. */
static void draw_frame(const struct view_context *x, struct canvas *c, const struct attention_strip *s, struct area m) {
    bool ascii = x->paint.glyphs == GLYPHS_ASCII;
    struct style mark = theme_style(&x->paint, THEME_MARK);
    for (int y = 0; y < s->rows; y++) {
        canvas_put(c, s->at, m.y - s->at.y + y, m.x - s->at.x - 1, ascii ? '[' : 0x2590, mark);
        canvas_put(c, s->at, m.y - s->at.y + y, m.x - s->at.x + m.width, ascii ? ']' : 0x258c, mark);
    }
}

/* One map of a strip on its own scale, its number, and in a second row its share. NULL: an empty one. */
static void draw_small(const struct view_context *x, struct canvas *c, const struct attention_strip *s, int i,
                       const float *map, int side, int number, double share, bool chosen) {
    struct area m = attention_layout_map(s, i), label = {m.y + m.height, m.x - 1, s->label_rows, m.width + 2};
    struct style dim = theme_style(&x->paint, THEME_DIM), style = chosen ? theme_style(&x->paint, THEME_SELECTED) : dim;
    char text[32], n[32];
    if (map)
        picture_draw(c, m, &x->paint, &(struct picture){.map = map, .map_side = side, .strength = 1});
    else
        canvas_fill(c, m, x->paint.glyphs == GLYPHS_ASCII ? '.' : 0xb7, dim);
    snprintf(text, sizeof text, chosen ? "[%d]" : "%d", number);
    canvas_text(c, label, 0, (label.width - canvas_columns(text)) / 2, style, text);
    const char *value = map ? short_percent(share, n) : "-";
    canvas_text(c, label, 1, (label.width - canvas_columns(value)) / 2, dim, value);
    if (chosen)
        draw_frame(x, c, s, m);
}

static int shown_in(const struct attention_strip *s) {
    return s->across * s->lines < s->count ? s->across * s->lines : s->count;
}

static void draw_blocks(const struct view_context *x, const struct attention_facts *f, struct canvas *c,
                        const struct attention_strip *s) {
    const struct look *l = x->look;
    bool of_query = l->first < l->depth;
    char title[TEXT];
    snprintf(title, sizeof title, of_query ? "blocks" : "CLS, blocks");
    if (shown_in(s) < l->depth)
        snprintf(title, sizeof title, "block %d-%d", s->first + 1, s->first + shown_in(s));
    draw_strip_title(x, c, s, (const char *[]){title, "own scales", of_query ? "of query" : "of CLS"},
                     (const char *[]){"block", "peak"});
    for (int i = 0; i < shown_in(s); i++) {
        int b = s->first + i;
        const float *map = (of_query ? look_query(l) : look_cls(l)) + (size_t)b * (size_t)l->patches;
        double peak = 0;
        for (int k = 0; k < l->patches; k++)
            peak = fmax(peak, (double)map[k]);
        draw_small(x, c, s, i, of_query && b < l->first ? NULL : map, f->side, b + 1, peak, b == l->request.block);
    }
}

static void draw_prompts(const struct view_context *x, const struct attention_facts *f, struct canvas *c,
                         const struct attention_strip *s) {
    const struct look *l = x->look;
    int shown = shown_in(s), *order = calloc((size_t)(shown > 0 ? shown : 1), sizeof *order);
    char many[TEXT];
    bool all = shown == s->count;
    if (!order)
        return;
    snprintf(many, sizeof many, "%d of %d", shown, s->count);
    draw_strip_title(x, c, s, (const char *[]){all ? "prompts" : many, "own scales", all ? "" : "prompts"},
                     (const char *[]){"top by CLS", "CLS's share"});
    shown = attention_facts_rank(l, l->request.prompt, shown, order);
    for (int i = 0; i < shown; i++)
        draw_small(x, c, s, i, attention_facts_prompt_map(l, order[i]), f->side, order[i] + 1,
                   attention_facts_of_prompt(l, order[i]), order[i] == l->request.prompt);
    free(order);
}

/* Before the first look. */
static void say_waiting(const struct view_context *x, struct canvas *c, struct area a) {
    const struct choice *k = x->choice;
    char heads[32];
    struct style text = theme_style(&x->paint, THEME_TEXT), dim = theme_style(&x->paint, THEME_DIM);
    struct area at = canvas_part(a, a.height / 3, 2, a.height, a.width - 2);
    if (x->task->images[k->split] == 0) {
        canvas_print(c, at, 0, 0, text, "The data has no %s images.", split_name(k->split));
        canvas_text(c, at, 1, 0, dim, "x chooses another split");
        return;
    }
    snprintf(heads, sizeof heads, k->head < 0 ? "mean of heads" : "head %d", k->head + 1);
    canvas_print(c, at, 0, 0, text, "Waiting for attention of %s #%u", split_name(k->split), k->image);
    canvas_print(c, at, 1, 0, dim, "block %d, %s", k->block + 1, heads);
    if (x->now->phase == PHASE_STARTING)
        canvas_text(c, at, 3, 0, dim, "It comes once the model is ready.");
    else
        canvas_text(c, at, 3, 0, dim, "It is computed between two chunks.");
}

static void draw(const struct view_context *x, struct canvas *c, struct area a) {
    struct attention_facts f;
    struct attention_layout o;
    if (!x->look || !attention_facts_make(x->look, x->choice->alone, &f)) {
        say_waiting(x, c, a);
        return;
    }
    attention_layout_make(x->look, x->choice->alone, a, draw_head(x, c, a), &o);
    for (int i = 0; i < o.panes; i++) {
        int title = o.title, rows = o.pane[i].height - title - o.legend;
        if (title)
            draw_pane_title(x, c, o.pane[i], o.kind[i]);
        draw_map(x, &f, c, canvas_part(o.pane[i], title, 0, rows, o.pane[i].width), o.kind[i]);
    }
    if (o.legend)
        draw_legends(x, &f, &o, c);
    draw_numbers(x, &f, c, o.numbers);
    if (o.blocks.at.height > 0)
        draw_blocks(x, &f, c, &o.blocks);
    if (o.prompts.at.height > 0)
        draw_prompts(x, &f, c, &o.prompts);
    attention_facts_free(&f);
}

static bool click(const struct view_context *x, struct area a, int y, int x_, char *command, size_t size) {
    struct attention_layout o;
    const struct look *l = x->look;
    if (!l)
        return false;
    attention_layout_make(l, x->choice->alone, a, draw_head(x, NULL, a), &o);
    int block = attention_layout_hit(&o.blocks, a.y + y, a.x + x_);
    if (block >= 0)
        snprintf(command, size, "select block %d", o.blocks.first + block + 1);
    int prompt = attention_layout_hit(&o.prompts, a.y + y, a.x + x_);
    if (prompt < 0)
        return block >= 0;
    int shown = shown_in(&o.prompts), *order = calloc((size_t)shown, sizeof *order);
    if (!order)
        return false;
    attention_facts_rank(l, l->request.prompt, shown, order);
    snprintf(command, size, "select prompt %d", order[prompt] + 1);
    free(order);
    return true;
}

const struct view attention_view = {.name = "attention", .title = "Attention", .draw = draw, .click = click};
