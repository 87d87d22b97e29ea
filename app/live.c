#include "app/live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/headless.h"
#include "app/help_screen.h"
#include "app/language.h"
#include "app/live_private.h"
#include "app/terminal_paint.h"
#include "views/frame.h"

/* Milliseconds between frames: after a key at most 30 a second; what the run does by itself needs fewer. */
enum { FRAME_KEY_MS = 33, FRAME_RUN_MS = 100, ANSWER_MS = 250, SECOND_MS = 1000, MESSAGE_MS = 8000 };

static const int signal_numbers[LIVE_SIGNALS] = {
    [LIVE_WINCH] = SIGWINCH, [LIVE_TERM] = SIGTERM, [LIVE_HUP] = SIGHUP,
    [LIVE_INT] = SIGINT,     [LIVE_USR1] = SIGUSR1, [LIVE_CONT] = SIGCONT,
};

bool live_can(void) {
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void live_say(struct live *l, bool error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(l->message, sizeof l->message, format, args);
    va_end(args);
    l->message_at = uv_now(&l->runner.loop);
    struct view_context *x = workbench_context(l->workbench);
    x->message = l->message[0] ? l->message : NULL;
    x->message_is_error = error;
    live_touch(l);
}

/* The newest command that the trainer has not taken yet. */
static void find_queued(struct live *l, struct view_context *x) {
    size_t n = mailbox_pending(l->runner.mailbox, l->pending, LIVE_PENDING);
    x->queued = NULL;
    if (n == 0)
        return;
    if (n == 1)
        snprintf(l->queued, sizeof l->queued, "%s", l->pending[0].line);
    else
        snprintf(l->queued, sizeof l->queued, "%s (and %zu more)", l->pending[n - 1].line, n - 1);
    x->queued = l->queued;
}

static void fill_context(struct live *l) {
    struct view_context *x = workbench_context(l->workbench);
    find_queued(l, x);
    l->prompt_view = (struct view_prompt){
        .open = l->prompt.open,
        .lead = ':',
        .text = l->prompt.text,
        .cursor = l->prompt.cursor,
        .error = l->prompt_error[0] ? l->prompt_error : NULL,
        .offers = l->prompt.offers[0] ? (const char *const *)l->prompt.offers : NULL,
        .offered = l->prompt.offered,
    };
    x->prompt = &l->prompt_view;
    live_dialog_show(l, x);
    if (x->now->saves != l->saves) {
        l->saves = x->now->saves;
        l->saved_at = uv_now(&l->runner.loop);
    }
    struct view_machine *m = workbench_machine(l->workbench);
    m->saved_s = l->saves ? (double)(uv_now(&l->runner.loop) - l->saved_at) / 1000 : -1;
    if (atomic_load(&l->runner.measured))
        m->peak_gflops = l->runner.peak_gflops;
}

void live_draw(struct live *l) {
    int height, width, y = -1, x = 0;
    struct error e = {0};
    uv_timer_stop(&l->frame);
    l->frame_set = false;
    screen_size(l->screen, &height, &width);
    if ((height != l->canvas.height || width != l->canvas.width) && canvas_create(&l->canvas, height, width, &e) < 0)
        return;
    workbench_size(l->workbench, height, width);
    workbench_snapshot(l->workbench);
    fill_context(l);
    workbench_ask(l->workbench);
    workbench_draw(l->workbench, &l->canvas);
    if (l->prompt.open)
        frame_cursor(workbench_context(l->workbench), &l->canvas, &y, &x);
    screen_show(l->screen, &l->canvas, y, x);
    uv_update_time(&l->runner.loop);
    l->drawn = uv_now(&l->runner.loop);
}

static void on_frame(uv_timer_t *timer) {
    live_draw(timer->data);
}

void live_touch(struct live *l) {
    if (l->frame_set)
        return;
    uint64_t now = uv_now(&l->runner.loop);
    bool answers = now - l->keyed < ANSWER_MS; /* what a key has set off is not kept waiting */
    uint64_t due = l->drawn + (answers ? FRAME_KEY_MS : FRAME_RUN_MS);
    l->frame_set = true;
    uv_timer_start(&l->frame, on_frame, due > now ? due - now : 0, 0);
}

/* After keys: at once, unless one was answered just before. */
static void draw_soon(struct live *l) {
    uv_update_time(&l->runner.loop);
    uint64_t now = uv_now(&l->runner.loop), due = l->keyed + FRAME_KEY_MS;
    if (now >= due) {
        l->keyed = now;
        live_draw(l);
        return;
    }
    l->frame_set = true;
    uv_timer_start(&l->frame, on_frame, due - now, 0);
}

static size_t resident(void) {
    unsigned long all = 0, held = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%lu %lu", &all, &held) != 2)
        held = 0;
    if (f)
        fclose(f);
    return held * (size_t)sysconf(_SC_PAGESIZE);
}

static void on_second(uv_timer_t *timer) {
    struct live *l = timer->data;
    struct error e = {0};
    struct view_context *x = workbench_context(l->workbench);
    workbench_machine(l->workbench)->rss = resident();
    runner_retry(&l->runner, &e);
    if (x->message && uv_now(&l->runner.loop) - l->message_at > MESSAGE_MS)
        x->message = NULL;
    live_touch(l);
}

static void carry_out(struct live *l, const char *line) {
    live_command(l, line);
    live_draw(l); /* a script's screenshot sees what it asked for */
}

static void take_event(void *live, struct event *v) {
    struct live *l = live;
    workbench_event(l->workbench, v);
    if (v->kind == EVENT_WARNING)
        live_say(l, true, "%s", v->text);
    if (v->kind == EVENT_SCREEN)
        carry_out(l, v->text);
    if (v->kind == EVENT_ENDED) {
        if (*v->text)
            live_say(l, true, "%s", v->text);
        if (l->signal || l->detach || !*v->text)
            uv_stop(&l->runner.loop);
    }
}

static void on_moved(void *live) {
    live_touch(live);
}

bool live_can_save(struct live *l) {
    struct error e = {0};
    bool written = runner_retry(&l->runner, &e);
    if (written && !workbench_context(l->workbench)->now->disk_failed)
        return true;
    live_say(l, true, "not saved yet: make room and resume first; `quit!` leaves what was not saved%s%.200s",
             written ? "" : ": ", written ? "" : e.text);
    return false;
}

void live_leave(struct live *l, bool abandon) {
    if (l->runner.ended) {
        uv_stop(&l->runner.loop);
        return;
    }
    if (!abandon && !l->signal && !live_can_save(l))
        return;
    live_say(l, false, abandon ? "leaving" : "saving and leaving");
    if (abandon)
        trainer_abandon(l->runner.trainer);
    else
        trainer_interrupt(l->runner.trainer);
}

void live_suspend(struct live *l) {
    screen_suspend(l->screen);
    kill(0, SIGTSTP);
    /* The process stops here and goes on with fg. */
    screen_continue(l->screen);
    screen_resize(l->screen);
    live_draw(l);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct live *l = handle->data;
    struct command save = {.verb = COMMAND_SAVE, .line = "save", .origin = "keyboard"};
    switch (number) {
    case SIGWINCH:
        screen_resize(l->screen);
        draw_soon(l);
        return;
    case SIGCONT:
        screen_continue(l->screen);
        screen_resize(l->screen);
        draw_soon(l);
        return;
    case SIGUSR1:
        runner_post(&l->runner, &save);
        return;
    default:
        /* Closing a window can be told three times: as the end of input, by the kernel and by the shell. */
        if (l->signal && number == SIGHUP)
            return;
        if (l->signal) {
            screen_close(l->screen);
            _exit(128 + number); /* asked twice: what is on file is whole */
        }
        l->signal = number;
        live_leave(l, false);
    }
}

static void on_stray(uv_poll_t *poll, int status, int events) {
    struct live *l = poll->data;
    char line[STRAY_LINE];
    (void)events;
    if (status < 0)
        return;
    while (stray_line(&l->stray, line))
        workbench_log(l->workbench, LOG_STRAY, "%s", line);
    live_touch(l);
}

static bool is_gone(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* A terminal that is gone is as a hangup. */
static void on_input(uv_poll_t *poll, int status, int events) {
    struct live *l = poll->data;
    struct screen_key key;
    bool any = false;
    (void)events;
    while (status >= 0 && screen_key(l->screen, &key)) {
        any = true;
        live_key(l, &key);
    }
    if (any) {
        draw_soon(l);
        return;
    }
    if (status < 0 || is_gone(l->in)) {
        uv_poll_stop(poll);
        l->signal = l->signal ? l->signal : SIGHUP;
        live_leave(l, false);
    }
}

static void open_handles(struct live *l) {
    uv_loop_t *loop = &l->runner.loop;
    uv_timer_init(loop, &l->frame);
    uv_timer_init(loop, &l->second);
    uv_poll_init(loop, &l->input, l->in);
    l->frame.data = l->second.data = l->input.data = l->stray_input.data = l;
    for (int i = 0; i < LIVE_SIGNALS; i++) {
        uv_signal_init(loop, &l->signals[i]);
        l->signals[i].data = l;
        uv_signal_start(&l->signals[i], on_signal, signal_numbers[i]);
    }
    uv_poll_start(&l->input, UV_READABLE | UV_DISCONNECT, on_input);
    uv_timer_start(&l->second, on_second, 0, SECOND_MS);
}

static void close_handles(struct live *l) {
    uv_close((uv_handle_t *)&l->frame, NULL);
    uv_close((uv_handle_t *)&l->second, NULL);
    uv_close((uv_handle_t *)&l->input, NULL);
    for (int i = 0; i < LIVE_SIGNALS; i++)
        uv_close((uv_handle_t *)&l->signals[i], NULL);
    uv_run(&l->runner.loop, UV_RUN_NOWAIT);
}

static int open_screen(struct live *l, const struct live_options *o, struct error *e) {
    char device[128];
    /* Opened anew: libuv makes what it polls non-blocking, and the shell shares standard input with us. */
    const char *name = ttyname(STDIN_FILENO);
    l->in = name ? open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC) : -1;
    l->out = dup(STDOUT_FILENO);
    if (l->in < 0 || l->out < 0)
        return error_set(e, ERROR_IO, "the terminal cannot be opened: %s", strerror(errno));
    int r = screen_open(
        &l->screen,
        &(struct screen_options){.in = l->in, .out = l->out, .ascii = o->ascii, .no_color = terminal_no_color()}, e);
    if (r < 0)
        return r;
    struct workbench_options w = {
        .job = o->job,
        .mailbox = l->runner.mailbox,
        .folder = o->folder->path,
        .device = terminal_device(o->job, device, sizeof device),
        .read_history = o->resume || o->show,
        .read_only = o->show,
        .paint = terminal_paint(l->screen, o->theme, o->ascii),
    };
    screen_size(l->screen, &w.height, &w.width);
    if ((r = workbench_create(&l->workbench, &w, e)) < 0)
        return r;
    return stray_catch(&l->stray, e);
}

static void close_screen(struct live *l) {
    screen_close(l->screen);
    l->screen = NULL;
    stray_release(&l->stray);
    if (l->in >= 0)
        close(l->in);
    if (l->out >= 0)
        close(l->out);
}

static int attend(struct live *l, struct error *e) {
    open_handles(l);
    bool caught = l->stray.saved[0] >= 0 || l->stray.saved[1] >= 0;
    if (caught) {
        uv_poll_init(&l->runner.loop, &l->stray_input, l->stray.pipe[0]);
        uv_poll_start(&l->stray_input, UV_READABLE, on_stray);
    }
    l->runner.take = take_event;
    l->runner.moved = on_moved;
    l->runner.context = l;
    live_draw(l);
    int r = runner_start(&l->runner, e);
    if (r == 0)
        uv_run(&l->runner.loop, UV_RUN_DEFAULT);
    if (caught)
        uv_close((uv_handle_t *)&l->stray_input, NULL);
    close_handles(l); /* may bring last events */
    l->runner.take = NULL;
    l->runner.moved = NULL;
    return r;
}

int live_run(const struct live_options *o, struct trainer_result *result, struct error *e) {
    struct live l = {.show = o->show, .in = -1, .out = -1, .stray = {.saved = {-1, -1}, .pipe = {-1, -1}}};
    struct runner_options options = {
        .job = o->job, .folder = o->folder, .script = o->script, .resume = o->resume, .stay = true, .show = o->show};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    int r = runner_open(&l.runner, &options, e);
    if (r < 0)
        return r;
    r = open_screen(&l, o, e);
    if (r == 0)
        r = attend(&l, e);
    close_screen(&l);
    if (r == 0 && l.detach && !l.runner.ended) {
        fprintf(stderr, "%s goes on without its screen; a hangup does not end it\n", o->folder->path);
        r = headless_go_on(&l.runner, l.workbench, true, result, e);
    } else {
        struct error ignored;
        int ended = runner_close(&l.runner, result, r < 0 ? &ignored : e);
        r = r < 0 ? r : ended < 0 ? ended : l.signal ? 128 + l.signal : 0;
    }
    workbench_destroy(l.workbench);
    canvas_destroy(&l.canvas);
    live_input_destroy(&l);
    return r;
}
