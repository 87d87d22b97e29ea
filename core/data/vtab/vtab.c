/* vtab:TASK:PATH and vtab800:TASK:PATH. The 1,000 images that VTAB-1K trains on: the first 800 of a dataset's `train`
 * and the 200 that its rule names; val is those 200, which vtab800 does not train on, so that there a rate can be
 * chosen on them; test is the whole of what the rule names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/data/reader.h"
#include "core/data/vtab/vtab_source.h"

static const struct vtab_source *const sources[] = {
    &vtab_prepared, &vtab_cifar,  &vtab_svhn, &vtab_dsprites, &vtab_smallnorb, &vtab_camelyon,
    &vtab_eurosat,  &vtab_resisc, &vtab_dtd,  &vtab_pets,     &vtab_flowers,   &vtab_clevr,
};

enum { SOURCES = sizeof sources / sizeof *sources };

struct state {
    const struct vtab_task *task;
    const struct vtab_source *source;
    void *of_source;
    bool val_is_trained;
    struct vtab_image *images; /* [count]: 800, 200, then those of test; fewer where the splits are smaller */
    size_t first[SPLITS], count;
    char **names; /* [classes] */
};

static const char *name_at(size_t i) {
    return i < vtab_count() ? vtab_at(i)->name : NULL;
}

static int unknown_task(const char *kind, const char *argument, struct error *e) {
    char known[512];
    return error_set(e, ERROR_USAGE, "data '%s:%s': TASK:PATH was expected, TASK one of %s", kind, argument,
                     reader_list_names(name_at, known, sizeof known));
}

static bool serves(const struct vtab_source *source, const struct vtab_task *task) {
    size_t n = strcspn(task->dataset, "/");
    return !source->dataset || (strncmp(source->dataset, task->dataset, n) == 0 && !source->dataset[n]);
}

static int open_source(struct state *s, const char *path, struct error *e) {
    const char *raw = NULL;
    for (size_t i = 0; i < SOURCES; i++) {
        if (!serves(sources[i], s->task))
            continue;
        int r = sources[i]->open(&s->of_source, s->task, path, e);
        if (r < 0)
            return r;
        if (s->of_source) {
            s->source = sources[i];
            return 0;
        }
        raw = sources[i]->expected;
    }
    return error_set(
        e, ERROR_DATA,
        "%s: holds no dataset of the task %s; %s/%s/dataset_info.json, as TensorFlow Datasets prepares it%s%s%s "
        "was expected",
        path, s->task->name, s->task->dataset, s->task->version, raw ? ", or " : ",", raw ? raw : "",
        raw ? " of the raw download" : "");
}

/* A part of a split of the dataset: up to `most` images from `first` on. */
struct part {
    const char *split;
    size_t first, most, count;
};

static int measure(const struct state *s, const char *path, struct part *p,
                   size_t (*first_of)(const struct vtab_task *, size_t), struct error *e) {
    size_t n;
    if (!s->source->size(s->of_source, p->split, &n))
        return error_set(e, ERROR_DATA, "%s: has no split '%s'; the task %s needs one", path, p->split, s->task->name);
    p->first = first_of ? first_of(s->task, n) : 0;
    if (p->first >= n)
        return error_set(e, ERROR_DATA, "%s: its split '%s' has %zu images; more than %zu were expected", path,
                         p->split, n, p->first);
    p->count = n - p->first < p->most ? n - p->first : p->most;
    return 0;
}

static int locate(struct state *s, const char *path, struct error *e) {
    struct part parts[] = {{.split = "train", .most = 800},
                           {.split = s->task->val.split, .most = 200},
                           {.split = s->task->test.split, .most = SIZE_MAX}};
    int r = measure(s, path, &parts[0], NULL, e);
    if (r == 0)
        r = measure(s, path, &parts[1], vtab_val_first, e);
    if (r == 0)
        r = measure(s, path, &parts[2], vtab_test_first, e);
    if (r < 0)
        return r;
    s->images = calloc(parts[0].count + parts[1].count + parts[2].count, sizeof *s->images);
    if (!s->images)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to list %zu images", path, parts[2].count);
    size_t at = 0;
    for (int i = 0; r == 0 && i < 3; at += parts[i++].count) {
        s->first[i] = at;
        r = s->source->locate(s->of_source, parts[i].split, parts[i].first, parts[i].count, s->images + at, e);
    }
    s->count = at;
    return r == 0 && s->source->gather ? s->source->gather(s->of_source, e) : r;
}

/* One a line, if there are as many lines as classes. */
static bool take_names(struct state *s) {
    char *text = s->source->class_names ? s->source->class_names(s->of_source) : NULL, *rest = text, *line;
    int found = 0;
    while (text && (line = strsep(&rest, "\n")) && (*line || rest) && found <= s->task->classes)
        if (found++ < s->task->classes)
            reader_clean_name(s->names[found - 1] = strdup(line));
    free(text);
    return found == s->task->classes;
}

static int name_classes(struct state *s, struct error *e) {
    size_t classes = (size_t)s->task->classes;
    s->names = calloc(classes, sizeof *s->names);
    bool named = s->names && take_names(s), whole = s->names != NULL;
    for (size_t i = 0; i < classes && whole; i++) {
        char name[64];
        if (!named) {
            free(s->names[i]);
            vtab_class_name(s->task, (int)i, name, sizeof name);
            s->names[i] = strdup(name);
        }
        whole = s->names[i] != NULL;
    }
    return whole ? 0 : error_set(e, ERROR_MEMORY, "not enough memory for the classes of %s", s->task->name);
}

static void close_vtab(void *state) {
    struct state *s = state;
    for (int i = 0; s->names && i < s->task->classes; i++)
        free(s->names[i]);
    free(s->names);
    free(s->images);
    if (s->of_source)
        s->source->close(s->of_source);
    free(s);
}

static int open_task(struct reader_contents *out, const char *argument, bool val_is_trained, struct error *e) {
    const char *colon = strchr(argument, ':');
    char task[64] = "";
    if (colon && (size_t)(colon - argument) < sizeof task)
        snprintf(task, sizeof task, "%.*s", (int)(colon - argument), argument);
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(e, ERROR_MEMORY, "not enough memory for data 'vtab:%s'", argument);
    *s = (struct state){.task = vtab_find(task), .val_is_trained = val_is_trained};
    int r = s->task && colon[1] ? open_source(s, colon + 1, e)
                                : unknown_task(val_is_trained ? "vtab" : "vtab800", argument, e);
    if (r < 0) {
        free(s);
        return r;
    }
    if ((r = locate(s, colon + 1, e)) < 0 || (r = name_classes(s, e)) < 0) {
        close_vtab(s);
        return r;
    }
    *out = (struct reader_contents){.state = s, .classes = s->task->classes};
    out->size[SPLIT_TRAIN] = s->first[val_is_trained ? SPLIT_TEST : SPLIT_VAL];
    out->size[SPLIT_VAL] = s->first[SPLIT_TEST] - s->first[SPLIT_VAL];
    out->size[SPLIT_TEST] = s->count - s->first[SPLIT_TEST];
    out->published[SPLIT_TRAIN] = val_is_trained ? 1000 : 800;
    out->published[SPLIT_VAL] = 200;
    out->published[SPLIT_TEST] = vtab_published_test(s->task);
    return 0;
}

static int open_vtab(struct reader_contents *out, const char *argument, const struct dataset_options *options,
                     struct error *e) {
    (void)options;
    return open_task(out, argument, true, e);
}

static int open_vtab800(struct reader_contents *out, const char *argument, const struct dataset_options *options,
                        struct error *e) {
    (void)options;
    return open_task(out, argument, false, e);
}

static const char *class_name(const void *state, int label) {
    const struct state *s = state;
    return s->names[label];
}

static const struct vtab_image *image_of(const struct state *s, enum split split, size_t index) {
    return &s->images[s->first[split] + index];
}

static int label_of(const void *state, enum split split, size_t index) {
    return image_of(state, split, index)->label;
}

static void say(const void *state, enum split split, size_t index, char *out, size_t size) {
    const struct state *s = state;
    s->source->say(s->of_source, image_of(s, split, index), out, size);
}

static int encoded(const void *state, enum split split, size_t index, uint8_t **bytes, size_t *size, struct error *e) {
    const struct state *s = state;
    *bytes = NULL;
    return s->source->encoded ? s->source->encoded(s->of_source, image_of(s, split, index), bytes, size, e) : 0;
}

static int decode(const void *state, enum split split, size_t index, struct image *out, struct error *e) {
    const struct state *s = state;
    uint8_t *bytes;
    size_t size;
    char name[512];
    int r = encoded(s, split, index, &bytes, &size, e);
    if (r < 0)
        return r;
    if (bytes) {
        say(s, split, index, name, sizeof name);
        r = image_decode(out, bytes, size, name, e);
        free(bytes);
    } else {
        r = s->source->pixels(s->of_source, image_of(s, split, index), out, e);
    }
    for (size_t i = 0; r == 0 && vtab_is_binary(s->task) && i < (size_t)out->width * (size_t)out->height * 3; i++)
        out->rgb[i] = out->rgb[i] ? 255 : 0;
    return r;
}

/* The name and the size of a file. */
static void add_file(struct digest *digest, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct stat st;
    char text[32];
    snprintf(text, sizeof text, "%lld", stat(path, &st) == 0 ? (long long)st.st_size : -1);
    digest_update(digest, name, strlen(name) + 1);
    digest_update(digest, text, strlen(text) + 1);
}

static void fingerprint(const void *state, struct digest *digest) {
    const struct state *s = state;
    const char *last = NULL;
    char text[64], where[4096];
    snprintf(text, sizeof text, "%s %d %zu %zu", s->task->name, s->val_is_trained, s->first[SPLIT_VAL],
             s->first[SPLIT_TEST]);
    digest_update(digest, text, strlen(text) + 1);
    for (size_t i = 0; i < s->count; i++) {
        const struct vtab_image *im = &s->images[i];
        snprintf(text, sizeof text, "%u %llu %d", im->file, (unsigned long long)im->place, im->label);
        digest_update(digest, text, strlen(text) + 1);
        const char *file = s->source->file ? s->source->file(s->of_source, im) : NULL;
        if (!s->source->file) {
            s->source->say(s->of_source, im, where, sizeof where);
            add_file(digest, where);
        } else if (file != last) { /* many in one */
            add_file(digest, last = file);
        }
    }
}

#define VTAB(spec, opener)                                                                                             \
    {                                                                                                                  \
        .kind = spec, .argument = "TASK:PATH", .form = ARGUMENT_NAME_AND_PATH, .stretched = true, .name = name_at,     \
        .open = opener, .close = close_vtab, .class_name = class_name, .label = label_of, .say = say,                  \
        .encoded = encoded, .decode = decode, .fingerprint = fingerprint                                               \
    }

const struct reader vtab_reader = VTAB("vtab", open_vtab), vtab_800_reader = VTAB("vtab800", open_vtab800);
