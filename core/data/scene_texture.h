/* Two colours and how they are laid out over a surface: plain, gradient, stripes, checker, dots, smooth noise.
 *
 *     struct scene_texture t;
 *     scene_texture_sample(&t, SCENE_STRIPES, 0.1f, &random);
 *     float w = scene_texture_weight(&t, x, y, pixel);   // 0: colour a, 1: colour b
 *
 * Lengths are in widths of the image, so a texture looks the same at every size; edges are softened over one pixel.
 * Plain values; any thread may call. */
#ifndef CORE_DATA_SCENE_TEXTURE_H
#define CORE_DATA_SCENE_TEXTURE_H

#include "core/data/scene_random.h"

/* Recorded runs depend on the order: only append. */
enum scene_texture_kind {
    SCENE_PLAIN,
    SCENE_GRADIENT,
    SCENE_STRIPES,
    SCENE_CHECKER,
    SCENE_DOTS,
    SCENE_NOISE,
    SCENE_TEXTURE_KINDS
};

#define SCENE_LATTICE 16 /* cells a side after which smooth noise repeats */

struct scene_colour {
    float r, g, b; /* 0..1 */
};

struct scene_texture {
    enum scene_texture_kind kind;
    struct scene_colour a, b;
    float frequency;                                /* periods a width */
    float cosine, sine;                             /* direction */
    float u, v;                                     /* phase, in periods */
    uint8_t lattice[SCENE_LATTICE * SCENE_LATTICE]; /* noise: values at the corners of its cells */
};

/* A texture of that kind and period with a random direction and phase; the colours are the caller's to set. */
void scene_texture_sample(struct scene_texture *t, enum scene_texture_kind kind, float period, struct scene_random *r);

/* Share of colour b at (x, y), 0..1, seen through a pixel of side `pixel`. */
float scene_texture_weight(const struct scene_texture *t, float x, float y, float pixel);

struct scene_colour scene_texture_colour(float hue, float saturation, float value); /* each 0..1; hue wraps around */
struct scene_colour scene_texture_mix(struct scene_colour a, struct scene_colour b, float weight);

/* Squared distance of two colours in RGB, 0..3. */
float scene_texture_contrast(struct scene_colour a, struct scene_colour b);

#endif
