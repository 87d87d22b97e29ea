/* Private to the files pass*.c: the arrays of a pass. C samples, N tokens a sample, D wide, M hidden. */
#ifndef CORE_MODEL_PASS_MEMORY_H
#define CORE_MODEL_PASS_MEMORY_H

#include <time.h>

#include "core/arena.h"
#include "core/model/pass.h"
#include "core/nn/attention.h"
#include "core/nn/rows.h"

/* Where only Q rows of a block's output are wanted, what comes after its attention is [C, Q, ...].
 * Kept from the way in for the way back. Blocks that are not kept share one of these. */
struct pass_block {
    bool kept;
    bool again;                     /* its arrays but x are shared, and filled again on the way back */
    bool slopes;                    /* no weight's gradient needs what GELU gave: its slopes are kept instead */
    int number;                     /* for what is said of it: from 0; those of a decoder go on from depth */
    size_t tokens, dim, heads, mlp; /* N, D, H, M in this block */
    float *x;                       /* [C, N, D] its input, prompts in it */
    float *norm1;                   /* [C, N, 2] mean and rstd of its first LayerNorm */
    float *qkv;                     /* [C, N, 3D]; see pass_block_q() */
    float *attended;                /* [C, N, D] what the projection gets; NULL where its weights are frozen */
    float *middle;                  /* [C, N, D] after attention */
    float *norm2;                   /* [C, N, 2] */
    float *hidden;                  /* [C, N, M] before GELU and without fc1's bias; GELU's slopes where `slopes` */
    float *ungated;                 /* [C, P, D] prompt rows of its output before the gate */
};

/* What masked autoencoding needs besides: V seen of N patches, E wide, A = 3 P P values a patch. */
struct pass_mae {
    struct pass_block *decoder; /* [decoder depth + 1], the last one has only x: the output */
    struct weights_decoder weights;
    float *positions;           /* [1 + N, E] */
    float *seen_columns;        /* [V, A] */
    float *latent;              /* [C, 1 + V, E] the encoder's result on the decoder's width; its gradient */
    float *norm, *decoder_norm; /* [C, 1 + V, 2], [C, 1 + N, 2] */
    float *prediction;          /* [C, 1 + N, A], that of CLS meaningless; its gradient is dprediction */
    float *target;              /* [C, N, A] */
    float *dprediction;         /* [C, 1 + N, A] */
    int *visible;               /* [C, V] */
    uint32_t *order;            /* [N] */
};

struct pass {
    struct pass_options options;
    struct arena arena;
    struct pass_block *blocks;      /* [depth + 1]; the last one has only x and tokens: the output */
    struct weights_globals globals; /* bound to theta or to the frozen model when a pass begins */
    struct model_block *weights;    /* [depth + decoder depth], likewise */
    struct pass_mae mae;
    struct rows pool;      /* what makes the feature */
    bool pools;            /* the last block computes no more than that (pass_last.c) */
    int lowest;            /* no gradient is wanted below this block's input */
    bool embedding;        /* but there, in the patch embedding, tokens or positions */
    float *columns;        /* [N, 3 P P] of one image */
    float *unprompted;     /* [C, N0, D] tokens without prompts, on their way into an array with room for them */
    float *wide;           /* [C, N, M] after GELU; its gradient */
    float *row;            /* [C, N, D] LayerNorm's and attention's results; their gradients */
    float *scratch;        /* attention's */
    float *feature, *mean; /* [C, D] */
    float *mean_stats;     /* [C, 2] */
    float *pooled;         /* [C, M] mean of what GELU gave, in the last block; its gradient */
    float *keep;           /* [P, D] dropout factors */
    /* the way back */
    float *dx, *dqkv, *dz_in;          /* [C, N, D], [C, N, 3D], [C, P, D] */
    float *dlogits, *dfeature, *dmean; /* [C, classes], [C, D], [C, D] */
    double *dtemps;                    /* [depth] */
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

/* pass_block.c: one transformer block of `count` samples with its weights, from b->x to out [C, N, D], or to the rows
 * of it that are wanted, [C, Q, D] (NULL: all). False: given up. */
bool pass_block_forward(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau,
                        const struct rows *wanted, float *out);

/* Its first half: attention of the rows that are wanted, with what it is added to, in b->middle. */
bool pass_block_attend(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau,
                       const struct rows *wanted);

/* Its second half up to GELU's result in p->wide, of `rows` rows of b->middle. */
bool pass_block_hidden(struct pass *p, const struct pass_block *b, const struct model_block *w, size_t rows);

/* How a block is gone back through. */
struct pass_back {
    int count; /* samples */
    float tau;
    double *dtau;             /* NULL: not tuned */
    const struct rows *asked; /* rows of its output that there are; NULL: all, as the gradients of weights want */
    size_t first, wanted;     /* of its input's gradient `wanted` rows from `first` on are computed, 0: none; where not
                                 all rows asked, either all or such as did not */
};

/* From the gradient of its output in p->dx [C, N, D], of which the rows that asked are read, to that of its input
 * there. Gradients of weights are added where `g` has a place. */
bool pass_block_backward(struct pass *p, const struct pass_block *b, const struct model_block *w,
                         const struct weights_block_gradient *g, const struct pass_back *back);

/* Its first half: from the gradient of the block's middle in p->dx, [C, Q, D] at its start. */
bool pass_block_attend_backward(struct pass *p, const struct pass_block *b, const struct model_block *w,
                                const struct weights_block_gradient *g, const struct pass_back *back);

/* Floats of scratch that a block of this shape needs. */
size_t pass_block_scratch(const struct pass_block *b);

/* Takes the arrays of a block whose shape is set, for one that is gone back through; `wanted` rows of its output are.
 */
void pass_block_lay_out(struct pass *p, struct pass_block *b, size_t wanted, bool weights);

/* Block number `number` on the arrays of `shared`, which must hold its tokens. */
struct pass_block pass_block_again(const struct pass *p, const struct pass_block *shared, int number, size_t tokens,
                                   bool weights);

/* The rows of the output of block l that are wanted where its prompt rows are not: all but these (pass.c). */
bool pass_leaves_prompts(const struct pass *p, int l, struct rows *but_prompts);

/* Queries, keys and values of sample `sample` in b->qkv: rows of 3 D, or, where only some rows ask, [C, N, 2D] of keys
 * and values and behind them [C, Q, D] of queries. The same of a gradient that lies like it. */
struct attention_shape pass_block_heads(const struct pass_block *b, const struct rows *wanted);
float *pass_block_q(const struct pass_block *b, const struct rows *wanted, int count, int sample, float *qkv);
float *pass_block_k(const struct pass_block *b, const struct rows *wanted, int sample, float *qkv);

/* pass_last.c: the last block where nothing but the mean of some rows of its output is wanted: mean [C, D]; and from
 * the mean's gradient in p->dmean to that of its input in p->dx. */
bool pass_last_forward(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau,
                       float *mean);
bool pass_last_backward(struct pass *p, const struct pass_block *b, const struct model_block *w,
                        const struct pass_back *back);

/* pass_mae.c: the same for masked autoencoding. */
void pass_mae_lay_out(struct pass *p);
void pass_mae_start(struct pass *p); /* once the arrays are there */
int pass_mae_forward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, float *baselines,
                     double *losses);
int pass_mae_backward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, float *gradient);

static inline bool pass_goes_on(const struct pass *p) {
    return !p->options.go_on || p->options.go_on(p->options.context);
}

#endif
