#include "core/formats/window.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

void window_on_file(struct window *w, int fd, uint64_t size) {
    w->end = size;
    w->data = NULL;
    w->fd = fd;
    w->first = 0;
    w->have = 0;
    w->ahead = WINDOW_MOST;
}

void window_on_memory(struct window *w, const void *data, size_t size) {
    window_on_file(w, -1, size);
    w->data = data;
}

/* Reads n bytes, or as many as there are. */
static size_t read_at(int fd, uint64_t place, size_t n, uint8_t *out) {
    size_t got = 0;
    while (got < n) {
        ssize_t r = pread(fd, out + got, n - got, (off_t)(place + got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            break;
        got += (size_t)r;
    }
    return got;
}

const uint8_t *window_at(struct window *w, uint64_t place, size_t n) {
    assert(n <= WINDOW_MOST);
    if (place > w->end || n > w->end - place)
        return NULL;
    if (w->data)
        return w->data + place;
    if (place < w->first || place - w->first > w->have || n > w->have - (place - w->first)) {
        uint64_t left = w->end - place, seen = w->first + w->have;
        bool jump = place < w->first || place > seen + WINDOW_MOST;
        w->ahead = jump ? WINDOW_MOST : w->ahead * 2 < sizeof w->buffer ? w->ahead * 2 : sizeof w->buffer;
        w->have = read_at(w->fd, place, left < w->ahead ? (size_t)left : w->ahead, w->buffer);
        w->first = place;
        if (w->have < n)
            return NULL;
    }
    return w->buffer + (place - w->first);
}

bool window_copy(struct window *w, uint64_t place, size_t n, void *out) {
    if (place > w->end || n > w->end - place)
        return false;
    if (!w->data)
        return read_at(w->fd, place, n, out) == n;
    memcpy(out, w->data + place, n);
    return true;
}
