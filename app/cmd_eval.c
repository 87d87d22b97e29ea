#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/open_job.h"
#include "app/subcommand.h"
#include "core/train/evaluate.h"

struct looking {
    const struct arguments *arguments;
    struct saved_run run;
    struct control control;
    struct engine *engine;
    struct evaluation result;
};

static void print_classes(const struct looking *k) {
    const struct evaluation *v = &k->result;
    printf("%8s %8s  class, and what it is most often taken for\n", "images", "top-1 %");
    for (int c = 0; c < v->classes; c++) {
        const uint32_t *row = v->confusion + (size_t)c * (size_t)v->classes;
        int other = c == 0;
        for (int i = 0; i < v->classes; i++)
            if (i != c && row[i] > row[other])
                other = i;
        printf("%8zu %8.1f  %s", evaluation_class_count(v, c), 100 * evaluation_class_top1(v, c), k->run.classes[c]);
        if (v->classes > 1 && row[other])
            printf(" (%s: %u)", k->run.classes[other], row[other]);
        putchar('\n');
    }
}

static int look(struct looking *k, enum split split, struct error *e) {
    struct loader *loader = NULL;
    if (!dataset_size(k->run.job.dataset, split))
        return error_set(e, ERROR_DATA, "%s has no %s images", dataset_spec(k->run.job.dataset), split_name(split));
    int r = job_loader(&k->run.job, split, false, 0, saved_run_name_unreadable, NULL, &loader, e);
    if (r == 0)
        r = evaluate(k->engine, k->run.state.theta, loader, NULL, NULL, &k->result, e);
    loader_close(loader);
    if (r < 0)
        return r;
    const struct evaluation *v = &k->result;
    if (tuning_reconstructs(&k->run.job.tuning)) {
        printf("%s images=%zu explained=%.4f loss=%.5f baseline=%.5f\n", split_name(split), v->images, v->top1, v->loss,
               v->baseline);
        return 0;
    }
    printf("%s images=%zu top1=%.4f top5=%.4f loss=%.5f\n", split_name(split), v->images, v->top1, v->top5, v->loss);
    if (arguments_has(k->arguments, "classes"))
        print_classes(k);
    return 0;
}

static int run(const struct arguments *a, struct error *e) {
    struct looking k = {.arguments = a};
    int threads = 0;
    enum split split = SPLITS;
    if (!arguments_has(a, "run"))
        return error_set(e, ERROR_USAGE, "which run is to be evaluated? Name its folder with --run RUN");
    int r = arguments_threads(a, "threads", &threads, e);
    if (r == 0)
        r = arguments_split(a, &split, e);
    if (r < 0)
        return r;
    struct saved_options o = {
        .path = arguments_value(a, "run"),
        .best = arguments_has(a, "best"),
        .with_data = true,
        .data = arguments_value(a, "data"),
        .threads = threads,
    };
    r = saved_run_open(&k.run, &o, e);
    if (r < 0)
        return r;
    control_create(&k.control);
    if (tuning_reconstructs(&k.run.job.tuning) && arguments_has(a, "classes")) {
        saved_run_close(&k.run);
        return error_set(e, ERROR_USAGE, "%s: it is a pretraining run, which has no classes: leave --classes out",
                         arguments_value(a, "run"));
    }
    int team = team_size_for(k.run.job.settings.threads);
    if ((r = engine_create(&k.engine, &k.run.job, team, &k.control, e)) == 0 &&
        (r = evaluation_create(&k.result, k.run.job.tuning.options.classes, e)) == 0) {
        for (enum split s = SPLIT_VAL; s < SPLITS && r == 0 && split == SPLITS; s++)
            if (dataset_size(k.run.job.dataset, s))
                r = look(&k, s, e);
        if (split != SPLITS)
            r = look(&k, split, e);
    }
    evaluation_destroy(&k.result);
    engine_destroy(k.engine);
    control_destroy(&k.control);
    saved_run_close(&k.run);
    return r;
}

const struct subcommand cmd_eval = {
    .name = "eval",
    .synopsis = "--run RUN [--data SPEC] [--split NAME] [--best] [--classes]",
    .summary = "evaluate a saved run on its own data or another",
    .details = "Prints a line a split: images, top-1 and top-5 as shares from 0 to 1, and the mean cross-entropy. val "
               "and test, unless --split names one. Another dataset must have the same classes. Of a pretraining run: "
               "images, the share explained (1 - loss / baseline), the mean loss of hidden patches, and the baseline, "
               "that of predicting each patch's mean; it has no classes, so any dataset will do.",
    .options = (const struct option[]){{"run", "RUN", "folder of the run"},
                                       {"data", "SPEC", "evaluate on this dataset instead of the run's own"},
                                       {"split", "NAME", "train, val or test alone"},
                                       {"best", NULL, "the weights that were best on val, not the last ones"},
                                       {"classes", NULL, "a line a class too"},
                                       {"threads", "N", "size of the team"},
                                       {NULL, NULL, NULL}},
    .run = run,
};
