/* A run without a terminal.
 *
 *     struct headless_options o = {.job = &job, .folder = &folder, .script = &script};
 *     status = headless_run(&o, &result, &err);
 *
 * Progress goes to stderr: one rewritten line where it is a terminal, else a line an epoch. SIGINT, SIGTERM and SIGHUP
 * save and end the run (exit status 130, 143, 129; a second SIGINT or SIGTERM ends the program at once), SIGUSR1 saves.
 * A SIGHUP that was ignored when the program started (nohup) stays so. Commands of the screen in a script are carried
 * out on a screen in memory. Main thread. */
#ifndef APP_HEADLESS_H
#define APP_HEADLESS_H

#include "app/runner.h"
#include "app/workbench.h"

struct headless_options {
    struct job *job;
    struct run_folder *folder;
    const struct script *script;
    bool resume;
    bool ascii;        /* screenshots: --ascii */
    const char *theme; /* likewise: --theme */
};

/* Returns the exit status, 0 to 255, or a negative code if the run could not start or failed. */
int headless_run(const struct headless_options *o, struct trainer_result *result, struct error *e);

/* Goes on with a run that is under way, its screen given up; `w` takes its screen commands (NULL: they are said to be
 * dropped). Closes the runner. */
int headless_go_on(struct runner *r, struct workbench *w, bool ignore_hangup, struct trainer_result *result,
                   struct error *e);

#endif
