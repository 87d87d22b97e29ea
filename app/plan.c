#include "app/plan.h"

#include <stdio.h>
#include <time.h>

#include "app/measure.h"
#include "core/model/flops.h"
#include "views/view.h"

static void add_up(struct plan *p, const struct job *j, int count, double step_s, double forward_s) {
    const struct settings *s = &j->settings;
    p->train_images_s = count / step_s;
    p->eval_images_s = count / forward_s;
    p->batch_s = s->batch / p->train_images_s;
    p->epoch_s = (double)dataset_size(j->dataset, SPLIT_TRAIN) / p->train_images_s;
    p->eval_s = (double)dataset_size(j->dataset, SPLIT_VAL) / p->eval_images_s;
    double tests = s->eval_test == EVAL_TEST_EPOCH ? s->epochs : 1;
    double saved = flops_prefix(&j->tuning); /* of an image's work, once it is kept */
    double epoch_s = p->epoch_s * (1 - job_kept_share(j, true) * saved / flops_training(&j->tuning));
    double eval_s = p->eval_s * (1 - job_kept_share(j, false) * saved / flops_forward(&j->tuning));
    p->run_s = p->epoch_s + p->eval_s + (s->epochs - 1) * (epoch_s + eval_s) +
               tests * (double)dataset_size(j->dataset, SPLIT_TEST) / p->eval_images_s;
}

int plan_measure(struct plan *p, const struct job *job, struct error *e) {
    struct measure m;
    double step = 0, forward = 0;
    *p = (struct plan){.threads = team_size_for(job->settings.threads)};
    p->bytes = job_bytes(job, p->threads);
    p->kept = job_kept_bytes(job);
    int r = measure_open(&m, job, p->threads, job->settings.chunk * p->threads, e);
    if (r < 0)
        return r;
    /* The first time warms caches and pages up; where it is long, it will do. */
    for (int i = 0; i < 2 && r == 0 && step < 1; i++)
        if ((r = measure_step(&m, &step, e)) == 0)
            r = measure_forward(&m, &forward, e);
    if (r == 0)
        add_up(p, job, m.batch.count, step, forward);
    measure_close(&m);
    return r;
}

void plan_estimate(struct plan *p, const struct job *job, double peak_gflops) {
    double rate = 0.75e9 * peak_gflops;
    *p = (struct plan){.threads = team_size_for(job->settings.threads)};
    p->bytes = job_bytes(job, p->threads);
    p->kept = job_kept_bytes(job);
    add_up(p, job, 1, flops_training(&job->tuning) / rate, flops_forward(&job->tuning) / rate);
}

static const char *short_time(double seconds, char out[static 32]) {
    if (seconds < 10)
        snprintf(out, 32, "%.2g s", seconds);
    else
        view_duration(seconds, out);
    return out;
}

const char *plan_line(const struct plan *p, char *out, size_t size) {
    char batch[32], epoch[32], eval[32], run[32], when[32], kept[64] = "";
    time_t end = time(NULL) + (time_t)p->run_s;
    struct tm local;
    localtime_r(&end, &local);
    strftime(when, sizeof when, p->run_s < 72000 ? "%H:%M" : "%d %b %H:%M", &local);
    if (p->kept)
        snprintf(kept, sizeof kept, " and %.0f MiB for kept blocks", (double)p->kept / 1048576);
    snprintf(out, size, "%d threads, %.0f MiB%s; batch %s, epoch %s, evaluation %s; run %s, until %s", p->threads,
             (double)p->bytes / 1048576, kept, short_time(p->batch_s, batch), short_time(p->epoch_s, epoch),
             short_time(p->eval_s, eval), short_time(p->run_s, run), when);
    return out;
}
