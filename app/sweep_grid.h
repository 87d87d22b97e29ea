/* What a sweep runs: settings that are fixed, and axes with several values each. A cell is one combination of the axes'
 * values, numbered from 0 with the last axis changing fastest.
 *
 *     struct sweep_grid g = {0};
 *     sweep_grid_fix(&g, "data", "scenes:shape", &err);
 *     sweep_grid_add(&g, "lr", "0.05, 0.1", &err);
 *     sweep_grid_add(&g, "seed", "1, 2, 3", &err);
 *     sweep_grid_check(&g, &err);                     // 6 cells; lr is what is chosen, on val
 *     sweep_grid_destroy(&g);
 *
 * Values are kept as settings_get() writes them, so that 0.10 and 0.1 are the same; but for the method "partial", which
 * leaves the number of blocks to last-blocks. Pure but for the reading and
 * writing of files; a grid belongs to one thread at a time. */
#ifndef APP_SWEEP_GRID_H
#define APP_SWEEP_GRID_H

#include "core/settings.h"

enum { SWEEP_GRID_MOST = 64, SWEEP_GRID_CELLS = 100000, SWEEP_GRID_NAME = 160 };

struct sweep_axis {
    const struct setting *setting;
    char **values; /* [count] */
    size_t count;
};

struct sweep_fixed {
    const struct setting *setting;
    char *value;
};

struct sweep_grid {
    struct sweep_axis axes[SWEEP_GRID_MOST];
    size_t axis_count;
    struct sweep_fixed fixed[SWEEP_GRID_MOST];
    size_t fixed_count;
    int choose_seeds; /* the choice is made on so many seeds, and the others are run for what was chosen; 0: on all */
    char choose[32];  /* as it was asked for: a setting, or none; empty: not said */
    /* Set by _check(): the axis of the seeds, and the one whose value is chosen on val; -1: none. */
    int seed, chosen;
    bool reconstructs; /* all are pretrainings: the share that is told of is the one explained */
};

void sweep_grid_destroy(struct sweep_grid *g); /* a zeroed one is accepted */

/* A setting for every cell; the last value counts. Errors: those of settings_set(); ERROR_USAGE: `out` and `threads`,
 * which are the sweep's own; ERROR_MEMORY. */
int sweep_grid_fix(struct sweep_grid *g, const char *name, const char *value, struct error *e);

/* An axis: its values, parted by commas. Errors also: ERROR_USAGE: an axis that is there already, no value, the same
 * value twice. */
int sweep_grid_add(struct sweep_grid *g, const char *name, const char *values, struct error *e);

/* The same from "NAME=V1,V2". */
int sweep_grid_add_text(struct sweep_grid *g, const char *text, struct error *e);

/* How many seeds the choice is made on, from text. Errors: ERROR_USAGE. */
int sweep_grid_choose_seeds(struct sweep_grid *g, const char *value, struct error *e);

/* Reads lines "name = value", "grid name = v1, v2", "choose = name" and "choose-seeds = N". Errors also: ERROR_IO; all
 * with FILE:LINE. */
int sweep_grid_read(struct sweep_grid *g, const char *path, struct error *e);

/* Writes such lines. Returns a negative number if the stream has an error. */
int sweep_grid_write(const struct sweep_grid *g, FILE *f);

/* To be called when everything is in. Errors: ERROR_USAGE: no axis, a setting both fixed and an axis, a choice that is
 * no axis, choose-seeds without a choice or beyond the seeds, too many cells, a recipe that there is not, pretraining
 * beside tuning, whose results do not compare. */
int sweep_grid_check(struct sweep_grid *g, struct error *e);

/* Whether every cell of `old`, read from `path`, is one of `g`: the same fixed settings, the same axes in the
 * same order, no value missing; what may differ from session to session (settings.def: LIVE) may do so here.
 * Errors: ERROR_USAGE: what differs. */
int sweep_grid_extends(const struct sweep_grid *g, const struct sweep_grid *old, const char *path, struct error *e);

/* ---- cells of a checked grid */

const char *sweep_grid_share(const struct sweep_grid *g); /* what val and test results are: "top1" or "explained" */

size_t sweep_grid_cells(const struct sweep_grid *g);
size_t sweep_grid_runs(const struct sweep_grid *g); /* how many of them are to be run: see choose_seeds */
size_t sweep_grid_digit(const struct sweep_grid *g, size_t cell, size_t axis); /* which of the axis's values it has */
size_t sweep_grid_with(const struct sweep_grid *g, size_t cell, size_t axis, size_t digit); /* its neighbour */
const char *sweep_grid_value(const struct sweep_grid *g, size_t cell, size_t axis);
size_t sweep_grid_axis(const struct sweep_grid *g, const char *name);     /* axis_count: none */
size_t sweep_grid_find(const struct sweep_axis *axis, const char *value); /* its digit; count: none */

/* "method=gated,lr=0.1,seed=2", which is also a file's name: other characters become _, and what is changed or long
 * ends with a hash. The same whatever other values the axes have. Into out[SWEEP_GRID_NAME]; returns out. */
const char *sweep_grid_name(const struct sweep_grid *g, size_t cell, char out[SWEEP_GRID_NAME]);

/* Every setting as `gptui run` would take it: defaults, recipe, fixed, axes. Errors: ERROR_USAGE: an unknown recipe. */
int sweep_grid_settings(const struct sweep_grid *g, size_t cell, struct settings *out, struct error *e);

#endif
