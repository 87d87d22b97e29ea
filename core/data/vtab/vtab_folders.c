/* eurosat and resisc45: a folder a class, of which every .jpg counts. The label is the rank of the folder's name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/vtab/vtab_files.h"
#include "core/data/vtab/vtab_source.h"

static bool is_jpeg(const char *folder, const char *name) {
    const char *dot = strrchr(name, '.');
    (void)folder;
    return dot && strcmp(dot, ".jpg") == 0;
}

static int add_class(struct vtab_files *f, const char *folder, int label, struct error *e) {
    char *of_class = NULL, **names = NULL, name[2 * 256];
    size_t count = 0;
    int r = asprintf(&of_class, "%s/%s", folder, f->classes[label]) < 0
                ? error_set(e, ERROR_MEMORY, "%s: not enough memory to list its images", folder)
                : vtab_files_list(&names, &count, of_class, is_jpeg, e);
    for (size_t i = 0; r == 0 && i < count; i++) {
        snprintf(name, sizeof name, "%s/%s", f->classes[label], names[i]);
        r = vtab_files_add(f, 0, name, label, e);
    }
    vtab_files_free_names(names, count);
    free(of_class);
    return r;
}

static int fill(struct vtab_files *f, const char *folder, struct error *e) {
    int r = vtab_files_classes(f, folder, e);
    if (r == 0)
        r = vtab_files_begin(f, 0, folder, "", e);
    for (int i = 0; r == 0 && i < f->raw.task->classes; i++)
        r = add_class(f, folder, i, e);
    return r < 0 ? r : vtab_files_end(f, 0, "train", folder, vtab_files_flat_name, e);
}

static int open_folders(void **state, const struct vtab_task *task, const char *path, const char *const *tops,
                        const char *a_class, struct error *e) {
    struct vtab_files *f = NULL;
    char *folder;
    int r = vtab_raw_find(&folder, path, tops, a_class, e);
    if (r < 0 || !folder)
        return r;
    if ((r = vtab_files_create(&f, task, e)) == 0 && (r = fill(f, folder, e)) < 0)
        vtab_files_close(f);
    free(folder);
    if (r == 0)
        *state = f;
    return r;
}

static int open_eurosat(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"2750", "EuroSAT_RGB", NULL};
    return open_folders(state, task, path, tops, "AnnualCrop", e);
}

static int open_resisc(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"NWPU-RESISC45", NULL};
    return open_folders(state, task, path, tops, "airplane", e);
}

#define FOLDERS(name, file, opener)                                                                                    \
    {                                                                                                                  \
        .dataset = name, .expected = file, .open = opener, .close = vtab_files_close, .size = vtab_raw_size,           \
        .locate = vtab_raw_locate, .encoded = vtab_files_encoded, .say = vtab_files_say,                               \
        .class_names = vtab_files_class_names                                                                          \
    }

const struct vtab_source vtab_eurosat = FOLDERS("eurosat", "2750/AnnualCrop", open_eurosat),
                         vtab_resisc = FOLDERS("resisc45", "NWPU-RESISC45/airplane", open_resisc);
