/* A run on a terminal: the views, drawn as the run goes on, steered from the keyboard.
 *
 *     struct live_options o = {.job = &job, .folder = &folder, .script = &script};
 *     if (live_can())
 *         status = live_run(&o, &result, &err);
 *
 * The terminal is restored on every way out. Main thread. */
#ifndef APP_LIVE_H
#define APP_LIVE_H

#include "app/runner.h"

struct live_options {
    struct job *job;
    struct run_folder *folder;
    const struct script *script;
    bool resume, show; /* as of runner_options */
    bool ascii;        /* --ascii */
    const char *theme; /* --theme */
};

/* Whether standard input and output are a terminal. */
bool live_can(void);

/* Returns the exit status, 0 to 255, or a negative code if the run could not start or failed. */
int live_run(const struct live_options *o, struct trainer_result *result, struct error *e);

#endif
