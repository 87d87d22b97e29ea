#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "core/train/control.h"

static long long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* A member that counts its looks until it is told to give up. */
struct member {
    struct control *control;
    atomic_long looks;
    atomic_bool ended;
};

static void *look(void *context) {
    struct member *m = context;
    while (control_go_on(m->control)) {
        atomic_fetch_add(&m->looks, 1);
        sleep_ms(1);
    }
    atomic_store(&m->ended, true);
    return NULL;
}

/* Waits until another look was made after `seen`; false after five seconds. */
static bool goes_on(struct member *m, long seen) {
    for (long long end = now_ms() + 5000; now_ms() < end; sleep_ms(1))
        if (atomic_load(&m->looks) > seen + 1)
            return true;
    return false;
}

static void a_new_control_lets_go_on(void **state) {
    (void)state;
    struct control c;
    control_create(&c);
    assert_true(control_go_on(&c));
    assert_false(control_is_held(&c));
    assert_false(control_is_cancelled(&c));
    control_destroy(&c);
}

static void hold_stops_within_100_ms_and_release_goes_on(void **state) {
    (void)state;
    struct control c;
    struct member m = {.control = &c};
    pthread_t thread;
    control_create(&c);
    assert_int_equal(pthread_create(&thread, NULL, look, &m), 0);
    assert_true(goes_on(&m, 0));
    for (int i = 0; i < 3; i++) {
        control_hold(&c);
        sleep_ms(100);
        long seen = atomic_load(&m.looks);
        sleep_ms(60);
        assert_int_equal(atomic_load(&m.looks), seen);
        assert_true(control_is_held(&c));
        control_release(&c);
        assert_true(goes_on(&m, seen));
    }
    control_cancel(&c);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&m.ended));
    control_destroy(&c);
}

static void cancel_ends_a_hold_and_stays_until_reset(void **state) {
    (void)state;
    struct control c;
    struct member m = {.control = &c};
    pthread_t thread;
    control_create(&c);
    control_hold(&c);
    assert_int_equal(pthread_create(&thread, NULL, look, &m), 0);
    sleep_ms(30);
    assert_int_equal(atomic_load(&m.looks), 0);
    control_cancel(&c);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&m.looks), 0);
    assert_false(control_go_on(&c));
    control_hold(&c);
    assert_false(control_go_on(&c)); /* does not wait */
    control_release(&c);
    assert_false(control_go_on(&c));
    control_reset(&c);
    assert_true(control_go_on(&c));
    assert_false(control_is_held(&c));
    control_destroy(&c);
}

/* A key is pressed while a signal comes in. */
struct presser {
    struct control *control;
    atomic_bool stop;
    atomic_long turns;
};

static void *press(void *context) {
    struct presser *p = context;
    while (!atomic_load(&p->stop)) {
        control_hold(p->control);
        control_release(p->control);
        atomic_fetch_add(&p->turns, 1);
    }
    return NULL;
}

static void a_cancel_is_not_lost_to_a_hold_or_release_at_the_same_time(void **state) {
    (void)state;
    struct control c;
    struct presser p = {.control = &c};
    pthread_t thread;
    control_create(&c);
    assert_int_equal(pthread_create(&thread, NULL, press, &p), 0);
    int lost = 0;
    for (long long end = now_ms() + 300; now_ms() < end;) {
        control_cancel(&c);
        long turn = atomic_load(&p.turns);
        while (atomic_load(&p.turns) < turn + 2) /* what was under way has ended */
            ;
        lost += !control_is_cancelled(&c);
        control_reset(&c);
    }
    atomic_store(&p.stop, true);
    pthread_join(thread, NULL);
    control_destroy(&c);
    assert_int_equal(lost, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_control_lets_go_on),
        cmocka_unit_test(hold_stops_within_100_ms_and_release_goes_on),
        cmocka_unit_test(cancel_ends_a_hold_and_stays_until_reset),
        cmocka_unit_test(a_cancel_is_not_lost_to_a_hold_or_release_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
