#include <stdlib.h>
#include <string.h>

#include "core/data/reader.h"
#include "core/philox.h"

static const char *const names[SPLITS] = {"train", "val", "test"};

const char *split_name(enum split split) {
    return names[split];
}

bool split_parse(const char *name, enum split *out) {
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        if (strcmp(name, names[s]) == 0) {
            *out = s;
            return true;
        }
    return false;
}

/* A tenth, at least one where there are `least`. */
static size_t share(size_t images, size_t least) {
    size_t tenth = (images + 5) / 10;
    return images < least ? 0 : tenth ? tenth : 1;
}

int split_deal(unsigned char *where, size_t n, bool to_test, uint64_t seed, int label, const char *path,
               struct error *e) {
    size_t val = share(n, 2), test = to_test ? share(n, 3) : 0, train = n - val - test;
    if (n > UINT32_MAX)
        return error_set(e, ERROR_DATA, "%s: %zu images in one class are more than can be shuffled", path, n);
    uint32_t *order = calloc(n + 1, sizeof *order);
    if (!order)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to deal %zu images out", path, n);
    philox_permutation(philox_key(seed, PHILOX_SPLIT), (uint32_t)label, order, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        where[order[i]] = i < train ? SPLIT_TRAIN : i < train + val ? SPLIT_VAL : SPLIT_TEST;
    free(order);
    return 0;
}
