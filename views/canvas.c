#include "views/canvas.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 1024 /* bytes of a printed text; longer ones are cut off */

int canvas_create(struct canvas *c, int height, int width, struct error *e) {
    const struct style ground = {CANVAS_DEFAULT, CANVAS_DEFAULT, 0};
    assert(height >= 0 && width >= 0);
    if (width && height > INT_MAX / width)
        return error_set(e, ERROR_MEMORY, "a screen of %d x %d is too large", height, width);
    size_t count = (size_t)height * (size_t)width;
    struct cell *cells = realloc(c->cells, (count ? count : 1) * sizeof *cells);
    if (!cells)
        return error_set(e, ERROR_MEMORY, "no memory for a screen of %d x %d", height, width);
    *c = (struct canvas){.height = height, .width = width, .cells = cells};
    canvas_clear(c, ground);
    return 0;
}

void canvas_destroy(struct canvas *c) {
    free(c->cells);
    *c = (struct canvas){0};
}

struct area canvas_all(const struct canvas *c) {
    return (struct area){0, 0, c->height, c->width};
}

/* Cuts `size` from *start on to 0..most. Returns the size that is left. */
static int cut(int *start, int size, int most) {
    long long from = *start, to = from + (size > 0 ? size : 0);
    if (to > most)
        to = most;
    if (from < 0)
        from = 0;
    if (from > most)
        from = most;
    *start = (int)from;
    return to > from ? (int)(to - from) : 0;
}

struct area canvas_part(struct area a, int y, int x, int height, int width) {
    int rows = cut(&y, height, a.height > 0 ? a.height : 0), columns = cut(&x, width, a.width > 0 ? a.width : 0);
    return (struct area){a.y + y, a.x + x, rows, columns};
}

void canvas_clear(struct canvas *c, struct style s) {
    size_t count = (size_t)c->height * (size_t)c->width;
    c->ground = s;
    for (size_t i = 0; i < count; i++)
        c->cells[i] = (struct cell){' ', s};
}

struct cell *canvas_at(struct canvas *c, int y, int x) {
    bool inside = y >= 0 && y < c->height && x >= 0 && x < c->width;
    return inside ? &c->cells[(size_t)y * (size_t)c->width + (size_t)x] : NULL;
}

struct range {
    uint32_t from, to;
};

/* Sorted. East Asian width W and F of Unicode, and emoji, in blocks; unassigned places in them count as wide. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},
    {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},
    {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
    {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97c},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},
    {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf},
    {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
    {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4},
    {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e},
    {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f},
    {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ec},
    {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff},
    {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

/* Sorted. Combining marks and format characters: a cell has no room for them, they are left out. */
static const struct range without_width[] = {
    {0x00ad, 0x00ad}, {0x0300, 0x036f},   {0x0483, 0x0489},   {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0670, 0x0670}, {0x06d6, 0x06dc},   {0x0730, 0x074a},   {0x0816, 0x082d}, {0x08d3, 0x0902}, {0x093a, 0x093a},
    {0x093c, 0x093c}, {0x0941, 0x0948},   {0x094d, 0x094d},   {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x1160, 0x11ff}, {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},   {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
    {0x20d0, 0x20f0}, {0x302a, 0x302d},   {0x3099, 0x309a},   {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
    {0xfff9, 0xfffb}, {0x1f3fb, 0x1f3ff}, {0xe0001, 0xe01ef},
};

static int compare(const void *key, const void *item) {
    uint32_t glyph = *(const uint32_t *)key;
    const struct range *r = item;
    return glyph < r->from ? -1 : glyph > r->to;
}

#define IS_IN(table, glyph)                                                                                            \
    (bsearch(&(glyph), table, sizeof(table) / sizeof *(table), sizeof *(table), compare) != NULL)

/* Not wcwidth(): that asks the locale, and files drawn from a canvas must not depend on it. */
static int columns_of(uint32_t glyph) {
    if (glyph < 0x300)
        return glyph != 0xad;
    if (IS_IN(without_width, glyph))
        return 0;
    return IS_IN(wide, glyph) ? 2 : 1;
}

/* Control characters would move the cursor of a terminal. */
static uint32_t printable(uint32_t glyph) {
    return glyph < 0x20 || (glyph >= 0x7f && glyph < 0xa0) ? '?' : glyph;
}

/* Blanks what would be left of a wide glyph when this cell is overwritten. */
static void part_wide(struct canvas *c, int y, int x) {
    struct cell *cell = canvas_at(c, y, x), *left = canvas_at(c, y, x - 1), *right = canvas_at(c, y, x + 1);
    if (cell->glyph == 0 && left)
        left->glyph = ' ';
    if (cell->glyph != 0 && right && right->glyph == 0)
        right->glyph = ' ';
}

static void set(struct canvas *c, int y, int x, uint32_t glyph, struct style s) {
    struct cell *cell = canvas_at(c, y, x);
    part_wide(c, y, x);
    if (s.ink == CANVAS_DEFAULT)
        s.ink = c->ground.ink;
    if (s.paper == CANVAS_DEFAULT)
        s.paper = cell->style.paper;
    *cell = (struct cell){glyph, s};
}

/* A glyph at (y, x) of an area that lies within the canvas. A wide one that is cut off shows as blanks. */
static void place(struct canvas *c, struct area a, int y, int x, uint32_t glyph, int columns, struct style s) {
    bool fits = x >= 0 && x <= a.width - columns;
    for (int i = 0; i < columns; i++)
        if (x + i >= 0 && x + i < a.width)
            set(c, a.y + y, a.x + x + i, !fits ? ' ' : i ? 0 : glyph, s);
}

/* The part of the area that is on the canvas; *y and *x move with its corner. */
static struct area visible(const struct canvas *c, struct area a, int *y, int *x) {
    struct area v = canvas_part(canvas_all(c), a.y, a.x, a.height, a.width);
    *y += a.y - v.y;
    *x += a.x - v.x;
    return v;
}

void canvas_put(struct canvas *c, struct area a, int y, int x, uint32_t glyph, struct style s) {
    if (y < 0 || y >= a.height || x < 0 || x >= a.width)
        return;
    struct area v = visible(c, a, &y, &x);
    int columns = columns_of(printable(glyph));
    if (y >= 0 && y < v.height)
        place(c, v, y, x, columns ? printable(glyph) : '?', columns ? columns : 1, s);
}

void canvas_fill(struct canvas *c, struct area a, uint32_t glyph, struct style s) {
    struct area v = canvas_part(canvas_all(c), a.y, a.x, a.height, a.width);
    assert(columns_of(printable(glyph)) == 1);
    if (s.paper == CANVAS_DEFAULT)
        s.paper = c->ground.paper;
    for (int y = 0; y < v.height; y++)
        for (int x = 0; x < v.width; x++) {
            canvas_at(c, v.y + y, v.x + x)->style.paper = s.paper;
            set(c, v.y + y, v.x + x, printable(glyph), s);
        }
}

/* Length of the sequence that this byte leads, and its bits of the code point; 0: it leads none. */
static int lead(unsigned char byte, uint32_t *bits) {
    static const struct {
        unsigned char mask, value;
    } forms[] = {{0x80, 0x00}, {0xe0, 0xc0}, {0xf0, 0xe0}, {0xf8, 0xf0}};
    for (int i = 0; i < 4; i++)
        if ((byte & forms[i].mask) == forms[i].value) {
            *bits = byte & (unsigned char)~forms[i].mask;
            return i + 1;
        }
    return 0;
}

uint32_t canvas_next_code(const char **text) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*text;
    uint32_t code = 0;
    if (!*p)
        return 0;
    int length = lead(*p, &code), i = 1;
    for (; i < length && (p[i] & 0xc0) == 0x80; i++)
        code = code << 6 | (p[i] & 0x3f);
    *text += i;
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return length == 0 || i < length || code < least[length] || code > 0x10ffff || is_surrogate ? '?' : code;
}

const char *canvas_encode(uint32_t glyph, char out[static 5]) {
    if (glyph > 0x10ffff || (glyph >= 0xd800 && glyph <= 0xdfff))
        glyph = '?';
    int rest = glyph < 0x80 ? 0 : glyph < 0x800 ? 1 : glyph < 0x10000 ? 2 : 3;
    static const uint32_t leads[] = {0x00, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(leads[rest] | glyph >> (6 * rest));
    for (int i = 1; i <= rest; i++)
        out[i] = (char)(0x80 | (glyph >> (6 * (rest - i)) & 0x3f));
    out[rest + 1] = 0;
    return out;
}

int canvas_columns(const char *text) {
    int columns = 0;
    uint32_t code;
    while ((code = canvas_next_code(&text)))
        columns += columns_of(printable(code));
    return columns;
}

int canvas_text(struct canvas *c, struct area a, int y, int x, struct style s, const char *text) {
    int start = x;
    uint32_t code;
    struct area v = visible(c, a, &y, &x);
    int shift = x - start;
    while ((code = canvas_next_code(&text))) {
        int columns = columns_of(printable(code));
        if (y >= 0 && y < v.height && x < v.width)
            place(c, v, y, x, printable(code), columns, s);
        x += columns;
    }
    return x - shift - start;
}

/* vsnprintf() may cut within a character: what is left of that one is dropped. */
static void format_line(char out[static LINE], const char *format, va_list arguments) {
    int size = vsnprintf(out, LINE, format, arguments);
    if (size < 0)
        out[0] = 0;
    if (size < LINE)
        return;
    size_t end = LINE - 1;
    while (end > 0 && ((unsigned char)out[end - 1] & 0xc0) == 0x80)
        end--;
    if (end > 0 && (unsigned char)out[end - 1] >= 0xc0)
        end--;
    out[end] = 0;
}

int canvas_print(struct canvas *c, struct area a, int y, int x, struct style s, const char *format, ...) {
    char line[LINE];
    va_list arguments;
    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    return canvas_text(c, a, y, x, s, line);
}

int canvas_print_right(struct canvas *c, struct area a, int y, int x, struct style s, const char *format, ...) {
    char line[LINE];
    va_list arguments;
    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    int start = a.width - x - canvas_columns(line);
    canvas_text(c, a, y, start > 0 ? start : 0, s, line);
    return start > 0 ? start : 0;
}
