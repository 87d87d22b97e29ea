#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/train/optimizer.h"
#include "tests/numbers.h"

enum { MOST = 1024, STEPS = 4 };

static const struct vit_shape shape = {.dim = 8, .depth = 4, .heads = 2, .mlp = 8, .patch = 4, .image = 8};

/* theta, its moments and the gradients of a few steps. */
struct bench {
    struct tuning t;
    struct freeze freeze;
    struct optimizer_options options;
    struct optimizer_state state;
    float theta[MOST], start[MOST], first[MOST], second[MOST], gradient[STEPS][MOST];
};

static struct bench bench(enum method method, enum optimizer_kind kind) {
    struct bench b = {.options = {.kind = kind,
                                  .momentum = 0.9,
                                  .beta2 = 0.999,
                                  .epsilon = 1e-8,
                                  .prompts = 1,
                                  .gates = 1,
                                  .temps = 1,
                                  .head = 1}};
    const struct tuning_options o = {
        .method = method, .pool = POOL_MAE, .prompts = 2, .temps = true, .gate_init = 1, .classes = 3};
    assert_int_equal(tuning_create(&b.t, &o, &shape, NULL), 0);
    assert_true(b.t.total <= MOST);
    for (int i = 0; i < b.t.count; i++) {
        const struct tuned *n = &b.t.tensors[i];
        numbers_fill(n->size, (uint32_t)i, 0.5, 1.5, b.theta + n->offset);
        for (int s = 0; s < STEPS; s++)
            numbers_fill(n->size, (uint32_t)(100 + 10 * s + i), -1, 1, b.gradient[s] + n->offset);
    }
    memcpy(b.start, b.theta, sizeof b.start);
    return b;
}

static void update(struct bench *b, double lr, int step) {
    b->state.first = b->first;
    b->state.second = b->options.kind == OPTIMIZER_ADAMW ? b->second : NULL;
    optimizer_update(&b->options, &b->t, &b->freeze, lr, &b->state, b->gradient[step], b->theta);
}

static void close_to(float found, double wanted) {
    if (!(fabs((double)found - wanted) <= 1e-6 * fmax(1, fabs(wanted))))
        fail_msg("%.9g, expected %.9g", (double)found, wanted);
}

static void the_first_step_of_sgd_goes_along_the_gradient(void **state) {
    (void)state;
    struct bench b = bench(METHOD_GATED, OPTIMIZER_SGD);
    update(&b, 0.1, 0);
    for (size_t i = 0; i < b.t.total; i++) {
        assert_true(b.first[i] == b.gradient[0][i]); /* no dampening: v = g */
        close_to(b.theta[i], (double)b.start[i] - 0.1 * (double)b.gradient[0][i]);
    }
    assert_int_equal(b.state.updates, 1);
}

static void sgd_is_pytorchs_form(void **state) {
    (void)state;
    struct bench b = bench(METHOD_GATED, OPTIMIZER_SGD);
    const double rates[STEPS] = {0.1, 0.2, 0.05, 0.4}; /* the rate is outside the momentum */
    for (int s = 0; s < STEPS; s++)
        update(&b, rates[s], s);
    for (size_t i = 0; i < b.t.total; i++) {
        double v = 0, p = (double)b.start[i];
        for (int s = 0; s < STEPS; s++) {
            v = 0.9 * v + (double)b.gradient[s][i];
            p -= rates[s] * v;
        }
        close_to(b.theta[i], p);
        close_to(b.first[i], v);
    }
    assert_int_equal(b.state.updates, STEPS);
}

static void adamw_begins_afresh_with_a_renewed_head(void **state) {
    (void)state;
    struct bench b = bench(METHOD_LINEAR, OPTIMIZER_ADAMW);
    b.options.weight_decay = 0;
    for (int s = 0; s < 3; s++)
        update(&b, 0.1, s);
    memset(b.first, 0, sizeof b.first);
    memset(b.second, 0, sizeof b.second);
    memcpy(b.start, b.theta, sizeof b.start);
    b.state.head_since = 3;
    update(&b, 0.1, 3);
    for (size_t i = 0; i < b.t.total; i++) {
        double g = (double)b.gradient[3][i];
        if (fabs(g) > 1e-3) /* the first step of Adam is lr against the sign, whatever the gradient's size */
            assert_true(fabs((double)b.start[i] - (double)b.theta[i] - copysign(0.1, g)) < 1e-4);
    }
}

static bool decays(const struct bench *b, size_t i) {
    for (int k = 0; k < b->t.count; k++) {
        const struct tuned *n = &b->t.tensors[k];
        if (i >= n->offset && i < n->offset + n->size)
            return n->kind == TUNED_PROMPTS || n->kind == TUNED_DEEP_PROMPTS || n->kind == TUNED_HEAD_WEIGHT;
    }
    return false;
}

static void sgd_adds_weight_decay_to_the_gradient_of_prompts_and_head_weight(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_GATED, METHOD_DEEP};
    for (int m = 0; m < 2; m++) {
        struct bench b = bench(methods[m], OPTIMIZER_SGD);
        b.options.weight_decay = 0.3;
        for (int s = 0; s < STEPS; s++)
            update(&b, 0.1, s);
        for (size_t i = 0; i < b.t.total; i++) {
            double v = 0, p = (double)b.start[i], decay = decays(&b, i) ? 0.3 : 0;
            for (int s = 0; s < STEPS; s++) {
                v = 0.9 * v + (double)b.gradient[s][i] + decay * p;
                p -= 0.1 * v;
            }
            close_to(b.theta[i], p);
        }
    }
}

static void the_first_step_of_adamw_is_the_rate(void **state) {
    (void)state;
    struct bench b = bench(METHOD_GATED, OPTIMIZER_ADAMW);
    update(&b, 0.01, 0);
    for (int k = 0; k < b.t.count; k++)
        for (size_t i = b.t.tensors[k].offset; i < b.t.tensors[k].offset + b.t.tensors[k].size; i++)
            close_to(b.theta[i], (double)b.start[i] - copysign(0.01, (double)b.gradient[0][i]));
}

static void adamw_is_pytorchs_form(void **state) {
    (void)state;
    struct bench b = bench(METHOD_GATED, OPTIMIZER_ADAMW);
    b.options.weight_decay = 0.3;
    for (int s = 0; s < STEPS; s++)
        update(&b, 0.01, s);
    for (size_t i = 0; i < b.t.total; i++) {
        double m = 0, v = 0, p = (double)b.start[i], decay = decays(&b, i) ? 0.3 : 0;
        for (int s = 0; s < STEPS; s++) {
            double g = (double)b.gradient[s][i], n = s + 1;
            p *= 1 - 0.01 * decay;
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            p -= 0.01 * (m / (1 - pow(0.9, n))) / (sqrt(v / (1 - pow(0.999, n))) + 1e-8);
        }
        close_to(b.theta[i], p);
    }
}

static bool in(const struct bench *b, enum tuned_kind kind, size_t i) {
    const struct tuned *n = tuning_find(&b->t, kind);
    return n && i >= n->offset && i < n->offset + n->size;
}

static void rates_have_a_factor_a_group(void **state) {
    (void)state;
    struct bench b = bench(METHOD_GATED, OPTIMIZER_SGD);
    b.options.prompts = 2;
    b.options.gates = 3;
    b.options.temps = 5;
    b.options.head = 7;
    update(&b, 0.1, 0);
    for (size_t i = 0; i < b.t.total; i++) {
        double factor = in(&b, TUNED_PROMPTS, i) ? 2 : in(&b, TUNED_GATES, i) ? 3 : in(&b, TUNED_TEMPS, i) ? 5 : 7;
        close_to(b.theta[i], (double)b.start[i] - 0.1 * factor * (double)b.gradient[0][i]);
    }
    b = bench(METHOD_DEEP, OPTIMIZER_SGD);
    b.options.prompts = 2;
    update(&b, 0.1, 0);
    for (size_t i = 0; i < b.t.total; i++) {
        double factor = in(&b, TUNED_PROMPTS, i) || in(&b, TUNED_DEEP_PROMPTS, i) ? 2 : 1;
        close_to(b.theta[i], (double)b.start[i] - 0.1 * factor * (double)b.gradient[0][i]);
    }
}

/* Two steps, then two with `freeze`: what it names must be as after the first two, moments too, the rest as without. */
static void check_frozen(enum method method, enum optimizer_kind kind, const struct freeze *freeze,
                         bool (*frozen)(const struct bench *, size_t)) {
    struct bench b = bench(method, kind), free = bench(method, kind);
    b.options.weight_decay = free.options.weight_decay = 0.1;
    for (int s = 0; s < 2; s++)
        update(&b, 0.1, s);
    struct bench before = b;
    b.freeze = *freeze;
    for (int s = 2; s < STEPS; s++)
        update(&b, 0.1, s);
    for (int s = 0; s < STEPS; s++)
        update(&free, 0.1, s);
    size_t count = 0;
    for (size_t i = 0; i < b.t.total; i++) {
        const struct bench *wanted = frozen(&b, i) ? &before : &free;
        count += frozen(&b, i);
        assert_true(b.theta[i] == wanted->theta[i]);
        assert_true(b.first[i] == wanted->first[i]);
        assert_true(b.second[i] == wanted->second[i]);
    }
    assert_true(count > 0);
}

static bool is_gate_2(const struct bench *b, size_t i) {
    return i == tuning_find(&b->t, TUNED_GATES)->offset + 1;
}

static bool is_temp_1_or_4(const struct bench *b, size_t i) {
    size_t at = tuning_find(&b->t, TUNED_TEMPS)->offset;
    return i == at || i == at + 3;
}

static bool is_prompt(const struct bench *b, size_t i) {
    return in(b, TUNED_PROMPTS, i) || in(b, TUNED_DEEP_PROMPTS, i);
}

static bool is_head(const struct bench *b, size_t i) {
    return in(b, TUNED_HEAD_WEIGHT, i) || in(b, TUNED_HEAD_BIAS, i);
}

static void a_frozen_value_and_its_moments_stay(void **state) {
    (void)state;
    const enum optimizer_kind kinds[] = {OPTIMIZER_SGD, OPTIMIZER_ADAMW};
    for (int k = 0; k < 2; k++) {
        check_frozen(METHOD_GATED, kinds[k], &(struct freeze){.gates = {2}}, is_gate_2);
        check_frozen(METHOD_GATED, kinds[k], &(struct freeze){.temps = {9}}, is_temp_1_or_4);
        check_frozen(METHOD_GATED, kinds[k], &(struct freeze){.prompts = true}, is_prompt);
        check_frozen(METHOD_DEEP, kinds[k], &(struct freeze){.prompts = true}, is_prompt);
        check_frozen(METHOD_GATED, kinds[k], &(struct freeze){.head = true}, is_head);
    }
}

static void a_nan_gradient_of_a_frozen_value_is_passed_over(void **state) {
    (void)state;
    struct bench b = bench(METHOD_GATED, OPTIMIZER_SGD);
    size_t at = tuning_find(&b.t, TUNED_GATES)->offset + 1;
    b.gradient[0][at] = NAN;
    b.freeze.gates[0] = 2;
    update(&b, 0.1, 0);
    assert_true(b.theta[at] == b.start[at]);
    assert_true(b.first[at] == 0);
}

static void mask_bits_are_blocks(void **state) {
    (void)state;
    const uint32_t mask[] = {1, 0x80000000, 2};
    for (size_t block = 0; block < 96; block++)
        assert_int_equal(freeze_has(mask, block), block == 0 || block == 63 || block == 65);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_step_of_sgd_goes_along_the_gradient),
        cmocka_unit_test(adamw_begins_afresh_with_a_renewed_head),
        cmocka_unit_test(sgd_is_pytorchs_form),
        cmocka_unit_test(sgd_adds_weight_decay_to_the_gradient_of_prompts_and_head_weight),
        cmocka_unit_test(the_first_step_of_adamw_is_the_rate),
        cmocka_unit_test(adamw_is_pytorchs_form),
        cmocka_unit_test(rates_have_a_factor_a_group),
        cmocka_unit_test(a_frozen_value_and_its_moments_stay),
        cmocka_unit_test(a_nan_gradient_of_a_frozen_value_is_passed_over),
        cmocka_unit_test(mask_bits_are_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
