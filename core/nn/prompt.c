#include "core/nn/prompt.h"

#include <math.h>
#include <string.h>

#include "core/nn/vector.h"
#include "core/philox.h"

void prompt_make_room(size_t tokens, size_t prompts, size_t dim, const float *from, float *to) {
    memcpy(to, from, dim * sizeof *to);
    memcpy(to + (1 + prompts) * dim, from + dim, (tokens - 1) * dim * sizeof *to);
}

void prompt_close_room(size_t tokens, size_t prompts, size_t dim, const float *from, float *to) {
    memcpy(to, from, dim * sizeof *to);
    memcpy(to + dim, from + (1 + prompts) * dim, (tokens - 1) * dim * sizeof *to);
}

void prompt_fill(size_t prompts, size_t dim, const float *values, const float *keep, float *rows) {
    for (size_t i = 0; i < prompts * dim; i++)
        rows[i] = keep ? values[i] * keep[i] : values[i];
}

void prompt_dropout(size_t n, double rate, uint64_t seed, uint64_t step, uint32_t position, uint32_t block,
                    float *keep) {
    struct philox_key key = philox_key(seed ^ (step >> 32 << 32), PHILOX_DROPOUT);
    float limit = (float)rate, kept = (float)(1 / (1 - rate));
    for (size_t i = 0; i < n; i += 4) {
        struct philox_words r = philox(key, (uint32_t)step, position, block, (uint32_t)(i / 4));
        for (size_t j = i; j < n && j < i + 4; j++)
            keep[j] = philox_uniform(r.w[j - i]) < limit ? 0.0f : kept;
    }
}

void prompt_gate(size_t n, float g, const float *z_out, const float *z_in, float *mixed) {
    vector_ops()->mix(n, g, z_out, 1 - g, z_in, mixed);
}

double prompt_gate_backward(size_t n, float g, const float *z_out, const float *z_in, const float *dmixed,
                            float *dz_out, float *dz_in) {
    const struct vector_ops *v = vector_ops();
    double dg = 0;
    enum { PIECE = 512 };
    float difference[PIECE];
    for (size_t i = 0; i < n; i += PIECE) {
        size_t m = n - i < PIECE ? n - i : PIECE;
        v->mix(m, 1, z_out + i, -1, z_in + i, difference);
        dg += (double)v->dot(m, dmixed + i, difference);
    }
    v->mix(n, 1 - g, dmixed, 0, dmixed, dz_in);
    v->mix(n, g, dmixed, 0, dmixed, dz_out);
    return dg;
}

double prompt_sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

double prompt_logit(double p) {
    p = fmin(fmax(p, 1e-6), 1 - 1e-6);
    return log(p / (1 - p));
}

double prompt_gumbel(uint64_t seed, uint64_t step, uint32_t gate) {
    struct philox_words r = philox(philox_key(seed, PHILOX_GUMBEL), (uint32_t)step, (uint32_t)(step >> 32), gate, 0);
    /* The difference of two Gumbel values is logistic; two draws keep the form of the paper's reference. */
    double a = -log(-log(((double)r.w[0] + 0.5) * 0x1p-32)), b = -log(-log(((double)r.w[1] + 0.5) * 0x1p-32));
    return a - b;
}

void prompt_selection_ratio(size_t gates, const float *g, float *ratio) {
    double closed = 1, total = 0; /* closed: prod over the gates after this one */
    for (size_t l = gates; l-- > 0;) {
        double w = (double)g[l] * closed;
        closed *= 1 - (double)g[l];
        total += w;
        ratio[l] = (float)w;
    }
    for (size_t l = 0; l < gates; l++)
        ratio[l] = total > 0 ? (float)((double)ratio[l] / total) : 0.0f;
}
