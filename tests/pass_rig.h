/* A pass through the whole model of a fixture: for test_pass.c and test_pass_savings.c. */
#ifndef TESTS_PASS_RIG_H
#define TESTS_PASS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cblas.h>
#include <string.h>
#include <time.h>

#include "core/model/pass.h"
#include "core/nn/prompt.h"
#include "tests/numbers.h"

enum { BATCH = 3, CLASSES = 5, PROMPTS = 2, MOST_BLOCKS = 8, SIDE = 12, DEPTH = 4, MOST_TOKENS = 16 };

static struct tensors *file;
static struct model *model;
static float images[BATCH * 3 * SIDE * SIDE];
static const int labels[BATCH] = {4, 0, 2};

/* The backbone of a fixture: 4 blocks, 12 wide, 2 heads, 9 patches. */
static int open_model(void **state) {
    (void)state;
    struct error e = {0};
    struct model_options as_stored = {0};
    if (tensors_open(&file, numbers_fixture("golden/gated_mae_late.safetensors"), &e) < 0 ||
        model_from_tensors(&model, file, "model.", &as_stored, &e) < 0) {
        print_error("%s\n", e.text);
        return -1;
    }
    if (model->shape.depth != DEPTH || model->shape.image != SIDE)
        return -1;
    numbers_fill(sizeof images / sizeof *images, 1, -1, 1, images);
    openblas_set_num_threads(1);
    return 0;
}

static int close_model(void **state) {
    (void)state;
    model_close(model);
    tensors_close(file);
    return 0;
}

/* A pass, what it works on, and room for what comes out. */
struct rig {
    struct tuning tuning;
    struct pass *pass;
    struct pass_step step;
    float *theta, *gradient, noise[MOST_BLOCKS], gates[MOST_BLOCKS], slopes[MOST_BLOCKS], temps[MOST_BLOCKS];
    float logits[BATCH * CLASSES];
    double losses[BATCH];
    bool gates_given; /* step.values.gates as they are, not those of theta */
};

static void values(struct rig *r) {
    float kept[MOST_BLOCKS];
    memcpy(kept, r->gates, sizeof kept);
    tuning_values(&r->tuning, r->theta, r->tuning.options.method == METHOD_GATED_HARD ? r->noise : NULL,
                  &r->step.values);
    if (r->gates_given)
        memcpy(r->gates, kept, sizeof kept);
}

static void set_up(struct rig *r, const struct tuning_options *o, struct pass_options p) {
    *r = (struct rig){.step = {.seed = 3, .number = 17, .batch = BATCH, .weight = 1.0f / BATCH}};
    struct error e = {0};
    assert_int_equal(tuning_create(&r->tuning, o, &model->shape, &e), 0);
    p.model = model;
    p.tuning = &r->tuning;
    assert_int_equal(pass_create(&r->pass, &p, &e), 0);
    r->theta = calloc(r->tuning.total, sizeof *r->theta);
    r->gradient = calloc(r->tuning.total, sizeof *r->gradient);
    assert_non_null(r->theta);
    assert_non_null(r->gradient);
    for (int i = 0; i < r->tuning.count; i++) {
        const struct tuned *n = &r->tuning.tensors[i];
        bool temps = n->kind == TUNED_TEMPS;
        numbers_fill(n->size, (uint32_t)(10 + i), temps ? 0.6 : -1, temps ? 1.6 : 1, r->theta + n->offset);
    }
    r->step.theta = r->theta;
    r->step.values = (struct tuning_values){r->gates, r->slopes, r->temps};
    const float noise[] = {1.5f, -2, 0.7f, -0.3f};
    memcpy(r->noise, noise, sizeof noise);
    values(r);
}

static void tear_down(struct rig *r) {
    pass_destroy(r->pass);
    free(r->theta);
    free(r->gradient);
}

static struct tuning_options options(enum method method, enum pool pool, int insert_at, bool temps) {
    return (struct tuning_options){.method = method,
                                   .pool = pool,
                                   .prompts = PROMPTS,
                                   .insert_at = insert_at,
                                   .temps = temps,
                                   .gate_init = 1,
                                   .prompt_dropout = 0.4,
                                   .classes = CLASSES};
}

static const struct pass_options whole_batch = {.chunk = BATCH, .backward = true};

static double loss(void *context) {
    struct rig *r = context;
    struct pass_chunk chunk = {.count = BATCH, .images = images, .labels = labels};
    values(r);
    assert_int_equal(pass_forward(r->pass, &r->step, &chunk, r->logits, r->losses), 0);
    double sum = 0;
    for (int i = 0; i < BATCH; i++)
        sum += r->losses[i];
    return sum * (double)r->step.weight;
}

static void backward(struct rig *r) {
    struct pass_chunk chunk = {.count = BATCH, .images = images, .labels = labels};
    memset(r->gradient, 0, r->tuning.total * sizeof *r->gradient);
    loss(r);
    assert_int_equal(pass_backward(r->pass, &r->step, &chunk, r->logits, r->gradient), 0);
}

static size_t bytes(struct pass_options p, const struct tuning_options *o) {
    struct tuning t;
    assert_int_equal(tuning_create(&t, o, &model->shape, NULL), 0);
    p.model = model;
    p.tuning = &t;
    return pass_bytes(&p);
}

#endif
