/* Cells as SVG. Paper is a rectangle a run of equal colour. What must meet its neighbours (boxes, blocks, shades,
 * braille) is drawn as shapes: fonts leave gaps there. Letters are text, held to their columns by textLength, and
 * begun anew behind every gap and for every character that a font may not have, so that an unknown font's advance
 * adds up over a few letters at most. Whole numbers of units, so that edges stay sharp at every size. */
#include <string.h>

#include "views/export_private.h"

/* A cell in units of the drawing; a fifth of them is a pixel wide where the picture is shown in its own size. */
enum { UNIT = 8, WIDTH = 9 * UNIT, HEIGHT = 18 * UNIT, BASE = 14 * UNIT, FONT = 15 * UNIT };

struct colors {
    uint32_t ink, paper;
};

static uint32_t known(uint32_t color, uint32_t own) {
    return color == CANVAS_DEFAULT ? own : color;
}

/* Those of a terminal, where the canvas leaves that to it. */
static struct colors own_colors(const struct canvas *c, const struct paint *p) {
    bool light = strcmp(theme_name(p->theme), "light") == 0;
    return (struct colors){known(c->ground.ink, light ? 0x1f2328u : 0xd6dde6u),
                           known(c->ground.paper, light ? 0xfcfcfau : 0x14171cu)};
}

/* Ink and paper as they are seen. */
static struct colors seen(const struct style *s, const struct colors *own) {
    struct colors k = {known(s->ink, own->ink), known(s->paper, own->paper)};
    if (s->attributes & CANVAS_REVERSE)
        k = (struct colors){k.paper, k.ink};
    if (s->attributes & CANVAS_DIM)
        k.ink = theme_mix(k.ink, k.paper, 0.4);
    return k;
}

static bool same_style(const struct style *a, const struct style *b) {
    return a->ink == b->ink && a->paper == b->paper && a->attributes == b->attributes;
}

static void rect(FILE *f, int x, int y, int width, int height, uint32_t color) {
    fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", x, y, width, height, color);
}

/* ---- box drawing */

enum arm { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8, HEAVY = 16, ROUND = 32, DASHED = 64 };

/* 0: it is none that is drawn here. */
static int box_arms(uint32_t glyph) {
    static const struct {
        uint16_t glyph;
        uint8_t arms;
    } boxes[] = {
        {0x2500, LEFT | RIGHT},
        {0x2501, LEFT | RIGHT | HEAVY},
        {0x2502, UP | DOWN},
        {0x2503, UP | DOWN | HEAVY},
        {0x2504, LEFT | RIGHT | DASHED},
        {0x2506, UP | DOWN | DASHED},
        {0x2508, LEFT | RIGHT | DASHED},
        {0x250a, UP | DOWN | DASHED},
        {0x250c, DOWN | RIGHT},
        {0x2510, DOWN | LEFT},
        {0x2514, UP | RIGHT},
        {0x2518, UP | LEFT},
        {0x251c, UP | DOWN | RIGHT},
        {0x2524, UP | DOWN | LEFT},
        {0x252c, LEFT | RIGHT | DOWN},
        {0x2534, LEFT | RIGHT | UP},
        {0x253c, UP | DOWN | LEFT | RIGHT},
        {0x254c, LEFT | RIGHT | DASHED},
        {0x254e, UP | DOWN | DASHED},
        {0x256d, DOWN | RIGHT | ROUND},
        {0x256e, DOWN | LEFT | ROUND},
        {0x256f, UP | LEFT | ROUND},
        {0x2570, UP | RIGHT | ROUND},
        {0x2574, LEFT},
        {0x2575, UP},
        {0x2576, RIGHT},
        {0x2577, DOWN},
    };
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        if (boxes[i].glyph == glyph)
            return boxes[i].arms;
    return 0;
}

/* `count` is that of equal cells side by side, which lines without a vertical arm cross in one stroke. */
static void draw_box(FILE *f, int x, int y, int arms, int count, uint32_t color) {
    int mx = x + WIDTH / 2, my = y + HEIGHT / 2, right = x + count * WIDTH, bottom = y + HEIGHT;
    fprintf(f, "<path d=\"");
    if (arms & ROUND) {
        int end_x = arms & LEFT ? x : right, end_y = arms & UP ? y : bottom;
        fprintf(f, "M%d %dQ%d %d %d %d", mx, end_y, mx, my, end_x, my);
    } else {
        if (arms & (LEFT | RIGHT))
            fprintf(f, "M%d %dH%d", arms & LEFT ? x : mx, my, arms & RIGHT ? right : mx);
        if (arms & (UP | DOWN))
            fprintf(f, "M%d %dV%d", mx, arms & UP ? y : my, arms & DOWN ? bottom : my);
    }
    fprintf(f, "\" fill=\"none\" stroke=\"#%06x\" stroke-width=\"%d\"", color, arms & HEAVY ? 2 * UNIT : UNIT);
    if (arms & DASHED)
        fprintf(f, " stroke-dasharray=\"%d %d\"", 2 * UNIT, 5 * UNIT / 2);
    fputs("/>\n", f);
}

/* ---- blocks */

/* Quarters of U+2596 to U+259F: 1 upper left, 2 upper right, 4 lower left, 8 lower right. */
static void draw_quarters(FILE *f, int x, int y, uint32_t glyph, uint32_t color) {
    static const int parts[] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
    for (int i = 0; i < 4; i++)
        if (parts[glyph - 0x2596] >> i & 1)
            rect(f, x + i % 2 * WIDTH / 2, y + i / 2 * HEIGHT / 2, WIDTH / 2, HEIGHT / 2, color);
}

/* A block of `count` equal cells side by side. */
static void draw_block(FILE *f, int x, int y, uint32_t glyph, int count, const struct colors *k) {
    int width = count * WIDTH, part = (int)(glyph - 0x2580);
    if (glyph == 0x2580)
        rect(f, x, y, width, HEIGHT / 2, k->ink);
    else if (glyph <= 0x2588)
        rect(f, x, y + HEIGHT * (8 - part) / 8, width, HEIGHT * part / 8, k->ink);
    else if (glyph <= 0x258f)
        rect(f, x, y, WIDTH * (16 - part) / 8, HEIGHT, k->ink);
    else if (glyph == 0x2590)
        rect(f, x + WIDTH / 2, y, WIDTH / 2, HEIGHT, k->ink);
    else if (glyph <= 0x2593)
        rect(f, x, y, width, HEIGHT, theme_mix(k->paper, k->ink, 0.25 * (part - 16)));
    else if (glyph == 0x2594)
        rect(f, x, y, width, HEIGHT / 8, k->ink);
    else if (glyph == 0x2595)
        rect(f, x + WIDTH - WIDTH / 8, y, WIDTH / 8, HEIGHT, k->ink);
    else
        draw_quarters(f, x, y, glyph, k->ink);
}

/* Whether equal ones side by side are one rectangle. */
static bool is_wide_block(uint32_t glyph) {
    return glyph <= 0x2588 || (glyph >= 0x2591 && glyph <= 0x2594);
}

/* ---- braille */

/* The dots of a run of cells as one path: strokes of no length with round ends. Bits 0 to 2 and 6 are the left column,
 * 3 to 5 and 7 the right one. */
static void draw_braille(FILE *f, const struct cell *cells, int count, int x, int y, uint32_t color) {
    static const int rows[8] = {0, 1, 2, 0, 1, 2, 3, 3}, columns[8] = {0, 0, 0, 1, 1, 1, 0, 1};
    fprintf(f, "<path fill=\"none\" stroke=\"#%06x\" stroke-width=\"%d\" stroke-linecap=\"round\" d=\"", color,
            7 * UNIT / 2);
    for (int i = 0; i < count; i++)
        for (int bit = 0; bit < 8; bit++)
            if ((cells[i].glyph - 0x2800) >> bit & 1)
                fprintf(f, "M%d %dh1", x + i * WIDTH + WIDTH * (1 + 2 * columns[bit]) / 4,
                        y + HEIGHT * (1 + 2 * rows[bit]) / 8);
    fputs("\"/>\n", f);
}

/* ---- text */

static void escape(FILE *f, uint32_t glyph) {
    char text[5];
    fputs(glyph == '<' ? "&lt;" : glyph == '>' ? "&gt;" : glyph == '&' ? "&amp;" : canvas_encode(glyph, text), f);
}

static void draw_text(FILE *f, const struct cell *cells, int count, int x, int y, uint32_t ink) {
    fprintf(f, "<text x=\"%d\" y=\"%d\" fill=\"#%06x\"%s", x, y + BASE, ink,
            cells->style.attributes & CANVAS_BOLD ? " font-weight=\"bold\"" : "");
    if (count > 1)
        fprintf(f, " textLength=\"%d\"", count * WIDTH);
    fputc('>', f);
    for (int i = 0; i < count; i++)
        if (cells[i].glyph)
            escape(f, cells[i].glyph);
    fputs("</text>\n", f);
}

/* ---- runs of cells */

enum kind { BLANK, BOX, BLOCK, BRAILLE, LETTERS, OTHER };

static enum kind kind_of(uint32_t glyph) {
    if (glyph <= ' ' || glyph == 0x2800)
        return BLANK;
    if (glyph < 0x7f)
        return LETTERS;
    if (box_arms(glyph))
        return BOX;
    if (glyph >= 0x2580 && glyph <= 0x259f)
        return BLOCK;
    return glyph > 0x2800 && glyph <= 0x28ff ? BRAILLE : OTHER;
}

/* Whether cell `next` goes on with what `first` began. A single blank between words belongs to the text. */
static bool goes_on(const struct cell *first, const struct cell *next, const struct cell *end) {
    enum kind kind = kind_of(first->glyph);
    uint32_t glyph = next->glyph;
    if (!same_style(&first->style, &next->style))
        return false;
    switch (kind) {
    case BLANK:
        return false;
    case LETTERS:
        return kind_of(glyph) == LETTERS || (glyph == ' ' && next + 1 < end && kind_of(next[1].glyph) == LETTERS &&
                                             same_style(&first->style, &next[1].style));
    case BRAILLE:
        return kind_of(glyph) == BRAILLE || glyph == 0x2800;
    case BOX:
        return glyph == first->glyph && !(box_arms(glyph) & (UP | DOWN));
    case BLOCK:
        return glyph == first->glyph && is_wide_block(glyph);
    default:
        return glyph == 0; /* the right half of a wide one */
    }
}

static void draw_run(FILE *f, const struct cell *cell, int count, int x, int y, const struct colors *k) {
    switch (kind_of(cell->glyph)) {
    case BLANK:
        break;
    case BOX:
        draw_box(f, x, y, box_arms(cell->glyph), count, k->ink);
        break;
    case BLOCK:
        draw_block(f, x, y, cell->glyph, count, k);
        break;
    case BRAILLE:
        draw_braille(f, cell, count, x, y, k->ink);
        break;
    default:
        draw_text(f, cell, count, x, y, k->ink);
    }
}

/* The blocks of a row, or all that is no block. */
static void draw_row(FILE *f, const struct cell *row, int width, int y, bool blocks, const struct colors *own) {
    for (int x = 0, count; x < width; x += count) {
        struct colors k = seen(&row[x].style, own);
        for (count = 1; x + count < width && goes_on(row + x, row + x + count, row + width);)
            count++;
        if ((kind_of(row[x].glyph) == BLOCK) == blocks)
            draw_run(f, row + x, count, x * WIDTH, y, &k);
    }
}

static void draw_papers(FILE *f, const struct cell *row, int width, int y, const struct colors *own) {
    for (int x = 0, end; x < width; x = end) {
        uint32_t paper = seen(&row[x].style, own).paper;
        for (end = x + 1; end < width && seen(&row[end].style, own).paper == paper; end++)
            ;
        if (paper != own->paper)
            rect(f, x * WIDTH, y, (end - x) * WIDTH, HEIGHT, paper);
    }
}

/* Lines under text, blanks within it too. */
static void draw_underlines(FILE *f, const struct cell *row, int width, int y, const struct colors *own) {
    for (int x = 0, end; x < width; x = end) {
        end = x + 1;
        if (!(row[x].style.attributes & CANVAS_UNDERLINE))
            continue;
        while (end < width && same_style(&row[end].style, &row[x].style))
            end++;
        rect(f, x * WIDTH, y + BASE + 2 * UNIT, (end - x) * WIDTH, UNIT, seen(&row[x].style, own).ink);
    }
}

void export_svg(const struct canvas *c, const struct paint *p, FILE *f) {
    struct colors own = own_colors(c, p);
    int width = c->width * WIDTH, height = c->height * HEIGHT;
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "font-family=\"'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', ui-monospace, monospace\" "
            "font-size=\"%d\" xml:space=\"preserve\">\n",
            width / UNIT, height / UNIT, width, height, FONT);
    /* Rectangles of neighbouring cells must not be blended where they meet. */
    fputs("<g shape-rendering=\"crispEdges\">\n", f);
    rect(f, 0, 0, width, height, own.paper);
    for (int y = 0; y < c->height; y++) {
        const struct cell *row = c->cells + (size_t)y * (size_t)c->width;
        draw_papers(f, row, c->width, y * HEIGHT, &own);
        draw_row(f, row, c->width, y * HEIGHT, true, &own);
    }
    fputs("</g>\n", f);
    for (int y = 0; y < c->height; y++) {
        const struct cell *row = c->cells + (size_t)y * (size_t)c->width;
        draw_row(f, row, c->width, y * HEIGHT, false, &own);
        draw_underlines(f, row, c->width, y * HEIGHT, &own);
    }
    fputs("</svg>\n", f);
}
