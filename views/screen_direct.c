#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "views/screen_private.h"

/* Behind the other headers: it makes macros of ordinary words. */
#include <term.h>

/* Most terminals show 1 << 24 colours, say so in COLORTERM, and yet call themselves one of 256: descriptions with
 * direct colours, xterm-direct and its kin, are seldom installed. So one is made here, from that of TERM: the same but
 * for what concerns colours. TERMINFO may hold a description instead of a place: "hex:", then its bytes, laid out as
 * term(5) says. */

#define MOST 32767 /* bytes */

struct description {
    unsigned char bytes[MOST];
    size_t size;
};

/* What does not fit is left out, and counted: size > MOST tells. */
static void put(struct description *d, const void *bytes, size_t size) {
    if (d->size + size <= MOST)
        memcpy(d->bytes + d->size, bytes, size);
    d->size += size;
}

/* Little-endian. */
static void put_number(struct description *d, int value, size_t size) {
    unsigned char bytes[4];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)((unsigned)value >> (8 * i) & 0xff);
    put(d, bytes, size);
}

static void align(struct description *d) {
    if (d->size % 2)
        put_number(d, 0, 1);
}

static size_t count(NCURSES_CONST char *const *names) {
    size_t n = 0;
    while (names[n])
        n++;
    return n;
}

/* Colour p1 is 0xRRGGBB. */
#define DIRECT(code) "\033[" code ";2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;%p1%{255}%&%dm"

static const char *string_of(NCURSES_CONST char *name) {
    static const char *const gone[] = {"initc", "initp", "oc", "scp", "setf", "setb"};
    if (!strcmp(name, "setaf"))
        return DIRECT("38");
    if (!strcmp(name, "setab"))
        return DIRECT("48");
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        if (!strcmp(name, gone[i]))
            return NULL;
    const char *s = tigetstr(name);
    return s == (const char *)-1 ? NULL : s;
}

static int number_of(NCURSES_CONST char *name) {
    return !strcmp(name, "colors") ? 1 << 24 : !strcmp(name, "pairs") ? 1 << 16 : tigetnum(name);
}

/* Offsets of all strings, then the strings. */
static void put_strings(struct description *d) {
    size_t offset = 0;
    for (size_t i = 0; strnames[i]; i++) {
        const char *s = string_of(strnames[i]);
        put_number(d, s ? (int)offset : -1, 2);
        offset += s ? strlen(s) + 1 : 0;
    }
    for (size_t i = 0; strnames[i]; i++) {
        const char *s = string_of(strnames[i]);
        if (s)
            put(d, s, strlen(s) + 1);
    }
}

static size_t size_of_strings(void) {
    size_t size = 0;
    for (size_t i = 0; strnames[i]; i++)
        size += string_of(strnames[i]) ? strlen(string_of(strnames[i])) + 1 : 0;
    return size;
}

static void describe(struct description *d, const char *term) {
    const size_t header[] = {01036, /* numbers have 32 bits */
                             strlen(term) + 1,
                             count(boolnames),
                             count(numnames),
                             count(strnames),
                             size_of_strings()};
    /* One flag beyond the standard's, and its name: curses takes colours for direct ones where RGB is set. */
    static const int extended[] = {1, 0, 0, 1, 4};
    d->size = 0;
    for (size_t i = 0; i < 6; i++)
        put_number(d, (int)header[i], 2);
    put(d, term, strlen(term) + 1);
    for (size_t i = 0; boolnames[i]; i++)
        put_number(d, strcmp(boolnames[i], "ccc") != 0 && tigetflag(boolnames[i]) > 0, 1);
    align(d);
    for (size_t i = 0; numnames[i]; i++)
        put_number(d, number_of(numnames[i]), 4);
    put_strings(d);
    align(d);
    for (size_t i = 0; i < 5; i++)
        put_number(d, extended[i], 2);
    put_number(d, 1, 2); /* the flag, and a byte to align */
    put_number(d, 0, 2); /* where its name begins */
    put(d, "RGB", 4);
}

static bool is_wanted(const char *term) {
    const char *says = getenv("COLORTERM");
    if (!says || (strcmp(says, "truecolor") != 0 && strcmp(says, "24bit") != 0))
        return false;
    /* GNU screen hands on COLORTERM of the terminal around it, and cannot do what it says. */
    if (!strncmp(term, "screen", 6) && !getenv("TMUX"))
        return false;
    int colors = tigetnum("colors");
    return colors >= 256 && colors < 1 << 24 && tigetstr("setaf") != (char *)-1;
}

static char *as_hex(const struct description *d) {
    char *text = malloc(5 + 2 * d->size);
    if (!text)
        return NULL;
    memcpy(text, "hex:", 5);
    for (size_t i = 0; i < d->size; i++) {
        text[4 + 2 * i] = "0123456789ABCDEF"[d->bytes[i] >> 4];
        text[5 + 2 * i] = "0123456789ABCDEF"[d->bytes[i] & 15];
    }
    text[4 + 2 * d->size] = 0;
    return text;
}

char *screen_direct_describe(const char *term, int out) {
    struct description *d = malloc(sizeof *d);
    char *text = NULL;
    int code;
    if (d && setupterm((NCURSES_CONST char *)(uintptr_t)term, out, &code) == OK) {
        if (is_wanted(term)) {
            describe(d, term);
            text = d->size <= MOST ? as_hex(d) : NULL;
        }
        del_curterm(cur_term);
    }
    free(d);
    return text;
}
