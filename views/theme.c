#include "views/theme.h"

#include <math.h>
#include <string.h>

#define OWN CANVAS_DEFAULT
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A role's colours where there are many, and as one of the 16 of a terminal (-1: its own). */
struct look {
    uint32_t ink, paper;
    int ansi_ink, ansi_paper;
    uint8_t attributes;
};

struct map {
    size_t count;
    const uint32_t *colors; /* [count], at equal distances */
};

struct theme {
    const char *name;
    struct look roles[THEME_ROLES];
    struct map heat, change;
};

enum {
    BLACK,
    RED,
    GREEN,
    YELLOW,
    BLUE,
    MAGENTA,
    CYAN,
    WHITE,
    BRIGHT,
    BRIGHT_RED = BRIGHT + RED,
    BRIGHT_GREEN = BRIGHT + GREEN,
    BRIGHT_YELLOW = BRIGHT + YELLOW,
    BRIGHT_BLUE = BRIGHT + BLUE,
    BRIGHT_CYAN = BRIGHT + CYAN,
    BRIGHT_WHITE = BRIGHT + WHITE
};

/* Viridis: dark to bright, in equal steps of lightness. */
static const uint32_t viridis[] = {0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c,
                                   0x22a884, 0x44bf70, 0x7ad151, 0xbddf26, 0xfde725};
/* Cividis: the same for those who see red and green alike. */
static const uint32_t cividis[] = {0x00204d, 0x00336f, 0x39486b, 0x575c6d, 0x707173,
                                   0x8a8779, 0xa69d75, 0xc4b56c, 0xe4cf5b, 0xffea46};
/* On white paper little is bright: ColorBrewer's YlGnBu, moved to equal steps of lightness. */
static const uint32_t lake[] = {0xffffd9, 0xd2edb3, 0x9dd9b8, 0x66c4bf, 0x37abc3, 0x1d91c0,
                                0x2076b4, 0x225ca7, 0x24419a, 0x1b2c7e, 0x081d58};
/* The middle, no change, is near the paper. */
static const uint32_t blue_red_dark[] = {0x6cb6ff, 0x3f6ea8, 0x2b2f36, 0xa8483f, 0xff8a75};
static const uint32_t blue_red_light[] = {0x0b5cad, 0x7fb2dd, 0xf4f4f4, 0xe79a86, 0xb5241c};
static const uint32_t blue_orange[] = {0x56b4e9, 0x356f91, 0x2e2e2e, 0x916300, 0xe69f00};

static const struct theme
    themes[] =
        {
            {
                .name = "dark",
                .roles =
                    {
                        [THEME_TEXT] = {OWN, OWN, -1, -1, 0},
                        [THEME_DIM] = {0x8b949e, OWN, BRIGHT, -1, 0},
                        [THEME_TITLE] = {0xcfe3ff, OWN, BRIGHT_WHITE, -1, CANVAS_BOLD},
                        [THEME_FRAME] = {0x4b5563, OWN, BRIGHT, -1, 0},
                        [THEME_BAR] = {0xd6dde6, 0x262c36, WHITE, BLUE, 0},
                        [THEME_SELECTED] = {0xffffff, 0x1f5fb0, BLACK, CYAN, CANVAS_BOLD},
                        [THEME_GOOD] = {0x56d364, OWN, BRIGHT_GREEN, -1, 0},
                        [THEME_WARN] = {0xe3b341, OWN, BRIGHT_YELLOW, -1, 0},
                        [THEME_BAD] = {0xff7b72, OWN, BRIGHT_RED, -1, CANVAS_BOLD},
                        [THEME_TRAIN] = {0x6cb6ff, OWN, BRIGHT_BLUE, -1, 0},
                        [THEME_VAL] = {0xffa657, OWN, YELLOW, -1, 0},
                        [THEME_TEST] = {0xd2a8ff, OWN, MAGENTA, -1, 0},
                        [THEME_OTHER] = {0x9aa79f, OWN, WHITE, -1, 0},
                        [THEME_GATE] = {0x3fd2c7, OWN, BRIGHT_CYAN, -1, 0},
                        [THEME_TEMP] = {0xf78bc0, OWN, MAGENTA, -1, 0},
                        [THEME_FROZEN] = {0xa9c8ea, OWN, CYAN, -1, 0},
                        [THEME_MARK] = {0xf2cc60, OWN, BRIGHT_YELLOW, -1, CANVAS_BOLD},
                    },
                .heat = {COUNT(viridis), viridis},
                .change = {COUNT(blue_red_dark), blue_red_dark},
            },
            {
                .name = "light",
                .roles =
                    {
                        [THEME_TEXT] = {0x1f2328, 0xfcfcfa, BLACK, BRIGHT_WHITE, 0},
                        [THEME_DIM] = {0x5f6873, OWN, BRIGHT, -1, 0},
                        [THEME_TITLE] = {0x0a3d7d, OWN, BLUE, -1, CANVAS_BOLD},
                        [THEME_FRAME] = {0xaab2bc, OWN, BRIGHT, -1, 0},
                        [THEME_BAR] = {0x1f2328, 0xdfe5ec, BLACK, CYAN, 0},
                        [THEME_SELECTED] = {0xffffff, 0x0b62c4, BRIGHT_WHITE, BLUE, CANVAS_BOLD},
                        [THEME_GOOD] = {0x1a7f37, OWN, GREEN, -1, 0},
                        [THEME_WARN] = {0x8a5a00, OWN, MAGENTA, -1, 0},
                        [THEME_BAD] = {0xc01f2b, OWN, RED, -1, CANVAS_BOLD},
                        [THEME_TRAIN] = {0x0b62c4, OWN, BLUE, -1, 0},
                        [THEME_VAL] = {0xbc4c00, OWN, RED, -1, 0},
                        [THEME_TEST] = {0x8250df, OWN, MAGENTA, -1, 0},
                        [THEME_OTHER] = {0x64716a, OWN, BRIGHT, -1, 0},
                        [THEME_GATE] = {0x0b7a71, OWN, CYAN, -1, 0},
                        [THEME_TEMP] = {0xb53382, OWN, MAGENTA, -1, 0},
                        [THEME_FROZEN] = {0x3a6ea5, OWN, BLUE, -1, 0},
                        [THEME_MARK] = {0x7d4e00, OWN, RED, -1, CANVAS_BOLD},
                    },
                .heat = {COUNT(lake), lake},
                .change = {COUNT(blue_red_light), blue_red_light},
            },
            {
                /* After Okabe and Ito; what is good or bad differs in lightness and weight too. */
                .name = "safe",
                .roles =
                    {
                        [THEME_TEXT] = {OWN, OWN, -1, -1, 0},
                        [THEME_DIM] = {0x9a9a9a, OWN, BRIGHT, -1, 0},
                        [THEME_TITLE] = {0xffffff, OWN, BRIGHT_WHITE, -1, CANVAS_BOLD},
                        [THEME_FRAME] = {0x5a5a5a, OWN, BRIGHT, -1, 0},
                        [THEME_BAR] = {0xe4e4e4, 0x303030, BLACK, WHITE, 0},
                        [THEME_SELECTED] = {0xffffff, 0x0067a3, BRIGHT_WHITE, BLUE, CANVAS_BOLD},
                        [THEME_GOOD] = {0x56b4e9, OWN, BRIGHT_BLUE, -1, 0},
                        [THEME_WARN] = {0xf0e442, OWN, BRIGHT_YELLOW, -1, 0},
                        [THEME_BAD] = {0xe8702a, OWN, BRIGHT_RED, -1, CANVAS_BOLD},
                        [THEME_TRAIN] = {0x56b4e9, OWN, BRIGHT_BLUE, -1, 0},
                        [THEME_VAL] = {0xe69f00, OWN, YELLOW, -1, 0},
                        [THEME_TEST] = {0xf6efa6, OWN, BRIGHT_YELLOW, -1, 0},
                        [THEME_OTHER] = {0x8c8c8c, OWN, WHITE, -1, 0},
                        [THEME_GATE] = {0x1fb588, OWN, BRIGHT_CYAN, -1, 0},
                        [THEME_TEMP] = {0xe6aecf, OWN, MAGENTA, -1, 0},
                        [THEME_FROZEN] = {0xc3d9ee, OWN, BRIGHT_WHITE, -1, 0},
                        [THEME_MARK] = {0xf0e442, OWN, BRIGHT_YELLOW, -1, CANVAS_BOLD},
                    },
                .heat = {COUNT(cividis), cividis},
                .change = {COUNT(blue_orange), blue_orange},
            },
};

/* Where there are no colours, for all themes. */
static const uint8_t plain[THEME_ROLES] = {
    [THEME_DIM] = CANVAS_DIM,
    [THEME_TITLE] = CANVAS_BOLD,
    [THEME_FRAME] = CANVAS_DIM,
    [THEME_BAR] = CANVAS_REVERSE,
    [THEME_SELECTED] = CANVAS_REVERSE | CANVAS_BOLD,
    [THEME_GOOD] = CANVAS_BOLD,
    [THEME_WARN] = CANVAS_UNDERLINE,
    [THEME_BAD] = CANVAS_BOLD | CANVAS_UNDERLINE,
    [THEME_VAL] = CANVAS_BOLD,
    [THEME_TEST] = CANVAS_UNDERLINE,
    [THEME_OTHER] = CANVAS_DIM,
    [THEME_FROZEN] = CANVAS_DIM | CANVAS_UNDERLINE,
    [THEME_MARK] = CANVAS_BOLD,
};

const struct theme *theme_named(const char *name) {
    for (size_t i = 0; i < COUNT(themes); i++)
        if (!strcmp(themes[i].name, name))
            return &themes[i];
    return NULL;
}

const struct theme *theme_at(size_t i) {
    return i < COUNT(themes) ? &themes[i] : NULL;
}

const char *theme_name(const struct theme *t) {
    return t->name;
}

uint32_t theme_ansi(int index) {
    static const uint32_t colors[] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
                                      0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    return index >= 0 && index < (int)COUNT(colors) ? colors[index] : CANVAS_DEFAULT;
}

/* Eight colours have no bright ones: bold stands for these, and grey is ordinary ink made dim. */
static struct style of_eight(const struct theme *t, const struct look *l) {
    struct style s = {theme_ansi(l->ansi_ink), theme_ansi(l->ansi_paper), l->attributes};
    if (l->ansi_ink == BRIGHT) {
        s.ink = theme_ansi(t->roles[THEME_TEXT].ansi_ink);
        s.attributes |= CANVAS_DIM;
    } else if (l->ansi_ink > BRIGHT) {
        s.ink = theme_ansi(l->ansi_ink - BRIGHT);
        s.attributes |= CANVAS_BOLD;
    }
    if (l->ansi_paper > BRIGHT)
        s.paper = theme_ansi(l->ansi_paper - BRIGHT);
    return s;
}

struct style theme_style(const struct paint *p, enum theme_role role) {
    const struct look *l = &p->theme->roles[role];
    if (p->colors <= 0)
        return (struct style){OWN, OWN, plain[role]};
    if (p->colors < 16)
        return of_eight(p->theme, l);
    if (p->colors < 256)
        return (struct style){theme_ansi(l->ansi_ink), theme_ansi(l->ansi_paper), l->attributes};
    return (struct style){l->ink, l->paper, l->attributes};
}

uint32_t theme_mix(uint32_t a, uint32_t b, double share) {
    uint32_t mix = 0;
    share = share > 0 ? fmin(share, 1) : 0;
    if (a == OWN || b == OWN)
        return share < 0.5 ? a : b;
    for (int shift = 0; shift < 24; shift += 8) {
        double from = a >> shift & 0xff, to = b >> shift & 0xff;
        mix |= (uint32_t)lround(from + (to - from) * share) << shift;
    }
    return mix;
}

/* NaN counts as the low end. */
static uint32_t pick(const struct map *m, double share) {
    double place = (share > 0 ? fmin(share, 1) : 0) * (double)(m->count - 1);
    size_t i = (size_t)place;
    return i + 1 < m->count ? theme_mix(m->colors[i], m->colors[i + 1], place - (double)i) : m->colors[i];
}

uint32_t theme_heat(const struct theme *t, double share) {
    return pick(&t->heat, share);
}

uint32_t theme_change(const struct theme *t, double share) {
    return pick(&t->change, isnan(share) ? 0.5 : share / 2 + 0.5);
}

uint32_t theme_shade(double share) {
    static const char shades[] = " .:-=+*#%@";
    double place = (share > 0 ? fmin(share, 1) : 0) * (double)(sizeof shades - 1);
    size_t i = (size_t)place;
    return (unsigned char)shades[i < sizeof shades - 1 ? i : sizeof shades - 2];
}

int theme_distance(uint32_t a, uint32_t b) {
    static const int weight[] = {2, 4, 3}; /* blue, green, red: about how much eyes make of them */
    int sum = 0;
    for (int i = 0; i < 3; i++) {
        int d = (int)(a >> (8 * i) & 0xff) - (int)(b >> (8 * i) & 0xff);
        sum += weight[i] * d * d;
    }
    return sum;
}

/* Entries 0 to 15 are left alone: users give them colours of their own. */
int theme_palette(uint32_t rgb) {
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int cube = 0, grey = 0, sum = 0;
    uint32_t cube_rgb = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        int v = (int)(rgb >> shift & 0xff), level = v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
        cube = cube * 6 + level;
        cube_rgb = cube_rgb << 8 | (uint32_t)levels[level];
        sum += v;
    }
    grey = (sum / 3 - 3) / 10;
    grey = sum < 9 ? 0 : grey > 23 ? 23 : grey;
    uint32_t grey_rgb = (uint32_t)(8 + 10 * grey) * 0x010101;
    return theme_distance(rgb, grey_rgb) < theme_distance(rgb, cube_rgb) ? 232 + grey : 16 + cube;
}
