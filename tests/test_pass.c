/* Forward and backward of whole models: finite differences, chunks, cancelling, probing. */
#include "tests/pass_rig.h"

/* Steps wide enough for f32, narrow enough for h^4. */
static double width(enum tuned_kind kind) {
    return kind == TUNED_HEAD_WEIGHT || kind == TUNED_HEAD_BIAS ? 0.1 : kind == TUNED_TEMPS ? 0.05 : 0.04;
}

/* Six elements of each tensor at most. */
static void check_tensor(struct rig *r, const struct tuned *n, const char *name) {
    enum { PICKED = 6 };
    float ours[PICKED];
    double wanted[PICKED], largest = 0, error;
    size_t count = n->size < PICKED ? n->size : PICKED;
    for (size_t k = 0; k < n->size; k++)
        largest = fmax(largest, fabs((double)r->gradient[n->offset + k]));
    for (size_t k = 0; k < count; k++) {
        size_t at = n->offset + k * (n->size / count) + k % (n->size / count);
        ours[k] = r->gradient[at];
        wanted[k] = numbers_slope(loss, r, &r->theta[at], width(n->kind));
    }
    /* Straight through: the slope is by definition that of the soft gate. */
    if (n->kind == TUNED_GATES && r->tuning.options.method == METHOD_GATED_HARD) {
        r->gates_given = true;
        for (size_t k = 0; k < count; k++)
            wanted[k] = numbers_slope(loss, r, &r->gates[k], 0.1) * (double)r->slopes[k];
        r->gates_given = false;
    }
    error = 0;
    for (size_t k = 0; k < count; k++) {
        double d = fabs((double)ours[k] - wanted[k]);
        error = d <= error ? error : d;
    }
    /* 1e-6: what f32 leaves of a difference of losses. */
    if (!(error <= 1e-3 * largest + 2e-6))
        fail_msg("%s, %s: error %g, largest gradient %g", name, n->name, error, largest);
}

static void check_gradients(enum method method, bool temps, bool dropout) {
    const enum pool pools[] = {POOL_MAE, POOL_CLS, POOL_IMG, POOL_PROMPT};
    const int insertions[] = {0, 1, DEPTH - 1};
    for (int p = 0; p < (method == METHOD_LINEAR ? 3 : 4); p++)
        for (int i = 0; i < (method == METHOD_LINEAR ? 1 : 3); i++) {
            struct tuning_options o = options(method, pools[p], insertions[i], temps);
            struct rig r;
            char name[64];
            set_up(&r, &o, whole_batch);
            r.step.dropout = dropout;
            snprintf(name, sizeof name, "pool %d, prompts at block %d", p, insertions[i] + 1);
            backward(&r);
            for (int k = 0; k < r.tuning.count; k++)
                check_tensor(&r, &r.tuning.tensors[k], name);
            tear_down(&r);
        }
}

static void gated_has_the_gradient_of_finite_differences(void **state) {
    (void)state;
    check_gradients(METHOD_GATED, true, false);
}

static void gated_without_temperatures_too(void **state) {
    (void)state;
    check_gradients(METHOD_GATED, false, false);
}

static void gated_with_dropout_too(void **state) {
    (void)state;
    check_gradients(METHOD_GATED, true, true);
}

static void hard_gates_too(void **state) {
    (void)state;
    check_gradients(METHOD_GATED_HARD, true, false);
}

static void shallow_too(void **state) {
    (void)state;
    check_gradients(METHOD_SHALLOW, false, false);
}

static void deep_too(void **state) {
    (void)state;
    check_gradients(METHOD_DEEP, false, false);
}

static void deep_with_dropout_too(void **state) {
    (void)state;
    check_gradients(METHOD_DEEP, false, true);
}

static void linear_too(void **state) {
    (void)state;
    check_gradients(METHOD_LINEAR, false, false);
}

static void what_cannot_matter_has_no_gradient(void **state) {
    (void)state;
    struct rig r;
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 2, true);
    set_up(&r, &o, whole_batch);
    backward(&r);
    const float *gates = r.gradient + tuning_find(&r.tuning, TUNED_GATES)->offset;
    assert_true(gates[0] == 0 && gates[1] == 0 && gates[2] != 0); /* before the insertion */
    tear_down(&r);
    o = options(METHOD_DEEP, POOL_MAE, 2, false);
    set_up(&r, &o, whole_batch);
    backward(&r);
    const float *deep = r.gradient + tuning_find(&r.tuning, TUNED_DEEP_PROMPTS)->offset;
    size_t n = PROMPTS * (size_t)model->shape.dim;
    for (size_t i = 0; i < 2 * n; i++)
        assert_true(deep[i] == 0);
    for (size_t i = 2 * n; i < 3 * n; i++)
        assert_true(deep[i] != 0);
    tear_down(&r);
}

static void gaps_of_the_gradient_stay_0(void **state) {
    (void)state;
    struct rig r;
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 0, true);
    set_up(&r, &o, whole_batch);
    backward(&r);
    for (int i = 0; i < r.tuning.count; i++) {
        size_t end = i + 1 < r.tuning.count ? r.tuning.tensors[i + 1].offset : r.tuning.total;
        for (size_t k = r.tuning.tensors[i].offset + r.tuning.tensors[i].size; k < end; k++)
            assert_true(r.gradient[k] == 0);
    }
    tear_down(&r);
}

static void chunks_of_one_sum_to_the_whole(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_GATED, METHOD_GATED_HARD, METHOD_SHALLOW, METHOD_DEEP, METHOD_LINEAR};
    for (int m = 0; m < 5; m++)
        for (int insert_at = 0; insert_at < 2; insert_at++) {
            struct rig whole, single;
            struct tuning_options o = options(methods[m], POOL_MAE, insert_at, true);
            set_up(&whole, &o, whole_batch);
            set_up(&single, &o, (struct pass_options){.chunk = 1, .backward = true});
            whole.step.dropout = single.step.dropout = true;
            backward(&whole);
            for (uint32_t i = 0; i < BATCH; i++) {
                struct pass_chunk chunk = {
                    .count = 1, .first = i, .images = images + i * 3 * SIDE * SIDE, .labels = labels + i};
                float *logits = single.logits + i * CLASSES;
                assert_int_equal(pass_forward(single.pass, &single.step, &chunk, logits, single.losses + i), 0);
                assert_int_equal(pass_backward(single.pass, &single.step, &chunk, logits, single.gradient), 0);
            }
            assert_true(numbers_error_f32(BATCH * CLASSES, single.logits, whole.logits) <= 1e-5);
            for (int k = 0; k < whole.tuning.count; k++) {
                const struct tuned *n = &whole.tuning.tensors[k];
                if (!(numbers_error_f32(n->size, single.gradient + n->offset, whole.gradient + n->offset) <= 1e-5))
                    fail_msg("method %d: %s differs", m, n->name);
            }
            tear_down(&whole);
            tear_down(&single);
        }
}

static void a_pass_used_again_gives_the_same_bytes(void **state) {
    (void)state;
    struct rig r;
    struct tuning_options o = options(METHOD_GATED, POOL_CLS, 1, true);
    set_up(&r, &o, whole_batch);
    backward(&r);
    float *first = malloc(r.tuning.total * sizeof *first), logits[CLASSES];
    assert_non_null(first);
    memcpy(first, r.gradient, r.tuning.total * sizeof *first);
    struct pass_chunk other = {.count = 1, .first = 2, .images = images + 3 * SIDE * SIDE, .labels = labels};
    assert_int_equal(pass_forward(r.pass, &r.step, &other, logits, NULL), 0);
    backward(&r);
    assert_memory_equal(first, r.gradient, r.tuning.total * sizeof *first);
    free(first);
    tear_down(&r);
}

static void a_sample_without_label_has_no_loss_and_no_gradient(void **state) {
    (void)state;
    struct rig with, without;
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 0, true);
    const int some[] = {4, -1, 2};
    set_up(&with, &o, whole_batch);
    set_up(&without, &o, whole_batch);
    struct pass_chunk chunk = {.count = BATCH, .first = 0, .images = images, .labels = some};
    assert_int_equal(pass_forward(with.pass, &with.step, &chunk, with.logits, with.losses), 0);
    assert_int_equal(pass_backward(with.pass, &with.step, &chunk, with.logits, with.gradient), 0);
    assert_true(with.losses[0] > 0 && with.losses[1] == 0 && with.losses[2] > 0);
    for (uint32_t i = 0; i < BATCH; i += 2) {
        struct pass_chunk one = {.count = 1, .first = i, .images = images + i * 3 * SIDE * SIDE, .labels = some + i};
        assert_int_equal(pass_forward(without.pass, &without.step, &one, without.logits, NULL), 0);
        assert_int_equal(pass_backward(without.pass, &without.step, &one, without.logits, without.gradient), 0);
    }
    assert_true(numbers_error_f32(with.tuning.total, with.gradient, without.gradient) < 1e-5);
    tear_down(&with);
    tear_down(&without);
}

static void given_dropout_factors_are_used(void **state) {
    (void)state;
    struct rig drawn, given;
    struct tuning_options o = options(METHOD_DEEP, POOL_MAE, 1, true);
    const size_t n = PROMPTS * (size_t)model->shape.dim;
    float keep[(DEPTH - 1) * BATCH * PROMPTS * 12];
    assert_int_equal(sizeof keep / sizeof *keep, (DEPTH - 1) * BATCH * n);
    for (uint32_t block = 1; block < DEPTH; block++)
        for (uint32_t i = 0; i < BATCH; i++)
            prompt_dropout(n, 0.4, 3, 17, i, block, keep + ((block - 1) * BATCH + i) * n);
    set_up(&drawn, &o, whole_batch);
    set_up(&given, &o, whole_batch);
    drawn.step.dropout = true;
    given.step.keep = keep;
    backward(&drawn);
    backward(&given);
    assert_memory_equal(drawn.logits, given.logits, sizeof drawn.logits);
    assert_memory_equal(drawn.gradient, given.gradient, drawn.tuning.total * sizeof(float));
    given.step.keep = NULL;
    loss(&given);
    assert_memory_not_equal(drawn.logits, given.logits, sizeof drawn.logits);
    tear_down(&drawn);
    tear_down(&given);
}

static void trouble_is_named_by_block_and_operator(void **state) {
    (void)state;
    const float bad[] = {NAN, INFINITY};
    const struct {
        enum method method;
        int insert_at;
        enum tuned_kind kind;
        size_t element;
        const char *wanted;
    } cases[] = {
        {METHOD_GATED, 0, TUNED_PROMPTS, 3, "block 1, prompts"},
        {METHOD_SHALLOW, 2, TUNED_PROMPTS, 0, "block 3, prompts"},
        {METHOD_DEEP, 0, TUNED_DEEP_PROMPTS, 2 * PROMPTS * 12 + 5, "block 4, prompts"},
        {METHOD_LINEAR, 0, TUNED_HEAD_BIAS, 2, "head"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int b = 0; b < 2; b++) {
            struct rig r;
            struct tuning_options o = options(cases[c].method, POOL_CLS, cases[c].insert_at, true);
            set_up(&r, &o, whole_batch);
            float *at = r.theta + tuning_find(&r.tuning, cases[c].kind)->offset + cases[c].element, kept = *at;
            *at = bad[b];
            backward(&r);
            assert_null(pass_trouble(r.pass)); /* not looked for */
            pass_probe(r.pass, true);
            backward(&r);
            assert_non_null(pass_trouble(r.pass));
            assert_string_equal(pass_trouble(r.pass), cases[c].wanted);
            *at = kept;
            pass_probe(r.pass, true);
            backward(&r);
            assert_null(pass_trouble(r.pass)); /* a new look forgets the old one */
            tear_down(&r);
        }
}

static void trouble_of_gates_and_temperatures_is_named(void **state) {
    (void)state;
    const struct {
        enum tuned_kind kind;
        size_t element;
        const char *wanted;
    } cases[] = {{TUNED_GATES, 1, "block 2, gate"}, {TUNED_TEMPS, 2, "block 3, attention"}};
    for (int c = 0; c < 2; c++) {
        struct rig r;
        struct tuning_options o = options(METHOD_GATED, POOL_CLS, 0, true);
        set_up(&r, &o, whole_batch);
        r.theta[tuning_find(&r.tuning, cases[c].kind)->offset + cases[c].element] = NAN;
        pass_probe(r.pass, true);
        backward(&r);
        assert_non_null(pass_trouble(r.pass));
        assert_string_equal(pass_trouble(r.pass), cases[c].wanted);
        tear_down(&r);
    }
}

static bool count_down(void *context) {
    int *left = context;
    return (*left)-- > 0;
}

static void a_pass_can_be_given_up_anywhere_and_used_again(void **state) {
    (void)state;
    struct rig r, calm;
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 0, true);
    int left = 0;
    set_up(&calm, &o, whole_batch);
    set_up(&r, &o, (struct pass_options){.chunk = BATCH, .backward = true, .go_on = count_down, .context = &left});
    struct pass_chunk chunk = {.count = BATCH, .images = images, .labels = labels};
    int looks;
    backward(&calm);
    for (looks = 0;; looks++) {
        left = looks;
        memset(r.gradient, 0, r.tuning.total * sizeof *r.gradient);
        int result = pass_forward(r.pass, &r.step, &chunk, r.logits, r.losses);
        if (result == 0)
            result = pass_backward(r.pass, &r.step, &chunk, r.logits, r.gradient);
        if (result == 0)
            break;
        assert_int_equal(result, ERROR_CANCELLED);
        assert_true(looks < 1000);
    }
    assert_true(looks >= 8 * DEPTH); /* four looks a block, each way */
    assert_memory_equal(r.gradient, calm.gradient, r.tuning.total * sizeof *r.gradient);
    tear_down(&r);
    tear_down(&calm);
}

static void attention_rows_sum_to_1(void **state) {
    (void)state;
    struct rig r;
    float a[MOST_TOKENS * MOST_TOKENS];
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 1, true);
    set_up(&r, &o, (struct pass_options){.chunk = BATCH, .keep_all = true});
    loss(&r);
    for (int l = 0; l < DEPTH; l++)
        for (int i = 0; i < BATCH; i++)
            for (int h = 0; h < model->shape.heads; h++) {
                size_t n = pass_attention(r.pass, &r.step, l, i, h, a);
                assert_int_equal(n, l < 1 ? 10 : 10 + PROMPTS);
                for (size_t row = 0; row < n; row++) {
                    double sum = 0;
                    for (size_t k = 0; k < n; k++) {
                        assert_true(a[row * n + k] >= 0);
                        sum += (double)a[row * n + k];
                    }
                    assert_true(fabs(sum - 1) < 1e-5);
                }
            }
    tear_down(&r);
}

static void attention_that_is_not_kept_is_said(void **state) {
    (void)state;
    struct rig r;
    float a[MOST_TOKENS * MOST_TOKENS];
    struct tuning_options o = options(METHOD_SHALLOW, POOL_MAE, 2, true);
    set_up(&r, &o, whole_batch); /* blocks before the insertion are not gone back through */
    loss(&r);
    for (int l = 0; l < DEPTH; l++)
        assert_int_equal(pass_attention(r.pass, &r.step, l, 0, 0, a), l < 2 || l + 1 == DEPTH ? 0 : 10 + PROMPTS);
    tear_down(&r);
    set_up(&r, &o, (struct pass_options){.chunk = BATCH, .backward = true, .recompute = true});
    loss(&r);
    for (int l = 0; l < DEPTH; l++)
        assert_int_equal(pass_attention(r.pass, &r.step, l, 0, 0, a), 0);
    tear_down(&r);
}

static void bytes_grow_with_what_is_asked_for(void **state) {
    (void)state;
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 0, true), more = o, late = o, linear = o;
    more.prompts = 50;
    late.method = METHOD_SHALLOW;
    late.insert_at = 3;
    linear.method = METHOD_LINEAR;
    size_t one = bytes((struct pass_options){.chunk = 1, .backward = true}, &o);
    size_t eight = bytes((struct pass_options){.chunk = 8, .backward = true}, &o);
    assert_true(one > 10000 && one < 1000000);
    assert_true(eight > 5 * one && eight < 8 * one + 1);
    assert_true(bytes((struct pass_options){.chunk = 8}, &o) < eight);
    assert_true(bytes((struct pass_options){.chunk = 8, .backward = true}, &more) > 2 * eight);
    assert_true(bytes((struct pass_options){.chunk = 8, .backward = true}, &late) < eight);
    assert_true(bytes((struct pass_options){.chunk = 8, .backward = true}, &linear) <
                bytes((struct pass_options){.chunk = 8, .backward = true}, &late));
}

static void more_memory_than_there_is_is_an_error(void **state) {
    (void)state;
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 0, true);
    struct tuning t;
    struct error e = {0};
    struct pass *p = NULL;
    o.prompts = 100000;
    assert_int_equal(tuning_create(&t, &o, &model->shape, &e), 0);
    struct pass_options huge = {.model = model, .tuning = &t, .chunk = 65536, .backward = true};
    assert_true(pass_bytes(&huge) > (size_t)1 << 40);
    huge.chunk = 2000000000;
    t.options.prompts = 2000000000; /* 2e9 * 2e9 * 12 floats: beyond any machine */
    assert_int_equal(pass_create(&p, &huge, &e), ERROR_MEMORY);
    assert_null(p);
    pass_destroy(NULL);
}

static void time_is_kept_by_operator_while_it_is_asked_for(void **state) {
    (void)state;
    struct rig r;
    struct pass_phase phases[PASS_PHASES];
    struct timespec start, end;
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 0, true);
    set_up(&r, &o, whole_batch);
    backward(&r);
    assert_int_equal(pass_phases(r.pass, phases), 0);
    pass_time(r.pass, true);
    clock_gettime(CLOCK_MONOTONIC, &start);
    backward(&r);
    clock_gettime(CLOCK_MONOTONIC, &end);
    size_t count = pass_phases(r.pass, phases);
    double sum = 0, wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
    assert_true(count > 10 && count < PASS_PHASES); /* every operator has room */
    for (size_t i = 0; i < count; i++) {
        assert_true(phases[i].seconds >= 0);
        sum += phases[i].seconds;
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(phases[i].name, phases[k].name);
    }
    assert_true(sum > 0 && sum <= wall);
    pass_time(r.pass, true); /* starts afresh */
    assert_int_equal(pass_phases(r.pass, phases), 0);
    tear_down(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gated_has_the_gradient_of_finite_differences),
        cmocka_unit_test(gated_without_temperatures_too),
        cmocka_unit_test(gated_with_dropout_too),
        cmocka_unit_test(hard_gates_too),
        cmocka_unit_test(shallow_too),
        cmocka_unit_test(deep_too),
        cmocka_unit_test(deep_with_dropout_too),
        cmocka_unit_test(linear_too),
        cmocka_unit_test(what_cannot_matter_has_no_gradient),
        cmocka_unit_test(gaps_of_the_gradient_stay_0),
        cmocka_unit_test(chunks_of_one_sum_to_the_whole),
        cmocka_unit_test(a_pass_used_again_gives_the_same_bytes),
        cmocka_unit_test(a_sample_without_label_has_no_loss_and_no_gradient),
        cmocka_unit_test(given_dropout_factors_are_used),
        cmocka_unit_test(trouble_is_named_by_block_and_operator),
        cmocka_unit_test(trouble_of_gates_and_temperatures_is_named),
        cmocka_unit_test(a_pass_can_be_given_up_anywhere_and_used_again),
        cmocka_unit_test(attention_rows_sum_to_1),
        cmocka_unit_test(attention_that_is_not_kept_is_said),
        cmocka_unit_test(time_is_kept_by_operator_while_it_is_asked_for),
        cmocka_unit_test(bytes_grow_with_what_is_asked_for),
        cmocka_unit_test(more_memory_than_there_is_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
