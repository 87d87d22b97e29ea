#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sample_run.h"
#include "views/views.h"

enum { STEPS = 716 };

static struct sample_run run;
static struct canvas canvas;

static int begin(void **state) {
    (void)state;
    sample_run_create(&run, STEPS);
    return 0;
}

static int end(void **state) {
    (void)state;
    sample_run_destroy(&run);
    canvas_destroy(&canvas);
    return 0;
}

static void draw(int height, int width) {
    sample_run_draw(&run, &overview_view, &canvas, height, width);
}

static void assert_shows(const char *text) {
    if (sample_run_shows(&canvas, text))
        return;
    char *all = sample_run_text(&canvas);
    fail_msg("\"%s\" is not in\n%s", text, all);
}

static void assert_hides(const char *text) {
    if (!sample_run_shows(&canvas, text))
        return;
    char *all = sample_run_text(&canvas);
    fail_msg("\"%s\" is in\n%s", text, all);
}

/* The table's row of a block, from 1. */
static int row_of(int block) {
    int head = sample_run_find(&canvas, 0, "blk");
    char number[16];
    assert_true(head >= 0);
    snprintf(number, sizeof number, "%2d ", block);
    for (int y = head + 1; y < canvas.height; y++)
        if (sample_run_column(&canvas, y, number) == 1)
            return y;
    fail_msg("no row of block %d", block);
    return -1;
}

static void assert_row(int block, const char *text) {
    char *row = sample_run_row(&canvas, row_of(block));
    if (!strstr(row, text))
        fail_msg("\"%s\" is not in \"%s\"", text, row);
    free(row);
}

static void loss_accuracy_and_rate_stand_at_the_top(void **state) {
    (void)state;
    draw(19, 80);
    assert_int_equal(sample_run_find(&canvas, 0, "loss 0.591"), 0);
    assert_int_equal(sample_run_find(&canvas, 0, "val 77.0%  best 77.1%@19  test at end  lr 0.0161/0.08"), 0);
}

static void with_room_words_are_whole(void **state) {
    (void)state;
    draw(45, 200);
    assert_shows("best 77.1% at epoch 19  test at the end  lr 0.0161 (base 0.08)");
    assert_shows("768 GFLOP/s, 86% of sgemm's peak  memory 559 MiB");
}

static void what_has_no_room_is_left_out_whole(void **state) {
    (void)state;
    static const char *const whole[][2] = {
        {"559", "559 MiB"}, {"768", "768 GFLOP/s"}, {"77.1", "77.1%@19"}, {"0.0161", "0.0161/0.08"}};
    for (int width = 40; width < 84; width++) {
        draw(19, width);
        for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
            for (int y = 0; y < 2; y++)
                if (sample_run_column(&canvas, y, whole[i][0]) >= 0)
                    assert_true(sample_run_column(&canvas, y, whole[i][1]) >= 0);
    }
}

static void every_block_has_its_gate_change_selection_and_temperature(void **state) {
    (void)state;
    draw(19, 80);
    assert_row(1, ".0024   -64% frozen");
    assert_row(7, ".2575    x38 ");
    assert_row(4, ".0061    -9% ");
    assert_row(11, "90.0 1.39");
    assert_row(5, "1.05*"); /* its temperature is frozen */
    assert_row(12, "no gate: last block");
    assert_row(12, "1.47");
}

static void a_gate_as_it_started_is_equal(void **state) {
    (void)state;
    sample_run_destroy(&run);
    sample_run_create(&run, 0);
    draw(19, 80);
    assert_row(3, ".0067      = ");
    assert_shows("base lr 0.1");
    assert_hides("lr 0/");
    assert_hides("best");
    assert_shows("no data yet");
}

/* The label .5 stands over its tick: its first column is one to the left of it. */
static void a_dot_stands_on_the_axis_at_its_value(void **state) {
    (void)state;
    run.now.gates[3] = 0.5f;
    run.now.gates[5] = 0.01f;
    draw(34, 120);
    int head = sample_run_find(&canvas, 0, "blk");
    int half = sample_run_column(&canvas, head, ".5 ") + 1, hundredth = sample_run_column(&canvas, head, ".01 ") + 1;
    assert_int_equal(sample_run_column(&canvas, row_of(4), "\xe2\x97\x8f"), half);
    assert_int_equal(sample_run_column(&canvas, row_of(6), "\xe2\x97\x8f"), hundredth);
}

static void a_line_leads_from_the_start_to_the_present(void **state) {
    (void)state;
    run.now.gates[4] = 0.0067f;
    draw(19, 80);
    assert_row(7, "\xe2\x97\x8b\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x97\x8f");
    assert_int_equal(sample_run_column(&canvas, row_of(5), "\xe2\x97\x8b"), -1); /* it has not moved */
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.now.gates[10] = 0.0001f;
    draw(19, 80);
    assert_row(7, "o------>");
    assert_row(9, "o--*"); /* frozen */
    assert_row(11, "<--o");
}

static void the_chosen_block_stands_out(void **state) {
    (void)state;
    struct style selected = theme_style(&run.context.paint, THEME_SELECTED);
    run.choice.block = 6;
    draw(19, 80);
    assert_true(canvas_at(&canvas, row_of(7), 1)->style.paper == selected.paper);
    assert_true(canvas_at(&canvas, row_of(8), 1)->style.paper != selected.paper);
    assert_int_equal(sample_run_column(&canvas, row_of(7), "\xe2\x96\xb8"), 0);
}

static void rows_are_scrolled_around_the_chosen_block(void **state) {
    (void)state;
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.choice.block = 11;
    draw(12, 80);
    assert_row(12, "no gate");
    assert_int_equal(sample_run_find(&canvas, 0, ".0024"), -1);
    run.choice.block = 5;
    draw(12, 80);
    int y = row_of(6);
    assert_int_equal(sample_run_column(&canvas, y, ">"), 0);
    assert_true(sample_run_find(&canvas, 0, "blk") < y - 1 && y < canvas.height - 1);
    assert_int_equal(sample_run_column(&canvas, canvas.height - 1, "v"), 0); /* there are more */
}

static void a_small_screen_has_the_essentials(void **state) {
    (void)state;
    draw(8, 40);
    assert_shows("loss 0.591");
    assert_shows("val 77.0%");
    assert_shows("test at end");
    assert_shows("gates ");
    assert_shows(".0024 to .8385");
    assert_shows(" 3  .0090 +34% frozen used 0.1% tau 0.86");
    run.choice.block = 11;
    draw(8, 40);
    assert_shows("12  no gate: last block tau 1.47");
}

static void a_narrow_high_screen_stacks_the_curves(void **state) {
    (void)state;
    draw(45, 45);
    int loss = sample_run_find(&canvas, 2, "loss"), top1 = sample_run_find(&canvas, 2, "top-1 %");
    assert_true(loss >= 0 && top1 > loss);
    draw(19, 80);
    assert_int_equal(sample_run_find(&canvas, 1, "loss"), sample_run_find(&canvas, 1, "top-1 %"));
}

static void a_wide_screen_shows_the_chosen_gate_too(void **state) {
    (void)state;
    run.choice.block = 6;
    draw(45, 200);
    assert_shows("gate 7 logit scale");
    run.choice.block = 11;
    draw(45, 200);
    assert_shows("learning rate");
}

static void another_run_is_named_in_the_legend(void **state) {
    (void)state;
    draw(34, 120);
    assert_hides("cub-0");
    sample_run_overlay(&run);
    draw(34, 120);
    assert_shows("cub-0 ");
}

static void a_method_without_gates_says_so(void **state) {
    (void)state;
    sample_run_method(&run, METHOD_LINEAR);
    draw(19, 80);
    assert_shows("linear: the head alone is tuned, there are no gates");
    assert_hides("blk");
    sample_run_method(&run, METHOD_DEEP);
    draw(19, 80);
    assert_shows("deep: every block has its own prompts, there are no gates");
    assert_shows("val 77.0%");
}

static void before_the_first_snapshot_no_gate_is_made_up(void **state) {
    (void)state;
    run.now = (struct snapshot){0};
    draw(19, 80);
    assert_shows("starting: nothing is known of the blocks yet");
    assert_hides(".0000");
}

static void a_run_without_temperatures_has_no_column_for_them(void **state) {
    (void)state;
    run.now.tempered = false;
    draw(19, 80);
    assert_hides("tau");
    draw(8, 40);
    assert_hides("tau");
}

static void what_is_frozen_or_wrong_is_said(void **state) {
    (void)state;
    run.now.prompts_frozen = true;
    run.now.unreadable = 3;
    draw(34, 160);
    assert_shows("prompts frozen");
    assert_shows("3 unreadable images");
}

static void the_test_split_is_said_as_it_comes(void **state) {
    (void)state;
    run.settings.eval_test = EVAL_TEST_EPOCH;
    draw(34, 160);
    assert_shows("test after an epoch");
    run.task.images[SPLIT_TEST] = 0;
    draw(34, 160);
    assert_hides("test");
    sample_run_destroy(&run);
    sample_run_create(&run, SAMPLE_STEPS);
    draw(34, 160);
    assert_shows("test 76.1%");
}

static void assert_click(int height, int width, int y, int x, const char *expected) {
    char command[64] = "";
    bool any = overview_view.click(&run.context, (struct area){3, 2, height, width}, y, x, command, sizeof command);
    assert_string_equal(any ? command : "", expected);
}

static void a_click_on_a_row_chooses_its_block(void **state) {
    (void)state;
    draw(19, 80);
    assert_click(19, 80, row_of(7), 30, "select block 7");
    assert_click(19, 80, row_of(12), 0, "select block 12");
    assert_click(19, 80, sample_run_find(&canvas, 0, "blk"), 3, "");
    assert_click(19, 80, 0, 3, "");
    run.choice.block = 11;
    draw(12, 80);
    assert_click(12, 80, row_of(10), 30, "select block 10");
}

static void a_click_on_a_curve_puts_the_cursor_there(void **state) {
    (void)state;
    assert_click(34, 120, 12, 59 - 1, "cursor 716"); /* the right edge of the loss */
    assert_click(34, 120, 12, 1, "");                /* left of the axis */
    run.choice.window = 100;
    assert_click(34, 120, 12, 59 - 1, "cursor 716");
    run.choice.has_cursor = true;
    run.choice.cursor = 640;
    draw(34, 120);
    assert_shows("step 640");
}

static void the_window_bounds_the_curves(void **state) {
    (void)state;
    run.choice.window = 100;
    run.choice.end = 400;
    draw(34, 120);
    assert_shows("320");
    assert_hides("^1");
    assert_shows("^2"); /* step 320 */
    assert_hides("^3");
}

static void ascii_is_seven_bit(void **state) {
    (void)state;
    static const int sizes[][2] = {{8, 40}, {19, 80}, {45, 200}};
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.context.paint.colors = 0;
    sample_run_overlay(&run);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        draw(sizes[i][0], sizes[i][1]);
        for (int k = 0; k < canvas.height * canvas.width; k++)
            assert_in_range(canvas.cells[k].glyph, 0x20, 0x7e);
    }
}

/* Every size, in the middle of a canvas whose rest must stay as it is. */
static void nothing_is_drawn_outside_of_the_area(void **state) {
    (void)state;
    struct error e = {0};
    sample_run_overlay(&run);
    for (int height = 0; height < 52; height += 1 + height / 6)
        for (int width = 0; width < 210; width += 1 + width / 5) {
            run.choice.block = (height + width) % SAMPLE_BLOCKS;
            assert_int_equal(canvas_create(&canvas, height + 2, width + 2, &e), 0);
            canvas_fill(&canvas, canvas_all(&canvas), '~', theme_style(&run.context.paint, THEME_TEXT));
            overview_view.draw(&run.context, &canvas, (struct area){1, 1, height, width});
            for (int x = 0; x < width + 2; x++)
                assert_true(canvas_at(&canvas, 0, x)->glyph == '~' && canvas_at(&canvas, height + 1, x)->glyph == '~');
            for (int y = 0; y < height + 2; y++)
                assert_true(canvas_at(&canvas, y, 0)->glyph == '~' && canvas_at(&canvas, y, width + 1)->glyph == '~');
        }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(loss_accuracy_and_rate_stand_at_the_top),
        TEST(with_room_words_are_whole),
        TEST(what_has_no_room_is_left_out_whole),
        TEST(every_block_has_its_gate_change_selection_and_temperature),
        TEST(a_gate_as_it_started_is_equal),
        TEST(a_dot_stands_on_the_axis_at_its_value),
        TEST(a_line_leads_from_the_start_to_the_present),
        TEST(the_chosen_block_stands_out),
        TEST(rows_are_scrolled_around_the_chosen_block),
        TEST(a_small_screen_has_the_essentials),
        TEST(a_narrow_high_screen_stacks_the_curves),
        TEST(a_wide_screen_shows_the_chosen_gate_too),
        TEST(another_run_is_named_in_the_legend),
        TEST(a_method_without_gates_says_so),
        TEST(before_the_first_snapshot_no_gate_is_made_up),
        TEST(a_run_without_temperatures_has_no_column_for_them),
        TEST(what_is_frozen_or_wrong_is_said),
        TEST(the_test_split_is_said_as_it_comes),
        TEST(a_click_on_a_row_chooses_its_block),
        TEST(a_click_on_a_curve_puts_the_cursor_there),
        TEST(the_window_bounds_the_curves),
        TEST(ascii_is_seven_bit),
        TEST(nothing_is_drawn_outside_of_the_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
