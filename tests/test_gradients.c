/* Every operator's way back against finite differences of its way in: of f = sum(c y) with random c, summed in double,
 * by the five-point stencil. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cblas.h>
#include <stdbool.h>
#include <string.h>

#include "core/nn/attention.h"
#include "core/nn/gelu.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"
#include "core/nn/loss.h"
#include "core/nn/patch.h"
#include "core/nn/prompt.h"
#include "core/nn/rows.h"
#include "tests/numbers.h"

/* Limits of the relative error a tensor: operators that are linear in what varies can take a wide step. */
#define LIMIT_LINEAR 1e-5
#define LIMIT_LAYERNORM 1e-4
#define LIMIT_GELU 1e-4
#define LIMIT_ATTENTION 2e-4
#define LIMIT_LOSS 1e-5

enum { MOST = 1024 };

/* What the functional under test reads. */
struct scene {
    float x[MOST], w[MOST], b[MOST], extra[MOST], c[MOST], y[MOST], stats[64], scratch[MOST];
    float tau, g;
    struct vit_shape shape;
    struct rows rows;
    int label;
};

static struct scene s;

static int fill(void **state) {
    (void)state;
    openblas_set_num_threads(1);
    numbers_fill(MOST, 1, -1, 1, s.x);
    numbers_fill(MOST, 2, -1, 1, s.w);
    numbers_fill(MOST, 3, -1, 1, s.b);
    numbers_fill(MOST, 4, -1, 1, s.extra);
    numbers_fill(MOST, 5, -1, 1, s.c);
    return 0;
}

static double weighted(size_t n, const float *y) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)s.c[i] * (double)y[i];
    return sum;
}

static void check(const char *name, double (*f)(void *), size_t n, float *values, const float *gradient, double h,
                  double limit) {
    double wanted[MOST];
    assert_true(n <= MOST);
    for (size_t i = 0; i < n; i++)
        wanted[i] = numbers_slope(f, NULL, &values[i], h);
    double error = numbers_error(n, gradient, wanted);
    if (!(error <= limit))
        fail_msg("%s: relative error %g, at most %g was expected", name, error, limit);
}

/* `gradient` with `before` taken away: for gradients that are added to what is there. */
static void take_away(size_t n, float *gradient, const float *before) {
    for (size_t i = 0; i < n; i++)
        gradient[i] -= before[i];
}

enum { R = 5, IN = 9, OUT = 7 };

static double f_linear(void *context) {
    (void)context;
    linear_forward(R, IN, OUT, s.x, s.w, s.b, s.y);
    return weighted((size_t)R * OUT, s.y);
}

static void linear(void **state) {
    (void)state;
    float dx[R * IN], dw[OUT * IN] = {0}, db[OUT] = {0};
    memset(dx, 0x7f, sizeof dx); /* overwritten */
    linear_backward(R, IN, OUT, s.x, s.w, s.c, dx, dw, db);
    check("linear dx", f_linear, R * IN, s.x, dx, 0.5, LIMIT_LINEAR);
    check("linear dw", f_linear, OUT * IN, s.w, dw, 0.5, LIMIT_LINEAR);
    check("linear db", f_linear, OUT, s.b, db, 0.5, LIMIT_LINEAR);
}

static void linear_adds_to_weight_gradients_alone(void **state) {
    (void)state;
    float dx[2][R * IN], dw[2][OUT * IN] = {{0}}, db[2][OUT] = {{0}};
    memcpy(dw[1], s.extra, sizeof dw[1]);
    memcpy(db[1], s.extra, sizeof db[1]);
    memset(dx[1], 0x7f, sizeof dx[1]);
    linear_backward(R, IN, OUT, s.x, s.w, s.c, dx[0], dw[0], db[0]);
    linear_backward(R, IN, OUT, s.x, s.w, s.c, dx[1], dw[1], db[1]);
    take_away(OUT * IN, dw[1], s.extra);
    take_away(OUT, db[1], s.extra);
    assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
    assert_true(numbers_error_f32(OUT * IN, dw[1], dw[0]) < 1e-6);
    assert_true(numbers_error_f32(OUT, db[1], db[0]) < 1e-6);
    /* Not wanted: left alone; x is not read without dw. */
    linear_backward(R, IN, OUT, NULL, s.w, s.c, dx[1], NULL, NULL);
    assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
    linear_backward(R, IN, OUT, s.x, NULL, s.c, NULL, NULL, db[1]);
}

static void linear_forward_residual_is_forward_added(void **state) {
    (void)state;
    float y[R * OUT], in_place[R * OUT];
    linear_forward_residual(R, IN, OUT, s.x, s.w, s.b, s.extra, y);
    memcpy(in_place, s.extra, sizeof in_place);
    linear_forward_residual(R, IN, OUT, s.x, s.w, s.b, in_place, in_place);
    assert_memory_equal(y, in_place, sizeof y);
    linear_forward(R, IN, OUT, s.x, s.w, s.b, s.y);
    take_away(R * OUT, y, s.extra);
    assert_true(numbers_error_f32(R * OUT, y, s.y) < 1e-6);
}

static void linear_forward_leaves_the_bias_to_what_comes_next(void **state) {
    (void)state;
    float y[R * OUT];
    memset(y, 0x7f, sizeof y); /* overwritten */
    linear_forward(R, IN, OUT, s.x, s.w, NULL, y);
    for (int i = 0; i < R * OUT; i++)
        y[i] += s.b[i % OUT];
    linear_forward(R, IN, OUT, s.x, s.w, s.b, s.y);
    assert_true(numbers_error_f32(R * OUT, y, s.y) < 1e-6);
}

static double f_layernorm(void *context) {
    (void)context;
    layernorm_forward(R, IN, s.x, s.w, s.b, s.y, s.stats);
    return weighted((size_t)R * IN, s.y);
}

static void layernorm(void **state) {
    (void)state;
    float dx[R * IN] = {0}, dw[IN] = {0}, db[IN] = {0}, stats[2 * R];
    layernorm_forward(R, IN, s.x, s.w, s.b, s.y, stats);
    layernorm_backward(R, IN, s.x, s.w, stats, s.c, dx, dw, db);
    check("layernorm dx", f_layernorm, R * IN, s.x, dx, 0.01, LIMIT_LAYERNORM);
    check("layernorm dw", f_layernorm, IN, s.w, dw, 0.5, LIMIT_LINEAR);
    check("layernorm db", f_layernorm, IN, s.b, db, 0.5, LIMIT_LINEAR);
}

static void layernorm_adds_to_every_gradient(void **state) {
    (void)state;
    float dx[2][R * IN] = {{0}}, dw[2][IN] = {{0}}, db[2][IN] = {{0}}, stats[2 * R];
    memcpy(dx[1], s.extra, sizeof dx[1]);
    memcpy(dw[1], s.extra, sizeof dw[1]);
    memcpy(db[1], s.extra, sizeof db[1]);
    layernorm_forward(R, IN, s.x, s.w, s.b, s.y, stats);
    for (int k = 0; k < 2; k++)
        layernorm_backward(R, IN, s.x, s.w, stats, s.c, dx[k], dw[k], db[k]);
    take_away(R * IN, dx[1], s.extra);
    take_away(IN, dw[1], s.extra);
    take_away(IN, db[1], s.extra);
    assert_true(numbers_error_f32(R * IN, dx[1], dx[0]) < 1e-6);
    assert_true(numbers_error_f32(IN, dw[1], dw[0]) < 1e-6);
    assert_true(numbers_error_f32(IN, db[1], db[0]) < 1e-6);
    float alone[R * IN] = {0};
    layernorm_backward(R, IN, s.x, s.w, stats, s.c, alone, NULL, NULL);
    assert_memory_equal(alone, dx[0], sizeof alone);
}

enum { GELU_ROWS = 4, GELU_DIM = 10 };

static double f_gelu(void *context) {
    (void)context;
    gelu_forward(GELU_ROWS, GELU_DIM, s.x, s.b, s.y);
    return weighted(GELU_ROWS * GELU_DIM, s.y);
}

static void gelu(void **state) {
    (void)state;
    enum { N = GELU_ROWS * GELU_DIM };
    float dx[N], slope[N], y[N];
    for (int i = 0; i < N; i++)
        s.x[i] *= 4;
    memcpy(slope, s.x, sizeof slope);
    memcpy(dx, s.c, sizeof dx);
    gelu_forward_slope(GELU_ROWS, GELU_DIM, slope, s.b, y);
    gelu_backward(N, slope, dx);
    check("gelu dx", f_gelu, N, s.x, dx, 0.03, LIMIT_GELU);
    f_gelu(NULL);
    assert_memory_equal(y, s.y, sizeof y);
    fill(NULL);
}

/* More queries than one block of the implementation, tokens and width of no round number. */
enum { TOKENS = 27, HEADS = 2, WIDTH = 5, DIM = HEADS * WIDTH, ASKING = 3, SCRATCH = 1 << 16 };
static struct attention_shape heads;
static float attention_memory[SCRATCH];

static double f_attention(void *context) {
    (void)context;
    attention_forward(&heads, s.tau, s.x, s.x + DIM, s.y, attention_memory);
    return weighted(heads.queries * DIM, s.y);
}

static struct attention_gradient whole(float *dqkv) {
    return (struct attention_gradient){
        .dq = dqkv, .dk = dqkv + DIM, .q_row = 3 * DIM, .kv_row = 3 * DIM, .queries = TOKENS, .tokens = TOKENS};
}

static void attention(void **state) {
    (void)state;
    const float taus[] = {0.4f, 1, 3};
    heads = attention_shape_qkv(TOKENS, HEADS, WIDTH);
    assert_true(attention_scratch(&heads) <= SCRATCH);
    for (int k = 0; k < 3; k++) {
        float dqkv[TOKENS * 3 * DIM];
        struct attention_gradient g = whole(dqkv);
        double dtau = 0;
        s.tau = taus[k];
        memset(dqkv, 0x7f, sizeof dqkv); /* overwritten */
        attention_backward(&heads, s.tau, s.x, s.x + DIM, s.c, &g, &dtau, attention_memory);
        check("attention dqkv", f_attention, TOKENS * 3 * DIM, s.x, dqkv, 0.05, LIMIT_ATTENTION);
        float dtau_f32 = (float)dtau;
        check("attention dtau", f_attention, 1, &s.tau, &dtau_f32, 0.05 * (double)taus[k], LIMIT_ATTENTION);
        /* q, k and v each, so that a small one cannot hide behind a large one. */
        for (int part = 0; part < 3; part++) {
            double wanted[TOKENS * DIM];
            float ours[TOKENS * DIM];
            for (int i = 0; i < TOKENS * DIM; i++) {
                int at = i / DIM * 3 * DIM + part * DIM + i % DIM;
                wanted[i] = numbers_slope(f_attention, NULL, &s.x[at], 0.05);
                ours[i] = dqkv[at];
            }
            assert_true(numbers_error(TOKENS * DIM, ours, wanted) < 5 * LIMIT_ATTENTION);
        }
    }
}

static void attention_adds_to_the_gradient_of_tau(void **state) {
    (void)state;
    float dqkv[2][TOKENS * 3 * DIM];
    struct attention_gradient g[2] = {whole(dqkv[0]), whole(dqkv[1])};
    double dtau = 0, more = 5;
    heads = attention_shape_qkv(TOKENS, HEADS, WIDTH);
    attention_backward(&heads, 0.7f, s.x, s.x + DIM, s.c, &g[0], &dtau, attention_memory);
    attention_backward(&heads, 0.7f, s.x, s.x + DIM, s.c, &g[1], &more, attention_memory);
    assert_true(fabs(more - 5 - dtau) < 1e-12);
    assert_true(fabs(dtau) > 1e-6);
    attention_backward(&heads, 0.7f, s.x, s.x + DIM, s.c, &g[1], NULL, attention_memory);
    assert_memory_equal(dqkv[0], dqkv[1], sizeof dqkv[0]);
}

static void attention_gives_only_the_rows_that_are_wanted(void **state) {
    (void)state;
    enum { FIRST = 2, COUNT = 24 };
    float all[TOKENS * 3 * DIM], some[COUNT * 3 * DIM];
    struct attention_gradient g = whole(all), part = whole(some);
    heads = attention_shape_qkv(TOKENS, HEADS, WIDTH);
    attention_backward(&heads, 0.7f, s.x, s.x + DIM, s.c, &g, NULL, attention_memory);
    part.first_query = part.first_token = FIRST;
    part.queries = part.tokens = COUNT;
    for (int with_tau = 0; with_tau < 2; with_tau++) {
        double dtau = 0;
        memset(some, 0x7f, sizeof some);
        attention_backward(&heads, 0.7f, s.x, s.x + DIM, s.c, &part, with_tau ? &dtau : NULL, attention_memory);
        assert_memory_equal(some, all + FIRST * 3 * DIM, sizeof some);
    }
}

/* Rows that ask lie apart from those that are asked, as in the last block under a pool. */
static void attention_of_few_queries_is_that_of_their_rows(void **state) {
    (void)state;
    const size_t asking[ASKING] = {0, 7, 26};
    float q[ASKING * DIM], y[ASKING * DIM], p[2][TOKENS * TOKENS], dq[ASKING * DIM], dqkv[TOKENS * 3 * DIM];
    float dkv[TOKENS * 2 * DIM], dout[TOKENS * DIM] = {0}, dout_few[ASKING * DIM];
    double dtau[2] = {0, 0};
    heads = attention_shape_qkv(TOKENS, HEADS, WIDTH);
    const struct attention_shape few = {ASKING, TOKENS, HEADS, WIDTH, DIM, 3 * DIM};
    attention_forward(&heads, 0.7f, s.x, s.x + DIM, s.y, attention_memory);
    for (size_t i = 0; i < ASKING; i++) {
        memcpy(q + i * DIM, s.x + asking[i] * 3 * DIM, DIM * sizeof *q);
        memcpy(dout_few + i * DIM, s.c + i * DIM, DIM * sizeof *q);
        memcpy(dout + asking[i] * DIM, s.c + i * DIM, DIM * sizeof *q);
    }
    attention_forward(&few, 0.7f, q, s.x + DIM, y, attention_memory);
    for (size_t i = 0; i < ASKING; i++)
        assert_memory_equal(y + i * DIM, s.y + asking[i] * DIM, DIM * sizeof *y);
    attention_probabilities(&heads, 1, 0.7f, s.x, s.x + DIM, p[0], attention_memory);
    attention_probabilities(&few, 1, 0.7f, q, s.x + DIM, p[1], attention_memory);
    for (size_t i = 0; i < ASKING; i++)
        assert_memory_equal(p[1] + i * TOKENS, p[0] + asking[i] * TOKENS, TOKENS * sizeof **p);
    struct attention_gradient g = whole(dqkv), g_few = {.dq = dq,
                                                        .dk = dkv,
                                                        .q_row = DIM,
                                                        .kv_row = 2 * DIM,
                                                        .queries = ASKING,
                                                        .tokens = TOKENS};
    attention_backward(&heads, 0.7f, s.x, s.x + DIM, dout, &g, &dtau[0], attention_memory);
    attention_backward(&few, 0.7f, q, s.x + DIM, dout_few, &g_few, &dtau[1], attention_memory);
    assert_true(fabs(dtau[0] - dtau[1]) < 1e-6 * fabs(dtau[0]));
    for (size_t i = 0; i < ASKING; i++)
        assert_true(numbers_error_f32(DIM, dq + i * DIM, dqkv + asking[i] * 3 * DIM) < 1e-6);
    for (size_t i = 0; i < TOKENS; i++)
        assert_true(numbers_error_f32(2 * DIM, dkv + i * 2 * DIM, dqkv + i * 3 * DIM + DIM) < 1e-5);
}

enum { SIDE = 6, PATCH = 3, PATCHES = 4, COLUMN = 27, PD = 5, CLS_AT = 500, POS_AT = 600 };

static double f_patch(void *context) {
    (void)context;
    patch_columns(&s.shape, s.x, s.scratch);
    patch_forward(&s.shape, s.scratch, s.w, s.b, s.extra + CLS_AT, s.extra + POS_AT, s.y);
    return weighted((PATCHES + 1) * PD, s.y);
}

static void patch(void **state) {
    (void)state;
    float dw[2][PD * COLUMN] = {{0}}, db[PD] = {0}, dcls[PD] = {0}, dpos[(PATCHES + 1) * PD] = {0};
    s.shape = (struct vit_shape){.dim = PD, .depth = 1, .heads = 1, .mlp = PD, .patch = PATCH, .image = SIDE};
    f_patch(NULL);
    float columns[PATCHES * COLUMN];
    memcpy(columns, s.scratch, sizeof columns);
    patch_backward(&s.shape, columns, s.c, dw[0], db, dcls, dpos);
    check("patch dw", f_patch, PD * COLUMN, s.w, dw[0], 0.5, LIMIT_LINEAR);
    check("patch db", f_patch, PD, s.b, db, 0.5, LIMIT_LINEAR);
    check("patch dcls", f_patch, PD, s.extra + CLS_AT, dcls, 0.5, LIMIT_LINEAR);
    check("patch dpos", f_patch, (PATCHES + 1) * PD, s.extra + POS_AT, dpos, 0.5, LIMIT_LINEAR);
    /* All of them are added to. */
    memcpy(dw[1], dw[0], sizeof dw[0]);
    patch_backward(&s.shape, columns, s.c, dw[1], db, dcls, dpos);
    for (int i = 0; i < PD; i++)
        db[i] /= 2, dcls[i] /= 2;
    for (int i = 0; i < PD * COLUMN; i++)
        dw[1][i] /= 2;
    for (int i = 0; i < (PATCHES + 1) * PD; i++)
        dpos[i] /= 2;
    assert_true(numbers_error_f32(PD * COLUMN, dw[1], dw[0]) < 1e-6);
    check("patch db added", f_patch, PD, s.b, db, 0.5, LIMIT_LINEAR);
    check("patch dcls added", f_patch, PD, s.extra + CLS_AT, dcls, 0.5, LIMIT_LINEAR);
    check("patch dpos added", f_patch, (PATCHES + 1) * PD, s.extra + POS_AT, dpos, 0.5, LIMIT_LINEAR);
    patch_backward(&s.shape, columns, s.c, NULL, NULL, NULL, NULL);
}

/* More than one piece of the gate's inner loop. */
enum { GATED = 700 };

static double f_gate(void *context) {
    (void)context;
    prompt_gate(GATED, s.g, s.x, s.w, s.y);
    return weighted(GATED, s.y);
}

static void gate(void **state) {
    (void)state;
    const float gates[] = {0, 0.2f, 1};
    for (int k = 0; k < 3; k++) {
        float dz_out[GATED], dz_in[GATED], in_place[GATED];
        s.g = gates[k];
        float dg = (float)prompt_gate_backward(GATED, s.g, s.x, s.w, s.c, dz_out, dz_in);
        check("gate z_out", f_gate, GATED, s.x, dz_out, 0.5, LIMIT_LINEAR);
        check("gate z_in", f_gate, GATED, s.w, dz_in, 0.5, LIMIT_LINEAR);
        check("gate g", f_gate, 1, &s.g, &dg, 0.5, LIMIT_LINEAR);
        /* dz_out may be dmixed, mixed may be z_out. */
        memcpy(in_place, s.c, sizeof in_place);
        float again = (float)prompt_gate_backward(GATED, s.g, s.x, s.w, in_place, in_place, dz_in);
        assert_memory_equal(in_place, dz_out, sizeof in_place);
        assert_true(again == dg);
        memcpy(in_place, s.x, sizeof in_place);
        prompt_gate(GATED, s.g, in_place, s.w, in_place);
        f_gate(NULL);
        assert_memory_equal(in_place, s.y, sizeof in_place);
    }
}

enum { PROMPTS = 3, FILLED = PROMPTS * DIM };

static double f_fill(void *context) {
    prompt_fill(PROMPTS, DIM, s.x, context, s.y);
    return weighted(FILLED, s.y);
}

static double f_dropout(void *context) {
    (void)context;
    return f_fill(s.w);
}

static void fill_with_dropout(void **state) {
    (void)state;
    float gradient[FILLED];
    prompt_dropout(FILLED, 0.4, 1, 2, 3, 0, s.w);
    prompt_fill(PROMPTS, DIM, s.c, s.w, gradient);
    check("prompts with dropout", f_dropout, FILLED, s.x, gradient, 0.5, LIMIT_LINEAR);
    prompt_fill(PROMPTS, DIM, s.c, NULL, gradient);
    check("prompts", f_fill, FILLED, s.x, gradient, 0.5, LIMIT_LINEAR);
    fill(NULL);
}

enum { ROWS = 8 };

/* Rows as the pools take them of [CLS, 3 prompts, 4 patches], and all but the prompts. */
static const struct rows taken[] = {{1, 0, 0}, {0, 1, 7}, {0, 4, 4}, {0, 1, 3}, {1, 3, 4}, {ROWS, 0, 0}};
enum { TAKEN = sizeof taken / sizeof *taken };

static bool is_taken(const struct rows *r, size_t i) {
    return i < r->head || (i >= r->head + r->skip && i < r->head + r->skip + r->tail);
}

static double f_mean(void *context) {
    (void)context;
    rows_mean(&s.rows, DIM, s.x, s.y);
    return weighted(DIM, s.y);
}

static void mean_of_rows(void **state) {
    (void)state;
    for (size_t k = 0; k < TAKEN; k++) {
        float dx[ROWS * DIM];
        s.rows = taken[k];
        memset(dx, 0x7f, sizeof dx); /* overwritten */
        rows_mean_backward(&s.rows, ROWS, DIM, s.c, dx);
        check("mean of rows", f_mean, ROWS * DIM, s.x, dx, 0.5, LIMIT_LINEAR);
        for (size_t i = 0; i < ROWS * DIM; i++)
            assert_true(is_taken(&s.rows, i / DIM) || dx[i] == 0.0f);
    }
}

static void rows_that_are_taken_are_spread_to_their_places(void **state) {
    (void)state;
    enum { SAMPLES = 3 };
    for (size_t k = 0; k < TAKEN; k++) {
        const struct rows *r = &taken[k];
        size_t few = rows_count(r);
        float x[SAMPLES * ROWS * DIM];
        memset(x, 0x7f, sizeof x);
        for (size_t i = 0; i < SAMPLES; i++)
            rows_take(r, DIM, s.x + i * ROWS * DIM, x + i * few * DIM);
        rows_spread(r, SAMPLES, ROWS, DIM, x);
        for (size_t i = 0; i < SAMPLES * ROWS * DIM; i++)
            assert_true(x[i] == (is_taken(r, i / DIM % ROWS) ? s.x[i] : 0.0f));
    }
}

static void rows_are_added_to_their_places(void **state) {
    (void)state;
    for (size_t k = 0; k < TAKEN; k++) {
        const struct rows *r = &taken[k];
        float x[ROWS * DIM], y[ROWS * DIM];
        memcpy(x, s.x, sizeof x);
        rows_take(r, DIM, s.c, y);
        rows_add(r, DIM, y, x);
        for (size_t i = 0; i < ROWS * DIM; i++)
            assert_true(x[i] == s.x[i] + (is_taken(r, i / DIM) ? s.c[i] : 0.0f));
    }
}

enum { CLASSES = 9 };

static double f_loss(void *context) {
    (void)context;
    return 0.25 * loss_forward(CLASSES, s.x, s.label);
}

static void cross_entropy(void **state) {
    (void)state;
    for (int i = 0; i < CLASSES; i++)
        s.x[i] *= 3;
    for (s.label = 0; s.label < CLASSES; s.label++) {
        float dlogits[CLASSES];
        loss_backward(CLASSES, s.x, s.label, 0.25f, dlogits);
        check("cross-entropy", f_loss, CLASSES, s.x, dlogits, 0.03, LIMIT_LOSS);
    }
    fill(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear),
        cmocka_unit_test(linear_adds_to_weight_gradients_alone),
        cmocka_unit_test(linear_forward_residual_is_forward_added),
        cmocka_unit_test(linear_forward_leaves_the_bias_to_what_comes_next),
        cmocka_unit_test(layernorm),
        cmocka_unit_test(layernorm_adds_to_every_gradient),
        cmocka_unit_test(gelu),
        cmocka_unit_test(attention),
        cmocka_unit_test(attention_adds_to_the_gradient_of_tau),
        cmocka_unit_test(attention_gives_only_the_rows_that_are_wanted),
        cmocka_unit_test(attention_of_few_queries_is_that_of_their_rows),
        cmocka_unit_test(patch),
        cmocka_unit_test(gate),
        cmocka_unit_test(fill_with_dropout),
        cmocka_unit_test(mean_of_rows),
        cmocka_unit_test(rows_that_are_taken_are_spread_to_their_places),
        cmocka_unit_test(rows_are_added_to_their_places),
        cmocka_unit_test(cross_entropy),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
