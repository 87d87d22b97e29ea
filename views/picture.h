/* A picture in half-block cells (two pixels a cell), or shaded glyphs, with a map blended over it.
 *
 *     picture_draw(&canvas, area, &paint, &(struct picture){.rgb = rgb, .side = 48, .map = map, .map_side = 6});
 *
 * The picture is scaled to the largest square of the area (a cell is taken for twice as high as wide): means where it
 * shrinks, straight lines between pixels where it grows. The map's patches keep their edges. Colours are quantised so
 * that a terminal of few colours does not run out of pairs; below 256 colours a cell is a glyph as dense as it is
 * bright. Pure. */
#ifndef VIEWS_PICTURE_H
#define VIEWS_PICTURE_H

#include "views/theme.h"

struct picture {
    const uint8_t *rgb; /* [side, side, 3]; NULL: the map alone */
    int side;
    const float *map; /* [map_side, map_side], values from 0; NULL: the picture alone */
    int map_side;
    float map_low, map_high; /* values of the map's ends; both 0: those of this map */
    float strength;          /* 0: picture alone .. 1: map alone */
    bool peak;               /* marks the largest value's place */
};

/* Returns the part of the area that it covers, at its top left. */
struct area picture_draw(struct canvas *c, struct area a, const struct paint *p, const struct picture *picture);

#endif
