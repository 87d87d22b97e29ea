#include "app/headless.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <uv.h>

#include "app/progress.h"

static const int leaving_signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { LEAVING = sizeof leaving_signals / sizeof *leaving_signals, SIGNALS = LEAVING + 1, PROGRESS_MS = 200 };

struct headless {
    const struct headless_options *options;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t progress;
    uv_signal_t signals[SIGNALS];
    struct mailbox *mailbox;
    struct trainer *trainer;
    bool terminal, line_shown;
    bool failed; /* the folder cannot be written */
    int signal;  /* the one that ends the run; 0: none */
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
    if (!mailbox_snapshot(h->mailbox, &s))
        return;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_col == 0)
        w.ws_col = 80;
    fprintf(stderr, "\r%s\033[K", progress_line(&s, w.ws_col - 1, line, sizeof line));
    fflush(stderr);
    h->line_shown = true;
}

static void record(struct headless *h, int (*append)(struct run_folder *, const char *, struct error *),
                   const char *line) {
    struct error why = {0};
    if (h->failed || append(h->options->folder, line, &why) == 0)
        return;
    h->failed = true;
    mailbox_fail(h->mailbox, why.text);
}

static void take_event(struct headless *h, const struct event *v) {
    char line[512];
    switch (v->kind) {
    case EVENT_METRICS:
        record(h, run_folder_metrics, v->text);
        break;
    case EVENT_JOURNAL:
        record(h, run_folder_journal, v->text);
        break;
    case EVENT_LOG:
        say(h, "", v->text);
        break;
    case EVENT_WARNING:
        say(h, "gptui: ", v->text);
        break;
    case EVENT_EPOCH:
        say(h, "", progress_epoch(&v->snapshot, line, sizeof line));
        break;
    case EVENT_ENDED:
        clear_line(h);
        uv_stop(&h->loop);
        break;
    }
}

static void on_wake(uv_async_t *async) {
    struct headless *h = async->data;
    struct event v;
    while (mailbox_next(h->mailbox, &v)) {
        take_event(h, &v);
        free(v.text);
    }
    mailbox_flushed(h->mailbox);
}

static void wake(void *context) {
    struct headless *h = context;
    uv_async_send(&h->wake);
}

static void on_leaving_signal(uv_signal_t *handle, int number) {
    struct headless *h = handle->data;
    if (h->signal)
        _exit(128 + number); /* asked twice: what is on file is whole */
    h->signal = number;
    say(h, "gptui: ", "saving and leaving; once more ends it at once");
    trainer_interrupt(h->trainer);
}

static void on_save_signal(uv_signal_t *handle, int number) {
    (void)number;
    struct headless *h = handle->data;
    struct command save = {.verb = COMMAND_SAVE, .line = "save", .origin = "keyboard"};
    mailbox_post(h->mailbox, &save);
}

/* As under nohup. SIGINT is not asked: shells have it ignored for whatever they start in the background. */
static bool is_hangup_ignored(void) {
    struct sigaction was;
    return sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler == SIG_IGN;
}

static int open_loop(struct headless *h, struct error *e) {
    int r = uv_loop_init(&h->loop);
    if (r < 0)
        return error_set(e, ERROR_IO, "the event loop cannot be made: %s", uv_strerror(r));
    uv_async_init(&h->loop, &h->wake, on_wake);
    uv_timer_init(&h->loop, &h->progress);
    h->wake.data = h->progress.data = h;
    bool nohup = is_hangup_ignored();
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(&h->loop, &h->signals[i]);
        h->signals[i].data = h;
        if (i < LEAVING && leaving_signals[i] == SIGHUP && nohup)
            continue;
        if (i < LEAVING)
            uv_signal_start(&h->signals[i], on_leaving_signal, leaving_signals[i]);
        else
            uv_signal_start(&h->signals[i], on_save_signal, SIGUSR1);
    }
    if (h->terminal)
        uv_timer_start(&h->progress, on_progress, 0, PROGRESS_MS);
    return 0;
}

static void close_loop(struct headless *h) {
    uv_close((uv_handle_t *)&h->wake, NULL);
    uv_close((uv_handle_t *)&h->progress, NULL);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&h->signals[i], NULL);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    uv_loop_close(&h->loop);
}

static int start_trainer(struct headless *h, pthread_t *thread, struct error *e) {
    const struct headless_options *o = h->options;
    struct trainer_options t = {
        .job = o->job,
        .folder = o->folder->path,
        .resume = o->resume,
        .lines = o->script->commands,
        .count = o->script->count,
        .mailbox = h->mailbox,
    };
    int r = trainer_create(&h->trainer, &t, e);
    if (r < 0)
        return r;
    /* Signals are this thread's. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    r = pthread_create(thread, NULL, trainer_run, h->trainer);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return r ? error_set(e, ERROR_IO, "the trainer's thread cannot be started: %s", strerror(r)) : 0;
}

int headless_run(const struct headless_options *o, struct trainer_result *result, struct error *e) {
    struct headless h = {.options = o, .terminal = isatty(STDERR_FILENO)};
    pthread_t thread;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* ulimit -f: an error of the write, as a full disk is */
    int r = open_loop(&h, e);
    if (r < 0)
        return r;
    if ((r = mailbox_create(&h.mailbox, wake, &h, e)) == 0 && (r = start_trainer(&h, &thread, e)) == 0) {
        uv_run(&h.loop, UV_RUN_DEFAULT);
        pthread_join(thread, NULL);
        *result = *trainer_result(h.trainer);
        *e = result->error;
        r = result->code < 0 ? result->code : h.signal ? 128 + h.signal : 0;
    }
    trainer_destroy(h.trainer);
    close_loop(&h);
    mailbox_destroy(h.mailbox);
    return r;
}
