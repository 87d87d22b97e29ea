#include "core/nn/pool.h"

#include <string.h>

#include "core/nn/layernorm.h"
#include "core/nn/vector.h"

void pool_forward(struct pool_range range, size_t dim, const float *x, const float *w, const float *b, float *feature,
                  float *mean, float *stats) {
    const struct vector_ops *v = vector_ops();
    memcpy(mean, x + range.first * dim, dim * sizeof *mean);
    for (size_t i = 1; i < range.count; i++)
        v->add(dim, x + (range.first + i) * dim, mean);
    v->scale(dim, 1.0f / (float)range.count, mean);
    layernorm_forward(1, dim, mean, w, b, feature, stats);
}

void pool_backward(struct pool_range range, size_t tokens, size_t dim, const float *mean, const float *w,
                   const float *stats, const float *dfeature, float *dx, float *dw, float *db, float *scratch) {
    memset(scratch, 0, dim * sizeof *scratch);
    layernorm_backward(1, dim, mean, w, stats, dfeature, scratch, dw, db);
    vector_ops()->scale(dim, 1.0f / (float)range.count, scratch);
    memset(dx, 0, tokens * dim * sizeof *dx);
    for (size_t i = 0; i < range.count; i++)
        memcpy(dx + (range.first + i) * dim, scratch, dim * sizeof *dx);
}
