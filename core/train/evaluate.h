/* Top-1, top-5, loss, per class and confusion, of a whole split.
 *
 *     evaluation_create(&result, classes, &err);
 *     evaluate(engine, theta, loader, NULL, NULL, &result, &err);
 *     evaluation_destroy(&result);
 *
 * The sums run in the split's order, so they depend on no thread. The engine's caller calls. */
#ifndef CORE_TRAIN_EVALUATE_H
#define CORE_TRAIN_EVALUATE_H

#include "core/train/engine.h"
#include "core/train/look.h"

struct evaluation {
    int classes;             /* 0: masked autoencoding; then top1 is the share explained, no list, no confusion */
    size_t images;           /* readable ones */
    double top1, top5, loss; /* shares 0 to 1; mean cross-entropy, or squared distance of hidden patches */
    double baseline;         /* masked autoencoding: the loss of predicting each patch's mean */
    uint32_t *confusion;     /* [classes, classes]: true class, then predicted */
    struct prediction *list; /* [images], in the split's order */
    size_t room;
    size_t begun, batches; /* of the evaluation under way; its caller's tick may ask */
};

int evaluation_create(struct evaluation *v, int classes, struct error *e);
void evaluation_destroy(struct evaluation *v); /* a zeroed one is accepted */

/* Images of a class, and the share of them predicted right (0 of 0 is 0). */
size_t evaluation_class_count(const struct evaluation *v, int label);
double evaluation_class_top1(const struct evaluation *v, int label);

/* Errors: ERROR_CANCELLED, ERROR_DATA (nothing readable), ERROR_DIVERGED (a logit is NaN or infinite). */
int evaluate(struct engine *g, const float *theta, struct loader *loader, team_tick_fn *tick, void *tick_context,
             struct evaluation *out, struct error *e);

#endif
