#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/contact_sheet.h"
#include "tests/pictures.h"

static char *root;
static struct dataset *data;

/* Two classes of ten training images: 4 x 4 pixels, red and blue; one of the second is cut short. */
static int set_up(void **state) {
    (void)state;
    char spec[512];
    const struct dataset_options options = {.seed = 1, .image = 32, .scenes = {1, 1, 1}};
    root = pictures_folder();
    for (int i = 0; i < 20; i++)
        for (int split = 0; split < 3; split++) {
            struct image im = pictures_make(4, 4, 0);
            for (int k = 0; k < 48; k++)
                im.rgb[k] = k % 3 == (i % 2 ? 2 : 0) ? 255 : 0;
            const char *path =
                pictures_path(root, "%s/%s/%02d.png", split_name((enum split)split), i % 2 ? "blue" : "a red", i);
            assert_int_equal(image_write_png(&im, path, NULL), 0);
            if (i == 19)
                assert_int_equal(truncate(path, 40), 0);
            image_free(&im);
        }
    snprintf(spec, sizeof spec, "folder:%s", root);
    return dataset_open(&data, spec, &options, NULL);
}

static int tear_down(void **state) {
    (void)state;
    dataset_close(data);
    pictures_remove(root);
    return 0;
}

static char *printed(int columns, int colors) {
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    assert_int_equal(contact_sheet_print(data, SPLIT_TRAIN, columns, colors, true, f, NULL), 0);
    fclose(f);
    return text;
}

static size_t count_of(const char *text, const char *part) {
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

/* Four across in two rows, every second image: half of them of each class. */
static void a_terminal_shows_images_of_all_the_split_with_their_classes(void **state) {
    (void)state;
    char *text = printed(80, 1 << 24);
    assert_int_equal(count_of(text, "a red"), 5);
    assert_int_equal(count_of(text, "blue"), 3);
    assert_non_null(strstr(text, "\33[38;2;255;0;0m"));
    assert_non_null(strstr(text, "\33[38;2;0;0;255m"));
    assert_int_equal(count_of(text, "\n"), 19);
    free(text);
    text = printed(80, 256);
    assert_non_null(strstr(text, "\33[38;5;196m"));
    assert_null(strstr(text, ";2;255"));
    free(text);
}

static void without_colours_there_are_shades_and_no_escapes(void **state) {
    (void)state;
    char *text = printed(40, 0);
    assert_null(strchr(text, '\33'));
    assert_int_equal(count_of(text, "a red"), 2);
    for (const char *c = text; *c; c++)
        assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
    free(text);
}

static void a_sheet_has_its_images_in_rows(void **state) {
    (void)state;
    struct contact_sheet s;
    struct error e = {0};
    assert_int_equal(contact_sheet_create(&s, 4, 8, NULL), 0);
    assert_int_equal(contact_sheet_fill(&s, data, SPLIT_TRAIN, 4, 5, true, NULL), 0);
    assert_int_equal(s.image.width, 22);
    const struct {
        int y, x, red, blue;
    } known[] = {{5, 5, 255, 0}, {5, 15, 255, 0}, {15, 5, 0, 255}, {15, 15, 0, 255}, {0, 0, 24, 24}};
    for (size_t i = 0; i < 5; i++) {
        const uint8_t *pixel = s.image.rgb + 3 * (known[i].y * 22 + known[i].x);
        assert_int_equal(pixel[0], known[i].red);
        assert_int_equal(pixel[2], known[i].blue);
    }
    contact_sheet_destroy(&s);
    memset(&s, 1, sizeof s);
    assert_int_equal(contact_sheet_create(&s, 10000, 400, &e), ERROR_USAGE);
    assert_int_equal(contact_sheet_create(&s, 10000, 96, &e), ERROR_USAGE);
    assert_string_equal(e.text,
                        "10000 images of 96 pixels make a sheet of 9802 x 9802, expected at most 67108864 pixels");
    contact_sheet_destroy(&s); /* nothing to free */
}

static void one_that_is_damaged_leaves_its_cell_empty(void **state) {
    (void)state;
    struct contact_sheet s;
    assert_int_equal(contact_sheet_create(&s, 2, 8, NULL), 0);
    assert_int_equal(contact_sheet_fill(&s, data, SPLIT_TRAIN, 2, 19, true, NULL), 0);
    assert_int_equal(s.image.rgb[3 * (5 * s.image.width + 15)], 24);
    contact_sheet_destroy(&s);
    char *text = printed(180, 0); /* all twenty */
    assert_int_equal(count_of(text, "unreadable"), 1);
    assert_int_equal(count_of(text, "a red"), 10);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_shows_images_of_all_the_split_with_their_classes),
        cmocka_unit_test(without_colours_there_are_shades_and_no_escapes),
        cmocka_unit_test(a_sheet_has_its_images_in_rows),
        cmocka_unit_test(one_that_is_damaged_leaves_its_cell_empty),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
