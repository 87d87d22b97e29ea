/* Recipes: named settings to start from, from the table recipes.def. Precedence: default < recipe < config file <
 * command line.
 *
 *     settings_default(&s);
 *     if (recipes_apply(&s, recipes_choose(&wanted), &err) < 0) ...
 *
 * Pure functions; any thread may call. */
#ifndef APP_RECIPES_H
#define APP_RECIPES_H

#include <stddef.h>

#include "core/error.h"
#include "core/settings.h"

struct recipe_value {
    const char *setting, *value;
};

struct recipe {
    const char *name, *help;
    const struct recipe_value *values; /* ends with a NULL setting */
};

size_t recipes_count(void);
const struct recipe *recipes_at(size_t i);
const struct recipe *recipes_find(const char *name); /* NULL: none */

/* The name of the recipe that `s` asks for. `auto` is "scenes" for the bundled backbone (model is empty) on `scenes:`
 * data, else "none"; other names are returned as they are, known or not. */
const char *recipes_choose(const struct settings *s);

/* Sets what the recipe names. Errors: ERROR_USAGE: unknown name (with the nearest one). */
int recipes_apply(struct settings *s, const char *name, struct error *e);

#endif
