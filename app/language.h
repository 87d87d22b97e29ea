/* The command language: one command a line, the same at the prompt, in scripts and in journals.
 *
 *     struct command c;
 *     if (language_parse("at step 120 freeze gate 3-6,9  # why not", "keyboard", &c, &err) == 0)
 *         language_format(&c, text, sizeof text);          // "at step 120 freeze gate 3-6,9"
 *
 * Words are parted by blanks; a word with blanks stands in double quotes, with \" and \\ inside; # starts a comment
 * where a word would start. The verbs are those of commands.def and screen_commands.def. Pure functions; any thread may
 * call. */
#ifndef APP_LANGUAGE_H
#define APP_LANGUAGE_H

#include <stddef.h>
#include <stdio.h>

#include "app/screen_command.h"
#include "app/script.h"
#include "core/error.h"
#include "core/train/command.h"

#define LANGUAGE_LINE 4096 /* bytes that hold any line, and whatever language_format() writes */

enum language_journal { JOURNAL_NEVER, JOURNAL_AS_WRITTEN, JOURNAL_AS_STOP };

struct language_verb {
    enum command_verb verb;
    const char *name, *syntax; /* the syntax without the name; "" where nothing follows */
    enum language_journal journal;
    const char *help, *examples; /* examples: one a line */
};

size_t language_verb_count(void);
const struct language_verb *language_verb_at(size_t i);
const struct language_verb *language_verb_of(enum command_verb verb);

/* What may stand before a command (`at`); `verb` and `journal` say nothing there. */
size_t language_prefix_count(void);
const struct language_verb *language_prefix_at(size_t i);

/* Parses one line. `origin` (FILE:LINE, "keyboard") is copied into the command, its end where it is too long. Errors:
 * ERROR_USAGE says what was found and what was expected; a line without a command is one. */
int language_parse(const char *line, const char *origin, struct command *out, struct error *e);

/* A line that language_parse() took for a command of the screen (COMMAND_SCREEN, its `line`), taken apart. */
int language_parse_screen(const char *line, struct screen_command *out, struct error *e);

/* What freeze and thaw act on, by name: the `i`th word that may follow them; NULL behind the last. */
const char *language_target(size_t i);

/* The command as canonical text, `at ...` included, that parses to the same command. Returns the length, or
 * ERROR_MEMORY where out[size] is too small. */
int language_format(const struct command *c, char *out, size_t size);

/* Reads a whole script from `f`, called `name` in errors, and checks it as script_check() does. Nothing is left to free
 * after an error. Errors: ERROR_IO, ERROR_MEMORY; ERROR_USAGE: the first bad line as NAME:LINE. */
int language_read(struct script *out, FILE *f, const char *name, struct error *e);

/* The same from text in memory; "" is a script of no lines. */
int language_read_text(struct script *out, const char *text, const char *name, struct error *e);

#endif
