#include "core/digest.h"

#include <stdint.h>

void digest_init(struct digest *d) {
    sha256_init(&d->state);
}

void digest_update(struct digest *d, const void *data, size_t size) {
    if (size > 0)
        sha256_update(&d->state, size, data);
}

void digest_hex(struct digest *d, char out[DIGEST_HEX]) {
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[SHA256_DIGEST_SIZE];
    sha256_digest(&d->state, sizeof bytes, bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * sizeof bytes] = 0;
}
