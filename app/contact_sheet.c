#include "app/contact_sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "views/export.h"
#include "views/picture.h"

enum {
    GAP = 2,
    PAPER = 24, /* grey between the images */
    TILE_COLUMNS = 16,
    TILE_ROWS = 8,
    TILE_PIXELS = 64,
};

int contact_sheet_create(struct contact_sheet *s, size_t count, int cell, struct error *e) {
    int columns = 1, n = (int)count;
    *s = (struct contact_sheet){0};
    while (columns * columns < n)
        columns++;
    int rows = (n + columns - 1) / columns;
    double width = (double)columns * (cell + GAP) + GAP, height = (double)rows * (cell + GAP) + GAP;
    if (width * height > (double)IMAGE_MOST_PIXELS)
        return error_set(e, ERROR_USAGE,
                         "%d images of %d pixels make a sheet of %.0f x %.0f, expected at most %zu pixels", n, cell,
                         width, height, IMAGE_MOST_PIXELS);
    *s = (struct contact_sheet){.cell = cell, .columns = columns};
    int r = image_create(&s->image, (int)width, (int)height, e);
    if (r < 0)
        return r;
    memset(s->image.rgb, PAPER, (size_t)s->image.width * (size_t)s->image.height * 3);
    return 0;
}

void contact_sheet_destroy(struct contact_sheet *s) {
    image_free(&s->image);
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
static void sheet_put(struct contact_sheet *s, size_t number, const struct image *in) {
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

/* Decodes image i into `im`; one that cannot be read is named on stderr with `say`. */
static int decode(const struct dataset *d, enum split split, size_t i, bool say, struct image *im, bool *readable,
                  struct error *e) {
    struct error why = {0};
    int r = dataset_decode(d, split, i, im, &why);
    *readable = r == 0;
    if (r == ERROR_MEMORY)
        return error_set(e, r, "%s", why.text);
    if (r < 0 && say)
        fprintf(stderr, "gptui: %s\n", why.text);
    return 0;
}

int contact_sheet_fill(struct contact_sheet *s, const struct dataset *d, enum split split, size_t count, size_t step,
                       bool say, struct error *e) {
    size_t unreadable = 0;
    for (size_t i = 0; i < count; i++) {
        struct image im = {0};
        bool readable;
        int r = decode(d, split, i * step, say, &im, &readable, e);
        if (r < 0)
            return r;
        if (readable)
            sheet_put(s, i, &im);
        unreadable += !readable;
        image_free(&im);
    }
    if (unreadable == count)
        return error_set(e, ERROR_DATA, "%s: none of %zu images of %s could be read", dataset_spec(d), count,
                         split_name(split));
    return 0;
}

/* One image in a frame of its own, and its class below. */
static int print_tile(struct canvas *c, int y, int x, const struct paint *p, const struct dataset *d, enum split split,
                      size_t i, bool say, struct error *e) {
    struct contact_sheet one = {0};
    struct area all = canvas_all(c), tile = canvas_part(all, y, x, TILE_ROWS, TILE_COLUMNS);
    struct style s = {.ink = CANVAS_DEFAULT, .paper = CANVAS_DEFAULT};
    struct image im = {0};
    bool readable;
    int r = decode(d, split, i, say, &im, &readable, e);
    if (r == 0 && readable && (r = contact_sheet_create(&one, 1, TILE_PIXELS, e)) == 0) {
        sheet_put(&one, 0, &im);
        picture_draw(c, tile, p, &(struct picture){.rgb = one.image.rgb, .side = one.image.width});
    }
    canvas_text(c, canvas_part(all, y + TILE_ROWS, x, 1, TILE_COLUMNS), 0, 0, s,
                readable ? dataset_class_name(d, dataset_label(d, split, i)) : "unreadable");
    contact_sheet_destroy(&one);
    image_free(&im);
    return r;
}

int contact_sheet_print(const struct dataset *d, enum split split, int columns, int colors, bool say, FILE *f,
                        struct error *e) {
    size_t across = columns < TILE_COLUMNS + 2 ? 1 : (size_t)(columns + 2) / (TILE_COLUMNS + 2);
    size_t count = dataset_size(d, split) < 2 * across ? dataset_size(d, split) : 2 * across;
    struct paint p = {.theme = theme_named("dark"), .glyphs = colors ? GLYPHS_BLOCKS : GLYPHS_ASCII, .colors = colors};
    struct canvas c = {0};
    int rows = count > across ? 2 : 1,
        r = canvas_create(&c, rows * (TILE_ROWS + 2) - 1, (int)across * (TILE_COLUMNS + 2), e);
    if (r < 0)
        return r;
    canvas_clear(&c, (struct style){.ink = CANVAS_DEFAULT, .paper = CANVAS_DEFAULT});
    for (size_t i = 0; r == 0 && i < count; i++)
        r = print_tile(&c, (int)(i / across) * (TILE_ROWS + 2), (int)(i % across) * (TILE_COLUMNS + 2), &p, d, split,
                       i * (dataset_size(d, split) / count), say, e);
    if (r == 0)
        export_colored(&c, colors, f);
    canvas_destroy(&c);
    return r;
}
