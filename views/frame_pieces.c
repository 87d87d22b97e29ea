/* Lines of many facts on screens of few columns. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/frame_private.h"

#define LONG_STEP 2 /* seconds */

static const char *text_of(const struct frame_piece *p, bool brief) {
    return brief && *p->brief ? p->brief : p->full;
}

static int columns_of(const struct frame_piece *p, bool brief) {
    return canvas_columns(text_of(p, brief));
}

/* Shows the pieces of this rank that fit, in their shorter form. */
static void show_rank(struct frame_piece *pieces, int count, int rank, int between, int room, int *used) {
    for (int i = 0; i < count; i++) {
        int n = between + columns_of(&pieces[i], true);
        if (pieces[i].rank != rank || *used + n > room)
            continue;
        pieces[i].shown = pieces[i].is_brief = true;
        *used += n;
    }
}

static void lengthen(struct frame_piece *p, int room, int *used) {
    int more = columns_of(p, false) - columns_of(p, true);
    if (!p->shown || *used + more > room)
        return;
    p->is_brief = false;
    *used += more;
}

/* Which pieces are shown, and in which form. */
static void choose(struct frame_piece *pieces, int count, int room, int between) {
    int used = -between;
    for (int rank = 0; rank < FRAME_RANKS; rank++) {
        show_rank(pieces, count, rank, between, room, &used);
        for (int i = 0; i < count; i++)
            if (rank > 0 && pieces[i].full_rank == rank)
                lengthen(&pieces[i], room, &used);
    }
    for (int rank = 0; rank < FRAME_RANKS; rank++)
        for (int i = 0; i < count; i++)
            if (pieces[i].rank == rank && pieces[i].full_rank == 0)
                lengthen(&pieces[i], room, &used);
}

/* Eighths of a cell where there are such glyphs. */
static int draw_bar(struct canvas *c, struct area a, const struct paint *p, int y, int at, int width, double part) {
    struct style on = theme_style(p, THEME_GOOD), off = theme_style(p, THEME_FRAME);
    bool ascii = p->glyphs == GLYPHS_ASCII;
    double filled = (part > 0 ? fmin(part, 1) : 0) * width;
    for (int i = 0; i < width; i++) {
        int eighths = (int)floor(fmin(fmax(filled - i, 0), 1) * 8);
        if (ascii)
            canvas_put(c, a, y, at + i, eighths >= 4 ? '#' : '.', eighths >= 4 ? on : off);
        else if (eighths == 0)
            canvas_put(c, a, y, at + i, 0x2591, off);
        else
            canvas_put(c, a, y, at + i, 0x2590 - (uint32_t)eighths, on);
    }
    return width;
}

void frame_pieces_draw(struct canvas *c, struct area a, const struct paint *p, int y, int x, int end,
                       struct frame_piece *pieces, int count, const char *between, struct style between_style) {
    bool first = true;
    choose(pieces, count, end - x, canvas_columns(between));
    for (int i = 0; i < count; i++) {
        const struct frame_piece *k = &pieces[i];
        if (!k->shown)
            continue;
        if (!first)
            x += canvas_text(c, a, y, x, between_style, between);
        first = false;
        if (k->bar)
            x += draw_bar(c, a, p, y, x, columns_of(k, k->is_brief), k->part);
        else
            x += canvas_text(c, a, y, x, k->style, text_of(k, k->is_brief));
    }
}

struct list {
    const struct paint *paint;
    struct frame_piece *pieces;
    int count;
};

/* The next piece, to be given its texts. */
static struct frame_piece *add(struct list *l, int rank, enum theme_role role) {
    struct frame_piece *p = &l->pieces[l->count++];
    *p = (struct frame_piece){.rank = rank, .style = theme_style(l->paint, role)};
    return p;
}

#define PRINT(field, ...) snprintf(field, sizeof(field), __VA_ARGS__)

static void add_share(struct list *l, int rank, enum theme_role role, const char *name, const struct snapshot *s,
                      const struct snapshot_result *r) {
    if (!r->known)
        return;
    struct frame_piece *p = add(l, rank, role);
    PRINT(p->full, "%s %s %.1f%%", name, view_share(s), 100 * r->top1);
    PRINT(p->brief, "%s %.1f%%", name, 100 * r->top1);
}

static void add_bar(struct list *l, int rank, double part) {
    struct frame_piece *p = add(l, rank, THEME_GOOD);
    *p = (struct frame_piece){.rank = rank, .bar = true, .part = part};
    PRINT(p->full, "%16s", "");
    PRINT(p->brief, "%6s", "");
}

/* What is left of a run when it is over. */
static void add_result(struct list *l, const struct snapshot *s) {
    struct frame_piece *p = add(l, 2, THEME_TEXT);
    const char *how = s->phase == PHASE_FAILED ? "stopped in" : "";
    bool whole = s->epochs > 0 && s->epoch >= s->epochs;
    if (whole)
        PRINT(p->full, "%llu epochs", (unsigned long long)s->epochs);
    else
        PRINT(p->full, "%s%sepoch %llu/%llu", how, *how ? " " : "", (unsigned long long)s->epoch,
              (unsigned long long)s->epochs);
    if (!whole)
        PRINT(p->brief, "ep %llu/%llu", (unsigned long long)s->epoch, (unsigned long long)s->epochs);
    p = add(l, 4, THEME_DIM);
    PRINT(p->full, "%llu steps", (unsigned long long)s->step);
    add_share(l, 0, THEME_VAL, "val", s, &s->val);
    if (s->best.known) {
        p = add(l, 3, THEME_VAL);
        PRINT(p->full, "best val %.1f%% at epoch %llu", 100 * s->best.top1, (unsigned long long)s->best.epoch);
        PRINT(p->brief, "best %.1f%%@%llu", 100 * s->best.top1, (unsigned long long)s->best.epoch);
    }
    add_share(l, 1, THEME_TEST, "test", s, &s->test);
}

static void add_batch(struct list *l, const struct snapshot *s) {
    struct frame_piece *p = add(l, 1, THEME_TEXT);
    p->full_rank = 3;
    if (s->phase == PHASE_EVALUATING) {
        PRINT(p->full, "evaluating");
        PRINT(p->brief, "eval");
    } else {
        PRINT(p->full, "batch %llu/%llu", (unsigned long long)s->batch, (unsigned long long)s->batches);
        PRINT(p->brief, "%llu/%llu", (unsigned long long)s->batch, (unsigned long long)s->batches);
    }
}

/* Steps and evaluations that take long show how much of them is done. */
static void add_parts(struct list *l, const struct snapshot *s) {
    bool is_long = s->step_s > LONG_STEP || s->step == 0 || s->phase == PHASE_EVALUATING;
    if (s->chunks < 2 || !is_long)
        return;
    struct frame_piece *p = add(l, 4, THEME_TEXT);
    p->full_rank = 6;
    PRINT(p->full, "(%d/%d done)", s->chunk, s->chunks);
    PRINT(p->brief, "(%d/%d)", s->chunk, s->chunks);
}

static void add_speed(struct list *l, const struct view_context *x) {
    const struct snapshot *s = x->now;
    const struct view_machine *m = x->machine;
    if (!(s->images_per_s > 0))
        return;
    int decimals = s->images_per_s < 9.995 ? 2 : s->images_per_s < 99.95 ? 1 : 0;
    struct frame_piece *p = add(l, 4, THEME_TEXT);
    PRINT(p->full, "%.*f images/s", decimals, s->images_per_s);
    PRINT(p->brief, "%.*f img/s", decimals, s->images_per_s);
    if (!(m->peak_gflops > 0 && x->task->train_gflop > 0))
        return;
    double percent = 100 * view_gflops(x) / m->peak_gflops;
    p = add(l, 8, THEME_DIM);
    PRINT(p->full, "%.0f%% of peak", percent);
    PRINT(p->brief, "%.0f%% peak", percent);
}

static void add_times(struct list *l, const struct view_context *x) {
    char time[32];
    if (x->now->eta_s > 0) {
        struct frame_piece *p = add(l, 2, THEME_TEXT);
        PRINT(p->full, "ETA %s", view_duration(x->now->eta_s, time));
    }
    if (x->machine->saved_s >= 0) {
        struct frame_piece *p = add(l, 7, THEME_DIM);
        view_duration(x->machine->saved_s, time);
        PRINT(p->full, "saved %s ago", time);
        PRINT(p->brief, "saved %s", time);
    }
}

int frame_pieces_progress(const struct view_context *x, struct frame_piece out[static FRAME_PIECES]) {
    const struct snapshot *s = x->now;
    struct list l = {&x->paint, out, 0};
    unsigned long long epochs = s->epochs ? s->epochs : (unsigned long long)x->task->settings->epochs;
    bool is_over = s->phase == PHASE_DONE || s->phase == PHASE_FAILED;
    if (is_over || (x->task->read_only && s->phase != PHASE_EVALUATING)) {
        add_result(&l, s);
        return l.count;
    }
    struct frame_piece *p = add(&l, 0, THEME_TEXT);
    PRINT(p->full, "epoch %llu/%llu", (unsigned long long)s->epoch, epochs);
    PRINT(p->brief, "ep %llu/%llu", (unsigned long long)s->epoch, epochs);
    if (s->steps > 0)
        add_bar(&l, 5, (double)s->step / (double)s->steps);
    if (s->batches > 0) {
        add_batch(&l, s);
        add_parts(&l, s);
    }
    add_speed(&l, x);
    add_times(&l, x);
    return l.count;
}
