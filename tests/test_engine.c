/* Steps and evaluations on a small random backbone and rendered scenes, for several numbers of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/train/evaluate.h"
#include "tests/numbers.h"

static const int teams[] = {1, 2, 3, 5};
enum { TEAMS = 4, STEPS = 2 };

struct rig {
    struct job job;
    struct control control;
    struct engine *engine;
    struct loader *loader;
    float *theta;
};

static void set(struct settings *s, const char *name, const char *value) {
    struct error e = {0};
    if (settings_set(s, name, value, &e) < 0)
        fail_msg("%s", e.text);
}

static void sound(int r, const struct error *e) {
    if (r < 0)
        fail_msg("%s", e->text);
}

/* `more`: names and values, NULL at the end. */
static void set_up_with(struct rig *r, const char *method, const char *batch, int threads, const char *const *more) {
    struct settings s;
    struct error e = {0};
    *r = (struct rig){0};
    settings_default(&s);
    set(&s, "model", "random:nano");
    set(&s, "data", "scenes:shape");
    set(&s, "method", method);
    set(&s, "prompts", "3");
    set(&s, "gate-init", "0");
    set(&s, "batch", batch);
    set(&s, "chunk", "3");
    set(&s, "scenes-train", batch);
    set(&s, "scenes-val", "23");
    set(&s, "scenes-test", "1");
    for (; *more; more += 2)
        set(&s, more[0], more[1]);
    sound(job_open(&r->job, &s, &e), &e);
    control_create(&r->control);
    sound(engine_create(&r->engine, &r->job, threads, &r->control, &e), &e);
    assert_int_equal(engine_threads(r->engine), threads);
    r->theta = calloc(r->job.tuning.total, sizeof *r->theta);
    assert_non_null(r->theta);
    tuning_initialise(&r->job.tuning, r->job.model, 42, r->theta);
}

static void set_up(struct rig *r, const char *method, const char *batch, int threads) {
    set_up_with(r, method, batch, threads, (const char *const[]){NULL});
}

static void open_loader(struct rig *r, enum split split) {
    struct error e = {0};
    loader_close(r->loader);
    sound(job_loader(&r->job, split, split == SPLIT_TRAIN, 0, NULL, NULL, &r->loader, &e), &e);
    loader_start(r->loader, 0, 0);
}

static struct batch next(struct rig *r) {
    struct batch b = {0};
    struct error e = {0};
    int n = loader_next(r->loader, &b, &e);
    sound(n, &e);
    assert_int_equal(n, 1);
    return b;
}

static void tear_down(struct rig *r) {
    loader_close(r->loader);
    engine_destroy(r->engine);
    control_destroy(&r->control);
    job_close(&r->job);
    free(r->theta);
}

static size_t bytes(const struct rig *r) {
    return r->job.tuning.total * sizeof(float);
}

static void steps_give_the_same_bytes_for_any_number_of_threads(void **state) {
    (void)state;
    const char *const methods[] = {"gated", "gated-hard", "deep", "mae", "linear", "full", "bias", "partial-2"};
    for (int m = 0; m < 8; m++) {
        float *first = NULL;
        struct engine_result wanted[STEPS];
        for (int t = 0; t < TEAMS; t++) {
            struct rig r;
            set_up(&r, methods[m], "20", teams[t]);
            open_loader(&r, SPLIT_TRAIN);
            struct batch b = next(&r);
            size_t total = r.job.tuning.total;
            if (!first)
                first = calloc(STEPS * total, sizeof *first);
            assert_non_null(first);
            for (uint64_t s = 0; s < STEPS; s++) {
                struct engine_result out;
                struct error e = {0};
                sound(engine_step(r.engine, r.theta, &b, s, NULL, NULL, &out, &e), &e);
                assert_true(out.loss > 0 && isfinite(out.loss) && (m == 3 || out.top1 >= 0) && out.top1 <= 1);
                if (t == 0) {
                    wanted[s] = out;
                    memcpy(first + s * total, out.gradient, bytes(&r));
                }
                assert_memory_equal(first + s * total, out.gradient, bytes(&r));
                assert_memory_equal(&out.loss, &wanted[s].loss, sizeof out.loss);
                assert_true(out.top1 == wanted[s].top1);
            }
            /* The step number is the key of dropout, gate noise and masks. */
            if (m < 4)
                assert_memory_not_equal(first, first + total, bytes(&r));
            tear_down(&r);
        }
        free(first);
    }
}

/* Steps and an evaluation with frozen blocks kept for no image, for some and for all: the same bytes. */
static void keeping_frozen_blocks_changes_no_bit(void **state) {
    (void)state;
    static const struct {
        const char *method, *insert_at;
        size_t floats; /* that an image's take, nano: 17 tokens of 48 */
    } ways[] = {{"linear", "1", 48}, {"partial-2", "1", 17 * 48}, {"shallow", "3", 17 * 48}, {"gated", "4", 17 * 48}};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        float *wanted = NULL;
        const char *const limits[] = {"0", "1", "1024"};
        for (int k = 0; k < 6; k++) {
#ifdef __SANITIZE_THREAD__
            if (k == 1 || k == 2)
                continue; /* with one thread nothing races */
#endif
            struct rig r;
            struct engine_result out;
            struct evaluation v;
            struct error e = {0};
            const char *more[] = {"insert-at", ways[w].insert_at, "temps", "off", "cache-blocks", limits[k % 3], NULL};
            set_up_with(&r, ways[w].method, "400", k < 3 ? 1 : 3, more);
            size_t total = r.job.tuning.total, needed = 424 * ways[w].floats * sizeof(float);
            size_t limit = (size_t)atoi(limits[k % 3]) << 20;
            assert_true(job_kept_share(&r.job, true) == job_kept_share(&r.job, false));
            assert_true((job_kept_share(&r.job, true) >= 1) == (needed <= limit));
            assert_int_equal(job_kept_bytes(&r.job), needed < limit ? needed : limit - limit % (ways[w].floats * 4));
            size_t images[SPLITS];
            job_images(&r.job, images);
            if (k > 0) /* an engine that is not told to keep anything, as for one evaluation */
                sound(engine_keep(r.engine, images, &e), &e);
            open_loader(&r, SPLIT_TRAIN);
            struct batch b = next(&r);
            for (uint64_t s = 0; s < STEPS; s++) {
                sound(engine_step(r.engine, r.theta, &b, s, NULL, NULL, &out, &e), &e);
                size_t room = limit / (ways[w].floats * sizeof(float));
                assert_int_equal(out.known, s == 0 ? 0 : room < 400 ? room : 400);
            }
            open_loader(&r, SPLIT_VAL);
            sound(evaluation_create(&v, r.job.tuning.options.classes, &e), &e);
            for (int twice = 0; twice < 2; twice++)
                sound(evaluate(r.engine, r.theta, r.loader, NULL, NULL, &v, &e), &e);
            if (!wanted) {
                wanted = malloc((total + 1) * sizeof *wanted);
                assert_non_null(wanted);
                memcpy(wanted, out.gradient, total * sizeof *wanted);
                wanted[total] = (float)v.loss;
            }
            assert_memory_equal(wanted, out.gradient, total * sizeof *wanted);
            assert_true(wanted[total] == (float)v.loss);
            evaluation_destroy(&v);
            tear_down(&r);
        }
        free(wanted);
    }
}

static void recomputing_blocks_changes_no_bit(void **state) {
    (void)state;
    const char *const methods[] = {"gated-hard", "mae", "linear", "full", "bias", "partial-2"};
    for (int m = 0; m < 6; m++) {
        float *first = NULL;
        for (int again = 0; again < 2; again++) {
            struct rig r;
            struct engine_result out;
            struct error e = {0};
            const char *more[] = {"recompute", again ? "on" : "off", NULL};
            set_up_with(&r, methods[m], "7", 2, more);
            open_loader(&r, SPLIT_TRAIN);
            struct batch b = next(&r);
            sound(engine_step(r.engine, r.theta, &b, 0, NULL, NULL, &out, &e), &e);
            if (!first) {
                first = malloc(bytes(&r));
                assert_non_null(first);
                memcpy(first, out.gradient, bytes(&r));
            }
            assert_memory_equal(first, out.gradient, bytes(&r));
            tear_down(&r);
        }
        free(first);
    }
}

/* Products of some 300 to 384 rows, and as many chunks as two, four or eight threads share evenly. */
static void a_batch_falls_into_even_chunks(void **state) {
    (void)state;
    const struct {
        int prompts, batch, chunk; /* nano: 17 tokens besides the prompts */
    } wanted[] = {{58, 64, 4},  {58, 32, 4},   {58, 8, 4},   {58, 3, 3}, {58, 1, 1},
                  {367, 64, 1}, {1000, 64, 1}, {1, 128, 16}, {3, 20, 10}};
    struct settings s;
    struct error e = {0};
    settings_default(&s);
    set(&s, "model", "random:nano");
    set(&s, "data", "scenes:shape");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct job j;
        s.prompts = wanted[i].prompts;
        s.batch = wanted[i].batch;
        sound(job_open(&j, &s, &e), &e);
        assert_int_equal(j.settings.chunk, wanted[i].chunk);
        job_close(&j);
    }
}

static void nothing_is_kept_of_augmented_images(void **state) {
    (void)state;
    struct rig r;
    struct engine_result out;
    struct error e = {0};
    const char *more[] = {"augment", "flip", NULL};
    set_up_with(&r, "linear", "20", 2, more);
    size_t images[SPLITS];
    job_images(&r.job, images);
    sound(engine_keep(r.engine, images, &e), &e);
    assert_int_equal(job_kept_bytes(&r.job), 24 * 48 * sizeof(float)); /* val and test alone */
    assert_true(job_kept_share(&r.job, true) == 0 && job_kept_share(&r.job, false) == 1);
    open_loader(&r, SPLIT_TRAIN);
    struct batch b = next(&r);
    for (uint64_t s = 0; s < STEPS; s++) {
        sound(engine_step(r.engine, r.theta, &b, s, NULL, NULL, &out, &e), &e);
        assert_int_equal(out.known, 0);
    }
    tear_down(&r);
}

static void a_step_is_the_mean_over_readable_images(void **state) {
    (void)state;
    struct rig r;
    struct engine_result all, some;
    struct error e = {0};
    set_up(&r, "linear", "6", 2);
    open_loader(&r, SPLIT_TRAIN);
    struct batch b = next(&r);
    int labels[6];
    memcpy(labels, b.labels, sizeof labels);
    /* Twice the same three images, and then three of them unreadable: the same mean. */
    size_t area = 3 * 32 * 32;
    float *images = malloc(6 * area * sizeof *images);
    assert_non_null(images);
    memcpy(images, b.images, 3 * area * sizeof *images);
    memcpy(images + 3 * area, b.images, 3 * area * sizeof *images);
    memcpy(labels + 3, labels, 3 * sizeof *labels);
    struct batch twice = {.count = 6, .readable = 6, .images = images, .labels = labels, .index = b.index};
    sound(engine_step(r.engine, r.theta, &twice, 0, NULL, NULL, &all, &e), &e);
    float *first = malloc(bytes(&r));
    assert_non_null(first);
    memcpy(first, all.gradient, bytes(&r));
    labels[3] = labels[4] = labels[5] = -1;
    twice.readable = 3;
    sound(engine_step(r.engine, r.theta, &twice, 0, NULL, NULL, &some, &e), &e);
    assert_true(fabs(some.loss - all.loss) < 1e-9);
    assert_true(fabs(some.top1 - all.top1) < 1e-9);
    assert_true(numbers_error_f32(r.job.tuning.total, some.gradient, first) < 1e-5);
    free(first);
    free(images);
    tear_down(&r);
}

static void evaluation_is_the_same_for_any_number_of_threads(void **state) {
    (void)state;
    struct evaluation first = {0};
    for (int t = 0; t < TEAMS; t++) {
        struct rig r;
        struct evaluation v;
        struct error e = {0};
        set_up(&r, "gated-hard", "7", teams[t]);
        open_loader(&r, SPLIT_VAL);
        sound(evaluation_create(&v, r.job.tuning.options.classes, &e), &e);
        sound(evaluate(r.engine, r.theta, r.loader, NULL, NULL, &v, &e), &e);
        size_t cells = (size_t)v.classes * (size_t)v.classes, count = 0;
        for (int c = 0; c < v.classes; c++)
            count += evaluation_class_count(&v, c);
        assert_int_equal(v.images, 23);
        assert_true(v.begun == v.batches && v.begun == 3); /* of 9 images: whole chunks */
        size_t said_right = 0;
        for (size_t i = 0; i < 23; i++) {
            assert_int_equal(v.list[i].index, i);
            assert_int_equal(v.list[i].label, dataset_label(r.job.dataset, SPLIT_VAL, i));
            assert_true(v.list[i].said_share >= v.list[i].label_share && v.list[i].label_share > 0);
            said_right += v.list[i].said == v.list[i].label;
        }
        assert_true(fabs((double)said_right / 23 - v.top1) < 1e-9);
        assert_int_equal(count, 23);
        assert_true(v.top1 <= v.top5 && v.top5 <= 1);
        if (t == 0) {
            first = v;
        } else {
            assert_memory_equal(v.confusion, first.confusion, cells * sizeof *v.confusion);
            assert_memory_equal(v.list, first.list, 23 * sizeof *v.list);
            assert_true(v.top1 == first.top1 && v.top5 == first.top5);
            assert_memory_equal(&v.loss, &first.loss, sizeof v.loss);
            evaluation_destroy(&v);
        }
        tear_down(&r);
    }
    double hits = 0;
    for (int c = 0; c < first.classes; c++)
        hits += evaluation_class_top1(&first, c) * (double)evaluation_class_count(&first, c);
    assert_true(fabs(hits / 23 - first.top1) < 1e-9);
    evaluation_destroy(&first);
    evaluation_destroy(&first);
}

/* Neither the batch size nor what was trained before shows in an evaluation. */
static void evaluation_does_not_depend_on_the_batch_size(void **state) {
    (void)state;
    const char *const batches[] = {"3", "7", "20"};
    double loss = 0;
    for (int k = 0; k < 3; k++) {
        struct rig r;
        struct evaluation v;
        struct engine_result out;
        struct error e = {0};
        set_up(&r, "gated", batches[k], 2);
        open_loader(&r, SPLIT_TRAIN);
        struct batch b = next(&r);
        sound(engine_step(r.engine, r.theta, &b, 5, NULL, NULL, &out, &e), &e);
        open_loader(&r, SPLIT_VAL);
        sound(evaluation_create(&v, r.job.tuning.options.classes, &e), &e);
        sound(evaluate(r.engine, r.theta, r.loader, NULL, NULL, &v, &e), &e);
        if (k == 0)
            loss = v.loss;
        assert_memory_equal(&v.loss, &loss, sizeof loss);
        evaluation_destroy(&v);
        tear_down(&r);
    }
}

static void diverges(enum tuned_kind kind, float value, const char *wanted) {
    struct rig r;
    struct engine_result out;
    struct error e = {0};
    set_up(&r, "gated", "9", 3);
    open_loader(&r, SPLIT_TRAIN);
    struct batch b = next(&r);
    const struct tuned *n = tuning_find(&r.job.tuning, kind);
    float kept[4096];
    assert_true(n->size <= 4096);
    memcpy(kept, r.theta + n->offset, n->size * sizeof *kept);
    for (size_t i = 0; i < n->size; i++)
        r.theta[n->offset + i] = value;
    assert_int_equal(engine_step(r.engine, r.theta, &b, 17, NULL, NULL, &out, &e), ERROR_DIVERGED);
    if (!strstr(e.text, wanted) || !strstr(e.text, "step 17"))
        fail_msg("\"%s\" does not say step 17 and %s", e.text, wanted);
    /* The engine goes on with good values. */
    memcpy(r.theta + n->offset, kept, n->size * sizeof *kept);
    sound(engine_step(r.engine, r.theta, &b, 17, NULL, NULL, &out, &e), &e);
    tear_down(&r);
}

static void divergence_says_where(void **state) {
    (void)state;
    diverges(TUNED_PROMPTS, NAN, "enc.prompt_embeddings held a NaN or infinity before the step");
    diverges(TUNED_TEMPS, NAN, "enc.temp held");
    diverges(TUNED_HEAD_BIAS, INFINITY, "head.last_layer.bias held");
    diverges(TUNED_PROMPTS, 3e38f, "block 1, first LayerNorm"); /* finite, but its sums are not */
    diverges(TUNED_HEAD_WEIGHT, 3e38f, "arises first in head");
}

static void a_nan_in_evaluation_is_divergence(void **state) {
    (void)state;
    struct rig r;
    struct evaluation v;
    struct error e = {0};
    set_up(&r, "gated", "9", 2);
    open_loader(&r, SPLIT_VAL);
    sound(evaluation_create(&v, r.job.tuning.options.classes, &e), &e);
    r.theta[tuning_find(&r.job.tuning, TUNED_HEAD_BIAS)->offset] = NAN;
    assert_int_equal(evaluate(r.engine, r.theta, r.loader, NULL, NULL, &v, &e), ERROR_DIVERGED);
    evaluation_destroy(&v);
    tear_down(&r);
    set_up(&r, "mae", "9", 2);
    open_loader(&r, SPLIT_VAL);
    sound(evaluation_create(&v, r.job.tuning.options.classes, &e), &e);
    r.theta[r.job.tuning.total - 16] = NAN; /* the last bias of the decoder */
    assert_int_equal(evaluate(r.engine, r.theta, r.loader, NULL, NULL, &v, &e), ERROR_DIVERGED);
    evaluation_destroy(&v);
    tear_down(&r);
}

static void sleep_ms(int ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* What another thread does once the first chunks of a step are done. */
struct intruder {
    struct rig *rig;
    bool hold; /* else cancel */
    bool in_time;
    int after_100_ms, after_200_ms;
    atomic_bool over; /* the step has ended without it */
};

static void *intrude(void *context) {
    struct intruder *i = context;
    int done = 0, all = 0;
    while (!atomic_load(&i->over) && (done < 2 || done == all))
        engine_progress(i->rig->engine, &done, &all);
    if (!i->hold) {
        control_cancel(&i->rig->control);
        return NULL;
    }
    control_hold(&i->rig->control);
    sleep_ms(100);
    engine_progress(i->rig->engine, &i->after_100_ms, &all);
    sleep_ms(100);
    engine_progress(i->rig->engine, &i->after_200_ms, &all);
    i->in_time = i->after_100_ms < all;
    control_release(&i->rig->control);
    return NULL;
}

/* A step with the intruder; its result. */
static int intruded_step(struct rig *r, struct intruder *i, const struct batch *b, struct engine_result *out) {
    pthread_t thread;
    struct error e = {0};
    *i = (struct intruder){.rig = r, .hold = i->hold};
    struct batch first = *b;
    first.count = 3; /* a short step leaves the progress at 1 of 1 */
    sound(engine_step(r->engine, r->theta, &first, 0, NULL, NULL, out, &e), &e);
    assert_int_equal(pthread_create(&thread, NULL, intrude, i), 0);
    int result = engine_step(r->engine, r->theta, b, 3, NULL, NULL, out, &e);
    atomic_store(&i->over, true);
    pthread_join(thread, NULL);
    return result;
}

static void a_hold_stops_within_100_ms_and_changes_no_bit(void **state) {
    (void)state;
    struct rig r;
    struct engine_result out;
    struct error e = {0};
    set_up(&r, "gated", "240", 2);
    open_loader(&r, SPLIT_TRAIN);
    struct batch b = next(&r);
    float *calm = malloc(bytes(&r));
    assert_non_null(calm);
    sound(engine_step(r.engine, r.theta, &b, 3, NULL, NULL, &out, &e), &e);
    memcpy(calm, out.gradient, bytes(&r));
    double loss = out.loss;
    struct intruder i = {.hold = true};
    for (int tries = 0; tries < 10 && !i.in_time; tries++) /* on a busy machine the step may be over first */
        assert_int_equal(intruded_step(&r, &i, &b, &out), 0);
    assert_true(i.in_time);
    assert_int_equal(i.after_200_ms, i.after_100_ms);
    assert_memory_equal(out.gradient, calm, bytes(&r));
    assert_memory_equal(&out.loss, &loss, sizeof loss);
    free(calm);
    tear_down(&r);
}

static void a_cancel_drops_the_step_and_leaves_the_engine_usable(void **state) {
    (void)state;
    struct rig r;
    struct engine_result out;
    struct error e = {0};
    set_up(&r, "gated", "240", 2);
    open_loader(&r, SPLIT_TRAIN);
    struct batch b = next(&r);
    float *calm = malloc(bytes(&r));
    assert_non_null(calm);
    sound(engine_step(r.engine, r.theta, &b, 3, NULL, NULL, &out, &e), &e);
    memcpy(calm, out.gradient, bytes(&r));
    struct intruder i = {0};
    int result = 0;
    for (int tries = 0; tries < 10 && result == 0; tries++) {
        control_reset(&r.control);
        result = intruded_step(&r, &i, &b, &out);
    }
    assert_int_equal(result, ERROR_CANCELLED);
    const float *logits;
    const double *losses;
    assert_int_equal(engine_forward(r.engine, r.theta, &b, NULL, NULL, &logits, &losses, &e), ERROR_CANCELLED);
    control_reset(&r.control);
    sound(engine_step(r.engine, r.theta, &b, 3, NULL, NULL, &out, &e), &e);
    assert_memory_equal(out.gradient, calm, bytes(&r));
    int done = 0, all = 0;
    engine_progress(r.engine, &done, &all);
    assert_int_equal(done, 80);
    assert_int_equal(all, 80);
    free(calm);
    tear_down(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_give_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(keeping_frozen_blocks_changes_no_bit),
        cmocka_unit_test(recomputing_blocks_changes_no_bit),
        cmocka_unit_test(a_batch_falls_into_even_chunks),
        cmocka_unit_test(nothing_is_kept_of_augmented_images),
        cmocka_unit_test(a_step_is_the_mean_over_readable_images),
        cmocka_unit_test(evaluation_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(evaluation_does_not_depend_on_the_batch_size),
        cmocka_unit_test(divergence_says_where),
        cmocka_unit_test(a_nan_in_evaluation_is_divergence),
        cmocka_unit_test(a_hold_stops_within_100_ms_and_changes_no_bit),
        cmocka_unit_test(a_cancel_drops_the_step_and_leaves_the_engine_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
