#include "app/recipes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/model/model.h"
#include "core/nearest.h"

#define VALUES(...) ((const struct recipe_value[]){__VA_ARGS__, {NULL, NULL}})
/* The groups of tasks, and how they prepare their images. */
#define FGVC "FGVC", "fgvc", "crop-flip"
#define NATURAL "VTAB natural", "vtab", "none"
#define SPECIALIZED "VTAB specialized", "vtab", "none"
#define STRUCTURED "VTAB structured", "vtab", "none"
/* The numbers of one task, and what the paper does alike for all of them. */
#define PUBLISHED(batch, prompts, lr, init, group, preprocess, augment)                                                \
    VALUES({"batch", #batch}, {"prompts", #prompts}, {"lr", #lr}, {"gate-init", #init}, {"method", "gated"},           \
           {"epochs", "100"}, {"warmup", "10"}, {"schedule", "paper"}, {"preprocess", preprocess},                     \
           {"augment", augment}),                                                                                      \
        group

static const struct recipe recipes[] = {
#define RESULT(...)
#define RECIPE(name, help, ...) {name, help, VALUES(__VA_ARGS__), NULL},
#define PAPER(task, title, group, batch, prompts, lr, init, ...) /* MAE first, MoCo v3 below */                        \
    {"mae:" #task, "MAE on " title ", as published", PUBLISHED(batch, prompts, lr, init, group)},
#include "assets/recipes.def"
#undef RECIPE
#undef PAPER
#define RECIPE(name, help, ...)
#define PAPER(task, title, group, mae_batch, mae_prompts, mae_lr, mae_init, batch, prompts, lr, init)                  \
    {"moco:" #task, "MoCo v3 on " title ", as published", PUBLISHED(batch, prompts, lr, init, group)},
#include "assets/recipes.def"
#undef RECIPE
#undef PAPER
#undef RESULT
};

static const struct recipe_result results[] = {
#define RECIPE(...)
#define PAPER(...)
#define RESULT(...) {__VA_ARGS__},
#include "assets/recipes.def"
#undef RECIPE
#undef PAPER
#undef RESULT
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

const char *recipes_task(const struct recipe *r) {
    return strncmp(r->name, "mae:", 4) == 0 ? r->name + 4 : NULL;
}

size_t recipes_results(void) {
    return sizeof results / sizeof *results;
}

const struct recipe_result *recipes_result_at(size_t i) {
    assert(i < recipes_results());
    return &results[i];
}

const struct recipe_result *recipes_result(const char *task, const char *family) {
    for (size_t i = 0; i < recipes_results(); i++)
        if (strcmp(results[i].task, task) == 0 && strcmp(results[i].family, family) == 0)
            return &results[i];
    return NULL;
}

const char *recipes_value(const struct recipe *r, const char *setting) {
    for (const struct recipe_value *v = r->values; v->setting; v++)
        if (strcmp(v->setting, setting) == 0)
            return v->value;
    return NULL;
}

/* The recipe of a task for the backbone that is set. */
static int choose_for_backbone(const struct settings *s, char out[SETTINGS_TEXT], struct error *e) {
    enum model_family family = MODEL_MAE;
    int r = *s->model ? model_family_of(s->model, &family, e) : 0;
    if (r < 0)
        return r;
    if (family == MODEL_TIMM)
        return error_set(
            e, ERROR_USAGE,
            "recipe \"%.80s\": it was published for MAE and MoCo v3, but the backbone is neither; mae:%.80s "
            "or moco:%.80s was expected",
            s->recipe, s->recipe, s->recipe);
    snprintf(out, SETTINGS_TEXT, "%s:%.80s", family == MODEL_MOCO ? "moco" : "mae", s->recipe);
    return 0;
}

int recipes_choose(const struct settings *s, char out[SETTINGS_TEXT], struct error *e) {
    char paper[SETTINGS_TEXT + 8];
    snprintf(paper, sizeof paper, "mae:%s", s->recipe);
    if (!recipes_find(s->recipe) && recipes_find(paper))
        return choose_for_backbone(s, out, e);
    if (strcmp(s->recipe, "auto") != 0)
        snprintf(out, SETTINGS_TEXT, "%s", s->recipe);
    else
        snprintf(out, SETTINGS_TEXT, "%s", !*s->model && strncmp(s->data, "scenes:", 7) == 0 ? "scenes" : "none");
    return 0;
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
