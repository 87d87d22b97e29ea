/* One subcommand of gptui (`gptui inspect FILE --json`): a row of constants and a function; a file each, cmd_NAME.c.
 *
 *     static int run(const struct arguments *a, struct error *e) { ... }
 *     const struct subcommand cmd_inspect = {
 *         .name = "inspect",
 *         .synopsis = "FILE [--json]",
 *         .summary = "what a checkpoint holds",
 *         .details = "Paragraphs for `gptui help inspect` and the man page.",
 *         .options = (const struct option[]){{"json", NULL, "print JSON"}, {NULL, NULL, NULL}},
 *         .run = run,
 *     };
 *
 * subcommands.def lists them; --help, the man page and completion are made from these rows. Main thread only. */
#ifndef APP_SUBCOMMAND_H
#define APP_SUBCOMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "core/data/dataset.h"
#include "core/error.h"
#include "core/settings.h"

struct page;

struct option {
    const char *name;     /* without the two dashes */
    const char *argument; /* "FILE"; NULL: a flag */
    const char *help;
};

/* An option as it was given. */
struct given_option {
    const char *name, *value; /* value: NULL for a flag */
};

/* What stood on the command line, checked against the rows. Filled by arguments_parse(). */
struct arguments {
    const struct subcommand *command;
    int count; /* positional arguments */
    const char **values;
    struct settings settings; /* defaults < recipe < --config file < --name value; where takes_settings */
    bool help, version;       /* --help, --version: nothing else was checked; main.c answers them */
    size_t options;           /* private: see arguments_has() */
    struct given_option *given;
};

struct subcommand {
    const char *name, *synopsis, *summary, *details;
    void (*more)(struct page *p); /* what a table has to add to `details`; may be NULL */
    const struct option *options; /* ends with a NULL name; may be NULL */
    bool takes_settings;          /* every setting of settings.def is an option, --config FILE too */
    const char *recipe;           /* what `auto` means here; NULL: by model and data */
    int least, most;              /* positional arguments; most < 0: any number */
    /* Returns the exit status of the program; with a negative code, `e` is printed and its exit status taken. */
    int (*run)(const struct arguments *a, struct error *e);
};

/* Whether an option, or a setting as an option, was given; its value, the last one given, NULL where there is none. */
bool arguments_has(const struct arguments *a, const char *option);
const char *arguments_value(const struct arguments *a, const char *option);

/* Options that several subcommands have; one that was not given leaves *out as it is. Errors: ERROR_USAGE. */
int arguments_count(const struct arguments *a, const char *option, int most, int *out, struct error *e); /* 1..most */
int arguments_threads(const struct arguments *a, const char *option, int *out, struct error *e);
int arguments_split(const struct arguments *a, enum split *out, struct error *e);  /* --split */
int arguments_theme(const struct arguments *a, const char **out, struct error *e); /* --theme */

/* The values of an option that may be given several times, one a call from *at = 0 on; NULL: there are no more. */
const char *arguments_next(const struct arguments *a, const char *option, size_t *at);

#endif
