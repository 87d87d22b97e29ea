#include <stdio.h>
#include <string.h>

#include "app/live.h"
#include "app/open_job.h"
#include "app/subcommand.h"

/* Opens what the run at `path` works on, as its last save has it. */
static int open_run(const char *path, struct job *job, struct error *e) {
    char file[RUN_FOLDER_FILE];
    struct settings settings;
    struct state_position at;
    int r = run_folder_read_settings(path, &settings, e);
    if (r < 0)
        return r;
    if ((r = state_read_position(&at, NULL, run_folder_file(path, "last.safetensors", file), e)) < 0)
        return r;
    snprintf(settings.data, sizeof settings.data, "%s", at.data);
    if ((r = open_job(job, &settings, e)) < 0)
        return r;
    return run_folder_check_model(path, job->model, e);
}

static int run(const struct arguments *a, struct error *e) {
    const char *path = a->values[0], *theme = NULL;
    struct job job = {0};
    struct run_folder folder = {0};
    struct script nothing = {0};
    struct trainer_result result;
    if (!live_can())
        return error_set(e, ERROR_USAGE, "show needs a terminal; eval, predict and the run folder's files need none");
    int r = arguments_theme(a, &theme, e);
    if (r < 0)
        return r;
    if (strlen(path) >= sizeof folder.path)
        return error_set(e, ERROR_USAGE, "the path of the run is too long");
    strcpy(folder.path, path);
    struct live_options o = {.job = &job,
                             .folder = &folder,
                             .script = &nothing,
                             .show = true,
                             .ascii = arguments_has(a, "ascii"),
                             .theme = theme};
    r = open_run(path, &job, e);
    if (r == 0)
        r = live_run(&o, &result, e);
    job_close(&job);
    return r;
}

const struct subcommand cmd_show = {
    .name = "show",
    .synopsis = "RUN [--theme NAME] [--ascii]",
    .summary = "look at a saved run in the live views, read-only",
    .details = "Opens the run folder RUN in the views of a live run (gptui help keys): its curves, gates and marks, "
               "the attention of its last weights, and after `eval` its predictions. Nothing is trained or written.",
    .options = (const struct option[]){{"ascii", NULL, "draw with plain characters alone"},
                                       {"theme", "NAME", "colours: dark, light or safe (for colour-blind eyes)"},
                                       {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run,
};
