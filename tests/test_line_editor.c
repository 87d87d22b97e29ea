/* The command line at the bottom: editing, history, completion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/completion.h"
#include "app/line_editor.h"

static struct completion_source source = {.gates = 11, .temps = 12, .heads = 3, .prompts = 10};

static enum line_editor_result press(struct line_editor *p, const char *name) {
    struct screen_key k = {.kind = SCREEN_KEY_NAMED, .name = name};
    return line_editor_key(p, &k, completion_offer, &source);
}

static void type(struct line_editor *p, const char *text) {
    while (*text) {
        struct screen_key k = {.kind = SCREEN_KEY_TEXT, .name = ""};
        k.code = canvas_next_code(&text);
        assert_int_equal(line_editor_key(p, &k, completion_offer, &source), LINE_EDITOR_CHANGED);
    }
}

static void text_is_typed_where_the_cursor_is(void **state) {
    (void)state;
    struct line_editor p = {0};
    line_editor_open(&p, "set ");
    type(&p, "lr 1");
    press(&p, "Left");
    type(&p, "0.");
    assert_string_equal(p.text, "set lr 0.1");
    press(&p, "Home");
    press(&p, "Delete");
    assert_string_equal(p.text, "et lr 0.1");
    press(&p, "End");
    press(&p, "Backspace");
    assert_string_equal(p.text, "et lr 0.");
    press(&p, "Ctrl-W");
    assert_string_equal(p.text, "et lr ");
    press(&p, "Ctrl-U");
    assert_string_equal(p.text, "");
    assert_true(p.open);
    assert_int_equal(press(&p, "Backspace"), LINE_EDITOR_LEFT);
    assert_false(p.open);
    line_editor_destroy(&p);
}

static void characters_of_several_bytes_stay_whole(void **state) {
    (void)state;
    struct line_editor p = {0};
    line_editor_open(&p, "");
    type(&p, "note \"ü€\"");
    press(&p, "Left");
    press(&p, "Left");
    press(&p, "Backspace");
    assert_string_equal(p.text, "note \"€\"");
    press(&p, "Delete");
    assert_string_equal(p.text, "note \"\"");
    line_editor_destroy(&p);
}

static void a_line_that_is_full_takes_no_more(void **state) {
    (void)state;
    struct line_editor p = {0};
    line_editor_open(&p, "");
    for (int i = 0; i < LINE_EDITOR_TEXT + 10; i++)
        type(&p, "x");
    assert_int_equal(p.length, LINE_EDITOR_TEXT - 1);
    assert_int_equal(strlen(p.text), LINE_EDITOR_TEXT - 1);
    line_editor_destroy(&p);
}

static void lines_come_back_from_history_and_the_draft_after_them(void **state) {
    (void)state;
    struct line_editor p = {0};
    const char *const lines[] = {"pause", "resume", "resume"};
    for (int i = 0; i < 3; i++) {
        line_editor_open(&p, lines[i]);
        assert_int_equal(press(&p, "Enter"), LINE_EDITOR_ENTER);
        assert_string_equal(p.text, lines[i]);
    }
    line_editor_open(&p, "dra");
    press(&p, "Up");
    assert_string_equal(p.text, "resume");
    press(&p, "Up"); /* the same line is kept once */
    assert_string_equal(p.text, "pause");
    press(&p, "Up");
    assert_string_equal(p.text, "pause");
    press(&p, "Down");
    press(&p, "Down");
    assert_string_equal(p.text, "dra");
    for (int i = 0; i < 3 * LINE_EDITOR_HISTORY; i++) {
        char line[32];
        snprintf(line, sizeof line, "step %d", i + 1);
        line_editor_open(&p, line);
        press(&p, "Enter");
    }
    assert_int_equal(p.history_count, LINE_EDITOR_HISTORY);
    line_editor_destroy(&p);
}

static void tab_completes_verbs_and_operands(void **state) {
    (void)state;
    struct line_editor p = {0};
    line_editor_open(&p, "fre");
    press(&p, "Tab");
    assert_string_equal(p.text, "freeze ");
    type(&p, "g");
    press(&p, "Tab"); /* what gate and gates share */
    assert_string_equal(p.text, "freeze gate");
    press(&p, "Tab");
    press(&p, "Tab");
    assert_string_equal(p.text, "freeze gates");
    press(&p, "Shift-Tab");
    assert_string_equal(p.text, "freeze gate");
    assert_int_equal(press(&p, "Esc"), LINE_EDITOR_CHANGED); /* the offers, not the line */
    assert_true(p.open);
    assert_int_equal(press(&p, "Esc"), LINE_EDITOR_LEFT);
    line_editor_open(&p, "at step 3 sel");
    press(&p, "Tab");
    assert_string_equal(p.text, "at step 3 select ");
    line_editor_open(&p, "set temp.12");
    press(&p, "Tab");
    assert_string_equal(p.text, "set temp.12 ");
    line_editor_open(&p, "set gate.12");
    press(&p, "Tab"); /* there are eleven */
    assert_string_equal(p.text, "set gate.12");
    line_editor_open(&p, "data scenes:cou");
    press(&p, "Tab");
    assert_string_equal(p.text, "data scenes:count ");
    line_editor_open(&p, "data fg");
    press(&p, "Tab");
    assert_string_equal(p.text, "data fgvc:");
    type(&p, "na");
    press(&p, "Tab");
    assert_string_equal(p.text, "data fgvc:nabirds:");
    line_editor_open(&p, "data vtab800:smallnorb-e");
    press(&p, "Tab");
    assert_string_equal(p.text, "data vtab800:smallnorb-elevation:");
    line_editor_destroy(&p);
}

static void tab_completes_folders_of_pictures(void **state) {
    (void)state;
    struct line_editor p = {0};
    char folder[] = "/tmp/gptui-prompt.XXXXXX", line[LINE_EDITOR_TEXT], wanted[LINE_EDITOR_TEXT];
    assert_non_null(mkdtemp(folder));
    snprintf(line, sizeof line, "%s/birds", folder);
    assert_int_equal(mkdir(line, 0700), 0);
    snprintf(line, sizeof line, "data folder:%s/bi", folder);
    snprintf(wanted, sizeof wanted, "data folder:%s/birds/", folder);
    line_editor_open(&p, line);
    press(&p, "Tab");
    assert_string_equal(p.text, wanted);
    snprintf(line, sizeof line, "data fgvc:cub:%s/bi", folder);
    snprintf(wanted, sizeof wanted, "data fgvc:cub:%s/birds/", folder);
    line_editor_open(&p, line);
    press(&p, "Tab");
    assert_string_equal(p.text, wanted);
    snprintf(line, sizeof line, "%s/birds", folder);
    rmdir(line);
    rmdir(folder);
    line_editor_destroy(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_typed_where_the_cursor_is),
        cmocka_unit_test(characters_of_several_bytes_stay_whole),
        cmocka_unit_test(a_line_that_is_full_takes_no_more),
        cmocka_unit_test(lines_come_back_from_history_and_the_draft_after_them),
        cmocka_unit_test(tab_completes_verbs_and_operands),
        cmocka_unit_test(tab_completes_folders_of_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
