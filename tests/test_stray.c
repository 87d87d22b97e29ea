/* What is printed while the screen is up is caught line by line, on a terminal alone. */
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/stray.h"

static int pty_master = -1, kept[2];

/* Standard output and error become a terminal, as the program has them. */
static int on_a_terminal(void **state) {
    (void)state;
    int slave;
    fflush(NULL);
    if (openpty(&pty_master, &slave, NULL, NULL, NULL) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        kept[i] = dup(STDOUT_FILENO + i);
        dup2(slave, STDOUT_FILENO + i);
    }
    close(slave);
    return 0;
}

static int off_it(void **state) {
    (void)state;
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        dup2(kept[i], STDOUT_FILENO + i);
        close(kept[i]);
    }
    close(pty_master);
    return 0;
}

static void lines_of_both_streams_are_caught(void **state) {
    (void)state;
    struct stray s;
    struct error e = {0};
    char line[STRAY_LINE], rest[64];
    assert_int_equal(stray_catch(&s, &e), 0);
    dprintf(STDERR_FILENO, "first\nsec");
    assert_true(stray_line(&s, line));
    assert_string_equal(line, "first");
    assert_false(stray_line(&s, line)); /* its end has not come */
    dprintf(STDOUT_FILENO, "ond\n\n");
    assert_true(stray_line(&s, line));
    assert_string_equal(line, "second");
    assert_true(stray_line(&s, line));
    assert_string_equal(line, "");
    stray_release(&s);
    dprintf(STDOUT_FILENO, "on the terminal");
    ssize_t n = read(pty_master, rest, sizeof rest - 1);
    assert_true(n > 0);
    rest[n] = 0;
    assert_string_equal(rest, "on the terminal"); /* and nothing of what was caught */
}

static void a_line_without_an_end_comes_in_pieces(void **state) {
    (void)state;
    struct stray s;
    struct error e = {0};
    char line[STRAY_LINE], text[2 * STRAY_LINE];
    assert_int_equal(stray_catch(&s, &e), 0);
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    assert_int_equal(write(STDERR_FILENO, text, sizeof text), sizeof text);
    size_t total = 0;
    while (stray_line(&s, line))
        total += strlen(line);
    assert_int_equal(total, sizeof text - 1);
    stray_release(&s);
}

static void more_than_the_pipe_holds_blocks_nobody(void **state) {
    (void)state;
    struct stray s;
    struct error e = {0};
    char text[4096];
    assert_int_equal(stray_catch(&s, &e), 0);
    memset(text, 'y', sizeof text);
    for (int i = 0; i < 100; i++)
        (void)!write(STDERR_FILENO, text, sizeof text);
    stray_release(&s);
}

static void a_stream_that_is_a_file_is_left_alone(void **state) {
    (void)state;
    struct stray s;
    struct error e = {0};
    char line[STRAY_LINE];
    int was = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    close(null);
    assert_int_equal(stray_catch(&s, &e), 0);
    dprintf(STDERR_FILENO, "into the file\n");
    assert_false(stray_line(&s, line));
    stray_release(&s);
    dup2(was, STDERR_FILENO);
    close(was);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_of_both_streams_are_caught, on_a_terminal, off_it),
        cmocka_unit_test_setup_teardown(a_line_without_an_end_comes_in_pieces, on_a_terminal, off_it),
        cmocka_unit_test_setup_teardown(more_than_the_pipe_holds_blocks_nobody, on_a_terminal, off_it),
        cmocka_unit_test_setup_teardown(a_stream_that_is_a_file_is_left_alone, on_a_terminal, off_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
