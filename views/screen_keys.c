#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "views/screen_private.h"

/* curses knows the keys of the terminal's own description and hands on the bytes of all else. What it does not know,
 * modified arrows, mouse events and keys of terminals that call themselves another, is decoded here byte by byte, so
 * that a sequence may come in any number of pieces. */

#define ESC 27
#define LATE 0.3 /* seconds within which "[A" still belongs to an Esc that was reported for want of more */

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int screen_keys_open(struct screen_keys *k, struct error *e) {
    *k = (struct screen_keys){.size = -1, .escape = -1};
    WINDOW *pad = newpad(1, 1);
    if (!pad)
        return error_set(e, ERROR_MEMORY, "no memory for keys");
    keypad(pad, TRUE);
    nodelay(pad, TRUE);
    /* Else curses would swallow the head of a mouse event. */
    define_key(NULL, KEY_MOUSE);
    k->pad = pad;
    return 0;
}

void screen_keys_close(struct screen_keys *k) {
    if (k->pad)
        delwin(k->pad);
    *k = (struct screen_keys){0};
}

/* A key of this name, with its modifiers (1: Shift, 2: Alt, 4: Ctrl) before it. */
static bool named(struct screen_keys *k, struct screen_key *out, int modifiers, const char *name) {
    snprintf(k->name, sizeof k->name, "%s%s%s%s", modifiers & 4 ? "Ctrl-" : "", modifiers & 2 ? "Alt-" : "",
             modifiers & 1 ? "Shift-" : "", name);
    *out = (struct screen_key){.kind = SCREEN_KEY_NAMED, .name = k->name};
    return true;
}

static bool text(struct screen_keys *k, struct screen_key *out, uint32_t code) {
    if (code == ' ')
        snprintf(k->name, sizeof k->name, "Space");
    else
        canvas_encode(code, k->name);
    *out = (struct screen_key){.kind = SCREEN_KEY_TEXT, .code = code, .name = k->name};
    return true;
}

/* A control character or a letter. */
static bool character(struct screen_keys *k, struct screen_key *out, int modifiers, uint32_t code) {
    char name[8] = {(char)(code + '@')};
    switch (code) {
    case '\t':
        return named(k, out, modifiers, "Tab");
    case '\r':
    case '\n':
        return named(k, out, modifiers, "Enter");
    case '\b':
    case 127:
        return named(k, out, modifiers, "Backspace");
    case ESC:
        return named(k, out, modifiers, "Esc");
    case 0:
        return named(k, out, modifiers | 4, "Space");
    }
    if (code < 32)
        return named(k, out, modifiers | 4, name);
    if (!modifiers)
        return text(k, out, code);
    return named(k, out, modifiers, code == ' ' ? "Space" : canvas_encode(code, name));
}

/* ---- keys that curses knows */

struct code_name {
    int code;
    const char *name;
};

static bool from_curses(struct screen_keys *k, struct screen_key *out, int code) {
    static const struct code_name names[] = {
        {KEY_UP, "Up"},
        {KEY_DOWN, "Down"},
        {KEY_LEFT, "Left"},
        {KEY_RIGHT, "Right"},
        {KEY_PPAGE, "PageUp"},
        {KEY_NPAGE, "PageDown"},
        {KEY_HOME, "Home"},
        {KEY_FIND, "Home"},
        {KEY_END, "End"},
        {KEY_SELECT, "End"},
        {KEY_LL, "End"},
        {KEY_BACKSPACE, "Backspace"},
        {KEY_DC, "Delete"},
        {KEY_IC, "Insert"},
        {KEY_ENTER, "Enter"},
        {KEY_BTAB, "Shift-Tab"},
        {KEY_SLEFT, "Shift-Left"},
        {KEY_SRIGHT, "Shift-Right"},
        {KEY_SR, "Shift-Up"},
        {KEY_SF, "Shift-Down"},
        {KEY_SHOME, "Shift-Home"},
        {KEY_SEND, "Shift-End"},
        {KEY_SPREVIOUS, "Shift-PageUp"},
        {KEY_SNEXT, "Shift-PageDown"},
        {KEY_SDC, "Shift-Delete"},
    };
    static const struct {
        const char *terminfo, *name;
    } modified[] = {{"kUP", "Up"},   {"kDN", "Down"},    {"kLFT", "Left"},     {"kRIT", "Right"}, {"kHOM", "Home"},
                    {"kEND", "End"}, {"kPRV", "PageUp"}, {"kNXT", "PageDown"}, {"kDC", "Delete"}};
    char f[8];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return named(k, out, 0, names[i].name);
    if (code >= KEY_F(1) && code <= KEY_F(63)) {
        snprintf(f, sizeof f, "F%d", code - KEY_F0);
        return named(k, out, 0, f);
    }
    /* Beyond KEY_MAX: names of terminfo's extensions, "kUP5" for Ctrl-Up: 1 and the modifiers. */
    const char *name = code > KEY_MAX ? keyname(code) : NULL;
    for (size_t i = 0; name && i < sizeof modified / sizeof *modified; i++) {
        size_t size = strlen(modified[i].terminfo);
        if (!strncmp(name, modified[i].terminfo, size) && name[size] >= '2' && name[size] <= '8' && !name[size + 1])
            return named(k, out, name[size] - '1', modified[i].name);
    }
    return false;
}

/* ---- escape sequences that it does not know */

/* The button of a mouse event, as xterm counts it. Releases and moves are nothing here. */
static bool mouse(struct screen_keys *k, struct screen_key *out, int button, int x, int y) {
    static const struct code_name buttons[] = {{0, "Click"}, {64, "WheelUp"}, {65, "WheelDown"}};
    for (size_t i = 0; i < sizeof buttons / sizeof *buttons; i++)
        /* 4, 8 and 16 are Shift, Alt and Ctrl. */
        if (buttons[i].code == (button & ~28)) {
            snprintf(k->name, sizeof k->name, "%s", buttons[i].name);
            *out = (struct screen_key){.kind = SCREEN_KEY_MOUSE, .name = k->name, .y = y - 1, .x = x - 1};
            return y > 0 && x > 0;
        }
    return false;
}

/* Numbers behind "[" or "[<", parted by ";": missing ones are 0. */
static void numbers(const char *s, int out[static 3]) {
    for (int i = 0; i < 3; i++) {
        long n = strtol(s, NULL, 10);
        out[i] = n < 0 || n > 65535 ? 0 : (int)n;
        s += strspn(s, "0123456789");
        s += *s == ';';
    }
}

static const char *name_of_final(char final) {
    static const char *const names[] = {"Up", "Down", "Right", "Left", "Begin", "End", NULL, "Home"};
    if (final >= 'A' && final <= 'H')
        return names[final - 'A'];
    return final == 'M' ? "Enter" : NULL;
}

/* "[5~" and the like: the numbers of the VT220. */
static const char *name_of_number(int n) {
    static const char *const names[] = {NULL, "Home", "Insert", "Delete", "End", "PageUp", "PageDown", "Home", "End",
                                        NULL, NULL,   "F1",     "F2",     "F3",  "F4",     "F5",       NULL,   "F6",
                                        "F7", "F8",   "F9",     "F10",    NULL,  "F11",    "F12"};
    return n >= 0 && n < (int)(sizeof names / sizeof *names) ? names[n] : NULL;
}

/* A whole sequence, without its Esc. False: none that means a key. */
static bool decode(struct screen_keys *k, struct screen_key *out) {
    const unsigned char *s = k->sequence;
    char final = (char)s[k->size - 1], numbered[SCREEN_SEQUENCE + 1];
    const char *name = NULL;
    int n[3];
    memcpy(numbered, s, (size_t)k->size);
    numbered[k->size] = 0;
    if (s[0] == '[' && s[1] == 'M')
        return mouse(k, out, s[2] - 32, s[3] - 32, s[4] - 32);
    bool is_mouse = s[0] == '[' && s[1] == '<';
    numbers(numbered + (is_mouse ? 2 : 1), n);
    if (is_mouse)
        return final == 'M' && mouse(k, out, n[0], n[1], n[2]);
    int modifiers = n[1] > 1 && n[1] <= 8 ? n[1] - 1 : 0;
    if (s[0] == '[' && final == '~')
        name = name_of_number(n[0]);
    else if (s[0] == '[' && final == 'Z')
        return named(k, out, 1, "Tab");
    else if (final >= 'P' && final <= 'S') {
        char f[] = {'F', (char)('1' + final - 'P'), 0};
        return named(k, out, modifiers, f);
    } else
        name = name_of_final(final);
    return name && named(k, out, modifiers, name);
}

/* Whether the sequence is whole: "O" and a letter, "[M" and three bytes, or "[" up to a byte from "@" to "~". */
static bool is_whole(const struct screen_keys *k) {
    const unsigned char *s = k->sequence;
    if (k->size < 2)
        return false;
    if (s[0] == 'O')
        return s[k->size - 1] >= '@';
    if (s[1] == 'M')
        return k->size == 5;
    return s[k->size - 1] >= '@' && s[k->size - 1] <= '~' && !(k->size == 2 && s[1] == '[');
}

enum step { GOES_ON, IS_KEY, IS_NOTHING };

/* One more byte of a sequence. */
static enum step extend(struct screen_keys *k, struct screen_key *out, int byte) {
    k->sequence[k->size++] = (unsigned char)byte;
    if (!is_whole(k)) {
        if (k->size == SCREEN_SEQUENCE)
            k->size = -1;
        return GOES_ON;
    }
    bool is_key = decode(k, out);
    k->size = -1;
    return is_key ? IS_KEY : IS_NOTHING;
}

/* A byte of text. Bytes that make no character are left out. */
static bool take_text(struct screen_keys *k, struct screen_key *out, int modifiers, int byte) {
    wchar_t wide = 0;
    char c = (char)byte;
    size_t size = mbrtowc(&wide, &c, 1, &k->partial);
    if (size == (size_t)-1)
        memset(&k->partial, 0, sizeof k->partial);
    if (size > 1)
        return false;
    return character(k, out, modifiers, (uint32_t)wide);
}

/* What follows an Esc: a sequence, Alt and a character, or nothing: then it was the key itself. */
static enum step after_escape(struct screen_keys *k, struct screen_key *out) {
    int byte = wgetch(k->pad);
    if (byte == ERR || byte == ESC || byte > 255) {
        if (byte != ERR)
            ungetch(byte);
        else
            k->escape = seconds();
        named(k, out, 0, "Esc");
        return IS_KEY;
    }
    if (byte == '[' || byte == 'O') {
        k->size = 0;
        return extend(k, out, byte);
    }
    return take_text(k, out, 2, byte) ? IS_KEY : GOES_ON;
}

/* "[" or "O" that comes late, with more behind it, on a slow line: the Esc was said already, but these are no text. */
static bool is_late(struct screen_keys *k, int byte) {
    if ((byte != '[' && byte != 'O') || k->escape < 0 || seconds() - k->escape > LATE)
        return false;
    int next = wgetch(k->pad);
    if (next == ERR)
        return false;
    ungetch(next);
    return true;
}

bool screen_keys_next(struct screen_keys *k, struct screen_key *out) {
    int code;
    while ((code = wgetch(k->pad)) != ERR) {
        enum step step = GOES_ON;
        if (k->size >= 0 && code <= 255)
            step = extend(k, out, code);
        else if (code > 255)
            step = from_curses(k, out, code) ? IS_KEY : IS_NOTHING;
        else if (code == ESC)
            step = after_escape(k, out);
        else if (is_late(k, code)) {
            k->size = 0;
            step = extend(k, out, code);
        } else
            step = take_text(k, out, 0, code) ? IS_KEY : GOES_ON;
        if (step == IS_KEY)
            return true;
    }
    return false;
}
