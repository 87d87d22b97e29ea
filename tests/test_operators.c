/* Every operator against tests/fixtures/golden/operators.safetensors, computed by PyTorch in float64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cblas.h>
#include <string.h>

#include "core/formats/tensors.h"
#include "core/model/tuning.h"
#include "core/nn/attention.h"
#include "core/nn/gelu.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"
#include "core/nn/loss.h"
#include "core/nn/patch.h"
#include "core/nn/prompt.h"
#include "tests/numbers.h"

#define LIMIT 1e-5

enum { MOST = 1024 };

static struct tensors *file;

static int open_file(void **state) {
    (void)state;
    struct error e = {0};
    if (tensors_open(&file, numbers_fixture("golden/operators.safetensors"), &e) < 0) {
        print_error("%s\n", e.text);
        return -1;
    }
    openblas_set_num_threads(1);
    return 0;
}

static int close_file(void **state) {
    (void)state;
    tensors_close(file);
    return 0;
}

/* The values of a tensor that must hold `count`. */
static const float *get(const char *name, size_t count) {
    const struct tensor *t = tensors_find(file, name);
    if (!t)
        fail_msg("there is no tensor %s", name);
    assert_int_equal(t->type, TENSOR_F32);
    assert_int_equal(t->count, count);
    return t->data;
}

static void check(const char *name, size_t count, const float *ours) {
    double error = numbers_error_f32(count, ours, get(name, count));
    if (!(error <= LIMIT))
        fail_msg("%s: relative error %g, at most %g was expected", name, error, LIMIT);
}

static void linear(void **state) {
    (void)state;
    enum { R = 7, IN = 20, OUT = 13 };
    const float *x = get("linear.x", R * IN), *w = get("linear.weight", OUT * IN), *b = get("linear.bias", OUT);
    const float *dy = get("linear.grad.y", R * OUT);
    float y[R * OUT], dx[R * IN], dw[OUT * IN] = {0}, db[OUT] = {0};
    linear_forward(R, IN, OUT, x, w, b, y);
    check("linear.y", R * OUT, y);
    float none[R * OUT] = {0};
    linear_forward_residual(R, IN, OUT, x, w, b, none, y);
    check("linear.y", R * OUT, y);
    linear_backward(R, IN, OUT, x, w, dy, dx, dw, db);
    check("linear.grad.x", R * IN, dx);
    check("linear.grad.weight", OUT * IN, dw);
    check("linear.grad.bias", OUT, db);
}

static void layernorm(void **state) {
    (void)state;
    enum { R = 7, D = 20 };
    const float *x = get("layernorm.x", R * D), *w = get("layernorm.weight", D), *b = get("layernorm.bias", D);
    const float *dy = get("layernorm.grad.y", R * D);
    float y[R * D], stats[2 * R], dx[R * D] = {0}, dw[D] = {0}, db[D] = {0};
    layernorm_forward(R, D, x, w, b, y, stats);
    check("layernorm.y", R * D, y);
    layernorm_backward(R, D, x, w, stats, dy, dx, dw, db);
    check("layernorm.grad.x", R * D, dx);
    check("layernorm.grad.weight", D, dw);
    check("layernorm.grad.bias", D, db);
}

static void gelu(void **state) {
    (void)state;
    enum { R = 6, D = 20, N = R * D };
    const float *x = get("gelu.x", N), none[D] = {0};
    float y[N], dx[N], slope[N];
    gelu_forward(R, D, x, none, y);
    check("gelu.y", N, y);
    memcpy(slope, x, sizeof slope);
    gelu_forward_slope(R, D, slope, none, y);
    check("gelu.y", N, y);
    memcpy(dx, get("gelu.grad.y", N), sizeof dx);
    gelu_backward(N, slope, dx);
    check("gelu.grad.x", N, dx);
}

static void patch(void **state) {
    (void)state;
    enum { B = 2, D = 10, N = 9, AREA = 3 * 12 * 12, COLUMN = 3 * 4 * 4 };
    const struct vit_shape s = {.dim = D, .depth = 1, .heads = 1, .mlp = D, .patch = 4, .image = 12};
    const float *x = get("patch.x", B * AREA), *w = get("patch.weight", D * COLUMN), *b = get("patch.bias", D);
    const float *dy = get("patch.grad.y", B * N * D), zeros[(N + 1) * D] = {0};
    float columns[N * COLUMN], tokens[(N + 1) * D], y[B * N * D], dtokens[(N + 1) * D] = {0};
    float dw[D * COLUMN] = {0}, db[D] = {0};
    for (int i = 0; i < B; i++) {
        patch_columns(&s, x + i * AREA, columns);
        patch_forward(&s, columns, w, b, zeros, zeros, tokens);
        memcpy(y + i * N * D, tokens + D, N * D * sizeof *y);
        memcpy(dtokens + D, dy + i * N * D, N * D * sizeof *dy);
        patch_backward(&s, columns, dtokens, dw, db, NULL, NULL);
    }
    check("patch.y", B * N * D, y);
    check("patch.grad.weight", D * COLUMN, dw);
    check("patch.grad.bias", D, db);
}

static void attention(void **state) {
    (void)state;
    enum { B = 2, N = 9, H = 3, D = 12 };
    const struct attention_shape s = attention_shape_qkv(N, H, D / H);
    const float *qkv = get("attention.qkv", B * N * 3 * D), *dy = get("attention.grad.y", B * N * D);
    float tau = *get("attention.tau", 1), y[B * N * D], p[B * H * N * N], dqkv[B * N * 3 * D];
    float *scratch = malloc(attention_scratch(&s) * sizeof *scratch);
    double dtau = 0;
    assert_non_null(scratch);
    for (int i = 0; i < B; i++) {
        const float *q = qkv + i * N * 3 * D;
        float *dq = dqkv + i * N * 3 * D;
        struct attention_gradient g = {
            .dq = dq, .dk = dq + D, .q_row = 3 * D, .kv_row = 3 * D, .queries = N, .tokens = N};
        attention_forward(&s, tau, q, q + D, y + i * N * D, scratch);
        attention_backward(&s, tau, q, q + D, dy + i * N * D, &g, &dtau, scratch);
        for (int h = 0; h < H; h++)
            attention_probabilities(&s, (size_t)h, tau, q, q + D, p + (i * H + h) * N * N, scratch);
    }
    free(scratch);
    float dtau_f32 = (float)dtau;
    check("attention.y", B * N * D, y);
    check("attention.probabilities", B * H * N * N, p);
    check("attention.grad.qkv", B * N * 3 * D, dqkv);
    check("attention.grad.tau", 1, &dtau_f32);
}

/* `gate`, `gate_open`, `gate_closed`: Eq. 7 with the gate value and slope of tuning_values(). */
static void gate_of(const char *op, bool hard) {
    enum { N = 2 * 3 * 8 };
    char name[64];
    const char *const parts[] = {"before", "after", "gamma", "grad.y", "noise"};
    const float *values[5];
    for (int i = 0; i < (hard ? 5 : 4); i++) {
        snprintf(name, sizeof name, "%s.%s", op, parts[i]);
        values[i] = get(name, i == 2 || i == 4 ? 1 : N);
    }
    const struct vit_shape shape = {.dim = 8, .depth = 2, .heads = 2, .mlp = 8, .patch = 4, .image = 8};
    const struct tuning_options o = {.method = hard ? METHOD_GATED_HARD : METHOD_GATED,
                                     .pool = POOL_MAE,
                                     .prompts = 3,
                                     .gate_init = 1,
                                     .classes = 2};
    struct tuning t;
    struct error e = {0};
    assert_int_equal(tuning_create(&t, &o, &shape, &e), 0);
    float theta[MOST] = {0}, g, slope, temps[2], y[N], before[N], after[N];
    assert_true(t.total <= MOST);
    theta[tuning_find(&t, TUNED_GATES)->offset] = *values[2];
    struct tuning_values v = {&g, &slope, temps};
    tuning_values(&t, theta, hard ? values[4] : NULL, &v);
    prompt_gate(N, g, values[1], values[0], y);
    float dgamma = (float)(prompt_gate_backward(N, g, values[1], values[0], values[3], after, before) * (double)slope);
    snprintf(name, sizeof name, "%s.y", op);
    check(name, N, y);
    snprintf(name, sizeof name, "%s.grad.before", op);
    check(name, N, before);
    snprintf(name, sizeof name, "%s.grad.after", op);
    check(name, N, after);
    snprintf(name, sizeof name, "%s.grad.gamma", op);
    check(name, 1, &dgamma);
}

static void gate(void **state) {
    (void)state;
    gate_of("gate", false);
}

static void hard_gate_that_noise_opens(void **state) {
    (void)state;
    gate_of("gate_open", true);
}

static void hard_gate_that_noise_closes(void **state) {
    (void)state;
    gate_of("gate_closed", true);
}

static void cross_entropy_of(const char *op, size_t rows, size_t classes) {
    char name[64];
    snprintf(name, sizeof name, "%s.logits", op);
    const float *logits = get(name, rows * classes);
    snprintf(name, sizeof name, "%s.labels", op);
    const struct tensor *labels = tensors_find(file, name);
    assert_non_null(labels);
    assert_int_equal(labels->count, rows);
    snprintf(name, sizeof name, "%s.grad.y", op);
    float dy = *get(name, 1), dlogits[128], wanted[128];
    double loss = 0;
    tensor_to_f32(labels, wanted);
    for (size_t i = 0; i < rows; i++) {
        loss += loss_forward(classes, logits + i * classes, (int)wanted[i]) / (double)rows;
        loss_backward(classes, logits + i * classes, (int)wanted[i], dy / (float)rows, dlogits + i * classes);
    }
    float y = (float)loss;
    snprintf(name, sizeof name, "%s.y", op);
    check(name, 1, &y);
    snprintf(name, sizeof name, "%s.grad.logits", op);
    check(name, rows * classes, dlogits);
}

static void cross_entropy(void **state) {
    (void)state;
    cross_entropy_of("cross_entropy", 6, 11);
}

static void cross_entropy_of_large_logits(void **state) {
    (void)state;
    cross_entropy_of("cross_entropy_large", 3, 4);
}

/* So that an operator added to the fixtures is not passed over in silence. */
static void every_operator_of_the_fixture_has_a_test(void **state) {
    (void)state;
    const char *const known[] = {"linear.", "layernorm.", "gelu.",        "patch.",         "attention.",
                                 "gate.",   "gate_open.", "gate_closed.", "cross_entropy.", "cross_entropy_large."};
    for (size_t i = 0; i < tensors_count(file); i++) {
        const char *name = tensors_at(file, i)->name;
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            found |= strncmp(name, known[k], strlen(known[k])) == 0;
        if (!found)
            fail_msg("no test looks at %s", name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear),
        cmocka_unit_test(layernorm),
        cmocka_unit_test(gelu),
        cmocka_unit_test(patch),
        cmocka_unit_test(attention),
        cmocka_unit_test(gate),
        cmocka_unit_test(hard_gate_that_noise_opens),
        cmocka_unit_test(hard_gate_that_noise_closes),
        cmocka_unit_test(cross_entropy),
        cmocka_unit_test(cross_entropy_of_large_logits),
        cmocka_unit_test(every_operator_of_the_fixture_has_a_test),
    };
    return cmocka_run_group_tests(tests, open_file, close_file);
}
