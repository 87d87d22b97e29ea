#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "views/class_name.h"
#include "views/data_private.h"
#include "views/picture.h"

enum { SIDE = 16, MARK = 2, PERCENT = 5, INDEX = 6 }; /* pixels asked for; columns */

/* Whether image a stands before image b among the errors: the surer ones first, then in the split's order. */
static bool is_before(const struct predictions *p, uint32_t a, uint32_t b) {
    float of_a = p->images[a].said_share, of_b = p->images[b].said_share;
    return of_a > of_b || (!(of_a < of_b) && a < b);
}

/* Restores the heap whose root is the last in order, from place i down. */
static void sift(const struct predictions *p, uint32_t *heap, size_t n, size_t i) {
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && is_before(p, heap[child], heap[child + 1]))
            child++;
        if (!is_before(p, heap[i], heap[child]))
            return;
        uint32_t swapped = heap[i];
        heap[i] = heap[child];
        heap[child] = swapped;
    }
}

/* The first `most` errors by a heap of that size: the root gives way to what stands before it. */
static size_t errors(const struct predictions *p, size_t most, uint32_t *out) {
    size_t n = 0;
    bool is_heap = false;
    for (size_t k = 0; k < p->count && most > 0; k++) {
        uint32_t i = (uint32_t)k;
        if (p->images[k].said == p->images[k].label)
            continue;
        if (n < most) {
            out[n++] = i;
            continue;
        }
        for (size_t root = n / 2; !is_heap && root-- > 0;)
            sift(p, out, n, root);
        is_heap = true;
        if (is_before(p, i, out[0])) {
            out[0] = i;
            sift(p, out, n, 0);
        }
    }
    for (size_t root = n / 2; !is_heap && root-- > 0;)
        sift(p, out, n, root);
    for (size_t end = n; end > 1; end--) {
        uint32_t last = out[0];
        out[0] = out[end - 1];
        out[end - 1] = last;
        sift(p, out, end - 1, 0);
    }
    return n;
}

size_t view_samples(const struct predictions *p, const struct choice *choice, size_t most, uint32_t *out) {
    size_t n = 0;
    if (!choice->all_samples)
        return errors(p, most, out);
    for (; n < p->count && n < most; n++)
        out[n] = (uint32_t)n;
    return n;
}

bool data_list_make(const struct view_context *x, struct data_list *out) {
    size_t most = x->predictions->count;
    uint32_t *order = calloc(most ? most : 1, sizeof *order);
    if (!order)
        return false;
    *out = (struct data_list){order, view_samples(x->predictions, x->choice, most, order)};
    return true;
}

void data_list_free(struct data_list *l) {
    free(l->order);
    *l = (struct data_list){0};
}

static const struct prediction *at_row(const struct view_context *x, const struct data_list *l, size_t row) {
    return &x->predictions->images[l->order[row]];
}

size_t data_list_first(const struct view_context *x, const struct data_list *l, const struct data_layout *o) {
    size_t shown = (size_t)o->shown, most = l->count > shown ? l->count - shown : 0;
    int scroll = x->choice->scroll[VIEW_DATA], sample = x->choice->sample;
    size_t first = scroll > 0 ? (size_t)scroll : 0, chosen = sample > 0 ? (size_t)sample : 0;
    if (scroll <= 0 && chosen >= shown)
        first = chosen - shown + 1;
    return first < most ? first : most;
}

void data_list_wanted(const struct view_context *x, struct area a, struct pictures_request *out) {
    struct data_layout o;
    struct data_list list;
    out->side = SIDE;
    data_layout_make(a, &o);
    if (!x->predictions || o.entry == 1 || !data_list_make(x, &list))
        return;
    out->split = x->predictions->split;
    size_t first = data_list_first(x, &list, &o);
    for (int i = 0; i < o.shown && i < LOOK_PICTURES && first + (size_t)i < list.count; i++)
        out->index[out->count++] = at_row(x, &list, first + (size_t)i)->index;
    data_list_free(&list);
}

/* The picture of an image among those that came; NULL: it did not yet. */
static const uint8_t *picture_of(const struct view_context *x, uint32_t index) {
    const struct pictures *p = x->pictures;
    if (!p || p->request.split != x->predictions->split)
        return NULL;
    size_t bytes = 3 * (size_t)p->request.side * (size_t)p->request.side;
    for (int i = 0; i < p->request.count; i++)
        if (p->request.index[i] == index)
            return p->rgb + (size_t)i * bytes;
    return NULL;
}

static void draw_thumbnail(const struct view_context *x, struct canvas *c, struct area a, uint32_t index) {
    const uint8_t *rgb = picture_of(x, index);
    if (rgb)
        picture_draw(c, a, &x->paint, &(struct picture){.rgb = rgb, .side = x->pictures->request.side});
    else
        canvas_fill(c, a, x->paint.glyphs == GLYPHS_ASCII ? '.' : 0xb7, theme_style(&x->paint, THEME_DIM));
}

/* A label, the name of a class, and at the right edge its probability. */
static void draw_class(const struct view_context *x, struct canvas *c, struct area line, const char *label,
                       enum theme_role role, int class, float share) {
    char name[CLASS_NAME], number[32];
    int at = canvas_text(c, line, 0, 0, theme_style(&x->paint, THEME_DIM), label) + 1;
    struct area part = canvas_part(line, 0, 0, 1, line.width - PERCENT - 1);
    canvas_text(c, part, 0, at, theme_style(&x->paint, role), class_name_fit(x->task, class, part.width - at, name));
    canvas_print_right(c, line, 0, 0, theme_style(&x->paint, THEME_TEXT), "%s", data_percent((double)share, number));
}

/* Picture, prediction, true class, and the number of the image. */
static void draw_entry(const struct view_context *x, struct canvas *c, struct area a, const struct prediction *p,
                       bool chosen) {
    struct area text = canvas_part(a, 0, MARK + 2 * a.height + 1, a.height, a.width);
    bool right = p->said == p->label;
    draw_thumbnail(x, c, canvas_part(a, 0, MARK, a.height, 2 * a.height), p->index);
    draw_class(x, c, text, "said", right ? THEME_GOOD : THEME_BAD, p->said, p->said_share);
    if (right)
        canvas_text(c, text, 1, 0, theme_style(&x->paint, THEME_GOOD), "right");
    else
        draw_class(x, c, canvas_part(text, 1, 0, 1, text.width), "true", THEME_TEXT, p->label, p->label_share);
    struct style s = theme_style(&x->paint, chosen ? THEME_SELECTED : THEME_DIM);
    struct area line = canvas_part(text, 2, 0, 1, text.width);
    if (chosen)
        canvas_fill(c, line, ' ', s);
    int at = canvas_print(c, line, 0, 0, s, "#%u", p->index);
    if (chosen && at + 22 <= line.width)
        canvas_text(c, line, 0, at + 2, s, "Enter: its attention");
    else if (chosen && at + 18 <= line.width)
        canvas_text(c, line, 0, at + 2, s, "Enter: attention");
}

/* All of a sample in one row. */
static void draw_row(const struct view_context *x, struct canvas *c, struct area a, const struct prediction *p,
                     bool chosen) {
    char name[CLASS_NAME], number[32];
    int wide = (a.width - MARK - INDEX - PERCENT - 3) / 2;
    bool right = p->said == p->label;
    struct style text = theme_style(&x->paint, chosen ? THEME_SELECTED : THEME_TEXT);
    struct style said = chosen ? text : theme_style(&x->paint, right ? THEME_GOOD : THEME_BAD);
    if (chosen)
        canvas_fill(c, a, ' ', text);
    canvas_print(c, a, 0, MARK, text, "#%u", p->index);
    canvas_text(c, a, 0, MARK + INDEX, said, class_name_fit(x->task, p->said, wide, name));
    canvas_print_right(c, canvas_part(a, 0, 0, 1, MARK + INDEX + wide + 1 + PERCENT), 0, 0, text, "%s",
                       data_percent((double)p->said_share, number));
    canvas_text(c, a, 0, a.width - wide - 1, text, right ? "right" : class_name_fit(x->task, p->label, wide, name));
}

static void draw_titles(const struct view_context *x, struct canvas *c, struct area a) {
    int wide = (a.width - MARK - INDEX - PERCENT - 3) / 2;
    struct style dim = theme_style(&x->paint, THEME_DIM);
    canvas_text(c, a, 0, MARK, dim, "#");
    canvas_text(c, a, 0, MARK + INDEX, dim, "said");
    canvas_text(c, a, 0, a.width - wide - 1, dim, "true");
}

void data_list_draw(const struct view_context *x, const struct data_list *l, const struct data_layout *o,
                    struct canvas *c) {
    size_t first = data_list_first(x, l, o);
    uint32_t cursor = x->paint.glyphs == GLYPHS_ASCII ? '>' : 0x25b8;
    if (l->count == 0) {
        canvas_text(c, o->list, o->titles, 0, theme_style(&x->paint, THEME_GOOD),
                    x->predictions->count ? "None of them is wrong." : "No image was readable.");
        return;
    }
    if (o->titles)
        draw_titles(x, c, o->list);
    for (int i = 0; i < o->shown && first + (size_t)i < l->count; i++) {
        struct area a = canvas_part(o->list, o->titles + i * o->entry, 0, o->entry, o->list.width);
        const struct prediction *p = at_row(x, l, first + (size_t)i);
        bool chosen = p->index == x->choice->image && x->choice->split == x->predictions->split;
        if (o->entry == 1)
            draw_row(x, c, a, p, chosen);
        else
            draw_entry(x, c, a, p, chosen);
        if (first + (size_t)i == (size_t)x->choice->sample)
            canvas_put(c, a, o->entry > 1 ? 2 : 0, 0, cursor, theme_style(&x->paint, THEME_TITLE));
    }
}
