/* Fitted pictures kept in memory up to a limit; what came first stays. Any number of threads may get and put at once;
 * nothing is dropped before cache_free(), so what cache_get() hands out needs no lock. */
#ifndef CORE_DATA_CACHE_H
#define CORE_DATA_CACHE_H

#include "core/data/preprocess.h"

struct cache;

/* For pictures numbered 0..count-1. Errors: ERROR_MEMORY. */
int cache_create(struct cache **out, size_t count, size_t limit_bytes, struct error *e);
void cache_free(struct cache *c); /* NULL is accepted */

const struct fitted *cache_get(struct cache *c, size_t number); /* NULL: not kept */

/* Takes *f over (and zeroes it) and returns true; false, leaving *f alone: beyond the limit, or there already. */
bool cache_put(struct cache *c, size_t number, struct fitted *f);

size_t cache_bytes(struct cache *c); /* kept so far */

#endif
