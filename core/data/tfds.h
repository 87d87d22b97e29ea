/* A dataset as TensorFlow Datasets prepares it: a folder of one version with dataset_info.json and, for each split,
 * TFRecord shards of tf.train.Example.
 *
 *     struct tfds *t = NULL;
 *     tfds_open(&t, "data/cifar100/3.0.2", &err);
 *     tfds_size(t, "train", &n);
 *     tfds_walk(t, "train", 800, 200, label_it, &labels, &err);
 *
 * The order of a split is that of its shards. features.json is not needed. Constant after opening; any thread may call.
 */
#ifndef CORE_DATA_TFDS_H
#define CORE_DATA_TFDS_H

#include "core/error.h"
#include "core/formats/tfrecord.h"

struct tfds;

/* Errors: ERROR_IO, ERROR_MEMORY, ERROR_FORMAT (dataset_info.json is damaged, of another file format, or so old that
 * it does not tell how long its shards are). */
int tfds_open(struct tfds **out, const char *folder, struct error *e);
void tfds_close(struct tfds *t); /* NULL is accepted */

const char *tfds_folder(const struct tfds *t);
const char *tfds_name(const struct tfds *t);                          /* of the dataset: "cifar100" */
bool tfds_size(const struct tfds *t, const char *split, size_t *out); /* examples; false: no such split */

/* Where an example lies. */
struct tfds_place {
    uint32_t shard; /* of all the dataset's */
    uint64_t record;
};

/* Called for each example in order, with its record's data in the window; or with w NULL where they cannot be found,
 * since the file is damaged before: what is wrong is said when it is read. Negative ends the walk. */
typedef int tfds_each_fn(void *context, size_t i, const struct tfds_place *place, struct window *w,
                         const struct tfrecord *record, struct error *e);

/* Examples first..first+count-1 of a split, i counted from 0. Data are not read beyond what `each` looks at, and not
 * checked. Errors: ERROR_IO (a shard cannot be opened), ERROR_DATA (the split has fewer), and those of `each`. */
int tfds_walk(const struct tfds *t, const char *split, size_t first, size_t count, tfds_each_fn *each, void *context,
              struct error *e);

/* The data of an example, checked: *bytes to be freed. Errors: ERROR_IO, ERROR_MEMORY, ERROR_FORMAT: file, place, what
 * is wrong. */
int tfds_read(const struct tfds *t, const struct tfds_place *place, uint8_t **bytes, size_t *size, struct error *e);

const char *tfds_shard(const struct tfds *t, uint32_t shard); /* its path */

/* "FILE, record at byte N" for messages. */
void tfds_say(const struct tfds *t, const struct tfds_place *place, char *out, size_t size);

#endif
