/* Masked autoencoding (He et al., CVPR 2022; models_mae.py), there and back. The encoder gets CLS and the patches that
 * are seen; the decoder gets its result, on the decoder's width, with the mask token in every other place, and predicts
 * the values of all patches. The loss of an image is the mean over its hidden patches of the mean squared distance to
 * the patch normalised to mean 0 and variance 1. V seen of N patches, A = 3 P P values each, E the decoder's width. */
#include <math.h>
#include <string.h>

#include "core/model/pass_memory.h"
#include "core/model/positions.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"
#include "core/nn/patch.h"
#include "core/nn/vector.h"
#include "core/philox.h"

struct sizes {
    size_t patches, seen, values, dim, wide; /* N, V, A, D, E */
    int depth, decoder_depth;
};

static struct sizes sizes_of(const struct pass *p) {
    const struct tuning *t = p->options.tuning;
    return (struct sizes){
        .patches = (size_t)shape_patches(&t->shape),
        .seen = (size_t)tuning_visible(t),
        .values = 3 * (size_t)t->shape.patch * (size_t)t->shape.patch,
        .dim = (size_t)t->shape.dim,
        .wide = (size_t)t->weights.decoder.dim,
        .depth = t->shape.depth,
        .decoder_depth = t->weights.decoder.depth,
    };
}

void pass_mae_lay_out(struct pass *p) {
    const struct tuning *t = p->options.tuning;
    struct sizes z = sizes_of(p);
    struct pass_mae *m = &p->mae;
    struct arena *a = &p->arena;
    size_t chunk = (size_t)p->options.chunk, rows = chunk * (z.patches + 1), seen = chunk * (z.seen + 1);
    for (int l = 0; l <= z.decoder_depth; l++) {
        struct pass_block b = {.kept = true,
                               .number = z.depth + l,
                               .tokens = z.patches + 1,
                               .dim = z.wide,
                               .heads = (size_t)t->weights.decoder.heads,
                               .mlp = (size_t)t->weights.decoder.mlp};
        b.x = arena_floats(a, arena_product(rows, z.wide));
        if (l < z.decoder_depth)
            pass_block_lay_out(p, &b, b.tokens, p->options.backward);
        if (m->decoder)
            m->decoder[l] = b;
    }
    m->positions = arena_floats(a, (z.patches + 1) * z.wide);
    m->seen_columns = arena_floats(a, z.seen * z.values);
    m->latent = arena_floats(a, arena_product(seen, z.wide));
    m->norm = arena_floats(a, 2 * seen);
    m->decoder_norm = arena_floats(a, 2 * rows);
    m->prediction = arena_floats(a, arena_product(rows, z.values));
    m->target = arena_floats(a, arena_product(rows, z.values));
    m->visible = arena_take(a, chunk * z.seen, sizeof *m->visible);
    m->order = arena_take(a, z.patches, sizeof *m->order);
    if (p->options.backward)
        m->dprediction = arena_floats(a, arena_product(rows, z.values));
}

void pass_mae_start(struct pass *p) {
    const struct vit_shape *s = &p->options.tuning->shape;
    struct sizes z = sizes_of(p);
    if (p->options.decoder_pos)
        memcpy(p->mae.positions, p->options.decoder_pos, (z.patches + 1) * z.wide * sizeof *p->mae.positions);
    else
        positions_sincos(p->mae.positions, s->image / s->patch, (int)z.wide);
}

/* The patches of an image that are seen: the first V of a permutation, put in order. A function of (seed, step,
 * position in the batch) in training, of (seed, image) otherwise. */
static void draw_visible(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, int sample) {
    struct sizes z = sizes_of(p);
    int *visible = p->mae.visible + (size_t)sample * z.seen;
    uint32_t position = chunk->first + (uint32_t)sample, *order = p->mae.order;
    if (step->visible) {
        memcpy(visible, step->visible + (size_t)position * z.seen, z.seen * sizeof *visible);
        return;
    }
    struct philox_key key = philox_key(step->seed, step->dropout ? PHILOX_MASK : PHILOX_MASK_FIXED);
    uint32_t of = step->dropout || !chunk->index ? position : chunk->index[sample];
    uint32_t low = step->dropout ? (uint32_t)step->number : 0,
             high = step->dropout ? (uint32_t)(step->number >> 32) : 0;
    for (uint32_t i = 0; i < z.patches; i++)
        order[i] = i;
    for (uint32_t i = 0; i < z.seen; i++) {
        struct philox_words r = philox(key, i, of, low, high);
        uint32_t other = i + philox_below(r.w[0], r.w[1], (uint32_t)z.patches - i), value = order[other];
        order[other] = order[i];
        uint32_t at = i; /* sorted as they come */
        for (; at > 0 && (uint32_t)visible[at - 1] > value; at--)
            visible[at] = visible[at - 1];
        visible[at] = (int)value;
    }
}

/* Patches of an image as the decoder is to predict them: values by row, column and channel, normalised patch by patch
 * with the unbiased variance. columns [N, A] have the channel first. */
static void make_target(const struct vit_shape *s, const struct sizes *z, const float *columns, float *target) {
    size_t area = (size_t)s->patch * (size_t)s->patch;
    for (size_t n = 0; n < z->patches; n++, columns += z->values, target += z->values) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < z->values; i++)
            sum += (double)columns[i];
        double mean = sum / (double)z->values;
        for (size_t i = 0; i < z->values; i++)
            squares += ((double)columns[i] - mean) * ((double)columns[i] - mean);
        double scale = 1 / sqrt(squares / (double)(z->values - 1) + PASS_TARGET_EPS);
        for (size_t i = 0; i < area; i++)
            for (size_t c = 0; c < 3; c++)
                target[3 * i + c] = (float)(((double)columns[c * area + i] - mean) * scale);
    }
}

/* Of the columns of an image those that are seen. */
static void pick_seen(struct pass *p, const int *visible) {
    struct sizes z = sizes_of(p);
    for (size_t k = 0; k < z.seen; k++)
        memcpy(p->mae.seen_columns + k * z.values, p->columns + (size_t)visible[k] * z.values,
               z.values * sizeof *p->columns);
}

/* Block 0's input: CLS and the patches that are seen, with their positions. */
static void embed_seen(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk) {
    const struct vit_shape *s = &p->options.tuning->shape;
    const struct weights_globals *w = &p->globals;
    struct sizes z = sizes_of(p);
    size_t area = (size_t)s->image * (size_t)s->image * 3;
    for (int i = 0; i < chunk->count; i++) {
        const int *visible = p->mae.visible + (size_t)i * z.seen;
        float *to = p->blocks[0].x + (size_t)i * (z.seen + 1) * z.dim;
        draw_visible(p, step, chunk, i);
        patch_columns(s, chunk->images + (size_t)i * area, p->columns);
        make_target(s, &z, p->columns, p->mae.target + (size_t)i * z.patches * z.values);
        pick_seen(p, visible);
        vector_ops()->mix(z.dim, 1, w->cls_token, 1, w->pos_embed, to);
        linear_forward(z.seen, z.values, z.dim, p->mae.seen_columns, w->patch_weight, w->patch_bias, to + z.dim);
        for (size_t k = 0; k < z.seen; k++)
            vector_ops()->add(z.dim, w->pos_embed + ((size_t)visible[k] + 1) * z.dim, to + (k + 1) * z.dim);
    }
    pass_check(p, -1, "patch embedding", (size_t)chunk->count * (z.seen + 1) * z.dim, p->blocks[0].x);
}

/* The decoder's input: latent rows in their places, the mask token elsewhere, positions on all. */
static void spread(struct pass *p, int count) {
    struct sizes z = sizes_of(p);
    for (int i = 0; i < count; i++) {
        const float *latent = p->mae.latent + (size_t)i * (z.seen + 1) * z.wide;
        const int *visible = p->mae.visible + (size_t)i * z.seen;
        float *to = p->mae.decoder[0].x + (size_t)i * (z.patches + 1) * z.wide;
        memcpy(to, latent, z.wide * sizeof *to);
        for (size_t n = 0; n < z.patches; n++)
            memcpy(to + (n + 1) * z.wide, p->mae.weights.mask_token, z.wide * sizeof *to);
        for (size_t k = 0; k < z.seen; k++)
            memcpy(to + ((size_t)visible[k] + 1) * z.wide, latent + (k + 1) * z.wide, z.wide * sizeof *to);
        vector_ops()->add((z.patches + 1) * z.wide, p->mae.positions, to);
    }
}

static bool encode(struct pass *p, int count) {
    struct sizes z = sizes_of(p);
    size_t rows = (size_t)count * (z.seen + 1);
    for (int l = 0; l < z.depth; l++)
        if (!pass_block_forward(p, &p->blocks[l], &p->weights[l], count, 1, NULL, p->blocks[l + 1].x))
            return false;
    layernorm_forward(rows, z.dim, p->blocks[z.depth].x, p->globals.norm_weight, p->globals.norm_bias, p->row,
                      p->mae.norm);
    linear_forward(rows, z.dim, z.wide, p->row, p->mae.weights.embed_weight, p->mae.weights.embed_bias, p->mae.latent);
    pass_check(p, -1, "encoder's result", rows * z.wide, p->mae.latent);
    return true;
}

static bool decode(struct pass *p, int count) {
    struct sizes z = sizes_of(p);
    const struct weights_decoder *w = &p->mae.weights;
    size_t rows = (size_t)count * (z.patches + 1);
    spread(p, count);
    for (int l = 0; l < z.decoder_depth; l++)
        if (!pass_block_forward(p, &p->mae.decoder[l], &p->weights[z.depth + l], count, 1, NULL,
                                p->mae.decoder[l + 1].x))
            return false;
    layernorm_forward(rows, z.wide, p->mae.decoder[z.decoder_depth].x, w->norm_weight, w->norm_bias, p->row,
                      p->mae.decoder_norm);
    linear_forward(rows, z.wide, z.values, p->row, w->pred_weight, w->pred_bias, p->mae.prediction);
    pass_check(p, -1, "prediction", rows * z.values, p->mae.prediction);
    return true;
}

/* Whether patch n is seen; called for each in turn, k counts the seen ones so far. */
static bool is_seen(const int *visible, size_t seen, size_t *k, size_t n) {
    if (*k == seen || (size_t)visible[*k] != n)
        return false;
    ++*k;
    return true;
}

/* The loss of a sample, and that of predicting 0, every patch's mean. */
static double loss_of(const struct pass *p, int sample, double *baseline) {
    struct sizes z = sizes_of(p);
    const int *visible = p->mae.visible + (size_t)sample * z.seen;
    const float *prediction = p->mae.prediction + ((size_t)sample * (z.patches + 1) + 1) * z.values;
    const float *target = p->mae.target + (size_t)sample * z.patches * z.values;
    double sum = 0, of_mean = 0, all = (double)(z.values * (z.patches - z.seen));
    for (size_t n = 0, k = 0; n < z.patches; n++) {
        if (is_seen(visible, z.seen, &k, n))
            continue;
        for (size_t i = n * z.values; i < (n + 1) * z.values; i++) {
            double d = (double)prediction[i] - (double)target[i];
            sum += d * d;
            of_mean += (double)target[i] * (double)target[i];
        }
    }
    *baseline = of_mean / all;
    return sum / all;
}

int pass_mae_forward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, float *baselines,
                     double *losses) {
    embed_seen(p, step, chunk);
    if (!encode(p, chunk->count) || !decode(p, chunk->count))
        return ERROR_CANCELLED;
    for (int i = 0; i < chunk->count; i++) {
        double baseline, loss = loss_of(p, i, &baseline);
        baselines[i] = (float)baseline;
        if (losses)
            losses[i] = chunk->labels && chunk->labels[i] < 0 ? 0 : loss;
    }
    return 0;
}

struct pass_reconstruction pass_reconstruction(const struct pass *p, int sample) {
    struct sizes z = sizes_of(p);
    double baseline, loss = loss_of(p, sample, &baseline);
    return (struct pass_reconstruction){
        .prediction = p->mae.prediction + ((size_t)sample * (z.patches + 1) + 1) * z.values,
        .target = p->mae.target + (size_t)sample * z.patches * z.values,
        .visible = p->mae.visible + (size_t)sample * z.seen,
        .patches = z.patches,
        .values = z.values,
        .seen = z.seen,
        .loss = loss,
        .baseline = baseline,
    };
}

/* d(loss) / d(prediction): 2 (prediction - target) over the hidden patches. */
static void from_loss(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk) {
    struct sizes z = sizes_of(p);
    float factor = (float)(2 * (double)step->weight / (double)(z.values * (z.patches - z.seen)));
    memset(p->mae.dprediction, 0, (size_t)chunk->count * (z.patches + 1) * z.values * sizeof *p->mae.dprediction);
    for (int i = 0; i < chunk->count; i++) {
        const int *visible = p->mae.visible + (size_t)i * z.seen;
        size_t row = (size_t)i * (z.patches + 1) + 1;
        for (size_t n = 0, k = 0; n < z.patches; n++) {
            if (is_seen(visible, z.seen, &k, n) || (chunk->labels && chunk->labels[i] < 0))
                continue;
            size_t at = (row + n) * z.values;
            vector_ops()->mix(z.values, factor, p->mae.prediction + at, -factor,
                              p->mae.target + ((size_t)i * z.patches + n) * z.values, p->mae.dprediction + at);
        }
    }
    pass_check(p, -1, "gradient of the prediction", (size_t)chunk->count * (z.patches + 1) * z.values,
               p->mae.dprediction);
}

/* Through a LayerNorm and the linear layer above it (`out` wide): dy [rows, out] -> dx overwritten. */
static void through_norm(struct pass *p, size_t rows, size_t in, size_t out, const float *x, const float *norm_weight,
                         const float *norm_bias, float *stats, const float *weight, const float *dy,
                         float *dnorm_weight, float *dnorm_bias, float *dweight, float *dbias) {
    layernorm_forward(rows, in, x, norm_weight, norm_bias, p->row, stats);
    linear_backward(rows, in, out, p->row, NULL, dy, NULL, dweight, dbias);
    linear_backward(rows, in, out, NULL, weight, dy, p->row, NULL, NULL);
    memset(p->dx, 0, rows * in * sizeof *p->dx);
    layernorm_backward(rows, in, x, norm_weight, stats, p->row, p->dx, dnorm_weight, dnorm_bias);
}

static bool back_through_decoder(struct pass *p, int count, const struct weights_decoder_gradient *g, float *gradient) {
    const struct tuning *t = p->options.tuning;
    const struct weights_decoder *w = &p->mae.weights;
    struct sizes z = sizes_of(p);
    through_norm(p, (size_t)count * (z.patches + 1), z.wide, z.values, p->mae.decoder[z.decoder_depth].x,
                 w->norm_weight, w->norm_bias, p->mae.decoder_norm, w->pred_weight, p->mae.dprediction, g->norm_weight,
                 g->norm_bias, g->pred_weight, g->pred_bias);
    for (int l = z.decoder_depth - 1; l >= 0; l--) {
        struct weights_block_gradient b = weights_block_gradient(&t->weights, WEIGHTS_DECODER_BLOCKS, l, gradient);
        const struct pass_back back = {.count = count, .tau = 1, .wanted = z.patches + 1};
        if (!pass_block_backward(p, &p->mae.decoder[l], &p->weights[z.depth + l], &b, &back))
            return false;
    }
    return true;
}

/* The way back of spread(): rows of seen patches to the latent's gradient, the others to the mask token. */
static void gather(struct pass *p, int count, float *dmask) {
    struct sizes z = sizes_of(p);
    for (int i = 0; i < count; i++) {
        const float *from = p->dx + (size_t)i * (z.patches + 1) * z.wide;
        const int *visible = p->mae.visible + (size_t)i * z.seen;
        float *latent = p->mae.latent + (size_t)i * (z.seen + 1) * z.wide;
        memcpy(latent, from, z.wide * sizeof *latent);
        for (size_t n = 0, k = 0; n < z.patches; n++) {
            const float *row = from + (n + 1) * z.wide;
            if (is_seen(visible, z.seen, &k, n))
                memcpy(latent + k * z.wide, row, z.wide * sizeof *latent);
            else
                vector_ops()->add(z.wide, row, dmask);
        }
    }
}

static bool back_through_encoder(struct pass *p, int count, const struct weights_decoder_gradient *g, float *gradient) {
    const struct tuning *t = p->options.tuning;
    struct weights_globals_gradient e = weights_globals_gradient(&t->weights, gradient);
    struct sizes z = sizes_of(p);
    through_norm(p, (size_t)count * (z.seen + 1), z.dim, z.wide, p->blocks[z.depth].x, p->globals.norm_weight,
                 p->globals.norm_bias, p->mae.norm, p->mae.weights.embed_weight, p->mae.latent, e.norm_weight,
                 e.norm_bias, g->embed_weight, g->embed_bias);
    for (int l = z.depth - 1; l >= 0; l--) {
        struct weights_block_gradient b = weights_block_gradient(&t->weights, WEIGHTS_BLOCKS, l, gradient);
        const struct pass_back back = {.count = count, .tau = 1, .wanted = z.seen + 1};
        if (!pass_block_backward(p, &p->blocks[l], &p->weights[l], &b, &back))
            return false;
    }
    return true;
}

static void into_embedding(struct pass *p, const struct pass_chunk *chunk, float *gradient) {
    const struct vit_shape *s = &p->options.tuning->shape;
    struct weights_globals_gradient g = weights_globals_gradient(&p->options.tuning->weights, gradient);
    struct sizes z = sizes_of(p);
    size_t area = (size_t)s->image * (size_t)s->image * 3;
    for (int i = 0; i < chunk->count; i++) {
        const int *visible = p->mae.visible + (size_t)i * z.seen;
        const float *dx = p->dx + (size_t)i * (z.seen + 1) * z.dim;
        patch_columns(s, chunk->images + (size_t)i * area, p->columns);
        pick_seen(p, visible);
        linear_backward(z.seen, z.values, z.dim, p->mae.seen_columns, NULL, dx + z.dim, NULL, g.patch_weight,
                        g.patch_bias);
        vector_ops()->add(z.dim, dx, g.cls_token);
    }
}

int pass_mae_backward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, float *gradient) {
    struct weights_decoder_gradient g = weights_decoder_gradient(&p->options.tuning->weights, gradient);
    from_loss(p, step, chunk);
    if (!back_through_decoder(p, chunk->count, &g, gradient))
        return ERROR_CANCELLED;
    gather(p, chunk->count, g.mask_token);
    if (!back_through_encoder(p, chunk->count, &g, gradient))
        return ERROR_CANCELLED;
    into_embedding(p, chunk, gradient);
    return 0;
}
