/* fgvc:NAME:PATH from split files, from the benchmarks' own lists, and from class folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/data/dataset.h"
#include "tests/pictures.h"

static char *root;
static struct dataset_options options = {.seed = 1, .image = 32, .scenes = {1, 1, 1}};

static int make_root(void **state) {
    (void)state;
    root = pictures_folder();
    pictures_path(root, "images/x");
    pictures_path(root, "Images/x");
    return 0;
}

static int remove_root(void **state) {
    (void)state;
    pictures_remove(root);
    return 0;
}

static void put(const char *path, const char *text) {
    pictures_write_bytes(pictures_path(root, "%s", path), text, strlen(text));
}

static void put_json(const char *train, const char *val, const char *test) {
    put("train.json", train);
    put("val.json", val);
    put("test.json", test);
}

static struct dataset *open_name(const char *name) {
    struct dataset *d;
    struct error e = {0};
    char spec[512];
    snprintf(spec, sizeof spec, "fgvc:%s:%s", name, root);
    if (dataset_open(&d, spec, &options, &e) < 0)
        fail_msg("%s", e.text);
    return d;
}

static void expect_error(const char *name, int code, const char *part) {
    struct dataset *d;
    struct error e = {0};
    char spec[512];
    snprintf(spec, sizeof spec, "fgvc:%s:%s", name, root);
    assert_int_equal(dataset_open(&d, spec, &options, &e), code);
    if (!strstr(e.text, part))
        fail_msg("'%s' does not say '%s'", e.text, part);
}

/* An image of a split: its path below the root, and its label. */
static void expect(const struct dataset *d, enum split s, size_t i, const char *below, int label) {
    assert_true(i < dataset_size(d, s));
    assert_string_equal(dataset_path(d, s, i) + strlen(root) + 1, below);
    assert_int_equal(dataset_label(d, s, i), label);
}

static void images_stand_in_the_order_of_the_file(void **state) {
    (void)state;
    put_json("{\"b/2.jpg\": 10, \"a/1.jpg\": 9, \"c/3.jpg\": 200, \"a/0.jpg\": 9}", "{\"c/9.jpg\": 200}",
             "{\"a/7.jpg\": 9, \"b/7.jpg\": 10}");
    struct dataset *d = open_name("cub");
    assert_int_equal(dataset_classes(d), 3);
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 4);
    expect(d, SPLIT_TRAIN, 0, "images/b/2.jpg", 1); /* 9, 10, 200: by number, not as text */
    expect(d, SPLIT_TRAIN, 1, "images/a/1.jpg", 0);
    expect(d, SPLIT_TRAIN, 3, "images/a/0.jpg", 0);
    expect(d, SPLIT_VAL, 0, "images/c/9.jpg", 2); /* the reference would say 0 */
    expect(d, SPLIT_TEST, 1, "images/b/7.jpg", 1);
    assert_string_equal(dataset_class_name(d, 1), "b");
    assert_null(dataset_dealt_path(d, SPLIT_TRAIN, 0));
    assert_int_equal(dataset_published(d, SPLIT_TEST), 5794);
    dataset_close(d);
}

static void paths_start_where_the_benchmark_says(void **state) {
    (void)state;
    put_json("{\"x/1.jpg\": 1, \"y/1.jpg\": 2}", "{\"x/2.jpg\": 1}", "{\"x/3.jpg\": 1}");
    const struct {
        const char *name, *path;
    } known[] = {{"cub", "images/x/1.jpg"},
                 {"nabirds", "images/x/1.jpg"},
                 {"flowers", "x/1.jpg"},
                 {"dogs", "Images/x/1.jpg"},
                 {"cars", "x/1.jpg"}};
    for (size_t i = 0; i < 5; i++) {
        struct dataset *d = open_name(known[i].name);
        expect(d, SPLIT_TRAIN, 0, known[i].path, 0);
        dataset_close(d);
    }
}

static void classes_without_folders_are_called_as_in_the_file(void **state) {
    (void)state;
    put_json("{\"jpg/1.jpg\": 77, \"jpg/2.jpg\": 5}", "{\"jpg/3.jpg\": 5}", "{\"jpg/4.jpg\": 77}");
    struct dataset *d = open_name("flowers");
    assert_string_equal(dataset_class_name(d, 0), "5");
    assert_string_equal(dataset_class_name(d, 1), "77");
    dataset_close(d);
    put_json("{\"1.jpg\": \"rose\", \"2.jpg\": \"aster\"}", "{\"3.jpg\": \"rose\"}", "{\"4.jpg\": \"aster\"}");
    d = open_name("flowers");
    assert_string_equal(dataset_class_name(d, 0), "aster");
    expect(d, SPLIT_TRAIN, 0, "1.jpg", 1);
    dataset_close(d);
}

static void the_path_alone_is_told_what_is_missing(void **state) {
    (void)state;
    struct dataset *d;
    struct error e = {0};
    put("train.json", "{\"x/1.jpg\": 1, \"y/1.jpg\": 2}");
    assert_int_equal(dataset_open(&d, root, &options, &e), ERROR_USAGE);
    assert_non_null(strstr(e.text, "holds train.json; fgvc:NAME:/"));
    unlink(pictures_path(root, "train.json"));
}

static void split_files_that_do_not_fit_are_refused(void **state) {
    (void)state;
    const char *good = "{\"a/1.jpg\": 1, \"b/1.jpg\": 2}";
    expect_error("dog", ERROR_USAGE, "NAME one of cub, nabirds, flowers, dogs, cars");
    put_json(good, "{\"c/1.jpg\": 3}", good);
    expect_error("cub", ERROR_DATA, "val.json: 'c/1.jpg' is of a class that train.json has none of");
    put_json(good, good, "{\"a/../../1.jpg\": 1}");
    expect_error("cub", ERROR_DATA, "test.json: 'a/../../1.jpg' is no path below the dataset's folder");
    put_json(good, good, "{\"/a/1.jpg\": 1}");
    expect_error("cub", ERROR_DATA, "test.json: '/a/1.jpg' is no path below the dataset's folder");
    put_json(good, good, "[1, 2]");
    expect_error("cub", ERROR_FORMAT, "test.json: no JSON object");
    put_json(good, good, "{}");
    expect_error("cub", ERROR_FORMAT, "test.json: no JSON object");
    put_json(good, good, "{\"a/1.jpg\": [1]}");
    expect_error("cub", ERROR_FORMAT, "neither a number nor a word");
    put_json(good, good, "{\"a/1.jpg\": 1");
    expect_error("cub", ERROR_FORMAT, "test.json: no JSON object");
    put_json("{\"a/1.jpg\": 1}", "{\"a/1.jpg\": 1}", "{\"a/1.jpg\": 1}");
    expect_error("cub", ERROR_DATA, "at least two");
    put_json(good, good, good);
    unlink(pictures_path(root, "val.json"));
    expect_error("cub", ERROR_IO, "val.json: cannot be opened");
    unlink(pictures_path(root, "train.json"));
    unlink(pictures_path(root, "test.json"));
}

/* Classes 3 and 20 of ten training images each, 40 of one; the test images between them. */
static void put_lists(void) {
    FILE *images = fopen(pictures_path(root, "images.txt"), "w"),
         *of = fopen(pictures_path(root, "image_class_labels.txt"), "w");
    FILE *splits = fopen(pictures_path(root, "train_test_split.txt"), "w");
    const int classes[] = {20, 3, 40};
    assert_true(images && of && splits);
    for (int i = 0; i < 33; i++) {
        int class = i < 31 ? classes[i % 2] : 40, test = i % 3 == 2 && i < 30;
        fprintf(images, "%d %03d.bird/%d.jpg\n", i + 1, class, i);
        fprintf(of, "%d %d\r\n", i + 1, class);
        fprintf(splits, "%d %d\n", i + 1, !test);
    }
    fclose(images);
    fclose(of);
    fclose(splits);
    put("classes.txt", "3 003.crow\n20 Great grebe \n40 040.owl\n99 none\n");
}

static void the_lists_of_the_birds_are_read_and_val_is_dealt(void **state) {
    (void)state;
    put_lists();
    struct dataset *d = open_name("cub"), *again = open_name("cub");
    assert_int_equal(dataset_classes(d), 3);
    assert_string_equal(dataset_class_name(d, 0), "003.crow");
    assert_string_equal(dataset_class_name(d, 1), "Great grebe");
    assert_string_equal(dataset_dealt_path(d, SPLIT_TEST, 0), "020.bird/2.jpg");
    assert_int_equal(dataset_size(d, SPLIT_TEST), 10);
    for (size_t i = 0; i < 10; i++) {
        char path[64];
        int number = (int)i * 3 + 2;
        snprintf(path, sizeof path, "images/%03d.bird/%d.jpg", number % 2 ? 3 : 20, number);
        expect(d, SPLIT_TEST, i, path, number % 2 ? 0 : 1);
    }
    /* 10, 11 and 2 are left: a tenth of each, at least one. */
    assert_int_equal(dataset_size(d, SPLIT_VAL), 3);
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 20);
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        for (size_t i = 0; i < dataset_size(d, s); i++)
            assert_string_equal(dataset_path(d, s, i), dataset_path(again, s, i));
    dataset_close(again);
    dataset_close(d);
    put("train_test_split.txt", "1 1\n2 0\n");
    expect_error("nabirds", ERROR_FORMAT, "train_test_split.txt: has no line for the image '3'");
    put("train_test_split.txt", "1\n");
    expect_error("nabirds", ERROR_FORMAT, "train_test_split.txt: line 1: a key and a value were expected");
    put_lists();
    put("train_test_split.txt", "1 1\n2 2\n");
    expect_error("nabirds", ERROR_FORMAT, "train_test_split.txt: the image '2' has '2'; 1 (train) or 0 (test) was");
    unlink(pictures_path(root, "train_test_split.txt"));
}

static void classes_called_by_numbers_have_their_names_from_the_list(void **state) {
    (void)state;
    put_json("{\"0817/1.jpg\": 3, \"0009/1.jpg\": 1}", "{\"0817/2.jpg\": 3}", "{\"0009/3.jpg\": 1}");
    put("classes.txt", "9 Snow\tgoose\n817 Snowy owl\n");
    struct dataset *d = open_name("nabirds");
    assert_string_equal(dataset_class_name(d, 0), "Snow?goose");
    assert_string_equal(dataset_class_name(d, 1), "Snowy owl");
    dataset_close(d);
    unlink(pictures_path(root, "train.json"));
    unlink(pictures_path(root, "val.json"));
    unlink(pictures_path(root, "test.json"));
    unlink(pictures_path(root, "classes.txt"));
}

/* Where the benchmark's own folder is not there, everything starts from PATH; splits that are there are not dealt. */
static void class_folders_may_lie_in_the_path_itself(void **state) {
    (void)state;
    struct dataset *d;
    char spec[512];
    for (int i = 0; i < 40; i++) {
        static const char *const splits[] = {"train", "val", "test"};
        pictures_write(pictures_path(root, "flat/%s/%d.png", i % 2 ? "a" : "b", i), 3, 3, i);
        pictures_write(pictures_path(root, "three/%s/%s/%d.png", splits[i % 3], i % 2 ? "a" : "b", i), 3, 3, i);
    }
    snprintf(spec, sizeof spec, "fgvc:cub:%s/flat", root);
    assert_int_equal(dataset_open(&d, spec, &options, NULL), 0);
    assert_string_equal(dataset_dealt_path(d, SPLIT_TRAIN, 0), strstr(dataset_path(d, SPLIT_TRAIN, 0), "a/"));
    dataset_close(d);
    snprintf(spec, sizeof spec, "fgvc:cub:%s/three", root);
    assert_int_equal(dataset_open(&d, spec, &options, NULL), 0);
    assert_null(dataset_dealt_path(d, SPLIT_TRAIN, 0));
    dataset_close(d);
}

static void class_folders_are_dealt_where_there_is_no_list(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++)
        pictures_write(pictures_path(root, "Images/%s/%d.png", i % 2 ? "spaniel" : "collie", i), 3, 3, i);
    struct dataset *d = open_name("dogs");
    assert_int_equal(dataset_classes(d), 2);
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 16);
    assert_int_equal(dataset_size(d, SPLIT_VAL), 2);
    assert_int_equal(dataset_size(d, SPLIT_TEST), 2);
    assert_string_equal(dataset_dealt_path(d, SPLIT_TRAIN, 0), strstr(dataset_path(d, SPLIT_TRAIN, 0), "collie/"));
    dataset_close(d);
    pictures_remove(strdup(pictures_path(root, "Images")));
    expect_error("dogs", ERROR_DATA, "neither train.json, val.json and test.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_stand_in_the_order_of_the_file),
        cmocka_unit_test(paths_start_where_the_benchmark_says),
        cmocka_unit_test(classes_without_folders_are_called_as_in_the_file),
        cmocka_unit_test(the_path_alone_is_told_what_is_missing),
        cmocka_unit_test(split_files_that_do_not_fit_are_refused),
        cmocka_unit_test(the_lists_of_the_birds_are_read_and_val_is_dealt),
        cmocka_unit_test(classes_called_by_numbers_have_their_names_from_the_list),
        cmocka_unit_test(class_folders_may_lie_in_the_path_itself),
        cmocka_unit_test(class_folders_are_dealt_where_there_is_no_list),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
