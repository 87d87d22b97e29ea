/* The views of the program's tables: help and settings. */
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

static struct sample_run run;
static struct canvas canvas;

static int begin(void **state) {
    (void)state;
    sample_run_create(&run, 716);
    return 0;
}

static int end(void **state) {
    (void)state;
    canvas_destroy(&canvas);
    sample_run_destroy(&run);
    return 0;
}

#define assert_row(y, expected)                                                                                        \
    do {                                                                                                               \
        char *row_ = sample_run_row(&canvas, (y));                                                                     \
        assert_string_equal(row_, expected);                                                                           \
        free(row_);                                                                                                    \
    } while (0)

#define assert_shows(text) sample_run_assert_shows(&canvas, text)
#define assert_hides(text) assert_false(sample_run_shows(&canvas, (text)))

static void help_stands_in_sections_with_names_and_texts_in_columns(void **state) {
    (void)state;
    sample_run_draw(&run, &help_view, &canvas, 12, 80);
    assert_row(0, "Keys");
    assert_row(1, "  Space      pause, go on");
    assert_row(2, "  f          freeze or thaw the block's gate");
    assert_row(4, "");
    assert_row(5, "Commands");
    assert_row(6, "  freeze gate LIST|gates|temp LIST|temps|prompts|head");
    assert_row(7, "                              Keeps these as they are.");
    assert_row(8, "  set gate.K X|temp.K X|lr X  Gives the gate of block K a value from 0 to 1.");
}

static void a_wide_screen_has_keys_left_and_commands_right(void **state) {
    (void)state;
    sample_run_draw(&run, &help_view, &canvas, 12, 120);
    assert_int_equal(sample_run_column(&canvas, 0, "Keys"), 0);
    assert_int_equal(sample_run_column(&canvas, 0, "Commands"), 47);
}

static void help_is_filtered_and_scrolled(void **state) {
    (void)state;
    const struct area a = {0, 0, 5, 80};
    assert_int_equal(help_view.overflow(&run.context, a), 4);
    run.choice.scroll[VIEW_HELP] = 100;
    sample_run_draw(&run, &help_view, &canvas, 5, 80);
    assert_row(4, "  set gate.K X|temp.K X|lr X  Gives the gate of block K a value from 0 to 1.");
    strcpy(run.choice.filter, "thaw");
    assert_int_equal(help_view.overflow(&run.context, a), 0);
    sample_run_draw(&run, &help_view, &canvas, 5, 80);
    assert_row(0, "Keys");
    assert_row(1, "  f          freeze or thaw the block's gate");
    assert_row(2, "");
    strcpy(run.choice.filter, "zzz");
    sample_run_draw(&run, &help_view, &canvas, 5, 80);
    assert_row(0, "  no key and no command holds \"zzz\"");
}

/* The row of a setting. */
static int row_of(const char *name) {
    char text[64];
    snprintf(text, sizeof text, "  %s ", name);
    int y = sample_run_find(&canvas, 0, text);
    assert_true(y >= 0);
    return y;
}

static void every_setting_is_shown_with_value_unit_and_help(void **state) {
    (void)state;
    sample_run_draw(&run, &settings_view, &canvas, 100, 120);
    for (size_t i = 0; i < settings_count(); i++) {
        row_of(settings_at(i)->name);
        assert_shows(settings_group(i));
    }
    assert_int_equal(sample_run_column(&canvas, row_of("batch"), "16 images"), 18);
    assert_shows("fixed  (default 64) images a step");
    assert_shows("live   longest time between two saves");
}

static void what_is_not_the_default_stands_out(void **state) {
    (void)state;
    sample_run_draw(&run, &settings_view, &canvas, 100, 120);
    assert_true(canvas_at(&canvas, row_of("batch"), 18)->style.attributes & CANVAS_BOLD);
    assert_false(canvas_at(&canvas, row_of("seed"), 18)->style.attributes & CANVAS_BOLD);
}

static void what_was_changed_since_is_shown_below_the_value(void **state) {
    (void)state;
    sample_run_draw(&run, &settings_view, &canvas, 100, 120);
    assert_int_equal(sample_run_column(&canvas, row_of("lr") + 1, "now 0.08"), 18);
    assert_hides("now scenes:count");
    strcpy(run.now.data, "scenes:count");
    run.now.swaps = 1;
    run.now.base_rate = run.settings.lr;
    sample_run_draw(&run, &settings_view, &canvas, 100, 120);
    assert_int_equal(sample_run_column(&canvas, row_of("data") + 1, "now scenes:count"), 18);
    assert_hides("now 0.1");
}

static void of_a_long_path_the_end_is_shown(void **state) {
    (void)state;
    snprintf(run.settings.model, sizeof run.settings.model, "/a/very/long/path/to/some/folder/with/mae_vitb.bin");
    run.context.paint.glyphs = GLYPHS_ASCII;
    sample_run_draw(&run, &settings_view, &canvas, 20, 40);
    assert_row(4, "  model           ..r/with/mae_vitb.bin");
}

static void memory_is_shown_where_it_is_not_filtered_out(void **state) {
    (void)state;
    run.task.kept = (size_t)120 << 20;
    sample_run_draw(&run, &settings_view, &canvas, 20, 40);
    assert_row(0, "Memory");
    assert_row(1, "  planned         559 MiB");
    assert_row(2, "  kept blocks     120 MiB");
    assert_row(3, "  resident        559 MiB");
    strcpy(run.choice.filter, "momentum");
    sample_run_draw(&run, &settings_view, &canvas, 20, 40);
    assert_hides("resident");
}

static void settings_are_filtered_and_scrolled_to_their_end(void **state) {
    (void)state;
    const struct area a = {0, 0, 20, 80};
    int most = settings_view.overflow(&run.context, a);
    assert_true(most > 0);
    run.choice.scroll[VIEW_SETTINGS] = most;
    sample_run_draw(&run, &settings_view, &canvas, 20, 80);
    assert_true(sample_run_column(&canvas, 19, "run folder; empty: runs/NAME-K") > 0);
    run.choice.scroll[VIEW_SETTINGS] = most + 10;
    sample_run_draw(&run, &settings_view, &canvas, 20, 80);
    assert_true(sample_run_column(&canvas, 19, "run folder; empty: runs/NAME-K") > 0);
    run.choice.scroll[VIEW_SETTINGS] = 0;
    strcpy(run.choice.filter, "momentum");
    sample_run_draw(&run, &settings_view, &canvas, 20, 80);
    assert_row(1, "Training");
    assert_int_equal(row_of("momentum"), 2);
    assert_hides("weight-decay");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(help_stands_in_sections_with_names_and_texts_in_columns),
        TEST(a_wide_screen_has_keys_left_and_commands_right),
        TEST(help_is_filtered_and_scrolled),
        TEST(every_setting_is_shown_with_value_unit_and_help),
        TEST(what_is_not_the_default_stands_out),
        TEST(what_was_changed_since_is_shown_below_the_value),
        TEST(of_a_long_path_the_end_is_shown),
        TEST(memory_is_shown_where_it_is_not_filtered_out),
        TEST(settings_are_filtered_and_scrolled_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
