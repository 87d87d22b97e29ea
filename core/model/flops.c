#include "core/model/flops.h"

/* Matrix products of one block for n tokens, attention aside. */
static double products(const struct vit_shape *s, double n) {
    double d = s->dim, m = s->mlp;
    return 2 * n * (4 * d * d + 2 * d * m);
}

static double attention(const struct vit_shape *s, double n) {
    return 4 * n * n * s->dim;
}

static double patch_embedding(const struct tuning *t) {
    double area = 3.0 * t->shape.patch * t->shape.patch;
    return 2 * (tuning_reconstructs(t) ? tuning_visible(t) : shape_patches(&t->shape)) * area * t->shape.dim;
}

/* The decoder's own layers: from the encoder's width, and to pixels. */
static double decoder_ends(const struct tuning *t) {
    double e = t->weights.decoder.dim, n = shape_patches(&t->shape), area = 3.0 * t->shape.patch * t->shape.patch;
    return 2 * (1 + tuning_visible(t)) * t->shape.dim * e + 2 * n * e * area;
}

static double head(const struct tuning *t) {
    return 2.0 * t->shape.dim * t->options.classes;
}

double flops_forward(const struct tuning *t) {
    double sum = patch_embedding(t) + head(t);
    for (int l = 0; l < t->shape.depth; l++)
        sum += products(&t->shape, tuning_tokens(t, l)) + attention(&t->shape, tuning_tokens(t, l));
    const struct vit_shape *d = &t->weights.decoder;
    double n = 1 + shape_patches(&t->shape);
    if (tuning_reconstructs(t))
        sum += d->depth * (products(d, n) + attention(d, n)) + decoder_ends(t);
    return sum;
}

double flops_prefix(const struct tuning *t) {
    double sum = patch_embedding(t);
    int frozen = tuning_frozen_blocks(t);
    for (int l = 0; l < frozen; l++)
        sum += products(&t->shape, tuning_tokens(t, l)) + attention(&t->shape, tuning_tokens(t, l));
    return frozen ? sum : 0;
}

double flops_training(const struct tuning *t) {
    const struct vit_shape *d = &t->weights.decoder;
    double sum = flops_forward(t) + 2 * head(t), n = 1 + shape_patches(&t->shape);
    for (int l = tuning_lowest_block(t); l < t->shape.depth; l++) {
        bool weights = weights_offset(&t->weights, WEIGHTS_BLOCKS, l, WEIGHT_block_qkv_weight) != SIZE_MAX;
        int tokens = tuning_tokens(t, l);
        sum += (weights ? 2 : 1) * products(&t->shape, tokens) + 2 * attention(&t->shape, tokens);
    }
    if (weights_offset(&t->weights, WEIGHTS_GLOBALS, 0, WEIGHT_patch_weight) != SIZE_MAX)
        sum += patch_embedding(t);
    if (tuning_reconstructs(t))
        sum += d->depth * (2 * products(d, n) + 2 * attention(d, n)) + 2 * decoder_ends(t);
    return sum;
}
