#include "app/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "app/recipes.h"
#include "core/nearest.h"
#include "core/number.h"
#include "views/theme.h"

static const struct option common[] = {
    {"config", "FILE", "a file of settings, one `name = value` a line"},
    {"help", NULL, "say what this does"},
    {"version", NULL, "say which version this is"},
    {NULL, NULL, NULL},
};

const struct option *arguments_common(bool takes_settings) {
    return takes_settings ? common : common + 1;
}

const char *arguments_usage(const struct subcommand *command, char *out, size_t size) {
    bool usual = strcmp(command->name, "run") == 0; /* may be left out */
    snprintf(out, size, "gptui %s%s%s%s%s", usual ? "[" : "", command->name, usual ? "]" : "",
             *command->synopsis ? " " : "", command->synopsis);
    return out;
}

static const struct option *find(const struct option *options, const char *name) {
    for (; options && options->name; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return NULL;
}

static void offer(struct nearest *near, const struct option *options) {
    for (; options && options->name; options++)
        nearest_offer(near, options->name);
}

static int refuse_unknown(const struct subcommand *command, const char *word, const char *name, struct error *e) {
    struct nearest near = nearest_to(name);
    offer(&near, command->options);
    offer(&near, arguments_common(command->takes_settings));
    for (size_t i = 0; command->takes_settings && i < settings_count(); i++)
        nearest_offer(&near, settings_at(i)->name);
    char see[100], hint[160];
    snprintf(see, sizeof see, "see `gptui %s --help`", command->name);
    return error_set(e, ERROR_USAGE, "unknown option \"%.80s\"%s", word,
                     nearest_hint(&near, "--", see, hint, sizeof hint));
}

/* Words not looked at yet. */
struct cursor {
    char **words;
    int count, next;
};

/* Parses the option at the cursor ("--name", "--name=value", "-h"). */
static int take_option(struct arguments *a, struct cursor *at, struct error *e) {
    const struct subcommand *command = a->command;
    const char *word = at->words[at->next++];
    if (strcmp(word, "-h") == 0)
        word = "--help";
    if (word[1] != '-')
        return refuse_unknown(command, word, word + 1, e);
    const char *equals = strchr(word, '=');
    char name[64];
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - word - 2) : (int)sizeof name, word + 2);

    const struct option *option = find(command->options, name);
    if (!option)
        option = find(arguments_common(command->takes_settings), name);
    const struct setting *setting = option || !command->takes_settings ? NULL : settings_find(name);
    if (!option && !setting)
        return refuse_unknown(command, word, name, e);

    struct given_option *given = &a->given[a->options++];
    given->name = option ? option->name : setting->name;
    if (option && !option->argument) {
        if (equals)
            return error_set(e, ERROR_USAGE, "--%s is followed by \"%.80s\", expected no value", name, equals);
        return 0;
    }
    given->value = equals ? equals + 1 : at->next < at->count ? at->words[at->next] : NULL;
    if (!given->value || (!equals && strncmp(given->value, "--", 2) == 0))
        return error_set(e, ERROR_USAGE, "--%s has no value, expected --%s %s", name, name,
                         option                          ? option->argument
                         : setting->type == SETTING_FLAG ? "on|off"
                                                         : "VALUE");
    at->next += !equals;
    return 0;
}

static int take_words(struct arguments *a, struct cursor *at, struct error *e) {
    bool options = true;
    while (at->next < at->count) {
        const char *word = at->words[at->next];
        if (!options || word[0] != '-' || !word[1]) {
            a->values[a->count++] = word;
            at->next++;
        } else if (strcmp(word, "--") == 0) {
            options = false;
            at->next++;
        } else {
            int result = take_option(a, at, e);
            if (result < 0)
                return result;
        }
    }
    return 0;
}

static int check_count(const struct arguments *a, struct error *e) {
    char usage[300];
    arguments_usage(a->command, usage, sizeof usage);
    if (a->count < a->command->least)
        return error_set(e, ERROR_USAGE, "an argument is missing, expected: %s", usage);
    if (a->command->most >= 0 && a->count > a->command->most)
        return error_set(e, ERROR_USAGE, "\"%.80s\" is one argument too many, expected: %s",
                         a->values[a->command->most], usage);
    return 0;
}

static int apply_given(const struct arguments *a, struct settings *s, struct error *e) {
    for (size_t i = 0; i < a->options; i++) {
        const struct given_option *given = &a->given[i];
        if (find(a->command->options, given->name) || !settings_find(given->name))
            continue;
        int r = settings_set(s, given->name, given->value, e);
        if (r < 0)
            return error_prefix(e, r, "--");
    }
    return 0;
}

/* Defaults, the recipe (NULL: none), the config file, the options. */
static int build_settings(struct arguments *a, const char *recipe, struct error *e) {
    struct settings *s = &a->settings;
    settings_default(s);
    int result = recipe ? recipes_apply(s, recipe, e) : 0;
    const char *config = arguments_value(a, "config");
    if (result == 0 && config)
        result = settings_read(s, config, e);
    return result < 0 ? result : apply_given(a, s, e);
}

int arguments_parse(struct arguments *out, const struct subcommand *command, int count, char **words, struct error *e) {
    memset(out, 0, sizeof *out);
    out->command = command;
    settings_default(&out->settings);
    out->values = calloc((size_t)count + 1, sizeof *out->values);
    out->given = calloc((size_t)count + 1, sizeof *out->given);
    if (!out->values || !out->given)
        return error_set(e, ERROR_MEMORY, "not enough memory for %d words of the command line", count);

    struct cursor at = {words, count, 0};
    int result = take_words(out, &at, e);
    out->help = arguments_has(out, "help");
    out->version = arguments_has(out, "version");
    if (out->help || out->version)
        return 0;
    if (result == 0)
        result = check_count(out, e);
    if (result < 0 || !command->takes_settings)
        return result;

    /* Which recipe is meant can stand in the config file, or depend on it. */
    char recipe[SETTINGS_TEXT];
    result = build_settings(out, NULL, e);
    if (result < 0)
        return result;
    bool automatic = strcmp(out->settings.recipe, "auto") == 0;
    if (automatic && command->recipe)
        snprintf(recipe, sizeof recipe, "%s", command->recipe);
    else
        result = recipes_choose(&out->settings, recipe, e);
    return result < 0 ? result : build_settings(out, recipe, e);
}

void arguments_free(struct arguments *a) {
    free(a->values);
    free(a->given);
    memset(a, 0, sizeof *a);
}

bool arguments_has(const struct arguments *a, const char *option) {
    for (size_t i = 0; i < a->options; i++)
        if (strcmp(a->given[i].name, option) == 0)
            return true;
    return false;
}

const char *arguments_value(const struct arguments *a, const char *option) {
    for (size_t i = a->options; i-- > 0;)
        if (strcmp(a->given[i].name, option) == 0)
            return a->given[i].value;
    return NULL;
}

const char *arguments_next(const struct arguments *a, const char *option, size_t *at) {
    while (*at < a->options) {
        const struct given_option *given = &a->given[(*at)++];
        if (strcmp(given->name, option) == 0)
            return given->value;
    }
    return NULL;
}

int arguments_override(const struct arguments *a, struct settings *s, struct error *e) {
    struct settings wanted = *s;
    int result = apply_given(a, &wanted, e);
    for (size_t i = 0; result == 0 && i < settings_count(); i++) {
        const struct setting *row = settings_at(i);
        char was[SETTINGS_TEXT], is[SETTINGS_TEXT];
        if (row->applies == LIVE ||
            strcmp(settings_get(s, row, was, sizeof was), settings_get(&wanted, row, is, sizeof is)) == 0)
            continue;
        return error_set(e, ERROR_USAGE,
                         "--%s is \"%.80s\", expected \"%.80s\" as in the run: it is fixed when a run "
                         "starts",
                         row->name, is, was);
    }
    if (result == 0)
        *s = wanted;
    return result;
}

int arguments_count(const struct arguments *a, const char *option, int most, int *out, struct error *e) {
    const char *text = arguments_value(a, option);
    uint64_t count;
    if (!text)
        return 0;
    if (!number_count(text, &count) || count < 1 || count > (uint64_t)most)
        return error_set(e, ERROR_USAGE, "%s is \"%.80s\", expected a whole number from 1 to %d", option, text, most);
    *out = (int)count;
    return 0;
}

int arguments_threads(const struct arguments *a, const char *option, int *out, struct error *e) {
    return arguments_count(a, option, (int)settings_find("threads")->high, out, e);
}

int arguments_split(const struct arguments *a, enum split *out, struct error *e) {
    const char *text = arguments_value(a, "split");
    if (text && !split_parse(text, out))
        return error_set(e, ERROR_USAGE, "split is \"%.80s\", expected train, val or test", text);
    return 0;
}

int arguments_theme(const struct arguments *a, const char **out, struct error *e) {
    const char *text = arguments_value(a, "theme");
    if (text && !theme_named(text))
        return error_set(e, ERROR_USAGE, "theme is \"%.80s\", expected dark, light or safe", text);
    *out = text ? text : *out;
    return 0;
}
