#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/formats/safetensors.h"
#include "core/train/state.h"
#include "tests/numbers.h"

static const struct vit_shape shape = {.dim = 8, .depth = 4, .heads = 2, .mlp = 8, .patch = 4, .image = 8};

static struct dataset *data;
static char folder[4096], path[5000];

static int set_up(void **state) {
    (void)state;
    struct error e = {0};
    const struct dataset_options o = {.seed = 1, .image = 32, .scenes = {4, 2, 2}};
    numbers_folder(folder);
    snprintf(path, sizeof path, "%s/last.safetensors", folder);
    return dataset_open(&data, "scenes:shape", &o, &e);
}

static int tear_down(void **state) {
    (void)state;
    dataset_close(data);
    unlink(path);
    return rmdir(folder);
}

static struct tuning tuning_of(enum method method, int classes) {
    const struct tuning_options o = {
        .method = method,
        .pool = POOL_MAE,
        .prompts = 2,
        .temps = true,
        .gate_init = 3,
        .classes = method == METHOD_MAE ? 0 : classes,
        .last_blocks = 2,
        .mask_ratio = 0.5,
        .decoder_dim = 4,
        .decoder_depth = 1,
        .decoder_heads = 1,
    };
    struct tuning t;
    assert_int_equal(tuning_create(&t, &o, &shape, NULL), 0);
    return t;
}

/* Values that text cannot hold by chance, in every field. */
static struct state state_of(const struct tuning *t, enum optimizer_kind kind) {
    struct state s;
    struct error e = {0};
    assert_int_equal(state_create(&s, t, kind, &e), 0);
    for (int i = 0; i < t->count; i++) {
        size_t at = tuning_at(t, i).offset, n = tuning_at(t, i).size;
        numbers_fill(n, (uint32_t)i, -1, 1, s.theta + at);
        numbers_fill(n, (uint32_t)i + 10, -1, 1, s.first + at);
        if (s.second)
            numbers_fill(n, (uint32_t)i + 20, 0, 1e-9, s.second + at);
    }
    s.theta[tuning_at(t, 0).offset] = 1e-41f; /* a denormal */
    s.theta[tuning_at(t, 0).offset + 1] = -0.0f;
    s.at = (struct state_position){
        .step = 1234567890123,
        .epoch = 17,
        .batch = 3,
        .swaps = 2,
        .schedule_start = 5,
        .base_rate = 0.1 + 0.2,
        .loss = 1.0 / 3,
        .epoch_loss = 4.9e-324,
        .freeze = {.gates = {5, 0, 0x80000000}, .temps = {0xffffffff}, .head = true},
        .val = {true, 0.1, 0.7, 2.0 / 3, 16, 99},
        .best = {true, 0.3, 0.9, 1e300, 2, 7},
        .updates = 77,
        .head_since = 12,
        .metrics = 1000,
        .journal = 5,
        .finished = true,
        .data = "folder:/a b/\"c\"\\d",
    };
    return s;
}

static void check_same(const struct state *a, const struct state *b) {
    assert_int_equal(a->total, b->total);
    assert_memory_equal(a->theta, b->theta, a->total * sizeof(float));
    assert_memory_equal(a->first, b->first, a->total * sizeof(float));
    if (a->second)
        assert_memory_equal(a->second, b->second, a->total * sizeof(float));
    const struct state_position *x = &a->at, *y = &b->at;
    assert_true(x->step == y->step && x->epoch == y->epoch && x->batch == y->batch && x->swaps == y->swaps);
    assert_true(x->schedule_start == y->schedule_start && x->updates == y->updates && x->head_since == y->head_since);
    assert_true(x->metrics == y->metrics && x->journal == y->journal && x->finished == y->finished);
    assert_memory_equal(&x->base_rate, &y->base_rate, sizeof x->base_rate);
    assert_memory_equal(&x->loss, &y->loss, sizeof x->loss);
    assert_memory_equal(&x->epoch_loss, &y->epoch_loss, sizeof x->epoch_loss);
    assert_memory_equal(x->freeze.gates, y->freeze.gates, sizeof x->freeze.gates);
    assert_memory_equal(x->freeze.temps, y->freeze.temps, sizeof x->freeze.temps);
    assert_true(x->freeze.prompts == y->freeze.prompts && x->freeze.head == y->freeze.head);
    const struct snapshot_result *rx[] = {&x->val, &x->test, &x->best}, *ry[] = {&y->val, &y->test, &y->best};
    for (int i = 0; i < 3; i++) {
        assert_true(rx[i]->known == ry[i]->known && rx[i]->epoch == ry[i]->epoch && rx[i]->step == ry[i]->step);
        assert_memory_equal(&rx[i]->top1, &ry[i]->top1, sizeof(double));
        assert_memory_equal(&rx[i]->top5, &ry[i]->top5, sizeof(double));
        assert_memory_equal(&rx[i]->loss, &ry[i]->loss, sizeof(double));
    }
    assert_string_equal(x->data, y->data);
}

static void sound(int r, const struct error *e) {
    if (r < 0)
        fail_msg("%s", e->text);
}

static void what_is_saved_is_loaded_bit_for_bit(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_GATED, METHOD_SHALLOW, METHOD_DEEP, METHOD_LINEAR, METHOD_FULL, METHOD_MAE};
    const enum optimizer_kind kinds[] = {OPTIMIZER_SGD, OPTIMIZER_ADAMW};
    const char *script = "at step 9 freeze gate 3\nnote \"ünïcode \\\" and\ttab\"\n";
    for (int m = 0; m < 6; m++)
        for (int k = 0; k < 2; k++) {
            struct tuning t = tuning_of(methods[m], 3);
            struct state s = state_of(&t, kinds[k]), loaded;
            struct state_position position;
            struct error e = {0};
            char *left = NULL;
            assert_int_equal(state_create(&loaded, &t, kinds[k], &e), 0);
            sound(state_save(&s, &t, data, script, path, &e), &e);
            sound(state_load(&loaded, &t, path, &e), &e);
            check_same(&s, &loaded);
            sound(state_read_position(&position, &left, path, &e), &e);
            assert_string_equal(left, script);
            assert_true(position.step == s.at.step);
            assert_string_equal(position.data, s.at.data);
            free(left);
            sound(state_read_position(&position, NULL, path, &e), &e);
            state_destroy(&s);
            state_destroy(&loaded);
        }
}

static void the_hash_of_a_file_is_that_of_its_tensors(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_GATED, METHOD_DEEP, METHOD_LINEAR, METHOD_PARTIAL, METHOD_MAE};
    for (int m = 0; m < 5; m++) {
        struct tuning t = tuning_of(methods[m], 3);
        struct state s = state_of(&t, OPTIMIZER_ADAMW);
        struct error e = {0};
        char wanted[65], found[65];
        tuning_hash(&t, s.theta, wanted);
        sound(state_save(&s, &t, data, "", path, &e), &e);
        sound(state_hash_file(path, found, &e), &e);
        assert_string_equal(found, wanted);
        /* Neither moments nor position are in it. */
        s.first[tuning_at(&t, 0).offset] += 1;
        s.at.step++;
        sound(state_save(&s, &t, data, "pause\n", path, &e), &e);
        sound(state_hash_file(path, found, &e), &e);
        assert_string_equal(found, wanted);
        s.theta[tuning_at(&t, 0).offset] += 1;
        sound(state_save(&s, &t, data, "", path, &e), &e);
        sound(state_hash_file(path, found, &e), &e);
        assert_string_not_equal(found, wanted);
        state_destroy(&s);
    }
}

static void the_file_holds_the_names_of_the_authors_and_the_classes(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_GATED, 3);
    struct state s = state_of(&t, OPTIMIZER_ADAMW);
    struct tensors *f = NULL;
    struct error e = {0};
    sound(state_save(&s, &t, data, "", path, &e), &e);
    sound(tensors_open(&f, path, &e), &e);
    const char *const names[] = {"enc.prompt_embeddings",  "enc.gate_logit",       "enc.temp",
                                 "head.last_layer.weight", "head.last_layer.bias", "optim.first.enc.gate_logit",
                                 "optim.second.enc.temp"};
    for (int i = 0; i < 7; i++)
        assert_non_null(tensors_find(f, names[i]));
    assert_int_equal(tensors_count(f), 15);
    const char *classes = tensors_metadata(f, "classes");
    assert_non_null(classes);
    size_t first = strlen(dataset_class_name(data, 0));
    assert_true(strncmp(classes, dataset_class_name(data, 0), first) == 0 && classes[first] == '\n');
    tensors_close(f);
    state_destroy(&s);
}

static void copies_are_equal_and_apart(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_GATED, 3);
    struct state s = state_of(&t, OPTIMIZER_ADAMW), c;
    struct error e = {0};
    assert_int_equal(state_create(&c, &t, OPTIMIZER_ADAMW, &e), 0);
    state_copy(&c, &s);
    check_same(&s, &c);
    c.theta[0] += 1;
    assert_true(c.theta[0] > s.theta[0]);
    state_destroy(&s);
    state_destroy(&c);
    state_destroy(&c);
}

static const float *part(const struct tuning *t, const float *values, enum tuned_kind kind) {
    return values + tuning_find(t, kind)->offset;
}

static void check_stays(const struct tuning *old, const struct state *before, const struct tuning *next,
                        const struct state *after, enum tuned_kind kind) {
    size_t size = tuning_find(old, kind)->size * sizeof(float);
    assert_memory_equal(part(old, before->theta, kind), part(next, after->theta, kind), size);
    assert_memory_equal(part(old, before->first, kind), part(next, after->first, kind), size);
    if (before->second)
        assert_memory_equal(part(old, before->second, kind), part(next, after->second, kind), size);
}

static void a_relayout_keeps_all_but_a_renewed_head(void **state) {
    (void)state;
    const enum tuned_kind stay[] = {TUNED_PROMPTS, TUNED_GATES, TUNED_TEMPS};
    const enum optimizer_kind kinds[] = {OPTIMIZER_SGD, OPTIMIZER_ADAMW};
    for (int k = 0; k < 2; k++) {
        struct tuning old = tuning_of(METHOD_GATED, 3), next = tuning_of(METHOD_GATED, 7);
        struct state s = state_of(&old, kinds[k]), before = state_of(&old, kinds[k]);
        struct error e = {0};
        assert_int_equal(state_relayout(&s, &old, &next, 42, true, &e), 0);
        assert_int_equal(s.total, next.total);
        assert_true((s.second != NULL) == (kinds[k] == OPTIMIZER_ADAMW));
        for (int i = 0; i < 3; i++)
            check_stays(&old, &before, &next, &s, stay[i]);
        float *fresh = calloc(next.total, sizeof *fresh);
        assert_non_null(fresh);
        tuning_initialise_head(&next, 42, 3, fresh); /* the third head: two swaps were made before */
        const enum tuned_kind head[] = {TUNED_HEAD_WEIGHT, TUNED_HEAD_BIAS};
        for (int i = 0; i < 2; i++) {
            const struct tuned *n = tuning_find(&next, head[i]);
            assert_memory_equal(s.theta + n->offset, fresh + n->offset, n->size * sizeof(float));
            for (size_t j = 0; j < n->size; j++)
                assert_true(s.first[n->offset + j] == 0 && (!s.second || s.second[n->offset + j] == 0));
        }
        assert_true(s.at.step == before.at.step);
        free(fresh);
        state_destroy(&s);
        state_destroy(&before);
    }
}

static void a_relayout_for_the_same_classes_keeps_the_head(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_DEEP, 3);
    struct state s = state_of(&t, OPTIMIZER_ADAMW), before = state_of(&t, OPTIMIZER_ADAMW);
    struct error e = {0};
    assert_int_equal(state_relayout(&s, &t, &t, 42, false, &e), 0);
    check_same(&before, &s);
    state_destroy(&s);
    state_destroy(&before);
}

/* state_load() and the other readers must refuse `path` with a sentence that holds `wanted`. */
static void check_refused(const struct tuning *t, enum optimizer_kind kind, int code, const char *wanted) {
    struct state s;
    struct error e = {0};
    assert_int_equal(state_create(&s, t, kind, &e), 0);
    int r = state_load(&s, t, path, &e);
    if (r != code || !strstr(e.text, wanted) || !strstr(e.text, "last.safetensors"))
        fail_msg("code %d, expected %d; \"%s\" does not name %s", r, code, e.text, wanted);
    state_destroy(&s);
}

static void wrong_shapes_are_refused(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_GATED, 3), more = tuning_of(METHOD_GATED, 4), deep = tuning_of(METHOD_DEEP, 3);
    struct state s = state_of(&t, OPTIMIZER_SGD);
    struct error e = {0};
    sound(state_save(&s, &t, data, "", path, &e), &e);
    check_refused(&more, OPTIMIZER_SGD, ERROR_SHAPE, "head.last_layer.weight is [3, 8], but this run needs [4, 8]");
    check_refused(&deep, OPTIMIZER_SGD, ERROR_FORMAT, "no tensor enc.deep_prompt_embeddings");
    check_refused(&t, OPTIMIZER_ADAMW, ERROR_FORMAT, "no tensor optim.second.enc.prompt_embeddings");
    state_destroy(&s);
}

static void a_truncated_file_is_refused(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_GATED, 3);
    struct state s = state_of(&t, OPTIMIZER_SGD);
    struct state_position position;
    struct error e = {0};
    char hash[65];
    struct stat st;
    sound(state_save(&s, &t, data, "", path, &e), &e);
    assert_int_equal(stat(path, &st), 0);
    const off_t sizes[] = {st.st_size - 1, st.st_size / 2, 100, 8, 0};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(truncate(path, sizes[i]), 0);
        check_refused(&t, OPTIMIZER_SGD, ERROR_FORMAT, "");
        assert_int_equal(state_read_position(&position, NULL, path, &e), ERROR_FORMAT);
        assert_int_equal(state_hash_file(path, hash, &e), ERROR_FORMAT);
    }
    state_destroy(&s);
}

static void a_missing_file_is_refused(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_GATED, 3);
    struct state_position position;
    struct error e = {0};
    char hash[65];
    unlink(path);
    check_refused(&t, OPTIMIZER_SGD, ERROR_IO, "");
    assert_int_equal(state_read_position(&position, NULL, path, &e), ERROR_IO);
    assert_int_equal(state_hash_file(path, hash, &e), ERROR_IO);
}

/* Writes the saved run again with metadata `key` as `value` (NULL: left out). */
static void rewrite(const char *key, const char *value) {
    struct safetensors_metadata pairs[64];
    struct tensor list[64];
    struct tensors *f = NULL;
    struct error e = {0};
    size_t n = 0;
    sound(tensors_open(&f, path, &e), &e);
    for (size_t i = 0; i < tensors_metadata_count(f); i++) {
        const char *k = tensors_metadata_key(f, i);
        bool changed = strcmp(k, key) == 0;
        if (!changed || value)
            pairs[n++] = (struct safetensors_metadata){k, changed ? value : tensors_metadata(f, k)};
    }
    for (size_t i = 0; i < tensors_count(f); i++)
        list[i] = *tensors_at(f, i);
    sound(safetensors_write(path, list, tensors_count(f), pairs, n, &e), &e);
    tensors_close(f);
}

static void a_foreign_file_is_refused(void **state) {
    (void)state;
    const struct {
        const char *key, *value, *wanted;
    } bad[] = {
        {"format", NULL, "not given"},
        {"format", "gptui run 99", "gptui run 99"},
        {"step", NULL, "step"},
        {"step", "-1", "step"},
        {"step", "12x", "step"},
        {"base_rate", "nan", "base_rate"},
        {"finished", "maybe", "finished"},
        {"frozen.gates", "zz", "frozen.gates"},
        {"frozen.temps", NULL, "frozen.temps"},
        {"data", NULL, "data"},
        {"best.loss", "", "best.loss"},
    };
    struct tuning t = tuning_of(METHOD_GATED, 3);
    struct state s = state_of(&t, OPTIMIZER_SGD);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error e = {0};
        sound(state_save(&s, &t, data, "", path, &e), &e);
        rewrite(bad[i].key, bad[i].value);
        check_refused(&t, OPTIMIZER_SGD, ERROR_FORMAT, bad[i].wanted);
    }
    state_destroy(&s);
}

static void a_file_of_other_tensors_has_no_hash(void **state) {
    (void)state;
    struct error e = {0};
    char hash[65];
    assert_int_equal(state_hash_file(numbers_fixture("golden/gated_mae.safetensors"), hash, &e), ERROR_FORMAT);
    assert_true(strlen(e.text) > 10);
}

static void a_folder_that_cannot_be_written_is_an_error(void **state) {
    (void)state;
    struct tuning t = tuning_of(METHOD_GATED, 3);
    struct state s = state_of(&t, OPTIMIZER_SGD);
    struct error e = {0};
    assert_int_equal(state_save(&s, &t, data, "", "/nonexistent/folder/last.safetensors", &e), ERROR_IO);
    assert_non_null(strstr(e.text, "/nonexistent/folder"));
    state_destroy(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_loaded_bit_for_bit),
        cmocka_unit_test(the_hash_of_a_file_is_that_of_its_tensors),
        cmocka_unit_test(the_file_holds_the_names_of_the_authors_and_the_classes),
        cmocka_unit_test(copies_are_equal_and_apart),
        cmocka_unit_test(a_relayout_keeps_all_but_a_renewed_head),
        cmocka_unit_test(a_relayout_for_the_same_classes_keeps_the_head),
        cmocka_unit_test(wrong_shapes_are_refused),
        cmocka_unit_test(a_truncated_file_is_refused),
        cmocka_unit_test(a_missing_file_is_refused),
        cmocka_unit_test(a_foreign_file_is_refused),
        cmocka_unit_test(a_file_of_other_tensors_has_no_hash),
        cmocka_unit_test(a_folder_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
