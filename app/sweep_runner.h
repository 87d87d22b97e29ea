/* Runs the cells of a sweep as processes of this program, several side by side, until all have ended.
 *
 *     struct sweep_runner_options o = {.grid = &grid, .table = &table, .folder = &folder, .jobs = 2, .threads = 1};
 *     if (sweep_runner_run(&o, &err) == 0) ...          // every cell has a row now
 *
 * A cell with a row that is done or diverged is left alone; one whose run has saved something goes on; a failed one is
 * tried again. Progress goes to standard error: one line that is rewritten on a terminal, else a line a cell.
 *
 * SIGINT, SIGTERM and SIGHUP end the runs by SIGTERM, so that they save. Each stands in a session of its own, where the
 * terminal's Ctrl-C does not reach it (twice asked, a run leaves without saving), is told by --attached to end with
 * this process, and holds the folder's lock `runs` until it has. Main thread only. */
#ifndef APP_SWEEP_RUNNER_H
#define APP_SWEEP_RUNNER_H

#include "app/sweep_folder.h"
#include "app/sweep_table.h"

struct sweep_runner_options {
    const struct sweep_grid *grid;
    struct sweep_table *table; /* open */
    const struct sweep_folder *folder;
    int jobs;    /* at once */
    int threads; /* of each */
};

/* Returns 0, or 128 and the signal that ended it. Errors: ERROR_IO: the table cannot be written; ERROR_MEMORY. */
int sweep_runner_run(const struct sweep_runner_options *o, struct error *e);

#endif
