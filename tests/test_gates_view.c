#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sample_run.h"
#include "views/views.h"

enum { STEPS = 716, LABEL = 11, HEIGHT = 35, WIDTH = 120 };

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
    sample_run_draw(&run, &gates_view, &canvas, height, width);
}

static void assert_shows(const char *text) {
    if (sample_run_shows(&canvas, text))
        return;
    char *all = sample_run_text(&canvas);
    fail_msg("\"%s\" is not in\n%s", text, all);
}

static void assert_row(int y, const char *text) {
    char *row = sample_run_row(&canvas, y);
    if (!strstr(row, text))
        fail_msg("\"%s\" is not in \"%s\"", text, row);
    free(row);
}

/* Column of a step in a map of the whole run. */
static int column_of(int step) {
    return LABEL + step * (canvas.width - LABEL) / STEPS;
}

static uint32_t glyph_at(int y, int x) {
    return canvas_at(&canvas, y, x)->glyph;
}

/* Rows of the map follow the legend: block 1 is in row 1. */
static void a_row_says_its_block_what_is_frozen_and_the_gate(void **state) {
    (void)state;
    draw(HEIGHT, WIDTH);
    assert_row(1, "  1* .0024");
    assert_row(3, " 3* .0090");
    assert_row(4, "  4  .0061");
    assert_row(11, " 11  .8385");
    assert_row(12, " 12      - no gate: last block");
}

static void the_legend_says_the_ends_and_ticks_of_the_colours(void **state) {
    (void)state;
    draw(HEIGHT, WIDTH);
    assert_row(0, "gates  .001");
    assert_row(0, ".01");
    assert_row(0, ".5");
    assert_row(0, ".9");
    assert_row(0, "* freeze  + thaw  = set");
    for (int i = 0; i < SAMPLE_BLOCKS - 1; i++)
        run.now.gates[i] = 0.005f;
    run.choice.window = 50;
    run.choice.end = 60; /* gates near their start, .0067 */
    draw(HEIGHT, WIDTH);
    assert_row(0, ".1 ");
    assert_int_equal(sample_run_column(&canvas, 0, ".5"), -1);
}

static double logit(double p) {
    return log(p / (1 - p));
}

static void assert_near(uint32_t found, uint32_t wanted) {
    for (int shift = 0; shift < 24; shift += 8)
        assert_true(abs((int)(wanted >> shift & 0xff) - (int)(found >> shift & 0xff)) <= 8);
}

/* The colour of a cell is that of the gate at the step in its middle, on the logit axis from .001 to .9. */
static void a_cell_has_the_colour_of_its_value(void **state) {
    (void)state;
    static const int blocks[] = {1, 7, 11};
    draw(HEIGHT, WIDTH);
    for (size_t i = 0; i < 3; i++)
        for (int column = 4; column < WIDTH - LABEL; column += 20) {
            double value, step = (column + 0.5) * STEPS / (WIDTH - LABEL);
            assert_true(series_at(&run.history.gate[blocks[i] - 1], step, &value));
            double share = (logit(value) - logit(0.001)) / (logit(0.9) - logit(0.001));
            assert_near(canvas_at(&canvas, blocks[i], LABEL + column)->style.paper,
                        theme_heat(run.context.paint.theme, share));
        }
}

static void interventions_stand_at_their_steps(void **state) {
    (void)state;
    draw(HEIGHT, WIDTH);
    assert_int_equal(sample_run_column(&canvas, 13, "^1"), column_of(120));
    assert_int_equal(sample_run_column(&canvas, 13, "^2"), column_of(320));
    assert_int_equal(sample_run_column(&canvas, 13, "^6"), column_of(680));
    assert_true(sample_run_column(&canvas, 13, "step 0") >= 0);
}

static void the_map_and_the_curve_have_one_time_axis(void **state) {
    (void)state;
    draw(HEIGHT, WIDTH);
    int below = sample_run_find(&canvas, 14, "^4");
    assert_true(below > 14);
    assert_true(abs(sample_run_column(&canvas, 13, "^4") - sample_run_column(&canvas, below, "^4")) <= 1);
    assert_true(abs(sample_run_column(&canvas, 13, "^6") - sample_run_column(&canvas, below, "^6")) <= 1);
}

static void what_was_done_to_a_block_stands_in_its_row(void **state) {
    (void)state;
    draw(HEIGHT, WIDTH);
    int freeze = column_of(120), set = column_of(512), later = column_of(680);
    assert_int_equal(glyph_at(3, freeze), '*');
    assert_int_equal(glyph_at(3, freeze - 1), ' ');
    assert_int_equal(glyph_at(3, freeze + 1), 0x2500); /* held from there on */
    assert_int_equal(glyph_at(3, WIDTH - 1), 0x2500);
    assert_int_equal(glyph_at(7, set), '=');
    assert_int_equal(glyph_at(7, set + 1), ' ');
    assert_int_equal(glyph_at(2, later), '*'); /* freeze gate 1-2,9 */
    assert_int_equal(glyph_at(9, later), '*');
    assert_int_equal(glyph_at(5, column_of(600)), ' '); /* its temperature */
}

static void a_thawed_block_is_held_no_longer(void **state) {
    (void)state;
    struct error e = {0};
    assert_int_equal(history_journal(&run.history, "at step 700 thaw gates", &e), 0);
    draw(HEIGHT, WIDTH);
    assert_int_equal(glyph_at(3, column_of(700) - 1), 0x2500);
    assert_int_equal(glyph_at(3, column_of(700)), '+');
    assert_int_equal(glyph_at(3, column_of(700) + 1), ' ');
}

static void the_chosen_block_has_its_curve(void **state) {
    (void)state;
    draw(HEIGHT, WIDTH);
    assert_shows("gate of block 3 frozen");
    run.choice.block = 6;
    sample_run_overlay(&run);
    draw(HEIGHT, WIDTH);
    assert_shows("gate of block 7");
    assert_shows("cub-0");
    assert_shows("this run");
    assert_int_equal(sample_run_column(&canvas, 7, "\xe2\x96\xb8 7"), 0);
    run.choice.block = SAMPLE_BLOCKS - 1;
    draw(HEIGHT, WIDTH);
    assert_shows("the last block has no gate");
}

static void temperatures_take_the_place_of_gates(void **state) {
    (void)state;
    run.choice.temps = true;
    draw(HEIGHT, WIDTH);
    assert_row(0, "temperatures  0.667");
    assert_row(0, "1.5");
    assert_row(5, "  5*  1.05");
    assert_row(12, " 12   1.47");
    assert_int_equal(glyph_at(5, column_of(600)), '*');
    assert_int_equal(glyph_at(7, column_of(512)), ' ');
    assert_shows("temperature of block 3");
}

/* Factors of 1 in two directions: a temperature of 1 has the middle colour. */
static void a_temperature_of_1_is_neutral(void **state) {
    (void)state;
    run.choice.temps = true;
    draw(HEIGHT, WIDTH);
    const struct theme *theme = run.context.paint.theme;
    assert_near(canvas_at(&canvas, 6, LABEL)->style.paper, theme_change(theme, 0));
    assert_near(canvas_at(&canvas, 12, WIDTH - 1)->style.paper, theme_change(theme, log(1.47) / log(1.5)));
    assert_near(canvas_at(&canvas, 1, WIDTH - 1)->style.paper, theme_change(theme, log(0.68) / log(1.5)));
}

static void a_run_without_gates_or_temperatures_says_so(void **state) {
    (void)state;
    run.now.tempered = false;
    run.choice.temps = true;
    draw(HEIGHT, WIDTH);
    assert_shows("temperatures are not tuned in this run: t shows the gates");
    sample_run_method(&run, METHOD_SHALLOW);
    draw(HEIGHT, WIDTH);
    assert_shows("shallow: prompts enter once, there are no gates");
    run.choice.temps = false;
    draw(8, 60);
    assert_shows("shallow: prompts enter once, there are no gates");
}

static void before_the_first_snapshot_no_gate_is_made_up(void **state) {
    (void)state;
    run.now = (struct snapshot){0};
    draw(HEIGHT, WIDTH);
    assert_shows("starting: nothing is known of the blocks yet");
    assert_false(sample_run_shows(&canvas, ".0000"));
}

static void interventions_are_listed(void **state) {
    (void)state;
    draw(HEIGHT, WIDTH);
    assert_shows("interventions");
    assert_shows("^1 step 120  freeze gate 3");
    assert_shows("^3 step 410  note \"gates 7 and 8 open first\"");
    assert_shows("^6 step 680  freeze gate 1-2,9");
}

static void of_many_interventions_the_last_are_listed(void **state) {
    (void)state;
    struct error e = {0};
    for (int i = 0; i < 60; i++)
        assert_int_equal(history_journal(&run.history, "at step 700 set lr 0.07", &e), 0);
    draw(HEIGHT, WIDTH);
    assert_shows(" of 66");
    assert_shows("^66 step 700  set lr 0.07");
    assert_false(sample_run_shows(&canvas, "^1 step"));
}

static void a_note_that_is_too_long_ends_in_a_sign(void **state) {
    (void)state;
    char line[HISTORY_LINE] = "at step 300 note \"";
    struct error e = {0};
    while (strlen(line) < 200)
        strcat(line, "word ");
    assert_int_equal(history_journal(&run.history, line, &e), 0);
    draw(45, 80);
    int y = sample_run_find(&canvas, 0, "^7 step 300  note \"word");
    assert_true(y > 0);
    assert_int_equal(glyph_at(y, 79), 0x2026);
}

static void the_cursor_gives_the_values_of_its_step(void **state) {
    (void)state;
    run.choice.has_cursor = true;
    run.choice.cursor = 300;
    draw(HEIGHT, WIDTH);
    assert_row(0, "gates at step 300");
    assert_row(7, " 7  .0275");
    assert_int_equal(glyph_at(7, column_of(300)), 0x2502);
}

static void two_blocks_share_a_row_where_it_must_be(void **state) {
    (void)state;
    draw(8, 40);
    assert_row(1, " 1-2 ");
    assert_row(2, " 3* .0090");
    assert_row(6, " 11-12");
    assert_int_equal(glyph_at(3, 20), 0x2580);
    assert_row(7, "^6");
}

static void without_half_blocks_rows_are_scrolled(void **state) {
    (void)state;
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.context.paint.colors = 0;
    run.choice.block = 10;
    draw(8, 60);
    assert_int_equal(sample_run_column(&canvas, sample_run_find(&canvas, 0, "11  .8385"), ">"), 0);
    assert_false(sample_run_shows(&canvas, ".0024"));
    run.choice.block = 0;
    draw(8, 60);
    assert_row(1, "> 1* .0024");
}

/* There '*', '+' and '=' are shades: letters say what was done. */
static void without_colours_letters_say_what_was_done(void **state) {
    (void)state;
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.context.paint.colors = 0;
    draw(HEIGHT, WIDTH);
    assert_row(0, "F freeze  T thaw  S set");
    assert_int_equal(glyph_at(3, column_of(120)), 'F');
    assert_int_equal(glyph_at(7, column_of(512)), 'S');
    for (int k = 0; k < canvas.height * canvas.width; k++)
        assert_in_range(canvas.cells[k].glyph, 0x20, 0x7e);
}

static void before_the_first_step_the_map_is_empty(void **state) {
    (void)state;
    sample_run_destroy(&run);
    sample_run_create(&run, 0);
    draw(HEIGHT, WIDTH);
    assert_row(1, "  1  .0067");
    assert_shows("no data yet");
    assert_int_equal(glyph_at(1, LABEL + 5), ' ');
}

static void assert_click(int height, int width, int y, int x, const char *expected) {
    char command[64] = "";
    bool any = gates_view.click(&run.context, (struct area){3, 0, height, width}, y, x, command, sizeof command);
    assert_string_equal(any ? command : "", expected);
}

static void a_click_on_a_row_chooses_its_block(void **state) {
    (void)state;
    assert_click(HEIGHT, WIDTH, 7, 60, "select block 7");
    assert_click(HEIGHT, WIDTH, 12, 0, "select block 12");
    assert_click(HEIGHT, WIDTH, 0, 20, "");
    assert_click(8, 40, 1, 20, "select block 1");
    assert_click(8, 40, 2, 20, "select block 4"); /* 3 is chosen */
    assert_click(45, 200, 1, 60, "select block 1");
    assert_click(45, 200, 3, 60, "select block 2"); /* two rows a block */
}

static void a_click_on_the_curve_puts_the_cursor_there(void **state) {
    (void)state;
    assert_click(HEIGHT, WIDTH, 20, WIDTH - 1, "cursor 716");
    assert_click(HEIGHT, WIDTH, 20, 2, "");
    assert_click(HEIGHT, WIDTH, HEIGHT - 1, 30, "");
    sample_run_method(&run, METHOD_DEEP);
    assert_click(HEIGHT, WIDTH, 7, 60, "");
}

/* ---- what the blocks are worth */

enum { WORTH_ROWS = 1 + 2 * SAMPLE_BLOCKS - 1 + 2 };
static struct whatif_row worth_rows[WORTH_ROWS];
static struct whatif worth;

/* Of 400 val images 284 are right; without block 11 14 of them less, without block 3 5 more than 2 less, which is
 * noise, without the others nothing changes. With temperature 1 block 5 gains 10. */
static void find_worth(uint64_t step) {
    worth = (struct whatif){.split = SPLIT_VAL, .step = step, .images = 400, .rows = worth_rows};
    worth_rows[worth.count++] = (struct whatif_row){.kind = WHATIF_BASELINE, .block = -1, .right = 284};
    for (int l = 0; l < SAMPLE_BLOCKS; l++) {
        struct whatif_row gate = {.kind = WHATIF_GATE_0, .block = l, .right = 284}, temp = gate;
        temp.kind = WHATIF_TEMP_1;
        gate.worse = l == 10 ? 15 : l == 2 ? 2 : 0;
        gate.better = l == 10 ? 1 : l == 2 ? 5 : 0;
        gate.right += gate.better - gate.worse;
        temp.better = l == 4 ? 10 : 0;
        temp.right += temp.better;
        if (l + 1 < SAMPLE_BLOCKS)
            worth_rows[worth.count++] = gate;
        worth_rows[worth.count++] = temp;
    }
    worth_rows[worth.count++] = (struct whatif_row){.kind = WHATIF_GATES_0, .block = -1, .right = 284};
    worth_rows[worth.count++] = (struct whatif_row){.kind = WHATIF_TEMPS_1, .block = -1, .right = 284};
    assert_int_equal(worth.count, WORTH_ROWS);
    run.context.whatif = &worth;
}

static void assert_ends(int y, const char *text) {
    char *row = sample_run_row(&canvas, y);
    size_t n = strlen(row), m = strlen(text);
    if (n < m || strcmp(row + n - m, text) != 0)
        fail_msg("\"%s\" is not at the end of \"%s\"", text, row);
    free(row);
}

static uint32_t ink_at(int y, int x) {
    return canvas_at(&canvas, y, x)->style.ink;
}

static uint32_t ink_of(enum theme_role role) {
    return theme_style(&run.context.paint, role).ink;
}

static void a_row_says_what_top1_loses_without_its_gate(void **state) {
    (void)state;
    find_worth(716);
    draw(HEIGHT, WIDTH);
    assert_ends(0, " off pp");
    assert_ends(1, "   +0.0");
    assert_ends(3, "   +0.8");
    assert_ends(11, "   -3.5!");
    assert_row(12, " 12      - no gate: last block");
    assert_shows("off: val, 400 images, step 716, top-1 with the gate at 0, ! beyond noise, "
                 "unchanged 71.0%, standard error 2.3");
    assert_int_equal(ink_at(11, WIDTH - 2), ink_of(THEME_BAD));
    assert_int_equal(ink_at(3, WIDTH - 2), ink_of(THEME_DIM));
    assert_int_equal(ink_at(1, WIDTH - 2), ink_of(THEME_DIM));
}

static void of_temperatures_it_says_what_1_would_change(void **state) {
    (void)state;
    find_worth(716);
    run.choice.temps = true;
    draw(HEIGHT, WIDTH);
    assert_ends(0, " t=1 pp");
    assert_ends(5, "   +2.5!");
    assert_ends(12, "   +0.0");
    assert_shows("t=1: val, 400 images, step 716, top-1 with temperature 1, ");
    assert_int_equal(ink_at(5, WIDTH - 2), ink_of(THEME_GOOD));
}

static void results_of_another_step_say_so(void **state) {
    (void)state;
    find_worth(600);
    worth.best = true;
    draw(HEIGHT, WIDTH);
    int y = sample_run_find(&canvas, 0, "off: val, 400 images, at step 600 (now 716), best weights, ");
    assert_true(y > 0);
    assert_int_equal(ink_at(y, 0), ink_of(THEME_WARN));
    find_worth(716);
    draw(HEIGHT, WIDTH);
    y = sample_run_find(&canvas, 0, "off: val");
    assert_int_equal(ink_at(y, 0), ink_of(THEME_DIM));
}

static void without_results_nothing_is_said_of_them(void **state) {
    (void)state;
    draw(HEIGHT, WIDTH);
    assert_false(sample_run_shows(&canvas, "off"));
    find_worth(716);
    worth.count--; /* of the gates alone */
    run.choice.temps = true;
    draw(HEIGHT, WIDTH);
    assert_false(sample_run_shows(&canvas, "t=1"));
}

/* The view's part of a screen of 80 x 24, and of one of 40 x 12. */
static void results_stand_where_there_is_room(void **state) {
    (void)state;
    find_worth(600);
    draw(19, 80);
    assert_ends(0, " off pp");
    assert_ends(11, "   -3.5!");
    assert_row(12, " 12      - no gate: last block");
    assert_row(14, "off: val, 400 images, at step 600 (now 716), top-1 with the gate at 0");
    assert_shows("gate of block 3");
    assert_true(sample_run_column(&canvas, 13, "^6") < 80 - 8);
    draw(8, 40);
    assert_false(sample_run_shows(&canvas, "off"));
    assert_row(1, " 1-2 ");
    draw(13, 80); /* the map takes every row */
    assert_false(sample_run_shows(&canvas, "off"));
    draw(45, 200); /* two rows a block */
    assert_ends(21, "   -3.5!");
}

static void results_are_read_without_colours(void **state) {
    (void)state;
    find_worth(600);
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.context.paint.colors = 0;
    draw(19, 80);
    assert_ends(11, "-3.5!");
    assert_shows("at step 600 (now 716)");
    for (int k = 0; k < canvas.height * canvas.width; k++)
        assert_in_range(canvas.cells[k].glyph, 0x20, 0x7e);
}

static void a_click_beside_the_map_chooses_the_block_too(void **state) {
    (void)state;
    find_worth(716);
    assert_click(HEIGHT, WIDTH, 7, WIDTH - 2, "select block 7");
    assert_click(HEIGHT, WIDTH, 14, 10, ""); /* where they come from */
    assert_click(HEIGHT, WIDTH, 20, WIDTH - 1 - 8, "cursor 716");
}

static void nothing_is_drawn_outside_of_the_area(void **state) {
    (void)state;
    struct error e = {0};
    sample_run_overlay(&run);
    find_worth(600);
    run.choice.has_cursor = true;
    run.choice.cursor = 500;
    for (int height = 0; height < 52; height += 1 + height / 6)
        for (int width = 0; width < 620; width += 1 + width / 4) {
            run.choice.block = (height + width) % SAMPLE_BLOCKS;
            run.choice.temps = width % 2;
            run.context.whatif = height % 3 ? &worth : NULL;
            assert_int_equal(canvas_create(&canvas, height + 2, width + 2, &e), 0);
            canvas_fill(&canvas, canvas_all(&canvas), '~', theme_style(&run.context.paint, THEME_TEXT));
            gates_view.draw(&run.context, &canvas, (struct area){1, 1, height, width});
            for (int x = 0; x < width + 2; x++)
                assert_true(glyph_at(0, x) == '~' && glyph_at(height + 1, x) == '~');
            for (int y = 0; y < height + 2; y++)
                assert_true(glyph_at(y, 0) == '~' && glyph_at(y, width + 1) == '~');
        }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_row_says_its_block_what_is_frozen_and_the_gate),
        TEST(the_legend_says_the_ends_and_ticks_of_the_colours),
        TEST(a_cell_has_the_colour_of_its_value),
        TEST(interventions_stand_at_their_steps),
        TEST(the_map_and_the_curve_have_one_time_axis),
        TEST(what_was_done_to_a_block_stands_in_its_row),
        TEST(a_thawed_block_is_held_no_longer),
        TEST(the_chosen_block_has_its_curve),
        TEST(temperatures_take_the_place_of_gates),
        TEST(a_temperature_of_1_is_neutral),
        TEST(a_run_without_gates_or_temperatures_says_so),
        TEST(before_the_first_snapshot_no_gate_is_made_up),
        TEST(interventions_are_listed),
        TEST(of_many_interventions_the_last_are_listed),
        TEST(a_note_that_is_too_long_ends_in_a_sign),
        TEST(the_cursor_gives_the_values_of_its_step),
        TEST(two_blocks_share_a_row_where_it_must_be),
        TEST(without_half_blocks_rows_are_scrolled),
        TEST(without_colours_letters_say_what_was_done),
        TEST(before_the_first_step_the_map_is_empty),
        TEST(a_click_on_a_row_chooses_its_block),
        TEST(a_click_on_the_curve_puts_the_cursor_there),
        TEST(a_row_says_what_top1_loses_without_its_gate),
        TEST(of_temperatures_it_says_what_1_would_change),
        TEST(results_of_another_step_say_so),
        TEST(without_results_nothing_is_said_of_them),
        TEST(results_stand_where_there_is_room),
        TEST(results_are_read_without_colours),
        TEST(a_click_beside_the_map_chooses_the_block_too),
        TEST(nothing_is_drawn_outside_of_the_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
