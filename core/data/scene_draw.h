/* A scene as data, and turning it into pixels: a background, then the objects from back to front, then grain.
 *
 * Places and lengths are in widths of the image: (0, 0) is its upper left corner and (1, 1) its lower right one, so one
 * scene can be drawn at any size. Plain values, nothing is allocated; any thread may call. */
#ifndef CORE_DATA_SCENE_DRAW_H
#define CORE_DATA_SCENE_DRAW_H

#include "core/data/image.h"
#include "core/data/scene_random.h"
#include "core/data/scene_shapes.h"
#include "core/data/scene_texture.h"

#define SCENE_OBJECTS 12

struct scene_object {
    struct scene_shape shape;
    struct scene_texture texture; /* laid out from the object's middle, turned with it */
    float x, y;                   /* its middle */
    float radius;                 /* what 1 in the shape's own units is */
    float cosine, sine;           /* how far it is turned, clockwise on screen */
    float light;                  /* -1..1: how much brighter its upper left is than its lower right */
    float shadow;                 /* 0..1: how dark a soft shadow it casts to the lower right */
};

struct scene {
    struct scene_texture background;
    float light_x, light_y; /* change of brightness across the whole picture */
    int count;
    struct scene_object objects[SCENE_OBJECTS]; /* back to front */
    float grain;                                /* amplitude of the noise of each pixel, 0..1 */
    struct scene_random grain_source;           /* key and counter a, b, c of that noise */
};

void scene_draw(const struct scene *s, struct image *out);

#endif
