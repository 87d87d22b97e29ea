#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/sweep_grid.h"

static void add(struct sweep_grid *g, const char *text) {
    struct error e = {0};
    if (sweep_grid_add_text(g, text, &e) < 0)
        fail_msg("%s: %s", text, e.text);
}

static void fix(struct sweep_grid *g, const char *name, const char *value) {
    struct error e = {0};
    if (sweep_grid_fix(g, name, value, &e) < 0)
        fail_msg("%s = %s: %s", name, value, e.text);
}

static void check(struct sweep_grid *g) {
    struct error e = {0};
    if (sweep_grid_check(g, &e) < 0)
        fail_msg("%s", e.text);
}

static struct sweep_grid grid_of(const char *first, const char *second, const char *third) {
    struct sweep_grid g = {0};
    const char *texts[] = {first, second, third};
    for (int i = 0; i < 3; i++)
        if (texts[i])
            add(&g, texts[i]);
    check(&g);
    return g;
}

static void refused(const char *text, const char *expected) {
    struct sweep_grid g = {0};
    struct error e = {0};
    add(&g, "seed=1,2");
    assert_int_equal(sweep_grid_add_text(&g, text, &e), ERROR_USAGE);
    assert_string_equal(e.text, expected);
    sweep_grid_destroy(&g);
}

static void cells_are_all_combinations_with_the_last_axis_fastest(void **state) {
    (void)state;
    struct sweep_grid g = grid_of("method=linear, gated", "lr=0.05,0.10,1e0", "seed=1,2");
    char name[SWEEP_GRID_NAME];
    assert_int_equal(sweep_grid_cells(&g), 12);
    assert_string_equal(sweep_grid_name(&g, 0, name), "method=linear,lr=0.05,seed=1");
    assert_string_equal(sweep_grid_name(&g, 1, name), "method=linear,lr=0.05,seed=2");
    assert_string_equal(sweep_grid_name(&g, 2, name), "method=linear,lr=0.1,seed=1");
    assert_string_equal(sweep_grid_name(&g, 11, name), "method=gated,lr=1,seed=2");
    sweep_grid_destroy(&g);
}

static void partial_methods_keep_their_number(void **state) {
    (void)state;
    struct sweep_grid g = grid_of("method=partial-1,partial-4,full", "seed=1", NULL);
    struct settings s;
    struct error e = {0};
    char name[SWEEP_GRID_NAME];
    assert_string_equal(sweep_grid_name(&g, 1, name), "method=partial-4,seed=1");
    assert_int_equal(sweep_grid_settings(&g, 1, &s, &e), 0);
    assert_int_equal(s.method, METHOD_PARTIAL);
    assert_int_equal(s.last_blocks, 4);
    sweep_grid_destroy(&g);
    g = grid_of("method=partial,full", "seed=1", NULL); /* without a number it is last-blocks' */
    assert_int_equal(sweep_grid_fix(&g, "last-blocks", "5", &e), 0);
    assert_int_equal(sweep_grid_settings(&g, 0, &s, &e), 0);
    assert_int_equal(s.method, METHOD_PARTIAL);
    assert_int_equal(s.last_blocks, 5);
    sweep_grid_destroy(&g);
    g = (struct sweep_grid){0};
    assert_int_equal(sweep_grid_add(&g, "method", "partial,partial-1", &e), 0);
    assert_int_equal(sweep_grid_check(&g, &e), ERROR_USAGE);
    assert_string_equal(e.text, "the grid of method has partial and partial-1, which are the same");
    sweep_grid_destroy(&g);
}

static void seeds_that_choose_make_fewer_runs(void **state) {
    (void)state;
    struct sweep_grid g = grid_of("method=linear,gated", "lr=0.05,0.1,1", "seed=1,2,3,4");
    struct error e = {0};
    assert_int_equal(sweep_grid_runs(&g), 24);
    assert_int_equal(sweep_grid_choose_seeds(&g, "1", &e), 0);
    assert_int_equal(sweep_grid_check(&g, &e), 0);
    assert_int_equal(sweep_grid_runs(&g), 6 + 2 * 3);
    assert_int_equal(sweep_grid_choose_seeds(&g, "5", &e), 0);
    assert_int_equal(sweep_grid_check(&g, &e), ERROR_USAGE);
    assert_string_equal(e.text, "choose-seeds is 5, but the grid has 4 seeds");
    assert_int_equal(sweep_grid_choose_seeds(&g, "0", &e), ERROR_USAGE);
    sweep_grid_destroy(&g);
    g = grid_of("method=linear,gated", "seed=1,2", NULL);
    assert_int_equal(sweep_grid_choose_seeds(&g, "1", &e), 0);
    assert_int_equal(sweep_grid_check(&g, &e), ERROR_USAGE);
    assert_string_equal(e.text, "choose-seeds is 1, but nothing is chosen in this grid");
    sweep_grid_destroy(&g);
}

static void a_cells_neighbour_differs_in_one_value(void **state) {
    (void)state;
    struct sweep_grid g = grid_of("method=linear,gated", "lr=0.05,0.1,1", "seed=1,2");
    for (size_t cell = 0; cell < 12; cell++)
        for (size_t a = 0; a < 3; a++)
            for (size_t i = 0; i < g.axes[a].count; i++) {
                size_t other = sweep_grid_with(&g, cell, a, i);
                for (size_t b = 0; b < 3; b++)
                    assert_int_equal(sweep_grid_digit(&g, other, b), b == a ? i : sweep_grid_digit(&g, cell, b));
            }
    sweep_grid_destroy(&g);
}

static void wrong_axes_are_refused_with_what_was_expected(void **state) {
    (void)state;
    refused("lr", "\"lr\" is no axis of a grid, expected NAME=VALUE,VALUE");
    refused("lrr=1", "unknown setting \"lrr\"; did you mean \"lr\"?");
    refused("lr=", "the grid of lr has an empty value, expected values parted by commas");
    refused("lr=1,,2", "the grid of lr has an empty value, expected values parted by commas");
    refused("lr=0.1,0.2,0.10", "the grid of lr has 0.1 twice");
    refused("lr=1,fast", "lr is \"fast\", expected a number from 0 to 1e+30");
    refused("method=gate", "method is \"gate\", expected gated, gated-hard, shallow, deep, linear, full, bias, partial "
                           "or mae; did you mean "
                           "\"gated\"?");
    refused("seed=3", "seed is in the grid twice, expected all its values in one list");
    refused("out=a,b", "out is given to the sweep as a whole, by --out, not to its runs");
}

static void unchecked(struct sweep_grid *g, const char *expected) {
    struct error e = {0};
    assert_int_equal(sweep_grid_check(g, &e), ERROR_USAGE);
    assert_string_equal(e.text, expected);
    sweep_grid_destroy(g);
}

static void a_grid_that_makes_no_sense_is_refused(void **state) {
    (void)state;
    struct sweep_grid g = {0};
    fix(&g, "lr", "1");
    unchecked(&g, "nothing is varied, expected at least one --grid NAME=VALUE,VALUE");
    add(&g, "lr=1,2");
    fix(&g, "lr", "3");
    unchecked(&g, "lr is both fixed, at 3, and in the grid, expected one of them");
    add(&g, "recipe=none,mae:cup");
    unchecked(&g, "unknown recipe \"mae:cup\"; did you mean \"mae:cub\"?");
    add(&g, "prompts=1,2");
    strcpy(g.choose, "promts");
    unchecked(&g, "choose is \"promts\", expected a setting of the grid, or none; did you mean \"prompts\"?");
    add(&g, "seed=1,2");
    strcpy(g.choose, "seed");
    unchecked(&g, "choose is seed, expected another axis: results are averaged over the seeds");
}

static void too_many_cells_are_refused(void **state) {
    (void)state;
    struct sweep_grid g = {0};
    static const char *const names[] = {"lr", "momentum", "weight-decay"};
    char text[8 * 100];
    for (int a = 0; a < 3; a++) {
        int n = snprintf(text, sizeof text, "%s=", names[a]);
        for (int i = 0; i < 99; i++)
            n += snprintf(text + n, sizeof text - (size_t)n, "%s0.%02d", i ? "," : "", i + 1);
        add(&g, text);
    }
    unchecked(&g, "the grid has more than 100000 cells, expected fewer");
}

static void the_learning_rate_is_chosen_where_it_varies(void **state) {
    (void)state;
    struct sweep_grid g = grid_of("lr=1,2", "seed=1,2", NULL);
    assert_true(g.chosen == 0 && g.seed == 1);
    strcpy(g.choose, "none");
    check(&g);
    assert_int_equal(g.chosen, -1);
    sweep_grid_destroy(&g);
    g = grid_of("prompts=1,2", NULL, NULL);
    assert_true(g.chosen == -1 && g.seed == -1);
    strcpy(g.choose, "prompts");
    check(&g);
    assert_int_equal(g.chosen, 0);
    sweep_grid_destroy(&g);
}

static void names_are_file_names_that_more_values_do_not_change(void **state) {
    (void)state;
    struct sweep_grid g = grid_of("data=folder:/a/b,folder:/a_b", "seed=1", NULL);
    struct sweep_grid more = grid_of("data=scenes:shape,folder:/a/b", "seed=7,1", NULL);
    char first[SWEEP_GRID_NAME], second[SWEEP_GRID_NAME], again[SWEEP_GRID_NAME];
    sweep_grid_name(&g, 0, first);
    sweep_grid_name(&g, 1, second);
    assert_null(strchr(first, '/'));
    assert_string_not_equal(first, second);
    assert_string_equal(sweep_grid_name(&more, 3, again), first);
    sweep_grid_destroy(&more);
    sweep_grid_destroy(&g);
    char text[600] = "data=";
    memset(text + 5, 'x', 500);
    g = grid_of(text, NULL, NULL);
    assert_true(strlen(sweep_grid_name(&g, 0, first)) < 140);
    sweep_grid_destroy(&g);
}

static void a_cells_settings_are_those_of_a_run_with_its_options(void **state) {
    (void)state;
    struct sweep_grid g = {0};
    struct settings s;
    struct error e = {0};
    fix(&g, "recipe", "mae:cub");
    fix(&g, "epochs", "7");
    fix(&g, "epochs", "8");
    add(&g, "prompts=5,6");
    check(&g);
    assert_int_equal(sweep_grid_settings(&g, 1, &s, &e), 0);
    assert_true(s.epochs == 8 && s.prompts == 6 && s.preprocess == PREPROCESSING_FGVC);
    sweep_grid_destroy(&g);
}

/* ---- files */

static char *write_text(const char *text) {
    static char path[] = "/tmp/gptui-grid.XXXXXX";
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static void a_file_holds_fixed_settings_axes_and_the_choice(void **state) {
    (void)state;
    struct sweep_grid g = {0}, again = {0};
    struct error e = {0};
    char *path = write_text("# mine\nepochs = 3\nmodel = \"my # model\"\n\ngrid  prompts = 5, 10 # more later\n"
                            "grid seed = 1,2\ngrid data = \"a #1,b\"\nchoose = prompts\n"),
         *text = NULL;
    size_t size;
    assert_int_equal(sweep_grid_read(&g, path, &e), 0);
    unlink(path);
    check(&g);
    assert_true(sweep_grid_cells(&g) == 8 && g.fixed_count == 2 && g.chosen == 0);
    FILE *f = open_memstream(&text, &size);
    assert_int_equal(sweep_grid_write(&g, f), 0);
    fclose(f);
    assert_string_equal(
        text, "epochs = 3\nmodel = \"my # model\"\ngrid prompts = 5, 10\ngrid seed = 1, 2\ngrid data = \"a #1, b\"\n"
              "choose = prompts\n");
    path = write_text(text);
    assert_int_equal(sweep_grid_read(&again, path, &e), 0);
    unlink(path);
    assert_int_equal(sweep_grid_extends(&again, &g, "a", &e), 0);
    free(text);
    sweep_grid_destroy(&again);
    sweep_grid_destroy(&g);
}

static void a_bad_line_is_named_by_file_and_line(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"epochs = 3\ngrid lr 1,2\n", ":2: \"grid lr 1,2\" is no setting, expected \"name = value\""},
        {"gird lr = 1\n", ":1: unknown setting \"gird lr\"; see `gptui help settings`"},
        {"grid = 1\n", ":1: unknown setting \"grid\"; see `gptui help settings`"},
        {"\ngrid epoch = 1\n", ":2: unknown setting \"epoch\"; did you mean \"epochs\"?"},
        {"threads = 2\n", ":1: threads is given to the sweep as a whole, by --threads, not to its runs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sweep_grid g = {0};
        struct error e = {0};
        char expected[400], *path = write_text(cases[i][0]);
        assert_int_equal(sweep_grid_read(&g, path, &e), ERROR_USAGE);
        unlink(path);
        snprintf(expected, sizeof expected, "%s%s", path, cases[i][1]);
        assert_string_equal(e.text, expected);
        sweep_grid_destroy(&g);
    }
}

static void differs(struct sweep_grid *g, const struct sweep_grid *old, const char *expected) {
    struct error e = {0};
    assert_int_equal(sweep_grid_extends(g, old, "a/sweep.conf", &e), ERROR_USAGE);
    assert_string_equal(e.text, expected);
    sweep_grid_destroy(g);
}

static void a_sweep_may_grow_but_not_change(void **state) {
    (void)state;
    struct error e = {0};
    struct sweep_grid old = {0};
    fix(&old, "epochs", "3");
    fix(&old, "cache", "16");
    add(&old, "lr=1,2");
    add(&old, "seed=1,2");
    struct sweep_grid g = {0};
    fix(&g, "epochs", "3");
    fix(&g, "cache", "32");
    add(&g, "lr=3,2,1");
    add(&g, "seed=1,2,3");
    assert_int_equal(sweep_grid_extends(&g, &old, "a/sweep.conf", &e), 0);
    sweep_grid_destroy(&g);

    fix(&g, "epochs", "4");
    differs(&g, &old, "a/sweep.conf: epochs is 3 there, but 4 here, expected the same settings, or another --out");
    differs(&g, &old,
            "a/sweep.conf: epochs is 3 there, but not fixed here, expected the same settings, or another --out");
    fix(&g, "epochs", "3");
    add(&g, "lr=1,2");
    add(&g, "seed=2,3");
    differs(&g, &old,
            "a/sweep.conf: the grid of seed has 1 there, but not here, expected no value less, or another --out");
    fix(&g, "epochs", "3");
    add(&g, "lr=1,2");
    differs(&g, &old,
            "a/sweep.conf: number 2 of the grid is seed there, but nothing here, expected the same settings in the "
            "same order, or another --out");
    sweep_grid_destroy(&old);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_all_combinations_with_the_last_axis_fastest),
        cmocka_unit_test(partial_methods_keep_their_number),
        cmocka_unit_test(seeds_that_choose_make_fewer_runs),
        cmocka_unit_test(a_cells_neighbour_differs_in_one_value),
        cmocka_unit_test(wrong_axes_are_refused_with_what_was_expected),
        cmocka_unit_test(a_grid_that_makes_no_sense_is_refused),
        cmocka_unit_test(too_many_cells_are_refused),
        cmocka_unit_test(the_learning_rate_is_chosen_where_it_varies),
        cmocka_unit_test(names_are_file_names_that_more_values_do_not_change),
        cmocka_unit_test(a_cells_settings_are_those_of_a_run_with_its_options),
        cmocka_unit_test(a_file_holds_fixed_settings_axes_and_the_choice),
        cmocka_unit_test(a_bad_line_is_named_by_file_and_line),
        cmocka_unit_test(a_sweep_may_grow_but_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
