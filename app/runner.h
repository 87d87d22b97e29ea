/* A run under way: the trainer on its thread, the libuv loop of this one, the mailbox between them, and the run
 * folder's text files.
 *
 *     struct runner r;
 *     runner_open(&r, &options, &err);
 *     r.take = take_event, r.context = &screen;      // who is told; may change while it runs
 *     uv_run(&r.loop, UV_RUN_DEFAULT);               // until take() stops it
 *     status = runner_close(&r, &result, &err);
 *
 * Lines of metrics and journal are on file before take() is told of them. Where they cannot be written, a run that
 * nobody watches ends, its last save whole; one with `stay` pauses, and keeps the lines until runner_retry() gets them
 * written. Main thread. */
#ifndef APP_RUNNER_H
#define APP_RUNNER_H

#include <pthread.h>

#include <uv.h>

#include "app/run_folder.h"
#include "app/script.h"
#include "core/train/trainer.h"

struct runner_options {
    struct job *job;
    struct run_folder *folder; /* of a run that is shown: only its path counts */
    const struct script *script;
    bool resume; /* goes on from the folder's last save */
    bool stay;   /* somebody steers on after the script */
    bool show;   /* a saved run is looked at: nothing is trained or written */
};

struct runner {
    struct runner_options options;
    uv_loop_t loop;
    struct mailbox *mailbox;
    struct trainer *trainer;
    double peak_gflops;   /* of sgemm, measured before the training starts where somebody watches */
    atomic_bool measured; /* it was */
    /* Told of each event; may take its payload by setting it to NULL. NULL: nobody is told. */
    void (*take)(void *context, struct event *v);
    void (*moved)(void *context); /* told of each new snapshot; NULL: nobody */
    void *context;                /* of both */
    bool ended;                   /* the trainer has said its last */
    /* private */
    uv_async_t wake;
    pthread_t thread;
    bool started, failed;
    struct runner_line *waiting, **waiting_end; /* lines that could not be written */
};

/* Errors: those of trainer_create(); ERROR_IO. Nothing is left open after an error. */
int runner_open(struct runner *r, const struct runner_options *o, struct error *e);

/* Starts the training. `take` should be set. Errors: ERROR_IO. */
int runner_start(struct runner *r, struct error *e);

/* Posts a command from the keyboard. */
void runner_post(struct runner *r, const struct command *c);

/* Tries to write the lines that wait; true: none waits any more, and the trainer has been told. */
bool runner_retry(struct runner *r, struct error *e);

/* Joins the trainer, once it has ended, and frees everything. Returns 0 or the error that ended the run. */
int runner_close(struct runner *r, struct trainer_result *result, struct error *e);

#endif
