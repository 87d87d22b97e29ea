#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/screen_play.h"

static const struct screen_play echo = {.echo = true};

static bool begins_with(struct terminal *t, void *expected) {
    return !strncmp(terminal_text(t), expected, strlen(expected));
}

static void keys_are_told_by_name(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } cases[] = {
        {"a", "a;"},
        {" ", "Space;"},
        {"\r", "Enter!;"},
        {"\n", "Enter!;"},
        {"\t", "Tab!;"},
        {"\033[Z", "Shift-Tab!;"},
        {"\177", "Backspace!;"},
        {"\b", "Backspace!;"},
        {"\001", "Ctrl-A!;"},
        {"\003", "Ctrl-C!;"},
        {"\023", "Ctrl-S!;"},
        {"\032", "Ctrl-Z!;"},
        {"\033OA\033OB\033OC\033OD", "Up!;Down!;Right!;Left!;"},
        {"\033[A\033[B\033[C\033[D", "Up!;Down!;Right!;Left!;"},
        {"\033[5~\033[6~", "PageUp!;PageDown!;"},
        {"\033OH\033OF", "Home!;End!;"},
        {"\033[H\033[F", "Home!;End!;"},
        {"\033[1~\033[4~", "Home!;End!;"},
        {"\033[3~", "Delete!;"},
        {"\033OP\033[15~\033[24~", "F1!;F5!;F12!;"},
        {"\033[1;5A", "Ctrl-Up!;"},
        {"\033[1;2D", "Shift-Left!;"},
        {"\033[1;3C", "Alt-Right!;"},
        {"\033", "Esc!;"},
        {"\033\033", "Esc!;Esc!;"},
        {"\033x", "Alt-x!;"},
        {"\033[99;7u", ""}, /* means nothing here, and is no text */
        {"\033[200~", ""},
        {"é鳥🐦", "é;鳥;🐦;"},
        {"\377\376a", "a;"},
        {"\033[<0;7;3M\033[<0;7;3m", "Click@2,6!;"},
        {"\033[<64;1;1M\033[<65;300;90M", "WheelUp@0,0!;WheelDown@89,299!;"},
        {"\033[<2;7;3M\033[<32;7;3M", ""},
        {"\033[<16;7;3M", "Click@2,6!;"},
        {"\033[M !!", "Click@0,0!;"},
    };
    static const char *const terms[] = {"xterm-256color", "vt100", "screen-256color"};
    for (size_t k = 0; k < sizeof terms / sizeof *terms; k++) {
        struct terminal *t = screen_play_start(terms[k], "C.UTF-8", &echo);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            char expected[128];
            terminal_send(t, "|.");
            assert_true(terminal_shows(t, "|;.;", SOON));
            terminal_send(t, cases[i].bytes);
            if (!strcmp(cases[i].bytes + strlen(cases[i].bytes) - 1, "\033")) /* else it would be Alt */
                assert_true(terminal_shows(t, cases[i].expected, SOON));
            terminal_send(t, ".");
            snprintf(expected, sizeof expected, "%s.;\n", cases[i].expected);
            if (!terminal_until(t, begins_with, expected, SOON))
                fail_msg("%s: key %zu: %s is not %s", terms[k], i, terminal_text(t), expected);
        }
        screen_play_stop(t);
    }
}

static void sequences_that_come_in_pieces_are_put_together(void **state) {
    (void)state;
    static const char *const pieces[] = {"\033[", "A", "\033[<6", "5;12;", "4M", "\033", "[B", "\303", "\251", "."};
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &echo);
    terminal_settle(t, QUIET);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        terminal_send(t, pieces[i]);
        if (!strcmp(pieces[i], "\033"))
            assert_true(terminal_shows(t, "Esc!;", SOON));
        else
            usleep(45000);
    }
    /* A lone Esc cannot be told from the first byte of a late sequence, but no "[B" may come of it. */
    assert_true(terminal_shows(t, "Up!;WheelDown@3,11!;Esc!;Down!;é;.;", SOON));
    screen_play_stop(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_told_by_name),
        cmocka_unit_test(sequences_that_come_in_pieces_are_put_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
