#include <string.h>

#include "core/data/dataset.h"

static const char *const names[SPLITS] = {"train", "val", "test"};

const char *split_name(enum split split) {
    return names[split];
}

bool split_parse(const char *name, enum split *out) {
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        if (strcmp(name, names[s]) == 0) {
            *out = s;
            return true;
        }
    return false;
}
