#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/philox.h"
#include "tests/cells.h"
#include "views/picture.h"

#define WHITE 255, 255, 255
#define BLACK 0, 0, 0

static const uint8_t board[] = {WHITE, BLACK, BLACK, WHITE}; /* 2 x 2 */

static struct paint paint_of(enum glyphs glyphs, int colors) {
    return (struct paint){.theme = theme_named("dark"), .glyphs = glyphs, .colors = colors};
}

/* Into the middle of a guarded canvas; returns what picture_draw() does, from that middle. */
static struct area draw(const struct picture *picture, const struct paint *p, int height, int width, struct canvas *c) {
    struct area a = {2, 3, height, width};
    cells_open(c, height + 4, width + 6);
    struct area used = picture_draw(c, a, p, picture);
    assert_true(used.y == 2 && used.x == 3 && used.height <= height && used.width <= width);
    assert_true(cells_are_kept(c, used));
    return used;
}

static const struct cell *cell_at(struct canvas *c, int y, int x) {
    return canvas_at(c, 2 + y, 3 + x);
}

static void a_half_block_holds_two_pixels(void **state) {
    (void)state;
    struct canvas c = {0};
    const struct paint p = paint_of(GLYPHS_BLOCKS, 1 << 24);
    struct area used = draw(&(struct picture){.rgb = board, .side = 2}, &p, 1, 9, &c);
    assert_int_equal(used.height, 1);
    assert_int_equal(used.width, 2);
    assert_int_equal(cell_at(&c, 0, 0)->glyph, 0x2580);
    assert_int_equal(cell_at(&c, 0, 0)->style.ink, 0xffffff);
    assert_int_equal(cell_at(&c, 0, 0)->style.paper, 0x000000);
    assert_int_equal(cell_at(&c, 0, 1)->style.ink, 0x000000);
    assert_int_equal(cell_at(&c, 0, 1)->style.paper, 0xffffff);
    canvas_destroy(&c);
}

static void it_is_the_largest_square_of_the_area(void **state) {
    (void)state;
    static const int sizes[][4] = {{10, 40, 10, 20}, {10, 13, 6, 12}, {1, 1, 0, 0}, {0, 5, 0, 0}, {3, 7, 3, 6}};
    const struct paint p = paint_of(GLYPHS_BRAILLE, 256);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct canvas c = {0};
        struct area used = draw(&(struct picture){.rgb = board, .side = 2}, &p, sizes[i][0], sizes[i][1], &c);
        assert_int_equal(used.height, sizes[i][2]);
        assert_int_equal(used.width, sizes[i][3]);
        canvas_destroy(&c);
    }
}

static void a_shrunk_picture_shows_means(void **state) {
    (void)state;
    struct canvas c = {0};
    uint8_t rgb[8 * 8 * 3];
    for (int i = 0; i < 8 * 8; i++) /* a board of single pixels */
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = (i + i / 8) % 2 ? 255 : 1;
    const struct paint p = paint_of(GLYPHS_BLOCKS, 1 << 24);
    draw(&(struct picture){.rgb = rgb, .side = 8}, &p, 2, 4, &c);
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 4; x++) {
            assert_int_equal(cell_at(&c, y, x)->style.ink, 0x848484);
            assert_int_equal(cell_at(&c, y, x)->style.paper, 0x848484);
        }
    canvas_destroy(&c);
}

static void a_grown_picture_runs_straight_between_pixels(void **state) {
    (void)state;
    struct canvas c = {0};
    const uint8_t rgb[] = {BLACK, WHITE, BLACK, WHITE};
    const struct paint p = paint_of(GLYPHS_ASCII, 256);
    draw(&(struct picture){.rgb = rgb, .side = 2}, &p, 2, 4, &c);
    static const uint32_t expected[] = {0x000000, 0x424242, 0xbdbdbd, 0xffffff};
    for (int x = 0; x < 4; x++) {
        assert_int_equal(cell_at(&c, 0, x)->glyph, ' ');
        assert_int_equal(cell_at(&c, 0, x)->style.paper, expected[x]);
    }
    canvas_destroy(&c);
}

static void without_colours_brightness_is_a_shade(void **state) {
    (void)state;
    struct canvas c = {0};
    const uint8_t rgb[] = {BLACK, 128, 128, 128, 0, 0, 255, WHITE};
    const struct paint p = paint_of(GLYPHS_BRAILLE, 16);
    struct area used = draw(&(struct picture){.rgb = rgb, .side = 2}, &p, 2, 4, &c);
    char *text = cells_text(&c, used);
    assert_string_equal(text, " .-+\n"
                              ".-#@\n");
    free(text);
    canvas_destroy(&c);
}

static void the_map_alone_is_the_map_of_heat(void **state) {
    (void)state;
    struct canvas c = {0};
    const float map[] = {0, 1, 3, 4};
    const struct paint p = paint_of(GLYPHS_ASCII, 256);
    const struct picture alone = {.map = map, .map_side = 2}, over = {board, 2, map, 2, 0, 0, 1, false};
    for (int i = 0; i < 2; i++) {
        draw(i ? &over : &alone, &p, 2, 4, &c);
        for (int k = 0; k < 4; k++) {
            uint32_t heat = theme_heat(p.theme, (double)map[k] / 4), paper = cell_at(&c, k / 2, k % 2 * 2)->style.paper;
            assert_int_equal(paper, cell_at(&c, k / 2, k % 2 * 2 + 1)->style.paper); /* whole patches */
            for (int shift = 0; shift < 24; shift += 8)
                assert_in_range((paper >> shift & 0xff) + 8, heat >> shift & 0xff, (heat >> shift & 0xff) + 16);
        }
        canvas_destroy(&c);
    }
}

static void strength_nought_leaves_the_picture(void **state) {
    (void)state;
    struct canvas c = {0};
    const float map[] = {0, 1, 3, 4};
    const struct paint p = paint_of(GLYPHS_BLOCKS, 256);
    draw(&(struct picture){.rgb = board, .side = 2, .map = map, .map_side = 2}, &p, 1, 2, &c);
    assert_int_equal(cell_at(&c, 0, 0)->style.ink, 0xffffff);
    assert_int_equal(cell_at(&c, 0, 1)->style.ink, 0x000000);
    canvas_destroy(&c);
}

static void more_of_the_map_covers_the_picture_where_it_is_larger(void **state) {
    (void)state;
    struct canvas c = {0};
    const float map[] = {0, 2, 4, 8};
    const uint8_t white[] = {WHITE, WHITE, WHITE, WHITE};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    const struct picture picture = {
        white, 2, map, 2, 0, 10, 0.5f, false}; /* shares 0 .2 .4 .8 of a given range; white falls to .94 .88 .86 .92 */
    struct area used = draw(&picture, &p, 2, 4, &c);
    char *text = cells_text(&c, used);
    assert_string_equal(text, "@@%%\n%%@@\n");
    free(text);
    canvas_destroy(&c);
}

static void the_peak_is_marked_in_the_middle_of_its_patch(void **state) {
    (void)state;
    float map[3 * 3] = {0};
    map[5] = 1;
    for (int level = GLYPHS_ASCII; level <= GLYPHS_BRAILLE; level++) {
        struct canvas c = {0};
        const struct paint p = paint_of((enum glyphs)level, 256);
        draw(&(struct picture){.map = map, .map_side = 3, .peak = true}, &p, 9, 18, &c);
        assert_int_equal(cell_at(&c, 4, 15)->glyph, level == GLYPHS_ASCII ? '+' : 0x25ce);
        assert_int_not_equal(cell_at(&c, 4, 15)->style.ink, cell_at(&c, 4, 15)->style.paper);
        canvas_destroy(&c);
    }
}

static void a_flat_map_has_no_peak(void **state) {
    (void)state;
    struct canvas c = {0};
    const float map[] = {2, 2, NAN, 2};
    const struct paint p = paint_of(GLYPHS_ASCII, 256);
    draw(&(struct picture){.map = map, .map_side = 2, .peak = true}, &p, 6, 12, &c);
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 12; x++)
            assert_int_equal(cell_at(&c, y, x)->glyph, ' ');
    canvas_destroy(&c);
}

static void nothing_is_drawn_of_nothing(void **state) {
    (void)state;
    struct canvas c = {0};
    const struct paint p = paint_of(GLYPHS_BLOCKS, 256);
    struct area used = draw(&(struct picture){0}, &p, 6, 12, &c);
    assert_int_equal(used.height * used.width, 0);
    canvas_destroy(&c);
}

static void any_picture_and_size_stays_within_the_area(void **state) {
    (void)state;
    static uint8_t rgb[40 * 40 * 3];
    static float map[20 * 20];
    struct philox_key key = philox_key(12, PHILOX_TEST);
    const float odd[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-38f, 0, 1};
    const int colors[] = {0, 8, 16, 256, 1 << 24};
    for (uint32_t i = 0; i < 40 * 40 * 3; i++)
        rgb[i] = (uint8_t)philox(key, i, 0, 0, 0).w[0];
    for (uint32_t i = 0; i < 200; i++) {
        struct canvas c = {0};
        struct philox_words r = philox(key, i, 1, 0, 0), q = philox(key, i, 2, 0, 0);
        for (uint32_t k = 0; k < 20 * 20; k++) {
            struct philox_words w = philox(key, k, 3, i, 0);
            map[k] = w.w[0] % 4 ? philox_uniform(w.w[1]) : i % 2 ? odd[w.w[1] % 8] : 0;
        }
        struct picture picture = {.rgb = r.w[0] & 1 ? rgb : NULL, .side = 1 + (int)(r.w[0] / 2 % 40)};
        picture.map = r.w[1] & 1 ? map : NULL;
        picture.map_side = 1 + (int)(r.w[1] / 2 % 20);
        picture.strength = philox_uniform(q.w[0]) * 1.2f - 0.1f;
        picture.map_high = q.w[1] & 1 ? 1.0f : 0.0f;
        picture.peak = q.w[1] & 2;
        struct paint p = paint_of((enum glyphs)(q.w[2] % 3), colors[q.w[2] / 3 % 5]);
        draw(&picture, &p, (int)(r.w[2] % 61), (int)(r.w[3] % 201), &c);
        canvas_destroy(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_half_block_holds_two_pixels),
        cmocka_unit_test(it_is_the_largest_square_of_the_area),
        cmocka_unit_test(a_shrunk_picture_shows_means),
        cmocka_unit_test(a_grown_picture_runs_straight_between_pixels),
        cmocka_unit_test(without_colours_brightness_is_a_shade),
        cmocka_unit_test(the_map_alone_is_the_map_of_heat),
        cmocka_unit_test(strength_nought_leaves_the_picture),
        cmocka_unit_test(more_of_the_map_covers_the_picture_where_it_is_larger),
        cmocka_unit_test(the_peak_is_marked_in_the_middle_of_its_patch),
        cmocka_unit_test(a_flat_map_has_no_peak),
        cmocka_unit_test(nothing_is_drawn_of_nothing),
        cmocka_unit_test(any_picture_and_size_stays_within_the_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
