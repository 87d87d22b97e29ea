#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/philox.h"

/* kat_vectors of Random123 1.14, lines `philox4x32 10`: counter, key, result. */
static void gives_the_known_answers_of_random123(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4];
        struct philox_key key;
        uint32_t result[4];
    } known[] = {
        {{0, 0, 0, 0}, {{0, 0}}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {{0xffffffff, 0xffffffff}},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {{0xa4093822, 0x299f31d0}},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const uint32_t *c = known[i].counter;
        struct philox_words r = philox(known[i].key, c[0], c[1], c[2], c[3]);
        for (int k = 0; k < 4; k++)
            assert_int_equal(r.w[k], known[i].result[k]);
    }
}

static void keys_differ_by_seed_and_stream(void **state) {
    (void)state;
    struct philox_key keys[400];
    size_t n = 0;
    for (uint64_t seed = 0; seed < 40; seed++)
        for (int stream = PHILOX_WEIGHTS; stream <= PHILOX_TEST; stream++)
            keys[n++] = philox_key(seed, (enum philox_stream)stream);
    assert_int_equal(n, 400);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(memcmp(&keys[i], &keys[j], sizeof keys[i]) != 0);
    struct philox_key low = philox_key(1, PHILOX_TEST), high = philox_key(1 + (UINT64_C(1) << 32), PHILOX_TEST);
    assert_true(memcmp(&low, &high, sizeof low) != 0);
}

static void uniform_covers_0_to_1_without_1(void **state) {
    (void)state;
    assert_true(philox_uniform(0) == 0.0f);
    assert_true(philox_uniform(0xffffffff) < 1.0f);
    assert_true(philox_uniform(0xffffffff) > 0.9999999f);
    assert_true(philox_uniform(0x80000000) == 0.5f);
}

enum { DRAWS = 200000 };

static void uniform_has_the_moments_of_a_uniform(void **state) {
    (void)state;
    struct philox_key key = philox_key(3, PHILOX_TEST);
    double sum = 0, squares = 0, lag = 0, last = 0.5;
    for (uint32_t i = 0; i < DRAWS / 4; i++) {
        struct philox_words r = philox(key, i, 0, 0, 0);
        for (int k = 0; k < 4; k++) {
            double u = (double)philox_uniform(r.w[k]);
            assert_true(u >= 0 && u < 1);
            sum += u;
            squares += (u - 0.5) * (u - 0.5);
            lag += (u - 0.5) * (last - 0.5);
            last = u;
        }
    }
    /* Five standard errors of each. */
    assert_true(fabs(sum / DRAWS - 0.5) < 5 * sqrt(1.0 / 12 / DRAWS));
    assert_true(fabs(squares / DRAWS - 1.0 / 12) < 5 * sqrt(1.0 / 180 / DRAWS));
    assert_true(fabs(lag / DRAWS) < 5 * sqrt(1.0 / 144 / DRAWS));
}

static void normal_has_the_moments_of_a_normal(void **state) {
    (void)state;
    struct philox_key key = philox_key(4, PHILOX_TEST);
    double sum = 0, squares = 0, cubes = 0, fourths = 0;
    int outside = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct philox_words r = philox(key, i, 0, 0, 0);
        double x = (double)philox_normal(r.w[0], r.w[1]);
        sum += x;
        squares += x * x;
        cubes += x * x * x;
        fourths += x * x * x * x;
        outside += fabs(x) > 1.959964;
    }
    assert_true(fabs(sum / DRAWS) < 5 * sqrt(1.0 / DRAWS));
    assert_true(fabs(squares / DRAWS - 1) < 5 * sqrt(2.0 / DRAWS));
    assert_true(fabs(cubes / DRAWS) < 5 * sqrt(15.0 / DRAWS));
    assert_true(fabs(fourths / DRAWS - 3) < 5 * sqrt(96.0 / DRAWS));
    assert_true(fabs((double)outside / DRAWS - 0.05) < 5 * sqrt(0.05 * 0.95 / DRAWS));
}

static void normal_is_finite_for_every_corner(void **state) {
    (void)state;
    const uint32_t corners[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++)
            assert_true(isfinite(philox_normal(corners[i], corners[j])));
    assert_true(philox_normal(0, 0) > 6); /* the far tail: sqrt(-2 log 2^-32) */
}

static void below_stays_below_and_is_even(void **state) {
    (void)state;
    struct philox_key key = philox_key(5, PHILOX_TEST);
    int seen[7] = {0};
    for (uint32_t i = 0; i < 70000; i++) {
        struct philox_words r = philox(key, i, 0, 0, 0);
        uint32_t x = philox_below(r.w[0], r.w[1], 7);
        assert_true(x < 7);
        seen[x]++;
    }
    for (int k = 0; k < 7; k++)
        assert_true(abs(seen[k] - 10000) < 500);
    assert_int_equal(philox_below(0xffffffff, 0xffffffff, 1), 0);
    assert_int_equal(philox_below(0xffffffff, 0xffffffff, 0xffffffff), 0xfffffffe);
    assert_int_equal(philox_below(0, 0, 0xffffffff), 0);
}

static void permutation_holds_every_number_once(void **state) {
    (void)state;
    struct philox_key key = philox_key(6, PHILOX_SHUFFLE);
    enum { MOST = 1000 };
    const uint32_t sizes[] = {0, 1, 2, 3, 17, MOST};
    uint32_t order[MOST + 1];
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint8_t seen[MOST] = {0};
        order[sizes[k]] = 0xdeadbeef;
        philox_permutation(key, 9, order, sizes[k]);
        assert_int_equal(order[sizes[k]], 0xdeadbeef);
        for (uint32_t i = 0; i < sizes[k]; i++) {
            assert_true(order[i] < sizes[k]);
            assert_false(seen[order[i]]++);
        }
    }
}

static void permutation_is_a_function_of_key_and_epoch(void **state) {
    (void)state;
    uint32_t a[50], b[50];
    philox_permutation(philox_key(6, PHILOX_SHUFFLE), 9, a, 50);
    philox_permutation(philox_key(6, PHILOX_SHUFFLE), 9, b, 50);
    assert_memory_equal(a, b, sizeof a);
    philox_permutation(philox_key(6, PHILOX_SHUFFLE), 10, b, 50);
    assert_memory_not_equal(a, b, sizeof a);
    philox_permutation(philox_key(7, PHILOX_SHUFFLE), 9, b, 50);
    assert_memory_not_equal(a, b, sizeof a);
}

static void permutations_of_three_are_equally_likely(void **state) {
    (void)state;
    int seen[27] = {0}, kinds = 0;
    for (uint32_t a = 0; a < 6000; a++) {
        uint32_t o[3];
        philox_permutation(philox_key(8, PHILOX_SHUFFLE), a, o, 3);
        seen[9 * o[0] + 3 * o[1] + o[2]]++;
    }
    for (int i = 0; i < 27; i++) {
        kinds += seen[i] > 0;
        assert_true(seen[i] == 0 || abs(seen[i] - 1000) < 150);
    }
    assert_int_equal(kinds, 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_known_answers_of_random123),
        cmocka_unit_test(keys_differ_by_seed_and_stream),
        cmocka_unit_test(uniform_covers_0_to_1_without_1),
        cmocka_unit_test(uniform_has_the_moments_of_a_uniform),
        cmocka_unit_test(normal_has_the_moments_of_a_normal),
        cmocka_unit_test(normal_is_finite_for_every_corner),
        cmocka_unit_test(below_stays_below_and_is_even),
        cmocka_unit_test(permutation_holds_every_number_once),
        cmocka_unit_test(permutation_is_a_function_of_key_and_epoch),
        cmocka_unit_test(permutations_of_three_are_equally_likely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
