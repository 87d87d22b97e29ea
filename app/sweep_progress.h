/* How a sweep stands, in one line of text: numbers in, text out. Pure. */
#ifndef APP_SWEEP_PROGRESS_H
#define APP_SWEEP_PROGRESS_H

#include <stddef.h>

enum { SWEEP_PROGRESS_RUNS = 8 }; /* most that a line names */

struct sweep_progress_run {
    const char *name;
    double done, epochs; /* epochs done, of how many; 0: not known */
};

struct sweep_progress {
    size_t cells, ended, failed;
    double eta_s; /* NaN: not known yet */
    const struct sweep_progress_run *runs;
    size_t run_count;
};

/* "7/24 cells, 1 failed, 12m03s left; method=deep,lr=0.1,seed=2 3/20", at most `columns` wide: what does not fit is
 * left out whole. Into out[size]; returns out. */
const char *sweep_progress_line(const struct sweep_progress *p, int columns, char *out, size_t size);

#endif
