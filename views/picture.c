#include "views/picture.h"

#include <math.h>

/* What is drawn, and the grid of pixels that it becomes. */
struct drawing {
    const struct picture *picture;
    const struct paint *paint;
    double low, high;  /* of the map */
    int rows, columns; /* of the grid; a half block holds two of its rows */
    bool is_map, is_rgb;
};

struct color {
    double red, green, blue; /* 0 to 255 */
};

/* The pixels first..last along one axis that lie under place i of `count`, of which from..to is covered. */
struct cover {
    double from, to;
    int first, last;
};

/* At least one pixel is covered if `smooth`: the shares of two neighbours are then those of linear interpolation. */
static struct cover cover_of(int i, int count, int side, bool smooth) {
    double size = (double)side / count, middle = (i + 0.5) * size, half = fmax(size, smooth ? 1 : 0) / 2;
    struct cover v = {.from = fmax(middle - half, 0), .to = fmin(middle + half, side)};
    v.first = (int)v.from;
    v.last = (int)ceil(v.to) - 1;
    if (v.last >= side)
        v.last = side - 1;
    if (v.last < v.first)
        v.last = v.first;
    return v;
}

static double weight_of(const struct cover *v, int i) {
    return fmax(fmin(v->to, i + 1) - fmax(v->from, i), 0);
}

static struct color pixel_of(const struct drawing *d, int y, int x) {
    int side = d->picture->side;
    struct cover rows = cover_of(y, d->rows, side, true), columns = cover_of(x, d->columns, side, true);
    struct color sum = {0};
    double total = 0;
    for (int i = rows.first; i <= rows.last; i++)
        for (int k = columns.first; k <= columns.last; k++) {
            const uint8_t *rgb = d->picture->rgb + 3 * ((size_t)i * (size_t)side + (size_t)k);
            double weight = weight_of(&rows, i) * weight_of(&columns, k);
            sum.red += weight * rgb[0];
            sum.green += weight * rgb[1];
            sum.blue += weight * rgb[2];
            total += weight;
        }
    return (struct color){sum.red / total, sum.green / total, sum.blue / total};
}

/* The map's value as a share of its range. */
static double share_of(const struct drawing *d, int y, int x) {
    int side = d->picture->map_side;
    struct cover rows = cover_of(y, d->rows, side, false), columns = cover_of(x, d->columns, side, false);
    double sum = 0, total = 0;
    for (int i = rows.first; i <= rows.last; i++)
        for (int k = columns.first; k <= columns.last; k++) {
            double value = (double)d->picture->map[(size_t)i * (size_t)side + (size_t)k];
            double weight = weight_of(&rows, i) * weight_of(&columns, k);
            sum += isfinite(value) ? weight * value : weight * d->low;
            total += weight;
        }
    double share = d->high > d->low ? (sum / total - d->low) / (d->high - d->low) : 0;
    return fmin(fmax(share, 0), 1);
}

/* How much of the map covers the picture: the more, the larger its value, and all of it at strength 1. */
static double cover_share(const struct drawing *d, double share) {
    double strength = fmin(fmax((double)d->picture->strength, 0), 1);
    if (!d->is_map)
        return 0;
    return d->is_rgb ? strength * share + pow(strength, 4) * (1 - share) : 1;
}

static struct color mix(struct color a, struct color b, double share) {
    return (struct color){a.red + (b.red - a.red) * share, a.green + (b.green - a.green) * share,
                          a.blue + (b.blue - a.blue) * share};
}

static double brightness(struct color c) {
    return (0.299 * c.red + 0.587 * c.green + 0.114 * c.blue) / 255;
}

/* 32 levels of each channel. */
static uint32_t quantise(struct color c) {
    uint32_t channels[] = {(uint32_t)lround(c.red), (uint32_t)lround(c.green), (uint32_t)lround(c.blue)}, rgb = 0;
    for (int i = 0; i < 3; i++)
        rgb = rgb << 8 | (channels[i] & 0xf8) | channels[i] >> 5;
    return rgb;
}

/* The colour of a place of the grid, or, where there are none, how bright it is as a grey. */
static struct color blend(const struct drawing *d, int y, int x) {
    struct color c = d->is_rgb ? pixel_of(d, y, x) : (struct color){0}, over = {0};
    double share = d->is_map ? share_of(d, y, x) : 0;
    if (d->paint->colors < 256) {
        double grey = 255 * brightness(c);
        c = (struct color){grey, grey, grey};
        over = (struct color){255 * share, 255 * share, 255 * share};
    } else if (d->is_map) {
        uint32_t heat = theme_heat(d->paint->theme, round(share * 32) / 32);
        over = (struct color){heat >> 16 & 0xff, heat >> 8 & 0xff, heat & 0xff};
    }
    return mix(c, over, cover_share(d, share));
}

static void draw_cell(struct canvas *c, struct area a, const struct drawing *d, int y, int x) {
    struct style s = theme_style(d->paint, THEME_TEXT);
    if (d->paint->colors < 256) {
        s.paper = CANVAS_DEFAULT;
        canvas_put(c, a, y, x, theme_shade(brightness(blend(d, y, x))), s);
    } else if (d->paint->glyphs == GLYPHS_ASCII) {
        s.paper = quantise(blend(d, y, x));
        canvas_put(c, a, y, x, ' ', s);
    } else {
        s.ink = quantise(blend(d, 2 * y, x));
        s.paper = quantise(blend(d, 2 * y + 1, x));
        canvas_put(c, a, y, x, 0x2580, s);
    }
}

/* The range of the map and the place of its largest value; -1: all are the same. */
static int measure(struct drawing *d) {
    const struct picture *p = d->picture;
    int side = p->map_side, peak = -1;
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < side * side; i++) {
        double value = (double)p->map[i];
        if (!isfinite(value))
            continue;
        low = fmin(low, value);
        if (value > high) {
            high = value;
            peak = i;
        }
    }
    bool is_given = p->map_low < p->map_high;
    d->low = is_given ? (double)p->map_low : high >= low ? low : 0;
    d->high = is_given ? (double)p->map_high : high >= low ? high : 0;
    return high > low ? peak : -1;
}

/* In the middle of its patch, on the colour that is there. */
static void draw_peak(struct canvas *c, struct area a, const struct drawing *d, int peak) {
    int side = d->picture->map_side;
    int y = (int)((peak / side + 0.5) * a.height / side), x = (int)((peak % side + 0.5) * a.width / side);
    const struct cell *cell = canvas_at(c, a.y + y, a.x + x);
    struct style s = theme_style(d->paint, THEME_MARK);
    if (!cell)
        return;
    s.attributes |= CANVAS_BOLD;
    if (d->paint->colors >= 256) {
        uint32_t under =
            d->paint->glyphs == GLYPHS_ASCII ? cell->style.paper : theme_mix(cell->style.ink, cell->style.paper, 0.5);
        struct color color = {under >> 16 & 0xff, under >> 8 & 0xff, under & 0xff};
        s.ink = brightness(color) > 0.5 ? 0x000000 : 0xffffff;
        s.paper = quantise(color);
    }
    canvas_put(c, a, y, x, d->paint->glyphs == GLYPHS_ASCII ? '+' : 0x25ce, s);
}

struct area picture_draw(struct canvas *c, struct area a, const struct paint *p, const struct picture *picture) {
    int rows = a.width / 2 < a.height ? a.width / 2 : a.height;
    struct area square = canvas_part(a, 0, 0, rows, rows * 2);
    bool is_halved = p->glyphs != GLYPHS_ASCII && p->colors >= 256;
    struct drawing d = {.picture = picture,
                        .paint = p,
                        .rows = is_halved ? 2 * square.height : square.height,
                        .columns = square.width,
                        .is_map = picture->map && picture->map_side > 0,
                        .is_rgb = picture->rgb && picture->side > 0};
    if (!d.is_map && !d.is_rgb)
        return canvas_part(a, 0, 0, 0, 0);
    int peak = d.is_map ? measure(&d) : -1;
    for (int y = 0; y < square.height; y++)
        for (int x = 0; x < square.width; x++)
            draw_cell(c, square, &d, y, x);
    if (picture->peak && peak >= 0 && square.height > 0)
        draw_peak(c, square, &d, peak);
    return square;
}
