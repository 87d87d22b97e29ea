#include "core/data/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int listing_no_memory(const char *path, struct error *e) {
    return error_set(e, ERROR_MEMORY, "%s: not enough memory to list its images", path);
}

char *listing_join(const char *folder, const char *name) {
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

bool listing_stays_inside(const char *path) {
    const char *part = path, *slash;
    do {
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
        slash = strchr(part, '/');
        part = slash ? slash + 1 : NULL;
    } while (part);
    return *path != '/';
}

/* Makes room for one more element. */
static bool grow(void *array, size_t *room, size_t count, size_t size) {
    void **at = array;
    if (count < *room)
        return true;
    size_t more = *room ? *room * 2 : 16;
    void *grown = reallocarray(*at, more, size);
    if (!grown)
        return false;
    *at = grown;
    *room = more;
    return true;
}

bool listing_add_name(struct listing_names *n, char *name) {
    if (!name || !grow(&n->at, &n->room, n->count, sizeof *n->at)) {
        free(name);
        return false;
    }
    n->at[n->count++] = name;
    return true;
}

void listing_free_names(struct listing_names *n) {
    for (size_t i = 0; i < n->count; i++)
        free(n->at[i]);
    free(n->at);
    *n = (struct listing_names){0};
}

int listing_compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool listing_add_file(struct listing_files *f, char *path, int label) {
    if (!path || !grow(&f->at, &f->room, f->count, sizeof *f->at)) {
        free(path);
        return false;
    }
    f->at[f->count++] = (struct listing_file){path, label};
    return true;
}

void listing_free_files(struct listing_files *f) {
    for (size_t i = 0; i < f->count; i++)
        free(f->at[i].path);
    free(f->at);
    *f = (struct listing_files){0};
}

struct listing *listing_create(const char *root) {
    size_t length = strlen(root);
    while (length > 1 && root[length - 1] == '/')
        length--;
    struct listing *l = calloc(1, sizeof *l);
    if (l && !(l->root = strndup(root, length))) {
        free(l);
        return NULL;
    }
    return l;
}

void listing_close(void *listing) {
    struct listing *l = listing;
    if (!l)
        return;
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        listing_free_files(&l->splits[split]);
    listing_free_names(&l->classes);
    free(l->root);
    free(l);
}

int listing_deal(struct listing *l, struct listing_files *images, bool to_test, uint64_t seed, struct error *e) {
    size_t n = images->count;
    unsigned char *where = calloc(n + 1, 1);
    int r = where ? 0 : listing_no_memory(l->root, e);
    if (r == 0 && n > 0)
        r = split_deal(where, n, to_test, seed, images->at[0].label, l->root, e);
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct listing_file file = images->at[i];
        images->at[i].path = NULL;
        if (!listing_add_file(&l->splits[where[i]], file.path, file.label))
            r = listing_no_memory(l->root, e);
    }
    l->dealt = l->dealt || n > 0;
    free(where);
    return r;
}

struct reader_contents listing_contents(struct listing *l) {
    struct reader_contents c = {.state = l, .classes = (int)l->classes.count};
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        c.size[split] = l->splits[split].count;
    return c;
}

const char *listing_class_name(const void *listing, int label) {
    const struct listing *l = listing;
    return l->classes.at[label];
}

int listing_label(const void *listing, enum split split, size_t index) {
    const struct listing *l = listing;
    return l->splits[split].at[index].label;
}

const char *listing_path(const void *listing, enum split split, size_t index) {
    const struct listing *l = listing;
    return l->splits[split].at[index].path;
}

int listing_decode(const void *listing, enum split split, size_t index, struct image *out, struct error *e) {
    return image_read(out, listing_path(listing, split, index), e);
}

void listing_fingerprint(const void *listing, struct digest *digest) {
    const struct listing *l = listing;
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        for (size_t i = 0; i < l->splits[split].count; i++) {
            const struct listing_file *f = &l->splits[split].at[i];
            const char *below = f->path + strlen(l->root);
            struct stat st;
            char text[64];
            unsigned long long bytes = stat(f->path, &st) == 0 ? (unsigned long long)st.st_size : 0;
            int n = snprintf(text, sizeof text, "%s %d %llu ", split_name(split), f->label, bytes);
            digest_update(digest, text, (size_t)n);
            digest_update(digest, below, strlen(below) + 1);
        }
}
