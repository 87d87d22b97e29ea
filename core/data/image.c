#include "core/data/image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/data/jpeg.h"
#include "core/data/pnm.h"
#include "core/data/stb.h"
#include "core/file_bytes.h"

/* A small file can announce a huge picture; what is announced beyond these is not even allocated. */
#define MAX_SIDE 65536
#define MAX_FILE ((size_t)1 << 29)

enum format { FORMAT_UNKNOWN, FORMAT_JPEG, FORMAT_PNG, FORMAT_BMP, FORMAT_GIF, FORMAT_PNM };

static const char *const format_names[] = {"", "JPEG", "PNG", "BMP", "GIF", "PNM"};

static enum format format_of(const uint8_t *b, size_t n) {
    if (n >= 3 && memcmp(b, "\xff\xd8\xff", 3) == 0)
        return FORMAT_JPEG;
    if (n >= 8 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0)
        return FORMAT_PNG;
    if (n >= 6 && (memcmp(b, "GIF87a", 6) == 0 || memcmp(b, "GIF89a", 6) == 0))
        return FORMAT_GIF;
    /* "BM" alone begins many a text; the size of the second header tells. */
    if (n >= 18 && memcmp(b, "BM", 2) == 0 && b[15] == 0 && b[16] == 0 && b[17] == 0 &&
        (b[14] == 12 || b[14] == 40 || b[14] == 56 || b[14] == 108 || b[14] == 124))
        return FORMAT_BMP;
    if (n >= 3 && b[0] == 'P' && (b[1] == '5' || b[1] == '6') && (b[2] == ' ' || (b[2] >= '\t' && b[2] <= '\r')))
        return FORMAT_PNM;
    return FORMAT_UNKNOWN;
}

int image_is_known(const uint8_t *bytes, size_t size) {
    return format_of(bytes, size) != FORMAT_UNKNOWN;
}

static const char truncated[] = "truncated: the data end before the picture does";

static int damaged(struct error *e, const char *name, enum format format, const char *why) {
    return error_set(e, ERROR_DATA, "%s: damaged %s (%s)", name, format_names[format], why);
}

/* NULL, or why the chunks cannot be those of a whole PNG. stb reports an unknown chunk through a shared buffer, which
 * two threads must not fill at once: it is found here first. */
static const char *png_damage(const uint8_t *b, size_t n) {
    for (size_t at = 8; n - at >= 12;) {
        size_t length = (size_t)b[at] << 24 | (size_t)b[at + 1] << 16 | (size_t)b[at + 2] << 8 | b[at + 3];
        const uint8_t *type = b + at + 4;
        if (length > n - at - 12)
            break;
        if (memcmp(type, "IEND", 4) == 0)
            return NULL;
        if (!(type[0] & 0x20) && memcmp(type, "IHDR", 4) != 0 && memcmp(type, "PLTE", 4) != 0 &&
            memcmp(type, "IDAT", 4) != 0 && memcmp(type, "CgBI", 4) != 0)
            return "holds an unknown critical chunk";
        at += 12 + length;
    }
    return truncated;
}

static const char *jpeg_damage(const uint8_t *b, size_t n) {
    switch (jpeg_check(b, n)) {
    case JPEG_TRUNCATED:
        return truncated;
    case JPEG_BAD_HUFFMAN_TABLE:
        return "bad Huffman table";
    case JPEG_BAD_SEGMENT:
        return "bad segment";
    case JPEG_WHOLE:
        break;
    }
    return NULL;
}

static int check_size(int width, int height, const char *format, const char *name, struct error *e) {
    if (width < 1 || height < 1)
        return error_set(e, ERROR_DATA, "%s: a %s of %d x %d pixels holds no picture", name, format, width, height);
    if (width > MAX_SIDE || height > MAX_SIDE || (size_t)width * (size_t)height > IMAGE_MOST_PIXELS)
        return error_set(e, ERROR_DATA, "%s: a %s of %d x %d pixels; at most %d a side and %zu in all are read", name,
                         format, width, height, MAX_SIDE, IMAGE_MOST_PIXELS);
    return 0;
}

int image_create(struct image *out, int width, int height, struct error *e) {
    *out = (struct image){0};
    size_t w = width > 0 ? (size_t)width : 0, h = height > 0 ? (size_t)height : 0;
    if (w == 0 || h == 0 || h > SIZE_MAX / 3 / w || !(out->rgb = malloc(w * h * 3)))
        return error_set(e, ERROR_MEMORY, "not enough memory for a picture of %d x %d pixels", width, height);
    out->width = width;
    out->height = height;
    return 0;
}

void image_free(struct image *im) {
    free(im->rgb);
    *im = (struct image){0};
}

static int decode_pnm(struct image *out, const uint8_t *bytes, size_t size, const char *name, struct error *e) {
    struct pnm pnm;
    const char *why = pnm_header(&pnm, bytes, size);
    if (why)
        return damaged(e, name, FORMAT_PNM, why);
    int r = check_size(pnm.width, pnm.height, "PNM", name, e);
    if (r < 0 || (r = image_create(out, pnm.width, pnm.height, e)) < 0)
        return r;
    if ((why = pnm_pixels(&pnm, bytes, size, out))) {
        image_free(out);
        return damaged(e, name, FORMAT_PNM, why);
    }
    return 0;
}

static int decode_stb(struct image *out, const uint8_t *bytes, size_t size, enum format format, const char *name,
                      struct error *e) {
    int width, height;
    bool short_of_data = false;
    const char *why = format == FORMAT_PNG    ? png_damage(bytes, size)
                      : format == FORMAT_JPEG ? jpeg_damage(bytes, size)
                                              : NULL;
    if (!why && !stb_info(bytes, size, &width, &height, &short_of_data))
        why = short_of_data ? truncated : "its header cannot be read";
    if (why)
        return damaged(e, name, format, why);
    int r = check_size(width, height, format_names[format], name, e);
    if (r < 0)
        return r;
    uint8_t *rgb = stb_decode(bytes, size, &width, &height, &short_of_data, &why);
    if (!rgb && why && strcmp(why, "outofmem") == 0)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory for %d x %d pixels", name, width, height);
    if (!rgb || short_of_data) {
        free(rgb);
        return damaged(e, name, format, short_of_data ? truncated : why ? why : "unreadable");
    }
    *out = (struct image){width, height, rgb};
    return 0;
}

int image_decode(struct image *out, const void *bytes, size_t size, const char *name, struct error *e) {
    *out = (struct image){0};
    if (size == 0)
        return error_set(e, ERROR_DATA, "%s: empty (0 bytes); an image was expected", name);
    if (size > MAX_FILE)
        return error_set(e, ERROR_DATA, "%s: %zu bytes; images of at most %zu bytes are read", name, size, MAX_FILE);
    enum format format = format_of(bytes, size);
    switch (format) {
    case FORMAT_UNKNOWN:
        return error_set(e, ERROR_DATA,
                         "%s: its content is none of the image formats that are read (JPEG, PNG, BMP, "
                         "GIF, binary PNM)",
                         name);
    case FORMAT_PNM:
        return decode_pnm(out, bytes, size, name, e);
    default:
        return decode_stb(out, bytes, size, format, name, e);
    }
}

int image_read(struct image *out, const char *path, struct error *e) {
    uint8_t *bytes;
    size_t size;
    *out = (struct image){0};
    int r = file_bytes(&bytes, &size, path, MAX_FILE, "an image", e);
    if (r == 0)
        r = image_decode(out, bytes, size, path, e);
    free(bytes);
    return r;
}

struct sink {
    FILE *file;
    int error; /* errno of the first failure */
};

static void sink_write(void *context, void *bytes, int size) {
    struct sink *s = context;
    if (!s->error && fwrite(bytes, 1, (size_t)size, s->file) != (size_t)size)
        s->error = errno ? errno : EIO;
}

int image_write_png(const struct image *im, const char *path, struct error *e) {
    struct sink sink = {0};
    char *part = NULL;
    int r = 0;
    if ((size_t)im->width * (size_t)im->height > IMAGE_MOST_PIXELS)
        return error_set(e, ERROR_SHAPE, "%s: a picture of %d x %d pixels; at most %zu are written", path, im->width,
                         im->height, IMAGE_MOST_PIXELS);
    if (asprintf(&part, "%s.%ld.part", path, (long)getpid()) < 0)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory for its name", path);
    if (!(sink.file = fopen(part, "wbe"))) {
        r = error_set(e, ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
        goto out;
    }
    bool encoded = stb_encode_png(im->rgb, im->width, im->height, sink_write, &sink);
    if (!sink.error && (fflush(sink.file) != 0 || fsync(fileno(sink.file)) != 0))
        sink.error = errno;
    if (fclose(sink.file) != 0 && !sink.error)
        sink.error = errno;
    if (!encoded)
        r = error_set(e, ERROR_MEMORY, "%s: not enough memory to encode it", path);
    else if (sink.error || rename(part, path) < 0)
        r = error_set(e, ERROR_IO, "%s: cannot be written: %s", path, strerror(sink.error ? sink.error : errno));
    if (r < 0)
        unlink(part);
out:
    free(part);
    return r;
}
