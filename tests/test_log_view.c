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
    sample_run_create(&run, 64);
    return 0;
}

static int end(void **state) {
    (void)state;
    canvas_destroy(&canvas);
    sample_run_destroy(&run);
    return 0;
}

static void draw(int height, int width) {
    sample_run_draw(&run, &log_view, &canvas, height, width);
}

#define assert_row(y, expected)                                                                                        \
    do {                                                                                                               \
        char *row_ = sample_run_row(&canvas, (y));                                                                     \
        assert_string_equal(row_, expected);                                                                           \
        free(row_);                                                                                                    \
    } while (0)

/* The log is so many lines "line 0", "line 1" ... */
static struct view_log_line *many(size_t count) {
    struct view_log_line *lines = calloc(count, sizeof *lines);
    char *text = calloc(count, 32);
    assert_true(lines && text);
    for (size_t i = 0; i < count; i++) {
        snprintf(text + 32 * i, 32, "line %zu", i);
        lines[i] = (struct view_log_line){(double)i, LOG_SAID, text + 32 * i};
    }
    run.context.log = lines;
    run.context.log_count = count;
    return lines;
}

static void forget(struct view_log_line *lines) {
    free((char *)lines[0].text);
    free(lines);
}

static void a_line_says_when_and_of_which_kind(void **state) {
    (void)state;
    draw(12, 80);
    assert_row(0, " h:mm:ss   ! warning   > command   ~ from a library   = epoch");
    assert_row(1, " 0:00:00   backbone mae vitb16, 85.8 M parameters, none of them tuned");
    assert_row(3, " 0:00:12 ! train image 812 is skipped: truncated JPEG");
    assert_row(6, " 0:13:10 > ^1 step 120: freeze gate 3");
    assert_int_equal(canvas_at(&canvas, 6, 11)->style.ink, theme_style(&run.context.paint, THEME_MARK).ink);
    assert_int_equal(canvas_at(&canvas, 3, 11)->style.ink, theme_style(&run.context.paint, THEME_BAD).ink);
}

static void long_lines_hang_below_their_text(void **state) {
    (void)state;
    draw(12, 40);
    assert_row(11, "           and 8 open first\"");
    assert_row(10, " 0:44:50 > ^3 step 410: note \"gates 7");
}

static void days_have_room(void **state) {
    (void)state;
    struct view_log_line line = {3600.0 * 24 * 30 + 61, LOG_EPOCH, "epoch"};
    run.context.log = &line;
    run.context.log_count = 1;
    draw(4, 40);
    assert_row(0, "720:01:01= epoch");
}

static void the_newest_is_at_the_bottom_and_scrolling_goes_back(void **state) {
    (void)state;
    struct view_log_line *lines = many(50);
    const struct area a = {0, 0, 10, 40};
    draw(10, 40);
    assert_row(1, " 0:00:41   line 41");
    assert_row(9, " 0:00:49   line 49");
    assert_int_equal(log_view.overflow(&run.context, a), 41);
    run.choice.scroll[VIEW_LOG] = 5;
    draw(10, 40);
    assert_row(9, " 0:00:44   line 44");
    run.choice.scroll[VIEW_LOG] = 41;
    draw(10, 40);
    assert_row(1, " 0:00:00   line 0");
    run.choice.scroll[VIEW_LOG] = 10000;
    draw(10, 40);
    assert_row(1, " 0:00:00   line 0");
    forget(lines);
}

static void few_lines_begin_at_the_top(void **state) {
    (void)state;
    struct view_log_line *lines = many(2);
    draw(10, 40);
    assert_row(1, " 0:00:00   line 0");
    assert_row(2, " 0:00:01   line 1");
    assert_row(9, "");
    forget(lines);
}

static void the_filter_leaves_out_lines_and_marks_what_it_found(void **state) {
    (void)state;
    strcpy(run.choice.filter, "GATE");
    draw(12, 80);
    assert_row(1, " 0:13:10 > ^1 step 120: freeze gate 3");
    assert_row(2, " 0:44:50 > ^3 step 410: note \"gates 7 and 8 open first\"");
    assert_row(3, "");
    uint32_t paper = theme_style(&run.context.paint, THEME_SELECTED).paper;
    int at = sample_run_column(&canvas, 1, "gate");
    assert_int_equal(canvas_at(&canvas, 1, at)->style.paper, paper);
    assert_int_equal(canvas_at(&canvas, 1, at + 3)->style.paper, paper);
    assert_int_not_equal(canvas_at(&canvas, 1, at + 4)->style.paper, paper);
    strcpy(run.choice.filter, "no such thing");
    draw(12, 80);
    assert_row(1, "           no line holds \"no such thing\"");
}

static void an_empty_log_says_so(void **state) {
    (void)state;
    run.context.log_count = 0;
    draw(12, 40);
    assert_row(1, "           nothing has happened yet");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_when_and_of_which_kind),
        TEST(long_lines_hang_below_their_text),
        TEST(days_have_room),
        TEST(the_newest_is_at_the_bottom_and_scrolling_goes_back),
        TEST(few_lines_begin_at_the_top),
        TEST(the_filter_leaves_out_lines_and_marks_what_it_found),
        TEST(an_empty_log_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
