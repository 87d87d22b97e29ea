/* What the tasks show, and how a scene is drawn by lot.
 *
 * Every scene has a background (two colours, one texture, a slope of brightness), up to SCENE_OBJECTS objects and
 * grain. The object that a task asks about is in front of all others and at least about twice as wide, and its colours
 * differ from the background's; the others (distractors) are of any kind and may be partly hidden. Sizes suit vision
 * transformers at 48 pixels with patches of 8: a main object spans several patches.
 *
 * Numbers are drawn one a statement: C leaves open in which order a call's arguments are worked out, and a scene must
 * not depend on the compiler. */
#include "core/data/scenes.h"

#include <assert.h>
#include <string.h>

#include "core/data/scene_draw.h"

/* Counter word c of the random numbers: what, of which task and split. */
enum purpose { PURPOSE_SCENE, PURPOSE_GRAIN, PURPOSE_LABEL };

struct scenes_task {
    uint32_t number; /* of the random numbers: never reused */
    const char *name, *help;
    int classes;
    const char *const *class_names;
    void (*compose)(struct scene *s, int label, struct scene_random *r);
};

static struct scene_random random_for(const struct scenes_task *t, enum purpose purpose, uint64_t seed,
                                      enum split split, uint64_t index) {
    return (struct scene_random){.key = philox_key(seed, PHILOX_SCENES),
                                 .a = (uint32_t)index,
                                 .b = (uint32_t)(index >> 32),
                                 .c = t->number << 8 | (uint32_t)purpose << 4 | (uint32_t)split};
}

/* Parts that every task uses */

static enum scene_texture_kind any_texture(struct scene_random *r) {
    static const uint8_t from[16] = {SCENE_PLAIN,    SCENE_PLAIN,    SCENE_PLAIN,    SCENE_PLAIN,
                                     SCENE_GRADIENT, SCENE_GRADIENT, SCENE_GRADIENT, SCENE_STRIPES,
                                     SCENE_STRIPES,  SCENE_STRIPES,  SCENE_CHECKER,  SCENE_CHECKER,
                                     SCENE_DOTS,     SCENE_DOTS,     SCENE_NOISE,    SCENE_NOISE};
    return (enum scene_texture_kind)from[scene_random_below(r, 16)];
}

/* Backgrounds: textures of low contrast, coarser than those of objects. `calm` leaves out those with hard edges. */
static void sample_background(struct scene *s, bool calm, struct scene_random *r) {
    static const uint8_t from[11] = {SCENE_PLAIN,   SCENE_GRADIENT, SCENE_NOISE, SCENE_GRADIENT,
                                     SCENE_NOISE,   SCENE_GRADIENT, SCENE_NOISE, SCENE_PLAIN,
                                     SCENE_STRIPES, SCENE_CHECKER,  SCENE_DOTS};
    struct scene_texture *t = &s->background;
    enum scene_texture_kind kind = (enum scene_texture_kind)from[scene_random_below(r, calm ? 8 : 11)];
    float period = kind == SCENE_GRADIENT ? scene_random_between(r, 0.6f, 1.4f) : scene_random_between(r, 0.12f, 0.24f);
    scene_texture_sample(t, kind, period, r);
    float hue = scene_random_between(r, 0, 1), value = scene_random_between(r, 0.25f, 0.9f);
    float step = scene_random_between(r, 0.12f, 0.35f);
    float other_hue = hue + scene_random_between(r, -0.15f, 0.15f);
    t->a = scene_texture_colour(hue, scene_random_between(r, 0.25f, 0.85f), value);
    t->b = scene_texture_colour(other_hue, scene_random_between(r, 0.25f, 0.85f),
                                value > 0.55f ? value - step : value + step);
    s->light_x = scene_random_between(r, -0.35f, 0.35f);
    s->light_y = scene_random_between(r, -0.35f, 0.35f);
    s->grain = scene_random_between(r, 0, 0.07f);
}

/* Squared distance of an object's colours to the nearer of the background's. */
static float stands_out(const struct scene_texture *t, const struct scene_texture *background) {
    struct scene_colour mean = t->kind == SCENE_PLAIN ? t->a : scene_texture_mix(t->a, t->b, 0.5f);
    float a = scene_texture_contrast(mean, background->a), b = scene_texture_contrast(mean, background->b);
    return a < b ? a : b;
}

/* Draws colours until they stand out from the background and from each other; of sixteen tries, else, the best. */
static void sample_colours(struct scene_texture *t, const struct scene_texture *background, struct scene_random *r) {
    const float enough = 0.3f;
    struct scene_texture best = *t;
    float best_score = -1;
    for (int i = 0; i < 16 && best_score < enough; i++) {
        float hue = scene_random_between(r, 0, 1), value = scene_random_between(r, 0.35f, 1);
        t->a = scene_texture_colour(hue, scene_random_between(r, 0.2f, 1), value);
        float other_hue = hue + scene_random_between(r, 0.1f, 0.9f), other_value = scene_random_between(r, 0.1f, 1);
        t->b = scene_texture_colour(other_hue, scene_random_between(r, 0.1f, 1), other_value);
        float apart = scene_texture_contrast(t->a, t->b) * 0.7f, score = stands_out(t, background);
        if (t->kind != SCENE_PLAIN && apart < score)
            score = apart;
        if (score > best_score) {
            best_score = score;
            best.a = t->a;
            best.b = t->b;
        }
    }
    t->a = best.a;
    t->b = best.b;
}

static float texture_period(enum scene_texture_kind kind, float radius, struct scene_random *r) {
    if (kind == SCENE_GRADIENT)
        return radius * scene_random_between(r, 1.2f, 2.2f);
    float period = radius * scene_random_between(r, 0.45f, 0.7f);
    return period < 0.09f ? 0.09f : period;
}

/* The next object in front of those there are; its place is the caller's to set. */
static struct scene_object *add_object(struct scene *s, enum scene_shape_kind kind, enum scene_texture_kind texture,
                                       float radius, struct scene_random *r) {
    assert(s->count < SCENE_OBJECTS);
    struct scene_object *o = &s->objects[s->count++];
    o->radius = radius;
    float aspect = kind == SCENE_RECTANGLE ? scene_random_between(r, 0.55f, 0.85f) : scene_random_between(r, 0.75f, 1);
    scene_shapes_make(&o->shape, kind, aspect, scene_random_between(r, 0, 1));
    scene_shapes_turn(scene_random_between(r, 0, 1), &o->cosine, &o->sine);
    scene_texture_sample(&o->texture, texture, texture_period(texture, radius, r), r);
    sample_colours(&o->texture, &s->background, r);
    o->light = scene_random_chance(r, 0.5f) ? scene_random_between(r, 0, 0.9f) : 0;
    o->shadow = 0;
    return o;
}

/* One of any kind and texture, its radius between the two. */
static struct scene_object *add_any(struct scene *s, float low, float high, struct scene_random *r) {
    enum scene_shape_kind kind = (enum scene_shape_kind)scene_random_below(r, SCENE_SHAPE_KINDS);
    enum scene_texture_kind texture = any_texture(r);
    return add_object(s, kind, texture, scene_random_between(r, low, high), r);
}

/* Small objects of any kind, away from the place (x, y) that belongs to the main one. */
static void add_distractors(struct scene *s, int count, float low, float high, float x, float y, float away,
                            struct scene_random *r) {
    for (int i = 0; i < count; i++) {
        struct scene_object *o = add_any(s, low, high, r);
        for (int attempt = 0; attempt < 8; attempt++) {
            o->x = scene_random_between(r, 0.03f, 0.97f);
            o->y = scene_random_between(r, 0.03f, 0.97f);
            float dx = o->x - x, dy = o->y - y, least = away + 0.5f * o->radius;
            if (dx * dx + dy * dy > least * least)
                break;
        }
    }
}

/* The object asked about: in front, near the middle, more often plain than not. `turn`: clockwise, in turns. */
static struct scene_object *add_main(struct scene *s, enum scene_shape_kind kind, float turn, struct scene_random *r) {
    float radius = scene_random_between(r, 0.33f, 0.42f);
    float x = scene_random_between(r, 0.44f, 0.56f), y = scene_random_between(r, 0.44f, 0.56f);
    add_distractors(s, scene_random_below(r, 4), 0.06f, 0.10f, x, y, radius, r);
    enum scene_texture_kind texture = scene_random_chance(r, 0.5f) ? SCENE_PLAIN : any_texture(r);
    struct scene_object *o = add_object(s, kind, texture, radius, r);
    o->x = x;
    o->y = y;
    o->shadow = scene_random_chance(r, 0.4f) ? 0.35f : 0;
    scene_shapes_turn(turn, &o->cosine, &o->sine);
    return o;
}

/* shape: which kind is the big object in front */

static void compose_shape(struct scene *s, int label, struct scene_random *r) {
    sample_background(s, false, r);
    add_main(s, (enum scene_shape_kind)label, scene_random_between(r, -0.06f, 0.06f), r);
}

#define X(constant, text) text,
static const char *const shape_names[] = {SCENE_SHAPES(X)};
#undef X

/* count: how many objects there are; none hides much of another */

/* How far an object at (x, y) stays clear of the others: below 0 they overlap. */
static float clearance(const struct scene *s, const struct scene_object *o, float x, float y) {
    float least = 1;
    for (int i = 0; i < s->count; i++) {
        const struct scene_object *other = &s->objects[i];
        if (other == o)
            continue;
        float dx = x - other->x, dy = y - other->y, touching = o->radius + other->radius;
        float gap = dx * dx + dy * dy - touching * touching;
        least = gap < least ? gap : least;
    }
    return least;
}

static void compose_count(struct scene *s, int label, struct scene_random *r) {
    sample_background(s, true, r);
    for (int i = 0; i <= label; i++) {
        struct scene_object *o = add_any(s, 0.09f, 0.13f, r);
        float best = -1;
        for (int attempt = 0; attempt < 32 && best < 0; attempt++) {
            float x = scene_random_between(r, o->radius, 1 - o->radius);
            float y = scene_random_between(r, o->radius, 1 - o->radius);
            float clear = clearance(s, o, x, y);
            if (attempt == 0 || clear > best) {
                best = clear;
                o->x = x;
                o->y = y;
            }
        }
    }
}

static const char *const count_names[] = {"1 object",  "2 objects", "3 objects", "4 objects",
                                          "5 objects", "6 objects", "7 objects", "8 objects"};

/* orientation: which way the arrow points, counter-clockwise from the right */

#define DIRECTIONS 8

static void compose_orientation(struct scene *s, int label, struct scene_random *r) {
    sample_background(s, false, r);
    /* A gap is left between neighbouring classes. y points down, so the turn is the other way round. */
    float turn = ((float)label + scene_random_between(r, -0.32f, 0.32f)) / DIRECTIONS;
    add_main(s, SCENE_ARROW, -turn, r);
}

static const char *const orientation_names[DIRECTIONS] = {"0 degrees",   "45 degrees",  "90 degrees",  "135 degrees",
                                                          "180 degrees", "225 degrees", "270 degrees", "315 degrees"};

/* location: in which cell of a 4 x 4 grid the middle of the biggest object lies */

#define GRID 4

static void compose_location(struct scene *s, int label, struct scene_random *r) {
    sample_background(s, false, r);
    float x = ((float)(label % GRID) + scene_random_between(r, 0.3f, 0.7f)) / GRID;
    float y = ((float)(label / GRID) + scene_random_between(r, 0.3f, 0.7f)) / GRID;
    add_distractors(s, scene_random_below(r, 4), 0.04f, 0.06f, x, y, 0.15f, r);
    struct scene_object *o = add_any(s, 0.12f, 0.16f, r);
    o->x = x;
    o->y = y;
}

static const char *const location_names[GRID * GRID] = {
    "row 1, column 1", "row 1, column 2", "row 1, column 3", "row 1, column 4", "row 2, column 1", "row 2, column 2",
    "row 2, column 3", "row 2, column 4", "row 3, column 1", "row 3, column 2", "row 3, column 3", "row 3, column 4",
    "row 4, column 1", "row 4, column 2", "row 4, column 3", "row 4, column 4"};

/* fine: kind and texture of the emblem on a badge */

static const uint8_t emblem_shapes[4] = {SCENE_STAR, SCENE_HEART, SCENE_CROSS, SCENE_CRESCENT};
static const uint8_t emblem_textures[4] = {SCENE_PLAIN, SCENE_STRIPES, SCENE_CHECKER, SCENE_DOTS};

/* The badge: big, plain or nearly so, in the middle. */
static struct scene_object *add_badge(struct scene *s, struct scene_random *r) {
    static const uint8_t from[3] = {SCENE_ELLIPSE, SCENE_RECTANGLE, SCENE_HEXAGON};
    enum scene_shape_kind kind = (enum scene_shape_kind)from[scene_random_below(r, 3)];
    float radius =
        kind == SCENE_RECTANGLE ? scene_random_between(r, 0.50f, 0.58f) : scene_random_between(r, 0.42f, 0.48f);
    float x = scene_random_between(r, 0.47f, 0.53f), y = scene_random_between(r, 0.47f, 0.53f);
    add_distractors(s, scene_random_below(r, 3), 0.06f, 0.10f, x, y, radius, r);
    struct scene_object *o =
        add_object(s, kind, scene_random_chance(r, 0.7f) ? SCENE_PLAIN : SCENE_GRADIENT, radius, r);
    o->x = x;
    o->y = y;
    o->shadow = 0.35f;
    scene_shapes_make(&o->shape, kind, scene_random_between(r, 0.9f, 1), 0);
    scene_shapes_turn(scene_random_between(r, -0.03f, 0.03f), &o->cosine, &o->sine);
    return o;
}

static void compose_fine(struct scene *s, int label, struct scene_random *r) {
    sample_background(s, true, r);
    const struct scene_object *badge = add_badge(s, r);
    enum scene_shape_kind kind = (enum scene_shape_kind)emblem_shapes[label % 4];
    enum scene_texture_kind texture = (enum scene_texture_kind)emblem_textures[label / 4];
    struct scene_object *o = add_object(s, kind, texture, scene_random_between(r, 0.29f, 0.34f), r);
    o->x = badge->x + scene_random_between(r, -0.02f, 0.02f);
    o->y = badge->y + scene_random_between(r, -0.02f, 0.02f);
    scene_shapes_turn(scene_random_between(r, -0.05f, 0.05f), &o->cosine, &o->sine);
    scene_texture_sample(&o->texture, texture, scene_random_between(r, 0.10f, 0.14f), r);
    sample_colours(&o->texture, &badge->texture, r);
}

static const char *const fine_names[16] = {
    "plain star emblem",     "plain heart emblem",     "plain cross emblem",     "plain crescent emblem",
    "striped star emblem",   "striped heart emblem",   "striped cross emblem",   "striped crescent emblem",
    "checkered star emblem", "checkered heart emblem", "checkered cross emblem", "checkered crescent emblem",
    "dotted star emblem",    "dotted heart emblem",    "dotted cross emblem",    "dotted crescent emblem"};

/* colour: the hue of the big object, plain and of any kind. The other tasks need its form or place; this one does not
 */

#define HUES 8

static void compose_colour(struct scene *s, int label, struct scene_random *r) {
    sample_background(s, true, r);
    enum scene_shape_kind kind = (enum scene_shape_kind)scene_random_below(r, SCENE_SHAPE_KINDS);
    struct scene_object *o = add_main(s, kind, scene_random_between(r, 0, 1), r);
    scene_texture_sample(&o->texture, SCENE_PLAIN, 1, r);
    float best = -1;
    for (int i = 0; i < 16; i++) { /* of the tries the one that stands out most */
        struct scene_texture t = o->texture;
        float hue = ((float)label + scene_random_between(r, -0.3f, 0.3f)) / HUES;
        float saturation = scene_random_between(r, 0.6f, 1);
        t.a = t.b = scene_texture_colour(hue, saturation, scene_random_between(r, 0.55f, 1));
        float score = stands_out(&t, &s->background);
        if (score > best) {
            best = score;
            o->texture = t;
        }
    }
}

static const char *const colour_names[HUES] = {"red", "amber", "lime", "green", "cyan", "blue", "violet", "magenta"};

/* texture: how the two colours of the big object are laid out */

static void compose_texture(struct scene *s, int label, struct scene_random *r) {
    sample_background(s, true, r);
    enum scene_shape_kind kind = (enum scene_shape_kind)scene_random_below(r, SCENE_SHAPE_KINDS);
    struct scene_object *o = add_main(s, kind, scene_random_between(r, 0, 1), r);
    enum scene_texture_kind texture = (enum scene_texture_kind)label;
    scene_texture_sample(&o->texture, texture, texture_period(texture, o->radius, r), r);
    sample_colours(&o->texture, &s->background, r);
}

static const char *const texture_names[SCENE_TEXTURE_KINDS] = {"plain",   "gradient", "stripes",
                                                               "checker", "dots",     "noise"};

/* mixed: a scene of any of the five first tasks, for pretraining. The bundled backbone was made of them: no more come
 * in. */

static void compose_mixed(struct scene *s, int label, struct scene_random *r);

#define MIXED 5

static const char *const mixed_names[MIXED] = {"shape", "count", "orientation", "location", "fine"};

static const struct scenes_task tasks[] = {
    {1, "shape", "which kind of shape the big object is", SCENE_SHAPE_KINDS, shape_names, compose_shape},
    {2, "count", "how many objects there are", 8, count_names, compose_count},
    {3, "orientation", "which way the arrow points, counter-clockwise from the right", DIRECTIONS, orientation_names,
     compose_orientation},
    {4, "location", "in which cell of a 4 x 4 grid the biggest object is", GRID *GRID, location_names,
     compose_location},
    {5, "fine", "shape and texture of the emblem on the badge", 16, fine_names, compose_fine},
    {6, "mixed", "which of the five tasks above the scene is of (for pretraining)", MIXED, mixed_names, compose_mixed},
    {7, "colour", "the hue of the big object", HUES, colour_names, compose_colour},
    {8, "texture", "the texture of the big object", SCENE_TEXTURE_KINDS, texture_names, compose_texture},
};

static void compose_mixed(struct scene *s, int label, struct scene_random *r) {
    tasks[label].compose(s, scene_random_below(r, tasks[label].classes), r);
}

#define TASKS (sizeof(tasks) / sizeof(tasks[0]))

const struct scenes_task *scenes_find(const char *task) {
    for (size_t i = 0; i < TASKS; i++)
        if (strcmp(tasks[i].name, task) == 0)
            return &tasks[i];
    return NULL;
}

size_t scenes_count(void) {
    return TASKS;
}

const struct scenes_task *scenes_at(size_t i) {
    assert(i < TASKS);
    return &tasks[i];
}

const char *scenes_name(const struct scenes_task *t) {
    return t->name;
}

const char *scenes_help(const struct scenes_task *t) {
    return t->help;
}

int scenes_classes(const struct scenes_task *t) {
    return t->classes;
}

const char *scenes_class_name(const struct scenes_task *t, int label) {
    assert(label >= 0 && label < t->classes);
    return t->class_names[label];
}

#define MOST_CLASSES 32

/* Each run of `classes` images holds every class once, in a random order of its own. */
int scenes_label(const struct scenes_task *t, uint64_t seed, enum split split, size_t index) {
    assert(t->classes <= MOST_CLASSES);
    size_t classes = (size_t)t->classes;
    struct scene_random r = random_for(t, PURPOSE_LABEL, seed, split, index / classes);
    int order[MOST_CLASSES];
    for (int i = 0; i < t->classes; i++)
        order[i] = i;
    for (int i = t->classes; i > 1; i--) {
        int j = scene_random_below(&r, i), swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
    return order[index % classes];
}

void scenes_compose(const struct scenes_task *t, uint64_t seed, enum split split, size_t index, struct scene *out) {
    struct scene_random r = random_for(t, PURPOSE_SCENE, seed, split, index);
    *out = (struct scene){.grain_source = random_for(t, PURPOSE_GRAIN, seed, split, index)};
    t->compose(out, scenes_label(t, seed, split, index), &r);
}

int scenes_render(const struct scenes_task *t, uint64_t seed, enum split split, size_t index, struct image *out) {
    assert(out->rgb && out->width == out->height && out->width >= SCENES_LEAST_SIDE);
    struct scene s;
    scenes_compose(t, seed, split, index, &s);
    scene_draw(&s, out);
    return 0;
}
