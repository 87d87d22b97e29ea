#include "app/measure.h"

#include <stdlib.h>

#include <cblas.h>

#include "core/philox.h"

static int make_batch(struct measure *m, int count, struct error *e) {
    const struct settings *s = &m->job->settings;
    size_t area = 3 * (size_t)s->image * (size_t)s->image;
    count = count < s->batch ? count : s->batch;
    m->images = malloc((size_t)count * area * sizeof *m->images);
    m->labels = malloc((size_t)count * sizeof *m->labels);
    m->index = malloc((size_t)count * sizeof *m->index);
    if (!m->images || !m->labels || !m->index)
        return error_set(e, ERROR_MEMORY, "not enough memory for a batch of %d images", count);
    struct philox_key key = philox_key(0, PHILOX_TEST);
    for (size_t i = 0; i < (size_t)count * area; i++)
        m->images[i] = 2 * philox_uniform(philox(key, (uint32_t)i, (uint32_t)(i >> 32), 0, 0).w[0]) - 1;
    int classes = m->job->tuning.options.classes;
    for (int i = 0; i < count; i++) {
        m->labels[i] = classes > 0 ? i % classes : 0;
        m->index[i] = (uint32_t)i;
    }
    m->batch = (struct batch){
        .count = count, .readable = count, .images = m->images, .labels = m->labels, .index = m->index, .as_is = true};
    return 0;
}

int measure_open(struct measure *m, const struct job *job, int threads, int count, struct error *e) {
    *m = (struct measure){.job = job};
    control_create(&m->control);
    int r = make_batch(m, count, e);
    if (r == 0 && (r = state_create(&m->state, &job->tuning, job->optimizer.kind, e)) == 0)
        r = engine_create(&m->engine, job, threads, &m->control, e);
    if (r < 0) {
        measure_close(m);
        return r;
    }
    tuning_initialise(&job->tuning, job->model, 0, m->state.theta);
    return 0;
}

void measure_close(struct measure *m) {
    if (!m->job)
        return;
    engine_destroy(m->engine);
    state_destroy(&m->state);
    control_destroy(&m->control);
    free(m->images);
    free(m->labels);
    free(m->index);
    *m = (struct measure){0};
}

int measure_keep(struct measure *m, struct error *e) {
    return engine_keep(m->engine, (const size_t[SPLITS]){(size_t)m->batch.count, 0, 0}, e);
}

int measure_step(struct measure *m, double *seconds, struct error *e) {
    struct engine_result result;
    long long start = engine_clock();
    int r = engine_step(m->engine, m->state.theta, &m->batch, 0, NULL, NULL, &result, e);
    if (r < 0)
        return r;
    long long stepped = engine_clock();
    m->known = result.known;
    struct freeze none = {0};
    struct optimizer_state o = {m->state.first, m->state.second, 0, 0};
    /* At a rate of 0: the work of an update, and every step starts from the same weights. */
    optimizer_update(&m->job->optimizer, &m->job->tuning, &none, 0, &o, result.gradient, m->state.theta);
    m->optimizer_s = (double)(engine_clock() - stepped) * 1e-9;
    *seconds = (double)(engine_clock() - start) * 1e-9;
    return r;
}

int measure_forward(struct measure *m, double *seconds, struct error *e) {
    const float *logits;
    const double *losses;
    long long start = engine_clock();
    int r = engine_forward(m->engine, m->state.theta, &m->batch, NULL, NULL, &logits, &losses, e);
    *seconds = (double)(engine_clock() - start) * 1e-9;
    return r;
}

int measure_decode(const struct job *job, double *seconds, struct error *e) {
    enum { IMAGES = 32 };
    const struct preprocess *p = &job->preprocess;
    size_t all = dataset_size(job->dataset, SPLIT_TRAIN), side = (size_t)p->image;
    int done = 0;
    float *input = malloc(3 * side * side * sizeof *input);
    if (!input)
        return error_set(e, ERROR_MEMORY, "not enough memory for an image");
    int r = 0;
    long long start = engine_clock();
    for (size_t i = 0; i < all && i < IMAGES; i++) {
        struct image image = {0};
        struct fitted fitted = {0};
        r = dataset_decode(job->dataset, SPLIT_TRAIN, i, &image, e);
        if (r == 0 && (r = preprocess_fit(p, &image, &fitted, e)) == 0)
            r = preprocess_finish(p, &fitted, true, 0, (uint32_t)i, input, e);
        done += r == 0;
        image_free(&image);
        fitted_free(&fitted);
    }
    *seconds = done ? (double)(engine_clock() - start) * 1e-9 / done : 0;
    free(input);
    return done ? 0 : r;
}

struct product {
    int m, n, k, repeat;
    float *memory; /* A, B and C of every member */
    size_t stride; /* floats a member */
};

static void multiply(void *context, int member, size_t task) {
    const struct product *p = context;
    (void)task;
    float *a = p->memory + (size_t)member * p->stride, *b = a + (size_t)p->m * (size_t)p->k;
    float *c = b + (size_t)p->n * (size_t)p->k;
    for (int i = 0; i < p->repeat; i++)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, p->m, p->n, p->k, 1, a, p->k, b, p->k, 0, c, p->n);
}

static int peak(int threads, int rounds, double work_each, double *gflops, struct error *e) {
    /* Square, and the shapes of a ViT-B's MLP for one and two images. */
    static const int shapes[][3] = {{1024, 1024, 1024}, {512, 3072, 768}, {768, 768, 3072}, {2048, 1024, 512}};
    enum { SHAPES = sizeof shapes / sizeof *shapes };
    const size_t stride = 8 << 20;
    struct team *team = NULL;
    struct product p = {.stride = stride, .memory = calloc(stride * (size_t)threads, sizeof(float))};
    *gflops = 0;
    if (!p.memory)
        return error_set(e, ERROR_MEMORY, "not enough memory to measure sgemm on %d threads", threads);
    for (size_t i = 0; i < stride * (size_t)threads; i++)
        p.memory[i] = (float)(i % 7) - 3;
    int r = team_create(&team, threads, e);
    for (int i = 0; r == 0 && i < SHAPES * rounds; i++) {
        const int *shape = shapes[i % SHAPES];
        p.m = shape[0];
        p.n = shape[1];
        p.k = shape[2];
        double work = 2.0 * p.m * p.n * p.k;
        p.repeat = (int)(work_each / work) + 1;
        long long start = engine_clock();
        team_run(team, multiply, &p, (size_t)threads, NULL, NULL);
        double rate = work * p.repeat * threads / (double)(engine_clock() - start);
        *gflops = rate > *gflops ? rate : *gflops;
    }
    team_destroy(team);
    free(p.memory);
    return r;
}

int measure_peak(int threads, double *gflops, struct error *e) {
    return peak(threads, 2, 8e9, gflops, e);
}

int measure_peak_quickly(int threads, double *gflops, struct error *e) {
    return peak(threads, 2, 3e9, gflops, e);
}
