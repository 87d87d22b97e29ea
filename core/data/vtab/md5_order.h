/* The order in which TensorFlow Datasets writes a split: by MD5(name of the split, then the image's key), digests
 * compared byte by byte (DATASETS.md, section 4).
 *
 *     uint32_t *order = NULL;
 *     md5_order(&order, "train", 50000, md5_order_number, NULL, &err);   // order[0]: 16399
 *     free(order);
 *
 * Pure; any thread may call. */
#ifndef CORE_DATA_VTAB_MD5_ORDER_H
#define CORE_DATA_VTAB_MD5_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { MD5_ORDER_KEY = 1024 }; /* bytes of a key, its 0 included */

/* The key of image i into `out`. */
typedef void md5_order_key_fn(const void *context, size_t i, char out[static MD5_ORDER_KEY]);

/* *order (to be freed): which of the images 0..count-1 stands at a place. Errors: ERROR_MEMORY. */
int md5_order(uint32_t **order, const char *split, size_t count, md5_order_key_fn *key, const void *context,
              struct error *e);

/* The key of most datasets of numbered images: "17". */
md5_order_key_fn md5_order_number;

#endif
