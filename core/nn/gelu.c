#include "core/nn/gelu.h"

#include "core/nn/vector.h"

void gelu_forward(size_t n, const float *x, float *y) {
    vector_ops()->gelu(n, x, y);
}

void gelu_backward(size_t n, const float *x, const float *dy, float *dx) {
    vector_ops()->gelu_backward(n, x, dy, dx);
}
