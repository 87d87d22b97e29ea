#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/arguments.h"

static int run_nothing(const struct arguments *a, struct error *e) {
    (void)a, (void)e;
    return 0;
}

static const struct subcommand inspect = {
    .name = "inspect",
    .synopsis = "FILE [OTHER] [--json] [--top N]",
    .summary = "what a checkpoint holds",
    .details = "",
    .options = (const struct option[]){{"json", NULL, "print JSON"}, {"top", "N", "how many"}, {NULL, NULL, NULL}},
    .least = 1,
    .most = 2,
    .run = run_nothing,
};

static const struct subcommand tune = {
    .name = "run",
    .synopsis = "[SCRIPT...]",
    .summary = "tune",
    .details = "",
    .options = (const struct option[]){{"headless", NULL, "no screen"}, {NULL, NULL, NULL}},
    .takes_settings = true,
    .most = -1,
    .run = run_nothing,
};

enum { MOST = 12 };

static int parse(struct arguments *a, const struct subcommand *command, struct error *e, const char *line) {
    static char words[600];
    static char *list[MOST];
    int count = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *at = words, *word; (word = strsep(&at, " "));)
        if (*word && count < MOST)
            list[count++] = word;
    return arguments_parse(a, command, count, list, e);
}

static struct arguments accepted(const struct subcommand *command, const char *line) {
    struct arguments a;
    struct error e = {0};
    if (parse(&a, command, &e, line) < 0)
        fail_msg("%s: %s", line, e.text);
    return a;
}

static void refused(const struct subcommand *command, const char *line, const char *text) {
    struct arguments a;
    struct error e = {0};
    assert_int_equal(parse(&a, command, &e, line), ERROR_USAGE);
    assert_string_equal(e.text, text);
    arguments_free(&a);
}

static void options_and_arguments_come_in_any_order(void **state) {
    (void)state;
    struct arguments a = accepted(&inspect, "--top 3 a.bin --json");
    assert_int_equal(a.count, 1);
    assert_string_equal(a.values[0], "a.bin");
    assert_true(arguments_has(&a, "json"));
    assert_null(arguments_value(&a, "json"));
    assert_string_equal(arguments_value(&a, "top"), "3");
    assert_false(arguments_has(&a, "other"));
    assert_null(arguments_value(&a, "other"));
    arguments_free(&a);
}

static void the_last_value_of_an_option_counts(void **state) {
    (void)state;
    struct arguments a = accepted(&inspect, "--top=3 a --top -4 --top=");
    assert_string_equal(arguments_value(&a, "top"), "");
    arguments_free(&a);
    a = accepted(&inspect, "--top=3 a --top -4");
    assert_string_equal(arguments_value(&a, "top"), "-4");
    arguments_free(&a);
}

static void an_option_given_several_times_has_all_its_values(void **state) {
    (void)state;
    struct arguments a = accepted(&inspect, "--top=3 a --json --top 4");
    size_t at = 0;
    assert_string_equal(arguments_next(&a, "top", &at), "3");
    assert_string_equal(arguments_next(&a, "top", &at), "4");
    assert_null(arguments_next(&a, "top", &at));
    arguments_free(&a);
}

static void two_dashes_end_the_options_and_one_is_an_argument(void **state) {
    (void)state;
    struct arguments a = accepted(&inspect, "- -- --json");
    assert_int_equal(a.count, 2);
    assert_string_equal(a.values[0], "-");
    assert_string_equal(a.values[1], "--json");
    assert_false(arguments_has(&a, "json"));
    arguments_free(&a);
}

static void wrong_words_are_refused_with_what_was_expected(void **state) {
    (void)state;
    refused(&inspect, "a --jsn", "unknown option \"--jsn\"; did you mean \"--json\"?");
    refused(&inspect, "a --prompts 3", "unknown option \"--prompts\"; see `gptui inspect --help`");
    refused(&inspect, "a -x", "unknown option \"-x\"; see `gptui inspect --help`");
    refused(&inspect, "a --json=yes", "--json is followed by \"=yes\", expected no value");
    refused(&inspect, "a --top", "--top has no value, expected --top N");
    refused(&inspect, "a --top --json", "--top has no value, expected --top N");
    refused(&inspect, "--json", "an argument is missing, expected: gptui inspect FILE [OTHER] [--json] [--top N]");
    refused(&inspect, "a b c",
            "\"c\" is one argument too many, expected: gptui inspect FILE [OTHER] [--json] [--top N]");
    refused(&tune, "--promts 3", "unknown option \"--promts\"; did you mean \"--prompts\"?");
    refused(&tune, "--promts=3", "unknown option \"--promts=3\"; did you mean \"--prompts\"?");
    refused(&tune, "--temps", "--temps has no value, expected --temps on|off");
    refused(&tune, "--temps maybe", "--temps is \"maybe\", expected on or off");
    refused(&tune, "--lr fast", "--lr is \"fast\", expected a number from 0 to 1e+30");
    refused(&tune, "--recipe mae:cup", "unknown recipe \"mae:cup\"; did you mean \"mae:cub\"?");
}

static void help_and_version_need_nothing_else_to_be_right(void **state) {
    (void)state;
    struct arguments a = accepted(&inspect, "--help");
    assert_true(a.help);
    arguments_free(&a);
    a = accepted(&inspect, "-h --nonsense");
    assert_true(a.help);
    arguments_free(&a);
    a = accepted(&tune, "--version --lr fast");
    assert_true(a.version);
    assert_false(a.help);
    arguments_free(&a);
    refused(&inspect, "-- --help b c",
            "\"c\" is one argument too many, expected: gptui inspect FILE [OTHER] [--json] "
            "[--top N]");
}

static void every_setting_is_an_option(void **state) {
    (void)state;
    struct settings defaults;
    settings_default(&defaults);
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_at(i);
        char value[SETTINGS_TEXT], word[SETTINGS_TEXT + 64];
        settings_get(&defaults, row, value, sizeof value);
        snprintf(word, sizeof word, "--%s=%s", row->name, value);
        char *words[] = {word};
        struct arguments a;
        struct error e = {0};
        if (arguments_parse(&a, &tune, 1, words, &e) < 0)
            fail_msg("%s", e.text);
        assert_true(arguments_has(&a, row->name));
        arguments_free(&a);
    }
}

static void options_win_over_the_config_file_over_the_recipe_over_defaults(void **state) {
    (void)state;
    char path[300], line[400];
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/test_arguments.XXXXXX", tmp ? tmp : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char config[] = "recipe = mae:cub\nlr = 7\nprompts = 8\n";
    assert_int_equal(write(fd, config, sizeof config - 1), sizeof config - 1);
    close(fd);

    snprintf(line, sizeof line, "--prompts 9 --config %s", path);
    struct arguments a = accepted(&tune, line);
    assert_int_equal(a.settings.prompts, 9); /* option */
    assert_true(a.settings.lr == 7);         /* config */
    assert_true(a.settings.gate_init == 5);  /* recipe, named by the config */
    assert_int_equal(a.settings.schedule, SCHEDULE_PAPER);
    assert_true(a.settings.momentum == 0.9); /* default */
    arguments_free(&a);

    snprintf(line, sizeof line, "--recipe=moco:caltech101 --config=%s", path);
    a = accepted(&tune, line);
    assert_int_equal(a.settings.batch, 128); /* recipe, named by the option */
    assert_int_equal(a.settings.prompts, 8);
    assert_string_equal(a.settings.recipe, "moco:caltech101");
    arguments_free(&a);
    unlink(path);

    struct error e = {0};
    assert_int_equal(parse(&a, &tune, &e, line), ERROR_IO);
    arguments_free(&a);
}

static void the_automatic_recipe_looks_at_data_and_model(void **state) {
    (void)state;
    struct arguments a = accepted(&tune, "");
    assert_int_equal(a.settings.epochs, 20);
    arguments_free(&a);
    a = accepted(&tune, "--epochs 3 --headless run.gpt");
    assert_int_equal(a.settings.epochs, 3);
    assert_true(a.settings.lr == 0.15);
    assert_string_equal(a.values[0], "run.gpt");
    arguments_free(&a);
    a = accepted(&tune, "--data folder:photos");
    assert_int_equal(a.settings.epochs, 100);
    arguments_free(&a);
}

static void a_run_that_goes_on_takes_live_settings_only(void **state) {
    (void)state;
    struct settings s;
    struct error e = {0};
    settings_default(&s);
    s.lr = 0.25;
    struct arguments a = accepted(&tune, "--threads 3 --lr 0.25");
    assert_int_equal(arguments_override(&a, &s, &e), 0);
    assert_int_equal(s.threads, 3);
    assert_int_equal(s.epochs, 100); /* not the recipe's */
    arguments_free(&a);
    a = accepted(&tune, "--threads 2 --lr 0.5");
    assert_int_equal(arguments_override(&a, &s, &e), ERROR_USAGE);
    assert_string_equal(e.text, "--lr is \"0.5\", expected \"0.25\" as in the run: it is fixed when a run starts");
    assert_int_equal(s.threads, 3);
    arguments_free(&a);
}

static void the_usual_subcommand_may_be_left_out_of_the_usage(void **state) {
    (void)state;
    char usage[100];
    assert_string_equal(arguments_usage(&tune, usage, sizeof usage), "gptui [run] [SCRIPT...]");
    assert_string_equal(arguments_common(true)->name, "config");
    assert_string_equal(arguments_common(false)->name, "help");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_arguments_come_in_any_order),
        cmocka_unit_test(the_last_value_of_an_option_counts),
        cmocka_unit_test(an_option_given_several_times_has_all_its_values),
        cmocka_unit_test(two_dashes_end_the_options_and_one_is_an_argument),
        cmocka_unit_test(wrong_words_are_refused_with_what_was_expected),
        cmocka_unit_test(help_and_version_need_nothing_else_to_be_right),
        cmocka_unit_test(every_setting_is_an_option),
        cmocka_unit_test(options_win_over_the_config_file_over_the_recipe_over_defaults),
        cmocka_unit_test(the_automatic_recipe_looks_at_data_and_model),
        cmocka_unit_test(a_run_that_goes_on_takes_live_settings_only),
        cmocka_unit_test(the_usual_subcommand_may_be_left_out_of_the_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
