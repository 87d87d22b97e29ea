#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/formats/crc32c.h"
#include "core/formats/tfrecord.h"
#include "tests/examples.h"

static void the_checksum_is_crc_32c(void **state) {
    (void)state;
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(crc32c_masked("123456789", 9), 0xc78ab0e5u);
    uint8_t data[100];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37);
    for (size_t n = 0; n <= sizeof data; n++) {
        assert_int_equal(crc32c_masked(data, n), bytes_checksum(data, n));
        assert_int_equal(crc32c(crc32c(0, data, n), data + n, sizeof data - n), crc32c(0, data, sizeof data));
    }
}

/* Records of 0, 1, 5000 and 7 bytes. */
static const size_t sizes[] = {0, 1, 5000, 7};

static FILE *write_records(void) {
    static uint8_t data[5000];
    FILE *f = tmpfile();
    assert_non_null(f);
    for (size_t i = 0; i < 4; i++) {
        memset(data, (int)(65 + i), sizeof data);
        bytes_write_record(f, data, sizes[i]);
    }
    assert_int_equal(fflush(f), 0);
    return f;
}

static uint64_t length_of(FILE *f) {
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    return (uint64_t)ftell(f);
}

static void records_follow_one_another(void **state) {
    (void)state;
    FILE *f = write_records();
    struct window w;
    struct tfrecord r;
    uint8_t data[5000];
    uint64_t at = 0;
    window_on_file(&w, fileno(f), length_of(f));
    for (size_t i = 0; i < 4; i++, at = r.next) {
        assert_int_equal(tfrecord_at(&w, at, &r, NULL), 0);
        assert_int_equal(r.size, sizes[i]);
        assert_int_equal(tfrecord_read(&w, &r, data, NULL), 0);
        for (size_t k = 0; k < r.size; k++)
            assert_int_equal(data[k], 65 + i);
    }
    assert_int_equal(at, length_of(f));
    assert_int_equal(tfrecord_at(&w, at, &r, NULL), ERROR_FORMAT);
    fclose(f);
}

static void every_flipped_bit_is_found(void **state) {
    (void)state;
    uint8_t file[64], data[16];
    FILE *f = fmemopen(file, sizeof file, "w");
    bytes_write_record(f, "0123456789", 10);
    fclose(f);
    for (size_t bit = 0; bit < 26 * 8; bit++) {
        struct window w;
        struct tfrecord r;
        struct error e = {0};
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
        window_on_memory(&w, file, 26);
        int found = tfrecord_at(&w, 0, &r, &e);
        if (found == 0)
            found = tfrecord_read(&w, &r, data, &e);
        assert_int_equal(found, ERROR_FORMAT);
        assert_non_null(strstr(e.text, "record at byte 0: "));
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_file_that_ends_early_is_an_error(void **state) {
    (void)state;
    uint8_t file[64], data[16];
    FILE *f = fmemopen(file, sizeof file, "w");
    bytes_write_record(f, "0123456789", 10);
    fclose(f);
    for (size_t n = 0; n < 26; n++) {
        struct window w;
        struct tfrecord r;
        window_on_memory(&w, file, n);
        assert_true(tfrecord_at(&w, 0, &r, NULL) == ERROR_FORMAT || tfrecord_read(&w, &r, data, NULL) == ERROR_FORMAT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_crc_32c),
        cmocka_unit_test(records_follow_one_another),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(a_file_that_ends_early_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
