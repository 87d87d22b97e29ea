/* What screens see of the model: attention, predictions, pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/train/evaluate.h"
#include "core/train/looker.h"
#include "tests/pictures.h"

static void set(struct settings *s, const char *name, const char *value) {
    struct error e = {0};
    if (settings_set(s, name, value, &e) < 0)
        fail_msg("%s", e.text);
}

static void sound(int r, const struct error *e) {
    if (r < 0)
        fail_msg("%s", e->text);
}

/* Nano has 4 blocks, 16 patches. */
static struct job job_of(const char *method, const char *insert_at) {
    struct settings s;
    struct job job;
    struct error e = {0};
    settings_default(&s);
    set(&s, "model", "random:nano");
    set(&s, "data", "scenes:shape");
    set(&s, "method", method);
    set(&s, "prompts", "3");
    set(&s, "insert-at", insert_at);
    set(&s, "scenes-train", "8");
    set(&s, "scenes-val", "7");
    set(&s, "scenes-test", "1");
    sound(job_open(&job, &s, &e), &e);
    return job;
}

static float *theta_of(const struct job *job) {
    float *theta = calloc(job->tuning.total, sizeof *theta);
    assert_non_null(theta);
    tuning_initialise(&job->tuning, job->model, 42, theta);
    return theta;
}

static struct look *look_at(struct looker *l, const float *theta, const struct look_request *r) {
    struct look *out = NULL;
    struct error e = {0};
    sound(looker_look(l, theta, 5, r, &out, &e), &e);
    assert_int_equal(out->version, LOOK_VERSION);
    assert_int_equal(out->step, 5);
    return out;
}

static double sum(const float *row, size_t n) {
    double s = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(row[i] >= 0);
        s += (double)row[i];
    }
    return s;
}

static void check_look(const struct look *k, int prompts) {
    size_t patches = (size_t)k->patches, p = (size_t)k->prompts, tokens = 1 + p + patches;
    assert_int_equal(k->prompts, prompts);
    assert_int_equal(k->depth, 4);
    for (size_t i = 0; i < 1 + p; i++)
        assert_true(fabs(sum(look_rows(k) + i * tokens, tokens) - 1) < 1e-5);
    for (size_t b = 0; b < (size_t)k->depth; b++) {
        double query = sum(look_query(k) + b * patches, patches);
        assert_true((int)b < k->first ? query <= 0 : query > 0 && query < 1);
        assert_true(sum(look_cls(k) + b * patches, patches) < 1);
        assert_true(fabs(sum(look_alone(k) + b * (1 + patches), 1 + patches) - 1) < 1e-5);
    }
    /* The chosen block's rows are those of the row of blocks. */
    for (size_t i = 0; i < patches; i++)
        assert_true(fabsf(look_rows(k)[1 + p + i] - look_cls(k)[(size_t)k->request.block * patches + i]) < 1e-6f);
    assert_true(k->said_share >= k->label_share && k->label_share > 0 && k->said_share <= 1);
}

static void rows_are_distributions_for_every_method(void **state) {
    (void)state;
    const struct {
        const char *method, *insert_at;
        int prompts[4];
        int first;
    } cases[] = {{"gated", "1", {3, 3, 3, 3}, 0},
                 {"gated", "3", {0, 0, 3, 3}, 2},
                 {"deep", "1", {3, 3, 3, 3}, 0},
                 {"shallow", "4", {0, 0, 0, 3}, 3},
                 {"linear", "1", {0, 0, 0, 0}, 4}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct job job = job_of(cases[c].method, cases[c].insert_at);
        struct looker *l = NULL;
        struct error e = {0};
        float *theta = theta_of(&job);
        sound(looker_create(&l, &job, NULL, NULL, &e), &e);
        for (int b = 0; b < 4; b++)
            for (int head = -1; head < job.tuning.shape.heads; head++) {
                struct look_request r = {.serial = 1, .split = SPLIT_VAL, .index = 2, .block = b, .head = head};
                r.prompt = head; /* -1: their mean */
                struct look *k = look_at(l, theta, &r);
                assert_int_equal(k->first, cases[c].first);
                check_look(k, cases[c].prompts[b]);
                free(k);
            }
        looker_destroy(l);
        free(theta);
        job_close(&job);
    }
}

static void the_mean_is_that_of_heads_and_prompts(void **state) {
    (void)state;
    struct job job = job_of("gated", "1");
    struct looker *l = NULL;
    struct error e = {0};
    float *theta = theta_of(&job);
    size_t patches = (size_t)shape_patches(&job.tuning.shape), heads = (size_t)job.tuning.shape.heads;
    double *wanted = calloc(4 * patches, sizeof *wanted);
    sound(looker_create(&l, &job, NULL, NULL, &e), &e);
    for (int head = 0; head < (int)heads; head++)
        for (int p = 0; p < 3; p++) {
            struct look_request r = {.serial = 1, .split = SPLIT_VAL, .block = 1, .head = head, .prompt = p};
            struct look *k = look_at(l, theta, &r);
            for (size_t i = 0; i < 4 * patches; i++)
                wanted[i] += (double)look_query(k)[i] / (3 * (double)heads);
            free(k);
        }
    struct look *k =
        look_at(l, theta, &(struct look_request){.serial = 1, .split = SPLIT_VAL, .head = -1, .prompt = -1});
    for (size_t i = 0; i < 4 * patches; i++)
        assert_true(fabs((double)look_query(k)[i] - wanted[i]) < 1e-6);
    free(k);
    free(wanted);
    looker_destroy(l);
    free(theta);
    job_close(&job);
}

/* The input of an image as evaluation makes it. */
static float *input_of(const struct job *job, uint32_t index) {
    struct image image = {0};
    struct fitted fitted = {0};
    struct error e = {0};
    size_t side = (size_t)job->tuning.shape.image;
    float *out = calloc(3 * side * side, sizeof *out);
    assert_non_null(out);
    sound(dataset_decode(job->dataset, SPLIT_VAL, index, &image, &e), &e);
    sound(preprocess_fit(&job->preprocess, &image, &fitted, &e), &e);
    preprocess_finish(&job->preprocess, &fitted, false, 0, index, out, NULL);
    fitted_free(&fitted);
    image_free(&image);
    return out;
}

static void values_are_those_of_the_pass(void **state) {
    (void)state;
    const struct { const char *method, *insert_at; } cases[] = {{"gated", "1"}, {"gated", "2"}, {"deep", "1"}};
    for (size_t c = 0; c < 3; c++) {
        struct job job = job_of(cases[c].method, cases[c].insert_at);
        const struct tuning *t = &job.tuning;
        struct looker *l = NULL;
        struct pass *pass = NULL;
        struct error e = {0};
        float *theta = theta_of(&job), *input = input_of(&job, 4), gates[4], slopes[4], temps[4], logits[64];
        static float map[64 * 64];
        const struct tuned *tuned_temps = tuning_find(t, TUNED_TEMPS);
        for (size_t i = 0; tuned_temps && i < tuned_temps->size; i++)
            theta[tuned_temps->offset + i] = 0.5f + (float)i;
        sound(looker_create(&l, &job, NULL, NULL, &e), &e);
        sound(pass_create(&pass,
                          &(struct pass_options){
                              .model = job.model, .tuning = t, .chunk = 1, .backward = true, .keep_all = true},
                          &e),
              &e);
        struct pass_step step = {.theta = theta, .values = {gates, slopes, temps}, .batch = 1};
        struct pass_chunk chunk = {.count = 1, .images = input};
        tuning_values(t, theta, NULL, &step.values);
        assert_int_equal(pass_forward(pass, &step, &chunk, logits, NULL), 0);
        for (int b = 0; b < 4; b++) {
            struct look_request r = {.serial = 1, .split = SPLIT_VAL, .index = 4, .block = b, .head = 1, .prompt = 2};
            struct look *k = look_at(l, theta, &r);
            size_t here = (size_t)k->prompts, patches = (size_t)k->patches, tokens = 1 + here + patches;
            assert_int_equal(pass_attention(pass, &step, b, 0, 1, map), tokens);
            for (size_t i = 0; i < (1 + here) * tokens; i++)
                assert_true(fabsf(look_rows(k)[i] - map[i]) < 1e-6f);
            for (size_t i = 0; i < patches; i++) {
                float wanted = here ? map[3 * tokens + 1 + here + i] : 0;
                assert_true(fabsf(look_query(k)[(size_t)b * patches + i] - wanted) < 1e-6f);
            }
            free(k);
        }
        pass_destroy(pass);
        looker_destroy(l);
        free(input);
        free(theta);
        job_close(&job);
    }
}

/* The byte that the pixel's channel has in a picture, from the input's value, by what black and white become. */
static uint8_t byte_of(float value, size_t channel) {
    static const float mean[] = {0.485f, 0.456f, 0.406f}, deviation[] = {0.229f, 0.224f, 0.225f};
    float v = 255 * (value * deviation[channel] + mean[channel]);
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5f);
}

/* Patch `n` of the reconstruction is what the pass predicted, by the patch's own mean and deviation. */
static void check_rebuilt_patch(const struct job *job, const struct look *k, const float *input,
                                const struct pass_reconstruction *r, size_t n) {
    size_t side = (size_t)k->side, patch = (size_t)job->tuning.shape.patch, across = side / patch;
    double sum = 0, squares = 0;
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < r->values; i++) {
            size_t y = n / across * patch + i / 3 / patch, x = n % across * patch + i / 3 % patch;
            double value = (double)input[(i % 3 * side + y) * side + x], mean = sum / (double)r->values;
            double deviation = sqrt(squares / (double)(r->values - 1) + 1e-6);
            size_t at = 3 * (y * side + x) + i % 3;
            if (round == 0)
                sum += value;
            else if (round == 1)
                squares += (value - mean) * (value - mean);
            else if (look_seen(k)[n]) {
                assert_int_equal(look_rebuilt(k)[at], look_rgb(k)[at]);
                assert_int_equal(look_masked(k)[at], look_rgb(k)[at]);
            } else {
                assert_int_equal(look_masked(k)[at], 128);
                uint8_t wanted = byte_of((float)((double)r->prediction[n * r->values + i] * deviation + mean), i % 3);
                assert_true(abs(wanted - look_rebuilt(k)[at]) <= 1);
                assert_true(fabs((value - mean) / deviation - (double)r->target[n * r->values + i]) < 1e-3);
            }
        }
}

static void a_reconstruction_is_that_of_the_pass_under_the_mask_of_evaluation(void **state) {
    (void)state;
    struct job job = job_of("mae", "1");
    struct looker *l = NULL;
    struct pass *pass = NULL;
    struct error e = {0};
    const uint32_t index = 4;
    float *theta = theta_of(&job), *input = input_of(&job, index), baseline, gates[4], slopes[4], temps[4];
    double loss;
    sound(looker_create(&l, &job, NULL, NULL, &e), &e);
    sound(pass_create(&pass, &(struct pass_options){.model = job.model, .tuning = &job.tuning, .chunk = 1}, &e), &e);
    for (int mask = 0; mask < 3; mask++) {
        struct pass_step step = {.theta = theta,
                                 .values = {gates, slopes, temps},
                                 .seed = (uint64_t)job.settings.seed + (uint64_t)mask,
                                 .batch = 1};
        struct pass_chunk chunk = {.count = 1, .images = input, .index = &index};
        tuning_values(&job.tuning, theta, NULL, &step.values);
        assert_int_equal(pass_forward(pass, &step, &chunk, &baseline, &loss), 0);
        struct pass_reconstruction r = pass_reconstruction(pass, 0);
        struct look *k =
            look_at(l, theta, &(struct look_request){.serial = 1, .split = SPLIT_VAL, .index = index, .mask = mask});
        assert_true(k->reconstructs && k->prompts == 0 && k->said == -1 && k->request.mask == mask);
        assert_int_equal(k->visible, r.seen);
        assert_true(fabs(k->loss - loss) < 1e-9 && fabs(k->baseline - (double)baseline) < 1e-6);
        assert_true(fabs(look_explained(k) - (1 - loss / (double)baseline)) < 1e-6);
        for (size_t n = 0, seen = 0; n < r.patches; n++) {
            bool is_seen = seen < r.seen && (size_t)r.visible[seen] == n;
            seen += is_seen;
            assert_int_equal(look_seen(k)[n], is_seen);
            check_rebuilt_patch(&job, k, input, &r, n);
        }
        free(k);
    }
    pass_destroy(pass);
    looker_destroy(l);
    free(input);
    free(theta);
    job_close(&job);
}

/* All but the time and the serial. */
static void check_same(const struct look *a, const struct look *b) {
    assert_int_equal(a->bytes, b->bytes);
    assert_memory_equal((const char *)a + sizeof *a, (const char *)b + sizeof *b, a->bytes - sizeof *a);
    assert_true(a->said == b->said && a->label == b->label && a->request.index == b->request.index);
    assert_memory_equal(&a->said_share, &b->said_share, sizeof a->said_share);
}

static void what_is_kept_is_what_would_be_computed(void **state) {
    (void)state;
    struct job job = job_of("gated", "2");
    struct looker *kept = NULL;
    struct error e = {0};
    float *theta = theta_of(&job);
    const struct tuned *gates = tuning_find(&job.tuning, TUNED_GATES);
    sound(looker_create(&kept, &job, NULL, NULL, &e), &e);
    for (int i = 0; i < 40; i++) {
        struct looker *fresh = NULL;
        struct look_request r = {.serial = 1,
                                 .split = SPLIT_VAL,
                                 .index = (uint32_t)i / 7,
                                 .block = i % 4,
                                 .head = i % 3 - 1,
                                 .prompt = i % 2};
        if (i % 5 == 4) {
            theta[gates->offset + 2] += 1; /* so that it shows in the logits */
            looker_forget(kept);
        }
        assert_int_equal(looker_has(kept, &r), i > 0 && i % 5 != 4 && i % 7 != 0);
        struct look *a = look_at(kept, theta, &r);
        sound(looker_create(&fresh, &job, NULL, NULL, &e), &e);
        struct look *b = look_at(fresh, theta, &r);
        check_same(a, b);
        looker_destroy(fresh);
        free(a);
        free(b);
    }
    looker_destroy(kept);
    looker_forget(NULL);
    free(theta);
    job_close(&job);
}

/* Gives up after so many calls. */
static bool count_down(void *left) {
    return (*(int *)left)-- > 0;
}

static void a_look_that_was_given_up_leaves_no_trace(void **state) {
    (void)state;
    struct job job = job_of("gated", "1");
    struct looker *l = NULL, *calm = NULL;
    struct error e = {0};
    float *theta = theta_of(&job);
    int left = 0, tries = 0, r;
    struct look *k = NULL, *wanted;
    struct look_request q = {.serial = 1, .split = SPLIT_VAL, .index = 2, .block = 1, .head = -1, .prompt = -1};
    sound(looker_create(&l, &job, count_down, &left, &e), &e);
    do {
        left = ++tries;
        r = looker_look(l, theta, 5, &q, &k, &e);
        assert_true(r == 0 || r == ERROR_CANCELLED);
    } while (r < 0 && tries < 100);
    assert_int_equal(r, 0);
    assert_true(tries > 5);
    sound(looker_create(&calm, &job, NULL, NULL, &e), &e);
    wanted = look_at(calm, theta, &q);
    check_same(k, wanted);
    struct pictures *p = NULL;
    left = 2;
    assert_int_equal(looker_pictures(l, &(struct pictures_request){.serial = 1, .count = 4, .side = 4}, &p, &e),
                     ERROR_CANCELLED);
    assert_null(p);
    free(wanted);
    free(k);
    looker_destroy(calm);
    looker_destroy(l);
    free(theta);
    job_close(&job);
}

static void masks_differ_and_come_again(void **state) {
    (void)state;
    struct job job = job_of("mae", "1");
    struct looker *l = NULL, *fresh = NULL;
    struct error e = {0};
    float *theta = theta_of(&job);
    struct look *masks[3];
    sound(looker_create(&l, &job, NULL, NULL, &e), &e);
    for (int i = 0; i < 3; i++) {
        struct look_request r = {.serial = 1, .split = SPLIT_VAL, .index = 2, .mask = i};
        assert_false(looker_has(l, &r));
        masks[i] = look_at(l, theta, &r);
        assert_true(looker_has(l, &r));
    }
    assert_memory_not_equal(look_seen(masks[0]), look_seen(masks[1]), (size_t)masks[0]->patches);
    assert_memory_not_equal(look_seen(masks[1]), look_seen(masks[2]), (size_t)masks[0]->patches);
    assert_memory_equal(look_rgb(masks[0]), look_rgb(masks[2]), 3 * (size_t)masks[0]->side * (size_t)masks[0]->side);
    sound(looker_create(&fresh, &job, NULL, NULL, &e), &e);
    for (int i = 2; i >= 0; i--) {
        struct look_request r = {.serial = 9, .split = SPLIT_VAL, .index = 2, .block = 3, .prompt = 7, .mask = i};
        struct look *again = look_at(fresh, theta, &r);
        check_same(masks[i], again);
        assert_true(again->request.block == 0 && again->request.prompt == -1);
        free(again);
        free(masks[i]);
    }
    struct look_request negative = {.serial = 1, .split = SPLIT_VAL, .index = 2, .mask = -5};
    struct look *k = look_at(fresh, theta, &negative);
    assert_int_equal(k->request.mask, 0);
    free(k);
    looker_destroy(fresh);
    looker_destroy(l);
    free(theta);
    job_close(&job);
}

/* An evaluation is the mean of what is seen image by image. */
static void reconstructions_add_up_to_the_evaluation(void **state) {
    (void)state;
    struct job job = job_of("mae", "1");
    struct control control;
    struct engine *engine = NULL;
    struct loader *loader = NULL;
    struct evaluation v = {0};
    struct looker *l = NULL;
    struct error e = {0};
    float *theta = theta_of(&job);
    double loss = 0, baseline = 0;
    control_create(&control);
    sound(engine_create(&engine, &job, 2, &control, &e), &e);
    sound(job_loader(&job, SPLIT_VAL, false, 0, NULL, NULL, &loader, &e), &e);
    sound(evaluation_create(&v, job.tuning.options.classes, &e), &e);
    sound(looker_create(&l, &job, NULL, NULL, &e), &e);
    for (uint32_t i = 0; i < 7; i++) {
        struct look *k = look_at(l, theta, &(struct look_request){.serial = 1, .split = SPLIT_VAL, .index = i});
        loss += k->loss / 7;
        baseline += k->baseline / 7;
        free(k);
    }
    sound(evaluate(engine, theta, loader, NULL, NULL, &v, &e), &e);
    assert_true(fabs(v.loss - loss) < 1e-5 && fabs(v.baseline - baseline) < 1e-5);
    looker_destroy(l);
    evaluation_destroy(&v);
    loader_close(loader);
    engine_destroy(engine);
    control_destroy(&control);
    free(theta);
    job_close(&job);
}

static void an_unreadable_image_is_answered_as_such(void **state) {
    (void)state;
    char *root = pictures_folder();
    struct settings s;
    struct job job;
    struct looker *l = NULL;
    struct error e = {0};
    const char *const splits[] = {"train", "val", "test"};
    for (int i = 0; i < 12; i++)
        pictures_write(pictures_path(root, "%s/%c/%d.png", splits[i / 4], 'a' + i % 2, i / 2 % 2), 40, 44, i);
    pictures_write_bytes(pictures_path(root, "val/a/1.png"), "\x89PNG\r\n\x1a\n no more", 16);
    settings_default(&s);
    set(&s, "model", "random:nano");
    set(&s, "data", root);
    set(&s, "prompts", "3");
    sound(job_open(&job, &s, &e), &e);
    float *theta = theta_of(&job);
    sound(looker_create(&l, &job, NULL, NULL, &e), &e);
    for (uint32_t i = 0; i < 4; i++) { /* a readable one, the bad one, readable ones */
        struct look *k = look_at(l, theta, &(struct look_request){.serial = 1, .split = SPLIT_VAL, .index = i});
        size_t bytes = 3 * (size_t)k->side * (size_t)k->side;
        if (i == 1) {
            assert_true(k->label == -1 && k->said == -1 && k->said_share <= 0);
            assert_true(sum(look_cls(k), (size_t)k->patches) <= 0 && sum(look_alone(k), (size_t)k->patches) <= 0);
            for (size_t b = 0; b < bytes; b++)
                assert_int_equal(look_rgb(k)[b], 128);
        } else {
            assert_int_equal(k->label, i / 2);
            check_look(k, 3);
        }
        free(k);
    }
    looker_destroy(l);
    free(theta);
    job_close(&job);
    pictures_remove(root);
}

static void a_look_predicts_what_evaluation_predicts(void **state) {
    (void)state;
    struct job job = job_of("gated", "1");
    struct control control;
    struct engine *engine = NULL;
    struct loader *loader = NULL;
    struct evaluation v = {0};
    struct looker *l = NULL;
    struct error e = {0};
    float *theta = theta_of(&job);
    control_create(&control);
    sound(engine_create(&engine, &job, 2, &control, &e), &e);
    sound(job_loader(&job, SPLIT_VAL, false, 0, NULL, NULL, &loader, &e), &e);
    sound(evaluation_create(&v, job.tuning.options.classes, &e), &e);
    sound(evaluate(engine, theta, loader, NULL, NULL, &v, &e), &e);
    sound(looker_create(&l, &job, NULL, NULL, &e), &e);
    assert_int_equal(v.images, 7);
    for (uint32_t i = 0; i < 7; i++) {
        struct look_request r = {.serial = 1, .split = SPLIT_VAL, .index = i, .head = -1, .prompt = -1};
        struct look *k = look_at(l, theta, &r);
        assert_int_equal(v.list[i].index, i);
        assert_int_equal(v.list[i].said, k->said);
        assert_int_equal(v.list[i].label, k->label);
        assert_true(fabsf(v.list[i].said_share - k->said_share) < 1e-5f);
        assert_true(fabsf(v.list[i].label_share - k->label_share) < 1e-5f);
        free(k);
    }
    looker_destroy(l);
    evaluation_destroy(&v);
    loader_close(loader);
    engine_destroy(engine);
    control_destroy(&control);
    free(theta);
    job_close(&job);
}

static void the_picture_is_the_image(void **state) {
    (void)state;
    struct job job = job_of("gated", "1");
    struct looker *l = NULL;
    struct image image = {0};
    struct error e = {0};
    float *theta = theta_of(&job);
    sound(looker_create(&l, &job, NULL, NULL, &e), &e);
    struct look_request r = {.serial = 1, .split = SPLIT_VAL, .index = 3, .head = -1, .prompt = -1};
    struct look *k = look_at(l, theta, &r);
    sound(dataset_decode(job.dataset, SPLIT_VAL, 3, &image, &e), &e);
    assert_int_equal(k->side, image.width);
    assert_memory_equal(look_rgb(k), image.rgb, 3 * (size_t)image.width * (size_t)image.height);
    struct pictures_request wanted = {
        .serial = 1, .split = SPLIT_VAL, .count = 2, .index = {3, 99}, .side = image.width};
    struct pictures *p = NULL;
    sound(looker_pictures(l, &wanted, &p, &e), &e);
    assert_memory_equal(p->rgb, image.rgb, 3 * (size_t)image.width * (size_t)image.height);
    assert_int_equal(p->rgb[3 * (size_t)image.width * (size_t)image.height], 128); /* there is no image 99 */
    free(p);
    free(k);
    image_free(&image);
    looker_destroy(l);
    free(theta);
    job_close(&job);
}

static void what_is_out_of_range_is_brought_within(void **state) {
    (void)state;
    struct job job = job_of("gated", "1");
    struct looker *l = NULL;
    struct error e = {0};
    float *theta = theta_of(&job);
    sound(looker_create(&l, &job, NULL, NULL, &e), &e);
    struct look_request r = {.serial = 1, .split = SPLIT_VAL, .index = 1000, .block = 99, .head = 99, .prompt = 99};
    struct look *k = look_at(l, theta, &r);
    assert_int_equal(k->request.index, 6);
    assert_int_equal(k->request.block, 3);
    assert_int_equal(k->request.head, job.tuning.shape.heads - 1);
    assert_int_equal(k->request.prompt, 2);
    free(k);
    looker_destroy(l);
    free(theta);
    job_close(&job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_distributions_for_every_method),
        cmocka_unit_test(the_mean_is_that_of_heads_and_prompts),
        cmocka_unit_test(values_are_those_of_the_pass),
        cmocka_unit_test(a_reconstruction_is_that_of_the_pass_under_the_mask_of_evaluation),
        cmocka_unit_test(masks_differ_and_come_again),
        cmocka_unit_test(reconstructions_add_up_to_the_evaluation),
        cmocka_unit_test(what_is_kept_is_what_would_be_computed),
        cmocka_unit_test(a_look_that_was_given_up_leaves_no_trace),
        cmocka_unit_test(an_unreadable_image_is_answered_as_such),
        cmocka_unit_test(a_look_predicts_what_evaluation_predicts),
        cmocka_unit_test(the_picture_is_the_image),
        cmocka_unit_test(what_is_out_of_range_is_brought_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
