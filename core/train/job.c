#include "core/train/job.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/model/pass.h"
#include "core/train/kept.h"
#include "core/train/team.h"

enum { CHUNK_ROWS = 384 };

/* The largest power of two that divides n. */
static int evenness(int n) {
    return n & -n;
}

int job_chunk(const struct tuning *t, int batch) {
    int tokens = shape_patches(&t->shape) + 1 + tuning_prompts_at(t, t->shape.depth - 1);
    if (tuning_reconstructs(t)) /* most of the work is the encoder's */
        tokens = tuning_visible(t) + 1;
    int most = tokens < CHUNK_ROWS ? CHUNK_ROWS / tokens : 1, best = 0;
    for (int size = most < batch ? most : batch; size > 0 && 4 * size >= 3 * most; size--) {
        int chunks = (batch + size - 1) / size;
        if (best == 0 || evenness(chunks) > evenness(best))
            best = chunks;
    }
    return best ? (batch + best - 1) / best : batch;
}

/* `spec`: the data; native: they are rendered. */
static int preprocessing(const struct settings *s, const char *spec, bool native, struct preprocess *out,
                         struct error *e) {
    struct preprocess p = {.image = s->image, .seed = (uint64_t)s->seed};
    switch ((enum preprocessing)s->preprocess) {
    case PREPROCESSING_VTAB:
        p.kind = PREPROCESS_VTAB;
        break;
    case PREPROCESSING_SQUARE:
        p.kind = PREPROCESS_SQUARE;
        break;
    case PREPROCESSING_FGVC:
        p.kind = PREPROCESS_FGVC;
        break;
    default:
        p.kind = dataset_is_stretched(spec) ? PREPROCESS_VTAB : PREPROCESS_FGVC;
    }
    if (native)
        p.kind = PREPROCESS_NATIVE;
    switch ((enum augmentation)s->augment) {
    case AUGMENTATION_NONE:
        p.augment = AUGMENT_NONE;
        break;
    case AUGMENTATION_FLIP:
        p.augment = AUGMENT_FLIP;
        break;
    case AUGMENTATION_CROP_FLIP:
        p.augment = AUGMENT_CROP_FLIP;
        break;
    case AUGMENTATION_RESIZED_CROP:
        p.augment = AUGMENT_RESIZED_CROP;
        break;
    case AUGMENTATION_SCENES:
        p.augment = AUGMENT_SCENES;
        break;
    default:
        if (s->method == METHOD_MAE)
            p.augment = native ? AUGMENT_SCENES : p.kind == PREPROCESS_VTAB ? AUGMENT_FLIP : AUGMENT_RESIZED_CROP;
        else
            p.augment = p.kind == PREPROCESS_FGVC ? AUGMENT_CROP_FLIP : AUGMENT_NONE;
    }
    if (p.augment == AUGMENT_RESIZED_CROP && p.kind == PREPROCESS_VTAB)
        return error_set(e, ERROR_USAGE, "augment resized-crop does not go with preprocess vtab: use fgvc or square");
    *out = p;
    return 0;
}

static int open_data(const struct settings *s, const char *spec, struct dataset **out, struct error *e) {
    struct dataset_options o = {
        .seed = (uint64_t)s->seed,
        .image = s->image,
        .scenes = {(size_t)s->scenes_train, (size_t)s->scenes_val, (size_t)s->scenes_test},
        .unlabelled = s->method == METHOD_MAE,
    };
    return dataset_open(out, spec, &o, e);
}

static struct tuning_options tuning_options(const struct settings *s, int classes) {
    return (struct tuning_options){
        .method = (enum method)s->method,
        .pool = (enum pool)s->pool,
        .prompts = s->prompts,
        .insert_at = s->insert_at - 1,
        .temps = s->temps,
        .gate_init = s->gate_init,
        .prompt_dropout = s->prompt_dropout,
        .classes = s->method == METHOD_MAE ? 0 : classes,
        .last_blocks = s->last_blocks,
        .mask_ratio = s->mask_ratio,
        .decoder_dim = s->decoder_dim,
        .decoder_depth = s->decoder_depth,
        .decoder_heads = s->decoder_heads,
    };
}

static int open_model(struct job *j, struct error *e) {
    struct settings *s = &j->settings;
    struct model_options o = {.heads = s->heads, .image = s->image, .seed = (uint64_t)s->seed};
    int r = model_open(&j->model, s->model, &o, e);
    if (r < 0)
        return r;
    s->heads = j->model->shape.heads;
    s->image = j->model->shape.image;
    if (s->pool == POOL_AUTO)
        s->pool = j->model->family == MODEL_MAE || j->model->family == MODEL_RANDOM ? POOL_MAE : POOL_CLS;
    return 0;
}

static bool is_stream(const struct job *j) {
    return j->settings.scenes_stream && dataset_is_native(j->dataset);
}

/* Whether a training image is the same in every epoch (batch.as_is). */
static bool trains_as_is(const struct job *j) {
    return loader_as_is(
        &(struct loader_options){.preprocess = j->preprocess, .training = true, .stream = is_stream(j)});
}

void job_images(const struct job *j, size_t images[SPLITS]) {
    for (int s = 0; s < SPLITS; s++)
        images[s] = dataset_size(j->dataset, (enum split)s);
}

/* What is kept of how many images within `limit` bytes. */
static size_t kept_within(const struct job *j, size_t limit) {
    size_t floats = pass_prefix_floats(&j->tuning), counts[SPLITS];
    if (!j->dataset || floats == 0)
        return 0;
    job_images(j, counts);
    if (!trains_as_is(j))
        counts[SPLIT_TRAIN] = 0;
    return kept_bytes(counts, floats, limit);
}

size_t job_kept_bytes(const struct job *j) {
    return kept_within(j, (size_t)j->settings.cache_blocks << 20);
}

double job_kept_share(const struct job *j, bool training) {
    size_t all = kept_within(j, SIZE_MAX);
    if (!all || (training && !trains_as_is(j)))
        return 0;
    return (double)job_kept_bytes(j) / (double)all;
}

static size_t machine_bytes(void) {
    return arena_product((size_t)sysconf(_SC_PHYS_PAGES), (size_t)sysconf(_SC_PAGESIZE));
}

static int check_memory(const struct job *j, struct error *e) {
    int threads = team_size_for(j->settings.threads);
    size_t need = job_bytes(j, threads), have = machine_bytes(), kept = job_kept_bytes(j);
    if (need <= have && kept > have - need)
        return error_set(e, ERROR_MEMORY,
                         "results of frozen blocks that are kept may take %.1f GiB beside the run's %.1f GiB, but this "
                         "machine has %.1f GiB: take a smaller --cache-blocks",
                         (double)kept / 0x1p30, (double)need / 0x1p30, (double)have / 0x1p30);
    if (need <= have)
        return 0;
    char what[64];
    snprintf(what, sizeof what, "%d prompts", j->settings.prompts);
    if (!tuning_has_prompts(&j->tuning))
        snprintf(what, sizeof what, "the method %s", settings_choice("method", j->settings.method));
    return error_set(e, ERROR_MEMORY,
                     "%s, batch %d and %d threads need %.1f GiB of memory, but this machine has %.1f GiB: "
                     "take fewer %sthreads or a smaller batch",
                     what, j->settings.batch, threads, (double)need / 0x1p30, (double)have / 0x1p30,
                     tuning_has_prompts(&j->tuning) ? "prompts, " : "");
}

/* What is left once model and number of classes are known. */
static int complete(struct job *j, const char *spec, int classes, bool native, struct error *e) {
    struct settings *s = &j->settings;
    struct tuning_options o = tuning_options(s, classes);
    int r = tuning_create(&j->tuning, &o, &j->model->shape, e);
    if (r < 0)
        return r;
    if (s->chunk == 0)
        s->chunk = job_chunk(&j->tuning, s->batch);
    if (s->chunk > s->batch)
        s->chunk = s->batch;
    if ((r = preprocessing(s, spec, native, &j->preprocess, e)) < 0)
        return r;
    j->optimizer = (struct optimizer_options){
        .kind = (enum optimizer_kind)s->optimizer,
        .momentum = s->momentum,
        .beta2 = s->beta2,
        .epsilon = 1e-8,
        .weight_decay = s->weight_decay,
        .prompts = s->lr_prompts,
        .gates = s->lr_gates,
        .temps = s->lr_temps,
        .head = s->lr_head,
        .weights = s->lr_weights,
        .layer_decay = s->layer_decay,
    };
    return check_memory(j, e);
}

int job_open(struct job *j, const struct settings *settings, struct error *e) {
    *j = (struct job){.settings = *settings};
    int r = open_model(j, e);
    if (r == 0)
        r = open_data(&j->settings, settings->data, &j->dataset, e);
    if (r == 0)
        r = complete(j, dataset_spec(j->dataset), dataset_classes(j->dataset), dataset_is_native(j->dataset), e);
    if (r < 0)
        job_close(j);
    return r;
}

int job_open_model(struct job *j, const struct settings *settings, int classes, struct error *e) {
    *j = (struct job){.settings = *settings};
    int r = open_model(j, e);
    if (r == 0)
        r = complete(j, settings->data, classes, false, e);
    if (r < 0)
        job_close(j);
    return r;
}

void job_close(struct job *j) {
    dataset_close(j->dataset);
    model_close(j->model);
    *j = (struct job){0};
}

int job_swap_data(struct job *j, const char *spec, bool *renewed, struct error *e) {
    struct dataset *next = NULL;
    struct tuning tuning;
    int r = open_data(&j->settings, spec, &next, e);
    if (r < 0)
        return r;
    struct tuning_options o = tuning_options(&j->settings, dataset_classes(next));
    struct preprocess preprocess;
    if ((r = tuning_create(&tuning, &o, &j->model->shape, e)) < 0 ||
        (r = preprocessing(&j->settings, dataset_spec(next), dataset_is_native(next), &preprocess, e)) < 0) {
        dataset_close(next);
        return r;
    }
    *renewed = !dataset_same_classes(j->dataset, next);
    dataset_close(j->dataset);
    j->dataset = next;
    j->tuning = tuning;
    j->preprocess = preprocess;
    return 0;
}

int job_loader(const struct job *j, enum split split, bool training, size_t cache_bytes,
               loader_unreadable_fn *unreadable, void *context, struct loader **out, struct error *e) {
    const struct settings *s = &j->settings;
    struct loader_options o = {
        .dataset = j->dataset,
        .split = split,
        .preprocess = j->preprocess,
        .training = training,
        .stream = training && is_stream(j),
        /* Evaluation goes by whole chunks: where a chunk begins does not depend on the batch. */
        .batch = training ? s->batch : (s->batch + s->chunk - 1) / s->chunk * s->chunk,
        .threads = s->decoders,
        .cache_bytes = cache_bytes,
        .strict = s->unreadable == UNREADABLE_STOP,
        .unreadable = unreadable,
        .context = context,
    };
    return loader_open(out, &o, e);
}

size_t job_bytes(const struct job *j, int threads) {
    const struct settings *s = &j->settings;
    struct pass_options o = {
        .model = j->model, .tuning = &j->tuning, .chunk = s->chunk, .backward = true, .recompute = s->recompute};
    size_t pass = pass_bytes(&o), image = 3 * (size_t)s->image * (size_t)s->image * sizeof(float);
    if (pass == SIZE_MAX)
        return SIZE_MAX;
    /* Of theta: itself, gradient, moments, the last good copy of theta and moments; one gradient a thread. */
    size_t moments = s->optimizer == OPTIMIZER_ADAMW ? 2 : 1, copies = 1 + 2 * (1 + moments) + (size_t)threads;
    size_t theta = arena_product(j->tuning.total * sizeof(float), copies);
    size_t work = arena_product(pass, (size_t)threads), batches = arena_product(image, 3 * (size_t)s->batch);
    size_t weights = shape_parameters(&j->model->shape) * sizeof(float);
    size_t found = arena_product((size_t)threads * (size_t)s->chunk, pass_prefix_floats(&j->tuning) * sizeof(float));
    size_t sum = weights;
    return __builtin_add_overflow(sum, found, &sum) || __builtin_add_overflow(sum, theta, &sum) ||
                   __builtin_add_overflow(sum, work, &sum) || __builtin_add_overflow(sum, batches, &sum)
               ? SIZE_MAX
               : sum;
}
