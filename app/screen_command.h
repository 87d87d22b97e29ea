/* Commands that act on the screen (screen_commands.def), parsed. The command language (language.h) hands their words
 * over; the workbench (workbench.h) carries them out.
 *
 *     const char *words[] = {"select", "block", "next"};
 *     struct screen_command c;
 *     if (screen_command_parse(&c, words, 3, &err) == 0) ...       // SCREEN_SELECT, what 0, SCREEN_NEXT
 *
 * Pure. */
#ifndef APP_SCREEN_COMMAND_H
#define APP_SCREEN_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum screen_verb {
#define VERB(constant, name, syntax, help, examples) constant,
#include "app/screen_commands.def"
#undef VERB
    SCREEN_VERBS
};

enum screen_what { SCREEN_BLOCK, SCREEN_HEAD, SCREEN_PROMPT, SCREEN_MASK, SCREEN_IMAGE, SCREEN_SAMPLE, SCREEN_SPLIT };
enum screen_shown { SCREEN_ALONE, SCREEN_MAP, SCREEN_TEMPS, SCREEN_ALL_SAMPLES };

/* Where to: a number, or a word of the tables in screen_command.c. */
enum screen_move {
    SCREEN_NUMBER,
    SCREEN_NEXT,
    SCREEN_PREVIOUS,
    SCREEN_NEXT_WRONG,
    SCREEN_PREVIOUS_WRONG,
    SCREEN_ALL,
    SCREEN_OFF,
    SCREEN_ON,
    SCREEN_SWITCH, /* to the other of two */
    SCREEN_IN,
    SCREEN_OUT,
    SCREEN_LEFT,
    SCREEN_RIGHT,
    SCREEN_UP,
    SCREEN_DOWN,
    SCREEN_PAGE_UP,
    SCREEN_PAGE_DOWN,
    SCREEN_TOP,
    SCREEN_END,
    SCREEN_MORE,
    SCREEN_LESS,
    SCREEN_NAMED, /* text */
};

#define SCREEN_TEXT 1024

struct screen_command {
    enum screen_verb verb;
    enum screen_what what;   /* select */
    enum screen_shown shown; /* show */
    enum screen_move move;
    uint64_t number;
    int columns, rows; /* screenshot; 0: the screen's own */
    char text[SCREEN_TEXT];
};

struct screen_row {
    enum screen_verb verb;
    const char *name, *syntax, *help, *examples;
};

size_t screen_command_count(void);
const struct screen_row *screen_command_at(size_t i);
const struct screen_row *screen_command_find(const char *name); /* NULL: none of that name */

/* words[0] is the verb. Errors: ERROR_USAGE: what was found and what was expected, beginning with the verb. */
int screen_command_parse(struct screen_command *out, const char *const *words, size_t count, struct error *e);

/* The words that may stand at place `n` (1: behind the verb) of a command of this verb, one after another from i = 0;
 * NULL behind the last. For completion. */
const char *screen_command_word(enum screen_verb verb, size_t n, size_t i);

#endif
