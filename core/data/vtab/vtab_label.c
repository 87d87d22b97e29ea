#include "core/data/vtab/vtab_label.h"

#include <math.h>

#include "core/formats/example.h"

/* The largest i with limits[i] < d: VTAB's clevr.py and kitti.py. */
static int bucket(const float *limits, int count, float d) {
    int i = count - 1;
    while (i > 0 && !(limits[i] < d))
        i--;
    return i;
}

static bool take_first(void *context, size_t i, int64_t value) {
    (void)i;
    *(int64_t *)context = value;
    return false;
}

static bool count_up(void *context, size_t i, int64_t value) {
    (void)value;
    *(size_t *)context = i + 1;
    return true;
}

int vtab_label_of_distance(float least) {
    static const float limits[] = {0, 8, 8.5f, 9, 9.5f, 10, 100};
    int i = bucket(limits, 7, least);
    return i < 6 ? i : -1;
}

int vtab_label_of_value(const struct vtab_task *t, int64_t value) {
    int64_t from = t->rule == VTAB_COUNT ? value - 3 : value;
    if (from < 0 || from >= (t->rule == VTAB_SCALED ? t->values : t->classes))
        return -1;
    return t->rule == VTAB_SCALED ? (int)floorf((float)from / ((float)t->values / 16)) : (int)from;
}

/* The third of every three values is a distance; of which the least is wanted, of some objects alone. */
struct nearest {
    uint64_t vehicles; /* bit i: object i counts; the first 64 */
    bool all;
    float least;
};

enum { MOST_OBJECTS = 64 };

static bool note_vehicle(void *context, size_t i, int64_t type) {
    struct nearest *n = context;
    if (i < MOST_OBJECTS && type >= 0 && type < 3) /* Car, Van, Truck */
        n->vehicles |= (uint64_t)1 << i;
    return i < MOST_OBJECTS;
}

static bool note_distance(void *context, size_t i, float value) {
    struct nearest *n = context;
    size_t object = i / 3;
    if (i % 3 == 2 && (n->all || (object < MOST_OBJECTS && n->vehicles >> object & 1)) && value < n->least)
        n->least = value;
    return true;
}

static int whole_number(const struct vtab_task *t, struct window *w, const struct example_list *l, int64_t *out,
                        struct error *e) {
    *out = INT64_MIN;
    int r = example_ints(w, l, take_first, out, e);
    if (r == 0 && *out == INT64_MIN)
        r = error_set(e, ERROR_FORMAT, "it has no '%s'", t->key);
    return r;
}

static int count_of(const struct vtab_task *t, struct window *w, const struct example_list *l, int64_t *out,
                    struct error *e) {
    size_t n = 0;
    (void)t;
    int r = example_ints(w, l, count_up, &n, e);
    *out = (int64_t)n;
    return r;
}

static int nearest_object(struct window *w, const struct example_list *l, int64_t *out, struct error *e) {
    struct nearest n = {.all = true, .least = INFINITY};
    int r = example_floats(w, l, note_distance, &n, e);
    if (r == 0 && n.least == INFINITY)
        return error_set(e, ERROR_FORMAT, "it has no object");
    *out = vtab_label_of_distance(n.least);
    if (r == 0 && *out < 0)
        return error_set(e, ERROR_FORMAT, "its nearest object is %g away; at most 100 was expected", (double)n.least);
    return r;
}

static int nearest_vehicle(struct window *w, const struct example_list *types, const struct example_list *locations,
                           int64_t *out, struct error *e) {
    static const float limits[] = {-100, 8, 20, 999};
    struct nearest n = {.least = 1000};
    int r = example_ints(w, types, note_vehicle, &n, e);
    if (r == 0)
        r = example_floats(w, locations, note_distance, &n, e);
    *out = bucket(limits, 4, n.least);
    return r;
}

int vtab_label(const struct vtab_task *t, struct window *w, uint64_t place, uint64_t size, int *label,
               struct error *e) {
    static const char *const vehicle[] = {"objects/type", "objects/location"};
    struct example_list lists[2];
    int64_t value = -1;
    int r = t->rule == VTAB_VEHICLE ? example_find(w, place, size, vehicle, 2, lists, e)
                                    : example_find(w, place, size, &t->key, 1, lists, e);
    if (r < 0)
        return r;
    switch (t->rule) {
    case VTAB_VALUE:
    case VTAB_SCALED:
        r = whole_number(t, w, &lists[0], &value, e);
        break;
    case VTAB_COUNT:
        r = count_of(t, w, &lists[0], &value, e);
        break;
    case VTAB_NEAREST:
        r = nearest_object(w, &lists[0], &value, e);
        break;
    case VTAB_VEHICLE:
        r = nearest_vehicle(w, &lists[0], &lists[1], &value, e);
        break;
    }
    if (r < 0)
        return r;
    bool done = t->rule == VTAB_NEAREST || t->rule == VTAB_VEHICLE;
    int found = done ? (int)value : vtab_label_of_value(t, value), least = t->rule == VTAB_COUNT ? 3 : 0;
    if (found < 0)
        return error_set(e, ERROR_FORMAT, "'%s' gives %lld; %d to %d were expected", t->key, (long long)value, least,
                         least + (t->rule == VTAB_SCALED ? t->values : t->classes) - 1);
    *label = found;
    return 0;
}
