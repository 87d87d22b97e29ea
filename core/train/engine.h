/* One training step, and evaluation, on a team of threads: the same bytes for any number of them.
 *
 *     engine_create(&engine, &job, threads, &control, &err);
 *     engine_step(engine, theta, &batch, step, tick, context, &result, &err);   // result.gradient
 *     engine_destroy(engine);
 *
 * A batch is cut into chunks of settings.chunk samples, whatever the threads. A chunk's gradients are summed in sample
 * order by one member into a buffer of its own, and these are added up in chunk order (team turns), so no sum depends
 * on who did what when. One thread (the trainer's) calls; the job must not change meanwhile. */
#ifndef CORE_TRAIN_ENGINE_H
#define CORE_TRAIN_ENGINE_H

#include "core/model/pass.h"
#include "core/train/control.h"
#include "core/train/job.h"
#include "core/train/team.h"

struct engine;

struct engine_result {
    double loss;           /* mean over readable images */
    double top1;           /* share of them that is right; masked autoencoding: of the hidden patches' variance that the
                              prediction explains, 1 - loss / loss of predicting each patch's mean */
    int known;             /* images whose prefix (pass.h) was kept */
    const float *gradient; /* [tuning.total], the engine's, until its next step */
};

/* Everything that a step needs is taken here. Errors: ERROR_MEMORY, ERROR_IO. `control` outlives the engine. */
int engine_create(struct engine **out, const struct job *job, int threads, struct control *control, struct error *e);
void engine_destroy(struct engine *g); /* NULL is accepted */
int engine_threads(const struct engine *g);

/* From now on keeps what frozen blocks make of images 0 to images[s] - 1 of split s (kept.h), within the setting
 * cache-blocks; nothing where the tuning leaves none frozen. Errors: ERROR_MEMORY. */
int engine_keep(struct engine *g, const size_t images[SPLITS], struct error *e);

/* Forward and backward of `batch` as step number `step` (key of dropout and gate noise). Errors: ERROR_CANCELLED
 * (control_cancel()), ERROR_DIVERGED: loss or gradient is NaN or infinite, and the sentence says where first. */
int engine_step(struct engine *g, const float *theta, const struct batch *batch, uint64_t step, team_tick_fn *tick,
                void *tick_context, struct engine_result *out, struct error *e);

/* Forward alone, gates and temperatures as for evaluation, no dropout: logits [count, tuning_outputs()] and losses
 * [count], the engine's until its next call. Errors: ERROR_CANCELLED. */
int engine_forward(struct engine *g, const float *theta, const struct batch *batch, team_tick_fn *tick,
                   void *tick_context, const float **logits, const double **losses, struct error *e);

/* Chunks done and chunks in all of the call under way; any thread may ask. */
void engine_progress(const struct engine *g, int *done, int *all);

/* Where the members' time goes (pass_time()), added up over them; `reduce` is the adding up of their gradients. */
void engine_time(struct engine *g, bool on);
size_t engine_phases(const struct engine *g, struct pass_phase out[PASS_PHASES]);

/* Nanoseconds of a monotonic clock. */
long long engine_clock(void);

#endif
