/* The commands of the screen: what parses, what is refused and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/language.h"
#include "app/screen_command.h"

static struct screen_command parsed(const char *line) {
    struct screen_command c = {0};
    struct command run;
    struct error e = {0};
    if (language_parse(line, "keyboard", &run, &e) < 0 || language_parse_screen(run.line, &c, &e) < 0)
        fail_msg("%s: %s", line, e.text);
    assert_int_equal(run.verb, COMMAND_SCREEN);
    return c;
}

static void refused(const char *line, const char *part) {
    struct command c;
    struct error e = {0};
    assert_int_equal(language_parse(line, "keyboard", &c, &e), ERROR_USAGE);
    if (!strstr(e.text, part))
        fail_msg("%s: \"%s\" lacks \"%s\"", line, e.text, part);
}

static void each_example_parses_to_its_verb(void **state) {
    (void)state;
    assert_int_equal(screen_command_count(), SCREEN_VERBS);
    for (size_t i = 0; i < screen_command_count(); i++) {
        const struct screen_row *row = screen_command_at(i);
        char examples[512], *rest = examples;
        assert_int_equal(row->verb, i);
        snprintf(examples, sizeof examples, "%s", row->examples);
        for (char *line; (line = strsep(&rest, "\n"));)
            assert_int_equal(parsed(line).verb, row->verb);
    }
}

static void no_verb_is_one_of_the_run_too(void **state) {
    (void)state;
    for (size_t i = 0; i < screen_command_count(); i++)
        for (size_t k = 0; k < language_verb_count(); k++)
            assert_string_not_equal(screen_command_at(i)->name, language_verb_at(k)->name);
}

static void places_are_numbers_words_or_all(void **state) {
    (void)state;
    struct screen_command c = parsed("select block 12");
    assert_int_equal(c.what, SCREEN_BLOCK);
    assert_int_equal(c.move, SCREEN_NUMBER);
    assert_true(c.number == 12);
    assert_int_equal(parsed("select head all").move, SCREEN_ALL);
    assert_int_equal(parsed("select image 0").what, SCREEN_IMAGE);
    assert_int_equal(parsed("select mask 2").what, SCREEN_MASK);
    refused("select mask 0", "expected a mask from 1, next or previous");
    assert_int_equal(parsed("select image next-wrong").move, SCREEN_NEXT_WRONG);
    c = parsed("select split test");
    assert_int_equal(c.what, SCREEN_SPLIT);
    assert_string_equal(c.text, "test");
    refused("select", "expected block, head, prompt, mask, image, sample or split");
    refused("select bock 3", "found \"bock\"");
    refused("select block 0", "expected a block from 1, next or previous");
    refused("select block all", "expected a block from 1");
    refused("select head next-wrong", "expected a head from 1, all");
    refused("select image all", "expected an image from 0");
    refused("select split 3", "expected train, val, test or next");
    refused("select block 3 4", "expected nothing more");
}

static void what_is_shown_is_turned_on_off_or_over(void **state) {
    (void)state;
    assert_int_equal(parsed("show map").move, SCREEN_SWITCH);
    assert_int_equal(parsed("show map on").move, SCREEN_ON);
    assert_int_equal(parsed("show alone off").shown, SCREEN_ALONE);
    refused("show maps", "expected alone, map, temps or all-samples");
    refused("show map maybe", "expected on, off or nothing");
}

static void a_screenshot_takes_a_size(void **state) {
    (void)state;
    struct screen_command c = parsed("screenshot \"my shots/a.svg\" 80x24");
    assert_string_equal(c.text, "my shots/a.svg");
    assert_int_equal(c.columns, 80);
    assert_int_equal(c.rows, 24);
    assert_int_equal(parsed("screenshot a.txt").columns, 0);
    refused("screenshot", "expected a file");
    refused("screenshot a.svg 80", "expected a size from 20x5 to 500x300");
    refused("screenshot a.svg 80x", "expected a size");
    refused("screenshot a.svg 9999x24", "expected a size");
}

static void words_without_operands_take_none(void **state) {
    (void)state;
    assert_int_equal(parsed("undo").verb, SCREEN_UNDO);
    refused("undo 3", "expected nothing more");
    refused("view gate", "expected overview, gates");
    refused("viev gates", "did you mean \"view\"");
}

static void a_screen_command_can_wait_for_its_moment(void **state) {
    (void)state;
    struct command c;
    struct error e = {0};
    char text[LANGUAGE_LINE];
    assert_int_equal(language_parse("at step 5 screenshot a.svg  # there", "f.gpt:1", &c, &e), 0);
    assert_int_equal(c.verb, COMMAND_SCREEN);
    assert_true(c.at_number == 5);
    assert_true(language_format(&c, text, sizeof text) > 0);
    assert_string_equal(text, "at step 5 screenshot a.svg");
}

static void words_for_completion_are_those_that_parse(void **state) {
    (void)state;
    const char *word;
    size_t count = 0;
    for (size_t i = 0; (word = screen_command_word(SCREEN_VIEW, 1, i)); i++, count++) {
        char line[64];
        snprintf(line, sizeof line, "view %s", word);
        parsed(line);
    }
    assert_int_equal(count, 10);
    assert_string_equal(screen_command_word(SCREEN_SELECT, 1, 0), "block");
    assert_null(screen_command_word(SCREEN_SELECT, 3, 0));
    assert_null(screen_command_word(SCREEN_UNDO, 1, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_parses_to_its_verb),
        cmocka_unit_test(no_verb_is_one_of_the_run_too),
        cmocka_unit_test(places_are_numbers_words_or_all),
        cmocka_unit_test(what_is_shown_is_turned_on_off_or_over),
        cmocka_unit_test(a_screenshot_takes_a_size),
        cmocka_unit_test(words_without_operands_take_none),
        cmocka_unit_test(a_screen_command_can_wait_for_its_moment),
        cmocka_unit_test(words_for_completion_are_those_that_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
