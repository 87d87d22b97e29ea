/* One transformer block, there and back: x += proj(attention(norm1(x))); x += fc2(gelu(fc1(norm2(x)))). What a weight's
 * gradient needs and was not kept (the results of LayerNorm and GELU) is computed again. */
#include <string.h>

#include "core/model/pass_memory.h"
#include "core/nn/attention.h"
#include "core/nn/gelu.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"

void pass_block_lay_out(struct pass *p, struct pass_block *b, bool weights) {
    b->slopes = b->kept && p->options.backward && !weights;
    struct arena *a = &p->arena;
    size_t rows = arena_product((size_t)p->options.chunk, b->tokens);
    b->norm1 = arena_floats(a, arena_product(rows, 2));
    b->norm2 = arena_floats(a, arena_product(rows, 2));
    b->qkv = arena_floats(a, arena_product(rows, 3 * b->dim));
    b->attended = weights ? arena_floats(a, arena_product(rows, b->dim)) : NULL;
    b->middle = arena_floats(a, arena_product(rows, b->dim));
    b->hidden = arena_floats(a, arena_product(rows, b->mlp));
}

static struct attention_shape heads_of(const struct pass_block *b) {
    return attention_shape_qkv(b->tokens, b->heads, b->dim / b->heads);
}

size_t pass_block_scratch(const struct pass_block *b) {
    struct attention_shape heads = heads_of(b);
    return attention_scratch(&heads);
}

/* The first half of a block: middle = x + proj(attention(norm1(x))). */
static bool attend(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau) {
    size_t dim = b->dim, rows = (size_t)count * b->tokens;
    struct attention_shape heads = heads_of(b);
    float *attended = b->attended ? b->attended : p->row;
    layernorm_forward(rows, dim, b->x, w->norm1_weight, w->norm1_bias, p->row, b->norm1);
    pass_check(p, b->number, "first LayerNorm", rows * dim, p->row);
    linear_forward(rows, dim, 3 * dim, p->row, w->qkv_weight, w->qkv_bias, b->qkv);
    pass_check(p, b->number, "queries, keys and values", rows * 3 * dim, b->qkv);
    if (!pass_goes_on(p))
        return false;
    for (int i = 0; i < count; i++) {
        size_t at = (size_t)i * b->tokens * dim;
        attention_forward(&heads, tau, b->qkv + 3 * at, b->qkv + 3 * at + dim, attended + at, p->scratch);
    }
    pass_check(p, b->number, "attention", rows * dim, attended);
    linear_forward_residual(rows, dim, dim, attended, w->proj_weight, w->proj_bias, b->x, b->middle);
    pass_check(p, b->number, "attention projection", rows * dim, b->middle);
    return pass_goes_on(p);
}

/* The second half: out = middle + fc2(gelu(fc1(norm2(middle)))). */
static bool transform(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float *out) {
    size_t dim = b->dim, mlp = b->mlp, rows = (size_t)count * b->tokens;
    layernorm_forward(rows, dim, b->middle, w->norm2_weight, w->norm2_bias, p->row, b->norm2);
    pass_check(p, b->number, "second LayerNorm", rows * dim, p->row);
    linear_forward(rows, dim, mlp, p->row, w->fc1_weight, NULL, b->hidden);
    pass_check(p, b->number, "MLP fc1", rows * mlp, b->hidden);
    if (!pass_goes_on(p))
        return false;
    if (b->slopes)
        gelu_forward_slope(rows, mlp, b->hidden, w->fc1_bias, p->wide);
    else
        gelu_forward(rows, mlp, b->hidden, w->fc1_bias, p->wide);
    pass_check(p, b->number, "MLP bias and GELU", rows * mlp, p->wide);
    linear_forward_residual(rows, mlp, dim, p->wide, w->fc2_weight, w->fc2_bias, b->middle, out);
    pass_check(p, b->number, "MLP fc2", rows * dim, out);
    return pass_goes_on(p);
}

bool pass_block_forward(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau,
                        float *out) {
    return attend(p, b, w, count, tau) && transform(p, b, w, count, out);
}

static bool through_mlp(struct pass *p, const struct pass_block *b, const struct model_block *w,
                        const struct weights_block_gradient *g, int count) {
    size_t dim = b->dim, mlp = b->mlp, rows = (size_t)count * b->tokens;
    if (!b->slopes)
        gelu_forward_slope(rows, mlp, b->hidden, w->fc1_bias, p->wide);
    linear_backward(rows, mlp, dim, p->wide, NULL, p->dx, NULL, g->fc2_weight, g->fc2_bias);
    linear_backward(rows, mlp, dim, NULL, w->fc2_weight, p->dx, p->wide, NULL, NULL);
    pass_check(p, b->number, "gradient of MLP fc2", rows * mlp, p->wide);
    gelu_backward(rows * mlp, b->hidden, p->wide);
    pass_check(p, b->number, "gradient of GELU", rows * mlp, p->wide);
    if (!pass_goes_on(p))
        return false;
    if (g->fc1_weight)
        layernorm_forward(rows, dim, b->middle, w->norm2_weight, w->norm2_bias, p->row, b->norm2);
    linear_backward(rows, dim, mlp, p->row, NULL, p->wide, NULL, g->fc1_weight, g->fc1_bias);
    linear_backward(rows, dim, mlp, NULL, w->fc1_weight, p->wide, p->row, NULL, NULL);
    pass_check(p, b->number, "gradient of MLP fc1", rows * dim, p->row);
    layernorm_backward(rows, dim, b->middle, w->norm2_weight, b->norm2, p->row, p->dx, g->norm2_weight, g->norm2_bias);
    pass_check(p, b->number, "gradient of the second LayerNorm", rows * dim, p->dx);
    return pass_goes_on(p);
}

static bool through_attention(struct pass *p, const struct pass_block *b, const struct model_block *w,
                              const struct weights_block_gradient *g, int count, float tau, double *dtau,
                              bool input_wanted) {
    size_t dim = b->dim, rows = (size_t)count * b->tokens;
    struct attention_shape heads = heads_of(b);
    linear_backward(rows, dim, dim, b->attended, w->proj_weight, p->dx, p->row, g->proj_weight, g->proj_bias);
    pass_check(p, b->number, "gradient of the attention projection", rows * dim, p->row);
    for (int i = 0; i < count; i++) {
        size_t at = (size_t)i * b->tokens * dim;
        struct attention_gradient gradient = {.dq = p->dqkv + 3 * at,
                                              .dk = p->dqkv + 3 * at + dim,
                                              .q_row = 3 * dim,
                                              .kv_row = 3 * dim,
                                              .queries = b->tokens,
                                              .tokens = b->tokens};
        attention_backward(&heads, tau, b->qkv + 3 * at, b->qkv + 3 * at + dim, p->row + at, &gradient, dtau,
                           p->scratch);
    }
    pass_check(p, b->number, "gradient of the attention", rows * 3 * dim, p->dqkv);
    if (!pass_goes_on(p))
        return false;
    if (g->qkv_weight)
        layernorm_forward(rows, dim, b->x, w->norm1_weight, w->norm1_bias, p->row, b->norm1);
    linear_backward(rows, dim, 3 * dim, p->row, NULL, p->dqkv, NULL, g->qkv_weight, g->qkv_bias);
    if (!input_wanted)
        return true;
    linear_backward(rows, dim, 3 * dim, NULL, w->qkv_weight, p->dqkv, p->row, NULL, NULL);
    pass_check(p, b->number, "gradient of queries, keys and values", rows * dim, p->row);
    layernorm_backward(rows, dim, b->x, w->norm1_weight, b->norm1, p->row, p->dx, g->norm1_weight, g->norm1_bias);
    pass_check(p, b->number, "gradient of the first LayerNorm", rows * dim, p->dx);
    return pass_goes_on(p);
}

bool pass_block_backward(struct pass *p, const struct pass_block *b, const struct model_block *w,
                         const struct weights_block_gradient *g, int count, float tau, double *dtau,
                         bool input_wanted) {
    return through_mlp(p, b, w, g, count) && through_attention(p, b, w, g, count, tau, dtau, input_wanted);
}
