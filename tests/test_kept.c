#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/train/kept.h"

enum { FLOATS = 5, BYTES = FLOATS * sizeof(float) };
static const size_t counts[SPLITS] = {4, 0, 3};

static struct kept *create(size_t limit) {
    struct kept *k = NULL;
    struct error e = {0};
    assert_int_equal(kept_create(&k, counts, FLOATS, limit, &e), 0);
    return k;
}

static void put(struct kept *k, enum split split, size_t index) {
    float values[FLOATS];
    for (int i = 0; i < FLOATS; i++)
        values[i] = (float)(100 * (int)split + 10 * (int)index + i);
    kept_put(k, split, index, values);
}

static bool has(const struct kept *k, enum split split, size_t index) {
    const float *v = kept_get(k, split, index);
    for (int i = 0; v && i < FLOATS; i++)
        assert_true(v[i] == (float)(100 * (int)split + 10 * (int)index + i));
    return v;
}

static void what_is_put_is_got(void **state) {
    (void)state;
    struct kept *k = create(1 << 20);
    for (size_t i = 0; i < 4; i++) {
        assert_false(has(k, SPLIT_TRAIN, i));
        put(k, SPLIT_TRAIN, i);
    }
    assert_false(has(k, SPLIT_TEST, 2));
    put(k, SPLIT_TEST, 2);
    for (size_t i = 0; i < 4; i++)
        assert_true(has(k, SPLIT_TRAIN, i));
    assert_true(has(k, SPLIT_TEST, 2));
    assert_false(has(k, SPLIT_TEST, 1));
    kept_destroy(k);
    kept_destroy(NULL);
}

static void what_came_first_stays_within_the_limit(void **state) {
    (void)state;
    for (size_t limit = 0; limit <= 4 * BYTES; limit += BYTES / 2) {
        struct kept *k = create(limit);
        for (int twice = 0; twice < 2; twice++)
            for (size_t i = 0; i < 4; i++)
                put(k, SPLIT_TRAIN, i);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(has(k, SPLIT_TRAIN, i), i < limit / BYTES);
        kept_destroy(k);
    }
}

static void bytes_are_those_of_all_images_or_the_limit(void **state) {
    (void)state;
    assert_int_equal(kept_bytes(counts, FLOATS, 1 << 20), 7 * BYTES);
    assert_int_equal(kept_bytes(counts, FLOATS, 3 * BYTES + 1), 3 * BYTES);
    assert_int_equal(kept_bytes(counts, FLOATS, 0), 0);
}

static void more_than_there_is_is_an_error(void **state) {
    (void)state;
    struct kept *k = NULL;
    struct error e = {0};
    const size_t many[SPLITS] = {(size_t)1 << 40, 0, 0};
    assert_int_equal(kept_create(&k, many, (size_t)1 << 24, SIZE_MAX, &e), ERROR_MEMORY);
    assert_null(k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_got),
        cmocka_unit_test(what_came_first_stays_within_the_limit),
        cmocka_unit_test(bytes_are_those_of_all_images_or_the_limit),
        cmocka_unit_test(more_than_there_is_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
