#include "core/data/vtab/md5_order.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/md5.h>

struct hashed {
    uint8_t digest[MD5_DIGEST_SIZE];
    uint32_t index;
};

static int compare(const void *a, const void *b) {
    const struct hashed *x = a, *y = b;
    int by_digest = memcmp(x->digest, y->digest, sizeof x->digest);
    return by_digest ? by_digest : x->index < y->index ? -1 : x->index > y->index;
}

int md5_order(uint32_t **order, const char *split, size_t count, md5_order_key_fn *key, const void *context,
              struct error *e) {
    assert(count <= UINT32_MAX);
    struct hashed *all = calloc(count ? count : 1, sizeof *all);
    uint32_t *out = calloc(count ? count : 1, sizeof *out);
    if (!all || !out) {
        free(all);
        free(out);
        return error_set(e, ERROR_MEMORY, "not enough memory to order %zu images", count);
    }
    struct md5_ctx salted, md5;
    char text[MD5_ORDER_KEY];
    md5_init(&salted);
    md5_update(&salted, strlen(split), (const uint8_t *)split);
    for (size_t i = 0; i < count; i++) {
        key(context, i, text);
        md5 = salted;
        md5_update(&md5, strlen(text), (const uint8_t *)text);
        md5_digest(&md5, sizeof all[i].digest, all[i].digest);
        all[i].index = (uint32_t)i;
    }
    qsort(all, count, sizeof *all, compare);
    for (size_t i = 0; i < count; i++)
        out[i] = all[i].index;
    free(all);
    *order = out;
    return 0;
}

void md5_order_number(const void *context, size_t i, char out[static MD5_ORDER_KEY]) {
    (void)context;
    snprintf(out, MD5_ORDER_KEY, "%zu", i);
}
