/* How a step under way is held, released, or given up, from any thread, wherever the step is.
 *
 *     control_hold(&c);        // members of the team stop at their next look, between two matrix products
 *     control_release(&c);
 *     control_cancel(&c);      // the step is dropped; nothing it did is kept
 *
 * Holding changes no number: the work goes on where it stood. */
#ifndef CORE_TRAIN_CONTROL_H
#define CORE_TRAIN_CONTROL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct control {
    pthread_mutex_t lock; /* guards the wait for the flags' change */
    pthread_cond_t changed;
    atomic_bool held, cancelled;
};

void control_create(struct control *c);
void control_destroy(struct control *c);

void control_hold(struct control *c);
void control_release(struct control *c);
void control_cancel(struct control *c); /* releases too; stays until control_reset() */
void control_reset(struct control *c);

/* What a member calls between matrix products: waits while held; false once cancelled. */
bool control_go_on(struct control *c);

static inline bool control_is_held(struct control *c) {
    return atomic_load_explicit(&c->held, memory_order_relaxed);
}

static inline bool control_is_cancelled(struct control *c) {
    return atomic_load_explicit(&c->cancelled, memory_order_relaxed);
}

#endif
