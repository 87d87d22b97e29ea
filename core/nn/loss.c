#include "core/nn/loss.h"

#include <math.h>
#include <string.h>

#include "core/nn/vector.h"

double loss_forward(size_t classes, const float *logits, int label) {
    float largest = logits[0];
    for (size_t i = 1; i < classes; i++)
        largest = fmaxf(largest, logits[i]);
    double total = 0;
    for (size_t i = 0; i < classes; i++)
        total += exp((double)logits[i] - (double)largest);
    return log(total) - ((double)logits[label] - (double)largest);
}

void loss_backward(size_t classes, const float *logits, int label, float weight, float *dlogits) {
    const struct vector_ops *v = vector_ops();
    memcpy(dlogits, logits, classes * sizeof *dlogits);
    v->softmax(1, classes, 0, 1.0f, dlogits);
    dlogits[label] -= 1.0f;
    v->scale(classes, weight, dlogits);
}

int loss_rank(size_t classes, const float *logits, int label) {
    int rank = 0;
    for (size_t i = 0; i < classes; i++)
        rank += logits[i] > logits[label] || (logits[i] == logits[label] && i < (size_t)label);
    return rank;
}
