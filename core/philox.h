/* Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011): random numbers that are a function of a key and a counter.
 *
 *     struct philox_words r = philox(philox_key(seed, PHILOX_DROPOUT), step, position, element, 0);
 *     float u = philox_uniform(r.w[0]);          // [0, 1)
 *
 * No state, so any thread may ask for any number in any order and gets the same one. */
#ifndef CORE_PHILOX_H
#define CORE_PHILOX_H

#include <stdint.h>

/* What a number is for; two purposes never share a stream. Recorded runs depend on these values: only append. */
enum philox_stream {
    PHILOX_WEIGHTS = 1, /* random: backbones */
    PHILOX_PROMPTS,
    PHILOX_HEAD,
    PHILOX_SHUFFLE,
    PHILOX_DROPOUT,
    PHILOX_GUMBEL,
    PHILOX_AUGMENT,
    PHILOX_SCENES,
    PHILOX_SPLIT,
    PHILOX_TEST,
    PHILOX_MASK,       /* masked autoencoding in training */
    PHILOX_MASK_FIXED, /* and in evaluation */
};

struct philox_key {
    uint32_t k[2];
};

struct philox_words {
    uint32_t w[4];
};

/* The key of one stream of one seed (the 64 bits of the seed with the stream mixed in). */
struct philox_key philox_key(uint64_t seed, enum philox_stream stream);

/* Four words for the counter (a, b, c, d). */
struct philox_words philox(struct philox_key key, uint32_t a, uint32_t b, uint32_t c, uint32_t d);

/* 24 bits of `word` as a float in [0, 1). */
static inline float philox_uniform(uint32_t word) {
    return (float)(word >> 8) * 0x1p-24f;
}

/* Two words as one standard normal value (Box-Muller). */
float philox_normal(uint32_t u, uint32_t v);

/* A whole number in [0, n) from two words, with a bias below 2^-32 for n < 2^32. n > 0. */
static inline uint32_t philox_below(uint32_t hi, uint32_t lo, uint32_t n) {
    uint64_t low = ((uint64_t)lo * n) >> 32;
    return (uint32_t)(((uint64_t)hi * n + low) >> 32);
}

/* order[0..n) becomes a permutation of 0..n-1 that depends on (key, a) alone (Fisher-Yates). */
void philox_permutation(struct philox_key key, uint32_t a, uint32_t *order, uint32_t n);

#endif
