#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/recipes.h"

/* A checkpoint of tests/fixtures; other names are given back. */
static const char *fixture(const char *file, char out[512]) {
    const char *root = getenv("GPTUI_SRCDIR");
    if (*file && strncmp(file, "random:", 7) != 0)
        snprintf(out, 512, "%s/tests/fixtures/checkpoints/%s", root ? root : ".", file);
    else
        snprintf(out, 512, "%s", file);
    return out;
}

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

static const char *chosen(const struct settings *s) {
    static char name[SETTINGS_TEXT];
    struct error e = {0};
    if (recipes_choose(s, name, &e) < 0)
        fail_msg("%s", e.text);
    return name;
}

static void auto_is_scenes_for_the_bundled_backbone_on_scenes(void **state) {
    (void)state;
    struct settings s;
    settings_default(&s);
    assert_string_equal(chosen(&s), "scenes");
    assert_int_equal(settings_set(&s, "data", "scenes:count", NULL), 0);
    assert_string_equal(chosen(&s), "scenes");
    assert_int_equal(settings_set(&s, "data", "folder:photos", NULL), 0);
    assert_string_equal(chosen(&s), "none");
    settings_default(&s);
    assert_int_equal(settings_set(&s, "model", "random:tiny", NULL), 0);
    assert_string_equal(chosen(&s), "none");
    assert_int_equal(settings_set(&s, "recipe", "moco:cub", NULL), 0);
    assert_string_equal(chosen(&s), "moco:cub");
}

/* The fixtures' checkpoints in the names of each family. */
static void a_task_alone_goes_by_the_family_of_the_backbone(void **state) {
    (void)state;
    const struct {
        const char *file, *recipe;
    } known[] = {
        {"", "mae:cub"}, {"random:nano", "mae:cub"}, {"mae_pretrain.pth", "mae:cub"}, {"mocov3.pth.tar", "moco:cub"}};
    struct settings s;
    char name[SETTINGS_TEXT], path[512];
    struct error e = {0};
    settings_default(&s);
    assert_int_equal(settings_set(&s, "recipe", "cub", NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        fixture(known[i].file, path);
        assert_int_equal(settings_set(&s, "model", path, NULL), 0);
        assert_string_equal(chosen(&s), known[i].recipe);
    }
    assert_int_equal(settings_set(&s, "model", fixture("plain.pth", path), NULL), 0);
    assert_int_equal(recipes_choose(&s, name, &e), ERROR_USAGE);
    assert_non_null(strstr(e.text, "mae:cub or moco:cub was expected"));
    assert_int_equal(settings_set(&s, "model", "nowhere", NULL), 0);
    assert_int_equal(recipes_choose(&s, name, &e), ERROR_IO);
}

static void published_results_are_those_of_the_paper(void **state) {
    (void)state;
    assert_string_equal(recipes_result("cub", "mae")->gated, "70.56");
    assert_string_equal(recipes_result("nabirds", "moco")->deep, "75.99");
    assert_string_equal(recipes_result("VTAB-1K, mean of 19", "mae")->gated, "49.22");
    assert_null(recipes_result("svhn", "mae"));
    /* The means are those of the tasks. */
    static const char *const tasks[] = {"cub", "flowers", "cars", "dogs", "nabirds"};
    static const char *const families[] = {"mae", "moco"};
    for (int f = 0; f < 2; f++) {
        double shallow = 0, deep = 0, gated = 0;
        for (int i = 0; i < 5; i++) {
            const struct recipe_result *r = recipes_result(tasks[i], families[f]);
            shallow += strtod(r->shallow, NULL) / 5;
            deep += strtod(r->deep, NULL) / 5;
            gated += strtod(r->gated, NULL) / 5;
        }
        const struct recipe_result *mean = recipes_result("FGVC, mean of 5", families[f]);
        assert_true(fabs(shallow - strtod(mean->shallow, NULL)) < 0.0051);
        assert_true(fabs(deep - strtod(mean->deep, NULL)) < 0.0051);
        assert_true(fabs(gated - strtod(mean->gated, NULL)) < 0.0051);
    }
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
        cmocka_unit_test(a_task_alone_goes_by_the_family_of_the_backbone),
        cmocka_unit_test(published_results_are_those_of_the_paper),
        cmocka_unit_test(an_unknown_recipe_suggests_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
