#include <langinfo.h>
#include <limits.h>
#include <string.h>
#include <wctype.h>

#include "views/screen_private.h"

enum glyphs screen_glyphs_best(bool ascii, const char *term) {
    if (ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        return GLYPHS_ASCII;
    /* The fonts of the Linux console have 256 or 512 glyphs, no braille among them. */
    return !strcmp(term, "linux") ? GLYPHS_BLOCKS : GLYPHS_BRAILLE;
}

struct substitute {
    uint32_t from, to;
    const char *ascii; /* one for each glyph, or one for all */
};

/* Sorted by nothing but sense: the first that holds the glyph counts. */
static const struct substitute substitutes[] = {
    {0x2500, 0x2501, "-"},        /* ─ ━ */
    {0x2502, 0x2503, "|"},        /* │ ┃ */
    {0x2504, 0x250b, "--||--||"}, /* dashed */
    {0x254c, 0x254f, "--||"},     /* dashed */
    {0x2550, 0x2551, "=|"},       /* ═ ║ */
    {0x2571, 0x257f, "/\\X-|-|-|-|-|-|"},
    {0x2500, 0x257f, "+"},       /* corners and crossings */
    {0x2580, 0x2580, "\""},      /* ▀ */
    {0x2581, 0x2583, "_"},       /* ▁ ▂ ▃ */
    {0x2584, 0x2587, "="},       /* ▄ to ▇ */
    {0x2588, 0x258b, "#"},       /* █ to ▋ */
    {0x258c, 0x258f, "|"},       /* ▌ to ▏ */
    {0x2590, 0x2595, "#.:#\"|"}, /* ▐ ░ ▒ ▓ ▔ ▕ */
    {0x2596, 0x259f,
     "=="
     "\"##\"\"\"=#"}, /* quadrants */
    {0x00a0, 0x00a0, " "},
    {0x00b0, 0x00b7, "o+23'u|."}, /* ° ± ² ³ ´ µ ¶ · */
    {0x00c0, 0x00ff, "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty"},
    {0x03b3, 0x03b3, "g"}, /* γ */
    {0x03c4, 0x03c4, "t"}, /* τ */
    {0x2010, 0x2015, "-"}, /* dashes */
    {0x2018, 0x201b, "'"},
    {0x201c, 0x201f, "\""},
    {0x2022, 0x2027, "*>..:."}, /* • ‣ ․ ‥ … ‧ */
    {0x2190, 0x2193, "<^>v"},   /* ← ↑ → ↓ */
    {0x2212, 0x2212, "-"},
    {0x2248, 0x2248, "~"},
    {0x2260, 0x2265, "!=~~<>"},     /* ≠ to ≥ */
    {0x25a0, 0x25a1, "#o"},         /* ■ □ */
    {0x25aa, 0x25ab, "*o"},         /* ▪ ▫ */
    {0x25b2, 0x25b9, "^^^^>>>>"},   /* ▲ to ▹ */
    {0x25ba, 0x25bb, ">"},          /* ► ▻ */
    {0x25bc, 0x25bf, "v"},          /* ▼ to ▿ */
    {0x25c0, 0x25c5, "<"},          /* ◀ to ◅ */
    {0x25c6, 0x25cf, "**oooooooo"}, /* ◆ to ● */
    {0x2605, 0x2606, "*"},
    {0x2713, 0x2718, "vvxxxx"}, /* ✓ to ✘ */
};

/* By where most of the dots are: high, low, or both. */
static uint32_t braille_as_ascii(uint32_t glyph) {
    uint32_t dots = glyph - 0x2800;
    bool high = dots & 0x1b, low = dots & 0xe4;
    return high && low ? ':' : high ? '\'' : low ? '.' : ' ';
}

static uint32_t as_ascii(uint32_t glyph) {
    if (glyph >= 0x2800 && glyph <= 0x28ff)
        return braille_as_ascii(glyph);
    for (size_t i = 0; i < sizeof substitutes / sizeof *substitutes; i++) {
        const struct substitute *s = &substitutes[i];
        if (glyph >= s->from && glyph <= s->to)
            return (unsigned char)(s->ascii[1] ? s->ascii[glyph - s->from] : s->ascii[0]);
    }
    return '?';
}

/* Halves for eighths and quadrants, corners for round ones: what every console font has. */
static uint32_t as_blocks(uint32_t glyph) {
    static const uint32_t eighths[] = {'_',    '_',    0x2584, 0x2584, 0x2584, 0x2588, 0x2588, 0x2588,
                                       0x2588, 0x2588, 0x258c, 0x258c, 0x258c, 0x2502, 0x2502};
    static const uint32_t quadrants[] = {0x2584, 0x2584, 0x2580, 0x2588, 0x2588,
                                         0x2580, 0x2580, 0x2580, 0x2584, 0x2588};
    static const uint32_t corners[] = {0x250c, 0x2510, 0x2518, 0x2514};
    if (glyph >= 0x2581 && glyph <= 0x258f)
        return eighths[glyph - 0x2581];
    if (glyph >= 0x2596 && glyph <= 0x259f)
        return quadrants[glyph - 0x2596];
    if (glyph >= 0x256d && glyph <= 0x2570)
        return corners[glyph - 0x256d];
    return glyph >= 0x2800 && glyph <= 0x28ff ? braille_as_ascii(glyph) : glyph;
}

/* A terminal goes by the same tables: where they count other columns, the rest of the row would move. */
static bool locale_shows(uint32_t glyph, int columns) {
    char bytes[MB_LEN_MAX];
    mbstate_t state = {0};
    return iswprint((wint_t)glyph) && wcwidth((wchar_t)glyph) == columns &&
           wcrtomb(bytes, (wchar_t)glyph, &state) != (size_t)-1;
}

uint32_t screen_glyphs_map(enum glyphs level, uint32_t glyph, int columns) {
    if (glyph >= 0x20 && glyph < 0x7f)
        return glyph;
    bool is_drawn = (glyph >= 0x2190 && glyph <= 0x2bff); /* arrows to dingbats */
    if (level == GLYPHS_BLOCKS)
        glyph = as_blocks(glyph);
    if ((level == GLYPHS_ASCII && is_drawn) || !locale_shows(glyph, columns))
        return as_ascii(glyph);
    return glyph;
}
