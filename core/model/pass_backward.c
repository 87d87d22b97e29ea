/* The way back: from the logits' gradient to those of head, gates, temperatures and prompts. */
#include <assert.h>
#include <string.h>

#include "core/model/pass_memory.h"
#include "core/nn/attention.h"
#include "core/nn/gelu.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"
#include "core/nn/loss.h"
#include "core/nn/prompt.h"
#include "core/nn/vector.h"

/* Head and pool: fills dx, the gradient of the last block's output; skipped below the head where nothing is tuned. */
static void from_logits(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk,
                        const float *logits, float *gradient) {
    const struct tuning *t = p->options.tuning;
    const struct model *m = p->options.model;
    size_t dim = (size_t)t->shape.dim, classes = (size_t)t->options.classes, count = (size_t)chunk->count;
    const struct tuned *weight = tuning_find(t, TUNED_HEAD_WEIGHT), *bias = tuning_find(t, TUNED_HEAD_BIAS);
    memset(p->dlogits, 0, count * classes * sizeof *p->dlogits);
    for (size_t i = 0; i < count; i++)
        if (chunk->labels[i] >= 0)
            loss_backward(classes, logits + i * classes, chunk->labels[i], step->weight, p->dlogits + i * classes);
    pass_check(p, -1, "gradient of the logits", count * classes, p->dlogits);
    linear_backward(count, dim, classes, p->feature, step->theta + weight->offset, p->dlogits, p->dfeature,
                    gradient + weight->offset, gradient + bias->offset);
    const struct pass_block *last = &p->blocks[t->shape.depth];
    for (size_t i = 0; p->lowest < t->shape.depth && i < count; i++)
        pool_backward(tuning_pool_range(t), last->tokens, dim, p->mean + i * dim, m->norm_weight, p->mean_stats + 2 * i,
                      p->dfeature + i * dim, p->dx + i * last->tokens * dim, NULL, NULL, p->row);
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

static bool through_mlp(struct pass *p, int l, int count) {
    const struct vit_shape *s = &p->options.tuning->shape;
    const struct model_block *w = &p->options.model->blocks[l];
    const struct pass_block *b = &p->blocks[l];
    size_t dim = (size_t)s->dim, mlp = (size_t)s->mlp, rows = (size_t)count * b->tokens;
    linear_backward(rows, mlp, dim, NULL, w->fc2_weight, p->dx, p->wide, NULL, NULL);
    pass_check(p, l, "gradient of MLP fc2", rows * mlp, p->wide);
    gelu_backward(rows * mlp, b->hidden, p->wide, p->wide);
    pass_check(p, l, "gradient of GELU", rows * mlp, p->wide);
    if (!pass_goes_on(p))
        return false;
    linear_backward(rows, dim, mlp, NULL, w->fc1_weight, p->wide, p->row, NULL, NULL);
    pass_check(p, l, "gradient of MLP fc1", rows * dim, p->row);
    layernorm_backward(rows, dim, b->middle, w->norm2_weight, b->norm2, p->row, p->dx, NULL, NULL);
    pass_check(p, l, "gradient of the second LayerNorm", rows * dim, p->dx);
    return pass_goes_on(p);
}

static bool through_attention(struct pass *p, int l, int count, float tau, bool input_wanted) {
    const struct vit_shape *s = &p->options.tuning->shape;
    const struct model_block *w = &p->options.model->blocks[l];
    const struct pass_block *b = &p->blocks[l];
    size_t dim = (size_t)s->dim, rows = (size_t)count * b->tokens;
    struct attention_shape heads = {b->tokens, (size_t)s->heads, dim / (size_t)s->heads};
    linear_backward(rows, dim, dim, NULL, w->proj_weight, p->dx, p->row, NULL, NULL);
    pass_check(p, l, "gradient of the attention projection", rows * dim, p->row);
    for (int i = 0; i < count; i++) {
        size_t at = (size_t)i * b->tokens * dim;
        attention_backward(&heads, tau, b->qkv + 3 * at, p->row + at, p->dqkv + 3 * at, &p->dtemps[l], p->scratch);
    }
    pass_check(p, l, "gradient of the attention", rows * 3 * dim, p->dqkv);
    if (!pass_goes_on(p))
        return false;
    if (!input_wanted)
        return true;
    linear_backward(rows, dim, 3 * dim, NULL, w->qkv_weight, p->dqkv, p->row, NULL, NULL);
    pass_check(p, l, "gradient of queries, keys and values", rows * dim, p->row);
    layernorm_backward(rows, dim, b->x, w->norm1_weight, b->norm1, p->row, p->dx, NULL, NULL);
    pass_check(p, l, "gradient of the first LayerNorm", rows * dim, p->dx);
    return pass_goes_on(p);
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
                          p->plain + (size_t)i * tokens * dim);
    memcpy(p->dx, p->plain, (size_t)count * tokens * dim * sizeof *p->dx);
}

static bool through_block(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, int l,
                          float *gradient) {
    const struct tuning *t = p->options.tuning;
    bool gated = tuning_is_gated(t) && l + 1 < t->shape.depth && tuning_prompts_at(t, l);
    bool input_wanted = l > p->lowest || pass_prompts_offset(t, l) != SIZE_MAX;
    if (gated)
        through_gate(p, step, l, chunk->count, gradient);
    if (!through_mlp(p, l, chunk->count) || !through_attention(p, l, chunk->count, step->values.temps[l], input_wanted))
        return false;
    if (gated)
        past_gate(p, l, chunk->count);
    if (input_wanted)
        into_prompts(p, step, chunk, l, gradient);
    if (l > p->lowest)
        narrow(p, l, chunk->count);
    return true;
}

int pass_backward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, const float *logits,
                  float *gradient) {
    const struct tuning *t = p->options.tuning;
    assert(p->options.backward);
    int depth = t->shape.depth;
    clock_gettime(CLOCK_MONOTONIC, &p->mark);
    memset(p->dtemps, 0, (size_t)depth * sizeof *p->dtemps);
    from_logits(p, step, chunk, logits, gradient);
    for (int l = depth - 1; l >= p->lowest; l--)
        if (!through_block(p, step, chunk, l, gradient))
            return ERROR_CANCELLED;
    const struct tuned *temps = tuning_find(t, TUNED_TEMPS);
    for (int l = 0; temps && l < depth; l++)
        gradient[temps->offset + (size_t)l] += (float)p->dtemps[l];
    return 0;
}
