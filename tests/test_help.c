#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/arguments.h"
#include "app/help.h"
#include "app/help_topics.h"
#include "app/language.h"
#include "app/recipes.h"
#include "app/subcommands.h"

/* What a printer writes, as a string to free. */
static char *printed(void (*print)(FILE *)) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    print(f);
    assert_int_equal(fclose(f), 0);
    return text;
}

static char *topic_at(const char *topic, int width) {
    char *text = NULL;
    size_t size;
    struct error e = {0};
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    if (help_print(f, width, topic, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(fclose(f), 0);
    return text;
}

static bool is_part(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static bool has_word(const char *text, const char *word) {
    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || !is_part(at[-1])) && !is_part(at[strlen(word)]))
            return true;
    return false;
}

static void assert_word(const char *text, const char *word, const char *where) {
    if (!has_word(text, word))
        fail_msg("%s does not mention \"%s\"", where, word);
}

/* The manual page as it is read: escapes undone. */
static char *man_text(void) {
    char *text = printed(help_man), *to = text;
    for (const char *from = text; *from; from++) {
        if (from[0] != '\\') {
            *to++ = *from;
        } else if (from[1] == 'f') { /* \fB */
            from += 2;
        } else if (from[1] == '(') { /* \(aq and its like: no part of a name */
            *to++ = ' ';
            from += 3;
        } else if (from[1] == '-' || from[1] == ' ') {
            *to++ = *++from;
        }
    }
    *to = 0;
    return text;
}

static void every_setting_is_in_help_manual_and_completion(void **state) {
    (void)state;
    char *help = topic_at("settings", 80), *man = man_text(), *completion = printed(help_completion);
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_at(i);
        char name[80];
        snprintf(name, sizeof name, "--%s", row->name);
        assert_word(help, name, "help settings");
        assert_word(man, name, "the manual");
        assert_word(completion, name, "the completion");
        assert_word(help, settings_group(i), "help settings");
        for (const struct setting_choice *c = row->choices; c && c->text; c++) {
            assert_word(help, c->text, "help settings");
            assert_word(man, c->text, "the manual");
            assert_word(completion, c->text, "the completion");
        }
    }
    free(help), free(man), free(completion);
}

static void every_default_is_in_help(void **state) {
    (void)state;
    char *help = topic_at("settings", 100);
    struct settings defaults;
    settings_default(&defaults);
    for (size_t i = 0; i < settings_count(); i++) {
        char value[SETTINGS_TEXT], text[SETTINGS_TEXT + 20];
        settings_get(&defaults, settings_at(i), value, sizeof value);
        snprintf(text, sizeof text, "default %s]", *value ? value : "empty");
        assert_non_null(strstr(help, text));
    }
    assert_non_null(strstr(help, "[tokens, 1 to 100000; default 10]"));
    free(help);
}

static void every_verb_is_in_help_and_manual(void **state) {
    (void)state;
    char *help = topic_at("commands", 80), *man = man_text();
    for (size_t i = 0; i < language_verb_count(); i++) {
        assert_word(help, language_verb_at(i)->name, "help commands");
        assert_word(man, language_verb_at(i)->name, "the manual");
    }
    assert_word(help, language_prefix_at(0)->name, "help commands");
#define X(constant, name, text)                                                                                        \
    assert_word(help, name, "help commands");                                                                          \
    assert_word(man, name, "the manual");
    COMMAND_METRICS(X)
#undef X
    free(help), free(man);
}

static void every_subcommand_and_its_options_are_everywhere(void **state) {
    (void)state;
    char *help = topic_at(NULL, 80), *man = man_text(), *completion = printed(help_completion);
    for (size_t i = 0; i < subcommands_count(); i++) {
        const struct subcommand *command = subcommands_at(i);
        assert_ptr_equal(subcommands_find(command->name), command);
        assert_word(help, command->name, "--help");
        assert_word(man, command->name, "the manual");
        assert_word(completion, command->name, "the completion");
        char *own = topic_at(command->name, 80);
        for (const struct option *o = command->options; o && o->name; o++) {
            char name[80];
            snprintf(name, sizeof name, "--%s", o->name);
            assert_word(own, name, command->name);
            assert_word(man, name, "the manual");
            assert_word(completion, name, "the completion");
        }
        assert_word(own, "--help", command->name);
        for (size_t k = 0; command->takes_settings && k < settings_count(); k++) {
            char name[80];
            snprintf(name, sizeof name, "--%s", settings_at(k)->name);
            assert_word(own, name, command->name);
        }
        free(own);
    }
    free(help), free(man), free(completion);
}

static void every_recipe_and_topic_is_everywhere(void **state) {
    (void)state;
    char *help = topic_at("recipes", 80), *man = man_text(), *completion = printed(help_completion);
    for (size_t i = 0; i < recipes_count(); i++) {
        assert_word(help, recipes_at(i)->name, "help recipes");
        assert_word(man, recipes_at(i)->name, "the manual");
        assert_word(completion, recipes_at(i)->name, "the completion");
    }
    char *first = topic_at(NULL, 80);
    for (size_t i = 0; i < help_topics_count(); i++) {
        assert_word(first, help_topics_at(i)->name, "--help");
        assert_word(completion, help_topics_at(i)->name, "the completion");
    }
    free(help), free(man), free(completion), free(first);
}

static void assert_fits(const char *text, const char *name, int width) {
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        if (length > (size_t)width)
            fail_msg("%s has a line of %zu columns at a width of %d: %.*s", name, length, width, (int)length, line);
        if (length > 0 && line[length - 1] == ' ')
            fail_msg("%s has a line that ends with a blank: %.*s", name, (int)length, line);
        line += length + (line[length] == '\n');
    }
    for (const char *at = text; *at; at++)
        if (!(isprint((unsigned char)*at) || *at == '\n'))
            fail_msg("%s holds the byte %d", name, *at);
}

static void help_fits_its_width_and_is_ascii(void **state) {
    (void)state;
    for (int width = 80; width <= 100; width += 10) {
        for (size_t i = 0; i < help_topics_count(); i++) {
            char *text = topic_at(help_topics_at(i)->name, width);
            assert_fits(text, help_topics_at(i)->name, width);
            free(text);
        }
        for (size_t i = 0; i < subcommands_count(); i++) {
            char *text = topic_at(subcommands_at(i)->name, width);
            assert_fits(text, subcommands_at(i)->name, width);
            free(text);
        }
        char *text = topic_at(NULL, width);
        assert_fits(text, "--help", width);
        free(text);
    }
}

static void the_first_help_fits_one_screen(void **state) {
    (void)state;
    char *text = topic_at(NULL, 80);
    int lines = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    free(text);
    assert_in_range(lines, 25, 48);
}

static void an_unknown_topic_suggests_the_nearest(void **state) {
    (void)state;
    struct error e = {0};
    assert_int_equal(help_print(stdout, 80, "setings", &e), ERROR_USAGE);
    assert_string_equal(e.text, "no help on \"setings\"; did you mean \"settings\"?");
    assert_int_equal(help_print(stdout, 80, "exit", &e), ERROR_USAGE);
    assert_string_equal(e.text, "no help on \"exit\"; did you mean \"exit-codes\"?");
    assert_int_equal(help_print(stdout, 80, "qqqqqqqqqq", &e), ERROR_USAGE);
    assert_string_equal(e.text, "no help on \"qqqqqqqqqq\"; see `gptui help` for the topics");
}

static void every_exit_status_is_explained(void **state) {
    (void)state;
    char *text = topic_at("exit-codes", 80);
    const char *const all[] = {"0", "1", "2", "3", "4", "130", "143", "NaN"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_word(text, all[i], "help exit-codes");
    free(text);
}

/* The first line that a shell command writes, "" where it writes none. The command may not fail to start. */
static void first_line(const char *command, char *out, size_t size) {
    FILE *f = popen(command, "r");
    assert_non_null(f);
    if (!fgets(out, (int)size, f))
        *out = 0;
    out[strcspn(out, "\n")] = 0;
    pclose(f);
}

static void write_temporary(void (*print)(FILE *), char *path, size_t size) {
    const char *tmp = getenv("TMPDIR");
    snprintf(path, size, "%s/test_help.XXXXXX", tmp ? tmp : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    print(f);
    assert_int_equal(fclose(f), 0);
}

static void the_manual_has_no_troff_warning(void **state) {
    (void)state;
    if (system("command -v groff >/dev/null") != 0) {
        print_message("groff is not installed\n");
        skip();
    }
    char path[200], command[300], line[400];
    write_temporary(help_man, path, sizeof path);
    snprintf(command, sizeof command, "groff -man -ww -Tascii %s 2>&1 >/dev/null", path);
    first_line(command, line, sizeof line);
    unlink(path);
    assert_string_equal(line, "");
}

static void completed(const char *script, const char *breaks, const char *line, const char *expected) {
    char command[600], answer[4000];
    snprintf(command, sizeof command,
             "bash -c 'source %s && COMP_WORDBREAKS=\"%s\" && COMP_LINE=\"%s\" && COMP_POINT=${#COMP_LINE} && _gptui "
             "&& echo \"${COMPREPLY[*]}\"'",
             script, breaks, line);
    first_line(command, answer, sizeof answer);
    assert_string_equal(answer, expected);
}

static void completion_in_bash_answers_from_the_tables(void **state) {
    (void)state;
    if (system("command -v bash >/dev/null") != 0) {
        print_message("bash is not installed\n");
        skip();
    }
    char path[200];
    write_temporary(help_completion, path, sizeof path);
    completed(path, " :=", "gptui insp", "inspect");
    completed(path, " :=", "gptui inspect --js", "--json");
    completed(path, " :=", "gptui inspect --prom", "");
    completed(path, " :=", "gptui --prompt-", "--prompt-dropout");
    completed(path, " :=", "gptui run --prompt-", "--prompt-dropout");
    completed(path, " :=", "gptui --method gated-", "gated-hard");
    completed(path, " :=", "gptui --method=gated-", "gated-hard");
    completed(path, " :=", "gptui --temps o", "on off");
    completed(path, " :=", "gptui --recipe mae:cu", "cub"); /* bash has parted the word at its colon */
    completed(path, " :=", "gptui --recipe=moco:clevr-c", "clevr-count");
    completed(path, " :=", "gptui help sett", "settings");
    completed(path, " :=", "gptui help --m", "--man");
    completed(path, " ", "gptui --recipe mae:cu", "mae:cub");
    completed(path, " ", "gptui --recipe nabi", "nabirds");
    completed(path, " ", "gptui --method=gated-", "--method=gated-hard");
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_is_in_help_manual_and_completion),
        cmocka_unit_test(every_default_is_in_help),
        cmocka_unit_test(every_verb_is_in_help_and_manual),
        cmocka_unit_test(every_subcommand_and_its_options_are_everywhere),
        cmocka_unit_test(every_recipe_and_topic_is_everywhere),
        cmocka_unit_test(help_fits_its_width_and_is_ascii),
        cmocka_unit_test(the_first_help_fits_one_screen),
        cmocka_unit_test(an_unknown_topic_suggests_the_nearest),
        cmocka_unit_test(every_exit_status_is_explained),
        cmocka_unit_test(the_manual_has_no_troff_warning),
        cmocka_unit_test(completion_in_bash_answers_from_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
