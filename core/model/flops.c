#include "core/model/flops.h"

static double tokens(const struct tuning *t, int block) {
    return 1.0 + shape_patches(&t->shape) + tuning_prompts_at(t, block);
}

static double products(const struct tuning *t, int block) {
    double d = t->shape.dim, m = t->shape.mlp;
    return 2 * tokens(t, block) * (4 * d * d + 2 * d * m);
}

double flops_forward(const struct tuning *t) {
    double d = t->shape.dim, area = 3.0 * t->shape.patch * t->shape.patch;
    double sum = 2.0 * shape_patches(&t->shape) * area * d + 2 * d * t->options.classes;
    for (int l = 0; l < t->shape.depth; l++)
        sum += products(t, l) + 4 * tokens(t, l) * tokens(t, l) * d;
    return sum;
}

double flops_training(const struct tuning *t) {
    double d = t->shape.dim, sum = flops_forward(t) + 4 * d * t->options.classes;
    int lowest = tuning_find(t, TUNED_TEMPS) ? 0 : tuning_has_prompts(t) ? t->options.insert_at : t->shape.depth;
    for (int l = lowest; l < t->shape.depth; l++)
        sum += products(t, l) + 8 * tokens(t, l) * tokens(t, l) * d;
    return sum;
}
