#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cblas.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "core/formats/safetensors.h"
#include "core/train/verify.h"
#include "tests/numbers.h"

#define LIMIT 1e-4

struct found {
    int count;
    double worst;
    char name[256]; /* of the worst */
};

static void note(void *context, const char *path, const char *name, double error) {
    struct found *f = context;
    (void)path;
    f->count++;
    if (!(error <= f->worst)) {
        f->worst = error;
        snprintf(f->name, sizeof f->name, "%s", name);
    }
}

static int set_up(void **state) {
    (void)state;
    openblas_set_num_threads(1);
    return 0;
}

static void verify_pattern(const char *pattern, size_t least) {
    glob_t files;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    size_t count = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct error e = {0};
        struct found f = {0};
        if (strstr(files.gl_pathv[i], "operators.safetensors"))
            continue;
        if (verify_file(files.gl_pathv[i], note, &f, &e) < 0)
            fail_msg("%s", e.text);
        if (!(f.worst <= LIMIT))
            fail_msg("%s: %s has error %g", files.gl_pathv[i], f.name, f.worst);
        assert_true(f.count >= 8);
        count++;
    }
    globfree(&files);
    assert_true(count >= least);
}

static void every_fixture_is_reproduced(void **state) {
    (void)state;
    verify_pattern(numbers_fixture("golden/*.safetensors"), 20);
}

static void every_shared_golden_file_is_reproduced(void **state) {
    (void)state;
    const char *shared = getenv("GPTUI_SHARED");
    if (!shared) {
        print_message("GPTUI_SHARED is not set: no shared golden files\n");
        skip();
        return;
    }
    char pattern[4096];
    snprintf(pattern, sizeof pattern, "%s/golden/*.safetensors", shared);
    verify_pattern(pattern, 1);
}

/* A copy of fixture `name` in `path` after `change`, with `extra` (NULL: none) as another tensor, and metadata `key`
 * (NULL: none) set to `value`. */
static void copy(const char *name, const char *path, void (*change)(struct tensor *), const struct tensor *extra,
                 const char *key, const char *value) {
    enum { MOST = 256 };
    static struct tensor list[MOST];
    static struct safetensors_metadata pairs[MOST];
    struct tensors *t = NULL;
    struct error e = {0};
    size_t count = 0, n = 0;
    assert_int_equal(tensors_open(&t, numbers_fixture(name), &e), 0);
    assert_true(tensors_count(t) < MOST && tensors_metadata_count(t) < MOST);
    for (; count < tensors_count(t); count++) {
        list[count] = *tensors_at(t, count);
        if (change)
            change(&list[count]);
    }
    if (extra)
        list[count++] = *extra;
    for (; n < tensors_metadata_count(t); n++) {
        pairs[n].key = tensors_metadata_key(t, n);
        pairs[n].value = key && strcmp(pairs[n].key, key) == 0 ? value : tensors_metadata(t, pairs[n].key);
    }
    assert_int_equal(safetensors_write(path, list, count, pairs, n, &e), 0);
    tensors_close(t);
}

static char folder[4096], path[5000];

static int make_folder(void **state) {
    (void)state;
    numbers_folder(folder);
    snprintf(path, sizeof path, "%s/copy.safetensors", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static const char *victim; /* the tensor that tamper() changes */
static float tampered[1 << 16], factor;

static void tamper(struct tensor *t) {
    if (strcmp(t->name, victim) != 0)
        return;
    memcpy(tampered, t->data, t->count * sizeof *tampered);
    tampered[0] = tampered[0] * factor + (factor > 1 ? 0.01f : 0);
    t->data = tampered;
}

static void an_untouched_copy_is_right(void **state) {
    (void)state;
    struct found f = {0};
    struct error e = {0};
    copy("golden/gated_mae.safetensors", path, NULL, NULL, NULL, NULL);
    assert_int_equal(verify_file(path, note, &f, &e), 0);
    assert_true(f.worst <= LIMIT);
}

static void every_tampered_tensor_is_found(void **state) {
    (void)state;
    const char *const expected[] = {"expect.logits",
                                    "expect.loss",
                                    "expect.losses",
                                    "expect.selection_ratio",
                                    "expect.attention.0",
                                    "expect.grad.prompt_embeddings",
                                    "expect.grad.gate_logit",
                                    "expect.grad.temp",
                                    "expect.grad.head.last_layer.weight",
                                    "expect.grad.head.last_layer.bias",
                                    "expect.trained.prompt_embeddings",
                                    "expect.trained.gate_logit",
                                    "expect.trained.temp",
                                    "expect.trained.head.last_layer.weight",
                                    "expect.trained.head.last_layer.bias"};
    factor = 1.01f;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct found f = {0};
        struct error e = {0};
        victim = expected[i];
        copy("golden/gated_mae.safetensors", path, tamper, NULL, NULL, NULL);
        assert_int_equal(verify_file(path, note, &f, &e), 0);
        if (!(f.worst > LIMIT))
            fail_msg("%s was changed, and nobody saw it", victim);
        assert_string_equal(f.name, victim);
    }
}

static void a_changed_weight_is_found(void **state) {
    (void)state;
    const char *const weights[] = {"model.blocks.1.attn.qkv.weight", "model.norm.bias", "model.pos_embed",
                                   "model.gate_logit", "input.images"};
    factor = 1.5f;
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        struct found f = {0};
        struct error e = {0};
        victim = weights[i];
        copy("golden/gated_mae.safetensors", path, tamper, NULL, NULL, NULL);
        assert_int_equal(verify_file(path, note, &f, &e), 0);
        assert_true(f.worst > LIMIT);
    }
}

static void a_nan_is_reported_as_infinity(void **state) {
    (void)state;
    struct found f = {0};
    struct error e = {0};
    victim = "model.prompt_embeddings";
    factor = NAN;
    copy("golden/gated_mae.safetensors", path, tamper, NULL, NULL, NULL);
    assert_int_equal(verify_file(path, note, &f, &e), 0);
    assert_true(isinf(f.worst));
}

static void an_unknown_expectation_is_an_error(void **state) {
    (void)state;
    const char *const names[] = {"expect.something", "eval.something", "expect.attention.77"};
    static const float value[1] = {1};
    for (int i = 0; i < 3; i++) {
        const struct tensor extra = {
            .name = names[i], .type = TENSOR_F32, .rank = 1, .shape = {1}, .count = 1, .data = value};
        struct found f = {0};
        struct error e = {0};
        copy("golden/gated_mae.safetensors", path, NULL, &extra, NULL, NULL);
        assert_int_equal(verify_file(path, note, &f, &e), ERROR_FORMAT);
        assert_non_null(strstr(e.text, "expected tensors"));
    }
}

static void bad_metadata_is_an_error(void **state) {
    (void)state;
    const struct {
        const char *key, *value;
    } bad[] = {{"method", "magic"}, {"pool", "none"},   {"batch", "0"},    {"batch", "many"},
               {"classes", "0"},    {"insert_at", "9"}, {"tokens", "200"}, {"classes", "1e9"},
               {"optimizer", "x"},  {"tokens", "-1"},   {"batch", "2"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct found f = {0};
        struct error e = {0};
        copy("golden/gated_mae.safetensors", path, NULL, NULL, bad[i].key, bad[i].value);
        if (verify_file(path, note, &f, &e) >= 0)
            fail_msg("%s = %s was taken", bad[i].key, bad[i].value);
        assert_true(e.code < 0 && strlen(e.text) > 10);
    }
}

static void other_files_are_errors(void **state) {
    (void)state;
    struct found f = {0};
    struct error e = {0};
    assert_int_equal(verify_file("/nonexistent/x.safetensors", note, &f, &e), ERROR_IO);
    assert_true(verify_file(numbers_fixture("golden/operators.safetensors"), note, &f, &e) < 0);
    assert_true(verify_file(numbers_fixture("checkpoints/expected.safetensors"), note, &f, &e) < 0);
    assert_true(verify_file(numbers_fixture("checkpoints/bad_text.bin"), note, &f, &e) < 0);
    assert_int_equal(f.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_is_reproduced),
        cmocka_unit_test(every_shared_golden_file_is_reproduced),
        cmocka_unit_test_setup_teardown(an_untouched_copy_is_right, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(every_tampered_tensor_is_found, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_changed_weight_is_found, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_nan_is_reported_as_infinity, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_unknown_expectation_is_an_error, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(bad_metadata_is_an_error, make_folder, remove_folder),
        cmocka_unit_test(other_files_are_errors),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
