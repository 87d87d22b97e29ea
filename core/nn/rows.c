#include "core/nn/rows.h"

#include <string.h>

#include "core/nn/vector.h"

/* Where the rows taken lie among all: row i of Q. */
static size_t place(const struct rows *r, size_t i) {
    return i < r->head ? i : i + r->skip;
}

void rows_take(const struct rows *r, size_t dim, const float *x, float *y) {
    memcpy(y, x, r->head * dim * sizeof *y);
    memcpy(y + r->head * dim, x + (r->head + r->skip) * dim, r->tail * dim * sizeof *y);
}

void rows_gather(const struct rows *r, size_t samples, size_t tokens, size_t dim, float *x) {
    for (size_t s = 0; s < samples; s++) {
        float *from = x + s * tokens * dim, *to = x + s * rows_count(r) * dim;
        memmove(to, from, r->head * dim * sizeof *x);
        memmove(to + r->head * dim, from + (r->head + r->skip) * dim, r->tail * dim * sizeof *x);
    }
}

void rows_spread(const struct rows *r, size_t samples, size_t tokens, size_t dim, float *x) {
    /* From the end: a row's place is never before where it lies. */
    for (size_t s = samples; s-- > 0;) {
        size_t end = tokens; /* rows of this sample from here on are done */
        for (size_t i = rows_count(r); i-- > 0;) {
            float *to = x + (s * tokens + place(r, i)) * dim;
            memmove(to, x + (s * rows_count(r) + i) * dim, dim * sizeof *x);
            memset(to + dim, 0, (end - place(r, i) - 1) * dim * sizeof *x);
            end = place(r, i);
        }
        memset(x + s * tokens * dim, 0, end * dim * sizeof *x);
    }
}

void rows_add(const struct rows *r, size_t dim, const float *y, float *x) {
    const struct vector_ops *v = vector_ops();
    v->add(r->head * dim, y, x);
    v->add(r->tail * dim, y + r->head * dim, x + (r->head + r->skip) * dim);
}

void rows_mean(const struct rows *r, size_t dim, const float *x, float *mean) {
    const struct vector_ops *v = vector_ops();
    memset(mean, 0, dim * sizeof *mean);
    for (size_t i = 0; i < rows_count(r); i++)
        v->add(dim, x + place(r, i) * dim, mean);
    v->scale(dim, 1.0f / (float)rows_count(r), mean);
}

void rows_mean_backward(const struct rows *r, size_t tokens, size_t dim, const float *dmean, float *dx) {
    size_t last = rows_count(r) - 1, end = place(r, last) + 1;
    float *share = dx + place(r, last) * dim;
    memcpy(share, dmean, dim * sizeof *dx);
    vector_ops()->scale(dim, 1.0f / (float)rows_count(r), share);
    for (size_t i = 0; i < last; i++)
        memcpy(dx + place(r, i) * dim, share, dim * sizeof *dx);
    if (r->tail)
        memset(dx + r->head * dim, 0, r->skip * dim * sizeof *dx);
    memset(dx + end * dim, 0, (tokens - end) * dim * sizeof *dx);
}
