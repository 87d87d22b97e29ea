/* The weights of a transformer as a table: which of them train, and where those lie in the vector theta.
 *
 *     struct weights w = {0};
 *     size_t end = weights_lay_out(&w, &shape, NULL, weights_all, NULL, 0);
 *     struct model_block b = weights_block(&w, WEIGHTS_BLOCKS, l, theta, &model->blocks[l]);   // theta's, or frozen
 * ones struct weights_block_gradient g = weights_block_gradient(&w, WEIGHTS_BLOCKS, l, gradient); // NULL where frozen
 *
 * A plain value: offsets follow from a table for one block and a stride. Pure; any thread may read it. */
#ifndef CORE_MODEL_WEIGHTS_H
#define CORE_MODEL_WEIGHTS_H

#include <stdbool.h>

#include "core/model/model.h"

enum weights_section {
    WEIGHTS_GLOBALS, /* "cls_token" ... "norm.bias" */
    WEIGHTS_BLOCKS,  /* "blocks.N." */
    WEIGHTS_DECODER, /* "decoder_embed.weight" ...: masked autoencoding alone */
    WEIGHTS_DECODER_BLOCKS,
    WEIGHTS_SECTIONS
};

enum weights_row {
#define GLOBAL(field, ...) WEIGHT_##field,
#define BLOCK(field, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    WEIGHTS_GLOBAL_ROWS
};

enum weights_block_row {
#define GLOBAL(field, ...)
#define BLOCK(field, ...) WEIGHT_block_##field,
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    WEIGHTS_BLOCK_ROWS
};

enum weights_decoder_row {
#define GLOBAL(field, ...) WEIGHT_decoder_##field,
#include "core/model/decoder.def"
#undef GLOBAL
    WEIGHTS_DECODER_ROWS
};

#define WEIGHTS_ROWS 12 /* of the longest section */
#define WEIGHTS_NAME 56 /* bytes of a name, its 0 included */

/* One tensor of the table. */
struct weight {
    enum weights_section section;
    int block;               /* from 0; 0 in sections without blocks */
    int row;                 /* of the section's enum */
    char name[WEIGHTS_NAME]; /* published: "blocks.3.attn.qkv.weight" */
    int rank;
    size_t shape[4], size;
    size_t offset; /* in theta */
};

struct weights {
    struct vit_shape shape, decoder; /* decoder.depth 0: none */
    int count;                       /* tensors that train */
    struct {
        int count;               /* tensors in it that train */
        int rows;                /* of them in one block */
        int first;               /* block of the first */
        size_t start, stride;    /* in theta: of that block, from block to block */
        size_t at[WEIGHTS_ROWS]; /* from a block's start; SIZE_MAX: does not train */
    } sections[WEIGHTS_SECTIONS];
};

/* Does it train? `w` has everything but the offset. Within a section the answer depends on the row and on whether the
 * block is at least some number, not otherwise on the block. */
typedef bool weights_chosen_fn(const struct weight *w, void *context);

/* Fills `w` with the tensors that are chosen, from offset `start` of theta on; returns where they end. decoder: NULL
 * for none. Tensors start on cache lines. */
size_t weights_lay_out(struct weights *w, const struct vit_shape *shape, const struct vit_shape *decoder,
                       weights_chosen_fn *chosen, void *context, size_t start);

/* Tensor i of those that train. */
struct weight weights_at(const struct weights *w, int i);

/* Does any of block l's (or, for the sections without blocks, of all) train? */
bool weights_any(const struct weights *w, enum weights_section section, int block);

/* Where a tensor lies in theta; SIZE_MAX: it does not train. */
size_t weights_offset(const struct weights *w, enum weights_section section, int block, int row);

/* Pointers to a block's weights: theta's where they train, else those of `frozen` (NULL where none are frozen). */
struct model_block weights_block(const struct weights *w, enum weights_section section, int block, const float *theta,
                                 const struct model_block *frozen);

struct weights_globals {
#define GLOBAL(field, ...) const float *field;
#define BLOCK(field, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
};

struct weights_globals weights_globals(const struct weights *w, const float *theta, const struct model *frozen);

struct weights_decoder {
#define GLOBAL(field, ...) const float *field;
#include "core/model/decoder.def"
#undef GLOBAL
};

struct weights_decoder weights_decoder(const struct weights *w, const float *theta);

/* The same places in a gradient; NULL where none is wanted. */
struct weights_block_gradient {
#define GLOBAL(field, ...)
#define BLOCK(field, ...) float *field;
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
};

struct weights_block_gradient weights_block_gradient(const struct weights *w, enum weights_section section, int block,
                                                     float *gradient);

struct weights_globals_gradient {
#define GLOBAL(field, ...) float *field;
#define BLOCK(field, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
};

struct weights_globals_gradient weights_globals_gradient(const struct weights *w, float *gradient);

struct weights_decoder_gradient {
#define GLOBAL(field, ...) float *field;
#include "core/model/decoder.def"
#undef GLOBAL
};

struct weights_decoder_gradient weights_decoder_gradient(const struct weights *w, float *gradient);

/* A matrix or a kernel, on which weight decay acts; not tokens, positions, norms, biases. */
bool weights_is_matrix(const struct weight *w);

/* Starting values of MAE (models_mae.py, initialize_weights): Glorot-uniform matrices, tokens normal with deviation
 * 0.02, norms 1, biases 0. Of the tensors that train and lie in the decoder alone: the rest is a backbone's. */
void weights_initialise_decoder(const struct weights *w, uint64_t seed, float *theta);

/* The backbone with theta's weights in place of those that train: `out` and its `blocks` [depth] point into theta and
 * `m`, and are not to be closed. */
void weights_model(const struct weights *w, const float *theta, const struct model *m, struct model *out,
                   struct model_block *blocks);

/* Copies a backbone's values of the tensors that train into theta. */
void weights_copy(const struct weights *w, const struct model *m, float *theta);

#endif
