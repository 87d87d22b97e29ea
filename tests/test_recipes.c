#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "app/recipes.h"

static struct settings applied(const char *name) {
    struct settings s;
    struct error e = {0};
    settings_default(&s);
    if (recipes_apply(&s, name, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static void every_recipe_holds_settings_that_are_valid(void **state) {
    (void)state;
    for (size_t i = 0; i < recipes_count(); i++) {
        assert_ptr_equal(recipes_find(recipes_at(i)->name), recipes_at(i));
        applied(recipes_at(i)->name);
    }
}

static void the_published_tables_are_there_for_both_backbones(void **state) {
    (void)state;
    size_t mae = 0, moco = 0;
    for (size_t i = 0; i < recipes_count(); i++) {
        mae += strncmp(recipes_at(i)->name, "mae:", 4) == 0;
        moco += strncmp(recipes_at(i)->name, "moco:", 5) == 0;
    }
    assert_int_equal(mae, 24);
    assert_int_equal(moco, 24);
}

static void published_numbers_are_those_of_table_5(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int batch, prompts;
        double lr, gate_init;
    } rows[] = {
        {"mae:cub", 64, 100, 0.1, 5},         {"moco:cub", 64, 100, 1, 5},
        {"mae:cars", 64, 100, 0.25, 5},       {"mae:dogs", 64, 100, 0.5, 15},
        {"moco:nabirds", 64, 100, 1, 5},      {"mae:flowers", 64, 100, 0.1, 15},
        {"mae:flowers102", 128, 1, 0.25, 5},  {"moco:caltech101", 128, 10, 2.5, 4},
        {"moco:cifar100", 128, 10, 1, 15},    {"mae:clevr-count", 128, 1, 0.05, 15},
        {"moco:clevr-count", 128, 5, 0.5, 5}, {"mae:resisc45", 128, 10, 0.25, 5},
        {"moco:resisc45", 64, 100, 1, 7},     {"mae:smallnorb-azimuth", 128, 1, 0.1, 20},
        {"moco:pets", 64, 100, 1, 1},         {"moco:smallnorb-elevation", 128, 5, 0.5, 4},
        {"mae:kitti", 128, 5, 0.1, 7},        {"mae:eurosat", 128, 5, 0.1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings s = applied(rows[i].name);
        assert_int_equal(s.batch, rows[i].batch);
        assert_int_equal(s.prompts, rows[i].prompts);
        assert_true(s.lr == rows[i].lr);
        assert_true(s.gate_init == rows[i].gate_init);
        assert_int_equal(s.method, METHOD_GATED);
        assert_int_equal(s.epochs, 100);
        assert_int_equal(s.schedule, SCHEDULE_PAPER);
    }
    assert_int_equal(applied("mae:cub").preprocess, PREPROCESSING_FGVC);
    assert_int_equal(applied("mae:dtd").preprocess, PREPROCESSING_VTAB);
    assert_int_equal(applied("mae:dtd").augment, AUGMENTATION_NONE);
}

static void none_leaves_the_defaults(void **state) {
    (void)state;
    struct settings s = applied("none"), defaults;
    settings_default(&defaults);
    assert_memory_equal(&s, &defaults, sizeof s);
}

static void auto_is_scenes_for_the_bundled_backbone_on_scenes(void **state) {
    (void)state;
    struct settings s;
    settings_default(&s);
    assert_string_equal(recipes_choose(&s), "scenes");
    assert_int_equal(settings_set(&s, "data", "scenes:count", NULL), 0);
    assert_string_equal(recipes_choose(&s), "scenes");
    assert_int_equal(settings_set(&s, "data", "folder:photos", NULL), 0);
    assert_string_equal(recipes_choose(&s), "none");
    settings_default(&s);
    assert_int_equal(settings_set(&s, "model", "random:tiny", NULL), 0);
    assert_string_equal(recipes_choose(&s), "none");
    assert_int_equal(settings_set(&s, "recipe", "mae:cub", NULL), 0);
    assert_string_equal(recipes_choose(&s), "mae:cub");
}

static void an_unknown_recipe_suggests_the_nearest(void **state) {
    (void)state;
    struct settings s;
    struct error e = {0};
    settings_default(&s);
    assert_int_equal(recipes_apply(&s, "mae:cup", &e), ERROR_USAGE);
    assert_string_equal(e.text, "unknown recipe \"mae:cup\"; did you mean \"mae:cub\"?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipe_holds_settings_that_are_valid),
        cmocka_unit_test(the_published_tables_are_there_for_both_backbones),
        cmocka_unit_test(published_numbers_are_those_of_table_5),
        cmocka_unit_test(none_leaves_the_defaults),
        cmocka_unit_test(auto_is_scenes_for_the_bundled_backbone_on_scenes),
        cmocka_unit_test(an_unknown_recipe_suggests_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
