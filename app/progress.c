#include "app/progress.h"

#include <stdio.h>
#include <string.h>

#include "views/view.h"

static const char *phase_word(const struct snapshot *s) {
    switch ((enum snapshot_phase)s->phase) {
    case PHASE_STARTING:
        return "starting ";
    case PHASE_EVALUATING:
        return "evaluating ";
    case PHASE_PAUSED:
        return "PAUSED ";
    default:
        return "";
    }
}

/* Appends where there is room; what does not fit is left out whole. */
static void append(char *out, size_t size, int columns, const char *piece) {
    size_t n = strlen(out), m = strlen(piece),
           most = columns > 0 && (size_t)columns < size ? (size_t)columns : size - 1;
    if (n + m + (n > 0) <= most)
        snprintf(out + n, size - n, "%s%s", n ? " " : "", piece);
}

const char *progress_line(const struct snapshot *s, int columns, char *out, size_t size) {
    char piece[128], time[32];
    out[0] = 0;
    snprintf(piece, sizeof piece, "%sepoch %llu/%llu", phase_word(s), (unsigned long long)s->epoch,
             (unsigned long long)s->epochs);
    append(out, size, columns, piece);
    snprintf(piece, sizeof piece, "batch %llu/%llu", (unsigned long long)s->batch, (unsigned long long)s->batches);
    append(out, size, columns, piece);
    if (s->chunks > 1 && s->step_s > 1) {
        snprintf(piece, sizeof piece, "(%d/%d)", s->chunk, s->chunks);
        append(out, size, columns, piece);
    }
    if (s->step > 0) {
        snprintf(piece, sizeof piece, "loss %.3f", s->loss);
        append(out, size, columns, piece);
    }
    if (s->val.known) {
        snprintf(piece, sizeof piece, "val %.1f%%%s", 100 * s->val.top1, s->reconstructs ? " explained" : "");
        append(out, size, columns, piece);
    }
    if (s->images_per_s > 0) {
        snprintf(piece, sizeof piece, "%.*f images/s", s->images_per_s < 10 ? 2 : 0, s->images_per_s);
        append(out, size, columns, piece);
        snprintf(piece, sizeof piece, "%s left", view_duration(s->eta_s, time));
        append(out, size, columns, piece);
    }
    return out;
}

const char *progress_epoch(const struct snapshot *s, char *out, size_t size) {
    char piece[128];
    out[0] = 0;
    snprintf(piece, sizeof piece, PROGRESS_EPOCH " loss %.4f lr %.3g", (unsigned long long)s->epoch, s->epoch_loss,
             s->rate);
    append(out, size, 0, piece);
    if (s->val.known && s->best.known) {
        snprintf(piece, sizeof piece, "val %.1f%%%s (best %.1f%% at %llu)", 100 * s->val.top1,
                 s->reconstructs ? " explained" : "", 100 * s->best.top1, (unsigned long long)s->best.epoch);
        append(out, size, 0, piece);
    }
    if (s->test.known && s->test.step == s->step) {
        snprintf(piece, sizeof piece, "test %.1f%%", 100 * s->test.top1);
        append(out, size, 0, piece);
    }
    snprintf(piece, sizeof piece, "%.*f images/s", s->images_per_s < 10 ? 2 : 0, s->images_per_s);
    append(out, size, 0, piece);
    return out;
}
