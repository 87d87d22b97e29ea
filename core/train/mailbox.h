/* Between the main thread and the trainer: commands in, events and the latest snapshot out.
 *
 *     main                                     trainer
 *     mailbox_post(m, &command)          ->    mailbox_take(m, &command, 100)
 *     mailbox_next(m, &event)            <-    mailbox_emit(m, EVENT_METRICS, line)
 *     mailbox_snapshot(m, &s)            <-    mailbox_publish(m, &s)
 *
 * One mutex guards all of it and is held for a copy at most. `wake` is called on the trainer's thread, outside the
 * mutex, when there is something for the main thread; it must not wait (uv_async_send). */
#ifndef CORE_TRAIN_MAILBOX_H
#define CORE_TRAIN_MAILBOX_H

#include "core/train/command.h"
#include "core/train/look.h"
#include "core/train/snapshot.h"

enum event_kind {
    EVENT_METRICS,     /* text: a line for metrics.jsonl */
    EVENT_JOURNAL,     /* text: a line for journal.gpt */
    EVENT_LOG,         /* text: a sentence for people */
    EVENT_WARNING,     /* text: likewise, something is wrong */
    EVENT_EPOCH,       /* an epoch has ended and was evaluated; snapshot: how things stand */
    EVENT_SCREEN,      /* text: a command of the screen, from the script */
    EVENT_LOOK,        /* payload: struct look */
    EVENT_PICTURES,    /* payload: struct pictures */
    EVENT_PREDICTIONS, /* payload: struct predictions */
    EVENT_DATA,        /* payload: struct data_facts of the dataset that was swapped in */
    EVENT_ENDED,       /* the trainer's last; text: the error that ended it, or "" */
};

struct event {
    enum event_kind kind;
    char *text;               /* owned by the receiver, as payload is; may be NULL */
    void *payload;            /* one block of memory; NULL: none */
    struct snapshot snapshot; /* EVENT_EPOCH */
};

struct mailbox;

int mailbox_create(struct mailbox **out, void (*wake)(void *), void *context, struct error *e);
void mailbox_destroy(struct mailbox *m); /* NULL is accepted; neither thread may use it any more */

/* For the main thread (mailbox_post: any thread). */
void mailbox_post(struct mailbox *m, const struct command *c);
bool mailbox_next(struct mailbox *m, struct event *out); /* false: nothing there */
void mailbox_flushed(struct mailbox *m);                 /* all events taken so far are on file */
void mailbox_fail(struct mailbox *m, const char *why);   /* the files cannot be written: the trainer ends or pauses */
void mailbox_mend(struct mailbox *m);                    /* they can be written again, and all is on file */

/* Asks for attention or pictures; takes the place of an earlier request that was not answered yet. */
void mailbox_ask_look(struct mailbox *m, const struct look_request *r);
void mailbox_ask_pictures(struct mailbox *m, const struct pictures_request *r);

/* Commands posted that the trainer has not taken yet, oldest first, without pause, resume and quit, which act at once:
 * copies at most `most` of them, returns how many. mailbox_withdraw() takes the newest of them back; false: none. */
size_t mailbox_pending(struct mailbox *m, struct command *out, size_t most);
bool mailbox_withdraw(struct mailbox *m, struct command *out);

/* The latest one published; false: none yet. While held, a run that would move reads as paused. */
bool mailbox_snapshot(struct mailbox *m, struct snapshot *out);
void mailbox_hold(struct mailbox *m, bool held); /* any thread; trainer_hold() and trainer_release() call it */

/* For the trainer. mailbox_take(): false: nothing came within wait_ms; a request wakes it too. */
bool mailbox_take(struct mailbox *m, struct command *out, int wait_ms);
void mailbox_emit(struct mailbox *m, enum event_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a payload in place of the text, which the mailbox takes over. */
void mailbox_hand_over(struct mailbox *m, enum event_kind kind, void *payload);
void mailbox_publish(struct mailbox *m, const struct snapshot *s);
/* What was posted last of pause, resume and step and is not taken yet; false: none of them. */
bool mailbox_flow(struct mailbox *m, enum command_verb *out);
/* Takes the request; false: nothing was asked, *out is as it was. */
bool mailbox_asked_look(struct mailbox *m, struct look_request *out);
bool mailbox_asked_pictures(struct mailbox *m, struct pictures_request *out);
void mailbox_flush(struct mailbox *m); /* waits until every event emitted is on file, or the main thread has failed */
int mailbox_failure(struct mailbox *m, struct error *e); /* 0, or ERROR_IO: why the main thread cannot write */

#endif
