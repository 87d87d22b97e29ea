/* The last block where nothing but the feature is wanted of it: the mean of Q rows (the CLS token, or the patches).
 * Other rows give keys and values and no more; since the feature is a mean, so is what fc2 acts on:
 *
 *     mean(middle + fc2(gelu)) = mean(middle) + fc2(mean(gelu))
 *
 * One row a sample there and back. For frozen weights: their gradients would want the rows themselves. */
#include <assert.h>

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

bool pass_last_backward(struct pass *p, const struct pass_block *b, const struct model_block *w,
                        const struct pass_back *back) {
    const struct weights_block_gradient none = {0};
    size_t count = (size_t)back->count;
    assert(back->asked == &p->pool);
    return through_mlp(p, b, w, count) && pass_block_attend_backward(p, b, w, &none, back);
}
