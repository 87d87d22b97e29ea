/* Computes what a screen asks to see (look.h), beside the training and without a trace in it.
 *
 *     looker_create(&l, job, go_on, context, &err);
 *     looker_look(l, theta, step, &request, &look, &err);
 *     looker_forget(l);                            // theta has changed
 *     looker_pictures(l, &request, &pictures, &err);
 *     looker_destroy(l);
 *
 * Two passes of one image each, made at the first look: one as the run is tuned, one of the backbone alone (of a run
 * that reconstructs the first alone; its look holds a reconstruction). What the image alone decides (its pixels, the
 * backbone alone) is kept until another image is asked for; the tuned pass until then or until theta changes, so that
 * going through its blocks, heads and prompts costs no pass. The trainer's thread; theta must not change during a look,
 * and a looker lasts no longer than the job's dataset. */
#ifndef CORE_TRAIN_LOOKER_H
#define CORE_TRAIN_LOOKER_H

#include "core/model/pass.h"
#include "core/train/job.h"
#include "core/train/look.h"

struct looker;

/* go_on (may be NULL) is called between matrix products and between pictures; false gives the answer up. Errors:
 * ERROR_MEMORY. */
int looker_create(struct looker **out, const struct job *job, pass_go_on_fn *go_on, void *context, struct error *e);
void looker_destroy(struct looker *l); /* NULL is accepted */
void looker_forget(struct looker *l);  /* likewise */

/* Whether a look at this image (and mask) needs no pass. */
bool looker_has(const struct looker *l, const struct look_request *r);

/* *out is one block of memory, the caller's. Indices beyond what there is are brought within. An image that cannot be
 * read has label -1, said -1, a grey picture and no attention. Errors: ERROR_MEMORY; ERROR_DATA: the split is empty;
 * ERROR_CANCELLED: go_on() said so. */
int looker_look(struct looker *l, const float *theta, uint64_t step, const struct look_request *r, struct look **out,
                struct error *e);

/* Errors: ERROR_MEMORY, ERROR_CANCELLED. */
int looker_pictures(struct looker *l, const struct pictures_request *r, struct pictures **out, struct error *e);

#endif
