/* What is tuned, and where each tuned tensor lies in one flat vector theta.
 *
 *     struct tuning t;
 *     tuning_create(&t, &options, &model->shape, &err);
 *     float *theta = ...;                            // t.total floats
 *     tuning_initialise(&t, model, seed, theta);
 *     const struct tuned *gates = tuning_find(&t, TUNED_GATES);
 *
 * Names are those of the authors' program; weights of the backbone that are tuned too (full, bias, partial, mae) are
 * "enc." and their published name, the decoder of masked autoencoding has its published names. Gradients, momentum and
 * second moments have the same layout. A plain value, constant after tuning_create(). Any thread may read it. */
#ifndef CORE_MODEL_TUNING_H
#define CORE_MODEL_TUNING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/formats/tensors.h"
#include "core/model/weights.h"
#include "core/nn/rows.h"
#include "core/settings.h"

/* X(constant, name in files, short name); of the weights their names follow from the table of weights.h. */
#define TUNED_TENSORS(X)                                                                                               \
    X(TUNED_PROMPTS, "enc.prompt_embeddings", "prompts")                                                               \
    X(TUNED_DEEP_PROMPTS, "enc.deep_prompt_embeddings", "deep prompts")                                                \
    X(TUNED_GATES, "enc.gate_logit", "gates")                                                                          \
    X(TUNED_TEMPS, "enc.temp", "temperatures")                                                                         \
    X(TUNED_HEAD_WEIGHT, "head.last_layer.weight", "head weight")                                                      \
    X(TUNED_HEAD_BIAS, "head.last_layer.bias", "head bias")                                                            \
    X(TUNED_WEIGHT, "", "weights of the backbone")

enum tuned_kind {
#define X(constant, name, text) constant,
    TUNED_TENSORS(X)
#undef X
        TUNED_KINDS
};

#define TUNED_NAME                                                                                                     \
    (WEIGHTS_NAME + 24) /* bytes of a name in files with what a saved run puts before it, its 0 included */

struct tuned {
    enum tuned_kind kind;
    char name[TUNED_NAME];
    int rank;
    size_t shape[4];
    size_t offset, size; /* in theta, floats */
    bool decays;         /* weight decay acts on it: prompts, matrices, kernels */
    int layer;           /* of layer-wise decay of the rate: 0 the embedding, l + 1 block l, depth + 1 what is above */
};

struct tuning_options {
    enum method method;
    enum pool pool; /* not POOL_AUTO */
    int prompts;    /* P, from 1 */
    int insert_at;  /* block at whose input the prompts are put in, from 0 */
    bool temps;
    double gate_init, prompt_dropout;
    int classes;                                   /* 0 for mae: no head */
    int last_blocks;                               /* partial: how many */
    double mask_ratio;                             /* mae: share of the patches that are hidden */
    int decoder_dim, decoder_depth, decoder_heads; /* mae */
};

struct tuning {
    struct tuning_options options;
    struct vit_shape shape;
    int count; /* tensors */
    int own;   /* of them, those below; weights follow */
    struct tuned tensors[TUNED_KINDS];
    struct weights weights; /* of backbone and decoder that are tuned */
    size_t total;           /* floats of theta; gaps between tensors are 0 and stay 0 */
};

#define TUNING_TEMP_LOW 0.01f /* temperatures are held in this range before each forward pass */
#define TUNING_TEMP_HIGH 10.0f

/* Errors: ERROR_USAGE: insertion behind the last block, a prompt pool without prompts, more last blocks than there are,
 * a decoder whose heads do not divide its width or whose width is no multiple of 4, a mask that leaves no patch or
 * hides none. */
int tuning_create(struct tuning *t, const struct tuning_options *options, const struct vit_shape *shape,
                  struct error *e);

/* Tensor i of `count`. */
struct tuned tuning_at(const struct tuning *t, int i);

const struct tuned *tuning_find(const struct tuning *t, enum tuned_kind kind); /* NULL: not tuned by this method */
const char *tuning_text(enum tuned_kind kind);                                 /* "gates" */

/* theta's start: prompts uniform +-sqrt(6 / (3 P P + D)), gates -gate_init, temperatures 1, the head as below, weights
 * those of `m`, the decoder as MAE's. m: NULL where no weight is tuned. */
void tuning_initialise(const struct tuning *t, const struct model *m, uint64_t seed, float *theta);

/* A head as published: weight normal with variance 2 / classes (kaiming, fan_out), bias -log(99). A function of
 * (seed, swaps) alone; `swaps` counts the heads drawn in this run. */
void tuning_initialise_head(const struct tuning *t, uint64_t seed, uint32_t swaps, float *theta);

/* Holds the temperatures in their range, in place (the reference does so before each forward pass of training). */
void tuning_clamp_temps(const struct tuning *t, float *theta);

/* The temperature that a tuned value stands for: held in the range. NaN stays. */
float tuning_held_temp(float tau);

/* What theta means in one step, worked out once for all its samples. */
struct tuning_values {
    float *gates;  /* [depth - 1] g_l, 1 where the method has no gates */
    float *slopes; /* [depth - 1] dg_l / dgamma_l */
    float *temps;  /* [depth] tau_l, held in their range; 1 where the method has none */
};

/* Fills `v`. noise [depth - 1]: the Gumbel-sigmoid's draws for gated-hard in training; NULL: evaluation (g = [gamma >
 * 0] for hard gates). Hard gates have the straight-through slope of sigmoid(gamma + noise). */
void tuning_values(const struct tuning *t, const float *theta, const float *noise, struct tuning_values *v);

bool tuning_has_prompts(const struct tuning *t);
bool tuning_is_gated(const struct tuning *t);
bool tuning_reconstructs(const struct tuning *t); /* masked autoencoding: no labels, no head */

/* Columns of the logits: classes; for masked autoencoding 1, the loss of predicting every hidden patch's mean. */
int tuning_outputs(const struct tuning *t);

/* Patches of an image that the encoder of masked autoencoding sees: at least 1, less than all. */
int tuning_visible(const struct tuning *t);

/* Prompts in the sequence that block l (from 0) receives: 0 before the insertion. */
int tuning_prompts_at(const struct tuning *t, int block);

/* Tokens of the sequence that block l receives: CLS, prompts, patches (those that are seen). */
int tuning_tokens(const struct tuning *t, int block);

/* Whether patch embedding, CLS or positions are tuned; the block below whose input no gradient is wanted otherwise
 * (depth: none anywhere). */
bool tuning_has_embedding(const struct tuning *t);
int tuning_lowest_block(const struct tuning *t);

/* Blocks below the first tuned one, whose results are the same in every step: 0 where the embedding is tuned, and where
 * masks hide other patches every time. */
int tuning_frozen_blocks(const struct tuning *t);

/* Rows of a sequence with all prompts in it, [CLS, P prompts, patches], whose mean makes the feature (paper's
 * reference: MODEL.*.pool):
 *
 *     cls            norm(x)[CLS]                      MoCo v3, DINO, supervised ("original")
 *     mae            norm(mean of all but CLS)         MAE ("original"; "imgprompt_pool"): the prompts are in the mean
 *     img, prompt    norm(mean of patches | prompts)   "img_pool", "prompt_pool"
 *
 * A LayerNorm acts row by row, so all of them are one norm of the mean of some rows. */
struct rows tuning_pool_rows(const struct tuning *t);

/* A tensor that shows `n` in theta, under n's name, which must live as long. */
struct tensor tuning_tensor(const struct tuned *n, const float *theta);

/* SHA-256, lower-case hex, over (name, NUL, little-endian f32 values) in the order of names: the run's hash. */
void tuning_hash(const struct tuning *t, const float *theta, char out[65]);

#endif
