#include "core/nn/linear.h"

#include <string.h>

#include <cblas.h>

#include "core/nn/vector.h"

static void product_add(size_t rows, size_t in, size_t out, const float *x, const float *w, float *y) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)out, (int)in, 1.0f, x, (int)in, w, (int)in,
                1.0f, y, (int)out);
}

void linear_forward(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *b, float *y) {
    for (size_t r = 0; r < rows; r++)
        memcpy(y + r * out, b, out * sizeof *y);
    product_add(rows, in, out, x, w, y);
}

void linear_forward_add(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *b, float *y) {
    const struct vector_ops *v = vector_ops();
    for (size_t r = 0; r < rows; r++)
        v->add(out, b, y + r * out);
    product_add(rows, in, out, x, w, y);
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
