#include "app/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/measure.h"
#include "app/plan.h"
#include "core/digest.h"
#include "core/thread_signals.h"

struct runner_line {
    struct runner_line *next;
    bool metrics; /* else of the journal */
    char text[];
};

static int write_line(struct runner *r, bool metrics, const char *text, struct error *e) {
    struct run_folder *f = r->options.folder;
    return metrics ? run_folder_metrics(f, text, e) : run_folder_journal(f, text, e);
}

static void keep_line(struct runner *r, bool metrics, const char *text) {
    size_t size = strlen(text) + 1;
    struct runner_line *line = malloc(sizeof *line + size);
    if (!line)
        abort(); /* a line of the run's record would be lost without a word */
    line->next = NULL;
    line->metrics = metrics;
    memcpy(line->text, text, size);
    *r->waiting_end = line;
    r->waiting_end = &line->next;
}

static void record(struct runner *r, bool metrics, const char *text) {
    struct error why = {0};
    if (r->failed) {
        if (r->options.stay)
            keep_line(r, metrics, text);
        return;
    }
    if (write_line(r, metrics, text, &why) == 0)
        return;
    r->failed = true;
    keep_line(r, metrics, text);
    mailbox_fail(r->mailbox, why.text);
}

bool runner_retry(struct runner *r, struct error *e) {
    while (r->waiting) {
        struct runner_line *line = r->waiting;
        if (write_line(r, line->metrics, line->text, e) < 0)
            return false;
        r->waiting = line->next;
        free(line);
    }
    r->waiting_end = &r->waiting;
    if (r->failed) {
        r->failed = false;
        mailbox_mend(r->mailbox);
        mailbox_flushed(r->mailbox);
    }
    return true;
}

static void on_wake(uv_async_t *async) {
    struct runner *r = async->data;
    struct event v;
    while (mailbox_next(r->mailbox, &v)) {
        if (v.kind == EVENT_METRICS || v.kind == EVENT_JOURNAL)
            record(r, v.kind == EVENT_METRICS, v.text);
        r->ended = r->ended || v.kind == EVENT_ENDED;
        if (r->take)
            r->take(r->context, &v);
        free(v.text);
        free(v.payload);
    }
    if (!r->failed)
        mailbox_flushed(r->mailbox);
    if (r->moved)
        r->moved(r->context);
}

static void wake(void *runner) {
    struct runner *r = runner;
    uv_async_send(&r->wake);
}

static void close_loop(struct runner *r) {
    uv_close((uv_handle_t *)&r->wake, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
}

/* A benchmark without its split files is another one: that is said, whether or not its splits could be written. */
static void say_dealt(struct runner *r, const struct dataset *d, const char *where) {
    char hash[DIGEST_HEX];
    dataset_fingerprint(d, hash);
    mailbox_emit(r->mailbox, EVENT_LOG,
                 "%s has no split files: %zu, %zu and %zu images for train, val and test are chosen by seed %d, %s "
                 "(data's SHA-256 %.16s...)",
                 dataset_spec(d), dataset_size(d, SPLIT_TRAIN), dataset_size(d, SPLIT_VAL), dataset_size(d, SPLIT_TEST),
                 r->options.job->settings.seed, where, hash);
}

static void keep_splits(void *runner, const struct dataset *d, uint64_t swaps) {
    struct runner *r = runner;
    struct error e = {0};
    char folder[RUN_FOLDER_FILE], where[RUN_FOLDER_FILE + 32];
    int code = run_folder_splits(r->options.folder->path, d, swaps, folder, &e);
    snprintf(where, sizeof where, "written to %s", folder);
    if (code != 0)
        say_dealt(r, d, code > 0 ? where : "but not written");
    if (code < 0)
        mailbox_emit(r->mailbox, EVENT_WARNING, "%s", e.text);
}

int runner_open(struct runner *r, const struct runner_options *o, struct error *e) {
    *r = (struct runner){.options = *o};
    r->waiting_end = &r->waiting;
    atomic_init(&r->measured, false);
    int code = uv_loop_init(&r->loop);
    if (code < 0)
        return error_set(e, ERROR_IO, "the event loop cannot be made: %s", uv_strerror(code));
    uv_async_init(&r->loop, &r->wake, on_wake);
    r->wake.data = r;
    struct trainer_options t = {
        .job = o->job,
        .folder = o->folder->path,
        .resume = o->resume,
        .lines = o->script->commands,
        .count = o->script->count,
        .stay = o->stay,
        .show = o->show,
        .swapped = keep_splits,
        .context = r,
    };
    code = mailbox_create(&r->mailbox, wake, r, e);
    t.mailbox = r->mailbox;
    if (code == 0)
        code = trainer_create(&r->trainer, &t, e);
    if (code < 0) {
        close_loop(r);
        mailbox_destroy(r->mailbox);
    }
    return code;
}

static void *work(void *runner) {
    struct runner *r = runner;
    struct error ignored = {0};
    if (!r->options.resume && !r->options.show)
        keep_splits(r, r->options.job->dataset, 0);
    if (r->options.stay && !r->options.show) {
        const struct settings *s = &r->options.job->settings;
        if (measure_peak_quickly(team_size_for(s->threads), &r->peak_gflops, &ignored) == 0) {
            char text[256];
            struct plan plan;
            plan_estimate(&plan, r->options.job, r->peak_gflops);
            atomic_store(&r->measured, true);
            mailbox_emit(r->mailbox, EVENT_LOG, "plan, if images take three quarters of sgemm's %.0f GFLOP/s: %s",
                         r->peak_gflops, plan_line(&plan, text, sizeof text));
        }
    }
    return trainer_run(r->trainer);
}

int runner_start(struct runner *r, struct error *e) {
    sigset_t old;
    thread_signals_block(&old);
    int code = pthread_create(&r->thread, NULL, work, r);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    r->started = code == 0;
    if (r->started)
        pthread_setname_np(r->thread, "trainer"); /* for top -H */
    return code ? error_set(e, ERROR_IO, "the trainer's thread cannot be started: %s", strerror(code)) : 0;
}

void runner_post(struct runner *r, const struct command *c) {
    mailbox_post(r->mailbox, c);
}

int runner_close(struct runner *r, struct trainer_result *result, struct error *e) {
    int code = 0;
    if (r->started) {
        pthread_join(r->thread, NULL);
        *result = *trainer_result(r->trainer);
        *e = result->error;
        code = result->code;
    }
    trainer_destroy(r->trainer);
    close_loop(r);
    mailbox_destroy(r->mailbox);
    while (r->waiting) {
        struct runner_line *line = r->waiting;
        r->waiting = line->next;
        free(line);
    }
    return code;
}
