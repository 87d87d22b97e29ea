#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/scene_draw.h"
#include "core/data/scenes.h"

#define SEED 42
#define MOST_SIDE 192

static uint8_t pixels[2][MOST_SIDE * MOST_SIDE * 3];

static struct image canvas(int which, int side) {
    return (struct image){side, side, pixels[which]};
}

static size_t bytes(int side) {
    return (size_t)side * (size_t)side * 3;
}

static void render(const struct scenes_task *t, uint64_t seed, enum split split, size_t index, int which, int side) {
    struct image im = canvas(which, side);
    assert_int_equal(scenes_render(t, seed, split, index, &im), 0);
}

static const struct scenes_task *task(const char *name) {
    const struct scenes_task *t = scenes_find(name);
    assert_non_null(t);
    return t;
}

static struct scene composed(const struct scenes_task *t, size_t index) {
    struct scene s;
    scenes_compose(t, SEED, SPLIT_TRAIN, index, &s);
    return s;
}

static int label(const struct scenes_task *t, size_t index) {
    return scenes_label(t, SEED, SPLIT_TRAIN, index);
}

/* Mean absolute difference of the two canvases, the second shrunk to the first's side. */
static double difference(int side, int larger) {
    int k = larger / side;
    double sum = 0;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            for (int c = 0; c < 3; c++) {
                double mean = 0;
                for (int j = 0; j < k * k; j++)
                    mean += pixels[1][3 * ((y * k + j / k) * larger + x * k + j % k) + c];
                sum += fabs(mean / (k * k) - pixels[0][3 * (y * side + x) + c]);
            }
    return sum / (double)bytes(side);
}

static void tasks_are_found_by_name(void **state) {
    (void)state;
    static const char *const names[] = {"shape", "count", "orientation", "location",
                                        "fine",  "mixed", "colour",      "texture"};
    assert_int_equal(scenes_count(), 8);
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(scenes_name(scenes_at(i)), names[i]);
        assert_ptr_equal(scenes_find(names[i]), scenes_at(i));
        assert_true(strlen(scenes_help(scenes_at(i))) > 10);
    }
    assert_null(scenes_find("shapes"));
    assert_null(scenes_find(""));
}

static void class_names_of_a_task_differ(void **state) {
    (void)state;
    for (size_t k = 0; k < scenes_count(); k++) {
        const struct scenes_task *t = scenes_at(k);
        for (int i = 0; i < scenes_classes(t); i++) {
            assert_true(strlen(scenes_class_name(t, i)) > 2);
            for (int j = 0; j < i; j++)
                assert_string_not_equal(scenes_class_name(t, i), scenes_class_name(t, j));
        }
    }
}

static void each_run_of_images_holds_every_class_once(void **state) {
    (void)state;
    for (size_t k = 0; k < scenes_count(); k++) {
        const struct scenes_task *t = scenes_at(k);
        size_t classes = (size_t)scenes_classes(t), moved = 0;
        for (size_t first = 0; first < 40 * classes; first += classes) {
            uint32_t seen = 0;
            for (size_t i = first; i < first + classes; i++) {
                seen |= UINT32_C(1) << label(t, i);
                moved += label(t, i) != label(t, i - first);
            }
            assert_int_equal(seen, (UINT32_C(1) << classes) - 1);
        }
        /* The order is another one in every run: of 39 runs, one place in `classes` stays by chance. */
        assert_true(moved > 39 * classes / 2);
    }
}

/* Recorded runs depend on these. */
static void labels_stay_what_they_were(void **state) {
    (void)state;
    static const int expected[8][8] = {
        {6, 7, 3, 1, 5, 8, 4, 0},    /* shape */
        {1, 4, 6, 0, 2, 5, 7, 3},    /* count */
        {7, 6, 0, 5, 3, 1, 4, 2},    /* orientation */
        {11, 9, 2, 14, 3, 7, 8, 6},  /* location */
        {2, 7, 13, 14, 9, 1, 15, 6}, /* fine */
        {2, 4, 3, 1, 0, 2, 4, 1},    /* mixed */
        {5, 3, 6, 7, 2, 4, 1, 0},    /* colour */
        {1, 2, 5, 3, 0, 4, 1, 5},    /* texture */
    };
    for (size_t k = 0; k < scenes_count(); k++)
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(scenes_label(scenes_at(k), SEED, SPLIT_TEST, i), expected[k][i]);
}

/* Means of the channels of image 0 at 8 x 8, with room for a compiler that rounds otherwise. */
static void pictures_stay_what_they_were(void **state) {
    (void)state;
    static const int expected[8][3] = {
        {123, 88, 91},   /* shape */
        {126, 167, 144}, /* count */
        {108, 77, 113},  /* orientation */
        {85, 141, 112},  /* location */
        {165, 143, 37},  /* fine */
        {89, 141, 112},  /* mixed */
        {64, 83, 110},   /* colour */
        {148, 122, 185}, /* texture */
    };
    for (size_t k = 0; k < scenes_count(); k++) {
        int sum[3] = {0};
        render(scenes_at(k), SEED, SPLIT_TRAIN, 0, 0, 8);
        for (size_t i = 0; i < bytes(8); i++)
            sum[i % 3] += pixels[0][i];
        for (int c = 0; c < 3; c++)
            assert_in_range(sum[c] / 64 + 1, expected[k][c], expected[k][c] + 2);
    }
}

static void an_image_is_a_function_of_its_arguments(void **state) {
    (void)state;
    for (size_t k = 0; k < scenes_count(); k++) {
        const struct scenes_task *t = scenes_at(k);
        render(t, SEED, SPLIT_VAL, 11, 0, 48);
        memset(pixels[1], 0xa5, bytes(48));
        render(t, SEED, SPLIT_VAL, 12, 1, 48);
        render(t, SEED, SPLIT_VAL, 11, 1, 48);
        assert_memory_equal(pixels[0], pixels[1], bytes(48));
    }
}

static void another_argument_gives_another_image(void **state) {
    (void)state;
    const struct scenes_task *t = task("shape");
    const struct {
        const struct scenes_task *t;
        uint64_t seed;
        enum split split;
        size_t index;
    } other[] = {{t, SEED, SPLIT_TRAIN, 1},
                 {t, SEED, SPLIT_VAL, 0},
                 {t, SEED, SPLIT_TEST, 0},
                 {t, SEED + 1, SPLIT_TRAIN, 0},
                 {t, SEED + (UINT64_C(1) << 32), SPLIT_TRAIN, 0},
                 {t, SEED, SPLIT_TRAIN, (size_t)UINT32_MAX + 1},
                 {task("orientation"), SEED, SPLIT_TRAIN, 0}};
    render(t, SEED, SPLIT_TRAIN, 0, 0, 48);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        render(other[i].t, other[i].seed, other[i].split, other[i].index, 1, 48);
        assert_true(difference(48, 48) > 10);
    }
}

static void another_size_shows_the_same_scene(void **state) {
    (void)state;
    for (size_t k = 0; k < scenes_count(); k++)
        for (size_t i = 0; i < 5; i++) {
            render(scenes_at(k), SEED, SPLIT_TRAIN, i, 0, 48);
            render(scenes_at(k), SEED, SPLIT_TRAIN, i, 1, 192);
            double same = difference(48, 192);
            render(scenes_at(k), SEED, SPLIT_TRAIN, i + 100, 1, 192);
            if (same > 12 || difference(48, 192) < 2 * same)
                fail_msg("%s %zu: %g", scenes_name(scenes_at(k)), i, same);
        }
}

static void any_size_from_the_least_is_drawn_whole(void **state) {
    (void)state;
    static const int sides[] = {SCENES_LEAST_SIDE, 9, 63, 64, 65, 129};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        size_t n = bytes(sides[i]);
        /* Every pixel is written: what stood there before does not show. */
        memset(pixels[0], 0, sizeof pixels[0]);
        memset(pixels[1], 0xff, sizeof pixels[1]);
        render(task("fine"), SEED, SPLIT_TRAIN, i, 0, sides[i]);
        render(task("fine"), SEED, SPLIT_TRAIN, i, 1, sides[i]);
        assert_memory_equal(pixels[0], pixels[1], n);
        assert_int_equal(pixels[0][n], 0);
        assert_int_equal(pixels[1][n], 0xff);
    }
}

static void the_main_object_is_the_biggest_and_in_front(void **state) {
    (void)state;
    static const char *const names[] = {"shape", "orientation", "location"};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < 500; i++) {
            struct scene s = composed(task(names[k]), i);
            const struct scene_object *last = &s.objects[s.count - 1];
            for (int j = 0; j < s.count - 1; j++)
                assert_true(last->radius > 1.9f * s.objects[j].radius);
        }
}

static void shape_is_the_kind_of_the_main_object(void **state) {
    (void)state;
    const struct scenes_task *t = task("shape");
    for (size_t i = 0; i < 100; i++) {
        struct scene s = composed(t, i);
        enum scene_shape_kind kind = s.objects[s.count - 1].shape.kind;
        assert_int_equal(kind, label(t, i));
        assert_string_equal(scenes_class_name(t, label(t, i)), scene_shapes_name(kind));
    }
}

static void colour_is_the_hue_of_the_main_object(void **state) {
    (void)state;
    const struct scenes_task *t = task("colour");
    for (size_t i = 0; i < 200; i++) {
        struct scene s = composed(t, i);
        struct scene_colour c = s.objects[s.count - 1].texture.a;
        float most = fmaxf(c.r, fmaxf(c.g, c.b)), least = fminf(c.r, fminf(c.g, c.b)), d = most - least;
        assert_int_equal(s.objects[s.count - 1].texture.kind, SCENE_PLAIN);
        assert_true(d > 0.3f); /* no greys */
        float sixths = most == c.r ? (c.g - c.b) / d : most == c.g ? 2 + (c.b - c.r) / d : 4 + (c.r - c.g) / d;
        float apart = sixths / 6 * 8 - (float)label(t, i); /* in eighths, from the middle of the class */
        apart -= 8 * roundf(apart / 8);
        assert_true(fabsf(apart) < 0.31f);
    }
}

static void texture_is_that_of_the_main_object(void **state) {
    (void)state;
    const struct scenes_task *t = task("texture");
    for (size_t i = 0; i < 100; i++) {
        struct scene s = composed(t, i);
        assert_int_equal(s.objects[s.count - 1].texture.kind, label(t, i));
    }
}

static void mixed_holds_scenes_of_five_tasks(void **state) {
    (void)state;
    const struct scenes_task *t = task("mixed");
    for (size_t i = 0; i < 200; i++) {
        struct scene s = composed(t, i);
        const char *name = scenes_class_name(t, label(t, i));
        assert_non_null(scenes_find(name));
        if (strcmp(name, "orientation") == 0)
            assert_int_equal(s.objects[s.count - 1].shape.kind, SCENE_ARROW);
    }
}

static void count_is_the_number_of_objects_all_of_them_seen(void **state) {
    (void)state;
    const struct scenes_task *t = task("count");
    for (size_t i = 0; i < 1000; i++) {
        struct scene s = composed(t, i);
        char name[32];
        snprintf(name, sizeof name, "%d object%s", s.count, s.count == 1 ? "" : "s");
        assert_string_equal(scenes_class_name(t, label(t, i)), name);
        for (int j = 0; j < s.count; j++)
            for (int k = 0; k < j; k++) {
                const struct scene_object *a = &s.objects[j], *b = &s.objects[k];
                float least = 0.6f * (a->radius + b->radius);
                assert_true(hypotf(a->x - b->x, a->y - b->y) > least);
            }
    }
}

static void orientation_is_where_the_arrow_points(void **state) {
    (void)state;
    const struct scenes_task *t = task("orientation");
    for (size_t i = 0; i < 200; i++) {
        struct scene s = composed(t, i);
        const struct scene_object *o = &s.objects[s.count - 1];
        assert_int_equal(o->shape.kind, SCENE_ARROW);
        /* y points down. */
        double degrees = atan2((double)-o->sine, (double)o->cosine) * 180 / 3.14159265358979;
        double named = atof(scenes_class_name(t, label(t, i)));
        assert_true(fabs(remainder(degrees - named, 360)) < 15);
    }
}

static void location_is_the_cell_of_the_biggest_object(void **state) {
    (void)state;
    const struct scenes_task *t = task("location");
    for (size_t i = 0; i < 200; i++) {
        struct scene s = composed(t, i);
        const struct scene_object *o = &s.objects[s.count - 1];
        char name[48];
        snprintf(name, sizeof name, "row %d, column %d", (int)(o->y * 4) + 1, (int)(o->x * 4) + 1);
        assert_string_equal(scenes_class_name(t, label(t, i)), name);
    }
}

static void fine_is_texture_then_kind_of_the_emblem(void **state) {
    (void)state;
    static const char *const textures[SCENE_TEXTURE_KINDS] = {
        [SCENE_PLAIN] = "plain", [SCENE_STRIPES] = "striped", [SCENE_CHECKER] = "checkered", [SCENE_DOTS] = "dotted"};
    const struct scenes_task *t = task("fine");
    for (size_t i = 0; i < 200; i++) {
        struct scene s = composed(t, i);
        const struct scene_object *o = &s.objects[s.count - 1];
        const char *texture = textures[o->texture.kind];
        char name[64];
        assert_non_null(texture);
        snprintf(name, sizeof name, "%s %s emblem", texture, scene_shapes_name(o->shape.kind));
        assert_string_equal(scenes_class_name(t, label(t, i)), name);
    }
}

static struct scene_object plain(enum scene_shape_kind kind, float level, float radius) {
    struct scene_object o = {.x = 0.5f, .y = 0.5f, .radius = radius, .cosine = 1};
    o.texture = (struct scene_texture){.kind = SCENE_PLAIN, .a = {level, level, level}, .frequency = 1};
    scene_shapes_make(&o.shape, kind, 1, 0);
    return o;
}

static int level_at(float x, float y) {
    return pixels[0][3 * ((int)(y * 100) * 100 + (int)(x * 100))];
}

static void objects_are_drawn_back_to_front_and_turned_clockwise(void **state) {
    (void)state;
    struct scene s = {.count = 2, .background = plain(SCENE_ELLIPSE, 0, 1).texture};
    s.objects[0] = plain(SCENE_ELLIPSE, 0.4f, 0.3f);
    s.objects[1] = plain(SCENE_ARROW, 1, 0.4f);
    scene_shapes_turn(0.25f, &s.objects[1].cosine, &s.objects[1].sine);
    struct image im = canvas(0, 100);
    scene_draw(&s, &im);
    assert_int_equal(level_at(0.5f, 0.5f), 255);
    assert_int_equal(level_at(0.5f, 0.85f), 255); /* the tip points down */
    assert_int_equal(level_at(0.72f, 0.5f), 255); /* the head is wider than the shaft */
    assert_int_equal(level_at(0.7f, 0.4f), 102);
    assert_int_equal(level_at(0.5f, 0.12f), 255); /* the shaft's end is above the disc */
    assert_int_equal(level_at(0.9f, 0.5f), 0);
    assert_int_equal(level_at(0.7f, 0.85f), 0);
}

/* Share of the square from -1.25 to 1.25 that is inside, times its area. */
static double area(const struct scene_shape *s) {
    int inside = 0;
    for (int i = 0; i < 500 * 500; i++)
        inside += scene_shapes_distance(s, (float)(i % 500) / 200 - 1.2475f, (float)(i / 500) / 200 - 1.2475f) < 0;
    return inside / 40000.0;
}

static void outlines_enclose_the_area_of_their_formula(void **state) {
    (void)state;
    const double pi = 3.14159265358979, side = SCENE_SHAPE_REACH * sqrt(2.0);
    const struct {
        enum scene_shape_kind kind;
        float aspect;
        double area;
    } expected[] = {{SCENE_ELLIPSE, 1, pi},
                    {SCENE_ELLIPSE, 0.5f, pi / 2},
                    {SCENE_RECTANGLE, 1, side * side},
                    {SCENE_TRIANGLE, 1, 3 * sqrt(3.0) / 4},
                    {SCENE_TRIANGLE, 0.6f, 0.6 * 3 * sqrt(3.0) / 4},
                    {SCENE_HEXAGON, 1, 3 * sqrt(3.0) / 2},
                    {SCENE_RING, 1, pi * (1 - 0.68 * 0.68)},
                    {SCENE_STAR, 1, 10 * 0.5 * 0.4 * sin(pi / 5)},
                    {SCENE_CROSS, 1, 4 * 0.97 * 0.24 * 2 - 4 * 0.24 * 0.24},
                    {SCENE_ARROW, 1, 0.95 * 0.4 + 0.85 * 1.05}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct scene_shape s;
        scene_shapes_make(&s, expected[i].kind, expected[i].aspect, 0);
        if (fabs(area(&s) - expected[i].area) > 0.02)
            fail_msg("%s: %g, expected %g", scene_shapes_name(s.kind), area(&s), expected[i].area);
    }
}

static void outlines_stay_within_their_reach_and_distances_are_true(void **state) {
    (void)state;
    for (int kind = 0; kind < SCENE_SHAPE_KINDS; kind++)
        for (int v = 0; v < 8; v++) {
            struct scene_shape s;
            scene_shapes_make(&s, (enum scene_shape_kind)kind, 1 - 0.1f * (float)(v % 4), (float)v / 8);
            for (int i = 0; i < 360; i++) {
                float c, n;
                scene_shapes_turn((float)i / 360, &c, &n);
                assert_true(scene_shapes_distance(&s, 1.101f * c, 1.101f * n) > 0);
                /* Going outwards from there, distance grows as fast as one goes, or a little slower at corners. */
                float near = scene_shapes_distance(&s, 1.2f * c, 1.2f * n);
                float far = scene_shapes_distance(&s, 1.3f * c, 1.3f * n);
                assert_true(far - near < 0.102f && far - near > 0.03f);
            }
        }
}

static void turns_agree_with_the_mathematics_library(void **state) {
    (void)state;
    for (int i = -2000; i <= 2000; i++) {
        float turns = (float)i / 777, c, s;
        scene_shapes_turn(turns, &c, &s);
        double angle = 6.283185307179586 * (double)turns;
        assert_true(fabs((double)c - cos(angle)) < 1e-7 && fabs((double)s - sin(angle)) < 1e-7);
    }
}

static void textures_stay_between_their_two_colours(void **state) {
    (void)state;
    struct scene_random r = {.key = philox_key(SEED, PHILOX_TEST)};
    for (int kind = 0; kind < SCENE_TEXTURE_KINDS; kind++) {
        struct scene_texture t;
        scene_texture_sample(&t, (enum scene_texture_kind)kind, 0.1f, &r);
        double low = 1, high = 0;
        for (int i = 0; i < 10000; i++) {
            float x = scene_random_between(&r, -5, 5), y = scene_random_between(&r, -5, 5);
            double w = (double)scene_texture_weight(&t, x, y, 0.002f);
            low = fmin(low, w);
            high = fmax(high, w);
        }
        assert_true(low >= 0 && high <= 1);
        assert_true(kind == SCENE_PLAIN ? high == 0 : high - low > 0.9);
    }
}

static void colours_are_those_of_their_hue(void **state) {
    (void)state;
    const float expected[8][3] = {{1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 1, 1}, {0, 0, 1}, {1, 0, 1}};
    for (int i = -6; i < 12; i++) {
        struct scene_colour c = scene_texture_colour((float)i / 6, 1, 1);
        const float *e = expected[(i + 6) % 6];
        assert_true(fabsf(c.r - e[0]) < 1e-5f && fabsf(c.g - e[1]) < 1e-5f && fabsf(c.b - e[2]) < 1e-5f);
    }
    struct scene_colour grey = scene_texture_colour(0.3f, 0, 0.5f);
    assert_true(grey.r == 0.5f && grey.g == 0.5f && grey.b == 0.5f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_are_found_by_name),
        cmocka_unit_test(class_names_of_a_task_differ),
        cmocka_unit_test(each_run_of_images_holds_every_class_once),
        cmocka_unit_test(labels_stay_what_they_were),
        cmocka_unit_test(pictures_stay_what_they_were),
        cmocka_unit_test(an_image_is_a_function_of_its_arguments),
        cmocka_unit_test(another_argument_gives_another_image),
        cmocka_unit_test(another_size_shows_the_same_scene),
        cmocka_unit_test(any_size_from_the_least_is_drawn_whole),
        cmocka_unit_test(the_main_object_is_the_biggest_and_in_front),
        cmocka_unit_test(shape_is_the_kind_of_the_main_object),
        cmocka_unit_test(colour_is_the_hue_of_the_main_object),
        cmocka_unit_test(texture_is_that_of_the_main_object),
        cmocka_unit_test(mixed_holds_scenes_of_five_tasks),
        cmocka_unit_test(count_is_the_number_of_objects_all_of_them_seen),
        cmocka_unit_test(orientation_is_where_the_arrow_points),
        cmocka_unit_test(location_is_the_cell_of_the_biggest_object),
        cmocka_unit_test(fine_is_texture_then_kind_of_the_emblem),
        cmocka_unit_test(objects_are_drawn_back_to_front_and_turned_clockwise),
        cmocka_unit_test(outlines_enclose_the_area_of_their_formula),
        cmocka_unit_test(outlines_stay_within_their_reach_and_distances_are_true),
        cmocka_unit_test(turns_agree_with_the_mathematics_library),
        cmocka_unit_test(textures_stay_between_their_two_colours),
        cmocka_unit_test(colours_are_those_of_their_hue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
