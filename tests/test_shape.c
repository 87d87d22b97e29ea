#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/model/shape.h"

static void knows_the_published_shapes(void **state) {
    struct vit_shape s;
    (void)state;
    assert_int_equal(shape_named("vitb16", &s, NULL), 0);
    assert_int_equal(s.dim, 768);
    assert_int_equal(s.depth, 12);
    assert_int_equal(s.heads, 12);
    assert_int_equal(s.mlp, 3072);
    assert_int_equal(shape_patches(&s), 196);
    assert_int_equal(shape_parameters(&s), 85798656);
    assert_int_equal(shape_named("vits16-moco", &s, NULL), 0);
    assert_int_equal(s.heads, 12);
}

static void takes_another_image_side_after_an_at(void **state) {
    struct vit_shape s;
    struct error e = {0};
    (void)state;
    assert_int_equal(shape_named("vitb16@384", &s, NULL), 0);
    assert_int_equal(s.image, 384);
    assert_int_equal(shape_patches(&s), 576);
    assert_int_equal(shape_named("vitb16@100", &s, &e), ERROR_SHAPE);
    assert_non_null(strstr(e.text, "96 and 112"));
    assert_int_equal(shape_named("vitb16@", &s, &e), ERROR_USAGE);
    assert_int_equal(shape_named("vitb16@2x", &s, &e), ERROR_USAGE);
}

static void an_unknown_name_lists_the_known_ones(void **state) {
    struct vit_shape s;
    struct error e = {0};
    (void)state;
    assert_int_equal(shape_named("vitb1", &s, &e), ERROR_USAGE);
    assert_non_null(strstr(e.text, "'vitb1'"));
    assert_non_null(strstr(e.text, "vitb16"));
    assert_non_null(strstr(e.text, "nano"));
    assert_int_equal(shape_named("", &s, &e), ERROR_USAGE);
}

static void names_a_shape_whatever_its_image(void **state) {
    struct vit_shape s;
    char name[32], small[4];
    (void)state;
    shape_named("vitl16", &s, NULL);
    s.image = 384;
    assert_string_equal(shape_name(&s, name, sizeof name), "vitl16");
    s.depth = 5;
    assert_string_equal(shape_name(&s, name, sizeof name), "vit1024x5");
    assert_string_equal(shape_name(&s, small, sizeof small), "vit");
}

static void every_named_shape_is_valid_and_found_again(void **state) {
    char name[32];
    (void)state;
#define X(text, dim, depth, heads, mlp, patch, image, description)                                                     \
    {                                                                                                                  \
        struct vit_shape s;                                                                                            \
        assert_int_equal(shape_named(text, &s, NULL), 0);                                                              \
        assert_int_equal(shape_check(&s, NULL), 0);                                                                    \
        assert_string_equal(shape_name(&s, name, sizeof name), text);                                                  \
    }
#include "core/model/shapes.def"
#undef X
}

static void refuses_what_does_not_divide_or_is_out_of_range(void **state) {
    const struct vit_shape good = {48, 4, 4, 192, 8, 32};
    struct error e = {0};
    (void)state;
    assert_int_equal(shape_check(&good, &e), 0);
#define BAD(field, value, says)                                                                                        \
    {                                                                                                                  \
        struct vit_shape s = good;                                                                                     \
        s.field = value;                                                                                               \
        assert_int_equal(shape_check(&s, &e), ERROR_SHAPE);                                                            \
        assert_non_null(strstr(e.text, says));                                                                         \
    }
    BAD(heads, 5, "5 heads do not divide the width 48")
    BAD(heads, 0, "heads is 0")
    BAD(image, 33, "33 pixels is no multiple of the patch of 8; the nearest are 32 and 40")
    BAD(dim, -1, "width is -1")
    BAD(depth, 100000, "depth is 100000")
    BAD(mlp, 0, "mlp is 0")
    BAD(patch, 0, "patch is 0")
#undef BAD
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_published_shapes),
        cmocka_unit_test(takes_another_image_side_after_an_at),
        cmocka_unit_test(an_unknown_name_lists_the_known_ones),
        cmocka_unit_test(names_a_shape_whatever_its_image),
        cmocka_unit_test(every_named_shape_is_valid_and_found_again),
        cmocka_unit_test(refuses_what_does_not_divide_or_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
