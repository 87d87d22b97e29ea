/* Private to pass.c and pass_backward.c: the arrays of a pass. C samples, N tokens a sample, D wide, M hidden. */
#ifndef CORE_MODEL_PASS_MEMORY_H
#define CORE_MODEL_PASS_MEMORY_H

#include <time.h>

#include "core/arena.h"
#include "core/model/pass.h"

/* Kept from the way in for the way back. Blocks that are not kept share one of these. */
struct pass_block {
    bool kept;
    size_t tokens;  /* N in this block */
    float *x;       /* [C, N, D] its input, prompts in it */
    float *norm1;   /* [C, N, 2] mean and rstd of its first LayerNorm */
    float *qkv;     /* [C, N, 3D] */
    float *middle;  /* [C, N, D] after attention */
    float *norm2;   /* [C, N, 2] */
    float *hidden;  /* [C, N, M] before GELU */
    float *ungated; /* [C, P, D] prompt rows of its output before the gate */
};

struct pass {
    struct pass_options options;
    struct arena arena;
    struct pass_block *blocks; /* [depth + 1]; the last one has only x and tokens: the output */
    int lowest;                /* no gradient is wanted below this block's input */
    float *columns;            /* [N, 3 P P] of one image */
    float *plain;              /* [C, N0, D] tokens without prompts, on their way into an array with room for them */
    float *wide;               /* [C, N, M] after GELU; its gradient */
    float *row;                /* [C, N, D] LayerNorm's and attention's results; their gradients */
    float *scratch;            /* [2, N, N] */
    float *feature, *mean;     /* [C, D] */
    float *mean_stats;         /* [C, 2] */
    float *keep;               /* [P, D] dropout factors */
    /* the way back */
    float *dx, *dqkv, *dz_in, *dlogits, *dfeature; /* [C, N, D], [C, N, 3D], [C, P, D], [C, classes], [C, D] */
    double *dtemps;                                /* [depth] */
    bool probing;
    char trouble[96];
    bool timing;
    struct timespec mark; /* when the last operator ended */
    size_t phase_count;
    struct pass_phase phases[PASS_PHASES];
};

/* After each operator: remembers the first result with a NaN or infinity, while probing; adds up the time, while
 * timing. */
void pass_check(struct pass *p, int block, const char *what, size_t n, const float *x);

/* Dropout factors for the prompts put in at `block` (from 0) for one sample: NULL for none. */
const float *pass_keep(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, int block,
                       int sample);

/* The prompts put in at `block`'s input: their offset in theta, or SIZE_MAX for none. */
size_t pass_prompts_offset(const struct tuning *t, int block);

static inline bool pass_goes_on(const struct pass *p) {
    return !p->options.go_on || p->options.go_on(p->options.context);
}

#endif
