#include "core/data/jpeg.h"

enum { RST0 = 0xd0, RST7 = 0xd7, EOI = 0xd9, SOS = 0xda, DHT = 0xc4 };

/* The marker at or after *at, past padding; *at moves behind it. 0: the file ends before one. */
static int next_marker(const uint8_t *b, size_t n, size_t *at) {
    size_t i = *at;
    while (i < n && b[i] != 0xff)
        i++;
    while (i < n && b[i] == 0xff)
        i++;
    *at = i + 1;
    return i < n ? b[i] : 0;
}

/* The same inside coded data, where FF 00 is a byte and restart markers belong to the data. */
static int next_marker_in_scan(const uint8_t *b, size_t n, size_t *at) {
    while (*at < n) {
        int marker = next_marker(b, n, at);
        if (marker != 0 && (marker < RST0 || marker > RST7))
            return marker;
    }
    return 0;
}

/* The tables of one DHT segment: a byte, 16 counts of codes by length, the codes' values. */
static enum jpeg_damage check_tables(const uint8_t *b, size_t n) {
    while (n > 0) {
        size_t codes = 0;
        if (n < 17)
            return JPEG_BAD_HUFFMAN_TABLE;
        for (size_t i = 1; i <= 16; i++)
            codes += b[i];
        if (codes > 256 || codes > n - 17)
            return JPEG_BAD_HUFFMAN_TABLE;
        b += 17 + codes;
        n -= 17 + codes;
    }
    return JPEG_WHOLE;
}

enum jpeg_damage jpeg_check(const uint8_t *b, size_t n) {
    size_t at = 2;
    int marker = next_marker(b, n, &at);
    while (marker != EOI) {
        if (marker == 0)
            return at < n ? JPEG_BAD_SEGMENT : JPEG_TRUNCATED;
        if (at >= n || n - at < 2)
            return JPEG_TRUNCATED;
        size_t length = (size_t)b[at] << 8 | b[at + 1];
        if (length < 2)
            return JPEG_BAD_SEGMENT;
        if (length > n - at)
            return JPEG_TRUNCATED;
        if (marker == DHT && check_tables(b + at + 2, length - 2) != JPEG_WHOLE)
            return JPEG_BAD_HUFFMAN_TABLE;
        at += length;
        marker = marker == SOS ? next_marker_in_scan(b, n, &at) : next_marker(b, n, &at);
    }
    return JPEG_WHOLE;
}
