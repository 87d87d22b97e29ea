#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/nearest.h"
#include "core/number.h"
#include "core/settings.h"

static char folder[256], path[300];

static int make_folder(void **state) {
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/test_settings.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/a.conf", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    char command[400];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void write_config(const char *text, size_t size) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static int read_config(struct settings *s, const char *text, struct error *e) {
    write_config(text, strlen(text));
    settings_default(s);
    return settings_read(s, path, e);
}

static void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

static void refused(const char *name, const char *value, const char *part) {
    struct settings s, before;
    struct error e = {0};
    settings_default(&s);
    before = s;
    assert_int_equal(settings_set(&s, name, value, &e), ERROR_USAGE);
    assert_int_equal(e.code, ERROR_USAGE);
    assert_contains(e.text, part);
    assert_memory_equal(&s, &before, sizeof s);
}

static void defaults_are_those_of_the_table(void **state) {
    (void)state;
    struct settings s;
    settings_default(&s);
    assert_string_equal(s.model, "");
    assert_string_equal(s.data, "scenes:location");
    assert_int_equal(s.method, METHOD_GATED);
    assert_int_equal(s.batch, 64);
    assert_true(s.lr == 0.1);
    assert_true(s.temps);
    assert_int_equal(s.seed, 42);
}

static void every_default_is_within_its_own_range(void **state) {
    (void)state;
    for (size_t i = 0; i < settings_count(); i++) {
        struct settings s;
        struct error e = {0};
        char text[SETTINGS_TEXT];
        settings_default(&s);
        settings_get(&s, settings_at(i), text, sizeof text);
        if (settings_set(&s, settings_at(i)->name, text, &e) < 0)
            fail_msg("%s", e.text);
    }
}

static void rows_have_unique_names_and_a_group(void **state) {
    (void)state;
    for (size_t i = 0; i < settings_count(); i++) {
        assert_ptr_equal(settings_find(settings_at(i)->name), settings_at(i));
        assert_true(strlen(settings_group(i)) > 0);
        assert_true(strlen(settings_at(i)->help) > 0);
    }
    assert_string_equal(settings_group(0), "Backbone");
    assert_string_equal(settings_group(settings_count() - 1), "This session");
    assert_null(settings_find("no-such"));
}

static void every_choice_is_set_by_its_text(void **state) {
    (void)state;
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_at(i);
        if (row->type != SETTING_CHOICE)
            continue;
        for (int c = 0; row->choices[c].text; c++) {
            struct settings s;
            settings_default(&s);
            assert_int_equal(settings_set(&s, row->name, row->choices[c].text, NULL), 0);
            assert_int_equal(*(int *)((char *)&s + row->offset), c);
            assert_string_equal(settings_choice(row->name, c), row->choices[c].text);
        }
    }
    assert_string_equal(settings_choice("method", METHOD_GATED_HARD), "gated-hard");
    assert_string_equal(settings_choice("augment", AUGMENTATION_CROP_FLIP), "crop-flip");
}

static void wrong_values_are_refused_and_change_nothing(void **state) {
    (void)state;
    refused("lrr", "1", "did you mean \"lr\"?");
    refused("qqqqqqqq", "1", "gptui help settings");
    refused("lr", "0,5", "lr is \"0,5\", expected a number from 0 to 1e+30");
    refused("lr", "", "number");
    refused("lr", " 1", "number");
    refused("lr", "1x", "number");
    refused("lr", "nan", "number");
    refused("lr", "inf", "number");
    refused("lr", "1e999", "number");
    refused("lr", "0x10", "number");
    refused("lr", "-0.1", "from 0 to");
    refused("epochs", "0", "from 1 to 1000000 (epochs)");
    refused("epochs", "1.5", "whole number");
    refused("epochs", "1e2", "whole number");
    refused("epochs", "99999999999999999999", "whole number");
    refused("seed", "2147483648", "2147483647");
    refused("temps", "yes", "on or off");
    refused("method", "gatd", "did you mean \"gated\"?");
    refused("optimizer", "lion", "expected sgd or adamw");
    refused("data", "a\nb", "line break");
    char *huge = test_malloc(SETTINGS_TEXT + 1);
    memset(huge, 'a', SETTINGS_TEXT);
    huge[SETTINGS_TEXT] = 0;
    refused("data", huge, "at most 1023");
    huge[SETTINGS_TEXT - 1] = 0;
    struct settings s;
    settings_default(&s);
    assert_int_equal(settings_set(&s, "data", huge, NULL), 0);
    assert_string_equal(s.data, huge);
    test_free(huge);
}

static void reals_come_back_to_the_same_bits(void **state) {
    (void)state;
    const double values[] = {0.1,  0.3, 1.0 / 3, 0x1.fffffffffffffp-1, 5e-324, 1e5,      123456.789, 2.5,
                             1e-9, 0.0, 1e6,     0x1.0000000000001p0,  -0.0,   1.0 / 1e3};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[NUMBER_TEXT];
        double back;
        assert_true(number_real(number_print(values[i], text), &back));
        assert_memory_equal(&back, &values[i], sizeof back);
    }
    char text[NUMBER_TEXT];
    assert_string_equal(number_print(0.1, text), "0.1");
    assert_string_equal(number_print(100, text), "100");
    assert_string_equal(number_print(1e-5, text), "1e-05");
}

static bool set_comma_locale(void) {
    const char *names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    for (size_t i = 0; i < 3; i++)
        if (setlocale(LC_NUMERIC, names[i]))
            return true;
    char command[700];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
    if (system(command) < 0)
        return false;
    setenv("LOCPATH", folder, 1);
    return setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;
}

static void numbers_do_not_depend_on_the_locale(void **state) {
    (void)state;
    if (!set_comma_locale()) {
        print_message("no locale with a decimal comma is installed, and none can be made\n");
        skip();
    }
    double value = 0;
    char text[NUMBER_TEXT], foreign[8];
    bool dot = number_real("0.5", &value), comma = number_real("0,5", &value);
    number_print(0.25, text);
    snprintf(foreign, sizeof foreign, "%.1f", 0.5);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(foreign, "0,5"); /* the locale was in force */
    assert_true(dot);
    assert_false(comma);
    assert_true(value == 0.5);
    assert_string_equal(text, "0.25");
}

static void counts_take_digits_alone(void **state) {
    (void)state;
    uint64_t n = 7;
    assert_true(number_count("18446744073709551615", &n));
    assert_true(n == UINT64_MAX);
    assert_false(number_count("18446744073709551616", &n));
    assert_false(number_count("-1", &n));
    assert_false(number_count("+1", &n));
    assert_false(number_count("", &n));
    assert_false(number_count("1 ", &n));
}

static void written_settings_read_back_equal(void **state) {
    (void)state;
    struct settings s, back;
    struct error e = {0};
    settings_default(&s);
    const char *texts[] = {"", " blanks ", "a \"quoted\" path", "#7", "back\\slash", "\"", "tab\t", "a=b # c", "\\\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(settings_set(&s, "data", texts[i], NULL), 0);
        assert_int_equal(settings_set(&s, "lr", "0.30000000000000004", NULL), 0);
        assert_int_equal(settings_set(&s, "method", "deep", NULL), 0);
        assert_int_equal(settings_set(&s, "temps", "off", NULL), 0);
        FILE *f = fopen(path, "w");
        assert_int_equal(settings_write(&s, f), 0);
        fclose(f);
        settings_default(&back);
        if (settings_read(&back, path, &e) < 0)
            fail_msg("%s", e.text);
        assert_memory_equal(&s, &back, sizeof s);
    }
}

static void a_full_device_is_an_error(void **state) {
    (void)state;
    FILE *f = fopen("/dev/full", "w");
    if (!f) {
        print_message("no /dev/full here\n");
        skip();
    }
    setvbuf(f, NULL, _IONBF, 0);
    struct settings s;
    settings_default(&s);
    assert_true(settings_write(&s, f) < 0);
    fclose(f);
}

static void a_config_file_takes_comments_quotes_and_blanks(void **state) {
    (void)state;
    struct settings s;
    struct error e = {0};
    int r = read_config(&s,
                        "# a comment\n\n  lr=0.5   # why\n\tdata = \"my # \\\"photos\\\" \" # there\r\n"
                        "model = a#b.bin\nepochs = 3",
                        &e);
    if (r < 0)
        fail_msg("%s", e.text);
    assert_true(s.lr == 0.5);
    assert_string_equal(s.data, "my # \"photos\" ");
    assert_string_equal(s.model, "a#b.bin");
    assert_int_equal(s.epochs, 3);
}

static void a_bad_line_is_named_with_file_and_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *line, *part;
    } cases[] = {
        {"lr = 1\nepoch = 5\n", ":2: ", "did you mean \"epochs\"?"},
        {"lr = fast\n", ":1: ", "expected a number"},
        {"\n\nlr 5\n", ":3: ", "expected \"name = value\""},
        {"data = \"open\n", ":1: ", "no closing quote"},
        {"data = \"a\" b\n", ":1: ", "expected nothing"},
        {"= 5\n", ":1: ", "unknown setting"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings s;
        struct error e = {0};
        assert_int_equal(read_config(&s, cases[i].text, &e), ERROR_USAGE);
        assert_int_equal(strncmp(e.text, path, strlen(path)), 0);
        assert_contains(e.text, cases[i].line);
        assert_contains(e.text, cases[i].part);
    }
}

static void a_config_that_is_no_text_or_no_file_is_refused(void **state) {
    (void)state;
    struct settings s;
    struct error e = {0};
    settings_default(&s);
    write_config("lr = 1\0\n", 8);
    assert_int_equal(settings_read(&s, path, &e), ERROR_USAGE);
    assert_contains(e.text, "byte 0");
    assert_int_equal(settings_read(&s, "/no/such.conf", &e), ERROR_IO);
    assert_contains(e.text, "/no/such.conf");
    assert_int_equal(settings_read(&s, folder, &e), ERROR_IO);
    assert_contains(e.text, "directory");
}

static const char *nearest_of(const char *word, const char *a, const char *b) {
    struct nearest n = nearest_to(word);
    nearest_offer(&n, a);
    nearest_offer(&n, b);
    return nearest_word(&n);
}

static void the_nearest_word_minds_swaps_case_and_beginnings(void **state) {
    (void)state;
    assert_string_equal(nearest_of("pasue", "note", "pause"), "pause");
    assert_string_equal(nearest_of("PAUSE", "note", "pause"), "pause");
    assert_string_equal(nearest_of("pre", "repo", "preprocess"), "preprocess");
    assert_string_equal(nearest_of("promts", "prompt-dropout", "prompts"), "prompts");
    assert_null(nearest_of("zzzz", "note", "pause"));
    assert_null(nearest_of("", "note", "pause"));
    assert_null(nearest_of("a", "b", "c"));
}

static void partial_names_its_blocks(void **state) {
    (void)state;
    struct settings s;
    struct error e = {0};
    settings_default(&s);
    assert_int_equal(settings_set(&s, "method", "partial-3", &e), 0);
    assert_int_equal(s.method, METHOD_PARTIAL);
    assert_int_equal(s.last_blocks, 3);
    assert_int_equal(settings_set(&s, "method", "partial", &e), 0);
    assert_int_equal(s.last_blocks, 3);
    char text[64];
    assert_string_equal(settings_get(&s, settings_find("method"), text, sizeof text), "partial-3");
    refused("method", "partial-0", "last-blocks is \"0\"");
    refused("method", "partial-x", "last-blocks is \"x\"");
    refused("method", "gated-3", "expected gated, ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(every_default_is_within_its_own_range),
        cmocka_unit_test(rows_have_unique_names_and_a_group),
        cmocka_unit_test(every_choice_is_set_by_its_text),
        cmocka_unit_test(wrong_values_are_refused_and_change_nothing),
        cmocka_unit_test(reals_come_back_to_the_same_bits),
        cmocka_unit_test_setup_teardown(numbers_do_not_depend_on_the_locale, make_folder, remove_folder),
        cmocka_unit_test(counts_take_digits_alone),
        cmocka_unit_test_setup_teardown(written_settings_read_back_equal, make_folder, remove_folder),
        cmocka_unit_test(a_full_device_is_an_error),
        cmocka_unit_test_setup_teardown(a_config_file_takes_comments_quotes_and_blanks, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_bad_line_is_named_with_file_and_line, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_config_that_is_no_text_or_no_file_is_refused, make_folder, remove_folder),
        cmocka_unit_test(partial_names_its_blocks),
        cmocka_unit_test(the_nearest_word_minds_swaps_case_and_beginnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
