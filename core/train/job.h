/* What a run works on, opened from its settings: backbone, dataset, and what is tuned.
 *
 *     struct job job;
 *     if (job_open(&job, &settings, &err) < 0) ...
 *     job_close(&job);
 *
 * Constant between job_open(), job_swap_data() and job_close(), which one thread calls; any may read. */
#ifndef CORE_TRAIN_JOB_H
#define CORE_TRAIN_JOB_H

#include "core/data/loader.h"
#include "core/model/model.h"
#include "core/model/tuning.h"
#include "core/train/optimizer.h"

struct job {
    struct settings settings; /* with automatic values worked out: image, heads, pool, chunk, preprocess, augment */
    struct model *model;
    struct dataset *dataset;
    struct tuning tuning;
    struct preprocess preprocess;
    struct optimizer_options optimizer;
};

/* Errors: those of model_open(), dataset_open() and tuning_create(); ERROR_MEMORY if the prompts need more memory than
 * this machine has. On error nothing is left open. */
int job_open(struct job *j, const struct settings *settings, struct error *e);

/* The same without a dataset, for images from elsewhere: `classes` is how many the head has. job->dataset is NULL. */
int job_open_model(struct job *j, const struct settings *settings, int classes, struct error *e);

void job_close(struct job *j); /* a zeroed one is accepted */

/* Puts the dataset of `spec` in place of the present one, with a tuning of its classes. *renewed: the lists of class
 * names differ. On error everything is as before. */
int job_swap_data(struct job *j, const char *spec, bool *renewed, struct error *e);

/* A loader for a split of the job's dataset. */
int job_loader(const struct job *j, enum split split, bool training, size_t cache_bytes,
               loader_unreadable_fn *unreadable, void *context, struct loader **out, struct error *e);

/* Images a chunk: as many as make matrix products of a few hundred rows, or some less where the batch then falls into a
 * number of chunks that more threads share evenly. A function of the model's shape and the batch alone. */
int job_chunk(const struct tuning *t, int batch);

/* Images of each split. */
void job_images(const struct job *j, size_t images[SPLITS]);

/* Bytes that a run keeps of frozen blocks (kept.h), beside job_bytes(); and the share of all images that they are
 * enough for, of training images 0 where these are augmented or new in every epoch. */
size_t job_kept_bytes(const struct job *j);
double job_kept_share(const struct job *j, bool training);

/* Bytes that a run of these settings takes: weights, activations of `threads` threads, batches, tuned tensors. */
size_t job_bytes(const struct job *j, int threads);

#endif
