/* The keys: every one means a command that parses, and works where it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/keys.h"
#include "app/language.h"

static const struct snapshot now = {.version = SNAPSHOT_VERSION,
                                    .depth = 12,
                                    .gated = true,
                                    .tempered = true,
                                    .gates = {0.0067f, 0.25f},
                                    .gate_frozen = {false, true}};

static const char *text_of(const char *key, enum view_id view, int block, char out[256]) {
    struct choice choice = {.view = view, .block = block};
    const struct key *k = keys_find(key, view, false);
    assert_non_null(k);
    return keys_text(k, &now, &choice, out, 256);
}

static void every_key_means_a_command_that_parses(void **state) {
    (void)state;
    struct choice choice = {.block = 1};
    for (size_t i = 0; i < keys_count(); i++) {
        const struct key *k = keys_at(i);
        char text[256];
        struct command c;
        struct error e = {0};
        keys_text(k, &now, &choice, text, sizeof text);
        bool starts_a_line = k->act == KEY_FILL && (*text == 0 || text[strlen(text) - 1] == ' ');
        if (!starts_a_line && language_parse(text, "keyboard", &c, &e) < 0)
            fail_msg("%s: %s", k->name, e.text);
    }
}

static void the_chosen_block_goes_into_the_text(void **state) {
    (void)state;
    char text[256];
    assert_string_equal(text_of("f", VIEW_GATES, 0, text), "freeze gate 1");
    assert_string_equal(text_of("f", VIEW_OVERVIEW, 1, text), "thaw gate 2");
    assert_string_equal(text_of("F", VIEW_GATES, 1, text), "freeze temp 2");
    assert_string_equal(text_of("=", VIEW_GATES, 1, text), "set gate.2 0.25");
}

static void the_same_key_means_what_its_view_needs(void **state) {
    (void)state;
    char text[256];
    assert_string_equal(text_of("Left", VIEW_OVERVIEW, 0, text), "cursor left");
    assert_string_equal(text_of("Left", VIEW_ATTENTION, 0, text), "select image previous");
    assert_string_equal(text_of("Down", VIEW_LOG, 0, text), "scroll down");
    assert_string_equal(text_of("Down", VIEW_DATA, 0, text), "select sample next");
    assert_null(keys_find("Left", VIEW_SETTINGS, false));
    assert_null(keys_find("Q", VIEW_OVERVIEW, false));
}

static void no_key_is_bound_twice_in_a_view(void **state) {
    (void)state;
    for (size_t i = 0; i < keys_count(); i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(keys_at(i)->name, keys_at(k)->name) == 0)
                for (int pretrains = 0; pretrains < 2; pretrains++)
                    if (keys_work(keys_at(i), pretrains) && keys_work(keys_at(k), pretrains))
                        assert_int_equal(keys_at(i)->views & keys_at(k)->views & ((1u << VIEW_COUNT) - 1), 0);
}

static void hints_name_keys_that_are_there(void **state) {
    (void)state;
    char hints[256];
    for (int v = 0; v < VIEW_COUNT; v++) {
        keys_hints((enum view_id)v, v % 2, hints, sizeof hints);
        assert_non_null(strstr(hints, "q quit"));
        assert_true(strlen(hints) < sizeof hints - 1);
    }
    assert_non_null(strstr(keys_hints(VIEW_ATTENTION, false, hints, sizeof hints), "p P prompt"));
}

static void pretraining_has_keys_of_its_own(void **state) {
    (void)state;
    char hints[256], views[120];
    const struct key *mask = keys_find("p", VIEW_ATTENTION, true);
    assert_string_equal(mask->text, "select mask next");
    assert_string_equal(keys_views(mask, false, views, sizeof views), "reconstruction");
    assert_string_equal(keys_views(keys_find("h", VIEW_ATTENTION, true), true, views, sizeof views), "reconstruction");
    assert_string_equal(keys_find("p", VIEW_ATTENTION, false)->text, "select prompt next");
    assert_string_equal(keys_find("Left", VIEW_ATTENTION, true)->text, "select image previous");
    assert_string_equal(keys_find("Left", VIEW_OVERVIEW, true)->text, "cursor left");
    assert_null(keys_find("f", VIEW_GATES, true));
    assert_null(keys_find("n", VIEW_ATTENTION, true));
    assert_null(keys_find("Enter", VIEW_DATA, true));
    assert_non_null(keys_find("q", VIEW_DATA, true));
    assert_non_null(strstr(keys_hints(VIEW_ATTENTION, true, hints, sizeof hints), "p P mask"));
    for (int v = 0; v < VIEW_COUNT; v++)
        assert_null(strstr(keys_hints((enum view_id)v, true, hints, sizeof hints), "freeze"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_means_a_command_that_parses),  cmocka_unit_test(the_chosen_block_goes_into_the_text),
        cmocka_unit_test(the_same_key_means_what_its_view_needs), cmocka_unit_test(no_key_is_bound_twice_in_a_view),
        cmocka_unit_test(hints_name_keys_that_are_there),         cmocka_unit_test(pretraining_has_keys_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
