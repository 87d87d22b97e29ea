/* fgvc:NAME:PATH. PATH holds train.json, val.json and test.json, {path: class} each, in whose order the images stand
 * (json_dataset.py of VPT). A class's label is its rank among those of train, which the other splits must keep to: the
 * reference ranks each split by itself, the same where all splits have all classes, and shifted labels where not.
 *
 * Without these files the splits are made here: from the lists that CUB and NABirds come with (images.txt,
 * image_class_labels.txt, train_test_split.txt), a tenth of each class of train dealt to val; or from class folders,
 * dealt 80/10/10. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/data/fgvc_lists.h"
#include "core/data/listing.h"
#include "core/file_bytes.h"
#include "core/folder_has.h"

enum { MOST_JSON = 1 << 28 };

struct benchmark {
    const char *name, *folder;
    int classes;
    size_t counts[SPLITS];
};

static const struct benchmark benchmarks[] = {
#define FGVC(name, folder, classes, train, val, test) {name, folder, classes, {train, val, test}},
#include "core/data/fgvc.def"
#undef FGVC
};

enum { BENCHMARKS = sizeof benchmarks / sizeof *benchmarks };

/* A class as the files call it: a number or a word. */
struct class {
    double number;
    const char *word; /* NULL: a number */
};

static int compare_classes(const void *a, const void *b) {
    const struct class *x = a, *y = b;
    if (x->word && y->word)
        return strcmp(x->word, y->word);
    if (!x->word != !y->word)
        return x->word ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

/* The classes of train, each once, in their order. */
struct classes {
    struct class *at;
    size_t count;
};

static bool class_of(const cJSON *value, struct class *out) {
    *out = (struct class){.number = value->valuedouble, .word = cJSON_IsString(value) ? value->valuestring : NULL};
    return cJSON_IsString(value) || (cJSON_IsNumber(value) && value->valuedouble == value->valuedouble);
}

static int no_class(const char *path, const cJSON *entry, struct error *e) {
    return error_set(e, ERROR_FORMAT, "%s: the class of '%.200s' is neither a number nor a word", path, entry->string);
}

static int find_classes(struct classes *out, const cJSON *train, const char *path, struct error *e) {
    const cJSON *entry;
    size_t images = (size_t)cJSON_GetArraySize(train), n = 0;
    out->at = calloc(images + 1, sizeof *out->at);
    if (!out->at)
        return listing_no_memory(path, e);
    cJSON_ArrayForEach (entry, train)
        if (!class_of(entry, &out->at[n++]))
            return no_class(path, entry, e);
    qsort(out->at, n, sizeof *out->at, compare_classes);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || compare_classes(&out->at[i], &out->at[out->count - 1]) != 0)
            out->at[out->count++] = out->at[i];
    return 0;
}

static int add_image(struct listing *l, enum split split, const char *folder, const cJSON *entry,
                     const struct classes *classes, const char *json, struct error *e) {
    struct class class;
    char *path = NULL;
    if (!class_of(entry, &class))
        return no_class(json, entry, e);
    const struct class *found = bsearch(&class, classes->at, classes->count, sizeof class, compare_classes);
    if (!listing_stays_inside(entry->string))
        return error_set(e, ERROR_DATA, "%s: '%.200s' is no path below the dataset's folder", json, entry->string);
    if (!found)
        return error_set(e, ERROR_DATA, "%s: '%.200s' is of a class that train.json has none of", json, entry->string);
    if (asprintf(&path, "%s%s%s/%s", l->root, *folder ? "/" : "", folder, entry->string) < 0)
        path = NULL;
    return listing_add_file(&l->splits[split], path, (int)(found - classes->at)) ? 0 : listing_no_memory(json, e);
}

static int parse(cJSON **out, const char *path, struct error *e) {
    uint8_t *text;
    size_t size;
    int r = file_bytes(&text, &size, path, MOST_JSON, "a list of images", e);
    if (r < 0)
        return r;
    *out = cJSON_ParseWithLength((const char *)text, size);
    free(text);
    if (!cJSON_IsObject(*out) || !(*out)->child) {
        cJSON_Delete(*out);
        *out = NULL;
        return error_set(e, ERROR_FORMAT, "%s: no JSON object of image paths and classes", path);
    }
    return 0;
}

/* The first part of a path below `folder` where that is a folder of its own, else NULL; *length of it. */
static const char *class_folder(const struct listing *l, const char *folder, const char *path, size_t *length) {
    const char *below = path + strlen(l->root) + 1 + (*folder ? strlen(folder) + 1 : 0), *slash = strchr(below, '/');
    *length = slash ? (size_t)(slash - below) : 0;
    return slash ? below : NULL;
}

/* Classes are called as their folders if each has one to itself. */
static bool name_by_folders(struct listing *l, const char *folder, size_t classes, char **names) {
    const struct listing_files *train = &l->splits[SPLIT_TRAIN];
    bool good = true;
    for (size_t i = 0; good && i < train->count; i++) {
        size_t length;
        const char *of = class_folder(l, folder, train->at[i].path, &length);
        char **name = &names[train->at[i].label];
        if (!of)
            good = false;
        else if (!*name)
            good = (*name = strndup(of, length)) != NULL;
        else
            good = strlen(*name) == length && memcmp(*name, of, length) == 0;
    }
    for (size_t i = 0; good && i < classes; i++) /* some hundred */
        for (size_t k = 0; good && k < i; k++)
            good = strcmp(names[i], names[k]) != 0;
    return good;
}

static int name_classes(struct listing *l, const char *folder, const struct classes *classes, struct error *e) {
    char **names = calloc(classes->count + 1, sizeof *names);
    bool folders = names && name_by_folders(l, folder, classes->count, names);
    int r = names ? 0 : listing_no_memory(l->root, e);
    for (size_t i = 0; names && i < classes->count; i++) {
        char *name = NULL, *known = names[i];
        if (folders)
            name = known;
        else if (classes->at[i].word)
            name = strdup(classes->at[i].word);
        else if (asprintf(&name, "%.15g", classes->at[i].number) < 0)
            name = NULL;
        if (!folders)
            free(known);
        reader_clean_name(name);
        if (!listing_add_name(&l->classes, name))
            r = listing_no_memory(l->root, e);
    }
    free(names);
    return r < 0 ? r : fgvc_lists_name_numbers(l, e);
}

static char *json_path(const struct listing *l, enum split split) {
    char *path = NULL;
    return asprintf(&path, "%s/%s.json", l->root, split_name(split)) < 0 ? NULL : path;
}

static int read_json(struct listing *l, const char *folder, struct error *e) {
    struct classes classes = {0};
    cJSON *lists[SPLITS] = {0};
    int r = 0;
    for (enum split s = SPLIT_TRAIN; r == 0 && s < SPLITS; s++) {
        const cJSON *entry;
        char *path = json_path(l, s);
        r = path ? parse(&lists[s], path, e) : listing_no_memory(l->root, e);
        if (r == 0 && s == SPLIT_TRAIN)
            r = find_classes(&classes, lists[s], path, e);
        if (r == 0)
            cJSON_ArrayForEach (entry, lists[s])
                if ((r = add_image(l, s, folder, entry, &classes, path, e)) < 0)
                    break;
        free(path);
    }
    if (r == 0)
        r = name_classes(l, folder, &classes, e);
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        cJSON_Delete(lists[s]);
    free(classes.at);
    return r;
}

static const struct benchmark *find_benchmark(const char *argument) {
    const char *colon = strchr(argument, ':');
    for (int i = 0; colon && i < BENCHMARKS; i++) {
        size_t n = strlen(benchmarks[i].name);
        if (n == (size_t)(colon - argument) && memcmp(argument, benchmarks[i].name, n) == 0)
            return &benchmarks[i];
    }
    return NULL;
}

static const char *name_at(size_t i) {
    return i < BENCHMARKS ? benchmarks[i].name : NULL;
}

static int unknown(const char *argument, struct error *e) {
    char known[128];
    return error_set(e, ERROR_USAGE, "data 'fgvc:%s': NAME:PATH was expected, NAME one of %s", argument,
                     reader_list_names(name_at, known, sizeof known));
}

static bool has_json(const struct listing *l) {
    return folder_has(l->root, "train.json") || folder_has(l->root, "val.json") || folder_has(l->root, "test.json");
}

/* The folder that paths start from, below PATH: the benchmark's, "" where there is no such folder. */
static const char *start_of(const struct listing *l, const struct benchmark *b) {
    return *b->folder && folder_has_folder(l->root, b->folder) ? b->folder : "";
}

/* Class folders in the folder that paths start from. */
static int open_folders(struct reader_contents *out, const struct listing *l, const char *folder,
                        const struct dataset_options *options, struct error *e) {
    struct error why = {0};
    char *below = listing_join(l->root, folder);
    int r =
        below ? folder_reader.open(out, *folder ? below : l->root, options, &why) : listing_no_memory(l->root, &why);
    free(below);
    if (r < 0)
        return error_set(e, r,
                         "%s: has neither train.json, val.json and test.json with image paths and classes, nor class "
                         "folders to make splits from (%.300s)",
                         l->root, why.text);
    const struct listing *found = out->state;
    out->dealt = found->dealt ? strlen(found->root) + 1 : 0;
    return 0;
}

/* Split files, or lists. */
static int open_lists(struct reader_contents *out, struct listing *l, const char *folder, bool json, uint64_t seed,
                      struct error *e) {
    int r = json ? read_json(l, folder, e) : fgvc_lists_read(l, folder, seed, e);
    if (r == 0 && l->classes.count < 2)
        r = error_set(e, ERROR_DATA, "%s: %zu class; at least two were expected", l->root, l->classes.count);
    for (enum split s = SPLIT_TRAIN; r == 0 && s < SPLITS; s++)
        if (l->splits[s].count == 0)
            r = error_set(e, ERROR_DATA, "%s: no images in the %s split", l->root, split_name(s));
    if (r < 0)
        return r;
    *out = listing_contents(l);
    if (l->dealt)
        out->dealt = strlen(l->root) + 1 + (*folder ? strlen(folder) + 1 : 0);
    return 0;
}

static int open_fgvc(struct reader_contents *out, const char *argument, const struct dataset_options *options,
                     struct error *e) {
    const struct benchmark *b = find_benchmark(argument);
    const char *path = b ? argument + strlen(b->name) + 1 : NULL;
    if (!b || !*path)
        return unknown(argument, e);
    struct listing *l = listing_create(path);
    if (!l)
        return listing_no_memory(path, e);
    const char *folder = start_of(l, b);
    bool json = has_json(l), lists = !json && fgvc_lists_are_there(l);
    int r =
        json || lists ? open_lists(out, l, folder, json, options->seed, e) : open_folders(out, l, folder, options, e);
    if (r < 0 || !(json || lists))
        listing_close(l);
    memcpy(out->published, b->counts, sizeof out->published);
    out->published_classes = b->classes;
    return r;
}

const struct reader fgvc_reader = {
    .kind = "fgvc",
    .argument = "NAME:PATH",
    .form = ARGUMENT_NAME_AND_PATH,
    .name = name_at,
    .open = open_fgvc,
    .close = listing_close,
    .class_name = listing_class_name,
    .label = listing_label,
    .path = listing_path,
    .decode = listing_decode,
    .fingerprint = listing_fingerprint,
};
