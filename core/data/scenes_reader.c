#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/reader.h"
#include "core/data/scenes.h"

struct state {
    const struct scenes_task *task;
    uint64_t seed;
    size_t size[SPLITS];
    int side;
};

static const char *name_at(size_t i) {
    return i < scenes_count() ? scenes_name(scenes_at(i)) : NULL;
}

static int open_scenes(struct reader_contents *out, const char *argument, const struct dataset_options *options,
                       struct error *e) {
    const struct scenes_task *task = scenes_find(argument);
    if (!task) {
        char known[256];
        return error_set(e, ERROR_USAGE, "data 'scenes:%s': unknown task; %s were expected", argument,
                         reader_list_names(name_at, known, sizeof known));
    }
    if (options->image < SCENES_LEAST_SIDE)
        return error_set(e, ERROR_USAGE, "data 'scenes:%s': images of %d pixels a side; at least %d were expected",
                         argument, options->image, SCENES_LEAST_SIDE);
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        if (options->scenes[s] == 0)
            return error_set(e, ERROR_DATA, "data 'scenes:%s': no images in the %s split; at least 1 was expected",
                             argument, split_name(s));
    struct state *state = malloc(sizeof *state);
    if (!state)
        return error_set(e, ERROR_MEMORY, "not enough memory for data 'scenes:%s'", argument);
    *state = (struct state){.task = task, .seed = options->seed, .side = options->image};
    memcpy(state->size, options->scenes, sizeof state->size);
    *out = (struct reader_contents){.state = state, .classes = scenes_classes(task), .native = true};
    memcpy(out->size, options->scenes, sizeof out->size);
    return 0;
}

static const char *class_name(const void *state, int label) {
    const struct state *s = state;
    return scenes_class_name(s->task, label);
}

static int label_of(const void *state, enum split split, size_t index) {
    const struct state *s = state;
    return scenes_label(s->task, s->seed, split, index);
}

static int decode(const void *state, enum split split, size_t index, struct image *out, struct error *e) {
    const struct state *s = state;
    int r = image_create(out, s->side, s->side, e);
    if (r < 0)
        return r;
    if ((r = scenes_render(s->task, s->seed, split, index, out)) < 0) {
        image_free(out);
        return error_set(e, r, "scenes:%s: %s image %zu cannot be rendered", scenes_name(s->task), split_name(split),
                         index);
    }
    return 0;
}

static void fingerprint(const void *state, struct digest *digest) {
    const struct state *s = state;
    char text[256];
    int n =
        snprintf(text, sizeof text, "%s seed %llu side %d images %zu %zu %zu", scenes_name(s->task),
                 (unsigned long long)s->seed, s->side, s->size[SPLIT_TRAIN], s->size[SPLIT_VAL], s->size[SPLIT_TEST]);
    digest_update(digest, text, (size_t)n);
}

const struct reader scenes_reader = {
    .kind = "scenes",
    .argument = "TASK",
    .form = ARGUMENT_NAME,
    .name = name_at,
    .open = open_scenes,
    .close = free,
    .class_name = class_name,
    .label = label_of,
    .decode = decode,
    .fingerprint = fingerprint,
};
