#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/train/mailbox.h"

static void wake(void *context) {
    atomic_fetch_add((atomic_int *)context, 1);
}

static struct mailbox *open_box(atomic_int *wakes) {
    struct mailbox *m = NULL;
    struct error e = {0};
    assert_int_equal(mailbox_create(&m, wake, wakes, &e), 0);
    return m;
}

static long long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static void commands_come_in_the_order_they_were_posted(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct command c = {.verb = COMMAND_STEP};
    for (int round = 0; round < 3; round++) { /* emptied and filled again */
        assert_false(mailbox_take(m, &c, 0));
        for (c.count = 0; c.count < 10; c.count++)
            mailbox_post(m, &c);
        for (uint64_t i = 0; i < 10; i++) {
            struct command out;
            assert_true(mailbox_take(m, &out, 0));
            assert_int_equal(out.count, i);
        }
    }
    assert_int_equal(atomic_load(&wakes), 0); /* the main thread need not be woken for its own commands */
    mailbox_destroy(m);
}

struct poster {
    struct mailbox *box;
    int delay;
};

static void *post_later(void *context) {
    struct poster *p = context;
    sleep_ms(p->delay);
    mailbox_post(p->box, &(struct command){.verb = COMMAND_SAVE});
    return NULL;
}

static void a_post_ends_a_wait(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct poster p = {open_box(&wakes), 30};
    struct command c;
    pthread_t thread;
    long long start = now_ms();
    assert_int_equal(pthread_create(&thread, NULL, post_later, &p), 0);
    assert_true(mailbox_take(p.box, &c, 20000));
    assert_true(now_ms() - start < 10000);
    assert_int_equal(c.verb, COMMAND_SAVE);
    pthread_join(thread, NULL);
    start = now_ms();
    assert_false(mailbox_take(p.box, &c, 60));
    assert_true(now_ms() - start >= 59);
    mailbox_destroy(p.box);
}

static void events_come_in_order_with_their_text(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct event e;
    char text[32];
    assert_false(mailbox_next(m, &e));
    for (int i = 0; i < 20; i++)
        mailbox_emit(m, i % 2 ? EVENT_LOG : EVENT_METRICS, "line %d of %s", i, "twenty");
    assert_int_equal(atomic_load(&wakes), 20);
    for (int i = 0; i < 20; i++) {
        assert_true(mailbox_next(m, &e));
        snprintf(text, sizeof text, "line %d of twenty", i);
        assert_string_equal(e.text, text);
        assert_int_equal(e.kind, i % 2 ? EVENT_LOG : EVENT_METRICS);
        free(e.text);
    }
    assert_false(mailbox_next(m, &e));
    mailbox_destroy(m);
}

static void the_latest_snapshot_is_what_is_read(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct snapshot s = {.step = 1}, out;
    assert_false(mailbox_snapshot(m, &out));
    mailbox_publish(m, &s);
    s.step = 2;
    mailbox_publish(m, &s);
    assert_true(mailbox_snapshot(m, &out));
    assert_int_equal(out.step, 2);
    assert_true(mailbox_snapshot(m, &out)); /* reading takes nothing away */
    assert_int_equal(atomic_load(&wakes), 2);
    mailbox_destroy(m);
}

static void an_epoch_event_holds_the_snapshot_of_its_moment(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct event e;
    mailbox_publish(m, &(struct snapshot){.step = 7, .epoch = 1});
    mailbox_emit(m, EVENT_EPOCH, "epoch 1");
    mailbox_publish(m, &(struct snapshot){.step = 14, .epoch = 2});
    assert_true(mailbox_next(m, &e));
    assert_int_equal(e.kind, EVENT_EPOCH);
    assert_int_equal(e.snapshot.step, 7);
    free(e.text);
    mailbox_destroy(m);
}

struct flusher {
    struct mailbox *box;
    atomic_bool done;
};

static void *flush(void *context) {
    struct flusher *f = context;
    mailbox_flush(f->box);
    atomic_store(&f->done, true);
    return NULL;
}

static void a_flush_waits_until_all_events_are_on_file(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct flusher f = {.box = open_box(&wakes)};
    struct event e;
    pthread_t thread;
    mailbox_flush(f.box); /* nothing to wait for */
    mailbox_emit(f.box, EVENT_LOG, "a");
    mailbox_emit(f.box, EVENT_LOG, "b");
    assert_int_equal(pthread_create(&thread, NULL, flush, &f), 0);
    for (int i = 0; i < 2; i++) {
        sleep_ms(20);
        assert_false(atomic_load(&f.done));
        assert_true(mailbox_next(f.box, &e));
        free(e.text);
        if (i == 0)
            mailbox_flushed(f.box); /* one of two */
    }
    sleep_ms(20);
    assert_false(atomic_load(&f.done)); /* taken, but not on file yet */
    mailbox_flushed(f.box);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&f.done));
    mailbox_destroy(f.box);
}

static void a_failure_ends_a_flush_and_keeps_its_first_reason(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct flusher f = {.box = open_box(&wakes)};
    pthread_t thread;
    struct error e = {0};
    assert_int_equal(mailbox_failure(f.box, &e), 0);
    mailbox_emit(f.box, EVENT_LOG, "a");
    assert_int_equal(pthread_create(&thread, NULL, flush, &f), 0);
    sleep_ms(20);
    assert_false(atomic_load(&f.done));
    mailbox_fail(f.box, "metrics.jsonl: no space left");
    pthread_join(thread, NULL);
    mailbox_fail(f.box, "another");
    assert_int_equal(mailbox_failure(f.box, &e), ERROR_IO);
    assert_string_equal(e.text, "metrics.jsonl: no space left");
    mailbox_flush(f.box); /* no longer waits */
    mailbox_mend(f.box);
    assert_int_equal(mailbox_failure(f.box, &e), 0);
    mailbox_destroy(f.box);
}

static void a_command_that_waits_can_be_seen_and_taken_back(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct command c = {.verb = COMMAND_STEP}, out, seen[4];
    assert_false(mailbox_withdraw(m, &out));
    for (c.count = 1; c.count <= 3; c.count++)
        mailbox_post(m, &c);
    assert_int_equal(mailbox_pending(m, seen, 4), 3);
    assert_true(seen[0].count == 1 && seen[2].count == 3);
    assert_int_equal(mailbox_pending(m, seen, 2), 2);
    assert_true(mailbox_withdraw(m, &out));
    assert_true(out.count == 3);
    mailbox_post(m, &c); /* behind what is left */
    for (uint64_t i = 0; i < 3; i++) {
        const uint64_t wanted[] = {1, 2, 4};
        assert_true(mailbox_take(m, &out, 0));
        assert_true(out.count == wanted[i]);
    }
    assert_int_equal(mailbox_pending(m, seen, 4), 0);
    mailbox_post(m, &c);
    assert_true(mailbox_withdraw(m, &out));
    mailbox_post(m, &c); /* the only one was taken back */
    assert_true(mailbox_take(m, &out, 0));
    mailbox_destroy(m);
}

static void what_acts_at_once_is_neither_pending_nor_taken_back(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct command out, seen[4];
    const enum command_verb verbs[] = {COMMAND_SET, COMMAND_PAUSE, COMMAND_NOTE, COMMAND_RESUME, COMMAND_QUIT};
    for (size_t i = 0; i < 5; i++)
        mailbox_post(m, &(struct command){.verb = verbs[i]});
    mailbox_post(m, &(struct command){.verb = COMMAND_PAUSE, .at = MOMENT_STEP}); /* later: like any other */
    assert_int_equal(mailbox_pending(m, seen, 4), 3);
    assert_true(seen[0].verb == COMMAND_SET && seen[1].verb == COMMAND_NOTE && seen[2].verb == COMMAND_PAUSE);
    for (int i = 2; i >= 0; i--) {
        assert_true(mailbox_withdraw(m, &out));
        assert_int_equal(out.verb, seen[i].verb);
    }
    assert_false(mailbox_withdraw(m, &out));
    for (size_t i = 1; i < 5; i++)
        if (verbs[i] != COMMAND_NOTE) {
            assert_true(mailbox_take(m, &out, 0));
            assert_int_equal(out.verb, verbs[i]);
        }
    assert_false(mailbox_take(m, &out, 0));
    mailbox_destroy(m);
}

static void the_newest_of_pause_resume_and_step_is_the_flow(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct command out;
    enum command_verb flow;
    assert_false(mailbox_flow(m, &flow));
    mailbox_post(m, &(struct command){.verb = COMMAND_SET});
    mailbox_post(m, &(struct command){.verb = COMMAND_PAUSE, .at = MOMENT_EPOCH});
    assert_false(mailbox_flow(m, &flow));
    mailbox_post(m, &(struct command){.verb = COMMAND_PAUSE});
    mailbox_post(m, &(struct command){.verb = COMMAND_SAVE});
    assert_true(mailbox_flow(m, &flow) && flow == COMMAND_PAUSE);
    mailbox_post(m, &(struct command){.verb = COMMAND_RESUME});
    assert_true(mailbox_flow(m, &flow) && flow == COMMAND_RESUME);
    while (mailbox_take(m, &out, 0))
        ;
    assert_false(mailbox_flow(m, &flow));
    mailbox_destroy(m);
}

static void a_held_run_reads_as_paused(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    const uint32_t wanted[] = {PHASE_PAUSED, PHASE_PAUSED, PHASE_PAUSED, PHASE_PAUSED, PHASE_DONE, PHASE_FAILED};
    for (uint32_t phase = PHASE_STARTING; phase <= PHASE_FAILED; phase++) {
        struct snapshot s;
        mailbox_publish(m, &(struct snapshot){.phase = phase});
        mailbox_hold(m, true);
        assert_true(mailbox_snapshot(m, &s));
        assert_int_equal(s.phase, wanted[phase]);
        mailbox_hold(m, false);
        mailbox_snapshot(m, &s);
        assert_int_equal(s.phase, phase);
        assert_false(s.paused);
    }
    mailbox_destroy(m);
}

static void the_newest_request_counts_and_wakes_the_trainer(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct look_request look;
    struct pictures_request pictures;
    struct command c;
    assert_false(mailbox_asked_look(m, &look));
    mailbox_ask_look(m, &(struct look_request){.serial = 1, .block = 3});
    mailbox_ask_look(m, &(struct look_request){.serial = 2, .block = 4});
    mailbox_ask_pictures(m, &(struct pictures_request){.serial = 1, .count = 2});
    long long start = now_ms();
    assert_false(mailbox_take(m, &c, 5000)); /* does not sleep on a request */
    assert_true(now_ms() - start < 2000);
    assert_true(mailbox_asked_look(m, &look));
    assert_int_equal(look.block, 4);
    assert_false(mailbox_asked_look(m, &look)); /* once */
    assert_int_equal(look.block, 4);            /* and nothing is written then */
    assert_true(mailbox_asked_pictures(m, &pictures));
    assert_int_equal(pictures.count, 2);
    mailbox_destroy(m);
}

static void payloads_come_with_their_events(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    struct event v;
    char *payload = strdup("flat");
    mailbox_hand_over(m, EVENT_LOOK, payload);
    mailbox_hand_over(m, EVENT_LOOK, strdup("never taken"));
    assert_true(mailbox_next(m, &v));
    assert_int_equal(v.kind, EVENT_LOOK);
    assert_ptr_equal(v.payload, payload);
    assert_null(v.text);
    free(v.payload);
    assert_int_equal(atomic_load(&wakes), 2);
    mailbox_destroy(m);
}

static void what_nobody_took_is_freed(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    mailbox_post(m, &(struct command){.verb = COMMAND_PAUSE});
    mailbox_emit(m, EVENT_LOG, "left");
    mailbox_destroy(m);
    mailbox_destroy(NULL);
}

enum { TRAFFIC = 2000 };

static void *trainer(void *context) {
    struct mailbox *m = context;
    for (uint64_t taken = 0; taken < TRAFFIC;) {
        struct command c;
        if (!mailbox_take(m, &c, 100))
            continue;
        mailbox_publish(m, &(struct snapshot){.step = c.count});
        mailbox_emit(m, EVENT_JOURNAL, "%llu", (unsigned long long)c.count);
        taken++;
    }
    mailbox_flush(m);
    mailbox_emit(m, EVENT_ENDED, "%s", "");
    return NULL;
}

static void two_threads_lose_nothing(void **state) {
    (void)state;
    atomic_int wakes = 0;
    struct mailbox *m = open_box(&wakes);
    pthread_t thread;
    uint64_t posted = 0, seen = 0;
    bool ended = false;
    assert_int_equal(pthread_create(&thread, NULL, trainer, m), 0);
    while (!ended) {
        struct event e;
        struct snapshot s;
        if (posted < TRAFFIC)
            mailbox_post(m, &(struct command){.verb = COMMAND_STEP, .count = posted++});
        while (mailbox_next(m, &e)) {
            if (e.kind == EVENT_ENDED)
                ended = true;
            else
                assert_int_equal(strtoull(e.text, NULL, 10), seen++);
            free(e.text);
        }
        mailbox_flushed(m);
        mailbox_snapshot(m, &s);
        assert_true(s.step < TRAFFIC);
    }
    pthread_join(thread, NULL);
    assert_int_equal(seen, TRAFFIC);
    assert_int_equal(atomic_load(&wakes), 2 * TRAFFIC + 1);
    mailbox_destroy(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_come_in_the_order_they_were_posted),
        cmocka_unit_test(a_post_ends_a_wait),
        cmocka_unit_test(events_come_in_order_with_their_text),
        cmocka_unit_test(the_latest_snapshot_is_what_is_read),
        cmocka_unit_test(an_epoch_event_holds_the_snapshot_of_its_moment),
        cmocka_unit_test(a_flush_waits_until_all_events_are_on_file),
        cmocka_unit_test(a_failure_ends_a_flush_and_keeps_its_first_reason),
        cmocka_unit_test(a_command_that_waits_can_be_seen_and_taken_back),
        cmocka_unit_test(what_acts_at_once_is_neither_pending_nor_taken_back),
        cmocka_unit_test(the_newest_of_pause_resume_and_step_is_the_flow),
        cmocka_unit_test(a_held_run_reads_as_paused),
        cmocka_unit_test(the_newest_request_counts_and_wakes_the_trainer),
        cmocka_unit_test(payloads_come_with_their_events),
        cmocka_unit_test(what_nobody_took_is_freed),
        cmocka_unit_test(two_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
