#include "core/nn/layernorm.h"

#include "core/nn/vector.h"

void layernorm_forward(size_t rows, size_t dim, const float *x, const float *w, const float *b, float *y,
                       float *stats) {
    const struct vector_ops *v = vector_ops();
    for (size_t r = 0; r < rows; r++)
        v->layernorm(dim, LAYERNORM_EPS, x + r * dim, w, b, y + r * dim, &stats[2 * r], &stats[2 * r + 1]);
}

void layernorm_backward(size_t rows, size_t dim, const float *x, const float *w, const float *stats, const float *dy,
                        float *dx, float *dw, float *db) {
    const struct vector_ops *v = vector_ops();
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * dim, *dyr = dy + r * dim;
        float mean = stats[2 * r], rstd = stats[2 * r + 1];
        v->layernorm_backward(dim, xr, w, mean, rstd, dyr, dx + r * dim);
        for (size_t i = 0; dw && i < dim; i++)
            dw[i] += dyr[i] * (xr[i] - mean) * rstd;
        if (db)
            v->add(dim, dyr, db);
    }
}
