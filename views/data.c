#include <stdio.h>
#include <string.h>

#include "views/class_name.h"
#include "views/data_private.h"
#include "views/views.h"

enum {
    HEAD = 1, /* rows of the header; LARGE_HEAD in a tall area */
    LARGE_HEAD = 2,
    LIST_LEAST = 34, /* columns */
    TWO_PANES = 70,  /* columns from which on the matrix stands beside the list, and the classes beside both */
    THREE_PANES = 110,
    GAP = 2
};

const char *data_percent(double share, char out[static 32]) {
    double p = 100 * share;
    snprintf(out, 32, "%.*f%%", p >= 99.95 || p <= 0 ? 0 : p >= 0.995 ? 1 : 2, p);
    return out;
}

static int rows_of_entry(int height) {
    return height < 12 ? 1 : height < 26 ? 3 : height < 40 ? 4 : 5;
}

void data_layout_make(struct area a, struct data_layout *out) {
    int head = a.height < 12 ? HEAD : LARGE_HEAD, width = a.width;
    struct area body = canvas_part(a, head, 0, a.height - head, a.width);
    *out = (struct data_layout){.entry = rows_of_entry(a.height)};
    if (width >= TWO_PANES) {
        int list = width * 3 / 10 > LIST_LEAST ? width * 3 / 10 : LIST_LEAST, rest = width - list - GAP;
        int matrix = width >= THREE_PANES ? (rest - GAP) * 11 / 20 : rest;
        out->matrix = canvas_part(body, 0, list + GAP, body.height, matrix);
        if (width >= THREE_PANES)
            out->classes = canvas_part(body, 0, list + 2 * GAP + matrix, body.height, rest - matrix - GAP);
        width = list;
    }
    out->list = canvas_part(body, 0, 0, body.height, width);
    out->titles = out->entry == 1;
    out->shown = (body.height - out->titles) / out->entry;
    out->shown = out->shown > 0 ? out->shown : 0;
}

/* The whole rate of errors, whatever is listed. */
static void draw_head(const struct view_context *x, struct canvas *c, struct area a) {
    const struct predictions *p = x->predictions;
    struct style dim = theme_style(&x->paint, THEME_DIM), text = theme_style(&x->paint, THEME_TEXT);
    char rate[32], right[32], when[96];
    size_t wrong = 0;
    for (size_t i = 0; i < p->count; i++)
        wrong += p->images[i].said != p->images[i].label;
    double share = p->count ? (double)wrong / (double)p->count : 0;
    int at = canvas_text(c, a, 0, 0, theme_style(&x->paint, THEME_TITLE), split_name(p->split)) + 2;
    at += canvas_print(c, a, 0, at, theme_style(&x->paint, wrong ? THEME_BAD : THEME_GOOD), "%zu wrong of %zu", wrong,
                       p->count);
    at += canvas_print(c, a, 0, at + 1, text, "(%s)", data_percent(share, rate)) + 1;
    snprintf(when, sizeof when, "  top-1 %s", data_percent(1 - share, right));
    if (p->count && at + canvas_columns(when) <= a.width)
        at += canvas_text(c, a, 0, at, text, when);
    snprintf(when, sizeof when, "  after epoch %llu, step %llu", (unsigned long long)p->epoch,
             (unsigned long long)p->step);
    if (at + canvas_columns(when) <= a.width)
        canvas_text(c, a, 0, at, dim, when);
}

/* What the list holds, and what Enter shows. */
static void draw_order(const struct view_context *x, struct canvas *c, struct area a) {
    const struct choice *k = x->choice;
    struct style dim = theme_style(&x->paint, THEME_DIM);
    char text[96];
    int at = canvas_text(c, a, 1, 0, dim,
                         k->all_samples ? "all of them, in order (a: errors)" : "errors, the surest first (a: all)");
    snprintf(text, sizeof text, "   Enter: attention of #%u", k->image);
    if (at + canvas_columns(text) > a.width)
        return;
    canvas_text(c, a, 1, at, dim, text);
}

/* When predictions will come, in one sentence or two. Returns the first of them, in text or constant. */
static const char *outlook(const struct view_context *x, char text[static 64], const char **second) {
    enum split split = x->choice->split;
    bool has_ended = x->task->read_only || x->now->phase == PHASE_DONE || x->now->phase == PHASE_FAILED;
    *second = split == SPLIT_TEST ? "`eval test` makes them now." : "`eval` makes them now.";
    if (x->task->images[split] == 0) {
        *second = "x shows another split.";
        return "The data has no such images.";
    }
    if (split == SPLIT_TRAIN) {
        *second = "x shows val or test.";
        return "Training images are not evaluated.";
    }
    if (x->now->phase == PHASE_EVALUATING)
        return "An evaluation is under way.";
    if (has_ended)
        return "A run's folder holds none;";
    bool at_end = split == SPLIT_TEST && x->task->settings->eval_test == EVAL_TEST_END;
    if (at_end)
        return "They come at the end of the run;";
    snprintf(text, 64, "They come after epoch %llu;", (unsigned long long)x->now->epoch);
    return text;
}

/* Names of the classes in columns, as many as fit whole rows of them. */
static void draw_names(const struct view_context *x, struct canvas *c, struct area a) {
    struct style dim = theme_style(&x->paint, THEME_DIM);
    char name[CLASS_NAME];
    int wide = 8, most = a.width - 6;
    for (int i = 0; i < x->task->classes; i++) {
        int columns = canvas_columns(class_name_fit(x->task, i, most, name)) + 6;
        wide = columns > wide ? columns : wide;
    }
    int across = a.width / wide > 0 ? a.width / wide : 1, rows = (x->task->classes + across - 1) / across;
    bool all = rows <= a.height;
    for (int i = 0; i < x->task->classes; i++) {
        int y = all ? i % rows : i / across, column = all ? i / rows : i % across;
        if (y >= a.height - !all)
            break;
        canvas_print(c, a, y, column * wide, dim, "%3d", i + 1);
        canvas_text(c, a, y, column * wide + 4, theme_style(&x->paint, THEME_TEXT),
                    class_name_fit(x->task, i, most, name));
    }
    if (!all && a.height > 0)
        canvas_print(c, a, a.height - 1, 4, dim, "and %d more", x->task->classes - (a.height - 1) * across);
}

/* Before the first evaluation: what the data is. */
static void draw_facts(const struct view_context *x, struct canvas *c, struct area a) {
    const struct view_task *t = x->task;
    struct style dim = theme_style(&x->paint, THEME_DIM), text = theme_style(&x->paint, THEME_TEXT);
    char room[64];
    const char *second = "3 shows what is made of an image.", *first = "Its images are not told apart.";
    int y = 0, at = 0;
    if (view_reconstructs(x)) {
        canvas_text(c, a, y++, 0, text, "Pretraining has no classes.");
    } else {
        first = outlook(x, room, &second);
        canvas_print(c, a, y++, 0, text, "No predictions on %s yet.", split_name(x->choice->split));
    }
    canvas_text(c, a, y, 0, dim, first);
    if (canvas_columns(first) + 1 + canvas_columns(second) <= a.width)
        canvas_text(c, a, y, canvas_columns(first) + 1, dim, second);
    else
        canvas_text(c, a, ++y, 0, dim, second);
    y += a.height > 8 ? 2 : 1;
    canvas_text(c, a, y++, 0, theme_style(&x->paint, THEME_TITLE), x->now->data);
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++) {
        at += canvas_text(c, a, y, at, dim, split_name(s)) + 1;
        at += canvas_print(c, a, y, at, text, "%zu", t->images[s]) + 2;
    }
    canvas_text(c, a, y++, at - 1, dim, "images");
    canvas_print(c, a, y++, 0, dim, view_reconstructs(x) ? "%d classes, of no use in pretraining" : "%d classes",
                 t->classes);
    draw_names(x, c, canvas_part(a, y, 0, a.height - y, a.width));
}

static void draw(const struct view_context *x, struct canvas *c, struct area a) {
    struct data_layout o;
    struct data_list list;
    if (!x->predictions) {
        draw_facts(x, c, a);
        return;
    }
    data_layout_make(a, &o);
    draw_head(x, c, a);
    if (o.list.y > a.y + HEAD)
        draw_order(x, c, a);
    if (data_list_make(x, &list)) {
        data_list_draw(x, &list, &o, c);
        data_list_free(&list);
    }
    if (o.matrix.width > 0)
        data_confusion_draw(x, c, o.matrix);
    if (o.classes.width > 0)
        data_classes_draw(x, c, o.classes);
}

static bool click(const struct view_context *x, struct area a, int y, int x_, char *command, size_t size) {
    struct data_layout o;
    struct data_list list;
    data_layout_make(a, &o);
    y -= o.list.y - a.y + o.titles;
    x_ -= o.list.x - a.x;
    if (!x->predictions || y < 0 || y >= o.shown * o.entry || x_ < 0 || x_ >= o.list.width || !data_list_make(x, &list))
        return false;
    size_t row = data_list_first(x, &list, &o) + (size_t)(y / o.entry);
    bool hit = row < list.count;
    if (hit)
        snprintf(command, size, "select image %u", x->predictions->images[list.order[row]].index);
    data_list_free(&list);
    return hit;
}

static int overflow(const struct view_context *x, struct area a) {
    struct data_layout o;
    struct data_list list;
    data_layout_make(a, &o);
    if (!x->predictions || !data_list_make(x, &list))
        return 0;
    size_t shown = (size_t)o.shown, more = list.count > shown ? list.count - shown : 0;
    data_list_free(&list);
    return more > INT32_MAX ? INT32_MAX : (int)more;
}

const struct view data_view = {
    .name = "data", .title = "Data", .draw = draw, .click = click, .overflow = overflow, .wanted = data_list_wanted};
