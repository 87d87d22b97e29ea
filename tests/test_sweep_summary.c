#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/sweep_summary.h"

/* Two methods, two rates, three seeds: cells 0-2 linear 0.1, 3-5 linear 0.2, 6-8 gated 0.1, 9-11 gated 0.2. */
struct rig {
    struct sweep_grid grid;
    struct sweep_table table;
    struct sweep_summary *summary;
};

static void open_rig(struct rig *r, const char *choose) {
    struct error e = {0};
    memset(r, 0, sizeof *r);
    assert_int_equal(sweep_grid_add(&r->grid, "method", "linear,gated", &e), 0);
    assert_int_equal(sweep_grid_add(&r->grid, "lr", "0.1,0.2", &e), 0);
    assert_int_equal(sweep_grid_add(&r->grid, "seed", "1,2,3", &e), 0);
    strcpy(r->grid.choose, choose);
    assert_int_equal(sweep_grid_check(&r->grid, &e), 0);
    assert_int_equal(sweep_table_read(&r->table, &r->grid, "/nonexistent/cells.csv", &e), 0);
}

static void put(struct rig *r, size_t cell, double val, double test) {
    r->table.rows[cell] = (struct sweep_row){.status = SWEEP_DONE, .val = val, .test = test};
}

static void put_failed(struct rig *r, size_t cell, enum sweep_status status) {
    r->table.rows[cell] = (struct sweep_row){.status = status, .val = NAN, .test = NAN};
}

static void make(struct rig *r) {
    struct error e = {0};
    assert_int_equal(sweep_summary_make(&r->summary, &r->table, &e), 0);
}

static void close_rig(struct rig *r) {
    sweep_summary_free(r->summary);
    sweep_table_close(&r->table);
    sweep_grid_destroy(&r->grid);
}

static void assert_near(double found, double expected) {
    if (!(fabs(found - expected) < 1e-12))
        fail_msg("%.17g, expected %.17g", found, expected);
}

static void the_value_with_the_best_mean_on_val_is_reported_on_test(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "");
    for (size_t i = 0; i < 3; i++) {
        put(&r, i, 0.5, 0.1 + 0.1 * (double)i);            /* the best of linear on val, by a little */
        put(&r, 3 + i, 0.9 * (double)(i == 0) + 0.2, 0.9); /* better at one seed, and on test */
        put(&r, 6 + i, 0.6, 0.5);
        put(&r, 9 + i, 0.7, 0.4);
    }
    put(&r, 3, 0.9, 0.9);
    make(&r);
    assert_int_equal(r.summary->count, 2);
    const struct sweep_line *linear = &r.summary->lines[0], *gated = &r.summary->lines[1];
    assert_string_equal(sweep_grid_value(&r.grid, linear->cell, 1), "0.1");
    assert_near(linear->val, 0.5);
    assert_near(linear->test.mean, 0.2);
    assert_near(linear->test.sd, 0.1);
    assert_int_equal(linear->test.count, 3);
    assert_string_equal(sweep_grid_value(&r.grid, gated->cell, 1), "0.2");
    assert_near(gated->test.mean, 0.4);
    assert_int_equal(r.summary->best, 1);
    close_rig(&r);
}

static void of_equal_values_the_first_is_chosen(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "");
    for (size_t i = 0; i < 12; i++)
        put(&r, i, 0.25, 0.25);
    make(&r);
    assert_string_equal(sweep_grid_value(&r.grid, r.summary->lines[1].cell, 1), "0.1");
    assert_int_equal(r.summary->best, 0);
    close_rig(&r);
}

static void a_diverged_run_counts_as_0_on_val_and_nowhere_on_test(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "");
    for (size_t i = 0; i < 3; i++) {
        put(&r, i, 0.4, 0.3);
        put(&r, 3 + i, 0.5, 0.5);
    }
    put_failed(&r, 4, SWEEP_DIVERGED); /* 0.5, 0, 0.5: below 0.4 */
    make(&r);
    assert_string_equal(sweep_grid_value(&r.grid, r.summary->lines[0].cell, 1), "0.1");
    sweep_summary_free(r.summary);
    put_failed(&r, 0, SWEEP_DIVERGED);
    make(&r);
    const struct sweep_line *line = &r.summary->lines[0];
    assert_string_equal(sweep_grid_value(&r.grid, line->cell, 1), "0.2");
    assert_near(line->val, 1.0 / 3);
    assert_near(line->test.mean, 0.5);
    assert_true(line->test.count == 2 && line->diverged == 1 && line->failed == 0 && line->missing == 0);
    close_rig(&r);
}

static void a_failed_run_counts_nowhere_and_what_has_not_run_is_said(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "");
    put(&r, 6, 0.4, 0.3);
    put_failed(&r, 7, SWEEP_FAILED);
    make(&r);
    const struct sweep_line *gated = &r.summary->lines[1];
    assert_near(gated->val, 0.4);
    assert_true(gated->test.count == 1 && gated->failed == 1 && gated->missing == 1 && isnan(gated->test.half));
    assert_true(isnan(r.summary->lines[0].val) && r.summary->lines[0].missing == 3);
    assert_int_equal(r.summary->best, 1);
    close_rig(&r);
}

static void a_run_without_a_val_result_counts_as_0_and_is_said(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "");
    put(&r, 0, NAN, 0.3);
    put(&r, 3, 0.1, NAN);
    make(&r);
    assert_string_equal(sweep_grid_value(&r.grid, r.summary->lines[0].cell, 1), "0.2");
    assert_true(r.summary->lines[0].blind == 0 && r.summary->lines[0].test.count == 0);
    sweep_summary_free(r.summary);
    put(&r, 3, NAN, 0.4);
    make(&r);
    assert_true(r.summary->lines[0].blind == 1 && r.summary->lines[0].val == 0);
    close_rig(&r);
}

static void without_a_choice_every_value_has_its_line(void **state) {
    (void)state;
    struct rig r;
    char name[100];
    open_rig(&r, "none");
    make(&r);
    assert_true(r.summary->count == 4 && r.summary->best == 4);
    assert_string_equal(sweep_summary_name(&r.grid, r.summary->lines[3].cell, true, ", ", name, sizeof name),
                        "method=gated, lr=0.2");
    close_rig(&r);
    open_rig(&r, "method");
    make(&r);
    assert_int_equal(r.summary->count, 2);
    assert_string_equal(sweep_summary_name(&r.grid, r.summary->lines[1].cell, false, ",", name, sizeof name), "lr=0.2");
    close_rig(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_value_with_the_best_mean_on_val_is_reported_on_test),
        cmocka_unit_test(of_equal_values_the_first_is_chosen),
        cmocka_unit_test(a_diverged_run_counts_as_0_on_val_and_nowhere_on_test),
        cmocka_unit_test(a_failed_run_counts_nowhere_and_what_has_not_run_is_said),
        cmocka_unit_test(a_run_without_a_val_result_counts_as_0_and_is_said),
        cmocka_unit_test(without_a_choice_every_value_has_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
