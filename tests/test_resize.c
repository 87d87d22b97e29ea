#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/data/resize.h"
#include "tests/pictures.h"

/* What Pillow 9.4 makes of pictures_make(7, 5, 0), and for the last one of pictures_make(97, 61, 0). */
static const uint8_t smaller[36] = {47,  130, 161, 112, 164, 127, 167, 133, 99,  149, 88,  107,
                                    146, 107, 89,  155, 109, 135, 127, 135, 100, 134, 137, 122,
                                    176, 78,  154, 135, 156, 132, 126, 112, 134, 122, 122, 143};
static const uint8_t larger[189] = {
    0,   83,  166, 25,  108, 191, 53,  136, 219, 82,  165, 191, 111, 194, 21,  140, 223, 50,  169, 109, 79,
    197, 24,  107, 222, 49,  132, 34,  117, 200, 63,  146, 131, 96,  179, 116, 130, 180, 125, 164, 100, 74,
    197, 134, 107, 150, 107, 141, 118, 91,  126, 147, 120, 57,  76,  159, 169, 110, 144, 81,  149, 159, 59,
    173, 159, 100, 156, 56,  139, 196, 96,  122, 134, 136, 146, 93,  151, 125, 127, 137, 37,  118, 201, 28,
    157, 70,  67,  203, 30,  113, 192, 76,  159, 39,  122, 205, 85,  168, 52,  131, 214, 41,  177, 174, 87,
    216, 43,  126, 160, 60,  70,  205, 56,  115, 175, 84,  167, 110, 136, 178, 105, 188, 88,  156, 97,  83,
    107, 109, 119, 78,  136, 171, 122, 132, 215, 202, 29,  112, 179, 79,  162, 135, 137, 171, 113, 171, 136,
    170, 144, 80,  143, 88,  138, 96,  114, 136, 89,  135, 145, 139, 112, 195, 236, 63,  146, 119, 117, 200,
    97,  180, 149, 160, 186, 70,  223, 50,  133, 87,  113, 196, 93,  176, 117, 156, 154, 66,  210, 37,  120};
static const uint8_t narrower_and_higher[54] = {32,  115, 198, 111, 179, 96,  190, 72,  100, 83,  166, 126, 169, 124,
                                                109, 126, 118, 118, 140, 127, 89,  145, 115, 123, 140, 147, 95,  174,
                                                77,  107, 121, 129, 124, 130, 137, 123, 172, 81,  151, 135, 136, 120,
                                                95,  114, 170, 141, 132, 161, 148, 125, 133, 141, 132, 105};
static const uint8_t wider[150] = {
    0,   83,  166, 20,  103, 186, 46,  129, 212, 72,  155, 238, 98,  181, 98,  124, 207, 34,  150, 220, 60,  176,
    67,  86,  202, 29,  112, 222, 49,  132, 59,  142, 225, 85,  168, 111, 119, 202, 29,  153, 236, 63,  186, 103,
    96,  220, 47,  130, 241, 80,  163, 95,  114, 197, 65,  148, 115, 91,  174, 1,   118, 201, 28,  150, 93,  60,
    192, 19,  102, 233, 60,  143, 108, 101, 184, 60,  143, 136, 101, 184, 11,  142, 225, 52,  184, 151, 94,  216,
    43,  126, 177, 4,   87,  215, 42,  125, 201, 92,  175, 70,  141, 224, 107, 190, 106, 155, 149, 65,  192, 31,
    114, 62,  81,  164, 47,  130, 213, 85,  168, 251, 236, 63,  146, 140, 108, 191, 81,  164, 183, 138, 221, 61,
    195, 111, 105, 162, 78,  161, 52,  135, 205, 109, 192, 83,  165, 133, 75,  210, 37,  120};
static const uint8_t much_smaller[18] = {129, 129, 127, 130, 125, 127, 132, 127, 127,
                                         130, 125, 127, 127, 130, 125, 127, 130, 131};

/* What TensorFlow 1's formula gives in NumPy's f32 for pictures_make(7, 5, 0). */
static const float legacy_smaller[18] = {0,           83,          166,         86.3333282f, 169.333328f, 167.000015f,
                                         172.666656f, 85.0000305f, 82.6666565f, 147.5f,      102.5f,      57.5f,
                                         127.333336f, 125,         165.333344f, 107.166679f, 147.5f,      102.499985f};
static const float legacy_larger[162] = {
    0,           83,          166,         28.7777786f, 111.777779f, 194.777771f, 57.5555573f, 140.555557f, 223.555557f,
    86.3333435f, 169.333344f, 166.999969f, 115.111115f, 198.111115f, 25.1111126f, 143.888885f, 226.888885f, 53.8888855f,
    172.666687f, 84.9999237f, 82.6666794f, 201.444458f, 28.4444523f, 111.44445f,  222,         49,          132,
    49.1666641f, 132.166656f, 215.166656f, 85.0740738f, 168.074081f, 85.14814f,   120.981483f, 203.981476f, 73.6481628f,
    156.888885f, 168.77774f,  95.3333359f, 192.796295f, 62.4629822f, 102.796295f, 228.70369f,  98.3703613f, 138.70369f,
    122.38884f,  105.833328f, 174.611115f, 87.1851959f, 127.518524f, 115.703667f, 112.833336f, 153.166656f, 22.8333359f,
    98.3333282f, 181.333328f, 93.6666718f, 141.370361f, 91.629631f,  70.3333282f, 184.40741f,  96.7407532f, 94.4074097f,
    170.555542f, 111.333328f, 137.444443f, 99.814827f,  97.4814758f, 161.518509f, 142.851852f, 140.518509f, 71.814827f,
    128.999985f, 183.555573f, 95.888916f,  143.59259f,  150.740707f, 101,         174.333328f, 86.6666718f, 84.3333282f,
    147.5f,      102.5f,      57.5f,       197.666656f, 53.1111069f, 107.666664f, 176.722214f, 74.8333282f, 157.833328f,
    127.333328f, 125.000008f, 165.333313f, 92.1666718f, 160.944443f, 115.944443f, 142.333328f, 111.555557f, 66.5555573f,
    107.166641f, 147.500015f, 102.500015f, 114.666679f, 140.777771f, 152.666687f, 150.5f,      105.5f,      188.5f,
    196.666656f, 23.6666622f, 106.666664f, 187.592606f, 80.9629593f, 163.962952f, 131.111115f, 138.259247f, 173.851852f,
    112.555557f, 167.111115f, 136.333328f, 160.370361f, 148.555557f, 79.8518448f, 151.29631f,  73.1111069f, 137.148132f,
    85.3332977f, 111.444458f, 137.555557f, 85.7407455f, 130.814819f, 166.40744f,  126.666656f, 124.333344f, 207.333344f,
    236,         63,          146,         99.8888855f, 126,         209,         106,         189,         129.777771f,
    169.000015f, 166.666641f, 79.0000153f, 203.555542f, 59.0000038f, 142,         67.444458f,  121.999992f, 205,
    102.000031f, 185.000031f, 97.3332748f, 165.000015f, 134.222183f, 75.0000153f, 210,         37,          120};

static void expect_pillow(int from_width, int from_height, int width, int height, const uint8_t *expected,
                          size_t size) {
    struct image in = pictures_make(from_width, from_height, 0), out;
    assert_int_equal(image_create(&out, width, height, NULL), 0);
    assert_int_equal(resize_pillow(&in, &out, NULL), 0);
    assert_int_equal(size, (size_t)width * (size_t)height * 3);
    assert_int_equal(memcmp(out.rgb, expected, size), 0);
    image_free(&out);
    image_free(&in);
}

static void pillow_is_matched_to_the_bit(void **state) {
    (void)state;
    expect_pillow(7, 5, 4, 3, smaller, sizeof smaller);
    expect_pillow(7, 5, 9, 7, larger, sizeof larger);
    expect_pillow(7, 5, 3, 6, narrower_and_higher, sizeof narrower_and_higher);
    expect_pillow(97, 61, 3, 2, much_smaller, sizeof much_smaller);
}

static void a_side_that_keeps_its_length_is_not_filtered(void **state) {
    (void)state;
    struct image same = pictures_make(7, 5, 0);
    expect_pillow(7, 5, 10, 5, wider, sizeof wider);
    expect_pillow(7, 5, 7, 5, same.rgb, 7 * 5 * 3);
    image_free(&same);
}

static void one_colour_stays_that_colour_at_any_size(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {2, 300}, {33, 1}, {224, 224}, {5, 7}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
            for (int colour = 0; colour < 256; colour += 51) {
                struct image in, out;
                image_create(&in, sizes[i][0], sizes[i][1], NULL);
                image_create(&out, sizes[j][0], sizes[j][1], NULL);
                memset(in.rgb, colour, (size_t)in.width * (size_t)in.height * 3);
                assert_int_equal(resize_pillow(&in, &out, NULL), 0);
                for (int k = 0; k < out.width * out.height * 3; k++)
                    assert_int_equal(out.rgb[k], colour);
                image_free(&out);
                image_free(&in);
            }
}

static void expect_legacy(int width, int height, const float *expected, size_t count) {
    struct image in = pictures_make(7, 5, 0);
    float out[256];
    assert_int_equal(count, (size_t)width * (size_t)height * 3);
    resize_legacy(&in, width, height, out);
    for (size_t i = 0; i < count; i++)
        assert_true(fabsf(out[i] - expected[i]) <= 1e-4f);
    image_free(&in);
}

static void legacy_bilinear_is_matched(void **state) {
    (void)state;
    expect_legacy(3, 2, legacy_smaller, sizeof legacy_smaller / sizeof *legacy_smaller);
    expect_legacy(9, 6, legacy_larger, sizeof legacy_larger / sizeof *legacy_larger);
}

static void legacy_bilinear_shifts_no_half_pixel(void **state) {
    (void)state;
    struct image in = pictures_make(8, 8, 3);
    float out[4 * 4 * 3];
    resize_legacy(&in, 4, 4, out);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            assert_true(out[(y * 4 + x) * 3] == (float)in.rgb[(y * 2 * 8 + x * 2) * 3]);
    image_free(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pillow_is_matched_to_the_bit),
        cmocka_unit_test(a_side_that_keeps_its_length_is_not_filtered),
        cmocka_unit_test(one_colour_stays_that_colour_at_any_size),
        cmocka_unit_test(legacy_bilinear_is_matched),
        cmocka_unit_test(legacy_bilinear_shifts_no_half_pixel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
