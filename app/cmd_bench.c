#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cblas.h>
#include <cjson/cJSON.h>

#include "app/measure.h"
#include "app/open_job.h"
#include "app/subcommand.h"
#include "core/model/flops.h"
#include "core/nn/vector.h"

enum { DEFAULT_CLASSES = 200, DEFAULT_REPEAT = 3, MOST = 100000, MOST_PHASES = 16 };

/* One kind of work on the batch: seconds of the best repetition, operations an image. */
struct work {
    double seconds, gflop;
};

struct bench {
    char model[64];
    const struct job *job;
    int threads, batch;
    struct work training, evaluation;
    bool freezes, keeps; /* frozen blocks lie below the first tuned one; there was room to keep their results */
    struct work kept_training, kept_evaluation;
    double peak_gflops;
    size_t planned, rss;
    size_t phase_count;
    struct pass_phase phases[MOST_PHASES];
    double decode; /* seconds a batch, beside the step, on a thread of its own; 0: not measured */
};

static size_t peak_rss(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (size_t)u.ru_maxrss * 1024;
}

/* Phases of a step by what their operators' names hold, the first that fits. */
static const struct {
    const char *holds, *phase;
} groups[] = {
    {"patch embedding", "patch"}, {"LayerNorm", "layernorm"}, {"GELU", "gelu"},   {"MLP", "mlp"},
    {"projection", "projection"}, {"attention", "attention"}, {"queries", "qkv"}, {"prompts", "prompts"},
    {"gate", "prompts"},          {"reduce", "reduce"},       {"", "head"},
};
enum { GROUPS = sizeof groups / sizeof *groups };

static void add_phase(struct bench *b, const char *name, double seconds) {
    size_t i = 0;
    while (i < b->phase_count && strcmp(b->phases[i].name, name) != 0)
        i++;
    if (i == b->phase_count)
        b->phases[b->phase_count++] = (struct pass_phase){.name = name};
    b->phases[i].seconds += seconds;
}

/* A step with its operators timed. */
static int measure_phases(struct bench *b, struct measure *m, struct error *e) {
    struct pass_phase operators[PASS_PHASES];
    double ignored;
    engine_time(m->engine, true);
    int r = measure_step(m, &ignored, e);
    size_t count = engine_phases(m->engine, operators);
    engine_time(m->engine, false);
    for (size_t i = 0; r == 0 && i < GROUPS; i++) /* in the order of the table, so that it is the same every time */
        for (size_t k = 0; k < count; k++) {
            size_t g = 0;
            while (!strstr(operators[k].name, groups[g].holds))
                g++;
            if (g == i)
                add_phase(b, groups[g].phase, operators[k].seconds);
        }
    add_phase(b, "optimizer", m->optimizer_s);
    return r;
}

static double least(double best, double seconds) {
    return best == 0 || seconds < best ? seconds : best;
}

/* Training, evaluation and sgemm in turn, so that all of them meet the same machine. The best of some repetitions
 * counts: other programs only ever make a run slower. */
static int measure_all(struct bench *b, struct measure *m, int repeat, struct error *e) {
    int r = 0;
    for (int i = 0; r == 0 && i < repeat; i++) {
        double step, forward, peak;
        if ((r = measure_step(m, &step, e)) < 0 || (r = measure_forward(m, &forward, e)) < 0)
            return r;
        if (i == 0)
            b->rss = peak_rss(); /* before sgemm takes its own */
        if ((r = measure_peak(b->threads, &peak, e)) < 0)
            return r;
        b->training.seconds = least(b->training.seconds, step);
        b->evaluation.seconds = least(b->evaluation.seconds, forward);
        b->peak_gflops = peak > b->peak_gflops ? peak : b->peak_gflops;
    }
    if ((r = measure_phases(b, m, e)) < 0 || !b->freezes || (r = measure_keep(m, e)) < 0)
        return r;
    double first, step, forward;
    r = measure_forward(m, &first, e);
    for (int i = 0; r == 0 && i < repeat; i++) {
        if ((r = measure_step(m, &step, e)) < 0 || (r = measure_forward(m, &forward, e)) < 0)
            return r;
        b->keeps = m->known == b->batch;
        b->kept_training.seconds = least(b->kept_training.seconds, step);
        b->kept_evaluation.seconds = least(b->kept_evaluation.seconds, forward);
    }
    return r;
}

static int measure(struct bench *b, int repeat, struct error *e) {
    const struct tuning *t = &b->job->tuning;
    struct measure m;
    double prefix = flops_prefix(t);
    b->freezes = prefix > 0;
    b->training.gflop = flops_training(t) * 1e-9;
    b->evaluation.gflop = flops_forward(t) * 1e-9;
    b->kept_training.gflop = (flops_training(t) - prefix) * 1e-9;
    b->kept_evaluation.gflop = (flops_forward(t) - prefix) * 1e-9;
    int r = measure_open(&m, b->job, b->threads, b->batch, e);
    if (r < 0)
        return r;
    r = measure_all(b, &m, repeat, e);
    measure_close(&m);
    return r;
}

/* ---- what is said */

static double images_per_s(const struct bench *b, const struct work *w) {
    return b->batch / w->seconds;
}

static double gflops(const struct bench *b, const struct work *w) {
    return images_per_s(b, w) * w->gflop;
}

static void add_work(cJSON *o, const struct bench *b, const char *name, const struct work *w) {
    char key[48];
    snprintf(key, sizeof key, "%s_images_per_s", name);
    cJSON_AddNumberToObject(o, key, images_per_s(b, w));
    snprintf(key, sizeof key, "%s_gflops", name);
    cJSON_AddNumberToObject(o, key, gflops(b, w));
}

static int print_json(const struct bench *b, struct error *e) {
    cJSON *o = cJSON_CreateObject(), *phases = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "model", b->model);
    cJSON_AddStringToObject(o, "method", settings_choice("method", b->job->settings.method));
    cJSON_AddNumberToObject(o, "threads", b->threads);
    cJSON_AddNumberToObject(o, "prompts", b->job->tuning.options.prompts);
    cJSON_AddNumberToObject(o, "batch", b->batch);
    cJSON_AddNumberToObject(o, "chunk", b->job->settings.chunk);
    add_work(o, b, "train", &b->training);
    add_work(o, b, "eval", &b->evaluation);
    if (b->keeps) {
        add_work(o, b, "kept_train", &b->kept_training);
        add_work(o, b, "kept_eval", &b->kept_evaluation);
    }
    cJSON_AddNumberToObject(o, "train_gflop_an_image", b->training.gflop);
    cJSON_AddNumberToObject(o, "eval_gflop_an_image", b->evaluation.gflop);
    cJSON_AddNumberToObject(o, "peak_gflops", b->peak_gflops);
    cJSON_AddStringToObject(o, "blas", openblas_get_corename());
    cJSON_AddStringToObject(o, "vector", vector_ops()->name);
    cJSON_AddNumberToObject(o, "planned_bytes", (double)b->planned);
    cJSON_AddNumberToObject(o, "rss_bytes", (double)b->rss);
    for (size_t i = 0; i < b->phase_count; i++)
        cJSON_AddNumberToObject(phases, b->phases[i].name, b->phases[i].seconds);
    if (b->decode > 0)
        cJSON_AddNumberToObject(phases, "decode", b->decode);
    cJSON_AddItemToObject(o, "phases", phases);
    char *text = cJSON_Print(o);
    cJSON_Delete(o);
    if (!text)
        return error_set(e, ERROR_MEMORY, "not enough memory to print the result");
    puts(text);
    free(text);
    return 0;
}

static void print_work(const struct bench *b, const char *name, const struct work *w) {
    double rate = gflops(b, w);
    printf("%-24s %9.2f %9.1f %8.1f %%\n", name, images_per_s(b, w), rate, 100 * rate / b->peak_gflops);
}

static void print_head(const struct bench *b) {
    printf("%s, %s, ", b->model, settings_choice("method", b->job->settings.method));
    if (tuning_has_prompts(&b->job->tuning))
        printf("%d prompts, ", b->job->tuning.options.prompts);
    printf("batch %d in chunks of %d, %d thread%s; BLAS %s, vectors %s\n", b->batch, b->job->settings.chunk, b->threads,
           b->threads == 1 ? "" : "s", openblas_get_corename(), vector_ops()->name);
    printf("memory planned for a run of batch %d: %.0f MiB\n", b->job->settings.batch, (double)b->planned / 0x1p20);
    fflush(stdout);
}

static void print_table(const struct bench *b) {
    double total = 0;
    printf("%-24s %9s %9s  %s\n", "", "images/s", "GFLOP/s", "of sgemm's peak");
    print_work(b, "training", &b->training);
    print_work(b, "evaluation", &b->evaluation);
    if (b->keeps) {
        print_work(b, "training, blocks kept", &b->kept_training);
        print_work(b, "evaluation, blocks kept", &b->kept_evaluation);
    }
    printf("%-24s %9s %9.1f\n\n", "sgemm", "", b->peak_gflops);
    if (b->freezes && !b->keeps)
        printf("results of frozen blocks are not kept: cache-blocks is too small for a batch\n");
    printf("peak resident memory %.0f MiB\n", (double)b->rss / 0x1p20);
    printf("an image counts as %.4g GFLOP in training, %.4g in evaluation: `gptui help bench`\n\n", b->training.gflop,
           b->evaluation.gflop);
    for (size_t i = 0; i < b->phase_count; i++)
        total += b->phases[i].seconds;
    printf("time of the threads in a training step, ms an image and share\n");
    for (size_t i = 0; i < b->phase_count; i++) {
        const struct pass_phase *p = &b->phases[i];
        printf("%10s %10.3f %7.1f %%\n", p->name, 1e3 * p->seconds / b->batch, 100 * p->seconds / total);
    }
    if (b->decode > 0)
        printf("%10s %10.3f   beside it, on a thread of its own\n", "decode", 1e3 * b->decode / b->batch);
}

/* With --data its images, too: what it takes to decode one. */
static int measure_data(struct bench *b, const struct settings *s, struct error *e) {
    struct job job;
    double seconds = 0;
    int r = open_job(&job, s, e);
    if (r < 0)
        return r;
    r = measure_decode(&job, &seconds, e);
    job_close(&job);
    b->decode = seconds * b->batch;
    return r;
}

static int run(const struct arguments *a, struct error *e) {
    struct settings s = a->settings;
    struct bench b = {.threads = team_size_for(s.threads)};
    struct job job;
    int classes = DEFAULT_CLASSES, repeat = DEFAULT_REPEAT;
    int r = arguments_count(a, "classes", MOST, &classes, e);
    if (r < 0 || (r = arguments_count(a, "repeat", MOST, &repeat, e)) < 0 ||
        (r = open_job_model(&job, &s, classes, e)) < 0)
        return r;
    shape_name(&job.model->shape, b.model, sizeof b.model);
    b.job = &job;
    b.planned = job_bytes(&job, b.threads);
    /* Enough images to keep every thread busy to the end, not a whole batch: a step costs the same an image. */
    b.batch = arguments_has(a, "batch") ? s.batch : job.settings.chunk * b.threads * 2;
    b.batch = b.batch < s.batch ? b.batch : s.batch;
    bool json = arguments_has(a, "json");
    if (!json)
        print_head(&b);
    r = measure(&b, repeat, e);
    if (r == 0 && arguments_has(a, "data"))
        r = measure_data(&b, &s, e);
    if (r == 0 && json)
        r = print_json(&b, e);
    else if (r == 0)
        print_table(&b);
    job_close(&job);
    return r;
}

const struct subcommand cmd_bench = {
    .name = "bench",
    .synopsis = "[--json] [--model FILE] [--prompts N] [--batch N] [--threads N] [--data SPEC]",
    .summary = "speed of this machine: training, evaluation, against sgemm's peak",
    .details =
        "Measures a training step and an evaluation on a batch of noise, and what sgemm reaches on as many threads, in "
        "turn; the best of some repetitions counts. GFLOP/s are the method's own, a multiply-add as two: with N "
        "tokens, D and M the widths of tokens and MLP, a block's forward is 2N(4DD + 2DM) + 4NND; its backward has the "
        "same matrix products once, to the activations, and 8NND for attention. Where that can be left out (rows that "
        "the pool does not need), it counts all the same. Phases are those of one step, added up over the threads; "
        "with --data the decoding of its images is one more, on threads of its own. Where frozen blocks lie below the "
        "first tuned one, their results are kept from the second epoch on: two more lines.",
    .options = (const struct option[]){{"json", NULL, "print JSON"},
                                       {"classes", "N", "classes of the head (200)"},
                                       {"repeat", "N", "repetitions, the best of which counts (3)"},
                                       {NULL, NULL, NULL}},
    .takes_settings = true,
    .run = run,
};
