#include "core/data/vtab/vtab_task.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define VALUE(key) VTAB_VALUE, key, 0
#define SCALED(key, values) VTAB_SCALED, key, values
#define COUNT(key) VTAB_COUNT, key, 0
#define NEAREST(key) VTAB_NEAREST, key, 0
#define VEHICLE VTAB_VEHICLE, "", 0

static const struct vtab_task tasks[] = {
#define TASK(name, dataset, version, classes, rule, test, label, images)                                               \
    {name, dataset, version, classes, rule, test, label, images},
#include "core/data/vtab/vtab_tasks.def"
#undef TASK
};

enum { TASKS = sizeof tasks / sizeof *tasks };

size_t vtab_count(void) {
    return TASKS;
}

const struct vtab_task *vtab_at(size_t i) {
    assert(i < TASKS);
    return &tasks[i];
}

const struct vtab_task *vtab_find(const char *name) {
    for (size_t i = 0; i < TASKS; i++)
        if (strcmp(tasks[i].name, name) == 0)
            return &tasks[i];
    return NULL;
}

bool vtab_is_binary(const struct vtab_task *t) {
    return strcmp(t->dataset, "dsprites") == 0;
}

size_t vtab_val_first(const struct vtab_task *t, size_t images) {
    return (size_t)t->val.percent * images / 100;
}

size_t vtab_test_first(const struct vtab_task *t, size_t images) {
    if (t->test.half) {
        size_t parts = (size_t)t->test.half * images, down = parts / 100, left = parts % 100;
        return left > 50 || (left == 50 && down % 2) ? down + 1 : down;
    }
    return (size_t)t->test.first * images / 100 + (size_t)t->test.second * images / 100;
}

size_t vtab_published_test(const struct vtab_task *t) {
    return t->images - vtab_test_first(t, t->images);
}

void vtab_class_name(const struct vtab_task *t, int label, char *out, size_t size) {
    static const char *const vehicles[] = {"nearer than 8 m", "8 to 20 m", "farther than 20 m", "no vehicle"};
    static const char *const nearest[] = {"nearer than 8", "8 to 8.5",  "8.5 to 9",
                                          "9 to 9.5",      "9.5 to 10", "beyond 10"};
    assert(label >= 0 && label < t->classes);
    if (t->rule == VTAB_COUNT)
        snprintf(out, size, "%d objects", label + 3);
    else if (t->rule == VTAB_NEAREST)
        snprintf(out, size, "%s", nearest[label]);
    else if (t->rule == VTAB_VEHICLE)
        snprintf(out, size, "%s", vehicles[label]);
    else
        snprintf(out, size, "%d", label);
}
