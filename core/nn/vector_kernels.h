/* The source of the vector kernels, included once by each vector_SET.c, which defines
 *   VECTOR_NAME  the set's name          VECTOR_TABLE  the symbol of its table
 *   VECTOR_WIDTH floats a register       VECTOR_EXP, VECTOR_ERF  SLEEF's functions of that width
 * Sums run in VECTOR_WIDTH lanes that are added at the end in a fixed order. A last, partial register is filled up with
 * a value that does not matter, so that every element goes through the same instructions. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <sleef.h>

#include "core/nn/vector.h"

typedef float vec __attribute__((vector_size(VECTOR_WIDTH * 4), aligned(4), may_alias));
typedef float vreg __attribute__((vector_size(VECTOR_WIDTH * 4)));

static inline vreg load(const float *p) {
    return *(const vec *)p;
}

static inline void store(float *p, vreg v) {
    *(vec *)p = v;
}

static inline vreg load_part(const float *p, size_t n, float fill) {
    float t[VECTOR_WIDTH];
    for (size_t i = 0; i < VECTOR_WIDTH; i++)
        t[i] = fill;
    memcpy(t, p, n * sizeof *p);
    return load(t);
}

static inline void store_part(float *p, size_t n, vreg v) {
    float t[VECTOR_WIDTH];
    store(t, v);
    memcpy(p, t, n * sizeof *p);
}

static inline vreg all(float a) {
    vreg v;
    for (int i = 0; i < VECTOR_WIDTH; i++)
        v[i] = a;
    return v;
}

static inline float lanes_sum(vreg v) {
    float t[VECTOR_WIDTH];
    store(t, v);
    for (int half = VECTOR_WIDTH / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            t[i] += t[i + half];
    return t[0];
}

/* Runs BODY for the full registers with `take`/`give` on whole ones, and once more for the rest. */
#define EACH(n, BODY)                                                                                                  \
    do {                                                                                                               \
        size_t i = 0;                                                                                                  \
        for (; i + VECTOR_WIDTH <= (n); i += VECTOR_WIDTH) {                                                           \
            BODY(load, store)                                                                                          \
        }                                                                                                              \
        size_t rest = (n)-i;                                                                                           \
        if (rest) {                                                                                                    \
            BODY(TAKE_REST, GIVE_REST)                                                                                 \
        }                                                                                                              \
    } while (0)
#define TAKE_REST(p) load_part(p, rest, 0.0f)
#define GIVE_REST(p, v) store_part(p, rest, v)

static float sum(size_t n, const float *x) {
    vreg s = all(0);
#define BODY(take, give) s += take(x + i);
    EACH(n, BODY);
#undef BODY
    return lanes_sum(s);
}

static float dot(size_t n, const float *x, const float *y) {
    vreg s = all(0);
#define BODY(take, give) s += take(x + i) * take(y + i);
    EACH(n, BODY);
#undef BODY
    return lanes_sum(s);
}

static void add(size_t n, const float *x, float *y) {
#define BODY(take, give) give(y + i, take(y + i) + take(x + i));
    EACH(n, BODY);
#undef BODY
}

static void axpy(size_t n, float a, const float *x, float *y) {
    vreg va = all(a);
#define BODY(take, give) give(y + i, take(y + i) + va * take(x + i));
    EACH(n, BODY);
#undef BODY
}

static void scale(size_t n, float a, float *x) {
    vreg va = all(a);
#define BODY(take, give) give(x + i, va * take(x + i));
    EACH(n, BODY);
#undef BODY
}

static void mix(size_t n, float a, const float *x, float b, const float *y, float *out) {
    vreg va = all(a), vb = all(b);
#define BODY(take, give) give(out + i, va * take(x + i) + vb * take(y + i));
    EACH(n, BODY);
#undef BODY
}

static inline vreg normal_cdf(vreg x) {
    return all(0.5f) + all(0.5f) * (vreg)VECTOR_ERF(x * all(0.70710678118654752f));
}

static void gelu(size_t n, const float *x, float *y) {
#define BODY(take, give)                                                                                               \
    vreg v = take(x + i);                                                                                              \
    give(y + i, v * normal_cdf(v));
    EACH(n, BODY);
#undef BODY
}

static void gelu_backward(size_t n, const float *x, const float *dy, float *dx) {
    vreg minus_half = all(-0.5f), density = all(0.39894228040143268f); /* 1 / sqrt(2 pi) */
#define BODY(take, give)                                                                                               \
    vreg v = take(x + i);                                                                                              \
    vreg slope = normal_cdf(v) + v * density * (vreg)VECTOR_EXP(minus_half * v * v);                                   \
    give(dx + i, take(dy + i) * slope);
    EACH(n, BODY);
#undef BODY
}

static float largest(size_t n, const float *x) {
    /* Plain comparisons: a NaN may be passed over here, and then shows in the exponentials. */
    float m[VECTOR_WIDTH];
    for (int k = 0; k < VECTOR_WIDTH; k++)
        m[k] = x[0];
    size_t i = 0;
    for (; i + VECTOR_WIDTH <= n; i += VECTOR_WIDTH)
        for (int k = 0; k < VECTOR_WIDTH; k++)
            m[k] = x[i + (size_t)k] > m[k] ? x[i + (size_t)k] : m[k];
    for (; i < n; i++)
        m[0] = x[i] > m[0] ? x[i] : m[0];
    for (int k = 1; k < VECTOR_WIDTH; k++)
        m[0] = m[k] > m[0] ? m[k] : m[0];
    return m[0];
}

static void softmax(size_t n, float factor, float *x) {
    vreg vf = all(factor), vm = all(largest(n, x)), total = all(0);
    size_t i = 0;
    for (; i + VECTOR_WIDTH <= n; i += VECTOR_WIDTH) {
        vreg v = VECTOR_EXP((load(x + i) - vm) * vf);
        store(x + i, v);
        total += v;
    }
    size_t rest = n - i;
    if (rest) {
        vreg v = VECTOR_EXP((load_part(x + i, rest, 0.0f) - vm) * vf);
        store_part(x + i, rest, v);
        total += load_part(x + i, rest, 0.0f);
    }
    scale(n, 1.0f / lanes_sum(total), x);
}

static void softmax_backward(size_t n, const float *p, float *dp) {
    vreg mean = all(dot(n, p, dp));
#define BODY(take, give) give(dp + i, take(p + i) * (take(dp + i) - mean));
    EACH(n, BODY);
#undef BODY
}

static void layernorm(size_t n, float eps, const float *x, const float *w, const float *b, float *y, float *mean,
                      float *rstd) {
    float m = sum(n, x) / (float)n;
    vreg vm = all(m), squares = all(0);
    size_t whole = n / VECTOR_WIDTH * VECTOR_WIDTH;
    for (size_t k = 0; k < whole; k += VECTOR_WIDTH) {
        vreg d = load(x + k) - vm;
        squares += d * d;
    }
    if (whole < n) {
        vreg d = load_part(x + whole, n - whole, m) - vm;
        squares += d * d;
    }
    float r = 1.0f / sqrtf(lanes_sum(squares) / (float)n + eps);
    vreg vr = all(r);
#define BODY(take, give) give(y + i, (take(x + i) - vm) * vr * take(w + i) + take(b + i));
    EACH(n, BODY);
#undef BODY
    *mean = m;
    *rstd = r;
}

static void layernorm_backward(size_t n, const float *x, const float *w, float mean, float rstd, const float *dy,
                               float *dx) {
    /* With xhat = (x - mean) rstd and g = dy w: dx += rstd (g - mean(g) - xhat mean(g xhat)). */
    vreg vm = all(mean), vr = all(rstd), g_total = all(0), gx_total = all(0);
#define BODY(take, give)                                                                                               \
    vreg g = take(dy + i) * take(w + i);                                                                               \
    g_total += g;                                                                                                      \
    gx_total += g * (take(x + i) - vm) * vr;
    EACH(n, BODY);
#undef BODY
    vreg g_mean = all(lanes_sum(g_total) / (float)n), gx_mean = all(lanes_sum(gx_total) / (float)n);
#define BODY(take, give)                                                                                               \
    vreg xhat = (take(x + i) - vm) * vr;                                                                               \
    give(dx + i, take(dx + i) + vr * (take(dy + i) * take(w + i) - g_mean - xhat * gx_mean));
    EACH(n, BODY);
#undef BODY
}

static bool all_finite(size_t n, const float *x) {
    /* Whole-number arithmetic on the exponent bits: no compiler flag can reason it away. */
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bad |= (bits & UINT32_C(0x7f800000)) == UINT32_C(0x7f800000);
    }
    return !bad;
}

extern const struct vector_ops VECTOR_TABLE;
const struct vector_ops VECTOR_TABLE = {
    .name = VECTOR_NAME,
    .sum = sum,
    .dot = dot,
    .add = add,
    .axpy = axpy,
    .scale = scale,
    .mix = mix,
    .gelu = gelu,
    .gelu_backward = gelu_backward,
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .layernorm = layernorm,
    .layernorm_backward = layernorm_backward,
    .finite = all_finite,
};
