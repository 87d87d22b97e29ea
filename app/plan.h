/* What a run will take, before it is taken: memory, and time from one chunk measured on this machine. */
#ifndef APP_PLAN_H
#define APP_PLAN_H

#include "core/train/job.h"

struct plan {
    int threads;
    size_t bytes, kept;              /* memory, weights included; besides, for frozen blocks that are kept */
    double batch_s, epoch_s, eval_s; /* seconds a batch, an epoch's training, an evaluation of val */
    double run_s;                    /* the whole run with its evaluations */
    double train_images_s, eval_images_s;
};

/* Measures one chunk on every thread, forward and back. Errors: ERROR_MEMORY, ERROR_IO. */
int plan_measure(struct plan *p, const struct job *job, struct error *e);

/* The same without measuring, for a machine that does `peak_gflops` in sgemm, if images take three quarters of that. */
void plan_estimate(struct plan *p, const struct job *job, double peak_gflops);

/* "2 threads, 215 MiB and 120 MiB for kept blocks; batch 0.3 s, epoch 5 s, evaluation 1 s; run 3m20s, until 14:05".
 * Into out[size]. */
const char *plan_line(const struct plan *p, char *out, size_t size);

#endif
