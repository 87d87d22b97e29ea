#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/data/preprocess.h"
#include "core/formats/tensors.h"
#include "tests/pictures.h"

static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};

/* The 8-bit value behind a normalised one. */
static int value(float normalised, int channel) {
    return (int)lrintf((normalised * deviation[channel] + mean[channel]) * 255);
}

static struct fitted fit(const struct preprocess *p, int width, int height) {
    struct image im = pictures_make(width, height, 0);
    struct fitted f;
    struct error e = {0};
    if (preprocess_fit(p, &im, &f, &e) < 0)
        fail_msg("%s", e.text);
    image_free(&im);
    return f;
}

static void the_shorter_side_becomes_eight_sevenths_rounded_down(void **state) {
    (void)state;
    static const int cases[][5] = {/* image, picture, fitted */
                                   {224, 500, 375, 341, 256}, {224, 375, 500, 256, 341}, {448, 32, 32, 512, 512},
                                   {384, 100, 100, 438, 438}, {224, 10, 77, 256, 1971},  {48, 256, 256, 54, 54}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int *c = cases[i];
        struct preprocess p = {.kind = PREPROCESS_FGVC, .image = c[0]};
        struct fitted f = fit(&p, c[1], c[2]);
        assert_int_equal(f.width, c[3]);
        assert_int_equal(f.height, c[4]);
        assert_int_equal(fitted_bytes(&f), (size_t)c[3] * (size_t)c[4] * 3);
        fitted_free(&f);
    }
}

/* Pillow 9.4: pictures_make(20, 31) resized to 16 x 24; the crop begins at round(1.0), round(5.0). */
static void the_centre_is_cropped_as_pillow_and_python_do(void **state) {
    (void)state;
    static const int corners[4][3] = {{95, 113, 136}, {115, 198, 132}, {158, 129, 68}, {161, 95, 71}};
    static const int sums[3] = {25156, 25708, 25174};
    struct preprocess p = {.kind = PREPROCESS_FGVC, .image = 14, .augment = AUGMENT_CROP_FLIP};
    struct fitted f = fit(&p, 20, 31);
    float out[3 * 14 * 14];
    preprocess_finish(&p, &f, false, 3, 5, out, NULL);
    for (int c = 0; c < 3; c++) {
        const float *plane = out + c * 14 * 14;
        assert_int_equal(value(plane[0], c), corners[0][c]);
        assert_int_equal(value(plane[13], c), corners[1][c]);
        assert_int_equal(value(plane[13 * 14], c), corners[2][c]);
        assert_int_equal(value(plane[13 * 14 + 13], c), corners[3][c]);
        int sum = 0;
        for (int i = 0; i < 14 * 14; i++)
            sum += value(plane[i], c);
        assert_int_equal(sum, sums[c]);
    }
    assert_true(fabsf(out[0] - -0.49105233f) < 1e-6f);
    assert_true(fabsf(out[3 * 14 * 14 - 1] - -0.5669716f) < 1e-6f);
    fitted_free(&f);
}

/* Side 7 leaves room for 1: round(0.5) is 0; side 21, fitted at 24 x 27: round(1.5) is 2 and round(3.0) is 3. */
static void a_half_in_the_crop_offset_goes_to_even(void **state) {
    (void)state;
    static const int cases[][5] = {/* image, width, height, left, top */
                                   {7, 8, 8, 0, 0},
                                   {21, 24, 27, 2, 3},
                                   {35, 40, 40, 2, 2},
                                   {63, 72, 72, 4, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int *c = cases[i];
        struct preprocess p = {.kind = PREPROCESS_FGVC, .image = c[0]};
        struct image im = pictures_make(c[1], c[2], 0);
        struct fitted f = fit(&p, c[1], c[2]);
        float out[3 * 63 * 63];
        preprocess_finish(&p, &f, true, 0, 0, out, NULL);
        for (int x = 0; x < c[0]; x++)
            assert_int_equal(value(out[x], 0), im.rgb[(c[4] * c[1] + c[3] + x) * 3]);
        fitted_free(&f);
        image_free(&im);
    }
}

/* Finds where a crop of the picture lies in it; -1: nowhere. */
static int locate(const struct image *im, const float *out, int side, bool flip) {
    for (int top = 0; top <= im->height - side; top++)
        for (int left = 0; left <= im->width - side; left++) {
            bool same = true;
            for (int y = 0; y < side && same; y++)
                for (int x = 0; x < side && same; x++) {
                    int from = left + (flip ? side - 1 - x : x);
                    same = value(out[y * side + x], 0) == im->rgb[((top + y) * im->width + from) * 3];
                }
            if (same)
                return top * 16 + left;
        }
    return -1;
}

static void random_crops_reach_every_place_and_flip_half(void **state) {
    (void)state;
    struct preprocess p = {.kind = PREPROCESS_FGVC, .image = 14, .augment = AUGMENT_CROP_FLIP, .seed = 42};
    struct image im = pictures_make(16, 17, 0);
    struct fitted f = fit(&p, 16, 17);
    float out[3 * 14 * 14];
    int seen[16 * 16] = {0}, flips = 0;
    for (uint32_t i = 0; i < 600; i++) {
        preprocess_finish(&p, &f, true, i / 100, i % 100, out, NULL);
        int straight = locate(&im, out, 14, false), turned = locate(&im, out, 14, true);
        assert_true((straight < 0) != (turned < 0));
        flips += turned >= 0;
        seen[straight < 0 ? turned : straight]++;
    }
    assert_in_range(flips, 260, 340);
    for (int top = 0; top < 4; top++)
        for (int left = 0; left < 3; left++)
            assert_in_range(seen[top * 16 + left], 25, 80); /* 50 expected */
    fitted_free(&f);
    image_free(&im);
}

static void augmentation_is_a_function_of_seed_epoch_and_image(void **state) {
    (void)state;
    struct preprocess p = {.kind = PREPROCESS_FGVC, .image = 56, .augment = AUGMENT_CROP_FLIP, .seed = 1}, other = p;
    other.seed = 2;
    struct fitted f = fit(&p, 64, 80);
    enum { N = 3 * 56 * 56 };
    static float a[N], b[N];
    preprocess_finish(&p, &f, true, 4, 9, a, NULL);
    preprocess_finish(&p, &f, true, 4, 9, b, NULL);
    assert_memory_equal(a, b, sizeof a);
    preprocess_finish(&p, &f, true, 5, 9, b, NULL);
    assert_memory_not_equal(a, b, sizeof a);
    preprocess_finish(&p, &f, true, 4, 10, b, NULL);
    assert_memory_not_equal(a, b, sizeof a);
    preprocess_finish(&other, &f, true, 4, 9, b, NULL);
    assert_memory_not_equal(a, b, sizeof a);
    fitted_free(&f);
}

static void flips_alone_keep_the_centre(void **state) {
    (void)state;
    struct preprocess p = {.kind = PREPROCESS_SQUARE, .image = 6, .augment = AUGMENT_FLIP, .seed = 3};
    struct fitted f = fit(&p, 9, 5);
    float plain[108], out[108];
    int flips = 0;
    preprocess_finish(&p, &f, false, 0, 0, plain, NULL);
    for (uint32_t i = 0; i < 200; i++) {
        preprocess_finish(&p, &f, true, 0, i, out, NULL);
        bool flip = out[0] != plain[0];
        flips += flip;
        for (int row = 0; row < 18; row++)
            for (int x = 0; x < 6; x++)
                assert_true(out[row * 6 + x] == plain[row * 6 + (flip ? 5 - x : x)]);
    }
    assert_in_range(flips, 75, 125);
    fitted_free(&f);
}

/* Place (x, y) of a square of side n after a flip, then quarter turns. */
static int turned(int n, bool flip, int turns, int x, int y) {
    x = flip ? n - 1 - x : x;
    for (int i = 0; i < turns; i++) {
        int kept = x;
        x = y;
        y = n - 1 - kept;
    }
    return y * n + x;
}

static void scenes_are_turned_flipped_and_recoloured(void **state) {
    (void)state;
    enum { SIDE = 6, AREA = SIDE * SIDE };
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct preprocess p = {.kind = PREPROCESS_NATIVE, .image = SIDE, .augment = AUGMENT_SCENES, .seed = 4};
    struct fitted f = fit(&p, SIDE, SIDE);
    int count[48] = {0};
    for (uint32_t image = 0; image < 4800; image++) {
        float out[3 * AREA];
        int found = -1;
        preprocess_finish(&p, &f, true, 1, image, out, NULL);
        for (int way = 0; way < 48; way++) {
            bool same = true;
            for (int i = 0; same && i < 3 * AREA; i++) {
                int c = i / AREA, at = turned(SIDE, way & 1, way / 2 % 4, i % SIDE, i / SIDE % SIDE);
                same = value(out[i], c) == f.rgb[3 * at + orders[way / 8][c]];
            }
            if (same) {
                assert_int_equal(found, -1);
                found = way;
            }
        }
        assert_true(found >= 0);
        count[found]++;
    }
    for (int way = 0; way < 48; way++) /* 100 each on average, deviation 10 */
        assert_in_range(count[way], 50, 150);
    fitted_free(&f);
}

static void parts_are_enlarged_within_the_picture(void **state) {
    (void)state;
    enum { SIDE = 14, AREA = SIDE * SIDE };
    struct preprocess p = {.kind = PREPROCESS_FGVC, .image = SIDE, .augment = AUGMENT_RESIZED_CROP, .seed = 4};
    struct fitted f = fit(&p, 40, 31);
    int flips = 0, differ = 0;
    /* A slope from left to right: a part keeps the order, a flip turns it round, and its ends tell how wide it is. */
    for (int i = 0; i < f.width * f.height; i++)
        memset(f.rgb + 3 * i, 10 * (i % f.width), 3);
    double widest = 0, narrowest = 1000;
    for (uint32_t image = 0; image < 500; image++) {
        float out[3 * AREA], again[3 * AREA], other[3 * AREA];
        preprocess_finish(&p, &f, true, 2, image, out, NULL);
        preprocess_finish(&p, &f, true, 2, image, again, NULL);
        preprocess_finish(&p, &f, true, 3, image, other, NULL);
        assert_memory_equal(out, again, sizeof out);
        differ += memcmp(out, other, sizeof out) != 0;
        int left = value(out[0], 0), right = value(out[SIDE - 1], 0);
        assert_in_range(left, 0, 10 * (f.width - 1));
        flips += left > right;
        for (int x = 1; x < SIDE; x++)
            assert_true(left > right ? out[x] <= out[x - 1] : out[x] >= out[x - 1]);
        widest = fmax(widest, abs(right - left));
        narrowest = fmin(narrowest, abs(right - left));
    }
    assert_in_range(flips, 200, 300);
    assert_true(differ > 450);
    assert_true(widest > 9 * (f.width - 2) && narrowest < 5 * f.width);
    float out[3 * AREA];
    preprocess_finish(&p, &f, false, 2, 0, out, NULL); /* not in evaluation */
    assert_int_equal(value(out[0], 0), 10 * ((f.width - SIDE) / 2));
    fitted_free(&f);
}

static void vtab_keeps_fractions_and_loses_the_aspect(void **state) {
    (void)state;
    struct preprocess p = {.kind = PREPROCESS_VTAB, .image = 3};
    struct fitted f = fit(&p, 2, 1);
    float out[27];
    assert_null(f.rgb);
    assert_int_equal(fitted_bytes(&f), 27 * sizeof(float));
    preprocess_finish(&p, &f, false, 0, 0, out, NULL);
    /* Red is 0 and 37: at 0, 2/3 and 4/3, whose upper neighbour is held at the last pixel. */
    assert_true(fabsf(f.values[3] - 37 * 2.0f / 3) < 1e-4f);
    assert_true(f.values[6] == 37);
    assert_true(fabsf(out[1] - (37 * 2.0f / 3 / 255 - mean[0]) / deviation[0]) < 1e-5f);
    fitted_free(&f);
}

static void native_pictures_must_have_the_side(void **state) {
    (void)state;
    struct preprocess p = {.kind = PREPROCESS_NATIVE, .image = 8};
    struct image im = pictures_make(8, 9, 0);
    struct fitted f;
    struct error e = {0};
    assert_int_equal(preprocess_fit(&p, &im, &f, &e), ERROR_DATA);
    assert_non_null(strstr(e.text, "8 x 9"));
    image_free(&im);
    im = pictures_make(8, 8, 0);
    assert_int_equal(preprocess_fit(&p, &im, &f, &e), 0);
    assert_memory_equal(f.rgb, im.rgb, 8 * 8 * 3);
    fitted_free(&f);
    image_free(&im);
}

static void elongated_pictures_are_refused_not_enlarged(void **state) {
    (void)state;
    struct preprocess p = {.kind = PREPROCESS_FGVC, .image = 224};
    struct fitted f;
    struct error e = {0};
    for (int tall = 0; tall < 2; tall++) {
        struct image im = pictures_make(tall ? 1 : 60000, tall ? 60000 : 1, 0);
        assert_int_equal(preprocess_fit(&p, &im, &f, &e), ERROR_DATA);
        assert_non_null(strstr(e.text, tall ? "1 x 60000" : "60000 x 1"));
        assert_non_null(strstr(e.text, "elongated"));
        image_free(&im);
    }
}

static const char *const golden[] = {"tabby", "airship_grey", "nail_portrait_grey", "cifar_dog"};

/* GPTUI_SHARED/golden/preprocess/NAME.SUFFIX; skips where there is none. */
static const char *golden_path(const char *name, const char *suffix) {
    static char path[4096];
    const char *shared = getenv("GPTUI_SHARED");
    if (!shared) {
        print_message("GPTUI_SHARED is not set: no golden pictures\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/golden/preprocess/%s.%s", shared, name, suffix);
    return path;
}

static void read_picture(struct image *im, const char *path) {
    struct error e = {0};
    if (image_read(im, path, &e) < 0)
        fail_msg("%s", e.text);
}

static void the_published_fgvc_pipeline_is_matched_to_the_bit(void **state) {
    (void)state;
    struct preprocess p = {.kind = PREPROCESS_FGVC, .image = 224};
    static float out[3 * 224 * 224];
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        struct image in, expected;
        struct fitted f;
        size_t wrong = 0;
        read_picture(&in, golden_path(golden[i], "png"));
        read_picture(&expected, golden_path(golden[i], "fgvc224.png"));
        assert_int_equal(preprocess_fit(&p, &in, &f, NULL), 0);
        preprocess_finish(&p, &f, false, 0, 0, out, NULL);
        for (int k = 0; k < 3 * 224 * 224; k++)
            wrong += value(out[k], k / (224 * 224)) != expected.rgb[k % (224 * 224) * 3 + k / (224 * 224)];
        assert_int_equal(wrong, 0);
        fitted_free(&f);
        image_free(&expected);
        image_free(&in);
    }
}

static void the_published_vtab_pipeline_is_matched(void **state) {
    (void)state;
    struct preprocess p = {.kind = PREPROCESS_VTAB, .image = 224};
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        struct image in;
        struct fitted f;
        struct tensors *t;
        struct error e = {0};
        read_picture(&in, golden_path(golden[i], "png"));
        if (tensors_open(&t, golden_path(golden[i], "vtab224.safetensors"), &e) < 0)
            fail_msg("%s", e.text);
        const struct tensor *expected = tensors_find(t, "image"); /* [3, 28, 28], every eighth */
        assert_int_equal(expected->count, 3 * 28 * 28);
        assert_int_equal(preprocess_fit(&p, &in, &f, NULL), 0);
        const float *values = expected->data;
        float worst = 0;
        for (size_t k = 0; k < expected->count; k++) {
            size_t c = k / 784, y = k / 28 % 28 * 8, x = k % 28 * 8;
            float difference = fabsf(f.values[(y * 224 + x) * 3 + c] - values[k]);
            worst = difference <= worst ? worst : difference;
        }
        print_message("%s: largest difference %g of 255\n", golden[i], (double)worst);
        assert_true(worst <= 1e-4f);
        fitted_free(&f);
        tensors_close(t);
        image_free(&in);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shorter_side_becomes_eight_sevenths_rounded_down),
        cmocka_unit_test(the_centre_is_cropped_as_pillow_and_python_do),
        cmocka_unit_test(a_half_in_the_crop_offset_goes_to_even),
        cmocka_unit_test(random_crops_reach_every_place_and_flip_half),
        cmocka_unit_test(augmentation_is_a_function_of_seed_epoch_and_image),
        cmocka_unit_test(flips_alone_keep_the_centre),
        cmocka_unit_test(scenes_are_turned_flipped_and_recoloured),
        cmocka_unit_test(parts_are_enlarged_within_the_picture),
        cmocka_unit_test(vtab_keeps_fractions_and_loses_the_aspect),
        cmocka_unit_test(native_pictures_must_have_the_side),
        cmocka_unit_test(elongated_pictures_are_refused_not_enlarged),
        cmocka_unit_test(the_published_fgvc_pipeline_is_matched_to_the_bit),
        cmocka_unit_test(the_published_vtab_pipeline_is_matched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
