/* The folder of a sweep:
 *
 *     sweep.conf     the grid, which is itself a file for `gptui sweep`
 *     cells.csv      a row a cell that has ended (sweep_table.h); times.csv: how long each took
 *     runs/NAME/     the run folder of each cell
 *     table.csv, table.md, table.svg    a row a combination (sweep_report.h)
 *     .lock, .runs   held by the sweep, and by the sweep with its runs
 *
 * Two sweeps never work in one folder. The runs of a sweep that was killed with -9 hold `.runs` until they have saved
 * and ended (`gptui run --attached`); the next sweep waits for them there. Main thread only. */
#ifndef APP_SWEEP_FOLDER_H
#define APP_SWEEP_FOLDER_H

#include "app/sweep_grid.h"

#define SWEEP_FOLDER_PATH 768                       /* bytes of the folder's path */
#define SWEEP_FOLDER_FILE (SWEEP_FOLDER_PATH + 256) /* of a file in it, and of a cell's run folder */
#define SWEEP_FOLDER_WHY 512

struct sweep_folder {
    char path[SWEEP_FOLDER_PATH];
    int lock, runs; /* descriptors of the locks; `runs` is for the runs to inherit */
};

/* Makes the folder, unless it is there, and locks it. Errors: ERROR_IO; ERROR_USAGE: another sweep is at work in it,
 * the path is too long. */
int sweep_folder_open(struct sweep_folder *f, const char *path, struct error *e);
void sweep_folder_close(struct sweep_folder *f);

/* "PATH/FILE" into out; returns out. */
const char *sweep_folder_file(const char *path, const char *file, char out[SWEEP_FOLDER_FILE]);

/* The run folder of a cell, likewise. */
const char *sweep_folder_run(const char *path, const struct sweep_grid *g, size_t cell, char out[SWEEP_FOLDER_FILE]);

/* Reads sweep.conf into a zeroed grid; not checked yet. Returns 1 if there is none. Errors: those of
 * sweep_grid_read(). */
int sweep_folder_read(const char *path, struct sweep_grid *g, struct error *e);

/* Writes sweep.conf, unless the one there is of another sweep. Errors: ERROR_IO, those of sweep_grid_extends(). */
int sweep_folder_record(const struct sweep_folder *f, const struct sweep_grid *g, struct error *e);

/* Readies the run folder of a cell. *resume: it holds a saved run to go on with; otherwise its place is free: what a
 * run left that had saved nothing is gone, and a save that cannot be read was put aside as RUN.damaged-K, with `why`
 * (empty: nothing was). Errors: ERROR_IO: something else is in its folder. */
int sweep_folder_ready(const char *run, bool *resume, char why[SWEEP_FOLDER_WHY], struct error *e);

/* Appends how long a cell took. Errors: ERROR_IO. */
int sweep_folder_time(const struct sweep_folder *f, const char *cell, double seconds, struct error *e);

#endif
