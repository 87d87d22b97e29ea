#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/sweep_table.h"

#define HEADER "data,seed,status,epochs,steps,val.top1,test.top1,sha256,run,why\n"

static struct sweep_grid grid;
static char folder[] = "/tmp/gptui-table.XXXXXX", path[64];

static int set_up(void **state) {
    (void)state;
    struct error e = {0};
    if (!mkdtemp(folder) || sweep_grid_add(&grid, "data", "a,b", &e) < 0 ||
        sweep_grid_add(&grid, "seed", "1,2", &e) < 0 || sweep_grid_check(&grid, &e) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/cells.csv", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    sweep_grid_destroy(&grid);
    unlink(path);
    return rmdir(folder);
}

static void write_text(const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void assert_holds(const char *expected) {
    char text[4000] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    assert_string_equal(text, expected);
}

static struct sweep_table read_table(void) {
    struct sweep_table t = {0};
    struct error e = {0};
    if (sweep_table_read(&t, &grid, path, &e) < 0)
        fail_msg("%s", e.text);
    return t;
}

static void rows_are_appended_and_then_put_in_the_grids_order(void **state) {
    (void)state;
    unlink(path);
    struct error e = {0};
    struct sweep_table t = read_table();
    assert_int_equal(sweep_table_open(&t, &e), 0);
    assert_holds(HEADER);
    struct sweep_row done = {SWEEP_DONE, 3, 12, 0.5, 0.25, "abc", ""};
    struct sweep_row failed = {.status = SWEEP_FAILED, .val = NAN, .test = NAN, .why = "a \"disk\", full"};
    assert_int_equal(sweep_table_add(&t, 3, &done, &e), 0);
    assert_int_equal(sweep_table_add(&t, 0, &failed, &e), 0);
    assert_holds(HEADER "b,2,done,3,12,0.500000,0.250000,abc,\"runs/data=b,seed=2\",\n"
                        "a,1,failed,,,,,,\"runs/data=a,seed=1\",\"a \"\"disk\"\", full\"\n");
    assert_int_equal(sweep_table_sort(&t, &e), 0);
    assert_holds(HEADER "a,1,failed,,,,,,\"runs/data=a,seed=1\",\"a \"\"disk\"\", full\"\n"
                        "b,2,done,3,12,0.500000,0.250000,abc,\"runs/data=b,seed=2\",\n");
    assert_true(sweep_table_count(&t, SWEEP_MISSING) == 2 && sweep_table_count(&t, SWEEP_FAILED) == 1);
    sweep_table_close(&t);
    t = read_table();
    assert_string_equal(t.rows[0].why, failed.why);
    assert_true(isnan(t.rows[0].val) && t.rows[3].val == 0.5 && t.rows[3].test == 0.25 && t.rows[3].steps == 12);
    sweep_table_close(&t);
}

static void a_torn_line_counts_as_not_there_and_is_mended(void **state) {
    (void)state;
    struct error e = {0};
    static const char row[] = "a,2,done,3,12,0.500000,,abc,\"runs/data=a,seed=2\",\n";
    for (size_t n = 0; n < sizeof row - 1; n++) {
        char text[400];
        snprintf(text, sizeof text, HEADER "b,1,diverged,,,,,,\"runs/data=b,seed=1\",NaN\n%.*s", (int)n, row);
        write_text(text);
        struct sweep_table t = read_table();
        assert_int_equal(sweep_table_count(&t, SWEEP_MISSING), 3);
        assert_int_equal(sweep_table_open(&t, &e), 0);
        assert_holds(HEADER "b,1,diverged,,,,,,\"runs/data=b,seed=1\",NaN\n");
        sweep_table_close(&t);
    }
    write_text("data,see");
    struct sweep_table t = read_table();
    assert_int_equal(sweep_table_open(&t, &e), 0);
    assert_holds(HEADER);
    sweep_table_close(&t);
}

static void of_a_cell_that_was_tried_again_the_last_row_counts(void **state) {
    (void)state;
    write_text(HEADER "a,1,failed,,,,,,x,no memory\na,1,done,1,1,0.1,0.2,abc,x,\n");
    struct sweep_table t = read_table();
    assert_int_equal(t.rows[0].status, SWEEP_DONE);
    assert_int_equal(sweep_table_count(&t, SWEEP_FAILED), 0);
    sweep_table_close(&t);
}

static void a_file_that_is_no_table_of_the_grid_is_refused_with_its_line(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"data,status\n", ":1: there is no column epochs, expected the header of a sweep"},
        {"\"data,see\n", ":1: it is no line of fields, expected the header of a sweep"},
        {HEADER "c,1,done,1,1,0,0,h,r,\n", ":2: data is \"c\", which is not in the grid"},
        {HEADER "a,1,good,1,1,0,0,h,r,\n", ":2: status is \"good\", expected done, diverged or failed"},
        {HEADER "a,1,done,1,1,high,0,h,r,\n", ":2: \"high\" is no share of images, expected a number from 0 to 1"},
        {HEADER "a,1,done,-1,1,0,0,h,r,\n", ":2: \"-1\" is no count, expected a whole number"},
        {HEADER "a,1,done,1\n", ":2: the row has 4 fields, expected 10 as in the header"},
        {HEADER "a,1,done,1,1,0,0,h,r,\"open\n", ":2: the row has more than 72 fields, expected 10 as in the header"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sweep_table t = {0};
        struct error e = {0};
        char expected[300];
        write_text(cases[i][0]);
        assert_int_equal(sweep_table_read(&t, &grid, path, &e), ERROR_FORMAT);
        snprintf(expected, sizeof expected, "%s%s", path, cases[i][1]);
        assert_string_equal(e.text, expected);
        sweep_table_close(&t);
    }
}

static void a_full_disk_is_said(void **state) {
    (void)state;
    struct error e = {0};
    unlink(path);
    struct sweep_table t = read_table();
    t.file = fopen("/dev/full", "a");
    struct sweep_row row = {.status = SWEEP_DONE, .val = NAN, .test = NAN};
    assert_int_equal(sweep_table_add(&t, 0, &row, &e), ERROR_IO);
    assert_non_null(strstr(e.text, "cells.csv: cannot be written: No space left on device"));
    sweep_table_close(&t);
}

static void an_axis_may_be_called_like_a_column(void **state) {
    (void)state;
    unlink(path);
    struct error e = {0};
    struct sweep_grid epochs = {0};
    struct sweep_table t = {0}, again = {0};
    struct sweep_row failed = {.status = SWEEP_FAILED, .val = NAN, .test = NAN, .why = "no disk"};
    assert_int_equal(sweep_grid_add(&epochs, "epochs", "7,9", &e), 0);
    assert_int_equal(sweep_grid_check(&epochs, &e), 0);
    assert_int_equal(sweep_table_read(&t, &epochs, path, &e), 0);
    assert_int_equal(sweep_table_open(&t, &e), 0);
    assert_int_equal(sweep_table_add(&t, 1, &failed, &e), 0);
    sweep_table_close(&t);
    assert_int_equal(sweep_table_read(&again, &epochs, path, &e), 0);
    assert_int_equal(again.rows[1].status, SWEEP_FAILED);
    assert_int_equal(again.rows[1].epochs, 0);
    sweep_table_close(&again);
    sweep_grid_destroy(&epochs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_appended_and_then_put_in_the_grids_order),
        cmocka_unit_test(a_torn_line_counts_as_not_there_and_is_mended),
        cmocka_unit_test(of_a_cell_that_was_tried_again_the_last_row_counts),
        cmocka_unit_test(a_file_that_is_no_table_of_the_grid_is_refused_with_its_line),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(an_axis_may_be_called_like_a_column),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
