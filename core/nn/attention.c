/* The products of one head are small: 75 x 75 x 32 in the bundled backbone, 297 x 297 x 64 in a ViT-B with 100 prompts.
 * vector_ops.product computes them at the rate of the CPU where a BLAS, which packs both operands for each, reaches
 * half of it (SPEED.md). It wants the rows of its right operand one after another, so a head is laid out once:
 *
 *     k^T [d, N'], v^T [d, N'], k [N, d'], v [N, d']          N', d': N and d up to a multiple of a register
 *
 * and then taken in blocks of BLOCK query rows, whose logits stay in the inner caches through every step. */
#include "core/nn/attention.h"

#include <math.h>
#include <string.h>

#include "core/nn/vector.h"

enum { BLOCK = 24, TILE = 16 };

/* One head at work. Arrays are parts of the caller's scratch. */
struct head {
    const struct attention_shape *shape;
    const struct vector_ops *ops;
    size_t tokens_up, width_up; /* N', d' */
    float scale;                /* of the logits */
    const float *q, *k, *v;
    float *k_columns, *v_columns;        /* k^T, v^T */
    float *k_rows, *v_rows;              /* k, v */
    float *p, *dp;                       /* [BLOCK, N'] */
    float *q_rows, *dout_rows, *dq_rows; /* [BLOCK, d'] */
    float *dk_rows, *dv_rows;            /* [N, d'] */
};

struct attention_shape attention_shape_qkv(size_t tokens, size_t heads, size_t width) {
    size_t row = 3 * heads * width;
    return (struct attention_shape){tokens, tokens, heads, width, row, row};
}

static size_t up(size_t n, size_t width) {
    return (n + width - 1) / width * width;
}

/* Lays the arrays of a head out in `scratch`; returns the floats taken. */
static size_t lay_out(struct head *h, const struct attention_shape *s, float *scratch) {
    *h = (struct head){.shape = s, .ops = vector_ops()};
    h->tokens_up = up(s->tokens, h->ops->width);
    h->width_up = up(s->width, h->ops->width);
    size_t columns = s->width * h->tokens_up, rows = s->tokens * h->width_up;
    struct {
        float **array;
        size_t size;
    } parts[] = {{&h->k_columns, columns},
                 {&h->v_columns, columns},
                 {&h->k_rows, rows},
                 {&h->v_rows, rows},
                 {&h->dk_rows, rows},
                 {&h->dv_rows, rows},
                 {&h->p, BLOCK * h->tokens_up},
                 {&h->dp, BLOCK * h->tokens_up},
                 {&h->q_rows, BLOCK * h->width_up},
                 {&h->dout_rows, BLOCK * h->width_up},
                 {&h->dq_rows, BLOCK * h->width_up}};
    size_t taken = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (scratch)
            *parts[i].array = scratch + taken;
        taken += parts[i].size;
    }
    return taken;
}

size_t attention_scratch(const struct attention_shape *s) {
    struct head h;
    return lay_out(&h, s, NULL);
}

static void begin(struct head *h, size_t number, float tau, const float *q, const float *k) {
    const struct attention_shape *s = h->shape;
    h->scale = 1.0f / (sqrtf((float)s->width) * tau);
    h->q = q + number * s->width;
    h->k = k + number * s->width;
    h->v = h->k + s->heads * s->width;
}

/* from [rows, width] of any stride -> to [rows, width'], its rows filled up with zeros. */
static void take_rows(const struct head *h, size_t rows, const float *from, size_t from_row, float *to) {
    size_t width = h->shape->width;
    for (size_t i = 0; i < rows; i++) {
        memcpy(to + i * h->width_up, from + i * from_row, width * sizeof *to);
        memset(to + i * h->width_up + width, 0, (h->width_up - width) * sizeof *to);
    }
}

static void give_rows(const struct head *h, size_t rows, const float *from, float *to, size_t to_row) {
    for (size_t i = 0; i < rows; i++)
        memcpy(to + i * to_row, from + i * h->width_up, h->shape->width * sizeof *to);
}

/* from [N, width] -> to [width, N'], likewise. */
static void take_columns(const struct head *h, const float *from, float *to) {
    size_t tokens = h->shape->tokens, width = h->shape->width, row = h->shape->kv_row;
    for (size_t first = 0; first < tokens; first += TILE) {
        size_t end = first + TILE < tokens ? first + TILE : tokens;
        for (size_t j = 0; j < width; j++)
            for (size_t i = first; i < end; i++)
                to[j * h->tokens_up + i] = from[i * row + j];
    }
    for (size_t j = 0; j < width; j++)
        memset(to + j * h->tokens_up + tokens, 0, (h->tokens_up - tokens) * sizeof *to);
}

/* A's rows of the queries first.. -> h->p, 0 in what fills them up to whole registers: no operation on them has a rest.
 */
static void probabilities(const struct head *h, size_t first, size_t count) {
    const struct attention_shape *s = h->shape;
    struct vector_product logits = {.m = count,
                                    .n = h->tokens_up,
                                    .k = s->width,
                                    .a = h->q + first * s->q_row,
                                    .a_row = s->q_row,
                                    .a_col = 1,
                                    .b = h->k_columns,
                                    .b_row = h->tokens_up,
                                    .c = h->p,
                                    .c_row = h->tokens_up,
                                    .add = false};
    h->ops->product(&logits);
    for (size_t i = 0; i < count; i++) {
        float *row = h->p + i * h->tokens_up;
        for (size_t j = s->tokens; j < h->tokens_up; j++)
            row[j] = -INFINITY;
        h->ops->softmax(h->tokens_up, h->scale, row);
    }
}

static size_t block_at(const struct attention_shape *s, size_t first) {
    return s->queries - first < BLOCK ? s->queries - first : BLOCK;
}

void attention_probabilities(const struct attention_shape *s, size_t number, float tau, const float *q, const float *k,
                             float *p, float *scratch) {
    struct head h;
    lay_out(&h, s, scratch);
    begin(&h, number, tau, q, k);
    take_columns(&h, h.k, h.k_columns);
    for (size_t first = 0; first < s->queries; first += BLOCK) {
        size_t count = block_at(s, first);
        probabilities(&h, first, count);
        for (size_t i = 0; i < count; i++)
            memcpy(p + (first + i) * s->tokens, h.p + i * h.tokens_up, s->tokens * sizeof *p);
    }
}

void attention_forward(const struct attention_shape *s, float tau, const float *q, const float *k, float *out,
                       float *scratch) {
    struct head h;
    size_t dim = s->heads * s->width;
    lay_out(&h, s, scratch);
    for (size_t number = 0; number < s->heads; number++) {
        begin(&h, number, tau, q, k);
        take_columns(&h, h.k, h.k_columns);
        take_rows(&h, s->tokens, h.v, s->kv_row, h.v_rows);
        for (size_t first = 0; first < s->queries; first += BLOCK) {
            size_t count = block_at(s, first);
            probabilities(&h, first, count);
            struct vector_product mean = {.m = count,
                                          .n = s->width,
                                          .k = s->tokens,
                                          .a = h.p,
                                          .a_row = h.tokens_up,
                                          .a_col = 1,
                                          .b = h.v_rows,
                                          .b_row = h.width_up,
                                          .c = out + first * dim + number * s->width,
                                          .c_row = dim,
                                          .add = false};
            h.ops->product(&mean);
        }
    }
}

/* c [g.tokens, d'] = (or +=) the columns of a [count, N'] that are wanted, transposed, times b [count, d']. */
static void add_transposed(const struct head *h, const struct attention_gradient *g, size_t first, size_t count,
                           const float *a, const float *b, float *c) {
    struct vector_product t = {.m = g->tokens,
                               .n = h->shape->width,
                               .k = count,
                               .a = a + g->first_token,
                               .a_row = 1,
                               .a_col = h->tokens_up,
                               .b = b,
                               .b_row = h->width_up,
                               .c = c,
                               .c_row = h->width_up,
                               .add = first > 0};
    h->ops->product(&t);
}

/* The queries first.. of a head: their dq, and what they add to dk and dv. Returns the sum of q dq. */
static double backward_block(const struct head *h, const struct attention_gradient *g, size_t number, size_t first,
                             size_t count, const float *dout, bool dtau) {
    const struct attention_shape *s = h->shape;
    size_t dim = s->heads * s->width, last = first + count;
    const float *dout_h = dout + first * dim + number * s->width;
    probabilities(h, first, count);
    take_rows(h, count, h->q + first * s->q_row, s->q_row, h->q_rows);
    take_rows(h, count, dout_h, dim, h->dout_rows);
    add_transposed(h, g, first, count, h->p, h->dout_rows, h->dv_rows);
    struct vector_product dp = {.m = count,
                                .n = h->tokens_up,
                                .k = s->width,
                                .a = dout_h,
                                .a_row = dim,
                                .a_col = 1,
                                .b = h->v_columns,
                                .b_row = h->tokens_up,
                                .c = h->dp,
                                .c_row = h->tokens_up,
                                .add = false};
    h->ops->product(&dp);
    for (size_t i = 0; i < count; i++)
        h->ops->softmax_backward(h->tokens_up, h->scale, h->p + i * h->tokens_up, h->dp + i * h->tokens_up);
    add_transposed(h, g, first, count, h->dp, h->q_rows, h->dk_rows);
    size_t from = first > g->first_query ? first : g->first_query;
    size_t to = last < g->first_query + g->queries ? last : g->first_query + g->queries;
    if (!dtau && from >= to)
        return 0;
    struct vector_product dq = {.m = count,
                                .n = s->width,
                                .k = s->tokens,
                                .a = h->dp,
                                .a_row = h->tokens_up,
                                .a_col = 1,
                                .b = h->k_rows,
                                .b_row = h->width_up,
                                .c = h->dq_rows,
                                .c_row = h->width_up,
                                .add = false};
    h->ops->product(&dq);
    if (from < to)
        give_rows(h, to - from, h->dq_rows + (from - first) * h->width_up,
                  g->dq + (from - g->first_query) * g->q_row + number * s->width, g->q_row);
    double sum = 0;
    for (size_t i = 0; dtau && i < count; i++)
        sum += (double)h->ops->dot(s->width, h->q_rows + i * h->width_up, h->dq_rows + i * h->width_up);
    return sum;
}

void attention_backward(const struct attention_shape *s, float tau, const float *q, const float *k, const float *dout,
                        const struct attention_gradient *g, double *dtau, float *scratch) {
    struct head h;
    size_t dim = s->heads * s->width;
    double q_dq = 0;
    lay_out(&h, s, scratch);
    for (size_t number = 0; number < s->heads; number++) {
        begin(&h, number, tau, q, k);
        take_columns(&h, h.k, h.k_columns);
        take_columns(&h, h.v, h.v_columns);
        take_rows(&h, s->tokens, h.k, s->kv_row, h.k_rows);
        for (size_t first = 0; first < s->queries; first += BLOCK)
            q_dq += backward_block(&h, g, number, first, block_at(s, first), dout, dtau);
        float *dk = g->dk + number * s->width;
        give_rows(&h, g->tokens, h.dk_rows, dk, g->kv_row);
        give_rows(&h, g->tokens, h.dv_rows, dk + dim, g->kv_row);
    }
    /* The logit is z = q k^T scale, so dz/dtau = -z / tau, and sum(dz z) over a row is q . dq: no logits are kept. */
    if (dtau)
        *dtau -= q_dq / (double)tau;
}
