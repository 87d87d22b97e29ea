#include "core/data/vtab/vtab_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file_bytes.h"
#include "core/folder_has.h"

#define MOST_FILE ((size_t)1 << 28)

static int no_memory(const char *what, struct error *e) {
    return error_set(e, ERROR_MEMORY, "%s: not enough memory to list its images", what);
}

int vtab_files_create(struct vtab_files **out, const struct vtab_task *task, struct error *e) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return no_memory(task->name, e);
    (*out)->raw.task = task;
    return 0;
}

void vtab_files_free_names(char **names, size_t count) {
    for (size_t i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}

void vtab_files_close(void *state) {
    struct vtab_files *f = state;
    for (size_t i = 0; i < VTAB_RAW_SPLITS; i++) {
        vtab_files_free_names(f->splits[i].names, f->splits[i].count);
        free(f->splits[i].labels);
        free(f->splits[i].folder);
    }
    vtab_files_free_names(f->classes, (size_t)f->raw.task->classes);
    vtab_raw_free(&f->raw);
    free(f);
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int vtab_files_list(char ***names, size_t *count, const char *folder, vtab_files_keep_fn *keep, struct error *e) {
    const struct dirent *entry;
    size_t room = 0;
    int r = 0;
    *names = NULL;
    *count = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return error_set(e, ERROR_IO, "%s: the folder cannot be opened: %s", folder, strerror(errno));
    while (r == 0 && (errno = 0, entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || !keep(folder, entry->d_name))
            continue;
        char **grown = *count < room ? *names : reallocarray(*names, room = room ? room * 2 : 64, sizeof *grown);
        if (!grown || !((*names = grown)[*count] = strdup(entry->d_name)))
            r = no_memory(folder, e);
        else
            ++*count;
    }
    if (r == 0 && errno != 0)
        r = error_set(e, ERROR_IO, "%s: the folder cannot be read: %s", folder, strerror(errno));
    closedir(dir);
    if (r == 0 && *count > 1)
        qsort(*names, *count, sizeof **names, compare);
    if (r < 0) {
        vtab_files_free_names(*names, *count);
        *names = NULL;
        *count = 0;
    }
    return r;
}

int vtab_files_classes(struct vtab_files *f, const char *folder, struct error *e) {
    char **names;
    size_t count, expected = (size_t)f->raw.task->classes;
    int r = vtab_files_list(&names, &count, folder, folder_has_folder, e);
    if (r < 0)
        return r;
    if (count != expected) {
        vtab_files_free_names(names, count);
        return error_set(e, ERROR_DATA, "%s: %zu folders; %zu were expected, one for each class of the task %s", folder,
                         count, expected, f->raw.task->name);
    }
    f->classes = names;
    return 0;
}

int vtab_files_label(const struct vtab_files *f, const char *name, size_t length) {
    for (int i = 0; i < f->raw.task->classes; i++)
        if (strncmp(f->classes[i], name, length) == 0 && !f->classes[i][length])
            return i;
    return -1;
}

int vtab_files_begin(struct vtab_files *f, size_t i, const char *folder, const char *below, struct error *e) {
    if (asprintf(&f->splits[i].folder, "%s%s%s", folder, *below ? "/" : "", below) >= 0)
        return 0;
    f->splits[i].folder = NULL;
    return no_memory(folder, e);
}

int vtab_files_add(struct vtab_files *f, size_t i, const char *name, int label, struct error *e) {
    struct vtab_files_split *s = &f->splits[i];
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 256;
        char **names = reallocarray(s->names, room, sizeof *names);
        if (names)
            s->names = names;
        int16_t *labels = reallocarray(s->labels, room, sizeof *labels);
        if (labels)
            s->labels = labels;
        if (!names || !labels)
            return no_memory(s->folder, e);
        s->room = room;
    }
    if (!(s->names[s->count] = strdup(name)))
        return no_memory(s->folder, e);
    s->labels[s->count++] = (int16_t)label;
    return 0;
}

int vtab_files_end(struct vtab_files *f, size_t i, const char *split, const char *list, md5_order_key_fn *key,
                   struct error *e) {
    struct vtab_files_split *s = &f->splits[i];
    int r = vtab_raw_add(&f->raw, split, list, s->count, e);
    if (r < 0)
        return r;
    memcpy(f->raw.splits[i].labels, s->labels, s->count * sizeof *s->labels);
    free(s->labels);
    s->labels = NULL;
    return vtab_raw_sort(&f->raw, i, key, s, e);
}

void vtab_files_name(const void *context, size_t i, char out[static MD5_ORDER_KEY]) {
    const struct vtab_files_split *s = context;
    snprintf(out, MD5_ORDER_KEY, "%s", s->names[i]);
}

void vtab_files_flat_name(const void *context, size_t i, char out[static MD5_ORDER_KEY]) {
    vtab_files_name(context, i, out);
    for (char *p = out; (p = strchr(p, '/'));)
        *p = '_';
}

int vtab_files_encoded(const void *state, const struct vtab_image *i, uint8_t **bytes, size_t *size, struct error *e) {
    const struct vtab_files *f = state;
    const struct vtab_files_split *s = &f->splits[i->file];
    char *path = NULL;
    if (asprintf(&path, "%s/%s", s->folder, s->names[i->place]) < 0)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to read an image", s->folder);
    int r =
        i->label < 0 ? vtab_raw_no_label(&f->raw, path, e) : file_bytes(bytes, size, path, MOST_FILE, "an image", e);
    free(path);
    return r;
}

void vtab_files_say(const void *state, const struct vtab_image *i, char *out, size_t size) {
    const struct vtab_files *f = state;
    const struct vtab_files_split *s = &f->splits[i->file];
    snprintf(out, size, "%s/%s", s->folder, s->names[i->place]);
}

char *vtab_files_class_names(const void *state) {
    const struct vtab_files *f = state;
    char *text = NULL;
    size_t size;
    FILE *out = f->classes ? open_memstream(&text, &size) : NULL;
    if (!out)
        return NULL;
    for (int i = 0; i < f->raw.task->classes; i++)
        fprintf(out, "%s\n", f->classes[i] ? f->classes[i] : "");
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
