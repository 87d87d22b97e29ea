#include "tests/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include <vterm.h>

struct terminal {
    VTerm *emulator;
    VTermScreen *screen;
    pid_t pid;
    int master, slave; /* the slave is kept open, so that its modes can be read when the child is gone */
    int height, width;
    int status; /* as waitpid() gives it, where has_ended */
    bool has_ended, is_alternate, has_mouse, cursor_visible;
    size_t bytes;
    struct termios before;
    char *text;
};

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *must(void *p, const char *what) {
    if (p)
        return p;
    perror(what);
    abort();
}

static void write_all(int out, const char *bytes, size_t size) {
    while (size) {
        ssize_t n = write(out, bytes, size);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        }
    }
}

/* ---- the emulator */

static int set_property(VTermProp property, VTermValue *value, void *context) {
    struct terminal *t = context;
    if (property == VTERM_PROP_ALTSCREEN)
        t->is_alternate = value->boolean;
    if (property == VTERM_PROP_MOUSE)
        t->has_mouse = value->number != VTERM_PROP_MOUSE_NONE;
    if (property == VTERM_PROP_CURSORVISIBLE)
        t->cursor_visible = value->boolean;
    return 1;
}

static void answer(const char *bytes, size_t size, void *context) {
    struct terminal *t = context;
    write_all(t->master, bytes, size);
}

static void create_emulator(struct terminal *t, bool is_utf8) {
    static const VTermScreenCallbacks callbacks = {.settermprop = set_property};
    t->emulator = must(vterm_new(t->height, t->width), "vterm_new");
    vterm_set_utf8(t->emulator, is_utf8);
    vterm_output_set_callback(t->emulator, answer, t);
    t->screen = vterm_obtain_screen(t->emulator);
    vterm_screen_set_callbacks(t->screen, &callbacks, t);
    vterm_screen_enable_altscreen(t->screen, 1);
    vterm_screen_reset(t->screen, 1);
}

/* ---- the child */

static void set_variable(const char *name, const char *value) {
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static struct winsize size_of(int height, int width) {
    return (struct winsize){.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
}

static _Noreturn void be_child(const struct terminal *t, const char *term, const char *locale,
                               terminal_function *function, void *context) {
    static const char *const unset[] = {"LINES", "COLUMNS", "COLORTERM", "NO_COLOR", "LANG", "LC_CTYPE"};
    close(t->master);
    if (login_tty(t->slave) < 0)
        _exit(126);
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        unsetenv(unset[i]);
    set_variable("TERM", term);
    set_variable("LC_ALL", locale);
    _exit(function(context));
}

struct terminal *terminal_run(int height, int width, const char *term, const char *locale, terminal_function *function,
                              void *context) {
    struct terminal *t = must(calloc(1, sizeof *t), "calloc");
    struct winsize size = size_of(height, width);
    *t = (struct terminal){.height = height, .width = width, .cursor_visible = true};
    if (openpty(&t->master, &t->slave, NULL, NULL, &size) < 0 || tcgetattr(t->slave, &t->before) < 0)
        must(NULL, "openpty");
    fcntl(t->master, F_SETFD, FD_CLOEXEC);
    create_emulator(t, locale && strstr(locale, "UTF-8"));
    fflush(NULL);
    t->pid = fork();
    if (t->pid < 0)
        must(NULL, "fork");
    if (t->pid == 0)
        be_child(t, term, locale, function, context);
    fcntl(t->slave, F_SETFD, FD_CLOEXEC);
    return t;
}

static int execute(void *context) {
    char *const *arguments = context;
    execv(arguments[0], arguments);
    return 127;
}

struct terminal *terminal_start(int height, int width, const char *term, const char *locale,
                                const char *const *arguments) {
    size_t count = 0;
    while (arguments[count])
        count++;
    /* execv() wants what it does not change to be changeable. */
    char **copy = must(calloc(count + 1, sizeof *copy), "calloc");
    for (size_t i = 0; i < count; i++)
        copy[i] = must(strdup(arguments[i]), "strdup");
    struct terminal *t = terminal_run(height, width, term, locale, execute, copy);
    for (size_t i = 0; i < count; i++)
        free(copy[i]);
    free(copy);
    return t;
}

static void reap(struct terminal *t) {
    if (!t->has_ended && waitpid(t->pid, &t->status, WNOHANG) == t->pid)
        t->has_ended = true;
}

void terminal_destroy(struct terminal *t) {
    if (!t)
        return;
    reap(t);
    if (!t->has_ended) {
        kill(t->pid, SIGKILL);
        waitpid(t->pid, &t->status, 0);
    }
    if (t->master >= 0)
        close(t->master);
    if (t->slave >= 0)
        close(t->slave);
    vterm_free(t->emulator);
    free(t->text);
    free(t);
}

pid_t terminal_pid(const struct terminal *t) {
    return t->pid;
}

/* ---- in and out */

void terminal_send(struct terminal *t, const char *bytes) {
    write_all(t->master, bytes, strlen(bytes));
}

void terminal_resize(struct terminal *t, int height, int width) {
    struct winsize size = size_of(height, width);
    t->height = height;
    t->width = width;
    vterm_set_size(t->emulator, height, width);
    if (ioctl(t->master, TIOCSWINSZ, &size) < 0)
        must(NULL, "TIOCSWINSZ");
}

void terminal_hang_up(struct terminal *t) {
    close(t->master);
    close(t->slave);
    t->master = t->slave = -1;
}

/* What comes within so many seconds. Returns the bytes; 0: none. */
static size_t take(struct terminal *t, double wait) {
    char bytes[16384];
    struct pollfd poll_in = {.fd = t->master, .events = POLLIN};
    if (t->master < 0) {
        usleep((useconds_t)(wait * 1e6));
        return 0;
    }
    if (poll(&poll_in, 1, (int)(wait * 1e3)) <= 0)
        return 0;
    ssize_t n = read(t->master, bytes, sizeof bytes);
    if (n <= 0)
        return 0;
    vterm_input_write(t->emulator, bytes, (size_t)n);
    t->bytes += (size_t)n;
    return (size_t)n;
}

size_t terminal_settle(struct terminal *t, double quiet) {
    size_t before = t->bytes;
    while (take(t, quiet))
        ;
    return t->bytes - before;
}

bool terminal_until(struct terminal *t, bool (*condition)(struct terminal *t, void *context), void *context,
                    double limit) {
    double end = seconds() + limit;
    while (!condition(t, context)) {
        if (seconds() > end)
            return false;
        take(t, 0.01);
    }
    return true;
}

struct wanted {
    const char *text;
};

static bool holds(struct terminal *t, void *context) {
    const struct wanted *w = context;
    return terminal_find(t, w->text, NULL, NULL);
}

bool terminal_shows(struct terminal *t, const char *text, double limit) {
    return terminal_until(t, holds, &(struct wanted){text}, limit);
}

int terminal_finish(struct terminal *t, double limit) {
    double end = seconds() + limit;
    /* All that it has written stays readable after its end: the slave is still open. */
    while (reap(t), !t->has_ended && seconds() < end)
        take(t, 0.01);
    while (take(t, 0))
        ;
    if (!t->has_ended)
        return -1;
    return WIFSIGNALED(t->status) ? 128 + WTERMSIG(t->status) : WEXITSTATUS(t->status);
}

bool terminal_stops(struct terminal *t, double limit) {
    double end = seconds() + limit;
    int status;
    while (seconds() < end) {
        take(t, 0.01);
        if (waitpid(t->pid, &status, WNOHANG | WUNTRACED) != t->pid)
            continue;
        if (WIFSTOPPED(status))
            return true;
        t->status = status;
        t->has_ended = true;
        return false;
    }
    return false;
}

/* ---- what is seen */

static size_t encode(uint32_t glyph, char *out) {
    if (glyph < 0x80) {
        out[0] = (char)glyph;
        return 1;
    }
    if (glyph < 0x800) {
        out[0] = (char)(0xc0 | glyph >> 6);
        out[1] = (char)(0x80 | (glyph & 0x3f));
        return 2;
    }
    size_t rest = glyph < 0x10000 ? 2 : 3;
    out[0] = (char)((rest == 2 ? 0xe0 : 0xf0) | glyph >> (6 * rest));
    for (size_t i = 1; i <= rest; i++)
        out[i] = (char)(0x80 | (glyph >> (6 * (rest - i)) & 0x3f));
    return rest + 1;
}

/* Row y as UTF-8, blanks at its end cut off. Returns the end of it. */
static char *write_row(struct terminal *t, int y, char *out) {
    char *end = out;
    for (int x = 0; x < t->width; x++) {
        uint32_t glyph = terminal_cell(t, y, x).glyph;
        if (!glyph)
            continue;
        out += encode(glyph, out);
        if (glyph != ' ')
            end = out;
    }
    *end = 0;
    return end;
}

const char *terminal_text(struct terminal *t) {
    size_t most = (size_t)t->height * ((size_t)t->width * 4 + 1) + 1;
    free(t->text);
    t->text = must(malloc(most), "malloc");
    char *out = t->text;
    for (int y = 0; y < t->height; y++) {
        out = write_row(t, y, out);
        *out++ = '\n';
    }
    *out = 0;
    return t->text;
}

bool terminal_find(struct terminal *t, const char *text, int *y, int *x) {
    char *row = must(malloc((size_t)t->width * 4 + 1), "malloc");
    bool found = false;
    for (int i = 0; i < t->height && !found; i++) {
        write_row(t, i, row);
        const char *at = strstr(row, text);
        if (!at)
            continue;
        found = true;
        if (y)
            *y = i;
        if (!x)
            continue;
        *x = 0;
        /* Bytes that begin a character, and the right halves of wide ones. */
        for (const char *p = row; p < at; p++)
            if (((unsigned char)*p & 0xc0) != 0x80)
                while (++*x < t->width && !terminal_cell(t, i, *x).glyph)
                    ;
    }
    free(row);
    return found;
}

static uint32_t color_of(const VTermColor *c) {
    if (VTERM_COLOR_IS_DEFAULT_FG(c) || VTERM_COLOR_IS_DEFAULT_BG(c))
        return TERMINAL_OWN;
    if (VTERM_COLOR_IS_INDEXED(c))
        return TERMINAL_PALETTE(c->indexed.idx);
    return (uint32_t)c->rgb.red << 16 | (uint32_t)c->rgb.green << 8 | c->rgb.blue;
}

struct terminal_cell terminal_cell(struct terminal *t, int y, int x) {
    VTermScreenCell cell;
    if (!vterm_screen_get_cell(t->screen, (VTermPos){y, x}, &cell))
        return (struct terminal_cell){.glyph = ' '};
    uint32_t glyph = cell.chars[0] == UINT32_MAX ? 0 : cell.chars[0] ? cell.chars[0] : ' ';
    return (struct terminal_cell){glyph,           color_of(&cell.fg),       color_of(&cell.bg),
                                  cell.attrs.bold, cell.attrs.underline > 0, cell.attrs.reverse};
}

void terminal_cursor(const struct terminal *t, int *y, int *x, bool *visible) {
    VTermPos place;
    vterm_state_get_cursorpos(vterm_obtain_state(t->emulator), &place);
    *y = place.row;
    *x = place.col;
    *visible = t->cursor_visible;
}

bool terminal_is_alternate(const struct terminal *t) {
    return t->is_alternate;
}

bool terminal_has_mouse(const struct terminal *t) {
    return t->has_mouse;
}

size_t terminal_bytes(const struct terminal *t) {
    return t->bytes;
}

struct termios terminal_modes(const struct terminal *t) {
    struct termios modes = {0};
    tcgetattr(t->slave, &modes);
    return modes;
}

struct termios terminal_modes_before(const struct terminal *t) {
    return t->before;
}
