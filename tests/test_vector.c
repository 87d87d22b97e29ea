#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/vector.h"
#include "tests/numbers.h"

enum { MOST = 1031, ROOM = MOST + 24 };

static const size_t lengths[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,  14,  15,  16,
                                 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,  30,  31,  32,
                                 33, 34, 35, 36, 37, 38, 39, 40, 63, 64, 65, 96, 127, 255, 768, MOST};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* One operation on one set: fills out[n] (and two numbers) from three inputs. */
typedef void operation(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c,
                       float *out);
/* The same in double. */
typedef void reference(size_t n, const float *a, const float *b, const float *c, double *out);

static void do_sum(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c, float *out) {
    (void)b, (void)c;
    memset(out, 0, n * sizeof *out);
    out[0] = v->sum(n, a);
}

static void ref_sum(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)b, (void)c;
    for (size_t i = 1; i < n; i++)
        out[i] = 0;
    out[0] = 0;
    for (size_t i = 0; i < n; i++)
        out[0] += (double)a[i];
}

static void do_dot(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c, float *out) {
    (void)c;
    memset(out, 0, n * sizeof *out);
    out[0] = v->dot(n, a, b);
}

static void ref_dot(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)c;
    for (size_t i = 1; i < n; i++)
        out[i] = 0;
    out[0] = 0;
    for (size_t i = 0; i < n; i++)
        out[0] += (double)a[i] * (double)b[i];
}

static void do_add(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c, float *out) {
    (void)c;
    memcpy(out, b, n * sizeof *out);
    v->add(n, a, out);
}

static void ref_add(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)c;
    for (size_t i = 0; i < n; i++)
        out[i] = (double)a[i] + (double)b[i];
}

static void do_axpy(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c, float *out) {
    (void)c;
    memcpy(out, b, n * sizeof *out);
    v->axpy(n, -1.75f, a, out);
}

static void ref_axpy(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)c;
    for (size_t i = 0; i < n; i++)
        out[i] = -1.75 * (double)a[i] + (double)b[i];
}

static void do_scale(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c, float *out) {
    (void)b, (void)c;
    memcpy(out, a, n * sizeof *out);
    v->scale(n, 0.3f, out);
}

static void ref_scale(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)b, (void)c;
    for (size_t i = 0; i < n; i++)
        out[i] = (double)0.3f * (double)a[i];
}

static void do_mix(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c, float *out) {
    (void)c;
    v->mix(n, 0.25f, a, 0.75f, b, out);
}

static void ref_mix(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)c;
    for (size_t i = 0; i < n; i++)
        out[i] = 0.25 * (double)a[i] + 0.75 * (double)b[i];
}

static double cdf(double x) {
    return 0.5 * erfc(-x * M_SQRT1_2);
}

static void do_gelu(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c, float *out) {
    (void)c;
    v->gelu(n, a, b, out);
}

static void ref_gelu(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)c;
    for (size_t i = 0; i < n; i++) {
        double x = (double)a[i] + (double)b[i];
        out[i] = x * cdf(x);
    }
}

static void do_gelu_slope(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c,
                          float *out) {
    static float y[MOST];
    (void)c;
    memcpy(out, a, n * sizeof *out);
    v->gelu_slope(n, out, b, y);
}

static void ref_gelu_slope(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)c;
    for (size_t i = 0; i < n; i++) {
        double x = (double)a[i] + (double)b[i];
        out[i] = cdf(x) + x * exp(-x * x / 2) / sqrt(2 * M_PI);
    }
}

static void do_gelu_beside_slope(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c,
                                 float *out) {
    static float slope[MOST];
    (void)c;
    memcpy(slope, a, n * sizeof *slope);
    v->gelu_slope(n, slope, b, out);
}

static void do_multiply(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c,
                        float *out) {
    (void)c;
    memcpy(out, b, n * sizeof *out);
    v->multiply(n, a, out);
}

static void ref_multiply(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)c;
    for (size_t i = 0; i < n; i++)
        out[i] = (double)a[i] * (double)b[i];
}

static void do_softmax(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c,
                       float *out) {
    (void)b, (void)c;
    memcpy(out, a, n * sizeof *out);
    v->softmax(1, n, 0, 0.7f, out);
}

static void ref_softmax(size_t n, const float *a, const float *b, const float *c, double *out) {
    (void)b, (void)c;
    double largest = (double)a[0], total = 0;
    for (size_t i = 1; i < n; i++)
        largest = fmax(largest, (double)a[i]);
    for (size_t i = 0; i < n; i++)
        total += out[i] = exp((double)0.7f * ((double)a[i] - largest));
    for (size_t i = 0; i < n; i++)
        out[i] /= total;
}

static void do_softmax_backward(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c,
                                float *out) {
    (void)c;
    memcpy(out, b, n * sizeof *out);
    v->softmax_backward(n, 0.7f, a, out);
}

static void ref_softmax_backward(size_t n, const float *a, const float *b, const float *c, double *out) {
    double mean;
    (void)c;
    ref_dot(n, a, b, c, out);
    mean = out[0];
    for (size_t i = 0; i < n; i++)
        out[i] = (double)0.7f * (double)a[i] * ((double)b[i] - mean);
}

static const float eps = 1e-6f;

static void moments(size_t n, const float *x, double *mean, double *rstd) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)x[i] - *mean) * ((double)x[i] - *mean);
    *rstd = 1 / sqrt(squares / (double)n + (double)eps);
}

static void do_layernorm(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c,
                         float *out) {
    float mean, rstd;
    v->layernorm(n, eps, a, b, c, out, &mean, &rstd);
}

static void ref_layernorm(size_t n, const float *a, const float *b, const float *c, double *out) {
    double mean, rstd;
    moments(n, a, &mean, &rstd);
    for (size_t i = 0; i < n; i++)
        out[i] = ((double)a[i] - mean) * rstd * (double)b[i] + (double)c[i];
}

static void do_layernorm_backward(const struct vector_ops *v, size_t n, const float *a, const float *b, const float *c,
                                  float *out) {
    double mean, rstd;
    moments(n, a, &mean, &rstd);
    for (size_t i = 0; i < n; i++)
        out[i] = 0.5f * c[i];
    v->layernorm_backward(n, a, b, (float)mean, (float)rstd, c, out);
}

static void ref_layernorm_backward(size_t n, const float *a, const float *b, const float *c, double *out) {
    double mean, rstd, g_mean = 0, gx_mean = 0;
    moments(n, a, &mean, &rstd);
    for (size_t i = 0; i < n; i++) {
        double g = (double)c[i] * (double)b[i];
        g_mean += g / (double)n;
        gx_mean += g * ((double)a[i] - mean) * rstd / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        out[i] =
            0.5 * (double)c[i] + rstd * ((double)c[i] * (double)b[i] - g_mean - ((double)a[i] - mean) * rstd * gx_mean);
}

/* What an operation does with a NaN in one element of an input. */
enum spread { STAYS, FIRST_ONLY, EVERYWHERE };

static const struct {
    const char *name;
    operation *ours;
    reference *wanted;
    double limit; /* of max |error| / max(1, largest input, largest result) */
    enum spread spread;
} operations[] = {
    {"sum", do_sum, ref_sum, 1e-5, FIRST_ONLY},
    {"dot", do_dot, ref_dot, 1e-5, FIRST_ONLY},
    {"add", do_add, ref_add, 1e-7, STAYS},
    {"axpy", do_axpy, ref_axpy, 3e-7, STAYS},
    {"scale", do_scale, ref_scale, 1e-7, STAYS},
    {"mix", do_mix, ref_mix, 3e-7, STAYS},
    {"gelu", do_gelu, ref_gelu, 3e-7, STAYS},
    {"gelu_slope", do_gelu_slope, ref_gelu_slope, 6e-7, STAYS},
    {"gelu beside slope", do_gelu_beside_slope, ref_gelu, 3e-7, STAYS},
    {"multiply", do_multiply, ref_multiply, 1e-7, STAYS},
    {"softmax", do_softmax, ref_softmax, 1e-6, EVERYWHERE},
    {"softmax_backward", do_softmax_backward, ref_softmax_backward, 1e-5, EVERYWHERE},
    {"layernorm", do_layernorm, ref_layernorm, 2e-6, EVERYWHERE},
    {"layernorm_backward", do_layernorm_backward, ref_layernorm_backward, 1e-5, EVERYWHERE},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static float memory[4][ROOM];

/* The three inputs and the output, `shift` floats past an aligned place. */
static void inputs(size_t n, size_t shift, uint32_t salt, double size, float **a, float **b, float **c, float **out) {
    *a = memory[0] + shift;
    *b = memory[1] + shift;
    *c = memory[2] + shift;
    *out = memory[3] + shift;
    numbers_fill(n, 3 * salt, -size, size, *a);
    numbers_fill(n, 3 * salt + 1, -size, size, *b);
    numbers_fill(n, 3 * salt + 2, -size, size, *c);
}

static double largest(size_t n, const float *x) {
    double m = 1;
    for (size_t i = 0; i < n; i++)
        m = fmax(m, fabs((double)x[i]));
    return m;
}

static void every_set_agrees_with_double_precision(void **state) {
    (void)state;
    static double wanted[MOST];
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t o = 0; o < OPERATIONS; o++)
            for (size_t k = 0; k < LENGTHS; k++) {
                size_t n = lengths[k];
                float *a, *b, *c, *out;
                inputs(n, k % 5, (uint32_t)n, 3, &a, &b, &c, &out);
                operations[o].ours(*set, n, a, b, c, out);
                operations[o].wanted(n, a, b, c, wanted);
                double scale = fmax(largest(n, a), fmax(largest(n, b), largest(n, c)));
                for (size_t i = 0; i < n; i++)
                    scale = fmax(scale, fabs(wanted[i]));
                if (n == 1)
                    scale *= 1000; /* LayerNorm's rstd where the variance is 0 */
                for (size_t i = 0; i < n; i++)
                    if (!(fabs((double)out[i] - wanted[i]) <= operations[o].limit * scale))
                        fail_msg("%s %s, length %zu, element %zu: %.9g, expected %.9g", (*set)->name,
                                 operations[o].name, n, i, (double)out[i], wanted[i]);
            }
}

static void alignment_changes_no_bit(void **state) {
    (void)state;
    static float first[MOST];
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t o = 0; o < OPERATIONS; o++)
            for (size_t k = 0; k < LENGTHS; k++)
                for (size_t shift = 0; shift < 4; shift++) {
                    size_t n = lengths[k];
                    float *a, *b, *c, *out;
                    inputs(n, shift * 3, (uint32_t)k, 2, &a, &b, &c, &out);
                    operations[o].ours(*set, n, a, b, c, out);
                    if (shift == 0)
                        memcpy(first, out, n * sizeof *out);
                    else
                        assert_memory_equal(first, out, n * sizeof *out);
                }
}

static void nothing_is_written_past_the_end(void **state) {
    (void)state;
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t o = 0; o < OPERATIONS; o++)
            for (size_t n = 1; n <= 40; n++) {
                float *a, *b, *c, *out;
                inputs(n, 1, (uint32_t)n, 2, &a, &b, &c, &out);
                for (int m = 0; m < 4; m++) {
                    memory[m][0] = 12345.0f;
                    for (size_t i = n + 1; i < n + 18; i++)
                        memory[m][i] = 12345.0f;
                }
                operations[o].ours(*set, n, a, b, c, out);
                for (int m = 0; m < 4; m++) {
                    assert_true(memory[m][0] == 12345.0f);
                    for (size_t i = n + 1; i < n + 18; i++)
                        assert_true(memory[m][i] == 12345.0f);
                }
            }
}

static void a_nan_is_never_lost(void **state) {
    (void)state;
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t o = 0; o < OPERATIONS; o++)
            for (size_t n = 1; n <= 40; n++)
                for (size_t at = 0; at < n; at++) {
                    float *a, *b, *c, *out;
                    inputs(n, 0, (uint32_t)n, 2, &a, &b, &c, &out);
                    a[at] = NAN;
                    operations[o].ours(*set, n, a, b, c, out);
                    for (size_t i = 0; i < n; i++) {
                        enum spread s = operations[o].spread;
                        bool wanted = s == EVERYWHERE || (s == STAYS ? i == at : i == 0);
                        if (!isnan(out[i]) != !wanted)
                            fail_msg("%s %s, length %zu, NaN at %zu: element %zu is %g", (*set)->name,
                                     operations[o].name, n, at, i, (double)out[i]);
                    }
                }
}

static void gelu_holds_at_extreme_values(void **state) {
    (void)state;
    const float x[] = {0.0f,   -0.0f, FLT_MIN, -FLT_MIN, 1e-20f, -6,      -20, -1e4f,
                       -1e30f, 6,     20,      1e4f,     1e30f,  FLT_MAX, 0.5f};
    enum { N = sizeof x / sizeof *x };
    const float none[N] = {0};
    float y[N], beside[N], slope[N];
    for (const struct vector_ops *const *set = vector_all(); *set; set++) {
        memcpy(slope, x, sizeof slope);
        (*set)->gelu(N, x, none, y);
        (*set)->gelu_slope(N, slope, none, beside);
        assert_memory_equal(y, beside, sizeof y);
        for (int i = 0; i < N; i++) {
            double v = (double)x[i], far = v > 0 ? 1 : 0;
            double wanted = v * cdf(v),
                   wanted_slope = fabs(v) > 1e3 ? far : cdf(v) + v * exp(-v * v / 2) / sqrt(2 * M_PI);
            assert_true(isfinite(y[i]) && isfinite(slope[i]));
            assert_true(fabs((double)y[i] - wanted) <= 1e-6 * fabs(v));
            assert_true(fabs((double)slope[i] - wanted_slope) <= 1e-6);
        }
    }
}

/* A NaN of any payload, as a file may hold. */
static void exponentials_keep_every_nan(void **state) {
    (void)state;
    const float none[1] = {0};
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (uint32_t bit = 0; bit <= 22; bit++)
            for (uint32_t sign = 0; sign < 2; sign++) {
                uint32_t bits =
                    UINT32_C(0x7fc00000) | (bit < 22 ? UINT32_C(1) << bit : UINT32_C(0x3fffff)) | sign << 31;
                float nan, y, x[2];
                memcpy(&nan, &bits, sizeof nan);
                (*set)->gelu(1, &nan, none, &y);
                assert_true(isnan(y));
                (*set)->gelu_slope(1, &nan, none, &y);
                assert_true(isnan(y) && isnan(nan));
                x[0] = 1;
                memcpy(&x[1], &bits, sizeof nan);
                (*set)->softmax(1, 2, 0, 1, x);
                assert_true(isnan(x[0]) && isnan(x[1]));
            }
}

/* Relative to the value, however small: 0.5 + 0.5 erf would have lost all of it at -6. */
static void gelu_is_right_far_out(void **state) {
    (void)state;
    const float none[1] = {0};
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (float x = -9; x < 9; x += 0.01f) {
            float y;
            double wanted = (double)x * cdf((double)x);
            (*set)->gelu(1, &x, none, &y);
            assert_true(fabs((double)y - wanted) <= 6e-6 * fabs(wanted));
        }
}

static void softmax_of_many_rows_is_that_of_each(void **state) {
    (void)state;
    enum { ROWS = 19, N = 21, ROW = 25 };
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t rows = 0; rows <= ROWS; rows++) {
            float together[ROWS * ROW], alone[ROWS * ROW];
            numbers_fill(ROWS * ROW, 7, -3, 3, together);
            memcpy(alone, together, sizeof alone);
            (*set)->softmax(rows, N, ROW, 0.7f, together);
            for (size_t r = 0; r < rows; r++)
                (*set)->softmax(1, N, 0, 0.7f, alone + r * ROW);
            assert_memory_equal(together, alone, sizeof alone);
        }
}

static void softmax_holds_at_extreme_values(void **state) {
    (void)state;
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t n = 1; n <= 40; n++) {
            float x[40];
            for (size_t i = 0; i < n; i++)
                x[i] = i == n / 2 ? 1e30f : -1e30f;
            (*set)->softmax(1, n, 0, 10, x);
            for (size_t i = 0; i < n; i++)
                assert_true(x[i] == (i == n / 2 ? 1.0f : 0.0f));
            for (size_t i = 0; i < n; i++)
                x[i] = -FLT_MAX;
            (*set)->softmax(1, n, 0, 0.1f, x);
            for (size_t i = 0; i < n; i++)
                assert_true(fabsf(x[i] - 1.0f / (float)n) < 1e-6f);
            x[n - 1] = INFINITY;
            (*set)->softmax(1, n, 0, 1, x);
            for (size_t i = 0; i < n; i++)
                assert_true(i + 1 < n ? x[i] == 0 || isnan(x[i]) : isnan(x[i]));
        }
}

static void layernorm_of_equal_values_is_the_bias(void **state) {
    (void)state;
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t n = 1; n <= 40; n++) {
            float x[40], w[40], b[40], y[40], mean, rstd;
            for (size_t i = 0; i < n; i++)
                x[i] = 4, w[i] = 2, b[i] = (float)i;
            (*set)->layernorm(n, 1e-6f, x, w, b, y, &mean, &rstd);
            assert_memory_equal(y, b, n * sizeof *y);
            assert_true(mean == 4.0f);
            assert_true(fabsf(rstd - 1000) < 0.01f);
        }
}

static void layernorm_gives_out_mean_and_rstd(void **state) {
    (void)state;
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t k = 0; k < LENGTHS; k++) {
            float *x, *w, *b, *y, mean, rstd;
            double m, r;
            size_t n = lengths[k];
            inputs(n, 1, 77, 3, &x, &w, &b, &y);
            (*set)->layernorm(n, eps, x, w, b, y, &mean, &rstd);
            moments(n, x, &m, &r);
            assert_true(fabs((double)mean - m) <= 1e-6);
            assert_true(fabs((double)rstd - r) <= 1e-5 * r);
        }
}

static void in_and_out_may_be_the_same_array(void **state) {
    (void)state;
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (size_t n = 1; n <= 40; n++) {
            float *a, *b, *c, *out, same[40];
            inputs(n, 0, (uint32_t)n, 2, &a, &b, &c, &out);
            (*set)->gelu(n, a, b, out);
            memcpy(same, a, sizeof same);
            (*set)->gelu(n, same, b, same);
            assert_memory_equal(same, out, n * sizeof *out);
            (*set)->mix(n, 0.25f, a, 0.75f, b, out);
            memcpy(same, a, sizeof same);
            (*set)->mix(n, 0.25f, same, 0.75f, b, same);
            assert_memory_equal(same, out, n * sizeof *out);
        }
}

static void finite_finds_nan_and_infinity_wherever_they_are(void **state) {
    (void)state;
    const float good[] = {0.0f, -0.0f, FLT_MAX, -FLT_MAX, FLT_MIN, FLT_TRUE_MIN, 1};
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    static float x[MOST];
    for (const struct vector_ops *const *set = vector_all(); *set; set++) {
        assert_true((*set)->finite(0, x));
        for (size_t k = 0; k < LENGTHS; k++) {
            size_t n = lengths[k];
            for (size_t i = 0; i < n; i++)
                x[i] = good[i % 7];
            assert_true((*set)->finite(n, x));
            for (size_t at = 0; at<n; at += n> 100 ? 13 : 1) {
                float kept = x[at];
                for (int b = 0; b < 4; b++) {
                    x[at] = bad[b];
                    assert_false((*set)->finite(n, x));
                    assert_true((*set)->finite(at, x));
                }
                x[at] = kept;
            }
        }
    }
}

static void the_best_set_is_chosen_and_the_base_set_is_last(void **state) {
    (void)state;
    const struct vector_ops *const *sets = vector_all();
    size_t n = 0;
    while (sets[n])
        n++;
    assert_true(n >= 1);
    assert_string_equal(sets[n - 1]->name, "base");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(sets[i]->name, sets[j]->name);
    if (!getenv("GPTUI_VECTOR"))
        assert_ptr_equal(vector_ops(), sets[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_agrees_with_double_precision),
        cmocka_unit_test(alignment_changes_no_bit),
        cmocka_unit_test(nothing_is_written_past_the_end),
        cmocka_unit_test(a_nan_is_never_lost),
        cmocka_unit_test(gelu_holds_at_extreme_values),
        cmocka_unit_test(gelu_is_right_far_out),
        cmocka_unit_test(exponentials_keep_every_nan),
        cmocka_unit_test(softmax_of_many_rows_is_that_of_each),
        cmocka_unit_test(softmax_holds_at_extreme_values),
        cmocka_unit_test(layernorm_of_equal_values_is_the_bias),
        cmocka_unit_test(layernorm_gives_out_mean_and_rstd),
        cmocka_unit_test(in_and_out_may_be_the_same_array),
        cmocka_unit_test(finite_finds_nan_and_infinity_wherever_they_are),
        cmocka_unit_test(the_best_set_is_chosen_and_the_base_set_is_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
