/* Headers of .npy files, and arrays in .npz files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <zip.h>

#include "core/formats/npz.h"
#include "tests/pictures.h"

/* A header of format 1.0, or 2.0 where it is `long_`; returns its size. */
static size_t header(uint8_t *out, const char *text, bool long_) {
    size_t n = strlen(text), before = long_ ? 12 : 10;
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[6] = long_ ? 2 : 1;
    out[8] = (uint8_t)n;
    out[9] = (uint8_t)(n >> 8);
    out[10] = out[11] = 0;
    memcpy(out + before, text, n);
    return before + n;
}

static void type_and_shape_are_read(void **state) {
    (void)state;
    uint8_t b[512];
    struct npy n;
    size_t size = header(b, "{'descr': '|u1', 'fortran_order': False, 'shape': (737280, 64, 64), }   \n", false);
    assert_true(npy_header(&n, b, size));
    assert_int_equal(n.size, size);
    assert_string_equal(n.type, "|u1");
    assert_int_equal(n.dimensions, 3);
    assert_int_equal(n.shape[0], 737280);
    assert_int_equal(n.shape[2], 64);
    size = header(b, "{'shape': (5L,), 'fortran_order': False, 'descr': '<i8'}\n", true);
    assert_true(npy_header(&n, b, size));
    assert_int_equal(n.dimensions, 1);
    assert_int_equal(n.shape[0], 5);
    size = header(b, "{'descr': '<f4', 'fortran_order': False, 'shape': ()}\n", false);
    assert_true(npy_header(&n, b, size));
    assert_int_equal(n.dimensions, 0);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(npy_header(&n, b, cut));
    b[6] = 4;
    assert_false(npy_header(&n, b, size));
}

static void anything_else_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "{'descr': '<i8', 'fortran_order': False}",
        "{'descr': '<i8', 'shape': (5,)}",
        "{'fortran_order': False, 'shape': (5,)}",
        "{'descr': '<i8', 'fortran_order': True, 'shape': (5,)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (5)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (5,,)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (-5,)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (5,6}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (5 6)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (18446744073709551616,)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (1,2,3,4,5,6,7,8,9)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (5,)} x",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (5,)",
        "{'descr': '<i8' 'fortran_order': False, 'shape': (5,)}",
        "{'descr': '<i8', 'descr': '<i8', 'fortran_order': False, 'shape': (5,)}",
        "{'descr': [('a', '<i8')], 'fortran_order': False, 'shape': (5,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (5,)}",
        "{'descr': '<i8888888888888888', 'fortran_order': False, 'shape': (5,)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (5,), 'more': 1}",
    };
    uint8_t b[512];
    struct npy n;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (npy_header(&n, b, header(b, bad[i], false)))
            fail_msg("%s", bad[i]);
}

/* `values` bytes 0, 1, 2 ... as a.npy, stored or deflated; the header says (`says`, 2) bytes. */
static void write_npz(const char *path, int says, size_t values, zip_int32_t method) {
    char text[128];
    uint8_t *bytes = malloc(200 + values);
    assert_non_null(bytes);
    snprintf(text, sizeof text, "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 2), }\n", says);
    size_t size = header(bytes, text, false);
    for (size_t i = 0; i < values; i++)
        bytes[size + i] = (uint8_t)i;
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    zip_int64_t index = zip_file_add(zip, "a.npy", zip_source_buffer(zip, bytes, size + values, 1), 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, method, 6), 0);
    assert_int_equal(zip_close(zip), 0);
}

static void values_are_read_piece_by_piece(void **state) {
    char *folder = pictures_folder(), *path = strdup(pictures_path(folder, "a.npz"));
    const zip_int32_t methods[] = {ZIP_CM_STORE, ZIP_CM_DEFLATE};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct npz *z;
        uint8_t piece[3000];
        write_npz(path, 10000, 20000, methods[i]);
        assert_int_equal(npz_open(&z, path, "a.npy", "|u1", NULL), 0);
        assert_int_equal(npz_array(z)->shape[0], 10000);
        for (size_t at = 0; at < 20000; at += 2500) {
            assert_int_equal(npz_read(z, piece, 2500, NULL), 0);
            for (size_t k = 0; k < 2500; k++)
                assert_int_equal(piece[k], (uint8_t)(at + k));
        }
        assert_int_equal(npz_end(z, NULL), 0);
        assert_int_equal(npz_read(z, piece, 1, NULL), ERROR_FORMAT);
        npz_close(z);
    }
    free(path);
    pictures_remove(folder);
}

static void a_damaged_archive_is_said(void **state) {
    char *folder = pictures_folder(), *path = strdup(pictures_path(folder, "a.npz"));
    struct npz *z;
    struct error e = {0};
    uint8_t values[20000];
    (void)state;
    write_npz(path, 10001, 20000, ZIP_CM_STORE);
    assert_int_equal(npz_open(&z, path, "a.npy", "|u1", &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "a.npz: its member a.npy is damaged (it is not as long as its shape asks for)"));
    write_npz(path, 10000, 20000, ZIP_CM_STORE);
    assert_int_equal(npz_open(&z, path, "b.npy", "|u1", &e), ERROR_FORMAT);
    assert_int_equal(npz_open(&z, path, "a.npy", "<f4", &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "of type '|u1'; '<f4' was expected"));
    FILE *f = fopen(path, "r+b"); /* one wrong byte: the checksum tells */
    assert_non_null(f);
    assert_int_equal(fseek(f, 15000, SEEK_SET), 0);
    fputc(3, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(npz_open(&z, path, "a.npy", "|u1", &e), 0);
    int r = npz_read(z, values, sizeof values, &e);
    assert_int_equal(r == 0 ? npz_end(z, &e) : r, ERROR_FORMAT);
    assert_non_null(strstr(e.text, "CRC"));
    npz_close(z);
    assert_int_equal(truncate(path, 15000), 0);
    assert_int_equal(npz_open(&z, path, "a.npy", "|u1", &e), ERROR_FORMAT);
    unlink(path);
    assert_int_equal(npz_open(&z, path, "a.npy", "|u1", &e), ERROR_IO);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not hang it */
    assert_int_equal(npz_open(&z, path, "a.npy", "|u1", &e), ERROR_IO);
    assert_non_null(strstr(e.text, "a.npz: not a regular file"));
    free(path);
    pictures_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_and_shape_are_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(values_are_read_piece_by_piece),
        cmocka_unit_test(a_damaged_archive_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
