/* An array of a .npz file (a zip archive of .npy files), read from its start on: it need not fit into memory.
 *
 *     struct npz *z = NULL;
 *     npz_open(&z, "sprites.npz", "imgs.npy", "|u1", &err);
 *     npz_array(z)->shape[0] ...
 *     npz_read(z, pixels, 4096, &err);              // again and again
 *     npz_end(z, &err);
 *     npz_close(z);
 *
 * One thread at a time. */
#ifndef CORE_FORMATS_NPZ_H
#define CORE_FORMATS_NPZ_H

#include "core/error.h"
#include "core/formats/npy.h"

struct npz;

/* Opens the array. Errors: ERROR_IO, ERROR_MEMORY, ERROR_FORMAT: no zip archive, or one cut off; no such member; it is
 * no array of that type, or not as long as its shape asks for. */
int npz_open(struct npz **out, const char *path, const char *member, const char *type, struct error *e);
void npz_close(struct npz *z); /* NULL is accepted */

const struct npy *npz_array(const struct npz *z);

/* The next bytes of the values. Errors: ERROR_FORMAT: damaged, or they end before. */
int npz_read(struct npz *z, void *out, size_t size, struct error *e);

/* Once all values are read: checks their checksum. Errors: ERROR_FORMAT. */
int npz_end(struct npz *z, struct error *e);

#endif
