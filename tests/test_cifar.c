/* cifar:PATH: the binary versions of CIFAR-10 and CIFAR-100. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "core/data/dataset.h"
#include "tests/pictures.h"
#include "tests/root.h"

enum { PIXELS = 3 * 32 * 32, EACH = 40, FOR_TEST = 20 };

/* The byte of image i in file `file` at a pixel and a channel. */
static uint8_t byte_of(int file, int i, int pixel, int channel) {
    return (uint8_t)(file * 37 + i * 11 + pixel * 3 + channel * 101);
}

/* Image i has the label i modulo `classes`. */
static void write_file(const char *name, int file, int images, int label_bytes, int classes) {
    size_t record = (size_t)label_bytes + PIXELS;
    uint8_t *bytes = calloc((size_t)images, record);
    assert_non_null(bytes);
    for (int i = 0; i < images; i++) {
        uint8_t *at = bytes + (size_t)i * record;
        at[0] = 250; /* of CIFAR-100: a coarse label, which nobody reads */
        at[label_bytes - 1] = (uint8_t)(i % classes);
        for (int channel = 0; channel < 3; channel++)
            for (int pixel = 0; pixel < 1024; pixel++)
                at[label_bytes + channel * 1024 + pixel] = byte_of(file, i, pixel, channel);
    }
    pictures_write_bytes(pictures_path(root, "%s", name), bytes, (size_t)images * record);
    free(bytes);
}

static void write_10(const char *folder) {
    static const char names[] = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
    char name[100];
    for (int file = 1; file <= 5; file++) {
        snprintf(name, sizeof name, "%s/data_batch_%d.bin", folder, file);
        write_file(name, file, EACH, 1, 10);
    }
    snprintf(name, sizeof name, "%s/test_batch.bin", folder);
    write_file(name, 6, FOR_TEST, 1, 10);
    pictures_write_bytes(pictures_path(root, "%s/batches.meta.txt", folder), names, strlen(names));
}

static int open_spec(struct dataset **d, const char *kind, const char *below, uint64_t seed, struct error *e) {
    const struct dataset_options options = {.seed = seed, .image = 32, .scenes = {1, 1, 1}};
    char spec[600];
    snprintf(spec, sizeof spec, "%s%s/%s", kind, root, below);
    *e = (struct error){0};
    return dataset_open(d, spec, &options, e);
}

static struct dataset *opened(const char *kind, const char *below, uint64_t seed) {
    struct dataset *d;
    struct error e;
    if (open_spec(&d, kind, below, seed, &e) < 0)
        fail_msg("%s", e.text);
    return d;
}

static void expect_error(const char *below, int code, const char *part) {
    struct dataset *d;
    struct error e;
    int r = open_spec(&d, "cifar:", below, 1, &e);
    if (r != code || !strstr(e.text, part))
        fail_msg("%d '%s'; %d with '%s' was expected", r, e.text, code, part);
}

/* The number in its file of an image, and the file's number. */
static int number_of(const struct dataset *d, enum split split, size_t i, int *file) {
    char text[600];
    int number = -1;
    dataset_say(d, split, i, text, sizeof text);
    const char *name = strrchr(text, '/') + 1;
    if (sscanf(name, "data_batch_%d.bin, image %d", file, &number) != 2) {
        *file = 6;
        assert_int_equal(sscanf(name, "test_batch.bin, image %d", &number), 1);
    }
    return number;
}

static void expect_image(const struct dataset *d, enum split split, size_t i) {
    struct image im;
    struct error e = {0};
    int file, number = number_of(d, split, i, &file);
    assert_int_equal(dataset_label(d, split, i), number % 10);
    if (dataset_decode(d, split, i, &im, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(im.width, 32);
    assert_int_equal(im.height, 32);
    for (int k = 0; k < PIXELS; k++)
        assert_int_equal(im.rgb[k], byte_of(file, number, k / 3, k % 3));
    image_free(&im);
}

static void every_image_is_there_once_with_its_label_and_pixels(void **state) {
    (void)state;
    write_10("ten/cifar-10-batches-bin");
    struct dataset *d = opened("cifar:", "ten/cifar-10-batches-bin", 1);
    bool seen[7][EACH] = {{false}};
    int of_val[10] = {0};
    assert_int_equal(dataset_classes(d), 10);
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 180);
    assert_int_equal(dataset_size(d, SPLIT_VAL), 20);
    assert_int_equal(dataset_size(d, SPLIT_TEST), FOR_TEST);
    assert_int_equal(dataset_published(d, SPLIT_TEST), 10000);
    assert_string_equal(dataset_class_name(d, 9), "truck");
    assert_null(dataset_path(d, SPLIT_TEST, 0));
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        for (size_t i = 0; i < dataset_size(d, s); i++) {
            int file, number = number_of(d, s, i, &file);
            assert_false(seen[file][number]);
            seen[file][number] = true;
            of_val[number % 10] += s == SPLIT_VAL;
            expect_image(d, s, i);
        }
    for (int c = 0; c < 10; c++)
        assert_int_equal(of_val[c], 2); /* a tenth of each class */
    dataset_close(d);
}

static void the_seed_chooses_val_and_the_path_may_be_bare_or_above(void **state) {
    (void)state;
    char a[65], b[65];
    struct dataset *one = opened("cifar:", "ten", 1), *bare = opened("", "ten/cifar-10-batches-bin", 1);
    dataset_fingerprint(one, a);
    dataset_fingerprint(bare, b);
    assert_string_equal(a, b);
    assert_ptr_equal(strstr(dataset_spec(bare), "cifar:/"), dataset_spec(bare));
    dataset_close(bare);
    bare = opened("", "ten", 1);
    dataset_fingerprint(bare, b);
    assert_string_equal(a, b);
    dataset_close(bare);
    struct dataset *two = opened("cifar:", "ten", 2);
    dataset_fingerprint(two, b);
    assert_string_not_equal(a, b);
    dataset_close(two);
    dataset_close(one);
}

static void a_hundred_classes_have_fine_labels(void **state) {
    (void)state;
    write_file("hundred/train.bin", 1, 400, 2, 100);
    write_file("hundred/test.bin", 6, 100, 2, 100);
    struct dataset *d = opened("cifar:", "hundred", 1);
    assert_int_equal(dataset_classes(d), 100);
    assert_int_equal(dataset_size(d, SPLIT_VAL), 100); /* of four of a class one */
    assert_int_equal(dataset_label(d, SPLIT_TEST, 73), 73);
    assert_string_equal(dataset_class_name(d, 73), "73"); /* there is no file of names */
    dataset_close(d);
}

static void what_is_damaged_is_said(void **state) {
    (void)state;
    struct image im;
    struct error e = {0};
    write_10("bad");
    pictures_write_bytes(pictures_path(root, "bad/batches.meta.txt"), "one\ntwo\n", 8);
    write_file("bad/test_batch.bin", 6, FOR_TEST, 1, 11); /* image 10 has the label 10 */
    struct dataset *d = opened("cifar:", "bad", 1);
    assert_string_equal(dataset_class_name(d, 9), "9");
    assert_int_equal(dataset_label(d, SPLIT_TEST, 10), -1);
    assert_int_equal(dataset_decode(d, SPLIT_TEST, 10, &im, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "bad/test_batch.bin, image 10: its label is none of the 10 of CIFAR-10"));
    dataset_close(d);
    pictures_write_bytes(pictures_path(root, "bad/data_batch_3.bin"), "cut off", 7);
    expect_error("bad", ERROR_FORMAT, "data_batch_3.bin: 7 bytes, no whole number of records of 3073 bytes");
    pictures_write_bytes(pictures_path(root, "bad/data_batch_3.bin"), "", 0);
    d = opened("cifar:", "bad", 1); /* four files are fewer images, no damage */
    assert_int_equal(dataset_size(d, SPLIT_TRAIN) + dataset_size(d, SPLIT_VAL), 4 * EACH);
    dataset_close(d);
    pictures_write_bytes(pictures_path(root, "bad/test_batch.bin"), "", 0);
    expect_error("bad", ERROR_DATA, "no images in the test split");
    unlink(pictures_path(root, "bad/data_batch_2.bin"));
    expect_error("bad", ERROR_IO, "data_batch_2.bin: cannot be opened");
    expect_error("nowhere", ERROR_DATA, "the binary version, unpacked, was expected");
    write_10("both");
    write_file("both/cifar-100-binary/train.bin", 1, 1, 2, 100);
    write_file("both/cifar-100-binary/test.bin", 6, 1, 2, 100);
    expect_error("both", ERROR_DATA, "holds both CIFAR-10 and CIFAR-100");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_image_is_there_once_with_its_label_and_pixels),
        cmocka_unit_test(the_seed_chooses_val_and_the_path_may_be_bare_or_above),
        cmocka_unit_test(a_hundred_classes_have_fine_labels),
        cmocka_unit_test(what_is_damaged_is_said),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
