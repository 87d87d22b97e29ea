/* The run folder's whatif.csv, which another program may write while this one looks. */
#include "app/workbench_private.h"

#include "core/train/whatif_csv.h"

#define LOOK_AFTER 0.5 /* seconds between two looks at the folder: it may lie on another machine */

static bool is_same_file(const struct stat *a, const struct stat *b) {
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Blocks that the run does not have: the file was copied from another one. */
static bool fits(const struct workbench *w, const struct whatif *found) {
    for (size_t i = 0; i < found->count; i++)
        if (found->rows[i].block >= w->task.depth)
            return false;
    return true;
}

void workbench_read_whatif(struct workbench *w) {
    char path[RUN_FOLDER_FILE];
    struct stat now = {0};
    struct error e = {0};
    if (w->whatif_looked > 0 && workbench_clock(w) - w->whatif_looked < LOOK_AFTER)
        return;
    w->whatif_looked = workbench_clock(w);
    run_folder_file(w->folder, WHATIF_CSV_NAME, path);
    bool is_there = stat(path, &now) == 0;
    if (is_same_file(&now, &w->whatif_file))
        return;
    w->whatif_file = now;
    whatif_destroy(&w->whatif);
    if (!is_there)
        return;
    if (whatif_csv_read(&w->whatif, path, &e) < 0) {
        workbench_log(w, LOG_WARNING, "%s", e.text);
    } else if (!fits(w, &w->whatif)) {
        workbench_log(w, LOG_WARNING, "%s: it is about a run of more than %d blocks", path, w->task.depth);
        whatif_destroy(&w->whatif);
    }
}
