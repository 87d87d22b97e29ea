/* Multi-head self-attention of one sequence with a temperature (paper: adaptive attention shaping):
 *
 *     A_h = softmax(Q_h K_h^T / (sqrt(d) tau)),   out_h = A_h V_h
 *
 * N tokens, of which Q ask (all of them but where fewer rows are wanted), H heads of width d, D = H d. A row of q holds
 * its heads one after another, and a row of k holds k and then v so, as the qkv layer writes them: q, k = q + D,
 * q_row = kv_row = 3 D. No more of A than some rows of one head is in memory at a time: it is computed again on the way
 * back. Pure; any thread may call. */
#ifndef CORE_NN_ATTENTION_H
#define CORE_NN_ATTENTION_H

#include <stddef.h>

struct attention_shape {
    size_t queries, tokens, heads, width;
    size_t q_row, kv_row; /* floats from a row of q to the next, of k to the next */
};

/* Every row asks; q, k and v of a token lie in a row of 3 D. */
struct attention_shape attention_shape_qkv(size_t tokens, size_t heads, size_t width);

/* Floats that attention_forward() and attention_backward() need as scratch. */
size_t attention_scratch(const struct attention_shape *s);

/* A_h -> p [Q, N], overwritten; h from 0. scratch as above. */
void attention_probabilities(const struct attention_shape *s, size_t h, float tau, const float *q, const float *k,
                             float *p, float *scratch);

/* q, k (and v) -> out [Q, D], overwritten. */
void attention_forward(const struct attention_shape *s, float tau, const float *q, const float *k, float *out,
                       float *scratch);

/* Rows of the gradient that are wanted: of dq those of the queries first_query and on, of dk and dv those of the tokens
 * first_token and on. */
struct attention_gradient {
    float *dq, *dk;       /* dv = dk + D */
    size_t q_row, kv_row; /* floats from a row of dq to the next, of dk to the next */
    size_t first_query, queries, first_token, tokens;
};

/* dout [Q, D] -> the rows of dq, dk and dv that `g` asks for, overwritten; *dtau += the gradient of tau, unless dtau is
 * NULL. */
void attention_backward(const struct attention_shape *s, float tau, const float *q, const float *k, const float *dout,
                        const struct attention_gradient *g, double *dtau, float *scratch);

#endif
