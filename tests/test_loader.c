#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "core/data/cache.h"
#include "core/data/loader.h"
#include "core/digest.h"
#include "core/philox.h"
#include "tests/pictures.h"

#define IMAGES 23
#define SIDE 14

static char *root;
static struct dataset *data;

/* train: 23 images, of which a/03 is empty and b/17 cut short; val: 2; test: 2, both unreadable. */
static int make_data(void **state) {
    (void)state;
    static const uint8_t cut[] = "\x89PNG\r\n\x1a\n\0\0";
    root = pictures_folder();
    for (int i = 0; i < IMAGES; i++)
        pictures_write(pictures_path(root, "train/%c/%02d.png", i < 11 ? 'a' : 'b', i), 17 + i % 5, 19 + i % 3, i);
    pictures_write_bytes(pictures_path(root, "train/a/03.png"), "", 0);
    pictures_write_bytes(pictures_path(root, "train/b/17.png"), cut, sizeof cut - 1);
    for (int i = 0; i < 2; i++) {
        pictures_write(pictures_path(root, "val/%c/%d.png", 'a' + i, i), 20, 16, 100 + i);
        pictures_write_bytes(pictures_path(root, "test/%c/%d.png", 'a' + i, i), "", 0);
    }
    return dataset_open(&data, root, &(struct dataset_options){.seed = 1}, NULL);
}

static int remove_data(void **state) {
    (void)state;
    dataset_close(data);
    pictures_remove(root);
    return 0;
}

struct heard {
    pthread_mutex_t lock;
    int calls;
    uint32_t images; /* bit i: image i was named */
    bool wrong;      /* noted, not asserted: this is no thread of the test's */
};

static void hear(void *context, enum split split, size_t index, const char *why) {
    struct heard *h = context;
    pthread_mutex_lock(&h->lock);
    h->wrong |= split != SPLIT_TRAIN || !strstr(why, ".png");
    h->calls++;
    h->images |= UINT32_C(1) << index;
    pthread_mutex_unlock(&h->lock);
}

static struct loader_options training_options(void) {
    return (struct loader_options){
        .dataset = data,
        .split = SPLIT_TRAIN,
        .preprocess = {.kind = PREPROCESS_FGVC, .augment = AUGMENT_CROP_FLIP, .image = SIDE, .seed = 42},
        .training = true,
        .batch = 5,
        .threads = 1,
        .cache_bytes = 1 << 20,
    };
}

static struct loader *open_loader(const struct loader_options *options) {
    struct loader *l;
    struct error e = {0};
    if (loader_open(&l, options, &e) < 0)
        fail_msg("%s", e.text);
    return l;
}

static bool next(struct loader *l, struct batch *b) {
    struct error e = {0};
    int r = loader_next(l, b, &e);
    if (r < 0)
        fail_msg("%s", e.text);
    return r == 1;
}

/* SHA-256 over all that the batches from `first` on hold. */
static void digest_epoch(struct loader *l, uint32_t epoch, size_t first, char out[DIGEST_HEX]) {
    struct digest d;
    struct batch b;
    digest_init(&d);
    loader_start(l, epoch, first);
    while (next(l, &b)) {
        size_t n = (size_t)b.count;
        digest_update(&d, &b.count, sizeof b.count);
        digest_update(&d, &b.readable, sizeof b.readable);
        digest_update(&d, b.images, n * 3 * SIDE * SIDE * sizeof *b.images);
        digest_update(&d, b.labels, n * sizeof *b.labels);
        digest_update(&d, b.index, n * sizeof *b.index);
    }
    digest_hex(&d, out);
}

static void an_epoch_is_a_permutation_of_seed_and_epoch(void **state) {
    (void)state;
    struct loader_options options = training_options();
    struct loader *l = open_loader(&options);
    assert_int_equal(loader_batches(l), 5);
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        uint32_t order[IMAGES];
        struct batch b;
        size_t at = 0;
        philox_permutation(philox_key(42, PHILOX_SHUFFLE), epoch, order, IMAGES);
        loader_start(l, epoch, 0);
        while (next(l, &b)) {
            assert_int_equal(b.count, at < 20 ? 5 : 3);
            for (int i = 0; i < b.count; i++)
                assert_int_equal(b.index[i], order[at++]);
        }
        assert_int_equal(at, IMAGES);
        assert_false(next(l, &b));
    }
    loader_close(l);
}

static void evaluation_keeps_the_order_and_does_not_augment(void **state) {
    (void)state;
    struct loader_options options = training_options();
    options.training = false;
    struct loader *l = open_loader(&options);
    struct batch b;
    uint32_t at = 0;
    for (uint32_t epoch = 0; epoch < 2; epoch++) {
        loader_start(l, epoch, 0);
        for (at = 0; next(l, &b);)
            for (int i = 0; i < b.count; i++, at++) {
                float expected[3 * SIDE * SIDE] = {0};
                struct image im;
                struct fitted f;
                bool readable = dataset_decode(data, SPLIT_TRAIN, at, &im, NULL) == 0;
                if (readable) {
                    assert_int_equal(preprocess_fit(&options.preprocess, &im, &f, NULL), 0);
                    preprocess_finish(&options.preprocess, &f, false, 0, at, expected, NULL);
                    fitted_free(&f);
                    image_free(&im);
                }
                assert_int_equal(b.index[i], at);
                assert_int_equal(b.labels[i], readable ? dataset_label(data, SPLIT_TRAIN, at) : -1);
                assert_memory_equal(b.images + i * 3 * SIDE * SIDE, expected, sizeof expected);
            }
    }
    assert_int_equal(at, IMAGES);
    loader_close(l);
}

static void neither_threads_nor_cache_change_a_batch(void **state) {
    (void)state;
    char expected[3][DIGEST_HEX], got[DIGEST_HEX];
    struct loader_options options = training_options();
    static const size_t caches[] = {0, 4000, 1 << 20};
    for (int threads = 1; threads <= 4; threads++)
        for (size_t c = 0; c < 3; c++) {
            options.threads = threads;
            options.cache_bytes = caches[c];
            struct loader *l = open_loader(&options);
            for (uint32_t epoch = 0; epoch < 3; epoch++) {
                digest_epoch(l, epoch, 0, got);
                if (threads == 1 && c == 0)
                    memcpy(expected[epoch], got, sizeof got);
                assert_string_equal(got, expected[epoch]);
            }
            loader_close(l);
        }
    assert_string_not_equal(expected[0], expected[1]);
}

static void unreadable_images_are_zeros_without_label_and_named_once(void **state) {
    (void)state;
    struct heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct loader_options options = training_options();
    options.threads = 3;
    options.unreadable = hear;
    options.context = &heard;
    struct loader *l = open_loader(&options);
    assert_int_equal(loader_unreadable(l), 0);
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        struct batch b;
        int readable = 0, unlabelled = 0;
        loader_start(l, epoch, 0);
        while (next(l, &b)) {
            readable += b.readable;
            for (int i = 0; i < b.count; i++) {
                bool bad = b.index[i] == 3 || b.index[i] == 17, zero = true;
                for (int k = 0; k < 3 * SIDE * SIDE; k++)
                    zero = zero && b.images[i * 3 * SIDE * SIDE + k] == 0;
                assert_int_equal(zero, bad);
                assert_int_equal(b.labels[i], bad ? -1 : b.index[i] < 11 ? 0 : 1);
                unlabelled += bad;
            }
        }
        assert_int_equal(readable, IMAGES - 2);
        assert_int_equal(unlabelled, 2);
    }
    assert_int_equal(loader_unreadable(l), 2);
    loader_close(l);
    assert_false(heard.wrong);
    assert_int_equal(heard.calls, 2);
    assert_int_equal(heard.images, 1 << 3 | 1 << 17);
}

static void an_epoch_may_begin_at_any_batch_any_time(void **state) {
    (void)state;
    char whole[DIGEST_HEX], tail[2][DIGEST_HEX];
    struct loader_options options = training_options();
    options.threads = 2;
    struct loader *l = open_loader(&options), *fresh = open_loader(&options);
    struct batch b;
    digest_epoch(l, 7, 0, whole);
    for (uint32_t i = 0; i < 50; i++) { /* left in the middle, whatever is being decoded */
        loader_start(l, i, i % 5);
        for (uint32_t k = 0; k < i % 3; k++)
            next(l, &b);
    }
    digest_epoch(l, 7, 2, tail[0]);
    digest_epoch(fresh, 7, 2, tail[1]);
    assert_string_equal(tail[0], tail[1]);
    digest_epoch(l, 7, 0, tail[0]);
    assert_string_equal(tail[0], whole);
    loader_start(l, 0, 5);
    assert_false(next(l, &b));
    loader_start(l, 0, 99);
    assert_false(next(l, &b));
    loader_close(fresh);
    loader_close(l);
}

static void a_batch_stays_while_the_reader_has_it(void **state) {
    (void)state;
    struct loader_options options = training_options();
    options.threads = 3;
    struct loader *l = open_loader(&options);
    struct batch b;
    loader_start(l, 0, 0);
    while (next(l, &b)) {
        static float copy[5 * 3 * SIDE * SIDE];
        size_t bytes = (size_t)b.count * 3 * SIDE * SIDE * sizeof *copy;
        memcpy(copy, b.images, bytes);
        usleep(3000); /* the threads go ahead */
        assert_int_equal(memcmp(copy, b.images, bytes), 0);
    }
    loader_close(l);
}

static void closing_in_the_middle_is_clean(void **state) {
    (void)state;
    struct loader_options options = training_options();
    struct batch b;
    for (int i = 0; i < 30; i++) {
        options.threads = 1 + i % 4;
        struct loader *l = open_loader(&options);
        if (i % 3)
            loader_start(l, 0, 0);
        if (i % 3 == 2)
            assert_true(next(l, &b));
        loader_close(l);
    }
    loader_close(NULL);
}

static void a_split_with_nothing_readable_is_an_error(void **state) {
    (void)state;
    struct loader_options options = training_options();
    options.split = SPLIT_TEST;
    options.training = false;
    struct loader *l = open_loader(&options);
    struct batch b;
    struct error e = {0};
    loader_start(l, 0, 0);
    assert_int_equal(loader_next(l, &b, &e), ERROR_DATA);
    assert_non_null(strstr(e.text, "none of the 2 test images"));
    assert_non_null(strstr(e.text, root));
    assert_int_equal(loader_next(l, &b, &e), ERROR_DATA);
    loader_close(l);
}

static void an_unreadable_image_ends_a_strict_loader(void **state) {
    (void)state;
    struct loader_options options = training_options();
    options.strict = true;
    options.batch = 23;
    char first[768];
    for (options.threads = 1; options.threads <= 3; options.threads++) {
        struct loader *l = open_loader(&options);
        struct batch b;
        struct error e = {0};
        int r;
        loader_start(l, 0, 0);
        while ((r = loader_next(l, &b, &e)) == 1)
            assert_int_equal(b.readable, b.count);
        assert_int_equal(r, ERROR_DATA);
        /* The one that comes first in the epoch, with any number of threads. */
        if (options.threads == 1)
            snprintf(first, sizeof first, "%.700s", e.text);
        assert_string_equal(e.text, first);
        assert_true(strstr(first, "a/03") || strstr(first, "b/17"));
        loader_close(l);
    }
}

static void a_picture_that_cannot_be_fitted_is_unreadable(void **state) {
    (void)state;
    char *other = pictures_folder();
    struct dataset *d;
    struct batch b;
    for (int i = 0; i < 6; i++)
        pictures_write(pictures_path(other, "%c/%d.png", 'a' + i % 2, i), 9, 9, i);
    pictures_write(pictures_path(other, "a/long.png"), 700, 2, 0);
    assert_int_equal(dataset_open(&d, other, &(struct dataset_options){.seed = 3}, NULL), 0);
    size_t bad = 0;
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++) {
        struct loader_options options = training_options();
        options.dataset = d;
        options.split = s;
        struct loader *l = open_loader(&options);
        struct error e = {0};
        loader_start(l, 0, 0);
        int r = loader_next(l, &b, &e);
        assert_true(r == 1 || strstr(e.text, "long.png"));
        bad += loader_unreadable(l);
        loader_close(l);
    }
    assert_int_equal(bad, 1);
    dataset_close(d);
    pictures_remove(other);
}

static void rendered_scenes_are_loaded(void **state) {
    (void)state;
    struct dataset *d;
    struct dataset_options made = {.seed = 9, .image = SIDE, .scenes = {12, 3, 3}};
    assert_int_equal(dataset_open(&d, "scenes:shape", &made, NULL), 0);
    struct loader_options options = training_options();
    options.dataset = d;
    options.preprocess.kind = PREPROCESS_NATIVE;
    options.preprocess.augment = AUGMENT_NONE;
    struct loader *l = open_loader(&options);
    struct batch b;
    int n = 0;
    loader_start(l, 0, 0);
    for (; next(l, &b); n += b.readable)
        for (int i = 0; i < b.count; i++)
            assert_int_equal(b.labels[i], dataset_label(d, SPLIT_TRAIN, b.index[i]));
    assert_int_equal(n, 12);
    loader_close(l);
    dataset_close(d);
}

static void a_stream_never_shows_an_image_twice(void **state) {
    (void)state;
    struct dataset *d;
    struct dataset_options made = {.seed = 9, .image = SIDE, .scenes = {12, 3, 3}};
    assert_int_equal(dataset_open(&d, "scenes:shape", &made, NULL), 0);
    struct loader_options options = training_options();
    options.dataset = d;
    options.preprocess.kind = PREPROCESS_NATIVE;
    options.preprocess.augment = AUGMENT_NONE;
    options.stream = true;
    options.cache_bytes = 1 << 20;
    struct loader *l = open_loader(&options);
    struct batch b;
    static float wanted[3 * SIDE * SIDE];
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        loader_start(l, epoch, 0);
        while (next(l, &b))
            for (int i = 0; i < b.count; i++) {
                struct image im;
                struct fitted f;
                size_t number = 12 * epoch + b.index[i];
                assert_int_equal(b.labels[i], dataset_label(d, SPLIT_TRAIN, number));
                assert_int_equal(dataset_decode(d, SPLIT_TRAIN, number, &im, NULL), 0);
                assert_int_equal(preprocess_fit(&options.preprocess, &im, &f, NULL), 0);
                preprocess_finish(&options.preprocess, &f, true, epoch, b.index[i], wanted, NULL);
                assert_memory_equal(b.images + (size_t)i * 3 * SIDE * SIDE, wanted, sizeof wanted);
                fitted_free(&f);
                image_free(&im);
            }
    }
    loader_close(l);
    dataset_close(d);
}

static void a_cache_takes_what_fits_and_keeps_it(void **state) {
    (void)state;
    struct cache *c;
    struct preprocess p = {.kind = PREPROCESS_SQUARE, .image = 10};
    struct image im = pictures_make(10, 10, 0);
    assert_int_equal(cache_create(&c, 5, 2 * (300 + sizeof(struct fitted)), NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        struct fitted f;
        assert_int_equal(preprocess_fit(&p, &im, &f, NULL), 0);
        assert_null(cache_get(c, i));
        assert_int_equal(cache_put(c, i, &f), i < 2);
        assert_int_equal(f.rgb == NULL, i < 2);
        fitted_free(&f);
    }
    assert_memory_equal(cache_get(c, 1)->rgb, im.rgb, 300);
    assert_null(cache_get(c, 2));
    assert_in_range(cache_bytes(c), 600, 2 * (300 + sizeof(struct fitted)));
    cache_free(c);
    cache_free(NULL);
    image_free(&im);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_a_permutation_of_seed_and_epoch),
        cmocka_unit_test(evaluation_keeps_the_order_and_does_not_augment),
        cmocka_unit_test(neither_threads_nor_cache_change_a_batch),
        cmocka_unit_test(unreadable_images_are_zeros_without_label_and_named_once),
        cmocka_unit_test(an_epoch_may_begin_at_any_batch_any_time),
        cmocka_unit_test(a_batch_stays_while_the_reader_has_it),
        cmocka_unit_test(closing_in_the_middle_is_clean),
        cmocka_unit_test(a_split_with_nothing_readable_is_an_error),
        cmocka_unit_test(an_unreadable_image_ends_a_strict_loader),
        cmocka_unit_test(a_picture_that_cannot_be_fitted_is_unreadable),
        cmocka_unit_test(rendered_scenes_are_loaded),
        cmocka_unit_test(a_stream_never_shows_an_image_twice),
        cmocka_unit_test(a_cache_takes_what_fits_and_keeps_it),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
