/* Raw downloads of pixels that are packed, so that an image cannot be read alone: those that are wanted are put into a
 * temporary file, in one pass from the start of the download. Private to core/data. */
#ifndef CORE_DATA_VTAB_VTAB_SPILLED_H
#define CORE_DATA_VTAB_VTAB_SPILLED_H

#include "core/data/vtab/spill.h"
#include "core/data/vtab/vtab_raw.h"

struct vtab_spilled {
    struct vtab_raw raw; /* first, as vtab_raw.h asks */
    struct spill *spill;
    size_t bytes;                     /* an image */
    size_t added;                     /* images */
    uint32_t *slots[VTAB_RAW_SPLITS]; /* [count]: which image of the temporary file it is */
};

/* Makes room for the splits that s->raw has. Errors: ERROR_MEMORY, ERROR_IO. */
int vtab_spilled_begin(struct vtab_spilled *s, size_t bytes, struct error *e);
void vtab_spilled_free(struct vtab_spilled *s);

/* As vtab_raw_locate(); the images are wanted from then on. */
int vtab_spilled_locate(void *state, const char *split, size_t first, size_t count, struct vtab_image *out,
                        struct error *e);

/* While the images of a split pass by, in their order: keeps them where they are wanted. Errors: ERROR_IO. */
int vtab_spilled_pass(struct vtab_spilled *s, size_t split, size_t first, size_t count, const uint8_t *images,
                      struct error *e);

/* One of those. Errors: ERROR_FORMAT (without a label), ERROR_IO. */
int vtab_spilled_read(const struct vtab_spilled *s, const struct vtab_image *i, uint8_t *out, struct error *e);

#endif
