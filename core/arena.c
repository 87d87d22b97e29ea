#include "core/arena.h"

#include <assert.h>
#include <stdint.h>
#include <sys/mman.h>

enum { LINE = 64 };

size_t arena_product(size_t a, size_t b) {
    size_t n;
    return __builtin_mul_overflow(a, b, &n) ? SIZE_MAX : n;
}

void *arena_take(struct arena *a, size_t count, size_t bytes) {
    size_t n = arena_product(count, bytes), end;
    if (n > SIZE_MAX / 4 || __builtin_add_overflow(a->used, (n + LINE - 1) / LINE * LINE, &end) || end > SIZE_MAX / 4) {
        a->overflow = 1;
        return NULL;
    }
    size_t at = a->used;
    a->used = end;
    if (!a->base)
        return NULL;
    assert(end <= a->size);
    return a->base + at;
}

float *arena_floats(struct arena *a, size_t count) {
    return arena_take(a, count, sizeof(float));
}

int arena_reserve(struct arena *a, struct error *e) {
    if (a->overflow)
        return error_set(e, ERROR_MEMORY, "the memory needed does not fit this machine's addresses");
    size_t size = a->used ? a->used : LINE;
    /* Mapped, not malloc'd: zeroed, page-aligned, and given back to the system at once. */
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return error_set(e, ERROR_MEMORY, "not enough memory: %.1f MiB needed", (double)size / 1048576);
    *a = (struct arena){.base = p, .size = size};
    return 0;
}

void arena_release(struct arena *a) {
    if (a->base)
        munmap(a->base, a->size);
    *a = (struct arena){0};
}
