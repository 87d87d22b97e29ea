/* Numbers over time, kept in two buffers: the whole run decimated, the recent part in full.
 *
 *     struct series s = {0};
 *     series_add(&s, step, loss, &err);
 *     n = series_read(&s, 0, 5000, 160, points);        // at most 160 points from x 0 to 5000
 *     series_destroy(&s);
 *
 * x must not fall: one that does counts as the last one. Where the whole run no longer fits SERIES_BUCKETS, neighbours
 * are merged: a bucket keeps the least, the mean and the greatest of what fell into it, so no spike is lost. NaN and
 * infinities are gaps; a value whose x is neither is left out. Pure; one thread at a time. */
#ifndef VIEWS_SERIES_H
#define VIEWS_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define SERIES_BUCKETS 2048
#define SERIES_RECENT 4096

struct series_point {
    double x; /* of its first value */
    double low, mean, high;
    size_t count; /* values in it; 0: a gap */
};

struct series {
    struct series_point *whole;  /* [SERIES_BUCKETS] */
    struct series_point *recent; /* ring of [SERIES_RECENT], one value a point; the memory of both is that of `whole` */
    size_t buckets, each;        /* buckets in use; values that fill one */
    size_t count;                /* values added, gaps among them */
    struct series_point first, last; /* that are no gaps; count 0: none yet */
};

/* Allocates with the first value alone. Errors: ERROR_MEMORY. */
int series_add(struct series *s, double x, double y, struct error *e);
void series_destroy(struct series *s); /* a zeroed one is accepted */

/* The points from x `from` to `to` and a neighbour on either side, so that a line reaches the edges: at most `most` of
 * them (2 at least), in full where the recent buffer holds all of that range, merged where there are more. Merged
 * points stay the same while the range moves. Returns how many. */
size_t series_read(const struct series *s, double from, double to, size_t most, struct series_point *out);

/* The last value, and the first; false: none. */
bool series_last(const struct series *s, double *x, double *y);
bool series_first(const struct series *s, double *x, double *y);
/* The value at or before x that is no gap, by the mean of its bucket where it is older than the recent buffer; false:
 * none. */
bool series_at(const struct series *s, double x, double *y);

/* An exponential mean over about `over` points, in place; 0 or 1: nothing changes. Gaps stay, and so do low and high:
 * a plot shows what was smoothed behind the curve. */
void series_smooth(struct series_point *points, size_t n, double over);

#endif
