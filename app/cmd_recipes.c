#include <stdio.h>
#include <string.h>

#include "app/recipes.h"
#include "app/subcommand.h"

static const char *const families[] = {"mae", "moco"};

enum { FAMILIES = 2 };

/* The recipe FAMILY:TASK; NULL: none. */
static const struct recipe *recipe_of(const char *task, const char *family) {
    char name[128];
    snprintf(name, sizeof name, "%s:%s", family, task);
    return recipes_find(name);
}

/* The paper's tasks in the order of the table; NULL: another recipe. */
static const char *task_at(size_t i) {
    return recipes_task(recipes_at(i));
}

static void print_csv(void) {
    printf("task,group,family,batch,prompts,lr,gate-init,preprocess,augment,shallow,deep,gated\n");
    for (size_t i = 0; i < recipes_count(); i++)
        for (int f = 0; f < FAMILIES && task_at(i); f++) {
            const struct recipe *r = recipe_of(task_at(i), families[f]);
            const struct recipe_result *known = recipes_result(task_at(i), families[f]);
            static const char *const columns[] = {"batch", "prompts", "lr", "gate-init", "preprocess", "augment"};
            printf("%s,%s,%s", task_at(i), r->group, families[f]);
            for (int c = 0; c < 6; c++)
                printf(",%s", recipes_value(r, columns[c]));
            printf(",%s,%s,%s\n", known ? known->shallow : "", known ? known->deep : "", known ? known->gated : "");
        }
}

static void print_recipe(const char *task, const char *family) {
    const struct recipe *r = recipe_of(task, family);
    const struct recipe_result *known = recipes_result(task, family);
    printf("   %5s %4s %5s %4s %5s", recipes_value(r, "batch"), recipes_value(r, "prompts"), recipes_value(r, "lr"),
           recipes_value(r, "gate-init"), known ? known->gated : "-");
}

static void print_recipes(void) {
    printf("%-20s   %-27s   %s\n%-20s", "", "MAE ViT-B/16", "MoCo v3 ViT-B/16", "task");
    for (int f = 0; f < FAMILIES; f++)
        printf("   %5s %4s %5s %4s %5s", "batch", "P", "lr", "init", "top-1");
    printf("\n");
    for (size_t i = 0; i < recipes_count(); i++) {
        if (!task_at(i))
            continue;
        printf("%-20s", task_at(i));
        for (int f = 0; f < FAMILIES; f++)
            print_recipe(task_at(i), families[f]);
        printf("\n");
    }
    printf("P: prompts; init: gates start at sigmoid(-init); top-1: published, in %%, -: not known here\n");
}

static const char *known(const char *value) {
    return *value ? value : "-";
}

static void print_results(void) {
    printf("\n%-28s %-24s %s\n%-27s", "published top-1, %", "MAE ViT-B/16", "MoCo v3 ViT-B/16", "");
    for (int f = 0; f < FAMILIES; f++)
        printf(" %7s %7s %7s", "shallow", "deep", "gated");
    printf("\n");
    for (size_t i = 0; i < recipes_results(); i++) {
        const char *task = recipes_result_at(i)->task;
        if (strcmp(recipes_result_at(i)->family, families[0]) != 0)
            continue;
        printf("%-27s", task);
        for (int f = 0; f < FAMILIES; f++) {
            const struct recipe_result *r = recipes_result(task, families[f]);
            printf(" %7s %7s %7s", known(r ? r->shallow : ""), known(r ? r->deep : ""), known(r ? r->gated : ""));
        }
        printf("\n");
    }
}

static int run(const struct arguments *a, struct error *e) {
    (void)e;
    if (arguments_has(a, "csv")) {
        print_csv();
    } else {
        print_recipes();
        print_results();
    }
    return 0;
}

const struct subcommand cmd_recipes = {
    .name = "recipes",
    .synopsis = "[--csv]",
    .summary = "the paper's settings for each task, and its results",
    .details = "Lists Table 5 of arXiv 2306.05067 (batch, prompts, learning rate and GATE_INIT of gated prompt tuning "
               "for each task and backbone) and, where they are known here, the published results. `--recipe TASK` "
               "takes a task's settings for the backbone that is loaded; all others are those of the paper, too: 100 "
               "epochs, 10 of warm-up, schedule paper, the benchmark's own preparation of images.",
    .options =
        (const struct option[]){{"csv", NULL, "a row for each task and backbone, for programs"}, {NULL, NULL, NULL}},
    .run = run,
};
