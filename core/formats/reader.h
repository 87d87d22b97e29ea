/* Private to core/formats: the list behind tensors.h while a reader fills it, and the readers.
 *
 * tensors_open() maps the file, tells the format and calls one reader; the reader adds tensors that point into the
 * mapping where their bytes lie contiguous and aligned, and into tensors_memory() elsewhere. Inside, `e` is never NULL.
 */
#ifndef CORE_FORMATS_READER_H
#define CORE_FORMATS_READER_H

#include "core/formats/tensors.h"

struct tensors_pair {
    const char *key, *value;
};

struct tensors_block; /* memory that goes with the list */

struct tensors {
    char *path;
    const char *format;
    const unsigned char *file; /* the whole file, mapped read-only */
    size_t size;
    struct tensor *items;
    size_t count, room;
    size_t *slots; /* open-addressing hash of names: index + 1, 0 empty; made last */
    size_t slot_mask;
    struct tensors_pair *pairs;
    size_t pair_count, pair_room;
    struct tensors_block *blocks;
    size_t budget; /* bytes that may still be taken: what a hostile file can make us allocate */
};

/* 64-byte aligned memory that is freed with the list; NULL (with `e` set) when there is none or the budget is spent. */
void *tensors_memory(struct tensors *t, size_t size, struct error *e);

/* Appends a tensor under `name` (copied; refused if it is no clean UTF-8). `item` holds type, rank, shape and data, its
 * count is computed; data that is not aligned to its element is copied. */
int tensors_add(struct tensors *t, const char *name, size_t name_size, const struct tensor *item, struct error *e);
int tensors_add_metadata(struct tensors *t, const char *key, const char *value, struct error *e);

/* Elements and bytes of a shape. False on overflow. */
bool tensors_extent(const struct tensor *item, size_t *count, size_t *bytes);

bool tensors_utf8(const char *text, size_t size);
bool tensors_clean(const char *text, size_t size); /* UTF-8 without control characters: fit to be shown */

/* Copies at most `size` - 1 bytes of foreign text to `out`, replacing what a terminal might act upon. Returns `out`. */
const char *tensors_printable(const char *text, size_t text_size, char *out, size_t size);

int safetensors_read(struct tensors *t, struct error *e);
int torch_zip_read(struct tensors *t, struct error *e);
int torch_legacy_read(struct tensors *t, struct error *e);

/* The first bytes of a PyTorch legacy file: its magic number, pickled. */
#define TORCH_LEGACY_MAGIC "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"

#endif
