#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "app/language.h"
#include "core/train/agenda.h"

enum { MOST = 32 };

static bool is_done(const struct agenda *a) {
    return a->cursor == a->count && !a->stepping;
}

/* The lines of `text` as an agenda. */
static struct agenda agenda_of(const char *text) {
    static struct command lines[MOST];
    struct agenda a;
    struct error e = {0};
    size_t count = 0;
    while (*text) {
        char line[256];
        size_t size = strcspn(text, "\n");
        assert_true(size < sizeof line && count < MOST);
        memcpy(line, text, size);
        line[size] = 0;
        text += size + (text[size] == '\n');
        if (language_parse(line, "script:1", &lines[count++], &e) < 0)
            fail_msg("%s: %s", line, e.text);
    }
    assert_int_equal(agenda_create(&a, lines, count, &e), 0);
    return a;
}

/* Everything handed out at this moment, "line;line;". */
static const char *at(struct agenda *a, uint64_t step, uint64_t epoch, bool finished) {
    static char text[4096];
    const struct agenda_moment now = {step, epoch, finished};
    const struct command *c;
    text[0] = 0;
    for (int i = 0; (c = agenda_next(a, &now)); i++) {
        assert_true(i < 100);
        strcat(strcat(text, c->line), ";");
    }
    return text;
}

static void lines_come_from_the_top(void **state) {
    (void)state;
    struct agenda a = agenda_of("pause\nset lr 0.5\nresume\n");
    assert_false(is_done(&a));
    assert_string_equal(at(&a, 0, 0, false), "pause;set lr 0.5;resume;");
    assert_true(is_done(&a));
    assert_string_equal(at(&a, 1, 0, false), "");
    agenda_destroy(&a);
}

static void an_empty_script_is_done(void **state) {
    (void)state;
    struct agenda a = agenda_of("");
    assert_true(is_done(&a));
    assert_null(agenda_unfired(&a));
    assert_string_equal(at(&a, 0, 0, false), "");
    agenda_destroy(&a);
    agenda_destroy(&a);
}

static void a_wait_holds_the_cursor_until_its_step(void **state) {
    (void)state;
    struct agenda a = agenda_of("save a\nwait step 3\nsave b\nwait epoch 2\nsave c\nwait end\nsave d\n");
    assert_string_equal(at(&a, 0, 0, false), "save a;");
    assert_string_equal(at(&a, 2, 0, false), "");
    assert_string_equal(at(&a, 3, 0, false), "save b;");
    assert_string_equal(at(&a, 9, 1, false), "");
    assert_string_equal(at(&a, 10, 2, false), "save c;");
    assert_string_equal(at(&a, 99, 9, false), "");
    assert_string_equal(at(&a, 100, 10, true), "save d;");
    assert_true(is_done(&a));
    agenda_destroy(&a);
}

static void the_end_of_the_run_ends_every_wait(void **state) {
    (void)state;
    struct agenda a = agenda_of("wait step 1000\nsave a\nwait epoch 1000\nsave b\nstep 5\nsave c\n");
    assert_string_equal(at(&a, 10, 2, true), "save a;save b;step 5;save c;");
    assert_true(is_done(&a));
    agenda_destroy(&a);
}

static void an_at_line_comes_at_its_moment(void **state) {
    (void)state;
    struct agenda a = agenda_of("at step 5 save a\nat epoch 1 save b\nsave c\n");
    assert_string_equal(at(&a, 0, 0, false), "save c;");
    assert_true(is_done(&a));
    assert_non_null(agenda_unfired(&a));
    assert_string_equal(at(&a, 4, 0, false), "");
    assert_string_equal(at(&a, 5, 0, false), "save a;");
    assert_string_equal(at(&a, 5, 0, false), ""); /* once */
    assert_string_equal(at(&a, 8, 1, false), "save b;");
    assert_null(agenda_unfired(&a));
    agenda_destroy(&a);
}

static void lines_of_one_moment_come_in_the_order_of_the_script_before_the_cursor(void **state) {
    (void)state;
    struct agenda a = agenda_of("at step 5 save b\nat step 5 save a\nwait step 5\nsave c\nat step 5 save d\nsave e\n");
    assert_string_equal(at(&a, 0, 0, false), "");
    assert_string_equal(at(&a, 5, 0, false), "save b;save a;save c;save d;save e;");
    agenda_destroy(&a);
}

static void an_at_line_behind_a_wait_is_not_known_before_it(void **state) {
    (void)state;
    struct agenda a = agenda_of("wait step 8\nat step 4 save late\nsave x\n");
    assert_string_equal(at(&a, 4, 0, false), "");
    assert_null(agenda_unfired(&a));
    assert_string_equal(at(&a, 8, 0, false), "save late;save x;"); /* its moment is past: at once */
    agenda_destroy(&a);
}

static void a_step_line_is_handed_out_and_holds_the_cursor(void **state) {
    (void)state;
    struct agenda a = agenda_of("step 2\nsave a\nstep\nsave b\n");
    assert_string_equal(at(&a, 0, 0, false), "step 2;");
    assert_string_equal(at(&a, 1, 0, false), "");
    assert_false(is_done(&a));
    assert_string_equal(at(&a, 2, 0, false), "save a;step;");
    assert_string_equal(at(&a, 3, 1, false), "save b;");
    assert_true(is_done(&a));
    agenda_destroy(&a);
}

static void at_lines_come_during_a_step_line(void **state) {
    (void)state;
    struct agenda a = agenda_of("at step 1 save a\nstep 3\nsave b\n");
    assert_string_equal(at(&a, 0, 0, false), "step 3;");
    assert_string_equal(at(&a, 1, 0, false), "save a;");
    assert_string_equal(at(&a, 2, 0, false), "");
    assert_string_equal(at(&a, 3, 0, false), "save b;");
    agenda_destroy(&a);
}

static void a_step_as_the_last_line_is_not_done_before_its_steps(void **state) {
    (void)state;
    struct agenda a = agenda_of("step 2\n");
    at(&a, 0, 0, false);
    assert_false(is_done(&a));
    at(&a, 2, 0, false);
    assert_true(is_done(&a));
    agenda_destroy(&a);
}

static void add(struct agenda *a, const char *line) {
    struct command c;
    struct error e = {0};
    assert_int_equal(language_parse(line, "keyboard", &c, &e), 0);
    assert_int_equal(agenda_add(a, &c, &e), 0);
}

static void lines_from_outside_are_put_down_before_the_cursor(void **state) {
    (void)state;
    struct agenda a = agenda_of("wait step 6\nsave x\n"), empty = agenda_of("");
    assert_string_equal(at(&a, 0, 0, false), "");
    for (int i = 0; i < 30; i++) /* more than there was room for */
        add(&a, "at step 4 save a");
    add(&a, "at step 2 save b");
    assert_string_equal(at(&a, 2, 0, false), "save b;");
    const char *many = at(&a, 4, 0, false);
    assert_int_equal(strlen(many), 30 * strlen("save a;"));
    assert_string_equal(at(&a, 6, 0, false), "save x;");
    add(&empty, "at step 3 save c");
    assert_true(is_done(&empty));
    assert_string_equal(at(&empty, 3, 0, false), "save c;");
    agenda_destroy(&a);
    agenda_destroy(&empty);
}

static char *left(const struct agenda *a) {
    char *text = agenda_text(a);
    assert_non_null(text);
    return text;
}

static void an_interrupted_line_is_next_once_more(void **state) {
    (void)state;
    struct agenda a = agenda_of("at step 2 eval\nresume\neval test\nset lr 0.5\n");
    const struct agenda_moment first = {0, 0, false}, second = {2, 0, false};
    assert_string_equal(agenda_next(&a, &first)->line, "resume");
    assert_string_equal(agenda_next(&a, &first)->line, "eval test");
    agenda_retake(&a);
    agenda_retake(&a);
    char *left = agenda_text(&a);
    assert_string_equal(left, "at step 2 eval\neval test\nset lr 0.5\n");
    free(left);
    assert_string_equal(at(&a, 0, 0, false), "eval test;set lr 0.5;");
    agenda_retake(&a);
    assert_string_equal(agenda_next(&a, &second)->line, "eval");
    agenda_retake(&a);
    assert_non_null(agenda_unfired(&a));
    assert_string_equal(at(&a, 2, 0, false), "eval;");
    agenda_destroy(&a);
}

static void what_is_left_is_a_script(void **state) {
    (void)state;
    struct agenda a =
        agenda_of("save a\nat step 9 freeze gate 3-6,9\nat epoch 1 note \"half \\\"way\\\"\"\nat step 2 save b\n"
                  "wait step 3\nset gate.3 0.5\ndata scenes:count restart\nwait end\nexpect val.top1 >= 0.6\n");
    char *text = left(&a);
    assert_string_equal(text, "save a\nat step 9 freeze gate 3-6,9\nat epoch 1 note \"half \\\"way\\\"\"\n"
                              "at step 2 save b\nwait step 3\nset gate.3 0.5\ndata scenes:count restart\nwait end\n"
                              "expect val.top1 >= 0.6\n");
    free(text);
    at(&a, 0, 0, false);
    at(&a, 2, 0, false);
    text = left(&a);
    assert_string_equal(text, "at step 9 freeze gate 3-6,9\nat epoch 1 note \"half \\\"way\\\"\"\nwait step 3\n"
                              "set gate.3 0.5\ndata scenes:count restart\nwait end\nexpect val.top1 >= 0.6\n");
    free(text);
    agenda_destroy(&a);
}

static void a_step_under_way_is_left_as_a_wait(void **state) {
    (void)state;
    struct agenda a = agenda_of("step 5\nsave a\nat step 3 save b\n");
    at(&a, 2, 0, false);
    char *text = left(&a);
    assert_string_equal(text, "wait step 7\nsave a\nat step 3 save b\n");
    free(text);
    agenda_destroy(&a);
}

/* At every moment: what is left, taken up anew, goes on as the first would have. */
static void what_is_left_goes_on_like_the_whole(void **state) {
    (void)state;
    const char *script = "at step 4 save a\nat epoch 2 save b\nsave c\nwait step 2\nsave d\nstep 3\nsave e\n"
                         "at step 4 save f\nat step 9 set temp.2 1.5\nwait epoch 3\nsave g\nwait end\nsave h\n";
    for (uint64_t stop = 0; stop < 14; stop++) {
        struct agenda whole = agenda_of(script), first = agenda_of(script);
        for (uint64_t step = 0; step <= stop; step++) {
            at(&whole, step, step / 4, false);
            at(&first, step, step / 4, false);
        }
        char *text = left(&first);
        struct agenda rest = agenda_of(text);
        for (uint64_t step = stop; step < 20; step++) {
            bool finished = step == 19;
            char wanted[512];
            snprintf(wanted, sizeof wanted, "%s", at(&whole, step, step / 4, finished));
            assert_string_equal(at(&rest, step, step / 4, finished), wanted);
        }
        assert_true(is_done(&rest) && !agenda_unfired(&rest));
        free(text);
        agenda_destroy(&whole);
        agenda_destroy(&first);
        agenda_destroy(&rest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_from_the_top),
        cmocka_unit_test(an_empty_script_is_done),
        cmocka_unit_test(a_wait_holds_the_cursor_until_its_step),
        cmocka_unit_test(the_end_of_the_run_ends_every_wait),
        cmocka_unit_test(an_at_line_comes_at_its_moment),
        cmocka_unit_test(lines_of_one_moment_come_in_the_order_of_the_script_before_the_cursor),
        cmocka_unit_test(an_at_line_behind_a_wait_is_not_known_before_it),
        cmocka_unit_test(a_step_line_is_handed_out_and_holds_the_cursor),
        cmocka_unit_test(at_lines_come_during_a_step_line),
        cmocka_unit_test(a_step_as_the_last_line_is_not_done_before_its_steps),
        cmocka_unit_test(lines_from_outside_are_put_down_before_the_cursor),
        cmocka_unit_test(an_interrupted_line_is_next_once_more),
        cmocka_unit_test(what_is_left_is_a_script),
        cmocka_unit_test(a_step_under_way_is_left_as_a_wait),
        cmocka_unit_test(what_is_left_goes_on_like_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
