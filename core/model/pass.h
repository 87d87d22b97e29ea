/* One chunk of samples through the backbone and back: forward, loss, and the gradients of what is tuned.
 *
 *     struct pass *p = NULL;
 *     pass_create(&p, &(struct pass_options){.model = m, .tuning = &t, .chunk = 4, .backward = true}, &err);
 *     pass_forward(p, &step, &chunk, logits, losses);
 *     pass_backward(p, &step, &chunk, gradient);      // gradient += that of this chunk
 *     pass_destroy(p);
 *
 * A pass is the memory of one thread: everything is taken at creation, a step allocates nothing. For frozen weights
 * nothing is kept, and no block below the lowest tuned tensor is gone back through. Under the method mae the same calls
 * hide patches and reconstruct them: no labels, no logits, the loss is that of the hidden patches (pass_mae.c).
 * Numbers depend on the samples, their count and their position in the batch, never on the thread. BLAS must be set to
 * one thread. */
#ifndef CORE_MODEL_PASS_H
#define CORE_MODEL_PASS_H

#include "core/model/model.h"
#include "core/model/tuning.h"

/* Called between matrix products. Waits while the run is held; returns false to give the chunk up. */
typedef bool pass_go_on_fn(void *context);

struct pass_options {
    const struct model *model;   /* outlive the pass */
    const struct tuning *tuning; /* likewise */
    int chunk;                   /* samples at most */
    bool backward;               /* keep what pass_backward() needs */
    bool keep_all;               /* keep every block's keys and queries for pass_attention() */
    bool recompute; /* keep no more of a block (not of mae's decoder) than its input, and compute the rest again on the
                       way back */
    bool compute_all;         /* what is not needed, too: rows that no gate, no prompts and no pool let through */
    const float *decoder_pos; /* mae: [1 + patches, E] positions of the decoder; NULL: those of sin and cos */
    pass_go_on_fn *go_on;     /* may be NULL */
    void *context;
};

/* What is the same for every chunk of a step. */
struct pass_step {
    const float *theta;
    struct tuning_values values;
    uint64_t seed, number; /* keys of dropout and masks; in evaluation the seed alone */
    bool dropout;          /* training: prompts drop out, masks are drawn anew for every step; else for every image */
    bool forward_only;     /* no pass_backward() follows */
    const float *keep;  /* NULL, or given dropout factors [blocks with prompts, batch, P, D] in place of drawn ones */
    const int *visible; /* mae: NULL, or given patches that are seen [batch, V], ascending, in place of drawn ones */
    int batch;          /* samples of the whole step (the stride of keep) */
    float weight;       /* of a sample in the loss: 1 / readable samples of the step */
};

struct pass_chunk {
    int count;             /* samples */
    uint32_t first;        /* position of the first in the batch */
    const float *images;   /* [count, 3, S, S] */
    const int *labels;     /* [count], -1: no label, no loss; may be NULL without losses */
    const uint32_t *index; /* [count] in the split, the key of an image's mask in evaluation; NULL: the position */
    const struct pass_prefix *prefix; /* [count]; NULL: all blocks are computed for all samples at once */
};

/* What the patch embedding and the blocks below tuning_lowest_block() (frozen by the method, not by a command) make of
 * an image [pass_prefix_floats()]: tokens without prompts, or, where no block is tuned, the mean that makes the
 * feature. Frozen, it is the same in every step. Computed one image a call, since the number of rows in a matrix
 * product changes the last bits of each: the same whether it was known or not. */
struct pass_prefix {
    const float *known; /* NULL: computed from the image */
    float *found;       /* where it is copied to then; may be NULL */
};

struct pass;

/* Floats of an image's prefix; 0 where there is none, since block 0 or the embedding is tuned. */
size_t pass_prefix_floats(const struct tuning *t);

/* Errors: ERROR_MEMORY. */
int pass_create(struct pass **out, const struct pass_options *options, struct error *e);
void pass_destroy(struct pass *p); /* NULL is accepted */
size_t pass_bytes(const struct pass_options *options);

/* logits [count, tuning_outputs()] and losses [count] (0 without a label; may be NULL) are overwritten. ERROR_CANCELLED
 * if go_on() said so; nothing was changed then. */
int pass_forward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, float *logits,
                 double *losses);

/* After pass_forward() of the same chunk, logits as it left them: gradient [tuning.total] += that of
 * weight * (sum of the chunk's losses), sample after sample. */
int pass_backward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, const float *logits,
                  float *gradient);

/* After pass_forward() with keep_all or backward: A_h [N, N] of a sample, block and head (from 0); returns N, or 0 if
 * that block was not kept: with keep_all all are, without it neither the last one, with all its queries, nor those of
 * deep prompts, nor with recompute. Not after a pass of forward_only without keep_all, whose closed gates leave queries
 * out. */
size_t pass_attention(const struct pass *p, const struct pass_step *step, int block, int sample, int head, float *a);

/* After pass_forward() of masked autoencoding, of a sample, until the next call: N patches of 3 P P values in the order
 * of the published patchify (row, column, channel), normalised to mean 0 and variance 1 each, and which were seen. */
struct pass_reconstruction {
    const float *prediction, *target; /* [N, 3 P P] */
    const int *visible;               /* [V], ascending */
    size_t patches, values, seen;     /* N, 3 P P, V */
    double loss, baseline;            /* mean over the hidden patches; that of predicting each patch's mean */
};

#define PASS_TARGET_EPS 1e-6 /* added to a patch's variance (models_mae.py, forward_loss) */

struct pass_reconstruction pass_reconstruction(const struct pass *p, int sample);

/* Looks for NaN and infinity after every operator of the next passes and remembers where the first was ("block 3,
 * attention"); pass_trouble() returns that, or NULL. Slow: for finding out after a loss went wrong. */
void pass_probe(struct pass *p, bool on);
const char *pass_trouble(const struct pass *p);

/* Where the time goes: while on, each operator's is added up under the name that pass_trouble() would give it. */
#define PASS_PHASES 24

struct pass_phase {
    const char *name; /* a constant */
    double seconds;
};

void pass_time(struct pass *p, bool on);
size_t pass_phases(const struct pass *p, struct pass_phase out[PASS_PHASES]); /* how many, in order of first use */

#endif
