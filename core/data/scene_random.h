/* The random numbers of one rendered scene, drawn one after another: word n is a function of the key and the counter
 * (a, b, c, n / 4) alone, so that an image depends on nothing but what it was asked for. A plain value. */
#ifndef CORE_DATA_SCENE_RANDOM_H
#define CORE_DATA_SCENE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/philox.h"

struct scene_random {
    struct philox_key key;
    uint32_t a, b, c;
    uint32_t next; /* number of words drawn */
    struct philox_words words;
};

static inline uint32_t scene_random_word(struct scene_random *r) {
    if (r->next % 4 == 0)
        r->words = philox(r->key, r->a, r->b, r->c, r->next / 4);
    return r->words.w[r->next++ % 4];
}

/* In [low, high). */
static inline float scene_random_between(struct scene_random *r, float low, float high) {
    return low + (high - low) * philox_uniform(scene_random_word(r));
}

/* In 0..n-1; n > 0. */
static inline int scene_random_below(struct scene_random *r, int n) {
    uint32_t hi = scene_random_word(r), lo = scene_random_word(r);
    return (int)philox_below(hi, lo, (uint32_t)n);
}

static inline bool scene_random_chance(struct scene_random *r, float share) {
    return philox_uniform(scene_random_word(r)) < share;
}

#endif
