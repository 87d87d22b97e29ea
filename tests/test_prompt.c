#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/nn/prompt.h"
#include "tests/numbers.h"

static void room_is_made_behind_cls_and_closed_again(void **state) {
    (void)state;
    enum { N = 4, P = 3, D = 5 };
    float from[N * D], wide[(N + P) * D], back[N * D], prompts[P * D];
    numbers_fill(N * D, 1, -1, 1, from);
    numbers_fill(P * D, 2, -1, 1, prompts);
    memcpy(wide + D, prompts, sizeof prompts);
    prompt_make_room(N, P, D, from, wide);
    assert_memory_equal(wide, from, D * sizeof *wide);
    assert_memory_equal(wide + D, prompts, sizeof prompts); /* left alone */
    assert_memory_equal(wide + (1 + P) * D, from + D, (N - 1) * D * sizeof *wide);
    prompt_close_room(N, P, D, wide, back);
    assert_memory_equal(back, from, sizeof from);
}

static void selection_ratio_by_hand(void **state) {
    (void)state;
    /* w = 0.5 * 0.8 * 0.9, 0.2 * 0.9, 0.1 = 0.36, 0.18, 0.1 */
    const float g[] = {0.5f, 0.2f, 0.1f};
    const double wanted[] = {0.36 / 0.64, 0.18 / 0.64, 0.1 / 0.64};
    float ratio[3];
    prompt_selection_ratio(3, g, ratio);
    assert_true(numbers_error(3, ratio, wanted) < 1e-6);
}

static void selection_ratio_of_special_gates(void **state) {
    (void)state;
    float ratio[3];
    prompt_selection_ratio(3, (float[]){1, 1, 1}, ratio); /* VPT-shallow: the last gate takes all */
    assert_true(ratio[0] == 0 && ratio[1] == 0 && ratio[2] == 1);
    prompt_selection_ratio(3, (float[]){1, 0, 0}, ratio);
    assert_true(ratio[0] == 1 && ratio[1] == 0 && ratio[2] == 0);
    prompt_selection_ratio(3, (float[]){0, 0, 0}, ratio); /* no block is selected, and nothing is divided by 0 */
    assert_true(ratio[0] == 0 && ratio[1] == 0 && ratio[2] == 0);
    prompt_selection_ratio(1, (float[]){0.25f}, ratio);
    assert_true(ratio[0] == 1);
    prompt_selection_ratio(0, NULL, NULL);
}

static void selection_ratio_of_nearly_closed_gates_keeps_its_digits(void **state) {
    (void)state;
    float g[11], ratio[11];
    double wanted[11], total = 0;
    for (int l = 0; l < 11; l++)
        g[l] = (float)prompt_sigmoid(-15 - l * 0.1);
    for (int l = 0; l < 11; l++) {
        wanted[l] = (double)g[l];
        for (int k = l + 1; k < 11; k++)
            wanted[l] *= 1 - (double)g[k];
        total += wanted[l];
    }
    for (int l = 0; l < 11; l++)
        wanted[l] /= total;
    prompt_selection_ratio(11, g, ratio);
    assert_true(numbers_error(11, ratio, wanted) < 1e-6);
}

static void dropout_keeps_its_share_and_scales_it_up(void **state) {
    (void)state;
    enum { N = 100003 };
    static float keep[N];
    const double rates[] = {0.1, 0.5, 0.9};
    for (int r = 0; r < 3; r++) {
        size_t kept = 0;
        double p = rates[r];
        prompt_dropout(N, p, 42, 7, 3, 0, keep);
        for (size_t i = 0; i < N; i++) {
            assert_true(keep[i] == 0.0f || keep[i] == (float)(1 / (1 - p)));
            kept += keep[i] > 0;
        }
        assert_true(fabs((double)kept / N - (1 - p)) < 5 * sqrt(p * (1 - p) / N));
    }
    prompt_dropout(N, 0, 42, 7, 3, 0, keep);
    for (size_t i = 0; i < N; i++)
        assert_true(keep[i] == 1.0f);
}

enum { WIDE = 402 };

static void draw(uint64_t seed, uint64_t step, uint32_t position, uint32_t block, float *keep) {
    prompt_dropout(WIDE, 0.5, seed, step, position, block, keep);
}

static void dropout_is_a_function_of_seed_step_position_and_block(void **state) {
    (void)state;
    float a[WIDE], b[WIDE];
    draw(42, 7, 3, 2, a);
    draw(42, 7, 3, 2, b);
    assert_memory_equal(a, b, sizeof a);
    draw(43, 7, 3, 2, b);
    assert_memory_not_equal(a, b, sizeof a);
    draw(42, 8, 3, 2, b);
    assert_memory_not_equal(a, b, sizeof a);
    draw(42, 7, 4, 2, b);
    assert_memory_not_equal(a, b, sizeof a);
    draw(42, 7, 3, 1, b);
    assert_memory_not_equal(a, b, sizeof a);
    draw(42, 7 + (UINT64_C(1) << 32), 3, 2, b);
    assert_memory_not_equal(a, b, sizeof a);
    /* ... element by element: a shorter row is the beginning of a longer one. */
    prompt_dropout(5, 0.5, 42, 7, 3, 2, b);
    assert_memory_equal(a, b, 5 * sizeof *a);
}

static void sigmoid_and_logit_are_inverse(void **state) {
    (void)state;
    for (double x = -13; x <= 13; x += 0.25)
        assert_true(fabs(prompt_logit(prompt_sigmoid(x)) - x) < 1e-8);
    assert_true(fabs(prompt_sigmoid(-5) - 0.0066928509242848554) < 1e-16);
    assert_true(prompt_sigmoid(0) == 0.5);
    assert_true(prompt_sigmoid(-1000) == 0 && prompt_sigmoid(1000) == 1);
}

static void logit_is_held_away_from_0_and_1(void **state) {
    (void)state;
    const double bound = log(1e-6 / (1 - 1e-6));
    const double low[] = {0, -1, 1e-7, 1e-6}, high[] = {1, 2, 1 - 1e-7, 1 - 1e-6};
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(prompt_logit(low[i]) - bound) < 1e-9);
        assert_true(fabs(prompt_logit(high[i]) + bound) < 1e-9);
    }
    assert_true(prompt_logit(0.5) == 0);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void gumbel_noise_is_logistic(void **state) {
    (void)state;
    enum { N = 20000 };
    static double x[N];
    double worst = 0;
    for (int i = 0; i < N; i++) {
        x[i] = prompt_gumbel(42, (uint64_t)i, 3);
        assert_true(isfinite(x[i]));
    }
    qsort(x, N, sizeof *x, by_value);
    for (int i = 0; i < N; i++) /* Kolmogorov-Smirnov */
        worst = fmax(worst, fabs(((double)i + 0.5) / N - 1 / (1 + exp(-x[i]))));
    assert_true(worst < 1.95 / sqrt(N)); /* exceeded by one seed in a thousand */
}

static void gumbel_noise_is_a_function_of_seed_step_and_gate(void **state) {
    (void)state;
    double a = prompt_gumbel(42, 5, 1);
    assert_true(a == prompt_gumbel(42, 5, 1));
    assert_true(a != prompt_gumbel(43, 5, 1));
    assert_true(a != prompt_gumbel(42, 6, 1));
    assert_true(a != prompt_gumbel(42, 5, 2));
    assert_true(a != prompt_gumbel(42, 5 + (UINT64_C(1) << 32), 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_is_made_behind_cls_and_closed_again),
        cmocka_unit_test(selection_ratio_by_hand),
        cmocka_unit_test(selection_ratio_of_special_gates),
        cmocka_unit_test(selection_ratio_of_nearly_closed_gates_keeps_its_digits),
        cmocka_unit_test(dropout_keeps_its_share_and_scales_it_up),
        cmocka_unit_test(dropout_is_a_function_of_seed_step_position_and_block),
        cmocka_unit_test(sigmoid_and_logit_are_inverse),
        cmocka_unit_test(logit_is_held_away_from_0_and_1),
        cmocka_unit_test(gumbel_noise_is_logistic),
        cmocka_unit_test(gumbel_noise_is_a_function_of_seed_step_and_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
