/* The tasks of VTAB-1K (Zhai et al. 2019; the choice of images is VPT's): vtab_tasks.def as a list, and where in the
 * splits of TensorFlow Datasets a task's images are. Pure; any thread may call. */
#ifndef CORE_DATA_VTAB_VTAB_TASK_H
#define CORE_DATA_VTAB_VTAB_TASK_H

#include <stdbool.h>
#include <stddef.h>

enum vtab_label_rule { VTAB_VALUE, VTAB_SCALED, VTAB_COUNT, VTAB_NEAREST, VTAB_VEHICLE };

struct vtab_task {
    const char *name, *dataset, *version;
    int classes;
    struct {
        const char *split;
        int percent; /* of that split are passed over */
    } val;
    struct {
        const char *split;
        int first, second, half; /* per cent that are passed over: two parts, each rounded down; or one to even */
    } test;
    enum vtab_label_rule rule; /* how a label comes from an example */
    const char *key;           /* of the label in an example; VEHICLE: several */
    int values;                /* SCALED: of the label that is thinned */
    size_t images;             /* of test.split, as published */
};

size_t vtab_count(void);
const struct vtab_task *vtab_at(size_t i);
const struct vtab_task *vtab_find(const char *name); /* NULL: none */

/* Whether pictures hold 0 and 1 for black and white (dSprites). */
bool vtab_is_binary(const struct vtab_task *t);

/* First image for validation in val.split, first for test in test.split, of `images` in that split. */
size_t vtab_val_first(const struct vtab_task *t, size_t images);
size_t vtab_test_first(const struct vtab_task *t, size_t images);

/* Images of the test part as published. */
size_t vtab_published_test(const struct vtab_task *t);

/* What a class is called where the dataset does not say: "3 objects", "nearer than 8 m", "7". Into `out`. */
void vtab_class_name(const struct vtab_task *t, int label, char *out, size_t size);

#endif
