/* The run's own files, and what happens when the disk refuses.
 *
 * Nobody there: the error ends the run, its last save whole. Somebody stays (`stay`): the run pauses with a warning.
 * The main thread keeps the lines it could not write; it says mailbox_mend() once they are on file. `resume` then saves
 * what is due and goes on, or stays paused if the disk still refuses. Meanwhile the script stands still and nothing
 * that changes the run is taken. */
#include <stdio.h>
#include <stdlib.h>

#include "core/train/trainer_private.h"

static void own_file(const struct trainer *t, bool best, char out[4096]) {
    snprintf(out, 4096, "%s/%s", t->options.folder, best ? "best.safetensors" : "last.safetensors");
}

int trainer_save(struct trainer *t, const char *path, struct error *e) {
    char last[4096];
    bool own = !path;
    if (own) {
        own_file(t, false, last);
        path = last;
        t->last_save = engine_clock();
    }
    /* The file counts lines of metrics and journal: they must be on file before it. */
    mailbox_flush(t->mailbox);
    int r = mailbox_failure(t->mailbox, e);
    if (r < 0)
        return r;
    char *left = agenda_text(&t->agenda);
    if (!left)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to save it", path);
    r = state_save(&t->state, &t->job->tuning, t->job->dataset, left, path, e);
    free(left);
    if (r == 0 && own) {
        t->unsaved = false;
        t->snapshot.saves++;
    }
    return r;
}

int trainer_save_backbone(const struct trainer *t, struct error *e) {
    const struct tuning *tuning = &t->job->tuning;
    char path[4096];
    if (tuning->weights.count == 0)
        return 0;
    struct model m;
    struct model_block *blocks = calloc((size_t)tuning->shape.depth, sizeof *blocks);
    snprintf(path, sizeof path, "%.4000s/model.safetensors", t->options.folder);
    if (!blocks)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to save it", path);
    weights_model(&tuning->weights, t->state.theta, t->job->model, &m, blocks);
    if (tuning_reconstructs(tuning))
        m.family = MODEL_MAE;
    snprintf(m.source, sizeof m.source, "%s by gptui", settings_choice("method", (int)tuning->options.method));
    int r = model_save(&m, path, false, e);
    free(blocks);
    return r;
}

int trainer_endure(struct trainer *t, int r, const struct error *e) {
    if (r != ERROR_IO || !atomic_load(&t->stay))
        return r;
    if (!t->disk_failed)
        mailbox_emit(t->mailbox, EVENT_WARNING, "%s; paused, nothing is lost: make room, then resume", e->text);
    t->disk_failed = t->paused = true;
    return 0;
}

int trainer_keep(struct trainer *t, bool best, struct error *e) {
    char path[4096];
    if (t->options.show)
        return 0;
    own_file(t, true, path);
    t->best_due = t->best_due || best;
    t->unsaved = true;
    if (t->disk_failed) /* trainer_recover() does it */
        return 0;
    int r = trainer_save(t, best ? path : NULL, e);
    if (r == 0 && best)
        t->best_due = false;
    return r < 0 ? trainer_endure(t, r, e) : 0;
}

int trainer_recover(struct trainer *t, struct error *e) {
    char path[4096];
    if (!t->disk_failed)
        return 0;
    own_file(t, true, path);
    int r = t->best_due ? trainer_save(t, path, e) : 0;
    if (r < 0)
        return r;
    t->best_due = false;
    if ((r = trainer_save(t, NULL, e)) < 0)
        return r;
    t->disk_failed = false;
    return 0;
}
