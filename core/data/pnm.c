#include "core/data/pnm.h"

static int is_blank(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next whole number from *at on, past blanks and # comments; -1 if there is none below 10^7. */
static int number(const uint8_t *bytes, size_t size, size_t *at) {
    size_t i = *at;
    while (i < size && (is_blank(bytes[i]) || bytes[i] == '#'))
        if (bytes[i++] == '#')
            while (i < size && bytes[i] != '\n' && bytes[i] != '\r')
                i++;
    int value = -1;
    for (; i < size && bytes[i] >= '0' && bytes[i] <= '9'; i++) {
        if (value >= 1000000)
            return -1;
        value = (value < 0 ? 0 : value * 10) + (bytes[i] - '0');
    }
    *at = i;
    return value;
}

const char *pnm_header(struct pnm *out, const uint8_t *bytes, size_t size) {
    size_t at = 2;
    if (size < 3 || bytes[0] != 'P' || (bytes[1] != '5' && bytes[1] != '6'))
        return "no binary PGM or PPM";
    out->channels = bytes[1] == '5' ? 1 : 3;
    out->width = number(bytes, size, &at);
    out->height = number(bytes, size, &at);
    out->most = number(bytes, size, &at);
    if (out->width < 1 || out->height < 1 || out->most < 1 || out->most > 65535)
        return "bad width, height or largest value in its header";
    if (at >= size || !is_blank(bytes[at]))
        return "truncated: the header is all there is";
    out->data = at + 1;
    return NULL;
}

const char *pnm_pixels(const struct pnm *p, const uint8_t *bytes, size_t size, struct image *out) {
    size_t each = p->most > 255 ? 2 : 1, channels = (size_t)p->channels;
    size_t pixels = (size_t)p->width * (size_t)p->height;
    if ((size - p->data) / each / channels < pixels)
        return "truncated: the data end before the picture does";
    const uint8_t *in = bytes + p->data;
    unsigned most = (unsigned)p->most;
    for (size_t i = 0; i < pixels * 3; i++) {
        size_t at = (channels == 3 ? i : i / 3) * each;
        unsigned v = each == 2 ? (unsigned)in[at] << 8 | in[at + 1] : in[at];
        unsigned scaled = (v * 510 + most) / (2 * most);
        out->rgb[i] = (uint8_t)(scaled > 255 ? 255 : scaled);
    }
    return NULL;
}
