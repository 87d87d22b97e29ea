#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "core/train/team.h"

enum { MOST_THREADS = 5, TASKS = 200 };

static void sleep_us(long us) {
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

static struct team *team_of(int threads) {
    struct team *t = NULL;
    struct error e = {0};
    assert_int_equal(team_create(&t, threads, &e), 0);
    assert_int_equal(team_size(t), threads);
    return t;
}

struct tally {
    struct team *team;
    int size;
    atomic_int done[TASKS], bad;
    /* turns: no lock but the turn itself */
    int order[TASKS], turns, within;
};

static void count(void *context, int member, size_t task) {
    struct tally *t = context;
    if (member < 0 || member >= t->size || task >= TASKS)
        atomic_fetch_add(&t->bad, 1);
    else
        atomic_fetch_add(&t->done[task], 1);
}

static void every_task_is_done_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= MOST_THREADS; threads++) {
        struct tally t = {.team = team_of(threads), .size = threads};
        for (int round = 1; round <= 20; round++) {
            team_run(t.team, count, &t, TASKS, NULL, NULL);
            for (int i = 0; i < TASKS; i++)
                assert_int_equal(atomic_load(&t.done[i]), round);
        }
        assert_int_equal(atomic_load(&t.bad), 0);
        team_destroy(t.team);
    }
}

static void runs_of_any_length_follow_each_other(void **state) {
    (void)state;
    struct tally t = {.team = team_of(3), .size = 3};
    const size_t lengths[] = {0, 1, 2, 0, 3, 199, 1, 0, 7};
    int wanted[TASKS] = {0};
    for (int r = 0; r < 9; r++) {
        team_run(t.team, count, &t, lengths[r], NULL, NULL);
        for (size_t i = 0; i < lengths[r]; i++)
            wanted[i]++;
        for (int i = 0; i < TASKS; i++)
            assert_int_equal(atomic_load(&t.done[i]), wanted[i]);
    }
    team_destroy(t.team);
}

static void take_turn(void *context, int member, size_t task) {
    struct tally *t = context;
    (void)member;
    sleep_us((long)((task * 7919) % 5) * 200); /* so that tasks end out of order */
    team_begin_turn(t->team, task);
    if (t->within++ != 0)
        atomic_fetch_add(&t->bad, 1);
    t->order[t->turns++] = (int)task;
    t->within--;
    team_end_turn(t->team);
}

static void turns_come_in_the_order_of_tasks(void **state) {
    (void)state;
    for (int threads = 1; threads <= MOST_THREADS; threads++) {
        struct tally t = {.team = team_of(threads), .size = threads};
        for (int round = 0; round < 2; round++) {
            t.turns = 0;
            team_run(t.team, take_turn, &t, 50, NULL, NULL);
            assert_int_equal(t.turns, 50);
            for (int i = 0; i < 50; i++)
                assert_int_equal(t.order[i], i);
        }
        assert_int_equal(atomic_load(&t.bad), 0);
        team_destroy(t.team);
    }
}

static void runs_with_and_without_turns_mix(void **state) {
    (void)state;
    struct tally t = {.team = team_of(2), .size = 2};
    for (int round = 0; round < 3; round++) {
        team_run(t.team, count, &t, 10, NULL, NULL);
        t.turns = 0;
        team_run(t.team, take_turn, &t, 10, NULL, NULL);
        for (int i = 0; i < 10; i++)
            assert_int_equal(t.order[i], i);
    }
    assert_int_equal(atomic_load(&t.bad), 0);
    team_destroy(t.team);
}

static void idle(void *context, int member, size_t task) {
    (void)context, (void)member, (void)task;
    sleep_us(320000);
}

struct ticks {
    pthread_t caller;
    int count, elsewhere;
};

static void tick(void *context) {
    struct ticks *t = context;
    t->count++;
    t->elsewhere += !pthread_equal(pthread_self(), t->caller);
}

static void the_caller_is_ticked_about_every_25_ms(void **state) {
    (void)state;
    struct team *t = team_of(2);
    struct ticks ticks = {.caller = pthread_self()};
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    team_run(t, idle, NULL, 2, tick, &ticks);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double ms = (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) * 1e-6;
    assert_true(ticks.count >= 4 && ticks.count <= ms / 25);
    assert_int_equal(ticks.elsewhere, 0);
    team_run(t, idle, NULL, 1, NULL, NULL);
    team_destroy(t);
}

/* Two tasks that each wait for the other: only if both run at once do they end. */
static void meet(void *context, int member, size_t task) {
    (void)member, (void)task;
    pthread_barrier_wait(context);
}

static void tasks_run_at_the_same_time(void **state) {
    (void)state;
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, MOST_THREADS);
    struct team *t = team_of(MOST_THREADS);
    team_run(t, meet, &barrier, MOST_THREADS, NULL, NULL);
    team_destroy(t);
    pthread_barrier_destroy(&barrier);
}

static void note_signals(void *context, int member, size_t task) {
    (void)member, (void)task;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    atomic_int *bad = context;
    const int signals[] = {SIGINT, SIGTERM, SIGUSR1, SIGWINCH, SIGHUP};
    for (int i = 0; i < 5; i++)
        if (!sigismember(&blocked, signals[i]))
            atomic_fetch_add(bad, 1);
}

static void members_take_no_signals_and_the_caller_still_does(void **state) {
    (void)state;
    atomic_int bad = 0;
    struct team *t = team_of(2);
    team_run(t, note_signals, &bad, 8, NULL, NULL);
    team_destroy(t);
    assert_int_equal(atomic_load(&bad), 0);
    sigset_t own;
    pthread_sigmask(SIG_SETMASK, NULL, &own);
    assert_false(sigismember(&own, SIGINT));
}

static void a_team_that_was_never_used_is_destroyed(void **state) {
    (void)state;
    team_destroy(team_of(3));
    team_destroy(NULL);
}

static void the_default_size_heeds_slurm(void **state) {
    (void)state;
    unsetenv("SLURM_CPUS_PER_TASK");
    int all = team_default_size();
    assert_true(all >= 1);
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    assert_int_equal(team_default_size(), 1);
    setenv("SLURM_CPUS_PER_TASK", "1000000", 1);
    assert_int_equal(team_default_size(), all);
    const char *const nonsense[] = {"", "0", "-3", "many"};
    for (int i = 0; i < 4; i++) {
        setenv("SLURM_CPUS_PER_TASK", nonsense[i], 1);
        assert_int_equal(team_default_size(), all);
    }
    unsetenv("SLURM_CPUS_PER_TASK");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_is_done_once),
        cmocka_unit_test(runs_of_any_length_follow_each_other),
        cmocka_unit_test(turns_come_in_the_order_of_tasks),
        cmocka_unit_test(runs_with_and_without_turns_mix),
        cmocka_unit_test(the_caller_is_ticked_about_every_25_ms),
        cmocka_unit_test(tasks_run_at_the_same_time),
        cmocka_unit_test(members_take_no_signals_and_the_caller_still_does),
        cmocka_unit_test(a_team_that_was_never_used_is_destroyed),
        cmocka_unit_test(the_default_size_heeds_slurm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
