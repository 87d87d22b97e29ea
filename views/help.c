/* Keys and commands, from the tables of the program. */
#include <string.h>

#include "views/views.h"
#include "views/wrap.h"

enum { NAME = 2, GAP = 2, TWO_COLUMNS = 110, LEAST_NAME = 9 };

static bool is_shown(const struct view_context *x, const struct view_help_line *line) {
    return wrap_holds(line->name, x->choice->filter) || wrap_holds(line->help, x->choice->filter);
}

/* The first line from `i` on that is not of its section. */
static size_t section_end(const struct view_context *x, size_t i) {
    size_t end = i;
    while (end < x->help_count && strcmp(x->help[end].section, x->help[i].section) == 0)
        end++;
    return end;
}

/* Columns for the names of a section; longer ones get a row of their own. */
static int name_width(const struct view_context *x, size_t from, size_t to, int width) {
    int wide = 0, most = width / 3 < LEAST_NAME ? LEAST_NAME : width / 3;
    for (size_t i = from; i < to; i++) {
        int n = canvas_columns(x->help[i].name);
        wide = n > wide && n <= most ? n : wide;
    }
    return wide < LEAST_NAME ? LEAST_NAME : wide;
}

static int draw_line(const struct view_context *x, struct canvas *c, struct area a, int y,
                     const struct view_help_line *line, int names) {
    const struct wrap_mark mark = {x->choice->filter, theme_style(&x->paint, THEME_SELECTED)};
    struct style name = theme_style(&x->paint, THEME_MARK), text = theme_style(&x->paint, THEME_TEXT);
    int rows = wrap_draw(c, a, y, NAME, name, line->name, &mark);
    if (canvas_columns(line->name) <= names)
        rows = 0;
    return rows + wrap_draw(c, a, y + rows, NAME + names + GAP, text, line->help, &mark);
}

/* Draws the lines from..to - 1 at row `y`; c NULL: only counts. Returns the rows. */
static int draw_lines(const struct view_context *x, struct canvas *c, struct area a, int y, size_t from, size_t to) {
    int start = y;
    for (size_t i = from, end; i < to; i = end) {
        end = section_end(x, i);
        int names = name_width(x, i, end, a.width);
        bool has_title = false;
        for (size_t k = i; k < end; k++) {
            if (!is_shown(x, &x->help[k]))
                continue;
            if (!has_title) {
                y += y > start; /* an empty row between sections */
                if (c)
                    canvas_text(c, a, y, 0, theme_style(&x->paint, THEME_TITLE), x->help[k].section);
                has_title = true;
                y++;
            }
            y += draw_line(x, c, a, y, &x->help[k], names);
        }
    }
    return y - start;
}

/* With room for it the first section, the keys, stands left and the others right. */
static int draw_all(const struct view_context *x, struct canvas *c, struct area a, int y) {
    bool is_wide = a.width >= TWO_COLUMNS;
    a.width--; /* text does not touch the edge */
    if (!is_wide || x->help_count == 0)
        return draw_lines(x, c, a, y, 0, x->help_count);
    size_t middle = section_end(x, 0);
    int half = a.width * 2 / 5;
    int left = draw_lines(x, c, canvas_part(a, 0, 0, a.height, half - 2), y, 0, middle);
    int right = draw_lines(x, c, canvas_part(a, 0, half, a.height, a.width - half), y, middle, x->help_count);
    return left > right ? left : right;
}

static int overflow(const struct view_context *x, struct area a) {
    int rows = draw_all(x, NULL, a, 0);
    return rows > a.height ? rows - a.height : 0;
}

static void draw(const struct view_context *x, struct canvas *c, struct area a) {
    int most = overflow(x, a), scroll = x->choice->scroll[VIEW_HELP];
    if (draw_all(x, c, a, -(scroll < most ? scroll : most)) == 0)
        canvas_print(c, a, 0, NAME, theme_style(&x->paint, THEME_DIM), "no key and no command holds \"%s\"",
                     x->choice->filter);
}

const struct view help_view = {.name = "help", .title = "Help", .draw = draw, .overflow = overflow};
