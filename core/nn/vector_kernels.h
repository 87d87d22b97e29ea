/* The source of the vector kernels, included once by each vector_SET.c, which defines
 *   VECTOR_NAME  the set's name     VECTOR_TABLE  the symbol of its table     VECTOR_WIDTH  floats a register
 * Sums run in VECTOR_WIDTH lanes that are added at the end in a fixed order. A last, partial register is filled up with
 * a value that does not matter, so that every element goes through the same instructions. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/nn/vector.h"

typedef float vec __attribute__((vector_size(VECTOR_WIDTH * 4), aligned(4), may_alias));
typedef float vreg __attribute__((vector_size(VECTOR_WIDTH * 4)));
typedef int32_t ireg __attribute__((vector_size(VECTOR_WIDTH * 4)));
typedef uint32_t ureg __attribute__((vector_size(VECTOR_WIDTH * 4)));

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
    return a - (vreg){0}; /* the compilers make one broadcast of this, and of no loop over the lanes */
}

/* Loops of constant length whose body is to stay in registers. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Lanes by halves, in a fixed order. */
static inline float lanes_sum(vreg v) {
    float t[VECTOR_WIDTH];
    store(t, v);
    UNROLL
    for (int half = VECTOR_WIDTH / 2; half; half /= 2) {
        UNROLL
        for (int i = 0; i < half; i++)
            t[i] += t[i + half];
    }
    return t[0];
}

static inline float lanes_largest(vreg v) {
    float t[VECTOR_WIDTH];
    store(t, v);
    UNROLL
    for (int half = VECTOR_WIDTH / 2; half; half /= 2) {
        UNROLL
        for (int i = 0; i < half; i++)
            t[i] = t[i + half] > t[i] ? t[i + half] : t[i];
    }
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

static inline vreg choose(ireg mask, vreg yes, vreg no) {
    return (vreg)((mask & (ireg)yes) | (~mask & (ireg)no));
}

/* e^x for x <= 0, to 1.5 ulp; 0 below -87. With n = round(x / ln 2) and r = x - n ln 2 in [-0.35, 0.35] it is 2^n e^r,
 * ln 2 in two parts so that r is exact, e^r a polynomial of least relative error. A NaN stays one. */
static inline vreg exp_below_0(vreg x) {
    const vreg shift = all(0x1.8p23f); /* adding it rounds to a whole number, which its low bits then hold */
    vreg shifted = x * all(1.44269504f) + shift, n = shifted - shift;
    vreg r = x - n * all(0.693359375f) - n * all(-2.12194440e-4f);
    vreg y = all(1.381439095e-3f) * r + all(8.368817069e-3f);
    y = y * r + all(4.166839778e-2f);
    y = y * r + all(1.666651981e-1f);
    y = y * r + all(4.999999339e-1f);
    y = y * r + all(1.0f);
    y = y * r + all(1.0f);
    vreg power = (vreg)(((ureg)shifted + 127) << 23);
    return choose(x < all(-87.0f), all(0), y * power);
}

/* The normal distribution: its density without 1 / sqrt(2 pi), and its distribution function. Where x < 0 the latter is
 * e^(-x^2/2) t q(t) / 2 with t = 1 / (1 + 0.305 |x|), q a polynomial that makes the relative error of that 1e-7 at
 * most, however far out; where x > 0 it is 1 less that. */
static inline vreg normal_cdf(vreg x, vreg *density) {
    vreg t = all(1.0f) / (all(1.0f) + all(0.305f) * (vreg)((ireg)x & INT32_MAX));
    vreg q = all(7.339835495e-02f) * t + all(-3.059764947e-01f);
    q = q * t + all(3.714335360e-01f);
    q = q * t + all(-7.595335754e-02f);
    q = q * t + all(2.420431659e-01f);
    q = q * t + all(2.068418028e-01f);
    q = q * t + all(2.449336203e-01f);
    q = q * t + all(2.432794664e-01f);
    *density = exp_below_0(all(-0.5f) * x * x);
    vreg tail = all(0.5f) * q * t * *density;
    return choose(x < all(0), tail, all(1.0f) - tail);
}

static void gelu(size_t n, const float *x, const float *b, float *y) {
#define BODY(take, give)                                                                                               \
    vreg v = take(x + i) + take(b + i), density;                                                                       \
    give(y + i, v * normal_cdf(v, &density));
    EACH(n, BODY);
#undef BODY
}

static void gelu_slope(size_t n, float *x, const float *b, float *y) {
    vreg factor = all(0.39894228040143268f); /* 1 / sqrt(2 pi) */
#define BODY(take, give)                                                                                               \
    vreg v = take(x + i) + take(b + i), density, cdf = normal_cdf(v, &density);                                        \
    give(y + i, v * cdf);                                                                                              \
    give(x + i, cdf + factor * v * density);
    EACH(n, BODY);
#undef BODY
}

static void multiply(size_t n, const float *x, float *y) {
#define BODY(take, give) give(y + i, take(y + i) * take(x + i));
    EACH(n, BODY);
#undef BODY
}

/* Plain comparisons: a NaN may be passed over here, and then shows in the exponentials. */
static float largest(size_t n, const float *x) {
    vreg m = all(x[0]);
    size_t i = 0;
    for (; i + VECTOR_WIDTH <= n; i += VECTOR_WIDTH)
        m = choose(load(x + i) > m, load(x + i), m);
    size_t rest = n - i;
    if (rest) {
        vreg v = load_part(x + i, rest, x[0]);
        m = choose(v > m, v, m);
    }
    return lanes_largest(m);
}

static inline vreg exp_row(size_t n, vreg most, vreg factor, float *x) {
    vreg total = all(0);
    size_t i = 0;
    for (; i + VECTOR_WIDTH <= n; i += VECTOR_WIDTH) {
        vreg v = exp_below_0((load(x + i) - most) * factor);
        store(x + i, v);
        total += v;
    }
    size_t rest = n - i;
    if (rest) {
        store_part(x + i, rest, exp_below_0((load_part(x + i, rest, 0.0f) - most) * factor));
        total += load_part(x + i, rest, 0.0f);
    }
    return total;
}

/* Some rows at a time, each step for all of them: a row's step waits for its last one, but not for other rows. */
static void softmax(size_t rows, size_t n, size_t row, float factor, float *x) {
    enum { TOGETHER = 8 };
    for (size_t first = 0; first < rows; first += TOGETHER) {
        size_t count = rows - first < TOGETHER ? rows - first : TOGETHER;
        float most[TOGETHER], total[TOGETHER], *from = x + first * row;
        for (size_t r = 0; r < count; r++)
            most[r] = largest(n, from + r * row);
        for (size_t r = 0; r < count; r++)
            total[r] = lanes_sum(exp_row(n, all(most[r]), all(factor), from + r * row));
        for (size_t r = 0; r < count; r++)
            scale(n, 1.0f / total[r], from + r * row);
    }
}

static void softmax_backward(size_t n, float factor, const float *p, float *dp) {
    vreg mean = all(dot(n, p, dp)), vf = all(factor);
#define BODY(take, give) give(dp + i, vf * take(p + i) * (take(dp + i) - mean));
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

/* A block of ROWS rows and REGS registers of C stays in registers while k runs; the last register holds `width` values
 * of C. Constants in every call, so that the loops over rows and registers are unrolled. */
#define ROWS 6
static inline __attribute__((always_inline)) void product_block(size_t rows, size_t regs, size_t width,
                                                                const struct vector_product *p, const float *a,
                                                                const float *b, float *c) {
    vreg sums[ROWS][2];
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t s = 0; s < regs; s++) {
            const float *from = c + r * p->c_row + s * VECTOR_WIDTH;
            bool whole = s + 1 < regs || width == VECTOR_WIDTH;
            sums[r][s] = !p->add ? all(0) : whole ? load(from) : load_part(from, width, 0);
        }
    }
    for (size_t k = 0; k < p->k; k++, a += p->a_col, b += p->b_row) {
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            for (size_t s = 0; s < regs; s++)
                sums[r][s] += all(a[r * p->a_row]) * load(b + s * VECTOR_WIDTH);
        }
    }
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t s = 0; s < regs; s++) {
            float *to = c + r * p->c_row + s * VECTOR_WIDTH;
            if (s + 1 < regs || width == VECTOR_WIDTH)
                store(to, sums[r][s]);
            else
                store_part(to, width, sums[r][s]);
        }
    }
}

static inline __attribute__((always_inline)) void product_rows(size_t rows, const struct vector_product *p,
                                                               const float *a, float *c) {
    size_t j = 0;
    for (; j + 2 * VECTOR_WIDTH <= p->n; j += 2 * VECTOR_WIDTH)
        product_block(rows, 2, VECTOR_WIDTH, p, a, p->b + j, c + j);
    if (j + VECTOR_WIDTH <= p->n) {
        product_block(rows, 1, VECTOR_WIDTH, p, a, p->b + j, c + j);
        j += VECTOR_WIDTH;
    }
    if (j < p->n)
        product_block(rows, 1, p->n - j, p, a, p->b + j, c + j);
}

static void product(const struct vector_product *p) {
    size_t i = 0;
    const float *a = p->a;
    float *c = p->c;
    for (; i + ROWS <= p->m; i += ROWS, a += ROWS * p->a_row, c += ROWS * p->c_row)
        product_rows(ROWS, p, a, c);
    switch (p->m - i) {
    case 5:
        product_rows(5, p, a, c);
        break;
    case 4:
        product_rows(4, p, a, c);
        break;
    case 3:
        product_rows(3, p, a, c);
        break;
    case 2:
        product_rows(2, p, a, c);
        break;
    case 1:
        product_rows(1, p, a, c);
        break;
    default:
        break;
    }
}

extern const struct vector_ops VECTOR_TABLE;
const struct vector_ops VECTOR_TABLE = {
    .name = VECTOR_NAME,
    .width = VECTOR_WIDTH,
    .sum = sum,
    .dot = dot,
    .add = add,
    .axpy = axpy,
    .scale = scale,
    .mix = mix,
    .gelu = gelu,
    .gelu_slope = gelu_slope,
    .multiply = multiply,
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .layernorm = layernorm,
    .layernorm_backward = layernorm_backward,
    .finite = all_finite,
    .product = product,
};
