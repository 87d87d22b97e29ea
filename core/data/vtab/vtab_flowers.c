/* oxford_flowers102: jpg/image_00001.jpg on; setid.mat says which are of train (trnid), validation (valid) and test
 * (tstid), imagelabels.mat (labels) the class of each, from 1. */
#include <stdio.h>
#include <stdlib.h>

#include "core/data/vtab/vtab_files.h"
#include "core/data/vtab/vtab_source.h"
#include "core/formats/matlab.h"

enum { MOST_IMAGES = 99999 /* five digits */ };

static int open_file(struct matlab **m, const char *folder, const char *name, char *path, size_t size,
                     struct error *e) {
    if ((size_t)snprintf(path, size, "%s/%s", folder, name) >= size)
        return error_set(e, ERROR_DATA, "%s: the name of the folder is too long", folder);
    return matlab_open(m, path, e);
}

/* labels[i]: of image i + 1. */
static int read_labels(const char *folder, int32_t **labels, size_t *count, struct error *e) {
    char path[4096];
    struct matlab *m;
    int r = open_file(&m, folder, "imagelabels.mat", path, sizeof path, e);
    if (r == 0) {
        r = matlab_numbers(m, "labels", labels, count, MOST_IMAGES, e);
        matlab_close(m);
    }
    return r;
}

static int add_split(struct vtab_files *f, size_t i, const int32_t *ids, size_t count, const int32_t *labels,
                     size_t images, const char *path, struct error *e) {
    for (size_t at = 0; at < count; at++) {
        char name[32];
        if (ids[at] < 1 || (size_t)ids[at] > images)
            return error_set(e, ERROR_FORMAT, "%s: names image %d; 1 to %zu were expected, as imagelabels.mat has",
                             path, (int)ids[at], images);
        int32_t class = labels[ids[at] - 1];
        snprintf(name, sizeof name, "image_%05d.jpg", (int)ids[at]);
        int r = vtab_files_add(f, i, name, class >= 1 && class <= f->raw.task->classes ? class - 1 : -1, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int fill(struct vtab_files *f, const char *folder, struct error *e) {
    static const struct {
        const char *split, *array;
    } splits[] = {{"train", "trnid"}, {"validation", "valid"}, {"test", "tstid"}};
    char path[4096];
    struct matlab *m = NULL;
    int32_t *labels = NULL, *ids;
    size_t images, count;
    int r = open_file(&m, folder, "setid.mat", path, sizeof path, e);
    if (r == 0)
        r = read_labels(folder, &labels, &images, e);
    for (size_t i = 0; r == 0 && i < 3; i++) {
        r = matlab_numbers(m, splits[i].array, &ids, &count, MOST_IMAGES, e);
        if (r == 0 && (r = vtab_files_begin(f, i, folder, "jpg", e)) == 0 &&
            (r = add_split(f, i, ids, count, labels, images, path, e)) == 0)
            r = vtab_files_end(f, i, splits[i].split, path, vtab_files_name, e);
        free(ids);
    }
    free(labels);
    matlab_close(m);
    return r;
}

static int open_flowers(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"flowers-102", "102flowers", NULL};
    struct vtab_files *f = NULL;
    char *folder;
    int r = vtab_raw_find(&folder, path, tops, "setid.mat", e);
    if (r < 0 || !folder)
        return r;
    if ((r = vtab_files_create(&f, task, e)) == 0 && (r = fill(f, folder, e)) < 0)
        vtab_files_close(f);
    free(folder);
    if (r == 0)
        *state = f;
    return r;
}

const struct vtab_source vtab_flowers = {
    .dataset = "oxford_flowers102",
    .expected = "setid.mat",
    .open = open_flowers,
    .close = vtab_files_close,
    .size = vtab_raw_size,
    .locate = vtab_raw_locate,
    .encoded = vtab_files_encoded,
    .say = vtab_files_say,
};
