#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "tests/screen_play.h"

static volatile sig_atomic_t resized, hung_up;

static void on_resize(int number) {
    (void)number;
    resized = 1;
}

static void on_hang_up(int number) {
    (void)number;
    hung_up = 1;
}

/* Until the stack is used up. */
static int dig(volatile int *depth) {
    volatile int here[1024] = {*depth, 0, 0};
    here[1] = 1 + here[0];
    return here[1] > 1 << 20 ? 0 : dig(&here[1]) + here[2];
}

static void die_of(const char *how) {
    struct rlimit small = {1 << 20, 1 << 20};
    volatile int depth = 0;
    if (!strcmp(how, "f"))
        *(volatile char *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
    if (!strcmp(how, "d") && !setrlimit(RLIMIT_STACK, &small))
        dig(&depth);
    if (!strcmp(how, "a"))
        abort();
    if (!strcmp(how, "b"))
        raise(SIGBUS);
}

struct player {
    struct screen *screen;
    struct canvas canvas;
    const struct screen_play *act;
    int frame, cursor;
    char echo[1024];
};

static void show(struct player *p) {
    int height, width;
    screen_size(p->screen, &height, &width);
    canvas_create(&p->canvas, height, width, NULL);
    if (p->act->draw)
        p->act->draw(&p->canvas, p->frame);
    if (p->act->echo)
        canvas_text(&p->canvas, canvas_all(&p->canvas), 0, 0, p->canvas.ground, p->echo);
    screen_show(p->screen, &p->canvas, p->cursor ? 1 : -1, p->cursor);
}

static void note(struct player *p, const struct screen_key *key) {
    size_t used = strlen(p->echo);
    /* After a full stop the next text begins. */
    if (used > 1 && !strcmp(p->echo + used - 2, ".;"))
        p->echo[used = 0] = 0;
    char place[32] = "";
    if (key->kind == SCREEN_KEY_MOUSE)
        snprintf(place, sizeof place, "@%d,%d", key->y, key->x);
    snprintf(p->echo + used, sizeof p->echo - used, "%s%s%s;", key->name, place,
             key->kind == SCREEN_KEY_TEXT ? "" : "!");
}

/* False: it is over. */
static bool obey(struct player *p, const struct screen_key *key) {
    if (!strcmp(key->name, "q"))
        return false;
    note(p, key);
    if (p->act->echo)
        return true;
    if (!strcmp(key->name, "n"))
        p->frame++;
    else if (!strcmp(key->name, "c"))
        p->cursor++;
    else if (!strcmp(key->name, "z")) {
        screen_suspend(p->screen);
        raise(SIGSTOP);
        screen_continue(p->screen);
    } else
        die_of(key->name);
    return true;
}

int screen_play_run(void *context) {
    const struct screen_play *act = context;
    struct player p = {.act = act};
    struct error e = {0};
    struct screen_options options = act->options;
    struct screen_key key;
    bool goes_on = true;
    options.out = 1;
    setlocale(LC_CTYPE, "");
    if (act->colorterm)
        setenv("COLORTERM", act->colorterm, 1);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    signal(SIGABRT, SIG_DFL);
    if (screen_open(&p.screen, &options, &e) < 0) {
        printf("%d %s\n", e.code, e.text);
        fflush(stdout);
        return 3;
    }
    signal(SIGWINCH, on_resize);
    signal(SIGHUP, on_hang_up);
    show(&p);
    while (goes_on && !hung_up) {
        struct pollfd in = {.fd = 0, .events = POLLIN};
        poll(&in, 1, 2);
        bool changed = resized;
        if (resized) {
            resized = 0;
            screen_resize(p.screen);
        }
        while (goes_on && screen_key(p.screen, &key)) {
            goes_on = obey(&p, &key);
            changed = true;
        }
        if (changed && goes_on)
            show(&p);
    }
    screen_close(p.screen);
    canvas_destroy(&p.canvas);
    return 0;
}

struct terminal *screen_play_start(const char *term, const char *locale, const struct screen_play *play) {
    return terminal_run(12, 40, term, locale, screen_play_run, (void *)(uintptr_t)play);
}

void screen_play_stop(struct terminal *t) {
    terminal_send(t, "q");
    assert_int_equal(terminal_finish(t, SOON), 0);
    terminal_destroy(t);
}
