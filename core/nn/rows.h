/* Some rows of a sequence, and what is done with them. N rows of width D in all, Q of them taken.
 * Pure; any thread may call. */
#ifndef CORE_NN_ROWS_H
#define CORE_NN_ROWS_H

#include <stddef.h>

/* The first `head` rows, and the `tail` rows that come `skip` later: Q = head + tail. */
struct rows {
    size_t head, skip, tail;
};

static inline size_t rows_count(const struct rows *r) {
    return r->head + r->tail;
}

/* x [N, D] -> y [Q, D]. Different arrays. */
void rows_take(const struct rows *r, size_t dim, const float *x, float *y);

/* `samples` sequences at once, in place: x [samples, tokens, D] -> [samples, Q, D] at its start. */
void rows_gather(const struct rows *r, size_t samples, size_t tokens, size_t dim, float *x);

/* The way back, likewise: x [samples, Q, D] at the start of an array of
 * [samples, tokens, D] -> each row in its place, 0 in the others. */
void rows_spread(const struct rows *r, size_t samples, size_t tokens, size_t dim, float *x);

/* y [Q, D] is added to the rows of x [N, D]. */
void rows_add(const struct rows *r, size_t dim, const float *y, float *x);

/* x [N, D] -> mean [D] of the rows. */
void rows_mean(const struct rows *r, size_t dim, const float *x, float *mean);

/* dmean [D] -> dx [N, D] overwritten (`tokens` rows). */
void rows_mean_backward(const struct rows *r, size_t tokens, size_t dim, const float *dmean, float *dx);

#endif
