/* vector_ops.product of every set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/nn/vector.h"
#include "tests/numbers.h"

enum { PRODUCT_M = 14, PRODUCT_N = 37, PRODUCT_K = 33, PRODUCT_ROOM = 64 };
static float left[PRODUCT_M * PRODUCT_K], right[PRODUCT_K * PRODUCT_ROOM], result[PRODUCT_M * PRODUCT_ROOM];

/* result [m, n] of one shape, in either layout of A and with or without what was there; checked against double. */
static void product_of(const struct vector_ops *v, size_t m, size_t n, size_t k, bool transposed, bool add) {
    for (size_t i = 0; i < PRODUCT_M * PRODUCT_ROOM; i++)
        result[i] = (float)(i % 5);
    struct vector_product p = {.m = m,
                               .n = n,
                               .k = k,
                               .a = left,
                               .a_row = transposed ? 1 : PRODUCT_K,
                               .a_col = transposed ? PRODUCT_M : 1,
                               .b = right,
                               .b_row = PRODUCT_ROOM,
                               .c = result,
                               .c_row = PRODUCT_ROOM,
                               .add = add};
    v->product(&p);
    for (size_t i = 0; i < PRODUCT_M; i++)
        for (size_t j = 0; j < PRODUCT_ROOM; j++) {
            float before = (float)((i * PRODUCT_ROOM + j) % 5), after = result[i * PRODUCT_ROOM + j];
            double sum = add ? (double)before : 0, size = fabs(sum);
            for (size_t l = 0; l < k; l++) {
                double term = (double)left[i * p.a_row + l * p.a_col] * (double)right[l * PRODUCT_ROOM + j];
                sum += term;
                size += fabs(term);
            }
            if (i < m && j < n)
                assert_true(fabs((double)after - sum) <= 1e-6 * size);
            else
                assert_true(after == before);
        }
}

static void product_agrees_with_double_precision(void **state) {
    (void)state;
    numbers_fill(PRODUCT_M * PRODUCT_K, 1, -1, 1, left);
    numbers_fill(PRODUCT_K * PRODUCT_ROOM, 2, -1, 1, right);
    for (const struct vector_ops *const *set = vector_all(); *set; set++) {
        assert_true(PRODUCT_ROOM % (*set)->width == 0);
        for (size_t m = 0; m < PRODUCT_M; m++)
            for (size_t n = 1; n <= PRODUCT_N; n++)
                for (int way = 0; way < 4; way++)
                    product_of(*set, m, n, m % 2 ? PRODUCT_K : 1 + m, way & 1, way & 2);
    }
}

static void a_value_of_a_product_has_the_same_bits_in_any_place(void **state) {
    (void)state;
    static float wanted[PRODUCT_M * PRODUCT_ROOM];
    numbers_fill(PRODUCT_M * PRODUCT_K, 3, -1, 1, left);
    numbers_fill(PRODUCT_K * PRODUCT_ROOM, 4, -1, 1, right);
    for (const struct vector_ops *const *set = vector_all(); *set; set++) {
        product_of(*set, PRODUCT_M - 1, PRODUCT_N, PRODUCT_K, false, false);
        memcpy(wanted, result, sizeof wanted);
        for (size_t m = 1; m < PRODUCT_M; m++) {
            product_of(*set, m, PRODUCT_N - m, PRODUCT_K, false, false);
            for (size_t i = 0; i < m; i++)
                assert_memory_equal(result + i * PRODUCT_ROOM, wanted + i * PRODUCT_ROOM,
                                    (PRODUCT_N - m) * sizeof *result);
        }
    }
}

static void a_nan_spreads_over_its_row_or_column_of_a_product(void **state) {
    (void)state;
    for (const struct vector_ops *const *set = vector_all(); *set; set++)
        for (int in_left = 0; in_left < 2; in_left++) {
            numbers_fill(PRODUCT_M * PRODUCT_K, 5, -1, 1, left);
            numbers_fill(PRODUCT_K * PRODUCT_ROOM, 6, -1, 1, right);
            *(in_left ? left + 8 * PRODUCT_K + 3 : right + 3 * PRODUCT_ROOM + 20) = NAN;
            struct vector_product p = {PRODUCT_M, PRODUCT_N,    PRODUCT_K, left,         PRODUCT_K, 1,
                                       right,     PRODUCT_ROOM, result,    PRODUCT_ROOM, false};
            (*set)->product(&p);
            for (size_t i = 0; i < PRODUCT_M; i++)
                for (size_t j = 0; j < PRODUCT_N; j++)
                    assert_true(isnan(result[i * PRODUCT_ROOM + j]) == (in_left ? i == 8 : j == 20));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_agrees_with_double_precision),
        cmocka_unit_test(a_value_of_a_product_has_the_same_bits_in_any_place),
        cmocka_unit_test(a_nan_spreads_over_its_row_or_column_of_a_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
