/* The outlines that rendered scenes are made of, each as a signed distance: negative inside, positive outside.
 *
 *     struct scene_shape s;
 *     scene_shapes_make(&s, SCENE_STAR, 1, 0.5f);
 *     float d = scene_shapes_distance(&s, x, y);   // (0, 0): its middle; its outline reaches out to about 1
 *
 * x points right and y down; an arrow points to +x, a heart stands on its tip. Only + - * / and square roots are used,
 * so the numbers do not depend on a machine's mathematics library. Plain values; any thread may call. */
#ifndef CORE_DATA_SCENE_SHAPES_H
#define CORE_DATA_SCENE_SHAPES_H

/* X(constant, name). Recorded runs depend on the order: only append. */
#define SCENE_SHAPES(X)                                                                                                \
    X(SCENE_ELLIPSE, "ellipse")                                                                                        \
    X(SCENE_RECTANGLE, "rectangle")                                                                                    \
    X(SCENE_TRIANGLE, "triangle")                                                                                      \
    X(SCENE_STAR, "star")                                                                                              \
    X(SCENE_RING, "ring")                                                                                              \
    X(SCENE_HEART, "heart")                                                                                            \
    X(SCENE_CROSS, "cross")                                                                                            \
    X(SCENE_CRESCENT, "crescent")                                                                                      \
    X(SCENE_HEXAGON, "hexagon")                                                                                        \
    X(SCENE_ARROW, "arrow")

#define X(name, text) name,
enum scene_shape_kind { SCENE_SHAPES(X) SCENE_SHAPE_KINDS };
#undef X

#define SCENE_SHAPE_REACH 1.1f /* no outline goes further from the middle */
#define SCENE_SHAPE_CORNERS 12

struct scene_edge {
    float x, y;    /* where it begins */
    float dx, dy;  /* to where it ends */
    float inverse; /* 1 / (dx^2 + dy^2) */
};

struct scene_shape {
    enum scene_shape_kind kind;
    int corners; /* 0: no polygon */
    struct scene_edge edges[SCENE_SHAPE_CORNERS];
    float height;    /* half axis of ellipses along y; the one along x is 1 */
    float thickness; /* by kind: see scene_shapes_make() */
};

/* `aspect` in (0, 1]: height over width (hearts, crescents and rings have none); `variant` in [0, 1): how long a star's
 * rays are, how thick a ring, a cross, a crescent or an arrow's shaft is. */
void scene_shapes_make(struct scene_shape *s, enum scene_shape_kind kind, float aspect, float variant);

/* Exact for polygons and discs; for ellipses exact at the outline and close near it. */
float scene_shapes_distance(const struct scene_shape *s, float x, float y);

const char *scene_shapes_name(enum scene_shape_kind kind);

/* Cosine and sine of an angle in turns (1: once around), good to 1e-7 and the same on every machine. */
void scene_shapes_turn(float turns, float *cosine, float *sine);

#endif
