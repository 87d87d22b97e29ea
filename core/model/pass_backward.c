/* The way back of classification: from the logits' gradient to those of whatever is tuned. */
#include <assert.h>
#include <string.h>

#include "core/model/pass_memory.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"
#include "core/nn/loss.h"
#include "core/nn/patch.h"
#include "core/nn/prompt.h"
#include "core/nn/vector.h"

/* Head and pool: fills dx, the gradient of the last block's output; skipped below the head where nothing is tuned. */
static void from_logits(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk,
                        const float *logits, float *gradient) {
    const struct tuning *t = p->options.tuning;
    struct weights_globals_gradient g = weights_globals_gradient(&t->weights, gradient);
    size_t dim = (size_t)t->shape.dim, classes = (size_t)t->options.classes, count = (size_t)chunk->count;
    const struct tuned *weight = tuning_find(t, TUNED_HEAD_WEIGHT), *bias = tuning_find(t, TUNED_HEAD_BIAS);
    memset(p->dlogits, 0, count * classes * sizeof *p->dlogits);
    for (size_t i = 0; i < count; i++)
        if (chunk->labels[i] >= 0)
            loss_backward(classes, logits + i * classes, chunk->labels[i], step->weight, p->dlogits + i * classes);
    pass_check(p, -1, "gradient of the logits", count * classes, p->dlogits);
    linear_backward(count, dim, classes, p->feature, step->theta + weight->offset, p->dlogits, p->dfeature,
                    gradient + weight->offset, gradient + bias->offset);
    if (p->lowest == t->shape.depth)
        return;
    memset(p->dmean, 0, count * dim * sizeof *p->dmean);
    layernorm_backward(count, dim, p->mean, p->globals.norm_weight, p->mean_stats, p->dfeature, p->dmean, g.norm_weight,
                       g.norm_bias);
    size_t tokens = p->blocks[t->shape.depth].tokens;
    for (size_t i = 0; !p->pools && i < count; i++)
        rows_mean_backward(&p->pool, tokens, dim, p->dmean + i * dim, p->dx + i * tokens * dim);
}

/* The gate after block l: dx of the next input becomes dx of the block's output; what goes past the block is kept in
 * dz_in until the block has been gone back through. */
static void through_gate(struct pass *p, const struct pass_step *step, int l, int count, float *gradient) {
    const struct tuning *t = p->options.tuning;
    const struct pass_block *b = &p->blocks[l];
    size_t dim = (size_t)t->shape.dim, n = (size_t)t->options.prompts * dim;
    double dg = 0;
    for (int i = 0; i < count; i++) {
        size_t at = ((size_t)i * b->tokens + 1) * dim;
        dg += prompt_gate_backward(n, step->values.gates[l], b->ungated + (size_t)i * n, b->x + at, p->dx + at,
                                   p->dx + at, p->dz_in + (size_t)i * n);
    }
    gradient[tuning_find(t, TUNED_GATES)->offset + (size_t)l] += (float)(dg * (double)step->values.slopes[l]);
}

static void past_gate(struct pass *p, int l, int count) {
    const struct tuning *t = p->options.tuning;
    size_t dim = (size_t)t->shape.dim, n = (size_t)t->options.prompts * dim, tokens = p->blocks[l].tokens;
    for (int i = 0; i < count; i++)
        vector_ops()->add(n, p->dz_in + (size_t)i * n, p->dx + ((size_t)i * tokens + 1) * dim);
}

/* The prompts put in at block l's input take their gradient, sample after sample; what was in their place before them
 * gets none. */
static void into_prompts(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, int l,
                         float *gradient) {
    const struct tuning *t = p->options.tuning;
    size_t offset = pass_prompts_offset(t, l), dim = (size_t)t->shape.dim, prompts = (size_t)t->options.prompts;
    if (offset == SIZE_MAX)
        return;
    for (int i = 0; i < chunk->count; i++) {
        const float *keep = pass_keep(p, step, chunk, l, i);
        float *rows = p->dx + ((size_t)i * p->blocks[l].tokens + 1) * dim;
        prompt_fill(prompts, dim, rows, keep, rows);
        vector_ops()->add(prompts * dim, rows, gradient + offset);
        memset(rows, 0, prompts * dim * sizeof *rows);
    }
}

/* Takes the room for prompts out of dx where block l is the one that they enter at. */
static void narrow(struct pass *p, int l, int count) {
    size_t dim = (size_t)p->options.tuning->shape.dim, wide = p->blocks[l].tokens, tokens = p->blocks[l - 1].tokens;
    if (wide == tokens)
        return;
    for (int i = 0; i < count; i++)
        prompt_close_room(tokens, wide - tokens, dim, p->dx + (size_t)i * wide * dim,
                          p->unprompted + (size_t)i * tokens * dim);
    memcpy(p->dx, p->unprompted, (size_t)count * tokens * dim * sizeof *p->dx);
}

/* Block l alone. Of the gradient of its input all rows are computed; in the lowest block those of the prompts put in
 * there, where these are all that is tuned. */
static bool through_layers(struct pass *p, const struct pass_step *step, int l, int count, float *gradient) {
    const struct tuning *t = p->options.tuning;
    const struct pass_block *b = &p->blocks[l];
    bool weights = weights_any(&t->weights, WEIGHTS_BLOCKS, l), prompts = pass_prompts_offset(t, l) != SIZE_MAX;
    struct pass_back back = {.count = count, .tau = step->values.temps[l]};
    if (tuning_find(t, TUNED_TEMPS))
        back.dtau = &p->dtemps[l];
    if (l > p->lowest || prompts || weights)
        back.wanted = b->tokens;
    if (p->pools && l + 1 == t->shape.depth) {
        back.asked = &p->pool;
        return pass_last_backward(p, b, &p->weights[l], &back);
    }
    if (l == p->lowest && prompts && !weights && !p->embedding && !p->options.compute_all) {
        back.first = 1;
        back.wanted = (size_t)t->options.prompts;
    }
    struct rows but_prompts;
    if (pass_leaves_prompts(p, l, &but_prompts))
        back.asked = &but_prompts;
    struct weights_block_gradient g = weights_block_gradient(&t->weights, WEIGHTS_BLOCKS, l, gradient);
    return pass_block_backward(p, b, &p->weights[l], &g, &back);
}

static bool through_block(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, int l,
                          float *gradient) {
    const struct tuning *t = p->options.tuning;
    bool gated = tuning_is_gated(t) && l + 1 < t->shape.depth && tuning_prompts_at(t, l);
    if (gated)
        through_gate(p, step, l, chunk->count, gradient);
    if (!through_layers(p, step, l, chunk->count, gradient))
        return false;
    if (gated)
        past_gate(p, l, chunk->count);
    into_prompts(p, step, chunk, l, gradient);
    if (l > p->lowest)
        narrow(p, l, chunk->count);
    return true;
}

/* The patch embedding takes its gradient from that of block 0's input; such methods have no prompts there. */
static void into_embedding(struct pass *p, const struct pass_chunk *chunk, float *gradient) {
    const struct vit_shape *s = &p->options.tuning->shape;
    struct weights_globals_gradient g = weights_globals_gradient(&p->options.tuning->weights, gradient);
    size_t tokens = p->blocks[0].tokens, dim = (size_t)s->dim, area = (size_t)s->image * (size_t)s->image * 3;
    for (int i = 0; i < chunk->count; i++) {
        if (g.patch_weight)
            patch_columns(s, chunk->images + (size_t)i * area, p->columns);
        patch_backward(s, p->columns, p->dx + (size_t)i * tokens * dim, g.patch_weight, g.patch_bias, g.cls_token,
                       g.pos_embed);
    }
}

int pass_backward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, const float *logits,
                  float *gradient) {
    const struct tuning *t = p->options.tuning;
    assert(p->options.backward);
    int depth = t->shape.depth;
    clock_gettime(CLOCK_MONOTONIC, &p->mark);
    memset(p->dtemps, 0, (size_t)depth * sizeof *p->dtemps);
    if (tuning_reconstructs(t))
        return pass_mae_backward(p, step, chunk, gradient);
    from_logits(p, step, chunk, logits, gradient);
    for (int l = depth - 1; l >= p->lowest; l--)
        if (!through_block(p, step, chunk, l, gradient))
            return ERROR_CANCELLED;
    if (p->embedding)
        into_embedding(p, chunk, gradient);
    const struct tuned *temps = tuning_find(t, TUNED_TEMPS);
    for (int l = 0; temps && l < depth; l++)
        gradient[temps->offset + (size_t)l] += (float)p->dtemps[l];
    return 0;
}
