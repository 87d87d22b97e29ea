#include "views/series.h"

#include <math.h>
#include <stdlib.h>

/* Adds what is in `more` to `p`, which comes before it. Means are weighed by shares: a sum of large values could
 * overflow. */
static void merge(struct series_point *p, const struct series_point *more) {
    if (more->count == 0)
        return;
    if (p->count == 0) {
        double x = p->x;
        *p = *more;
        p->x = x;
        return;
    }
    double share = (double)more->count / (double)(p->count + more->count);
    p->low = fmin(p->low, more->low);
    p->high = fmax(p->high, more->high);
    p->mean = fmin(fmax(p->mean * (1 - share) + more->mean * share, p->low), p->high);
    p->count += more->count;
}

static int make_room(struct series *s, struct error *e) {
    struct series_point *points = malloc((SERIES_BUCKETS + SERIES_RECENT) * sizeof *points);
    if (!points)
        return error_set(e, ERROR_MEMORY, "no memory for a curve of %d points", SERIES_BUCKETS + SERIES_RECENT);
    s->whole = points;
    s->recent = points + SERIES_BUCKETS;
    s->each = 1;
    return 0;
}

/* Pairs of neighbours become one bucket. */
static void halve(struct series *s) {
    for (size_t i = 0; i < SERIES_BUCKETS / 2; i++) {
        s->whole[i] = s->whole[2 * i];
        merge(&s->whole[i], &s->whole[2 * i + 1]);
    }
    s->buckets = SERIES_BUCKETS / 2;
    s->each *= 2;
}

int series_add(struct series *s, double x, double y, struct error *e) {
    if (!isfinite(x))
        return 0;
    if (!s->whole && make_room(s, e) < 0)
        return e ? e->code : ERROR_MEMORY;
    if (s->count > 0)
        x = fmax(x, s->recent[(s->count - 1) % SERIES_RECENT].x);
    struct series_point point = {.x = x, .low = y, .mean = y, .high = y, .count = 1};
    if (!isfinite(y))
        point = (struct series_point){.x = x, .low = NAN, .mean = NAN, .high = NAN};
    if (s->count == s->buckets * s->each) {
        if (s->buckets == SERIES_BUCKETS)
            halve(s);
        s->whole[s->buckets++] = point;
    } else {
        merge(&s->whole[s->buckets - 1], &point);
    }
    s->recent[s->count++ % SERIES_RECENT] = point;
    if (point.count > 0)
        s->last = point;
    if (s->first.count == 0)
        s->first = point;
    return 0;
}

void series_destroy(struct series *s) {
    free(s->whole);
    *s = (struct series){0};
}

/* One of the two buffers, its points by their index since the start of the run. */
struct source {
    const struct series *s;
    bool is_recent;
    size_t first, end;
};

static struct source source_recent(const struct series *s) {
    size_t first = s->count > SERIES_RECENT ? s->count - SERIES_RECENT : 0;
    return (struct source){s, true, first, s->count};
}

static struct source source_whole(const struct series *s) {
    return (struct source){s, false, 0, s->buckets};
}

static const struct series_point *point_at(const struct source *r, size_t i) {
    return r->is_recent ? &r->s->recent[i % SERIES_RECENT] : &r->s->whole[i];
}

/* The first index whose x is greater than `x`, or, if `at` is set, not less. */
static size_t find(const struct source *r, double x, bool at) {
    size_t low = r->first, high = r->end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        double there = point_at(r, middle)->x;
        if (there > x || (at && there >= x))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The buffer for a range that starts at x. */
static struct source source_for(const struct series *s, double x) {
    struct source recent = source_recent(s);
    bool is_covered = recent.first == 0 || point_at(&recent, recent.first)->x <= x;
    return is_covered ? recent : source_whole(s);
}

/* Groups of `each` neighbours, counted from `origin`, that the indices first..end - 1 fall into. */
static size_t groups(size_t first, size_t end, size_t origin, size_t each) {
    return (end - 1 - origin) / each - (first - origin) / each + 1;
}

size_t series_read(const struct series *s, double from, double to, size_t most, struct series_point *out) {
    if (s->count == 0 || most == 0 || !(from <= to))
        return 0;
    struct source r = source_for(s, from);
    size_t first = find(&r, from, true), end = find(&r, to, false), n = 0;
    first -= first > r.first;
    end += end < r.end;
    /* Counted from the start of the run, groups stay the same when the range moves; a single one cannot. */
    size_t origin = most > 1 ? 0 : first, each = (end - first + most - 1) / most;
    while (groups(first, end, origin, each) > most)
        each++;
    for (size_t i = first; i < end; i++)
        if (i == first || (i - origin) % each == 0)
            out[n++] = *point_at(&r, i);
        else
            merge(&out[n - 1], point_at(&r, i));
    return n;
}

bool series_last(const struct series *s, double *x, double *y) {
    *x = s->last.x;
    *y = s->last.mean;
    return s->last.count > 0;
}

bool series_first(const struct series *s, double *x, double *y) {
    *x = s->first.x;
    *y = s->first.mean;
    return s->first.count > 0;
}

/* Of one buffer. */
static bool value_before(const struct source *r, double x, double *y) {
    for (size_t i = find(r, x, false); i > r->first; i--)
        if (point_at(r, i - 1)->count > 0) {
            *y = point_at(r, i - 1)->mean;
            return true;
        }
    return false;
}

bool series_at(const struct series *s, double x, double *y) {
    if (s->count == 0)
        return false;
    struct source recent = source_recent(s), whole = source_whole(s);
    return value_before(&recent, x, y) || value_before(&whole, x, y);
}

void series_smooth(struct series_point *points, size_t n, double over) {
    if (!(over > 1))
        return;
    double keep = 1 - 2 / (over + 1), mean = 0;
    bool has_mean = false;
    for (size_t i = 0; i < n; i++) {
        if (points[i].count == 0)
            continue;
        mean = has_mean ? mean * keep + points[i].mean * (1 - keep) : points[i].mean;
        has_mean = true;
        points[i].mean = mean;
    }
}
