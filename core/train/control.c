#include "core/train/control.h"

void control_create(struct control *c) {
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    atomic_init(&c->held, false);
    atomic_init(&c->cancelled, false);
}

void control_destroy(struct control *c) {
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
}

/* Under one lock, and a hold or release leaves a cancel as it is: two threads may call at once. */
enum change { HOLD, RELEASE, CANCEL, RESET };

static void change(struct control *c, enum change what) {
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->held, what == HOLD);
    if (what == CANCEL || what == RESET)
        atomic_store(&c->cancelled, what == CANCEL);
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void control_hold(struct control *c) {
    change(c, HOLD);
}

void control_release(struct control *c) {
    change(c, RELEASE);
}

void control_cancel(struct control *c) {
    change(c, CANCEL);
}

void control_reset(struct control *c) {
    change(c, RESET);
}

bool control_go_on(struct control *c) {
    if (!control_is_held(c))
        return !control_is_cancelled(c);
    pthread_mutex_lock(&c->lock);
    while (atomic_load(&c->held) && !atomic_load(&c->cancelled))
        pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
    return !control_is_cancelled(c);
}
