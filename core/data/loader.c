/* Threads of the loader decode image by image; the reader takes whole batches.
 *
 * Positions 0..n-1 of the epoch are claimed in order, one lock a claim. Batch b is gathered in slot b % 2, and may be
 * claimed once batch b - 2 has been given back, so at most two batches wait. Everything in a slot is a function of the
 * position, so which thread fills it, and when, changes nothing. `lock` guards what is marked so in struct loader; the
 * part of a slot that belongs to a claimed position is its claimer's until it is counted as done. */
#include "core/data/loader.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/cache.h"
#include "core/philox.h"
#include "core/thread_signals.h"

#define SLOTS 2

struct slot {
    float *images;
    int *labels;
    uint32_t *index;
    int done, readable; /* lock */
    /* lock; where the loader is strict, the first of the images that failed */
    size_t failed_at;
    struct error failure;
};

struct loader {
    struct loader_options options;
    size_t images, batch, batches; /* of the split; a batch (at most the split); an epoch */
    size_t floats;                 /* an image */
    uint32_t *order;               /* [images], changed while no thread works */
    uint32_t epoch;
    struct cache *cache; /* NULL: nothing kept */
    struct slot slots[SLOTS];
    pthread_t *threads;
    int running;

    pthread_mutex_t lock;
    pthread_cond_t work, news; /* for the threads; for the reader */
    /* lock, from here on */
    bool started, holding, quit;
    size_t next;     /* first position not claimed */
    size_t returned; /* first batch that the reader has not given back */
    int active;      /* threads between claim and done */
    bool *bad;       /* [images], found unreadable */
    size_t bad_count;
    char first_bad[512];
    struct error fatal; /* out of memory in a thread */
};

static size_t batch_size(const struct loader *l, size_t batch) {
    size_t left = l->images - batch * l->batch;
    return left < l->batch ? left : l->batch;
}

/* What stands for image `index` of the split in this epoch. */
static size_t number_of(const struct loader *l, uint32_t index) {
    return l->options.stream ? (size_t)l->epoch * l->images + index : index;
}

/* Decodes and fits image `index`, keeps it if there is room, and writes it to `out`. */
static int load(struct loader *l, uint32_t index, float *out, struct error *e) {
    const struct loader_options *o = &l->options;
    const struct fitted *kept = l->cache ? cache_get(l->cache, index) : NULL;
    if (kept)
        return preprocess_finish(&o->preprocess, kept, o->training, l->epoch, index, out, e);
    struct image im;
    struct fitted fitted;
    int r = dataset_decode(o->dataset, o->split, number_of(l, index), &im, e);
    if (r < 0)
        return r;
    r = preprocess_fit(&o->preprocess, &im, &fitted, e);
    image_free(&im);
    if (r < 0) {
        char where[512];
        return error_prefix(e, r, "%s: ", dataset_say(o->dataset, o->split, number_of(l, index), where, sizeof where));
    }
    r = preprocess_finish(&o->preprocess, &fitted, o->training, l->epoch, index, out, e);
    if (!l->cache || !cache_put(l->cache, index, &fitted))
        fitted_free(&fitted);
    return r;
}

/* Notes the failure of the image at a position of the epoch, once; called without the lock. */
static void note_failure(struct loader *l, size_t position, const struct error *why) {
    struct slot *slot = &l->slots[position / l->batch % SLOTS];
    uint32_t index = l->order[position];
    pthread_mutex_lock(&l->lock);
    bool memory = why->code == ERROR_MEMORY, strict = l->options.strict;
    if (memory) {
        l->fatal = *why;
    } else if (strict) {
        if (!slot->failure.code || position < slot->failed_at) {
            slot->failed_at = position;
            slot->failure = *why;
        }
    } else {
        l->bad[index] = true;
        if (l->bad_count++ == 0)
            snprintf(l->first_bad, sizeof l->first_bad, "%.*s", (int)sizeof l->first_bad - 1, why->text);
    }
    pthread_mutex_unlock(&l->lock);
    if (!memory && !strict && l->options.unreadable)
        l->options.unreadable(l->options.context, l->options.split, index, why->text);
}

/* Fills one place of a slot. False: the image cannot be read. */
static bool fill(struct loader *l, size_t position, bool bad) {
    struct slot *slot = &l->slots[position / l->batch % SLOTS];
    size_t at = position % l->batch;
    uint32_t index = l->order[position];
    float *out = slot->images + at * l->floats;
    struct error why = {0};
    slot->index[at] = index;
    slot->labels[at] = dataset_label(l->options.dataset, l->options.split, number_of(l, index));
    if (!bad && load(l, index, out, &why) == 0)
        return true;
    if (!bad)
        note_failure(l, position, &why);
    slot->labels[at] = -1;
    memset(out, 0, l->floats * sizeof *out);
    return false;
}

static bool may_claim(const struct loader *l) {
    return l->started && l->next < l->images && l->next / l->batch < l->returned + SLOTS;
}

static void *decode_ahead(void *context) {
    struct loader *l = context;
    pthread_setname_np(pthread_self(), "decoder");
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (!l->quit && !may_claim(l))
            pthread_cond_wait(&l->work, &l->lock);
        if (l->quit)
            break;
        size_t position = l->next++;
        bool bad = l->bad[l->order[position]];
        l->active++;
        pthread_mutex_unlock(&l->lock);
        bool readable = fill(l, position, bad);
        pthread_mutex_lock(&l->lock);
        struct slot *slot = &l->slots[position / l->batch % SLOTS];
        slot->done++;
        slot->readable += readable;
        l->active--;
        pthread_cond_signal(&l->news);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static int start_threads(struct loader *l, struct error *e) {
    sigset_t old;
    thread_signals_block(&old);
    while (l->running < l->options.threads && pthread_create(&l->threads[l->running], NULL, decode_ahead, l) == 0)
        l->running++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    /* Fewer threads than asked for give the same batches. */
    return l->running > 0 ? 0 : error_set(e, ERROR_MEMORY, "no thread for decoding images can be started");
}

static int take_memory(struct loader *l, struct error *e) {
    size_t side = (size_t)l->options.preprocess.image, values = 0, bytes = 0;
    l->floats = 3 * side * side;
    bool fits =
        !__builtin_mul_overflow(l->floats, l->batch, &values) && !__builtin_mul_overflow(values, sizeof(float), &bytes);
    l->order = calloc(l->images, sizeof *l->order);
    l->bad = calloc(l->images, sizeof *l->bad);
    l->threads = calloc((size_t)l->options.threads, sizeof *l->threads);
    fits = fits && l->order && l->bad && l->threads;
    for (struct slot *s = l->slots; fits && s < l->slots + SLOTS; s++) {
        s->images = malloc(bytes);
        s->labels = calloc(l->batch, sizeof *s->labels);
        s->index = calloc(l->batch, sizeof *s->index);
        fits = s->images && s->labels && s->index;
    }
    if (!fits)
        return error_set(e, ERROR_MEMORY, "not enough memory for %d batches of %zu images of %zu x %zu pixels", SLOTS,
                         l->batch, side, side);
    return l->options.cache_bytes && !l->options.stream ? cache_create(&l->cache, l->images, l->options.cache_bytes, e)
                                                        : 0;
}

int loader_open(struct loader **out, const struct loader_options *options, struct error *e) {
    *out = NULL;
    assert(!options->stream || dataset_is_native(options->dataset));
    assert(options->batch > 0 && options->threads > 0 && options->preprocess.image > 0);
    const char *spec = dataset_spec(options->dataset), *split = split_name(options->split);
    size_t images = dataset_size(options->dataset, options->split), batch = (size_t)options->batch;
    if (images == 0)
        return error_set(e, ERROR_DATA, "%s: the %s split is empty", spec, split);
    if (images > UINT32_MAX)
        return error_set(e, ERROR_DATA, "%s: %zu %s images; at most %u are taken", spec, images, split, UINT32_MAX);
    struct loader *l = calloc(1, sizeof *l);
    if (!l)
        return error_set(e, ERROR_MEMORY, "not enough memory to load %s", spec);
    l->options = *options;
    l->images = images;
    l->batch = batch < images ? batch : images;
    l->batches = (images + l->batch - 1) / l->batch;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->news, NULL);
    int r = take_memory(l, e);
    if (r == 0)
        r = start_threads(l, e);
    if (r < 0) {
        loader_close(l);
        return r;
    }
    *out = l;
    return 0;
}

void loader_close(struct loader *l) {
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->quit = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->running; i++)
        pthread_join(l->threads[i], NULL);
    cache_free(l->cache);
    for (struct slot *s = l->slots; s < l->slots + SLOTS; s++) {
        free(s->index);
        free(s->labels);
        free(s->images);
    }
    free(l->threads);
    free(l->bad);
    free(l->order);
    pthread_cond_destroy(&l->news);
    pthread_cond_destroy(&l->work);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void set_order(struct loader *l) {
    uint32_t n = (uint32_t)l->images;
    if (l->options.training) {
        philox_permutation(philox_key(l->options.preprocess.seed, PHILOX_SHUFFLE), l->epoch, l->order, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        l->order[i] = i;
}

static void empty(struct slot *s) {
    s->done = s->readable = 0;
    s->failure = (struct error){0};
}

void loader_start(struct loader *l, uint32_t epoch, size_t first) {
    pthread_mutex_lock(&l->lock);
    l->started = false;
    while (l->active > 0)
        pthread_cond_wait(&l->news, &l->lock);
    l->epoch = epoch;
    set_order(l);
    l->returned = first < l->batches ? first : l->batches;
    l->next = l->returned * l->batch;
    l->holding = false;
    l->fatal = (struct error){0};
    for (struct slot *s = l->slots; s < l->slots + SLOTS; s++)
        empty(s);
    l->started = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
}

/* The batch that the reader had makes room; with the lock. */
static void give_back(struct loader *l) {
    struct slot *slot = &l->slots[l->returned % SLOTS];
    empty(slot);
    l->returned++;
    l->holding = false;
    pthread_cond_broadcast(&l->work);
}

bool loader_as_is(const struct loader_options *o) {
    return !o->training || (o->preprocess.augment == AUGMENT_NONE && !o->stream);
}

int loader_next(struct loader *l, struct batch *out, struct error *e) {
    int r = 0;
    *out = (struct batch){0};
    pthread_mutex_lock(&l->lock);
    assert(l->started);
    if (l->holding)
        give_back(l);
    if (l->returned == l->batches)
        goto unlock;
    int count = (int)batch_size(l, l->returned);
    struct slot *slot = &l->slots[l->returned % SLOTS];
    while (slot->done < count && !l->fatal.code)
        pthread_cond_wait(&l->news, &l->lock);
    /* Of a strict loader's images the first that failed is told, whichever thread was first. */
    const struct error *lost = l->fatal.code ? &l->fatal : &slot->failure;
    if (lost->code) {
        r = error_set(e, lost->code, "%s", lost->text);
    } else if (l->bad_count == l->images) {
        r = error_set(e, ERROR_DATA, "%s: none of the %zu %s images can be read; one of them: %s",
                      dataset_spec(l->options.dataset), l->images, split_name(l->options.split), l->first_bad);
    } else {
        const struct loader_options *o = &l->options;
        *out = (struct batch){
            .count = count,
            .readable = slot->readable,
            .images = slot->images,
            .labels = slot->labels,
            .index = slot->index,
            .split = o->split,
            .as_is = loader_as_is(o),
        };
        l->holding = true;
        r = 1;
    }
unlock:
    pthread_mutex_unlock(&l->lock);
    return r;
}

size_t loader_batches(const struct loader *l) {
    return l->batches;
}

size_t loader_unreadable(const struct loader *l) {
    struct loader *shared = (struct loader *)l; /* the lock is all that changes */
    pthread_mutex_lock(&shared->lock);
    size_t n = l->bad_count;
    pthread_mutex_unlock(&shared->lock);
    return n;
}
