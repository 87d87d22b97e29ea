/* VTAB tasks from what TensorFlow Datasets prepared. PATH is the folder that holds the datasets (tensorflow_datasets),
 * the one of the dataset, or the one of its version. Of several versions that of VPT is taken, else the last. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/tfds.h"
#include "core/data/vtab/vtab_label.h"
#include "core/data/vtab/vtab_source.h"
#include "core/folder_has.h"
#include "core/formats/example.h"

static bool is_prepared(const char *folder) {
    return folder_has(folder, "dataset_info.json");
}

/* The version to take among the folders in `folder`, to be freed; NULL: none. */
static char *choose_version(const char *folder, const char *wanted) {
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char *best = NULL;
    while (dir && (entry = readdir(dir))) {
        char *candidate = NULL;
        if (entry->d_name[0] == '.' || asprintf(&candidate, "%s/%s", folder, entry->d_name) < 0)
            continue;
        const char *version = best ? strrchr(best, '/') + 1 : NULL;
        bool better = !best || strcmp(entry->d_name, wanted) == 0 ||
                      (strcmp(version, wanted) != 0 && strverscmp(entry->d_name, version) > 0);
        if (better && is_prepared(candidate)) {
            free(best);
            best = candidate;
        } else {
            free(candidate);
        }
    }
    if (dir)
        closedir(dir);
    return best;
}

/* The folder of the task's version below `path`, to be freed; NULL: none. */
static char *find_version(const struct vtab_task *task, const char *path) {
    char *below = NULL;
    if (is_prepared(path))
        return strdup(path);
    if (asprintf(&below, "%s/%s", path, task->dataset) < 0)
        return NULL;
    char *found = choose_version(below, task->version);
    const char *configuration = strchr(task->dataset, '/');
    free(below);
    below = NULL;
    if (!found && configuration && asprintf(&below, "%s%s", path, configuration) >= 0)
        found = choose_version(below, task->version);
    free(below);
    return found ? found : choose_version(path, task->version);
}

struct prepared {
    const struct vtab_task *task;
    struct tfds *tfds;
};

static int open_prepared(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    char *folder = find_version(task, path);
    if (!folder)
        return 0;
    struct prepared *p = calloc(1, sizeof *p);
    int r = p ? tfds_open(&p->tfds, folder, e) : error_set(e, ERROR_MEMORY, "not enough memory for %s", folder);
    size_t name = strcspn(task->dataset, "/"); /* without its configuration */
    if (r == 0 && (strncmp(tfds_name(p->tfds), task->dataset, name) != 0 || tfds_name(p->tfds)[name])) {
        r = error_set(e, ERROR_DATA, "%s: holds the dataset '%s'; the task %s is made from '%.*s'", folder,
                      tfds_name(p->tfds), task->name, (int)name, task->dataset);
        tfds_close(p->tfds);
    }
    free(folder);
    if (r < 0) {
        free(p);
        return r;
    }
    p->task = task;
    *state = p;
    return 0;
}

static void close_prepared(void *state) {
    struct prepared *p = state;
    tfds_close(p->tfds);
    free(p);
}

static bool size_of(const void *state, const char *split, size_t *out) {
    const struct prepared *p = state;
    return tfds_size(p->tfds, split, out);
}

struct locating {
    const struct vtab_task *task;
    struct vtab_image *out;
};

static int locate_one(void *context, size_t i, const struct tfds_place *place, struct window *w,
                      const struct tfrecord *record, struct error *e) {
    struct locating *l = context;
    int label;
    (void)e; /* what is damaged is told when the image is wanted */
    if (!w || vtab_label(l->task, w, record->data, record->size, &label, NULL) < 0)
        label = -1;
    l->out[i] = (struct vtab_image){.place = place->record, .file = place->shard, .label = label};
    return 0;
}

static int locate(void *state, const char *split, size_t first, size_t count, struct vtab_image *out, struct error *e) {
    const struct prepared *p = state;
    struct locating l = {p->task, out};
    return tfds_walk(p->tfds, split, first, count, locate_one, &l, e);
}

static struct tfds_place place_of(const struct vtab_image *i) {
    return (struct tfds_place){.shard = i->file, .record = i->place};
}

static void say(const void *state, const struct vtab_image *i, char *out, size_t size) {
    const struct prepared *p = state;
    const struct tfds_place place = place_of(i);
    tfds_say(p->tfds, &place, out, size);
}

static const char *file_of(const void *state, const struct vtab_image *i) {
    const struct prepared *p = state;
    return tfds_shard(p->tfds, i->file);
}

/* The value of the key `image`, moved to the front of its record, whose label must be the one that was found. */
static int take_image(const struct vtab_task *task, int known, uint8_t *bytes, size_t *size, struct error *e) {
    static const char *const key = "image";
    struct window w;
    struct example_list list;
    uint64_t at, n;
    int label;
    window_on_memory(&w, bytes, *size);
    int r = vtab_label(task, &w, 0, *size, &label, e);
    if (r == 0 && label != known)
        r = error_set(e, ERROR_FORMAT, "it has changed since the dataset was opened");
    if (r == 0)
        r = example_find(&w, 0, *size, &key, 1, &list, e);
    if (r == 0 && list.kind == EXAMPLE_NONE)
        r = error_set(e, ERROR_FORMAT, "it has no 'image'");
    if (r < 0 || (r = example_bytes(&w, &list, &at, &n, e)) < 0)
        return r;
    memmove(bytes, bytes + at, (size_t)n);
    *size = (size_t)n;
    return 0;
}

static int encoded(const void *state, const struct vtab_image *i, uint8_t **bytes, size_t *size, struct error *e) {
    const struct prepared *p = state;
    const struct tfds_place place = place_of(i);
    int r = tfds_read(p->tfds, &place, bytes, size, e);
    if (r < 0 || (r = take_image(p->task, i->label, *bytes, size, e)) == 0)
        return r;
    char where[512];
    say(state, i, where, sizeof where);
    free(*bytes);
    *bytes = NULL;
    error_prefix(e, r, "%s: ", where);
    return r;
}

static char *class_names(const void *state) {
    const struct prepared *p = state;
    char file[64];
    snprintf(file, sizeof file, "%s.labels.txt", p->task->key);
    return *p->task->key ? vtab_source_names(tfds_folder(p->tfds), file) : NULL;
}

const struct vtab_source vtab_prepared = {
    .open = open_prepared,
    .close = close_prepared,
    .size = size_of,
    .locate = locate,
    .encoded = encoded,
    .say = say,
    .file = file_of,
    .class_names = class_names,
};
