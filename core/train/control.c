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

static void set(struct control *c, bool held, bool cancelled) {
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->held, held);
    atomic_store(&c->cancelled, cancelled);
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void control_hold(struct control *c) {
    set(c, true, control_is_cancelled(c));
}

void control_release(struct control *c) {
    set(c, false, control_is_cancelled(c));
}

void control_cancel(struct control *c) {
    set(c, false, true);
}

void control_reset(struct control *c) {
    set(c, false, false);
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
