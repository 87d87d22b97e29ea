#include "core/data/vtab/vtab_spilled.h"

#include <assert.h>
#include <stdlib.h>

enum { NOT_WANTED, WANTED, FIRST /* slot + FIRST once it is kept */ };

int vtab_spilled_begin(struct vtab_spilled *s, size_t bytes, struct error *e) {
    s->bytes = bytes;
    for (size_t i = 0; i < VTAB_RAW_SPLITS && s->raw.splits[i].name; i++)
        if (!(s->slots[i] = calloc(s->raw.splits[i].count, sizeof *s->slots[i])))
            return error_set(e, ERROR_MEMORY, "not enough memory to list %zu images", s->raw.splits[i].count);
    return spill_open(&s->spill, e);
}

void vtab_spilled_free(struct vtab_spilled *s) {
    spill_close(s->spill);
    for (size_t i = 0; i < VTAB_RAW_SPLITS; i++)
        free(s->slots[i]);
    vtab_raw_free(&s->raw);
}

int vtab_spilled_locate(void *state, const char *split, size_t first, size_t count, struct vtab_image *out,
                        struct error *e) {
    struct vtab_spilled *s = state;
    int r = vtab_raw_locate(&s->raw, split, first, count, out, e);
    for (size_t i = 0; r == 0 && i < count; i++)
        s->slots[out[i].file][out[i].place] = WANTED;
    return r;
}

int vtab_spilled_pass(struct vtab_spilled *s, size_t split, size_t first, size_t count, const uint8_t *images,
                      struct error *e) {
    uint32_t *slots = s->slots[split] + first;
    for (size_t i = 0; i < count; i++)
        if (slots[i] == WANTED) {
            int r = spill_add(s->spill, images + i * s->bytes, s->bytes, e);
            if (r < 0)
                return r;
            slots[i] = FIRST + (uint32_t)s->added++;
        }
    return 0;
}

int vtab_spilled_read(const struct vtab_spilled *s, const struct vtab_image *i, uint8_t *out, struct error *e) {
    uint32_t slot = s->slots[i->file][i->place];
    int r = vtab_raw_check(s, i, e);
    assert(slot >= FIRST);
    return r < 0 ? r : spill_read(s->spill, (uint64_t)(slot - FIRST) * s->bytes, s->bytes, out, e);
}
