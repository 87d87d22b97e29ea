/* Bytes put aside in a temporary file that has no name, so that it goes with the process: pieces of a file that can
 * only be read from its start on.
 *
 *     struct spill *s = NULL;
 *     spill_open(&s, &err);
 *     spill_add(s, pixels, 4096, &err);             // one thread
 *     spill_read(s, 0, 4096, pixels, &err);         // any thread, once all is added
 *     spill_close(s); */
#ifndef CORE_DATA_VTAB_SPILL_H
#define CORE_DATA_VTAB_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct spill;

/* In the folder TMPDIR names, else in /tmp. Errors: ERROR_IO (names the folder), ERROR_MEMORY. */
int spill_open(struct spill **out, struct error *e);
void spill_close(struct spill *s); /* NULL is accepted */

/* Behind what was added before. Errors: ERROR_IO (a full disk). */
int spill_add(struct spill *s, const void *bytes, size_t size, struct error *e);

/* What was added must be asked for. Errors: ERROR_IO. */
int spill_read(const struct spill *s, uint64_t place, size_t size, void *out, struct error *e);

#endif
