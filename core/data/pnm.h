/* Binary PGM and PPM (P5, P6; 8 and 16 bits). Private to image.c. Any thread. */
#ifndef CORE_DATA_PNM_H
#define CORE_DATA_PNM_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/image.h"

struct pnm {
    int channels; /* 1 or 3 */
    int width, height;
    int most;    /* the value of white, 1..65535; two bytes a value (the high one first) above 255 */
    size_t data; /* where the values begin */
};

/* NULL, or what is wrong with the header. */
const char *pnm_header(struct pnm *out, const uint8_t *bytes, size_t size);

/* Fills `out`, already width x height, from all the bytes; values are scaled to 0..255 and rounded, as Pillow does.
 * NULL, or what is wrong. */
const char *pnm_pixels(const struct pnm *p, const uint8_t *bytes, size_t size, struct image *out);

#endif
