/* What each command does to a run, between two steps. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/nn/prompt.h"
#include "core/number.h"
#include "core/train/trainer_private.h"

static int need(const struct tuning *tuning, enum tuned_kind kind, const struct tuned **out, struct error *e) {
    *out = tuning_find(tuning, kind);
    if (*out)
        return 0;
    return error_set(e, ERROR_USAGE, "this run tunes no %s (its method is %s)", tuning_text(kind),
                     settings_choice("method", (int)tuning->options.method));
}

/* freeze and thaw of single gates or temperatures: the blocks of `mask`, or all of them if it is empty. */
static int freeze_blocks(const struct command *c, const struct tuned *tensor, const char *what, uint32_t *frozen,
                         bool freeze, struct error *e) {
    bool every = true;
    for (int i = 0; i < COMMAND_MAX_BLOCKS / 32; i++)
        every = every && c->mask[i] == 0;
    for (size_t l = 0; l < COMMAND_MAX_BLOCKS; l++)
        if (freeze_has(c->mask, l) && l >= tensor->size)
            return error_set(e, ERROR_USAGE, "there is no %s of block %zu: the run has those of blocks 1 to %zu", what,
                             l + 1, tensor->size);
    for (size_t l = 0; l < tensor->size; l++)
        if (every || freeze_has(c->mask, l))
            frozen[l / 32] =
                freeze ? frozen[l / 32] | UINT32_C(1) << l % 32 : frozen[l / 32] & ~(UINT32_C(1) << l % 32);
    return 0;
}

static int freeze(struct trainer *t, const struct command *c, bool on, struct error *e) {
    const struct tuning *tuning = &t->job->tuning;
    struct freeze *f = &t->state.at.freeze;
    const struct tuned *tensor;
    int r;
    switch (c->target) {
    case TARGET_GATE:
        r = need(tuning, TUNED_GATES, &tensor, e);
        return r < 0 ? r : freeze_blocks(c, tensor, "gate", f->gates, on, e);
    case TARGET_TEMP:
        r = need(tuning, TUNED_TEMPS, &tensor, e);
        return r < 0 ? r : freeze_blocks(c, tensor, "temperature", f->temps, on, e);
    case TARGET_PROMPTS:
        r = need(tuning, TUNED_PROMPTS, &tensor, e);
        f->prompts = r < 0 ? f->prompts : on;
        return r;
    default:
        r = need(tuning, TUNED_HEAD_WEIGHT, &tensor, e);
        f->head = r < 0 ? f->head : on;
        return r;
    }
}

static int set_value(struct trainer *t, const struct command *c, struct error *e) {
    if (c->target == TARGET_LR) {
        t->state.at.base_rate = c->value;
        return 0;
    }
    bool gate = c->target == TARGET_GATE;
    const struct tuned *tensor;
    int r = need(&t->job->tuning, gate ? TUNED_GATES : TUNED_TEMPS, &tensor, e);
    if (r < 0)
        return r;
    if (c->index < 1 || (size_t)c->index > tensor->size)
        return error_set(e, ERROR_USAGE, "there is no %s of block %d: the run has those of blocks 1 to %zu",
                         gate ? "gate" : "temperature", c->index, tensor->size);
    size_t at = tensor->offset + (size_t)c->index - 1;
    looker_forget(t->looker);
    t->state.theta[at] = (float)(gate ? prompt_logit(c->value) : c->value);
    t->state.first[at] = 0;
    if (t->state.second)
        t->state.second[at] = 0;
    return 0;
}

static int swap_data(struct trainer *t, const struct command *c, struct error *e) {
    struct state_position *at = &t->state.at;
    struct tuning old = t->job->tuning;
    bool renewed = false;
    /* Loaders and engine go first: they read the dataset. They come back whatever happens. */
    trainer_close_engine(t);
    int r = job_swap_data(t->job, c->text, &renewed, e);
    if (r == 0) {
        struct state good = {0};
        r = state_create(&good, &t->job->tuning, t->state.second ? OPTIMIZER_ADAMW : OPTIMIZER_SGD, e);
        if (r == 0 &&
            (r = state_relayout(&t->state, &old, &t->job->tuning, (uint64_t)t->job->settings.seed, renewed, e)) < 0)
            state_destroy(&good);
        if (r < 0) {
            t->broken = true; /* the state still has the old layout: the last save is what is left */
            return r;
        }
        state_destroy(&t->good);
        t->good = good;
        at->swaps++;
        at->epoch += at->batch > 0;
        at->batch = 0;
        at->epoch_loss = 0;
        t->stopped = t->stopped && !c->restart;
        if (c->restart) {
            at->schedule_start = at->epoch;
            at->base_rate = t->job->settings.lr;
        }
        at->finished = at->epoch >= trainer_end_epoch(t);
        at->val = at->test = at->best = (struct snapshot_result){0};
        snprintf(at->data, sizeof at->data, "%s", dataset_spec(t->job->dataset));
        trainer_report_data(t);
        if (t->options.swapped && !t->options.show)
            t->options.swapped(t->options.context, t->job->dataset, at->swaps);
        state_copy(&t->good, &t->state);
    }
    struct error again = {0};
    if (trainer_open_engine(t, r < 0 ? &again : e) < 0)
        return r < 0 ? error_set(e, again.code, "%s", again.text) : e->code;
    return r;
}

/* Whether runs of this kind have that number at all. */
static bool has_metric(const struct trainer *t, enum command_metric m) {
    switch (m) {
    case METRIC_VAL_TOP1:
    case METRIC_VAL_TOP5:
    case METRIC_TEST_TOP1:
    case METRIC_TEST_TOP5:
        return !tuning_reconstructs(&t->job->tuning);
    case METRIC_VAL_EXPLAINED:
    case METRIC_TEST_EXPLAINED:
        return tuning_reconstructs(&t->job->tuning);
    default:
        return true;
    }
}

static bool metric(const struct trainer *t, enum command_metric m, double *out) {
    const struct state_position *at = &t->state.at;
    const struct snapshot_result *split = m >= METRIC_TEST_TOP1 ? &at->test : &at->val;
    switch (m) {
    case METRIC_STEP:
        *out = (double)at->step;
        return true;
    case METRIC_EPOCH:
        *out = (double)at->epoch;
        return true;
    case METRIC_LOSS:
        *out = at->loss;
        return at->step > 0;
    case METRIC_LR:
        *out = at->base_rate;
        return true;
    case METRIC_VAL_TOP1:
    case METRIC_TEST_TOP1:
    case METRIC_VAL_EXPLAINED:
    case METRIC_TEST_EXPLAINED:
        *out = split->top1;
        return split->known;
    case METRIC_VAL_TOP5:
    case METRIC_TEST_TOP5:
        *out = split->top5;
        return split->known;
    case METRIC_VAL_LOSS:
    case METRIC_TEST_LOSS:
        *out = split->loss;
        return split->known;
    }
    return false;
}

static bool holds(enum command_compare compare, double a, double b) {
    switch (compare) {
    case COMPARE_GE:
        return a >= b;
    case COMPARE_GT:
        return a > b;
    case COMPARE_LE:
        return a <= b;
    case COMPARE_LT:
        return a < b;
    case COMPARE_EQ:
        return a >= b && a <= b;
    default:
        return a < b || a > b;
    }
}

static int expect(const struct trainer *t, const struct command *c, struct error *e) {
    double value = 0;
    char text[NUMBER_TEXT];
    if (!has_metric(t, c->metric))
        return error_set(e, ERROR_EXPECT, "%s: %s: %s", c->origin, c->line,
                         tuning_reconstructs(&t->job->tuning)
                             ? "a pretraining has no classes; val.explained or test.explained was expected"
                             : "a run that tunes for classes explains nothing; top1 was expected");
    if (!metric(t, c->metric, &value))
        return error_set(e, ERROR_EXPECT, "%s: %s: it is not known yet at step %llu", c->origin, c->line,
                         (unsigned long long)t->state.at.step);
    if (holds(c->compare, value, c->value))
        return 0;
    return error_set(e, ERROR_EXPECT, "%s: %s: it is %s", c->origin, c->line, number_print(value, text));
}

/* `data` with the whole path, so that the journal can be replayed from any folder. */
static void data_line(const struct trainer *t, const struct command *c, char *out, size_t size) {
    size_t n = (size_t)snprintf(out, size, "data \"");
    for (const char *from = t->state.at.data; *from && n + 16 < size; from++) {
        if (*from == '"' || *from == '\\')
            out[n++] = '\\';
        out[n++] = *from;
    }
    snprintf(out + n, size - n, "\"%s", c->restart ? " restart" : "");
}

static void journal_command(struct trainer *t, const struct command *c) {
    char what[2 * COMMAND_TEXT + 64], line[2 * COMMAND_TEXT + 128];
    if (c->verb == COMMAND_DATA)
        data_line(t, c, what, sizeof what);
    else
        snprintf(what, sizeof what, "%s", c->line);
    snprintf(line, sizeof line, "at step %llu %s", (unsigned long long)t->state.at.step, what);
    trainer_journal(t, line);
}

static bool is_keyboard(const struct command *c) {
    return strncmp(c->origin, "keyboard", 8) == 0;
}

static int stop(struct trainer *t, struct error *e) {
    int r = trainer_finish(t, e);
    t->stopped = r == 0;
    return r;
}

static int save(struct trainer *t, const struct command *c, struct error *e) {
    return trainer_save(t, c->text[0] ? c->text : NULL, e);
}

/* Between steps the run waits in idle(), where evaluations may still be asked for: the hold has done its work. */
static void pause(struct trainer *t, const struct command *c) {
    if (t->options.stay && !atomic_load(&t->stay)) {
        mailbox_emit(t->mailbox, EVENT_WARNING, "%s: pause is passed over: nobody is there to resume", c->origin);
        return;
    }
    t->paused = true;
    trainer_publish(t, t->state.at.finished || t->stopped ? PHASE_DONE : PHASE_PAUSED);
    trainer_release(t);
}

static int go_on(struct trainer *t, const struct command *c, struct error *e) {
    int r = trainer_recover(t, e);
    if (r < 0)
        return r;
    t->paused = false;
    /* In a script the agenda counts the steps and the run goes on; at the keyboard it pauses after them. */
    t->pause_at = c->verb == COMMAND_STEP && is_keyboard(c) ? t->state.at.step + c->count : 0;
    trainer_release(t);
    return 0;
}

/* Changes of the run: written into the journal once they have been made. */
static int change(struct trainer *t, const struct command *c, struct error *e) {
    int r = trainer_recover(t, e);
    if (r < 0)
        return r;
    switch (c->verb) {
    case COMMAND_DATA:
        /* The step of the journal line is where the old data ended. */
        r = swap_data(t, c, e);
        break;
    case COMMAND_FREEZE:
    case COMMAND_THAW:
        r = freeze(t, c, c->verb == COMMAND_FREEZE, e);
        break;
    case COMMAND_SET:
        r = set_value(t, c, e);
        break;
    case COMMAND_NOTE:
        trainer_report_note(t, c->text);
        break;
    default:
        break;
    }
    if (r == 0)
        journal_command(t, c);
    return r;
}

/* The main thread finds things settled: what was asked for is answered, and it is done before the run goes on. */
static void screen(struct trainer *t, const struct command *c) {
    trainer_serve_looks(t, true);
    trainer_publish(t, t->doing);
    mailbox_emit(t->mailbox, EVENT_SCREEN, "%s", c->line);
    mailbox_flush(t->mailbox);
    trainer_serve_looks(t, true);
}

static int dispatch(struct trainer *t, const struct command *c, struct error *e) {
    if (t->options.show && c->verb != COMMAND_EVAL && c->verb != COMMAND_QUIT && c->verb != COMMAND_SCREEN)
        return error_set(e, ERROR_USAGE, "a saved run is only looked at; --resume goes on with it");
    switch (c->verb) {
    case COMMAND_PAUSE:
        pause(t, c);
        return 0;
    case COMMAND_RESUME:
    case COMMAND_STEP:
        return go_on(t, c, e);
    case COMMAND_STOP:
        return stop(t, e);
    case COMMAND_QUIT:
        t->leaving = true;
        t->abandon = c->abandon;
        return 0;
    case COMMAND_SAVE:
        return save(t, c, e);
    case COMMAND_EVAL:
        return trainer_evaluate(t, c->split, e);
    case COMMAND_EXPECT:
        return expect(t, c, e);
    case COMMAND_SCREEN:
        screen(t, c);
        return 0;
    case COMMAND_WAIT:
        return 0;
    default:
        return change(t, c, e);
    }
}

int trainer_carry_out(struct trainer *t, const struct command *c, struct error *e) {
    if (c->at != MOMENT_NOW && strcmp(c->origin, "keyboard") == 0) {
        struct command later = *c;
        snprintf(later.origin, sizeof later.origin, "keyboard, later");
        return agenda_add(&t->agenda, &later, e);
    }
    t->unsaved = t->unsaved || c->verb != COMMAND_SCREEN;
    int r = dispatch(t, c, e);
    if (r >= 0 || r == ERROR_EXPECT || r == ERROR_CANCELLED)
        return r;
    if (is_keyboard(c) && t->engine) {
        mailbox_emit(t->mailbox, EVENT_WARNING, "%s: %s", c->line, e->text);
        return 0;
    }
    error_prefix(e, r, "%s: %s: ", c->origin, c->line);
    return r;
}
