/* Small pieces of a large file or of memory, at any place: what is passed over is not read.
 *
 *     struct window w;
 *     window_on_file(&w, fd, size);
 *     const uint8_t *p = window_at(&w, 1000, 8);      // NULL: beyond the end, or unreadable
 *
 * A plain value; of a file it keeps the last few kilobytes. One thread at a time. */
#ifndef CORE_FORMATS_WINDOW_H
#define CORE_FORMATS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WINDOW_MOST = 4096 }; /* bytes at once */

struct window {
    uint64_t end;        /* bytes in all */
    const uint8_t *data; /* memory; NULL: a file */
    int fd;              /* not owned */
    uint64_t first;      /* place of buffer[0] */
    size_t have, ahead;  /* bytes in buffer; to read next time: more where all is looked at, less after a jump */
    uint8_t buffer[1 << 16];
};

void window_on_file(struct window *w, int fd, uint64_t size);
void window_on_memory(struct window *w, const void *data, size_t size);

/* `n` bytes (at most WINDOW_MOST) from `place` on, valid until the next call. */
const uint8_t *window_at(struct window *w, uint64_t place, size_t n);

/* Copies any number of bytes; false: beyond the end, or unreadable. */
bool window_copy(struct window *w, uint64_t place, size_t n, void *out);

static inline uint32_t window_u32(const uint8_t *b) { /* little-endian */
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t window_u64(const uint8_t *b) {
    return (uint64_t)window_u32(b) | (uint64_t)window_u32(b + 4) << 32;
}

#endif
