#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "views/canvas.h"

static const struct style ink = {0x112233, CANVAS_DEFAULT, CANVAS_BOLD}, paper = {0x445566, 0x778899, 0};
static struct canvas c;

static struct area canvas_of(int height, int width) {
    assert_int_equal(canvas_create(&c, height, width, NULL), 0);
    canvas_clear(&c, paper);
    return canvas_all(&c);
}

/* A row as text; '^' for the right half of a wide glyph. */
static const char *row(int y) {
    static char text[256];
    text[0] = 0;
    for (int x = 0; x < c.width; x++) {
        char bytes[5];
        uint32_t glyph = canvas_at(&c, y, x)->glyph;
        strcat(text, glyph ? canvas_encode(glyph, bytes) : "^");
    }
    return text;
}

static void a_new_size_takes_the_place_of_the_old(void **state) {
    (void)state;
    canvas_of(3, 4);
    canvas_of(2, 7);
    assert_string_equal(row(1), "       ");
    assert_null(canvas_at(&c, 2, 0));
    assert_null(canvas_at(&c, 0, 7));
    assert_null(canvas_at(&c, -1, 0));
    canvas_destroy(&c);
    canvas_destroy(&c);
}

static void a_size_beyond_counting_is_refused_and_the_canvas_kept(void **state) {
    struct error e = {0};
    (void)state;
    canvas_of(3, 4);
    assert_int_equal(canvas_create(&c, INT_MAX, 2, &e), ERROR_MEMORY);
    assert_non_null(strstr(e.text, "2147483647 x 2"));
    assert_string_equal(row(2), "    ");
    canvas_of(0, 0);
    canvas_of(0, 5);
    canvas_text(&c, canvas_all(&c), 0, 0, ink, "x");
    canvas_destroy(&c);
}

static void a_part_lies_within_its_area(void **state) {
    static const struct {
        int y, x, height, width;
        struct area expected;
    } cases[] = {
        {1, 2, 2, 3, {11, 22, 2, 3}},
        {-1, -2, 3, 4, {10, 20, 2, 2}},
        {3, 6, 9, 9, {13, 26, 2, 4}},
        {9, 11, 1, 1, {15, 30, 0, 0}},
        {0, 0, -4, -4, {10, 20, 0, 0}},
        {1, 1, INT_MAX, INT_MAX, {11, 21, 4, 9}},
        {INT_MIN, INT_MIN, INT_MAX, 5, {10, 20, 0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct area a =
            canvas_part((struct area){10, 20, 5, 10}, cases[i].y, cases[i].x, cases[i].height, cases[i].width);
        assert_memory_equal(&a, &cases[i].expected, sizeof a);
    }
}

static void text_is_cut_at_the_right_edge_and_tells_its_whole_width(void **state) {
    (void)state;
    canvas_of(2, 10);
    struct area a = {0, 2, 1, 5};
    assert_int_equal(canvas_text(&c, a, 0, 2, ink, "abcdef"), 6);
    assert_string_equal(row(0), "    abc   ");
    assert_int_equal(canvas_text(&c, a, 1, 0, ink, "below"), 5);
    assert_int_equal(canvas_text(&c, a, -1, 0, ink, "above"), 5);
    assert_string_equal(row(1), "          ");
    assert_int_equal(canvas_text(&c, a, 0, -2, ink, "xyz"), 3);
    assert_string_equal(row(0), "  z abc   ");
    canvas_destroy(&c);
}

static void an_area_may_lie_partly_outside(void **state) {
    (void)state;
    canvas_of(2, 6);
    canvas_text(&c, (struct area){-1, -2, 5, 20}, 1, 0, ink, "abcdefghijk");
    assert_string_equal(row(0), "cdefgh");
    canvas_fill(&c, (struct area){1, 4, 9, 9}, '#', ink);
    assert_string_equal(row(1), "    ##");
    canvas_put(&c, (struct area){0, 0, 9, 99}, 7, 80, '!', ink);
    canvas_put(&c, (struct area){0, 0, 9, 99}, 1, 0, '!', ink);
    assert_string_equal(row(1), "!   ##");
    canvas_destroy(&c);
}

static void wide_characters_take_two_cells_and_never_half_of_one(void **state) {
    (void)state;
    struct area a = canvas_of(1, 8);
    assert_int_equal(canvas_text(&c, a, 0, 0, ink, "a鳥b"), 4);
    assert_string_equal(row(0), "a鳥^b    ");
    canvas_put(&c, a, 0, 2, 'x', ink);
    assert_string_equal(row(0), "a xb    ");
    canvas_text(&c, a, 0, 1, ink, "鳥");
    canvas_text(&c, a, 0, 1, ink, "y");
    assert_string_equal(row(0), "ay b    ");
    canvas_text(&c, a, 0, 7, ink, "鳥");
    assert_string_equal(row(0), "ay b    ");
    canvas_text(&c, a, 0, 4, ink, "鳥鳥");
    canvas_fill(&c, (struct area){0, 5, 1, 2}, '-', ink);
    assert_string_equal(row(0), "ay b -- ");
    canvas_destroy(&c);
}

static void what_is_no_character_shows_as_a_question_mark(void **state) {
    (void)state;
    struct area a = canvas_of(1, 12);
    assert_int_equal(canvas_text(&c, a, 0, 0, ink, "a\x1b[\t\x7f\xff\xc3"), 7);
    assert_string_equal(row(0), "a?[????     ");
    assert_int_equal(canvas_text(&c, a, 0, 0, ink, "\xc0\x80|\xed\xa0\x80|\xf5|\xe2\x82|"), 8);
    canvas_destroy(&c);
}

static void marks_that_combine_take_no_column(void **state) {
    (void)state;
    assert_int_equal(canvas_columns("e\xcc\x81t\xc3\xa9"), 3);
    assert_int_equal(canvas_columns("鳥 🐦 ─⣿"), 8);
    assert_int_equal(canvas_columns(""), 0);
}

static void text_keeps_the_paper_that_is_there(void **state) {
    (void)state;
    struct area a = canvas_of(1, 4);
    canvas_fill(&c, (struct area){0, 1, 1, 1}, ' ', (struct style){1, 2, 0});
    canvas_text(&c, a, 0, 0, ink, "abc");
    assert_int_equal(canvas_at(&c, 0, 0)->style.paper, 0x778899);
    assert_int_equal(canvas_at(&c, 0, 1)->style.paper, 2);
    assert_int_equal(canvas_at(&c, 0, 1)->style.ink, 0x112233);
    assert_int_equal(canvas_at(&c, 0, 1)->style.attributes, CANVAS_BOLD);
    canvas_destroy(&c);
}

static void a_fill_without_colours_has_those_of_the_ground(void **state) {
    (void)state;
    struct area a = canvas_of(1, 2);
    canvas_fill(&c, a, ' ', (struct style){1, 2, 0});
    canvas_fill(&c, a, '-', (struct style){CANVAS_DEFAULT, CANVAS_DEFAULT, 0});
    assert_int_equal(canvas_at(&c, 0, 1)->style.paper, 0x778899);
    assert_int_equal(canvas_at(&c, 0, 1)->style.ink, 0x445566);
    canvas_destroy(&c);
}

static void printed_text_ends_at_the_right_or_begins_at_the_left(void **state) {
    (void)state;
    struct area a = canvas_of(3, 10);
    assert_int_equal(canvas_print(&c, a, 0, 1, ink, "%d %s", 42, "é"), 4);
    assert_string_equal(row(0), " 42 é     ");
    assert_int_equal(canvas_print_right(&c, a, 1, 1, ink, "%d鳥", 7), 6);
    assert_string_equal(row(1), "      7鳥^ ");
    assert_int_equal(canvas_print_right(&c, a, 2, 0, ink, "longer than that"), 0);
    assert_string_equal(row(2), "longer tha");
    canvas_destroy(&c);
}

static void text_longer_than_a_line_is_cut_between_characters(void **state) {
    char text[3001];
    (void)state;
    struct area a = canvas_of(1, 600);
    for (int i = 0; i < 1500; i++)
        memcpy(text + (ptrdiff_t)2 * i, "é", 3);
    int columns = canvas_print(&c, a, 0, 0, ink, "%s", text);
    assert_in_range(columns, 500, 600);
    for (int x = 0; x < columns; x++)
        assert_int_equal(canvas_at(&c, 0, x)->glyph, 0xe9);
    canvas_destroy(&c);
}

static void code_points_go_out_as_they_came_in(void **state) {
    static const uint32_t codes[] = {'a', 0x7f, 0x80, 0x7ff, 0x800, 0x28ff, 0xffff, 0x10000, 0x10ffff};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char bytes[5];
        const char *text = canvas_encode(codes[i], bytes);
        assert_int_equal(canvas_next_code(&text), codes[i]);
        assert_int_equal(canvas_next_code(&text), 0);
        assert_ptr_equal(text, bytes + strlen(bytes));
    }
    char bytes[5];
    assert_string_equal(canvas_encode(0xd800, bytes), "?");
    assert_string_equal(canvas_encode(0x110000, bytes), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_size_takes_the_place_of_the_old),
        cmocka_unit_test(a_size_beyond_counting_is_refused_and_the_canvas_kept),
        cmocka_unit_test(a_part_lies_within_its_area),
        cmocka_unit_test(text_is_cut_at_the_right_edge_and_tells_its_whole_width),
        cmocka_unit_test(an_area_may_lie_partly_outside),
        cmocka_unit_test(wide_characters_take_two_cells_and_never_half_of_one),
        cmocka_unit_test(what_is_no_character_shows_as_a_question_mark),
        cmocka_unit_test(marks_that_combine_take_no_column),
        cmocka_unit_test(text_keeps_the_paper_that_is_there),
        cmocka_unit_test(a_fill_without_colours_has_those_of_the_ground),
        cmocka_unit_test(printed_text_ends_at_the_right_or_begins_at_the_left),
        cmocka_unit_test(text_longer_than_a_line_is_cut_between_characters),
        cmocka_unit_test(code_points_go_out_as_they_came_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
