/* What the sources of raw downloads share: splits with labels, in the order of TensorFlow Datasets. Private to
 * core/data.
 *
 * A source's state begins with a struct vtab_raw, so that vtab_raw_size(), vtab_raw_locate() and vtab_raw_say() can
 * stand in its struct vtab_source as they are. Constant once opened. */
#ifndef CORE_DATA_VTAB_VTAB_RAW_H
#define CORE_DATA_VTAB_VTAB_RAW_H

#include "core/data/vtab/md5_order.h"
#include "core/data/vtab/vtab_source.h"

enum { VTAB_RAW_SPLITS = 3, VTAB_RAW_MOST = 1 << 24 /* images a split */ };

struct vtab_raw_split {
    const char *name; /* of TensorFlow Datasets; NULL: no more splits */
    char *path;       /* of the file, for messages: that of the images, or their list */
    size_t count;
    int16_t *labels; /* [count]: classes of the task; -1: none, or it cannot be read */
    uint32_t *order; /* [count]: which image stands there */
};

struct vtab_raw {
    const struct vtab_task *task;
    struct vtab_raw_split splits[VTAB_RAW_SPLITS];
};

/* The folder (to be freed) that holds `file`: PATH, or PATH/TOP for one of `tops` (NULL ends them). *out is NULL where
 * there is none. Errors: ERROR_MEMORY. */
int vtab_raw_find(char **out, const char *path, const char *const *tops, const char *file, struct error *e);

/* Takes 0 < count <= VTAB_RAW_MOST images on, their labels -1. Errors: ERROR_DATA (another count; `path` is for the
 * message), ERROR_MEMORY. */
int vtab_raw_add(struct vtab_raw *r, const char *split, const char *path, uint64_t count, struct error *e);

/* Fills in the order of split i. Errors: ERROR_MEMORY. */
int vtab_raw_sort(struct vtab_raw *r, size_t i, md5_order_key_fn *key, const void *context, struct error *e);
void vtab_raw_free(struct vtab_raw *r);

bool vtab_raw_size(const void *state, const char *split, size_t *out);
/* place: the image's number in its file, file: the number of its split. */
int vtab_raw_locate(void *state, const char *split, size_t first, size_t count, struct vtab_image *out,
                    struct error *e);
void vtab_raw_say(const void *state, const struct vtab_image *i, char *out, size_t size); /* "FILE, image 17" */
const char *vtab_raw_file(const void *state, const struct vtab_image *i);

/* 0, or ERROR_FORMAT where the image has no label. */
int vtab_raw_check(const void *state, const struct vtab_image *i, struct error *e);
/* ERROR_FORMAT: what lies at `where` has none. */
int vtab_raw_no_label(const struct vtab_raw *r, const char *where, struct error *e);

/* A square picture from bytes; the next row, column and channel are so many bytes on. Errors: ERROR_MEMORY. */
int vtab_raw_picture(struct image *out, const uint8_t *bytes, size_t side, size_t row, size_t column, size_t channel,
                     struct error *e);

#endif
