#include "core/data/scene_draw.h"

#include <math.h>
#include <stddef.h>

/* A row is drawn in spans of this many pixels, each finished (background, objects, grain) while it is in the cache. */
#define SPAN 64
#define SHADOW_SOFTNESS 0.06f
#define SHADOW_OFFSET 0.025f

struct span {
    int x, y, count; /* pixels from (x, y) to the right */
    float pixel;     /* side of a pixel */
    struct scene_colour colour[SPAN];
};

static inline float clamp01(float x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static inline struct scene_colour scaled(struct scene_colour c, float by) {
    return (struct scene_colour){c.r * by, c.g * by, c.b * by};
}

static void draw_background(const struct scene *s, struct span *span) {
    float y = ((float)span->y + 0.5f) * span->pixel - 0.5f;
    for (int i = 0; i < span->count; i++) {
        float x = ((float)(span->x + i) + 0.5f) * span->pixel - 0.5f;
        float weight = scene_texture_weight(&s->background, x, y, span->pixel);
        struct scene_colour c = scene_texture_mix(s->background.a, s->background.b, weight);
        span->colour[i] = scaled(c, 1 + s->light_x * x + s->light_y * y);
    }
}

/* Pixels of the span within `reach` of (x, y): [*from, *to). */
static void overlap(const struct span *span, float x, float y, float reach, int *from, int *to) {
    float dy = ((float)span->y + 0.5f) * span->pixel - y, square = reach * reach - dy * dy;
    *from = *to = 0;
    if (square <= 0)
        return;
    float half = sqrtf(square), left = (x - half) / span->pixel - (float)span->x;
    float right = (x + half) / span->pixel - (float)span->x;
    if (right < 0 || left > (float)span->count)
        return;
    *from = left < 0 ? 0 : (int)left;
    *to = right + 1 > (float)span->count ? span->count : (int)right + 1;
}

static void draw_shadow(const struct scene_object *o, struct span *span) {
    float cx = o->x + SHADOW_OFFSET, cy = o->y + SHADOW_OFFSET;
    float y = ((float)span->y + 0.5f) * span->pixel - cy;
    int from, to;
    overlap(span, cx, cy, o->radius * SCENE_SHAPE_REACH + SHADOW_SOFTNESS, &from, &to);
    for (int i = from; i < to; i++) {
        float x = ((float)(span->x + i) + 0.5f) * span->pixel - cx;
        float u = (o->cosine * x + o->sine * y) / o->radius, v = (o->cosine * y - o->sine * x) / o->radius;
        float d = scene_shapes_distance(&o->shape, u, v) * o->radius;
        float depth = clamp01(0.5f - d / SHADOW_SOFTNESS);
        span->colour[i] = scaled(span->colour[i], 1 - o->shadow * depth);
    }
}

static void draw_object(const struct scene_object *o, struct span *span) {
    float y = ((float)span->y + 0.5f) * span->pixel - o->y;
    int from, to;
    overlap(span, o->x, o->y, o->radius * SCENE_SHAPE_REACH + span->pixel, &from, &to);
    for (int i = from; i < to; i++) {
        float x = ((float)(span->x + i) + 0.5f) * span->pixel - o->x;
        float u = o->cosine * x + o->sine * y, v = o->cosine * y - o->sine * x;
        float d = scene_shapes_distance(&o->shape, u / o->radius, v / o->radius) * o->radius;
        float coverage = clamp01(0.5f - d / span->pixel);
        if (coverage <= 0)
            continue;
        float weight = scene_texture_weight(&o->texture, u, v, span->pixel);
        struct scene_colour c = scene_texture_mix(o->texture.a, o->texture.b, weight);
        c = scaled(c, 1 - o->light * 0.4f * (x + y) / o->radius);
        span->colour[i] = scene_texture_mix(span->colour[i], c, coverage);
    }
}

static uint8_t to_byte(float x) {
    return (uint8_t)(clamp01(x) * 255 + 0.5f);
}

/* One word a pixel: ten bits a channel. */
static void finish(const struct scene *s, const struct span *span, int width, uint8_t *rgb) {
    struct scene_random grain = s->grain_source;
    const float unit = 2 * s->grain / 1023;
    uint32_t first = (uint32_t)span->y * (uint32_t)width + (uint32_t)span->x;
    grain.next = first;
    if (first % 4 != 0)
        grain.words = philox(grain.key, grain.a, grain.b, grain.c, first / 4);
    for (int i = 0; i < span->count; i++) {
        uint32_t word = scene_random_word(&grain);
        const struct scene_colour *c = &span->colour[i];
        rgb[3 * i] = to_byte(c->r + unit * (float)(word & 1023) - s->grain);
        rgb[3 * i + 1] = to_byte(c->g + unit * (float)(word >> 10 & 1023) - s->grain);
        rgb[3 * i + 2] = to_byte(c->b + unit * (float)(word >> 20 & 1023) - s->grain);
    }
}

void scene_draw(const struct scene *s, struct image *out) {
    struct span span = {.pixel = 1 / (float)out->width};
    for (span.y = 0; span.y < out->height; span.y++) {
        for (span.x = 0; span.x < out->width; span.x += SPAN) {
            span.count = out->width - span.x < SPAN ? out->width - span.x : SPAN;
            draw_background(s, &span);
            for (int i = 0; i < s->count; i++) {
                if (s->objects[i].shadow > 0)
                    draw_shadow(&s->objects[i], &span);
                draw_object(&s->objects[i], &span);
            }
            finish(s, &span, out->width, out->rgb + 3 * ((size_t)span.y * (size_t)out->width + (size_t)span.x));
        }
    }
}
