/* The words after a subcommand's name, checked against its row.
 *
 *     struct arguments a;
 *     if (arguments_parse(&a, &cmd_inspect, argc - 2, argv + 2, &err) == 0)
 *         status = cmd_inspect.run(&a, &err);
 *     arguments_free(&a);
 *
 * --name value, --name=value, flags; `--` ends the options, `-` is no option. Where the row takes settings, each of
 * them is an option, flags with on or off, and --config FILE reads a file of them. Main thread only. */
#ifndef APP_ARGUMENTS_H
#define APP_ARGUMENTS_H

#include "app/subcommand.h"

/* Fills `out`, which borrows `words` and is to be freed after an error too. With --help or --version among the options
 * only that is noted. Errors: ERROR_USAGE: an unknown option (with the nearest one), a missing or surplus value, too
 * few or too many arguments (with the synopsis); those of settings_set(), settings_read(), recipes_apply(). */
int arguments_parse(struct arguments *out, const struct subcommand *command, int count, char **words, struct error *e);
void arguments_free(struct arguments *a);

/* Puts the settings given as options over `s`, read from a run folder that goes on. Errors: ERROR_USAGE: one of them is
 * fixed when a run starts, and differs. */
int arguments_override(const struct arguments *a, struct settings *s, struct error *e);

/* "gptui inspect FILE [--json]". Into out[size]; returns out. */
const char *arguments_usage(const struct subcommand *command, char *out, size_t size);

/* The options that subcommands have in common: --config where settings are taken, --help, --version. Ends with a NULL
 * name. */
const struct option *arguments_common(bool takes_settings);

#endif
