/* The folder of a run (DESIGN.md: The run folder): settings.conf, journal.gpt and metrics.jsonl, which the main thread
 * writes; the trainer writes the weights beside them.
 *
 *     struct run_folder f;
 *     run_folder_create(&f, "", "scenes:shape", &err);
 *     run_folder_journal(&f, "at step 3 freeze head", &err);
 *     run_folder_close(&f);
 *
 * A folder is locked while it is open: two programs never write into one. Main thread only. */
#ifndef APP_RUN_FOLDER_H
#define APP_RUN_FOLDER_H

#include <stdint.h>
#include <stdio.h>

#include "core/train/job.h"

#define RUN_FOLDER_PATH 2048 /* bytes of the path of a run folder, and of a file in one */
#define RUN_FOLDER_FILE (RUN_FOLDER_PATH + 64)

struct run_folder {
    char path[RUN_FOLDER_PATH];
    FILE *journal, *metrics;
};

/* Makes a new folder: `wish`, or runs/NAME-K after the data where it is empty. A folder that exists is left alone and
 * the next free number taken. Errors: ERROR_IO. */
int run_folder_create(struct run_folder *f, const char *wish, const char *data, struct error *e);

/* Opens a run's folder to go on, before its saved state is read: the program that has it may be about to save once
 * more. Errors: ERROR_IO, ERROR_USAGE (in use by another program). */
int run_folder_reopen(struct run_folder *f, const char *path, struct error *e);

/* Cuts journal and metrics back to the lines that the saved state knows. Errors: ERROR_IO. */
int run_folder_cut(const struct run_folder *f, uint64_t journal_lines, uint64_t metrics_lines, struct error *e);
void run_folder_close(struct run_folder *f); /* a zeroed one is accepted */

/* Append a line; written through to the system at once. Errors: ERROR_IO (disk full ...). */
int run_folder_journal(struct run_folder *f, const char *line, struct error *e);
int run_folder_metrics(struct run_folder *f, const char *line, struct error *e);

/* Where a benchmark's splits were made here, writes them as files that its folder can be given: PATH/splits/train.json
 * ..., of the dataset of a swap PATH/splits-SWAPS/...; `folder` is which. Returns 1, or 0 where they were not made
 * here. Any thread. Errors: ERROR_IO, ERROR_MEMORY. */
int run_folder_splits(const char *path, const struct dataset *d, uint64_t swaps, char folder[RUN_FOLDER_FILE],
                      struct error *e);

/* Every setting; as comments what else the numbers depend on: versions, CPU, BLAS, hashes of model and data. `model` is
 * what was asked for (empty: the bundled one). Errors: ERROR_IO. */
int run_folder_settings(const struct run_folder *f, const struct job *job, const char *model, struct error *e);

/* Reads settings.conf of the run at `path`. Errors: ERROR_IO (nothing was saved there yet ...), ERROR_USAGE. */
int run_folder_read_settings(const char *path, struct settings *out, struct error *e);

/* Checks that the backbone is the one whose hash settings.conf holds. Errors: ERROR_FORMAT. */
int run_folder_check_model(const char *path, const struct model *m, struct error *e);

/* Whether `d` has the paths and sizes of the data that the run began with, as settings.conf records them. */
bool run_folder_has_data(const char *path, const struct dataset *d);

/* "PATH/FILE" into out. Returns out. */
const char *run_folder_file(const char *path, const char *file, char out[RUN_FOLDER_FILE]);

#endif
