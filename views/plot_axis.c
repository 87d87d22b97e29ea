#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "views/plot_private.h"

#define LARGEST 1e300    /* beyond it differences overflow */
#define LEAST_SHARE 1e-6 /* of the logit axis */
#define NEARLY 1e-9      /* of a step: 3 * 0.1 counts as 0.3 */

/* ---- numbers */

/* A positive value rounded to so many digits, and its power of ten; before it, as text, in `mantissa`. */
static double round_digits(double value, int digits, int *exponent, char mantissa[static 32]) {
    snprintf(mantissa, 32, "%.*e", digits - 1, value);
    double rounded = strtod(mantissa, NULL);
    char *e = strchr(mantissa, 'e');
    *exponent = atoi(e + 1);
    *e = 0;
    return rounded;
}

static void trim(char *text) {
    if (!strchr(text, '.'))
        return;
    char *end = text + strlen(text);
    while (end[-1] == '0')
        end--;
    end -= end[-1] == '.';
    *end = 0;
}

/* A positive number with so many digits. */
static void print_digits(double value, int digits, bool zero, char out[static 32]) {
    char mantissa[32];
    int exponent;
    double rounded = round_digits(value, digits, &exponent, mantissa);
    if ((exponent < -3 || exponent > 3) && digits > 3)
        rounded = round_digits(value, digits = 3, &exponent, mantissa);
    if (exponent < -3 || exponent >= 15) {
        trim(mantissa);
        snprintf(out, 32, "%.10se%d", mantissa, exponent);
        return;
    }
    int group = exponent > 3 || (exponent == 3 && digits < 4) ? exponent / 3 : 0;
    int decimals = digits - 1 - (exponent - 3 * group);
    snprintf(out, 32, "%.*f", decimals > 0 ? decimals : 0, rounded / pow(10, 3 * group));
    trim(out);
    if (group > 0)
        strncat(out, &"\0kMGT"[group], 1);
    if (!zero && !strncmp(out, "0.", 2))
        memmove(out, out + 1, strlen(out));
}

/* With its sign; false: wider than that. */
static bool print_number(double value, int digits, bool zero, int width, char out[static 32]) {
    char text[32];
    if (!isfinite(value))
        strcpy(text, isnan(value) ? "nan" : "inf");
    else if (!(fabs(value) > 0))
        strcpy(text, "0");
    else
        print_digits(fabs(value), digits, zero, text);
    snprintf(out, 32, "%s%.30s", value < 0 ? "-" : "", text);
    return (int)strlen(out) <= width;
}

const char *plot_number(double value, int width, char out[static 32]) {
    static const struct {
        int digits;
        bool zero;
    } forms[] = {{4, true}, {3, true}, {2, true}, {3, false}, {2, false}, {1, true}, {1, false}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (print_number(value, forms[i].digits, forms[i].zero, width, out))
            return out;
    size_t columns = width < 0 ? 0 : width > 31 ? 31 : (size_t)width;
    memset(out, '#', columns);
    out[columns] = 0;
    return out;
}

/* ---- steps of linear axes */

struct step {
    int digit, exponent; /* 1, 2 or 5; times 10^exponent */
};

/* Divides by whole powers of ten, which are exact up to 10^22, where a product with 0.1 would not be. */
static double step_times(struct step s, double times) {
    return s.exponent >= 0 ? times * s.digit * pow(10, s.exponent) : times * s.digit / pow(10, -s.exponent);
}

static double step_index(struct step s, double value) {
    return s.exponent >= 0 ? value / (s.digit * pow(10, s.exponent)) : value * pow(10, -s.exponent) / s.digit;
}

static struct step step_next(struct step s) {
    if (s.digit == 5)
        return (struct step){1, s.exponent + 1};
    return (struct step){s.digit == 1 ? 2 : 5, s.exponent};
}

/* Whether the range is too small to be told apart from one value. */
static bool is_flat(double low, double high) {
    double size = fmax(fabs(low), fabs(high));
    return high - low <= size * 1e-12 || high - low < 1e-290;
}

/* The smallest step of which at most `most` multiples lie within the range, or, if `outer`, enclose it. */
static struct step step_for(double low, double high, size_t most, bool outer) {
    struct step s = {1, (int)floor(log10((high - low) / (double)most)) - 1};
    for (;; s = step_next(s)) {
        double first = step_index(s, low), last = step_index(s, high);
        double count =
            outer ? ceil(last - NEARLY) - floor(first + NEARLY) + 1 : floor(last + NEARLY) - ceil(first - NEARLY) + 1;
        if (count <= (double)most)
            return s;
    }
}

size_t plot_ticks(double low, double high, size_t most, double *out) {
    if (!(low <= high) || most == 0)
        return 0;
    low = fmax(low, -LARGEST);
    high = fmin(high, LARGEST);
    if (is_flat(low, high)) {
        out[0] = low;
        return 1;
    }
    struct step s = step_for(low, high, most, false);
    double first = ceil(step_index(s, low) - NEARLY), last = floor(step_index(s, high) + NEARLY);
    size_t count = 0;
    for (; count < most && first + (double)count <= last; count++)
        out[count] = step_times(s, first + (double)count) + 0.0; /* no -0 */
    return count;
}

/* All with as many decimals and the same suffix, as far as the step needs them. */
static void label_linear(struct plot_axis *a, double factor) {
    static const struct {
        double least, unit;
        const char *suffix;
    } units[] = {{1e12, 1e12, "T"}, {1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {1e4, 1e3, "k"}, {0, 1, ""}};
    double largest = 0, step = INFINITY;
    for (size_t i = 0; i < a->count; i++) {
        largest = fmax(largest, fabs(a->ticks[i] * factor));
        if (i > 0)
            step = fmin(step, fabs(a->ticks[i] - a->ticks[i - 1]) * factor);
    }
    size_t u = 0;
    while (largest < units[u].least * (1 - NEARLY))
        u++;
    double decimals = ceil(-log10(step / units[u].unit) - NEARLY);
    bool is_plain = a->count > 1 && largest >= 1e-3 && largest < 1e15 && decimals < 8;
    for (size_t i = 0; i < a->count; i++) {
        double value = a->ticks[i] * factor;
        char text[32];
        if (is_plain && fabs(value) > 0)
            snprintf(text, sizeof text, "%.*f%s", decimals > 0 ? (int)decimals : 0, value / units[u].unit,
                     units[u].suffix);
        else
            plot_number(value, 8, text);
        bool is_same = i > 0 && !strcmp(text, a->labels[i - 1]);
        snprintf(a->labels[i], PLOT_LABEL, "%.15s", is_same ? "" : text);
    }
}

/* ---- scales */

double plot_axis_bend(enum plot_scale scale, double value) {
    if (!isfinite(value))
        return (double)NAN;
    if (scale == PLOT_LOG)
        return value > 0 ? log10(fmin(fmax(value, 1 / LARGEST), LARGEST)) : (double)NAN;
    if (scale == PLOT_LOGIT) {
        value = fmin(fmax(value, LEAST_SHARE), 1 - LEAST_SHARE);
        return log(value / (1 - value));
    }
    return fmin(fmax(value, -LARGEST), LARGEST);
}

double plot_axis_unbend(enum plot_scale scale, double bent) {
    if (scale == PLOT_LOG)
        return pow(10, bent);
    return scale == PLOT_LOGIT ? 1 / (1 + exp(-bent)) : bent;
}

double plot_logit_place(double share) {
    double end = plot_axis_bend(PLOT_LOGIT, 0.999), bent = plot_axis_bend(PLOT_LOGIT, isinf(share) ? share > 0 : share);
    return isnan(bent) ? 0 : fmin(fmax((bent + end) / (2 * end), 0), 1);
}

double plot_axis_place(const struct plot_axis *a, double value) {
    double low = plot_axis_bend(a->scale, a->low), high = plot_axis_bend(a->scale, a->high);
    double place = (plot_axis_bend(a->scale, value) - low) / (high - low);
    return isnan(place) ? (double)NAN : fmin(fmax(place, -1e6), 1e6);
}

/* ---- axes */

static void make_linear(struct plot_axis *a, bool rounded, double factor, size_t most) {
    if (is_flat(a->low, a->high)) {
        double room = fmax(fabs(a->low) * 0.1, 1e-280);
        bool is_zero = fabs(a->low) < 1e-280;
        a->high = is_zero ? 1 : a->low + room;
        a->low = is_zero ? 0 : a->low - room;
    }
    if (rounded) {
        /* Not to the ticks of a low plot, which are so far apart that half of it would be empty. */
        struct step s = step_for(a->low * factor, a->high * factor, most > 6 ? most : 6, true);
        a->low = step_times(s, floor(step_index(s, a->low * factor) + NEARLY)) / factor;
        a->high = step_times(s, ceil(step_index(s, a->high * factor) - NEARLY)) / factor;
    }
    a->count = plot_ticks(a->low * factor, a->high * factor, most, a->ticks);
    for (size_t i = 0; i < a->count; i++)
        a->ticks[i] /= factor;
    label_linear(a, factor);
}

/* The steps of the bent scales: 1, 2, 5 times a power of ten; shares that people name. */
static double level(enum plot_scale scale, int i) {
    static const double shares[] = {1e-6, 1e-5, 1e-4, .001, .002, .005, .01, .02, .05,  .1,    .2,
                                    .3,   .5,   .7,   .8,   .9,   .95,  .98, .99, .999, .9999, 1 - 1e-6};
    const int count = sizeof shares / sizeof *shares;
    if (scale == PLOT_LOGIT)
        return shares[i < 0 ? 0 : i >= count ? count - 1 : i];
    int decade = i >= 0 ? i / 3 : -((2 - i) / 3);
    static const double digits[] = {1, 2, 5};
    return step_times((struct step){(int)digits[i - 3 * decade], decade}, 1);
}

/* The level at or below a value (at or above: the same with `up`). */
static int level_near(enum plot_scale scale, double value, bool up) {
    int i = scale == PLOT_LOG ? 3 * (int)floor(log10(value)) - 1 : 0;
    while (i < 3 * 310 && level(scale, i + 1) <= value * (1 + NEARLY) && level(scale, i + 1) > level(scale, i))
        i++;
    return up && level(scale, i) < value * (1 - NEARLY) ? i + 1 : i;
}

/* Levels that stay where not all have room. */
static bool is_main(enum plot_scale scale, int i) {
    double value = level(scale, i);
    if (scale == PLOT_LOG)
        return i % 3 == 0;
    return fabs(value - .5) < .01 || fabs(log10(value) - round(log10(value))) < NEARLY ||
           fabs(log10(1 - value) - round(log10(1 - value))) < NEARLY;
}

static void make_bent(struct plot_axis *a, bool rounded, double factor, size_t most) {
    int first = level_near(a->scale, a->low, !rounded), last = level_near(a->scale, a->high, rounded);
    if (rounded && first == last) {
        first--;
        last++;
    }
    if (rounded) {
        a->low = level(a->scale, first);
        a->high = level(a->scale, last);
    }
    bool all = last - first < (int)most;
    size_t found = 0;
    for (int i = first; i <= last; i++)
        found += is_main(a->scale, i);
    size_t each = all ? 1 : (found + most - 1) / most, seen = 0;
    for (int i = first; i <= last && a->count < most; i++) {
        if ((!all && !is_main(a->scale, i)) || seen++ % (each > 0 ? each : 1) != 0)
            continue;
        char text[32];
        plot_number(level(a->scale, i) * factor, 6, text);
        a->ticks[a->count] = level(a->scale, i);
        snprintf(a->labels[a->count++], PLOT_LABEL, "%.15s", text + !strncmp(text, "0.", 2));
    }
}

void plot_axis_make(struct plot_axis *a, enum plot_scale scale, double low, double high, bool rounded, double factor,
                    size_t most) {
    most = most < 2 ? 2 : most > PLOT_TICKS ? PLOT_TICKS : most;
    *a = (struct plot_axis){.scale = scale, .low = low, .high = high};
    if (scale == PLOT_LINEAR)
        make_linear(a, rounded, factor, most);
    else
        make_bent(a, rounded, factor, most);
    for (size_t i = 0; i < a->count; i++)
        if (a->width < (int)strlen(a->labels[i]))
            a->width = (int)strlen(a->labels[i]);
}
