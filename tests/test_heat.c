#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "core/philox.h"
#include "tests/cells.h"
#include "views/heat.h"

static struct paint paint_of(enum glyphs glyphs, int colors) {
    return (struct paint){.theme = theme_named("dark"), .glyphs = glyphs, .colors = colors};
}

static const char *number(void *context, int i, struct style *style) {
    static char text[16];
    (void)context;
    (void)style;
    snprintf(text, sizeof text, "%d", i + 1);
    return text;
}

static const char *share(void *context, int i, struct style *style) {
    static char text[16];
    (void)style;
    snprintf(text, sizeof text, "%.0f", 100 * ((const double *)context)[i]);
    return text;
}

/* What is drawn into the middle of a guarded canvas. */
static int draw(const struct heat *h, const struct paint *p, int height, int width, struct canvas *c) {
    struct area a = {2, 3, height, width};
    cells_open(c, height + 4, width + 6);
    canvas_fill(c, a, ' ', (struct style){0xffffff, 0x000000, 0});
    int rows = heat_draw(c, a, p, h);
    assert_true(cells_are_kept(c, a));
    return rows;
}

static void assert_drawn(const struct heat *h, const struct paint *p, int height, int width, const char *expected) {
    struct canvas c = {0};
    draw(h, p, height, width, &c);
    char *text = cells_text(&c, (struct area){2, 3, height, width});
    assert_string_equal(text, expected);
    free(text);
    canvas_destroy(&c);
}

static const struct cell *cell_at(struct canvas *c, int y, int x) {
    return canvas_at(c, 2 + y, 3 + x);
}

static const double ramp[] = {0, .25, .5, .75, 1, NAN, 1, .5, 0};

static void without_colours_values_are_shades_and_nan_is_blank(void **state) {
    (void)state;
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    struct heat h = {.rows = 3,
                     .columns = 3,
                     .values = ramp,
                     .high = 1,
                     .selected_row = 1,
                     .label_width = 2,
                     .row_label = number,
                     .column_label = number};
    assert_drawn(&h, &p, 5, 12,
                 " 1 ...---+++\n"
                 " 2>###@@@   \n"
                 " 3 @@@+++...\n"
                 "    1  2  3 \n"
                 "            \n");
}

static void columns_that_do_not_fit_are_merged_into_their_mean(void **state) {
    (void)state;
    const double values[] = {0, 1, 1, 1, NAN, 0, NAN, NAN};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    struct heat h = {.rows = 1, .columns = 8, .values = values, .high = 1, .selected_row = -1};
    assert_drawn(&h, &p, 1, 4, "+@. \n");
}

static void labels_of_columns_stand_at_even_distances(void **state) {
    (void)state;
    const double values[20] = {0};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    struct heat h = {.rows = 1, .columns = 20, .values = values, .high = 1, .selected_row = -1, .column_label = number};
    assert_drawn(&h, &p, 2, 20,
                 "....................\n"
                 "1    6    11   16   \n");
}

static void texts_stand_in_cells_that_are_wide_enough(void **state) {
    (void)state;
    const double values[] = {.05, 1, .5, .25};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    struct heat h = {.rows = 2,
                     .columns = 2,
                     .values = values,
                     .high = 1,
                     .selected_row = -1,
                     .cell_text = share,
                     .context = (void *)(uintptr_t)values};
    assert_drawn(&h, &p, 2, 11,
                 ". 5 . 100  \n"
                 " 50 + 25 - \n");
    assert_drawn(&h, &p, 2, 6,
                 " 5 @@@\n"
                 "50 25 \n");
}

static void two_values_share_a_cell_where_rows_do_not_fit(void **state) {
    (void)state;
    struct canvas c = {0};
    const struct paint p = paint_of(GLYPHS_BLOCKS, 1 << 24);
    struct heat h = {.rows = 3, .columns = 3, .values = ramp, .high = 1, .selected_row = 1};
    assert_int_equal(draw(&h, &p, 2, 3, &c), 2);
    const struct cell *cell = cell_at(&c, 0, 0);
    assert_int_equal(cell->glyph, 0x2580);
    assert_int_equal(cell->style.ink, theme_heat(p.theme, 0));
    assert_int_equal(cell->style.paper, theme_heat(p.theme, 0.75));
    cell = cell_at(&c, 0, 2); /* .5 above NaN */
    assert_int_equal(cell->glyph, 0x2580);
    assert_int_equal(cell->style.ink, theme_heat(p.theme, 0.5));
    assert_int_equal(cell->style.paper, 0x000000);
    assert_int_equal(cell_at(&c, 1, 0)->style.ink, theme_heat(p.theme, 1)); /* and no fourth row */
    assert_int_equal(cell_at(&c, 1, 0)->style.paper, 0x000000);
    canvas_destroy(&c);
    assert_int_equal(draw(&h, &p, 3, 3, &c), 3);
    assert_int_equal(cell_at(&c, 0, 0)->glyph, ' ');
    assert_int_equal(cell_at(&c, 0, 0)->style.paper, theme_heat(p.theme, 0));
    canvas_destroy(&c);
}

static void a_diverging_map_has_its_middle_between_the_ends(void **state) {
    (void)state;
    struct canvas c = {0};
    const double values[] = {-3, -1, 1, 9};
    const struct paint p = paint_of(GLYPHS_BLOCKS, 256);
    struct heat h = {
        .rows = 1, .columns = 4, .values = values, .low = -3, .high = 1, .diverging = true, .selected_row = -1};
    draw(&h, &p, 1, 4, &c);
    assert_int_equal(cell_at(&c, 0, 0)->style.paper, theme_change(p.theme, -1));
    assert_int_equal(cell_at(&c, 0, 1)->style.paper, theme_change(p.theme, 0));
    assert_int_equal(cell_at(&c, 0, 2)->style.paper, theme_change(p.theme, 1));
    assert_int_equal(cell_at(&c, 0, 3)->style.paper, theme_change(p.theme, 1));
    canvas_destroy(&c);
}

static void the_selected_row_is_scrolled_into_view(void **state) {
    (void)state;
    const double values[40] = {0};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    struct heat h = {.rows = 40, .columns = 1, .values = values, .high = 1, .label_width = 2, .row_label = number};
    h.selected_row = 39;
    assert_drawn(&h, &p, 3, 5, "38 ..\n39 ..\n40>..\n");
    h.selected_row = 19;
    assert_drawn(&h, &p, 3, 5, "19 ..\n20>..\n21 ..\n");
    h.selected_row = -1;
    assert_drawn(&h, &p, 3, 5, " 1 ..\n 2 ..\n 3 ..\n");
    h.selected_row = 9;
    h.label_width = 1; /* no 1 for 10 */
    assert_drawn(&h, &p, 3, 4, "9 ..\n~>..\n~ ..\n");
}

static void the_legend_has_both_ends_or_is_left_out(void **state) {
    (void)state;
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    for (int width = 0; width < 30; width++) {
        struct canvas c = {0};
        struct area a = {1, 1, 1, width};
        cells_open(&c, 3, width + 2);
        canvas_fill(&c, a, ' ', (struct style){0xffffff, 0x000000, 0});
        heat_legend(&c, a, &p, false, "0.1 %", "20 %");
        assert_true(cells_are_kept(&c, a));
        char *text = cells_text(&c, a);
        bool is_blank = strspn(text, " ") == (size_t)width,
             is_whole = width >= 13 && !strncmp(text, "0.1 % .", 7) && !strcmp(text + width - 6, "@ 20 %\n");
        if (!is_blank && !is_whole)
            fail_msg("%s", text);
        assert_true(is_whole == (width >= 13));
        free(text);
        canvas_destroy(&c);
    }
}

static void any_values_and_sizes_stay_within_the_area(void **state) {
    (void)state;
    static double values[70 * 220];
    struct philox_key key = philox_key(11, PHILOX_TEST);
    const double odd[] = {NAN, INFINITY, -INFINITY, 1e30, -1e30, 1e-30, 0, 1.7e308};
    const int colors[] = {0, 8, 16, 256, 1 << 24};
    for (uint32_t i = 0; i < 70 * 220; i++) {
        struct philox_words r = philox(key, i, 0, 0, 0);
        values[i] = r.w[0] % 4 ? (double)philox_uniform(r.w[1]) : odd[r.w[1] % 8];
    }
    for (uint32_t i = 0; i < 300; i++) {
        struct canvas c = {0};
        struct philox_words r = philox(key, i, 1, 0, 0), q = philox(key, i, 2, 0, 0);
        struct heat h = {.rows = (int)(r.w[0] % 70), .columns = (int)(r.w[1] % 220), .values = values};
        h.low = q.w[0] % 3 ? 0 : -1.7e308;
        h.high = q.w[0] % 2 ? 1 : q.w[0] % 5 ? 1.7e308 : 0;
        h.diverging = q.w[1] & 1;
        h.selected_row = (int)(q.w[1] % 80) - 5;
        h.label_width = (int)(q.w[2] % 6);
        h.row_label = q.w[2] & 8 ? number : NULL;
        h.column_label = q.w[2] & 16 ? number : NULL;
        h.cell_text = q.w[2] & 32 ? number : NULL;
        struct paint p = paint_of((enum glyphs)(q.w[3] % 3), colors[q.w[3] / 3 % 5]);
        int height = (int)(r.w[2] % 61), rows = draw(&h, &p, height, (int)(r.w[3] % 201), &c);
        assert_in_range(rows, 0, height);
        canvas_destroy(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_colours_values_are_shades_and_nan_is_blank),
        cmocka_unit_test(columns_that_do_not_fit_are_merged_into_their_mean),
        cmocka_unit_test(labels_of_columns_stand_at_even_distances),
        cmocka_unit_test(texts_stand_in_cells_that_are_wide_enough),
        cmocka_unit_test(two_values_share_a_cell_where_rows_do_not_fit),
        cmocka_unit_test(a_diverging_map_has_its_middle_between_the_ends),
        cmocka_unit_test(the_selected_row_is_scrolled_into_view),
        cmocka_unit_test(the_legend_has_both_ends_or_is_left_out),
        cmocka_unit_test(any_values_and_sizes_stay_within_the_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
