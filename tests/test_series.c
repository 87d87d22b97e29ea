#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "core/philox.h"
#include "views/series.h"

static struct series_point out[8192];

static void add(struct series *s, double x, double y) {
    struct error e = {0};
    assert_int_equal(series_add(s, x, y, &e), 0);
}

static void assert_real(double value, double expected) {
    if (!(fabs(value - expected) <= 1e-9 * fmax(1, fabs(expected))))
        fail_msg("%.17g is not %.17g", value, expected);
}

static void an_empty_series_has_nothing(void **state) {
    (void)state;
    struct series s = {0};
    double x, y;
    assert_int_equal(series_read(&s, 0, 10, 100, out), 0);
    assert_false(series_last(&s, &x, &y));
    assert_false(series_first(&s, &x, &y));
    assert_false(series_at(&s, 5, &y));
    series_destroy(&s);
}

static void few_values_are_read_as_they_are_with_a_neighbour_on_either_side(void **state) {
    (void)state;
    struct series s = {0};
    for (int i = 0; i < 10; i++)
        add(&s, i, i * i);
    assert_int_equal(series_read(&s, 3, 5, 100, out), 5);
    for (int i = 0; i < 5; i++) {
        assert_real(out[i].x, 2 + i);
        assert_real(out[i].mean, (2 + i) * (2 + i));
        assert_int_equal(out[i].count, 1);
    }
    assert_int_equal(series_read(&s, 0, INFINITY, 100, out), 10);
    assert_int_equal(series_read(&s, 3.2, 3.4, 100, out), 2);
    assert_int_equal(series_read(&s, 5, 3, 100, out), 0);
    series_destroy(&s);
}

static void nothing_is_allocated_after_the_first_value(void **state) {
    (void)state;
    struct series s = {0};
    add(&s, 0, 1);
    const struct series_point *whole = s.whole, *recent = s.recent;
    for (int i = 1; i < 20000; i++)
        add(&s, i, 1);
    assert_ptr_equal(s.whole, whole);
    assert_ptr_equal(s.recent, recent);
    series_destroy(&s);
}

static void one_spike_in_a_million_values_is_seen(void **state) {
    (void)state;
    struct series s = {0};
    for (int i = 0; i < 1000000; i++)
        add(&s, i, i == 123456 ? 100 : i == 654321 ? -100 : 1);
    size_t n = series_read(&s, 0, 1e6, 160, out), count = 0;
    assert_in_range(n, 80, 160);
    double low = INFINITY, high = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, out[i].low);
        high = fmax(high, out[i].high);
        sum += out[i].mean * (double)out[i].count;
        count += out[i].count;
        if (out[i].high > 1) {
            assert_true(out[i].x <= 123456 && (i + 1 == n || out[i + 1].x > 123456));
            assert_real(out[i].low, 1);
        }
    }
    assert_int_equal(count, 1000000);
    assert_real(low, -100);
    assert_real(high, 100);
    assert_true(fabs(sum - 999998) < 1e-3);
    series_destroy(&s);
}

static void the_recent_part_is_read_in_full(void **state) {
    (void)state;
    struct series s = {0};
    for (int i = 0; i < 100000; i++)
        add(&s, i, i);
    size_t n = series_read(&s, 98000, 98099, 8192, out);
    assert_int_equal(n, 102);
    for (size_t i = 0; i < n; i++)
        assert_real(out[i].mean, 97999 + (double)i);
    n = series_read(&s, 90000, 90099, 8192, out); /* older: in buckets */
    assert_in_range(n, 2, 10);
    assert_true(out[0].x <= 90000 && out[n - 1].x + 64 >= 90099);
    series_destroy(&s);
}

static void no_more_points_than_asked_for_and_none_lost(void **state) {
    (void)state;
    struct philox_key key = philox_key(3, PHILOX_TEST);
    for (int count = 1; count < 30000; count += count / 3 + 1) {
        struct series s = {0};
        for (int i = 0; i < count; i++)
            add(&s, i * 0.5, i);
        for (uint32_t k = 0; k < 40; k++) {
            struct philox_words r = philox(key, (uint32_t)count, k, 0, 0);
            size_t most = 1 + r.w[0] % 300, seen = 0;
            double from = r.w[1] % 2 ? 0 : (double)r.w[2] / 0x1p32 * count / 2, to = from + r.w[3] % 20000;
            size_t n = series_read(&s, from, to, most, out);
            assert_in_range(n, 1, most);
            for (size_t i = 0; i < n; i++) {
                assert_true(i == 0 || out[i].x > out[i - 1].x);
                assert_true(out[i].low <= out[i].mean && out[i].mean <= out[i].high);
                seen += out[i].count;
            }
            if (from <= 0 && to >= count)
                assert_int_equal(seen, count);
        }
        series_destroy(&s);
    }
}

static void merged_points_stay_while_the_range_moves(void **state) {
    (void)state;
    static struct series_point moved[200];
    struct series s = {0};
    for (int i = 0; i < 4000; i++)
        add(&s, i, sin(i));
    size_t n = series_read(&s, 100, 1100, 100, out), m = series_read(&s, 110, 1110, 100, moved), same = 0;
    for (size_t i = 1; i + 1 < n; i++)
        for (size_t k = 1; k + 1 < m; k++)
            same += fabs(out[i].x - moved[k].x) < 0.5 && fabs(out[i].mean - moved[k].mean) < 1e-12;
    assert_in_range(same, n - 5, n);
    series_destroy(&s);
}

static void nan_and_infinity_are_gaps(void **state) {
    (void)state;
    struct series s = {0};
    double x, y;
    add(&s, 0, NAN);
    assert_false(series_last(&s, &x, &y));
    add(&s, 1, 5);
    add(&s, 2, INFINITY);
    assert_int_equal(series_read(&s, 0, 2, 10, out), 3);
    assert_int_equal(out[0].count, 0);
    assert_int_equal(out[1].count, 1);
    assert_int_equal(out[2].count, 0);
    assert_true(series_last(&s, &x, &y));
    assert_real(x, 1);
    assert_real(y, 5);
    assert_true(series_first(&s, &x, &y));
    assert_real(x, 1);
    assert_int_equal(series_read(&s, 0, 2, 1, out), 1);
    assert_real(out[0].x, 0);
    assert_real(out[0].mean, 5);
    series_destroy(&s);
}

static void x_never_falls(void **state) {
    (void)state;
    struct series s = {0};
    add(&s, 10, 1);
    add(&s, 5, 2);
    add(&s, NAN, 3);
    assert_int_equal(series_read(&s, 0, 20, 10, out), 2);
    assert_real(out[1].x, 10);
    assert_real(out[1].mean, 2);
    series_destroy(&s);
}

static void the_value_at_a_place_is_the_last_one_before_it(void **state) {
    (void)state;
    struct series s = {0};
    double x, y;
    for (int i = 0; i < 50000; i++)
        add(&s, i, i % 100 == 7 ? (double)NAN : i);
    assert_true(series_at(&s, 49990.5, &y));
    assert_real(y, 49990);
    assert_true(series_at(&s, 49907, &y)); /* a gap */
    assert_real(y, 49906);
    assert_true(series_at(&s, 1e9, &y));
    assert_real(y, 49999);
    assert_true(series_at(&s, 1000, &y)); /* in a bucket of 32 */
    assert_true(fabs(y - 1000) < 32);
    assert_false(series_at(&s, -1, &y));
    assert_true(series_first(&s, &x, &y));
    assert_real(y, 0); /* not the mean of the first bucket */
    series_destroy(&s);
}

static void large_values_do_not_overflow(void **state) {
    (void)state;
    struct series s = {0};
    for (int i = 0; i < 10000; i++)
        add(&s, i, i % 2 ? 1.7e308 : -1.7e308);
    size_t n = series_read(&s, 0, 10000, 2, out);
    for (size_t i = 0; i < n; i++)
        assert_true(isfinite(out[i].mean) && out[i].low < 0 && out[i].high > 0);
    series_destroy(&s);
}

static void smoothing_keeps_gaps_and_levels(void **state) {
    (void)state;
    struct series_point p[] = {{.mean = 4, .low = 4, .high = 4, .count = 1},
                               {.mean = 0, .low = 0, .high = 0, .count = 1},
                               {.mean = (double)NAN, .count = 0},
                               {.mean = 2, .low = 2, .high = 2, .count = 1}};
    series_smooth(p, 4, 1);
    assert_real(p[1].mean, 0);
    series_smooth(p, 4, 3); /* each new one counts half */
    assert_real(p[0].mean, 4);
    assert_real(p[1].mean, 2);
    assert_true(isnan(p[2].mean));
    assert_real(p[3].mean, 2);
    assert_real(p[1].low, 0);
    series_smooth(p, 0, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_series_has_nothing),
        cmocka_unit_test(few_values_are_read_as_they_are_with_a_neighbour_on_either_side),
        cmocka_unit_test(nothing_is_allocated_after_the_first_value),
        cmocka_unit_test(one_spike_in_a_million_values_is_seen),
        cmocka_unit_test(the_recent_part_is_read_in_full),
        cmocka_unit_test(no_more_points_than_asked_for_and_none_lost),
        cmocka_unit_test(merged_points_stay_while_the_range_moves),
        cmocka_unit_test(nan_and_infinity_are_gaps),
        cmocka_unit_test(x_never_falls),
        cmocka_unit_test(the_value_at_a_place_is_the_last_one_before_it),
        cmocka_unit_test(large_values_do_not_overflow),
        cmocka_unit_test(smoothing_keeps_gaps_and_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
