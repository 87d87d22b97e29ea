/* Checkpoints in every published layout, and hostile ones: the fixtures, and the shared folder's where there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/model/model.h"
#include "core/philox.h"

#define TRUNCATIONS 40
#define FLIPS 120

static char folder[256], scratch[300];

static int make_folder(void **state) {
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof folder, "%s/test-checkpoints-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(scratch, sizeof scratch, "%s/file", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(scratch);
    return rmdir(folder);
}

static void fixtures(char out[512]) {
    const char *root = getenv("GPTUI_SRCDIR");
    snprintf(out, 512, "%s/tests/fixtures/checkpoints", root ? root : ".");
}

/* Skips the test where there is no shared folder. */
static void shared(char out[512]) {
    const char *root = getenv("GPTUI_SHARED");
    if (!root || !*root) {
        print_message("GPTUI_SHARED is not set\n");
        skip();
    }
    snprintf(out, 512, "%s/golden/checkpoints", root);
}

static bool is_bad(const char *name) {
    return strncmp(name, "bad_", 4) == 0;
}

/* Calls `visit` with the folder and each file's name; returns how many there were. */
static int each_file(const char *where, bool bad, void (*visit)(const char *where, const char *name)) {
    struct dirent **list = NULL;
    int count = 0, n = scandir(where, &list, NULL, alphasort);
    if (n < 0)
        fail_msg("%s cannot be read", where);
    for (int i = 0; i < n; i++) {
        if (list[i]->d_name[0] != '.' && is_bad(list[i]->d_name) == bad) {
            visit(where, list[i]->d_name);
            count++;
        }
        free(list[i]);
    }
    free(list);
    return count;
}

static struct tensors *open_tensors(const char *where, const char *name) {
    char path[800];
    struct tensors *t = NULL;
    struct error e = {0};
    snprintf(path, sizeof path, "%s%s%s", where, *name ? "/" : "", name);
    if (tensors_open(&t, path, &e) < 0)
        fail_msg("%s", e.text);
    return t;
}

/* What rounding to the file's type may change: f16 keeps 11 bits, bf16 8. */
static void compare(const char *file, const struct tensor *have, const struct tensor *want) {
    double relative = strncmp(file, "half", 4) == 0 ? 0x1p-11 : strncmp(file, "bfloat16", 8) == 0 ? 0x1p-8 : 0;
    double absolute = relative > 0 ? 0x1p-25 : 0;
    const float *a = have->data, *b = want->data;
    assert_int_equal(have->count, want->count);
    for (size_t i = 0; i < want->count; i++) {
        double difference = fabs((double)a[i] - (double)b[i]);
        if (!(difference <= relative * fabs((double)b[i]) + absolute))
            fail_msg("%s: %s[%zu] is %g, expected %g", file, want->name, i, (double)a[i], (double)b[i]);
    }
}

static enum model_family family_of(const char *file) {
    if (strncmp(file, "mae", 3) == 0 || strncmp(file, "hf", 2) == 0)
        return MODEL_MAE;
    return strncmp(file, "moco", 4) == 0 ? MODEL_MOCO : MODEL_TIMM;
}

/* The weights go through model_save(), which must write every one of them under its published name. */
static void check_good(const char *where, const char *name) {
    char path[800];
    struct model *m = NULL;
    struct error e = {0};
    snprintf(path, sizeof path, "%s/%s", where, name);
    if (model_open(&m, path, NULL, &e) < 0)
        fail_msg("%s", e.text);
    assert_string_equal(model_family_name(m->family), model_family_name(family_of(name)));
    assert_int_equal(m->heads_guessed, strcmp(name, "expected.safetensors") != 0);
    if (model_save(m, scratch, false, &e) < 0)
        fail_msg("%s", e.text);
    struct tensors *want = open_tensors(where, "expected.safetensors"), *have = open_tensors(scratch, "");
    assert_int_equal(m->shape.heads, atoi(tensors_metadata(want, "heads")));
    assert_int_equal(m->shape.image, atoi(tensors_metadata(want, "image")));
    assert_int_equal(tensors_count(have), tensors_count(want));
    for (size_t i = 0; i < tensors_count(want); i++) {
        const struct tensor *w = tensors_at(want, i), *h = tensors_find(have, w->name);
        if (!h)
            fail_msg("%s: %s is not there", name, w->name);
        assert_int_equal(h->rank, w->rank);
        assert_memory_equal(h->shape, w->shape, sizeof h->shape);
        compare(name, h, w);
    }
    tensors_close(have);
    tensors_close(want);
    model_close(m);
}

static void check_bad(const char *where, const char *name) {
    char path[800];
    struct model *m = NULL;
    struct error e = {0};
    snprintf(path, sizeof path, "%s/%s", where, name);
    int rc = model_open(&m, path, NULL, &e);
    if (rc != ERROR_FORMAT && rc != ERROR_SHAPE)
        fail_msg("%s: gave %d", path, rc);
    assert_null(m);
    assert_int_equal(e.code, rc);
    if (!strstr(e.text, name) || strchr(e.text, '\n') || strlen(e.text) < strlen(path) + 10)
        fail_msg("no sentence about %s: '%s'", name, e.text);
    assert_int_equal(access("/tmp/owned", F_OK), -1);
    assert_int_equal(access("gptui-owned", F_OK), -1);
}

static size_t read_file(const char *where, const char *name, unsigned char **out) {
    char path[800];
    snprintf(path, sizeof path, "%s/%s", where, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(f);
    rewind(f);
    *out = malloc(size);
    assert_int_equal(fread(*out, 1, size, f), size);
    fclose(f);
    return size;
}

/* Opens the bytes as a model; a model that opens must be readable to its end. */
static int open_bytes(const unsigned char *bytes, size_t size) {
    struct model *m = NULL;
    struct error e = {0};
    int fd = open(scratch, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
    int rc = model_open(&m, scratch, NULL, &e);
    if (rc == 0) {
        char hash[65];
        model_hash(m, hash);
        model_close(m);
    } else {
        assert_non_null(strstr(e.text, scratch));
    }
    return rc;
}

static void truncate_it(const char *where, const char *name) {
    unsigned char *bytes;
    size_t size = read_file(where, name, &bytes);
    for (size_t i = 0; i < TRUNCATIONS; i++) {
        size_t length = i < 10 ? size - 1 - i : size * (i - 10) / (TRUNCATIONS - 10);
        if (open_bytes(bytes, length) == 0)
            fail_msg("%s opens although cut off at %zu of %zu bytes", name, length, size);
    }
    free(bytes);
}

/* Half of the changes go into the first and last 2 KiB, where headers, pickles and directories begin and end. */
static void change_it(const char *where, const char *name) {
    unsigned char *bytes;
    size_t size = read_file(where, name, &bytes);
    for (uint32_t i = 0; i < FLIPS; i++) {
        struct philox_words r = philox(philox_key(size, PHILOX_TEST), i, 0, 0, 0);
        uint32_t range = i % 4 < 2 && size > 2048 ? 2048 : (uint32_t)size;
        size_t at = philox_below(r.w[0], r.w[1], range);
        at = i % 4 == 1 ? size - 1 - at : at;
        unsigned char old = bytes[at];
        bytes[at] = (unsigned char)(i % 8 < 4 ? old ^ 1u << r.w[2] % 8 : r.w[2]);
        open_bytes(bytes, size);
        bytes[at] = old;
    }
    free(bytes);
}

static void every_good_fixture_yields_the_expected_weights(void **state) {
    char where[512];
    (void)state;
    fixtures(where);
    assert_true(each_file(where, false, check_good) >= 11);
}

static void every_bad_fixture_is_refused_with_a_sentence(void **state) {
    char where[512];
    (void)state;
    fixtures(where);
    assert_true(each_file(where, true, check_bad) >= 11);
}

static void no_truncated_fixture_opens(void **state) {
    char where[512];
    (void)state;
    fixtures(where);
    assert_true(each_file(where, false, truncate_it) >= 11);
}

static void changed_bytes_never_crash(void **state) {
    char where[512];
    (void)state;
    fixtures(where);
    assert_true(each_file(where, false, change_it) >= 11);
}

static void shared_checkpoints_open_or_are_refused(void **state) {
    char where[512];
    (void)state;
    shared(where);
    assert_true(each_file(where, false, check_good) >= 11);
    assert_true(each_file(where, true, check_bad) >= 11);
}

/* f32 values of an aligned file are not copied: the pointer lies where the list has it. */
static void aligned_values_are_used_in_place(void **state) {
    static const char *const files[] = {"expected.safetensors", "mae_pretrain.pth", "mocov3.pth.tar"};
    static const char *const prefixes[] = {"", "model.", "state_dict.module.base_encoder."};
    char where[512], name[100];
    (void)state;
    fixtures(where);
    for (size_t i = 0; i < 3; i++) {
        struct model *m = NULL;
        struct tensors *t = open_tensors(where, files[i]);
        assert_int_equal(model_from_tensors(&m, t, prefixes[i], NULL, NULL), 0);
        snprintf(name, sizeof name, "%sblocks.1.mlp.fc2.weight", prefixes[i]);
        assert_ptr_equal(m->blocks[1].fc2_weight, tensors_find(t, name)->data);
        model_close(m);
        tensors_close(t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_good_fixture_yields_the_expected_weights),
        cmocka_unit_test(every_bad_fixture_is_refused_with_a_sentence),
        cmocka_unit_test(no_truncated_fixture_opens),
        cmocka_unit_test(changed_bytes_never_crash),
        cmocka_unit_test(shared_checkpoints_open_or_are_refused),
        cmocka_unit_test(aligned_values_are_used_in_place),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
