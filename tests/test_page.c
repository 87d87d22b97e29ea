#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "app/page.h"

static struct page page;
static char *text;
static size_t size;

static int open_page(enum page_form form, int width, int column) {
    page = (struct page){.f = open_memstream(&text, &size), .form = form, .width = width, .column = column};
    return page.f ? 0 : -1;
}

static void assert_page(const char *expected) {
    assert_int_equal(fclose(page.f), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void paragraphs_are_wrapped_and_parted_by_empty_lines(void **state) {
    (void)state;
    assert_int_equal(open_page(PAGE_TEXT, 20, 8), 0);
    page_heading(&page, "Title");
    page_text(&page, "one two three four five\nsix seven\n\neight");
    assert_page("Title\none two three four\nfive six seven\n\neight\n");
}

static void a_line_that_starts_with_a_blank_is_kept(void **state) {
    (void)state;
    assert_int_equal(open_page(PAGE_TEXT, 40, 8), 0);
    page_text(&page, "Usage: a\n       b\nand more\nof it");
    assert_page("Usage: a\n       b\nand more of it\n");
}

static void a_word_longer_than_the_page_stands_alone(void **state) {
    (void)state;
    assert_int_equal(open_page(PAGE_TEXT, 10, 4), 0);
    page_text(&page, "a 123456789012345 b");
    assert_page("a\n123456789012345\nb\n");
}

static void items_hang_in_their_column(void **state) {
    (void)state;
    assert_int_equal(open_page(PAGE_TEXT, 24, 12), 0);
    page_item(&page, "--lr", "X", "base rate of learning");
    page_item(&page, "--a-long-name", "N", "text");
    page_item(&page, "--json", NULL, "print\nJSON");
    assert_page("  --lr X    base rate of\n            learning\n  --a-long-name N\n            text\n"
                "  --json    print\n            JSON\n");
}

static void kept_blanks_do_not_break(void **state) {
    (void)state;
    char words[] = "two three four";
    page_keep(words + 4);
    assert_int_equal(open_page(PAGE_TEXT, 12, 4), 0);
    page_text(&page, words);
    assert_page("two\nthree four\n");
}

static void troff_sees_no_request_and_no_escape_in_text(void **state) {
    (void)state;
    char kept[] = "a b";
    page_keep(kept);
    assert_int_equal(open_page(PAGE_MAN, 80, 24), 0);
    page_heading(&page, "Title");
    page_text(&page, ".so /etc/passwd\n\n'quoted' \\fB `a-b` ^~");
    page_item(&page, "--lr", "X", kept);
    page_example(&page, ".x");
    assert_page(".SH TITLE\n.PP\n\\&.so /etc/passwd\n.PP\n\\&\\(aqquoted\\(aq \\efB \\(gaa\\-b\\(ga \\(ha\\(ti\n"
                ".TP\n\\fB\\-\\-lr\\fR \\fIX\\fR\na\\ b\n.PP\n.RS\n.nf\n\\&.x\n.fi\n.RE\n");
}

static void a_file_has_the_width_of_80(void **state) {
    (void)state;
    FILE *f = fopen("/dev/null", "w");
    assert_non_null(f);
    assert_int_equal(page_width(f), 80);
    fclose(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paragraphs_are_wrapped_and_parted_by_empty_lines),
        cmocka_unit_test(a_line_that_starts_with_a_blank_is_kept),
        cmocka_unit_test(a_word_longer_than_the_page_stands_alone),
        cmocka_unit_test(items_hang_in_their_column),
        cmocka_unit_test(kept_blanks_do_not_break),
        cmocka_unit_test(troff_sees_no_request_and_no_escape_in_text),
        cmocka_unit_test(a_file_has_the_width_of_80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
