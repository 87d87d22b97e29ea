#include <signal.h>
#include <string.h>

#include "app/page.h"
#include "app/subcommand.h"
#include "app/sweep_report.h"
#include "app/sweep_runner.h"
#include "core/train/team.h"

enum { USUAL_JOBS = 4 };

struct sweep {
    const struct arguments *arguments;
    struct sweep_grid grid;
    struct sweep_folder folder;
    struct sweep_table table;
    const char *theme;
    int jobs, threads;
};

static int read_cores(struct sweep *s, struct error *e) {
    const struct arguments *a = s->arguments;
    int cores = team_default_size(), r = arguments_threads(a, "threads", &cores, e);
    s->jobs = cores < USUAL_JOBS ? cores : USUAL_JOBS;
    if (r == 0)
        r = arguments_threads(a, "jobs", &s->jobs, e);
    s->threads = cores > s->jobs ? cores / s->jobs : 1;
    if (r == 0)
        r = arguments_threads(a, "threads-per-run", &s->threads, e);
    if (r == 0 && s->jobs * s->threads > cores)
        r = error_set(e, ERROR_USAGE,
                      "%d job%s of %d thread%s take more than the %d core%s there %s: take fewer, or give more with "
                      "--threads",
                      s->jobs, s->jobs == 1 ? "" : "s", s->threads, s->threads == 1 ? "" : "s", cores,
                      cores == 1 ? "" : "s", cores == 1 ? "is" : "are");
    return r;
}

/* A file for --config may be the settings.conf of a run, which names its own folder and threads. */
static int take_config(void *grid, const char *name, const char *value, struct error *e) {
    return strcmp(name, "out") == 0 || strcmp(name, "threads") == 0 ? 0 : sweep_grid_fix(grid, name, value, e);
}

static int read_options(struct sweep *s, struct error *e) {
    const struct arguments *a = s->arguments;
    int r = 0;
    for (size_t i = 0; r == 0 && i < settings_count(); i++) {
        const char *name = settings_at(i)->name, *value = arguments_value(a, name);
        if (value && strcmp(name, "out") != 0 && strcmp(name, "threads") != 0)
            r = sweep_grid_fix(&s->grid, name, value, e);
    }
    if (r < 0)
        return error_prefix(e, r, "--");
    size_t at = 0;
    for (const char *text; r == 0 && (text = arguments_next(a, "grid", &at));)
        r = sweep_grid_add_text(&s->grid, text, e);
    return r < 0 ? error_prefix(e, r, "--grid: ") : 0;
}

static int read_choose(struct sweep *s, struct error *e) {
    const char *choose = arguments_value(s->arguments, "choose");
    if (choose && strlen(choose) >= sizeof s->grid.choose)
        return error_set(e, ERROR_USAGE, "choose is \"%.40s...\", expected the name of a setting", choose);
    if (choose)
        strcpy(s->grid.choose, choose);
    return 0;
}

/* From the file, the options, or, where there are neither, the folder: then the sweep in it goes on. */
static int read_grid(struct sweep *s, const char *out, struct error *e) {
    const struct arguments *a = s->arguments;
    const char *config = arguments_value(a, "config"), *seeds = arguments_value(a, "choose-seeds");
    int r = read_choose(s, e);
    if (r == 0 && seeds)
        r = sweep_grid_choose_seeds(&s->grid, seeds, e);
    if (r == 0)
        r = config ? settings_each(config, take_config, &s->grid, e) : 0;
    if (r == 0 && a->count > 0)
        r = sweep_grid_read(&s->grid, a->values[0], e);
    if (r == 0)
        r = read_options(s, e);
    if (r == 0 && !s->grid.axis_count && !s->grid.fixed_count)
        r = sweep_folder_read(out, &s->grid, e);
    return r < 0 ? r : sweep_grid_check(&s->grid, e);
}

static int open_table(struct sweep *s, const char *out, struct error *e) {
    char path[SWEEP_FOLDER_FILE];
    return sweep_table_read(&s->table, &s->grid, sweep_folder_file(out, "cells.csv", path), e);
}

/* A cell that failed is no result: the exit status says so, whatever the others found. */
static int report(struct sweep *s, const char *out, struct error *e) {
    struct sweep_summary *summary = NULL;
    int r = sweep_summary_make(&summary, &s->table, e);
    struct sweep_report report = {.table = &s->table,
                                  .summary = summary,
                                  .folder = out,
                                  .ascii = arguments_has(s->arguments, "ascii"),
                                  .theme = s->theme};
    if (r == 0)
        r = sweep_report_write(&report, e);
    if (r == 0)
        r = sweep_report_print(&report, page_width(stdout), stdout, e);
    if (r == 0)
        sweep_report_line(&report, stdout);
    sweep_summary_free(summary);
    size_t failed = sweep_table_count(&s->table, SWEEP_FAILED);
    if (r == 0 && failed)
        r = error_set(e, ERROR_CANCELLED, "%s: %zu of %zu cells failed; the same call tries them again", out, failed,
                      sweep_grid_runs(&s->grid));
    return r;
}

static bool is_vtab(const char *spec) {
    return strncmp(spec, "vtab:", 5) == 0;
}

/* Where val is a part of train it is no judge: that is said. */
static void warn_of_choice(const struct sweep_grid *g) {
    size_t axis = sweep_grid_axis(g, "data");
    bool vtab = false;
    for (size_t i = 0; i < g->fixed_count; i++)
        vtab = vtab || (strcmp(g->fixed[i].setting->name, "data") == 0 && is_vtab(g->fixed[i].value));
    for (size_t i = 0; axis < g->axis_count && i < g->axes[axis].count; i++)
        vtab = vtab || is_vtab(g->axes[axis].values[i]);
    if (vtab && g->chosen >= 0)
        fprintf(stderr,
                "gptui: the val of vtab: is part of its train, and %s is chosen on it; vtab800: keeps them apart\n",
                g->axes[g->chosen].setting->name);
}

static int sweep_all(struct sweep *s, struct error *e) {
    int r = sweep_folder_record(&s->folder, &s->grid, e);
    if (r == 0)
        r = open_table(s, s->folder.path, e);
    if (r == 0)
        r = sweep_table_open(&s->table, e);
    if (r < 0)
        return r;
    warn_of_choice(&s->grid);
    size_t cells = sweep_grid_runs(&s->grid),
           ended = sweep_table_count(&s->table, SWEEP_DONE) + sweep_table_count(&s->table, SWEEP_DIVERGED);
    fprintf(stderr, "%zu cell%s, %zu of them done before, %d at once with %d thread%s each, folder %s\n", cells,
            cells == 1 ? "" : "s", ended, s->jobs, s->threads, s->threads == 1 ? "" : "s", s->folder.path);
    struct sweep_runner_options o = {
        .grid = &s->grid, .table = &s->table, .folder = &s->folder, .jobs = s->jobs, .threads = s->threads};
    int status = sweep_runner_run(&o, e);
    if (status != 0)
        return status;
    r = sweep_table_sort(&s->table, e);
    return r < 0 ? r : report(s, s->folder.path, e);
}

/* Looks at what is there, whether or not a sweep is at work in it. */
static int report_alone(struct sweep *s, const char *out, struct error *e) {
    int r = read_choose(s, e);
    if (r == 0)
        r = sweep_folder_read(out, &s->grid, e);
    if (strcmp(s->grid.choose, "none") == 0)
        s->grid.choose_seeds = 0; /* every value has its row, also where the other seeds were run for one alone */
    if (r == 1)
        return error_set(e, ERROR_USAGE, "%s: it is no folder of a sweep: there is no sweep.conf in it", out);
    if (r == 0)
        r = sweep_grid_check(&s->grid, e);
    if (r == 0)
        r = open_table(s, out, e);
    return r < 0 ? r : report(s, out, e);
}

/* What would change the grid has no effect on a report. */
static int check_report(const struct arguments *a, struct error *e) {
    static const char *const others[] = {"grid", "choose-seeds", "jobs", "threads-per-run", "config"};
    const char *useless = a->count > 0 ? "grid" : NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        useless = arguments_has(a, others[i]) ? others[i] : useless;
    for (size_t i = 0; i < settings_count(); i++)
        useless = arguments_has(a, settings_at(i)->name) ? settings_at(i)->name : useless;
    return useless ? error_set(e, ERROR_USAGE, "--report tells what is in a folder, expected no %s beside it", useless)
                   : 0;
}

static int run(const struct arguments *a, struct error *e) {
    struct sweep s = {.arguments = a, .folder = {.lock = -1, .runs = -1}};
    const char *out = arguments_value(a, "out"), *reported = arguments_value(a, "report");
    int r = arguments_theme(a, &s.theme, e);
    if (r == 0 && reported)
        r = check_report(a, e);
    if (r < 0)
        return r;
    if (!reported && !out)
        return error_set(e, ERROR_USAGE, "where are the results to go? Name a folder with --out FOLDER");
    signal(SIGXFSZ, SIG_IGN); /* ulimit -f: an error of the write, as a full disk is */
    if (reported) {
        r = report_alone(&s, reported, e);
    } else {
        r = read_cores(&s, e);
        if (r == 0)
            r = read_grid(&s, out, e);
        if (r == 0)
            r = sweep_folder_open(&s.folder, out, e);
        if (r == 0)
            r = sweep_all(&s, e);
    }
    sweep_table_close(&s.table);
    sweep_folder_close(&s.folder);
    sweep_grid_destroy(&s.grid);
    return r;
}

const struct subcommand cmd_sweep = {
    .name = "sweep",
    .synopsis = "[FILE] --out FOLDER [--grid NAME=V1,V2]... [--NAME VALUE]...",
    .summary = "a grid of settings, methods and seeds, compared",
    .details =
        "Every combination of the values is a cell: a headless run of its own in FOLDER/runs, several side by side. "
        "FILE holds lines `name = value`, `grid name = v1, v2`, `choose = name` and `choose-seeds = N`; the command "
        "line adds to it. --grid seed makes replicates. Of each combination of the others the value of --choose is "
        "taken that has the highest mean of the best val top-1 over the seeds; test top-1 of its last weights is "
        "reported with mean, standard deviation and 95% interval (Student's t). So val.top1 of cells.csv is the best "
        "of the run, test.top1 that of its end.\n\n"
        "FOLDER/cells.csv has a row a cell; table.csv, table.md and table.svg a row a combination; times.csv the "
        "seconds of each cell; sweep.conf the grid. The same call again, or --out FOLDER alone, goes on where a sweep "
        "was stopped or killed: a cell with a row is not run again, one half done is resumed, and the files end as if "
        "nothing had happened. Values may be added to the grid, not taken away. Paths are those of the folder in which "
        "the call is made.\n\n"
        "A run that diverges (NaN) is a result: it counts as 0 on val, and the table says so. A cell that fails is "
        "said, tried again by the next call, and makes the exit status 1. The last line of standard output is\n\n"
        "    swept out=PATH cells=N failed=N diverged=N best=NAME=VALUE,...\n\n"
        "with test.top1=MEAN behind it, a plus-minus sign, and half of the 95% interval. What does not apply is left "
        "out; best is the combination that is highest on val. SIGINT and SIGTERM end the sweep and let its runs save.",
    .options =
        (const struct option[]){
            {"grid", "NAME=V1,V2", "values of a setting; may be given several times, the last changes fastest"},
            {"choose", "NAME", "setting of the grid to be chosen on val; usually lr; none: every value has its row"},
            {"choose-seeds", "N",
             "choose on the first N seeds, and run the others for what was chosen alone; usually on all"},
            {"jobs", "N", "runs at once; usually as many as there are cores, but at most 4"},
            {"threads-per-run", "N",
             "usually the cores divided by the jobs; cores: --threads, or all this process has"},
            {"report", "FOLDER", "make the tables of this sweep again and print them, without running anything"},
            {"ascii", NULL, "draw with plain characters alone"},
            {"theme", "NAME", "colours of table.svg: dark, light (usual) or safe (for colour-blind eyes)"},
            {NULL, NULL, NULL},
        },
    .takes_settings = true,
    .most = 1,
    .run = run,
};
