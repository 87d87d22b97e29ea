#include "app/headless.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/language.h"
#include "app/progress.h"
#include "app/terminal_paint.h"

static const int leaving_signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { LEAVING = sizeof leaving_signals / sizeof *leaving_signals, SIGNALS = LEAVING + 1, PROGRESS_MS = 200 };

struct headless {
    struct runner *runner;
    struct workbench *workbench; /* NULL: there are no commands of the screen */
    uv_timer_t progress;
    uv_signal_t signals[SIGNALS];
    bool line_shown;
    int signal; /* the one that ends the run; 0: none */
};

static void clear_line(struct headless *h) {
    if (h->line_shown)
        fputs("\r\033[K", stderr);
    h->line_shown = false;
}

static void say(struct headless *h, const char *prefix, const char *text) {
    clear_line(h);
    fprintf(stderr, "%s%s\n", prefix, text);
}

static void on_progress(uv_timer_t *timer) {
    struct headless *h = timer->data;
    struct snapshot s;
    struct winsize w = {0};
    char line[256];
    if (!mailbox_snapshot(h->runner->mailbox, &s))
        return;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_col == 0)
        w.ws_col = 80;
    fprintf(stderr, "\r%s\033[K", progress_line(&s, w.ws_col - 1, line, sizeof line));
    fflush(stderr);
    h->line_shown = true;
}

static void carry_out(struct headless *h, const char *line) {
    struct screen_command c;
    struct error e = {0};
    if (!h->workbench)
        return;
    workbench_snapshot(h->workbench);
    if (language_parse_screen(line, &c, &e) < 0 || workbench_command(h->workbench, &c, &e) < 0)
        say(h, "gptui: ", e.text);
    workbench_ask(h->workbench);
}

static void take_event(void *headless, struct event *v) {
    struct headless *h = headless;
    char line[512];
    if (h->workbench)
        workbench_event(h->workbench, v);
    switch (v->kind) {
    case EVENT_LOG:
        say(h, "", v->text);
        break;
    case EVENT_WARNING:
        say(h, "gptui: ", v->text);
        break;
    case EVENT_EPOCH:
        say(h, "", progress_epoch(&v->snapshot, line, sizeof line));
        break;
    case EVENT_SCREEN:
        carry_out(h, v->text);
        break;
    case EVENT_ENDED:
        clear_line(h);
        uv_stop(&h->runner->loop);
        break;
    default:
        break;
    }
}

static void on_leaving_signal(uv_signal_t *handle, int number) {
    struct headless *h = handle->data;
    if (h->signal && number == SIGHUP) /* by the kernel and by the shell: the same hangup */
        return;
    if (h->signal)
        _exit(128 + number); /* asked twice: what is on file is whole */
    h->signal = number;
    say(h, "gptui: ", "saving and leaving; once more ends it at once");
    trainer_interrupt(h->runner->trainer);
}

static void on_save_signal(uv_signal_t *handle, int number) {
    (void)number;
    struct headless *h = handle->data;
    struct command save = {.verb = COMMAND_SAVE, .line = "save", .origin = "keyboard"};
    runner_post(h->runner, &save);
}

/* As under nohup. SIGINT is not asked: shells have it ignored for whatever they start in the background. */
static bool is_hangup_ignored(void) {
    struct sigaction was;
    return sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler == SIG_IGN;
}

static void open_handles(struct headless *h) {
    uv_loop_t *loop = &h->runner->loop;
    uv_timer_init(loop, &h->progress);
    h->progress.data = h;
    bool nohup = is_hangup_ignored();
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(loop, &h->signals[i]);
        h->signals[i].data = h;
        if (i < LEAVING && leaving_signals[i] == SIGHUP && nohup)
            continue;
        if (i < LEAVING)
            uv_signal_start(&h->signals[i], on_leaving_signal, leaving_signals[i]);
        else
            uv_signal_start(&h->signals[i], on_save_signal, SIGUSR1);
    }
    if (isatty(STDERR_FILENO))
        uv_timer_start(&h->progress, on_progress, 0, PROGRESS_MS);
}

static void close_handles(struct headless *h) {
    uv_close((uv_handle_t *)&h->progress, NULL);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&h->signals[i], NULL);
}

/* Until the trainer has ended, which may be so already. */
static int attend(struct headless *h, bool start, struct trainer_result *result, struct error *e) {
    struct runner *r = h->runner;
    open_handles(h);
    r->take = take_event;
    r->context = h;
    int code = start ? runner_start(r, e) : 0;
    if (code == 0 && !r->ended)
        uv_run(&r->loop, UV_RUN_DEFAULT);
    r->take = NULL;
    close_handles(h);
    struct error ignored;
    int ended = runner_close(r, result, code < 0 ? &ignored : e);
    code = code < 0 ? code : ended;
    return code < 0 ? code : h->signal ? 128 + h->signal : 0;
}

int headless_go_on(struct runner *r, struct workbench *w, bool ignore_hangup, struct trainer_result *result,
                   struct error *e) {
    struct headless h = {.runner = r, .workbench = w};
    if (ignore_hangup)
        signal(SIGHUP, SIG_IGN);
    return attend(&h, false, result, e);
}

static bool has_screen_commands(const struct script *s) {
    for (size_t i = 0; i < s->count; i++)
        if (s->commands[i].verb == COMMAND_SCREEN)
            return true;
    return false;
}

int headless_run(const struct headless_options *o, struct trainer_result *result, struct error *e) {
    struct runner r;
    struct runner_options options = {.job = o->job, .folder = o->folder, .script = o->script, .resume = o->resume};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* ulimit -f: an error of the write, as a full disk is */
    int code = runner_open(&r, &options, e);
    if (code < 0)
        return code;
    struct headless h = {.runner = &r};
    if (has_screen_commands(o->script)) {
        char device[128];
        struct workbench_options w = {
            .job = o->job,
            .mailbox = r.mailbox,
            .folder = o->folder->path,
            .device = terminal_device(o->job, device, sizeof device),
            .read_history = o->resume,
            .paint = terminal_paint(NULL, o->theme, o->ascii),
            .height = 40,
            .width = 120,
        };
        code = workbench_create(&h.workbench, &w, e);
    }
    if (code < 0)
        runner_close(&r, result, e);
    else
        code = attend(&h, true, result, e);
    workbench_destroy(h.workbench);
    return code;
}
