#include "app/sweep_runner.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uv.h>

#include "app/progress.h"
#include "app/sweep_progress.h"
#include "app/sweep_summary.h"
#include "core/train/state.h"

enum { LINE = 1024, SIGNALS = 3, PROGRESS_MS = 250, LOCK_FD = 3, MOST_WORDS = 2 * SWEEP_GRID_MOST + 16 };
static const int leaving_signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

struct runner;

/* One of the runs side by side. */
struct slot {
    struct runner *runner;
    uv_process_t process;
    uv_pipe_t errors; /* its standard error */
    int open;         /* handles that are not closed yet; 0: the slot is free */
    size_t cell;
    int64_t status;
    int signal; /* that ended it; 0: none */
    uint64_t began;
    double epochs, at_first, done;    /* length; epochs done when it began, and now */
    char buffer[LINE], partial[LINE]; /* what is being read; a line of it that has not ended yet */
    size_t used;                      /* bytes of `partial` */
    char line[LINE], complaint[LINE]; /* the last line; the last one that begins with "gptui" */
};

struct runner {
    const struct sweep_runner_options *o;
    struct error *e;
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    uv_timer_t timer;
    struct slot *slots; /* [jobs] */
    size_t next;        /* cell to look at */
    size_t left;        /* cells to run when this began */
    double worked;      /* cells' worth of work done by runs that have ended */
    uint64_t began;
    int signal;  /* that ends the sweep; 0: none */
    int code;    /* the error that ends it; 0: none */
    bool chosen; /* the cells that choose have ended: those of other seeds may be run (choose_seeds) */
    bool closed; /* no run, no signal, no timer any more */
    bool line_shown;
};

static void fill_slots(struct runner *r);

/* ---- what is said */

static void clear_line(struct runner *r) {
    if (r->line_shown)
        fputs("\r\033[K", stderr);
    r->line_shown = false;
}

static double share_of(const struct slot *s) {
    return s->epochs > 0 ? fmin(s->done / s->epochs, 1) : 0;
}

static void on_timer(uv_timer_t *timer) {
    struct runner *r = timer->data;
    const struct sweep_table *t = r->o->table;
    struct winsize w = {0};
    struct sweep_progress_run runs[SWEEP_PROGRESS_RUNS];
    char names[SWEEP_PROGRESS_RUNS][SWEEP_GRID_NAME], line[512];
    size_t n = 0, cells = sweep_grid_runs(r->o->grid);
    double worked = r->worked, shares = 0;
    for (int i = 0; i < r->o->jobs; i++) {
        const struct slot *s = &r->slots[i];
        if (!s->open)
            continue;
        worked += share_of(s) - (s->epochs > 0 ? s->at_first / s->epochs : 0);
        shares += share_of(s);
        if (n < SWEEP_PROGRESS_RUNS) {
            runs[n] = (struct sweep_progress_run){sweep_grid_name(r->o->grid, s->cell, names[n]), s->done, s->epochs};
            n++;
        }
    }
    struct sweep_progress p = {.cells = cells, .ended = cells - r->left, .runs = runs, .run_count = n};
    p.failed = sweep_table_count(t, SWEEP_FAILED);
    double elapsed = (double)(uv_now(&r->loop) - r->began) / 1000;
    p.eta_s = worked > 0 ? elapsed / worked * ((double)r->left - shares) : NAN;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_col == 0)
        w.ws_col = 80;
    fprintf(stderr, "\r%s\033[K", sweep_progress_line(&p, w.ws_col - 1, line, sizeof line));
    fflush(stderr);
    r->line_shown = true;
}

/* On a terminal the line that is rewritten says it, but for what went wrong. */
static void say_row(struct runner *r, const struct slot *s, const struct sweep_row *row) {
    char name[SWEEP_GRID_NAME];
    sweep_grid_name(r->o->grid, s->cell, name);
    size_t cells = sweep_grid_runs(r->o->grid);
    if (row->status == SWEEP_DONE && isatty(STDERR_FILENO))
        return;
    clear_line(r);
    fprintf(stderr, "%zu/%zu %s: %s", cells - r->left, cells, name, sweep_table_word(row->status));
    if (*row->why)
        fprintf(stderr, ": %s", row->why);
    if (!isnan(row->val))
        fprintf(stderr, " val %.1f%%", 100 * row->val);
    if (!isnan(row->test))
        fprintf(stderr, " test %.1f%%", 100 * row->test);
    fputc('\n', stderr);
}

/* ---- the end of a run */

static void end_runs(struct runner *r) {
    for (int i = 0; i < r->o->jobs; i++)
        if (r->slots[i].open && !uv_is_closing((uv_handle_t *)&r->slots[i].process))
            uv_process_kill(&r->slots[i].process, SIGTERM);
}

/* The sentence without the program's name before it. */
static void find_reason(const struct slot *s, char *out, size_t size) {
    const char *text = *s->complaint ? s->complaint : s->line, *colon = strstr(text, ": ");
    int number = s->signal ? s->signal : s->status > 128 ? (int)s->status - 128 : 0;
    if (number)
        snprintf(out, size, "ended by signal %d (%s)", number, strsignal(number));
    else if (strncmp(text, "gptui", 5) == 0 && colon)
        snprintf(out, size, "%.500s", colon + 2);
    else
        snprintf(out, size, "exit status %d%s%.400s", (int)s->status, *text ? ": " : "", text);
}

/* What the last save says of the run, which printed the same. */
static int read_result(struct runner *r, size_t cell, struct sweep_row *row, struct error *e) {
    char run[SWEEP_FOLDER_FILE], file[SWEEP_FOLDER_FILE + 32];
    struct state_position at;
    sweep_folder_run(r->o->folder->path, r->o->grid, cell, run);
    snprintf(file, sizeof file, "%s/last.safetensors", run);
    int code = state_read_position(&at, NULL, file, e);
    if (code < 0 || (code = state_hash_file(file, row->hash, e)) < 0)
        return code;
    if (!at.finished)
        return error_set(e, ERROR_CANCELLED, "it was ended before its last epoch");
    row->epochs = at.epoch;
    row->steps = at.step;
    if (at.best.known)
        row->val = at.best.top1;
    if (at.test.known && at.test.step == at.step)
        row->test = at.test.top1;
    return 0;
}

static void record(struct runner *r, const struct slot *s, const struct sweep_row *row) {
    char name[SWEEP_GRID_NAME];
    double seconds = (double)(uv_now(&r->loop) - s->began) / 1000;
    if (r->code < 0) /* nothing may follow a row that was torn */
        return;
    r->left--;
    r->worked += 1 - (s->epochs > 0 ? s->at_first / s->epochs : 0);
    int code = sweep_table_add(r->o->table, s->cell, row, r->e);
    if (code == 0)
        code = sweep_folder_time(r->o->folder, sweep_grid_name(r->o->grid, s->cell, name), seconds, r->e);
    say_row(r, s, row);
    if (code < 0 && r->code == 0) {
        r->code = code;
        end_runs(r);
    }
}

/* A run that was asked to leave has no row, unless it had come to its end. */
static void take_result(struct runner *r, struct slot *s) {
    struct sweep_row row = {.status = SWEEP_DONE, .val = NAN, .test = NAN};
    struct error e = {0};
    if (s->status == 0 && !s->signal && read_result(r, s->cell, &row, &e) == 0) {
        record(r, s, &row);
        return;
    }
    if (r->signal || r->code < 0)
        return;
    row = (struct sweep_row){.status = SWEEP_FAILED, .val = NAN, .test = NAN};
    if (s->status == error_exit_status(ERROR_DIVERGED) && !s->signal)
        row.status = SWEEP_DIVERGED;
    if (e.code < 0)
        snprintf(row.why, sizeof row.why, "%.500s", e.text);
    else
        find_reason(s, row.why, sizeof row.why);
    record(r, s, &row);
}

static void on_closed(uv_handle_t *handle) {
    struct slot *s = handle->data;
    if (--s->open > 0)
        return;
    take_result(s->runner, s);
    fill_slots(s->runner);
}

static void on_ended(uv_process_t *process, int64_t status, int signal) {
    struct slot *s = process->data;
    s->status = status;
    s->signal = signal;
    uv_close((uv_handle_t *)process, on_closed);
}

/* ---- what a run says */

static void take_line(struct slot *s) {
    unsigned long long epoch, step;
    if (s->used == 0)
        return;
    memcpy(s->line, s->partial, s->used);
    s->line[s->used] = 0;
    s->used = 0;
    if (sscanf(s->line, PROGRESS_EPOCH, &epoch) == 1)
        s->done = (double)epoch + 1;
    else if (sscanf(s->line, PROGRESS_GOES_ON, &step, &epoch) == 2)
        s->done = s->at_first = (double)epoch;
    else if (strncmp(s->line, "gptui", 5) == 0)
        memcpy(s->complaint, s->line, sizeof s->complaint);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
    struct slot *s = handle->data;
    (void)suggested;
    *out = uv_buf_init(s->buffer, sizeof s->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    struct slot *s = stream->data;
    if (count < 0) {
        take_line(s);
        uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    for (ssize_t i = 0; i < count; i++) {
        char c = buffer->base[i];
        if (c == '\n')
            take_line(s);
        else if (s->used < sizeof s->partial - 1)
            s->partial[s->used++] = (unsigned char)c < ' ' ? ' ' : c;
    }
}

/* ---- the start of a run */

/* Words of the command line, each malloc'd. */
struct words {
    char *list[MOST_WORDS];
    size_t count;
    bool failed; /* not enough memory */
};

static void add_word(struct words *w, const char *name, const char *value) {
    if (asprintf(&w->list[w->count], "%s%s%s", name, value ? "=" : "", value ? value : "") < 0)
        w->failed = true;
    else
        w->count++;
    w->list[w->count] = NULL;
}

static void free_words(struct words *w) {
    for (size_t i = 0; i < w->count; i++)
        free(w->list[i]);
}

/* A run that goes on takes from its folder what is fixed when it starts. */
static void add_setting(struct words *w, const struct setting *row, const char *value, bool resume) {
    char option[80];
    snprintf(option, sizeof option, "--%s", row->name);
    if (!resume || row->applies == LIVE)
        add_word(w, option, value);
}

static void make_words(struct words *w, const struct runner *r, size_t cell, const char *run, bool resume) {
    const struct sweep_grid *g = r->o->grid;
    char number[32];
    add_word(w, "gptui", NULL);
    add_word(w, "run", NULL);
    add_word(w, "--headless", NULL);
    snprintf(number, sizeof number, "%ld", (long)getpid());
    add_word(w, "--attached", number);
    snprintf(number, sizeof number, "%d", r->o->threads);
    add_word(w, "--threads", number);
    add_word(w, resume ? "--resume" : "--out", run);
    for (size_t i = 0; i < g->fixed_count; i++)
        add_setting(w, g->fixed[i].setting, g->fixed[i].value, resume);
    for (size_t a = 0; a < g->axis_count; a++)
        add_setting(w, g->axes[a].setting, sweep_grid_value(g, cell, a), resume);
}

static void spawn(struct slot *s, struct words *w) {
    struct runner *r = s->runner;
    uv_stdio_container_t stdio[LOCK_FD + 1] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&s->errors},
        {.flags = UV_INHERIT_FD, .data.fd = r->o->folder->runs}};
    uv_process_options_t o = {.file = "/proc/self/exe", /* also where the program was replaced meanwhile */
                              .args = w->list,
                              .stdio = stdio,
                              .stdio_count = LOCK_FD + 1,
                              .flags = UV_PROCESS_DETACHED,
                              .exit_cb = on_ended};
    uv_pipe_init(&r->loop, &s->errors, 0);
    s->process.data = s->errors.data = s;
    s->open = 1;
    int code = UV_ENOMEM;
    if (!w->failed) {
        s->open = 2;
        code = uv_spawn(&r->loop, &s->process, &o);
        if (code < 0)
            uv_close((uv_handle_t *)&s->process, on_closed);
    }
    if (code == 0) {
        code = uv_read_start((uv_stream_t *)&s->errors, on_room, on_read);
        if (code < 0)
            uv_process_kill(&s->process, SIGTERM);
    }
    if (code == 0)
        return;
    snprintf(s->complaint, sizeof s->complaint, "gptui: it cannot be started: %s", uv_strerror(code));
    s->status = 1;
    uv_close((uv_handle_t *)&s->errors, on_closed);
}

static void start(struct slot *s, size_t cell) {
    struct runner *r = s->runner;
    char run[SWEEP_FOLDER_FILE], why[SWEEP_FOLDER_WHY];
    struct words w = {0};
    struct settings settings;
    bool resume;
    struct error e = {0};
    *s = (struct slot){.runner = r, .cell = cell, .began = uv_now(&r->loop)};
    if (sweep_grid_settings(r->o->grid, cell, &settings, &e) == 0)
        s->epochs = settings.epochs;
    sweep_folder_run(r->o->folder->path, r->o->grid, cell, run);
    if (sweep_folder_ready(run, &resume, why, &e) < 0) {
        struct sweep_row row = {.status = SWEEP_FAILED, .val = NAN, .test = NAN};
        snprintf(row.why, sizeof row.why, "%.500s", e.text);
        record(r, s, &row);
        return;
    }
    if (*why) {
        clear_line(r);
        fprintf(stderr, "gptui: %s; the run is put aside and begun anew\n", why);
    }
    make_words(&w, r, cell, run, resume);
    spawn(s, &w);
    free_words(&w);
}

static bool is_to_run(const struct runner *r, size_t cell) {
    enum sweep_status status = r->o->table->rows[cell].status;
    const struct sweep_grid *g = r->o->grid;
    bool later = g->choose_seeds > 0 && sweep_grid_digit(g, cell, (size_t)g->seed) >= (size_t)g->choose_seeds;
    return (status == SWEEP_MISSING || status == SWEEP_FAILED) && later == r->chosen &&
           sweep_summary_wants(r->o->table, cell);
}

/* Runs that are to be begun, those of later seeds included. */
static size_t count_left(const struct runner *r) {
    const struct sweep_table *t = r->o->table;
    size_t runs = sweep_grid_runs(r->o->grid), ended = 0;
    for (size_t cell = 0; cell < sweep_grid_cells(r->o->grid); cell++) {
        enum sweep_status status = t->rows[cell].status;
        ended += (status == SWEEP_DONE || status == SWEEP_DIVERGED) && sweep_summary_wants(t, cell);
    }
    return runs > ended ? runs - ended : 0;
}

/* ---- the whole */

static void close_all(struct runner *r) {
    if (r->closed)
        return;
    r->closed = true;
    uv_close((uv_handle_t *)&r->timer, NULL);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&r->signals[i], NULL);
}

/* Starts what there is room for; ends the loop when nothing runs any more. */
static void fill_slots(struct runner *r) {
    size_t cells = sweep_grid_cells(r->o->grid);
    bool busy = false;
    for (int i = 0; i < r->o->jobs; i++) {
        struct slot *s = &r->slots[i];
        while (!s->open && r->next < cells && !r->signal && r->code == 0) {
            size_t cell = r->next++;
            if (is_to_run(r, cell))
                start(s, cell);
        }
        busy |= s->open > 0;
    }
    if (!busy && !r->chosen && r->o->grid->choose_seeds > 0 && !r->signal && r->code == 0) {
        r->chosen = true;
        r->next = 0;
        fill_slots(r);
    } else if (!busy) {
        close_all(r);
    }
}

static void on_signal(uv_signal_t *handle, int number) {
    struct runner *r = handle->data;
    if (!r->signal) {
        clear_line(r);
        fprintf(stderr, "gptui: the runs save and end; once more ends them at once\n");
        r->signal = number;
    }
    end_runs(r);
}

static void open_handles(struct runner *r) {
    struct sigaction hangup;
    bool nohup = sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
    signal(SIGPIPE, SIG_IGN);
    uv_timer_init(&r->loop, &r->timer);
    r->timer.data = r;
    if (isatty(STDERR_FILENO))
        uv_timer_start(&r->timer, on_timer, PROGRESS_MS, PROGRESS_MS);
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(&r->loop, &r->signals[i]);
        r->signals[i].data = r;
        if (leaving_signals[i] != SIGHUP || !nohup)
            uv_signal_start(&r->signals[i], on_signal, leaving_signals[i]);
    }
}

int sweep_runner_run(const struct sweep_runner_options *o, struct error *e) {
    struct runner r = {.o = o, .e = e};
    r.left = count_left(&r);
    r.slots = calloc((size_t)o->jobs, sizeof *r.slots);
    if (!r.slots || uv_loop_init(&r.loop) < 0) {
        free(r.slots);
        return error_set(e, ERROR_MEMORY, "not enough memory for %d runs at once", o->jobs);
    }
    for (int i = 0; i < o->jobs; i++)
        r.slots[i].runner = &r;
    r.began = uv_now(&r.loop);
    open_handles(&r);
    fill_slots(&r);
    uv_run(&r.loop, UV_RUN_DEFAULT);
    clear_line(&r);
    uv_loop_close(&r.loop);
    free(r.slots);
    return r.code < 0 ? r.code : r.signal ? 128 + r.signal : 0;
}
