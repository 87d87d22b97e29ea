/* Update rules for theta (tuning.h), and what is frozen.
 *
 *     optimizer_update(&options, &tuning, &freeze, rate, &state, gradient, theta);
 *
 * SGD is PyTorch's form: m = momentum m + g (the first m = g), p -= lr m. AdamW is torch.optim.AdamW. Weight decay acts
 * on what tuned.decays says: added to the gradient (SGD) or decoupled (AdamW). A frozen value is passed over,
 * its momentum kept as it is. Pure; any thread may call. */
#ifndef CORE_TRAIN_OPTIMIZER_H
#define CORE_TRAIN_OPTIMIZER_H

#include <stdint.h>

#include "core/model/tuning.h"

#define OPTIMIZER_MAX_BLOCKS 1024

struct optimizer_options {
    enum optimizer_kind kind;
    double momentum; /* AdamW: beta1 */
    double beta2, epsilon, weight_decay;
    double prompts, gates, temps, head, weights; /* factors of the rate */
    double layer_decay; /* factor of a layer's rate against that of the layer above it (tuned.layer); 1: none */
};

/* Bit l of gates and temps: block l + 1. */
struct freeze {
    uint32_t gates[OPTIMIZER_MAX_BLOCKS / 32], temps[OPTIMIZER_MAX_BLOCKS / 32];
    bool prompts, head;
};

struct optimizer_state {
    float *first;        /* [total] momentum */
    float *second;       /* [total] AdamW's second moments; NULL for SGD */
    uint64_t updates;    /* done so far (AdamW's bias correction) */
    uint64_t head_since; /* of these, before the present head was drawn: its moments began at 0 then */
};

/* One update with rate `lr`; counts it. */
void optimizer_update(const struct optimizer_options *o, const struct tuning *t, const struct freeze *freeze, double lr,
                      struct optimizer_state *state, const float *gradient, float *theta);

static inline bool freeze_has(const uint32_t *mask, size_t block) {
    return mask[block / 32] >> (block % 32) & 1;
}

#endif
