/* The label of a VTAB task from an example of its prepared dataset, or from what a raw download says. Any thread may
 * call, with a window of its own. */
#ifndef CORE_DATA_VTAB_VTAB_LABEL_H
#define CORE_DATA_VTAB_VTAB_LABEL_H

#include <stdint.h>

#include "core/data/vtab/vtab_task.h"
#include "core/error.h"
#include "core/formats/window.h"

/* 0..classes-1 of the example at `place`. Errors: ERROR_FORMAT: damaged, without the key, or no class of the task. */
int vtab_label(const struct vtab_task *t, struct window *w, uint64_t place, uint64_t size, int *label, struct error *e);

/* VALUE, SCALED: of that value, COUNT: of so many objects. -1: no class of the task. */
int vtab_label_of_value(const struct vtab_task *t, int64_t value);

/* NEAREST: of the least distance. -1: beyond 100. */
int vtab_label_of_distance(float least);

#endif
