#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "tests/cells.h"
#include "views/intervals.h"

static const struct intervals_row rows[] = {
    {"linear", 0.31, 0.02}, {"gated", 0.36, 0.01}, {"deep", 0.33, NAN}, {"wild", NAN, NAN}};

static void assert_drawn(const struct intervals *k, enum glyphs glyphs, int height, int width, const char *expected) {
    struct canvas c = {0};
    struct paint p = {.theme = theme_named("dark"), .glyphs = glyphs, .colors = 1 << 24};
    struct area a = {1, 2, height, width};
    cells_open(&c, height + 2, width + 4);
    intervals_draw(&c, a, &p, k);
    assert_true(cells_are_kept(&c, a));
    char *text = cells_text(&c, a);
    assert_string_equal(text, expected);
    free(text);
    canvas_destroy(&c);
}

static void means_and_intervals_stand_on_one_axis(void **state) {
    (void)state;
    struct intervals k = {.title = "top-1 %", .factor = 100, .rows = rows, .count = 4, .best = 1};
    assert_drawn(&k, GLYPHS_ASCII, intervals_height(4), 52,
                 "top-1 %                                             \n"
                 "linear    |-----o------|                 31.0 +-2.0 \n"
                 "gated                         |--o--|    36.0 +-1.0 \n"
                 "deep                   o                 33.0       \n"
                 "wild    no result                                   \n"
                 "        -----+----------------+--------             \n"
                 "            30               35                     \n");
    assert_drawn(&k, GLYPHS_BLOCKS, intervals_height(4), 52,
                 "top-1 %                                             \n"
                 "linear    ├─────●──────┤                 31.0 ±2.0  \n"
                 "gated                         ├──●──┤    36.0 ±1.0  \n"
                 "deep                   ●                 33.0       \n"
                 "wild    no result                                   \n"
                 "        ─────┴────────────────┴────────             \n"
                 "            30               35                     \n");
}

static void an_interval_that_leaves_the_shares_has_no_cap_there(void **state) {
    (void)state;
    struct intervals_row wide[] = {{"a", 0.05, 0.2}, {"b", 0.98, 0.1}};
    struct intervals k = {.title = "t", .factor = 100, .rows = wide, .count = 2, .best = 2};
    assert_drawn(&k, GLYPHS_ASCII, intervals_height(2), 40,
                 "t                                       \n"
                 "a  -o----|                    5.0 +-20.0\n"
                 "b                      |--o  98.0 +-10.0\n"
                 "   +-----------+----------+             \n"
                 "   0          50         100            \n");
}

static void nothing_known_and_no_room_draw_too(void **state) {
    (void)state;
    struct intervals k = {.title = "t", .factor = 100, .rows = rows + 3, .count = 1};
    assert_drawn(&k, GLYPHS_ASCII, intervals_height(1), 40,
                 "t                                       \n"
                 "wild  no result                         \n"
                 "      +---------+---------+             \n"
                 "      0        50        100            \n");
    struct intervals all = {.title = "t", .factor = 100, .rows = rows, .count = 4};
    struct paint p = {.theme = theme_named("dark"), .glyphs = GLYPHS_BLOCKS, .colors = 16};
    for (int height = 0; height < 9; height++)
        for (int width = 0; width < 60; width++) {
            struct canvas c = {0};
            struct area a = {1, 1, height, width};
            cells_open(&c, height + 2, width + 2);
            intervals_draw(&c, a, &p, &all);
            assert_true(cells_are_kept(&c, a));
            canvas_destroy(&c);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_intervals_stand_on_one_axis),
        cmocka_unit_test(an_interval_that_leaves_the_shares_has_no_cap_there),
        cmocka_unit_test(nothing_known_and_no_room_draw_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
