#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "views/export_private.h"

/* A cell of the SVG in its units. */
enum { CELL_WIDTH = 9, CELL_HEIGHT = 18, BASELINE = 14, FONT = 15 };

bool export_has_suffix(const char *path, const char *suffix) {
    size_t n = strlen(path), m = strlen(suffix);
    return n > m && strcmp(path + n - m, suffix) == 0;
}

int export_open(struct export_file *x, const char *path, struct error *e) {
    if (strlen(path) >= sizeof x->path)
        return error_set(e, ERROR_USAGE, "the path of the file is too long");
    snprintf(x->path, sizeof x->path, "%s", path);
    snprintf(x->part, sizeof x->part, "%s.part", path);
    x->f = fopen(x->part, "we");
    return x->f ? 0 : error_set(e, ERROR_IO, "%s: it cannot be written: %s", path, strerror(errno));
}

int export_close(struct export_file *x, bool keep, struct error *e) {
    bool sound = fflush(x->f) == 0 && !ferror(x->f) && fsync(fileno(x->f)) == 0;
    int why = errno;
    sound = fclose(x->f) == 0 && sound;
    if (keep && sound && rename(x->part, x->path) == 0)
        return 0;
    why = sound ? errno : why;
    unlink(x->part);
    return keep ? error_set(e, ERROR_IO, "%s: it cannot be written: %s", x->path, strerror(why)) : 0;
}

/* ---- text */

static void write_text(const struct canvas *c, FILE *f) {
    for (int y = 0; y < c->height; y++) {
        int end = c->width;
        while (end > 0 && c->cells[y * c->width + end - 1].glyph == ' ')
            end--;
        for (int x = 0; x < end; x++) {
            char text[5];
            uint32_t glyph = c->cells[y * c->width + x].glyph;
            if (glyph)
                fputs(canvas_encode(glyph, text), f);
        }
        fputc('\n', f);
    }
}

/* ---- SVG */

struct colors {
    uint32_t ink, paper; /* those of the terminal */
};

static uint32_t known(uint32_t color, uint32_t own) {
    return color == CANVAS_DEFAULT ? own : color;
}

/* Ink and paper as they are seen. */
static struct colors seen(const struct style *s, const struct colors *own) {
    uint32_t ink = known(s->ink, own->ink), paper = known(s->paper, own->paper);
    if (s->attributes & CANVAS_REVERSE) {
        uint32_t swap = ink;
        ink = paper;
        paper = swap;
    }
    if (s->attributes & CANVAS_DIM)
        ink = theme_mix(ink, paper, 0.4);
    return (struct colors){ink, paper};
}

static void rect(FILE *f, double x, double y, double w, double h, uint32_t color) {
    fprintf(f, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#%06x\"/>\n", x, y, w, h, color);
}

/* The eight dots of a braille cell, as in Unicode: bits 0-2 and 6 the left column, 3-5 and 7 the right one. */
static void braille(FILE *f, double x, double y, uint32_t bits, uint32_t color) {
    static const int rows[8] = {0, 1, 2, 0, 1, 2, 3, 3}, columns[8] = {0, 0, 0, 1, 1, 1, 0, 1};
    for (int i = 0; i < 8; i++)
        if (bits >> i & 1)
            fprintf(f, "<circle cx=\"%g\" cy=\"%g\" r=\"1.5\" fill=\"#%06x\"/>\n",
                    x + CELL_WIDTH * (0.25 + 0.5 * columns[i]), y + CELL_HEIGHT * (0.125 + 0.25 * rows[i]), color);
}

/* Quarters of U+2596 to U+259F: 1 upper left, 2 upper right, 4 lower left, 8 lower right. */
static void quadrants(FILE *f, double x, double y, uint32_t glyph, uint32_t color) {
    static const int parts[] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
    int bits = parts[glyph - 0x2596];
    for (int i = 0; i < 4; i++)
        if (bits >> i & 1)
            rect(f, x + (i % 2) * CELL_WIDTH / 2.0, y + (i / 2) * CELL_HEIGHT / 2.0, CELL_WIDTH / 2.0,
                 CELL_HEIGHT / 2.0, color);
}

/* Bits of the arms of a box drawing character: 1 up, 2 down, 4 left, 8 right; 0: it is none that is drawn here. */
static int box_arms(uint32_t glyph) {
    switch (glyph) {
    case 0x2500:
        return 4 | 8;
    case 0x2502:
        return 1 | 2;
    case 0x250c:
    case 0x256d:
        return 2 | 8;
    case 0x2510:
    case 0x256e:
        return 2 | 4;
    case 0x2514:
    case 0x2570:
        return 1 | 8;
    case 0x2518:
    case 0x256f:
        return 1 | 4;
    case 0x251c:
        return 1 | 2 | 8;
    case 0x2524:
        return 1 | 2 | 4;
    case 0x252c:
        return 2 | 4 | 8;
    case 0x2534:
        return 1 | 4 | 8;
    case 0x253c:
        return 15;
    default:
        return 0;
    }
}

static void box(FILE *f, double x, double y, int arms, uint32_t color) {
    double mx = x + CELL_WIDTH / 2.0, my = y + CELL_HEIGHT / 2.0, half = 0.5;
    if (arms & 1)
        rect(f, mx - half, y, 1, CELL_HEIGHT / 2.0 + half, color);
    if (arms & 2)
        rect(f, mx - half, my - half, 1, CELL_HEIGHT / 2.0 + half, color);
    if (arms & 4)
        rect(f, x, my - half, CELL_WIDTH / 2.0 + half, 1, color);
    if (arms & 8)
        rect(f, mx - half, my - half, CELL_WIDTH / 2.0 + half, 1, color);
}

/* Glyphs that must meet their neighbours are shapes: fonts leave gaps. False: it is text. */
static bool shape(FILE *f, double x, double y, uint32_t glyph, const struct colors *s) {
    int arms = box_arms(glyph);
    if (glyph == ' ' || glyph == 0)
        return true;
    if (arms)
        box(f, x, y, arms, s->ink);
    else if (glyph == 0x2580)
        rect(f, x, y, CELL_WIDTH, CELL_HEIGHT / 2.0, s->ink);
    else if (glyph >= 0x2581 && glyph <= 0x2588)
        rect(f, x, y + CELL_HEIGHT * (0x2588 - glyph) / 8.0, CELL_WIDTH, CELL_HEIGHT * (glyph - 0x2580) / 8.0, s->ink);
    else if (glyph >= 0x2589 && glyph <= 0x258f)
        rect(f, x, y, CELL_WIDTH * (0x2590 - glyph) / 8.0, CELL_HEIGHT, s->ink);
    else if (glyph == 0x2590)
        rect(f, x + CELL_WIDTH / 2.0, y, CELL_WIDTH / 2.0, CELL_HEIGHT, s->ink);
    else if (glyph >= 0x2591 && glyph <= 0x2593)
        rect(f, x, y, CELL_WIDTH, CELL_HEIGHT, theme_mix(s->paper, s->ink, 0.25 * (glyph - 0x2590)));
    else if (glyph >= 0x2596 && glyph <= 0x259f)
        quadrants(f, x, y, glyph, s->ink);
    else if (glyph >= 0x2800 && glyph <= 0x28ff)
        braille(f, x, y, glyph - 0x2800, s->ink);
    else
        return false;
    return true;
}

static bool is_shape(uint32_t glyph) {
    return glyph <= ' ' || box_arms(glyph) || (glyph >= 0x2580 && glyph <= 0x259f) ||
           (glyph >= 0x2800 && glyph <= 0x28ff);
}

static bool same_style(const struct style *a, const struct style *b) {
    return a->ink == b->ink && a->paper == b->paper && a->attributes == b->attributes;
}

static void escape(FILE *f, uint32_t glyph) {
    char text[5];
    const char *out = glyph == '<'   ? "&lt;"
                      : glyph == '>' ? "&gt;"
                      : glyph == '&' ? "&amp;"
                                     : canvas_encode(glyph, text);
    fputs(out, f);
}

/* A run of text of one style, held to its columns whatever the font's width. */
static int text_run(const struct canvas *c, FILE *f, int y, int from, const struct colors *own) {
    const struct cell *row = &c->cells[y * c->width];
    const struct style *s = &row[from].style;
    struct colors k = seen(s, own);
    int end = from, last = from;
    while (end < c->width && same_style(&row[end].style, s) && (row[end].glyph <= ' ' || !is_shape(row[end].glyph))) {
        if (row[end].glyph != ' ')
            last = end;
        end++;
    }
    end = last + 1;
    fprintf(f, "<text x=\"%d\" y=\"%d\" fill=\"#%06x\" textLength=\"%d\"%s%s>", from * CELL_WIDTH,
            y * CELL_HEIGHT + BASELINE, k.ink, (end - from) * CELL_WIDTH,
            s->attributes & CANVAS_BOLD ? " font-weight=\"bold\"" : "",
            s->attributes & CANVAS_UNDERLINE ? " text-decoration=\"underline\"" : "");
    for (int x = from; x < end; x++)
        if (row[x].glyph)
            escape(f, row[x].glyph);
    fputs("</text>\n", f);
    return end;
}

static void papers(const struct canvas *c, FILE *f, int y, const struct colors *own) {
    const struct cell *row = &c->cells[y * c->width];
    for (int x = 0, end; x < c->width; x = end) {
        uint32_t paper = seen(&row[x].style, own).paper;
        for (end = x + 1; end < c->width && seen(&row[end].style, own).paper == paper; end++)
            ;
        if (paper != own->paper)
            rect(f, x * CELL_WIDTH, y * CELL_HEIGHT, (end - x) * CELL_WIDTH, CELL_HEIGHT, paper);
    }
}

static void write_svg(const struct canvas *c, const struct paint *p, FILE *f) {
    bool light = strcmp(theme_name(p->theme), "light") == 0;
    struct style text = theme_style(p, THEME_TEXT);
    struct colors own = {light ? 0x1f2328u : 0xd4d4d4u, light ? 0xffffffu : 0x16181du};
    own.ink = known(text.ink, own.ink);
    own.paper = known(text.paper, own.paper);
    int width = c->width * CELL_WIDTH, height = c->height * CELL_HEIGHT;
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"%d\" "
            "xml:space=\"preserve\" shape-rendering=\"crispEdges\">\n",
            width, height, width, height, FONT);
    rect(f, 0, 0, width, height, own.paper);
    for (int y = 0; y < c->height; y++) {
        papers(c, f, y, &own);
        for (int x = 0; x < c->width;) {
            const struct cell *cell = &c->cells[y * c->width + x];
            struct colors k = seen(&cell->style, &own);
            if (shape(f, x * CELL_WIDTH, y * CELL_HEIGHT, cell->glyph, &k))
                x++;
            else
                x = text_run(c, f, y, x, &own);
        }
    }
    fputs("</svg>\n", f);
}

int export_screen(const struct canvas *c, const struct paint *p, const char *path, struct error *e) {
    struct export_file x;
    bool svg = export_has_suffix(path, ".svg");
    if (!svg && !export_has_suffix(path, ".txt"))
        return error_set(e, ERROR_USAGE, "%.200s: a screenshot's name ends in .svg or .txt", path);
    int r = export_open(&x, path, e);
    if (r < 0)
        return r;
    if (svg)
        write_svg(c, p, x.f);
    else
        write_text(c, x.f);
    return export_close(&x, true, e);
}
