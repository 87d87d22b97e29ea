#include "core/train/schedule.h"

#include <math.h>

double schedule_factor(enum schedule_kind kind, uint64_t epoch, uint64_t epochs, uint64_t warmup) {
    double e = (double)epoch, total = (double)epochs, w = (double)warmup;
    if (kind != SCHEDULE_PAPER)
        w = fmin(w, floor(total / 10));
    if (e < w)
        return kind == SCHEDULE_PAPER ? e / w : (e + 1) / (w + 1);
    if (kind == SCHEDULE_CONSTANT)
        return 1;
    if (e >= total)
        return 0;
    return 0.5 * (1 + cos(3.14159265358979323846 * (e - w) / (total - w)));
}
