#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "core/philox.h"
#include "tests/cells.h"
#include "views/plot.h"

enum { MOST = 512 };

static struct paint paint_of(enum glyphs glyphs, int colors) {
    return (struct paint){.theme = theme_named("dark"), .glyphs = glyphs, .colors = colors};
}

/* Points at x 0, 1, 2 ...; NaN is a gap. */
static struct series_point *points_of(const double *values, size_t count, struct series_point out[MOST]) {
    for (size_t i = 0; i < count; i++)
        out[i] = (struct series_point){(double)i, values[i], values[i], values[i], isnan(values[i]) ? 0u : 1u};
    return out;
}

static void draw(const struct plot *plot, const struct paint *p, int height, int width, struct canvas *c) {
    struct area a = {2, 3, height, width};
    cells_open(c, height + 4, width + 6);
    canvas_fill(c, a, ' ', (struct style){0xffffff, 0x000000, 0});
    plot_draw(c, a, p, plot);
    assert_true(cells_are_kept(c, a));
}

static void assert_drawn(const struct plot *plot, const struct paint *p, int height, int width, const char *expected) {
    struct canvas c = {0};
    draw(plot, p, height, width, &c);
    char *text = cells_text(&c, (struct area){2, 3, height, width});
    assert_string_equal(text, expected);
    free(text);
    canvas_destroy(&c);
}

/* ---- numbers and ticks */

static void numbers_have_the_digits_that_fit(void **state) {
    (void)state;
    static const struct {
        double value;
        int width;
        const char *expected;
    } cases[] = {
        {0, 6, "0"},
        {0.0067, 6, "0.0067"},
        {0.0066929, 6, "0.0067"},
        {0.0066929, 5, ".0067"},
        {0.0066929, 4, ".007"},
        {0.0066929, 8, "0.006693"},
        {1.2e-5, 6, "1.2e-5"},
        {13000, 6, "13k"},
        {972, 6, "972"},
        {1234.4, 6, "1234"},
        {1234, 3, "1k"},
        {12345, 6, "12.3k"},
        {999950, 6, "1M"},
        {1234567, 6, "1.23M"},
        {1234567, 4, "1.2M"},
        {-0.5, 3, "-.5"},
        {2.0181, 6, "2.018"},
        {2.0181, 3, "2"},
        {41.234, 5, "41.23"},
        {1e30, 6, "1e30"},
        {-1e-30, 6, "-1e-30"},
        {NAN, 6, "nan"},
        {-INFINITY, 6, "-inf"},
        {0.0067, 2, "##"},
        {123456, 2, "##"},
        {1, 0, ""},
        {1, -4, ""},
        {9999.7, 6, "10k"},
        {0.99996, 6, "1"},
        {5e-324, 9, "4.94e-324"},
        {1.7e308, 9, "1.7e308"},
        {100, 3, "100"},
    };
    char text[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(plot_number(cases[i].value, cases[i].width, text), cases[i].expected);
}

/* "1.2M" as 1200000. */
static double read_back(const char *text) {
    char *end;
    double value = strtod(text, &end);
    return value * (*end == 'k' ? 1e3 : *end == 'M' ? 1e6 : *end == 'G' ? 1e9 : *end == 'T' ? 1e12 : 1);
}

static void numbers_are_near_the_value_or_not_there(void **state) {
    (void)state;
    struct philox_key key = philox_key(5, PHILOX_TEST);
    for (uint32_t i = 0; i < 20000; i++) {
        struct philox_words r = philox(key, i, 0, 0, 0);
        double value = (r.w[0] % 2 ? -1 : 1) * pow(10, (double)philox_uniform(r.w[1]) * 60 - 30);
        int width = (int)(r.w[2] % 12);
        char text[32];
        plot_number(value, width, text);
        assert_true((int)strlen(text) <= width);
        bool is_near = fabs(read_back(text) - value) <= fabs(value) * (width >= 9 ? 0.051 : 0.51);
        if (!is_near && strspn(text, "#") != strlen(text))
            fail_msg("%.17g in %d columns is '%s'", value, width, text);
        assert_true(width < 7 || text[0] != '#');
    }
}

static void ticks_are_round_and_within_the_range(void **state) {
    (void)state;
    double t[8];
    assert_int_equal(plot_ticks(0, 1, 6, t), 6);
    assert_true(fabs(t[3] - 0.6) < 1e-15);
    assert_int_equal(plot_ticks(0, 1, 3, t), 3);
    assert_int_equal(plot_ticks(-3, 12, 4, t), 3); /* 0 5 10 */
    assert_true(fabs(t[0]) <= 0 && fabs(t[2] - 10) <= 0);
    assert_int_equal(plot_ticks(7, 7, 4, t), 1);
    assert_int_equal(plot_ticks(1, 0, 4, t), 0);
    assert_int_equal(plot_ticks(NAN, 1, 4, t), 0);
    assert_int_equal(plot_ticks(0, 1, 0, t), 0);
    assert_int_equal(plot_ticks(-1.7e308, 1.7e308, 5, t), 5);
}

static void ticks_rise_evenly_for_any_range(void **state) {
    (void)state;
    struct philox_key key = philox_key(6, PHILOX_TEST);
    for (uint32_t i = 0; i < 20000; i++) {
        double t[12];
        struct philox_words r = philox(key, i, 0, 0, 0);
        double low = ((double)philox_uniform(r.w[0]) - 0.5) * pow(10, (double)philox_uniform(r.w[1]) * 60 - 30);
        double high = low + pow(10, (double)philox_uniform(r.w[2]) * 60 - 30);
        size_t most = 1 + r.w[3] % 12, n = plot_ticks(low, high, most, t);
        assert_true(n <= most);
        assert_true(most < 3 || n >= 1);
        for (size_t k = 0; k < n; k++)
            assert_true(t[k] >= low - (high - low) * 1e-6 && t[k] <= high + (high - low) * 1e-6);
        for (size_t k = 1; k < n; k++)
            assert_true(t[k] > t[k - 1] &&
                        fabs((t[k] - t[k - 1]) - (t[1] - t[0])) <= (t[1] - t[0]) * 1e-6 + fabs(low) * 1e-15);
    }
}

static void the_logit_axis_has_its_middle_at_a_half(void **state) {
    (void)state;
    assert_true(fabs(plot_logit_place(0.5) - 0.5) < 1e-12);
    assert_true(fabs(plot_logit_place(0.001)) < 1e-12 && fabs(plot_logit_place(0.999) - 1) < 1e-12);
    assert_true(plot_logit_place(0.0067) > 0.1 && plot_logit_place(0.0067) < plot_logit_place(0.01));
    assert_true(plot_logit_place(0) <= 0 && plot_logit_place(-INFINITY) <= 0 && plot_logit_place(NAN) <= 0);
    assert_true(plot_logit_place(1) >= 1 && plot_logit_place(INFINITY) >= 1);
}

/* ---- plots */

static const double falling[] = {4, 3, 2.5, 2.2, 2, 2};

static void braille_dots_make_a_curve_with_axes(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const struct plot_curve curve = {"train", THEME_TRAIN, points_of(falling, 6, points), 6, false, false};
    const struct plot plot = {
        .title = "loss", .unit = "nats", .x_unit = "step", .curves = &curve, .curve_count = 1, .to = 5};
    const struct paint p = paint_of(GLYPHS_BRAILLE, 256);
    assert_drawn(&plot, &p, 6, 30,
                 "loss nats           ⠒⠒ train 2\n"
                 "4┤⠑⠢⡀                         \n"
                 " │  ⠈⠑⢄⡀                      \n"
                 "3┤     ⠈⠑⠒⠢⠤⢄⣀⡀               \n"
                 "2┤            ⠈⠉⠉⠑⠒⠒⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀\n"
                 " └0──────────2──────────4─step\n");
    assert_drawn(&plot, &p, 10, 30,
                 "loss nats           ⠒⠒ train 2\n"
                 "4┤⠑⡄                          \n"
                 " │ ⠈⢢                         \n"
                 " │   ⠑⢄                       \n"
                 "3┤    ⠈⠢⣀                     \n"
                 " │       ⠉⠒⠤⣀                 \n"
                 " │           ⠉⠒⠢⢄⣀            \n"
                 "2┤                ⠉⠑⠒⠢⠤⢄⣀⣀⣀⣀⣀⣀\n"
                 " └┴──────────┴──────────┴─────\n"
                 "  0          2          4 step\n");
}

static void curves_in_ascii_are_told_apart_by_their_glyphs(void **state) {
    (void)state;
    static struct series_point points[2][MOST];
    const double rising[] = {0, 1, 2, 3, 4};
    const struct plot_curve curves[] = {{"train", THEME_TRAIN, points_of(falling, 6, points[0]), 6, false, false},
                                        {"val", THEME_VAL, points_of(rising, 5, points[1]), 5, false, false}};
    const struct plot plot = {.title = "loss", .x_unit = "step", .curves = curves, .curve_count = 2, .to = 5};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    assert_drawn(&plot, &p, 8, 40,
                 "loss                -- train 2  ** val 4\n"
                 "4+'--__                     *****       \n"
                 " |     ''---____      ******            \n"
                 " |              ''****-______           \n"
                 "2+           *****           '''''''''''\n"
                 " |     ******                           \n"
                 "0+*****                                 \n"
                 " +0--------------2--------------4---step\n");
}

static void half_blocks_have_two_heights_a_cell(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const struct plot_curve curve = {"train", THEME_TRAIN, points_of(falling, 6, points), 6, true, false};
    const struct plot plot = {.title = "loss", .x_unit = "step", .curves = &curve, .curve_count = 1, .to = 5};
    const struct paint p = paint_of(GLYPHS_BLOCKS, 256);
    assert_drawn(&plot, &p, 7, 30,
                 "loss                ▄▄ train 2\n"
                 "4┤▀▀▀▀▀█                      \n"
                 " │     █                      \n"
                 "3┤     █▄▄▄▄▄▄                \n"
                 " │           █▄▄▄▄▄           \n"
                 "2┤                ▀▀▀▀▀▀█▄▄▄▄▄\n"
                 " └0──────────2──────────4─step\n");
}

static void small_areas_leave_out_what_has_no_room(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const struct plot_curve curve = {"train", THEME_TRAIN, points_of(falling, 6, points), 6, false, false};
    const struct plot plot = {
        .title = "loss", .unit = "nats", .x_unit = "step", .curves = &curve, .curve_count = 1, .to = 5};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    assert_drawn(&plot, &p, 4, 16,
                 "loss  -- train 2\n"
                 "4+'-            \n"
                 "3+  '-_         \n"
                 "2+     ''---____\n");
    assert_drawn(&plot, &p, 3, 9,
                 "loss    2\n"
                 "'-       \n"
                 "  '--____\n");
    assert_drawn(&plot, &p, 1, 20, "loss        ^-.___ 2\n");
    assert_drawn(&plot, &p, 1, 1, "2\n");
}

static void a_title_without_room_ends_with_an_ellipsis(void **state) {
    (void)state;
    const struct plot plot = {.title = "gate of block 12", .unit = "share", .to = 5};
    const struct paint ascii = paint_of(GLYPHS_ASCII, 0), blocks = paint_of(GLYPHS_BLOCKS, 0);
    assert_drawn(&plot, &blocks, 2, 22, "gate of block 12 share\n     no data yet      \n");
    assert_drawn(&plot, &blocks, 2, 16, "gate of block 12\n  no data yet   \n");
    assert_drawn(&plot, &blocks, 2, 15, "gate of block …\n  no data yet  \n");
    assert_drawn(&plot, &ascii, 2, 10, "gate of b~\n          \n");
}

static void gates_are_drawn_on_a_logit_axis_and_shares_in_percent(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const double gates[] = {0.0067, 0.01, 0.05, 0.2, 0.5};
    const struct plot_curve curve = {"gate 3", THEME_GATE, points_of(gates, 5, points), 5, false, false};
    struct plot plot = {.curves = &curve, .curve_count = 1, .to = 4, .scale = PLOT_LOGIT};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    assert_drawn(&plot, &p, 9, 24,
                 "           -- gate 3 0.5\n"
                 " .5+                 _-'\n"
                 "   |              _-'   \n"
                 " .1+            _'      \n"
                 "   |          _'        \n"
                 "   |       _-'          \n"
                 ".01+    __-'            \n"
                 "   |--''                \n"
                 "   +0---------2--------4\n");
    plot.scale = PLOT_LINEAR;
    plot.factor = 100;
    plot.unit = "%";
    assert_drawn(&plot, &p, 6, 24,
                 "%           -- gate 3 50\n"
                 "40+                   -'\n"
                 "  |                _-'  \n"
                 "20+             __-'    \n"
                 " 0+________---''        \n"
                 "  +0---------2---------4\n");
    plot.scale = PLOT_LOG;
    plot.unit = NULL;
    plot.factor = 0;
    assert_drawn(&plot, &p, 9, 24,
                 "           -- gate 3 0.5\n"
                 "   |                __-'\n"
                 "   |             _-'    \n"
                 " .1+           _-'      \n"
                 "   |         _-'        \n"
                 "   |       _-'          \n"
                 ".01+    __'             \n"
                 "   |--''                \n"
                 "   +0---------2--------4\n");
}

static void marks_and_the_cursor_stand_behind_the_curves(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const struct plot_curve curve = {"train", THEME_TRAIN, points_of(falling, 6, points), 6, false, false};
    const struct plot_mark marks[] = {{1, 7}, {1.05, 8}, {4, 12}, {99, 13}};
    const struct plot plot = {.x_unit = "step",
                              .curves = &curve,
                              .curve_count = 1,
                              .to = 5,
                              .marks = marks,
                              .mark_count = 4,
                              .has_cursor = true,
                              .cursor = 2};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    assert_drawn(&plot, &p, 7, 44,
                 "                        step 2  -- train 2.5\n"
                 "4+'-_     ::      |                :        \n"
                 " |   ''-_ ::      |                :        \n"
                 "3+       '--__    |                :        \n"
                 " |        ::  ''--___              :        \n"
                 "2+        ::      |  ''''-------____________\n"
                 " +0--------^8-----2----------------^12--step\n");
    assert_drawn(&plot, &p, 10, 44,
                 "                        step 2  -- train 2.5\n"
                 "4+'-_     ::      |                :        \n"
                 " |  '-_   ::      |                :        \n"
                 " |     '- ::      |                :        \n"
                 "3+       '-__     |                :        \n"
                 " |        :: ''-__|                :        \n"
                 " |        ::      ''---___         :        \n"
                 "2+        ::      |       ''''----__________\n"
                 " ++--------^8-----+----------------^12------\n"
                 "  0               2                4    step\n");
}

static void a_level_stands_behind_the_curves_and_leaves_the_range_alone(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const struct plot_curve curve = {NULL, THEME_VAL, points_of(falling, 6, points), 6, false, false};
    struct plot plot = {.curves = &curve, .curve_count = 1, .to = 5, .level_name = "chance", .level = 3};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    assert_drawn(&plot, &p, 6, 44,
                 "4+'-_                                       \n"
                 " |   ''-_                                   \n"
                 "3+.......'--__..................... chance 3\n"
                 " |            ''--___                       \n"
                 "2+                   ''''-------____________\n"
                 " +0---------------2----------------4--------\n");
    assert_drawn(&plot, &p, 6, 20,
                 "4+'_                \n"
                 " | '-               \n"
                 "3+...'_.... chance 3\n"
                 " |     '-_          \n"
                 "2+        ''---_____\n"
                 " +0------2------4---\n");
    plot.level = 1; /* below the axis */
    assert_drawn(&plot, &p, 6, 20,
                 "4+'_                \n"
                 " | '-               \n"
                 "3+   '_             \n"
                 " |     '-_          \n"
                 "2+        ''---_____\n"
                 " +0------2------4---\n");
}

static void what_has_no_values_says_so(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const double gaps[] = {NAN, NAN}, negative[] = {-1, 0, -2};
    struct plot_curve curve = {"train", THEME_TRAIN, NULL, 0, false, false};
    struct plot plot = {.title = "loss", .x_unit = "step", .curves = &curve, .curve_count = 1, .to = 100};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    const char *nothing = "loss          -- train -\n"
                          "|                       \n"
                          "|      no data yet      \n"
                          "|                       \n"
                          "+0---------50-------step\n";
    assert_drawn(&plot, &p, 5, 24, nothing);
    curve.points = points_of(gaps, 2, points);
    curve.count = 2;
    assert_drawn(&plot, &p, 5, 24, nothing);
    curve.points = points_of(negative, 3, points);
    curve.count = 3;
    plot.scale = PLOT_LOG;
    assert_drawn(&plot, &p, 5, 24,
                 "loss         -- train -2\n"
                 "|                       \n"
                 "|    no values here     \n"
                 "|                       \n"
                 "+0---------50-------step\n");
}

static void single_points_and_flat_curves_are_seen(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const double one[] = {0.0067}, flat[] = {0, 0, NAN, 0, NAN};
    struct plot_curve curve = {NULL, THEME_TRAIN, points_of(one, 1, points), 1, false, false};
    const struct plot plot = {.curves = &curve, .curve_count = 1, .to = 4};
    const struct paint p = paint_of(GLYPHS_BRAILLE, 256);
    assert_drawn(&plot, &p, 5, 20,
                 "     │              \n"
                 "0.007┤              \n"
                 "     │⠛             \n"
                 "0.006┤              \n"
                 "     └0──────2─────4\n");
    curve.points = points_of(flat, 5, points);
    curve.count = 5;
    assert_drawn(&plot, &p, 5, 20,
                 "1.0┤                \n"
                 "   │                \n"
                 "0.5┤                \n"
                 "  0┤⣀⣀⣀⣀⡀      ⢠⡄   \n"
                 "   └0───────2──────4\n");
}

static void lines_reach_the_edges_of_the_range(void **state) {
    (void)state;
    const struct series_point points[] = {{0, 0, 0, 0, 1}, {100, 10, 10, 10, 1}};
    const struct plot_curve curve = {NULL, THEME_TRAIN, points, 2, false, false};
    const struct plot plot = {.curves = &curve, .curve_count = 1, .from = 40, .to = 60};
    const struct paint p = paint_of(GLYPHS_ASCII, 0);
    assert_drawn(&plot, &p, 6, 20,
                 "6+              __-'\n"
                 " |           _-'    \n"
                 "5+       _--'       \n"
                 " |    _-'           \n"
                 "4+_-''              \n"
                 " +40------50------60\n");
}

/* ---- colours */

static void a_shared_cell_has_the_colour_of_the_later_curve(void **state) {
    (void)state;
    struct canvas c = {0};
    static struct series_point points[2][MOST];
    const double level[] = {0.5, 0.5}, fall[] = {1, 0};
    const struct plot_curve curves[] = {{NULL, THEME_TRAIN, points_of(level, 2, points[0]), 2, false, false},
                                        {NULL, THEME_VAL, points_of(fall, 2, points[1]), 2, false, false}};
    const struct plot plot = {.curves = curves, .curve_count = 2, .to = 1, .high = 1};
    const struct paint p = paint_of(GLYPHS_BRAILLE, 256);
    draw(&plot, &p, 4, 12, &c); /* "1.0", the axis, and 8 columns */
    const struct cell *first = canvas_at(&c, 2 + 2, 3 + 4), *crossing = canvas_at(&c, 2 + 2, 3 + 8);
    assert_int_equal(first->style.ink, theme_style(&p, THEME_TRAIN).ink);
    assert_int_equal(crossing->style.ink, theme_style(&p, THEME_VAL).ink);
    assert_int_equal(crossing->glyph, 0x2819);         /* the dots of both */
    assert_int_equal(crossing->style.paper, 0x000000); /* as it was */
    canvas_destroy(&c);
}

static void an_envelope_is_dimmer_and_below_the_curves(void **state) {
    (void)state;
    struct canvas c = {0};
    const struct series_point points[] = {{0, 0, 0.5, 1, 9}, {1, 0, 0.5, 1, 9}};
    const struct plot_curve curve = {NULL, THEME_TRAIN, points, 2, false, false};
    const struct plot plot = {.curves = &curve, .curve_count = 1, .to = 1, .high = 1};
    const struct paint p = paint_of(GLYPHS_BRAILLE, 256);
    draw(&plot, &p, 4, 20, &c);
    const struct cell *above = canvas_at(&c, 2, 3 + 9), *curve_cell = canvas_at(&c, 2 + 2, 3 + 9);
    assert_int_equal(above->glyph, 0x28ff);
    assert_int_equal(above->style.ink, theme_mix(theme_style(&p, THEME_TRAIN).ink, 0x222222, 0.6));
    assert_int_equal(curve_cell->style.ink, theme_style(&p, THEME_TRAIN).ink);
    assert_int_not_equal(curve_cell->glyph, 0x28ff);
    canvas_destroy(&c);
}

/* ---- the mouse */

static void the_x_under_a_column_is_where_the_cursor_is_drawn(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const struct plot_curve curve = {"train", THEME_TRAIN, points_of(falling, 6, points), 6, false, false};
    for (int level = GLYPHS_ASCII; level <= GLYPHS_BRAILLE; level++)
        for (int width = 12; width < 90; width += 7) {
            const struct paint p = paint_of((enum glyphs)level, 256);
            struct plot plot = {.x_unit = "step", .curves = &curve, .curve_count = 1, .from = 10, .to = 977};
            const struct area a = {2, 3, 9, width};
            int hits = 0;
            for (int column = -1; column <= width; column++) {
                struct canvas c = {0};
                plot.has_cursor = plot_x_at(a, &plot, column, &plot.cursor);
                if (!plot.has_cursor)
                    continue;
                hits++;
                draw(&plot, &p, 9, width, &c);
                assert_int_equal(canvas_at(&c, 2 + 1, 3 + column)->glyph, level == GLYPHS_ASCII ? '|' : 0x2502);
                canvas_destroy(&c);
            }
            assert_in_range(hits, width - 6, width - 1);
            double x = 0;
            assert_true(plot_x_at(a, &plot, width - 1, &x));
            assert_true(fabs(x - 977) < 1e-9);
        }
    double x;
    const struct plot plot = {.to = 1};
    assert_false(plot_x_at((struct area){0, 0, 3, 40}, &plot, 20, &x));
}

/* ---- sparklines */

static void sparks_are_bars_with_the_newest_at_the_right(void **state) {
    (void)state;
    static struct series_point points[MOST];
    const double values[] = {0, 1, 2, NAN, 4, 5, 6, 7}, flat[] = {3, 3};
    const struct style s = {0xffffff, CANVAS_DEFAULT, 0};
    for (int level = GLYPHS_ASCII; level <= GLYPHS_BRAILLE; level++) {
        struct canvas c = {0};
        const struct paint p = paint_of((enum glyphs)level, 256);
        struct area a = {1, 1, 1, 10}, half = {2, 1, 1, 4}, given = {3, 1, 1, 2};
        cells_open(&c, 5, 12);
        plot_spark(&c, a, &p, s, points_of(values, 8, points), 8, 0, 0);
        plot_spark(&c, half, &p, s, points, 8, 0, 0);
        plot_spark(&c, given, &p, s, points_of(flat, 2, points), 2, 0, 0);
        char *text = cells_text(&c, a), *merged = cells_text(&c, half), *middle = cells_text(&c, given);
        assert_string_equal(text, level == GLYPHS_ASCII ? "  __. -=^^\n" : "  ▁▂▃ ▅▆▇█\n");
        assert_string_equal(merged, level == GLYPHS_ASCII ? "_.=^\n" : "▁▃▆█\n");
        assert_string_equal(middle, level == GLYPHS_ASCII ? "--\n" : "▅▅\n");
        free(text);
        free(merged);
        free(middle);
        canvas_destroy(&c);
    }
}

/* ---- anything */

static double odd_value(struct philox_words r) {
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e30, -1e30, 1e-30, 0, 1.7e308, -1.7e308, 5e-324, 1, 0.5};
    return r.w[0] % 8 ? (double)philox_uniform(r.w[1]) * pow(10, (double)(r.w[2] % 7) - 3) : odd[r.w[1] % 12];
}

/* Plain runs of numbers on the axes hold what is between blanks: none is cut in the middle. */
static void any_values_and_sizes_stay_within_the_area(void **state) {
    (void)state;
    static struct series_point points[3][MOST];
    struct philox_key key = philox_key(13, PHILOX_TEST);
    const int colors[] = {0, 8, 16, 256, 1 << 24};
    for (uint32_t i = 0; i < 1500; i++) {
        struct plot_curve curves[3];
        struct plot_mark marks[5];
        struct philox_words r = philox(key, i, 0, 0, 0), q = philox(key, i, 1, 0, 0);
        for (uint32_t k = 0; k < 3; k++) {
            double x = 0;
            for (uint32_t n = 0; n < MOST; n++) {
                struct philox_words w = philox(key, n, 2 + k, i, 0);
                double mean = odd_value(w), spread = w.w[3] % 3 ? 0 : fabs(odd_value(philox(key, n, 9, i, k)));
                points[k][n] = (struct series_point){x, mean - spread, mean, mean + spread, w.w[3] % 9 != 0};
                x += q.w[3] % 5 ? (double)(w.w[3] % 4) : pow(10, (double)(w.w[3] % 100) - 50);
            }
            curves[k] = (struct plot_curve){k ? "val" : NULL,  (enum theme_role)(THEME_TRAIN + k),
                                            points[k],         r.w[0] % 3 ? r.w[1] % MOST : r.w[1] % 3,
                                            (q.w[0] >> k) & 1, (q.w[0] >> 5) & 1};
        }
        for (uint32_t k = 0; k < 5; k++)
            marks[k] = (struct plot_mark){odd_value(philox(key, k, 6, i, 0)) * 100, (int)(k * 17)};
        struct plot plot = {.title = q.w[1] & 1 ? "loss" : NULL,
                            .unit = q.w[1] & 2 ? "cross-entropy" : NULL,
                            .x_unit = q.w[1] & 4 ? "step" : NULL,
                            .from = q.w[1] & 8 ? odd_value(r) : 0,
                            .to = q.w[1] & 16 ? odd_value(q) : 700,
                            .low = q.w[1] & 32 ? odd_value(q) : 0,
                            .high = q.w[1] & 64 ? odd_value(r) : 0,
                            .factor = q.w[1] & 128 ? 100 : 0,
                            .scale = (enum plot_scale)(q.w[2] % 3),
                            .curves = curves,
                            .curve_count = q.w[2] / 3 % 4,
                            .marks = marks,
                            .mark_count = q.w[2] / 12 % 6,
                            .has_cursor = q.w[1] & 256,
                            .cursor = odd_value(philox(key, i, 7, 0, 0))};
        struct canvas c = {0};
        const struct paint p = paint_of((enum glyphs)(q.w[2] / 100 % 3), colors[q.w[2] / 300 % 5]);
        int height = (int)(r.w[2] % 61), width = (int)(r.w[3] % 201);
        draw(&plot, &p, height, width, &c);
        double x;
        for (int column = -2; column < width + 2; column++)
            if (plot_x_at((struct area){2, 3, height, width}, &plot, column, &x))
                assert_true(isfinite(x));
        canvas_destroy(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_the_digits_that_fit),
        cmocka_unit_test(numbers_are_near_the_value_or_not_there),
        cmocka_unit_test(ticks_are_round_and_within_the_range),
        cmocka_unit_test(ticks_rise_evenly_for_any_range),
        cmocka_unit_test(the_logit_axis_has_its_middle_at_a_half),
        cmocka_unit_test(braille_dots_make_a_curve_with_axes),
        cmocka_unit_test(curves_in_ascii_are_told_apart_by_their_glyphs),
        cmocka_unit_test(half_blocks_have_two_heights_a_cell),
        cmocka_unit_test(small_areas_leave_out_what_has_no_room),
        cmocka_unit_test(a_title_without_room_ends_with_an_ellipsis),
        cmocka_unit_test(gates_are_drawn_on_a_logit_axis_and_shares_in_percent),
        cmocka_unit_test(marks_and_the_cursor_stand_behind_the_curves),
        cmocka_unit_test(a_level_stands_behind_the_curves_and_leaves_the_range_alone),
        cmocka_unit_test(what_has_no_values_says_so),
        cmocka_unit_test(single_points_and_flat_curves_are_seen),
        cmocka_unit_test(lines_reach_the_edges_of_the_range),
        cmocka_unit_test(a_shared_cell_has_the_colour_of_the_later_curve),
        cmocka_unit_test(an_envelope_is_dimmer_and_below_the_curves),
        cmocka_unit_test(the_x_under_a_column_is_where_the_cursor_is_drawn),
        cmocka_unit_test(sparks_are_bars_with_the_newest_at_the_right),
        cmocka_unit_test(any_values_and_sizes_stay_within_the_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
