#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/screen_play.h"

static void assert_restored(struct terminal *t) {
    struct termios now = terminal_modes(t), before = terminal_modes_before(t);
    int y, x;
    bool visible;
    assert_int_equal(now.c_iflag, before.c_iflag);
    assert_int_equal(now.c_oflag, before.c_oflag);
    assert_int_equal(now.c_cflag, before.c_cflag);
    assert_int_equal(now.c_lflag, before.c_lflag);
    assert_memory_equal(now.c_cc, before.c_cc, sizeof now.c_cc);
    assert_false(terminal_is_alternate(t));
    assert_false(terminal_has_mouse(t));
    terminal_cursor(t, &y, &x, &visible);
    assert_true(visible);
}

/* ---- frames */

static const struct style plain = {CANVAS_DEFAULT, CANVAS_DEFAULT, 0};

static void draw_sample(struct canvas *c, int frame) {
    struct area a = canvas_all(c);
    canvas_clear(c, plain);
    canvas_text(c, a, 1, 2, (struct style){0xff0000, CANVAS_DEFAULT, CANVAS_BOLD}, "red");
    canvas_text(c, a, 1, 8, (struct style){0x5f87af, 0x303030, 0}, "blue on grey");
    canvas_text(c, a, 2, 2, (struct style){CANVAS_DEFAULT, CANVAS_DEFAULT, CANVAS_REVERSE | CANVAS_UNDERLINE},
                "marked");
    canvas_text(c, a, 3, 2, plain, "─│┌┼█▀▁ ⣿⠁⢀⠀ é鳥x γ");
    canvas_print(c, a, 4, 2, plain, "frame %d", frame);
    canvas_put(c, a, c->height - 1, c->width - 1, '%', plain);
}

/* More pairs than there are, another set in each frame. */
static void draw_picture(struct canvas *c, int frame) {
    struct area a = canvas_all(c);
    canvas_clear(c, plain);
    for (int y = 1; y < c->height; y++)
        for (int x = 0; x < c->width; x++) {
            uint32_t i = (uint32_t)(y * c->width + x), seed = (i + 1000 * (uint32_t)frame) * UINT32_C(2654435761);
            canvas_put(c, a, y, x, 0x2580, (struct style){seed >> 8, (seed * 40503) >> 8, 0});
        }
    canvas_print(c, a, 0, 0, (struct style){0xffffff, CANVAS_DEFAULT, 0}, "frame %d", frame);
}

static void draw_edges(struct canvas *c, int frame) {
    (void)frame;
    canvas_clear(c, plain);
    canvas_fill(c, canvas_all(c), '.', plain);
    canvas_print(c, canvas_all(c), 0, 0, plain, "%d x %d", c->height, c->width);
    canvas_put(c, canvas_all(c), c->height - 1, c->width - 1, '%', plain);
}

static const struct screen_play sample = {.draw = draw_sample};

static void cells_are_shown_where_and_as_they_are(void **state) {
    (void)state;
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &sample);
    assert_true(terminal_shows(t, "frame 0", SOON));
    terminal_settle(t, QUIET);
    assert_string_equal(terminal_text(t),
                        "\n  red   blue on grey\n  marked\n  ─│┌┼█▀▁ ⣿⠁⢀⠀ é鳥x γ\n  frame 0\n\n\n\n\n\n\n"
                        "                                       %\n");
    struct terminal_cell red = terminal_cell(t, 1, 2), blue = terminal_cell(t, 1, 8), marked = terminal_cell(t, 2, 2);
    assert_true(red.bold && red.ink == TERMINAL_PALETTE(196) && red.paper == TERMINAL_OWN);
    assert_true(!blue.bold && blue.ink == TERMINAL_PALETTE(67) && blue.paper == TERMINAL_PALETTE(236));
    assert_true(marked.reverse && marked.underline && marked.ink == TERMINAL_OWN);
    assert_true(terminal_is_alternate(t));
    screen_play_stop(t);
}

static void colours_go_down_to_what_the_terminal_has(void **state) {
    (void)state;
    static const struct {
        const char *term;
        bool none;
        uint32_t red, blue, grey;
    } cases[] = {
        {"xterm-256color", false, TERMINAL_PALETTE(196), TERMINAL_PALETTE(67), TERMINAL_PALETTE(236)},
        {"xterm", false, TERMINAL_PALETTE(1), TERMINAL_PALETTE(6), TERMINAL_PALETTE(0)},
        {"linux", false, TERMINAL_PALETTE(1), TERMINAL_PALETTE(6), TERMINAL_PALETTE(0)},
        {"xterm-256color", true, TERMINAL_OWN, TERMINAL_OWN, TERMINAL_OWN},
        {"vt100", false, TERMINAL_OWN, TERMINAL_OWN, TERMINAL_OWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct screen_play act = sample;
        act.options.no_color = cases[i].none;
        struct terminal *t = screen_play_start(cases[i].term, "C.UTF-8", &act);
        assert_true(terminal_shows(t, "frame 0", SOON));
        terminal_settle(t, QUIET);
        assert_int_equal(terminal_cell(t, 1, 2).ink, cases[i].red);
        assert_int_equal(terminal_cell(t, 1, 8).ink, cases[i].blue);
        assert_int_equal(terminal_cell(t, 1, 8).paper, cases[i].grey);
        assert_true(terminal_cell(t, 2, 2).reverse);
        screen_play_stop(t);
    }
}

static void glyphs_go_down_to_what_terminal_and_locale_show(void **state) {
    (void)state;
    static const struct {
        const char *term, *locale, *expected;
        bool ascii;
    } cases[] = {
        {"xterm", "C", "  -|++#\"_ :'.  e? x g", false},
        {"vt100", NULL, "  -|++#\"_ :'.  e? x g", false},
        {"xterm", "C.UTF-8", "  -|++#\"_ :'.  é鳥x γ", true},
        {"linux", "C.UTF-8", "  ─│┌┼█▀_ :'.  é鳥x γ", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct screen_play act = sample;
        act.options.ascii = cases[i].ascii;
        struct terminal *t = screen_play_start(cases[i].term, cases[i].locale, &act);
        assert_true(terminal_shows(t, "frame 0", SOON));
        terminal_settle(t, QUIET);
        if (!terminal_find(t, cases[i].expected, NULL, NULL))
            fail_msg("%s with %s shows\n%s", cases[i].term, cases[i].locale, terminal_text(t));
        screen_play_stop(t);
    }
}

static void nothing_goes_out_when_nothing_changed(void **state) {
    (void)state;
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &sample);
    assert_true(terminal_shows(t, "frame 0", SOON));
    terminal_settle(t, QUIET);
    terminal_send(t, "s");
    assert_int_equal(terminal_settle(t, 3 * QUIET), 0);
    screen_play_stop(t);
}

static void a_cell_that_changed_costs_a_few_bytes(void **state) {
    (void)state;
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &sample);
    assert_true(terminal_shows(t, "frame 0", SOON));
    terminal_settle(t, QUIET);
    size_t before = terminal_bytes(t);
    terminal_send(t, "n");
    assert_true(terminal_shows(t, "frame 1", SOON));
    terminal_settle(t, QUIET);
    assert_in_range(terminal_bytes(t) - before, 1, 24);
    screen_play_stop(t);
}

static bool has_cursor(struct terminal *t, void *context) {
    int y, x;
    bool visible;
    (void)context;
    terminal_cursor(t, &y, &x, &visible);
    return visible && y == 1 && x == 3;
}

static void the_cursor_is_seen_only_where_it_is_wanted(void **state) {
    (void)state;
    int y, x;
    bool visible;
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &sample);
    assert_true(terminal_shows(t, "frame 0", SOON));
    terminal_settle(t, QUIET);
    terminal_cursor(t, &y, &x, &visible);
    assert_false(visible);
    terminal_send(t, "ccc");
    assert_true(terminal_until(t, has_cursor, NULL, SOON));
    screen_play_stop(t);
}

/* ---- sizes */

static bool has_corner(struct terminal *t, void *size) {
    const int *s = size;
    return terminal_cell(t, s[0] - 1, s[1] - 1).glyph == '%';
}

static void a_new_size_is_drawn_to_its_edges(void **state) {
    (void)state;
    static const int sizes[][2] = {{24, 80}, {5, 20}, {50, 200}, {1, 1}, {12, 40}};
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &(struct screen_play){.draw = draw_edges});
    assert_true(terminal_shows(t, "12 x 40", SOON));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char text[32];
        int height = sizes[i][0], width = sizes[i][1];
        terminal_resize(t, height, width);
        snprintf(text, sizeof text, "%d x %d", height, width);
        if (width > 1)
            assert_true(terminal_shows(t, text, SOON));
        assert_true(terminal_until(t, has_corner, (void *)(uintptr_t)sizes[i], SOON));
        terminal_settle(t, QUIET);
        if (height > 1)
            assert_int_equal(terminal_cell(t, height - 1, 0).glyph, '.');
    }
    screen_play_stop(t);
}

/* ---- pairs */

static uint32_t rgb_of(uint32_t palette) {
    static const uint32_t levels[] = {0, 95, 135, 175, 215, 255};
    uint32_t n = palette & 0xff, v = 8 + 10 * (n - 232);
    if (n >= 232)
        return v << 16 | v << 8 | v;
    n -= 16;
    return levels[n / 36] << 16 | levels[n / 6 % 6] << 8 | levels[n % 6];
}

static int farthest_channel(uint32_t a, uint32_t b) {
    int most = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        int d = abs((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff));
        most = d > most ? d : most;
    }
    return most;
}

/* Compares what is shown with what frame `frame` asked for. */
static void assert_picture(struct terminal *t, int height, int width, int frame, int most) {
    struct canvas c = {0};
    assert_int_equal(canvas_create(&c, height, width, NULL), 0);
    draw_picture(&c, frame);
    for (int y = 1; y < height; y++)
        for (int x = 0; x < width; x++) {
            struct terminal_cell cell = terminal_cell(t, y, x);
            struct style s = canvas_at(&c, y, x)->style;
            uint32_t ink = cell.ink >> 24 ? rgb_of(cell.ink) : cell.ink;
            uint32_t paper = cell.paper >> 24 ? rgb_of(cell.paper) : cell.paper;
            /* curses may write a half block of one colour as a blank. */
            if (cell.glyph == 0x2580)
                assert_in_range(farthest_channel(ink, s.ink), 0, most);
            assert_in_range(farthest_channel(paper, s.paper), 0, most);
        }
    canvas_destroy(&c);
}

static void new_pictures_push_out_the_pairs_of_old_ones(void **state) {
    (void)state;
    struct screen_play act = {.draw = draw_picture};
    struct terminal *t = terminal_run(60, 150, "xterm-256color", "C.UTF-8", screen_play_run, &act);
    for (int frame = 0; frame < 9; frame++) {
        char text[32];
        snprintf(text, sizeof text, "frame %d", frame);
        assert_true(terminal_shows(t, text, SOON));
        terminal_settle(t, QUIET);
        assert_picture(t, 60, 150, frame, 100);
        terminal_send(t, "n");
    }
    screen_play_stop(t);
}

static void colorterm_brings_true_colours(void **state) {
    (void)state;
    struct screen_play act = {.draw = draw_picture, .colorterm = "truecolor"};
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &act);
    assert_true(terminal_shows(t, "frame 0", SOON));
    terminal_settle(t, QUIET);
    assert_int_equal(terminal_cell(t, 5, 5).ink >> 24, 0);
    assert_picture(t, 12, 40, 0, 8);
    terminal_send(t, "q");
    assert_int_equal(terminal_finish(t, SOON), 0);
    assert_restored(t);
    terminal_destroy(t);
}

static void too_few_pairs_for_a_frame_give_the_nearest_ones(void **state) {
    (void)state;
    struct terminal *t = screen_play_start("xterm", "C.UTF-8", &(struct screen_play){.draw = draw_picture});
    for (int frame = 0; frame < 4; frame++) {
        char text[32];
        snprintf(text, sizeof text, "frame %d", frame);
        assert_true(terminal_shows(t, text, SOON));
        terminal_settle(t, QUIET);
        assert_int_equal(terminal_cell(t, 0, 0).ink & ~0xffu, TERMINAL_PALETTE(0));
        terminal_send(t, "n");
    }
    screen_play_stop(t);
}

/* ---- ways out */

static void closing_restores_the_terminal(void **state) {
    (void)state;
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &sample);
    assert_true(terminal_shows(t, "frame 0", SOON));
    terminal_settle(t, QUIET);
    assert_true(terminal_is_alternate(t) && terminal_has_mouse(t));
    assert_int_not_equal(terminal_modes(t).c_lflag, terminal_modes_before(t).c_lflag);
    terminal_send(t, "q");
    assert_int_equal(terminal_finish(t, SOON), 0);
    assert_restored(t);
    terminal_destroy(t);
}

static void a_crash_restores_the_terminal_and_ends_as_it_would_have(void **state) {
    (void)state;
    static const struct {
        const char *key;
        int number;
    } cases[] = {{"f", SIGSEGV}, {"d", SIGSEGV}, {"a", SIGABRT}, {"b", SIGBUS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &sample);
        assert_true(terminal_shows(t, "frame 0", SOON));
        terminal_settle(t, QUIET);
        assert_true(terminal_is_alternate(t) && terminal_has_mouse(t));
        terminal_send(t, cases[i].key);
        assert_int_equal(terminal_finish(t, SOON), 128 + cases[i].number);
        assert_restored(t);
        terminal_destroy(t);
    }
}

static void suspending_gives_the_terminal_back_and_takes_it_again(void **state) {
    (void)state;
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &sample);
    assert_true(terminal_shows(t, "frame 0", SOON));
    terminal_send(t, "nz");
    assert_true(terminal_stops(t, SOON));
    terminal_settle(t, QUIET);
    assert_restored(t);
    kill(terminal_pid(t), SIGCONT);
    assert_true(terminal_shows(t, "frame 1", SOON));
    terminal_settle(t, QUIET);
    assert_true(terminal_is_alternate(t) && terminal_has_mouse(t));
    assert_int_equal(terminal_modes(t).c_lflag & (ISIG | ICANON | ECHO), 0);
    terminal_send(t, "n");
    assert_true(terminal_shows(t, "frame 2", SOON));
    terminal_send(t, "q");
    assert_int_equal(terminal_finish(t, SOON), 0);
    assert_restored(t);
    terminal_destroy(t);
}

static void a_size_changed_while_away_is_noticed(void **state) {
    (void)state;
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &(struct screen_play){.draw = draw_edges});
    assert_true(terminal_shows(t, "12 x 40", SOON));
    terminal_send(t, "z");
    assert_true(terminal_stops(t, SOON));
    terminal_resize(t, 20, 60);
    kill(terminal_pid(t), SIGCONT);
    assert_true(terminal_shows(t, "20 x 60", SOON));
    assert_true(terminal_until(t, has_corner, (int[]){20, 60}, SOON));
    screen_play_stop(t);
}

static void a_terminal_that_is_gone_can_be_closed(void **state) {
    (void)state;
    struct terminal *t = screen_play_start("xterm-256color", "C.UTF-8", &sample);
    assert_true(terminal_shows(t, "frame 0", SOON));
    terminal_hang_up(t);
    assert_int_equal(terminal_finish(t, SOON), 0);
    terminal_destroy(t);
}

static int default_signals(void *context) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH};
    struct screen *s;
    int wrong = 0;
    (void)context;
    for (int i = 0; i < 5; i++)
        signal(numbers[i], SIG_DFL);
    if (screen_open(&s, &(struct screen_options){.out = 1}, NULL) < 0)
        return 99;
    for (int i = 0; i < 5; i++) {
        struct sigaction now;
        sigaction(numbers[i], NULL, &now);
        wrong += now.sa_handler != SIG_DFL;
    }
    screen_close(s);
    return wrong;
}

static void other_signals_stay_with_the_caller(void **state) {
    (void)state;
    struct terminal *t = terminal_run(12, 40, "xterm", "C", default_signals, NULL);
    assert_int_equal(terminal_finish(t, SOON), 0);
    terminal_destroy(t);
}

static int open_twice(void *context) {
    (void)context;
    for (int i = 0; i < 3; i++) {
        struct screen *s;
        if (screen_open(&s, &(struct screen_options){.out = 1}, NULL) < 0)
            return 99;
        screen_close(s);
    }
    return 0;
}

static void it_can_be_opened_again(void **state) {
    (void)state;
    struct terminal *t = terminal_run(12, 40, "xterm-256color", "C.UTF-8", open_twice, NULL);
    assert_int_equal(terminal_finish(t, SOON), 0);
    assert_restored(t);
    terminal_destroy(t);
}

/* ---- no screen */

static void a_terminal_that_cannot_serve_is_named(void **state) {
    (void)state;
    static const struct {
        const char *term, *says;
    } cases[] = {{NULL, "TERM is not set"}, {"no-such-thing", "TERM=no-such-thing"}, {"dumb", "TERM=dumb"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct terminal *t = terminal_run(5, 120, cases[i].term, "C", screen_play_run, (void *)(uintptr_t)&sample);
        assert_int_equal(terminal_finish(t, SOON), 3);
        if (!terminal_find(t, cases[i].says, NULL, NULL))
            fail_msg("%s", terminal_text(t));
        assert_restored(t);
        terminal_destroy(t);
    }
}

static void what_is_no_terminal_is_refused(void **state) {
    (void)state;
    struct error e = {0};
    struct screen *s;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(screen_open(&s, &(struct screen_options){.in = ends[0], .out = ends[1]}, &e), ERROR_IO);
    assert_non_null(strstr(e.text, "not a terminal"));
    assert_null(s);
    screen_close(s);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_shown_where_and_as_they_are),
        cmocka_unit_test(colours_go_down_to_what_the_terminal_has),
        cmocka_unit_test(glyphs_go_down_to_what_terminal_and_locale_show),
        cmocka_unit_test(nothing_goes_out_when_nothing_changed),
        cmocka_unit_test(a_cell_that_changed_costs_a_few_bytes),
        cmocka_unit_test(the_cursor_is_seen_only_where_it_is_wanted),
        cmocka_unit_test(a_new_size_is_drawn_to_its_edges),
        cmocka_unit_test(new_pictures_push_out_the_pairs_of_old_ones),
        cmocka_unit_test(colorterm_brings_true_colours),
        cmocka_unit_test(too_few_pairs_for_a_frame_give_the_nearest_ones),
        cmocka_unit_test(closing_restores_the_terminal),
        cmocka_unit_test(a_crash_restores_the_terminal_and_ends_as_it_would_have),
        cmocka_unit_test(suspending_gives_the_terminal_back_and_takes_it_again),
        cmocka_unit_test(a_size_changed_while_away_is_noticed),
        cmocka_unit_test(a_terminal_that_is_gone_can_be_closed),
        cmocka_unit_test(other_signals_stay_with_the_caller),
        cmocka_unit_test(it_can_be_opened_again),
        cmocka_unit_test(a_terminal_that_cannot_serve_is_named),
        cmocka_unit_test(what_is_no_terminal_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
