/* What each command of the screen does to what is chosen. */
#include <stdlib.h>
#include <string.h>

#include "app/workbench_private.h"
#include "views/export.h"
#include "views/frame.h"

#define LEAST_WINDOW 10  /* steps */
#define MOST_MASK 999998 /* from 0 */

static int clamp(int value, int low, int high) {
    return value > high ? (high < low ? low : high) : value < low ? low : value;
}

/* Prompts in the sequence; deep and shallow ones alike. */
static int prompts(const struct workbench *w) {
    return w->now.prompts;
}

void workbench_hold_choice(struct workbench *w) {
    struct choice *c = &w->choice;
    size_t images = w->task.images[c->split];
    c->block = clamp(c->block, 0, w->task.depth - 1);
    c->head = clamp(c->head, -1, w->task.heads - 1);
    if (w->now.version)
        c->prompt = clamp(c->prompt, -1, prompts(w) - 1);
    if (c->image >= images)
        c->image = images ? (uint32_t)(images - 1) : 0;
}

/* The rows of the data view, as indices into the predictions of the chosen split; malloc'd, *count of them. */
static uint32_t *sample_rows(const struct workbench *w, size_t *count) {
    const struct predictions *p = w->predictions[w->choice.split];
    uint32_t *rows = p && p->count ? malloc(p->count * sizeof *rows) : NULL;
    *count = rows ? view_samples(p, &w->choice, p->count, rows) : 0;
    return rows;
}

void workbench_hold_sample(struct workbench *w, bool list_first) {
    size_t n, at = SIZE_MAX;
    uint32_t *rows = sample_rows(w, &n);
    const struct predictions *p = w->predictions[w->choice.split];
    for (size_t i = 0; i < n; i++)
        if (p->images[rows[i]].index == w->choice.image)
            at = i;
    if (at != SIZE_MAX) {
        w->choice.sample = (int)at;
    } else if (n && list_first) {
        w->choice.sample = clamp(w->choice.sample, 0, (int)n - 1);
        w->choice.image = p->images[rows[w->choice.sample]].index;
    }
    free(rows);
}

static void show_view(struct workbench *w, const struct screen_command *c) {
    int view = (int)w->choice.view;
    if (c->move == SCREEN_NAMED) {
        for (int i = 0; i < VIEW_COUNT; i++)
            if (strcmp(view_of((enum view_id)i)->name, c->text) == 0 ||
                strcmp(view_in(&w->context, (enum view_id)i)->name, c->text) == 0)
                view = i;
    } else {
        view = (view + (c->move == SCREEN_NEXT ? 1 : VIEW_COUNT - 1)) % VIEW_COUNT;
    }
    w->choice.view = (enum view_id)view;
    if (view == VIEW_DATA)
        workbench_hold_sample(w, true);
}

/* A number from 1, or one further or back, with -1 for the mean of all. */
static int moved(const struct screen_command *c, int now) {
    switch (c->move) {
    case SCREEN_NUMBER:
        return c->number > INT32_MAX ? INT32_MAX : (int)c->number - 1;
    case SCREEN_NEXT:
        return now + 1;
    case SCREEN_PREVIOUS:
        return now - 1;
    default:
        return -1;
    }
}

/* The next image from the chosen one, in either direction, that is predicted wrong; false: none is known. */
static bool find_wrong(const struct workbench *w, bool forward, uint32_t *out) {
    const struct predictions *p = w->predictions[w->choice.split];
    bool found = false;
    for (size_t k = 0; p && k < p->count; k++) {
        const struct prediction *i = &p->images[forward ? k : p->count - 1 - k];
        bool beyond = forward ? i->index > w->choice.image : i->index < w->choice.image;
        if (i->said != i->label && beyond && !found) {
            *out = i->index;
            found = true;
        }
    }
    return found;
}

static int select_image(struct workbench *w, const struct screen_command *c, struct error *e) {
    uint32_t *image = &w->choice.image;
    bool by_error = c->move == SCREEN_NEXT_WRONG || c->move == SCREEN_PREVIOUS_WRONG;
    if (by_error && view_reconstructs(&w->context))
        return error_set(e, ERROR_USAGE, "select: no image is right or wrong in pretraining, which has no classes");
    switch (c->move) {
    case SCREEN_NEXT_WRONG:
    case SCREEN_PREVIOUS_WRONG:
        if (!find_wrong(w, c->move == SCREEN_NEXT_WRONG, image))
            return error_set(e, ERROR_USAGE, "no %s image of %s is known to be wrong%s",
                             c->move == SCREEN_NEXT_WRONG ? "later" : "earlier", split_name(w->choice.split),
                             w->predictions[w->choice.split] ? "" : "; `eval` finds out");
        break;
    case SCREEN_PREVIOUS:
        *image -= *image > 0;
        break;
    case SCREEN_NEXT:
        ++*image;
        break;
    default:
        if (c->number >= w->task.images[w->choice.split])
            return error_set(e, ERROR_USAGE, "select: found image %llu, expected one from 0 to %zu",
                             (unsigned long long)c->number, w->task.images[w->choice.split] - 1);
        *image = (uint32_t)c->number;
    }
    return 0;
}

/* A row of the data view; its image is chosen with it, and the list shows it. */
static void select_sample(struct workbench *w, const struct screen_command *c) {
    size_t n;
    uint32_t *rows = sample_rows(w, &n);
    if (n) {
        w->choice.sample = clamp(moved(c, w->choice.sample), 0, (int)n - 1);
        w->choice.image = w->predictions[w->choice.split]->images[rows[w->choice.sample]].index;
        w->choice.scroll[VIEW_DATA] = 0;
    }
    free(rows);
}

static int select_split(struct workbench *w, const struct screen_command *c, struct error *e) {
    enum split split = w->choice.split;
    if (c->move == SCREEN_NAMED)
        split_parse(c->text, &split);
    else
        do
            split = (enum split)((split + 1) % SPLITS);
        while (w->task.images[split] == 0);
    if (w->task.images[split] == 0)
        return error_set(e, ERROR_USAGE, "%s has no %s images", w->now.data, split_name(split));
    if (split != w->choice.split) {
        w->choice.image = 0;
        w->choice.sample = 0;
    }
    w->choice.split = split;
    return 0;
}

static int select_one(struct workbench *w, const struct screen_command *c, struct error *e) {
    int r = 0;
    switch (c->what) {
    case SCREEN_BLOCK:
        w->choice.block = moved(c, w->choice.block);
        break;
    case SCREEN_HEAD:
        w->choice.head = moved(c, w->choice.head);
        break;
    case SCREEN_PROMPT:
        w->choice.prompt = moved(c, w->choice.prompt);
        break;
    case SCREEN_MASK:
        w->choice.mask = clamp(moved(c, w->choice.mask), 0, MOST_MASK);
        break;
    case SCREEN_IMAGE:
        r = select_image(w, c, e);
        workbench_hold_sample(w, false);
        break;
    case SCREEN_SAMPLE:
        select_sample(w, c);
        break;
    case SCREEN_SPLIT:
        r = select_split(w, c, e);
        break;
    }
    workbench_hold_choice(w);
    return r;
}

static void show(struct workbench *w, const struct screen_command *c) {
    bool on = c->move != SCREEN_OFF, flip = c->move == SCREEN_SWITCH;
    switch (c->shown) {
    case SCREEN_ALONE:
        w->choice.alone = flip ? !w->choice.alone : on;
        break;
    case SCREEN_MAP:
        w->choice.image_only = flip ? !w->choice.image_only : !on;
        break;
    case SCREEN_TEMPS:
        w->choice.temps = flip ? !w->choice.temps : on;
        break;
    case SCREEN_ALL_SAMPLES:
        w->choice.all_samples = flip ? !w->choice.all_samples : on;
        w->choice.sample = 0;
        workbench_hold_sample(w, true);
        break;
    }
}

static double steps(const struct workbench *w) {
    return (double)(w->history.steps > LEAST_WINDOW ? w->history.steps : LEAST_WINDOW);
}

static void zoom(struct choice *c, const struct screen_command *k, double all) {
    double window = c->window > 0 ? c->window : all;
    switch (k->move) {
    case SCREEN_IN:
        window /= 2;
        break;
    case SCREEN_OUT:
        window *= 2;
        break;
    case SCREEN_NUMBER:
        window = (double)k->number;
        break;
    default:
        window = 0;
    }
    c->window = window <= 0 || window >= all ? 0 : window < LEAST_WINDOW ? LEAST_WINDOW : window;
    if (c->window <= 0)
        c->end = 0;
}

static void pan(struct choice *c, const struct screen_command *k, double all) {
    if (k->move == SCREEN_END || c->window <= 0) {
        c->end = 0;
        return;
    }
    double end = (c->end > 0 ? c->end : all) + (k->move == SCREEN_LEFT ? -c->window : c->window) / 2;
    c->end = end >= all ? 0 : end < c->window ? c->window : end;
}

static void move_cursor(struct choice *c, const struct screen_command *k, double all, int columns) {
    double end = c->end > 0 ? c->end : all, window = c->window > 0 ? c->window : end, start = end - window;
    double by = window / (columns > 1 ? columns : 1);
    by = by < 1 ? 1 : by;
    if (k->move == SCREEN_OFF) {
        c->has_cursor = false;
        return;
    }
    double at = k->move == SCREEN_NUMBER ? (double)k->number
                : !c->has_cursor         ? end - 1
                                         : c->cursor + (k->move == SCREEN_LEFT ? -by : by);
    c->has_cursor = true;
    c->cursor = at < start ? start : at > end - 1 ? end - 1 : at;
}

static void smooth(struct choice *c, const struct screen_command *k) {
    static const int ladder[] = {0, 5, 10, 20, 50, 100, 200, 500};
    enum { STEPS = sizeof ladder / sizeof *ladder };
    if (k->move == SCREEN_NUMBER) {
        c->smooth = k->number > 100000 ? 100000 : (int)k->number;
        return;
    }
    int at = 0;
    while (at + 1 < STEPS && ladder[at] < c->smooth)
        at++;
    c->smooth = ladder[clamp(at + (k->move == SCREEN_MORE ? 1 : -1), 0, STEPS - 1)];
}

/* The log is read from its end: there scrolling up means more rows below what is shown. */
static void scroll(struct workbench *w, const struct screen_command *k) {
    const struct view *view = view_in(&w->context, w->choice.view);
    struct area a = workbench_area(w);
    int most = view->overflow ? view->overflow(workbench_context(w), a) : 0, *at = &w->choice.scroll[w->choice.view];
    int page = a.height > 2 ? a.height - 2 : 1, by = 0;
    bool from_end = w->choice.view == VIEW_LOG;
    switch (k->move) {
    case SCREEN_UP:
        by = -1;
        break;
    case SCREEN_DOWN:
        by = 1;
        break;
    case SCREEN_PAGE_UP:
        by = -page;
        break;
    case SCREEN_PAGE_DOWN:
        by = page;
        break;
    case SCREEN_TOP:
        by = -most - *at;
        break;
    default:
        by = most + *at;
    }
    *at = clamp(*at + (from_end ? -by : by), 0, most);
}

static void take_theme(struct workbench *w, const struct screen_command *c) {
    const struct theme *now = w->context.paint.theme, *next = theme_named(c->text);
    if (c->move == SCREEN_NEXT) {
        size_t i = 0;
        while (theme_at(i) && theme_at(i) != now)
            i++;
        next = theme_at(i + 1) ? theme_at(i + 1) : theme_at(0);
    }
    w->context.paint.theme = next ? next : now;
}

static int overlay(struct workbench *w, const struct screen_command *c, struct error *e) {
    struct history other = {0};
    int r = c->move == SCREEN_OFF ? 0 : history_read_run(&other, c->text, e);
    if (r < 0) {
        history_destroy(&other);
        return r;
    }
    history_destroy(&w->other);
    w->other = other;
    snprintf(w->other_name, sizeof w->other_name, "%s", c->move == SCREEN_OFF ? "" : c->text);
    return 0;
}

/* The screen in its own size or another one, without prompt and dialogs. */
static int screenshot(struct workbench *w, const struct screen_command *c, struct error *e) {
    struct canvas canvas = {0};
    int height = w->height, width = w->width;
    int r = canvas_create(&canvas, c->rows ? c->rows : height, c->columns ? c->columns : width, e);
    if (r < 0)
        return r;
    struct view_context *x = workbench_context(w);
    struct view_context was = *x;
    x->prompt = NULL;
    x->dialog = NULL;
    workbench_size(w, canvas.height, canvas.width);
    workbench_draw(w, &canvas);
    r = export_screen(&canvas, &x->paint, c->text, e);
    workbench_size(w, height, width);
    x->prompt = was.prompt;
    x->dialog = was.dialog;
    canvas_destroy(&canvas);
    return r;
}

int workbench_command(struct workbench *w, const struct screen_command *c, struct error *e) {
    struct area a = workbench_area(w);
    switch (c->verb) {
    case SCREEN_VIEW:
        show_view(w, c);
        return 0;
    case SCREEN_SELECT:
        return select_one(w, c, e);
    case SCREEN_SHOW:
        show(w, c);
        return 0;
    case SCREEN_ZOOM:
        zoom(&w->choice, c, steps(w));
        return 0;
    case SCREEN_PAN:
        pan(&w->choice, c, steps(w));
        return 0;
    case SCREEN_CURSOR:
        move_cursor(&w->choice, c, steps(w), a.width);
        return 0;
    case SCREEN_SMOOTH:
        smooth(&w->choice, c);
        return 0;
    case SCREEN_SCALE:
        w->choice.log_scale = c->move == SCREEN_SWITCH ? !w->choice.log_scale : c->move == SCREEN_ON;
        return 0;
    case SCREEN_SCROLL:
        scroll(w, c);
        return 0;
    case SCREEN_FILTER:
        snprintf(w->choice.filter, sizeof w->choice.filter, "%.*s", (int)sizeof w->choice.filter - 1, c->text);
        memset(w->choice.scroll, 0, sizeof w->choice.scroll);
        return 0;
    case SCREEN_THEME:
        take_theme(w, c);
        return 0;
    case SCREEN_OVERLAY:
        return overlay(w, c, e);
    case SCREEN_SCREENSHOT:
        return screenshot(w, c, e);
    case SCREEN_EXPORT:
        return export_view(workbench_context(w), c->text, e);
    default:
        return error_set(e, ERROR_USAGE, "%s needs a terminal", screen_command_at((size_t)c->verb)->name);
    }
}
