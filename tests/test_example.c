#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/formats/example.h"
#include "tests/examples.h"

struct ints {
    int64_t at[16];
    size_t count;
};

static bool take_int(void *context, size_t i, int64_t value) {
    struct ints *v = context;
    assert_int_equal(i, v->count);
    v->at[v->count++] = value;
    return v->count < 16;
}

struct floats {
    float at[16];
    size_t count;
};

static bool take_float(void *context, size_t i, float value) {
    struct floats *v = context;
    assert_int_equal(i, v->count);
    v->at[v->count++] = value;
    return v->count < 16;
}

static const char *const names[] = {"image", "label", "depth", "none"};
static const int64_t labels[] = {7, -1, INT64_MIN, 300};
static const float depths[] = {0.5f, -3.0f, 1e30f};

static void make(struct bytes *out, int packed) {
    struct bytes map = {.size = 0};
    bytes_floats(&map, "depth", 3, depths, packed);
    bytes_string(&map, "imag", "wrong", 5);
    bytes_string(&map, "image", "a picture", 9);
    bytes_ints(&map, "label", 4, labels, packed);
    bytes_example(out, &map);
}

static void expect_all(struct window *w, size_t size) {
    struct example_list lists[4];
    uint64_t place, n;
    assert_int_equal(example_find(w, 0, size, names, 4, lists, NULL), 0);
    assert_int_equal(example_bytes(w, &lists[0], &place, &n, NULL), 0);
    assert_int_equal(n, 9);
    assert_memory_equal(window_at(w, place, 9), "a picture", 9);
    struct ints ints = {.count = 0};
    assert_int_equal(example_ints(w, &lists[1], take_int, &ints, NULL), 0);
    assert_int_equal(ints.count, 4);
    assert_memory_equal(ints.at, labels, sizeof labels);
    struct floats floats = {.count = 0};
    assert_int_equal(example_floats(w, &lists[2], take_float, &floats, NULL), 0);
    assert_int_equal(floats.count, 3);
    assert_memory_equal(floats.at, depths, sizeof depths);
    assert_int_equal(lists[3].kind, EXAMPLE_NONE);
    ints.count = 0;
    assert_int_equal(example_ints(w, &lists[3], take_int, &ints, NULL), 0);
    assert_int_equal(ints.count, 0);
}

static void values_are_read_packed_or_not_from_memory_and_file(void **state) {
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        struct bytes example;
        struct window w;
        make(&example, packed);
        window_on_memory(&w, example.at, example.size);
        expect_all(&w, example.size);
        FILE *f = tmpfile();
        assert_non_null(f);
        assert_int_equal(fwrite(example.at, 1, example.size, f), example.size);
        assert_int_equal(fflush(f), 0);
        window_on_file(&w, fileno(f), example.size);
        expect_all(&w, example.size);
        fclose(f);
    }
}

static void unknown_fields_are_passed_over_and_the_last_entry_counts(void **state) {
    (void)state;
    const int64_t first = 1, second = 2;
    struct bytes map = {.size = 0}, example = {.size = 0};
    struct window w;
    struct example_list lists[4];
    bytes_ints(&map, "label", 1, &first, 1);
    bytes_varint(&map, 9 << 3 | 1); /* eight bytes of field 9 */
    bytes_add(&map, "01234567", 8);
    bytes_ints(&map, "label", 1, &second, 0);
    bytes_varint(&example, 4 << 3 | 5); /* four of field 4 */
    bytes_add(&example, "0123", 4);
    bytes_field(&example, 1, map.at, map.size);
    bytes_varint(&example, 7 << 3); /* a varint of field 7 */
    bytes_varint(&example, 123456789);
    window_on_memory(&w, example.at, example.size);
    assert_int_equal(example_find(&w, 0, example.size, names, 4, lists, NULL), 0);
    struct ints ints = {.count = 0};
    assert_int_equal(example_ints(&w, &lists[1], take_int, &ints, NULL), 0);
    assert_int_equal(ints.count, 1);
    assert_int_equal(ints.at[0], 2);
}

static void another_kind_of_value_is_an_error_that_says_so(void **state) {
    (void)state;
    struct bytes example;
    struct window w;
    struct example_list lists[4];
    struct error e = {0};
    uint64_t place, size;
    make(&example, 1);
    window_on_memory(&w, example.at, example.size);
    assert_int_equal(example_find(&w, 0, example.size, names, 4, lists, NULL), 0);
    assert_int_equal(example_ints(&w, &lists[0], take_int, NULL, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "byte strings where integers were expected"));
    assert_int_equal(example_floats(&w, &lists[1], take_float, NULL, &e), ERROR_FORMAT);
    assert_int_equal(example_bytes(&w, &lists[3], &place, &size, &e), ERROR_FORMAT);
}

/* Nothing is read beyond the example's end, whatever its bytes are. */
static void damage_is_an_error_or_other_values(void **state) {
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        struct bytes example;
        make(&example, packed);
        for (size_t n = 0; n < example.size; n++)
            for (int bit = -1; bit < 8; bit++) {
                size_t size = bit < 0 ? n : example.size;
                uint8_t *copy = malloc(size + 1);
                struct window w;
                struct example_list lists[4];
                uint64_t place, length;
                assert_non_null(copy);
                memcpy(copy, example.at, size);
                if (bit >= 0)
                    copy[n] ^= (uint8_t)(1 << bit);
                window_on_memory(&w, copy, size);
                struct ints ints = {.count = 0};
                struct floats floats = {.count = 0};
                int r = example_find(&w, 0, size, names, 4, lists, NULL);
                if (bit < 0)
                    assert_int_equal(r, n == 0 ? 0 : ERROR_FORMAT);
                if (r == 0) {
                    example_ints(&w, &lists[1], take_int, &ints, NULL);
                    example_floats(&w, &lists[2], take_float, &floats, NULL);
                    if (example_bytes(&w, &lists[0], &place, &length, NULL) == 0)
                        assert_true(place <= size && length <= size - place);
                }
                free(copy);
            }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_packed_or_not_from_memory_and_file),
        cmocka_unit_test(unknown_fields_are_passed_over_and_the_last_entry_counts),
        cmocka_unit_test(another_kind_of_value_is_an_error_that_says_so),
        cmocka_unit_test(damage_is_an_error_or_other_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
