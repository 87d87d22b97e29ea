/* Raw downloads that are image files: names with labels for each split, classes in the order of their names. Private to
 * core/data; what reads the lists is in vtab_folders.c, vtab_lists.c, vtab_flowers.c and vtab_clevr.c. */
#ifndef CORE_DATA_VTAB_VTAB_FILES_H
#define CORE_DATA_VTAB_VTAB_FILES_H

#include "core/data/vtab/vtab_raw.h"

struct vtab_files_split {
    char *folder; /* what its images are below */
    char **names; /* [count]: below it, "banded/banded_0002.jpg" */
    size_t count, room;
    int16_t *labels; /* [count] */
};

struct vtab_files {
    struct vtab_raw raw; /* first, as vtab_raw.h asks */
    struct vtab_files_split splits[VTAB_RAW_SPLITS];
    char **classes; /* names of the task's classes; NULL: not known */
};

/* *out with no split yet. Errors: ERROR_MEMORY. */
int vtab_files_create(struct vtab_files **out, const struct vtab_task *task, struct error *e);
void vtab_files_close(void *state);

/* Fills in the classes: the folders in `folder`, in byte order. Errors: ERROR_IO, ERROR_MEMORY, ERROR_DATA: not as many
 * as the task has. */
int vtab_files_classes(struct vtab_files *f, const char *folder, struct error *e);

/* The label of the class whose name is the first `length` bytes of `name`; -1: there is none. */
int vtab_files_label(const struct vtab_files *f, const char *name, size_t length);

/* Images of split i: begins with their folder "FOLDER/BELOW", adds each, ends with the key of an image (context: the
 * struct vtab_files_split). `list` is what named them, for messages. Errors: ERROR_MEMORY, ERROR_DATA (none, or too
 * many). */
int vtab_files_begin(struct vtab_files *f, size_t i, const char *folder, const char *below, struct error *e);
int vtab_files_add(struct vtab_files *f, size_t i, const char *name, int label, struct error *e);
int vtab_files_end(struct vtab_files *f, size_t i, const char *split, const char *list, md5_order_key_fn *key,
                   struct error *e);

/* The name itself as a key; the name with _ for each /. */
md5_order_key_fn vtab_files_name, vtab_files_flat_name;

/* Names in `folder` that `keep` accepts, in byte order; vtab_files_free_names() frees them. */
typedef bool vtab_files_keep_fn(const char *folder, const char *name);
int vtab_files_list(char ***names, size_t *count, const char *folder, vtab_files_keep_fn *keep, struct error *e);
void vtab_files_free_names(char **names, size_t count);

/* For struct vtab_source. */
int vtab_files_encoded(const void *state, const struct vtab_image *i, uint8_t **bytes, size_t *size, struct error *e);
void vtab_files_say(const void *state, const struct vtab_image *i, char *out, size_t size);
char *vtab_files_class_names(const void *state);

#endif
