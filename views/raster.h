/* A picture for print, drawn in pixels: rectangles, lines, text, other pictures. White paper.
 *
 *     struct raster r;
 *     raster_create(&r, 1600, 900, &err);
 *     raster_line(&r, x0, y0, x1, y1, 3, 0x0072b2);
 *     raster_text(&r, 20, 20, 3, 0x000000, "loss");
 *     raster_write(&r, "loss.png", &err);
 *     raster_destroy(&r);
 *
 * Pixels count from 0 at the top left; what lies outside is left out. One thread. */
#ifndef VIEWS_RASTER_H
#define VIEWS_RASTER_H

#include "core/data/image.h"

struct raster {
    struct image image;
};

/* Errors: ERROR_MEMORY. */
int raster_create(struct raster *r, int width, int height, struct error *e);
void raster_destroy(struct raster *r); /* a zeroed one is accepted */

void raster_fill(struct raster *r, double x, double y, double width, double height, uint32_t color);
/* Anti-aliased, with round ends, `thick` pixels. */
void raster_line(struct raster *r, double x0, double y0, double x1, double y1, double thick, uint32_t color);
/* ASCII text, `scale` times 7 pixels high, its top left at (x, y). */
void raster_text(struct raster *r, double x, double y, int scale, uint32_t color, const char *text);
int raster_text_width(int scale, const char *text);
/* rgb [side, side, 3] as a square of `size` pixels, its pixels kept sharp. */
void raster_picture(struct raster *r, double x, double y, double size, const uint8_t *rgb, int side);

/* Writes a PNG. Errors: ERROR_IO. */
int raster_write(const struct raster *r, const char *path, struct error *e);

#endif
