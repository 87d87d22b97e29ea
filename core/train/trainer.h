/* A run: steps, evaluations, commands, saves. The function that the trainer thread is.
 *
 *     trainer_create(&t, &options, &err);
 *     pthread_create(..., trainer_run, t);           // posts EVENT_ENDED last
 *     mailbox_post(options.mailbox, &command);       // from the main thread, with its mailbox
 *     trainer_interrupt(t);                          // a signal: save and leave, dropping the step under way
 *     trainer_destroy(t);                            // after the thread was joined
 *
 * The trainer owns job, state and engine while it runs. Everything it has to say goes into the mailbox; the only files
 * it writes by itself are the weights in `folder`. */
#ifndef CORE_TRAIN_TRAINER_H
#define CORE_TRAIN_TRAINER_H

#include "core/train/evaluate.h"
#include "core/train/mailbox.h"
#include "core/train/state.h"

struct trainer_options {
    struct job *job;             /* opened; for a resumed run with the dataset of its saved position */
    const char *folder;          /* of the run: last.safetensors, best.safetensors */
    bool resume;                 /* go on from folder/last.safetensors */
    const struct command *lines; /* the script, checked; copied */
    size_t count;
    bool stay; /* a person may steer on after the script: wait for commands at the end, in a pause, and when something
                * cannot be written (until room was made and the run is resumed) */
    bool show; /* with `stay`: look at folder/last.safetensors: nothing is trained, saved, journaled or measured */
    struct mailbox *mailbox;
    /* Called on the trainer's thread when a dataset was swapped in, the swaps-th of the run, before anything reads it;
     * d is valid during the call. NULL: nobody wants to know. */
    void (*swapped)(void *context, const struct dataset *d, uint64_t swaps);
    void *context;
};

struct trainer_result {
    int code; /* 0, or the error that ended the run */
    struct error error;
    uint64_t epochs, steps;
    bool complete; /* ended by itself or by `stop`: not by quit or a signal */
    bool saved;    /* last.safetensors holds the state with this hash */
    struct snapshot_result val, test;
    char hash[65]; /* SHA-256 of the last weights */
};

struct trainer;

int trainer_create(struct trainer **out, const struct trainer_options *options, struct error *e);
void trainer_destroy(struct trainer *t); /* NULL is accepted */

/* Runs to the end; the thread's start routine. Returns NULL; trainer_result() says how it went. */
void *trainer_run(void *trainer);
const struct trainer_result *trainer_result(const struct trainer *t);

/* Any thread. */
void trainer_hold(struct trainer *t);      /* `pause`, at once, wherever the step is; post the command behind it */
void trainer_release(struct trainer *t);   /* `resume`, likewise */
void trainer_interrupt(struct trainer *t); /* save and leave now */
void trainer_abandon(struct trainer *t);   /* leave now without saving */
void trainer_detach(struct trainer *t);    /* nobody steers any more: as if `stay` had not been set */

#endif
