/* gptui render SPEC N OUT.png: a contact sheet of the first images of a dataset's split. */
#include <stdio.h>

#include "app/contact_sheet.h"
#include "app/subcommand.h"
#include "core/number.h"

#define CELL 96 /* pixels, where --image does not say */
#define MOST_IMAGES 10000

static int parse_count(const char *text, size_t *out, struct error *e) {
    uint64_t n;
    if (!number_count(text, &n) || n < 1 || n > MOST_IMAGES)
        return error_set(e, ERROR_USAGE, "N is \"%.80s\", expected a whole number from 1 to %d", text, MOST_IMAGES);
    *out = (size_t)n;
    return 0;
}

static int open_dataset(struct dataset **out, const struct arguments *a, int cell, struct error *e) {
    const struct settings *s = &a->settings;
    struct dataset_options options = {.seed = (uint64_t)s->seed, .image = cell};
    options.scenes[SPLIT_TRAIN] = (size_t)s->scenes_train;
    options.scenes[SPLIT_VAL] = (size_t)s->scenes_val;
    options.scenes[SPLIT_TEST] = (size_t)s->scenes_test;
    return dataset_open(out, a->values[0], &options, e);
}

static int draw_sheet(const struct dataset *d, enum split split, size_t count, int cell, const char *path,
                      struct error *e) {
    if (count > dataset_size(d, split))
        return error_set(e, ERROR_USAGE, "%s: %zu images of %s were asked for; there are %zu", dataset_spec(d), count,
                         split_name(split), dataset_size(d, split));
    struct contact_sheet sheet;
    int r = contact_sheet_create(&sheet, count, cell, e);
    if (r == 0)
        r = contact_sheet_fill(&sheet, d, split, count, 1, true, e);
    for (size_t i = 0; r == 0 && i < count; i++) {
        int label = dataset_label(d, split, i);
        printf("%zu\t%s\n", i, label < 0 ? "-" : dataset_class_name(d, label));
    }
    if (r == 0)
        r = image_write_png(&sheet.image, path, e);
    contact_sheet_destroy(&sheet);
    return r;
}

static int run(const struct arguments *a, struct error *e) {
    size_t count = 0;
    enum split split = SPLIT_TRAIN;
    struct dataset *d = NULL;
    int cell = a->settings.image > 0 ? a->settings.image : CELL;
    int r = parse_count(a->values[1], &count, e);
    if (r == 0)
        r = arguments_split(a, &split, e);
    if (r == 0)
        r = open_dataset(&d, a, cell, e);
    if (r == 0)
        r = draw_sheet(d, split, count, cell, a->values[2], e);
    dataset_close(d);
    return r;
}

const struct subcommand cmd_render = {
    .name = "render",
    .synopsis = "SPEC N OUT.png [--split train|val|test]",
    .summary = "a contact sheet of a dataset's first images",
    .details = "Draws the first N images of a split into OUT.png, row by row, and prints a line for each: its index, a "
               "tab and its class. Rendered scenes are drawn at the size that --image says (96 pixels where it does "
               "not); images from files are shrunk or enlarged to fit a cell of that size. --seed and --scenes-train, "
               "--scenes-val, --scenes-test mean what they mean for a run.",
    .options = (const struct option[]){{"split", "SPLIT", "train (the default), val or test"}, {NULL, NULL, NULL}},
    .takes_settings = true,
    .least = 3,
    .most = 3,
    .run = run,
};
