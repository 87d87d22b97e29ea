#include "core/nn/attention.h"

#include <math.h>

#include <cblas.h>

#include "core/nn/vector.h"

static float logit_scale(const struct attention_shape *s, float tau) {
    return 1.0f / (sqrtf((float)s->width) * tau);
}

void attention_probabilities(const struct attention_shape *s, size_t h, float tau, const float *qkv, float *p) {
    const struct vector_ops *v = vector_ops();
    int n = (int)s->tokens, d = (int)s->width, row = 3 * (int)(s->heads * s->width);
    const float *q = qkv + h * s->width, *k = q + s->heads * s->width;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, d, 1.0f, q, row, k, row, 0.0f, p, n);
    for (size_t i = 0; i < s->tokens; i++)
        v->softmax(s->tokens, logit_scale(s, tau), p + i * s->tokens);
}

void attention_forward(const struct attention_shape *s, float tau, const float *qkv, float *out, float *scratch) {
    size_t dim = s->heads * s->width;
    int n = (int)s->tokens, d = (int)s->width;
    for (size_t h = 0; h < s->heads; h++) {
        attention_probabilities(s, h, tau, qkv, scratch);
        const float *v = qkv + 2 * dim + h * s->width;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, d, n, 1.0f, scratch, n, v, 3 * (int)dim, 0.0f,
                    out + h * s->width, (int)dim);
    }
}

void attention_backward(const struct attention_shape *s, float tau, const float *qkv, const float *dout, float *dqkv,
                        double *dtau, float *scratch) {
    const struct vector_ops *ops = vector_ops();
    size_t dim = s->heads * s->width, tokens = s->tokens;
    int n = (int)tokens, d = (int)s->width, row = 3 * (int)dim;
    float *p = scratch, *dp = scratch + tokens * tokens, scale = logit_scale(s, tau);
    double q_dq = 0;
    for (size_t h = 0; h < s->heads; h++) {
        const float *q = qkv + h * s->width, *k = q + dim, *v = k + dim, *dout_h = dout + h * s->width;
        float *dq = dqkv + h * s->width, *dk = dq + dim, *dv = dk + dim;
        attention_probabilities(s, h, tau, qkv, p);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, d, n, 1.0f, p, n, dout_h, (int)dim, 0.0f, dv, row);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, d, 1.0f, dout_h, (int)dim, v, row, 0.0f, dp, n);
        for (size_t i = 0; i < tokens; i++)
            ops->softmax_backward(tokens, p + i * tokens, dp + i * tokens);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, d, n, scale, dp, n, k, row, 0.0f, dq, row);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, d, n, scale, dp, n, q, row, 0.0f, dk, row);
        for (size_t i = 0; dtau && i < tokens; i++)
            q_dq += (double)ops->dot(s->width, q + i * 3 * dim, dq + i * 3 * dim);
    }
    /* The logit is z = q k^T scale, so dz/dtau = -z / tau, and sum(dz z) over a row is q . dq: no logits are kept. */
    if (dtau)
        *dtau -= q_dq / (double)tau;
}
