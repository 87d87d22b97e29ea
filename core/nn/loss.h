/* Softmax cross-entropy (torch.nn.functional.cross_entropy). C classes.
 * Pure; any thread may call. */
#ifndef CORE_NN_LOSS_H
#define CORE_NN_LOSS_H

#include <stddef.h>

/* logits [C], label in [0, C) -> -log softmax(logits)[label]. */
double loss_forward(size_t classes, const float *logits, int label);

/* dlogits [C] = weight (softmax(logits) - onehot(label)), overwritten. */
void loss_backward(size_t classes, const float *logits, int label, float weight, float *dlogits);

/* Number of classes with a larger logit than the label's, ties broken by the smaller class: 0 is a top-1 hit. */
int loss_rank(size_t classes, const float *logits, int label);

#endif
