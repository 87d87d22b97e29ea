/* What each block is worth, beside its row of the map: the results of `gptui whatif`. */
#include <stdio.h>
#include <string.h>

#include "views/gates_private.h"

/* What is shown of gates is what is lost without them; a temperature has no off, but a value that does nothing. */
static enum whatif_kind kind_shown(const struct view_context *x) {
    return x->choice->temps ? WHATIF_TEMP_1 : WHATIF_GATE_0;
}

static const char *title(const struct view_context *x) {
    return x->choice->temps ? "t=1" : "off";
}

bool gates_has_worth(const struct view_context *x) {
    return x->whatif && whatif_find(x->whatif, x->choice->temps ? WHATIF_TEMPS_1 : WHATIF_GATES_0, -1);
}

/* Less accuracy without the block is bad, more is good; noise is neither. */
static struct style style_of(const struct view_context *x, const struct whatif_row *row) {
    if (!whatif_is_clear(row))
        return theme_style(&x->paint, THEME_DIM);
    return theme_style(&x->paint, row->worse > row->better ? THEME_BAD : THEME_GOOD);
}

void gates_draw_worth(const struct view_context *x, struct canvas *c, struct area a, const struct gates_map *m) {
    int block = m->first;
    canvas_print_right(c, canvas_part(a, 0, 0, 1, a.width - 1), 0, 0, theme_style(&x->paint, THEME_TITLE), "%s pp",
                       title(x));
    for (int y = 1; y + m->tall <= a.height && block < m->rows; y += m->tall, block++) {
        const struct whatif_row *row = whatif_find(x->whatif, kind_shown(x), block);
        struct area at = canvas_part(a, y + (m->tall - 1) / 2, 0, 1, a.width);
        if (row)
            canvas_print_right(c, at, 0, 0, style_of(x, row), "%+.1f%c", 100 * whatif_change(x->whatif, row),
                               whatif_is_clear(row) ? '!' : ' ');
    }
}

/* Appends a piece at column `at` where there is room for all of it. Returns the column behind. */
static int append(struct canvas *c, struct area a, int at, struct style s, const char *piece) {
    return at + 2 + canvas_columns(piece) > a.width ? at : at + canvas_print(c, a, 0, at, s, ", %s", piece);
}

void gates_draw_source(const struct view_context *x, struct canvas *c, struct area a) {
    const struct whatif *w = x->whatif;
    bool stale = w->step != x->now->step;
    struct style s = theme_style(&x->paint, stale ? THEME_WARN : THEME_DIM);
    char piece[128];
    int n = snprintf(piece, sizeof piece, "%s: %s, %zu images, %sstep %llu", title(x), split_name(w->split), w->images,
                     stale ? "at " : "", (unsigned long long)w->step);
    if (stale)
        snprintf(piece + n, sizeof piece - (size_t)n, " (now %llu)", (unsigned long long)x->now->step);
    int at = canvas_text(c, a, 0, 0, s, piece); /* cut off where it must be: the rest means nothing without it */
    if (w->best)
        at = append(c, a, at, s, "best weights");
    at = append(c, a, at, s, x->choice->temps ? "top-1 with temperature 1" : "top-1 with the gate at 0");
    at = append(c, a, at, s, "! beyond noise");
    snprintf(piece, sizeof piece, "unchanged %.1f%%, standard error %.1f", 100 * whatif_top1(w, &w->rows[0]),
             100 * whatif_error(w, &w->rows[0]));
    append(c, a, at, s, piece);
}
