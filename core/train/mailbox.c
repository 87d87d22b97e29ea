#include "core/train/mailbox.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct posted {
    struct posted *next;
    struct command command;
};

struct emitted {
    struct emitted *next;
    struct event event;
};

struct mailbox {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t posted_one, flushed;
    void (*wake)(void *);
    void *context;
    struct posted *in, **in_end;
    struct emitted *out, **out_end;
    uint64_t emitted, taken, on_file; /* events so far */
    bool failed;
    char failure[512];
    bool published;
    struct snapshot snapshot;
};

int mailbox_create(struct mailbox **out, void (*wake)(void *), void *context, struct error *e) {
    struct mailbox *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(e, ERROR_MEMORY, "not enough memory for a mailbox");
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&m->posted_one, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&m->flushed, NULL);
    m->wake = wake;
    m->context = context;
    m->in_end = &m->in;
    m->out_end = &m->out;
    *out = m;
    return 0;
}

void mailbox_destroy(struct mailbox *m) {
    if (!m)
        return;
    for (struct posted *p = m->in, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    for (struct emitted *o = m->out, *next; o; o = next) {
        next = o->next;
        free(o->event.text);
        free(o);
    }
    pthread_cond_destroy(&m->flushed);
    pthread_cond_destroy(&m->posted_one);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* A node of a queue; running out of memory for a few bytes here leaves no way to go on in order. */
static void *node(size_t size) {
    void *p = calloc(1, size);
    if (!p)
        abort();
    return p;
}

void mailbox_post(struct mailbox *m, const struct command *c) {
    struct posted *p = node(sizeof *p);
    p->command = *c;
    pthread_mutex_lock(&m->lock);
    *m->in_end = p;
    m->in_end = &p->next;
    pthread_cond_signal(&m->posted_one);
    pthread_mutex_unlock(&m->lock);
}

bool mailbox_take(struct mailbox *m, struct command *out, int wait_ms) {
    pthread_mutex_lock(&m->lock);
    if (!m->in && wait_ms > 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)wait_ms % 1000 * 1000000;
        until.tv_sec += wait_ms / 1000 + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&m->posted_one, &m->lock, &until);
    }
    struct posted *p = m->in;
    if (p) {
        m->in = p->next;
        if (!m->in)
            m->in_end = &m->in;
    }
    pthread_mutex_unlock(&m->lock);
    if (!p)
        return false;
    *out = p->command;
    free(p);
    return true;
}

void mailbox_emit(struct mailbox *m, enum event_kind kind, const char *format, ...) {
    struct emitted *o = node(sizeof *o);
    va_list args;
    va_start(args, format);
    if (vasprintf(&o->event.text, format, args) < 0)
        abort();
    va_end(args);
    o->event.kind = kind;
    pthread_mutex_lock(&m->lock);
    if (kind == EVENT_EPOCH)
        o->event.snapshot = m->snapshot;
    *m->out_end = o;
    m->out_end = &o->next;
    m->emitted++;
    pthread_mutex_unlock(&m->lock);
    m->wake(m->context);
}

bool mailbox_next(struct mailbox *m, struct event *out) {
    pthread_mutex_lock(&m->lock);
    struct emitted *o = m->out;
    if (o) {
        m->out = o->next;
        if (!m->out)
            m->out_end = &m->out;
        m->taken++;
    }
    pthread_mutex_unlock(&m->lock);
    if (!o)
        return false;
    *out = o->event;
    free(o);
    return true;
}

void mailbox_flushed(struct mailbox *m) {
    pthread_mutex_lock(&m->lock);
    m->on_file = m->taken;
    pthread_cond_broadcast(&m->flushed);
    pthread_mutex_unlock(&m->lock);
}

void mailbox_fail(struct mailbox *m, const char *why) {
    pthread_mutex_lock(&m->lock);
    if (!m->failed)
        snprintf(m->failure, sizeof m->failure, "%s", why);
    m->failed = true;
    pthread_cond_broadcast(&m->flushed);
    pthread_cond_broadcast(&m->posted_one);
    pthread_mutex_unlock(&m->lock);
}

const char *mailbox_failure(struct mailbox *m) {
    pthread_mutex_lock(&m->lock);
    bool failed = m->failed;
    pthread_mutex_unlock(&m->lock);
    return failed ? m->failure : NULL; /* written once */
}

void mailbox_flush(struct mailbox *m) {
    pthread_mutex_lock(&m->lock);
    while (m->on_file < m->emitted && !m->failed)
        pthread_cond_wait(&m->flushed, &m->lock);
    pthread_mutex_unlock(&m->lock);
}

void mailbox_publish(struct mailbox *m, const struct snapshot *s) {
    pthread_mutex_lock(&m->lock);
    m->snapshot = *s;
    m->published = true;
    pthread_mutex_unlock(&m->lock);
    m->wake(m->context);
}

bool mailbox_snapshot(struct mailbox *m, struct snapshot *out) {
    pthread_mutex_lock(&m->lock);
    bool published = m->published;
    *out = m->snapshot;
    pthread_mutex_unlock(&m->lock);
    return published;
}
