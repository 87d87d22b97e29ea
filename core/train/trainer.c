#include "core/train/trainer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/train/schedule.h"
#include "core/train/trainer_private.h"

uint64_t trainer_end_epoch(const struct trainer *t) {
    return t->state.at.schedule_start + (uint64_t)t->job->settings.epochs;
}

void trainer_close_engine(struct trainer *t) {
    for (int i = 0; i < SPLITS; i++) {
        loader_close(t->loaders[i]);
        t->loaders[i] = NULL;
    }
    evaluation_destroy(&t->evaluation);
    trainer_forget_looks(t);
    engine_destroy(t->engine);
    t->engine = NULL;
    t->loader_ready = false;
}

int trainer_open_engine(struct trainer *t, struct error *e) {
    const struct settings *s = &t->job->settings;
    int threads = team_size_for(s->threads);
    int r = engine_create(&t->engine, t->job, threads, &t->control, e);
    if (r < 0)
        return r;
    size_t images[SPLITS];
    job_images(t->job, images);
    if ((r = engine_keep(t->engine, images, e)) == 0)
        r = evaluation_create(&t->evaluation, t->job->tuning.options.classes, e);
    /* Training images come round every epoch, val's every epoch too, test's once: the cache goes to the first two. */
    size_t cache = (size_t)s->cache << 20, shares[SPLITS] = {cache / 4 * 3, cache / 4, 0};
    for (int i = 0; i < SPLITS && r == 0; i++)
        if (dataset_size(t->job->dataset, (enum split)i))
            r = job_loader(t->job, (enum split)i, i == SPLIT_TRAIN, shares[i], trainer_unreadable, t, &t->loaders[i],
                           e);
    if (r < 0)
        trainer_close_engine(t);
    return r;
}

static int open_state(struct trainer *t, struct error *e) {
    const struct settings *s = &t->job->settings;
    const struct tuning *tuning = &t->job->tuning;
    int r = state_create(&t->state, tuning, (enum optimizer_kind)s->optimizer, e);
    if (r < 0 || (r = state_create(&t->good, tuning, (enum optimizer_kind)s->optimizer, e)) < 0)
        return r;
    if (t->options.resume || t->options.show) {
        char path[4096];
        snprintf(path, sizeof path, "%s/last.safetensors", t->options.folder);
        r = state_load(&t->state, tuning, path, e);
    } else {
        tuning_initialise(tuning, t->job->model, (uint64_t)s->seed, t->state.theta);
        t->state.at.base_rate = s->lr;
        snprintf(t->state.at.data, sizeof t->state.at.data, "%s", dataset_spec(t->job->dataset));
    }
    if (r == 0) {
        state_copy(&t->good, &t->state);
        agenda_mark(&t->agenda);
    }
    return r;
}

int trainer_create(struct trainer **out, const struct trainer_options *options, struct error *e) {
    struct trainer *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(e, ERROR_MEMORY, "not enough memory for a run");
    t->options = *options;
    t->job = options->job;
    t->mailbox = options->mailbox;
    t->stopped = t->options.show;
    atomic_init(&t->stay, options->stay);
    control_create(&t->control);
    int r = agenda_create(&t->agenda, options->lines, options->count, e);
    if (r < 0 || (r = open_state(t, e)) < 0 || (r = trainer_open_engine(t, e)) < 0) {
        trainer_destroy(t);
        return r;
    }
    *out = t;
    return 0;
}

void trainer_destroy(struct trainer *t) {
    if (!t)
        return;
    trainer_close_engine(t);
    state_destroy(&t->state);
    state_destroy(&t->good);
    agenda_destroy(&t->agenda);
    control_destroy(&t->control);
    free(t);
}

const struct trainer_result *trainer_result(const struct trainer *t) {
    return &t->result;
}

void trainer_hold(struct trainer *t) {
    control_hold(&t->control);
    mailbox_hold(t->mailbox, true);
}

void trainer_release(struct trainer *t) {
    mailbox_hold(t->mailbox, false);
    control_release(&t->control);
}

static void quit_now(struct trainer *t, bool abandon) {
    struct command quit = {.verb = COMMAND_QUIT, .origin = "signal", .abandon = abandon};
    snprintf(quit.line, sizeof quit.line, "%s", abandon ? "quit!" : "quit");
    mailbox_post(t->mailbox, &quit);
    mailbox_hold(t->mailbox, false);
    control_cancel(&t->control);
}

void trainer_interrupt(struct trainer *t) {
    quit_now(t, false);
}

void trainer_abandon(struct trainer *t) {
    quit_now(t, true);
}

void trainer_detach(struct trainer *t) {
    atomic_store(&t->stay, false);
}

int trainer_evaluate(struct trainer *t, enum split split, struct error *e) {
    if (!t->loaders[split])
        return error_set(e, ERROR_DATA, "%s has no %s split to evaluate", t->state.at.data, split_name(split));
    trainer_publish(t, PHASE_EVALUATING);
    trainer_begin_work(t);
    int r = evaluate(t->engine, t->state.theta, t->loaders[split], trainer_tick, t, &t->evaluation, e);
    trainer_end_work(t);
    if (r < 0)
        return error_prefix(e, r, "evaluation of %s: ", split_name(split));
    struct state_position *at = &t->state.at;
    *(split == SPLIT_VAL ? &at->val : &at->test) = (struct snapshot_result){
        .known = true,
        .top1 = t->evaluation.top1,
        .top5 = t->evaluation.top5,
        .loss = t->evaluation.loss,
        .epoch = at->epoch,
        .step = at->step,
    };
    if (!t->options.show)
        trainer_report_evaluation(t, split);
    if (!tuning_reconstructs(&t->job->tuning))
        trainer_report_predictions(t, split);
    return 0;
}

static int save_best(struct trainer *t, struct error *e) {
    struct state_position *at = &t->state.at;
    if (at->best.known && at->val.top1 <= at->best.top1)
        return 0;
    at->best = at->val;
    return trainer_keep(t, true, e);
}

/* After an epoch's last batch: evaluate, keep the best, go to the next epoch, save. */
static int end_epoch(struct trainer *t, struct error *e) {
    struct state_position *at = &t->state.at;
    uint64_t rows = at->metrics;
    bool last = at->epoch + 1 >= trainer_end_epoch(t);
    int r = 0;
    if (t->loaders[SPLIT_VAL] && (r = trainer_evaluate(t, SPLIT_VAL, e)) == 0)
        r = save_best(t, e);
    if (r == 0 && t->loaders[SPLIT_TEST] && (last || t->job->settings.eval_test == EVAL_TEST_EPOCH))
        r = trainer_evaluate(t, SPLIT_TEST, e);
    if (r < 0) {
        at->metrics = rows; /* the epoch's end will be gone through again, and write its rows again */
        return r;
    }
    trainer_publish(t, PHASE_TRAINING);
    mailbox_emit(t->mailbox, EVENT_EPOCH, "epoch %llu", (unsigned long long)at->epoch);
    at->epoch++;
    at->batch = 0;
    at->epoch_loss = 0;
    at->finished = last;
    t->loader_ready = false;
    return trainer_keep(t, false, e);
}

int trainer_finish(struct trainer *t, struct error *e) {
    const struct state_position *at = &t->state.at;
    int r = 0;
    if (t->loaders[SPLIT_VAL] && !(at->val.known && at->val.step == at->step))
        r = trainer_evaluate(t, SPLIT_VAL, e);
    if (r == 0 && t->loaders[SPLIT_TEST] && !(at->test.known && at->test.step == at->step))
        r = trainer_evaluate(t, SPLIT_TEST, e);
    return r;
}

static double rate_now(const struct trainer *t) {
    const struct settings *s = &t->job->settings;
    const struct state_position *at = &t->state.at;
    return at->base_rate * schedule_factor((enum schedule_kind)s->schedule, at->epoch - at->schedule_start,
                                           (uint64_t)s->epochs, (uint64_t)s->warmup);
}

static int train_step(struct trainer *t, struct error *e) {
    struct state_position *at = &t->state.at;
    struct batch batch;
    if (t->doing != PHASE_TRAINING)
        trainer_publish(t, PHASE_TRAINING);
    if (!t->loader_ready)
        loader_start(t->loaders[SPLIT_TRAIN], (uint32_t)at->epoch, at->batch);
    t->loader_ready = true;
    int r = loader_next(t->loaders[SPLIT_TRAIN], &batch, e);
    if (r <= 0)
        return r < 0 ? r
                     : error_set(e, ERROR_DATA, "epoch %llu has no batch %llu", (unsigned long long)at->epoch,
                                 (unsigned long long)at->batch);
    struct engine_result result = {0};
    trainer_begin_work(t);
    if (batch.readable > 0 &&
        (r = engine_step(t->engine, t->state.theta, &batch, at->step, trainer_tick, t, &result, e)) < 0) {
        trainer_end_work(t);
        t->loader_ready = false; /* the batch is taken again */
        return r;
    }
    r = 0;
    t->snapshot.rate = rate_now(t);
    if (batch.readable > 0) {
        state_copy(&t->good, &t->state);
        agenda_mark(&t->agenda);
        /* Not before: a step that is dropped leaves no trace. The pass holds them in their range by itself. */
        tuning_clamp_temps(&t->job->tuning, t->state.theta);
        struct optimizer_state o = {t->state.first, t->state.second, at->updates, at->head_since};
        optimizer_update(&t->job->optimizer, &t->job->tuning, &at->freeze, t->snapshot.rate, &o, result.gradient,
                         t->state.theta);
        at->updates = o.updates;
        looker_forget(t->looker);
    }
    at->loss = result.loss;
    at->epoch_loss += result.loss;
    trainer_report_step(t, &result, trainer_end_work(t), batch.count);
    at->step++;
    at->batch++;
    t->unsaved = true;
    return 0;
}

static int carry_out_posted(struct trainer *t, struct error *e) {
    struct command c;
    int r = 0;
    trainer_serve_looks(t, t->paused);
    while (!t->leaving && r == 0 && mailbox_take(t->mailbox, &c, 0))
        r = trainer_carry_out(t, &c, e);
    return r;
}

/* Script lines and keyboard commands whose moment is now. */
static int carry_out_due(struct trainer *t, struct error *e) {
    struct command c;
    const struct command *due;
    int r = 0;
    for (;;) {
        struct agenda_moment now = {t->state.at.step, t->state.at.epoch, t->state.at.finished || t->stopped};
        if (t->leaving || !(due = agenda_next(&t->agenda, &now)))
            break;
        c = *due;
        if ((r = trainer_carry_out(t, &c, e)) < 0) {
            agenda_retake(&t->agenda); /* a run that goes on tries it again */
            return c.verb == COMMAND_SAVE ? trainer_endure(t, r, e) : r;
        }
    }
    return carry_out_posted(t, e);
}

/* Nothing to compute: waits for a command, or finds that none will come. */
static int idle(struct trainer *t, struct error *e) {
    struct command c;
    bool finished = t->state.at.finished || t->stopped;
    if (finished && !atomic_load(&t->stay)) {
        t->leaving = t->complete = true;
        return 0;
    }
    trainer_publish(t, finished ? PHASE_DONE : PHASE_PAUSED);
    trainer_serve_looks(t, true);
    if (mailbox_take(t->mailbox, &c, 100))
        return trainer_carry_out(t, &c, e);
    return 0;
}

static int save_if_due(struct trainer *t, struct error *e) {
    if (!t->unsaved || engine_clock() - t->last_save < (long long)t->job->settings.save_every * 1000000000)
        return 0;
    return trainer_keep(t, false, e);
}

/* One turn of the run. An interrupted step or evaluation is not an error: its command is in the mailbox. */
static int advance(struct trainer *t, struct error *e) {
    const struct state_position *at = &t->state.at;
    int r = mailbox_failure(t->mailbox, e);
    if (r < 0 && (r = trainer_endure(t, r, e)) < 0)
        return r;
    if (t->disk_failed)
        return atomic_load(&t->stay) ? idle(t, e) : trainer_recover(t, e);
    if (!at->finished && !t->stopped && at->batch >= loader_batches(t->loaders[SPLIT_TRAIN]))
        r = end_epoch(t, e);
    if (r == 0)
        r = carry_out_due(t, e);
    if (t->pause_at && at->step >= t->pause_at) {
        t->pause_at = 0;
        t->paused = true;
    }
    if (t->options.stay && !atomic_load(&t->stay))
        t->paused = false; /* nobody is left who could resume */
    if (r == 0 && !t->leaving) {
        if (t->paused || t->stopped || at->finished)
            r = idle(t, e);
        else if (at->batch < loader_batches(t->loaders[SPLIT_TRAIN]))
            r = train_step(t, e);
    }
    if (r == ERROR_CANCELLED) {
        control_reset(&t->control);
        r = carry_out_posted(t, e);
    }
    return r < 0 || t->leaving ? r : save_if_due(t, e);
}

static void say_unreadable(struct trainer *t) {
    size_t count = 0;
    for (int i = 0; i < SPLITS; i++)
        count += t->loaders[i] ? loader_unreadable(t->loaders[i]) : 0;
    if (count)
        mailbox_emit(t->mailbox, EVENT_WARNING, "%zu image%s could not be read and %s skipped", count,
                     count == 1 ? "" : "s", count == 1 ? "was" : "were");
}

/* An `expect` whose moment never came did not hold; other lines are only named. */
static int check_unfired(struct trainer *t, struct error *e) {
    char line[COMMAND_TEXT + 64];
    const struct command *expect = agenda_unfired_expect(&t->agenda), *other = agenda_unfired(&t->agenda);
    if (!other)
        return 0;
    agenda_line(expect ? expect : other, line, sizeof line);
    if (expect)
        return error_set(e, ERROR_EXPECT, "%s: %s: the run ended at step %llu, before its moment", expect->origin, line,
                         (unsigned long long)t->state.at.step);
    mailbox_emit(t->mailbox, EVENT_WARNING, "%s: %s: the run ended at step %llu, before its moment", other->origin,
                 line, (unsigned long long)t->state.at.step);
    return 0;
}

/* A run that leaves keeps its last state on file; after a NaN the last good one. */
static int leave(struct trainer *t, int r, struct error *e) {
    struct error on_save = {0};
    say_unreadable(t);
    if (r == ERROR_DIVERGED) {
        state_copy(&t->state, &t->good);
        agenda_rewind(&t->agenda);
        size_t n = strlen(e->text);
        snprintf(e->text + n, sizeof e->text - n, "; the state before step %llu is kept",
                 (unsigned long long)t->state.at.step);
    }
    if (r == 0 && t->complete)
        r = check_unfired(t, e);
    if (t->abandon || t->broken || t->options.show)
        return r;
    int saved = trainer_save(t, NULL, &on_save);
    if (saved == 0)
        saved = trainer_save_backbone(t, &on_save);
    t->result.saved = saved == 0;
    if (saved < 0 && r == 0) {
        *e = on_save;
        r = saved;
    }
    if (!t->state.at.finished) {
        char line[64];
        snprintf(line, sizeof line, "at step %llu stop", (unsigned long long)t->state.at.step);
        trainer_journal(t, line);
    }
    return r;
}

void *trainer_run(void *trainer) {
    struct trainer *t = trainer;
    struct error e = {0};
    int r = 0;
    t->last_save = engine_clock();
    trainer_publish(t, PHASE_STARTING);
    if (!t->options.resume && !t->options.show)
        r = trainer_keep(t, false, &e); /* from here on a kill leaves something to go on from */
    while (r == 0 && !t->leaving)
        r = advance(t, &e);
    r = leave(t, r, &e);
    t->result.code = r;
    t->result.error = e;
    t->result.epochs = t->state.at.epoch;
    t->result.steps = t->state.at.step;
    t->result.complete = r == 0 && t->complete;
    t->result.val = t->state.at.val;
    t->result.test = t->state.at.test;
    if (!t->broken)
        tuning_hash(&t->job->tuning, t->state.theta, t->result.hash);
    trainer_publish(t, r == 0 ? PHASE_DONE : PHASE_FAILED);
    mailbox_emit(t->mailbox, EVENT_ENDED, "%s", r == 0 ? "" : e.text);
    return NULL;
}
