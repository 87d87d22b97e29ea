#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "app/sweep_progress.h"

static void a_line_says_what_has_ended_what_runs_and_how_long_it_takes(void **state) {
    (void)state;
    char line[256];
    struct sweep_progress_run runs[] = {{"lr=0.1,seed=1", 3, 20}, {"lr=0.1,seed=2", 0, 20}};
    struct sweep_progress p = {.cells = 24, .ended = 7, .failed = 1, .eta_s = 90, .runs = runs, .run_count = 2};
    assert_string_equal(sweep_progress_line(&p, 0, line, sizeof line),
                        "7/24 cells, 1 failed, 1m30s left; lr=0.1,seed=1 3/20; lr=0.1,seed=2 0/20");
    p.failed = 0;
    p.eta_s = NAN;
    p.run_count = 0;
    assert_string_equal(sweep_progress_line(&p, 0, line, sizeof line), "7/24 cells");
}

static void what_does_not_fit_is_left_out_whole(void **state) {
    (void)state;
    char line[256];
    struct sweep_progress_run run = {"lr=0.1,seed=1", 3, 20};
    struct sweep_progress p = {.cells = 24, .ended = 7, .eta_s = 90, .runs = &run, .run_count = 1};
    assert_string_equal(sweep_progress_line(&p, 42, line, sizeof line), "7/24 cells, 1m30s left; lr=0.1,seed=1 3/20");
    assert_string_equal(sweep_progress_line(&p, 41, line, sizeof line), "7/24 cells, 1m30s left");
    assert_string_equal(sweep_progress_line(&p, 12, line, sizeof line), "7/24 cells");
    assert_string_equal(sweep_progress_line(&p, 4, line, sizeof line), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_what_has_ended_what_runs_and_how_long_it_takes),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
