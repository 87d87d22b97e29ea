#include "core/formats/crc32c.h"

#include <pthread.h>

/* Eight bytes a step: table[k][b] is what the byte b does k bytes later (Intel's slicing by eight). */
static uint32_t table[8][256];
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static void fill(void) {
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t c = b;
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? 0x82F63B78u : 0);
        table[0][b] = c;
    }
    for (int k = 1; k < 8; k++)
        for (uint32_t b = 0; b < 256; b++)
            table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 255];
}

uint32_t crc32c(uint32_t before, const void *data, size_t size) {
    const uint8_t *b = data;
    uint32_t c = ~before;
    pthread_once(&filled, fill);
    for (; size >= 8; size -= 8, b += 8) {
        c ^= (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        c = table[7][c & 255] ^ table[6][c >> 8 & 255] ^ table[5][c >> 16 & 255] ^ table[4][c >> 24] ^ table[3][b[4]] ^
            table[2][b[5]] ^ table[1][b[6]] ^ table[0][b[7]];
    }
    for (; size > 0; size--, b++)
        c = c >> 8 ^ table[0][(c ^ *b) & 255];
    return ~c;
}

uint32_t crc32c_masked(const void *data, size_t size) {
    uint32_t c = crc32c(0, data, size);
    return (c >> 15 | c << 17) + 0xa282ead8u;
}
