/* An 8-bit RGB picture in memory, and getting one from an encoded file (stb_image). Any thread may call. */
#ifndef CORE_DATA_IMAGE_H
#define CORE_DATA_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* A picture of more is neither read nor written. */
#define IMAGE_MOST_PIXELS ((size_t)1 << 26)

struct image {
    int width, height;
    uint8_t *rgb; /* [height, width, 3], owned */
};

/* Decodes a file told by content (JPEG, PNG, BMP, GIF, PNM ...): grey becomes RGB, alpha is dropped, EXIF rotation is
 * not applied (as PIL's convert('RGB')). Errors: ERROR_IO, ERROR_DATA (path, and what is wrong). */
int image_read(struct image *out, const char *path, struct error *e);
int image_decode(struct image *out, const void *bytes, size_t size, const char *name, struct error *e);

/* Allocates width x height. Errors: ERROR_MEMORY. */
int image_create(struct image *out, int width, int height, struct error *e);
void image_free(struct image *im); /* a zeroed image is accepted */

/* True if the first bytes are those of a format that image_read() knows. */
int image_is_known(const uint8_t *bytes, size_t size);

/* Writes a PNG (stb_image_write), whole or not at all. Errors: ERROR_IO. */
int image_write_png(const struct image *im, const char *path, struct error *e);

#endif
