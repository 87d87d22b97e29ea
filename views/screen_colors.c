#include <curses.h>
#include <limits.h>
#include <stdlib.h>

#include "views/screen_private.h"

#define SLOTS 65536 /* a power of two, twice the most pairs and more */
#define MOST_PAIRS 32000
#define CROWDED 64  /* frames */
#define LOOK_AT 256 /* pairs, for a likely one */

/* Steps of a colour channel where there are 1 << 24 colours: 32. Nobody sees the difference, and pictures that change
 * do with fewer pairs. */
static uint32_t quantise(uint32_t rgb) {
    uint32_t high = rgb & 0xf8f8f8;
    return high | (high >> 5 & 0x070707);
}

/* xterm-direct and its kin take values below 8, 16 or 256 for palette entries. */
static int direct(uint32_t rgb) {
    rgb = quantise(rgb);
    return (int)(rgb < 0x100 ? rgb | 0x100 : rgb);
}

int screen_colors_nearest(const struct screen_colors *c, uint32_t rgb) {
    int best = 0;
    if (rgb == CANVAS_DEFAULT)
        return -1;
    if (c->count > 256)
        return direct(rgb);
    if (c->count == 256)
        return theme_palette(rgb);
    for (int i = 1; i < c->count; i++)
        if (theme_distance(rgb, theme_ansi(i)) < theme_distance(rgb, theme_ansi(best)))
            best = i;
    return best;
}

/* 0xRRGGBB of a colour as the terminal counts it, to compare with. */
static uint32_t rgb_of(const struct screen_colors *c, int color) {
    static const uint32_t levels[] = {0, 95, 135, 175, 215, 255};
    if (color < 0 || c->count > 256)
        return (uint32_t)color & 0xffffff;
    if (color < 16)
        return theme_ansi(color);
    if (color >= 232)
        return (uint32_t)(8 + 10 * (color - 232)) * 0x010101;
    color -= 16;
    return levels[color / 36] << 16 | levels[color / 6 % 6] << 8 | levels[color % 6];
}

static int colors_of_terminal(void) {
    if (!has_colors() || start_color() == ERR)
        return 0;
    return COLORS >= 1 << 24 ? 1 << 24 : COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
}

int screen_colors_open(struct screen_colors *c, bool none, struct error *e) {
    *c = (struct screen_colors){.count = none ? 0 : colors_of_terminal()};
    if (!c->count)
        return 0;
    c->has_own = use_default_colors() == OK;
    c->limit = (short)(COLOR_PAIRS - 1 < MOST_PAIRS ? COLOR_PAIRS - 1 : MOST_PAIRS);
    c->pairs = calloc((size_t)c->limit + 1, sizeof *c->pairs);
    c->slots = calloc(SLOTS, sizeof *c->slots);
    return c->pairs && c->slots ? 0 : error_set(e, ERROR_MEMORY, "no memory for colours");
}

void screen_colors_close(struct screen_colors *c) {
    free(c->pairs);
    free(c->slots);
    *c = (struct screen_colors){0};
}

static short *slot_of(const struct screen_colors *c, int ink, int paper) {
    uint32_t hash = (uint32_t)ink * UINT32_C(0x9e3779b1) ^ (uint32_t)paper * UINT32_C(0x85ebca6b);
    uint32_t i = (hash ^ hash >> 15) % SLOTS;
    while (c->slots[i] && (c->pairs[c->slots[i]].ink != ink || c->pairs[c->slots[i]].paper != paper))
        i = (i + 1) % SLOTS;
    return &c->slots[i];
}

static int difference(const struct screen_colors *c, int a, int b) {
    return (a < 0) == (b < 0) ? theme_distance(rgb_of(c, a), rgb_of(c, b)) : 9 * 255 * 255;
}

/* The pair that looks most like this one among the first that there are. */
static short likest(const struct screen_colors *c, int ink, int paper) {
    int best = INT_MAX;
    short number = 0;
    for (short i = 1; i <= c->used && i <= LOOK_AT; i++) {
        int far = difference(c, c->pairs[i].ink, ink) + difference(c, c->pairs[i].paper, paper);
        if (far < best) {
            best = far;
            number = i;
        }
    }
    return number;
}

static bool is_block(uint32_t glyph) {
    return glyph == ' ' || (glyph >= 0x2580 && glyph <= 0x259f);
}

/* Text must not vanish where two colours become one. */
static int readable(const struct screen_colors *c, uint32_t paper) {
    uint32_t light = (paper >> 16 & 0xff) * 3 + (paper >> 8 & 0xff) * 6 + (paper & 0xff);
    return screen_colors_nearest(c, light < 1280 ? 0xe5e5e5 : 0x000000);
}

short screen_colors_pair(struct screen_colors *c, const struct cell *cell) {
    if (!c->count)
        return 0;
    const struct style *s = &cell->style;
    int ink = screen_colors_nearest(c, s->ink), paper = screen_colors_nearest(c, s->paper);
    if (ink == paper && ink >= 0 && s->ink != s->paper && !is_block(cell->glyph))
        ink = readable(c, s->paper);
    if (!c->has_own) {
        ink = ink < 0 ? COLOR_WHITE : ink;
        paper = paper < 0 ? COLOR_BLACK : paper;
    }
    if (c->has_own ? ink < 0 && paper < 0 : ink == COLOR_WHITE && paper == COLOR_BLACK)
        return 0;
    short *slot = slot_of(c, ink, paper);
    if (*slot)
        return *slot;
    if (c->used == c->limit && c->is_new)
        c->crowded = CROWDED;
    if (c->used == c->limit)
        return c->crowded ? likest(c, ink, paper) : -1;
    *slot = ++c->used;
    c->pairs[*slot] = (struct screen_pair){ink, paper};
    init_extended_pair(*slot, ink, paper);
    return *slot;
}

void screen_colors_forget(struct screen_colors *c) {
    for (uint32_t i = 0; i < SLOTS; i++)
        c->slots[i] = 0;
    c->used = 0;
    c->is_new = true;
    reset_color_pairs();
}

void screen_colors_frame(struct screen_colors *c) {
    c->is_new = false;
    if (c->crowded)
        c->crowded--;
}
