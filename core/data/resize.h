/* Two published ways to change a picture's size, to the bit. Pure functions; any thread may call.
 *
 *     struct image small;
 *     image_create(&small, 256, 341, &err);
 *     resize_pillow(&picture, &small, &err); */
#ifndef CORE_DATA_RESIZE_H
#define CORE_DATA_RESIZE_H

#include "core/data/image.h"

/* Pillow's Image.resize(..., BILINEAR) on RGB (Resample.c): antialiased, a triangle of half-width max(1, in / out)
 * around each output pixel's centre; rows first, then columns, each rounded to 8 bits; weights of 22-bit fixed point.
 * `out` is already created with the wanted size. Errors: ERROR_MEMORY. */
int resize_pillow(const struct image *in, struct image *out, struct error *e);

/* tf.compat.v1.image.resize(..., BILINEAR): src = i * (in / out) in f32, neither half-pixel shift nor antialiasing.
 * out: [height, width, 3], values 0..255, not rounded. */
void resize_legacy(const struct image *in, int width, int height, float *out);

#endif
