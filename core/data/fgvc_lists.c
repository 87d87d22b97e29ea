#include "core/data/fgvc_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file_bytes.h"
#include "core/folder_has.h"

enum { MOST_LIST = 1 << 28 };

struct line {
    char *key, *value;
};

/* A list in the order of its lines. */
struct list {
    char *text, *path;
    struct line *at;
    size_t count;
};

static void free_list(struct list *l) {
    free(l->at);
    free(l->text);
    free(l->path);
    *l = (struct list){0};
}

/* Cuts a line into key and value, both without blanks around them. */
static bool cut(char *line, struct line *out) {
    char *end = line + strlen(line);
    while (end > line && strchr(" \t\r", end[-1]))
        *--end = '\0';
    char *blank = line + strcspn(line, " \t");
    if (*blank)
        *blank++ = '\0';
    *out = (struct line){line, blank + strspn(blank, " \t")};
    return *line && *out->value;
}

static int read_list(struct list *l, const struct listing *of, const char *name, struct error *e) {
    size_t size, lines = 1;
    *l = (struct list){.path = listing_join(of->root, name)};
    if (!l->path)
        return listing_no_memory(of->root, e);
    uint8_t *bytes;
    int r = file_bytes(&bytes, &size, l->path, MOST_LIST, "a list", e);
    if (r < 0)
        return r;
    l->text = (char *)bytes;
    for (size_t i = 0; i < size; i++)
        lines += l->text[i] == '\n';
    if (!(l->at = calloc(lines, sizeof *l->at)))
        return listing_no_memory(l->path, e);
    char *rest = l->text, *line;
    for (size_t n = 1; (line = strsep(&rest, "\n")); n++) {
        if (line[strspn(line, " \t\r")] == '\0')
            continue;
        if (!cut(line, &l->at[l->count++]))
            return error_set(e, ERROR_FORMAT, "%s: line %zu: a key and a value were expected", l->path, n);
    }
    return 0;
}

static int compare_keys(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static void sort(struct list *l) {
    if (l->count)
        qsort(l->at, l->count, sizeof *l->at, compare_keys);
}

/* In a sorted list; NULL: not there. */
static const char *look_up(const struct list *l, const char *key) {
    const struct line wanted = {.key = (char *)key};
    const struct line *found = l->count ? bsearch(&wanted, l->at, l->count, sizeof wanted, compare_keys) : NULL;
    return found ? found->value : NULL;
}

struct lists {
    struct list images, classes, splits, names; /* all but images sorted */
};

/* Classes are numbers, in that order. */
static int compare_numbers(const void *a, const void *b) {
    const char *const *x = a, *const *y = b;
    long long n = strtoll(*x, NULL, 10), m = strtoll(*y, NULL, 10);
    return n != m ? (n > m) - (n < m) : strcmp(*x, *y);
}

static int value_of(const struct list *l, const char *image, const char **out, struct error *e) {
    *out = look_up(l, image);
    return *out ? 0 : error_set(e, ERROR_FORMAT, "%s: has no line for the image '%.100s'", l->path, image);
}

/* The classes that images have, each once; [*count], to be freed. */
static int find_classes(const struct lists *l, const char ***out, size_t *count, struct error *e) {
    const char **ids = calloc(l->images.count + 1, sizeof *ids);
    int r = ids ? 0 : listing_no_memory(l->images.path, e);
    size_t n = 0;
    for (size_t i = 0; r == 0 && i < l->images.count; i++)
        r = value_of(&l->classes, l->images.at[i].key, &ids[i], e);
    if (r < 0) {
        free(ids);
        return r;
    }
    if (l->images.count)
        qsort(ids, l->images.count, sizeof *ids, compare_numbers);
    for (size_t i = 0; i < l->images.count; i++)
        if (n == 0 || strcmp(ids[n - 1], ids[i]) != 0)
            ids[n++] = ids[i];
    *out = ids;
    *count = n;
    return 0;
}

static int add_image(struct listing *out, struct listing_files *train, const struct lists *l, const struct line *image,
                     const char *folder, const char **ids, size_t classes, struct error *e) {
    const char *id, *split;
    char *path = NULL;
    int r = value_of(&l->classes, image->key, &id, e);
    if (r == 0)
        r = value_of(&l->splits, image->key, &split, e);
    if (r < 0)
        return r;
    if (strcmp(split, "0") != 0 && strcmp(split, "1") != 0)
        return error_set(e, ERROR_FORMAT, "%s: the image '%.100s' has '%.20s'; 1 (train) or 0 (test) was expected",
                         l->splits.path, image->key, split);
    const char **found = bsearch(&id, ids, classes, sizeof *ids, compare_numbers);
    size_t label = (size_t)(found - ids);
    if (!listing_stays_inside(image->value))
        return error_set(e, ERROR_DATA, "%s: '%.200s' is no path below the dataset's folder", l->images.path,
                         image->value);
    if (asprintf(&path, "%s%s%s/%s", out->root, *folder ? "/" : "", folder, image->value) < 0)
        path = NULL;
    struct listing_files *to = strcmp(split, "0") == 0 ? &out->splits[SPLIT_TEST] : &train[label];
    return listing_add_file(to, path, (int)label) ? 0 : listing_no_memory(out->root, e);
}

static int fill(struct listing *out, const struct lists *l, const char *folder, uint64_t seed, struct error *e) {
    const char **ids = NULL;
    size_t classes = 0;
    int r = find_classes(l, &ids, &classes, e);
    struct listing_files *train = r == 0 ? calloc(classes + 1, sizeof *train) : NULL;
    if (r == 0 && !train)
        r = listing_no_memory(out->root, e);
    for (size_t i = 0; r == 0 && i < l->images.count; i++)
        r = add_image(out, train, l, &l->images.at[i], folder, ids, classes, e);
    for (size_t c = 0; train && c < classes; c++) {
        const char *name = look_up(&l->names, ids[c]);
        char *own = strdup(name ? name : ids[c]);
        reader_clean_name(own);
        if (r == 0 && !listing_add_name(&out->classes, own))
            r = listing_no_memory(out->root, e);
        else if (r < 0)
            free(own);
        if (r == 0)
            r = listing_deal(out, &train[c], false, seed, e);
        listing_free_files(&train[c]);
    }
    free(train);
    free(ids);
    return r;
}

bool fgvc_lists_are_there(const struct listing *l) {
    return folder_has(l->root, "train_test_split.txt");
}

/* "0295" -> the entry of 295. */
static const char *name_of_number(const struct list *names, const char *folder) {
    if (!*folder || folder[strspn(folder, "0123456789")])
        return NULL;
    while (*folder == '0' && folder[1])
        folder++;
    return look_up(names, folder);
}

int fgvc_lists_name_numbers(struct listing *l, struct error *e) {
    struct list names = {0};
    int r = folder_has(l->root, "classes.txt") ? read_list(&names, l, "classes.txt", e) : 0;
    sort(&names);
    for (size_t i = 0; r == 0 && i < l->classes.count; i++) {
        const char *name = name_of_number(&names, l->classes.at[i]);
        char *own = name ? strdup(name) : NULL;
        if (!name)
            continue;
        if (!own) {
            r = listing_no_memory(l->root, e);
            break;
        }
        reader_clean_name(own);
        free(l->classes.at[i]);
        l->classes.at[i] = own;
    }
    free_list(&names);
    return r;
}

int fgvc_lists_read(struct listing *out, const char *folder, uint64_t seed, struct error *e) {
    struct lists l = {0};
    int r = read_list(&l.images, out, "images.txt", e);
    if (r == 0)
        r = read_list(&l.classes, out, "image_class_labels.txt", e);
    if (r == 0)
        r = read_list(&l.splits, out, "train_test_split.txt", e);
    if (r == 0)
        r = read_list(&l.names, out, "classes.txt", e);
    sort(&l.classes);
    sort(&l.splits);
    sort(&l.names);
    if (r == 0)
        r = fill(out, &l, folder, seed, e);
    free_list(&l.images);
    free_list(&l.classes);
    free_list(&l.splits);
    free_list(&l.names);
    return r;
}
