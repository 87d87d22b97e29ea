/* What the frozen blocks below the first tuned one make of an image (pass_prefix_floats()), kept in memory once it is
 * known. It is the same whenever it is computed, so that keeping it changes no number.
 *
 *     kept_create(&k, counts, floats, limit_bytes, &err);
 *     const float *known = kept_get(k, SPLIT_TRAIN, 17);         // NULL: not there
 *     kept_put(k, SPLIT_TRAIN, 17, values);                      // copied, while there is room
 *     kept_destroy(k);
 *
 * What came first stays. Any thread may call; but one image is put by one thread, and no other gets it meanwhile, as
 * the images of a batch are shared out. */
#ifndef CORE_TRAIN_KEPT_H
#define CORE_TRAIN_KEPT_H

#include "core/data/dataset.h"
#include "core/error.h"

struct kept;

/* For images 0 to counts[s] - 1 of split s, `floats` values each. Memory is taken from the system as it is used.
 * Errors: ERROR_MEMORY. */
int kept_create(struct kept **out, const size_t counts[SPLITS], size_t floats, size_t limit_bytes, struct error *e);
void kept_destroy(struct kept *k); /* NULL is accepted */

const float *kept_get(const struct kept *k, enum split split, size_t index);
void kept_put(struct kept *k, enum split split, size_t index, const float *values);

/* Bytes that all images of these counts take, or the limit if that is less. */
size_t kept_bytes(const size_t counts[SPLITS], size_t floats, size_t limit_bytes);

#endif
