/* One sized block of memory from which a component takes all its arrays, so that a training step allocates nothing.
 *
 *     struct arena a = {0};
 *     lay_out(&a, ...);                    // first pass: takes count bytes and return NULL
 *     if (arena_reserve(&a, &err) < 0) ...
 *     lay_out(&a, ...);                    // second pass: the same takes, now pointers
 *     arena_release(&a);
 *
 * Arrays start on cache-line boundaries, so that arrays of different threads share none. One thread at a time. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

#include "core/error.h"

struct arena {
    unsigned char *base; /* NULL while counting */
    size_t used, size;
    int overflow; /* the count did not fit size_t */
};

/* Room for count elements of `bytes` each, zeroed; NULL while counting. */
void *arena_take(struct arena *a, size_t count, size_t bytes);

/* Same for floats. */
float *arena_floats(struct arena *a, size_t count);

/* Ends the counting: allocates what was counted, zeroed. Errors: ERROR_MEMORY with the size asked for. */
int arena_reserve(struct arena *a, struct error *e);
void arena_release(struct arena *a); /* a zeroed arena is accepted */

/* a * b, or SIZE_MAX where that does not fit. */
size_t arena_product(size_t a, size_t b);

#endif
