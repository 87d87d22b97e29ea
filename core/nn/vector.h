/* Vector kernels that BLAS does not have: exact GELU, softmax, LayerNorm, sums, and products too small for it.
 *
 *     const struct vector_ops *v = vector_ops();
 *     v->gelu(n, x, b, y);
 *
 * The same source (vector_kernels.h) is compiled for the base instruction set, AVX2 and AVX-512; the best that this CPU
 * has is chosen once. A result depends on the set chosen, never on threads or alignment. Functions are pure; arrays may
 * be unaligned; in and out may be the same array unless said. Any thread may call. */
#ifndef CORE_NN_VECTOR_H
#define CORE_NN_VECTOR_H

#include <stdbool.h>
#include <stddef.h>

/* C [m, n] = A B, or C += A B: A [m, k] of any two strides, rows of B and C one value after another. B is read up to
 * the next multiple of vector_ops.width in every row, C written only where it is. Each value is a sum over k in order,
 * wherever it stands: unlike sgemm's, its bits do not depend on its place. For matrices that fit the inner caches. */
struct vector_product {
    size_t m, n, k;
    const float *a;
    size_t a_row, a_col; /* A[i, l] is a[i a_row + l a_col] */
    const float *b;
    size_t b_row;
    float *c;
    size_t c_row;
    bool add;
};

struct vector_ops {
    const char *name; /* "avx512", "avx2", "base" */
    size_t width;     /* floats a register */
    float (*sum)(size_t n, const float *x);
    float (*dot)(size_t n, const float *x, const float *y);
    void (*add)(size_t n, const float *x, float *y);           /* y += x */
    void (*axpy)(size_t n, float a, const float *x, float *y); /* y += a x */
    void (*scale)(size_t n, float a, float *x);                /* x *= a */
    /* out = a x + b y */
    void (*mix)(size_t n, float a, const float *x, float b, const float *y, float *out);
    void (*multiply)(size_t n, const float *x, float *y); /* y *= x */
    /* y = gelu(x + b), gelu(x) = x (1 + erf(x / sqrt 2)) / 2: torch.nn.functional.gelu */
    void (*gelu)(size_t n, const float *x, const float *b, float *y);
    /* the same, and x = gelu'(x + b) in place; x and y are different arrays */
    void (*gelu_slope)(size_t n, float *x, const float *b, float *y);
    /* x [rows, n] = softmax(scale x) of each row, scale > 0; `row` floats from one to the next */
    void (*softmax)(size_t rows, size_t n, size_t row, float scale, float *x);
    /* dp = scale p (dp - sum(p dp)): from the gradient of softmax(scale x) to that of x */
    void (*softmax_backward)(size_t n, float scale, const float *p, float *dp);
    /* y = (x - mean) rstd w + b; *mean and *rstd = 1 / sqrt(var + eps) are given out */
    void (*layernorm)(size_t n, float eps, const float *x, const float *w, const float *b, float *y, float *mean,
                      float *rstd);
    /* dx += the gradient of x, given dy; dx and dy are different arrays */
    void (*layernorm_backward)(size_t n, const float *x, const float *w, float mean, float rstd, const float *dy,
                               float *dx);
    bool (*finite)(size_t n, const float *x); /* no NaN, no infinity */
    void (*product)(const struct vector_product *p);
};

/* The best set for this CPU. GPTUI_VECTOR=base|avx2|avx512 in the environment asks for another, where it exists. */
const struct vector_ops *vector_ops(void);

/* Every set this build and CPU have, best first, ending with NULL. */
const struct vector_ops *const *vector_all(void);

#endif
