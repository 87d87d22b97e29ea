#include "core/nn/gelu.h"

#include "core/nn/vector.h"

void gelu_forward(size_t rows, size_t dim, const float *x, const float *b, float *y) {
    for (size_t r = 0; r < rows; r++)
        vector_ops()->gelu(dim, x + r * dim, b, y + r * dim);
}

void gelu_forward_slope(size_t rows, size_t dim, float *x, const float *b, float *y) {
    for (size_t r = 0; r < rows; r++)
        vector_ops()->gelu_slope(dim, x + r * dim, b, y + r * dim);
}

void gelu_backward(size_t n, const float *slope, float *dy) {
    vector_ops()->multiply(n, slope, dy);
}
