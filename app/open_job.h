/* Opening what a run works on from the application's side: the bundled backbone where no model is named, and what a
 * saved run was. Main thread only. */
#ifndef APP_OPEN_JOB_H
#define APP_OPEN_JOB_H

#include "app/run_folder.h"
#include "core/train/state.h"

/* As job_open(), with the bundled backbone for an empty model. */
int open_job(struct job *j, const struct settings *s, struct error *e);

/* As job_open_model(), likewise. */
int open_job_model(struct job *j, const struct settings *s, int classes, struct error *e);

/* A saved run, opened for looking: its settings, backbone, and tuned tensors. */
struct saved_run {
    struct job job; /* without a dataset, unless one was asked for */
    struct state state;
    struct state_position at;
    char **classes; /* [class_count] names */
    int class_count;
};

struct saved_options {
    const char *path; /* of the run folder */
    bool best;        /* best.safetensors instead of last */
    bool with_data;   /* open a dataset too: `data`, or the run's own where that is NULL */
    const char *data;
    int threads; /* 0: as in the run */
};

/* Errors: those of run_folder_read_settings(), job_open() and state_load(); ERROR_DATA: the dataset's classes are not
 * the run's, which has any (pretraining has none); ERROR_FORMAT: the backbone is another. Nothing is left open after an
 * error. */
int saved_run_open(struct saved_run *r, const struct saved_options *o, struct error *e);
void saved_run_close(struct saved_run *r); /* a zeroed one is accepted */

/* For job_loader(): names an image that cannot be read on stderr. Any thread may call; `context` is not used. */
void saved_run_name_unreadable(void *context, enum split split, size_t index, const char *why);

#endif
