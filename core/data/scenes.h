/* Pictures that the program renders itself, with labels that are known because they were drawn first: `scenes:TASK`.
 *
 *     const struct scenes_task *task = scenes_find("shape");
 *     image_create(&im, 48, 48, &err);
 *     scenes_render(task, 42, SPLIT_TRAIN, 7, &im);
 *     puts(scenes_class_name(task, scenes_label(task, 42, SPLIT_TRAIN, 7)));
 *
 * An image is a function of (task, seed, split, index) alone; at another size it is the same scene. Labels are whole
 * numbers drawn before anything else, every class equally often: once in each run of scenes_classes() images that
 * begins at a multiple of it. Every function is pure; any thread may call. */
#ifndef CORE_DATA_SCENES_H
#define CORE_DATA_SCENES_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/dataset.h"
#include "core/data/image.h"

#define SCENES_LEAST_SIDE 8

struct scene;       /* scene_draw.h */
struct scenes_task; /* a constant row */

const struct scenes_task *scenes_find(const char *task); /* NULL: unknown */
size_t scenes_count(void);
const struct scenes_task *scenes_at(size_t i); /* i < scenes_count() */
const char *scenes_name(const struct scenes_task *t);
const char *scenes_help(const struct scenes_task *t); /* one line: what is asked */

int scenes_classes(const struct scenes_task *t);
const char *scenes_class_name(const struct scenes_task *t, int label); /* 0 <= label < scenes_classes() */

/* Without rendering. */
int scenes_label(const struct scenes_task *t, uint64_t seed, enum split split, size_t index);

/* What image `index` shows, before it is turned into pixels; the object that the task asks about is the last one. */
void scenes_compose(const struct scenes_task *t, uint64_t seed, enum split split, size_t index, struct scene *out);

/* `out`: created by the caller, square, a side of at least SCENES_LEAST_SIDE. Returns 0. */
int scenes_render(const struct scenes_task *t, uint64_t seed, enum split split, size_t index, struct image *out);

#endif
