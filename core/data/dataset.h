/* Images with labels, in three splits. One interface; a reader a file (folder.c, cifar.c, fgvc.c, scenes_reader.c,
 * vtab.c).
 *
 *     struct dataset *d = NULL;
 *     if (dataset_open(&d, "folder:photos", &options, &err) < 0) ...
 *     struct image im = {0};
 *     dataset_decode(d, SPLIT_TRAIN, 7, &im, &err);
 *     image_free(&im);
 *     dataset_close(d);
 *
 * A dataset is constant after opening; any number of threads may decode from it at once. */
#ifndef CORE_DATA_DATASET_H
#define CORE_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/data/image.h"
#include "core/error.h"

enum split { SPLIT_TRAIN, SPLIT_VAL, SPLIT_TEST, SPLITS };

struct dataset_options {
    uint64_t seed;         /* for splits made here (a folder without splits) and for rendered scenes */
    int image;             /* side in pixels at which scenes are rendered */
    size_t scenes[SPLITS]; /* images a split of `scenes:` */
    bool unlabelled;       /* labels do not matter: one class will do, and a folder of images alone is one */
};

struct dataset;

/* `spec`: folder:PATH, cifar:PATH, fgvc:NAME:PATH, scenes:TASK, vtab:TASK:PATH, vtab800:TASK:PATH, or the path of a
 * folder. Errors: ERROR_USAGE (unknown kind or task, with the known ones), ERROR_DATA (no images, one class only, an
 * empty split), ERROR_IO. */
int dataset_open(struct dataset **out, const char *spec, const struct dataset_options *options, struct error *e);
void dataset_close(struct dataset *d); /* NULL is accepted */

const char *dataset_spec(const struct dataset *d); /* normalised: with its kind */
size_t dataset_size(const struct dataset *d, enum split split);
int dataset_classes(const struct dataset *d);
const char *dataset_class_name(const struct dataset *d, int label);
/* -1: the image is damaged, decoding it says how. `index` is below dataset_size(); of rendered images (native) there is
 * no end, here and in dataset_decode(). */
int dataset_label(const struct dataset *d, enum split split, size_t index);
/* File of an image, NULL where it is rendered or one of many in a file. */
const char *dataset_path(const struct dataset *d, enum split split, size_t index);
/* Where an image lies, for messages: its file, the place in it. Returns `out`. */
const char *dataset_say(const struct dataset *d, enum split split, size_t index, char *out, size_t size);
/* True where decoding gives images of options.image already (rendered). */
bool dataset_is_native(const struct dataset *d);
/* Where a benchmark's splits were made here, by options.seed, since its split files are not there: the path of an image
 * as it would stand in one. NULL: they were not. */
const char *dataset_dealt_path(const struct dataset *d, enum split split, size_t index);
/* Images of a split of the benchmark as published; 0: not known. */
size_t dataset_published(const struct dataset *d, enum split split);
int dataset_published_classes(const struct dataset *d); /* likewise */
/* Of a SPEC: true where the benchmark takes pictures whole, stretched to the input's square (preprocess vtab). */
bool dataset_is_stretched(const char *spec);
/* True if both list the same class names in the same order. */
bool dataset_same_classes(const struct dataset *a, const struct dataset *b);

/* Decodes or renders one image. Errors: ERROR_IO, ERROR_DATA (names the file and the reason). */
int dataset_decode(const struct dataset *d, enum split split, size_t index, struct image *out, struct error *e);

/* How a SPEC can begin, i from 0 on: "folder:", "fgvc:cub:", "scenes:shape" ... Behind a colon at its end stands a
 * path. False behind the last. */
bool dataset_beginning(size_t i, char *out, size_t size);

/* What a SPEC is known by: "folder:birds" of folder:/home/me/birds/, "fgvc:cub" of fgvc:cub:PATH, "birds" of a path
 * alone. Returns `out`. */
const char *dataset_short_name(const char *spec, char *out, size_t size);

/* SHA-256 (lower-case hex) of the encoded file, or of the pixels where none is encoded. */
int dataset_hash_image(const struct dataset *d, enum split split, size_t index, char out[65], struct error *e);

/* SHA-256 over the kind, class names, paths and sizes (for rendered data: over the parameters). */
void dataset_fingerprint(const struct dataset *d, char out[65]);

const char *split_name(enum split split); /* "train", "val", "test" */
bool split_parse(const char *name, enum split *out);

#endif
