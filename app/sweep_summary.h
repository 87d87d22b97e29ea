/* A sweep's rows made one a combination: the value that is chosen on val, and what the test split says of it over the
 * seeds.
 *
 *     struct sweep_summary *s;
 *     sweep_summary_make(&s, &table, &err);
 *     for (size_t i = 0; i < s->count; i++) ... s->lines[i].test.mean ...
 *     sweep_summary_free(s);
 *
 * Of each combination of the axes but the seeds and the chosen one, the chosen axis's value with the highest mean of
 * the best val top-1 over seeds (or over the first ones: choose_seeds) is taken (the first of equal ones). A diverged
 * run counts as 0 there, and its test top-1, which it does not have, counts nowhere; nor does a failed one. Pure. */
#ifndef APP_SWEEP_SUMMARY_H
#define APP_SWEEP_SUMMARY_H

#include "app/sweep_statistics.h"
#include "app/sweep_table.h"

struct sweep_line {
    size_t cell;                      /* the combination with its chosen value, at the first seed */
    double val;                       /* mean over seeds of the best top-1; NaN: nothing has ended yet */
    struct sweep_statistics test;     /* over the seeds that have one */
    size_t diverged, failed, missing; /* seeds of the chosen value */
    size_t blind;                     /* and those that ended without a val result, which count as 0 too */
};

struct sweep_summary {
    size_t count;
    size_t best;               /* the line that is highest on val; count: nothing has ended yet */
    struct sweep_line lines[]; /* [count], in the grid's order */
};

/* Whether a cell is to be run: all are, unless the choice is made on some seeds (choose_seeds); then one of the others
 * is once all cells that choose have ended, if it has the value that they chose. */
bool sweep_summary_wants(const struct sweep_table *t, size_t cell);

/* Errors: ERROR_MEMORY. */
int sweep_summary_make(struct sweep_summary **out, const struct sweep_table *t, struct error *e);
void sweep_summary_free(struct sweep_summary *s); /* NULL is accepted */

/* Whether this axis tells combinations apart: it is neither the seeds' nor the chosen one. */
bool sweep_summary_has(const struct sweep_grid *g, size_t axis);

/* The combination: "method=gated, temps=on", or "all" where nothing tells them apart; with `chosen` also "lr=0.1".
 * Into out[size]; returns out. */
const char *sweep_summary_name(const struct sweep_grid *g, size_t cell, bool chosen, const char *between, char *out,
                               size_t size);

#endif
