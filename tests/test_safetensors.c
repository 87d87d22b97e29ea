#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/formats/safetensors.h"

static char folder[256], path[300];

static int make_folder(void **state) {
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof folder, "%s/test-safetensors-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void put(const void *data, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* A file of the given header and `data` bytes of zeros. */
static void put_header(const char *header, size_t data) {
    char bytes[2000] = {0};
    uint64_t n = strlen(header);
    assert_true(8 + n + data <= sizeof bytes);
    memcpy(bytes, &n, 8);
    memcpy(bytes + 8, header, n);
    put(bytes, 8 + n + data);
}

static void refuse(const char *why) {
    struct tensors *t = NULL;
    struct error e = {0};
    assert_int_equal(tensors_open(&t, path, &e), ERROR_FORMAT);
    assert_null(t);
    assert_non_null(strstr(e.text, path));
    if (!strstr(e.text, why))
        fail_msg("'%s' says nothing of '%s'", e.text, why);
}

static struct tensors *open_it(void) {
    struct tensors *t = NULL;
    struct error e = {0};
    if (tensors_open(&t, path, &e) < 0)
        fail_msg("%s", e.text);
    return t;
}

static void what_is_written_is_read_back(void **state) {
    static const float a[6] = {1, -2, 3.5f, 0, 1e-30f, 6};
    static const uint8_t b[3] = {1, 0, 255};
    static const int64_t c[1] = {-7};
    const struct tensor in[] = {
        {"enc.a", TENSOR_F32, 2, {2, 3}, 6, a},
        {"b \"quoted\" \\ \xc3\xa9", TENSOR_U8, 1, {3}, 3, b},
        {"c", TENSOR_I64, 0, {0}, 1, c}, /* unaligned in the file */
        {"none", TENSOR_F32, 2, {0, 5}, 0, NULL},
    };
    const struct safetensors_metadata metadata[] = {{"family", "mae"}, {"path", "a\nb\t\"c\""}, {"latin", "\xe9"}};
    struct error e = {0};
    (void)state;
    assert_int_equal(safetensors_write(path, in, 4, metadata, 3, &e), 0);
    struct tensors *t = open_it();
    assert_string_equal(tensors_format(t), "safetensors");
    assert_int_equal(tensors_count(t), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct tensor *out = tensors_find(t, in[i].name);
        assert_ptr_equal(out, tensors_at(t, i));
        assert_int_equal(out->type, in[i].type);
        assert_int_equal(out->rank, in[i].rank);
        assert_int_equal(out->count, in[i].count);
        assert_memory_equal(out->shape, in[i].shape, sizeof out->shape);
        assert_int_equal((uintptr_t)out->data % tensor_type_bytes(out->type), 0);
        if (out->count)
            assert_memory_equal(out->data, in[i].data, out->count * tensor_type_bytes(out->type));
    }
    assert_string_equal(tensors_metadata(t, "family"), "mae");
    assert_string_equal(tensors_metadata(t, "path"), "a\nb\t\"c\"");
    assert_string_equal(tensors_metadata(t, "latin"), "\xef\xbf\xbd");
    assert_null(tensors_metadata(t, "other"));
    assert_int_equal(tensors_metadata_count(t), 3);
    assert_string_equal(tensors_metadata_key(t, 1), "path");
    assert_null(tensors_find(t, "enc"));
    tensors_close(t);
}

static void accepts_what_the_format_allows(void **state) {
    (void)state;
    put_header("{}", 0);
    tensors_close(open_it());
    /* padded, out of order, a scalar, an empty tensor, an unknown field */
    put_header("{\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[4,8]},\"e\":{\"dtype\":\"F16\",\"shape\":[0],"
               "\"data_offsets\":[4,4]},\"a\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}    ",
               8);
    struct tensors *t = open_it();
    assert_int_equal(tensors_count(t), 3);
    assert_string_equal(tensors_at(t, 0)->name, "b");
    assert_int_equal(tensors_at(t, 0)->count, 1);
    tensors_close(t);
}

#define A(fields) "{\"a\":{" fields "}}"
#define F32_1 "\"dtype\":\"F32\",\"shape\":[1]"

static void refuses_every_departure_from_the_format(void **state) {
    static const struct {
        const char *header;
        size_t data;
        const char *why;
    } bad[] = {
        {"{\"a\":", 0, "no JSON object"},
        {"{} x", 0, "after the JSON object"},
        {"{\"a\":1}", 0, "no JSON object"},
        {A(F32_1), 4, "no data_offsets"},
        {A(F32_1 ",\"data_offsets\":[0]"), 4, "no data_offsets"},
        {A(F32_1 ",\"data_offsets\":[4,0]"), 4, "no data_offsets"},
        {A(F32_1 ",\"data_offsets\":[-4,0]"), 4, "no data_offsets"},
        {A(F32_1 ",\"data_offsets\":[0.5,4]"), 4, "no data_offsets"},
        {A(F32_1 ",\"data_offsets\":[0,1e300]"), 4, "no data_offsets"},
        {A(F32_1 ",\"data_offsets\":[0,5]"), 5, "span 5 bytes; expected 4"},
        {A(F32_1 ",\"data_offsets\":[0,4]"), 3, "cut off"},
        {A(F32_1 ",\"data_offsets\":[0,4]"), 5, "holds 5 bytes of data after its header; expected 4"},
        {A(F32_1 ",\"data_offsets\":[1,5]"), 5, "begin at 1; expected 0"},
        {A(F32_1 ",\"dtype\":\"F32\",\"data_offsets\":[0,4]"), 4, "twice"},
        {A("\"shape\":[1],\"data_offsets\":[0,4]"), 4, "no dtype"},
        {A("\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]"), 4, "dtype 'F8_E4M3'"},
        {A("\"dtype\":\"F32\",\"data_offsets\":[0,4]"), 4, "no shape"},
        {A("\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]"), 4, "no list of whole numbers"},
        {A("\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]"), 4, "more than 8 dimensions"},
        {A("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],\"data_offsets\":[0,4]"), 4,
         "than memory can address"},
        {"{\"a\":{" F32_1 ",\"data_offsets\":[0,4]},\"a\":{" F32_1 ",\"data_offsets\":[4,8]}}", 8,
         "two tensors named a"},
        {"{\"a\":{" F32_1 ",\"data_offsets\":[0,4]},\"b\":{" F32_1 ",\"data_offsets\":[0,4]}}", 4,
         "begin at 0; expected 4"},
        {"{\"a\":{" F32_1 ",\"data_offsets\":[0,4]},\"b\":{" F32_1 ",\"data_offsets\":[8,12]}}", 12,
         "begin at 8; expected 4"},
        {"{\"\":{" F32_1 ",\"data_offsets\":[0,4]}}", 4, "name"},
        {"{\"a\\u001b[2J\":{" F32_1 ",\"data_offsets\":[0,4]}}", 4, "control characters"},
        {"{\"__metadata__\":[]}", 0, "__metadata__"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "'a' is no text"},
        {"{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "twice"},
        {"{\"\xff\":1}", 0, "UTF-8"},
        {"{\"\xed\xa0\x80\":1}", 0, "UTF-8"},
        {"{\"\xc0\xaf\":1}", 0, "UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_header(bad[i].header, bad[i].data);
        refuse(bad[i].why);
    }
    put("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10);
    refuse("header length is 9223372036854775807");
    put("\x03\0\0\0\0\0\0\0{}", 10);
    refuse("only 2 bytes follow");
}

static void deep_nesting_is_refused_not_followed(void **state) {
    char *text = malloc(200000);
    uint64_t n = 200000 - 8;
    (void)state;
    memcpy(text, &n, 8);
    memset(text + 8, '[', n);
    text[8] = '{';
    put(text, n + 8);
    free(text);
    refuse("no JSON object");
}

static void tells_files_that_are_no_checkpoints_apart(void **state) {
    struct tensors *t = NULL;
    struct error e = {0};
    (void)state;
    put("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", 56);
    refuse("Git LFS pointer");
    put("\x80\x04}.", 4);
    refuse("a pickle without PyTorch's magic number");
    put("hello", 5);
    refuse("begins with 'hello'");
    put("", 0);
    refuse("empty (0 bytes)");
    put("PK\5\6nothing", 11);
    refuse("zip archive");
    assert_int_equal(tensors_open(&t, folder, &e), ERROR_IO);
    assert_non_null(strstr(e.text, "a folder"));
    assert_int_equal(tensors_open(&t, "/nonexistent/x", &e), ERROR_IO);
    assert_non_null(strstr(e.text, "/nonexistent/x"));
}

static void an_unwritable_place_is_an_error(void **state) {
    const struct tensor in = {"a", TENSOR_U8, 1, {1}, 1, "x"};
    struct error e = {0};
    (void)state;
    assert_int_equal(safetensors_write("/nonexistent/x", &in, 1, NULL, 0, &e), ERROR_IO);
    assert_int_equal(safetensors_write(folder, &in, 1, NULL, 0, &e), ERROR_IO);
    assert_non_null(strstr(e.text, "a folder"));
    assert_int_equal(safetensors_write("/dev/null", &in, 1, NULL, 0, &e), ERROR_IO);
    assert_non_null(strstr(e.text, "no regular file"));
}

/* A limit on the size of files stands in for a full disk: write() fails half way. */
static void a_failed_write_leaves_the_old_file_and_nothing_beside(void **state) {
    static char large[100000];
    const struct tensor old = {"old", TENSOR_U8, 1, {1}, 1, "x"};
    const struct tensor in = {"new", TENSOR_U8, 1, {sizeof large}, sizeof large, large};
    struct rlimit before, limit;
    struct error e = {0};
    char beside[320];
    (void)state;
    assert_int_equal(safetensors_write(path, &old, 1, NULL, 0, NULL), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int rc = safetensors_write(path, &in, 1, NULL, 0, &e);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(rc, ERROR_IO);
    assert_non_null(strstr(e.text, path));
    struct tensors *t = open_it();
    assert_non_null(tensors_find(t, "old"));
    tensors_close(t);
    snprintf(beside, sizeof beside, "%s.tmp", path);
    assert_int_equal(access(beside, F_OK), -1);
}

/* A writer that was killed left its file behind: it is taken over. An open mapping keeps the old content. */
static void a_left_over_is_taken_over_and_readers_keep_theirs(void **state) {
    const struct tensor one = {"one", TENSOR_U8, 1, {1}, 1, "x"}, two = {"two", TENSOR_U8, 1, {1}, 1, "y"};
    char beside[320];
    (void)state;
    assert_int_equal(safetensors_write(path, &one, 1, NULL, 0, NULL), 0);
    struct tensors *t = open_it();
    snprintf(beside, sizeof beside, "%s.tmp", path);
    FILE *f = fopen(beside, "w");
    fputs("a longer rest of a killed writer, longer than what comes, to be cut off when it is taken over ............."
          "..........................................................................................................",
          f);
    fclose(f);
    assert_int_equal(safetensors_write(path, &two, 1, NULL, 0, NULL), 0);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(*(const char *)tensors_find(t, "one")->data, 'x');
    tensors_close(t);
    t = open_it();
    assert_non_null(tensors_find(t, "two"));
    tensors_close(t);
}

static void other_types_become_f32(void **state) {
    static const uint16_t half[] = {0x3c00, 0xc000, 0x0001, 0x83ff, 0x7bff, 0x7c00, 0x7e00, 0x0000, 0x0400};
    static const float half_values[] = {1, -2, 0x1p-24f, -0x1.ff8p-15f, 65504, INFINITY, NAN, 0, 0x1p-14f};
    static const uint16_t brain[] = {0x3f80, 0xc049, 0x7f80};
    static const float brain_values[] = {1, -3.140625f, INFINITY};
    static const double wide[] = {0.1, -1e300, 5};
    static const float wide_values[] = {0.1f, -INFINITY, 5};
    static const int64_t longs[] = {-3, 16777217};
    static const float long_values[] = {-3, 16777216};
    static const uint8_t flags[] = {0, 1, 7};
    static const float flag_values[] = {0, 1, 1};
    static const uint64_t unsigned_longs[] = {UINT64_MAX};
    static const float unsigned_values[] = {0x1p64f};
    static const struct {
        enum tensor_type type;
        const void *data;
        const float *values;
        size_t count;
    } cases[] = {{TENSOR_F16, half, half_values, 9},   {TENSOR_BF16, brain, brain_values, 3},
                 {TENSOR_F64, wide, wide_values, 3},   {TENSOR_I64, longs, long_values, 2},
                 {TENSOR_BOOL, flags, flag_values, 3}, {TENSOR_U64, unsigned_longs, unsigned_values, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float out[16];
        struct tensor t = {.type = cases[i].type, .rank = 1, .count = cases[i].count, .data = cases[i].data};
        tensor_to_f32(&t, out);
        for (size_t k = 0; k < t.count; k++)
            assert_true(out[k] == cases[i].values[k] || (isnan(out[k]) && isnan(cases[i].values[k])));
    }
}

static void shapes_are_shown_as_lists(void **state) {
    char text[32], small[6];
    struct tensor t = {.rank = 2, .shape = {197, 768}};
    (void)state;
    assert_string_equal(tensor_shape_text(&t, text, sizeof text), "[197, 768]");
    assert_string_equal(tensor_shape_text(&t, small, sizeof small), "[197,");
    t.rank = 0;
    assert_string_equal(tensor_shape_text(&t, text, sizeof text), "[]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(accepts_what_the_format_allows),
        cmocka_unit_test(refuses_every_departure_from_the_format),
        cmocka_unit_test(deep_nesting_is_refused_not_followed),
        cmocka_unit_test(tells_files_that_are_no_checkpoints_apart),
        cmocka_unit_test(an_unwritable_place_is_an_error),
        cmocka_unit_test(a_failed_write_leaves_the_old_file_and_nothing_beside),
        cmocka_unit_test(a_left_over_is_taken_over_and_readers_keep_theirs),
        cmocka_unit_test(other_types_become_f32),
        cmocka_unit_test(shapes_are_shown_as_lists),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
