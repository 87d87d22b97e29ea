/* Keys become commands; commands go to the screen or to the trainer; questions are asked in boxes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/completion.h"
#include "app/keys.h"
#include "app/language.h"
#include "app/live_private.h"
#include "core/data/scenes.h"
#include "core/number.h"
#include "views/frame.h"

static const struct snapshot *now(struct live *l) {
    return workbench_context(l->workbench)->now;
}

/* Quoted as the command language reads it back. */
static void quote(const char *text, char *out, size_t size) {
    size_t n = 0;
    out[n++] = '"';
    for (; *text && n + 3 < size; text++) {
        if (*text == '"' || *text == '\\')
            out[n++] = '\\';
        out[n++] = *text;
    }
    out[n++] = '"';
    out[n] = 0;
}

/* ---- undo: the inverse of a change, by what the screen knows when it is asked for */

static bool has_block(const struct command *c, int block) {
    return c->mask[block / 32] >> block % 32 & 1u;
}

/* Blocks of freeze or thaw whose state the command changes, as a list: "3,5,9". */
static void changed_blocks(const struct command *c, const struct snapshot *s, char *out, size_t size) {
    const bool *frozen = c->target == TARGET_GATE ? s->gate_frozen : s->temp_frozen;
    int blocks = c->target == TARGET_GATE ? s->depth - 1 : s->depth;
    bool every = true, freeze = c->verb == COMMAND_FREEZE;
    for (size_t i = 0; i < sizeof c->mask / sizeof *c->mask; i++)
        every = every && c->mask[i] == 0;
    out[0] = 0;
    for (int i = 0; i < blocks; i++)
        if ((every || has_block(c, i)) && frozen[i] != freeze)
            snprintf(out + strlen(out), size - strlen(out), "%s%d", *out ? "," : "", i + 1);
}

static void freeze_inverse(const struct command *c, const struct snapshot *s, char *out, size_t size) {
    char blocks[512];
    const char *verb = c->verb == COMMAND_FREEZE ? "thaw" : "freeze";
    bool freeze = c->verb == COMMAND_FREEZE;
    out[0] = 0;
    if (c->target == TARGET_PROMPTS || c->target == TARGET_HEAD) {
        bool prompts = c->target == TARGET_PROMPTS, frozen = prompts ? s->prompts_frozen : s->head_frozen;
        if (frozen != freeze)
            snprintf(out, size, "%s %s", verb, prompts ? "prompts" : "head");
        return;
    }
    changed_blocks(c, s, blocks, sizeof blocks);
    if (*blocks)
        snprintf(out, size, "%s %s %s", verb, c->target == TARGET_GATE ? "gate" : "temp", blocks);
}

static void set_inverse(const struct command *c, const struct snapshot *s, char *out, size_t size) {
    char number[NUMBER_TEXT];
    int block = c->index - 1;
    out[0] = 0;
    if (c->target == TARGET_LR)
        snprintf(out, size, "set lr %s", number_print(s->base_rate, number));
    else if (block >= 0 && block < s->depth - (c->target == TARGET_GATE))
        snprintf(out, size, "set %s.%d %s", c->target == TARGET_GATE ? "gate" : "temp", c->index,
                 number_print((double)(c->target == TARGET_GATE ? s->gates : s->temps)[block], number));
}

static void inverse(const struct command *c, const struct snapshot *s, const char *data, char *out, size_t size) {
    char spec[COMMAND_TEXT];
    out[0] = 0;
    if (c->verb == COMMAND_FREEZE || c->verb == COMMAND_THAW) {
        freeze_inverse(c, s, out, size);
    } else if (c->verb == COMMAND_SET) {
        set_inverse(c, s, out, size);
    } else if (c->verb == COMMAND_DATA) {
        quote(data, spec, sizeof spec);
        snprintf(out, size, "data %s", spec);
    }
}

/* Origins of posted commands, by which one that is taken back is known. */
static const char with_inverse[] = "keyboard, with its inverse", of_undo[] = "keyboard, undo";

static bool keep_inverse(struct live *l, const char *text) {
    char *copy = *text ? strdup(text) : NULL;
    if (!copy)
        return false;
    if (l->undo_count == LIVE_UNDO) {
        free(l->undo[0]);
        memmove(l->undo, l->undo + 1, (LIVE_UNDO - 1) * sizeof *l->undo);
        l->undo_count--;
    }
    l->undo[l->undo_count++] = copy;
    return true;
}

static bool remember_inverse(struct live *l, const struct command *c) {
    char text[COMMAND_TEXT + 64];
    inverse(c, now(l), workbench_context(l->workbench)->task->data, text, sizeof text);
    return keep_inverse(l, text);
}

static void run_command(struct live *l, const char *line, bool undoing);

/* Whether it would swap the dataset in use for itself: the swap that it undoes had failed. */
static bool is_present_data(struct live *l, const char *line) {
    char spec[COMMAND_TEXT], same[COMMAND_TEXT + 8];
    quote(workbench_context(l->workbench)->task->data, spec, sizeof spec);
    snprintf(same, sizeof same, "data %s", spec);
    return strcmp(line, same) == 0;
}

static void undo(struct live *l) {
    bool done = false;
    while (!done && l->undo_count) {
        char *line = l->undo[--l->undo_count];
        done = !is_present_data(l, line);
        if (done)
            run_command(l, line, true);
        free(line);
    }
    if (!done)
        live_say(l, false, "nothing to undo");
}

static bool changes(const struct command *c) {
    return c->verb == COMMAND_FREEZE || c->verb == COMMAND_THAW || c->verb == COMMAND_SET || c->verb == COMMAND_DATA;
}

/* Esc: the newest command that still waits; else what lies over the curves. */
static void cancel(struct live *l) {
    struct command c;
    struct screen_command off = {.verb = SCREEN_CURSOR, .move = SCREEN_OFF}, all = {.verb = SCREEN_FILTER};
    struct error e = {0};
    if (!l->runner.ended && mailbox_withdraw(l->runner.mailbox, &c)) {
        if (strcmp(c.origin, with_inverse) == 0 && l->undo_count)
            free(l->undo[--l->undo_count]);
        else if (strcmp(c.origin, of_undo) == 0)
            keep_inverse(l, c.line);
        live_say(l, false, "taken back: %s", c.line);
        return;
    }
    workbench_command(l->workbench, &off, &e);
    workbench_command(l->workbench, &all, &e);
    live_say(l, false, "%s", "");
}

/* ---- boxes */

static const char *const quit_choices[] = {"save and stop; --resume goes on from here",
                                           "keep training without the screen", "abandon: leave without saving", "stay",
                                           NULL};
static const char *const quit_keys[] = {"s", "k", "a", "Esc", NULL};

static void drop_choices(struct live *l) {
    for (int i = 0; l->choices[i]; i++) {
        free(l->choices[i]);
        l->choices[i] = NULL;
    }
}

static void add_choice(struct live *l, const char *spec) {
    int n = 0;
    while (l->choices[n]) {
        if (strcmp(l->choices[n], spec) == 0)
            return;
        n++;
    }
    if (n < LIVE_CHOICES)
        l->choices[n] = strdup(spec);
}

/* The datasets that a user may want next: any folder or benchmark, that of the run's start, the rendered ones. */
static void ask_data(struct live *l) {
    char spec[64];
    const struct view_context *x = workbench_context(l->workbench);
    drop_choices(l);
    add_choice(l, "folder:");
    add_choice(l, "cifar:");
    add_choice(l, "fgvc:");
    add_choice(l, "vtab:");
    if (x->task->settings->data[0])
        add_choice(l, x->task->settings->data);
    for (size_t i = 0; i < scenes_count(); i++) {
        snprintf(spec, sizeof spec, "scenes:%s", scenes_name(scenes_at(i)));
        add_choice(l, spec);
    }
    l->dialog = DIALOG_DATA;
    l->dialog_choice = 0;
}

static void ask(struct live *l, const char *what) {
    if (strcmp(what, "data") == 0) {
        ask_data(l);
        return;
    }
    if (l->runner.ended || l->show || now(l)->phase == PHASE_DONE) {
        live_leave(l, false);
        return;
    }
    l->dialog = DIALOG_QUIT;
    l->dialog_choice = 0;
}

void live_dialog_show(struct live *l, struct view_context *x) {
    static const char *const quit_lines[] = {"The training goes on until you choose.", NULL};
    static const char *const data_lines[] = {"The next epoch runs on it; prompts, gates and temperatures stay.", NULL};
    l->dialog_view = (struct view_dialog){.chosen = l->dialog_choice};
    if (l->dialog == DIALOG_QUIT) {
        l->dialog_view.title = "Leave this run?";
        l->dialog_view.lines = quit_lines;
        l->dialog_view.choices = quit_choices;
        l->dialog_view.keys = quit_keys;
    } else if (l->dialog == DIALOG_DATA) {
        l->dialog_view.title = "Swap the dataset";
        l->dialog_view.lines = data_lines;
        l->dialog_view.choices = (const char *const *)l->choices;
    }
    x->dialog = l->dialog == DIALOG_NONE ? NULL : &l->dialog_view;
}

static void detach(struct live *l) {
    if (l->runner.ended || l->show) {
        live_say(l, true, "the training has ended; there is nothing to keep going");
        return;
    }
    if (!live_can_save(l))
        return;
    struct command resume = {.verb = COMMAND_RESUME, .line = "resume", .origin = "keyboard"};
    trainer_detach(l->runner.trainer);
    trainer_release(l->runner.trainer);
    runner_post(&l->runner, &resume); /* a pause that nobody can end would last for ever */
    l->detach = true;
    uv_stop(&l->runner.loop);
}

static void fill_prompt(struct live *l, const char *text) {
    l->prompt_error[0] = 0;
    line_editor_open(&l->prompt, text);
}

static void take_choice(struct live *l, int choice) {
    char line[COMMAND_TEXT];
    enum live_dialog dialog = l->dialog;
    l->dialog = DIALOG_NONE;
    if (dialog == DIALOG_QUIT && choice == 0)
        live_leave(l, false);
    else if (dialog == DIALOG_QUIT && choice == 1)
        detach(l);
    else if (dialog == DIALOG_QUIT && choice == 2)
        live_leave(l, true);
    else if (dialog == DIALOG_DATA && choice >= 0 && choice < LIVE_CHOICES && l->choices[choice]) {
        bool plain = !strpbrk(l->choices[choice], " \t\"#");
        char spec[COMMAND_TEXT];
        quote(l->choices[choice], spec, sizeof spec);
        snprintf(line, sizeof line, "data %.1000s", plain ? l->choices[choice] : spec);
        fill_prompt(l, line);
    }
}

static int choice_count(const struct live *l) {
    int n = 0;
    const char *const *choices = l->dialog == DIALOG_QUIT ? quit_choices : (const char *const *)l->choices;
    while (choices[n])
        n++;
    return n;
}

static void dialog_key(struct live *l, const struct screen_key *k) {
    int n = choice_count(l);
    if (strcmp(k->name, "Esc") == 0 || strcmp(k->name, "q") == 0) {
        l->dialog = DIALOG_NONE;
        return;
    }
    if (strcmp(k->name, "Ctrl-C") == 0 && l->dialog == DIALOG_QUIT) {
        take_choice(l, 0); /* pressed twice: it means it */
        return;
    }
    if (strcmp(k->name, "Enter") == 0)
        take_choice(l, l->dialog_choice);
    else if (strcmp(k->name, "Down") == 0 || strcmp(k->name, "j") == 0 || strcmp(k->name, "Tab") == 0)
        l->dialog_choice = (l->dialog_choice + 1) % n;
    else if (strcmp(k->name, "Up") == 0 || strcmp(k->name, "k") == 0)
        l->dialog_choice = (l->dialog_choice + n - 1) % n;
    for (int i = 0; l->dialog == DIALOG_QUIT && quit_keys[i]; i++)
        if (strcmp(k->name, quit_keys[i]) == 0) {
            take_choice(l, i);
            return;
        }
}

/* ---- commands */

static void toggle(struct live *l) {
    run_command(l, now(l)->phase == PHASE_PAUSED || now(l)->paused ? "resume" : "pause", false);
}

/* Commands that only a terminal has; false: it is another. */
static bool terminal_command(struct live *l, const struct screen_command *c) {
    switch (c->verb) {
    case SCREEN_TOGGLE:
        toggle(l);
        return true;
    case SCREEN_UNDO:
        undo(l);
        return true;
    case SCREEN_CANCEL:
        cancel(l);
        return true;
    case SCREEN_DETACH:
        detach(l);
        return true;
    case SCREEN_ASK:
        ask(l, c->text);
        return true;
    case SCREEN_FILL:
        fill_prompt(l, c->text);
        return true;
    case SCREEN_DIALOG:
        if (l->dialog != DIALOG_NONE && c->number >= 1 && (int64_t)c->number <= choice_count(l))
            take_choice(l, (int)c->number - 1);
        return true;
    case SCREEN_REDRAW:
        screen_resize(l->screen);
        return true;
    case SCREEN_SUSPEND:
        live_suspend(l);
        return true;
    default:
        return false;
    }
}

static void run_screen(struct live *l, const char *line) {
    struct screen_command c;
    struct error e = {0};
    int r = language_parse_screen(line, &c, &e);
    if (r == 0 && terminal_command(l, &c))
        return;
    if (r < 0 || workbench_command(l->workbench, &c, &e) < 0) {
        live_say(l, true, "%s", e.text);
        return;
    }
    if (c.verb == SCREEN_SCREENSHOT || c.verb == SCREEN_EXPORT)
        live_say(l, false, "saved %s", c.text);
    live_touch(l);
}

/* Why a command of the run makes no sense now; NULL: it does. */
static const char *refusal(struct live *l, const struct command *c) {
    if (l->runner.ended)
        return "the training has ended";
    if (c->verb == COMMAND_WAIT || c->verb == COMMAND_EXPECT)
        return "wait and expect are for scripts";
    if (l->show && c->verb != COMMAND_EVAL && c->verb != COMMAND_QUIT)
        return "this is a saved run, shown read-only; --resume goes on with it";
    return NULL;
}

static void run_command(struct live *l, const char *line, bool undoing) {
    struct command c;
    struct error e = {0};
    if (language_parse(line, "keyboard", &c, &e) < 0) {
        live_say(l, true, "%s", e.text);
        return;
    }
    if (c.verb == COMMAND_SCREEN && c.at == MOMENT_NOW) {
        run_screen(l, c.line);
        return;
    }
    if (c.verb == COMMAND_QUIT && c.at == MOMENT_NOW) {
        live_leave(l, c.abandon);
        return;
    }
    const char *why = refusal(l, &c);
    if (why) {
        live_say(l, true, "%s", why);
        return;
    }
    live_say(l, false, "%s", "");
    if (undoing)
        strcpy(c.origin, of_undo);
    else if (changes(&c) && c.at == MOMENT_NOW && remember_inverse(l, &c))
        strcpy(c.origin, with_inverse);
    if (c.verb == COMMAND_RESUME && !runner_retry(&l->runner, &e))
        live_say(l, true, "still not written: %.300s", e.text);
    runner_post(&l->runner, &c);
    live_touch(l);
}

void live_command(struct live *l, const char *line) {
    run_command(l, line, false);
}

/* ---- keys */

/* What is wrong with a line once its verb is written; before, it is only being typed. */
static void check_prompt(struct live *l) {
    struct command c;
    struct error e = {0};
    l->prompt_error[0] = 0;
    if (strchr(l->prompt.text, ' ') && language_parse(l->prompt.text, "keyboard", &c, &e) < 0)
        snprintf(l->prompt_error, sizeof l->prompt_error, "%.*s", (int)sizeof l->prompt_error - 1, e.text);
}

static void key_in_prompt(struct live *l, const struct screen_key *k) {
    const struct snapshot *s = now(l);
    struct completion_source source = {.gates = s->gated ? s->depth - 1 : 0,
                                       .temps = s->tempered ? s->depth : 0,
                                       .heads = workbench_context(l->workbench)->task->heads,
                                       .prompts = s->prompts};
    char line[LINE_EDITOR_TEXT];
    struct command c;
    struct error e = {0};
    switch (line_editor_key(&l->prompt, k, completion_offer, &source)) {
    case LINE_EDITOR_ENTER:
        snprintf(line, sizeof line, "%s", l->prompt.text);
        if (line[strspn(line, " ")] == 0)
            break;
        if (language_parse(line, "keyboard", &c, &e) < 0) {
            line_editor_open(&l->prompt, line); /* to be mended */
            snprintf(l->prompt_error, sizeof l->prompt_error, "%.*s", (int)sizeof l->prompt_error - 1, e.text);
            break;
        }
        live_command(l, line);
        break;
    case LINE_EDITOR_CHANGED:
        check_prompt(l);
        break;
    case LINE_EDITOR_LEFT:
    case LINE_EDITOR_IGNORED:
        break;
    }
}

static void click(struct live *l, const struct screen_key *k) {
    char line[COMMAND_TEXT];
    if (frame_click(workbench_context(l->workbench), &l->canvas, k->y, k->x, line, sizeof line))
        live_command(l, line);
}

void live_key(struct live *l, const struct screen_key *k) {
    char text[COMMAND_TEXT];
    const struct view_context *x = workbench_context(l->workbench);
    if (k->kind == SCREEN_KEY_MOUSE && strcmp(k->name, "Click") == 0) {
        click(l, k);
        return;
    }
    if (l->prompt.open) {
        key_in_prompt(l, k);
        return;
    }
    if (l->dialog != DIALOG_NONE) {
        dialog_key(l, k);
        return;
    }
    const struct key *key = keys_find(k->name, x->choice->view, view_reconstructs(x));
    if (!key)
        return;
    keys_text(key, x->now, x->choice, text, sizeof text);
    if (key->act == KEY_FILL)
        fill_prompt(l, text);
    else
        live_command(l, text);
}

void live_input_destroy(struct live *l) {
    line_editor_destroy(&l->prompt);
    drop_choices(l);
    for (int i = 0; i < l->undo_count; i++)
        free(l->undo[i]);
    l->undo_count = 0;
}
