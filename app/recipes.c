#include "app/recipes.h"

#include <assert.h>
#include <string.h>

#include "core/nearest.h"

#define VALUES(...) ((const struct recipe_value[]){__VA_ARGS__, {NULL, NULL}})
/* How a benchmark prepares its images. */
#define FGVC "fgvc", "crop-flip"
#define VTAB "vtab", "none"
/* The numbers of one task, and what the paper does alike for all of them. */
#define PUBLISHED(batch, prompts, lr, init, preprocess, augment)                                                       \
    VALUES({"batch", #batch}, {"prompts", #prompts}, {"lr", #lr}, {"gate-init", #init}, {"method", "gated"},           \
           {"epochs", "100"}, {"warmup", "10"}, {"schedule", "paper"}, {"preprocess", preprocess},                     \
           {"augment", augment})

static const struct recipe recipes[] = {
#define RECIPE(name, help, ...) {name, help, VALUES(__VA_ARGS__)},
#define PAPER(task, title, benchmark, batch, prompts, lr, init, ...) /* MAE first, MoCo v3 below */                    \
    {"mae:" #task, "MAE on " title ", as published", PUBLISHED(batch, prompts, lr, init, benchmark)},
#include "app/recipes.def"
#undef RECIPE
#undef PAPER
#define RECIPE(name, help, ...)
#define PAPER(task, title, benchmark, mae_batch, mae_prompts, mae_lr, mae_init, batch, prompts, lr, init)              \
    {"moco:" #task, "MoCo v3 on " title ", as published", PUBLISHED(batch, prompts, lr, init, benchmark)},
#include "app/recipes.def"
#undef RECIPE
#undef PAPER
};

enum { RECIPES = sizeof recipes / sizeof recipes[0] };

size_t recipes_count(void) {
    return RECIPES;
}

const struct recipe *recipes_at(size_t i) {
    assert(i < RECIPES);
    return &recipes[i];
}

const struct recipe *recipes_find(const char *name) {
    for (size_t i = 0; i < RECIPES; i++)
        if (strcmp(recipes[i].name, name) == 0)
            return &recipes[i];
    return NULL;
}

const char *recipes_choose(const struct settings *s) {
    if (strcmp(s->recipe, "auto") != 0)
        return s->recipe;
    return !*s->model && strncmp(s->data, "scenes:", 7) == 0 ? "scenes" : "none";
}

int recipes_apply(struct settings *s, const char *name, struct error *e) {
    const struct recipe *recipe = recipes_find(name);
    if (!recipe) {
        struct nearest near = nearest_to(name);
        nearest_offer(&near, "auto");
        for (size_t i = 0; i < RECIPES; i++)
            nearest_offer(&near, recipes[i].name);
        char hint[128];
        return error_set(e, ERROR_USAGE, "unknown recipe \"%.80s\"%s", name,
                         nearest_hint(&near, "", "see `gptui help recipes`", hint, sizeof hint));
    }
    for (const struct recipe_value *v = recipe->values; v->setting; v++) {
        int result = settings_set(s, v->setting, v->value, e);
        if (result < 0)
            return result;
    }
    return 0;
}
