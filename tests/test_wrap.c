#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/cells.h"
#include "views/wrap.h"

static const struct style plain = {0xffffff, 0x000000, 0}, found = {0x000000, 0xffff00, 0};

/* The rows of a text, "one|two". */
static const char *rows_of(const char *text, int width) {
    static char out[512];
    out[0] = 0;
    for (const char *row = text; *row; row = wrap_next(row, width))
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%.*s", row > text ? "|" : "",
                 (int)wrap_bytes(row, width), row);
    return out;
}

static void rows_end_behind_words(void **state) {
    (void)state;
    assert_string_equal(rows_of("one two three", 13), "one two three");
    assert_string_equal(rows_of("one two three", 12), "one two|three");
    assert_string_equal(rows_of("one two three", 7), "one two|three");
    assert_string_equal(rows_of("one two three", 6), "one|two|three");
    assert_string_equal(rows_of("one  two", 4), "one |two");
    assert_int_equal(wrap_rows("one two three", 6), 3);
    assert_int_equal(wrap_rows("", 6), 1);
}

static void a_word_that_is_longer_than_a_row_is_cut(void **state) {
    (void)state;
    assert_string_equal(rows_of("a 123456789 b", 4), "a|1234|5678|9 b");
    assert_string_equal(rows_of("abc", 0), "a|b|c");
}

static void columns_count_not_bytes(void **state) {
    (void)state;
    assert_string_equal(rows_of("\u00e4\u00f6\u00fc \u00e4\u00f6\u00fc", 7), "\u00e4\u00f6\u00fc \u00e4\u00f6\u00fc");
    assert_string_equal(rows_of("\u65e5\u672c\u8a9e", 4), "\u65e5\u672c|\u8a9e"); /* two columns each */
}

static void a_text_hangs_at_its_column_and_stays_in_its_area(void **state) {
    (void)state;
    struct canvas c = {0};
    struct area a = {1, 2, 2, 10};
    cells_open(&c, 5, 14);
    canvas_fill(&c, a, ' ', plain);
    assert_int_equal(wrap_draw(&c, a, 0, 4, plain, "one two three four", NULL), 4);
    assert_true(cells_are_kept(&c, a));
    char *text = cells_text(&c, a);
    assert_string_equal(text, "    one   \n    two   \n");
    free(text);
    canvas_fill(&c, a, ' ', plain);
    assert_int_equal(wrap_draw(&c, a, -2, 4, plain, "one two three four", NULL), 4);
    text = cells_text(&c, a);
    assert_string_equal(text, "    three \n    four  \n");
    free(text);
    assert_int_equal(wrap_draw(NULL, a, 0, 4, plain, "one two three four", NULL), 4);
    canvas_destroy(&c);
}

/* The cells in the style of what was found, as text. */
static const char *marked(const struct canvas *c) {
    static char out[256];
    size_t n = 0;
    for (int i = 0; i < c->height * c->width; i++)
        if (c->cells[i].style.paper == found.paper)
            out[n++] = (char)c->cells[i].glyph;
    out[n] = 0;
    return out;
}

static void every_match_is_marked_in_either_case_and_across_rows(void **state) {
    (void)state;
    struct canvas c = {0};
    cells_open(&c, 4, 9);
    canvas_fill(&c, canvas_all(&c), ' ', plain);
    wrap_draw(&c, canvas_all(&c), 0, 0, plain, "Gate and gate", &(struct wrap_mark){"gate", found});
    assert_string_equal(marked(&c), "Gategate");
    canvas_fill(&c, canvas_all(&c), ' ', plain);
    wrap_draw(&c, canvas_all(&c), 0, 0, plain, "0123456789abc", &(struct wrap_mark){"789A", found});
    assert_string_equal(marked(&c), "789a");
    assert_int_equal(canvas_at(&c, 0, 7)->style.paper, found.paper);
    assert_int_equal(canvas_at(&c, 1, 0)->style.paper, found.paper);
    canvas_fill(&c, canvas_all(&c), ' ', plain);
    wrap_draw(&c, canvas_all(&c), 0, 0, plain, "gate", &(struct wrap_mark){"", found});
    assert_string_equal(marked(&c), "");
    canvas_destroy(&c);
}

static void what_does_not_fit_ends_or_begins_with_an_ellipsis(void **state) {
    (void)state;
    char out[64];
    struct paint p = {.theme = theme_named("dark"), .glyphs = GLYPHS_ASCII};
    assert_string_equal(wrap_fit("runs/cub-1", 10, false, &p, out, sizeof out), "runs/cub-1");
    assert_string_equal(wrap_fit("runs/cub-1", 8, false, &p, out, sizeof out), "runs/c..");
    assert_string_equal(wrap_fit("runs/cub-1", 8, true, &p, out, sizeof out), "../cub-1");
    assert_string_equal(wrap_fit("runs/cub-1", 2, true, &p, out, sizeof out), "ru");
    assert_string_equal(wrap_fit("runs/cub-1", 0, false, &p, out, sizeof out), "");
    p.glyphs = GLYPHS_BLOCKS;
    assert_string_equal(wrap_fit("runs/cub-1", 8, false, &p, out, sizeof out), "runs/cu\u2026");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_end_behind_words),
        cmocka_unit_test(a_word_that_is_longer_than_a_row_is_cut),
        cmocka_unit_test(columns_count_not_bytes),
        cmocka_unit_test(a_text_hangs_at_its_column_and_stays_in_its_area),
        cmocka_unit_test(every_match_is_marked_in_either_case_and_across_rows),
        cmocka_unit_test(what_does_not_fit_ends_or_begins_with_an_ellipsis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
