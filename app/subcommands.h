/* The rows of every subcommand, from subcommands.def. */
#ifndef APP_SUBCOMMANDS_H
#define APP_SUBCOMMANDS_H

#include "app/subcommand.h"

#define X(row) extern const struct subcommand row;
#include "app/subcommands.def"
#undef X
extern const struct option cmd_run_options[]; /* of run and pretrain */

size_t subcommands_count(void);
const struct subcommand *subcommands_at(size_t i);
const struct subcommand *subcommands_find(const char *name); /* NULL: none */

#endif
