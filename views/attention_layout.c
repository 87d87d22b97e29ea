#include <string.h>

#include "views/attention_private.h"

enum {
    GAP = 1,      /* columns between panes */
    NUMBERS = 22, /* columns of the table of numbers; COLUMN more with a third column */
    COLUMN = 7,
    TABLE = 8,       /* its rows, where it lies below the panes */
    STRIP_LEAST = 2, /* rows of a map in a strip */
    STRIP_MOST = 8,
    LINES_MOST = 4
};

/* A choice of panes, and how large their maps must be at least for it to be taken. */
struct plan {
    int least, count;
    enum attention_pane kind[ATTENTION_PANES];
};

/* From rich to poor. */
static const struct plan with_prompts[] = {
    {8, 3, {ATTENTION_IMAGE, ATTENTION_QUERY, ATTENTION_CLS}},
    {6, 2, {ATTENTION_QUERY, ATTENTION_CLS}},
    {1, 1, {ATTENTION_QUERY}},
};
static const struct plan without_prompts[] = {
    {6, 2, {ATTENTION_IMAGE, ATTENTION_CLS}},
    {1, 1, {ATTENTION_CLS}},
};
static const struct plan beside_alone[] = {
    {7, 5, {ATTENTION_IMAGE, ATTENTION_QUERY, ATTENTION_CLS, ATTENTION_ALONE, ATTENTION_CHANGE}},
    {7, 4, {ATTENTION_QUERY, ATTENTION_CLS, ATTENTION_ALONE, ATTENTION_CHANGE}},
    {7, 3, {ATTENTION_CLS, ATTENTION_ALONE, ATTENTION_CHANGE}},
    {6, 2, {ATTENTION_CLS, ATTENTION_ALONE}},
    {1, 1, {ATTENTION_ALONE}},
};
static const struct plan alone_without_prompts[] = {
    {7, 4, {ATTENTION_IMAGE, ATTENTION_CLS, ATTENTION_ALONE, ATTENTION_CHANGE}},
    {7, 3, {ATTENTION_CLS, ATTENTION_ALONE, ATTENTION_CHANGE}},
    {6, 2, {ATTENTION_CLS, ATTENTION_ALONE}},
    {1, 1, {ATTENTION_ALONE}},
};

/* Room for everything but the maps of the panes. */
struct rest {
    int title, legend, strips; /* rows; strips in all */
    int numbers;               /* columns beside, or rows below */
    bool beside;
};

static int map_rows(const struct plan *p, struct area body, const struct rest *r) {
    int height = body.height - r->title - r->legend - r->strips - (r->beside ? 0 : r->numbers);
    int width = body.width - (p->count - 1) * GAP - (r->beside ? r->numbers + 2 : 0);
    int rows = width / (2 * p->count);
    return rows < height ? rows : height;
}

/* Lays the panes side by side and the numbers beside or below. Returns the rows that are taken. */
static int place(const struct plan *p, struct area body, const struct rest *r, int rows, struct attention_layout *out) {
    int height = r->title + rows + r->legend;
    out->panes = p->count;
    out->title = r->title > 0;
    out->legend = r->legend > 0;
    for (int i = 0; i < p->count; i++) {
        out->kind[i] = p->kind[i];
        out->pane[i] = canvas_part(body, 0, i * (2 * rows + GAP), height, 2 * rows);
    }
    int right = p->count * (2 * rows + GAP) + 1;
    if (r->beside)
        out->numbers = canvas_part(body, 0, right, height, body.width - right);
    else
        out->numbers = canvas_part(body, height, 0, r->numbers, body.width);
    return height + (r->beside ? 0 : r->numbers);
}

/* The panes that are shown: the richest plan that fits beside the numbers, or above them. */
static int choose(const struct plan *plans, struct area body, int strips, int numbers, struct attention_layout *out) {
    struct rest r = {.title = body.height > 3, .legend = body.height > 6, .strips = strips};
    for (const struct plan *p = plans;; p++) {
        r.beside = true;
        r.numbers = numbers;
        int beside = map_rows(p, body, &r);
        r.beside = false;
        r.numbers = TABLE;
        int below = map_rows(p, body, &r);
        bool is_beside = beside >= below || beside >= p->least;
        int rows = is_beside ? beside : below;
        if (rows < p->least && p->count > 1)
            continue;
        r.beside = is_beside;
        r.numbers = is_beside ? numbers : TABLE;
        return place(p, body, &r, rows > 0 ? rows : 0, out);
    }
}

static void fit_across(struct attention_strip *s, int width) {
    int across = (width - ATTENTION_LABEL) / (2 * s->rows + 1);
    s->across = across < s->count ? across : s->count;
}

static int strip_rows(const struct attention_strip *s) {
    return s->count > 0 ? s->lines * (s->rows + s->label_rows) : 0;
}

/* Makes a strip's maps as large as `rows` more allow without one falling out, then adds lines for what is hidden, then
 * a row of numbers. Returns the rows that it used. */
static int grow(struct attention_strip *s, int width, int rows) {
    int before = strip_rows(s);
    if (s->count == 0)
        return 0;
    while (s->rows < STRIP_MOST && strip_rows(s) + 1 - before <= rows) {
        struct attention_strip more = *s;
        more.rows++;
        fit_across(&more, width);
        if (more.across < s->across)
            break;
        *s = more;
    }
    while (s->lines < LINES_MOST && s->lines * s->across < s->count &&
           strip_rows(s) + s->rows + s->label_rows - before <= rows)
        s->lines++;
    if (strip_rows(s) + s->lines - before <= rows)
        s->label_rows = 2;
    return strip_rows(s) - before;
}

/* The strips lie at the bottom, blocks above prompts. */
static void place_strips(const struct look *l, struct area a, int rows, struct attention_layout *out) {
    struct attention_strip *blocks = &out->blocks, *prompts = &out->prompts;
    fit_across(blocks, a.width);
    fit_across(prompts, a.width);
    int left = rows - strip_rows(blocks) - strip_rows(prompts);
    left -= grow(blocks, a.width, prompts->count ? left / 2 : left);
    left -= grow(prompts, a.width, left);
    grow(blocks, a.width, left);
    int first = l->request.block - blocks->across / 2, most = blocks->count - blocks->across;
    blocks->first = first < 0 ? 0 : first > most ? most : first;
    int y = a.height - strip_rows(blocks) - strip_rows(prompts);
    blocks->at = canvas_part(a, y, 0, strip_rows(blocks), a.width);
    prompts->at = canvas_part(a, y + strip_rows(blocks), 0, strip_rows(prompts), a.width);
}

static const struct plan *plans_for(const struct look *l, bool alone) {
    if (l->first >= l->depth)
        return alone ? alone_without_prompts : without_prompts;
    return alone ? beside_alone : with_prompts;
}

void attention_layout_make(const struct look *l, bool alone, struct area a, int head, struct attention_layout *out) {
    struct area body = canvas_part(a, head, 0, a.height - head, a.width);
    struct attention_strip strip = {.rows = STRIP_LEAST, .label_rows = 1, .lines = 1};
    bool strips = a.height >= 16 && a.width >= 40;
    memset(out, 0, sizeof *out);
    out->head = canvas_part(a, 0, 0, head, a.width);
    out->blocks = out->prompts = strip;
    out->blocks.count = strips ? l->depth : 0;
    out->prompts.count = strips ? l->prompts : 0;
    int least = strip_rows(&out->blocks) + strip_rows(&out->prompts);
    int taken = choose(plans_for(l, alone), body, least, NUMBERS + (alone ? COLUMN : 0), out);
    place_strips(l, body, body.height - taken, out);
}

struct area attention_layout_map(const struct attention_strip *s, int i) {
    int line = i / s->across, column = i % s->across;
    return canvas_part(s->at, line * (s->rows + s->label_rows), ATTENTION_LABEL + column * (2 * s->rows + 1), s->rows,
                       2 * s->rows);
}

int attention_layout_hit(const struct attention_strip *s, int y, int x) {
    int shown = s->across * s->lines < s->count ? s->across * s->lines : s->count;
    for (int i = 0; i < shown && s->at.height > 0; i++) {
        struct area m = attention_layout_map(s, i);
        if (y >= m.y && y < m.y + s->rows + s->label_rows && x >= m.x && x < m.x + m.width)
            return i;
    }
    return -1;
}
