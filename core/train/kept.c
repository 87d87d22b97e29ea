#include "core/train/kept.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

struct kept {
    struct arena arena;
    size_t counts[SPLITS], floats, places;
    atomic_size_t taken; /* may run past `places` */
    float *memory;       /* [places, floats] */
    float **at[SPLITS];  /* [counts] */
};

static size_t places(const size_t counts[SPLITS], size_t floats, size_t limit_bytes) {
    size_t images = counts[SPLIT_TRAIN] + counts[SPLIT_VAL] + counts[SPLIT_TEST];
    size_t room = limit_bytes / (floats * sizeof(float));
    return images < room ? images : room;
}

size_t kept_bytes(const size_t counts[SPLITS], size_t floats, size_t limit_bytes) {
    return places(counts, floats, limit_bytes) * floats * sizeof(float);
}

static void lay_out(struct kept *k) {
    k->memory = arena_floats(&k->arena, arena_product(k->places, k->floats));
    for (int s = 0; s < SPLITS; s++)
        k->at[s] = arena_take(&k->arena, k->counts[s], sizeof *k->at[s]);
}

int kept_create(struct kept **out, const size_t counts[SPLITS], size_t floats, size_t limit_bytes, struct error *e) {
    struct kept *k = calloc(1, sizeof *k);
    if (!k)
        return error_set(e, ERROR_MEMORY, "not enough memory to keep what frozen blocks give");
    memcpy(k->counts, counts, sizeof k->counts);
    k->floats = floats;
    k->places = places(counts, floats, limit_bytes);
    lay_out(k);
    if (arena_reserve(&k->arena, NULL) < 0) {
        size_t bytes = arena_product(k->places, floats * sizeof(float));
        free(k);
        return error_set(e, ERROR_MEMORY,
                         "no room for %.0f MiB of results of frozen blocks: take a smaller --cache-blocks",
                         (double)bytes / 0x1p20);
    }
    lay_out(k);
    *out = k;
    return 0;
}

void kept_destroy(struct kept *k) {
    if (!k)
        return;
    arena_release(&k->arena);
    free(k);
}

const float *kept_get(const struct kept *k, enum split split, size_t index) {
    assert(index < k->counts[split]);
    return k->at[split][index];
}

void kept_put(struct kept *k, enum split split, size_t index, const float *values) {
    assert(index < k->counts[split]);
    if (k->at[split][index] || atomic_load_explicit(&k->taken, memory_order_relaxed) >= k->places)
        return;
    size_t place = atomic_fetch_add_explicit(&k->taken, 1, memory_order_relaxed);
    if (place >= k->places)
        return;
    float *to = k->memory + place * k->floats;
    memcpy(to, values, k->floats * sizeof *to);
    k->at[split][index] = to;
}
