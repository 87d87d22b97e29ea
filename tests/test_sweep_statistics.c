#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "app/sweep_statistics.h"

static void assert_near(double found, double expected, double within) {
    if (!(fabs(found - expected) <= within))
        fail_msg("%.12g, expected %.12g", found, expected);
}

/* scipy.stats.t.ppf(0.975, n) */
static void quantiles_are_those_of_students_t(void **state) {
    (void)state;
    static const struct {
        size_t freedom;
        double t;
    } known[] = {{1, 12.706204736432095},  {2, 4.302652729911275},    {3, 3.182446305284263},
                 {4, 2.7764451051977987},  {5, 2.5705818366147395},   {9, 2.2621571627409915},
                 {10, 2.2281388519649385}, {30, 2.0422724563012373},  {99, 1.9842169515086827},
                 {100, 1.983971518449634}, {1000, 1.9623390808264078}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_near(sweep_statistics_quantile(known[i].freedom), known[i].t, 1e-9);
}

static void quantiles_fall_to_that_of_the_normal_distribution(void **state) {
    (void)state;
    for (size_t n = 1; n < 300; n++)
        assert_true(sweep_statistics_quantile(n) > sweep_statistics_quantile(n + 1));
    assert_near(sweep_statistics_quantile(1000000), 1.959963984540054, 1e-5);
}

static void mean_deviation_and_interval_of_a_few_numbers(void **state) {
    (void)state;
    struct sweep_statistics s = sweep_statistics_of((double[]){0.1, 0.2, 0.3, 0.6}, 4);
    assert_int_equal(s.count, 4);
    assert_near(s.mean, 0.3, 1e-15);
    assert_near(s.sd, 0.21602468994692867, 1e-15);
    assert_near(s.half, 3.182446305284263 * 0.21602468994692867 / 2, 1e-10);
}

static void equal_numbers_have_an_interval_of_no_width(void **state) {
    (void)state;
    struct sweep_statistics s = sweep_statistics_of((double[]){0.25, 0.25, 0.25}, 3);
    assert_true(s.mean == 0.25 && s.sd == 0 && s.half == 0);
}

static void one_number_has_no_interval_and_none_has_no_mean(void **state) {
    (void)state;
    struct sweep_statistics s = sweep_statistics_of((double[]){0.4}, 1);
    assert_true(s.mean == 0.4 && isnan(s.sd) && isnan(s.half));
    s = sweep_statistics_of(NULL, 0);
    assert_true(s.count == 0 && isnan(s.mean) && isnan(s.sd) && isnan(s.half));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_students_t),
        cmocka_unit_test(quantiles_fall_to_that_of_the_normal_distribution),
        cmocka_unit_test(mean_deviation_and_interval_of_a_few_numbers),
        cmocka_unit_test(equal_numbers_have_an_interval_of_no_width),
        cmocka_unit_test(one_number_has_no_interval_and_none_has_no_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
