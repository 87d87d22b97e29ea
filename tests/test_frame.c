#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sample_run.h"
#include "views/frame.h"

static struct sample_run run;
static struct canvas canvas;

static int begin(void **state) {
    (void)state;
    sample_run_create(&run, 716);
    run.choice.view = VIEW_LOG;
    return 0;
}

static int end(void **state) {
    (void)state;
    canvas_destroy(&canvas);
    sample_run_destroy(&run);
    return 0;
}

static void draw(int height, int width) {
    struct error e = {0};
    assert_int_equal(canvas_create(&canvas, height, width, &e), 0);
    frame_draw(&run.context, &canvas);
}

#define assert_row(y, expected)                                                                                        \
    do {                                                                                                               \
        char *row_ = sample_run_row(&canvas, (y));                                                                     \
        assert_string_equal(row_, expected);                                                                           \
        free(row_);                                                                                                    \
    } while (0)

#define assert_shows(text) sample_run_assert_shows(&canvas, text)
#define assert_hides(text) assert_false(sample_run_shows(&canvas, (text)))

static void the_first_line_says_what_runs_on_what_and_how(void **state) {
    (void)state;
    draw(40, 120);
    assert_row(
        0, " cub-1 \u2502 mae vitb16 \u2502 fgvc:cub:data/cub \u2502 gated+temp, 100 prompts \u2502 node017, 2 threads "
           "\u2502 559 MiB                RUNNING");
    draw(24, 80);
    assert_row(0,
               " cub-1 \u2502 mae vitb16 \u2502 fgvc:cub \u2502 gated+temp 100p \u2502 node017, 2 threads   RUNNING");
    draw(12, 40);
    assert_row(0, " cub-1 \u2502 mae vitb16 \u2502 fgvc:cub  RUNNING");
}

static void the_second_line_says_how_far_and_how_long(void **state) {
    (void)state;
    draw(40, 120);
    assert_row(
        1, " epoch 22/30  \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2589\u2591\u2591\u2591"
           "\u2591  batch 12/32  (5/8 done)  9.80 images/s  86% of peak  ETA 26m26s  saved 8 s ago");
    run.context.paint.glyphs = GLYPHS_ASCII;
    draw(24, 80);
    assert_row(1, " ep 22/30  ####..  batch 12/32  (5/8 done)  9.80 img/s  ETA 26m26s  saved 8 s");
}

static void a_low_screen_shows_the_progress_beside_the_tabs(void **state) {
    (void)state;
    draw(12, 40);
    assert_row(1, " 1 2 3 4[5 log] 6 ? epoch 22/30  12/32");
}

static void chunks_are_shown_for_long_steps_alone(void **state) {
    (void)state;
    run.now.step_s = 0.3;
    draw(24, 80);
    assert_hides("done)");
}

static void nothing_that_is_unknown_is_shown(void **state) {
    (void)state;
    run.choice.view = VIEW_HELP;
    run.now.images_per_s = 0;
    run.now.eta_s = 0;
    run.machine.saved_s = -1;
    run.machine.rss = 0;
    draw(40, 160);
    assert_hides("images/s");
    assert_hides("peak");
    assert_hides("ETA");
    assert_hides("saved");
    assert_hides("MiB");
    run.now = (struct snapshot){0};
    draw(24, 80);
    assert_shows("STARTING");
    assert_shows("epoch 0/30");
    assert_hides("batch");
}

static void each_phase_has_its_word(void **state) {
    (void)state;
    static const char *const words[] = {"STARTING", "RUNNING", "EVALUATING", "PAUSED", "DONE", "FAILED"};
    for (uint32_t phase = PHASE_STARTING; phase <= PHASE_FAILED; phase++) {
        run.now.phase = phase;
        draw(24, 80);
        int width = canvas_columns(words[phase]);
        assert_int_equal(sample_run_column(&canvas, 0, words[phase]), 80 - width - 1);
    }
    run.now.phase = PHASE_TRAINING;
    run.now.paused = true;
    draw(24, 80);
    assert_shows("PAUSED");
    run.task.read_only = true;
    draw(24, 80);
    assert_shows("SHOW");
}

static void the_phase_is_seen_without_colours(void **state) {
    (void)state;
    run.context.paint.colors = 0;
    draw(24, 80);
    const struct cell *word = canvas_at(&canvas, 0, 75), *bar = canvas_at(&canvas, 0, 2);
    assert_true(bar->style.attributes & CANVAS_REVERSE);
    assert_false(word->style.attributes & CANVAS_REVERSE);
    run.context.paint.colors = 1 << 24;
    draw(24, 80);
    assert_true(canvas_at(&canvas, 0, 75)->style.attributes & CANVAS_REVERSE);
}

static void a_run_that_is_over_shows_its_result(void **state) {
    (void)state;
    end(state);
    sample_run_create(&run, SAMPLE_STEPS);
    canvas = (struct canvas){0};
    draw(24, 80);
    assert_shows("DONE");
    assert_row(1, " 30 epochs  960 steps  val top-1 77.4%  best 79.2%@26  test top-1 76.1%");
    draw(12, 40);
    assert_shows("val 77.4%");
}

static void tabs_show_the_chosen_view_and_are_clicked(void **state) {
    (void)state;
    char command[64];
    draw(24, 80);
    assert_row(2, " 1 overview  2 gates  3 attention  4 data [5 log] 6 settings  ? help");
    assert_true(frame_click(&run.context, &canvas, 2, 14, command, sizeof command));
    assert_string_equal(command, "view gates");
    assert_true(frame_click(&run.context, &canvas, 2, 63, command, sizeof command));
    assert_string_equal(command, "view help");
    assert_false(frame_click(&run.context, &canvas, 2, 79, command, sizeof command));
    draw(12, 40);
    assert_true(frame_click(&run.context, &canvas, 1, 1, command, sizeof command));
    assert_string_equal(command, "view overview");
}

static void a_list_says_how_many_rows_are_not_seen(void **state) {
    (void)state;
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.choice.view = VIEW_SETTINGS;
    run.choice.scroll[VIEW_SETTINGS] = 5;
    draw(24, 80);
    int y = sample_run_find(&canvas, 0, "^5 v");
    assert_int_equal(y, 2);
    run.choice.scroll[VIEW_SETTINGS] = 1000;
    draw(24, 80);
    assert_int_equal(sample_run_column(&canvas, 2, " v"), -1);
    assert_true(sample_run_column(&canvas, 2, "^") > 0);
}

static void a_queued_command_says_what_it_waits_for(void **state) {
    (void)state;
    run.context.queued = "set gate.7 0.2";
    draw(24, 80);
    assert_row(22, " QUEUED set gate.7 0.2  applies after batch 12, ~2 s  Esc cancels"); /* 3/8 of 6.5 s */
    draw(12, 40);
    assert_row(10, " QUEUED set gate.7 0.2  ~2 s");
    run.now.chunk = 8;
    run.now.step_s = 0.5;
    draw(24, 80);
    assert_shows("applies after batch 12  Esc");
    run.now.chunk = 4;
    draw(24, 80);
    assert_shows("<1 s");
    run.now.paused = true;
    draw(24, 80);
    assert_shows("once resumed");
    run.now.phase = PHASE_EVALUATING;
    draw(24, 80);
    assert_shows("after the evaluation");
}

static void a_message_stands_beside_what_is_queued_an_error_before_it(void **state) {
    (void)state;
    run.context.message = "saved a.svg";
    draw(24, 80);
    assert_row(22, " saved a.svg");
    run.context.queued = "eval";
    draw(24, 100);
    assert_row(22, " QUEUED eval  applies after batch 12, ~2 s  Esc cancels  saved a.svg");
    run.context.message_is_error = true;
    draw(24, 100);
    assert_row(22, " saved a.svg");
}

static void hints_that_do_not_fit_leave_out_whole_keys(void **state) {
    (void)state;
    draw(12, 40);
    assert_row(11, " Space pause  f freeze  ? help  q quit");
    draw(24, 80);
    assert_row(23, " Space pause  f freeze  : command  q quit  ? help");
    assert_true(canvas_at(&canvas, 23, 1)->style.attributes & CANVAS_BOLD);
    assert_false(canvas_at(&canvas, 23, 7)->style.attributes & CANVAS_BOLD);
}

static void the_prompt_takes_the_last_line_with_its_error_behind(void **state) {
    (void)state;
    int y = -1, x = -1;
    run.prompt = (struct view_prompt){
        .open = true, .lead = ':', .text = "set gate.44 1", .cursor = 9, .error = "a gate from 1 to 11", .offered = -1};
    draw(24, 80);
    assert_row(23, ":set gate.44 1  a gate from 1 to 11");
    frame_cursor(&run.context, &canvas, &y, &x);
    assert_int_equal(y, 23);
    assert_int_equal(x, 10);
    run.prompt.error = "set: found gate 44, expected one from 1";
    draw(12, 40);
    assert_row(11, ":set gate.44 1");
    assert_shows("set: found gate 44");
}

static void a_long_line_is_shifted_so_that_its_cursor_is_seen(void **state) {
    (void)state;
    int y, x;
    run.prompt = (struct view_prompt){.open = true,
                                      .lead = ':',
                                      .text = "note \"0123456789012345678901234567890123 end",
                                      .cursor = 44,
                                      .offered = -1};
    draw(12, 40);
    assert_row(11, ":23456789012345678901234567890123 end");
    frame_cursor(&run.context, &canvas, &y, &x);
    assert_int_equal(x, 37);
}

static void offers_show_the_taken_one_a_screenful_at_a_time(void **state) {
    (void)state;
    static const char *const offers[] = {"gate.1", "gate.2", "gate.3", "gate.4", "gate.5", "gate.6", "lr", NULL};
    run.prompt =
        (struct view_prompt){.open = true, .lead = ':', .text = "set ", .cursor = 4, .offers = offers, .offered = 1};
    draw(12, 40);
    assert_row(10, "  gate.1  gate.2  gate.3  gate.4       >");
    int at = sample_run_column(&canvas, 10, "gate.2");
    assert_int_equal(canvas_at(&canvas, 10, at)->style.paper, theme_style(&run.context.paint, THEME_SELECTED).paper);
    run.prompt.offered = 6;
    draw(12, 40);
    assert_row(10, "< gate.5  gate.6  lr");
}

static const char *const lines[] = {"The training goes on until you choose.", NULL};
static const char *const choices[] = {"save and stop", "keep training without the screen", "stay", NULL};
static const char *const keys[] = {"s", "k", "Esc", NULL};

static void ask(void) {
    run.dialog = (struct view_dialog){.title = "Leave?", .lines = lines, .choices = choices, .keys = keys, .chosen = 1};
}

static void a_dialog_is_framed_and_its_choices_are_clicked(void **state) {
    (void)state;
    char command[64] = "";
    ask();
    run.context.paint.glyphs = GLYPHS_ASCII;
    draw(24, 80);
    int y = sample_run_find(&canvas, 0, "+- Leave? ---"), x = sample_run_column(&canvas, y, "+");
    assert_true(y > 0);
    assert_int_equal(sample_run_column(&canvas, y + 3, "|   s   save and stop"), x);
    assert_int_equal(sample_run_column(&canvas, y + 4, "| > k   keep training"), x);
    assert_true(frame_click(&run.context, &canvas, y + 3, x + 8, command, sizeof command));
    assert_string_equal(command, "dialog 1");
    assert_true(frame_click(&run.context, &canvas, y + 5, x + 8, command, sizeof command));
    assert_string_equal(command, "dialog 3");
    assert_false(frame_click(&run.context, &canvas, y + 1, x + 8, command, sizeof command));
    assert_false(frame_click(&run.context, &canvas, 2, 14, command, sizeof command)); /* a tab below it */
}

static void a_long_dialog_scrolls_to_the_chosen_one(void **state) {
    (void)state;
    char names[30][24];
    const char *many[31] = {0};
    for (int i = 0; i < 30; i++) {
        snprintf(names[i], sizeof names[i], "scenes:%02d", i);
        many[i] = names[i];
    }
    run.dialog = (struct view_dialog){.title = "Swap", .choices = many, .chosen = 25};
    draw(12, 40);
    assert_shows("> scenes:25");
    assert_shows("26/30");
    assert_hides("scenes:01");
    assert_hides("scenes:26");
}

static void a_screen_that_is_too_small_says_so_and_shows_the_question(void **state) {
    (void)state;
    draw(5, 20);
    assert_row(0, "RUNNING ep 22/30");
    assert_row(1, "20x5: needs 40x12");
    ask();
    draw(5, 20);
    assert_row(4, "Leave? s k Esc");
}

/* Nothing is written outside, whatever the size (the sanitizers see it), and no wide glyph is torn. */
static void any_size_draws(void **state) {
    (void)state;
    static const char *const offers[] = {"gate.1", "gate.2", NULL};
    uint32_t seed = 1;
    ask();
    run.prompt = (struct view_prompt){.open = true, .lead = ':', .text = "set \u65e5\u672c", .cursor = 7, .offered = 1};
    run.context.queued = "set gate.7 0.2";
    for (int i = 0; i < 150; i++) {
        seed = seed * 1664525 + 1013904223;
        int height = 1 + (int)(seed >> 8) % 60, width = 1 + (int)(seed >> 16) % 130;
        run.choice.view = (enum view_id)((unsigned)i % VIEW_COUNT);
        run.context.dialog = i % 3 ? NULL : &run.dialog;
        run.prompt.open = i % 2;
        run.prompt.offers = i % 4 == 1 ? offers : NULL;
        run.prompt.error = i % 5 ? NULL : "an error that is longer than most screens are wide, so that it is cut";
        run.context.paint.glyphs = (enum glyphs)(i % 3);
        draw(height, width);
        for (int k = 0; k < height * width; k++)
            assert_true(canvas.cells[k].glyph != 0 || (k % width > 0 && canvas.cells[k - 1].glyph > 0xff));
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_first_line_says_what_runs_on_what_and_how),
        TEST(the_second_line_says_how_far_and_how_long),
        TEST(a_low_screen_shows_the_progress_beside_the_tabs),
        TEST(chunks_are_shown_for_long_steps_alone),
        TEST(nothing_that_is_unknown_is_shown),
        TEST(each_phase_has_its_word),
        TEST(the_phase_is_seen_without_colours),
        TEST(a_run_that_is_over_shows_its_result),
        TEST(tabs_show_the_chosen_view_and_are_clicked),
        TEST(a_list_says_how_many_rows_are_not_seen),
        TEST(a_queued_command_says_what_it_waits_for),
        TEST(a_message_stands_beside_what_is_queued_an_error_before_it),
        TEST(hints_that_do_not_fit_leave_out_whole_keys),
        TEST(the_prompt_takes_the_last_line_with_its_error_behind),
        TEST(a_long_line_is_shifted_so_that_its_cursor_is_seen),
        TEST(offers_show_the_taken_one_a_screenful_at_a_time),
        TEST(a_dialog_is_framed_and_its_choices_are_clicked),
        TEST(a_long_dialog_scrolls_to_the_chosen_one),
        TEST(a_screen_that_is_too_small_says_so_and_shows_the_question),
        TEST(any_size_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
