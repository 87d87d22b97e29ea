/* clevr: images/{train,val}/CLEVR_train_000000.png on, described by scenes/CLEVR_{train,val}_scenes.json. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/vtab/vtab_files.h"
#include "core/data/vtab/vtab_label.h"
#include "core/data/vtab/vtab_source.h"
#include "core/formats/json_each.h"

struct filling {
    struct vtab_files *files;
    size_t split;
    const char *list;
};

/* The third of an object's pixel_coords is its distance. */
static bool note_distance(const cJSON *object, float *least) {
    const cJSON *place = cJSON_GetObjectItemCaseSensitive(object, "pixel_coords"), *z = cJSON_GetArrayItem(place, 2);
    if (!cJSON_IsArray(place) || !cJSON_IsNumber(z))
        return false;
    if ((float)z->valuedouble < *least)
        *least = (float)z->valuedouble;
    return true;
}

/* -1: no class of the task. */
static int label_of(const struct vtab_task *task, const cJSON *objects) {
    const cJSON *object;
    float least = INFINITY;
    if (!cJSON_IsArray(objects))
        return -1;
    if (task->rule == VTAB_COUNT)
        return vtab_label_of_value(task, cJSON_GetArraySize(objects));
    cJSON_ArrayForEach (object, objects) {
        if (!note_distance(object, &least))
            return -1;
    }
    return vtab_label_of_distance(least);
}

static int add_scene(void *context, size_t i, const cJSON *scene, struct error *e) {
    const struct filling *f = context;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(scene, "image_filename");
    if (!cJSON_IsString(name) || !*name->valuestring || name->valuestring[0] == '.' || strchr(name->valuestring, '/') ||
        strlen(name->valuestring) > 255)
        return error_set(e, ERROR_FORMAT, "%s: scene %zu has no image_filename", f->list, i);
    int label = label_of(f->files->raw.task, cJSON_GetObjectItemCaseSensitive(scene, "objects"));
    return vtab_files_add(f->files, f->split, name->valuestring, label, e);
}

static int add_split(struct vtab_files *f, size_t i, const char *split, const char *name, const char *folder,
                     struct error *e) {
    char *list = NULL, below[32];
    if (asprintf(&list, "%s/scenes/CLEVR_%s_scenes.json", folder, name) < 0)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to list its images", folder);
    struct filling filling = {f, i, list};
    snprintf(below, sizeof below, "images/%s", name);
    int r = vtab_files_begin(f, i, folder, below, e);
    if (r == 0)
        r = json_each(list, "scenes", add_scene, &filling, e);
    if (r == 0)
        r = vtab_files_end(f, i, split, list, vtab_files_name, e);
    free(list);
    return r;
}

static int open_clevr(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"CLEVR_v1.0", NULL};
    struct vtab_files *f = NULL;
    char *folder;
    int r = vtab_raw_find(&folder, path, tops, "scenes/CLEVR_train_scenes.json", e);
    if (r < 0 || !folder)
        return r;
    if ((r = vtab_files_create(&f, task, e)) == 0 && ((r = add_split(f, 0, "train", "train", folder, e)) < 0 ||
                                                      (r = add_split(f, 1, "validation", "val", folder, e)) < 0))
        vtab_files_close(f);
    free(folder);
    if (r == 0)
        *state = f;
    return r;
}

const struct vtab_source vtab_clevr = {
    .dataset = "clevr",
    .expected = "CLEVR_v1.0/scenes/CLEVR_train_scenes.json",
    .open = open_clevr,
    .close = vtab_files_close,
    .size = vtab_raw_size,
    .locate = vtab_raw_locate,
    .encoded = vtab_files_encoded,
    .say = vtab_files_say,
};
