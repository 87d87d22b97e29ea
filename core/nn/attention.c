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
    float *k_columns, *v_columns; /* k^T, v^T */
    float *k_rows, *v_rows;       /* k, v */
    float *p, *dp;                /* [BLOCK, N'] */
    float *room[2];               /* [BLOCK, d'], for rows that do not fill their registers */
    float *dq;                    /* [BLOCK, d'] */
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
                 {&h->p, BLOCK * h->tokens_up},
                 {&h->dp, BLOCK * h->tokens_up},
                 {&h->room[0], BLOCK * h->width_up},
                 {&h->room[1], BLOCK * h->width_up},
                 {&h->dq, BLOCK * h->width_up}};
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

static inline void copy(const float *from, float *to, size_t n) {
    enum { PIECE = 16 }; /* of constant size, so that no function is called for so little */
    size_t i = 0;
    for (; i + PIECE <= n; i += PIECE)
        memcpy(to + i, from + i, PIECE * sizeof *to);
    for (; i < n; i++)
        to[i] = from[i];
}

/* from [rows, width] of any stride -> to [rows, width'], its rows filled up with zeros. */
static void take_rows(const struct head *h, size_t rows, const float *from, size_t from_row, float *to) {
    size_t width = h->shape->width;
    for (size_t i = 0; i < rows; i++) {
        copy(from + i * from_row, to + i * h->width_up, width);
        for (size_t j = width; j < h->width_up; j++)
            to[i * h->width_up + j] = 0;
    }
}

/* Rows of the right operand of a product. */
struct operand {
    const float *rows;
    size_t row;
};

/* Where they are, if they fill their registers: product() reads whole ones. */
static struct operand operand(const struct head *h, size_t rows, const float *from, size_t from_row, float *room) {
    if (h->shape->width == h->width_up)
        return (struct operand){from, from_row};
    take_rows(h, rows, from, from_row, room);
    return (struct operand){room, h->width_up};
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
    }
    h->ops->softmax(count, h->tokens_up, h->tokens_up, h->scale, h->p);
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

/* c [g.tokens, d] of any stride = (or += after the first block) the columns of a [count, N'] that are wanted,
 * transposed, times b [count, d]. */
static void add_transposed(const struct head *h, const struct attention_gradient *g, size_t first, size_t count,
                           const float *a, struct operand b, float *c) {
    struct vector_product t = {.m = g->tokens,
                               .n = h->shape->width,
                               .k = count,
                               .a = a + g->first_token,
                               .a_row = 1,
                               .a_col = h->tokens_up,
                               .b = b.rows,
                               .b_row = b.row,
                               .c = c,
                               .c_row = g->kv_row,
                               .add = first > 0};
    h->ops->product(&t);
}

/* dq of the queries first.. of head `number`: what is wanted of it into g; returns the sum of q dq. */
static double give_dq(const struct head *h, const struct attention_gradient *g, size_t number, size_t first,
                      size_t count) {
    size_t width = h->shape->width;
    struct vector_product product = {.m = count,
                                     .n = width,
                                     .k = h->shape->tokens,
                                     .a = h->dp,
                                     .a_row = h->tokens_up,
                                     .a_col = 1,
                                     .b = h->k_rows,
                                     .b_row = h->width_up,
                                     .c = h->dq,
                                     .c_row = h->width_up,
                                     .add = false};
    double sum = 0;
    h->ops->product(&product);
    for (size_t i = 0; i < count; i++) {
        size_t query = first + i;
        sum += (double)h->ops->dot(width, h->q + query * h->shape->q_row, h->dq + i * h->width_up);
        if (query >= g->first_query && query < g->first_query + g->queries)
            copy(h->dq + i * h->width_up, g->dq + (query - g->first_query) * g->q_row + number * width, width);
    }
    return sum;
}

/* The queries first.. of head `number`: their dq, and what they add to dk and dv. Returns the sum of q dq. */
static double backward_block(const struct head *h, const struct attention_gradient *g, size_t number, size_t first,
                             size_t count, const float *dout, bool with_tau) {
    const struct attention_shape *s = h->shape;
    size_t dim = s->heads * s->width;
    const float *q_h = h->q + first * s->q_row, *dout_h = dout + first * dim + number * s->width;
    float *dk = g->dk + number * s->width, *dv = dk + dim;
    probabilities(h, first, count);
    add_transposed(h, g, first, count, h->p, operand(h, count, dout_h, dim, h->room[0]), dv);
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
    add_transposed(h, g, first, count, h->dp, operand(h, count, q_h, s->q_row, h->room[1]), dk);
    bool wanted = first < g->first_query + g->queries && first + count > g->first_query;
    return with_tau || wanted ? give_dq(h, g, number, first, count) : 0;
}

void attention_backward(const struct attention_shape *s, float tau, const float *q, const float *k, const float *dout,
                        const struct attention_gradient *g, double *dtau, float *scratch) {
    struct head h;
    double q_dq = 0;
    lay_out(&h, s, scratch);
    for (size_t number = 0; number < s->heads; number++) {
        begin(&h, number, tau, q, k);
        take_columns(&h, h.k, h.k_columns);
        take_columns(&h, h.v, h.v_columns);
        take_rows(&h, s->tokens, h.k, s->kv_row, h.k_rows);
        for (size_t first = 0; first < s->queries; first += BLOCK)
            q_dq += backward_block(&h, g, number, first, block_at(s, first), dout, dtau != NULL);
    }
    /* The logit is z = q k^T scale, so dz/dtau = -z / tau, and sum(dz z) over a row is q . dq: no logits are kept. */
    if (dtau)
        *dtau -= q_dq / (double)tau;
}
