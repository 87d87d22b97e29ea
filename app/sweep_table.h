/* What came out of each cell of a sweep, and the file that keeps it: a row a cell that has ended, in the grid's order.
 *
 *     struct sweep_table t = {0};
 *     sweep_table_read(&t, &grid, "sweeps/a/cells.csv", &err);     // no file: no rows
 *     sweep_table_open(&t, &err);                                  // mends the file, then appends
 *     sweep_table_add(&t, cell, &row, &err);                       // on disk when it returns
 *     sweep_table_sort(&t, &err);                                  // rows in the grid's order
 *     sweep_table_close(&t);
 *
 * A line that was torn by a kill is dropped: its cell counts as not ended. The file holds no times, so that a sweep
 * ends with the same bytes however often it was stopped. Main thread only. */
#ifndef APP_SWEEP_TABLE_H
#define APP_SWEEP_TABLE_H

#include <stdint.h>

#include "app/sweep_grid.h"

enum sweep_status {
    SWEEP_MISSING,  /* has not ended yet */
    SWEEP_DONE,     /* trained to its end */
    SWEEP_DIVERGED, /* a value became NaN or infinite: a result, too */
    SWEEP_FAILED,   /* by the disk, the memory, a signal ...: no result */
};

struct sweep_row {
    enum sweep_status status;
    uint64_t epochs, steps;
    double val, test; /* best top-1 on val, last one on test, as shares; NaN: none */
    char hash[65];
    char why[512]; /* why it diverged or failed */
};

struct sweep_table {
    const struct sweep_grid *grid; /* checked; the caller's */
    struct sweep_row *rows;        /* [cells of the grid] */
    char path[2048];
    FILE *file; /* while rows are appended */
};

/* Into a zeroed table. Errors: ERROR_IO, ERROR_MEMORY; ERROR_FORMAT with FILE:LINE: a column is missing, a value is
 * none of the grid's, or no number. */
int sweep_table_read(struct sweep_table *t, const struct sweep_grid *g, const char *path, struct error *e);
void sweep_table_close(struct sweep_table *t); /* a zeroed one is accepted */

/* Errors of these: ERROR_IO. */
int sweep_table_open(struct sweep_table *t, struct error *e);
int sweep_table_add(struct sweep_table *t, size_t cell, const struct sweep_row *row, struct error *e);
int sweep_table_sort(struct sweep_table *t, struct error *e);

/* How many rows have this status. */
size_t sweep_table_count(const struct sweep_table *t, enum sweep_status status);
const char *sweep_table_word(enum sweep_status status); /* "done" */

/* A text as a field of a .csv file, quoted where it has to be. */
void sweep_table_field(FILE *f, const char *text);

#endif
