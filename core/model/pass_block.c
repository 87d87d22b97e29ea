/* One transformer block, there and back: x += proj(attention(norm1(x))); x += fc2(gelu(fc1(norm2(x)))). What a weight's
 * gradient needs and was not kept (the results of LayerNorm and GELU) is computed again. */
#include <assert.h>

#include "core/model/pass_memory.h"
#include "core/nn/gelu.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"

void pass_block_lay_out(struct pass *p, struct pass_block *b, size_t wanted, bool weights) {
    struct arena *a = &p->arena;
    size_t chunk = (size_t)p->options.chunk, rows = arena_product(chunk, b->tokens);
    size_t after = arena_product(chunk, wanted);
    b->slopes = b->kept && p->options.backward && !weights;
    b->norm1 = arena_floats(a, arena_product(rows, 2));
    b->qkv = arena_floats(a, arena_product(rows, 3 * b->dim));
    b->attended = weights ? arena_floats(a, arena_product(rows, b->dim)) : NULL;
    b->middle = arena_floats(a, arena_product(after, b->dim));
    b->norm2 = arena_floats(a, arena_product(after, 2));
    b->hidden = arena_floats(a, arena_product(after, b->mlp));
}

struct pass_block pass_block_again(const struct pass *p, const struct pass_block *shared, int number, size_t tokens,
                                   bool weights) {
    struct pass_block b = *shared;
    b.number = number;
    b.tokens = tokens;
    b.again = number + 1 < p->options.tuning->shape.depth; /* the last one filled them last */
    b.slopes = !weights;
    b.attended = weights ? shared->attended : NULL;
    return b;
}

struct attention_shape pass_block_heads(const struct pass_block *b, const struct rows *wanted) {
    struct attention_shape s = attention_shape_qkv(b->tokens, b->heads, b->dim / b->heads);
    if (wanted) {
        s.queries = rows_count(wanted);
        s.q_row = b->dim;
        s.kv_row = 2 * b->dim;
    }
    return s;
}

float *pass_block_q(const struct pass_block *b, const struct rows *wanted, int count, int sample, float *qkv) {
    size_t rows = b->tokens * b->dim;
    return wanted ? qkv + (size_t)count * 2 * rows + (size_t)sample * rows_count(wanted) * b->dim
                  : qkv + (size_t)sample * 3 * rows;
}

float *pass_block_k(const struct pass_block *b, const struct rows *wanted, int sample, float *qkv) {
    size_t rows = b->tokens * b->dim;
    return wanted ? qkv + (size_t)sample * 2 * rows : qkv + (size_t)sample * 3 * rows + b->dim;
}

size_t pass_block_scratch(const struct pass_block *b) {
    struct attention_shape heads = pass_block_heads(b, NULL);
    return attention_scratch(&heads);
}

/* Keys and values of all rows of p->row, queries of those that are wanted. */
static void ask(struct pass *p, const struct pass_block *b, const struct model_block *w, int count,
                const struct rows *wanted) {
    size_t dim = b->dim, rows = (size_t)count * b->tokens;
    if (!wanted) {
        linear_forward(rows, dim, 3 * dim, p->row, w->qkv_weight, w->qkv_bias, b->qkv);
    } else {
        size_t few = rows_count(wanted);
        linear_forward(rows, dim, 2 * dim, p->row, w->qkv_weight + dim * dim, w->qkv_bias + dim, b->qkv);
        for (int i = 0; i < count; i++)
            rows_take(wanted, dim, p->row + (size_t)i * b->tokens * dim, p->wide + (size_t)i * few * dim);
        linear_forward((size_t)count * few, dim, dim, p->wide, w->qkv_weight, w->qkv_bias,
                       pass_block_q(b, wanted, count, 0, b->qkv));
    }
    pass_check(p, b->number, "queries, keys and values", rows * (wanted ? 2 : 3) * dim, b->qkv);
}

bool pass_block_attend(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau,
                       const struct rows *wanted) {
    size_t dim = b->dim, rows = (size_t)count * b->tokens, few = wanted ? rows_count(wanted) : b->tokens;
    size_t after = (size_t)count * few;
    struct attention_shape heads = pass_block_heads(b, wanted);
    float *attended = b->attended ? b->attended : p->row;
    layernorm_forward(rows, dim, b->x, w->norm1_weight, w->norm1_bias, p->row, b->norm1);
    pass_check(p, b->number, "first LayerNorm", rows * dim, p->row);
    ask(p, b, w, count, wanted);
    if (!pass_goes_on(p))
        return false;
    for (int i = 0; i < count; i++)
        attention_forward(&heads, tau, pass_block_q(b, wanted, count, i, b->qkv), pass_block_k(b, wanted, i, b->qkv),
                          attended + (size_t)i * few * dim, p->scratch);
    pass_check(p, b->number, "attention", after * dim, attended);
    const float *residual = b->x;
    if (wanted) {
        for (int i = 0; i < count; i++)
            rows_take(wanted, dim, b->x + (size_t)i * b->tokens * dim, b->middle + (size_t)i * few * dim);
        residual = b->middle;
    }
    linear_forward_residual(after, dim, dim, attended, w->proj_weight, w->proj_bias, residual, b->middle);
    pass_check(p, b->number, "attention projection", after * dim, b->middle);
    return pass_goes_on(p);
}

/* The second half: out = middle + fc2(gelu(fc1(norm2(middle)))). */
static bool transform(struct pass *p, const struct pass_block *b, const struct model_block *w, size_t rows,
                      float *out) {
    size_t dim = b->dim, mlp = b->mlp;
    if (!pass_block_hidden(p, b, w, rows))
        return false;
    linear_forward_residual(rows, mlp, dim, p->wide, w->fc2_weight, w->fc2_bias, b->middle, out);
    pass_check(p, b->number, "MLP fc2", rows * dim, out);
    return pass_goes_on(p);
}

bool pass_block_hidden(struct pass *p, const struct pass_block *b, const struct model_block *w, size_t rows) {
    size_t dim = b->dim, mlp = b->mlp;
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
    return true;
}

bool pass_block_forward(struct pass *p, const struct pass_block *b, const struct model_block *w, int count, float tau,
                        const struct rows *wanted, float *out) {
    return pass_block_attend(p, b, w, count, tau, wanted) &&
           transform(p, b, w, (size_t)count * (wanted ? rows_count(wanted) : b->tokens), out);
}

static bool through_mlp(struct pass *p, const struct pass_block *b, const struct model_block *w,
                        const struct weights_block_gradient *g, size_t rows) {
    size_t dim = b->dim, mlp = b->mlp;
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

/* Rows of the input whose gradient is wanted that also asked. */
static size_t askers(const struct pass_block *b, const struct pass_back *back) {
    const struct rows *asked = back->asked;
    if (!asked)
        return back->wanted;
    assert(!back->wanted || back->wanted == b->tokens ||
           (back->first >= asked->head && back->first + back->wanted <= asked->head + asked->skip));
    return back->wanted == b->tokens ? rows_count(asked) : 0;
}

/* p->dx, the gradient of the block's middle -> p->dqkv, which lies as b->qkv does but has the wanted rows alone. */
static bool through_attention(struct pass *p, const struct pass_block *b, const struct model_block *w,
                              const struct weights_block_gradient *g, const struct pass_back *back) {
    const struct rows *asked = back->asked;
    size_t dim = b->dim, count = (size_t)back->count, few = asked ? rows_count(asked) : b->tokens;
    size_t n = back->wanted * (asked ? 2 : 3) * dim;
    struct attention_shape heads = pass_block_heads(b, asked);
    struct attention_gradient to = {.q_row = heads.q_row,
                                    .kv_row = heads.kv_row,
                                    .first_query = asked ? 0 : back->first,
                                    .queries = askers(b, back),
                                    .first_token = back->first,
                                    .tokens = back->wanted};
    linear_backward(count * few, dim, dim, b->attended, w->proj_weight, p->dx, p->row, g->proj_weight, g->proj_bias);
    pass_check(p, b->number, "gradient of the attention projection", count * few * dim, p->row);
    for (size_t i = 0; i < count; i++) {
        to.dk = p->dqkv + i * n + (asked ? 0 : dim);
        to.dq = p->dqkv + (asked ? count * n + i * to.queries * dim : i * n);
        attention_backward(&heads, back->tau, pass_block_q(b, asked, back->count, (int)i, b->qkv),
                           pass_block_k(b, asked, (int)i, b->qkv), p->row + i * few * dim, &to, back->dtau, p->scratch);
    }
    pass_check(p, b->number, "gradient of the attention", count * n, p->dqkv);
    return pass_goes_on(p);
}

/* p->dqkv -> p->row [C, wanted, D], the gradient of what the first LayerNorm gave. */
static void through_questions(struct pass *p, const struct pass_block *b, const struct model_block *w,
                              const struct pass_back *back) {
    size_t dim = b->dim, count = (size_t)back->count, rows = count * back->wanted, few = askers(b, back);
    if (!back->asked) {
        linear_backward(rows, dim, 3 * dim, NULL, w->qkv_weight, p->dqkv, p->row, NULL, NULL);
    } else {
        linear_backward(rows, dim, 2 * dim, NULL, w->qkv_weight + dim * dim, p->dqkv, p->row, NULL, NULL);
        linear_backward(count * few, dim, dim, NULL, w->qkv_weight, p->dqkv + rows * 2 * dim, p->wide, NULL, NULL);
        for (size_t i = 0; few && i < count; i++)
            rows_add(back->asked, dim, p->wide + i * few * dim, p->row + i * b->tokens * dim);
    }
    pass_check(p, b->number, "gradient of queries, keys and values", rows * dim, p->row);
}

bool pass_block_attend_backward(struct pass *p, const struct pass_block *b, const struct model_block *w,
                                const struct weights_block_gradient *g, const struct pass_back *back) {
    size_t dim = b->dim, tokens = b->tokens, wanted = back->wanted, count = (size_t)back->count, rows = count * wanted;
    if (!through_attention(p, b, w, g, back))
        return false;
    if (g->qkv_weight)
        layernorm_forward(rows, dim, b->x, w->norm1_weight, w->norm1_bias, p->row, b->norm1);
    linear_backward(rows, dim, 3 * dim, p->row, NULL, p->dqkv, NULL, g->qkv_weight, g->qkv_bias);
    if (!wanted) /* attention was gone back through for its temperature alone */
        return true;
    through_questions(p, b, w, back);
    if (back->asked)
        rows_spread(back->asked, count, tokens, dim, p->dx);
    for (size_t i = 0; i < count; i++) {
        size_t at = i * tokens + back->first;
        layernorm_backward(wanted, dim, b->x + at * dim, w->norm1_weight, b->norm1 + 2 * at, p->row + i * wanted * dim,
                           p->dx + at * dim, g->norm1_weight, g->norm1_bias);
    }
    pass_check(p, b->number, "gradient of the first LayerNorm", count * tokens * dim, p->dx);
    return pass_goes_on(p);
}

bool pass_block_backward(struct pass *p, const struct pass_block *b, const struct model_block *w,
                         const struct weights_block_gradient *g, const struct pass_back *back) {
    const struct rows *asked = back->asked;
    size_t rows = (size_t)back->count * (asked ? rows_count(asked) : b->tokens);
    assert(!asked || !(g->qkv_weight || g->qkv_bias));
    if (b->again && !(pass_block_attend(p, b, w, back->count, back->tau, asked) && pass_block_hidden(p, b, w, rows)))
        return false;
    if (asked)
        rows_gather(asked, (size_t)back->count, b->tokens, b->dim, p->dx);
    return through_mlp(p, b, w, g, rows) && pass_block_attend_backward(p, b, w, g, back);
}
