/* The order of TensorFlow Datasets: the places that published lists and prepared datasets have (DATASETS.md, 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/data/vtab/md5_order.h"

static void expect(const char *split, size_t count, md5_order_key_fn *key, size_t first, size_t n,
                   const uint32_t *expected) {
    uint32_t *order = NULL;
    assert_int_equal(md5_order(&order, split, count, key, NULL, NULL), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(order[first + i], expected[i]);
    free(order);
}

#define EXPECT(split, count, key, first, ...)                                                                          \
    expect(split, count, key, first, sizeof(uint32_t[]){__VA_ARGS__} / sizeof(uint32_t), (uint32_t[]){__VA_ARGS__})

static void numbered_images_stand_where_they_were_prepared(void **state) {
    (void)state;
    EXPECT("train", 50000, md5_order_number, 0, 16399, 1680, 47917, 17307, 27051, 48736, 26263, 1456, 19135, 31598);
    EXPECT("train", 50000, md5_order_number, 45000, 13431, 9237, 17462, 32685, 9518);            /* cifar100 */
    EXPECT("train", 73257, md5_order_number, 0, 16399, 1680, 47917, 17307, 27051, 70594, 67082); /* svhn */
    EXPECT("train", 73257, md5_order_number, 65931, 21145, 64736, 23870);
    EXPECT("train", 737280, md5_order_number, 0, 16399, 634903, 206287, 470425); /* dsprites */
    EXPECT("train", 737280, md5_order_number, 589824, 220697, 85843, 84902);
    EXPECT("train", 24300, md5_order_number, 0, 16399, 1680, 17307, 1456); /* smallnorb */
    EXPECT("test", 24300, md5_order_number, 0, 23018, 16932, 19084, 9933);
}

static void clevr_key(const void *context, size_t i, char out[static MD5_ORDER_KEY]) {
    (void)context;
    snprintf(out, MD5_ORDER_KEY, "CLEVR_train_%06zu.png", i);
}

static void camelyon_key(const void *context, size_t i, char out[static MD5_ORDER_KEY]) {
    (void)context;
    snprintf(out, MD5_ORDER_KEY, "train_%zu", i);
}

static void named_images_stand_where_they_were_prepared(void **state) {
    (void)state;
    EXPECT("train", 70000, clevr_key, 0, 43876, 33421, 62025, 21419);
    EXPECT("train", 262144, camelyon_key, 0, 251464, 132287, 133786);
}

static void each_image_stands_once_and_none_is_an_order_too(void **state) {
    (void)state;
    uint32_t *order = NULL;
    char seen[1000] = {0};
    assert_int_equal(md5_order(&order, "test", 1000, md5_order_number, NULL, NULL), 0);
    for (size_t i = 0; i < 1000; i++) {
        assert_true(order[i] < 1000 && !seen[order[i]]);
        seen[order[i]] = 1;
    }
    free(order);
    assert_int_equal(md5_order(&order, "test", 0, md5_order_number, NULL, NULL), 0);
    free(order);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbered_images_stand_where_they_were_prepared),
        cmocka_unit_test(named_images_stand_where_they_were_prepared),
        cmocka_unit_test(each_image_stands_once_and_none_is_an_order_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
