#include "core/formats/npy.h"

#include <string.h>

/* The text of the header, read from the left; NULL once it is not what was expected. */
static const char *skip_spaces(const char *p) {
    return p ? p + strspn(p, " \n") : NULL;
}

static const char *skip(const char *p, const char *text) {
    p = skip_spaces(p);
    return p && strncmp(p, text, strlen(text)) == 0 ? p + strlen(text) : NULL;
}

static const char *read_type(const char *p, struct npy *out) {
    size_t n;
    if (!(p = skip(p, "'")) || (n = strcspn(p, "'")) == 0 || n >= sizeof out->type || p[n] != '\'')
        return NULL;
    memcpy(out->type, p, n);
    out->type[n] = '\0';
    return p + n + 1;
}

static const char *read_count(const char *p, uint64_t *out) {
    uint64_t n = 0;
    p = skip_spaces(p);
    if (!p || *p < '0' || *p > '9')
        return NULL;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return NULL;
        n = n * 10 + digit;
    }
    *out = n;
    return *p == 'L' ? p + 1 : p; /* Python 2 */
}

/* (), (N,), (N, M): Python's way to write a tuple. */
static const char *read_shape(const char *p, struct npy *out) {
    const char *end = NULL;
    p = skip(p, "(");
    while (p && !(end = skip(p, ")"))) {
        if (out->dimensions == NPY_DIMENSIONS)
            return NULL;
        p = read_count(p, &out->shape[out->dimensions++]);
        if (p && !(end = skip(p, ",")))
            return out->dimensions > 1 ? skip(p, ")") : NULL;
        p = p ? end : NULL;
    }
    return p ? end : NULL;
}

static bool read_dictionary(const char *p, struct npy *out) {
    bool type = false, order = false, shape = false;
    const char *next;
    p = skip(p, "{");
    while (p && !skip(p, "}")) {
        if (!type && (next = skip(p, "'descr':"))) {
            p = read_type(next, out);
            type = true;
        } else if (!order && (next = skip(p, "'fortran_order':"))) {
            p = skip(next, "False");
            order = true;
        } else if (!shape && (next = skip(p, "'shape':"))) {
            p = read_shape(next, out);
            shape = true;
        } else {
            return false;
        }
        if (p && !skip(p, "}"))
            p = skip(p, ",");
    }
    p = skip_spaces(skip(p, "}"));
    return p && *p == '\0' && type && order && shape;
}

bool npy_header(struct npy *out, const uint8_t *bytes, size_t size) {
    char text[NPY_HEADER];
    *out = (struct npy){0};
    if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return false;
    size_t before = bytes[6] == 1 ? 10 : 12, length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length >= sizeof text || length > size - before || memchr(bytes + before, '\0', length))
        return false;
    memcpy(text, bytes + before, length);
    text[length] = '\0';
    out->size = before + length;
    return read_dictionary(text, out);
}
