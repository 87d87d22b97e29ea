#include <assert.h>
#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "views/screen_private.h"

/* Clicks and the wheel, as numbers in decimals: columns beyond 223 fit. */
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"

struct screen {
    SCREEN *curses;
    FILE *in_file, *out_file; /* of duplicates: curses closes nothing of the caller's */
    int in, out;
    struct termios before;
    bool has_mouse, is_away, redraw;
    enum glyphs glyphs;
    struct canvas shown; /* as the terminal shows it; cells NULL: not known */
    int cursor_y, cursor_x;
    cchar_t *row; /* [width] */
    struct screen_colors colors;
    struct screen_keys keys;
};

/* ---- ways out that nobody planned */

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define FATAL (sizeof fatal / sizeof *fatal)

/* What a signal handler needs: it may call neither curses nor malloc. */
static struct {
    volatile sig_atomic_t active; /* the terminal is ours */
    int in, out;
    struct termios before;
    char bytes[512]; /* that bring the terminal back */
    size_t size;
    struct sigaction previous[FATAL];
    char stack[65536];
    stack_t previous_stack;
    bool has_stack, is_set; /* handlers are installed */
} rescue;

static void write_all(int out, const char *bytes, size_t size) {
    while (size) {
        ssize_t n = write(out, bytes, size);
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        }
    }
}

/* A fault comes again when this returns, a signal that was sent is sent again: either way it meets what was installed
 * before, a debugger's or sanitizer's handler or the end. */
static void restore(int number, siginfo_t *info, void *context) {
    int error = errno;
    (void)context;
    if (rescue.active) {
        rescue.active = 0;
        write_all(rescue.out, rescue.bytes, rescue.size);
        tcsetattr(rescue.in, TCSANOW, &rescue.before);
    }
    for (size_t i = 0; i < FATAL; i++)
        if (fatal[i] == number)
            sigaction(number, &rescue.previous[i], NULL);
    if (info->si_code <= 0)
        raise(number);
    errno = error;
}

static void collect(const char *bytes) {
    for (; *bytes && rescue.size < sizeof rescue.bytes; bytes++) {
        /* "$<5>": so many milliseconds of padding, for terminals of paper. */
        if (!strncmp(bytes, "$<", 2) && strchr(bytes, '>'))
            bytes = strchr(bytes, '>');
        else
            rescue.bytes[rescue.size++] = *bytes;
    }
}

/* CAN first: it ends a sequence of which half was written. */
static void prepare_bytes(bool has_mouse) {
    static const char *const names[] = {"op", "sgr0", "cnorm", "rmkx", "rmcup"};
    rescue.size = 0;
    collect("\030");
    collect(has_mouse ? MOUSE_OFF : "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *s = tigetstr(names[i]);
        collect(s && s != (const char *)-1 ? s : "");
    }
    collect("\r\n");
}

static void catch_fatal(const struct screen *s) {
    /* Everything blocked: of a process in the background, tcsetattr() would stop it. */
    struct sigaction action = {.sa_sigaction = restore, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_sp = rescue.stack, .ss_size = sizeof rescue.stack}, now;
    sigfillset(&action.sa_mask);
    rescue.in = s->in;
    rescue.out = s->out;
    rescue.before = s->before;
    prepare_bytes(s->has_mouse);
    /* A sanitizer has brought its own. */
    rescue.has_stack =
        !sigaltstack(NULL, &now) && (now.ss_flags & SS_DISABLE) && !sigaltstack(&stack, &rescue.previous_stack);
    for (size_t i = 0; i < FATAL; i++)
        sigaction(fatal[i], &action, &rescue.previous[i]);
    rescue.is_set = true;
    rescue.active = 1;
}

static void release_fatal(void) {
    rescue.active = 0;
    for (size_t i = 0; i < FATAL; i++)
        sigaction(fatal[i], &rescue.previous[i], NULL);
    if (rescue.has_stack)
        sigaltstack(&rescue.previous_stack, NULL);
    rescue.has_stack = rescue.is_set = false;
}

/* ---- begin and end */

/* newterm() with a description of our own where that shows more. The environment is changed for its time alone. */
static SCREEN *new_terminal(const struct screen *s, const char *term) {
    char *description = screen_direct_describe(term, s->out);
    const char *place = getenv("TERMINFO");
    char *before = place ? strdup(place) : NULL;
    SCREEN *curses = NULL;
    if (description && (before || !place) && !setenv("TERMINFO", description, 1)) {
        curses = newterm(NULL, s->out_file, s->in_file);
        if (before)
            setenv("TERMINFO", before, 1);
        else
            unsetenv("TERMINFO");
    }
    free(before);
    free(description);
    return curses ? curses : newterm(NULL, s->out_file, s->in_file);
}

/* curses installs handlers of its own; signals are the caller's business. */
static SCREEN *start_curses(const struct screen *s, const char *term) {
    static const int theirs[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    struct sigaction before[4];
    for (int i = 0; i < 4; i++)
        sigaction(theirs[i], NULL, &before[i]);
    use_env(FALSE);
    use_tioctl(TRUE);
    SCREEN *curses = new_terminal(s, term);
    for (int i = 0; i < 4; i++)
        sigaction(theirs[i], &before[i], NULL);
    return curses;
}

static FILE *file_of(int descriptor, const char *mode) {
    int copy = dup(descriptor);
    FILE *f = copy < 0 ? NULL : fdopen(copy, mode);
    if (!f && copy >= 0)
        close(copy);
    return f;
}

static bool has_capability(const char *name) {
    const char *s = tigetstr(name);
    return s && s != (const char *)-1 && *s;
}

static void set_modes(struct screen *s) {
    raw();
    noecho();
    nonl();
    set_escdelay(25);
    leaveok(stdscr, TRUE);
    curs_set(0);
    s->has_mouse = has_capability("kmous");
}

/* Once it is the terminal's turn: mouse on or off. */
static void set_mouse(const struct screen *s, bool on) {
    const char *bytes = on ? MOUSE_ON : MOUSE_OFF;
    if (s->has_mouse)
        write_all(s->out, bytes, strlen(bytes));
}

static int make_room(struct screen *s, struct error *e) {
    int height = getmaxy(stdscr), width = getmaxx(stdscr);
    cchar_t *row = calloc((size_t)width, sizeof *row);
    if (!row)
        return error_set(e, ERROR_MEMORY, "no memory for a screen of %d x %d", height, width);
    free(s->row);
    s->row = row;
    s->redraw = true;
    return canvas_create(&s->shown, height, width, e);
}

static int open_files(struct screen *s, const struct screen_options *o, struct error *e) {
    if (!isatty(o->in) || !isatty(o->out) || tcgetattr(o->in, &s->before) < 0)
        return error_set(e, ERROR_IO, "%s is not a terminal", isatty(o->in) ? "standard output" : "standard input");
    s->in = o->in;
    s->out = o->out;
    s->in_file = file_of(o->in, "r");
    s->out_file = file_of(o->out, "w");
    if (s->in_file && s->out_file)
        return 0;
    return error_set(e, ERROR_IO, "the terminal cannot be opened: %s", strerror(errno));
}

static int open_curses(struct screen *s, struct error *e) {
    const char *term = getenv("TERM");
    if (!term || !*term)
        return error_set(e, ERROR_IO, "the kind of terminal is not known: TERM is not set");
    s->curses = start_curses(s, term);
    if (!s->curses)
        return error_set(e, ERROR_IO, "no description of the terminal TERM=%s is installed", term);
    if (!has_capability("cup"))
        return error_set(e, ERROR_IO, "the terminal TERM=%s cannot move its cursor", term);
    return 0;
}

int screen_open(struct screen **out, const struct screen_options *o, struct error *e) {
    struct screen *s = calloc(1, sizeof *s);
    *out = NULL;
    assert(!rescue.is_set);
    if (!s)
        return error_set(e, ERROR_MEMORY, "no memory for the screen");
    int code = open_files(s, o, e);
    if (!code)
        code = open_curses(s, e);
    if (!code) {
        s->glyphs = screen_glyphs_best(o->ascii, getenv("TERM"));
        set_modes(s);
        code = screen_colors_open(&s->colors, o->no_color, e);
    }
    if (!code)
        code = screen_keys_open(&s->keys, e);
    if (!code)
        code = make_room(s, e);
    if (code) {
        screen_close(s);
        return code;
    }
    s->cursor_y = -1;
    catch_fatal(s);
    set_mouse(s, true);
    *out = s;
    return 0;
}

void screen_close(struct screen *s) {
    if (!s)
        return;
    if (rescue.active)
        set_mouse(s, false);
    rescue.active = 0;
    screen_keys_close(&s->keys);
    if (s->curses) {
        if (!s->is_away) {
            endwin();
            tcsetattr(s->in, TCSANOW, &s->before);
        }
        delscreen(s->curses);
    }
    if (rescue.is_set)
        release_fatal();
    screen_colors_close(&s->colors);
    canvas_destroy(&s->shown);
    free(s->row);
    if (s->in_file)
        fclose(s->in_file);
    if (s->out_file)
        fclose(s->out_file);
    free(s);
}

void screen_paint(const struct screen *s, struct paint *out) {
    out->glyphs = s->glyphs;
    out->colors = s->colors.count;
}

void screen_size(const struct screen *s, int *height, int *width) {
    (void)s;
    *height = getmaxy(stdscr);
    *width = getmaxx(stdscr);
}

void screen_resize(struct screen *s) {
    struct winsize size;
    if (!ioctl(s->out, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
        resize_term(size.ws_row, size.ws_col);
    s->redraw = true;
}

/* ---- cells */

static bool is_same(const struct cell *a, const struct cell *b) {
    return a->glyph == b->glyph && a->style.ink == b->style.ink && a->style.paper == b->style.paper &&
           a->style.attributes == b->style.attributes;
}

/* The columns from *first to before *end of a row that differ from what is shown, halves of wide glyphs with their
 * other halves. False: none. */
static bool find_changes(const struct screen *s, const struct cell *now, const struct cell *shown, int width,
                         int *first, int *end) {
    *first = 0;
    *end = width;
    if (s->redraw)
        return width > 0;
    while (*first < width && is_same(&now[*first], &shown[*first]))
        ++*first;
    while (*end > *first && is_same(&now[*end - 1], &shown[*end - 1]))
        --*end;
    if (*first == *end)
        return false;
    while (*first > 0 && (now[*first].glyph == 0 || shown[*first].glyph == 0))
        --*first;
    while (*end < width && (now[*end].glyph == 0 || shown[*end].glyph == 0))
        ++*end;
    return true;
}

static attr_t attributes_of(uint8_t attributes) {
    return (attributes & CANVAS_BOLD ? WA_BOLD : 0) | (attributes & CANVAS_DIM ? WA_DIM : 0) |
           (attributes & CANVAS_UNDERLINE ? WA_UNDERLINE : 0) | (attributes & CANVAS_REVERSE ? WA_REVERSE : 0);
}

/* A cell as curses wants it; *columns is 2 for a wide glyph, and becomes 1 where a substitute stands for it. False: no
 * pair is left. */
static bool convert(struct screen *s, const struct cell *cell, int *columns, cchar_t *out) {
    uint32_t glyph = screen_glyphs_map(s->glyphs, cell->glyph ? cell->glyph : ' ', *columns);
    short pair = screen_colors_pair(&s->colors, cell);
    const wchar_t text[] = {(wchar_t)glyph, 0};
    if (pair < 0)
        return false;
    if (glyph != cell->glyph)
        *columns = 1;
    setcchar(out, text, attributes_of(cell->style.attributes), pair, NULL);
    return true;
}

/* Columns from `first` to before `end`. A wide glyph takes one element: curses makes its right half. */
static bool put_cells(struct screen *s, const struct cell *now, int y, int first, int end) {
    int count = 0, columns;
    for (int x = first; x < end; x += columns) {
        columns = x + 1 < end && now[x].glyph && now[x + 1].glyph == 0 ? 2 : 1;
        if (!convert(s, &now[x], &columns, &s->row[count++]))
            return false;
    }
    mvadd_wchnstr(y, first, s->row, count);
    return true;
}

/* Hands all rows that changed to curses. Returns 1: something changed, 0: nothing, -1: pairs ran out on the way. */
static int put_rows(struct screen *s, const struct canvas *c, int height, int width) {
    int changed = 0;
    for (int y = 0; y < height; y++) {
        const struct cell *now = &c->cells[(size_t)y * (size_t)c->width];
        struct cell *shown = &s->shown.cells[(size_t)y * (size_t)s->shown.width];
        int first, end;
        if (!find_changes(s, now, shown, width, &first, &end))
            continue;
        changed = 1;
        if (!put_cells(s, now, y, first, end))
            return -1;
        memcpy(&shown[first], &now[first], (size_t)(end - first) * sizeof *now);
    }
    return changed;
}

/* From nothing: what the terminal shows now is not known. Without memory for the new size nothing is shown. */
static bool start_over(struct screen *s) {
    if ((s->shown.height != getmaxy(stdscr) || s->shown.width != getmaxx(stdscr)) && make_room(s, NULL) < 0)
        return false;
    werase(stdscr);
    clearok(stdscr, TRUE);
    s->redraw = true;
    return true;
}

void screen_show(struct screen *s, const struct canvas *c, int cursor_y, int cursor_x) {
    if (s->is_away || (s->redraw && !start_over(s)))
        return;
    int height = c->height < s->shown.height ? c->height : s->shown.height;
    int width = c->width < s->shown.width ? c->width : s->shown.width;
    screen_colors_frame(&s->colors);
    int changed = put_rows(s, c, height, width);
    if (changed < 0) {
        screen_colors_forget(&s->colors);
        s->redraw = true;
        changed = put_rows(s, c, height, width);
    }
    bool visible = cursor_y >= 0 && cursor_y < height && cursor_x >= 0 && cursor_x < width;
    if (visible != (s->cursor_y >= 0)) {
        curs_set(visible);
        leaveok(stdscr, !visible);
        changed = 1;
    }
    if (visible && (cursor_y != s->cursor_y || cursor_x != s->cursor_x))
        changed = 1;
    s->cursor_y = visible ? cursor_y : -1;
    s->cursor_x = cursor_x;
    if (visible)
        move(cursor_y, cursor_x);
    if (!changed && !s->redraw)
        return;
    s->redraw = false;
    wnoutrefresh(stdscr);
    doupdate();
}

bool screen_key(struct screen *s, struct screen_key *out) {
    return !s->is_away && screen_keys_next(&s->keys, out);
}

/* ---- away and back */

void screen_suspend(struct screen *s) {
    if (s->is_away)
        return;
    set_mouse(s, false);
    def_prog_mode();
    rescue.active = 0;
    endwin();
    tcsetattr(s->in, TCSANOW, &s->before);
    s->is_away = true;
}

void screen_continue(struct screen *s) {
    if (!s->is_away)
        return;
    /* What the shell has set meanwhile is what it gets back. */
    if (!tcgetattr(s->in, &s->before))
        rescue.before = s->before;
    s->is_away = false;
    reset_prog_mode();
    screen_resize(s);
    clearok(curscr, TRUE);
    wnoutrefresh(stdscr);
    doupdate();
    rescue.active = 1;
    set_mouse(s, true);
}
