#include "app/subcommands.h"

#include <assert.h>
#include <string.h>

static const struct subcommand *const rows[] = {
#define X(row) &row,
#include "app/subcommands.def"
#undef X
};

size_t subcommands_count(void) {
    return sizeof rows / sizeof rows[0];
}

const struct subcommand *subcommands_at(size_t i) {
    assert(i < subcommands_count());
    return rows[i];
}

const struct subcommand *subcommands_find(const char *name) {
    for (size_t i = 0; i < subcommands_count(); i++)
        if (strcmp(rows[i]->name, name) == 0)
            return rows[i];
    return NULL;
}
