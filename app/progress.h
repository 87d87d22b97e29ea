/* How a run stands, in one line of text: numbers in, text out. Pure. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include <stddef.h>

#include "core/train/snapshot.h"

/* How the line of an epoch that has ended begins, and the one of a run that goes on (step, epoch): a sweep reads what
 * its runs say. */
#define PROGRESS_EPOCH "epoch %llu:"
#define PROGRESS_GOES_ON "goes on at step %llu, epoch %llu"

/* "epoch 3/20 batch 12/16 loss 1.234 val 41.3% 812 images/s 1m02s left", at most `columns` wide. Into out[size]. */
const char *progress_line(const struct snapshot *s, int columns, char *out, size_t size);

/* The line of an epoch that has ended: "epoch 3: loss 1.2340 lr 0.1 val 41.3% (best 43.0% at 2) 812 images/s";
 * percentages are top-1. Into out[size]. */
const char *progress_epoch(const struct snapshot *s, char *out, size_t size);

#endif
