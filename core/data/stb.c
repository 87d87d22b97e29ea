#include "core/data/stb.h"

#include <stdlib.h>
#include <string.h>

/* stb unpacks all that a PNG's stream holds, however little the picture needs: a few megabytes can become gigabytes. */
#define MAX_BLOCK ((size_t)1 << 30)

static _Thread_local bool refused;

static void *limited_realloc(void *old, size_t size) {
    if (size <= MAX_BLOCK)
        return realloc(old, size);
    refused = true;
    return NULL;
}

#define STBI_MALLOC(size) limited_realloc(NULL, size)
#define STBI_REALLOC(old, size) limited_realloc(old, size)
#define STBI_FREE(old) free(old)

#if defined(__GNUC__)
/* Reported at the end of the file, past any pop. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-compare"
#endif
/* Only formats that have a signature: stb takes nearly any bytes for a TGA. Its PNM reader runs past the end of 16-bit
 * grey files, so pnm.c reads those. */
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

struct source {
    const uint8_t *bytes;
    size_t size, at;
    bool short_of_data;
};

/* stb refills its buffer only when it wants a byte, so nothing left to give means that the file ended too early. */
static int source_read(void *user, char *data, int size) {
    struct source *s = user;
    size_t left = s->size - s->at, n = (size_t)size < left ? (size_t)size : left;
    memcpy(data, s->bytes + s->at, n);
    s->at += n;
    if (n == 0 && size > 0)
        s->short_of_data = true;
    return (int)n;
}

static void source_skip(void *user, int n) {
    struct source *s = user;
    if (n < 0)
        s->at -= (size_t)-n < s->at ? (size_t)-n : s->at;
    else if ((size_t)n > s->size - s->at) {
        s->at = s->size;
        s->short_of_data = true;
    } else {
        s->at += (size_t)n;
    }
}

static int source_eof(void *user) {
    const struct source *s = user;
    return s->at == s->size;
}

static const stbi_io_callbacks callbacks = {source_read, source_skip, source_eof};

bool stb_info(const uint8_t *bytes, size_t size, int *width, int *height, bool *short_of_data) {
    struct source source = {.bytes = bytes, .size = size};
    int channels, known = stbi_info_from_callbacks(&callbacks, &source, width, height, &channels);
    *short_of_data = source.short_of_data;
    return known != 0;
}

uint8_t *stb_decode(const uint8_t *bytes, size_t size, int *width, int *height, bool *short_of_data, const char **why) {
    struct source source = {.bytes = bytes, .size = size};
    int channels;
    refused = false;
    uint8_t *rgb = stbi_load_from_callbacks(&callbacks, &source, width, height, &channels, 3);
    *short_of_data = source.short_of_data;
    *why = rgb ? NULL : refused ? "more than it may be once unpacked" : stbi_failure_reason();
    return rgb;
}

bool stb_encode_png(const uint8_t *rgb, int width, int height, void (*sink)(void *context, void *bytes, int size),
                    void *context) {
    return stbi_write_png_to_func(sink, context, width, height, 3, rgb, width * 3) != 0;
}
