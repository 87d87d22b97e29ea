#include "core/philox.h"

#include <math.h>

struct philox_key philox_key(uint64_t seed, enum philox_stream stream) {
    /* SplitMix64's finaliser: neighbouring seeds and streams get unrelated keys. */
    uint64_t z = seed + (uint64_t)stream * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (struct philox_key){{(uint32_t)z, (uint32_t)(z >> 32)}};
}

struct philox_words philox(struct philox_key key, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    uint32_t k0 = key.k[0], k1 = key.k[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * a, p1 = (uint64_t)0xCD9E8D57u * c;
        uint32_t a1 = (uint32_t)(p1 >> 32) ^ b ^ k0, c1 = (uint32_t)(p0 >> 32) ^ d ^ k1;
        b = (uint32_t)p1;
        d = (uint32_t)p0;
        a = a1;
        c = c1;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (struct philox_words){{a, b, c, d}};
}

float philox_normal(uint32_t u, uint32_t v) {
    double r = sqrt(-2.0 * log(((double)u + 1.0) * 0x1p-32));
    return (float)(r * cos(6.283185307179586 * ((double)v * 0x1p-32)));
}

void philox_permutation(struct philox_key key, uint32_t a, uint32_t *order, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        struct philox_words r = philox(key, a, i, 0, 0);
        uint32_t j = philox_below(r.w[0], r.w[1], i), t = order[i - 1];
        order[i - 1] = order[j];
        order[j] = t;
    }
}
