/* What happened: a row a line, long ones wrapped, the newest at the bottom. */
#include "views/views.h"
#include "views/wrap.h"

enum { KIND = 9, TEXT = 11 }; /* columns of a line's letter and of its text; the clock is before them */
enum { LEAST_LEGEND_HEIGHT = 8 };

static const struct {
    char letter;
    enum theme_role letter_role, role;
    const char *help; /* NULL: the letter needs none */
} kinds[] = {
    [LOG_SAID] = {' ', THEME_TEXT, THEME_TEXT, NULL},
    [LOG_WARNING] = {'!', THEME_BAD, THEME_BAD, "warning"},
    [LOG_COMMAND] = {'>', THEME_MARK, THEME_TEXT, "command"},
    [LOG_STRAY] = {'~', THEME_DIM, THEME_DIM, "from a library"},
    [LOG_EPOCH] = {'=', THEME_VAL, THEME_TEXT, "epoch"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static bool is_shown(const struct view_context *x, const struct view_log_line *line) {
    return wrap_holds(line->text, x->choice->filter);
}

/* The lines' part of the area, below the legend. */
static struct area lines_area(struct area a) {
    int top = a.height >= LEAST_LEGEND_HEIGHT ? 1 : 0;
    return canvas_part(a, top, 0, a.height - top, a.width);
}

static int total_rows(const struct view_context *x, int width) {
    int rows = 0;
    for (size_t i = 0; i < x->log_count; i++)
        rows += is_shown(x, &x->log[i]) ? wrap_rows(x->log[i].text, width) : 0;
    return rows;
}

static void draw_legend(const struct view_context *x, struct canvas *c, struct area a) {
    struct style dim = theme_style(&x->paint, THEME_DIM);
    int at = TEXT;
    canvas_text(c, a, 0, 1, dim, "h:mm:ss");
    for (int i = 0; i < KINDS; i++) {
        if (!kinds[i].help || at + 2 + canvas_columns(kinds[i].help) > a.width)
            continue;
        canvas_put(c, a, 0, at, (uint32_t)kinds[i].letter, theme_style(&x->paint, kinds[i].letter_role));
        at += 2 + canvas_text(c, a, 0, at + 2, dim, kinds[i].help) + 3;
    }
}

/* Of an intervention "^3 step 410: set gate.7 0.2" the number is that of the curves' marks. */
static void draw_number(const struct view_context *x, struct canvas *c, struct area a, int y, const char *text) {
    int n = 1;
    while (text[n] >= '0' && text[n] <= '9')
        n++;
    canvas_print(c, a, y, TEXT, theme_style(&x->paint, THEME_MARK), "%.*s", n, text);
}

/* The line whose first row is at `y`, which may lie above the area. */
static void draw_line(const struct view_context *x, struct canvas *c, struct area a, int y,
                      const struct view_log_line *line) {
    const struct wrap_mark mark = {x->choice->filter, theme_style(&x->paint, THEME_SELECTED)};
    long long s = line->clock > 0 && line->clock < 1e12 ? (long long)line->clock : 0;
    wrap_draw(c, a, y, TEXT, theme_style(&x->paint, kinds[line->kind].role), line->text, &mark);
    if (y < 0)
        return;
    canvas_print(c, a, y, 0, theme_style(&x->paint, THEME_DIM), "%2lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    canvas_put(c, a, y, KIND, (uint32_t)kinds[line->kind].letter,
               theme_style(&x->paint, kinds[line->kind].letter_role));
    if (line->text[0] == '^' && !*mark.text)
        draw_number(x, c, a, y, line->text);
}

static int overflow(const struct view_context *x, struct area a) {
    int rows = total_rows(x, a.width - TEXT), room = lines_area(a).height;
    return rows > room ? rows - room : 0;
}

static void draw(const struct view_context *x, struct canvas *c, struct area a) {
    struct area in = lines_area(a);
    int width = a.width - TEXT, rows = total_rows(x, width), most = rows > in.height ? rows - in.height : 0;
    int scroll = x->choice->scroll[VIEW_LOG] < most ? x->choice->scroll[VIEW_LOG] : most;
    int y = (rows < in.height ? rows : in.height) + scroll;
    if (in.height < a.height)
        draw_legend(x, c, a);
    for (size_t i = x->log_count; i-- > 0 && y > 0;) {
        if (!is_shown(x, &x->log[i]))
            continue;
        y -= wrap_rows(x->log[i].text, width);
        if (y < in.height)
            draw_line(x, c, in, y, &x->log[i]);
    }
    if (x->log_count == 0)
        canvas_text(c, in, 0, TEXT, theme_style(&x->paint, THEME_DIM), "nothing has happened yet");
    else if (rows == 0)
        canvas_print(c, in, 0, TEXT, theme_style(&x->paint, THEME_DIM), "no line holds \"%s\"", x->choice->filter);
}

const struct view log_view = {.name = "log", .title = "Log", .draw = draw, .overflow = overflow};
