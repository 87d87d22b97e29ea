/* Image files in three splits, with classes: what readers of folders and of lists make of a dataset, and what they then
 * answer from it. Private to core/data.
 *
 *     struct listing *l = listing_create(path);
 *     listing_add_name(&l->classes, strdup("cat"));
 *     listing_add_file(&l->splits[SPLIT_TRAIN], path_of_a_cat, 0);
 *     ...
 *     listing_close(l);
 *
 * Filled by one thread, constant after that. */
#ifndef CORE_DATA_LISTING_H
#define CORE_DATA_LISTING_H

#include "core/data/reader.h"

struct listing_names {
    char **at;
    size_t count, room;
};

/* False: no memory. `name` is taken over, also then; NULL is no memory. */
bool listing_add_name(struct listing_names *n, char *name);
void listing_free_names(struct listing_names *n);
/* For qsort and bsearch of char *: byte order. */
int listing_compare_names(const void *a, const void *b);

struct listing_file {
    char *path; /* ROOT/... */
    int label;
};

struct listing_files {
    struct listing_file *at;
    size_t count, room;
};

/* Likewise; `path` is taken over. */
bool listing_add_file(struct listing_files *f, char *path, int label);
void listing_free_files(struct listing_files *f);

struct listing {
    bool dealt; /* by listing_deal() */
    char *root;
    struct listing_names classes; /* by label */
    struct listing_files splits[SPLITS];
};

/* `root` loses the slashes at its end. NULL: no memory. */
struct listing *listing_create(const char *root);
void listing_close(void *listing); /* reader.close; NULL is accepted */

/* "FOLDER/NAME", to be freed; NULL: no memory. */
char *listing_join(const char *folder, const char *name);
int listing_no_memory(const char *path, struct error *e);

/* Whether a path from a list stays below the folder that it starts from. */
bool listing_stays_inside(const char *path);

/* Deals the images of one class out as split_deal() does, each split in the order of `images`, which gives its paths
 * up. Errors: ERROR_MEMORY, ERROR_DATA (too many to shuffle). */
int listing_deal(struct listing *l, struct listing_files *images, bool to_test, uint64_t seed, struct error *e);

/* What dataset.c is told of it. */
struct reader_contents listing_contents(struct listing *l);

/* Functions of a reader whose state is a listing. */
const char *listing_class_name(const void *listing, int label);
int listing_label(const void *listing, enum split split, size_t index);
const char *listing_path(const void *listing, enum split split, size_t index);
int listing_decode(const void *listing, enum split split, size_t index, struct image *out, struct error *e);
/* Paths from the root on, and sizes: a folder that has moved is still the same data. */
void listing_fingerprint(const void *listing, struct digest *digest);

#endif
