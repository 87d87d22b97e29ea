/* A look at the segments of a JPEG before stb_image sees them. Private to image.c. Any thread. */
#ifndef CORE_DATA_JPEG_H
#define CORE_DATA_JPEG_H

#include <stddef.h>
#include <stdint.h>

enum jpeg_damage { JPEG_WHOLE, JPEG_TRUNCATED, JPEG_BAD_HUFFMAN_TABLE, JPEG_BAD_SEGMENT };

/* Walks the markers from SOI to EOI as stb_image does. It takes a Huffman table of any length and writes past its own
 * (2.27), so a table of more than 256 codes must be found here. */
enum jpeg_damage jpeg_check(const uint8_t *bytes, size_t size);

#endif
