#include "views/curves.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/nn/prompt.h"

enum { LEAST_STEPS = 10 };

struct curves_range curves_range(const struct view_context *x) {
    double steps = (double)x->history->steps, all = steps > LEAST_STEPS ? steps : LEAST_STEPS;
    double end = x->choice->end > 0 && x->choice->end < all ? x->choice->end : all;
    double from = x->choice->window > 0 ? end - x->choice->window : 0;
    return (struct curves_range){from > 0 ? from : 0, end};
}

/* Smoothing is meant over values; merged points stand for several. */
static void smooth(const struct view_context *x, struct curves_range r, struct series_point *points, size_t n) {
    double steps = fmin(r.to, (double)x->history->steps) - r.from, over = x->choice->smooth;
    series_smooth(points, n, steps > (double)n ? over * (double)n / steps : over);
}

size_t curves_read(const struct view_context *x, const struct series *s, int columns, bool each_step,
                   struct series_point *out) {
    struct curves_range r = curves_range(x);
    size_t most = columns < 2 ? 4 : 2 * (size_t)columns;
    size_t n = series_read(s, r.from, r.to, most < CURVES_POINTS ? most : CURVES_POINTS, out);
    if (each_step && x->choice->smooth > 1)
        smooth(x, r, out, n);
    return n;
}

size_t curves_marks(const struct view_context *x, struct plot_mark *out) {
    struct curves_range r = curves_range(x);
    const struct history *h = x->history;
    size_t n = 0, first = h->mark_count;
    while (first > 0 && h->mark_count - first < CURVES_MARKS)
        first--;
    for (size_t i = first; i < h->mark_count; i++)
        if ((double)h->marks[i].step >= r.from && (double)h->marks[i].step <= r.to)
            out[n++] = (struct plot_mark){(double)h->marks[i].step, h->marks[i].number};
    return n;
}

const char *curves_other(const struct view_context *x) {
    const char *name = x->other_name ? x->other_name : "other", *slash = strrchr(name, '/');
    return slash && slash[1] ? slash + 1 : name;
}

bool curves_is_gated(const struct view_context *x) {
    return x->now->version && x->now->gated;
}

bool curves_is_tempered(const struct view_context *x) {
    return x->now->version && x->now->tempered;
}

int curves_depth(const struct view_context *x) {
    int depth = x->now->depth > 0 ? x->now->depth : x->task->depth;
    return depth < SNAPSHOT_BLOCKS ? depth : SNAPSHOT_BLOCKS;
}

const char *curves_without_gates(const struct view_context *x) {
    if (!x->now->version)
        return "starting: nothing is known of the blocks yet";
    switch (x->task->settings->method) {
    case METHOD_LINEAR:
        return "linear: the head alone is tuned, there are no gates";
    case METHOD_SHALLOW:
        return "shallow: prompts enter once, there are no gates";
    case METHOD_DEEP:
        return "deep: every block has its own prompts, there are no gates";
    case METHOD_MAE:
        return "pretraining: this run has no gates";
    default:
        return "this run has no gates";
    }
}

double curves_gate_start(const struct view_context *x) {
    return prompt_sigmoid(-x->task->settings->gate_init);
}

const char *curves_share(double share, char out[static 32]) {
    char text[32];
    if (share != 0 && fabs(share) < 0.00005)
        snprintf(text, sizeof text, "%.1e", share);
    else
        snprintf(text, sizeof text, "%.4f", share);
    char *zeros = strstr(text, "e-0"); /* "3.2e-06" */
    if (zeros)
        memmove(zeros + 2, zeros + 3, strlen(zeros + 3) + 1);
    snprintf(out, 32, "%s", text + (strncmp(text, "0.", 2) == 0));
    return out;
}

const char *curves_change(double value, double start, char out[static 32]) {
    double ratio = value / start;
    if (!isfinite(ratio))
        snprintf(out, 32, "-");
    else if (fabs(ratio - 1) < 0.005)
        snprintf(out, 32, "=");
    else if (ratio < 9.995)
        snprintf(out, 32, "%+.0f%%", 100 * (ratio - 1));
    else
        snprintf(out, 32, ratio < 1e5 ? "x%.0f" : "x%.0e", ratio);
    return out;
}

double curves_logit(double share) {
    return prompt_logit(share);
}
