/* gptui render SPEC N OUT.png: a contact sheet of the first images of a dataset's split. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/subcommand.h"
#include "core/data/dataset.h"
#include "core/data/image.h"

#define CELL 96 /* pixels, where --image does not say */
#define GAP 2
#define MOST_IMAGES 10000
#define MOST_SIDE 32767 /* pixels of the sheet; what PNG viewers take */
#define PAPER 24        /* grey between the images */

struct sheet {
    struct image image;
    int cell, columns;
};

static int parse_count(const char *text, size_t *out, struct error *e) {
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < 1 || n > MOST_IMAGES)
        return error_set(e, ERROR_USAGE, "render: '%s' images; a whole number from 1 to %d was expected", text,
                         MOST_IMAGES);
    *out = (size_t)n;
    return 0;
}

static int parse_split(const char *text, enum split *out, struct error *e) {
    if (!text)
        *out = SPLIT_TRAIN;
    else if (!split_parse(text, out))
        return error_set(e, ERROR_USAGE, "--split '%s': train, val or test was expected", text);
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

/* An empty sheet for `count` cells, as square as can be. */
static int sheet_create(struct sheet *s, size_t count, int cell, struct error *e) {
    int columns = 1, n = (int)count;
    while (columns * columns < n)
        columns++;
    int rows = (n + columns - 1) / columns;
    if (columns > (MOST_SIDE - GAP) / (cell + GAP))
        return error_set(e, ERROR_USAGE, "render: %d images of %d pixels make a sheet wider than %d pixels", n, cell,
                         MOST_SIDE);
    *s = (struct sheet){.cell = cell, .columns = columns};
    int r = image_create(&s->image, columns * (cell + GAP) + GAP, rows * (cell + GAP) + GAP, e);
    if (r < 0)
        return r;
    memset(s->image.rgb, PAPER, (size_t)s->image.width * (size_t)s->image.height * 3);
    return 0;
}

/* Mean of the part of `in` that lies between (x0, y0) and (x1, y1), each pixel by the share of it inside. */
static void mean_of(const struct image *in, double x0, double y0, double x1, double y1, uint8_t rgb[3]) {
    double sum[3] = {0}, weights = 0;
    for (int y = (int)y0; y < in->height && (double)y < y1; y++) {
        double high = fmin(y1, (double)y + 1) - fmax(y0, (double)y);
        for (int x = (int)x0; x < in->width && (double)x < x1; x++) {
            double weight = high * (fmin(x1, (double)x + 1) - fmax(x0, (double)x));
            const uint8_t *pixel = in->rgb + 3 * ((size_t)y * (size_t)in->width + (size_t)x);
            for (int c = 0; c < 3; c++)
                sum[c] += weight * pixel[c];
            weights += weight;
        }
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)lround(sum[c] / weights);
}

/* Puts an image into a cell: as large as fits with its proportions kept, in the middle. */
static void sheet_put(struct sheet *s, size_t number, const struct image *in) {
    int longer = in->width > in->height ? in->width : in->height;
    double scale = (double)longer / s->cell;
    int width = (int)lround(in->width / scale), height = (int)lround(in->height / scale);
    width = width < 1 ? 1 : width;
    height = height < 1 ? 1 : height;
    double step_x = (double)in->width / width, step_y = (double)in->height / height;
    int left = GAP + (int)number % s->columns * (s->cell + GAP) + (s->cell - width) / 2;
    int top = GAP + (int)number / s->columns * (s->cell + GAP) + (s->cell - height) / 2;
    for (int y = 0; y < height; y++) {
        uint8_t *row = s->image.rgb + 3 * ((size_t)(top + y) * (size_t)s->image.width + (size_t)left);
        for (int x = 0; x < width; x++)
            mean_of(in, x * step_x, y * step_y, (x + 1) * step_x, (y + 1) * step_y, row + 3 * (size_t)x);
    }
}

/* Draws the images and prints their classes. One that cannot be read leaves its cell empty and is named on stderr. */
static int fill(struct sheet *sheet, const struct dataset *d, enum split split, size_t count, struct error *e) {
    size_t unreadable = 0;
    for (size_t i = 0; i < count; i++) {
        struct image im = {0};
        if (dataset_decode(d, split, i, &im, e) < 0) {
            if (e->code == ERROR_MEMORY)
                return e->code;
            fprintf(stderr, "gptui: %s\n", e->text);
            unreadable++;
        } else {
            sheet_put(sheet, i, &im);
        }
        image_free(&im);
        printf("%zu\t%s\n", i, dataset_class_name(d, dataset_label(d, split, i)));
    }
    if (unreadable == count)
        return error_set(e, ERROR_DATA, "%s: none of the first %zu images of %s could be read", dataset_spec(d), count,
                         split_name(split));
    *e = (struct error){0};
    return 0;
}

static int draw_sheet(const struct dataset *d, enum split split, size_t count, int cell, const char *path,
                      struct error *e) {
    if (count > dataset_size(d, split))
        return error_set(e, ERROR_USAGE, "%s: %zu images of %s were asked for; there are %zu", dataset_spec(d), count,
                         split_name(split), dataset_size(d, split));
    struct sheet sheet = {0};
    int r = sheet_create(&sheet, count, cell, e);
    if (r == 0)
        r = fill(&sheet, d, split, count, e);
    if (r == 0)
        r = image_write_png(&sheet.image, path, e);
    image_free(&sheet.image);
    return r;
}

static int run(const struct arguments *a, struct error *e) {
    size_t count = 0;
    enum split split;
    struct dataset *d = NULL;
    int cell = a->settings.image > 0 ? a->settings.image : CELL;
    int r = parse_count(a->values[1], &count, e);
    if (r == 0)
        r = parse_split(arguments_value(a, "split"), &split, e);
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
