/* What looker.c and looker_rebuild.c share. Only these two include it. */
#ifndef CORE_TRAIN_LOOKER_PRIVATE_H
#define CORE_TRAIN_LOOKER_PRIVATE_H

#include "core/train/looker.h"

/* A normalised picture [3, side, side] as [side, side, 3] of bytes, side p->image. */
void looker_picture(const struct preprocess *p, const float *input, uint8_t *rgb);

/* Room for the look of a run that reconstructs, its offsets set, its pictures grey, no patch seen; NULL: no memory. */
struct look *looker_rebuild_make(const struct tuning *t);

/* Fills it: the pictures of `input` [3, S, S] and of what the pass made of it. Errors: ERROR_MEMORY. */
int looker_rebuild_fill(const struct job *job, const float *input, const struct pass_reconstruction *r,
                        struct look *out, struct error *e);

#endif
