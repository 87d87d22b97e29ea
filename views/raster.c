#include "views/raster.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "views/canvas.h"

#if defined(__GNUC__)
/* Reported at the end of the file, past any pop. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-braces"
#endif
#include <stb/stb_easy_font.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

enum { TEXT = 256, CORNERS = 64 * TEXT, CORNER = 4 }; /* bytes of a text; floats for its letters, of a corner */

int raster_create(struct raster *r, int width, int height, struct error *e) {
    *r = (struct raster){0};
    int code = image_create(&r->image, width, height, e);
    if (code == 0)
        memset(r->image.rgb, 255, 3 * (size_t)width * (size_t)height);
    return code;
}

void raster_destroy(struct raster *r) {
    image_free(&r->image);
}

static void blend(struct raster *r, int x, int y, uint32_t color, double share) {
    struct image *im = &r->image;
    if (x < 0 || y < 0 || x >= im->width || y >= im->height || share <= 0)
        return;
    uint8_t *p = im->rgb + 3 * ((size_t)y * (size_t)im->width + (size_t)x);
    for (int i = 0; i < 3; i++) {
        double to = (double)(color >> (16 - 8 * i) & 255);
        p[i] = (uint8_t)(p[i] + (to - p[i]) * (share > 1 ? 1 : share) + 0.5);
    }
}

void raster_fill(struct raster *r, double x, double y, double width, double height, uint32_t color) {
    for (int py = (int)lround(y); py < (int)lround(y + height); py++)
        for (int px = (int)lround(x); px < (int)lround(x + width); px++)
            blend(r, px, py, color, 1);
}

/* How far (px, py) is from the segment. */
static double distance(double px, double py, double x0, double y0, double x1, double y1) {
    double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
    double t = length > 0 ? ((px - x0) * dx + (py - y0) * dy) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(px - x0 - t * dx, py - y0 - t * dy);
}

void raster_line(struct raster *r, double x0, double y0, double x1, double y1, double thick, uint32_t color) {
    if (!isfinite(x0 + y0 + x1 + y1))
        return;
    double reach = thick / 2 + 1;
    int left = (int)fmax(0, fmin(x0, x1) - reach), right = (int)fmin(r->image.width - 1, fmax(x0, x1) + reach);
    int top = (int)fmax(0, fmin(y0, y1) - reach), bottom = (int)fmin(r->image.height - 1, fmax(y0, y1) + reach);
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++)
            blend(r, x, y, color, thick / 2 + 0.5 - distance(x + 0.5, y + 0.5, x0, y0, x1, y1));
}

/* The font has printable ASCII alone, and does not look whether a character is that. */
static void printable(const char *text, char out[static TEXT]) {
    size_t n = 0;
    uint32_t code;
    while (n + 1 < TEXT && (code = canvas_next_code(&text)))
        out[n++] = code >= 0x20 && code < 0x7f ? (char)code : '?';
    out[n] = 0;
}

/* Letters are quads of four corners: x, y, z, colour. */
void raster_text(struct raster *r, double x, double y, int scale, uint32_t color, const char *text) {
    float corners[CORNERS];
    char copy[TEXT];
    printable(text, copy);
    int quads = stb_easy_font_print(0, 0, copy, NULL, corners, (int)sizeof corners);
    for (int i = 0; i < quads; i++) {
        const float *first = corners + 4 * CORNER * i, *opposite = first + 2 * CORNER;
        raster_fill(r, x + scale * (double)first[0], y + scale * (double)first[1],
                    scale * (double)(opposite[0] - first[0]), scale * (double)(opposite[1] - first[1]), color);
    }
}

int raster_text_width(int scale, const char *text) {
    char copy[TEXT];
    printable(text, copy);
    return scale * stb_easy_font_width(copy);
}

void raster_picture(struct raster *r, double x, double y, double size, const uint8_t *rgb, int side) {
    for (int py = 0; py < (int)size; py++)
        for (int px = 0; px < (int)size; px++) {
            const uint8_t *p =
                rgb + 3 * ((size_t)(py * side / (int)size) * (size_t)side + (size_t)(px * side / (int)size));
            blend(r, (int)x + px, (int)y + py, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2], 1);
        }
}

int raster_write(const struct raster *r, const char *path, struct error *e) {
    return image_write_png(&r->image, path, e);
}
