/* Random weights for random:SHAPE backbones. Philox numbers keyed by (seed, PHILOX_WEIGHTS) and counted by (element,
 * tensor): the same on every machine and for every thread. Pure functions. */
#ifndef CORE_MODEL_RANDOM_H
#define CORE_MODEL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* out: [rows, columns] = uniform in +-sqrt(6 / (rows + columns)) (Glorot; torch.nn.init.xavier_uniform_). `tensor`: a
 * number of its own for each tensor of a model. */
void random_xavier(float *out, size_t rows, size_t columns, uint64_t seed, uint32_t tensor);

/* out[count] = normal with mean 0 and the given standard deviation. */
void random_normal(float *out, size_t count, float deviation, uint64_t seed, uint32_t tensor);

#endif
