/* SHA-256 as lower-case hex, over nettle.
 *
 *     struct digest d;
 *     char hex[65];
 *     digest_init(&d);
 *     digest_update(&d, "abc", 3);
 *     digest_hex(&d, hex);         // "ba7816bf..."
 *
 * A struct digest belongs to one thread at a time and needs no freeing. */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stddef.h>

#include <nettle/sha2.h>

#define DIGEST_HEX 65 /* bytes of a digest as text, its 0 included */

struct digest {
    struct sha256_ctx state;
};

void digest_init(struct digest *d);
void digest_update(struct digest *d, const void *data, size_t size);

/* The digest of everything given since digest_init(); `d` starts afresh. */
void digest_hex(struct digest *d, char out[DIGEST_HEX]);

#endif
