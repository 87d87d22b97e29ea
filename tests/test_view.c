#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "views/view.h"

static void every_view_is_in_the_table_under_its_name(void **state) {
    (void)state;
    static const char *const names[VIEW_COUNT] = {
#define X(constant, name) [constant] = #name,
        VIEWS(X)
#undef X
    };
    for (int i = 0; i < VIEW_COUNT; i++) {
        assert_string_equal(view_of((enum view_id)i)->name, names[i]);
        assert_non_null(view_of((enum view_id)i)->title);
        assert_non_null(view_of((enum view_id)i)->draw);
    }
}

static void durations_are_said_as_people_say_them(void **state) {
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0, "0 s"},         {-3, "0 s"},       {(double)NAN, "0 s"},
        {41.6, "42 s"},     {59.4, "59 s"},    {59.6, "1m00s"},
        {200, "3m20s"},     {3599.6, "1h00m"}, {15 * 3600 + 240, "15h04m"},
        {86399.7, "1d00h"}, {183600, "2d03h"}, {1e300, "11574074d01h"},
    };
    char text[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(view_duration(cases[i].seconds, text), cases[i].text);
}

static void bytes_have_a_unit_and_four_digits_at_most(void **state) {
    (void)state;
    static const struct {
        size_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1 KiB"},
        {(size_t)559 << 20, "559 MiB"},
        {((size_t)1 << 30) - 1, "1.0 GiB"},
        {(size_t)1288490189, "1.2 GiB"},
        {(size_t)200 << 30, "200 GiB"},
        {SIZE_MAX, "16.0 EiB"},
    };
    char text[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(view_bytes(cases[i].bytes, text), cases[i].text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_view_is_in_the_table_under_its_name),
        cmocka_unit_test(durations_are_said_as_people_say_them),
        cmocka_unit_test(bytes_have_a_unit_and_four_digits_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
