/* Batches of a split, decoded ahead of the reader on threads of their own.
 *
 *     struct loader *l = NULL;
 *     loader_open(&l, &options, &err);
 *     loader_start(l, epoch, 0);
 *     while ((r = loader_next(l, &batch, &err)) == 1)
 *         ...;                                       // batch is valid until the next call
 *     loader_close(l);
 *
 * What comes is a function of (dataset, seed, epoch) alone: for training the images of an epoch in the order of a
 * permutation of (seed, epoch), the last batch short; otherwise the split's own order, without augmentation. Decoded
 * pictures are kept in memory up to a limit; the cache changes no number.
 * One thread reads (start, next, close); the loader's own threads decode, never more than two batches ahead. */
#ifndef CORE_DATA_LOADER_H
#define CORE_DATA_LOADER_H

#include "core/data/dataset.h"
#include "core/data/preprocess.h"

/* Called on a decoding thread, once an unreadable image. */
typedef void loader_unreadable_fn(void *context, enum split split, size_t index, const char *why);

struct loader_options {
    const struct dataset *dataset; /* outlives the loader */
    enum split split;
    struct preprocess preprocess;
    bool training;                    /* shuffled and augmented */
    bool stream;                      /* rendered images: epoch e takes those from e * size on, so none comes twice */
    int batch;                        /* images */
    int threads;                      /* decoding threads, from 1 */
    size_t cache_bytes;               /* limit for decoded pictures; 0: none kept */
    bool strict;                      /* an unreadable image is an error */
    loader_unreadable_fn *unreadable; /* may be NULL */
    void *context;
};

struct batch {
    int count;             /* images, unreadable ones included */
    int readable;          /* of these */
    const float *images;   /* [count, 3, image, image]; zeros for an unreadable one */
    const int *labels;     /* [count]; -1 for an unreadable one */
    const uint32_t *index; /* [count], index in the split; NULL: from elsewhere */
    enum split split;
    bool as_is; /* not augmented: each image depends on (dataset, split, index) alone */
};

struct loader;

/* Whether the images of such a loader are batch.as_is. */
bool loader_as_is(const struct loader_options *options);

/* All memory is taken here. Errors: ERROR_MEMORY, ERROR_DATA (the split is empty). */
int loader_open(struct loader **out, const struct loader_options *options, struct error *e);
void loader_close(struct loader *l); /* NULL is accepted; stops its threads */

/* Begins epoch `epoch` at batch `first`, dropping what was decoded ahead. */
void loader_start(struct loader *l, uint32_t epoch, size_t first);

/* 1 and the next batch; 0 at the epoch's end; negative: no image of the whole split could be read, or, where
 * it is strict, one (ERROR_DATA, or what its reader said). */
int loader_next(struct loader *l, struct batch *out, struct error *e);

size_t loader_batches(const struct loader *l);    /* batches an epoch */
size_t loader_unreadable(const struct loader *l); /* distinct images found unreadable so far */

#endif
