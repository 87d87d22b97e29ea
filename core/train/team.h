/* A team of threads that shares out numbered tasks.
 *
 *     team_create(&team, 4, &err);
 *     team_run(team, do_chunk, context, chunks, NULL, NULL);
 *     team_destroy(team);
 *
 * Tasks are begun in order, each by whichever member is free. What must not depend on that goes into a turn: turns are
 * taken in the order of the tasks. One thread at a time may call team_run(); it waits, and does no task itself. */
#ifndef CORE_TRAIN_TEAM_H
#define CORE_TRAIN_TEAM_H

#include <stddef.h>

#include "core/error.h"

struct team;

typedef void team_task_fn(void *context, int member, size_t task);
typedef void team_tick_fn(void *context);

/* `threads` from 1. Sets BLAS to one thread in each. Errors: ERROR_MEMORY, ERROR_IO (no thread could be started). */
int team_create(struct team **out, int threads, struct error *e);
void team_destroy(struct team *t); /* NULL is accepted */
int team_size(const struct team *t);

/* Does tasks 0 to count - 1 and returns when all are done. `tick` (may be NULL) is called on the calling thread about
 * every 25 ms meanwhile. Every task must take its turn exactly once, or none may. */
void team_run(struct team *t, team_task_fn *task, void *context, size_t count, team_tick_fn *tick, void *tick_context);

/* Within a task: waits until every lower task has ended its turn; then no other member is in one. */
void team_begin_turn(struct team *t, size_t task);
void team_end_turn(struct team *t);

/* The cores that this process may use: the least of CPU affinity, cgroup quota and SLURM_CPUS_PER_TASK; at least 1. */
int team_default_size(void);

/* What the setting `threads` asks for: 0 is the default. */
int team_size_for(int threads);

#endif
