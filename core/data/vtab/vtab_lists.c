/* dtd and oxford_iiit_pet: images named by text files, one a line.
 *
 * dtd      labels/{train1,val1,test1}.txt: "banded/banded_0002.jpg", below images/; the label is the rank of the folder
 * pets     annotations/{trainval,test}.txt: "Abyssinian_100 1 1 1", images/Abyssinian_100.jpg of class 1 of 1..37 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/vtab/vtab_files.h"
#include "core/data/vtab/vtab_source.h"
#include "core/file_bytes.h"
#include "core/number.h"

enum { MOST_LIST = 1 << 26, MOST_NAME = 512 };

/* Adds what a line says to split i. False: it cannot be read. */
typedef bool line_fn(struct vtab_files *f, size_t i, char *line, int *r, struct error *e);

/* A list can name any file: only names below the folder of images, without a way out of it, are taken. */
static bool is_plain(const char *name, size_t length) {
    return length > 0 && length < 256 && name[0] != '.' && !memchr(name, '/', length);
}

static bool dtd_line(struct vtab_files *f, size_t i, char *line, int *r, struct error *e) {
    const char *slash = strchr(line, '/');
    if (!slash || !is_plain(line, (size_t)(slash - line)) || !is_plain(slash + 1, strlen(slash + 1)))
        return false;
    int label = vtab_files_label(f, line, (size_t)(slash - line));
    if (label >= 0)
        *r = vtab_files_add(f, i, line, label, e);
    return label >= 0;
}

/* The breed's name is that of its images without their number. */
static bool note_breed(struct vtab_files *f, int label, const char *name) {
    const char *number = strrchr(name, '_');
    if (!f->classes[label] && number)
        f->classes[label] = strndup(name, (size_t)(number - name));
    return !number || f->classes[label];
}

static bool pets_line(struct vtab_files *f, size_t i, char *line, int *r, struct error *e) {
    char *rest = line, name[MOST_NAME];
    const char *stem = strsep(&rest, " "), *of_class = strsep(&rest, " ");
    uint64_t class;
    if (!is_plain(stem, strlen(stem)) || !of_class || !number_count(of_class, &class) || class < 1 ||
        class > (uint64_t)f->raw.task->classes)
        return false;
    snprintf(name, sizeof name, "%s.jpg", stem);
    *r = vtab_files_add(f, i, name, (int)class - 1, e);
    if (*r == 0 && !note_breed(f, (int)class - 1, stem))
        *r = error_set(e, ERROR_MEMORY, "not enough memory for the classes of %s", f->raw.task->name);
    return true;
}

static int read_list(struct vtab_files *f, size_t i, const char *list, line_fn *read_line, struct error *e) {
    uint8_t *text;
    size_t size, number = 0;
    int r = file_bytes(&text, &size, list, MOST_LIST, "a text", e);
    char *rest = (char *)text, *line;
    while (r == 0 && (line = strsep(&rest, "\n"))) {
        number++;
        line[strcspn(line, "\r")] = '\0';
        if (*line && !read_line(f, i, line, &r, e))
            r = error_set(e, ERROR_FORMAT, "%s:%zu: '%.80s' names no image of a class of the task %s", list, number,
                          line, f->raw.task->name);
    }
    free(text);
    return r;
}

struct list {
    const char *split, *file;
};

static int fill(struct vtab_files *f, const char *folder, const struct list *lists, size_t count, line_fn *read_line,
                struct error *e) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        char *list = NULL;
        if (asprintf(&list, "%s/%s", folder, lists[i].file) < 0)
            return error_set(e, ERROR_MEMORY, "%s: not enough memory to list its images", folder);
        if ((r = vtab_files_begin(f, i, folder, "images", e)) == 0 && (r = read_list(f, i, list, read_line, e)) == 0)
            r = vtab_files_end(f, i, lists[i].split, list, vtab_files_name, e);
        free(list);
    }
    return r;
}

static int begin_classes(struct vtab_files *f, const char *folder, bool of_folders, struct error *e) {
    char *images = NULL;
    if (!of_folders)
        f->classes = calloc((size_t)f->raw.task->classes, sizeof *f->classes);
    if ((!of_folders && !f->classes) || (of_folders && asprintf(&images, "%s/images", folder) < 0))
        return error_set(e, ERROR_MEMORY, "%s: not enough memory for its classes", folder);
    int r = of_folders ? vtab_files_classes(f, images, e) : 0;
    free(images);
    return r;
}

static int open_lists(void **state, const struct vtab_task *task, const char *path, const char *top,
                      const struct list *lists, size_t count, line_fn *read_line, struct error *e) {
    const char *const tops[] = {top, NULL};
    struct vtab_files *f = NULL;
    char *folder;
    int r = vtab_raw_find(&folder, path, tops, lists[0].file, e);
    if (r < 0 || !folder)
        return r;
    if ((r = vtab_files_create(&f, task, e)) == 0 && ((r = begin_classes(f, folder, read_line == dtd_line, e)) < 0 ||
                                                      (r = fill(f, folder, lists, count, read_line, e)) < 0))
        vtab_files_close(f);
    free(folder);
    if (r == 0)
        *state = f;
    return r;
}

static int open_dtd(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const struct list lists[] = {
        {"train", "labels/train1.txt"}, {"validation", "labels/val1.txt"}, {"test", "labels/test1.txt"}};
    return open_lists(state, task, path, "dtd", lists, 3, dtd_line, e);
}

static int open_pets(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const struct list lists[] = {{"train", "annotations/trainval.txt"}, {"test", "annotations/test.txt"}};
    return open_lists(state, task, path, "oxford-iiit-pet", lists, 2, pets_line, e);
}

#define LISTS(name, file, opener)                                                                                      \
    {                                                                                                                  \
        .dataset = name, .expected = file, .open = opener, .close = vtab_files_close, .size = vtab_raw_size,           \
        .locate = vtab_raw_locate, .encoded = vtab_files_encoded, .say = vtab_files_say,                               \
        .class_names = vtab_files_class_names                                                                          \
    }

const struct vtab_source vtab_dtd = LISTS("dtd", "dtd/labels/train1.txt", open_dtd),
                         vtab_pets = LISTS("oxford_iiit_pet", "annotations/trainval.txt", open_pets);
