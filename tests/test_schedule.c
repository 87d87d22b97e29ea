#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/train/schedule.h"
#include "tests/numbers.h"

static void paper_is_as_published(void **state) {
    (void)state;
    FILE *f = fopen(numbers_fixture("schedule_paper.txt"), "r");
    assert_non_null(f);
    char line[256];
    unsigned long long epoch;
    double factor;
    size_t rows = 0;
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%llu %lf", &epoch, &factor) != 2)
            continue;
        assert_true(fabs(schedule_factor(SCHEDULE_PAPER, epoch, 100, 10) - factor) < 1e-12);
        rows++;
    }
    fclose(f);
    assert_int_equal(rows, 100);
    assert_true(schedule_factor(SCHEDULE_PAPER, 0, 100, 10) == 0);
}

static void cosine_is_above_0_from_the_first_epoch_to_the_last(void **state) {
    (void)state;
    const uint64_t lengths[] = {1, 2, 3, 5, 9, 10, 11, 20, 100, 1000}, warmups[] = {0, 1, 10, 100000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t w = 0; w < 4; w++) {
            double largest = 0;
            for (uint64_t e = 0; e < lengths[i]; e++) {
                double x = schedule_factor(SCHEDULE_COSINE, e, lengths[i], warmups[w]);
                assert_true(x > 0 && x <= 1);
                largest = fmax(largest, x);
            }
            assert_true(largest == 1);
            assert_true(schedule_factor(SCHEDULE_COSINE, lengths[i], lengths[i], warmups[w]) < 1e-12);
            assert_true(schedule_factor(SCHEDULE_COSINE, lengths[i] + 3, lengths[i], warmups[w]) < 1e-12);
        }
}

/* Epochs before the first at 1. */
static uint64_t ramp(enum schedule_kind kind, uint64_t epochs, uint64_t warmup) {
    uint64_t e = 0;
    while (schedule_factor(kind, e, epochs, warmup) < 1)
        e++;
    return e;
}

static void warmup_is_at_most_a_tenth_of_the_run(void **state) {
    (void)state;
    const enum schedule_kind kinds[] = {SCHEDULE_COSINE, SCHEDULE_CONSTANT};
    for (int k = 0; k < 2; k++) {
        assert_int_equal(ramp(kinds[k], 100, 10), 10);
        assert_int_equal(ramp(kinds[k], 100, 4), 4);
        assert_int_equal(ramp(kinds[k], 100, 50), 10);
        assert_int_equal(ramp(kinds[k], 39, 10), 3);
        assert_int_equal(ramp(kinds[k], 9, 10), 0);
        assert_int_equal(ramp(kinds[k], 100, 0), 0);
    }
    assert_int_equal(ramp(SCHEDULE_PAPER, 100, 50), 50); /* as asked for */
}

static void cosine_by_hand(void **state) {
    (void)state;
    assert_true(fabs(schedule_factor(SCHEDULE_COSINE, 0, 20, 10) - 1.0 / 3) < 1e-15);
    assert_true(fabs(schedule_factor(SCHEDULE_COSINE, 1, 20, 10) - 2.0 / 3) < 1e-15);
    assert_true(schedule_factor(SCHEDULE_COSINE, 2, 20, 10) == 1);
    assert_true(fabs(schedule_factor(SCHEDULE_COSINE, 11, 20, 10) - 0.5) < 1e-15);
    for (uint64_t e = 3; e < 20; e++)
        assert_true(schedule_factor(SCHEDULE_COSINE, e, 20, 10) < schedule_factor(SCHEDULE_COSINE, e - 1, 20, 10));
}

static void constant_stays_at_1_after_its_ramp(void **state) {
    (void)state;
    assert_true(fabs(schedule_factor(SCHEDULE_CONSTANT, 0, 20, 10) - 1.0 / 3) < 1e-15);
    for (uint64_t e = 2; e < 30; e++)
        assert_true(schedule_factor(SCHEDULE_CONSTANT, e, 20, 10) == 1);
}

static void a_paper_warmup_longer_than_the_run_is_a_ramp(void **state) {
    (void)state;
    for (uint64_t e = 0; e < 5; e++)
        assert_true(fabs(schedule_factor(SCHEDULE_PAPER, e, 5, 10) - (double)e / 10) < 1e-15);
    for (uint64_t e = 5; e < 20; e++) { /* nothing is divided by 0 */
        double x = schedule_factor(SCHEDULE_PAPER, e, 5, 5);
        assert_true(x >= 0 && x <= 1);
    }
    assert_true(schedule_factor(SCHEDULE_PAPER, 0, 5, 0) == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paper_is_as_published),
        cmocka_unit_test(cosine_is_above_0_from_the_first_epoch_to_the_last),
        cmocka_unit_test(warmup_is_at_most_a_tenth_of_the_run),
        cmocka_unit_test(cosine_by_hand),
        cmocka_unit_test(constant_stays_at_1_after_its_ramp),
        cmocka_unit_test(a_paper_warmup_longer_than_the_run_is_a_ramp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
