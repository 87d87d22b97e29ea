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
#include "core/train/snapshot.h"

enum event_kind {
    EVENT_METRICS, /* text: a line for metrics.jsonl */
    EVENT_JOURNAL, /* text: a line for journal.gpt */
    EVENT_LOG,     /* text: a sentence for people */
    EVENT_WARNING, /* text: likewise, something is wrong */
    EVENT_EPOCH,   /* an epoch has ended and was evaluated; snapshot: how things stand */
    EVENT_ENDED,   /* the trainer's last */
};

struct event {
    enum event_kind kind;
    char *text;               /* owned by the receiver; may be NULL */
    struct snapshot snapshot; /* EVENT_EPOCH */
};

struct mailbox;

int mailbox_create(struct mailbox **out, void (*wake)(void *), void *context, struct error *e);
void mailbox_destroy(struct mailbox *m); /* NULL is accepted; neither thread may use it any more */

/* For the main thread (mailbox_post: any thread). */
void mailbox_post(struct mailbox *m, const struct command *c);
bool mailbox_next(struct mailbox *m, struct event *out); /* false: nothing there */
void mailbox_flushed(struct mailbox *m);                 /* all events taken so far are on file */
void mailbox_fail(struct mailbox *m, const char *why);   /* the files cannot be written: the trainer saves and ends */
bool mailbox_snapshot(struct mailbox *m, struct snapshot *out);

/* For the trainer. */
bool mailbox_take(struct mailbox *m, struct command *out, int wait_ms); /* false: nothing came */
void mailbox_emit(struct mailbox *m, enum event_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void mailbox_publish(struct mailbox *m, const struct snapshot *s);
void mailbox_flush(struct mailbox *m); /* waits until every event emitted is on file, or the main thread has failed */
const char *mailbox_failure(struct mailbox *m); /* NULL, or why the main thread cannot write */

#endif
