/* Recipes: named settings to start from, from the table assets/recipes.def. Precedence: default < recipe < config file
 * < command line.
 *
 *     char name[SETTINGS_TEXT];
 *     if (recipes_choose(&wanted, name, &err) < 0 || recipes_apply(&s, name, &err) < 0) ...
 *
 * Any thread may call. */
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
    const char *group;                 /* of the paper's tasks: "FGVC", "VTAB natural" ...; NULL: another recipe */
};

size_t recipes_count(void);
const struct recipe *recipes_at(size_t i);
const struct recipe *recipes_find(const char *name); /* NULL: none */

/* The name of the recipe that `s` asks for. `auto` is "scenes" for the bundled backbone (model is empty) on `scenes:`
 * data, else "none". A task of the paper by its name alone is mae:TASK or moco:TASK, by the family of the backbone (the
 * bundled one and random ones count as MAE). Other names are given back, known or not. Errors: those of model_open(),
 * ERROR_USAGE: nothing was published for the backbone's family. */
int recipes_choose(const struct settings *s, char out[SETTINGS_TEXT], struct error *e);

/* The task of a recipe mae:TASK; NULL: of other ones. */
const char *recipes_task(const struct recipe *r);

/* A published result: top-1 in per cent, "" where it is not known here. */
struct recipe_result {
    const char *task, *family; /* a task, or a group: "FGVC, mean of 5"; "mae" or "moco" */
    const char *shallow, *deep, *gated;
};

size_t recipes_results(void);
const struct recipe_result *recipes_result_at(size_t i);
const struct recipe_result *recipes_result(const char *task, const char *family); /* NULL: none */

/* The value that a recipe gives to a setting; NULL: none. */
const char *recipes_value(const struct recipe *r, const char *setting);

/* Sets what the recipe names. Errors: ERROR_USAGE: unknown name (with the nearest one). */
int recipes_apply(struct settings *s, const char *name, struct error *e);

#endif
