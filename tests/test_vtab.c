/* VTAB-1K tasks from prepared datasets: those that are written here, and the shared folder's where there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "core/data/dataset.h"
#include "core/data/stb.h"
#include "core/data/vtab/vtab_task.h"
#include "core/file_bytes.h"
#include "tests/examples.h"
#include "tests/pictures.h"

static char *root;
static const struct dataset_options options = {.seed = 1, .image = 32, .scenes = {1, 1, 1}};

static struct bytes *pngs[64];

static void add_to(void *context, void *data, int size) {
    bytes_add(context, data, (size_t)size);
}

/* A picture of 4 x 3 pixels as PNG; salt below 64. */
static const struct bytes *encoded(int salt) {
    if (!pngs[salt]) {
        struct image im = pictures_make(4, 3, salt);
        pngs[salt] = calloc(1, sizeof **pngs);
        assert_non_null(pngs[salt]);
        assert_true(stb_encode_png(im.rgb, 4, 3, add_to, pngs[salt]));
        image_free(&im);
    }
    return pngs[salt];
}

static void write_text(const char *path, const char *text) {
    pictures_write_bytes(path, text, strlen(text));
}

/* A split of CIFAR-100's form in two shards: label (3 i + salt) mod 100. */
static void write_split(const char *folder, const char *name, const char *split, size_t count, int salt) {
    size_t at = 0;
    for (int shard = 0; shard < 2; shard++) {
        const char *path = pictures_path(root, "%s/%s-%s.tfrecord-%05d-of-00002", folder, name, split, shard);
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        for (size_t end = shard ? count : count / 3; at < end; at++) {
            struct bytes map = {.size = 0}, example;
            int64_t label = (3 * (int64_t)at + salt) % 100;
            const struct bytes *image = encoded(salt + (int)at % 50);
            bytes_string(&map, "image", image->at, image->size);
            bytes_ints(&map, "label", 1, &label, at % 2);
            bytes_example(&example, &map);
            bytes_write_record(f, example.at, example.size);
        }
        assert_int_equal(fclose(f), 0);
    }
}

static void write_cifar(const char *folder, size_t train, size_t test) {
    char info[1024];
    write_split(folder, "cifar100", "train", train, 0);
    write_split(folder, "cifar100", "test", test, 7);
    snprintf(info, sizeof info,
             "{\"name\": \"cifar100\", \"splits\": [{\"name\": \"train\", \"shardLengths\": [\"%zu\", \"%zu\"]},"
             " {\"name\": \"test\", \"shardLengths\": [\"%zu\", \"%zu\"],"
             " \"filepathTemplate\": \"{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}\"}]}",
             train / 3, train - train / 3, test / 3, test - test / 3);
    write_text(pictures_path(root, "%s/dataset_info.json", folder), info);
}

static int make_root(void **state) {
    (void)state;
    root = pictures_folder();
    write_cifar("cifar100/3.0.2", 1210, 20);
    return 0;
}

static int remove_root(void **state) {
    (void)state;
    for (int salt = 0; salt < 64; salt++)
        free(pngs[salt]);
    pictures_remove(root);
    return 0;
}

static struct dataset *open_task(const char *kind_and_task, const char *below) {
    struct dataset *d;
    struct error e = {0};
    char spec[256];
    snprintf(spec, sizeof spec, "%s:%s/%s", kind_and_task, root, below);
    if (dataset_open(&d, spec, &options, &e) < 0)
        fail_msg("%s", e.text);
    return d;
}

static void expect_error(const char *kind_and_task, const char *below, int code, const char *part) {
    struct dataset *d;
    struct error e = {0};
    char spec[256];
    snprintf(spec, sizeof spec, "%s:%s/%s", kind_and_task, root, below);
    assert_int_equal(dataset_open(&d, spec, &options, &e), code);
    if (!strstr(e.text, part))
        fail_msg("'%s' does not say '%s'", e.text, part);
}

static void the_1000_images_are_those_of_the_rule(void **state) {
    (void)state;
    struct dataset *d = open_task("vtab:cifar100", ""), *chosen = open_task("vtab800:cifar100", "cifar100");
    struct image a, b;
    /* 90% of 1210 is 1089: 121 are left of the 200. */
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 921);
    assert_int_equal(dataset_size(d, SPLIT_VAL), 121);
    assert_int_equal(dataset_size(d, SPLIT_TEST), 20);
    assert_int_equal(dataset_size(chosen, SPLIT_TRAIN), 800);
    assert_int_equal(dataset_classes(d), 100);
    assert_string_equal(dataset_class_name(d, 42), "42");
    for (size_t i = 0; i < 921; i++)
        assert_int_equal(dataset_label(d, SPLIT_TRAIN, i), 3 * (i < 800 ? i : 1089 + i - 800) % 100);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(dataset_label(d, SPLIT_TEST, i), (3 * i + 7) % 100);
    assert_int_equal(dataset_decode(d, SPLIT_VAL, 5, &a, NULL), 0);
    b = pictures_make(4, 3, 1094 % 50);
    assert_int_equal(a.width, 4);
    assert_memory_equal(a.rgb, b.rgb, 4 * 3 * 3);
    image_free(&a);
    image_free(&b);
    dataset_close(chosen);
    dataset_close(d);
}

static void the_published_version_is_taken_before_newer_ones(void **state) {
    (void)state;
    write_cifar("data/cifar100/3.0.2", 950, 5);
    write_cifar("data/cifar100/3.0.10", 960, 6);
    write_cifar("data/cifar100/3.0.9", 970, 7);
    struct dataset *d = open_task("vtab:cifar100", "data");
    assert_int_equal(dataset_size(d, SPLIT_TEST), 5);
    dataset_close(d);
    pictures_remove(strdup(pictures_path(root, "data/cifar100/3.0.2")));
    d = open_task("vtab:cifar100", "data");
    assert_int_equal(dataset_size(d, SPLIT_TEST), 6); /* 3.0.10 */
    dataset_close(d);
}

static void class_names_come_from_the_dataset_if_there_are_as_many(void **state) {
    (void)state;
    char text[1000] = "";
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "kind %d\n", i);
    write_text(pictures_path(root, "cifar100/3.0.2/label.labels.txt"), text);
    struct dataset *d = open_task("vtab:cifar100", "");
    assert_string_equal(dataset_class_name(d, 99), "kind 99");
    dataset_close(d);
    write_text(pictures_path(root, "cifar100/3.0.2/label.labels.txt"), "one\ntwo\n");
    d = open_task("vtab:cifar100", "");
    assert_string_equal(dataset_class_name(d, 1), "1");
    dataset_close(d);
}

static void what_does_not_fit_is_said(void **state) {
    (void)state;
    expect_error("vtab:cifar", "", ERROR_USAGE, "TASK one of caltech101, cifar100");
    expect_error("vtab:svhn", "nowhere", ERROR_DATA, "svhn_cropped/3.0.0/dataset_info.json");
    expect_error("vtab:svhn", "cifar100/3.0.2", ERROR_DATA, "holds the dataset 'cifar100'");
    write_text(pictures_path(root, "bad/dataset_info.json"), "{\"name\": \"cifar100\"}");
    expect_error("vtab:cifar100", "bad", ERROR_FORMAT, "no list of splits");
    write_text(pictures_path(root, "bad/dataset_info.json"), "[");
    expect_error("vtab:cifar100", "bad", ERROR_FORMAT, "no JSON");
    write_text(pictures_path(root, "bad/dataset_info.json"),
               "{\"name\": \"cifar100\", \"fileFormat\": \"riegeli\", \"splits\": [{\"name\": \"train\"}]}");
    expect_error("vtab:cifar100", "bad", ERROR_FORMAT, "'riegeli'");
    write_text(pictures_path(root, "bad/dataset_info.json"),
               "{\"name\": \"cifar100\", \"splits\": [{\"name\": \"train\", \"shardLengths\": [\"9\"]}]}");
    expect_error("vtab:cifar100", "bad", ERROR_DATA, "no split 'test'");
    write_text(pictures_path(root, "bad/dataset_info.json"),
               "{\"name\": \"cifar100\", \"splits\": [{\"name\": \"train\", \"shardLengths\": [\"9\"]},"
               "{\"name\": \"test\", \"shardLengths\": [\"1e3\"]}]}");
    expect_error("vtab:cifar100", "bad", ERROR_FORMAT, "no whole number");
    write_text(pictures_path(root, "bad/dataset_info.json"),
               "{\"name\": \"cifar100\", \"splits\": [{\"name\": \"train\", \"shardLengths\": [\"9\"]},"
               "{\"name\": \"test\", \"shardLengths\": [\"1\"]}]}");
    expect_error("vtab:cifar100", "bad", ERROR_IO, "cifar100-train.tfrecord-00000-of-00001: cannot be opened");
}

/* Flips a byte of train's first shard, `from_end` bytes before its end or at `place`. */
static void damage(long place, int whence) {
    FILE *f = fopen(pictures_path(root, "cifar100/3.0.2/cifar100-train.tfrecord-00000-of-00002"), "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, place, whence), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, place, whence), 0);
    fputc(c ^ 64, f);
    assert_int_equal(fclose(f), 0);
}

static void a_damaged_record_is_an_unreadable_image(void **state) {
    (void)state;
    struct image im;
    struct error e = {0};
    char where[512], hex[65];
    size_t of_shard = 1210 / 3;
    damage(-1, SEEK_END); /* the checksum of the last record's data */
    struct dataset *d = open_task("vtab:cifar100", "");
    assert_int_equal(dataset_label(d, SPLIT_TRAIN, of_shard - 1), 3 * (of_shard - 1) % 100);
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, of_shard - 1, &im, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "cifar100-train.tfrecord-00000-of-00002: record at byte "));
    assert_non_null(strstr(e.text, "checksum of its data"));
    dataset_say(d, SPLIT_TRAIN, of_shard - 1, where, sizeof where);
    assert_non_null(strstr(where, "00000-of-00002, record at byte "));
    assert_int_equal(dataset_hash_image(d, SPLIT_TRAIN, of_shard - 1, hex, NULL), ERROR_FORMAT);
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 0, &im, NULL), 0);
    image_free(&im);
    dataset_close(d);
    damage(3, SEEK_SET); /* the first record's length: none of the shard can be found */
    d = open_task("vtab:cifar100", "");
    for (size_t i = 0; i < of_shard; i++)
        assert_int_equal(dataset_label(d, SPLIT_TRAIN, i), -1);
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 7, &im, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "record at byte 0: the checksum of its length is wrong"));
    assert_int_equal(dataset_label(d, SPLIT_TRAIN, of_shard), 3 * of_shard % 100);
    dataset_close(d);
}

static void parts_are_rounded_as_published(void **state) {
    (void)state;
    /* task, images of the split of val, first of it, of test, first of it */
    const struct {
        const char *task;
        size_t val, val_first, test, test_first;
    } known[] = {{"caltech101", 3060, 2754, 6084, 0},
                 {"cifar100", 50000, 45000, 10000, 0},
                 {"pets", 3680, 2944, 3669, 0},
                 {"svhn", 73257, 65931, 26032, 0},
                 {"eurosat", 27000, 16200, 27000, 21600},
                 {"resisc45", 31500, 18900, 31500, 25200},
                 {"dsprites-location", 737280, 589824, 737280, 663552},
                 {"clevr-count", 70000, 63000, 15000, 0},
                 {"dtd", 1880, 0, 1880, 0},
                 {"smallnorb-azimuth", 24300, 0, 24300, 12150},
                 {"smallnorb-elevation", 24300, 0, 431, 216},
                 {"smallnorb-azimuth", 24300, 0, 429, 214}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct vtab_task *t = vtab_find(known[i].task);
        assert_non_null(t);
        assert_int_equal(vtab_val_first(t, known[i].val), known[i].val_first);
        assert_int_equal(vtab_test_first(t, known[i].test), known[i].test_first);
    }
    assert_int_equal(vtab_count(), 19);
    assert_int_equal(vtab_published_test(vtab_find("eurosat")), 5400);
    assert_int_equal(vtab_published_test(vtab_find("resisc45")), 6300);
    assert_int_equal(vtab_published_test(vtab_find("dsprites-location")), 73728);
    assert_int_equal(vtab_published_test(vtab_find("smallnorb-azimuth")), 12150);
    assert_int_equal(vtab_published_test(vtab_find("svhn")), 26032);
}

static void every_shared_task_has_its_labels_and_images(void **state) {
    (void)state;
    const char *shared = getenv("GPTUI_SHARED");
    uint8_t *text;
    size_t size;
    if (!shared) {
        print_message("GPTUI_SHARED is not set: no shared prepared datasets\n");
        skip();
    }
    char path[512];
    snprintf(path, sizeof path, "%s/golden/tfds/expected.json", shared);
    assert_int_equal(file_bytes(&text, &size, path, 1 << 26, "a text", NULL), 0);
    cJSON *expected = cJSON_ParseWithLength((const char *)text, size), *task, *split;
    free(text);
    size_t images = 0;
    cJSON_ArrayForEach (task, expected) {
        for (int chosen = 0; chosen < 2; chosen++) {
            char spec[600];
            struct dataset *d;
            struct error e = {0};
            snprintf(spec, sizeof spec, "%s:%s:%s/golden/tfds", chosen ? "vtab800" : "vtab", task->string, shared);
            if (dataset_open(&d, spec, &options, &e) < 0)
                fail_msg("%s", e.text);
            assert_int_equal(dataset_classes(d), cJSON_GetObjectItem(task, "classes")->valueint);
            cJSON_ArrayForEach (split, cJSON_GetObjectItem(task, "splits")) {
                enum split s;
                const cJSON *labels = cJSON_GetObjectItem(split, "labels"), *hash = NULL;
                if (strcmp(split->string, chosen ? "train" : "train800") == 0)
                    continue;
                assert_true(
                    split_parse(chosen && strcmp(split->string, "train800") == 0 ? "train" : split->string, &s));
                assert_int_equal(dataset_size(d, s), cJSON_GetArraySize(labels));
                const cJSON *label = labels->child;
                size_t i = 0;
                cJSON_ArrayForEach (hash, cJSON_GetObjectItem(split, "sha256")) {
                    char hex[65];
                    assert_int_equal(dataset_label(d, s, i), label->valueint);
                    assert_int_equal(dataset_hash_image(d, s, i, hex, NULL), 0);
                    assert_string_equal(hex, hash->valuestring);
                    label = label->next;
                    i++;
                    images++;
                }
            }
            dataset_close(d);
        }
    }
    assert_true(images > 10000);
    cJSON_Delete(expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_1000_images_are_those_of_the_rule),
        cmocka_unit_test(the_published_version_is_taken_before_newer_ones),
        cmocka_unit_test(class_names_come_from_the_dataset_if_there_are_as_many),
        cmocka_unit_test(what_does_not_fit_is_said),
        cmocka_unit_test(a_damaged_record_is_an_unreadable_image),
        cmocka_unit_test(parts_are_rounded_as_published),
        cmocka_unit_test(every_shared_task_has_its_labels_and_images),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
