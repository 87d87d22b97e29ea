/* What is tuned, and where each tuned tensor lies in one flat vector theta.
 *
 *     struct tuning t;
 *     tuning_create(&t, &options, &model->shape, &err);
 *     float *theta = ...;                            // t.total floats
 *     tuning_initialise(&t, seed, theta);
 *     const struct tuned *gates = tuning_find(&t, TUNED_GATES);
 *
 * Names are those of the authors' program. Gradients, momentum and second moments have the same layout. A plain value,
 * constant after tuning_create(). Any thread may read it. */
#ifndef CORE_MODEL_TUNING_H
#define CORE_MODEL_TUNING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/formats/tensors.h"
#include "core/model/shape.h"
#include "core/nn/pool.h"
#include "core/settings.h"

/* X(constant, name in files, short name) */
#define TUNED_TENSORS(X)                                                                                               \
    X(TUNED_PROMPTS, "enc.prompt_embeddings", "prompts")                                                               \
    X(TUNED_DEEP_PROMPTS, "enc.deep_prompt_embeddings", "deep prompts")                                                \
    X(TUNED_GATES, "enc.gate_logit", "gates")                                                                          \
    X(TUNED_TEMPS, "enc.temp", "temperatures")                                                                         \
    X(TUNED_HEAD_WEIGHT, "head.last_layer.weight", "head weight")                                                      \
    X(TUNED_HEAD_BIAS, "head.last_layer.bias", "head bias")

enum tuned_kind {
#define X(constant, name, text) constant,
    TUNED_TENSORS(X)
#undef X
        TUNED_KINDS
};

struct tuned {
    enum tuned_kind kind;
    int rank;
    size_t shape[3];
    size_t offset, size; /* in theta, floats */
};

struct tuning_options {
    enum method method;
    enum pool pool; /* not POOL_AUTO */
    int prompts;    /* P, from 1 */
    int insert_at;  /* block at whose input the prompts are put in, from 0 */
    bool temps;
    double gate_init, prompt_dropout;
    int classes;
};

struct tuning {
    struct tuning_options options;
    struct vit_shape shape;
    int count;
    struct tuned tensors[TUNED_KINDS];
    size_t total; /* floats of theta; gaps between tensors are 0 and stay 0 */
};

#define TUNING_TEMP_LOW 0.01f /* temperatures are held in this range before each forward pass */
#define TUNING_TEMP_HIGH 10.0f

/* Errors: ERROR_USAGE: insertion behind the last block, a prompt pool without prompts. */
int tuning_create(struct tuning *t, const struct tuning_options *options, const struct vit_shape *shape,
                  struct error *e);

const struct tuned *tuning_find(const struct tuning *t, enum tuned_kind kind); /* NULL: not tuned by this method */
const char *tuning_name(enum tuned_kind kind);                                 /* "enc.gate_logit" */
const char *tuning_text(enum tuned_kind kind);                                 /* "gates" */

/* theta's start: prompts uniform +-sqrt(6 / (3 P P + D)), gates -gate_init, temperatures 1, the head as below. */
void tuning_initialise(const struct tuning *t, uint64_t seed, float *theta);

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

/* Prompts in the sequence that block l (from 0) receives: 0 before the insertion. */
int tuning_prompts_at(const struct tuning *t, int block);

/* Rows of a sequence with all prompts in it that make the feature. */
struct pool_range tuning_pool_range(const struct tuning *t);

/* A tensor that shows tensor i of theta (for saving). */
struct tensor tuning_tensor(const struct tuning *t, int i, const float *theta);

/* SHA-256, lower-case hex, over (name, NUL, little-endian f32 values) in the order of names: the run's hash. */
void tuning_hash(const struct tuning *t, const float *theta, char out[65]);

#endif
