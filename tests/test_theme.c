#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "views/theme.h"

#define TRUE_COLORS (1 << 24)

static double linear(uint32_t rgb, int shift) {
    double v = (rgb >> shift & 0xff) / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* Relative luminance of WCAG. */
static double luminance(uint32_t rgb) {
    return 0.2126 * linear(rgb, 16) + 0.7152 * linear(rgb, 8) + 0.0722 * linear(rgb, 0);
}

static double contrast(uint32_t a, uint32_t b) {
    double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return x > y ? x / y : y / x;
}

/* CIE L*, 0 to 100. */
static double lightness(uint32_t rgb) {
    double y = luminance(rgb);
    return y > 0.008856 ? 116 * cbrt(y) - 16 : 903.3 * y;
}

/* CIE L*a*b* of a colour as people without one kind of cone see it (Machado et al. 2009, table 1, severity 1). */
static void lab(uint32_t rgb, const double see[3][3], double out[3]) {
    static const double to_xyz[3][3] = {{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}};
    static const double white[3] = {0.9505, 1, 1.089};
    double in[3], seen[3], f[3];
    for (int i = 0; i < 3; i++)
        in[i] = linear(rgb, 16 - 8 * i);
    for (int i = 0; i < 3; i++)
        seen[i] = fmin(1, fmax(0, see[i][0] * in[0] + see[i][1] * in[1] + see[i][2] * in[2]));
    for (int i = 0; i < 3; i++) {
        double t = (to_xyz[i][0] * seen[0] + to_xyz[i][1] * seen[1] + to_xyz[i][2] * seen[2]) / white[i];
        f[i] = t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
    }
    out[0] = 116 * f[1] - 16;
    out[1] = 500 * (f[0] - f[1]);
    out[2] = 200 * (f[1] - f[2]);
}

static const double normal[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
static const double protan[3][3] = {
    {0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}};
static const double deutan[3][3] = {
    {0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}};

static double difference(uint32_t a, uint32_t b, const double see[3][3]) {
    double x[3], y[3];
    lab(a, see, x);
    lab(b, see, y);
    return sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) + (x[2] - y[2]) * (x[2] - y[2]));
}

static struct style style_of(const struct theme *t, int colors, enum theme_role role) {
    return theme_style(&(struct paint){.theme = t, .colors = colors}, role);
}

static uint32_t ink_of(const char *theme, enum theme_role role) {
    return style_of(theme_named(theme), TRUE_COLORS, role).ink;
}

static void themes_are_found_by_name_and_in_order(void **state) {
    (void)state;
    assert_string_equal(theme_name(theme_at(0)), "dark");
    assert_ptr_equal(theme_named("light"), theme_at(1));
    assert_ptr_equal(theme_named("safe"), theme_at(2));
    assert_null(theme_at(3));
    assert_null(theme_named("pink"));
}

/* On the paper it has, or the ground's, or a dark terminal's; lines between panes may be faint. */
static void every_role_can_be_read(void **state) {
    (void)state;
    for (size_t i = 0; theme_at(i); i++) {
        struct style text = style_of(theme_at(i), TRUE_COLORS, THEME_TEXT);
        uint32_t ground = text.paper == CANVAS_DEFAULT ? 0x1e1e1e : text.paper;
        for (enum theme_role role = 0; role < THEME_ROLES; role++) {
            struct style s = style_of(theme_at(i), TRUE_COLORS, role);
            uint32_t ink = s.ink == CANVAS_DEFAULT ? 0xe0e0e0 : s.ink;
            double found = contrast(ink, s.paper == CANVAS_DEFAULT ? ground : s.paper);
            if (found < (role == THEME_FRAME ? 1.5 : 4.5))
                fail_msg("%s: role %d has a contrast of %.2f", theme_name(theme_at(i)), (int)role, found);
        }
    }
}

static void the_light_theme_is_light_on_any_terminal(void **state) {
    (void)state;
    static const int colors[] = {8, 16, 256, TRUE_COLORS};
    for (size_t i = 0; i < sizeof colors / sizeof *colors; i++) {
        struct style s = style_of(theme_named("light"), colors[i], THEME_TEXT);
        assert_true(luminance(s.paper) > 0.7);
        assert_true(luminance(s.ink) < 0.1);
    }
}

static void without_colours_roles_differ_by_attributes(void **state) {
    (void)state;
    static const enum theme_role apart[][2] = {
        {THEME_TEXT, THEME_TITLE}, {THEME_TEXT, THEME_BAR},   {THEME_BAR, THEME_SELECTED}, {THEME_GOOD, THEME_BAD},
        {THEME_WARN, THEME_BAD},   {THEME_GOOD, THEME_WARN},  {THEME_TRAIN, THEME_VAL},    {THEME_VAL, THEME_TEST},
        {THEME_TEST, THEME_OTHER}, {THEME_GATE, THEME_FROZEN}};
    for (size_t i = 0; theme_at(i); i++) {
        for (enum theme_role role = 0; role < THEME_ROLES; role++) {
            struct style s = style_of(theme_at(i), 0, role);
            assert_true(s.ink == CANVAS_DEFAULT && s.paper == CANVAS_DEFAULT);
        }
        for (size_t k = 0; k < sizeof apart / sizeof *apart; k++)
            assert_int_not_equal(style_of(theme_at(i), 0, apart[k][0]).attributes,
                                 style_of(theme_at(i), 0, apart[k][1]).attributes);
    }
}

static bool is_ansi(uint32_t color, int count) {
    for (int i = 0; i < count; i++)
        if (theme_ansi(i) == color)
            return true;
    return color == CANVAS_DEFAULT;
}

static void few_colours_are_those_of_the_terminal_and_show(void **state) {
    (void)state;
    for (size_t i = 0; theme_at(i); i++)
        for (int colors = 8; colors <= 16; colors *= 2) {
            struct style ground = style_of(theme_at(i), colors, THEME_TEXT);
            for (enum theme_role role = 0; role < THEME_ROLES; role++) {
                struct style s = style_of(theme_at(i), colors, role);
                assert_true(is_ansi(s.ink, colors) && is_ansi(s.paper, colors));
                uint32_t paper = s.paper == CANVAS_DEFAULT ? ground.paper : s.paper;
                assert_true(s.ink != paper || s.ink == CANVAS_DEFAULT);
                /* Black on a terminal's own paper is mostly black on black. */
                assert_true(paper != CANVAS_DEFAULT || s.ink != 0x000000);
            }
        }
}

static void curves_of_one_plot_can_be_told_apart(void **state) {
    (void)state;
    static const enum theme_role together[][2] = {
        {THEME_TRAIN, THEME_VAL}, {THEME_TRAIN, THEME_TEST}, {THEME_TRAIN, THEME_OTHER}, {THEME_VAL, THEME_TEST},
        {THEME_VAL, THEME_OTHER}, {THEME_TEST, THEME_OTHER}, {THEME_GATE, THEME_TEMP},   {THEME_GATE, THEME_FROZEN},
        {THEME_GOOD, THEME_BAD},  {THEME_WARN, THEME_BAD},   {THEME_GOOD, THEME_WARN}};
    for (size_t i = 0; i < sizeof together / sizeof *together; i++)
        for (size_t k = 0; theme_at(k); k++) {
            const char *name = theme_name(theme_at(k));
            uint32_t a = ink_of(name, together[i][0]), b = ink_of(name, together[i][1]);
            double found = difference(a, b, normal);
            if (!strcmp(name, "safe"))
                found = fmin(found, fmin(difference(a, b, protan), difference(a, b, deutan)));
            if (found < 20)
                fail_msg("%s: %06x and %06x differ by %.1f", name, (unsigned)a, (unsigned)b, found);
        }
}

static void a_map_rises_or_falls_in_even_steps_of_lightness(void **state) {
    (void)state;
    for (size_t i = 0; theme_at(i); i++) {
        double first = lightness(theme_heat(theme_at(i), 0)), last = lightness(theme_heat(theme_at(i), 1));
        assert_true(fabs(last - first) > 60);
        for (int k = 1; k <= 16; k++) {
            double a = lightness(theme_heat(theme_at(i), (k - 1) / 16.0));
            double step = (lightness(theme_heat(theme_at(i), k / 16.0)) - a) / ((last - first) / 16);
            if (step < 0.7 || step > 1.3)
                fail_msg("%s: step %d of 16 is %.2f of an even one", theme_name(theme_at(i)), k, step);
        }
    }
}

static void a_change_is_seen_to_both_sides_of_the_middle(void **state) {
    (void)state;
    for (size_t i = 0; theme_at(i); i++) {
        uint32_t middle = theme_change(theme_at(i), 0);
        for (int side = -1; side <= 1; side += 2)
            for (int k = 1; k <= 8; k++)
                assert_true(difference(theme_change(theme_at(i), side * k / 8.0), middle, normal) >
                            difference(theme_change(theme_at(i), side * (k - 1) / 8.0), middle, normal));
        assert_true(difference(theme_change(theme_at(i), -1), theme_change(theme_at(i), 1), normal) > 60);
    }
    assert_true(difference(theme_change(theme_named("safe"), -1), theme_change(theme_named("safe"), 1), deutan) > 60);
}

static void shares_beyond_the_ends_are_those_of_the_ends(void **state) {
    (void)state;
    const struct theme *t = theme_named("dark");
    assert_int_equal(theme_heat(t, -3), theme_heat(t, 0));
    assert_int_equal(theme_heat(t, 1e300), theme_heat(t, 1));
    assert_int_equal(theme_heat(t, (double)NAN), theme_heat(t, 0));
    assert_int_equal(theme_change(t, (double)NAN), theme_change(t, 0));
    assert_int_equal(theme_change(t, -9), theme_change(t, -1));
    assert_int_equal(theme_shade(-1), ' ');
    assert_int_equal(theme_shade((double)NAN), ' ');
    assert_int_equal(theme_shade(0.55), '+');
    assert_int_equal(theme_shade(1), '@');
    assert_int_equal(theme_shade(7), '@');
}

static void a_mix_lies_between(void **state) {
    (void)state;
    assert_int_equal(theme_mix(0x000000, 0xff8040, 0), 0x000000);
    assert_int_equal(theme_mix(0x000000, 0xff8040, 1), 0xff8040);
    assert_int_equal(theme_mix(0x000000, 0xfe8040, 0.5), 0x7f4020);
    assert_int_equal(theme_mix(0xff0000, 0x00ff00, 0.5), 0x808000);
    assert_int_equal(theme_mix(CANVAS_DEFAULT, 0x00ff00, 0.6), 0x00ff00);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(themes_are_found_by_name_and_in_order),
        cmocka_unit_test(every_role_can_be_read),
        cmocka_unit_test(the_light_theme_is_light_on_any_terminal),
        cmocka_unit_test(without_colours_roles_differ_by_attributes),
        cmocka_unit_test(few_colours_are_those_of_the_terminal_and_show),
        cmocka_unit_test(curves_of_one_plot_can_be_told_apart),
        cmocka_unit_test(a_map_rises_or_falls_in_even_steps_of_lightness),
        cmocka_unit_test(a_change_is_seen_to_both_sides_of_the_middle),
        cmocka_unit_test(shares_beyond_the_ends_are_those_of_the_ends),
        cmocka_unit_test(a_mix_lies_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
