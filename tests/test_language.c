#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/language.h"

static void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

static struct command parsed(const char *line) {
    struct command c;
    struct error e = {0};
    if (language_parse(line, "test:1", &c, &e) < 0)
        fail_msg("%s: %s", line, e.text);
    return c;
}

static void formats_as(const char *line, const char *canonical) {
    struct command c = parsed(line), again;
    char text[LANGUAGE_LINE];
    assert_int_equal(language_format(&c, text, sizeof text), strlen(canonical));
    assert_string_equal(text, canonical);
    again = parsed(text);
    memcpy(again.line, c.line, sizeof c.line); /* keeps the words as written */
    assert_memory_equal(&again, &c, sizeof c);
}

static void refused(const char *line, const char *part) {
    struct command c;
    struct error e = {0};
    if (language_parse(line, "test:1", &c, &e) != ERROR_USAGE)
        fail_msg("\"%s\" is accepted", line);
    assert_int_equal(e.code, ERROR_USAGE);
    assert_contains(e.text, part);
}

static int read_text(struct script *s, const char *text, size_t size, const char *name, struct error *e) {
    FILE *f = fmemopen((void *)(uintptr_t)text, size, "r");
    assert_non_null(f);
    int result = language_read(s, f, name, e);
    fclose(f);
    return result;
}

static void script_refused(const char *text, const char *where, const char *part) {
    struct script s;
    struct error e = {0};
    if (read_text(&s, text, strlen(text), "run.gpt", &e) != ERROR_USAGE)
        fail_msg("the script is accepted: %s", text);
    assert_int_equal(strncmp(e.text, where, strlen(where)), 0);
    assert_contains(e.text, part);
    assert_null(s.commands);
    assert_int_equal(s.count, 0);
}

static size_t script_accepted(const char *text) {
    struct script s;
    struct error e = {0};
    if (read_text(&s, text, strlen(text), "run.gpt", &e) < 0)
        fail_msg("%s", e.text);
    size_t count = s.count;
    script_free(&s);
    assert_null(s.commands);
    return count;
}

static void each_verb_has_a_row(void **state) {
    (void)state;
    assert_int_equal(language_verb_count(), COMMAND_EXPECT + 1);
    for (int v = COMMAND_PAUSE; v <= COMMAND_EXPECT; v++)
        assert_int_equal(language_verb_of((enum command_verb)v)->verb, v);
}

static void each_example_parses_to_its_verb_and_back(void **state) {
    (void)state;
    for (size_t i = 0; i < language_verb_count(); i++) {
        const struct language_verb *verb = language_verb_at(i);
        char examples[512], *rest = examples;
        snprintf(examples, sizeof examples, "%s", verb->examples);
        for (char *line; (line = strsep(&rest, "\n"));) {
            struct command c = parsed(line), again;
            char text[LANGUAGE_LINE];
            assert_int_equal(c.verb, verb->verb);
            assert_true(language_format(&c, text, sizeof text) > 0);
            again = parsed(text);
            memcpy(again.line, c.line, sizeof c.line);
            assert_memory_equal(&again, &c, sizeof c);
        }
    }
    assert_int_equal(language_prefix_count(), 1);
    assert_string_equal(language_prefix_at(0)->name, "at");
    assert_int_equal(parsed("at step 120 freeze gate 3").at, MOMENT_STEP);
}

static void canonical_text_parses_to_the_same_command(void **state) {
    (void)state;
    formats_as("  pause # now", "pause");
    formats_as("step", "step 1");
    formats_as("step 18446744073709551615", "step 18446744073709551615");
    formats_as("quit!", "quit!");
    formats_as("save", "save");
    formats_as("save \"a b\"", "save \"a b\"");
    formats_as("eval", "eval val");
    formats_as("eval test", "eval test");
    formats_as("data scenes:count", "data scenes:count");
    formats_as("data \"folder:my \\\"own\\\" \\\\ photos\"   restart",
               "data \"folder:my \\\"own\\\" \\\\ photos\" restart");
    formats_as("data a\\b#c", "data a\\b#c");
    formats_as("data \"#a\"", "data \"#a\"");
    formats_as("freeze gate 9,3-6,4,10", "freeze gate 3-6,9-10");
    formats_as("freeze gates", "freeze gates");
    formats_as("freeze temp 1-1024", "freeze temp 1-1024");
    formats_as("thaw temp 1024", "thaw temp 1024");
    formats_as("thaw temps", "thaw temps");
    formats_as("thaw prompts", "thaw prompts");
    formats_as("thaw head", "thaw head");
    formats_as("set gate.3 0.50", "set gate.3 0.5");
    formats_as("set temp.12 1e1", "set temp.12 10");
    formats_as("set lr 0.30000000000000004", "set lr 0.30000000000000004");
    formats_as("note \"open \\\"gates\\\" # here\"", "note \"open \\\"gates\\\" # here\"");
    formats_as("note word", "note \"word\"");
    formats_as("wait step 120", "wait step 120");
    formats_as("wait epoch 3", "wait epoch 3");
    formats_as("wait end", "wait end");
    formats_as("expect val.top1 >= 0.60", "expect val.top1 >= 0.6");
    formats_as("expect loss != -1.5", "expect loss != -1.5");
    formats_as("at step 120 freeze gate 3", "at step 120 freeze gate 3");
    formats_as("at epoch 3 expect test.loss < 4", "at epoch 3 expect test.loss < 4");
}

static void operands_land_in_their_fields(void **state) {
    (void)state;
    struct command c = parsed("at epoch 7 freeze gate 1,33");
    assert_int_equal(c.at, MOMENT_EPOCH);
    assert_true(c.at_number == 7);
    assert_int_equal(c.target, TARGET_GATE);
    assert_int_equal(c.mask[0], 1);
    assert_int_equal(c.mask[1], 1);
    c = parsed("set temp.4 2.5");
    assert_int_equal(c.target, TARGET_TEMP);
    assert_int_equal(c.index, 4);
    assert_true(c.value == 2.5);
    c = parsed("expect test.top5 == 1");
    assert_int_equal(c.metric, METRIC_TEST_TOP5);
    assert_int_equal(c.compare, COMPARE_EQ);
    c = parsed("data \"my photos\" restart");
    assert_string_equal(c.text, "my photos");
    assert_true(c.restart);
    c = parsed("wait end");
    assert_int_equal(c.until, MOMENT_END);
    c = parsed("quit!");
    assert_true(c.abandon);
    assert_false(parsed("quit").abandon);
}

static void the_line_is_kept_without_at_comment_and_surplus_blanks(void **state) {
    (void)state;
    struct command c = parsed("\tat step 4   note \"two  blanks\"   # why");
    assert_string_equal(c.line, "note \"two  blanks\"");
    assert_string_equal(c.origin, "test:1");
    struct error e = {0};
    char origin[200];
    memset(origin, 'a', sizeof origin);
    strcpy(origin + 150, "/run.gpt:17");
    assert_int_equal(language_parse("pause", origin, &c, &e), 0);
    assert_int_equal(strlen(c.origin), sizeof c.origin - 1);
    assert_contains(c.origin, "/run.gpt:17");
}

static void a_bad_line_says_what_was_found_and_expected(void **state) {
    (void)state;
    refused("", "expected a command");
    refused("# comment", "expected a command");
    refused("freez gate 3", "unknown command \"freez\"; did you mean \"freeze\"?");
    refused("qqqqqqq", "gptui help commands");
    refused("peek gates", "unknown command");
    refused("pause now", "pause: found \"now\", expected nothing more");
    refused("step 0", "expected a number of steps from 1");
    refused("step -1", "expected a number of steps from 1");
    refused("eval train", "expected val, test or nothing");
    refused("data", "data: found the end of the line, expected a dataset");
    refused("data my photos", "expected restart or nothing");
    refused("data \"\"", "expected a dataset");
    refused("freeze", "expected gate LIST");
    refused("freeze gats", "did you mean \"gate");
    refused("freeze gate", "expected blocks, as 3-6,9");
    refused("freeze gate 0", "expected blocks from 1 to 1024");
    refused("freeze gate 1025", "expected blocks from 1 to 1024");
    refused("freeze gate 6-3", "expected blocks");
    refused("freeze gate 3,", "expected blocks");
    refused("freeze gate 3--4", "expected blocks");
    refused("freeze gate 3 4", "expected nothing more");
    refused("set gate.3", "expected a number from 0 to 1 for gate.3");
    refused("set gate.3 1.01", "expected a number from 0 to 1");
    refused("set gate.3 nan", "expected a number from 0 to 1");
    refused("set temp.3 0", "expected a number from 0.01 to 10");
    refused("set lr -1", "expected a number from 0 to");
    refused("set gate 0.5", "expected gate.K");
    refused("set gate.0 0.5", "expected gate.K");
    refused("set epochs 5", "fixed when a run starts");
    refused("note two words", "note");
    refused("wait", "expected step N, epoch N or end");
    refused("wait step", "a number after step");
    refused("wait step -3", "a number after step");
    refused("expect val.top >= 1", "did you mean \"val.top1\"?");
    refused("expect loss => 1", "expected >=");
    refused("expect loss < fast", "expected a number");
    refused("expect loss", "expected >=");
    refused("at", "at: found the end of the line, expected step N or epoch N");
    refused("at end pause", "expected step N or epoch N");
    refused("at step 5", "expected a command");
    refused("at step 5 wait end", "other than at and wait");
    refused("at step 5 at step 6 pause", "other than at and wait");
    refused("note \"open", "closing quote");
    refused("note \"a\"b", "after a closing quote");
    refused("data a\"b", "inside a word");
    refused("note \"a\nb\"", "line break");
    refused("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "more than 16 words");
}

static void lines_too_long_are_refused(void **state) {
    (void)state;
    static char line[2 * LANGUAGE_LINE];
    memset(line, 'a', sizeof line - 1);
    refused(line, "expected at most 4095");
    memcpy(line, "data ", 5);
    line[COMMAND_TEXT] = 0;
    refused(line, "expected a shorter one");
    line[COMMAND_TEXT - 1] = 0;
    struct command c = parsed(line);
    char small[COMMAND_TEXT - 1];
    assert_int_equal(language_format(&c, small, sizeof small), ERROR_MEMORY);
    char enough[COMMAND_TEXT];
    assert_int_equal(language_format(&c, enough, sizeof enough), COMMAND_TEXT - 1);
    assert_string_equal(enough, line);
}

static void any_bytes_are_refused_or_accepted_without_harm(void **state) {
    (void)state;
    static const char alphabet[] = "aeghlnopst \t\"\\#.,-0139<=!";
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        char line[40];
        size_t length = 0;
        static const char *const starts[] = {"freeze gate ", "set ", "note ", "at step ", "data ", "expect loss ", ""};
        length = (size_t)sprintf(line, "%s", starts[round % 7]);
        while (length < sizeof line - 1) {
            random = random * 1664525u + 1013904223u;
            line[length++] = alphabet[(random >> 16) % (sizeof alphabet - 1)];
            if ((random >> 8) % 16 == 0)
                break;
        }
        line[length] = 0;
        struct command c, again;
        char text[LANGUAGE_LINE];
        if (language_parse(line, "fuzz", &c, NULL) < 0)
            continue;
        assert_true(language_format(&c, text, sizeof text) > 0);
        assert_int_equal(language_parse(text, "fuzz", &again, NULL), 0);
        memcpy(again.line, c.line, sizeof c.line);
        assert_memory_equal(&again, &c, sizeof c);
    }
}

static void a_script_is_its_commands_in_order(void **state) {
    (void)state;
    static const char text[] = "# a run\r\n\n  \t\nat step 5 freeze gate 3 # hold\r\nwait end\nexpect val.top1 >= 0.5";
    struct script s;
    struct error e = {0};
    assert_int_equal(read_text(&s, text, sizeof text - 1, "run.gpt", &e), 0);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.commands[0].verb, COMMAND_FREEZE);
    assert_string_equal(s.commands[0].origin, "run.gpt:4");
    assert_string_equal(s.commands[2].origin, "run.gpt:6");
    script_free(&s);
    assert_int_equal(script_accepted("# nothing\n"), 0);
    char *many = calloc(100, 8);
    for (int i = 0; i < 100; i++)
        strcat(many, "eval\n");
    assert_int_equal(script_accepted(many), 100);
    free(many);
}

static void the_first_bad_line_is_named(void **state) {
    (void)state;
    script_refused("wait end\n\nfreez gates\nnonsense\n", "run.gpt:3: ", "did you mean \"freeze\"?");
    script_refused("set gate.1 2", "run.gpt:1: ", "from 0 to 1");
    struct script s;
    struct error e = {0};
    assert_int_equal(read_text(&s, "eval\npau\0se\n", 12, "run.gpt", &e), ERROR_USAGE);
    assert_contains(e.text, "run.gpt:2: found a byte 0");
    FILE *f = fopen("/", "r");
    assert_non_null(f);
    assert_int_equal(language_read(&s, f, "/", &e), ERROR_IO);
    fclose(f);
}

static void a_pause_that_nothing_ends_is_refused(void **state) {
    (void)state;
    script_refused("wait step 3\npause\n", "run.gpt:2: ", "nothing ends it");
    script_refused("pause\nwait step 3\nresume\n", "run.gpt:1: ", "before the next wait");
    script_refused("pause\nat step 3 resume\n", "run.gpt:1: ", "nothing ends it");
    script_refused("pause\nresume\npause\nset lr 1\n", "run.gpt:3: ", "nothing ends it");
    script_refused("at step 3 pause\nat step 4 resume\n", "run.gpt:1: ", "at step 3");
    script_refused("at step 3 resume\nat step 3 pause\n", "run.gpt:2: ", "at step 3");
    script_refused("at epoch 3 pause\nat step 3 resume\n", "run.gpt:1: ", "at epoch 3");
    script_refused("at step 3 pause\nresume\n", "run.gpt:1: ", "at step 3");
    static const char *const ends[] = {"resume", "step 4", "stop", "quit", "quit!"};
    for (size_t i = 0; i < 5; i++) {
        char text[100];
        snprintf(text, sizeof text, "pause\neval\n%s\nwait end\n", ends[i]);
        assert_int_equal(script_accepted(text), 4);
    }
    assert_int_equal(script_accepted("at epoch 3 pause\nat epoch 3 eval\nat epoch 3 resume\nwait end\n"), 4);
    assert_int_equal(script_accepted("at step 3 pause\nwait step 2\nat step 3 stop\n"), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_has_a_row),
        cmocka_unit_test(each_example_parses_to_its_verb_and_back),
        cmocka_unit_test(canonical_text_parses_to_the_same_command),
        cmocka_unit_test(operands_land_in_their_fields),
        cmocka_unit_test(the_line_is_kept_without_at_comment_and_surplus_blanks),
        cmocka_unit_test(a_bad_line_says_what_was_found_and_expected),
        cmocka_unit_test(lines_too_long_are_refused),
        cmocka_unit_test(any_bytes_are_refused_or_accepted_without_harm),
        cmocka_unit_test(a_script_is_its_commands_in_order),
        cmocka_unit_test(the_first_bad_line_is_named),
        cmocka_unit_test(a_pause_that_nothing_ends_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
