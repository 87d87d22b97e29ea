/* What the user has chosen to look at: plain values, changed by screen commands (`view gates`, `select block 3`), read
 * by views. Changes nothing in the run. */
#ifndef VIEWS_CHOICE_H
#define VIEWS_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/dataset.h"

/* Views in the order of their digits: X(constant, name). */
#define VIEWS(X)                                                                                                       \
    X(VIEW_OVERVIEW, overview)                                                                                         \
    X(VIEW_GATES, gates)                                                                                               \
    X(VIEW_ATTENTION, attention)                                                                                       \
    X(VIEW_DATA, data)                                                                                                 \
    X(VIEW_LOG, log)                                                                                                   \
    X(VIEW_SETTINGS, settings)                                                                                         \
    X(VIEW_HELP, help)

enum view_id {
#define X(constant, name) constant,
    VIEWS(X)
#undef X
        VIEW_COUNT
};

struct choice {
    enum view_id view;
    int block;        /* from 0 */
    int head;         /* from 0; -1: mean */
    int prompt;       /* from 0; -1: mean of the prompts */
    int mask;         /* of a pretraining run: 0 is that of evaluation */
    enum split split; /* of the chosen image */
    uint32_t image;   /* index in its split */
    int sample;       /* row of the data view's list that is chosen, from 0 */
    bool alone;       /* attention of the backbone without prompts, beside that with them */
    bool image_only;  /* no map over the picture */
    bool temps;       /* the gates view shows temperatures instead */
    bool all_samples; /* the data view lists right predictions too, in the split's order */
    double window;    /* steps that curves show; 0: the whole run */
    double end;       /* the step at their right edge; 0: the present */
    bool has_cursor;
    double cursor; /* step */
    int smooth;    /* points of the exponential mean; 0: none */
    bool log_scale;
    int scroll[VIEW_COUNT]; /* first row shown; of the log: rows above the newest */
    char filter[64];        /* the log, settings and help views show rows that hold it */
};

#endif
