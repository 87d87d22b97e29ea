/* The one place that compiles stb_image and stb_image_write, behind three functions. Private to image.c. Any thread. */
#ifndef CORE_DATA_STB_H
#define CORE_DATA_STB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Width and height from the header. False where it cannot be read; *short_of_data: because it ends too early. */
bool stb_info(const uint8_t *bytes, size_t size, int *width, int *height, bool *short_of_data);

/* [height, width, 3], to be freed with free(); NULL and *why on failure. *short_of_data: the decoder asked for more
 * bytes than there are (stb_image itself takes what is missing for zeros and reports success). size is at most INT_MAX.
 */
uint8_t *stb_decode(const uint8_t *bytes, size_t size, int *width, int *height, bool *short_of_data, const char **why);

/* Hands the PNG of rgb [height, width, 3] to `sink` in pieces. False: out of memory. */
bool stb_encode_png(const uint8_t *rgb, int width, int height, void (*sink)(void *context, void *bytes, int size),
                    void *context);

#endif
