/* Which weights train and where they lie, and their gradients and those of masked autoencoding by finite differences.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cblas.h>
#include <string.h>

#include "core/model/pass.h"
#include "tests/numbers.h"

enum { BATCH = 3, CLASSES = 5, SIDE = 16, DEPTH = 3, PATCHES = 16, SEEN = 4 };

static struct tensors *file;
static struct model *model;
static float images[BATCH * 3 * SIDE * SIDE];
static const int labels[BATCH] = {4, 0, 2};

/* The encoder of a fixture: 3 blocks, 12 wide, 3 heads, 16 patches. */
static int open_model(void **state) {
    (void)state;
    struct error e = {0};
    struct model_options as_stored = {.heads = 3};
    if (tensors_open(&file, numbers_fixture("golden/mae_pretrain.safetensors"), &e) < 0 ||
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

static struct tuning tuning_of(enum method method, enum pool pool, int last_blocks) {
    const struct tuning_options o = {.method = method,
                                     .pool = pool,
                                     .classes = method == METHOD_MAE ? 0 : CLASSES,
                                     .last_blocks = last_blocks,
                                     .mask_ratio = 0.75,
                                     .decoder_dim = 8,
                                     .decoder_depth = 2,
                                     .decoder_heads = 2};
    struct tuning t;
    struct error e = {0};
    if (tuning_create(&t, &o, &model->shape, &e) < 0)
        fail_msg("%s", e.text);
    return t;
}

/* What trains */

static bool trains(const struct tuning *t, const char *name) {
    for (int i = 0; i < t->count; i++)
        if (strcmp(tuning_at(t, i).name, name) == 0)
            return true;
    return false;
}

static void full_trains_everything(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_FULL, POOL_CLS, 1);
    assert_int_equal(t.count, 2 + 6 + 12 * DEPTH);
    assert_true(trains(&t, "enc.pos_embed") && trains(&t, "enc.blocks.2.mlp.fc2.bias") &&
                trains(&t, "head.last_layer.weight"));
    assert_false(tuning_has_prompts(&t));
    assert_int_equal(tuning_lowest_block(&t), 0);
}

static void bias_trains_what_is_called_so_and_the_head(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_BIAS, POOL_CLS, 1);
    assert_int_equal(t.count, 2 + 2 + 6 * DEPTH);
    for (int i = 0; i < t.count; i++) {
        struct tuned n = tuning_at(&t, i);
        assert_true(n.kind == TUNED_HEAD_WEIGHT || strcmp(n.name + strlen(n.name) - 5, ".bias") == 0);
        assert_int_equal(n.decays, n.kind == TUNED_HEAD_WEIGHT);
    }
    assert_true(trains(&t, "enc.patch_embed.proj.bias"));
}

static void partial_trains_the_last_blocks(void **state) {
    (void)state;
    for (int k = 1; k <= DEPTH; k++) {
        struct tuning t = tuning_of(METHOD_PARTIAL, POOL_MAE, k);
        char name[64];
        assert_int_equal(t.count, 2 + 2 + 12 * k);
        assert_true(trains(&t, "enc.norm.weight"));
        for (int l = 0; l < DEPTH; l++) {
            snprintf(name, sizeof name, "enc.blocks.%d.attn.qkv.weight", l);
            assert_int_equal(trains(&t, name), l >= DEPTH - k);
        }
        assert_int_equal(tuning_lowest_block(&t), DEPTH - k);
    }
}

static void mae_trains_all_but_positions_and_has_no_head(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_MAE, POOL_MAE, 1);
    assert_int_equal(t.count, 5 + 12 * DEPTH + 7 + 12 * 2);
    assert_int_equal(tuning_outputs(&t), 1);
    assert_int_equal(tuning_visible(&t), SEEN);
    assert_false(trains(&t, "enc.pos_embed"));
    assert_true(trains(&t, "mask_token") && trains(&t, "decoder_blocks.1.norm2.bias"));
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    const struct tuning_options base = {.pool = POOL_MAE,
                                        .classes = CLASSES,
                                        .last_blocks = 1,
                                        .mask_ratio = 0.75,
                                        .decoder_dim = 8,
                                        .decoder_depth = 1,
                                        .decoder_heads = 2,
                                        .method = METHOD_MAE};
    struct tuning_options partial = base, heads = base, none = base, all = base, odd = base, prompt = base;
    partial.method = METHOD_PARTIAL;
    partial.last_blocks = DEPTH + 1;
    heads.decoder_heads = 3;
    none.mask_ratio = 0;
    all.mask_ratio = 1;
    odd.decoder_dim = 6;
    prompt.method = METHOD_FULL;
    prompt.pool = POOL_PROMPT;
    const struct {
        struct tuning_options *options;
        const char *says;
    } cases[] = {{&partial, "partial-4"},  {&heads, "decoder-dim"}, {&none, "leaves 16 of 16"},
                 {&all, "leaves 0 of 16"}, {&odd, "multiple of 4"}, {&prompt, "method full has no prompts"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tuning t;
        struct error e = {0};
        assert_int_equal(tuning_create(&t, cases[i].options, &model->shape, &e), ERROR_USAGE);
        if (!strstr(e.text, cases[i].says))
            fail_msg("\"%s\" does not say \"%s\"", e.text, cases[i].says);
    }
}

static void tensors_lie_apart_on_cache_lines(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_FULL, METHOD_BIAS, METHOD_PARTIAL, METHOD_MAE};
    for (int m = 0; m < 4; m++) {
        struct tuning t = tuning_of(methods[m], POOL_CLS, 2);
        size_t end = 0;
        for (int i = 0; i < t.count; i++) { /* they come in the order in which they lie */
            struct tuned n = tuning_at(&t, i);
            assert_true(n.offset >= end && n.offset % 16 == 0);
            end = n.offset + n.size;
        }
        assert_true(end <= t.total && t.total < end + 16);
    }
}

static void layers_are_counted_as_mae_does(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_FULL, POOL_CLS, 1);
    for (int i = 0; i < t.count; i++) {
        struct tuned n = tuning_at(&t, i);
        int block, wanted = DEPTH + 1;
        if (sscanf(n.name, "enc.blocks.%d", &block) == 1)
            wanted = block + 1;
        else if (strstr(n.name, "token") || strstr(n.name, "embed"))
            wanted = 0;
        assert_int_equal(n.layer, wanted);
    }
}

static void theta_begins_with_the_backbone(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_MAE, POOL_MAE, 1);
    float *theta = calloc(t.total, sizeof *theta);
    struct model m;
    struct model_block blocks[DEPTH];
    char before[65], after[65];
    assert_non_null(theta);
    tuning_initialise(&t, model, 5, theta);
    weights_model(&t.weights, theta, model, &m, blocks);
    assert_ptr_not_equal(m.blocks[1].qkv_weight, model->blocks[1].qkv_weight);
    assert_memory_equal(m.blocks[1].qkv_weight, model->blocks[1].qkv_weight, 3 * 12 * 12 * sizeof(float));
    assert_memory_equal(m.patch_weight, model->patch_weight, 12 * 48 * sizeof(float));
    assert_ptr_equal(m.pos_embed, model->pos_embed);
    tuning_hash(&t, theta, before);
    theta[t.total - 16] += 1; /* the last bias of the decoder */
    tuning_hash(&t, theta, after);
    assert_string_not_equal(before, after);
    free(theta);
}

/* Gradients */

struct rig {
    struct tuning tuning;
    struct pass *pass;
    struct pass_step step;
    float *theta, *gradient, gates[DEPTH], slopes[DEPTH], temps[DEPTH];
    float logits[BATCH * CLASSES];
    double losses[BATCH];
    int first, count; /* of the batch */
};

static void set_up(struct rig *r, struct tuning t, bool backward) {
    struct error e = {0};
    *r = (struct rig){.tuning = t, .count = BATCH};
    r->step = (struct pass_step){.seed = 3, .number = 17, .dropout = true, .batch = BATCH, .weight = 1.0f / BATCH};
    struct pass_options o = {.model = model, .tuning = &r->tuning, .chunk = BATCH, .backward = backward};
    assert_int_equal(pass_create(&r->pass, &o, &e), 0);
    r->theta = calloc(t.total, sizeof *r->theta);
    r->gradient = calloc(t.total, sizeof *r->gradient);
    assert_true(r->theta && r->gradient);
    tuning_initialise(&r->tuning, model, 5, r->theta);
    r->step.theta = r->theta;
    r->step.values = (struct tuning_values){r->gates, r->slopes, r->temps};
    tuning_values(&r->tuning, r->theta, NULL, &r->step.values);
}

static void tear_down(struct rig *r) {
    pass_destroy(r->pass);
    free(r->theta);
    free(r->gradient);
}

static struct pass_chunk chunk_of(const struct rig *r) {
    size_t first = (size_t)r->first;
    return (struct pass_chunk){.count = r->count,
                               .first = (uint32_t)r->first,
                               .images = images + first * 3 * SIDE * SIDE,
                               .labels = labels + first};
}

static double loss(void *context) {
    struct rig *r = context;
    struct pass_chunk chunk = chunk_of(r);
    assert_int_equal(pass_forward(r->pass, &r->step, &chunk, r->logits, r->losses), 0);
    double sum = 0;
    for (int i = 0; i < r->count; i++)
        sum += r->losses[i];
    return sum * (double)r->step.weight;
}

static double backward(struct rig *r) {
    struct pass_chunk chunk = chunk_of(r);
    double l = loss(r);
    assert_int_equal(pass_backward(r->pass, &r->step, &chunk, r->logits, r->gradient), 0);
    return l;
}

/* Five elements of a tensor, the one with the largest gradient among them. */
static void check_tensor(struct rig *r, const struct tuned *n) {
    enum { PICKED = 5 };
    const float *g = r->gradient + n->offset;
    size_t most = 0;
    for (size_t i = 0; i < n->size; i++)
        most = fabsf(g[i]) > fabsf(g[most]) ? i : most;
    double largest = fabs((double)g[most]);
    for (size_t k = 0; k < PICKED; k++) {
        size_t at = k == 0 ? most : k * 7919 % n->size;
        double wanted = numbers_slope(loss, r, &r->theta[n->offset + at], 0.02);
        double d = fabs((double)g[at] - wanted);
        /* 3e-6: what f32 leaves of a difference of losses. */
        if (!(d <= 2e-3 * largest + 3e-6))
            fail_msg("%s, element %zu: gradient %g, finite differences %g", n->name, at, (double)g[at], wanted);
    }
}

static void check_method(enum method method, enum pool pool, int last_blocks) {
    struct rig r;
    set_up(&r, tuning_of(method, pool, last_blocks), true);
    backward(&r);
    for (int i = 0; i < r.tuning.count; i++) {
        struct tuned n = tuning_at(&r.tuning, i);
        check_tensor(&r, &n);
    }
    tear_down(&r);
}

static void full_has_the_gradient_of_finite_differences(void **state) {
    (void)state;
    check_method(METHOD_FULL, POOL_CLS, 1);
    check_method(METHOD_FULL, POOL_MAE, 1);
}

static void bias_too(void **state) {
    (void)state;
    check_method(METHOD_BIAS, POOL_IMG, 1);
}

static void partial_too(void **state) {
    (void)state;
    for (int k = 1; k <= DEPTH; k++)
        check_method(METHOD_PARTIAL, POOL_MAE, k);
}

static void masked_autoencoding_too(void **state) {
    (void)state;
    check_method(METHOD_MAE, POOL_MAE, 1);
}

static void chunks_of_one_sum_to_the_whole(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_FULL, METHOD_MAE};
    for (int m = 0; m < 2; m++) {
        struct rig whole, single;
        set_up(&whole, tuning_of(methods[m], POOL_MAE, 1), true);
        set_up(&single, whole.tuning, true);
        backward(&whole);
        single.count = 1;
        for (single.first = 0; single.first < BATCH; single.first++)
            backward(&single);
        double error = numbers_error_f32(whole.tuning.total, single.gradient, whole.gradient);
        if (!(error < 1e-5))
            fail_msg("%s: %g", settings_choice("method", (int)methods[m]), error);
        tear_down(&whole);
        tear_down(&single);
    }
}

static void frozen_weights_are_the_models_own(void **state) {
    (void)state;
    struct rig linear, full;
    set_up(&linear, tuning_of(METHOD_LINEAR, POOL_CLS, 1), false);
    set_up(&full, tuning_of(METHOD_FULL, POOL_CLS, 1), true);
    loss(&linear);
    loss(&full);
    /* Not to the bit: of the last block a frozen backbone computes no more than CLS needs. */
    assert_true(numbers_error_f32(BATCH * CLASSES, linear.logits, full.logits) < 2e-6);
    tear_down(&linear);
    tear_down(&full);
}

/* Masks */

static void masks_are_drawn_by_step_and_place(void **state) {
    (void)state;
    struct rig r;
    int first[BATCH * SEEN], count[PATCHES] = {0};
    set_up(&r, tuning_of(METHOD_MAE, POOL_MAE, 1), false);
    double once = loss(&r);
    for (int i = 0; i < BATCH; i++)
        memcpy(first + i * SEEN, pass_reconstruction(r.pass, i).visible, SEEN * sizeof *first);
    assert_true(memcmp(first, first + SEEN, SEEN * sizeof *first) != 0);
    assert_true(loss(&r) == once); /* to the bit */
    for (int step = 0; step < 400; step++) {
        r.step.number = (uint64_t)step;
        loss(&r);
        for (int i = 0; i < BATCH; i++) {
            struct pass_reconstruction k = pass_reconstruction(r.pass, i);
            for (size_t s = 0; s < k.seen; s++) {
                assert_in_range(k.visible[s], s ? k.visible[s - 1] + 1 : 0, PATCHES - 1);
                count[k.visible[s]]++;
            }
        }
    }
    for (int n = 0; n < PATCHES; n++) /* 300 each on average, deviation 15 */
        assert_in_range(count[n], 225, 375);
    tear_down(&r);
}

static void masks_of_evaluation_go_with_the_image(void **state) {
    (void)state;
    struct rig r;
    int seen[SEEN];
    const uint32_t index[BATCH] = {70, 8, 70};
    set_up(&r, tuning_of(METHOD_MAE, POOL_MAE, 1), false);
    r.step.dropout = false;
    struct pass_chunk chunk = chunk_of(&r);
    chunk.index = index;
    for (uint64_t step = 0; step < 2; step++) {
        r.step.number = step;
        assert_int_equal(pass_forward(r.pass, &r.step, &chunk, r.logits, r.losses), 0);
        if (step == 0)
            memcpy(seen, pass_reconstruction(r.pass, 0).visible, sizeof seen);
        assert_memory_equal(seen, pass_reconstruction(r.pass, 0).visible, sizeof seen);
        assert_memory_equal(seen, pass_reconstruction(r.pass, 2).visible, sizeof seen);
        assert_true(memcmp(seen, pass_reconstruction(r.pass, 1).visible, sizeof seen) != 0);
    }
    tear_down(&r);
}

static void the_loss_is_that_of_hidden_patches_against_their_mean(void **state) {
    (void)state;
    struct rig r;
    set_up(&r, tuning_of(METHOD_MAE, POOL_MAE, 1), false);
    loss(&r);
    for (int i = 0; i < BATCH; i++) {
        struct pass_reconstruction k = pass_reconstruction(r.pass, i);
        double sum = 0, mean = 0;
        for (size_t n = 0, s = 0; n < k.patches; n++) {
            if (s < k.seen && (size_t)k.visible[s] == n) {
                s++;
                continue;
            }
            for (size_t v = 0; v < k.values; v++) {
                double t = (double)k.target[n * k.values + v], d = (double)k.prediction[n * k.values + v] - t;
                sum += d * d;
                mean += t * t;
            }
        }
        double all = (double)((k.patches - k.seen) * k.values);
        assert_true(fabs(sum / all - r.losses[i]) < 1e-9);
        assert_true(fabs(mean / all - (double)r.logits[i]) < 1e-6);
        assert_true(fabs(mean / all - 47.0 / 48) < 1e-4); /* the unbiased variance of 48 values is 1 */
    }
    tear_down(&r);
}

static void trouble_in_the_decoder_is_named(void **state) {
    (void)state;
    struct rig r;
    set_up(&r, tuning_of(METHOD_MAE, POOL_MAE, 1), true);
    for (int i = 0; i < r.tuning.count; i++)
        if (strcmp(tuning_at(&r.tuning, i).name, "decoder_blocks.1.mlp.fc1.bias") == 0)
            r.theta[tuning_at(&r.tuning, i).offset] = NAN;
    pass_probe(r.pass, true);
    loss(&r);
    assert_string_equal(pass_trouble(r.pass), "decoder block 2, MLP bias and GELU");
    tear_down(&r);
}

static void an_unreadable_image_has_no_loss_and_no_gradient(void **state) {
    (void)state;
    struct rig r;
    const int none[BATCH] = {-1, -1, -1};
    set_up(&r, tuning_of(METHOD_MAE, POOL_MAE, 1), true);
    struct pass_chunk chunk = chunk_of(&r);
    chunk.labels = none;
    assert_int_equal(pass_forward(r.pass, &r.step, &chunk, r.logits, r.losses), 0);
    assert_int_equal(pass_backward(r.pass, &r.step, &chunk, r.logits, r.gradient), 0);
    for (int i = 0; i < BATCH; i++)
        assert_true(r.losses[i] == 0);
    for (size_t i = 0; i < r.tuning.total; i++)
        assert_true(r.gradient[i] == 0);
    tear_down(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_trains_everything),
        cmocka_unit_test(bias_trains_what_is_called_so_and_the_head),
        cmocka_unit_test(partial_trains_the_last_blocks),
        cmocka_unit_test(mae_trains_all_but_positions_and_has_no_head),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(tensors_lie_apart_on_cache_lines),
        cmocka_unit_test(layers_are_counted_as_mae_does),
        cmocka_unit_test(theta_begins_with_the_backbone),
        cmocka_unit_test(full_has_the_gradient_of_finite_differences),
        cmocka_unit_test(bias_too),
        cmocka_unit_test(partial_too),
        cmocka_unit_test(masked_autoencoding_too),
        cmocka_unit_test(chunks_of_one_sum_to_the_whole),
        cmocka_unit_test(frozen_weights_are_the_models_own),
        cmocka_unit_test(masks_are_drawn_by_step_and_place),
        cmocka_unit_test(masks_of_evaluation_go_with_the_image),
        cmocka_unit_test(the_loss_is_that_of_hidden_patches_against_their_mean),
        cmocka_unit_test(trouble_in_the_decoder_is_named),
        cmocka_unit_test(an_unreadable_image_has_no_loss_and_no_gradient),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
