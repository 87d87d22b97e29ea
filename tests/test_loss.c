#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/nn/loss.h"
#include "tests/numbers.h"

static void loss_by_hand(void **state) {
    (void)state;
    const float logits[] = {0, 0, 0, 0}, two[] = {(float)log(3.0), 0};
    assert_true(fabs(loss_forward(4, logits, 2) - log(4.0)) < 1e-12);
    assert_true(fabs(loss_forward(2, two, 0) + log(0.75)) < 1e-7);
    assert_true(fabs(loss_forward(2, two, 1) + log(0.25)) < 1e-7);
    assert_true(loss_forward(1, logits, 0) == 0);
}

static void loss_holds_for_large_logits(void **state) {
    (void)state;
    const float logits[] = {1e30f, -1e30f, 0};
    assert_true(loss_forward(3, logits, 0) == 0);
    assert_true(fabs(loss_forward(3, logits, 2) / 1e30 - 1) < 1e-6);
    assert_true(isfinite(loss_forward(3, logits, 1)));
}

static void loss_of_a_nan_or_infinity_is_not_finite(void **state) {
    (void)state;
    const float bad[] = {NAN, INFINITY};
    for (int b = 0; b < 2; b++)
        for (int at = 0; at < 5; at++)
            for (int label = 0; label < 5; label++) {
                float logits[5] = {0, 1, 2, 3, 4}, d[5];
                logits[at] = bad[b];
                double loss = loss_forward(5, logits, label);
                assert_true(isnan(loss) || isinf(loss));
                loss_backward(5, logits, label, 1, d);
                assert_true(isnan(d[at]) || isinf(d[at]));
            }
}

static void gradient_sums_to_0_and_takes_the_weight(void **state) {
    (void)state;
    float logits[37], d[37], half[37];
    numbers_fill(37, 1, -5, 5, logits);
    loss_backward(37, logits, 11, 1, d);
    loss_backward(37, logits, 11, 0.5f, half);
    double sum = 0;
    for (int i = 0; i < 37; i++) {
        sum += (double)d[i];
        assert_true(i == 11 ? d[i] < 0 : d[i] > 0);
        assert_true(half[i] == 0.5f * d[i]);
    }
    assert_true(fabs(sum) < 1e-6);
    loss_backward(37, logits, 11, 0, d);
    for (int i = 0; i < 37; i++)
        assert_true(d[i] == 0);
}

static void rank_counts_larger_logits_and_earlier_equals(void **state) {
    (void)state;
    const float logits[] = {1, 3, 2, 3, 3};
    const int wanted[] = {4, 0, 3, 1, 2};
    for (int label = 0; label < 5; label++)
        assert_int_equal(loss_rank(5, logits, label), wanted[label]);
    assert_int_equal(loss_rank(1, logits, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_by_hand),
        cmocka_unit_test(loss_holds_for_large_logits),
        cmocka_unit_test(loss_of_a_nan_or_infinity_is_not_finite),
        cmocka_unit_test(gradient_sums_to_0_and_takes_the_weight),
        cmocka_unit_test(rank_counts_larger_logits_and_earlier_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
