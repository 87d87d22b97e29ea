#include <stdio.h>

#include "app/open_job.h"
#include "app/plan.h"
#include "app/subcommand.h"
#include "views/view.h"

static void print(const struct plan *p, const struct job *j) {
    char time[32], line[256];
    printf("memory        %10.0f MiB, %d threads, chunks of %d images\n", (double)p->bytes / 1048576, p->threads,
           j->settings.chunk);
    if (p->kept)
        printf("kept blocks   %10.0f MiB at most (--cache-blocks)\n", (double)p->kept / 1048576);
    printf("training      %10.2f images/s\n", p->train_images_s);
    printf("evaluation    %10.2f images/s\n", p->eval_images_s);
    printf("a batch       %10.3f s (%d images)\n", p->batch_s, j->settings.batch);
    printf("an epoch      %10.1f s (%zu images)\n", p->epoch_s, dataset_size(j->dataset, SPLIT_TRAIN));
    printf("an evaluation %10.1f s (%zu images of val)\n", p->eval_s, dataset_size(j->dataset, SPLIT_VAL));
    printf("the run       %10s   (%d epochs)\n", view_duration(p->run_s, time), j->settings.epochs);
    printf("%s\n", plan_line(p, line, sizeof line));
}

static int run(const struct arguments *a, struct error *e) {
    struct job job;
    struct plan plan;
    int r = open_job(&job, &a->settings, e);
    if (r < 0)
        return r;
    r = plan_measure(&plan, &job, e);
    if (r == 0)
        print(&plan, &job);
    job_close(&job);
    return r;
}

const struct subcommand cmd_plan = {
    .name = "plan",
    .synopsis = "[--NAME VALUE]...",
    .summary = "memory and time that a run of these settings will take",
    .details =
        "Takes the settings of a run, measures one chunk of images on every thread of this machine, and says how much "
        "memory the run takes, how long a batch, an epoch and an evaluation are, and when it would end.",
    .takes_settings = true,
    .run = run,
};
