/* The same small data in two forms for test_vtab_raw.c and test_vtab_files.c: as TensorFlow Datasets would prepare
 * them, in the order that this file works out for itself, and what is needed to write raw downloads. Image i of a split
 * is picture rig_salt(split, i); split is the first letter of the split's name. */
#ifndef TESTS_RAW_RIG_H
#define TESTS_RAW_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nettle/md5.h>
#include <pthread.h>

#include "core/data/dataset.h"
#include "core/data/stb.h"
#include "tests/examples.h"
#include "tests/pictures.h"

enum rig_kind { RIG_COLOUR, RIG_GREY, RIG_BINARY };
enum { RIG_SALTS = 32, RIG_SIDE_OF_FILES = 5, RIG_READERS = 3 };

/* What a dataset is; the members that do not matter are left out. */
struct rig {
    const char *dataset, *version;
    enum rig_kind kind;
    int side;
    struct {
        const char *name;
        size_t count;
    } splits[3];
    void (*key)(const char *split, size_t i, char *out, size_t size); /* NULL: the number */
    void (*labels)(char split, size_t i, struct bytes *map);          /* the entries beside `image` */
    struct bytes *pngs[RIG_SALTS];
};

static inline int rig_salt(char split, size_t i) {
    return (int)((i * 7 + (size_t)(split - 'a')) % RIG_SALTS);
}

/* 0..classes-1; no class is left out by 37 images or more. */
static inline int rig_label(char split, size_t i, int classes) {
    return (int)((i * 11 + (size_t)(split - 'a')) % (size_t)classes);
}

static inline struct image rig_picture(const struct rig *r, int salt) {
    struct image im = pictures_make(r->side, r->side, salt * 5);
    for (size_t i = 0; i < (size_t)r->side * (size_t)r->side && r->kind != RIG_COLOUR; i++)
        for (size_t c = 3; c-- > 0;)
            im.rgb[3 * i + c] = (uint8_t)(r->kind == RIG_BINARY ? im.rgb[3 * i] >> 5 & 1 : im.rgb[3 * i]);
    return im;
}

static inline void rig_add(void *context, void *data, int size) {
    bytes_add(context, data, (size_t)size);
}

/* As an encoded file. */
static inline const struct bytes *rig_png(struct rig *r, int salt) {
    if (!r->pngs[salt]) {
        struct image im = rig_picture(r, salt);
        r->pngs[salt] = calloc(1, sizeof **r->pngs);
        assert_non_null(r->pngs[salt]);
        assert_true(stb_encode_png(im.rgb, im.width, im.height, rig_add, r->pngs[salt]));
        image_free(&im);
    }
    return r->pngs[salt];
}

static inline void rig_free(struct rig *r) {
    for (int i = 0; i < RIG_SALTS; i++) {
        free(r->pngs[i]);
        r->pngs[i] = NULL;
    }
}

struct rig_place {
    uint8_t digest[16];
    size_t i;
};

static inline int rig_compare_places(const void *a, const void *b) {
    return memcmp(((const struct rig_place *)a)->digest, ((const struct rig_place *)b)->digest, 16);
}

static inline void rig_write_split(struct rig *r, const char *root, const char *stem, const char *split, size_t count) {
    struct rig_place *places = calloc(count, sizeof *places);
    char key[600];
    FILE *f = fopen(pictures_path(root, "%s-%s.tfrecord-00000-of-00001", stem, split), "wb");
    assert_non_null(places);
    assert_non_null(f);
    for (size_t i = 0; i < count; i++) {
        struct md5_ctx md5;
        if (r->key)
            r->key(split, i, key, sizeof key);
        else
            snprintf(key, sizeof key, "%zu", i);
        md5_init(&md5);
        md5_update(&md5, strlen(split), (const uint8_t *)split);
        md5_update(&md5, strlen(key), (const uint8_t *)key);
        md5_digest(&md5, 16, places[i].digest);
        places[i].i = i;
    }
    qsort(places, count, sizeof *places, rig_compare_places);
    for (size_t i = 0; i < count; i++) {
        const struct bytes *image = rig_png(r, rig_salt(*split, places[i].i));
        struct bytes map = {.size = 0}, example;
        bytes_string(&map, "image", image->at, image->size);
        r->labels(*split, places[i].i, &map);
        bytes_example(&example, &map);
        bytes_write_record(f, example.at, example.size);
    }
    assert_int_equal(fclose(f), 0);
    free(places);
}

/* ROOT/tfds/DATASET/VERSION. */
static inline void rig_write_prepared(struct rig *r, const char *root) {
    char info[1024], name[64], stem[256];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(r->dataset, "/"), r->dataset);
    snprintf(stem, sizeof stem, "tfds/%s/%s/%s", r->dataset, r->version, name);
    size_t n = (size_t)snprintf(info, sizeof info, "{\"name\": \"%s\", \"splits\": [", name);
    for (int i = 0; i < 3 && r->splits[i].name; i++) {
        rig_write_split(r, root, stem, r->splits[i].name, r->splits[i].count);
        n += (size_t)snprintf(info + n, sizeof info - n, "%s{\"name\": \"%s\", \"shardLengths\": [\"%zu\"]}",
                              i ? ", " : "", r->splits[i].name, r->splits[i].count);
    }
    snprintf(info + n, sizeof info - n, "]}");
    pictures_write_bytes(pictures_path(root, "tfds/%s/%s/dataset_info.json", r->dataset, r->version), info,
                         strlen(info));
}

static inline struct dataset *rig_open(const char *kind, const char *task, const char *root, const char *below) {
    static const struct dataset_options options = {.seed = 1, .image = 32, .scenes = {1, 1, 1}};
    struct dataset *d;
    struct error e = {0};
    char spec[600];
    snprintf(spec, sizeof spec, "%s:%s:%s/%s", kind, task, root, below);
    if (dataset_open(&d, spec, &options, &e) < 0)
        fail_msg("%s", e.text);
    return d;
}

static inline void rig_expect_error(const char *task, const char *root, const char *below, int code, const char *part) {
    static const struct dataset_options options = {.seed = 1, .image = 32, .scenes = {1, 1, 1}};
    struct dataset *d;
    struct error e = {0};
    char spec[600];
    snprintf(spec, sizeof spec, "vtab:%s:%s/%s", task, root, below);
    int r = dataset_open(&d, spec, &options, &e);
    if (r != code || !strstr(e.text, part))
        fail_msg("%d '%s'; %d with '%s' was expected", r, e.text, code, part);
}

/* One of the threads that read two datasets at the same time. */
struct rig_reader {
    const struct dataset *a, *b;
    size_t first; /* and every RIG_READERS-th image from there on */
    char why[sizeof(struct error) + 40];
    pthread_t thread;
};

static inline bool rig_reads_same(struct rig_reader *r, enum split s, size_t i) {
    struct image x = {0}, y = {0};
    struct error e = {0};
    bool read = dataset_decode(r->a, s, i, &x, &e) == 0 && dataset_decode(r->b, s, i, &y, &e) == 0;
    bool same = read && x.width == y.width && x.height == y.height &&
                memcmp(x.rgb, y.rgb, (size_t)x.width * (size_t)x.height * 3) == 0;
    image_free(&x);
    image_free(&y);
    if (!same)
        snprintf(r->why, sizeof r->why, "%s image %zu: %s", split_name(s), i, read ? "other pixels" : e.text);
    return same;
}

static inline void *rig_read(void *reader) {
    struct rig_reader *r = reader;
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        for (size_t i = r->first; i < dataset_size(r->a, s); i += RIG_READERS)
            if (!rig_reads_same(r, s, i))
                return NULL;
    return NULL;
}

/* Image by image, on several threads. */
static inline void rig_expect_same(const struct dataset *a, const struct dataset *b) {
    struct rig_reader readers[RIG_READERS];
    assert_int_equal(dataset_classes(a), dataset_classes(b));
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++) {
        assert_int_equal(dataset_size(a, s), dataset_size(b, s));
        assert_true(dataset_size(a, s) > 0);
        for (size_t i = 0; i < dataset_size(a, s); i++) {
            assert_true(dataset_label(a, s, i) >= 0);
            assert_int_equal(dataset_label(a, s, i), dataset_label(b, s, i));
        }
    }
    for (size_t k = 0; k < RIG_READERS; k++) {
        readers[k] = (struct rig_reader){.a = a, .b = b, .first = k};
        assert_int_equal(pthread_create(&readers[k].thread, NULL, rig_read, &readers[k]), 0);
    }
    for (size_t k = 0; k < RIG_READERS; k++)
        pthread_join(readers[k].thread, NULL);
    for (size_t k = 0; k < RIG_READERS; k++)
        if (*readers[k].why)
            fail_msg("%s", readers[k].why);
}

/* ROOT/raw/BELOW gives what ROOT/tfds gives. */
static inline void rig_expect_raw(const char *task, const char *root, const char *below) {
    static const char *const kinds[] = {"vtab", "vtab800"};
    for (int i = 0; i < 2; i++) {
        struct dataset *raw = rig_open(kinds[i], task, root, below), *prepared = rig_open(kinds[i], task, root, "tfds");
        rig_expect_same(raw, prepared);
        dataset_close(prepared);
        dataset_close(raw);
    }
}

/* The encoded images are those of the files, so that their hashes are the same. */
static inline void rig_expect_encoded(const char *task, const char *root, const char *below) {
    struct dataset *raw = rig_open("vtab", task, root, below), *prepared = rig_open("vtab", task, root, "tfds");
    for (size_t i = 0; i < dataset_size(raw, SPLIT_TEST); i++) {
        char a[65], b[65];
        assert_int_equal(dataset_hash_image(raw, SPLIT_TEST, i, a, NULL), 0);
        assert_int_equal(dataset_hash_image(prepared, SPLIT_TEST, i, b, NULL), 0);
        assert_string_equal(a, b);
    }
    dataset_close(prepared);
    dataset_close(raw);
}

/* Cuts a file to `size` bytes, or, negative, by so many. */
static inline void rig_cut(const char *path, long size) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, size < 0 ? st.st_size + size : size), 0);
}

static inline void rig_write_text(const char *path, const char *text) {
    pictures_write_bytes(path, text, strlen(text));
}

/* Writes `size` bytes at `place` of a file. */
static inline void rig_patch(const char *path, long place, const void *bytes, size_t size) {
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, place, place < 0 ? SEEK_END : SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

#endif
