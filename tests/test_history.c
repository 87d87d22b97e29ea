#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/sample_run.h"
#include "views/history.h"

static struct history h;
static struct error error;

static int reset(void **state) {
    (void)state;
    history_destroy(&h);
    error = (struct error){0};
    return 0;
}

static void metrics(const char *line) {
    assert_int_equal(history_metrics(&h, line, &error), 0);
}

static void journal(const char *line) {
    assert_int_equal(history_journal(&h, line, &error), 0);
}

/* The only or last value of a curve. */
static void assert_last(const struct series *s, double x, double y) {
    double at, value;
    assert_true(series_last(s, &at, &value));
    assert_true(at == x);
    assert_true(fabs(value - y) < 1e-12);
}

#define STEP                                                                                                           \
    "{\"kind\":\"step\",\"step\":7,\"epoch\":0,\"batch\":7,\"loss\":1.25,\"top1\":0.500000,\"lr\":1e-2,"               \
    "\"seconds\":0.5,\"images_per_s\":32.000,\"gate_logits\":[0,-5],\"temps\":[1,0.5,2]}"

static void a_step_is_a_point_of_every_curve(void **state) {
    (void)state;
    metrics(STEP "\n");
    assert_int_equal(h.steps, 8);
    assert_int_equal(h.gates, 2);
    assert_int_equal(h.temps, 3);
    assert_last(&h.loss, 7, 1.25);
    assert_last(&h.top1, 7, 0.5);
    assert_last(&h.rate, 7, 0.01);
    assert_last(&h.speed, 7, 32);
    assert_last(&h.gate[0], 7, 0.5);
    assert_last(&h.gate[1], 7, 1 / (1 + exp(5)));
    assert_last(&h.temp[1], 7, 0.5);
    assert_int_equal(h.val_top1.count, 0);
}

static void a_step_of_a_method_without_gates_has_none(void **state) {
    (void)state;
    metrics("{\"kind\":\"step\",\"step\":0,\"loss\":2.5,\"top1\":0.1,\"lr\":0.1,\"images_per_s\":3}");
    assert_int_equal(h.gates, 0);
    assert_int_equal(h.temps, 0);
    assert_last(&h.loss, 0, 2.5);
}

static void evaluations_go_to_the_curve_of_their_split(void **state) {
    (void)state;
    metrics("{\"kind\":\"eval\",\"step\":32,\"epoch\":0,\"split\":\"val\",\"images\":9,\"top1\":0.25,\"top5\":0.5,"
            "\"loss\":3.5,\"class_top1\":[0.1000,1.0000]}");
    metrics("{\"kind\":\"eval\",\"step\":64,\"epoch\":1,\"split\":\"test\",\"images\":9,\"top1\":0.75,\"top5\":1.0,"
            "\"loss\":2.5,\"class_top1\":[]}");
    assert_last(&h.val_top1, 32, 0.25);
    assert_last(&h.val_loss, 32, 3.5);
    assert_last(&h.test_top1, 64, 0.75);
    assert_int_equal(h.val_top1.count, 1);
    assert_int_equal(h.steps, 0);
}

static void a_value_that_is_null_is_a_gap(void **state) {
    (void)state;
    double x, y;
    metrics("{\"kind\":\"step\",\"step\":3,\"loss\":null,\"top1\":0.5,\"gate_logits\":[null,0]}");
    assert_int_equal(h.steps, 4);
    assert_int_equal(h.loss.count, 1);
    assert_false(series_last(&h.loss, &x, &y));
    assert_false(series_last(&h.gate[0], &x, &y));
    assert_last(&h.gate[1], 3, 0.5);
}

static void lines_that_are_none_change_nothing(void **state) {
    (void)state;
    static const char *const lines[] = {
        "",
        "{}",
        "[1]",
        "step 3",
        "{\"kind\":\"step\"}",
        "{\"kind\":\"step\",\"step\":-1,\"loss\":1}",
        "{\"kind\":\"step\",\"step\":null,\"loss\":1}",
        "{\"kind\":\"step\",\"step\":0x3,\"loss\":1}",
        "{\"kind\":\"step\",\"step\":3,\"loss\":nan}",
        "{\"kind\":\"step\",\"step\":3,\"loss\":1}}",
        "{\"kind\":\"step\",\"step\":3,\"loss\":1,}",
        "{\"kind\":\"step\",\"step\":3,\"loss\":}",
        "{\"kind\":\"step\",\"step\":3,\"gate_logits\":[1,]}",
        "{\"kind\":\"step\",\"step\":3,\"note\":{\"a\":1}}",
        "{\"kind\":\"future\",\"step\":3,\"loss\":1}",
        "{\"kind\":\"note\",\"step\":3,\"epoch\":0,\"text\":\"a \\\"quoted\\\" word, and more of it\"}",
        "{\"kind\":\"eval\",\"step\":3,\"split\":\"train\",\"top1\":1}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        metrics(lines[i]);
    assert_int_equal(h.steps, 0);
    assert_int_equal(h.loss.count, 0);
    assert_int_equal(h.val_top1.count, 0);
}

static void a_line_torn_anywhere_changes_nothing(void **state) {
    (void)state;
    char torn[sizeof STEP];
    for (size_t n = 0; n < sizeof STEP - 1; n++) {
        memcpy(torn, STEP, n);
        torn[n] = 0;
        metrics(torn);
    }
    assert_int_equal(h.steps, 0);
    assert_int_equal(h.loss.count, 0);
    assert_int_equal(h.gate[0].count, 0);
}

static void keys_of_a_later_version_are_passed_over(void **state) {
    (void)state;
    metrics("{\"kind\":\"step\",\"why\":\"a \\\\ \\\" b\",\"grid\":[1,2,3],\"step\":2,\"more\":1.5e-3,\"loss\":4}");
    assert_last(&h.loss, 2, 4);
}

static void blocks_beyond_those_shown_are_dropped(void **state) {
    (void)state;
    char line[4096] = "{\"kind\":\"step\",\"step\":0,\"loss\":1,\"gate_logits\":[0";
    for (int i = 1; i < SNAPSHOT_BLOCKS + 9; i++)
        strcat(line, ",0");
    metrics(strcat(line, "]}"));
    assert_int_equal(h.gates, SNAPSHOT_BLOCKS);
    assert_last(&h.gate[SNAPSHOT_BLOCKS - 1], 0, 0.5);
}

static void interventions_are_numbered_from_1(void **state) {
    (void)state;
    journal("at step 120 freeze gate 3\n");
    journal("at step 130 note \"half way\"");
    for (int i = 0; i < 40; i++)
        journal("at step 140 set lr 0.5");
    assert_int_equal(h.mark_count, 42);
    assert_int_equal(h.marks[0].number, 1);
    assert_int_equal(h.marks[0].step, 120);
    assert_string_equal(h.marks[0].line, "freeze gate 3");
    assert_int_equal(h.marks[41].number, 42);
}

static void a_mark_says_what_it_does_to_a_block(void **state) {
    (void)state;
    static const struct {
        const char *line;
        bool temps;
        int block; /* from 1 */
        enum history_effect effect;
    } cases[] = {
        {"freeze gate 3", false, 3, HISTORY_FREEZE},
        {"freeze gate 3", false, 4, HISTORY_NONE},
        {"freeze gate 3", true, 3, HISTORY_NONE},
        {"freeze gate 3-6,9", false, 5, HISTORY_FREEZE},
        {"freeze gate 3-6,9", false, 9, HISTORY_FREEZE},
        {"freeze gate 3-6,9", false, 8, HISTORY_NONE},
        {"freeze gate 13", false, 3, HISTORY_NONE},
        {"thaw gates", false, 7, HISTORY_THAW},
        {"thaw temps", true, 7, HISTORY_THAW},
        {"thaw temps", false, 7, HISTORY_NONE},
        {"set gate.7 0.2", false, 7, HISTORY_SET},
        {"set gate.7 0.2", false, 2, HISTORY_NONE},
        {"set temp.7 2", true, 7, HISTORY_SET},
        {"set lr 7", false, 7, HISTORY_NONE},
        {"note \"freeze gate 3\"", false, 3, HISTORY_NONE},
        {"freeze gate", false, 3, HISTORY_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct history_mark m = {0};
        snprintf(m.line, sizeof m.line, "%s", cases[i].line);
        if (history_effect(&m, cases[i].temps, cases[i].block - 1) != cases[i].effect)
            fail_msg("%s, block %d", cases[i].line, cases[i].block);
    }
}

static void lines_of_the_journal_that_are_none_are_passed_over(void **state) {
    (void)state;
    journal("# written by hand\n");
    journal("\n");
    journal("freeze gate 3\n");
    journal("at step x freeze gate 3\n");
    journal("at step 12\n");
    journal("at step 12 \n");
    journal("at step -1 stop\n");
    journal("at step 99999999999999999999999 stop\n");
    assert_int_equal(h.mark_count, 0);
}

static void a_long_line_is_cut_before_a_character(void **state) {
    (void)state;
    char line[2 * HISTORY_LINE] = "at step 1 note \"";
    for (int i = 0; i < 120; i++)
        strcat(line, "\xe2\x82\xac");
    journal(line);
    size_t n = strlen(h.marks[0].line);
    assert_true(n > HISTORY_LINE - 4 && n < HISTORY_LINE);
    assert_string_equal(h.marks[0].line + n - 3, "\xe2\x82\xac");
}

static char folder[] = "/tmp/gptui-test-history-XXXXXX";

static char *file(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static FILE *write_file(const char *name) {
    FILE *f = fopen(file(name), "w");
    assert_non_null(f);
    return f;
}

static int make_folder(void **state) {
    reset(state);
    strcpy(strrchr(folder, '-'), "-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    unlink(file("metrics.jsonl"));
    unlink(file("journal.gpt"));
    rmdir(folder);
    return reset(state);
}

static void a_run_folder_is_read_whole(void **state) {
    (void)state;
    FILE *f = write_file("metrics.jsonl");
    fprintf(f, "%s\n%s\n{\"kind\":\"step\",\"step\":9,\"lo", STEP, STEP); /* killed while it wrote */
    fclose(f);
    f = write_file("journal.gpt");
    fputs("at step 3 stop", f);
    fclose(f);
    assert_int_equal(history_read_run(&h, folder, &error), 0);
    assert_int_equal(h.loss.count, 2);
    assert_int_equal(h.mark_count, 1);
    assert_string_equal(h.marks[0].line, "stop");
}

static void a_run_that_is_not_there_is_named(void **state) {
    (void)state;
    assert_int_equal(history_read_run(&h, folder, &error), ERROR_IO);
    assert_non_null(strstr(error.text, file("metrics.jsonl")));
    mkdir(file("metrics.jsonl"), 0700);
    assert_int_equal(history_read_run(&h, folder, &error), ERROR_IO); /* opens, but cannot be read */
    rmdir(file("metrics.jsonl"));
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Twelve blocks, as of a long run. Generous: sanitizers and slow machines. */
static void a_hundred_thousand_steps_load_fast(void **state) {
    (void)state;
    enum { LINES = 100000, LIMIT = 10 };
    FILE *f = write_file("metrics.jsonl");
    for (int i = 0; i < LINES; i++) {
        fprintf(f, "{\"kind\":\"step\",\"step\":%d,\"epoch\":0,\"batch\":1,\"loss\":1.234567890123,\"top1\":0.5", i);
        fputs(",\"lr\":0.1,\"seconds\":0.5,\"images_per_s\":32.0,\"gate_logits\":[-5.00012345", f);
        for (int k = 1; k < 11; k++)
            fprintf(f, ",-4.%d1234567", k);
        fputs("],\"temps\":[1.0001234", f);
        for (int k = 1; k < 12; k++)
            fprintf(f, ",0.9%d12345", k);
        fputs("]}\n", f);
    }
    fclose(f);
    fclose(write_file("journal.gpt"));
    double start = seconds();
    assert_int_equal(history_read_run(&h, folder, &error), 0);
    double took = seconds() - start;
    assert_int_equal(h.steps, LINES);
    if (took > LIMIT)
        fail_msg("%d lines took %.1f s of CPU time", LINES, took);
}

static void the_sample_run_is_what_it_says(void **state) {
    (void)state;
    struct sample_run r;
    sample_run_create(&r, 716);
    assert_int_equal(r.history.steps, 716);
    assert_int_equal(r.history.gates, SAMPLE_BLOCKS - 1);
    assert_int_equal(r.history.temps, SAMPLE_BLOCKS);
    assert_int_equal(r.history.val_top1.count, 22);
    assert_int_equal(r.history.mark_count, 6);
    assert_int_equal(r.history.test_top1.count, 0);
    double x, y;
    assert_true(series_last(&r.history.gate[6], &x, &y));
    assert_true(fabs(y - (double)r.now.gates[6]) < 1e-6);
    sample_run_destroy(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_step_is_a_point_of_every_curve, reset),
        cmocka_unit_test_teardown(a_step_of_a_method_without_gates_has_none, reset),
        cmocka_unit_test_teardown(evaluations_go_to_the_curve_of_their_split, reset),
        cmocka_unit_test_teardown(a_value_that_is_null_is_a_gap, reset),
        cmocka_unit_test_teardown(lines_that_are_none_change_nothing, reset),
        cmocka_unit_test_teardown(a_line_torn_anywhere_changes_nothing, reset),
        cmocka_unit_test_teardown(keys_of_a_later_version_are_passed_over, reset),
        cmocka_unit_test_teardown(blocks_beyond_those_shown_are_dropped, reset),
        cmocka_unit_test_teardown(interventions_are_numbered_from_1, reset),
        cmocka_unit_test(a_mark_says_what_it_does_to_a_block),
        cmocka_unit_test_teardown(lines_of_the_journal_that_are_none_are_passed_over, reset),
        cmocka_unit_test_teardown(a_long_line_is_cut_before_a_character, reset),
        cmocka_unit_test_setup_teardown(a_run_folder_is_read_whole, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_run_that_is_not_there_is_named, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_hundred_thousand_steps_load_fast, make_folder, remove_folder),
        cmocka_unit_test_teardown(the_sample_run_is_what_it_says, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
