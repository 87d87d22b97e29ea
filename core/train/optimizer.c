#include "core/train/optimizer.h"

#include <math.h>

/* The rule's constants for one tensor. */
struct rule {
    double lr, momentum, beta2, epsilon, decay, correct1, correct2;
};

static void update_sgd(const struct rule *r, float g, float *m, float *p) {
    double d = (double)g + r->decay * (double)*p;
    *m = (float)(r->momentum * (double)*m + d);
    *p = (float)((double)*p - r->lr * (double)*m);
}

static void update_adamw(const struct rule *r, float g, float *m, float *v, float *p) {
    double d = (double)g;
    *m = (float)(r->momentum * (double)*m + (1 - r->momentum) * d);
    *v = (float)(r->beta2 * (double)*v + (1 - r->beta2) * d * d);
    double step = ((double)*m / r->correct1) / (sqrt((double)*v / r->correct2) + r->epsilon);
    *p = (float)((double)*p * (1 - r->lr * r->decay) - r->lr * step);
}

static double factor(const struct optimizer_options *o, enum tuned_kind kind) {
    switch (kind) {
    case TUNED_PROMPTS:
    case TUNED_DEEP_PROMPTS:
        return o->prompts;
    case TUNED_GATES:
        return o->gates;
    case TUNED_TEMPS:
        return o->temps;
    case TUNED_WEIGHT:
        return o->weights;
    default:
        return o->head;
    }
}

static bool is_frozen(const struct freeze *f, enum tuned_kind kind, size_t i) {
    switch (kind) {
    case TUNED_PROMPTS:
    case TUNED_DEEP_PROMPTS:
        return f->prompts;
    case TUNED_GATES:
        return freeze_has(f->gates, i);
    case TUNED_TEMPS:
        return freeze_has(f->temps, i);
    case TUNED_WEIGHT:
        return false;
    default:
        return f->head;
    }
}

void optimizer_update(const struct optimizer_options *o, const struct tuning *t, const struct freeze *freeze, double lr,
                      struct optimizer_state *state, const float *gradient, float *theta) {
    state->updates++;
    for (int k = 0; k < t->count; k++) {
        struct tuned tensor = tuning_at(t, k);
        bool head = tensor.kind == TUNED_HEAD_WEIGHT || tensor.kind == TUNED_HEAD_BIAS;
        double n = (double)(state->updates - (head ? state->head_since : 0));
        struct rule r = {
            .lr = lr * factor(o, tensor.kind) * pow(o->layer_decay, t->shape.depth + 1 - tensor.layer),
            .momentum = o->momentum,
            .beta2 = o->beta2,
            .epsilon = o->epsilon,
            .decay = tensor.decays ? o->weight_decay : 0,
            .correct1 = 1 - pow(o->momentum, n),
            .correct2 = 1 - pow(o->beta2, n),
        };
        for (size_t i = 0; i < tensor.size; i++) {
            size_t at = tensor.offset + i;
            if (is_frozen(freeze, tensor.kind, i))
                continue;
            if (o->kind == OPTIMIZER_ADAMW)
                update_adamw(&r, gradient[at], &state->first[at], &state->second[at], &theta[at]);
            else
                update_sgd(&r, gradient[at], &state->first[at], &theta[at]);
        }
    }
}
