#include "app/help_topics.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "app/arguments.h"
#include "app/keys.h"
#include "app/language.h"
#include "app/recipes.h"
#include "core/number.h"

const char help_topics_about[] =
    "Tunes prompts, gates and attention temperatures on a frozen, self-supervised vision transformer (gated prompt "
    "tuning), watched and steered live or from a script, and reproducible to the bit for any number of threads.";

const struct help_example help_topics_examples[] = {
    {"gptui", "the bundled backbone and task, live; ? helps"},
    {"gptui --headless --model mae_vitb.bin --data fgvc:cub:CUB --recipe cub", "your own, as published"},
    {"gptui --headless --resume runs/cub-1", "goes on, to the bit"},
    {NULL, NULL},
};

const char *help_topics_argument(const struct setting *row, char *out, size_t size) {
    static const char *const names[] = {
        [SETTING_INT] = "N", [SETTING_REAL] = "X", [SETTING_FLAG] = "on|off", [SETTING_CHOICE] = "NAME"};
    if (row->type != SETTING_TEXT) {
        snprintf(out, size, "%s", names[row->type]);
        return out;
    }
    size_t length = strcspn(row->unit, " "); /* "file or random:SHAPE": FILE */
    snprintf(out, size, "%.*s", (int)length, row->unit);
    for (char *at = out; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return out;
}

/* "prompt tokens [tokens, 1 to 100000; default 10]", the brackets on one line where they fit. */
static void describe(const struct setting *row, char *out, size_t size) {
    struct settings defaults;
    char value[SETTINGS_TEXT], low[NUMBER_TEXT], high[NUMBER_TEXT], range[128] = "";
    settings_default(&defaults);
    settings_get(&defaults, row, value, sizeof value);
    if (row->type == SETTING_INT || row->type == SETTING_REAL)
        snprintf(range, sizeof range, "%s%s%s to %s; ", row->unit, *row->unit ? ", " : "", number_print(row->low, low),
                 number_print(row->high, high));
    else if (strchr(row->unit, ' '))
        snprintf(range, sizeof range, "%s; ", row->unit);
    int used = snprintf(out, size, "%s ", row->help);
    snprintf(out + used, size - (size_t)used, "[%sdefault %s]%s", range, *value ? value : "empty",
             row->applies == LIVE ? " *" : "");
    page_keep(out + used);
}

static void write_shapes(struct page *p) {
#define X(name, dim, depth, heads, mlp, patch, image, description) page_detail(p, name, description);
#include "core/model/shapes.def"
#undef X
    page_detail(p, "SHAPE@SIDE", "for another side of the input");
}

static void write_settings(struct page *p) {
    page_text(p,
              "Each setting is an option on the command line (--lr 0.5 or --lr=0.5) and a line of a file for --config "
              "(lr = 0.5). Defaults give way to the recipe, the recipe to the file, the file to the command line.");
    page_text(p,
              "Those marked * may differ each time a run goes on, and never change its numbers. The others are fixed "
              "when it starts.");
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_at(i);
        if (i == 0 || strcmp(settings_group(i), settings_group(i - 1)) != 0)
            page_subheading(p, settings_group(i));
        char name[80], argument[80], text[2 * SETTINGS_TEXT];
        snprintf(name, sizeof name, "--%s", row->name);
        describe(row, text, sizeof text);
        page_item(p, name, help_topics_argument(row, argument, sizeof argument), text);
        for (const struct setting_choice *c = row->choices; c && c->text; c++)
            page_detail(p, c->text, c->help);
        if (strcmp(row->name, "model") == 0)
            write_shapes(p);
    }
}

static void write_verb(struct page *p, const struct language_verb *verb, bool journaled) {
    char text[1200], examples[400] = "";
    snprintf(text, sizeof text, "%s%s", verb->help, journaled ? " [journal]" : "");
    for (const char *at = verb->examples; *at;) {
        int length = (int)strcspn(at, "\n");
        snprintf(examples + strlen(examples), sizeof examples - strlen(examples), "\n%s%.*s",
                 at == verb->examples ? "Example: " : "         ", length, at);
        at += length + (at[length] == '\n');
    }
    page_keep(examples);
    if (strcmp(verb->examples, verb->name) != 0)
        strcat(text, examples);
    page_item(p, verb->name, verb->syntax, text);
}

static void write_screen_verbs(struct page *p) {
    for (size_t i = 0; i < screen_command_count(); i++) {
        const struct screen_row *row = screen_command_at(i);
        struct language_verb verb = {.name = row->name, .syntax = row->syntax, .help = row->help};
        verb.examples = row->examples;
        write_verb(p, &verb, false);
    }
}

static void write_commands(struct page *p) {
    page_text(p,
              "A script holds one command a line and runs from the top. Words are parted by blanks; a word with blanks "
              "stands in \"double quotes\"; # starts a comment. Training starts at the first wait, step or resume, "
              "or at the script's end. The whole script is checked before anything runs.");
    page_text(p, "Commands marked [journal] are written to the run's journal.gpt, which is itself a script.");
    page_subheading(p, "Verbs");
    for (size_t i = 0; i < language_verb_count(); i++) {
        const struct language_verb *verb = language_verb_at(i);
        write_verb(p, verb, verb->journal != JOURNAL_NEVER);
    }
    page_subheading(p, "Verbs of the screen");
    write_screen_verbs(p);
    page_subheading(p, "Before a command");
    for (size_t i = 0; i < language_prefix_count(); i++)
        write_verb(p, language_prefix_at(i), false);
    page_subheading(p, "Metrics of expect");
#define X(constant, name, help) page_item(p, name, NULL, help);
    COMMAND_METRICS(X)
#undef X
}

static void write_keys(struct page *p) {
    page_text(p, "A key means a command. Keys that change the run put it into the prompt, where Enter runs it and Esc "
                 "drops it.");
    page_text(p, "The prompt knows Tab for completion, Up and Down for history, Ctrl-A, Ctrl-E, Ctrl-U, Ctrl-W and "
                 "Ctrl-K.");
    for (size_t i = 0; i < keys_count(); i++) {
        const struct key *k = keys_at(i);
        char text[300], views[120];
        if (!*k->help)
            continue;
        keys_views(k, false, views, sizeof views);
        snprintf(text, sizeof text, "%s%s%s%s", k->help, *views ? " (" : "", views, *views ? ")" : "");
        page_item(p, k->name, NULL, text);
    }
}

static void write_recipes(struct page *p) {
    page_text(p,
              "A recipe sets several settings at once; the config file and the command line win over it. The default, "
              "auto, is scenes where the bundled backbone meets scenes: data, else none.");
    page_text(p,
              "mae: and moco: are Table 5 of arXiv 2306.05067, for MAE and MoCo v3 ViT-B/16; the name of a task alone, "
              "as cub, is the one of the backbone's family. `gptui recipes` has them in a table, the published results "
              "beside.");
    page_subheading(p, "Names");
    for (size_t i = 0; i < recipes_count(); i++) {
        const struct recipe *recipe = recipes_at(i);
        char text[600];
        size_t used = (size_t)snprintf(text, sizeof text, "%s", recipe->help);
        for (const struct recipe_value *v = recipe->values; v->setting && used < sizeof text; v++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", v == recipe->values ? "\n" : ", ",
                                     v->setting, v->value);
        page_item(p, recipe->name, NULL, text);
    }
}

/* Ends with a NULL line. */
static void write_items(struct page *p, const struct help_example *items) {
    for (; items->line; items++)
        page_item(p, items->line, NULL, items->text);
}

static void write_evaluation(struct page *p) {
    static const struct help_example splits[] = {
        {"train", "The images that are trained on, and nothing else."},
        {"val",
         "Evaluated after every epoch: what is chosen, is chosen on it. best.safetensors holds the weights of the "
         "epoch whose val top-1 was the greatest, the earliest of equals; a sweep takes the settings by the greatest, "
         "too."},
        {"test",
         "Reports and chooses nothing. Evaluated once, with the weights after the last epoch (--eval-test end): the "
         "number that a run and a sweep end with. --eval-test epoch evaluates it after every epoch besides, as the "
         "reference does, for its curve; the number at the end stays the same."},
        {NULL, NULL},
    };
    page_text(p, "Images are evaluated without flips and random crops. Those that cannot be read are left out of the "
                 "share, and counted. `gptui eval` and `gptui predict` take the last weights; --best takes "
                 "those that were best on val.");
    page_subheading(p, "Which split is for what");
    write_items(p, splits);
    page_text(p, "VTAB-1K as published (vtab:) trains on all 1,000 images, the 200 of val among them: its val top-1 is "
                 "of images that were trained on, and chooses nothing. To choose settings of your own, vtab800: trains "
                 "on the other 800.");
    page_text(p, "Over seeds, `gptui sweep` has the mean, the standard deviation (n - 1) and the 95% interval of "
                 "Student's t; a run that diverges counts as 0 on val, is left out of test, and is said. "
                 "`gptui recipes` has the published results.");
}

static void write_files(struct page *p) {
    static const struct help_example files[] = {
        {"settings.conf",
         "Every setting, in full: a file for --config. Comments tell the version, the CPU, the BLAS, and "
         "the hashes of model and data."},
        {"journal.gpt", "Every command that changed the run, as `at step N ...`: itself a script."},
        {"metrics.jsonl", "A JSON object a line for each step, evaluation and note."},
        {"last.safetensors",
         "Prompts, gates, temperatures, head, optimizer and position, as of the last save. --resume "
         "starts from it."},
        {"best.safetensors", "The same at the best evaluation on val."},
        {"model.safetensors",
         "Where weights of the backbone are tuned (full, bias, partial, pretraining): the backbone when the session "
         "ended, ready for --model."},
        {"splits/",
         "Where an fgvc: benchmark has no split files: the ones made here, as train.json, val.json and test.json that "
         "its folder can be given. splits-N/ are of the data that came in with the run's Nth swap."},
        {"whatif.csv",
         "What `gptui whatif` found: a line a clamped gate or temperature, `block` from 1, top1 and change "
         "as shares, and how many images it makes right (better) and wrong (worse)."},
        {NULL, NULL},
    };
    static const struct help_example fields[] = {
        {"kind", "step, eval or note."},
        {"step", "The step's number, from 0; of an evaluation: the steps done before it."},
        {"epoch, batch", "From 0."},
        {"loss",
         "Mean cross-entropy (pretraining: squared distance of hidden patches): of the batch, or of the split."},
        {"top1, top5", "Share of images whose class is the first, or among the first five; 0 to 1."},
        {"explained",
         "Pretraining, in place of top1: 1 - loss / baseline, the share of the hidden patches' variance explained."},
        {"baseline", "Pretraining, of an evaluation: the loss of predicting each hidden patch's mean."},
        {"lr", "The learning rate of the step, after the schedule."},
        {"seconds", "Wall time of the step; images_per_s the speed that makes."},
        {"gate_logits", "gamma of each gate after the step, block 1 first; the gate is sigmoid(gamma)."},
        {"temps", "The attention temperature of each block after the step."},
        {"split, images", "Of an evaluation: val or test, and how many images could be read."},
        {"class_top1", "Of an evaluation: the share that is right of each class's images."},
        {"text", "Of a note: what it says."},
        {NULL, NULL},
    };
    page_text(p, "A run writes into a folder of its own: --out FOLDER, or runs/NAME-K with the next free K. Files are "
                 "written beside their place, synced and renamed, so that a run that is killed leaves a folder that "
                 "--resume can go on from.");
    page_subheading(p, "The run folder");
    write_items(p, files);
    page_subheading(p, "Fields of metrics.jsonl");
    write_items(p, fields);
}

static void write_exit(struct page *p) {
    static const struct {
        int status;
        const char *meaning;
    } errors[] = {
#define X(name, status, meaning) {status, meaning},
#include "core/errors.def"
#undef X
    };
    page_item(p, "0", NULL, "done");
    for (int status = 1; status <= 4; status++) {
        char number[16], text[600] = "";
        snprintf(number, sizeof number, "%d", status);
        for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
            if (errors[i].status == status)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? "; " : "", errors[i].meaning);
        page_item(p, number, NULL, text);
    }
    page_item(p, "129", NULL, "the terminal went away (SIGHUP), and saved");
    page_item(p, "130", NULL, "interrupted (SIGINT), and saved");
    page_item(p, "143", NULL, "terminated (SIGTERM), and saved");
    page_text(p, "1 is also what --replay returns where the weights differ, and verify, predict and inspect where they "
                 "found something wrong.");
}

static const struct help_topic topics[] = {
    {"settings", "Settings", "every setting, its default and its range", write_settings},
    {"commands", "Commands", "the language of scripts and journals", write_commands},
    {"keys", "Keys", "what each key does on the screen", write_keys},
    {"recipes", "Recipes", "named settings to start from", write_recipes},
    {"evaluation", "Evaluation", "which split chooses, which one reports", write_evaluation},
    {"files", "Files", "the run folder", write_files},
    {"exit-codes", "Exit status", "what the program returns", write_exit},
};

size_t help_topics_count(void) {
    return sizeof topics / sizeof topics[0];
}

const struct help_topic *help_topics_at(size_t i) {
    assert(i < help_topics_count());
    return &topics[i];
}

const struct help_topic *help_topics_find(const char *name) {
    for (size_t i = 0; i < help_topics_count(); i++)
        if (strcmp(topics[i].name, name) == 0)
            return &topics[i];
    return NULL;
}

static void write_options(struct page *p, const struct option *options) {
    for (; options && options->name; options++) {
        char name[80];
        snprintf(name, sizeof name, "--%s", options->name);
        page_item(p, name, options->argument, options->help);
    }
}

void help_topics_subcommand(struct page *p, const struct subcommand *command) {
    char text[1500], usage[300];
    arguments_usage(command, usage, sizeof usage);
    if (p->form == PAGE_TEXT) {
        snprintf(text, sizeof text, "Usage: %s", usage);
        page_text(p, text);
    } else {
        page_example(p, usage);
    }
    page_text(p, command->details && *command->details ? command->details : command->summary);
    if (command->more)
        command->more(p);
    if (p->form == PAGE_TEXT)
        page_heading(p, "Options");
    else if (command->more)
        page_text(p, "Options:");
    write_options(p, command->options);
    if (p->form == PAGE_MAN) { /* which says the rest once */
        page_text(p, command->takes_settings ? "Every setting is an option as well." : "");
        return;
    }
    write_options(p, arguments_common(command->takes_settings));
    if (!command->takes_settings)
        return;
    size_t used = (size_t)snprintf(text, sizeof text, "Every setting of `gptui help settings` is an option as well:");
    for (size_t i = 0; i < settings_count() && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, " --%s", settings_at(i)->name);
    page_text(p, text);
}
