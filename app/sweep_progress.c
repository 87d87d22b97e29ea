#include "app/sweep_progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/view.h"

static void append(char *out, size_t most, const char *between, const char *piece) {
    size_t n = strlen(out), m = strlen(between) + strlen(piece);
    if (n + m <= most)
        snprintf(out + n, most - n + 1, "%s%s", between, piece);
}

const char *sweep_progress_line(const struct sweep_progress *p, int columns, char *out, size_t size) {
    size_t most = columns > 0 && (size_t)columns < size ? (size_t)columns : size - 1;
    char piece[256], time[32];
    out[0] = 0;
    snprintf(piece, sizeof piece, "%zu/%zu cells", p->ended, p->cells);
    append(out, most, "", piece);
    snprintf(piece, sizeof piece, "%zu failed", p->failed);
    if (p->failed)
        append(out, most, ", ", piece);
    if (isfinite(p->eta_s)) {
        snprintf(piece, sizeof piece, "%s left", view_duration(fmax(p->eta_s, 0), time));
        append(out, most, ", ", piece);
    }
    for (size_t i = 0; i < p->run_count; i++) {
        const struct sweep_progress_run *run = &p->runs[i];
        snprintf(piece, sizeof piece, "%.160s %.0f/%.0f", run->name, run->done, run->epochs);
        append(out, most, "; ", piece);
    }
    return out;
}
