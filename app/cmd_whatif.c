#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/open_job.h"
#include "app/subcommand.h"
#include "app/whole_file.h"
#include "core/train/whatif_csv.h"
#include "views/curves.h"

#define PROGRESS_NS 100000000LL /* between two states of the rewritten line */

struct asking {
    struct saved_run run;
    struct control control;
    struct engine *engine;
    struct whatif result;
    bool rewrite; /* stderr is a terminal: one line, rewritten */
    long long begun, shown;
};

/* ---- progress */

static const char *describe(const struct whatif_row *row, char out[static 64]) {
    static const char *const texts[WHATIF_KINDS] = {
        [WHATIF_BASELINE] = "unchanged",         [WHATIF_GATE_0] = "gate 0 in block",
        [WHATIF_GATE_1] = "gate 1 in block",     [WHATIF_TEMP_1] = "temperature 1 in block",
        [WHATIF_GATES_0] = "all gates 0",        [WHATIF_GATES_1] = "all gates 1",
        [WHATIF_TEMPS_1] = "all temperatures 1", [WHATIF_NEUTRAL] = "all gates and temperatures 1",
    };
    int n = snprintf(out, 64, "%s", texts[row->kind]);
    if (row->block >= 0)
        snprintf(out + n, 64 - (size_t)n, " %d", row->block + 1);
    return out;
}

static void rewrite(struct asking *k, const struct whatif *w, size_t row, double share) {
    char what[64], left[32], line[160];
    struct winsize size = {0};
    long long now = engine_clock();
    if (now - k->shown < PROGRESS_NS && share < 1)
        return;
    double done = ((double)row + share) / (double)w->count, spent = (double)(now - k->begun) * 1e-9;
    int n = snprintf(line, sizeof line, "%zu/%zu  %s", row + 1, w->count, describe(&w->rows[row], what));
    if (done > 0)
        snprintf(line + n, sizeof line - (size_t)n, "  %s left", view_duration(spent / done * (1 - done), left));
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        size.ws_col = 80;
    fprintf(stderr, "\r%.*s\033[K", size.ws_col - 1, line);
    fflush(stderr);
    k->shown = now;
}

/* One rewritten line on a terminal, a line for every result otherwise. */
static void progress(void *asking, const struct whatif *w, size_t row, double share) {
    struct asking *k = asking;
    char what[64];
    if (k->rewrite)
        rewrite(k, w, row, share);
    else if (share >= 1)
        fprintf(stderr, "%zu/%zu %s: top-1 %.2f%%\n", row + 1, w->count, describe(&w->rows[row], what),
                100 * whatif_top1(w, &w->rows[row]));
}

/* ---- the table */

/* "71.20  -3.51*"; dashes where there is no such row. */
static void print_result(const struct whatif *w, const struct whatif_row *row) {
    if (!row)
        printf("  %6s %7s ", "-", "");
    else
        printf("  %6.2f %+7.2f%c", 100 * whatif_top1(w, row), 100 * whatif_change(w, row),
               whatif_is_clear(row) ? '*' : ' ');
}

static void print_block(const struct whatif *w, int block, bool gated, bool tempered) {
    const struct whatif_row *shut = whatif_find(w, WHATIF_GATE_0, block), *neutral;
    char text[32];
    printf("%5d", block + 1);
    if (gated) {
        printf(" %6s", shut ? curves_share(shut->value, text) : "-");
        snprintf(text, sizeof text, "%.1f", shut ? 100 * shut->selection : 0);
        printf(" %5s", shut ? text : "-");
        print_result(w, shut);
        print_result(w, whatif_find(w, WHATIF_GATE_1, block));
    }
    if (tempered && (neutral = whatif_find(w, WHATIF_TEMP_1, block))) {
        printf(" %6.3f", neutral->value);
        print_result(w, neutral);
    }
    putchar('\n');
}

static void print_blocks(const struct whatif *w) {
    bool gated = whatif_find(w, WHATIF_GATES_0, -1), tempered = whatif_find(w, WHATIF_TEMPS_1, -1);
    int blocks = 0;
    for (size_t i = 0; i < w->count; i++)
        blocks = w->rows[i].block >= blocks ? w->rows[i].block + 1 : blocks;
    printf("\nblock%s%s\n", gated ? "   gate used%  gate 0  change   gate 1  change " : "",
           tempered ? "   temp  temp 1  change" : "");
    for (int l = 0; l < blocks; l++)
        print_block(w, l, gated, tempered);
}

static void print_together(const struct whatif *w) {
    char what[64];
    printf("\n%-30s   top-1  change   better   worse\n", "all blocks together");
    for (enum whatif_kind kind = WHATIF_GATES_0; kind < WHATIF_KINDS; kind++) {
        const struct whatif_row *row = whatif_find(w, kind, -1);
        if (!row)
            continue;
        printf("%-30s", describe(row, what));
        print_result(w, row);
        printf(" %7zu %7zu\n", row->better, row->worse);
    }
}

static void print_table(const struct whatif *w) {
    const struct whatif_row *base = &w->rows[0];
    printf("%s images=%zu step=%llu weights=%s top1=%.4f\n", split_name(w->split), w->images,
           (unsigned long long)w->step, w->best ? "best" : "last", whatif_top1(w, base));
    printf("unchanged: top-1 %.2f%%, standard error %.2f; changes are in percentage points\n",
           100 * whatif_top1(w, base), 100 * whatif_error(w, base));
    print_blocks(w);
    print_together(w);
    puts("\n* stands out of the noise: |better - worse| > 2 sqrt(better + worse), the images\n"
         "  that become right and wrong. About one change in twenty does so by chance.");
    if (whatif_find(w, WHATIF_NEUTRAL, -1))
        puts("  All gates and temperatures 1 is VPT-shallow with these prompts and this head.");
}

/* ---- the results as files */

static int write_csv(const void *whatif, FILE *to) {
    whatif_csv_write(whatif, to);
    return 0;
}

/* A folder that cannot be written costs the marks on the screen, not the answer. */
static void keep(const struct asking *k, const char *run) {
    char file[RUN_FOLDER_FILE];
    struct error e = {0};
    if (whole_file_write(run_folder_file(run, WHATIF_CSV_NAME, file), write_csv, &k->result, &e) < 0)
        fprintf(stderr, "gptui: %s; the screen will not show these results\n", e.text);
}

static int write_copy(const struct whatif *w, const char *path, struct error *e) {
    if (strcmp(path, "-") == 0) {
        whatif_csv_write(w, stdout);
        return 0;
    }
    return whole_file_write(path, write_csv, w, e);
}

/* ---- the command */

/* The split's images come round once a row: decoded ones are kept, as in training. */
static int evaluate_all(struct asking *k, enum split split, struct error *e) {
    struct job *j = &k->run.job;
    struct loader *loader = NULL;
    if (!dataset_size(j->dataset, split))
        return error_set(e, ERROR_DATA, "%s has no %s images: choose another --split", dataset_spec(j->dataset),
                         split_name(split));
    int team = team_size_for(j->settings.threads);
    size_t images[SPLITS];
    job_images(j, images);
    int r = engine_create(&k->engine, j, team, &k->control, e);
    if (r == 0 && (r = engine_keep(k->engine, images, e)) == 0)
        r = job_loader(j, split, false, (size_t)j->settings.cache << 20, saved_run_name_unreadable, NULL, &loader, e);
    if (r == 0) {
        k->rewrite = isatty(STDERR_FILENO);
        k->begun = engine_clock();
        r = whatif_evaluate(&k->result, k->engine, &j->tuning, k->run.state.theta, loader, progress, k, e);
    }
    if (k->rewrite)
        fputs("\r\033[K", stderr);
    loader_close(loader);
    return r;
}

static int ask(struct asking *k, const struct arguments *a, const struct saved_options *o, enum split split,
               struct error *e) {
    const char *csv = arguments_value(a, "csv");
    int r = saved_run_open(&k->run, o, e);
    if (r < 0)
        return r;
    control_create(&k->control);
    if ((r = whatif_create(&k->result, &k->run.job.tuning, k->run.state.theta, e)) < 0)
        error_prefix(e, r, "%s: ", o->path);
    k->result.split = split;
    k->result.best = o->best;
    k->result.step = k->run.at.step;
    if (r == 0 && (r = evaluate_all(k, split, e)) == 0) {
        keep(k, o->path);
        if (!csv || strcmp(csv, "-") != 0)
            print_table(&k->result);
        r = csv ? write_copy(&k->result, csv, e) : 0;
    }
    whatif_destroy(&k->result);
    engine_destroy(k->engine);
    control_destroy(&k->control);
    saved_run_close(&k->run);
    return r;
}

static int run(const struct arguments *a, struct error *e) {
    struct asking k = {0};
    int threads = 0;
    enum split split = SPLIT_VAL;
    if (!arguments_has(a, "run"))
        return error_set(e, ERROR_USAGE, "which run is to be looked at? Name its folder with --run RUN");
    int r = arguments_threads(a, "threads", &threads, e);
    if (r == 0)
        r = arguments_split(a, &split, e);
    if (r < 0)
        return r;
    struct saved_options o = {
        .path = arguments_value(a, "run"), .best = arguments_has(a, "best"), .with_data = true, .threads = threads};
    return ask(&k, a, &o, split, e);
}

const struct subcommand cmd_whatif = {
    .name = "whatif",
    .synopsis = "--run RUN [--split NAME] [--best] [--csv FILE] [--threads N]",
    .summary = "what each gate and temperature is worth, each clamped",
    .details = "Evaluates the saved weights of a run with gates once for each change: the gate of one block at 0 (its "
               "prompts pass unchanged) and at 1 (they are replaced), the temperature of one block at 1, and all of "
               "them so. A row a block: gate, used% (its share of what the blocks add to the prompts of the last one; "
               "what of the prompts arrives there as put in is left out), top-1 in percent and its change in "
               "percentage points. Nothing is tuned again: a change is what the present weights owe to that "
               "block. On val, unless --split names another: test is for reporting, not for choosing blocks. The "
               "results are kept in RUN/whatif.csv, and the gates view shows them from there.",
    .options = (const struct option[]){{"run", "RUN", "folder of the run"},
                                       {"split", "NAME", "train, val or test (val)"},
                                       {"best", NULL, "the weights that were best on val, not the last ones"},
                                       {"csv", "FILE",
                                        "the results as CSV too; - is standard output, in place of the "
                                        "table"},
                                       {"threads", "N", "size of the team"},
                                       {NULL, NULL, NULL}},
    .run = run,
};
