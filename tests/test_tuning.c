#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/digest.h"
#include "core/model/tuning.h"
#include "tests/numbers.h"

enum { DIM = 20, DEPTH = 5, PROMPTS = 3, CLASSES = 7, MOST = 4096 };

static const struct vit_shape shape = {.dim = DIM, .depth = DEPTH, .heads = 4, .mlp = 40, .patch = 4, .image = 12};

static struct tuning_options options(enum method method, enum pool pool, int insert_at) {
    return (struct tuning_options){.method = method,
                                   .pool = pool,
                                   .prompts = PROMPTS,
                                   .insert_at = insert_at,
                                   .temps = true,
                                   .gate_init = 5,
                                   .prompt_dropout = 0.1,
                                   .classes = CLASSES};
}

static struct tuning create(struct tuning_options o) {
    struct tuning t;
    struct error e = {0};
    assert_int_equal(tuning_create(&t, &o, &shape, &e), 0);
    assert_true(t.total <= MOST);
    return t;
}

static void has(const struct tuning *t, enum tuned_kind kind, int rank, size_t a, size_t b, size_t c) {
    const struct tuned *n = tuning_find(t, kind);
    const size_t wanted[] = {a, b, c};
    assert_non_null(n);
    assert_int_equal(n->kind, kind);
    assert_int_equal(n->rank, rank);
    size_t size = 1;
    for (int i = 0; i < rank; i++) {
        assert_int_equal(n->shape[i], wanted[i]);
        size *= wanted[i];
    }
    assert_int_equal(n->size, size);
}

static void each_method_tunes_its_tensors(void **state) {
    (void)state;
    static const struct {
        enum method method;
        bool temps, kinds[TUNED_KINDS];
    } methods[] = {
        {METHOD_GATED, true, {true, false, true, true, true, true}},
        {METHOD_GATED, false, {true, false, true, false, true, true}},
        {METHOD_GATED_HARD, true, {true, false, true, true, true, true}},
        {METHOD_SHALLOW, true, {true, false, false, false, true, true}},
        {METHOD_DEEP, true, {true, true, false, false, true, true}},
        {METHOD_LINEAR, true, {false, false, false, false, true, true}},
    };
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        struct tuning_options o = options(methods[m].method, POOL_MAE, 0);
        o.temps = methods[m].temps;
        struct tuning t = create(o);
        int count = 0;
        for (int k = 0; k < TUNED_KINDS; k++) {
            count += methods[m].kinds[k];
            assert_int_equal(tuning_find(&t, (enum tuned_kind)k) != NULL, methods[m].kinds[k]);
        }
        assert_int_equal(t.count, count);
        assert_int_equal(tuning_has_prompts(&t), methods[m].kinds[TUNED_PROMPTS]);
        assert_int_equal(tuning_is_gated(&t), methods[m].kinds[TUNED_GATES]);
    }
}

static void shapes_and_names_are_those_of_the_authors(void **state) {
    (void)state;
    struct tuning gated = create(options(METHOD_GATED, POOL_MAE, 0)), deep = create(options(METHOD_DEEP, POOL_MAE, 0));
    has(&gated, TUNED_PROMPTS, 3, 1, PROMPTS, DIM);
    has(&gated, TUNED_GATES, 1, DEPTH - 1, 0, 0);
    has(&gated, TUNED_TEMPS, 1, DEPTH, 0, 0);
    has(&gated, TUNED_HEAD_WEIGHT, 2, CLASSES, DIM, 0);
    has(&gated, TUNED_HEAD_BIAS, 1, CLASSES, 0, 0);
    has(&deep, TUNED_DEEP_PROMPTS, 3, DEPTH - 1, PROMPTS, DIM);
    assert_string_equal(tuning_find(&gated, TUNED_PROMPTS)->name, "enc.prompt_embeddings");
    assert_string_equal(tuning_find(&deep, TUNED_DEEP_PROMPTS)->name, "enc.deep_prompt_embeddings");
    assert_string_equal(tuning_find(&gated, TUNED_GATES)->name, "enc.gate_logit");
    assert_string_equal(tuning_find(&gated, TUNED_TEMPS)->name, "enc.temp");
    assert_string_equal(tuning_find(&gated, TUNED_HEAD_WEIGHT)->name, "head.last_layer.weight");
    assert_string_equal(tuning_find(&gated, TUNED_HEAD_BIAS)->name, "head.last_layer.bias");
}

static void tensors_lie_apart_on_cache_lines(void **state) {
    (void)state;
    struct tuning t = create(options(METHOD_GATED, POOL_MAE, 0));
    size_t end = 0;
    for (int i = 0; i < t.count; i++) {
        assert_int_equal(t.tensors[i].offset % 16, 0);
        assert_true(t.tensors[i].offset >= end);
        end = t.tensors[i].offset + t.tensors[i].size;
    }
    assert_true(t.total >= end);
}

static void prompts_are_there_from_the_insertion_on(void **state) {
    (void)state;
    struct tuning t = create(options(METHOD_GATED, POOL_MAE, 2)), linear = create(options(METHOD_LINEAR, POOL_MAE, 2));
    for (int l = 0; l < DEPTH; l++) {
        assert_int_equal(tuning_prompts_at(&t, l), l >= 2 ? PROMPTS : 0);
        assert_int_equal(tuning_prompts_at(&linear, l), 0);
    }
}

static void pools_take_their_rows(void **state) {
    (void)state;
    const struct {
        enum method method;
        enum pool pool;
        size_t first, count;
    } pools[] = {
        {METHOD_GATED, POOL_MAE, 1, PROMPTS + 9}, {METHOD_GATED, POOL_CLS, 0, 1},
        {METHOD_GATED, POOL_IMG, 1 + PROMPTS, 9}, {METHOD_GATED, POOL_PROMPT, 1, PROMPTS},
        {METHOD_LINEAR, POOL_MAE, 1, 9},          {METHOD_LINEAR, POOL_IMG, 1, 9},
        {METHOD_LINEAR, POOL_CLS, 0, 1},
    };
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        struct tuning t = create(options(pools[i].method, pools[i].pool, 0));
        struct rows r = tuning_pool_rows(&t);
        assert_int_equal(r.head ? 0 : r.skip, pools[i].first);
        assert_int_equal(rows_count(&r), pools[i].count);
    }
}

static void what_does_not_fit_is_refused_in_a_sentence(void **state) {
    (void)state;
    struct tuning t;
    struct error e = {0};
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, DEPTH);
    assert_int_equal(tuning_create(&t, &o, &shape, &e), ERROR_USAGE);
    assert_string_equal(e.text, "insert-at is 6, but the backbone has blocks 1 to 5");
    o.insert_at = -1;
    assert_int_equal(tuning_create(&t, &o, &shape, &e), ERROR_USAGE);
    o = options(METHOD_LINEAR, POOL_PROMPT, 0);
    assert_int_equal(tuning_create(&t, &o, &shape, &e), ERROR_USAGE);
    assert_non_null(strstr(e.text, "linear"));
    o = options(METHOD_LINEAR, POOL_MAE, DEPTH); /* means nothing there */
    assert_int_equal(tuning_create(&t, &o, &shape, &e), 0);
}

static void theta_starts_as_published(void **state) {
    (void)state;
    float theta[MOST], again[MOST];
    struct tuning t = create(options(METHOD_GATED, POOL_MAE, 0));
    memset(theta, 0x7f, sizeof theta);
    tuning_initialise(&t, NULL, 42, theta);
    const double bound = sqrt(6.0 / (3 * 4 * 4 + DIM));
    double largest = 0;
    const struct tuned *n = tuning_find(&t, TUNED_PROMPTS);
    for (size_t i = 0; i < n->size; i++)
        largest = fmax(largest, fabs((double)theta[n->offset + i]));
    assert_true(largest <= bound && largest > 0.9 * bound);
    for (size_t i = 0; i < DEPTH - 1; i++)
        assert_true(theta[tuning_find(&t, TUNED_GATES)->offset + i] == -5.0f);
    for (size_t i = 0; i < DEPTH; i++)
        assert_true(theta[tuning_find(&t, TUNED_TEMPS)->offset + i] == 1.0f);
    for (size_t i = 0; i < CLASSES; i++)
        assert_true(theta[tuning_find(&t, TUNED_HEAD_BIAS)->offset + i] == (float)-log(99.0));
    tuning_initialise(&t, NULL, 42, again);
    assert_memory_equal(theta, again, t.total * sizeof *theta);
    tuning_initialise(&t, NULL, 43, again);
    assert_memory_not_equal(theta + n->offset, again + n->offset, n->size * sizeof *theta);
}

static void deep_prompts_differ_from_the_first_ones(void **state) {
    (void)state;
    float theta[MOST];
    struct tuning t = create(options(METHOD_DEEP, POOL_MAE, 0));
    tuning_initialise(&t, NULL, 42, theta);
    const float *first = theta + tuning_find(&t, TUNED_PROMPTS)->offset;
    const float *deep = theta + tuning_find(&t, TUNED_DEEP_PROMPTS)->offset;
    double mean = 0;
    for (size_t block = 0; block < DEPTH - 1; block++) {
        assert_memory_not_equal(first, deep + block * PROMPTS * DIM, PROMPTS * DIM * sizeof *first);
        if (block > 0)
            assert_memory_not_equal(deep, deep + block * PROMPTS * DIM, PROMPTS * DIM * sizeof *first);
        for (size_t i = 0; i < PROMPTS * DIM; i++)
            mean += (double)deep[block * PROMPTS * DIM + i] / ((DEPTH - 1) * PROMPTS * DIM);
    }
    assert_true(fabs(mean) < 5 * sqrt(6.0 / 68 / 3 / ((DEPTH - 1) * PROMPTS * DIM)));
}

static void a_gap_in_theta_is_0(void **state) {
    (void)state;
    float theta[MOST];
    struct tuning t = create(options(METHOD_GATED, POOL_MAE, 0));
    memset(theta, 0x7f, sizeof theta);
    tuning_initialise(&t, NULL, 42, theta);
    for (int i = 0; i < t.count; i++) {
        size_t end = i + 1 < t.count ? t.tensors[i + 1].offset : t.total;
        for (size_t k = t.tensors[i].offset + t.tensors[i].size; k < end; k++)
            assert_true(theta[k] == 0.0f);
    }
}

static void a_head_is_a_function_of_seed_and_swaps(void **state) {
    (void)state;
    struct vit_shape wide = shape;
    wide.dim = 400;
    struct tuning_options o = options(METHOD_LINEAR, POOL_MAE, 0);
    struct tuning t;
    assert_int_equal(tuning_create(&t, &o, &wide, NULL), 0);
    assert_true(t.total <= MOST);
    float a[MOST] = {0}, b[MOST] = {0};
    const struct tuned *w = tuning_find(&t, TUNED_HEAD_WEIGHT);
    tuning_initialise_head(&t, 42, 0, a);
    tuning_initialise_head(&t, 42, 0, b);
    assert_memory_equal(a, b, sizeof a);
    tuning_initialise_head(&t, 42, 1, b);
    assert_memory_not_equal(a + w->offset, b + w->offset, w->size * sizeof *a);
    tuning_initialise_head(&t, 43, 0, b);
    assert_memory_not_equal(a + w->offset, b + w->offset, w->size * sizeof *a);
    double sum = 0, squares = 0, n = (double)w->size;
    for (size_t i = 0; i < w->size; i++) {
        sum += (double)a[w->offset + i];
        squares += (double)a[w->offset + i] * (double)a[w->offset + i];
    }
    double variance = 2.0 / CLASSES; /* kaiming, fan_out */
    assert_true(fabs(sum / n) < 5 * sqrt(variance / n));
    assert_true(fabs(squares / n - variance) < 5 * variance * sqrt(2 / n));
}

static void temperatures_are_held_and_nothing_else_is(void **state) {
    (void)state;
    float theta[MOST], before[MOST];
    struct tuning t = create(options(METHOD_GATED, POOL_MAE, 0));
    tuning_initialise(&t, NULL, 42, theta);
    float *temps = theta + tuning_find(&t, TUNED_TEMPS)->offset;
    const float given[] = {-3, 0.005f, 0.5f, 12, NAN}, held[] = {0.01f, 0.01f, 0.5f, 10};
    memcpy(temps, given, sizeof given);
    memcpy(before, theta, sizeof theta);
    tuning_clamp_temps(&t, theta);
    assert_memory_equal(temps, held, sizeof held);
    assert_true(isnan(temps[4])); /* divergence stays visible */
    memcpy(temps, given, sizeof given);
    assert_memory_equal(theta, before, t.total * sizeof *theta);
    struct tuning shallow = create(options(METHOD_SHALLOW, POOL_MAE, 0));
    tuning_clamp_temps(&shallow, theta);
    assert_memory_equal(theta, before, t.total * sizeof *theta);
}

struct held_values {
    float gates[DEPTH], slopes[DEPTH], temps[DEPTH];
};

static struct held_values values(const struct tuning *t, const float *theta, const float *noise) {
    struct held_values h;
    struct tuning_values v = {h.gates, h.slopes, h.temps};
    tuning_values(t, theta, noise, &v);
    return h;
}

static void values_of_soft_gates(void **state) {
    (void)state;
    float theta[MOST];
    struct tuning t = create(options(METHOD_GATED, POOL_MAE, 0));
    tuning_initialise(&t, NULL, 42, theta);
    const float gamma[] = {-5, 0, 2, 30}, tau[] = {0.001f, 1, 2, 100, 0.5f}, held[] = {0.01f, 1, 2, 10, 0.5f};
    memcpy(theta + tuning_find(&t, TUNED_GATES)->offset, gamma, sizeof gamma);
    memcpy(theta + tuning_find(&t, TUNED_TEMPS)->offset, tau, sizeof tau);
    struct held_values h = values(&t, theta, NULL);
    for (int l = 0; l < DEPTH - 1; l++) {
        double g = 1 / (1 + exp(-(double)gamma[l]));
        assert_true(fabs((double)h.gates[l] - g) < 1e-7);
        assert_true(fabs((double)h.slopes[l] - g * (1 - g)) < 1e-7);
    }
    assert_memory_equal(h.temps, held, sizeof held);
}

static void values_of_methods_without_gates_are_1(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_SHALLOW, METHOD_DEEP, METHOD_LINEAR};
    float theta[MOST];
    for (int m = 0; m < 3; m++) {
        struct tuning t = create(options(methods[m], POOL_MAE, 0));
        tuning_initialise(&t, NULL, 42, theta);
        struct held_values h = values(&t, theta, NULL);
        for (int l = 0; l < DEPTH; l++) {
            assert_true(h.temps[l] == 1.0f);
            assert_true(l == DEPTH - 1 || (h.gates[l] == 1.0f && h.slopes[l] == 0.0f));
        }
    }
}

static void values_of_hard_gates(void **state) {
    (void)state;
    float theta[MOST];
    struct tuning t = create(options(METHOD_GATED_HARD, POOL_MAE, 0));
    tuning_initialise(&t, NULL, 42, theta);
    const float gamma[] = {-1, 1, 0, 3}, noise[] = {1.5f, -1.5f, 0.25f, 1};
    memcpy(theta + tuning_find(&t, TUNED_GATES)->offset, gamma, sizeof gamma);
    const float tested[] = {0, 1, 0, 1}, drawn[] = {1, 0, 1, 1}; /* [gamma > 0]; [gamma + noise > 0] */
    struct held_values h = values(&t, theta, NULL);
    assert_memory_equal(h.gates, tested, sizeof tested);
    h = values(&t, theta, noise);
    assert_memory_equal(h.gates, drawn, sizeof drawn);
    for (int l = 0; l < DEPTH - 1; l++) {
        double g = 1 / (1 + exp(-(double)(gamma[l] + noise[l])));
        assert_true(fabs((double)h.slopes[l] - g * (1 - g)) < 1e-7);
    }
}

static void noise_is_for_hard_gates_alone(void **state) {
    (void)state;
    float theta[MOST];
    struct tuning t = create(options(METHOD_GATED, POOL_MAE, 0));
    tuning_initialise(&t, NULL, 42, theta);
    const float noise[] = {1, 2, 3, 4};
    struct held_values with = values(&t, theta, noise), without = values(&t, theta, NULL);
    assert_memory_equal(with.gates, without.gates, (DEPTH - 1) * sizeof(float));
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

static void hash_is_over_names_and_values_in_the_order_of_names(void **state) {
    (void)state;
    const enum method methods[] = {METHOD_GATED, METHOD_GATED_HARD, METHOD_SHALLOW, METHOD_DEEP, METHOD_LINEAR};
    for (int m = 0; m < 5; m++) {
        float theta[MOST];
        struct tuning t = create(options(methods[m], POOL_MAE, 0));
        tuning_initialise(&t, NULL, 42, theta);
        struct tensor list[TUNED_KINDS];
        for (int i = 0; i < t.count; i++)
            list[i] = tuning_tensor(&t.tensors[i], theta);
        qsort(list, (size_t)t.count, sizeof *list, by_name);
        /* One buffer, one digest: none of tuning_hash()'s own loop. */
        static unsigned char text[MOST * 8];
        size_t size = 0;
        for (int i = 0; i < t.count; i++) {
            size_t name = strlen(list[i].name) + 1;
            memcpy(text + size, list[i].name, name);
            memcpy(text + size + name, list[i].data, list[i].count * sizeof(float));
            size += name + list[i].count * sizeof(float);
        }
        struct digest d;
        char wanted[DIGEST_HEX], found[DIGEST_HEX], changed[DIGEST_HEX];
        digest_init(&d);
        digest_update(&d, text, size);
        digest_hex(&d, wanted);
        tuning_hash(&t, theta, found);
        assert_string_equal(found, wanted);
        for (int i = 0; i < t.count; i++) {
            float *last = theta + t.tensors[i].offset + t.tensors[i].size - 1, kept = *last;
            *last = nextafterf(kept, 100);
            tuning_hash(&t, theta, changed);
            assert_string_not_equal(changed, wanted);
            *last = kept;
        }
    }
}

/* Computed apart from this program: Python's hashlib over the same names and values. */
static void hash_of_known_values(void **state) {
    (void)state;
    const struct vit_shape small = {.dim = 2, .depth = 2, .heads = 1, .mlp = 2, .patch = 4, .image = 8};
    struct tuning_options o = options(METHOD_GATED, POOL_MAE, 0);
    o.prompts = 1;
    o.classes = 2;
    struct tuning t;
    float theta[256] = {0};
    char hash[DIGEST_HEX];
    assert_int_equal(tuning_create(&t, &o, &small, NULL), 0);
    assert_true(t.total <= 256);
    float next = 0.5f;
    for (int i = 0; i < t.count; i++)
        for (size_t k = 0; k < t.tensors[i].size; k++, next += 0.25f)
            theta[t.tensors[i].offset + k] = next;
    tuning_hash(&t, theta, hash);
    assert_string_equal(hash, "9136ffe411492214e238ba5023efa8fbf468486cf5f7ab7948426ea4abc7a83f");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_tunes_its_tensors),
        cmocka_unit_test(shapes_and_names_are_those_of_the_authors),
        cmocka_unit_test(tensors_lie_apart_on_cache_lines),
        cmocka_unit_test(prompts_are_there_from_the_insertion_on),
        cmocka_unit_test(pools_take_their_rows),
        cmocka_unit_test(what_does_not_fit_is_refused_in_a_sentence),
        cmocka_unit_test(theta_starts_as_published),
        cmocka_unit_test(deep_prompts_differ_from_the_first_ones),
        cmocka_unit_test(a_gap_in_theta_is_0),
        cmocka_unit_test(a_head_is_a_function_of_seed_and_swaps),
        cmocka_unit_test(temperatures_are_held_and_nothing_else_is),
        cmocka_unit_test(values_of_soft_gates),
        cmocka_unit_test(values_of_methods_without_gates_are_1),
        cmocka_unit_test(values_of_hard_gates),
        cmocka_unit_test(noise_is_for_hard_gates_alone),
        cmocka_unit_test(hash_is_over_names_and_values_in_the_order_of_names),
        cmocka_unit_test(hash_of_known_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
