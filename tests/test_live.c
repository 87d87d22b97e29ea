/* The program on a terminal: a session steered by keys and its replay, every way out, any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/philox.h"
#include "tests/terminal.h"

#define SECONDS 60.0 /* sanitizers are slow */
#define RUN                                                                                                            \
    "--model", "random:nano", "--data", "scenes:shape", "--scenes-train", "64", "--scenes-val", "32", "--scenes-test", \
        "32", "--batch", "16", "--chunk", "3", "--recipe", "none", "--lr", "0.05", "--threads", "2"

static char folder[] = "/tmp/gptui-live.XXXXXX";

static const char *program(void) {
    const char *path = getenv("GPTUI");
    if (!path)
        fail_msg("GPTUI names the program under test");
    return path;
}

static int enter_folder(void **state) {
    (void)state;
    /* A sanitizer would take the signals that are sent on purpose for its own. */
    const char *options = getenv("ASAN_OPTIONS");
    char more[512];
    snprintf(more, sizeof more, "%s%shandle_segv=0:handle_sigbus=0:handle_abort=0", options ? options : "",
             options ? ":" : "");
    setenv("ASAN_OPTIONS", more, 1);
    snprintf(more, sizeof more, "%s:handle_segv=0:handle_sigbus=0:handle_abort=0",
             getenv("TSAN_OPTIONS") ? getenv("TSAN_OPTIONS") : "");
    setenv("TSAN_OPTIONS", more, 1);
    return !mkdtemp(folder) || chdir(folder) < 0;
}

static int leave_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") < 0 || system(command) != 0;
}

static void shows(struct terminal *t, const char *text) {
    if (!terminal_shows(t, text, SECONDS))
        fail_msg("no \"%s\" on\n%s", text, terminal_text(t));
}

/* Lets the program go on for so many seconds: a run that moves never falls silent. */
static void look_on(struct terminal *t, double seconds) {
    terminal_shows(t, "\x01", seconds);
}

static struct terminal *start(int height, int width, const char *term, const char *out, const char *epochs) {
    const char *const arguments[] = {program(), RUN, "--out", out, "--epochs", epochs, NULL};
    struct terminal *t = terminal_start(height, width, term, "C.UTF-8", arguments);
    shows(t, "RUNNING");
    look_on(t, 0.5); /* some steps are done, and how long one takes is known */
    return t;
}

/* The terminal is as it was, and the program ended with this status. */
static void ended(struct terminal *t, int status) {
    int found = terminal_finish(t, SECONDS);
    if (found != status)
        fail_msg("status %d, expected %d:\n%s", found, status, terminal_text(t));
    struct termios now = terminal_modes(t), before = terminal_modes_before(t);
    assert_false(terminal_is_alternate(t));
    assert_false(terminal_has_mouse(t));
    assert_int_equal(now.c_lflag, before.c_lflag);
    assert_int_equal(now.c_iflag, before.c_iflag);
    assert_int_equal(now.c_oflag, before.c_oflag);
}

/* What a command prints, its end. */
static void run(const char *command, char *out, size_t size) {
    FILE *f = popen(command, "r");
    size_t n = f ? fread(out, 1, size - 1, f) : 0;
    out[n] = 0;
    assert_non_null(f);
    pclose(f);
}

/* What a run that has saved and left writes last. */
static void left_with_a_save(const char *out) {
    char line[64], text[4096];
    snprintf(line, sizeof line, "tail -n 1 %s/journal.gpt", out);
    run(line, text, sizeof text);
    size_t n = strlen(text);
    if (n < 6 || strcmp(text + n - 6, " stop\n") != 0)
        fail_msg("%s: the journal ends with \"%s\": its last save was cut short", out, text);
}

static void command(struct terminal *t, const char *line) {
    terminal_send(t, ":");
    terminal_send(t, line);
    terminal_send(t, "\r");
}

static void a_session_by_keys_and_its_replay_end_with_the_same_weights(void **state) {
    (void)state;
    char text[8192], line[512];
    struct terminal *t = start(40, 120, "xterm-256color", "session", "100000");
    terminal_send(t, " ");
    shows(t, "PAUSED");
    command(t, "freeze gate 3");
    command(t, "set gate.2 0.5");
    command(t, "data scenes:count");
    terminal_send(t, " 5");    /* on; the log */
    command(t, "filter step"); /* interventions: epochs would push them out of sight */
    shows(t, "freeze gate 3");
    shows(t, "data \"scenes:count\"");
    terminal_send(t, "1");
    shows(t, "RUNNING");
    look_on(t, 0.3);
    command(t, "thaw gate 3");
    command(t, "set lr 0.02");
    terminal_send(t, "5");
    shows(t, "set lr 0.02");
    look_on(t, 0.3);
    terminal_send(t, "q");
    shows(t, "save and stop");
    terminal_send(t, "s");
    ended(t, 0);
    shows(t, "sha256=");
    terminal_destroy(t);
    snprintf(line, sizeof line, "%s --headless --replay session 2>&1", program());
    run(line, text, sizeof text);
    if (!strstr(text, "replay of session: the same weights"))
        fail_msg("%s", text);
    run("cat session/journal.gpt", text, sizeof text);
    const char *const wanted[] = {"freeze gate 3", "set gate.2 0.5", "data \"scenes:count\"",
                                  "thaw gate 3",   "set lr 0.02",    "stop"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("no \"%s\" in\n%s", wanted[i], text);
}

static void undo_takes_changes_back_and_esc_takes_back_what_waits(void **state) {
    (void)state;
    char text[4096];
    struct terminal *t = start(40, 120, "xterm-256color", "undo", "100000");
    terminal_send(t, "5/gate\r"); /* the log, of gates alone: epochs push nothing out of sight */
    command(t, "freeze gate 1-2");
    shows(t, "freeze gate 1-2");
    look_on(t, 0.3);
    terminal_send(t, "u");
    shows(t, "thaw gate 1,2");
    command(t, "set gate.9 0.5");
    shows(t, "there is no gate of block 9");
    command(t, "frob");
    shows(t, "unknown command");
    terminal_send(t, "\033");
    look_on(t, 0.2);
    command(t, "quit");
    ended(t, 0);
    terminal_destroy(t);
    run("cat undo/journal.gpt", text, sizeof text);
    assert_null(strstr(text, "gate.9"));
}

static void what_is_taken_back_leaves_the_other_undos_alone(void **state) {
    (void)state;
    const char *const arguments[] = {program(),      "--model", "random:vits16", "--data",
                                     "scenes:shape", "--batch", "512",           "--recipe",
                                     "none",         "--out",   "long",          NULL}; /* a step takes many seconds */
    struct terminal *t = terminal_start(40, 120, "xterm-256color", "C.UTF-8", arguments);
    shows(t, "RUNNING");
    command(t, "freeze gate 2");
    shows(t, "QUEUED freeze gate 2");
    command(t, "freeze gate 1");
    shows(t, "QUEUED freeze gate 1 (and 1 more)");
    terminal_send(t, "\033");
    shows(t, "taken back: freeze gate 1");
    terminal_send(t, "u");
    shows(t, "QUEUED thaw gate 2 (and 1 more)");
    terminal_send(t, "\033");
    shows(t, "taken back: thaw gate 2");
    terminal_send(t, "u"); /* once more: it was not done */
    shows(t, "QUEUED thaw gate 2 (and 1 more)");
    terminal_send(t, "u");
    shows(t, "nothing to undo");
    command(t, "quit!");
    ended(t, 0);
    terminal_destroy(t);
}

/* Files of the program `pid` may grow to `size` bytes from now on. */
static void limit_files(pid_t pid, rlim_t size) {
    struct rlimit limit;
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void a_disk_that_refuses_loses_nothing_and_is_waited_for(void **state) {
    (void)state;
    char line[512], text[8192];
    struct terminal *t = start(40, 120, "xterm-256color", "full", "100000");
    limit_files(terminal_pid(t), 4096);
    shows(t, "PAUSED");
    terminal_send(t, "qs");
    shows(t, "not saved yet: make room");
    command(t, "detach");
    look_on(t, 0.3);
    assert_true(terminal_is_alternate(t)); /* neither left */
    limit_files(terminal_pid(t), RLIM_INFINITY);
    look_on(t, 1.5);
    terminal_send(t, " ");
    shows(t, "RUNNING");
    look_on(t, 0.5);
    command(t, "quit");
    ended(t, 0);
    terminal_destroy(t);
    left_with_a_save("full");
    snprintf(line, sizeof line, "%s --headless --replay full 2>&1", program());
    run(line, text, sizeof text);
    if (!strstr(text, "replay of full: the same weights"))
        fail_msg("%s", text);
}

/* `step` set down for later pauses then, but not where nobody is left. */
static void nobody_is_waited_for_after_detaching(void **state) {
    (void)state;
    const char *const arguments[] = {program(), RUN, "--out", "alone", "--epochs", "30", NULL};
    struct terminal *t = terminal_start(24, 80, "xterm-256color", "C.UTF-8", arguments);
    shows(t, "RUNNING");
    terminal_send(t, " ");
    shows(t, "PAUSED");
    command(t, "at step 110 step 5"); /* of 120 */
    command(t, "detach");
    shows(t, "done run=alone epochs=30");
    assert_int_equal(terminal_finish(t, SECONDS), 0);
    terminal_destroy(t);
}

static void the_screen_outlives_the_training(void **state) {
    (void)state;
    const char *const arguments[] = {program(), RUN, "--out", "short", "--epochs", "1", NULL};
    struct terminal *t = terminal_start(24, 80, "xterm-256color", "C.UTF-8", arguments);
    shows(t, "DONE");
    look_on(t, 0.3);
    assert_int_equal(terminal_finish(t, 0), -1);
    for (const char *keys = "1234567"; *keys; keys++) {
        const char key[] = {*keys, 0};
        terminal_send(t, key);
        look_on(t, 0.1);
    }
    terminal_send(t, "q");
    ended(t, 0);
    terminal_destroy(t);
}

static void a_finished_run_can_be_shown_without_a_trace(void **state) {
    (void)state;
    char before[4096], after[4096];
    const char *const arguments[] = {program(), "show", "short", NULL};
    run("cd short && sha256sum *", before, sizeof before);
    struct terminal *t = terminal_start(40, 120, "xterm-256color", "C.UTF-8", arguments);
    shows(t, "overview");
    terminal_send(t, "3");
    shows(t, "val");
    look_on(t, 0.3);
    terminal_send(t, "4e");
    look_on(t, 1);
    command(t, "freeze gate 1");
    shows(t, "read-only");
    terminal_send(t, "q");
    ended(t, 0);
    terminal_destroy(t);
    run("cd short && sha256sum *", after, sizeof after);
    assert_string_equal(before, after);
}

/* Looked at by keys, then shown again from its folder. */
static void a_pretraining_run_shows_its_reconstructions(void **state) {
    (void)state;
    const char *const arguments[] = {program(), RUN,      "--method", "mae",    "--lr", "0.002",
                                     "--out",   "masked", "--epochs", "100000", NULL};
    struct terminal *t = terminal_start(24, 80, "xterm-256color", "C.UTF-8", arguments);
    shows(t, "RUNNING");
    terminal_send(t, "3");
    shows(t, "[3 reconstruction]");
    shows(t, "val #0  mask 1, that of evaluation");
    shows(t, "hidden 12 of 16 patches");
    terminal_send(t, "pl");
    shows(t, "val #1  mask 2");
    terminal_send(t, "x");
    shows(t, "test #0  mask 2");
    terminal_resize(t, 12, 40);
    shows(t, "expl. ");
    terminal_resize(t, 24, 80);
    terminal_send(t, "f"); /* means nothing there */
    terminal_send(t, "2");
    shows(t, "pretraining: this run has no gates");
    terminal_send(t, "4");
    shows(t, "Pretraining has no classes.");
    terminal_send(t, "q");
    shows(t, "save and stop");
    terminal_send(t, "s");
    ended(t, 0);
    shows(t, "sha256=");
    terminal_destroy(t);
    t = terminal_start(24, 80, "vt100", "C", (const char *const[]){program(), "show", "masked", NULL});
    shows(t, "SHOW");
    terminal_send(t, "3");
    shows(t, "masked: 75% hidden");
    command(t, "export look.png");
    shows(t, "look.png");
    terminal_send(t, "q");
    ended(t, 0);
    terminal_destroy(t);
    assert_int_equal(access("look.png", R_OK), 0);
}

static void it_goes_on_without_its_screen(void **state) {
    (void)state;
    struct terminal *t = start(24, 80, "xterm-256color", "detached", "100000");
    command(t, "detach");
    shows(t, "goes on without its screen");
    look_on(t, 0.5);
    assert_false(terminal_is_alternate(t));
    assert_int_equal(kill(terminal_pid(t), SIGHUP), 0); /* ignored from here on */
    look_on(t, 0.3);
    assert_int_equal(terminal_finish(t, 0), -1);
    kill(terminal_pid(t), SIGTERM);
    assert_int_equal(terminal_finish(t, SECONDS), 143);
    terminal_destroy(t);
}

static void every_signal_gives_the_terminal_back(void **state) {
    (void)state;
    const struct {
        int number, status;
    } signals[] = {{SIGTERM, 143}, {SIGINT, 130}, {SIGHUP, 129}, {SIGSEGV, 128 + SIGSEGV}, {SIGABRT, 128 + SIGABRT}};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        char out[32];
        snprintf(out, sizeof out, "signal%zu", i);
        struct terminal *t = start(24, 80, "xterm-256color", out, "100000");
        kill(terminal_pid(t), signals[i].number);
        ended(t, signals[i].status);
        terminal_destroy(t);
        char command[64], text[4096];
        snprintf(command, sizeof command, "ls %s", out);
        run(command, text, sizeof text);
        assert_non_null(strstr(text, "last.safetensors"));
    }
}

/* ThreadSanitizer calls the handler of a second signal within that of the first, though libuv's block all of them: its
 * lock then waits for itself. The kernel's hangup comes with a SIGCONT, so tests of it would hang now and then. */
static void not_under_thread_sanitizer(void) {
#ifdef __SANITIZE_THREAD__
    skip();
#endif
}

static void a_terminal_that_goes_away_is_a_hangup(void **state) {
    (void)state;
    not_under_thread_sanitizer();
    struct terminal *t = start(24, 80, "xterm-256color", "gone", "100000");
    terminal_hang_up(t);
    assert_int_equal(terminal_finish(t, SECONDS), 129);
    terminal_destroy(t);
    left_with_a_save("gone");
}

/* The end of input and the kernel's signal, and a shell's beside it. */
static void hangups_that_come_together_are_one(void **state) {
    (void)state;
    not_under_thread_sanitizer();
    for (int i = 0; i < 10; i++) {
        char out[32];
        snprintf(out, sizeof out, "hangup%d", i);
        struct terminal *t = start(24, 80, "xterm-256color", out, "100000");
        pid_t pid = terminal_pid(t);
        kill(pid, SIGHUP);
        terminal_hang_up(t);
        usleep((useconds_t)i * 1000);
        kill(pid, SIGHUP);
        assert_int_equal(terminal_finish(t, SECONDS), 129);
        terminal_destroy(t);
        left_with_a_save(out);
    }
}

/* A thread of the program that is called `name`; 0: none. */
static long thread_of(pid_t pid, const char *name) {
    char path[300], comm[64];
    long found = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *entry; d && !found && (entry = readdir(d));) {
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/comm", (int)pid, entry->d_name);
        FILE *f = fopen(path, "re");
        if (f && fgets(comm, sizeof comm, f) && strncmp(comm, name, strlen(name)) == 0)
            found = atol(entry->d_name);
        if (f)
            fclose(f);
    }
    if (d)
        closedir(d);
    return found;
}

static void a_fault_in_any_thread_gives_the_terminal_back(void **state) {
    (void)state;
    const char *const threads[] = {"team", "trainer", "decoder"};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        char out[32];
        snprintf(out, sizeof out, "fault%zu", i);
        struct terminal *t = start(24, 80, "xterm-256color", out, "100000");
        long thread = thread_of(terminal_pid(t), threads[i]);
        assert_true(thread > 0);
        assert_int_equal(syscall(SYS_tgkill, terminal_pid(t), thread, SIGBUS), 0);
        ended(t, 128 + SIGBUS);
        terminal_destroy(t);
    }
}

/* A shell with jobs: the terminal's stop key does nothing where there is none. */
static void it_stops_for_the_shell_and_comes_back(void **state) {
    (void)state;
    const char *const arguments[] = {
        "/bin/bash", "-c",      "set -m; \"$@\"; read -r -p 'in the shell' line; fg >/dev/null",
        "bash",      program(), RUN,
        "--out",     "stopped", "--epochs",
        "100000",    NULL};
    struct terminal *t = terminal_start(24, 80, "xterm-256color", "C.UTF-8", arguments);
    shows(t, "RUNNING");
    terminal_send(t, "\032");
    shows(t, "in the shell");
    assert_false(terminal_is_alternate(t));
    terminal_send(t, "\r");
    shows(t, "RUNNING");
    assert_true(terminal_is_alternate(t));
    command(t, "quit!");
    ended(t, 0);
    terminal_destroy(t);
}

static void poor_terminals_will_do(void **state) {
    (void)state;
    const char *const terms[] = {"vt100", "linux", "screen-256color"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        char out[32];
        snprintf(out, sizeof out, "term%zu", i);
        const char *const arguments[] = {program(), RUN, "--out", out, "--epochs", "100000", NULL};
        struct terminal *t = terminal_start(24, 80, terms[i], i == 0 ? "C" : "C.UTF-8", arguments);
        shows(t, "RUNNING");
        terminal_send(t, "23456");
        look_on(t, 0.2);
        command(t, "quit!");
        assert_int_equal(terminal_finish(t, SECONDS), 0);
        terminal_destroy(t);
    }
}

/* Any key, and the beginnings of escape sequences. */
static void send_something(struct terminal *t, uint32_t r) {
    /* clang-format off */
    static const char *const keys[] = {
        "1", "2", "3", "4", "5", "6", "?", "\t", "j", "k", "h", "l", "+", "-", "0", "<", ">", "L", "m", "M", "t",
        "n", "N", "p", "P", "[", "]", "w", "i", "x", "a", "T", "/gate\r", "\033", "\033[A", "\033[B", "\033[5~",
        "\033[6~", "\033[H", "\033[F", ":select image 7\r", ":zoom 20\r", ":nonsense\r", "f\033", "=\r", "u", " ",
        "d\033", "\033[<0;10;5M", "\033[<64;3;3M", "\033[<65;70;20M", ":fre\t\t\033", "\014", "\xc3\xbc",
        "q\033[A\r", ":overlay nothing\r", ".", "e",
    };
    /* clang-format on */
    terminal_send(t, keys[r % (sizeof keys / sizeof *keys)]);
}

static void any_size_and_any_keys_are_survived(void **state) {
    (void)state;
    struct philox_key key = philox_key(7, PHILOX_TEST);
    struct terminal *t = start(24, 80, "xterm-256color", "sizes", "100000");
    for (uint32_t i = 0; i < 500; i++) {
        struct philox_words r = philox(key, i, 0, 0, 0);
        terminal_resize(t, 5 + (int)(r.w[0] % 76), 20 + (int)(r.w[1] % 231));
        send_something(t, r.w[2]);
        if (r.w[3] % 3 == 0)
            send_something(t, r.w[3] / 3);
        look_on(t, 0.01);
        if (terminal_finish(t, 0) != -1)
            fail_msg("ended at turn %u:\n%s", i, terminal_text(t));
    }
    terminal_send(t, "\033\033");
    terminal_resize(t, 24, 80);
    look_on(t, 0.3);
    terminal_send(t, "\033");
    look_on(t, 0.3);
    kill(terminal_pid(t), SIGTERM);
    ended(t, 143);
    terminal_destroy(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_by_keys_and_its_replay_end_with_the_same_weights),
        cmocka_unit_test(undo_takes_changes_back_and_esc_takes_back_what_waits),
        cmocka_unit_test(what_is_taken_back_leaves_the_other_undos_alone),
        cmocka_unit_test(a_disk_that_refuses_loses_nothing_and_is_waited_for),
        cmocka_unit_test(nobody_is_waited_for_after_detaching),
        cmocka_unit_test(the_screen_outlives_the_training),
        cmocka_unit_test(a_finished_run_can_be_shown_without_a_trace),
        cmocka_unit_test(a_pretraining_run_shows_its_reconstructions),
        cmocka_unit_test(it_goes_on_without_its_screen),
        cmocka_unit_test(every_signal_gives_the_terminal_back),
        cmocka_unit_test(a_terminal_that_goes_away_is_a_hangup),
        cmocka_unit_test(hangups_that_come_together_are_one),
        cmocka_unit_test(a_fault_in_any_thread_gives_the_terminal_back),
        cmocka_unit_test(it_stops_for_the_shell_and_comes_back),
        cmocka_unit_test(poor_terminals_will_do),
        cmocka_unit_test(any_size_and_any_keys_are_survived),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
