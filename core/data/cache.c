#include "core/data/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct cache {
    pthread_mutex_t lock; /* guards everything below but count and limit */
    size_t count, limit, bytes;
    struct fitted **kept; /* [count] */
};

int cache_create(struct cache **out, size_t count, size_t limit_bytes, struct error *e) {
    *out = NULL;
    struct cache *c = calloc(1, sizeof *c);
    if (!c || !(c->kept = calloc(count ? count : 1, sizeof *c->kept))) {
        free(c);
        return error_set(e, ERROR_MEMORY, "not enough memory to keep decoded pictures of %zu", count);
    }
    pthread_mutex_init(&c->lock, NULL);
    c->count = count;
    c->limit = limit_bytes;
    *out = c;
    return 0;
}

void cache_free(struct cache *c) {
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        if (c->kept[i]) {
            fitted_free(c->kept[i]);
            free(c->kept[i]);
        }
    free(c->kept);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

const struct fitted *cache_get(struct cache *c, size_t number) {
    assert(number < c->count);
    pthread_mutex_lock(&c->lock);
    const struct fitted *f = c->kept[number];
    pthread_mutex_unlock(&c->lock);
    return f;
}

bool cache_put(struct cache *c, size_t number, struct fitted *f) {
    assert(number < c->count);
    size_t bytes = fitted_bytes(f) + sizeof *f;
    bool taken = false;
    pthread_mutex_lock(&c->lock);
    struct fitted *copy;
    if (!c->kept[number] && bytes <= c->limit - c->bytes && (copy = malloc(sizeof *copy))) {
        *copy = *f;
        *f = (struct fitted){0};
        c->kept[number] = copy;
        c->bytes += bytes;
        taken = true;
    }
    pthread_mutex_unlock(&c->lock);
    return taken;
}

size_t cache_bytes(struct cache *c) {
    pthread_mutex_lock(&c->lock);
    size_t bytes = c->bytes;
    pthread_mutex_unlock(&c->lock);
    return bytes;
}
