/* What a run says of itself: snapshots, lines of metrics.jsonl and journal.gpt, warnings. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/nn/prompt.h"
#include "core/number.h"
#include "core/train/trainer_private.h"

#define PUBLISH_NS 80000000 /* between snapshots of one step */
#define SOON_S 0.1

/* Over all gates: a block's share depends on every later one, shown or not. */
static void publish_selection(const struct trainer *t, const struct tuned *gates, struct snapshot *s) {
    float g[OPTIMIZER_MAX_BLOCKS], ratio[OPTIMIZER_MAX_BLOCKS];
    for (size_t l = 0; l < gates->size; l++)
        g[l] = (float)prompt_sigmoid((double)t->state.theta[gates->offset + l]);
    prompt_selection_ratio(gates->size, g, ratio);
    memcpy(s->selection, ratio, (gates->size < SNAPSHOT_BLOCKS ? gates->size : SNAPSHOT_BLOCKS) * sizeof *ratio);
}

static void publish_gates(const struct trainer *t, struct snapshot *s) {
    const struct tuning *tuning = &t->job->tuning;
    const struct tuned *gates = tuning_find(tuning, TUNED_GATES), *temps = tuning_find(tuning, TUNED_TEMPS);
    const struct freeze *f = &t->state.at.freeze;
    s->gated = gates;
    s->tempered = temps;
    s->depth = tuning->shape.depth < SNAPSHOT_BLOCKS ? tuning->shape.depth : SNAPSHOT_BLOCKS;
    for (size_t l = 0; gates && l < gates->size && l < SNAPSHOT_BLOCKS; l++) {
        s->gates[l] = (float)prompt_sigmoid((double)t->state.theta[gates->offset + l]);
        s->gate_frozen[l] = freeze_has(f->gates, l);
    }
    if (gates)
        publish_selection(t, gates, s);
    for (size_t l = 0; temps && l < temps->size && l < SNAPSHOT_BLOCKS; l++) {
        s->temps[l] = tuning_held_temp(t->state.theta[temps->offset + l]);
        s->temp_frozen[l] = freeze_has(f->temps, l);
    }
    s->prompts_frozen = f->prompts;
    s->head_frozen = f->head;
}

static void publish_progress(const struct trainer *t, struct snapshot *s) {
    const struct state_position *at = &t->state.at;
    uint64_t end = trainer_end_epoch(t);
    s->step = at->step;
    s->epoch = at->epoch;
    s->epochs = end;
    s->batch = at->batch;
    s->batches = loader_batches(t->loaders[SPLIT_TRAIN]);
    s->steps = at->step + (end > at->epoch ? (end - at->epoch) * s->batches - at->batch : 0);
    int done = 0, all = 0;
    engine_progress(t->engine, &done, &all);
    s->chunk = done;
    s->chunks = all;
    double images = (double)dataset_size(t->job->dataset, SPLIT_TRAIN) / (double)s->batches;
    s->step_s = t->image_ns * images * 1e-9;
    s->images_per_s = t->image_ns > 0 ? 1e9 / t->image_ns : 0;
    s->eta_s = (double)(s->steps - s->step) * s->step_s;
}

static double work_seconds(const struct trainer *t) {
    return (double)(engine_clock() - t->work_start - t->held_ns) * 1e-9;
}

/* How far the step or evaluation is, and how long until it ends: by its own course once a fifth is done. */
static void publish_work(const struct trainer *t, struct snapshot *s) {
    const struct evaluation *v = &t->evaluation;
    s->step_done = s->queue_s = 0;
    if (!t->working)
        return;
    double share = s->chunks > 0 ? (double)s->chunk / s->chunks : 0, elapsed = work_seconds(t);
    bool evaluates = t->doing == PHASE_EVALUATING;
    if (evaluates)
        share = v->begun > 0 ? ((double)v->begun - 1 + share) / (double)v->batches : 0;
    double whole = evaluates ? 0 : s->step_s;
    if (share > 0 && (share >= 0.2 || whole <= 0))
        whole = elapsed / share;
    s->step_done = share;
    s->queue_s = whole <= 0 ? -1 : whole > elapsed ? whole - elapsed : 0;
}

void trainer_publish(struct trainer *t, enum snapshot_phase phase) {
    struct snapshot *s = &t->snapshot;
    const struct state_position *at = &t->state.at;
    if (t->broken)
        return;
    bool held = control_is_held(&t->control), moves = phase <= PHASE_EVALUATING;
    t->doing = phase;
    s->version = SNAPSHOT_VERSION;
    s->phase = held && moves ? PHASE_PAUSED : phase;
    if (t->engine) {
        publish_progress(t, s);
        publish_work(t, s);
    }
    s->loss = at->loss;
    s->epoch_loss = at->batch ? at->epoch_loss / (double)at->batch : 0;
    s->base_rate = at->base_rate;
    s->swaps = at->swaps;
    s->paused = t->paused || held;
    s->disk_failed = t->disk_failed;
    s->val = at->val;
    s->test = at->test;
    s->best = at->best;
    s->prompts = tuning_has_prompts(&t->job->tuning) ? t->job->tuning.options.prompts : 0;
    s->classes = t->job->tuning.options.classes;
    s->reconstructs = tuning_reconstructs(&t->job->tuning);
    s->unreadable = 0;
    for (int i = 0; i < SPLITS; i++)
        s->unreadable += t->loaders[i] ? loader_unreadable(t->loaders[i]) : 0;
    snprintf(s->data, sizeof s->data, "%.*s", (int)sizeof s->data - 1, at->data);
    publish_gates(t, s);
    t->last_publish = engine_clock();
    if (memcmp(s, &t->published, sizeof *s) == 0)
        return;
    t->published = *s;
    mailbox_publish(t->mailbox, s);
}

void trainer_begin_work(struct trainer *t) {
    t->work_start = t->ticked = engine_clock();
    t->held_ns = 0;
    t->working = true;
}

double trainer_end_work(struct trainer *t) {
    t->working = false;
    return work_seconds(t);
}

/* What is over soon pauses at its end, where commands are taken meanwhile. */
static bool ends_soon(const struct trainer *t) {
    struct snapshot s = t->snapshot;
    publish_progress(t, &s);
    publish_work(t, &s);
    return s.queue_s > 0 && s.queue_s < SOON_S; /* 0: overdue, so nobody knows */
}

/* Commands are taken between steps; what holds or releases the step under way is seen before that. A hold without a
 * command behind it stays: the command is on its way. */
static void obey(struct trainer *t) {
    enum command_verb newest;
    if (!t->working || !mailbox_flow(t->mailbox, &newest))
        return;
    bool held = control_is_held(&t->control);
    if (newest == COMMAND_PAUSE && !held && !ends_soon(t))
        trainer_hold(t);
    else if (newest != COMMAND_PAUSE && held)
        trainer_release(t);
}

void trainer_mind(struct trainer *t) {
    long long clock = engine_clock();
    if (control_is_held(&t->control))
        t->held_ns += clock - t->ticked;
    t->ticked = clock;
    obey(t);
    bool shown = t->published.phase == PHASE_PAUSED, held = control_is_held(&t->control);
    if ((t->working && held != shown) || clock - t->last_publish > PUBLISH_NS)
        trainer_publish(t, t->doing);
}

void trainer_tick(void *trainer) {
    struct trainer *t = trainer;
    trainer_mind(t);
    trainer_serve_looks(t, control_is_held(&t->control));
}

static void print_tensor(FILE *f, const char *key, const struct trainer *t, enum tuned_kind kind) {
    const struct tuned *n = tuning_find(&t->job->tuning, kind);
    char text[NUMBER_TEXT];
    for (size_t i = 0; n && i < n->size; i++) {
        float tuned = t->state.theta[n->offset + i];
        double value = (double)(kind == TUNED_TEMPS ? tuning_held_temp(tuned) : tuned);
        fprintf(f, "%s%s", i ? "," : key, isfinite(value) ? number_print(value, text) : "null");
    }
    if (n)
        fputc(']', f);
}

/* What the share is that a step and an evaluation tell of. */
static const char *share_name(const struct trainer *t) {
    return tuning_reconstructs(&t->job->tuning) ? "explained" : "top1";
}

void trainer_report_step(struct trainer *t, const struct engine_result *r, double seconds, int images) {
    const struct state_position *at = &t->state.at;
    char loss[NUMBER_TEXT], rate[NUMBER_TEXT], *text = NULL;
    size_t size;
    t->snapshot.top1 = r->top1;
    /* An exponential mean over about eight steps: steady, and still follows the machine. */
    double image_ns = seconds * 1e9 / images;
    double kept = (double)r->known / images;
    t->snapshot.kept = t->image_ns > 0 ? t->snapshot.kept + (kept - t->snapshot.kept) / 8 : kept;
    t->image_ns = t->image_ns > 0 ? t->image_ns + (image_ns - t->image_ns) / 8 : image_ns;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return;
    fprintf(f, "{\"kind\":\"step\",\"step\":%llu,\"epoch\":%llu,\"batch\":%llu,\"loss\":%s,\"%s\":%.6f,\"lr\":%s",
            (unsigned long long)at->step, (unsigned long long)at->epoch, (unsigned long long)at->batch,
            number_print(r->loss, loss), share_name(t), r->top1, number_print(t->snapshot.rate, rate));
    fprintf(f, ",\"seconds\":%.6f,\"images_per_s\":%.3f", seconds, images / seconds);
    print_tensor(f, ",\"gate_logits\":[", t, TUNED_GATES);
    print_tensor(f, ",\"temps\":[", t, TUNED_TEMPS);
    fputc('}', f);
    if (fclose(f) == 0)
        mailbox_emit(t->mailbox, EVENT_METRICS, "%s", text);
    free(text);
    t->state.at.metrics++;
    if (engine_clock() - t->last_publish > 25000000)
        trainer_publish(t, PHASE_TRAINING);
}

void trainer_report_evaluation(struct trainer *t, enum split split) {
    const struct evaluation *v = &t->evaluation;
    const struct state_position *at = &t->state.at;
    char loss[NUMBER_TEXT], *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return;
    fprintf(f, "{\"kind\":\"eval\",\"step\":%llu,\"epoch\":%llu,\"split\":\"%s\",\"images\":%zu,\"%s\":%.6f",
            (unsigned long long)at->step, (unsigned long long)at->epoch, split_name(split), v->images, share_name(t),
            v->top1);
    if (tuning_reconstructs(&t->job->tuning)) {
        fprintf(f, ",\"loss\":%s", number_print(v->loss, loss));
        fprintf(f, ",\"baseline\":%s}", number_print(v->baseline, loss));
    } else {
        fprintf(f, ",\"top5\":%.6f,\"loss\":%s,\"class_top1\":[", v->top5, number_print(v->loss, loss));
        for (int i = 0; i < v->classes; i++)
            fprintf(f, "%s%.4f", i ? "," : "", evaluation_class_top1(v, i));
        fputs("]}", f);
    }
    if (fclose(f) == 0)
        mailbox_emit(t->mailbox, EVENT_METRICS, "%s", text);
    free(text);
    t->state.at.metrics++;
}

void trainer_report_note(struct trainer *t, const char *note) {
    const struct state_position *at = &t->state.at;
    cJSON *item = cJSON_CreateString(note);
    char *text = item ? cJSON_PrintUnformatted(item) : NULL;
    cJSON_Delete(item);
    if (!text)
        return;
    mailbox_emit(t->mailbox, EVENT_METRICS, "{\"kind\":\"note\",\"step\":%llu,\"epoch\":%llu,\"text\":%s}",
                 (unsigned long long)at->step, (unsigned long long)at->epoch, text);
    cJSON_free(text);
    t->state.at.metrics++;
}

void trainer_journal(struct trainer *t, const char *line) {
    mailbox_emit(t->mailbox, EVENT_JOURNAL, "%s", line);
    t->state.at.journal++;
}

void trainer_unreadable(void *trainer, enum split split, size_t index, const char *why) {
    struct trainer *t = trainer;
    mailbox_emit(t->mailbox, EVENT_WARNING, "%s image %zu is skipped: %s", split_name(split), index, why);
}
