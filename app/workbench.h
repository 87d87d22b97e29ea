/* What a person looks at: everything known of the run, what of it was chosen, and how it is drawn. The live screen
 * shows it; a script without a terminal has screenshots made of it.
 *
 *     workbench_create(&w, &options, &err);
 *     workbench_event(w, &event);                  // each one from the runner
 *     workbench_command(w, &command, &err);        // `view gates`, `select block 3`, `screenshot f.svg` ...
 *     workbench_ask(w);                            // for what the view wants now: pictures, attention, whatif.csv
 *     workbench_draw(w, &canvas);
 *     workbench_destroy(w);
 *
 * Main thread. It reads snapshots and events, never the model or the dataset. */
#ifndef APP_WORKBENCH_H
#define APP_WORKBENCH_H

#include "app/runner.h"
#include "app/screen_command.h"
#include "views/view.h"

struct workbench;

struct workbench_options {
    const struct job *job; /* before the trainer has started */
    struct mailbox *mailbox;
    const char *folder; /* of the run */
    const char *device; /* "node017, 2 threads" */
    bool read_history;  /* the run has been going: read its metrics and journal */
    bool read_only;     /* a run that is shown */
    struct paint paint; /* the theme may be changed by command */
    int height, width;  /* of the screen; workbench_size() changes them */
};

/* Errors: ERROR_MEMORY, ERROR_IO. */
int workbench_create(struct workbench **out, const struct workbench_options *o, struct error *e);
void workbench_destroy(struct workbench *w); /* NULL is accepted */

/* Takes what the event says, its payload included; reads the latest snapshot. */
void workbench_event(struct workbench *w, struct event *v);
void workbench_snapshot(struct workbench *w);

/* Carries out a command of the screen, but those that need a terminal (toggle ... suspend): ERROR_USAGE. Errors also:
 * those of the files it writes or reads. */
int workbench_command(struct workbench *w, const struct screen_command *c, struct error *e);

void workbench_size(struct workbench *w, int height, int width);
void workbench_ask(struct workbench *w);
void workbench_draw(struct workbench *w, struct canvas *c);

void __attribute__((format(printf, 3, 4)))
workbench_log(struct workbench *w, enum view_log_kind kind, const char *format, ...);

/* What views see. The caller may set what is the terminal's: queued, message, prompt, dialog. */
struct view_context *workbench_context(struct workbench *w);

/* What only the caller can measure. */
struct view_machine *workbench_machine(struct workbench *w);

#endif
