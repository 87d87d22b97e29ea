#include "app/help.h"

#include <string.h>

#include "app/help_topics.h"
#include "app/subcommands.h"
#include "core/nearest.h"

enum { NARROW = 20, WIDE = 24 }; /* where the text of items starts */

/* The options of `run` that are used most. */
static const char *const usual[] = {"model",  "data",    "recipe",   "method", "prompts", "lr",
                                    "epochs", "threads", "headless", "out",    "config",  "resume"};

static const struct option *find_option(const char *name) {
    for (const struct option *o = subcommands_at(0)->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

static void write_usual(struct page *p) {
    page_heading(p, "Options used most (all of them: gptui run --help, gptui help settings)");
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        const struct setting *setting = settings_find(usual[i]);
        const struct option *option = find_option(usual[i]);
        char name[80], argument[80];
        snprintf(name, sizeof name, "--%s", usual[i]);
        if (option)
            page_item(p, name, option->argument, option->help);
        else if (setting)
            page_item(p, name, help_topics_argument(setting, argument, sizeof argument), setting->help);
        else
            page_item(p, name, "FILE", "a file of settings, one `name = value` a line");
    }
}

static void write_program(struct page *p) {
    page_text(p, "Usage: gptui [run] [SCRIPT] [--OPTION VALUE]...\n       gptui SUBCOMMAND [ARGUMENT]... [--OPTION "
                 "VALUE]...");
    page_text(p, help_topics_about);
    page_heading(p, "Subcommands");
    for (size_t i = 0; i < subcommands_count(); i++)
        page_item(p, subcommands_at(i)->name, NULL, subcommands_at(i)->summary);
    write_usual(p);
    page_heading(p, "Examples");
    for (const struct help_example *x = help_topics_examples; x->line; x++)
        page_example(p, x->line);
    char more[300] = "More: gptui help TOPIC, with a subcommand as TOPIC, or";
    for (size_t i = 0; i < help_topics_count(); i++)
        snprintf(more + strlen(more), sizeof more - strlen(more), "%s %s",
                 i == 0                         ? ""
                 : i + 1 == help_topics_count() ? " or"
                                                : ",",
                 help_topics_at(i)->name);
    page_text(p, more);
}

static int refuse(const char *topic, struct error *e) {
    struct nearest near = nearest_to(topic);
    for (size_t i = 0; i < help_topics_count(); i++)
        nearest_offer(&near, help_topics_at(i)->name);
    for (size_t i = 0; i < subcommands_count(); i++)
        nearest_offer(&near, subcommands_at(i)->name);
    char hint[160];
    return error_set(e, ERROR_USAGE, "no help on \"%.80s\"%s", topic,
                     nearest_hint(&near, "", "see `gptui help` for the topics", hint, sizeof hint));
}

int help_print(FILE *f, int width, const char *topic, struct error *e) {
    struct page p = {.f = f, .form = PAGE_TEXT, .width = width, .column = WIDE};
    const struct help_topic *found = topic ? help_topics_find(topic) : NULL;
    const struct subcommand *command = topic ? subcommands_find(topic) : NULL;
    if (topic && !found && !command)
        return refuse(topic, e);
    if (!topic) {
        p.column = NARROW;
        write_program(&p);
    }
    if (command)
        help_topics_subcommand(&p, command);
    if (found) { /* of one name with a subcommand: both */
        char title[120];
        snprintf(title, sizeof title, "%s: %s", found->title, found->summary);
        page_heading(&p, title);
        found->write(&p);
    }
    return 0;
}
