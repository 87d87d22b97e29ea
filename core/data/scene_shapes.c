#include "core/data/scene_shapes.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#define HALF_SQRT2 0.70710678f

void scene_shapes_turn(float turns, float *cosine, float *sine) {
    double t = (double)turns - floor((double)turns);
    int eighths = (int)(t * 8.0);
    int quarter = ((eighths + 1) / 2) % 4;
    /* The rest is within an eighth of a turn, where the series to the tenth power are good to 1e-9. */
    double a = (t - 0.25 * (double)((eighths + 1) / 2)) * 6.283185307179586, q = a * a;
    double c = 1 + q * (-1.0 / 2 + q * (1.0 / 24 + q * (-1.0 / 720 + q * (1.0 / 40320 - q / 3628800))));
    double s = a * (1 + q * (-1.0 / 6 + q * (1.0 / 120 + q * (-1.0 / 5040 + q / 362880))));
    double x[4] = {c, -s, -c, s}, y[4] = {s, c, -s, -c};
    *cosine = (float)x[quarter];
    *sine = (float)y[quarter];
}

static void close_polygon(struct scene_shape *s, int corners, const float (*points)[2]) {
    assert(corners <= SCENE_SHAPE_CORNERS);
    s->corners = corners;
    for (int i = 0; i < corners; i++) {
        const float *from = points[i], *to = points[(i + 1) % corners];
        float dx = to[0] - from[0], dy = to[1] - from[1];
        s->edges[i] = (struct scene_edge){from[0], from[1], dx, dy, 1 / (dx * dx + dy * dy)};
    }
}

/* Corners evenly around the middle, the first at the top; every other one at radius `inner`. */
static void make_regular(struct scene_shape *s, int corners, float inner, float aspect) {
    float points[SCENE_SHAPE_CORNERS][2];
    for (int i = 0; i < corners; i++) {
        float c, sn, radius = i % 2 ? inner : 1;
        scene_shapes_turn((float)i / (float)corners - 0.25f, &c, &sn);
        points[i][0] = radius * c;
        points[i][1] = radius * sn * aspect;
    }
    close_polygon(s, corners, points);
}

static void make_cross(struct scene_shape *s, float half, float aspect) {
    const float h = half, e = 0.97f, f = 0.97f * aspect;
    const float points[12][2] = {{-h, -f}, {h, -f}, {h, -h}, {e, -h}, {e, h},   {h, h},
                                 {h, f},   {-h, f}, {-h, h}, {-e, h}, {-e, -h}, {-h, -h}};
    close_polygon(s, 12, points);
}

static void make_arrow(struct scene_shape *s, float half, float aspect) {
    const float h = half, w = 0.85f * aspect, neck = -0.05f;
    const float points[7][2] = {{-1, -h}, {neck, -h}, {neck, -w}, {1, 0}, {neck, w}, {neck, h}, {-1, h}};
    close_polygon(s, 7, points);
}

static void make_rectangle(struct scene_shape *s, float aspect) {
    float w = SCENE_SHAPE_REACH / sqrtf(1 + aspect * aspect), h = aspect * w;
    const float points[4][2] = {{-w, -h}, {w, -h}, {w, h}, {-w, h}};
    close_polygon(s, 4, points);
}

void scene_shapes_make(struct scene_shape *s, enum scene_shape_kind kind, float aspect, float variant) {
    assert(aspect > 0 && aspect <= 1);
    *s = (struct scene_shape){.kind = kind, .height = aspect};
    switch (kind) {
    case SCENE_RECTANGLE:
        make_rectangle(s, aspect);
        break;
    case SCENE_TRIANGLE:
        make_regular(s, 3, 1, aspect);
        break;
    case SCENE_STAR:
        make_regular(s, 10, 0.40f + 0.10f * variant, aspect);
        break;
    case SCENE_CROSS:
        make_cross(s, 0.24f + 0.10f * variant, aspect);
        break;
    case SCENE_HEXAGON:
        make_regular(s, 6, 1, aspect);
        break;
    case SCENE_ARROW:
        make_arrow(s, 0.20f + 0.10f * variant, aspect);
        break;
    case SCENE_RING:
        s->thickness = 0.32f + 0.12f * variant;
        break;
    case SCENE_CRESCENT: /* how far the second disc lies from the first */
        s->thickness = 0.38f + 0.12f * variant;
        break;
    case SCENE_ELLIPSE:
    case SCENE_HEART:
    case SCENE_SHAPE_KINDS:
        break;
    }
}

static inline float length(float x, float y) {
    return sqrtf(x * x + y * y);
}

/* Least distance to an edge; the sign by how many edges a ray to +x crosses. */
static float polygon_distance(const struct scene_shape *s, float x, float y) {
    float least = 1e9f;
    bool inside = false;
    for (int i = 0; i < s->corners; i++) {
        const struct scene_edge *e = &s->edges[i];
        float wx = x - e->x, wy = y - e->y;
        float t = (wx * e->dx + wy * e->dy) * e->inverse;
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        float rx = wx - e->dx * t, ry = wy - e->dy * t, square = rx * rx + ry * ry;
        least = square < least ? square : least;
        bool straddles = (wy < 0) != (wy < e->dy);
        bool left = (wx * e->dy < wy * e->dx) == (e->dy > 0);
        inside ^= straddles & left;
    }
    float d = sqrtf(least);
    return inside ? -d : d;
}

static float ellipse_distance(float height, float x, float y) {
    float u = y / height, v = u / height;
    float level = length(x, u), slope = length(x, v);
    return slope > 0 ? level * (level - 1) / slope : -height;
}

/* A square standing on a corner, with a disc on each of its upper sides. */
static float heart_distance(float x, float y) {
    const float d = 0.73f;
    x = fabsf(x);
    y += 0.075f;
    float square = (x + fabsf(y) - d) * HALF_SQRT2;
    float disc = length(x - d / 2, y + d / 2) - d * HALF_SQRT2;
    return square < disc ? square : disc;
}

/* A disc less another one that lies to its right; moved so that what is left is in the middle. */
static float crescent_distance(float offset, float x, float y) {
    const float radius = 0.9f;
    x -= 0.16f;
    float whole = length(x, y) - radius;
    float hole = length(x - offset * radius, y) - 0.78f * radius;
    return whole > -hole ? whole : -hole;
}

float scene_shapes_distance(const struct scene_shape *s, float x, float y) {
    if (s->corners > 0)
        return polygon_distance(s, x, y);
    switch (s->kind) {
    case SCENE_HEART:
        return heart_distance(x, y);
    case SCENE_CRESCENT:
        return crescent_distance(s->thickness, x, y);
    case SCENE_RING: {
        float half = s->thickness / 2;
        return fabsf(length(x, y) - 1 + half) - half;
    }
    default:
        return ellipse_distance(s->height, x, y);
    }
}

const char *scene_shapes_name(enum scene_shape_kind kind) {
#define X(name, text) text,
    static const char *const names[] = {SCENE_SHAPES(X)};
#undef X
    assert(kind >= 0 && kind < SCENE_SHAPE_KINDS);
    return names[kind];
}
