#include "core/train/team.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cblas.h>

#include "core/thread_signals.h"

#define TICK_NS 25000000 /* a pause is to be seen within 100 ms */

struct member {
    struct team *team;
    int number;
    pthread_t thread;
};

struct team {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t work, done, turn;
    team_task_fn *task;
    void *context;
    size_t count, next, finished, turns; /* turns: tasks that have ended theirs */
    bool leaving;
    int size;
    struct member *members;
};

static void *work(void *argument) {
    struct member *m = argument;
    struct team *t = m->team;
    pthread_setname_np(pthread_self(), "team"); /* for top -H */
    pthread_mutex_lock(&t->lock);
    for (;;) {
        while (!t->leaving && t->next >= t->count)
            pthread_cond_wait(&t->work, &t->lock);
        if (t->leaving)
            break;
        size_t task = t->next++;
        pthread_mutex_unlock(&t->lock);
        t->task(t->context, m->number, task);
        pthread_mutex_lock(&t->lock);
        if (++t->finished == t->count)
            pthread_cond_signal(&t->done);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static void leave(struct team *t, int started) {
    pthread_mutex_lock(&t->lock);
    t->leaving = true;
    pthread_cond_broadcast(&t->work);
    pthread_mutex_unlock(&t->lock);
    for (int i = 0; i < started; i++)
        pthread_join(t->members[i].thread, NULL);
    pthread_cond_destroy(&t->turn);
    pthread_cond_destroy(&t->done);
    pthread_cond_destroy(&t->work);
    pthread_mutex_destroy(&t->lock);
    free(t->members);
    free(t);
}

int team_create(struct team **out, int threads, struct error *e) {
    assert(threads > 0);
    struct team *t = calloc(1, sizeof *t);
    struct member *members = calloc((size_t)threads, sizeof *members);
    if (!t || !members) {
        free(t);
        free(members);
        return error_set(e, ERROR_MEMORY, "not enough memory for a team of %d threads", threads);
    }
    /* For the whole process: the team is the parallelism, BLAS runs inside it. */
    openblas_set_num_threads(1);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->work, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&t->turn, NULL);
    t->size = threads;
    t->members = members;
    sigset_t old;
    thread_signals_block(&old);
    int started = 0, r = 0;
    for (; started < threads && r == 0; started += r == 0) {
        members[started] = (struct member){.team = t, .number = started};
        r = pthread_create(&members[started].thread, NULL, work, &members[started]);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r) {
        leave(t, started);
        return error_set(e, ERROR_IO, "thread %d of %d could not be started: %s", started + 1, threads, strerror(r));
    }
    *out = t;
    return 0;
}

void team_destroy(struct team *t) {
    if (t)
        leave(t, t->size);
}

int team_size(const struct team *t) {
    return t->size;
}

void team_run(struct team *t, team_task_fn *task, void *context, size_t count, team_tick_fn *tick, void *tick_context) {
    pthread_mutex_lock(&t->lock);
    assert(t->finished == t->count);
    t->task = task;
    t->context = context;
    t->next = t->finished = t->turns = 0;
    t->count = count;
    pthread_cond_broadcast(&t->work);
    while (t->finished < t->count) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TICK_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (pthread_cond_timedwait(&t->done, &t->lock, &until) == ETIMEDOUT && tick) {
            pthread_mutex_unlock(&t->lock);
            tick(tick_context);
            pthread_mutex_lock(&t->lock);
        }
    }
    pthread_mutex_unlock(&t->lock);
}

void team_begin_turn(struct team *t, size_t task) {
    pthread_mutex_lock(&t->lock);
    while (t->turns != task)
        pthread_cond_wait(&t->turn, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

void team_end_turn(struct team *t) {
    pthread_mutex_lock(&t->lock);
    t->turns++;
    pthread_cond_broadcast(&t->turn);
    pthread_mutex_unlock(&t->lock);
}

/* Whole cores of "LIMIT PERIOD" in microseconds, version 2's cpu.max; 0: no limit ("max"). */
static int read_quota(const char *path) {
    long long limit = 0, period = 0;
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%lld %lld", &limit, &period) != 2)
        limit = 0;
    if (f)
        fclose(f);
    return limit > 0 && period > 0 ? (int)((limit + period - 1) / period) : 0;
}

/* The least quota of this process's cgroup and those above it; 0: none. */
static int quota(void) {
    char line[2048], path[2304];
    int least = 0;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, "0::/", 4) != 0)
            continue;
        line[strcspn(line, "\n")] = 0;
        for (char *end = line + strlen(line); end; end = strrchr(line + 3, '/')) {
            *end = 0;
            snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", line + 3);
            int q = read_quota(path);
            least = q > 0 && (least == 0 || q < least) ? q : least;
        }
    }
    if (f)
        fclose(f);
    return least;
}

int team_default_size(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int q = quota();
    const char *slurm = getenv("SLURM_CPUS_PER_TASK");
    int s = slurm ? atoi(slurm) : 0;
    if (q > 0 && q < n)
        n = q;
    if (s > 0 && s < n)
        n = s;
    return n < 1 ? 1 : n > 1024 ? 1024 : n;
}

int team_size_for(int threads) {
    return threads > 0 ? threads : team_default_size();
}
