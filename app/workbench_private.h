/* Private to workbench.c, workbench_commands.c and workbench_whatif.c. */
#ifndef APP_WORKBENCH_PRIVATE_H
#define APP_WORKBENCH_PRIVATE_H

#include <sys/stat.h>

#include "app/workbench.h"
#include "core/train/data_facts.h"

#define WORKBENCH_LOG 2000 /* lines kept */

struct workbench {
    struct mailbox *mailbox;
    struct settings settings; /* of the run */
    char folder[RUN_FOLDER_PATH], model[64], device[128], other_name[RUN_FOLDER_PATH];
    struct data_facts *facts;
    const char **class_names; /* [facts->classes], into facts */
    struct view_task task;
    struct view_machine machine;
    struct view_context context;
    struct snapshot now;
    char hints[256];
    struct history history, other;
    struct choice choice;
    struct whatif whatif;    /* of the run folder's whatif.csv; without rows: there is none */
    struct stat whatif_file; /* of that file, when it was read; zeroed: there was none */
    double whatif_looked;    /* when it was looked for, workbench_clock(); 0: never */
    struct look *look;
    struct pictures *pictures;
    struct predictions *predictions[SPLITS];
    struct view_log_line log[WORKBENCH_LOG]; /* oldest first */
    size_t log_count;
    struct view_help_line *help;
    struct look_request asked; /* the newest request */
    struct pictures_request asked_pictures;
    double asked_at, asked_pictures_at; /* workbench_clock() */
    double looked;                      /* when `look` came, seconds of workbench_clock() */
    long long start;
    int height, width;
};

/* Seconds since the workbench was made. */
double workbench_clock(const struct workbench *w);

/* The area that the view has on the screen. */
struct area workbench_area(struct workbench *w);

/* The chosen row of the data view becomes that of the chosen image; where that is not listed and the list comes first,
 * the image becomes the row's. */
void workbench_hold_sample(struct workbench *w, bool list_first);

/* Reads the run folder's whatif.csv, if it is another than the one that is known; looks for it now and then only. What
 * is wrong with it goes to the log. */
void workbench_read_whatif(struct workbench *w);

/* Brings the choice within what there is. */
void workbench_hold_choice(struct workbench *w);

#endif
