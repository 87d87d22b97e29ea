#include "core/model/random.h"

#include <math.h>

#include "core/philox.h"

void random_xavier(float *out, size_t rows, size_t columns, uint64_t seed, uint32_t tensor) {
    struct philox_key key = philox_key(seed, PHILOX_WEIGHTS);
    float limit = (float)sqrt(6.0 / ((double)rows + (double)columns));
    size_t count = rows * columns;
    for (size_t i = 0; i < count; i += 4) {
        struct philox_words r = philox(key, (uint32_t)(i / 4), (uint32_t)((uint64_t)(i / 4) >> 32), tensor, 0);
        for (size_t k = 0; k < 4 && i + k < count; k++)
            out[i + k] = (2 * philox_uniform(r.w[k]) - 1) * limit;
    }
}

void random_normal(float *out, size_t count, float deviation, uint64_t seed, uint32_t tensor) {
    struct philox_key key = philox_key(seed, PHILOX_WEIGHTS);
    for (size_t i = 0; i < count; i += 2) {
        struct philox_words r = philox(key, (uint32_t)(i / 2), (uint32_t)((uint64_t)(i / 2) >> 32), tensor, 0);
        for (size_t k = 0; k < 2 && i + k < count; k++)
            out[i + k] = deviation * philox_normal(r.w[2 * k], r.w[2 * k + 1]);
    }
}
