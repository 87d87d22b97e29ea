#include "core/data/scene_texture.h"

#include <math.h>

#include "core/data/scene_shapes.h"

static inline float clamp01(float x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static inline float smooth(float x) {
    return x * x * (3 - 2 * x);
}

void scene_texture_sample(struct scene_texture *t, enum scene_texture_kind kind, float period, struct scene_random *r) {
    *t = (struct scene_texture){.kind = kind, .frequency = 1 / period};
    scene_shapes_turn(scene_random_between(r, 0, 1), &t->cosine, &t->sine);
    t->u = scene_random_between(r, 0, 1);
    t->v = scene_random_between(r, 0, 1);
    if (kind != SCENE_NOISE)
        return;
    for (int i = 0; i < SCENE_LATTICE * SCENE_LATTICE; i += 4) {
        uint32_t word = scene_random_word(r);
        for (int k = 0; k < 4; k++)
            t->lattice[i + k] = (uint8_t)(word >> (8 * k));
    }
}

/* Signed distance, in periods, to the nearest edge of bars that take half of each period; negative on a bar. */
static inline float bars(float t) {
    return fabsf(t - floorf(t) - 0.5f) - 0.25f;
}

/* Share of a pixel of side `width` that lies on the negative side of an edge at distance d. */
static inline float covered(float d, float width) {
    return clamp01(0.5f - d / width);
}

static float lattice_at(const struct scene_texture *t, int column, int row) {
    return (float)t->lattice[(row & (SCENE_LATTICE - 1)) * SCENE_LATTICE + (column & (SCENE_LATTICE - 1))];
}

/* Random values at the corners of a grid, smoothly between them, the contrast raised to give blobs. */
static float noise(const struct scene_texture *t, float u, float v) {
    float fu = floorf(u), fv = floorf(v), su = smooth(u - fu), sv = smooth(v - fv);
    int column = (int)fu, row = (int)fv;
    float a = lattice_at(t, column, row), b = lattice_at(t, column + 1, row);
    float c = lattice_at(t, column, row + 1), d = lattice_at(t, column + 1, row + 1);
    float top = a + (b - a) * su, bottom = c + (d - c) * su;
    float value = (top + (bottom - top) * sv) / 255;
    return smooth(clamp01((value - 0.5f) * 2.2f + 0.5f));
}

float scene_texture_weight(const struct scene_texture *t, float x, float y, float pixel) {
    if (t->kind == SCENE_PLAIN)
        return 0;
    float u = (t->cosine * x + t->sine * y) * t->frequency, v = (t->cosine * y - t->sine * x) * t->frequency;
    float width = pixel * t->frequency;
    if (t->kind == SCENE_GRADIENT)
        return smooth(clamp01(u + 0.5f));
    u += t->u;
    v += t->v;
    switch (t->kind) {
    case SCENE_STRIPES:
        return covered(bars(u), width);
    case SCENE_CHECKER: {
        float p = 2 * covered(bars(u), width) - 1, q = 2 * covered(bars(v), width) - 1;
        return 0.5f - 0.5f * p * q;
    }
    case SCENE_DOTS: {
        float p = u - floorf(u) - 0.5f, q = v - floorf(v) - 0.5f;
        return covered(sqrtf(p * p + q * q) - 0.32f, width);
    }
    default:
        return noise(t, u, v);
    }
}

struct scene_colour scene_texture_colour(float hue, float saturation, float value) {
    /* A channel is full within a sixth of a turn of its own hue and empty beyond a third. */
    const float centre[3] = {0, 1.0f / 3, 2.0f / 3};
    float out[3];
    for (int i = 0; i < 3; i++) {
        float away = hue - centre[i];
        away = fabsf(away - floorf(away + 0.5f));
        out[i] = value * (1 - saturation * (1 - clamp01(2 - 6 * away)));
    }
    return (struct scene_colour){out[0], out[1], out[2]};
}

struct scene_colour scene_texture_mix(struct scene_colour a, struct scene_colour b, float weight) {
    return (struct scene_colour){a.r + (b.r - a.r) * weight, a.g + (b.g - a.g) * weight, a.b + (b.b - a.b) * weight};
}

float scene_texture_contrast(struct scene_colour a, struct scene_colour b) {
    float r = a.r - b.r, g = a.g - b.g, bl = a.b - b.b;
    return r * r + g * g + bl * bl;
}
