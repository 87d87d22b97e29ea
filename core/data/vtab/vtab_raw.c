#include "core/data/vtab/vtab_raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/folder_has.h"

/* Whether FOLDER or FOLDER/TOP holds the file: 1 and *out, 0, or negative without memory. */
static int try_folder(char **out, const char *path, const char *top, const char *file) {
    char *folder = NULL;
    if (asprintf(&folder, "%s%s%s", path, top ? "/" : "", top ? top : "") < 0)
        return -1;
    bool there = folder_has(folder, file);
    if (there)
        *out = folder;
    else
        free(folder);
    return there;
}

int vtab_raw_find(char **out, const char *path, const char *const *tops, const char *file, struct error *e) {
    *out = NULL;
    int found = try_folder(out, path, NULL, file);
    for (; found == 0 && *tops; tops++)
        found = try_folder(out, path, *tops, file);
    return found < 0 ? error_set(e, ERROR_MEMORY, "%s: not enough memory to look into it", path) : 0;
}

int vtab_raw_add(struct vtab_raw *r, const char *split, const char *path, uint64_t count, struct error *e) {
    size_t i = 0;
    while (r->splits[i].name)
        i++;
    struct vtab_raw_split *s = &r->splits[i];
    if (count == 0 || count > VTAB_RAW_MOST)
        return error_set(e, ERROR_DATA, "%s: %llu images; 1 to %d were expected", path, (unsigned long long)count,
                         VTAB_RAW_MOST);
    *s = (struct vtab_raw_split){.name = split, .path = strdup(path), .count = (size_t)count};
    s->labels = malloc(s->count * sizeof *s->labels);
    if (!s->path || !s->labels)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory for the labels of %zu images", path, s->count);
    memset(s->labels, 0xff, s->count * sizeof *s->labels);
    return 0;
}

int vtab_raw_sort(struct vtab_raw *r, size_t i, md5_order_key_fn *key, const void *context, struct error *e) {
    struct vtab_raw_split *s = &r->splits[i];
    return md5_order(&s->order, s->name, s->count, key, context, e);
}

void vtab_raw_free(struct vtab_raw *r) {
    for (size_t i = 0; i < VTAB_RAW_SPLITS; i++) {
        free(r->splits[i].path);
        free(r->splits[i].labels);
        free(r->splits[i].order);
    }
}

/* NULL: none of that name. */
static const struct vtab_raw_split *find(const struct vtab_raw *r, const char *split) {
    for (size_t i = 0; i < VTAB_RAW_SPLITS && r->splits[i].name; i++)
        if (strcmp(r->splits[i].name, split) == 0)
            return &r->splits[i];
    return NULL;
}

bool vtab_raw_size(const void *state, const char *split, size_t *out) {
    const struct vtab_raw_split *s = find(state, split);
    if (s)
        *out = s->count;
    return s != NULL;
}

int vtab_raw_locate(void *state, const char *split, size_t first, size_t count, struct vtab_image *out,
                    struct error *e) {
    const struct vtab_raw *r = state;
    const struct vtab_raw_split *s = find(r, split);
    (void)e;
    for (size_t i = 0; i < count; i++) {
        uint32_t index = s->order[first + i];
        out[i] = (struct vtab_image){.place = index, .file = (uint32_t)(s - r->splits), .label = s->labels[index]};
    }
    return 0;
}

void vtab_raw_say(const void *state, const struct vtab_image *i, char *out, size_t size) {
    const struct vtab_raw *r = state;
    snprintf(out, size, "%s, image %llu", r->splits[i->file].path, (unsigned long long)i->place);
}

const char *vtab_raw_file(const void *state, const struct vtab_image *i) {
    const struct vtab_raw *r = state;
    return r->splits[i->file].path;
}

int vtab_raw_no_label(const struct vtab_raw *r, const char *where, struct error *e) {
    return error_set(e, ERROR_FORMAT, "%s: its label is none of the %d of the task %s", where, r->task->classes,
                     r->task->name);
}

int vtab_raw_check(const void *state, const struct vtab_image *i, struct error *e) {
    const struct vtab_raw *r = state;
    char where[512];
    if (i->label >= 0)
        return 0;
    vtab_raw_say(state, i, where, sizeof where);
    return vtab_raw_no_label(r, where, e);
}

int vtab_raw_picture(struct image *out, const uint8_t *bytes, size_t side, size_t row, size_t column, size_t channel,
                     struct error *e) {
    int r = image_create(out, (int)side, (int)side, e);
    if (r < 0)
        return r;
    uint8_t *rgb = out->rgb;
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            for (size_t c = 0; c < 3; c++)
                *rgb++ = bytes[y * row + x * column + c * channel];
    return 0;
}
