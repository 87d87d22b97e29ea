#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cjson/cJSON.h>

#include "app/measure.h"
#include "app/open_job.h"
#include "app/subcommand.h"
#include "core/model/flops.h"
#include "core/number.h"

enum { DEFAULT_CLASSES = 200, DEFAULT_REPEAT = 3 };

struct bench {
    char model[64];
    int threads, prompts, batch;
    double train_images_s, eval_images_s, train_gflops, eval_gflops, peak_gflops;
    size_t rss;
    size_t phase_count;
    struct pass_phase phases[PASS_PHASES];
};

static size_t peak_rss(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (size_t)u.ru_maxrss * 1024;
}

/* The best of some repetitions: other programs only ever make a run slower. */
static int best_of(struct measure *m, int repeat, double *step, double *forward, struct error *e) {
    *step = *forward = 0;
    for (int i = 0; i < repeat; i++) {
        double a, b;
        int r = measure_step(m, &a, e);
        if (r < 0 || (r = measure_forward(m, &b, e)) < 0)
            return r;
        *step = i == 0 || a < *step ? a : *step;
        *forward = i == 0 || b < *forward ? b : *forward;
    }
    return 0;
}

static int measure(struct bench *b, const struct job *j, int repeat, struct error *e) {
    struct measure m;
    double step, forward, ignored;
    int r = measure_open(&m, j, b->threads, b->batch, e);
    if (r < 0)
        return r;
    if ((r = best_of(&m, repeat, &step, &forward, e)) == 0) {
        engine_time(m.engine, true);
        r = measure_step(&m, &ignored, e);
        b->phase_count = engine_phases(m.engine, b->phases);
        b->train_images_s = m.batch.count / step;
        b->eval_images_s = m.batch.count / forward;
        b->train_gflops = b->train_images_s * flops_training(&j->tuning) * 1e-9;
        b->eval_gflops = b->eval_images_s * flops_forward(&j->tuning) * 1e-9;
        b->rss = peak_rss();
    }
    measure_close(&m);
    return r < 0 ? r : measure_peak(b->threads, &b->peak_gflops, e);
}

static int print_json(const struct bench *b, struct error *e) {
    cJSON *o = cJSON_CreateObject(), *phases = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "model", b->model);
    cJSON_AddNumberToObject(o, "threads", b->threads);
    cJSON_AddNumberToObject(o, "prompts", b->prompts);
    cJSON_AddNumberToObject(o, "batch", b->batch);
    cJSON_AddNumberToObject(o, "train_images_per_s", b->train_images_s);
    cJSON_AddNumberToObject(o, "eval_images_per_s", b->eval_images_s);
    cJSON_AddNumberToObject(o, "train_gflops", b->train_gflops);
    cJSON_AddNumberToObject(o, "eval_gflops", b->eval_gflops);
    cJSON_AddNumberToObject(o, "peak_gflops", b->peak_gflops);
    cJSON_AddNumberToObject(o, "rss_bytes", (double)b->rss);
    for (size_t i = 0; i < b->phase_count; i++)
        cJSON_AddNumberToObject(phases, b->phases[i].name, b->phases[i].seconds);
    cJSON_AddItemToObject(o, "phases", phases);
    char *text = cJSON_Print(o);
    cJSON_Delete(o);
    if (!text)
        return error_set(e, ERROR_MEMORY, "not enough memory to print the result");
    puts(text);
    free(text);
    return 0;
}

static void print_table(const struct bench *b) {
    double total = 0;
    printf("%s, %d prompts, batch %d, %d threads\n\n", b->model, b->prompts, b->batch, b->threads);
    printf("            images/s   GFLOP/s  of sgemm's peak\n");
    printf("training   %9.2f %9.1f %8.1f %%\n", b->train_images_s, b->train_gflops,
           100 * b->train_gflops / b->peak_gflops);
    printf("evaluation %9.2f %9.1f %8.1f %%\n", b->eval_images_s, b->eval_gflops,
           100 * b->eval_gflops / b->peak_gflops);
    printf("sgemm      %9s %9.1f\n\npeak resident memory %.0f MiB\n\n", "", b->peak_gflops, (double)b->rss / 1048576);
    for (size_t i = 0; i < b->phase_count; i++)
        total += b->phases[i].seconds;
    printf("share of a training step\n");
    for (size_t i = 0; i < b->phase_count; i++)
        printf("%8.1f %%  %s\n", 100 * b->phases[i].seconds / total, b->phases[i].name);
}

static int count_option(const struct arguments *a, const char *name, int missing, int *out, struct error *e) {
    const char *given = arguments_value(a, name);
    uint64_t n = (uint64_t)missing;
    if (given && (!number_count(given, &n) || n < 1 || n > 100000))
        return error_set(e, ERROR_USAGE, "%s is \"%s\", expected a whole number from 1 to 100000", name, given);
    *out = (int)n;
    return 0;
}

static int run(const struct arguments *a, struct error *e) {
    struct settings s = a->settings;
    struct bench b = {.threads = s.threads > 0 ? s.threads : team_default_size(), .prompts = s.prompts};
    struct job job;
    int classes, repeat;
    int r = count_option(a, "classes", DEFAULT_CLASSES, &classes, e);
    if (r < 0 || (r = count_option(a, "repeat", DEFAULT_REPEAT, &repeat, e)) < 0 ||
        (r = open_job_model(&job, &s, classes, e)) < 0)
        return r;
    shape_name(&job.model->shape, b.model, sizeof b.model);
    /* Enough images to keep every thread busy to the end, not a whole batch: a step costs the same an image. */
    b.batch = arguments_has(a, "batch") ? s.batch : job.settings.chunk * b.threads * 2;
    b.batch = b.batch < s.batch ? b.batch : s.batch;
    r = measure(&b, &job, repeat, e);
    job_close(&job);
    if (r < 0)
        return r;
    if (arguments_has(a, "json"))
        return print_json(&b, e);
    print_table(&b);
    return 0;
}

const struct subcommand cmd_bench = {
    .name = "bench",
    .synopsis = "[--json] [--model FILE] [--prompts N] [--batch N] [--threads N]",
    .summary = "speed of this machine: training, evaluation, against sgemm's peak",
    .details =
        "Measures a training step and an evaluation on a batch of noise, and what sgemm reaches on as many threads.\n"
        "The best of some repetitions counts. GFLOP/s are the method's own, a multiply-add as two: with N tokens,\n"
        "D and M the widths of tokens and MLP, a block's forward is 2N(4DD + 2DM) + 4NND; its backward has the\n"
        "same matrix products once, to the activations, and 8NND for attention. Phases are seconds of one step,\n"
        "added up over the threads.",
    .options = (const struct option[]){{"json", NULL, "print JSON"},
                                       {"classes", "N", "classes of the head (200)"},
                                       {"repeat", "N", "repetitions, the best of which counts (3)"},
                                       {NULL, NULL, NULL}},
    .takes_settings = true,
    .run = run,
};
