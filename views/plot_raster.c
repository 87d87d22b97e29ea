#include <math.h>
#include <stdlib.h>

#include "views/plot_private.h"

/* A cell under way: FLAG, its layer, the curve and the bits of its dots, row by row. No glyph is as large. */
#define FLAG UINT32_C(0x80000000)
#define LAYER(cell) ((cell) >> 24 & 3)
#define CURVE(cell) ((cell) >> 8 & 0xff)
#define BITS(cell) ((cell)&0xff)
#define POINT UINT32_C(0x80) /* in ASCII, whose cells have three dots: a point of the curve, not only its line */

enum layer { LAYER_ENVELOPE, LAYER_CURVE };

static const char letters[] = "-*+x#%"; /* of curves in ASCII; the first one is drawn with three heights of a line */

void plot_raster_begin(struct plot_raster *r, struct canvas *c, struct area a, const struct paint *p) {
    static const struct {
        int across, down;
    } dots[] = {[GLYPHS_ASCII] = {1, 3}, [GLYPHS_BLOCKS] = {1, 2}, [GLYPHS_BRAILLE] = {2, 4}};
    const struct style blank = {CANVAS_DEFAULT, CANVAS_DEFAULT, 0};
    *r = (struct plot_raster){.canvas = c, .area = a, .glyphs = p->glyphs, .plain = p->colors <= 0};
    r->across = dots[p->glyphs].across;
    r->down = dots[p->glyphs].down;
    r->width = a.width * r->across;
    r->height = a.height * r->down;
    for (int y = 0; y < a.height; y++)
        for (int x = 0; x < a.width; x++)
            canvas_put(c, a, y, x, ' ', blank);
}

void plot_raster_curve(struct plot_raster *r, int curve, struct style s) {
    r->curve = curve & 0xff;
    r->style = s;
    r->phase = 0;
}

/* Each curve is drawn over those before it: their dots share a cell's glyph, but it has one colour; in ASCII not even
 * the glyph can be shared. */
static void put(struct plot_raster *r, enum layer layer, int x, int y, uint32_t extra) {
    if (x < 0 || x >= r->width || y < 0 || y >= r->height)
        return;
    struct cell *cell = canvas_at(r->canvas, r->area.y + y / r->down, r->area.x + x / r->across);
    if (!cell)
        return;
    uint32_t bits = UINT32_C(1) << (y % r->down * r->across + x % r->across) | extra, old = cell->glyph;
    if (old & FLAG) {
        if (LAYER(old) > (uint32_t)layer)
            return;
        bool is_shared =
            LAYER(old) == (uint32_t)layer && (r->glyphs != GLYPHS_ASCII || CURVE(old) == (uint32_t)r->curve);
        bits |= is_shared ? BITS(old) : 0;
    }
    cell->glyph = FLAG | (uint32_t)layer << 24 | (uint32_t)r->curve << 8 | bits;
    cell->style.ink = r->style.ink;
    cell->style.attributes = r->style.attributes;
}

static bool is_dash(const struct plot_raster *r) {
    static const unsigned on[] = {1, 3, 1, 1}, period[] = {1, 5, 2, 4};
    int kind = r->curve & 3;
    return !r->plain || r->glyphs == GLYPHS_ASCII || r->phase % period[kind] < on[kind];
}

/* Cuts to one side of the clip rectangle (Liang and Barsky): *from and *to are shares of the line. */
static bool clip(double direction, double distance, double *from, double *to) {
    if (!(fabs(direction) > 0))
        return distance >= 0;
    double share = distance / direction;
    if (direction < 0)
        *from = fmax(*from, share);
    else
        *to = fmin(*to, share);
    return *from <= *to;
}

void plot_raster_line(struct plot_raster *r, double x0, double y0, double x1, double y1) {
    double dx = x1 - x0, dy = y1 - y0, from = 0, to = 1;
    if (!clip(-dx, x0 + 1, &from, &to) || !clip(dx, r->width - x0, &from, &to) || !clip(-dy, y0 + 1, &from, &to) ||
        !clip(dy, r->height - y0, &from, &to))
        return;
    int x = (int)lround(x0 + from * dx), y = (int)lround(y0 + from * dy);
    int end_x = (int)lround(x0 + to * dx), end_y = (int)lround(y0 + to * dy);
    int wide = abs(end_x - x), high = abs(end_y - y), error = wide - high;
    for (;;) {
        if (is_dash(r))
            put(r, LAYER_CURVE, x, y, 0);
        if (x == end_x && y == end_y)
            return;
        r->phase++;
        int twice = 2 * error;
        if (twice > -high) {
            error -= high;
            x += x < end_x ? 1 : -1;
        }
        if (twice < wide) {
            error += wide;
            y += y < end_y ? 1 : -1;
        }
    }
}

/* 2 x 2 dots of braille, so that one alone is seen. */
void plot_raster_point(struct plot_raster *r, double x, double y) {
    if (!(x > -1 && x < r->width && y > -1 && y < r->height))
        return;
    int left = (int)lround(x), top = (int)lround(y), size = r->glyphs == GLYPHS_BRAILLE ? 2 : 1;
    if (left > r->width - size)
        left = r->width - size;
    if (top > r->height - size)
        top = r->height - size;
    for (int i = 0; i < size * size; i++)
        put(r, LAYER_CURVE, left + i % size, top + i / size, r->glyphs == GLYPHS_ASCII ? POINT : 0);
}

void plot_raster_span(struct plot_raster *r, int x, double y0, double y1) {
    int from = (int)lround(fmax(fmin(y0, y1), 0)), to = (int)lround(fmin(fmax(y0, y1), r->height - 1));
    bool is_thin = r->plain && r->glyphs == GLYPHS_BRAILLE; /* where it cannot be darker */
    for (int y = from; y <= to; y++)
        if (!is_thin || (x + y) % 2 == 0)
            put(r, LAYER_ENVELOPE, x, y, 0);
}

void plot_raster_rule(struct plot_raster *r, int column, uint32_t glyph, struct style s) {
    for (int y = 0; y < r->area.height; y++) {
        const struct cell *cell = canvas_at(r->canvas, r->area.y + y, r->area.x + column);
        bool is_curve = cell && (cell->glyph & FLAG) && LAYER(cell->glyph) == LAYER_CURVE;
        if (!is_curve)
            canvas_put(r->canvas, r->area, y, column, glyph, s);
    }
}

static uint32_t braille_of(uint32_t bits) {
    static const uint32_t dots[] = {0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80}; /* row by row */
    uint32_t glyph = 0x2800;
    for (int i = 0; i < 8; i++)
        glyph |= bits >> i & 1 ? dots[i] : 0;
    return glyph;
}

static uint32_t ascii_of(uint32_t curve, uint32_t bits) {
    static const char heights[] = " '-'_|-|"; /* bits: high, middle, low */
    uint32_t kind = curve % (sizeof letters - 1);
    if (kind > 0)
        return (unsigned char)letters[kind];
    return bits & POINT ? 'o' : (unsigned char)heights[bits & 7];
}

static uint32_t glyph_of(const struct plot_raster *r, uint32_t cell) {
    static const uint32_t halves[] = {' ', 0x2580, 0x2584, 0x2588};
    bool is_envelope = LAYER(cell) == LAYER_ENVELOPE;
    if (r->glyphs == GLYPHS_BRAILLE)
        return braille_of(BITS(cell));
    if (r->glyphs == GLYPHS_BLOCKS)
        return is_envelope ? 0x2591 : halves[BITS(cell) & 3];
    return is_envelope ? '.' : ascii_of(CURVE(cell), BITS(cell));
}

void plot_raster_end(struct plot_raster *r) {
    for (int y = 0; y < r->area.height; y++)
        for (int x = 0; x < r->area.width; x++) {
            const struct cell *cell = canvas_at(r->canvas, r->area.y + y, r->area.x + x);
            if (!cell || !(cell->glyph & FLAG))
                continue;
            struct style s = {cell->style.ink, CANVAS_DEFAULT, cell->style.attributes};
            canvas_put(r->canvas, r->area, y, x, glyph_of(r, cell->glyph), s);
        }
}

uint32_t plot_raster_sample(const struct plot_raster *r, int curve) {
    static const uint32_t dashes[] = {0x2812, 0x2802, 0x2804, 0x2840}; /* without colours */
    if (r->glyphs == GLYPHS_BRAILLE)
        return dashes[r->plain ? curve & 3 : 0];
    if (r->glyphs == GLYPHS_BLOCKS)
        return r->plain && (curve & 3) ? 0x2591 : 0x2584;
    return (unsigned char)letters[curve % (int)(sizeof letters - 1)];
}
