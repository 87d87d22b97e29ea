/* The course of the learning rate, set once an epoch (METHOD.md: Training, as published).
 *
 *     double lr = base * schedule_factor(SCHEDULE_COSINE, epoch, epochs, warmup);
 *
 * With W = warmup and E = epochs, epoch e from 0:
 *   paper     e < W: e / W, then (1 + cos(pi (e - W) / (E - W))) / 2; epoch 0 runs at rate 0, as published
 *   cosine    the same with a ramp of (e + 1) / (W + 1), which starts above 0; W is at most E / 10
 *   constant  that ramp, then 1
 * Pure. */
#ifndef CORE_TRAIN_SCHEDULE_H
#define CORE_TRAIN_SCHEDULE_H

#include <stdint.h>

#include "core/settings.h"

double schedule_factor(enum schedule_kind kind, uint64_t epoch, uint64_t epochs, uint64_t warmup);

#endif
