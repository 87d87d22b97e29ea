/* What a pass leaves out, computes again or is given, against one that computes everything (pass_options.compute_all).
 */
#include "tests/pass_rig.h"

static void forward_is_the_same_with_or_without_what_is_kept(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_GATED, METHOD_SHALLOW, METHOD_DEEP, METHOD_LINEAR};
    for (int m = 0; m < 4; m++)
        for (int insert_at = 0; insert_at < DEPTH; insert_at++) {
            /* The first two leave out what the pool does not need, the others do not. */
            const struct pass_options ways[] = {{.chunk = BATCH},
                                                {.chunk = BATCH, .backward = true},
                                                {.chunk = BATCH, .compute_all = true},
                                                {.chunk = BATCH, .keep_all = true},
                                                {.chunk = BATCH + 4, .backward = true, .keep_all = true}};
            enum { WAYS = sizeof ways / sizeof *ways };
            struct rig r[WAYS];
            struct tuning_options o = options(methods[m], POOL_MAE, insert_at, false);
            for (int k = 0; k < WAYS; k++) {
                set_up(&r[k], &o, ways[k]);
                loss(&r[k]);
                assert_memory_equal(r[k < 2 ? 0 : 2].logits, r[k].logits, sizeof r[0].logits);
            }
            for (int k = 0; k < WAYS; k++)
                tear_down(&r[k]);
        }
}

/* What is left out because neither the pool nor a frozen weight needs it changes no number. */
static void what_is_left_out_changes_nothing(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_GATED, METHOD_SHALLOW, METHOD_DEEP, METHOD_LINEAR};
    const enum pool pools[] = {POOL_CLS, POOL_MAE, POOL_IMG, POOL_PROMPT};
    for (int m = 0; m < 4; m++)
        for (int k = 0; k < 4; k++)
            for (int way = 0; way < 2 * DEPTH; way++) {
                struct tuning_options o = options(methods[m], pools[k], way / 2, way % 2);
                if (methods[m] == METHOD_LINEAR && (way > 0 || pools[k] == POOL_PROMPT))
                    continue;
                struct rig lean, plain;
                set_up(&lean, &o, whole_batch);
                set_up(&plain, &o, (struct pass_options){.chunk = BATCH, .backward = true, .compute_all = true});
                backward(&lean);
                backward(&plain);
                assert_true(numbers_error_f32(BATCH * CLASSES, lean.logits, plain.logits) < 2e-6);
                for (int i = 0; i < lean.tuning.count; i++) {
                    struct tuned n = tuning_at(&lean.tuning, i);
                    double error = numbers_error_f32(n.size, lean.gradient + n.offset, plain.gradient + n.offset);
                    if (!(error < 2e-5))
                        fail_msg("method %d, pool %d, way %d, %s: %g", m, k, way, n.name, error);
                }
                tear_down(&lean);
                tear_down(&plain);
            }
}

/* Less memory for the same bits. */
static void recomputing_changes_no_bit(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_GATED, METHOD_SHALLOW, METHOD_DEEP};
    for (int m = 0; m < 3; m++)
        for (int way = 0; way < 4 * DEPTH; way++) {
            struct tuning_options o = options(methods[m], way % 2 ? POOL_CLS : POOL_MAE, way / 4, way / 2 % 2);
            struct rig kept, again;
            set_up(&kept, &o, whole_batch);
            set_up(&again, &o, (struct pass_options){.chunk = BATCH, .backward = true, .recompute = true});
            backward(&kept);
            backward(&again);
            assert_memory_equal(kept.logits, again.logits, sizeof kept.logits);
            assert_memory_equal(kept.gradient, again.gradient, kept.tuning.total * sizeof *kept.gradient);
            tear_down(&kept);
            tear_down(&again);
        }
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 0, true);
    assert_true(bytes((struct pass_options){.chunk = BATCH, .backward = true, .recompute = true}, &o) <
                bytes(whole_batch, &o) * 3 / 4);
}

/* What frozen blocks make of an image, known or not, is what the whole pass makes of it, but for rounding. */
static void a_prefix_stands_for_the_blocks_below(void **state) {
    (void)state;
    const struct {
        enum method method;
        enum pool pool;
        int insert_at;
        bool plain;
    } ways[] = {
        {METHOD_LINEAR, POOL_MAE, 0, false}, {METHOD_LINEAR, POOL_CLS, 0, true}, {METHOD_SHALLOW, POOL_MAE, 1, false},
        {METHOD_GATED, POOL_CLS, 2, false},  {METHOD_GATED, POOL_IMG, 3, false}, {METHOD_DEEP, POOL_MAE, 2, true},
    };
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
        struct tuning_options o = options(ways[k].method, ways[k].pool, ways[k].insert_at, false);
        struct pass_options p = {.chunk = BATCH, .backward = true, .compute_all = ways[k].plain};
        struct rig whole, parts;
        set_up(&whole, &o, p);
        set_up(&parts, &o, p);
        size_t n = pass_prefix_floats(&parts.tuning);
        assert_int_equal(n, (o.method == METHOD_LINEAR ? 1 : 10) * model->shape.dim);
        float *found = calloc(BATCH * n, sizeof *found), first[BATCH * CLASSES];
        float *gradient = calloc(whole.tuning.total, sizeof *gradient);
        assert_non_null(found);
        assert_non_null(gradient);
        backward(&whole);
        for (int known = 0; known < 3; known++) { /* computed, known, one of them computed */
            struct pass_prefix prefix[BATCH];
            for (int i = 0; i < BATCH; i++) {
                prefix[i] = (struct pass_prefix){.found = found + (size_t)i * n};
                if (known == 1 || (known == 2 && i != 1))
                    prefix[i] = (struct pass_prefix){.known = found + (size_t)i * n};
            }
            struct pass_chunk chunk = {.count = BATCH, .images = images, .labels = labels, .prefix = prefix};
            memset(parts.gradient, 0, parts.tuning.total * sizeof *parts.gradient);
            assert_int_equal(pass_forward(parts.pass, &parts.step, &chunk, parts.logits, parts.losses), 0);
            assert_int_equal(pass_backward(parts.pass, &parts.step, &chunk, parts.logits, parts.gradient), 0);
            if (known == 0) {
                memcpy(first, parts.logits, sizeof first);
                memcpy(gradient, parts.gradient, parts.tuning.total * sizeof *gradient);
            }
            assert_memory_equal(first, parts.logits, sizeof first);
            assert_memory_equal(gradient, parts.gradient, parts.tuning.total * sizeof *gradient);
            assert_true(numbers_error_f32(BATCH * CLASSES, parts.logits, whole.logits) < 2e-6);
            assert_true(numbers_error_f32(parts.tuning.total, parts.gradient, whole.gradient) < 1e-5);
        }
        free(gradient);
        free(found);
        tear_down(&whole);
        tear_down(&parts);
    }
    struct tuning t;
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 2, true);
    assert_int_equal(tuning_create(&t, &o, &model->shape, NULL), 0);
    assert_int_equal(pass_prefix_floats(&t), 0); /* temperatures are tuned below */
    o = options(METHOD_SHALLOW, POOL_MAE, 0, false);
    assert_int_equal(tuning_create(&t, &o, &model->shape, NULL), 0);
    assert_int_equal(pass_prefix_floats(&t), 0);
}

/* The next block replaces the prompt rows: nothing after attention is kept of them. */
static void deep_prompts_take_less_memory_than_computing_all(void **state) {
    (void)state;
    struct tuning_options o = options(METHOD_DEEP, POOL_MAE, 0, false);
    assert_true(bytes(whole_batch, &o) <
                bytes((struct pass_options){.chunk = BATCH, .backward = true, .compute_all = true}, &o));
}

/* A closed gate lets nothing of its block's prompt rows through: they are not computed where no gradient follows. */
static void closed_gates_leave_out_what_they_hold_back(void **state) {
    (void)state;
    const enum pool pools[] = {POOL_CLS, POOL_MAE};
    for (int closed = 0; closed < 1 << (DEPTH - 1); closed++)
        for (int k = 0; k < 2; k++) {
            struct tuning_options o = options(METHOD_GATED, pools[k], 0, true);
            struct rig r[2];
            for (int plain = 0; plain < 2; plain++) {
                set_up(&r[plain], &o, (struct pass_options){.chunk = BATCH, .compute_all = plain});
                r[plain].gates_given = true;
                r[plain].step.forward_only = true;
                for (int l = 0; l + 1 < DEPTH; l++)
                    r[plain].gates[l] = closed >> l & 1 ? 0 : 0.4f;
                loss(&r[plain]);
            }
            assert_true(numbers_error_f32(BATCH * CLASSES, r[0].logits, r[1].logits) < 2e-6);
            for (int plain = 0; plain < 2; plain++)
                tear_down(&r[plain]);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_same_with_or_without_what_is_kept),
        cmocka_unit_test(what_is_left_out_changes_nothing),
        cmocka_unit_test(recomputing_changes_no_bit),
        cmocka_unit_test(a_prefix_stands_for_the_blocks_below),
        cmocka_unit_test(deep_prompts_take_less_memory_than_computing_all),
        cmocka_unit_test(closed_gates_leave_out_what_they_hold_back),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
