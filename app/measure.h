/* Measuring this machine on a job: images a second of training and evaluation, sgemm's peak, a synthetic batch. Main
 * thread, nothing else running. */
#ifndef APP_MEASURE_H
#define APP_MEASURE_H

#include "core/train/engine.h"
#include "core/train/state.h"

/* An engine with freshly initialised tuned tensors and a batch of noise. */
struct measure {
    const struct job *job;
    struct control control;
    struct engine *engine;
    struct state state;
    struct batch batch;
    float *images;
    int *labels;
    uint32_t *index;
    double optimizer_s; /* of the last training step */
    int known;          /* images of it whose frozen blocks were kept */
};

/* `count` images, cut to the job's batch. Errors: ERROR_MEMORY, ERROR_IO. */
int measure_open(struct measure *m, const struct job *job, int threads, int count, struct error *e);
void measure_close(struct measure *m); /* a zeroed one is accepted */

/* From now on what frozen blocks make of the batch is kept, as in the second epoch of a run without augmentation: the
 * next step or evaluation computes it, those after it do not. Errors: ERROR_MEMORY. */
int measure_keep(struct measure *m, struct error *e);

/* Seconds of one training step, its update included, and of one evaluation of the batch. Errors: those of the engine.
 */
int measure_step(struct measure *m, double *seconds, struct error *e);
int measure_forward(struct measure *m, double *seconds, struct error *e);

/* Seconds that it takes one thread to make an image of the job's dataset into input, the mean over some. Errors: of
 * reading it; ERROR_DATA if none can be read. */
int measure_decode(const struct job *job, double *seconds, struct error *e);

/* GFLOP/s of sgemm on `threads` threads at once, each on its own matrices: the best over some shapes. */
int measure_peak(int threads, double *gflops, struct error *e);

/* The same in a fraction of a second, for a screen: some percent too low at times. */
int measure_peak_quickly(int threads, double *gflops, struct error *e);

#endif
