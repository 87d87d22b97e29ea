/* Multi-head self-attention of one sequence with a temperature (paper: adaptive attention shaping):
 *
 *     A_h = softmax(Q_h K_h^T / (sqrt(d) tau)),   out_h = A_h V_h
 *
 * N tokens, H heads of width d, D = H d. qkv [N, 3D]: each row holds q, k, v, each head-major, as the qkv layer writes
 * it. No N x N array is kept for more than the head at work: the probabilities are computed again on the way back.
 * Pure; any thread may call; BLAS must be set to one thread. */
#ifndef CORE_NN_ATTENTION_H
#define CORE_NN_ATTENTION_H

#include <stddef.h>

struct attention_shape {
    size_t tokens, heads, width;
};

/* A_h -> p [N, N], overwritten; h from 0. */
void attention_probabilities(const struct attention_shape *s, size_t h, float tau, const float *qkv, float *p);

/* qkv -> out [N, D], overwritten. scratch [N, N]. */
void attention_forward(const struct attention_shape *s, float tau, const float *qkv, float *out, float *scratch);

/* dout [N, D] -> dqkv [N, 3D] overwritten; *dtau += the gradient of tau, unless dtau is NULL. scratch [2, N, N]. */
void attention_backward(const struct attention_shape *s, float tau, const float *qkv, const float *dout, float *dqkv,
                        double *dtau, float *scratch);

#endif
