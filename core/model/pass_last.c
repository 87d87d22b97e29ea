/* The last block where nothing but the feature is wanted of it: the mean of Q rows (the CLS token, or the patches).
 * Other rows give keys and values and no more; since the feature is a mean, so is what fc2 acts on:
 *
 *     mean(middle + fc2(gelu)) = mean(middle) + fc2(mean(gelu))
 *
 * One row a sample there and back. For frozen weights: their gradients would want the rows themselves. */
#include <string.h>

#include "core/model/pass_memory.h"
#include "core/nn/gelu.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"
#include "core/nn/vector.h"

bool pass_last_forward(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau,
                       float *mean) {
    size_t dim = b->dim, mlp = b->mlp, few = rows_count(&p->pool);
    const struct rows all = {few, 0, 0};
    if (!pass_block_attend(p, b, w, count, tau, &p->pool) || !pass_block_hidden(p, b, w, (size_t)count * few))
        return false;
    for (size_t i = 0; i < (size_t)count; i++) {
        rows_mean(&all, mlp, p->wide + i * few * mlp, p->pooled + i * mlp);
        rows_mean(&all, dim, b->middle + i * few * dim, mean + i * dim);
    }
    linear_forward_residual((size_t)count, mlp, dim, p->pooled, w->fc2_weight, w->fc2_bias, mean, mean);
    pass_check(p, b->number, "MLP fc2", (size_t)count * dim, mean);
    return pass_goes_on(p);
}

/* p->dmean -> p->dx [C, Q, D], the gradient of the block's middle. */
static bool through_mlp(struct pass *p, const struct pass_block *b, const struct model_block *w, size_t count) {
    size_t dim = b->dim, mlp = b->mlp, few = rows_count(&p->pool), rows = count * few;
    const struct rows all = {few, 0, 0};
    linear_backward(count, mlp, dim, NULL, w->fc2_weight, p->dmean, p->pooled, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        rows_mean_backward(&all, few, mlp, p->pooled + i * mlp, p->wide + i * few * mlp);
        rows_mean_backward(&all, few, dim, p->dmean + i * dim, p->dx + i * few * dim);
    }
    pass_check(p, b->number, "gradient of MLP fc2", rows * mlp, p->wide);
    gelu_backward(rows * mlp, b->hidden, p->wide);
    pass_check(p, b->number, "gradient of GELU", rows * mlp, p->wide);
    if (!pass_goes_on(p))
        return false;
    linear_backward(rows, dim, mlp, NULL, w->fc1_weight, p->wide, p->row, NULL, NULL);
    pass_check(p, b->number, "gradient of MLP fc1", rows * dim, p->row);
    layernorm_backward(rows, dim, b->middle, w->norm2_weight, b->norm2, p->row, p->dx, NULL, NULL);
    pass_check(p, b->number, "gradient of the second LayerNorm", rows * dim, p->dx);
    return pass_goes_on(p);
}

/* p->dx -> p->dqkv, which lies as b->qkv does. */
static bool through_attention(struct pass *p, const struct pass_block *b, const struct model_block *w, int count,
                              float tau, double *dtau) {
    size_t dim = b->dim, few = rows_count(&p->pool), rows = (size_t)count * few;
    struct attention_shape heads = pass_block_heads(b, &p->pool);
    linear_backward(rows, dim, dim, NULL, w->proj_weight, p->dx, p->row, NULL, NULL);
    pass_check(p, b->number, "gradient of the attention projection", rows * dim, p->row);
    for (int i = 0; i < count; i++) {
        struct attention_gradient gradient = {.dq = pass_block_q(b, &p->pool, count, i, p->dqkv),
                                              .dk = pass_block_k(b, &p->pool, i, p->dqkv),
                                              .q_row = heads.q_row,
                                              .kv_row = heads.kv_row,
                                              .queries = few,
                                              .tokens = b->tokens};
        attention_backward(&heads, tau, pass_block_q(b, &p->pool, count, i, b->qkv),
                           pass_block_k(b, &p->pool, i, b->qkv), p->row + (size_t)i * few * dim, &gradient, dtau,
                           p->scratch);
    }
    pass_check(p, b->number, "gradient of the attention", (size_t)count * b->tokens * 2 * dim, p->dqkv);
    return pass_goes_on(p);
}

bool pass_last_backward(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau,
                        double *dtau, bool input_wanted) {
    size_t dim = b->dim, few = rows_count(&p->pool), rows = (size_t)count * b->tokens;
    if (b->again &&
        !(pass_block_attend(p, b, w, count, tau, &p->pool) && pass_block_hidden(p, b, w, (size_t)count * few)))
        return false;
    if (!through_mlp(p, b, w, (size_t)count) || !through_attention(p, b, w, count, tau, dtau))
        return false;
    if (!input_wanted)
        return true;
    linear_backward(rows, dim, 2 * dim, NULL, w->qkv_weight + dim * dim, p->dqkv, p->row, NULL, NULL);
    linear_backward((size_t)count * few, dim, dim, NULL, w->qkv_weight, pass_block_q(b, &p->pool, count, 0, p->dqkv),
                    p->wide, NULL, NULL);
    for (size_t i = 0; i < (size_t)count; i++)
        rows_add(&p->pool, dim, p->wide + i * few * dim, p->row + i * b->tokens * dim);
    pass_check(p, b->number, "gradient of queries, keys and values", rows * dim, p->row);
    rows_spread(&p->pool, (size_t)count, b->tokens, dim, p->dx);
    layernorm_backward(rows, dim, b->x, w->norm1_weight, b->norm1, p->row, p->dx, NULL, NULL);
    pass_check(p, b->number, "gradient of the first LayerNorm", rows * dim, p->dx);
    return pass_goes_on(p);
}
