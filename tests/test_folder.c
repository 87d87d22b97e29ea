#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nettle/sha2.h>

#include "core/data/dataset.h"
#include "tests/pictures.h"
#include "tests/root.h"

static const struct dataset_options options = {.seed = 42, .image = 32, .scenes = {30, 20, 10}};

static void put(const char *path) {
    pictures_write(pictures_path(root, "%s", path), 6, 5, 0);
}

static void put_text(const char *path, const char *text) {
    pictures_write_bytes(pictures_path(root, "%s", path), text, strlen(text));
}

static struct dataset *open_spec(const char *spec) {
    struct dataset *d;
    struct error e = {0};
    if (dataset_open(&d, spec, &options, &e) < 0)
        fail_msg("%s", e.text);
    return d;
}

static void expect_error(const char *spec, int code, const char *part) {
    struct dataset *d;
    struct error e = {0};
    assert_int_equal(dataset_open(&d, spec, &options, &e), code);
    assert_null(d);
    if (!strstr(e.text, part))
        fail_msg("'%s' does not say '%s'", e.text, part);
}

static void expect_paths(const struct dataset *d, enum split split, const char *const *below, size_t count) {
    assert_int_equal(dataset_size(d, split), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(dataset_path(d, split, i) + strlen(root) + 1, below[i]);
}

static void put_three_splits(void) {
    put("train/b/2");
    put("train/b/10.jpg");
    put("train/a/x.png");
    put("train/Z/y.png");
    put("val/b/v.png");
    put("test/a/t.png");
}

static void classes_are_ranks_in_byte_order_and_images_follow(void **state) {
    (void)state;
    put_three_splits();
    struct dataset *d = open_spec(root);
    assert_int_equal(dataset_classes(d), 3);
    assert_string_equal(dataset_class_name(d, 0), "Z");
    assert_string_equal(dataset_class_name(d, 1), "a");
    assert_string_equal(dataset_class_name(d, 2), "b");
    expect_paths(d, SPLIT_TRAIN, (const char *[]){"train/Z/y.png", "train/a/x.png", "train/b/10.jpg", "train/b/2"}, 4);
    expect_paths(d, SPLIT_VAL, (const char *[]){"val/b/v.png"}, 1);
    assert_int_equal(dataset_label(d, SPLIT_TRAIN, 3), 2);
    assert_int_equal(dataset_label(d, SPLIT_VAL, 0), 2);
    assert_int_equal(dataset_label(d, SPLIT_TEST, 0), 1);
    assert_false(dataset_is_native(d));
    dataset_close(d);
}

static void the_spec_is_given_back_with_its_kind(void **state) {
    (void)state;
    char with_kind[4096];
    put_three_splits();
    snprintf(with_kind, sizeof with_kind, "folder:%s", root);
    struct dataset *a = open_spec(root), *b = open_spec(with_kind);
    assert_string_equal(dataset_spec(a), with_kind);
    assert_string_equal(dataset_spec(b), with_kind);
    assert_true(dataset_same_classes(a, b));
    dataset_close(b);
    dataset_close(a);
}

static void images_are_told_by_content_and_the_rest_passed_over(void **state) {
    (void)state;
    put_three_splits();
    put("train/a/no-suffix");
    put("train/a/odd.txt");
    put("train/a/.hidden.png");
    put(".git/a/x.png");
    put("train/.cache/x.png");
    put("train/loose.png");
    put_text("train/a/README", "BMP files are not here");
    put_text("train/a/Thumbs.db", "\xd0\xcf\x11\xe0");
    put_text("train/notes/README", "no image, so no class");
    put("train/a/folder.png/x.png");
    struct dataset *d = open_spec(root);
    assert_int_equal(dataset_classes(d), 3);
    expect_paths(d, SPLIT_TRAIN,
                 (const char *[]){"train/Z/y.png", "train/a/no-suffix", "train/a/odd.txt", "train/a/x.png",
                                  "train/b/10.jpg", "train/b/2"},
                 6);
    dataset_close(d);
}

static void a_damaged_file_with_an_image_suffix_is_an_unreadable_image(void **state) {
    (void)state;
    put_three_splits();
    put_text("train/Z/a.JPEG", "");
    put_text("train/Z/b.webp", "RIFF....WEBP");
    struct dataset *d = open_spec(root);
    struct image im;
    struct error e = {0};
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 6);
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 0, &im, &e), ERROR_DATA);
    assert_non_null(strstr(e.text, "train/Z/a.JPEG"));
    assert_non_null(strstr(e.text, "empty"));
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 1, &im, &e), ERROR_DATA);
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 2, &im, &e), 0);
    assert_int_equal(im.width, 6);
    image_free(&im);
    dataset_close(d);
}

static void other_names_of_val_are_taken_but_not_two_at_once(void **state) {
    (void)state;
    put("train/a/x.png");
    put("train/b/x.png");
    put("test/b/x.png");
    put("validation/b/x.png");
    struct dataset *d = open_spec(root);
    assert_int_equal(dataset_size(d, SPLIT_VAL), 1);
    dataset_close(d);
    put("valid/b/x.png");
    expect_error(root, ERROR_DATA, "two folders for one split");
}

static void symbolic_links_are_followed(void **state) {
    (void)state;
    char target[4096], file[4096];
    put_three_splits();
    snprintf(target, sizeof target, "%s/train/a", root);
    snprintf(file, sizeof file, "%s/train/a/x.png", root);
    assert_int_equal(symlink(target, pictures_path(root, "train/c")), 0);
    assert_int_equal(symlink(file, pictures_path(root, "train/b/link.png")), 0);
    assert_int_equal(symlink("nowhere", pictures_path(root, "train/b/dangling.png")), 0);
    struct dataset *d = open_spec(root);
    assert_int_equal(dataset_classes(d), 4);
    expect_paths(d, SPLIT_TRAIN,
                 (const char *[]){"train/Z/y.png", "train/a/x.png", "train/b/10.jpg", "train/b/2", "train/b/link.png",
                                  "train/c/x.png"},
                 6);
    dataset_close(d);
}

static void one_level_is_split_by_class_and_seed(void **state) {
    (void)state;
    static const char *const names[] = {"many", "six", "three", "two", "one"};
    static const int counts[] = {40, 6, 3, 2, 1};
    static const size_t expected[5][SPLITS] = {{32, 4, 4}, {4, 1, 1}, {1, 1, 1}, {1, 1, 0}, {1, 0, 0}};
    for (int c = 0; c < 5; c++)
        for (int i = 0; i < counts[c]; i++)
            pictures_write(pictures_path(root, "%s/%02d.png", names[c], i), 3, 3, i);
    struct dataset *d = open_spec(root), *again = open_spec(root), *other;
    struct dataset_options seed = options;
    seed.seed = 43;
    assert_int_equal(dataset_open(&other, root, &seed, NULL), 0);
    bool differs = false;
    size_t total = 0;
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++) {
        size_t seen[5] = {0};
        total += dataset_size(d, s);
        assert_int_equal(dataset_size(again, s), dataset_size(d, s));
        assert_int_equal(dataset_size(other, s), dataset_size(d, s));
        for (size_t i = 0; i < dataset_size(d, s); i++) {
            const char *path = dataset_path(d, s, i);
            seen[dataset_label(d, s, i)]++;
            assert_string_equal(path, dataset_path(again, s, i));
            differs |= strcmp(path, dataset_path(other, s, i)) != 0;
            assert_true(i == 0 || strcmp(dataset_path(d, s, i - 1), path) < 0);
            for (enum split t = SPLIT_TRAIN; t < s; t++) /* in one split only */
                for (size_t j = 0; j < dataset_size(d, t); j++)
                    assert_string_not_equal(path, dataset_path(d, t, j));
        }
        for (size_t c = 0; c < 5; c++)
            for (int label = 0; label < 5; label++)
                if (strcmp(dataset_class_name(d, label), names[c]) == 0)
                    assert_int_equal(seen[label], expected[c][s]);
    }
    assert_int_equal(total, 52);
    assert_true(differs);
    dataset_close(other);
    dataset_close(again);
    dataset_close(d);
}

static void a_class_may_be_called_train(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        pictures_write(pictures_path(root, "train/%d.png", i), 3, 3, i);
        pictures_write(pictures_path(root, "tram/%d.png", i), 3, 3, i);
    }
    struct dataset *d = open_spec(root);
    assert_int_equal(dataset_classes(d), 2);
    assert_string_equal(dataset_class_name(d, 0), "train");
    dataset_close(d);
}

static void a_split_without_class_folders_is_named(void **state) {
    (void)state;
    put("train/1.png");
    put("val/1.png");
    put("test/1.png");
    expect_error(root, ERROR_DATA, "train: holds no images");
}

static void a_class_unknown_to_train_is_named(void **state) {
    (void)state;
    put_three_splits();
    put("test/dog/x.png");
    expect_error(root, ERROR_DATA, "'dog'");
}

static void missing_and_empty_data_are_said_clearly(void **state) {
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "folder:%s/none", root);
    expect_error(path, ERROR_IO, "none");
    snprintf(path, sizeof path, "%s/none", root);
    expect_error(path, ERROR_IO, "none");
    expect_error(root, ERROR_DATA, "holds no images");
    put("cat/1.png");
    expect_error(root, ERROR_DATA, "one class only ('cat')");
    put("dog/1.png");
    expect_error(root, ERROR_DATA, "too few images for a val split");
    put("dog/2.png");
    expect_error(root, ERROR_DATA, "too few images for a test split");
    expect_error(pictures_path(root, "dog/2.png"), ERROR_DATA, "not a folder");
}

static void a_missing_split_is_named(void **state) {
    (void)state;
    put("train/a/1.png");
    put("train/b/1.png");
    put("val/a/1.png");
    expect_error(root, ERROR_DATA, "no test split");
    mkdir(pictures_path(root, "test"), 0777);
    expect_error(root, ERROR_DATA, "test: holds no images");
}

static void unknown_kinds_and_tasks_list_the_known_ones(void **state) {
    (void)state;
    expect_error("fotos:x", ERROR_USAGE, "folder:PATH, cifar:PATH, fgvc:NAME:PATH, scenes:TASK");
    expect_error("scenes:nothing", ERROR_USAGE, "shape");
    expect_error("folder:", ERROR_USAGE, "folder:PATH");
    expect_error("", ERROR_USAGE, "scenes:TASK");
    expect_error("shape", ERROR_USAGE, "scenes:shape");
}

/* SHA-256 by nettle's own interface, of `bytes`. */
static void hash(const void *bytes, size_t size, char out[65]) {
    struct sha256_ctx ctx;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&ctx);
    sha256_update(&ctx, size, bytes);
    sha256_digest(&ctx, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static void an_image_is_hashed_as_encoded(void **state) {
    (void)state;
    char hex[65], expected[65];
    struct error e = {0};
    put_three_splits();
    put_text("train/Z/broken.png", "abc");
    struct dataset *d = open_spec(root);
    assert_int_equal(dataset_hash_image(d, SPLIT_TRAIN, 0, hex, &e), 0);
    hash("abc", 3, expected);
    assert_string_equal(hex, expected);
    unlink(dataset_path(d, SPLIT_TRAIN, 0));
    assert_int_equal(dataset_hash_image(d, SPLIT_TRAIN, 0, hex, &e), ERROR_IO);
    assert_non_null(strstr(e.text, "broken.png"));
    dataset_close(d);
}

static void the_fingerprint_tells_names_and_sizes_but_not_places(void **state) {
    (void)state;
    char first[65], moved[65], changed[65];
    put_three_splits();
    struct dataset *d = open_spec(root);
    dataset_fingerprint(d, first);
    dataset_close(d);
    char *old = root;
    assert_true(asprintf(&root, "%s-moved", old) > 0);
    assert_int_equal(rename(old, root), 0);
    free(old);
    d = open_spec(root);
    dataset_fingerprint(d, moved);
    dataset_close(d);
    assert_string_equal(first, moved);
    put_text("train/a/x.png", "another size");
    d = open_spec(root);
    dataset_fingerprint(d, changed);
    dataset_close(d);
    assert_string_not_equal(first, changed);
}

static void scenes_are_a_dataset_of_rendered_pictures(void **state) {
    (void)state;
    char a[65], b[65], pixels[65];
    struct image im;
    struct dataset *d = open_spec("scenes:shape"), *other = open_spec("scenes:count");
    assert_true(dataset_is_native(d));
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 30);
    assert_int_equal(dataset_size(d, SPLIT_VAL), 20);
    assert_int_equal(dataset_size(d, SPLIT_TEST), 10);
    assert_null(dataset_path(d, SPLIT_TRAIN, 0));
    assert_false(dataset_same_classes(d, other));
    for (size_t i = 0; i < 30; i++)
        assert_in_range(dataset_label(d, SPLIT_TRAIN, i), 0, dataset_classes(d) - 1);
    assert_int_equal(dataset_decode(d, SPLIT_VAL, 3, &im, NULL), 0);
    assert_int_equal(im.width, 32);
    assert_int_equal(im.height, 32);
    hash(im.rgb, 32 * 32 * 3, pixels);
    image_free(&im);
    assert_int_equal(dataset_hash_image(d, SPLIT_VAL, 3, a, NULL), 0);
    assert_string_equal(a, pixels);
    dataset_fingerprint(d, a);
    dataset_fingerprint(other, b);
    assert_string_not_equal(a, b);
    dataset_close(other);
    dataset_close(d);
}

static void a_dataset_is_known_by_a_short_name(void **state) {
    (void)state;
    static const char *const known[][2] = {{"folder:/home/me/birds//", "folder:birds"},
                                           {"folder:birds", "folder:birds"},
                                           {"/home/me/birds", "birds"},
                                           {"fgvc:cub:/data/CUB", "fgvc:cub"},
                                           {"vtab:kitti:tfds", "vtab:kitti"},
                                           {"scenes:shape", "scenes:shape"},
                                           {"folder:/", "folder:"},
                                           {"odd:x/y", "y"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char name[64];
        assert_string_equal(dataset_short_name(known[i][0], name, sizeof name), known[i][1]);
    }
}

static void splits_have_names(void **state) {
    (void)state;
    enum split s;
    for (enum split t = SPLIT_TRAIN; t < SPLITS; t++) {
        assert_true(split_parse(split_name(t), &s));
        assert_int_equal(s, t);
    }
    assert_false(split_parse("Train", &s));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

static void without_labels_a_folder_of_images_will_do(void **state) {
    (void)state;
    const struct dataset_options any = {.seed = 42, .image = 32, .scenes = {30, 20, 10}, .unlabelled = true};
    struct dataset *d;
    struct error e = {0};
    for (int i = 0; i < 20; i++)
        put((const char[]){(char)('a' + i), 0});
    expect_error(root, ERROR_DATA, "holds no images");
    if (dataset_open(&d, root, &any, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(dataset_classes(d), 1);
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 16);
    assert_int_equal(dataset_size(d, SPLIT_VAL), 2);
    assert_int_equal(dataset_size(d, SPLIT_TEST), 2);
    dataset_close(d);
    for (int i = 0; i < 20; i++) /* class folders come first where there are any, one will do */
        put((const char[]){'o', 'n', 'l', 'y', '/', (char)('a' + i), 0});
    if (dataset_open(&d, root, &any, &e) < 0)
        fail_msg("%s", e.text);
    assert_string_equal(dataset_class_name(d, 0), "only");
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 16);
    dataset_close(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(classes_are_ranks_in_byte_order_and_images_follow),
        TEST(the_spec_is_given_back_with_its_kind),
        TEST(images_are_told_by_content_and_the_rest_passed_over),
        TEST(a_damaged_file_with_an_image_suffix_is_an_unreadable_image),
        TEST(other_names_of_val_are_taken_but_not_two_at_once),
        TEST(symbolic_links_are_followed),
        TEST(one_level_is_split_by_class_and_seed),
        TEST(a_class_may_be_called_train),
        TEST(a_split_without_class_folders_is_named),
        TEST(a_class_unknown_to_train_is_named),
        TEST(missing_and_empty_data_are_said_clearly),
        TEST(a_missing_split_is_named),
        TEST(unknown_kinds_and_tasks_list_the_known_ones),
        TEST(an_image_is_hashed_as_encoded),
        TEST(without_labels_a_folder_of_images_will_do),
        TEST(the_fingerprint_tells_names_and_sizes_but_not_places),
        cmocka_unit_test(scenes_are_a_dataset_of_rendered_pictures),
        cmocka_unit_test(a_dataset_is_known_by_a_short_name),
        cmocka_unit_test(splits_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
