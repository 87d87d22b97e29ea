#include "core/nn/linear.h"

#include <string.h>

#include <cblas.h>

#include "core/nn/vector.h"

/* y = x w^T + beta y */
static void product(size_t rows, size_t in, size_t out, const float *x, const float *w, float beta, float *y) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)out, (int)in, 1.0f, x, (int)in, w, (int)in,
                beta, y, (int)out);
}

void linear_forward(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *b, float *y) {
    for (size_t r = 0; b && r < rows; r++)
        memcpy(y + r * out, b, out * sizeof *y);
    product(rows, in, out, x, w, b ? 1.0f : 0.0f, y);
}

void linear_forward_residual(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *b,
                             const float *residual, float *y) {
    for (size_t r = 0; r < rows; r++)
        vector_ops()->mix(out, 1, residual + r * out, 1, b, y + r * out);
    product(rows, in, out, x, w, 1.0f, y);
}

void linear_backward(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *dy, float *dx,
                     float *dw, float *db) {
    if (dx)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)in, (int)out, 1.0f, dy, (int)out, w,
                    (int)in, 0.0f, dx, (int)in);
    if (dw)
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)out, (int)in, (int)rows, 1.0f, dy, (int)out, x,
                    (int)in, 1.0f, dw, (int)in);
    const struct vector_ops *v = vector_ops();
    for (size_t r = 0; db && r < rows; r++)
        v->add(out, dy + r * out, db);
}
