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
    struct look_request look; /* serial 0: none */
    struct pictures_request pictures;
    bool held, published;
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
        free(o->event.payload);
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
    if (!m->in && wait_ms > 0 && !m->look.serial && !m->pictures.serial) {
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

/* What acts wherever the step is, and so does not wait for its end. */
static bool is_immediate(const struct command *c) {
    return c->at == MOMENT_NOW && (c->verb == COMMAND_PAUSE || c->verb == COMMAND_RESUME || c->verb == COMMAND_QUIT);
}

size_t mailbox_pending(struct mailbox *m, struct command *out, size_t most) {
    size_t n = 0;
    pthread_mutex_lock(&m->lock);
    for (const struct posted *p = m->in; p && n < most; p = p->next)
        if (!is_immediate(&p->command))
            out[n++] = p->command;
    pthread_mutex_unlock(&m->lock);
    return n;
}

bool mailbox_withdraw(struct mailbox *m, struct command *out) {
    struct posted **newest = NULL, *p = NULL;
    pthread_mutex_lock(&m->lock);
    for (struct posted **at = &m->in; *at; at = &(*at)->next)
        if (!is_immediate(&(*at)->command))
            newest = at;
    if (newest) {
        p = *newest;
        *newest = p->next;
        if (!p->next)
            m->in_end = newest;
    }
    pthread_mutex_unlock(&m->lock);
    if (!p)
        return false;
    *out = p->command;
    free(p);
    return true;
}

bool mailbox_flow(struct mailbox *m, enum command_verb *out) {
    bool found = false;
    pthread_mutex_lock(&m->lock);
    for (const struct posted *p = m->in; p; p = p->next) {
        enum command_verb v = p->command.verb;
        if (p->command.at == MOMENT_NOW && (v == COMMAND_PAUSE || v == COMMAND_RESUME || v == COMMAND_STEP)) {
            *out = v;
            found = true;
        }
    }
    pthread_mutex_unlock(&m->lock);
    return found;
}

void mailbox_ask_look(struct mailbox *m, const struct look_request *r) {
    pthread_mutex_lock(&m->lock);
    m->look = *r;
    pthread_cond_signal(&m->posted_one);
    pthread_mutex_unlock(&m->lock);
}

void mailbox_ask_pictures(struct mailbox *m, const struct pictures_request *r) {
    pthread_mutex_lock(&m->lock);
    m->pictures = *r;
    pthread_cond_signal(&m->posted_one);
    pthread_mutex_unlock(&m->lock);
}

bool mailbox_asked_look(struct mailbox *m, struct look_request *out) {
    pthread_mutex_lock(&m->lock);
    bool asked = m->look.serial;
    if (asked)
        *out = m->look;
    m->look.serial = 0;
    pthread_mutex_unlock(&m->lock);
    return asked;
}

bool mailbox_asked_pictures(struct mailbox *m, struct pictures_request *out) {
    pthread_mutex_lock(&m->lock);
    bool asked = m->pictures.serial;
    if (asked)
        *out = m->pictures;
    m->pictures.serial = 0;
    pthread_mutex_unlock(&m->lock);
    return asked;
}

static void send(struct mailbox *m, struct emitted *o) {
    pthread_mutex_lock(&m->lock);
    if (o->event.kind == EVENT_EPOCH)
        o->event.snapshot = m->snapshot;
    *m->out_end = o;
    m->out_end = &o->next;
    m->emitted++;
    pthread_mutex_unlock(&m->lock);
    m->wake(m->context);
}

void mailbox_emit(struct mailbox *m, enum event_kind kind, const char *format, ...) {
    struct emitted *o = node(sizeof *o);
    va_list args;
    va_start(args, format);
    if (vasprintf(&o->event.text, format, args) < 0)
        abort();
    va_end(args);
    o->event.kind = kind;
    send(m, o);
}

void mailbox_hand_over(struct mailbox *m, enum event_kind kind, void *payload) {
    struct emitted *o = node(sizeof *o);
    o->event.kind = kind;
    o->event.payload = payload;
    send(m, o);
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

void mailbox_mend(struct mailbox *m) {
    pthread_mutex_lock(&m->lock);
    m->failed = false;
    m->on_file = m->taken;
    pthread_cond_broadcast(&m->flushed);
    pthread_mutex_unlock(&m->lock);
}

int mailbox_failure(struct mailbox *m, struct error *e) {
    pthread_mutex_lock(&m->lock);
    int r = m->failed ? error_set(e, ERROR_IO, "%s", m->failure) : 0;
    pthread_mutex_unlock(&m->lock);
    return r;
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

void mailbox_hold(struct mailbox *m, bool held) {
    pthread_mutex_lock(&m->lock);
    m->held = held;
    pthread_mutex_unlock(&m->lock);
}

bool mailbox_snapshot(struct mailbox *m, struct snapshot *out) {
    pthread_mutex_lock(&m->lock);
    bool published = m->published, held = m->held;
    *out = m->snapshot;
    pthread_mutex_unlock(&m->lock);
    if (held && (out->phase == PHASE_STARTING || out->phase == PHASE_TRAINING || out->phase == PHASE_EVALUATING)) {
        out->phase = PHASE_PAUSED;
        out->paused = true;
    }
    return published;
}
