#include <math.h>

#include "views/plot.h"

/* The mean of the points [first, end); NaN: none has a value. */
static double mean_of(const struct series_point *points, size_t first, size_t end) {
    double sum = 0, count = 0;
    for (size_t i = first; i < end; i++)
        if (points[i].count > 0 && isfinite(points[i].mean)) {
            count++;
            sum += (points[i].mean - sum) / count;
        }
    return count > 0 ? sum : (double)NAN;
}

static void range_of(const struct series_point *points, size_t n, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < n; i++)
        if (points[i].count > 0 && isfinite(points[i].mean)) {
            *low = fmin(*low, points[i].mean);
            *high = fmax(*high, points[i].mean);
        }
}

/* A level 0 to levels - 1. What does not change lies in the middle. */
static int level_of(double value, double low, double high, int levels) {
    double share = high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    int level = (int)(fmin(fmax(share, 0), 1) * levels);
    return level < levels ? level : levels - 1;
}

void plot_spark(struct canvas *c, struct area a, const struct paint *p, struct style s,
                const struct series_point *points, size_t n, double low, double high) {
    static const char letters[] = "_.-=^";
    bool ascii = p->glyphs == GLYPHS_ASCII;
    if (a.width <= 0 || a.height <= 0)
        return;
    if (!(low < high))
        range_of(points, n, &low, &high);
    size_t width = (size_t)a.width, used = n < width ? n : width;
    for (size_t x = 0; x < width; x++) {
        size_t i = x - (width - used);
        double value = x < width - used ? (double)NAN : mean_of(points, i * n / used, (i + 1) * n / used);
        uint32_t glyph = ' ';
        if (!isnan(value))
            glyph = ascii ? (unsigned char)letters[level_of(value, low, high, 5)]
                          : 0x2581 + (uint32_t)level_of(value, low, high, 8);
        canvas_put(c, a, 0, (int)x, glyph, s);
    }
}
