#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/arena.h"

static void counting_takes_give_nothing_and_add_up(void **state) {
    (void)state;
    struct arena a = {0};
    assert_null(arena_take(&a, 1, 1));
    assert_int_equal(a.used, 64);
    assert_null(arena_floats(&a, 17));
    assert_int_equal(a.used, 64 + 128);
    assert_null(arena_take(&a, 0, 8));
    assert_int_equal(a.used, 64 + 128);
    assert_false(a.overflow);
}

static void the_second_pass_gives_zeroed_lines_of_their_own(void **state) {
    (void)state;
    const size_t sizes[] = {1, 16, 17, 3, 1000};
    float *taken[5];
    struct arena a = {0};
    struct error e = {0};
    for (int i = 0; i < 5; i++)
        arena_floats(&a, sizes[i]);
    size_t counted = a.used;
    assert_int_equal(arena_reserve(&a, &e), 0);
    for (int i = 0; i < 5; i++) {
        taken[i] = arena_floats(&a, sizes[i]);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % 64, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_true(taken[i][k] == 0.0f);
        memset(taken[i], 0x40 + i, sizes[i] * sizeof(float));
    }
    assert_int_equal(a.used, counted);
    for (int i = 0; i < 5; i++)
        for (size_t k = 0; k < sizes[i] * sizeof(float); k++)
            assert_int_equal(((unsigned char *)taken[i])[k], 0x40 + i);
    arena_release(&a);
    assert_null(a.base);
    assert_int_equal(a.used, 0);
    arena_release(&a);
}

static void an_empty_arena_can_be_reserved(void **state) {
    (void)state;
    struct arena a = {0};
    struct error e = {0};
    assert_int_equal(arena_reserve(&a, &e), 0);
    assert_non_null(a.base);
    arena_release(&a);
}

static void sizes_beyond_the_address_space_are_an_error(void **state) {
    (void)state;
    const struct {
        size_t count, bytes;
    } takes[] = {{SIZE_MAX, 1}, {SIZE_MAX / 2, 4}, {SIZE_MAX / 4 + 1, 1}, {SIZE_MAX, SIZE_MAX}};
    for (size_t i = 0; i < 4; i++) {
        struct arena a = {0};
        struct error e = {0};
        assert_null(arena_take(&a, takes[i].count, takes[i].bytes));
        assert_null(arena_floats(&a, 4));
        assert_int_equal(arena_reserve(&a, &e), ERROR_MEMORY);
        assert_int_equal(e.code, ERROR_MEMORY);
        assert_true(strlen(e.text) > 0);
        assert_null(a.base);
        arena_release(&a);
    }
}

static void a_sum_beyond_the_address_space_is_an_error(void **state) {
    (void)state;
    struct arena a = {0};
    struct error e = {0};
    for (int i = 0; i < 8; i++)
        arena_take(&a, SIZE_MAX / 8, 1);
    assert_true(a.overflow);
    assert_int_equal(arena_reserve(&a, &e), ERROR_MEMORY);
}

static void memory_that_the_machine_lacks_is_an_error_with_its_size(void **state) {
    (void)state;
    struct arena a = {0};
    struct error e = {0};
    arena_take(&a, (size_t)1 << 50, 1);
    assert_int_equal(arena_reserve(&a, &e), ERROR_MEMORY);
    assert_non_null(strstr(e.text, "1073741824.0 MiB"));
    assert_null(a.base);
}

static void product_says_when_it_does_not_fit(void **state) {
    (void)state;
    assert_int_equal(arena_product(6, 7), 42);
    assert_int_equal(arena_product(0, SIZE_MAX), 0);
    assert_int_equal(arena_product(SIZE_MAX, 1), SIZE_MAX);
    assert_true(arena_product(SIZE_MAX, 2) == SIZE_MAX);
    assert_true(arena_product((size_t)1 << 32, (size_t)1 << 32) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counting_takes_give_nothing_and_add_up),
        cmocka_unit_test(the_second_pass_gives_zeroed_lines_of_their_own),
        cmocka_unit_test(an_empty_arena_can_be_reserved),
        cmocka_unit_test(sizes_beyond_the_address_space_are_an_error),
        cmocka_unit_test(a_sum_beyond_the_address_space_is_an_error),
        cmocka_unit_test(memory_that_the_machine_lacks_is_an_error_with_its_size),
        cmocka_unit_test(product_says_when_it_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
