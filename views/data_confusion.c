#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "views/class_name.h"
#include "views/data_private.h"
#include "views/heat.h"

enum { CELL_MOST = 8, PAIRS = 8, BAR_MOST = 30 };

/* A matrix and how its classes lie in cells. */
struct matrix {
    const struct view_context *x;
    const uint32_t *counts; /* [classes, classes] */
    int classes;
    uint32_t most;  /* images of one pair of different classes; of one cell where they are merged */
    int wide, high; /* columns and rows of a cell; 0: several classes a cell */
    int each;       /* classes a side of a cell */
    bool halves;    /* two cells in one: upper and lower half block */
    int span;       /* columns of a cell of merged classes */
    int digits;     /* of the greatest count */
    int labels;     /* columns for the names of rows */
};

static uint32_t count_of(const struct matrix *m, int label, int said) {
    return m->counts[(size_t)label * (size_t)m->classes + (size_t)said];
}

static uint32_t images_of(const struct matrix *m, int label) {
    uint32_t n = 0;
    for (int i = 0; i < m->classes; i++)
        n += count_of(m, label, i);
    return n;
}

static bool has_colors(const struct view_context *x) {
    return x->paint.colors >= 256;
}

/* What a cell of merged classes holds. */
struct sum {
    uint32_t right, wrong, images; /* on the diagonal, beside it; of the classes in the diagonal's rows */
    bool diagonal;
};

static struct sum sum_of(const struct matrix *m, int row, int column) {
    struct sum s = {.diagonal = row == column};
    for (int i = row * m->each; i < (row + 1) * m->each && i < m->classes; i++) {
        for (int k = column * m->each; k < (column + 1) * m->each && k < m->classes; k++) {
            s.right += i == k ? count_of(m, i, k) : 0;
            s.wrong += i == k ? 0 : count_of(m, i, k);
        }
        s.images += s.diagonal ? images_of(m, i) : 0;
    }
    return s;
}

static int cells_of(const struct matrix *m) {
    return (m->classes + m->each - 1) / m->each;
}

static void find_most(struct matrix *m) {
    m->most = 0;
    for (int i = 0; i < cells_of(m); i++)
        for (int k = 0; k < cells_of(m); k++) {
            struct sum s = sum_of(m, i, k);
            if (!s.diagonal && s.wrong > m->most)
                m->most = s.wrong;
        }
}

/* Right ones from the paper to grey, which the map of heat does not have, wrong ones on the map of heat, nothing a
 * little off the paper.
 */
static uint32_t color_of(const struct matrix *m, const struct sum *s) {
    const struct paint *p = &m->x->paint;
    uint32_t paper = theme_style(p, THEME_TEXT).paper, neutral = 0xb8b8b8;
    double share = s->images ? (double)s->right / s->images : 0;
    if (paper == CANVAS_DEFAULT)
        paper = 0x000000;
    if (s->diagonal)
        return theme_mix(paper, neutral, 0.15 + 0.55 * share);
    return s->wrong ? theme_heat(p->theme, (double)s->wrong / m->most) : theme_mix(paper, 0x808080, 0.15);
}

static uint32_t contrast(uint32_t paper) {
    uint32_t light = (paper >> 16 & 0xff) * 3 + (paper >> 8 & 0xff) * 6 + (paper & 0xff);
    return light > 1275 ? 0x000000 : 0xffffff;
}

/* Names of the rows' classes are as long as the cells leave room for. */
static int longest_name(const struct matrix *m) {
    char name[CLASS_NAME];
    int longest = 0;
    for (int i = 0; i < m->classes; i++) {
        int columns = canvas_columns(class_name_fit(m->x->task, i, CLASS_NAME, name));
        longest = columns > longest ? columns : longest;
    }
    return longest;
}

static int digits(uint32_t n) {
    int d = 1;
    for (; n >= 10; n /= 10)
        d++;
    return d;
}

/* A cell a class where that fits, with the counts in them if it can be; else several classes a cell, those the size of
 * half a cell of the screen where it has half blocks and colours. */
static void choose_cells(struct matrix *m, int height, int width) {
    uint32_t greatest = 0;
    for (size_t i = 0; i < (size_t)m->classes * (size_t)m->classes; i++)
        greatest = m->counts[i] > greatest ? m->counts[i] : greatest;
    int number = digits((uint32_t)m->classes) + 1, wanted = digits(greatest) + 1, name = longest_name(m);
    m->digits = digits(greatest);
    m->each = 1;
    if (m->classes <= height && m->classes * 2 + number <= width) {
        m->high = height / m->classes < 3 ? height / m->classes : 3;
        int free = width - number - (name < 12 ? name : 12) - 1;
        m->wide = free / m->classes < wanted ? wanted : free / m->classes;
        m->wide = m->wide > CELL_MOST ? CELL_MOST : m->wide;
        if (m->wide * m->classes + number > width)
            m->wide = (width - number) / m->classes;
        m->labels = width - m->wide * m->classes;
        m->labels = m->labels > number + name + 1 ? number + name + 1 : m->labels;
        return;
    }
    m->halves = has_colors(m->x) && m->x->paint.glyphs != GLYPHS_ASCII;
    m->labels = number;
    m->span = m->halves ? 1 : 2;
    int down = m->halves ? 2 * height : height, across = (width - number) / m->span;
    while (m->each < m->classes && (cells_of(m) > down || cells_of(m) > across))
        m->each++;
}

/* Where text of so many columns begins in a cell: the longest counts stand in the middle, shorter ones end as these. */
static int start_in_cell(const struct matrix *m, int columns) {
    int start = (m->wide + m->digits + 1) / 2 - columns;
    return start > 0 ? start : 0;
}

/* A cell of one class by another: its count, on its colour. */
static void draw_cell(struct canvas *c, struct area a, const struct matrix *m, int label, int said) {
    struct area cell = canvas_part(a, label * m->high, m->labels + said * m->wide, m->high, m->wide);
    struct sum s = sum_of(m, label, said);
    uint32_t n = count_of(m, label, said), paper = n > 0 && has_colors(m->x) ? color_of(m, &s) : CANVAS_DEFAULT;
    bool fits = digits(n) < m->wide, bad = 2 * n >= m->most;
    struct style style = theme_style(&m->x->paint, n == 0       ? THEME_DIM
                                                   : s.diagonal ? THEME_GOOD
                                                   : bad        ? THEME_BAD
                                                                : THEME_WARN);
    char text[16];
    if (paper != CANVAS_DEFAULT) {
        style = (struct style){contrast(paper), paper, 0};
        canvas_fill(c, cell, ' ', style);
    }
    snprintf(text, sizeof text, "%u", n);
    if (n == 0)
        strcpy(text, m->x->paint.glyphs == GLYPHS_ASCII ? "." : "\u00b7");
    else if (!fits && has_colors(m->x))
        return;
    else if (!fits)
        strcpy(text, s.diagonal ? "=" : bad ? "#" : "+");
    canvas_text(c, cell, m->high / 2, start_in_cell(m, canvas_columns(text)), style, text);
}

static void draw_cells(struct canvas *c, struct area a, const struct matrix *m) {
    const struct view_context *x = m->x;
    struct style dim = theme_style(&x->paint, THEME_DIM), text = theme_style(&x->paint, THEME_TEXT);
    char name[CLASS_NAME];
    int number = digits((uint32_t)m->classes);
    for (int i = 0; i < m->classes; i++) {
        struct area column = canvas_part(a, 0, m->labels + i * m->wide, 1, m->wide);
        int wide = digits((uint32_t)i + 1);
        if (number < m->wide || i % 2 == 0)
            canvas_print(c, number < m->wide ? column : canvas_part(a, 0, m->labels + i * m->wide, 1, a.width), 0,
                         number < m->wide ? start_in_cell(m, wide) : 0, dim, "%d", i + 1);
        struct area row = canvas_part(a, 1 + i * m->high + m->high / 2, 0, 1, m->labels - 1);
        canvas_print(c, row, 0, 0, dim, "%*d", number, i + 1);
        canvas_text(c, row, 0, number + 1, text, class_name_fit(x->task, i, row.width - number - 1, name));
    }
    for (int i = 0; i < m->classes; i++)
        for (int k = 0; k < m->classes; k++)
            draw_cell(c, canvas_part(a, 1, 0, a.height - 1, a.width), m, i, k);
}

/* The glyph of merged classes where there are no colours. */
static uint32_t shade_of(const struct matrix *m, const struct sum *s) {
    if (s->diagonal)
        return s->images == 0 ? ' ' : 2 * s->right >= s->images ? '=' : '-';
    return s->wrong == 0 ? ' ' : theme_shade(0.1 + 0.9 * s->wrong / m->most);
}

/* The cell at (y, x) of the map: one of merged classes, or an upper and a lower one. */
static void draw_merged_cell(struct canvas *c, struct area map, const struct matrix *m, int y, int x) {
    struct style s = theme_style(&m->x->paint, THEME_TEXT);
    int row = m->halves ? 2 * y : y;
    struct sum upper = sum_of(m, row, x / m->span);
    if (!has_colors(m->x)) {
        canvas_put(c, map, y, x, shade_of(m, &upper), s);
        return;
    }
    s.ink = s.paper = color_of(m, &upper);
    if (m->halves) {
        struct sum lower = sum_of(m, row + 1, x);
        s.paper = row + 1 < cells_of(m) ? color_of(m, &lower) : CANVAS_DEFAULT;
    }
    canvas_put(c, map, y, x, m->halves ? 0x2580 : ' ', s);
}

static void draw_merged(struct canvas *c, struct area a, const struct matrix *m) {
    struct style dim = theme_style(&m->x->paint, THEME_DIM);
    int cells = cells_of(m), each = m->halves ? 2 : 1;
    struct area map = canvas_part(a, 1, m->labels, (cells + each - 1) / each, cells * m->span);
    canvas_text(c, a, 0, m->labels, dim, "1");
    canvas_print_right(c, canvas_part(a, 0, 0, 1, m->labels + map.width), 0, 0, dim, "%d", m->classes);
    canvas_print_right(c, canvas_part(a, 1, 0, 1, m->labels - 1), 0, 0, dim, "1");
    canvas_print(c, canvas_part(a, map.height, 0, 1, m->labels), 0, 0, dim, "%d", m->classes);
    for (int y = 0; y < map.height; y++)
        for (int x = 0; x < map.width; x++)
            draw_merged_cell(c, map, m, y, x);
}

/* What the colours say. */
static void draw_legend(const struct matrix *m, struct canvas *c, struct area a) {
    struct style dim = theme_style(&m->x->paint, THEME_DIM);
    struct sum all = {.diagonal = true, .right = 1, .images = 1};
    char high[32];
    int at = 0;
    if (has_colors(m->x)) {
        canvas_fill(c, canvas_part(a, 0, 0, 1, 2), ' ', (struct style){CANVAS_DEFAULT, color_of(m, &all), 0});
        at = 3 + canvas_text(c, a, 0, 3, dim, "right   wrong") + 1;
    } else if (m->wide == 0) {
        at = canvas_text(c, a, 0, 0, dim, "= right, wrong") + 1;
    }
    snprintf(high, sizeof high, "%u", m->most);
    if (at > 0 && m->most > 1)
        heat_legend(c, canvas_part(a, 0, at, 1, 24), &m->x->paint, false, "1", high);
}

struct pair {
    int label, said;
    uint32_t count;
};

/* The pairs of different classes with the most images, at most PAIRS. */
static int find_pairs(const struct matrix *m, struct pair out[static PAIRS]) {
    int n = 0;
    for (int i = 0; i < m->classes; i++)
        for (int k = 0; k < m->classes; k++) {
            uint32_t count = count_of(m, i, k);
            if (i == k || count == 0 || (n == PAIRS && count <= out[n - 1].count))
                continue;
            int at = n < PAIRS ? n++ : n - 1;
            for (; at > 0 && count > out[at - 1].count; at--)
                out[at] = out[at - 1];
            out[at] = (struct pair){i, k, count};
        }
    return n;
}

static void draw_pairs(const struct matrix *m, struct canvas *c, struct area a) {
    struct pair pairs[PAIRS];
    int n = find_pairs(m, pairs);
    for (int i = 0; i < n && i < a.height; i++) {
        char name[CLASS_NAME];
        int wide = digits(pairs[0].count), most = (a.width - wide - 4 - 9) / 2;
        struct style dim = theme_style(&m->x->paint, THEME_DIM), text = theme_style(&m->x->paint, THEME_TEXT);
        int at = canvas_print(c, a, i, 0, theme_style(&m->x->paint, THEME_BAD), "%*u x", wide, pairs[i].count) + 2;
        at += canvas_text(c, a, i, at, text, class_name_fit(m->x->task, pairs[i].label, most, name));
        at += canvas_text(c, a, i, at, dim, " -> said ");
        canvas_text(c, a, i, at, text, class_name_fit(m->x->task, pairs[i].said, most, name));
    }
}

static void draw_title(const struct matrix *m, struct canvas *c, struct area a) {
    struct style title = theme_style(&m->x->paint, THEME_TITLE);
    char text[64];
    snprintf(text, sizeof text, "rows true, columns said, %d x %d classes a cell", m->each, m->each);
    if (m->each == 1)
        canvas_text(c, a, 0, 0, title, "rows true, columns said");
    else if (canvas_columns(text) <= a.width)
        canvas_text(c, a, 0, 0, title, text);
    else
        canvas_print(c, a, 0, 0, title, "true by said, %d x %d a cell", m->each, m->each);
}

void data_confusion_draw(const struct view_context *x, struct canvas *c, struct area a) {
    const struct predictions *p = x->predictions;
    struct matrix m = {.x = x, .counts = predictions_confusion(p), .classes = p->classes};
    int pairs = a.height >= 14 ? 2 + (a.height - 14) / 6 : 0;
    if (m.classes <= 0 || a.height < 5 || a.width < 12)
        return;
    /* Title, numbers of the columns, scale; a blank row above the pairs. */
    choose_cells(&m, a.height - 3 - pairs, a.width);
    find_most(&m);
    draw_title(&m, c, a);
    struct area body = canvas_part(a, 1, 0, a.height - 1, a.width);
    int rows = m.wide > 0 ? m.classes * m.high : m.halves ? (cells_of(&m) + 1) / 2 : cells_of(&m);
    if (m.wide > 0)
        draw_cells(c, body, &m);
    else
        draw_merged(c, body, &m);
    draw_legend(&m, c, canvas_part(body, rows + 1, 0, 1, body.width));
    draw_pairs(&m, c, canvas_part(body, rows + 2, 0, body.height, body.width));
}

struct class_line {
    int class;
    uint32_t images, right;
};

static double top1_of(const struct class_line *l) {
    return (double)l->right / l->images;
}

/* The worst first; of equal ones that with more images; those without any last. */
static int compare(const void *a, const void *b) {
    const struct class_line *l = a, *r = b;
    if (l->images == 0 || r->images == 0)
        return l->images == r->images ? l->class - r->class : l->images == 0 ? 1 : -1;
    double of_l = top1_of(l), of_r = top1_of(r);
    if (of_l < of_r || of_l > of_r)
        return of_l < of_r ? -1 : 1;
    return l->images != r->images ? (l->images > r->images ? -1 : 1) : l->class - r->class;
}

/* A line over its share of the area, dots over the rest. */
static void draw_bar(const struct view_context *x, struct canvas *c, struct area a, double share) {
    static const enum theme_role roles[SPLITS] = {THEME_TRAIN, THEME_VAL, THEME_TEST};
    struct style s = theme_style(&x->paint, roles[x->predictions->split]), dim = theme_style(&x->paint, THEME_DIM);
    bool ascii = x->paint.glyphs == GLYPHS_ASCII;
    int full = (int)(share * a.width + 0.5);
    for (int i = 0; i < a.width; i++)
        canvas_put(c, a, 0, i, i < full ? (ascii ? '=' : 0x2501) : ascii ? '.' : 0xb7, i < full ? s : dim);
}

/* What the data is, and how many images its splits have. */
static void draw_sizes(const struct view_context *x, struct canvas *c, struct area a) {
    struct style dim = theme_style(&x->paint, THEME_DIM);
    int at = 0;
    canvas_text(c, a, 0, 0, theme_style(&x->paint, THEME_TITLE), x->now->data);
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++) {
        char text[64];
        snprintf(text, sizeof text, "%s %zu  ", split_name(s), x->task->images[s]);
        if (at + canvas_columns(text) - 2 <= a.width)
            at += canvas_text(c, a, 1, at, dim, text);
    }
}

void data_classes_draw(const struct view_context *x, struct canvas *c, struct area a) {
    const struct predictions *p = x->predictions;
    struct matrix m = {.x = x, .counts = predictions_confusion(p), .classes = p->classes};
    struct class_line *lines = calloc((size_t)(m.classes > 0 ? m.classes : 1), sizeof *lines);
    int name = longest_name(&m), room = a.width - 14, shown = a.height - 2;
    char text[CLASS_NAME];
    if (!lines)
        return;
    for (int i = 0; i < m.classes; i++)
        lines[i] = (struct class_line){i, images_of(&m, i), count_of(&m, i, i)};
    qsort(lines, (size_t)m.classes, sizeof *lines, compare);
    name = name > room * 6 / 10 ? room * 6 / 10 : name;
    int bar = room - name - 1 > BAR_MOST ? BAR_MOST : room - name - 1;
    struct style dim = theme_style(&x->paint, THEME_DIM);
    canvas_text(c, a, 0, 0, theme_style(&x->paint, THEME_TITLE), "classes, the worst first");
    canvas_text(c, a, 1, 0, dim, "class");
    canvas_print_right(c, canvas_part(a, 1, 0, 1, name + bar + 14), 0, 0, dim, "top-1 images");
    for (int i = 0; i < m.classes && i < shown; i++) {
        const struct class_line *l = &lines[i];
        struct area row = canvas_part(a, 2 + i, 0, 1, name + bar + 14);
        if (i == shown - 1 && m.classes > shown) {
            canvas_print(c, row, 0, 0, dim, "and %d more", m.classes - i);
            break;
        }
        canvas_text(c, row, 0, 0, theme_style(&x->paint, THEME_TEXT), class_name_fit(x->task, l->class, name, text));
        if (l->images > 0) {
            draw_bar(x, c, canvas_part(row, 0, name + 1, 1, bar), top1_of(l));
            canvas_print_right(c, row, 0, 7, theme_style(&x->paint, THEME_TEXT), "%s", data_percent(top1_of(l), text));
        }
        canvas_print_right(c, row, 0, 0, theme_style(&x->paint, THEME_TEXT), "%u", l->images);
    }
    free(lines);
    if (m.classes + 5 < a.height)
        draw_sizes(x, c, canvas_part(a, a.height - 2, 0, 2, a.width));
}
