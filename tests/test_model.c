#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/formats/safetensors.h"
#include "core/model/model.h"
#include "core/model/positions.h"

static char folder[256], path[300];

static int make_folder(void **state) {
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof folder, "%s/test-model-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/model", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static struct model *open_model(const char *spec, struct model_options options) {
    struct model *m = NULL;
    struct error e = {0};
    if (model_open(&m, spec, &options, &e) < 0)
        fail_msg("%s", e.text);
    return m;
}

static void refuse(const char *spec, struct model_options options, int code, const char *why) {
    struct model *m = NULL;
    struct error e = {0};
    assert_int_equal(model_open(&m, spec, &options, &e), code);
    assert_null(m);
    if (!strstr(e.text, why))
        fail_msg("'%s' says nothing of '%s'", e.text, why);
}

/* The tensors of a small model that tests change before they are written: at most 64. */
struct parts {
    struct tensors *from;
    struct tensor items[64];
    size_t count;
};

static void take_parts(struct parts *p) {
    struct model *m = open_model("random:nano", (struct model_options){.seed = 3});
    assert_int_equal(model_save(m, path, false, NULL), 0);
    model_close(m);
    assert_int_equal(tensors_open(&p->from, path, NULL), 0);
    p->count = tensors_count(p->from);
    for (size_t i = 0; i < p->count; i++)
        p->items[i] = *tensors_at(p->from, i);
}

static struct tensor *part(struct parts *p, const char *name) {
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i].name, name) == 0)
            return &p->items[i];
    fail_msg("no %s", name);
    return NULL;
}

static void write_parts(struct parts *p, const char *key, const char *value) {
    const struct safetensors_metadata metadata = {key, value};
    assert_int_equal(safetensors_write(path, p->items, p->count, &metadata, key ? 1 : 0, NULL), 0);
}

/* Mean and standard deviation of values that are uniform in +-limit. */
static void assert_uniform(const float *values, size_t count, double limit) {
    double sum = 0, squares = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        double v = (double)values[i];
        sum += v;
        squares += v * v;
        most = fmax(most, fabs(v));
    }
    assert_true(most <= limit && most > 0.99 * limit);
    assert_true(fabs(sum / (double)count) < 0.03 * limit);
    assert_true(fabs(sqrt(squares / (double)count) / limit - sqrt(1 / 3.0)) < 0.02);
}

static void random_weights_follow_the_initialisation_of_mae(void **state) {
    struct model *m = open_model("random:nano", (struct model_options){.seed = 1});
    (void)state;
    assert_int_equal(m->family, MODEL_RANDOM);
    assert_string_equal(m->source, "random");
    assert_false(m->heads_guessed);
    assert_uniform(m->blocks[3].qkv_weight, 3 * 48 * 48, sqrt(6.0 / (4 * 48)));
    assert_uniform(m->blocks[0].fc1_weight, 192 * 48, sqrt(6.0 / (5 * 48)));
    assert_uniform(m->patch_weight, 48 * 192, sqrt(6.0 / (48 + 192)));
    for (size_t i = 0; i < 48; i++) {
        assert_true(m->blocks[2].norm1_weight[i] == 1 && m->norm_weight[i] == 1);
        assert_true(m->blocks[2].fc2_bias[i] == 0 && m->patch_bias[i] == 0 && m->norm_bias[i] == 0);
        assert_true(fabsf(m->cls_token[i]) < 0.1f && m->cls_token[i] != 0);
        assert_true(m->pos_embed[i] == 0);
    }
    assert_memory_not_equal(m->blocks[0].qkv_weight, m->blocks[1].qkv_weight, 48 * 48 * 4);
    model_close(m);
}

static void random_weights_depend_on_the_seed_alone(void **state) {
    char a[65], b[65], c[65];
    struct model *one = open_model("random:nano", (struct model_options){.seed = 7});
    struct model *two = open_model("random:nano@32", (struct model_options){.seed = 7});
    struct model *three = open_model("random:nano", (struct model_options){.seed = 8});
    (void)state;
    model_hash(one, a);
    model_hash(two, b);
    model_hash(three, c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_int_equal(strlen(a), 64);
    model_close(one);
    model_close(two);
    model_close(three);
}

static void random_shapes_take_options_and_are_checked(void **state) {
    struct model *m = open_model("random:nano@64", (struct model_options){.heads = 6});
    (void)state;
    assert_int_equal(m->shape.heads, 6);
    assert_int_equal(m->shape.image, 64);
    model_close(m);
    refuse("random:huge", (struct model_options){0}, ERROR_USAGE, "'huge'");
    refuse("random:nano@33", (struct model_options){0}, ERROR_SHAPE, "no multiple");
    refuse("random:nano", (struct model_options){.heads = 5}, ERROR_SHAPE, "5 heads");
}

static void a_saved_model_opens_the_same(void **state) {
    char a[65], b[65];
    struct model *m = open_model("random:nano", (struct model_options){.heads = 6, .seed = 2});
    (void)state;
    m->family = MODEL_MOCO;
    assert_int_equal(model_save(m, path, false, NULL), 0);
    struct model *again = open_model(path, (struct model_options){0});
    assert_memory_equal(&again->shape, &m->shape, sizeof m->shape);
    assert_int_equal(again->family, MODEL_MOCO);
    assert_string_equal(again->source, "random");
    assert_false(again->heads_guessed);
    model_hash(m, a);
    model_hash(again, b);
    assert_string_equal(a, b);
    model_close(again);
    model_close(m);
}

static void half_precision_rounds_to_nearest_even(void **state) {
    static const float values[] = {1 + 0x1p-11f, 1 + 0x3p-11f, 65504, -0x1p-25f, 0x3p-25f, 0x1p-14f - 0x1p-26f, 0.1f};
    static const float rounded[] = {1, 1 + 0x2p-10f, 65504, -0.0f, 0x1p-23f, 0x1p-14f, 0x1.998p-4f};
    struct parts p;
    (void)state;
    take_parts(&p);
    float norm[48] = {0};
    memcpy(norm, values, sizeof values);
    part(&p, "norm.bias")->data = norm;
    write_parts(&p, NULL, NULL);
    struct model *m = open_model(path, (struct model_options){0});
    assert_int_equal(model_save(m, path, true, NULL), 0);
    model_close(m);
    m = open_model(path, (struct model_options){0});
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_memory_equal(&m->norm_bias[i], &rounded[i], 4);
    model_close(m);
    norm[5] = 65520;
    write_parts(&p, NULL, NULL);
    m = open_model(path, (struct model_options){0});
    struct error e = {0};
    assert_int_equal(model_save(m, path, true, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "norm.bias holds 65520"));
    model_close(m);
    tensors_close(p.from);
}

static void heads_come_from_metadata_or_the_width(void **state) {
    struct parts p;
    (void)state;
    take_parts(&p);
    write_parts(&p, NULL, NULL);
    struct model *m = open_model(path, (struct model_options){0});
    assert_int_equal(m->shape.heads, 6); /* 48: no multiple of 32 */
    assert_true(m->heads_guessed);
    assert_int_equal(m->family, MODEL_TIMM);
    model_close(m);
    write_parts(&p, "heads", "4");
    m = open_model(path, (struct model_options){0});
    assert_int_equal(m->shape.heads, 4);
    assert_false(m->heads_guessed);
    model_close(m);
    m = open_model(path, (struct model_options){.heads = 3});
    assert_int_equal(m->shape.heads, 3);
    model_close(m);
    refuse(path, (struct model_options){.heads = 7}, ERROR_SHAPE, "7 heads");
    write_parts(&p, "heads", "5");
    refuse(path, (struct model_options){0}, ERROR_FORMAT, "heads '5'");
    write_parts(&p, "heads", "many");
    refuse(path, (struct model_options){0}, ERROR_FORMAT, "heads 'many'");
    tensors_close(p.from);
}

static void every_published_width_has_its_heads(void **state) {
    static const struct {
        const char *name;
        int heads;
    } cases[] = {{"random:vitt16@16", 3}, {"random:vits16@16", 6}, {"random:scenes", 3}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model *m = open_model(cases[i].name, (struct model_options){0});
        struct tensors *t = NULL;
        struct tensor items[160];
        assert_int_equal(model_save(m, path, true, NULL), 0);
        model_close(m);
        assert_int_equal(tensors_open(&t, path, NULL), 0);
        for (size_t k = 0; k < tensors_count(t); k++)
            items[k] = *tensors_at(t, k);
        assert_int_equal(safetensors_write(path, items, tensors_count(t), NULL, 0, NULL), 0);
        tensors_close(t);
        m = open_model(path, (struct model_options){0});
        assert_int_equal(m->shape.heads, cases[i].heads);
        assert_true(m->heads_guessed);
        model_close(m);
    }
}

static void layer_scale_is_folded_into_the_last_layer_of_each_branch(void **state) {
    struct parts p;
    float scale[48], mask[48] = {0};
    (void)state;
    take_parts(&p);
    for (size_t i = 0; i < 48; i++)
        scale[i] = (float)i * 0.25f - 3;
    p.items[p.count++] = (struct tensor){"blocks.1.ls1.gamma", TENSOR_F32, 1, {48}, 48, scale};
    p.items[p.count++] = (struct tensor){"blocks.1.ls2.gamma", TENSOR_F32, 1, {48}, 48, scale};
    p.items[p.count++] = (struct tensor){"blocks.0.ls1.gamma", TENSOR_F32, 1, {48}, 48, scale};
    p.items[p.count++] = (struct tensor){"mask_token", TENSOR_F32, 2, {1, 48}, 48, mask};
    write_parts(&p, NULL, NULL);
    struct model *m = open_model(path, (struct model_options){0});
    const float *proj = part(&p, "blocks.1.attn.proj.weight")->data, *fc2 = part(&p, "blocks.1.mlp.fc2.weight")->data;
    const float *plain = part(&p, "blocks.0.mlp.fc2.weight")->data;
    for (size_t i = 0; i < 48; i++) {
        for (size_t k = 0; k < 48; k++)
            assert_true(m->blocks[1].proj_weight[i * 48 + k] == proj[i * 48 + k] * scale[i]);
        for (size_t k = 0; k < 192; k++) {
            assert_true(m->blocks[1].fc2_weight[i * 192 + k] == fc2[i * 192 + k] * scale[i]);
            assert_true(m->blocks[0].fc2_weight[i * 192 + k] == plain[i * 192 + k]);
        }
    }
    model_close(m);
    p.items[p.count - 2].shape[0] = p.items[p.count - 2].count = 47;
    write_parts(&p, NULL, NULL);
    refuse(path, (struct model_options){0}, ERROR_SHAPE, "blocks.0.ls1.gamma has shape [47]; expected [48]");
    tensors_close(p.from);
}

static void what_is_no_plain_vit_is_refused_by_name(void **state) {
    struct parts p;
    float some[48 * 26] = {0};
    (void)state;
    take_parts(&p);
    size_t whole = p.count;
    p.items[p.count++] = (struct tensor){"register_tokens", TENSOR_F32, 3, {1, 4, 48}, 192, some};
    write_parts(&p, NULL, NULL);
    refuse(path, (struct model_options){0}, ERROR_FORMAT, "register_tokens");
    p.count = whole;
    struct tensor *pos = part(&p, "pos_embed"), old = *pos;
    *pos = (struct tensor){"pos_embed", TENSOR_F32, 3, {1, 16, 48}, 16 * 48, some}; /* without CLS */
    write_parts(&p, NULL, NULL);
    refuse(path, (struct model_options){0}, ERROR_SHAPE, "pos_embed has shape [1, 16, 48]");
    *pos = old;
    part(&p, "cls_token")->name = "other";
    write_parts(&p, NULL, NULL);
    refuse(path, (struct model_options){0}, ERROR_FORMAT, "lacks tensor cls_token");
    for (size_t i = 0; i < p.count; i++)
        p.items[i].name = i == 0 ? "enc.prompt_embeddings" : "";
    p.count = 1;
    write_parts(&p, NULL, NULL);
    refuse(path, (struct model_options){0}, ERROR_FORMAT, "no ViT backbone");
    tensors_close(p.from);
}

/* Among 2304 values of one matrix, at places inside and after the part that is checked in runs. */
static void a_nan_or_infinity_is_found_wherever_it_is(void **state) {
    static const struct {
        size_t at;
        float value;
        const char *why;
    } cases[] = {{0, NAN, "nan at [0, 0]"},
                 {1023, INFINITY, "inf at [21, 15]"},
                 {1024, -INFINITY, "-inf at [21, 16]"},
                 {2303, NAN, "nan at [47, 47]"}};
    struct parts p;
    float matrix[48 * 48];
    (void)state;
    take_parts(&p);
    struct tensor *t = part(&p, "blocks.2.attn.proj.weight");
    memcpy(matrix, t->data, sizeof matrix);
    t->data = matrix;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float old = matrix[cases[i].at];
        matrix[cases[i].at] = cases[i].value;
        write_parts(&p, NULL, NULL);
        refuse(path, (struct model_options){0}, ERROR_FORMAT, "blocks.2.attn.proj.weight");
        refuse(path, (struct model_options){0}, ERROR_FORMAT, cases[i].why);
        matrix[cases[i].at] = old;
    }
    write_parts(&p, NULL, NULL);
    model_close(open_model(path, (struct model_options){0}));
    tensors_close(p.from);
}

static struct tensors *open_positions(void) {
    char file[512];
    const char *root = getenv("GPTUI_SRCDIR");
    struct tensors *t = NULL;
    struct error e = {0};
    snprintf(file, sizeof file, "%s/tests/fixtures/positions.safetensors", root ? root : ".");
    if (tensors_open(&t, file, &e) < 0)
        fail_msg("%s", e.text);
    return t;
}

static void assert_near(const float *have, const float *want, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(have[i] - want[i]) <= 2e-6f * (1 + fabsf(want[i]))))
            fail_msg("[%zu] is %g, expected %g", i, (double)have[i], (double)want[i]);
}

static void positions_are_resized_as_in_pytorch(void **state) {
    static const int sizes[][2] = {{2, 4}, {4, 6}, {6, 3}};
    struct tensors *t = open_positions();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        float out[36 * 8];
        snprintf(name, sizeof name, "positions.%dto%d.in", sizes[i][0], sizes[i][1]);
        const struct tensor *in = tensors_find(t, name);
        snprintf(name, sizeof name, "positions.%dto%d.out", sizes[i][0], sizes[i][1]);
        const struct tensor *want = tensors_find(t, name);
        assert_true(in && want && want->count <= 36 * 8);
        positions_resize(in->data, sizes[i][0], sizes[i][1], 8, out);
        assert_near(out, want->data, want->count);
    }
    tensors_close(t);
}

static void fixed_positions_are_those_of_mae(void **state) {
    struct tensors *t = open_positions();
    const struct tensor *want = tensors_find(t, "positions.sincos");
    float out[10 * 16];
    (void)state;
    assert_non_null(want);
    assert_int_equal(want->count, 10 * 16);
    positions_sincos(out, 3, 16);
    assert_near(out, want->data, want->count);
    tensors_close(t);
}

static void another_image_size_resizes_the_grid_and_keeps_cls(void **state) {
    struct model *m = open_model("random:nano", (struct model_options){.seed = 4});
    float want[36 * 48];
    (void)state;
    positions_resize(m->pos_embed + 48, 4, 6, 48, want);
    assert_int_equal(model_save(m, path, false, NULL), 0);
    struct model *larger = open_model(path, (struct model_options){.image = 48});
    assert_int_equal(larger->shape.image, 48);
    assert_memory_equal(larger->pos_embed, m->pos_embed, 48 * 4);
    assert_memory_equal(larger->pos_embed + 48, want, sizeof want);
    assert_int_equal(model_save(larger, path, false, NULL), 0);
    struct model *again = open_model(path, (struct model_options){0});
    assert_int_equal(again->shape.image, 48);
    model_close(again);
    model_close(larger);
    model_close(m);
    refuse(path, (struct model_options){.image = 50}, ERROR_SHAPE, "50 pixels is no multiple of the patch of 8");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_weights_follow_the_initialisation_of_mae),
        cmocka_unit_test(random_weights_depend_on_the_seed_alone),
        cmocka_unit_test(random_shapes_take_options_and_are_checked),
        cmocka_unit_test(a_saved_model_opens_the_same),
        cmocka_unit_test(half_precision_rounds_to_nearest_even),
        cmocka_unit_test(heads_come_from_metadata_or_the_width),
        cmocka_unit_test(every_published_width_has_its_heads),
        cmocka_unit_test(layer_scale_is_folded_into_the_last_layer_of_each_branch),
        cmocka_unit_test(what_is_no_plain_vit_is_refused_by_name),
        cmocka_unit_test(a_nan_or_infinity_is_found_wherever_it_is),
        cmocka_unit_test(positions_are_resized_as_in_pytorch),
        cmocka_unit_test(fixed_positions_are_those_of_mae),
        cmocka_unit_test(another_image_size_resizes_the_grid_and_keeps_cls),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
