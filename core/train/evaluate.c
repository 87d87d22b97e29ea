#include "core/train/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/loss.h"
#include "core/nn/vector.h"

int evaluation_create(struct evaluation *v, int classes, struct error *e) {
    *v = (struct evaluation){.classes = classes};
    v->confusion = calloc((size_t)classes * (size_t)classes + 1, sizeof *v->confusion);
    if (!v->confusion)
        return error_set(e, ERROR_MEMORY, "not enough memory for the confusion of %d classes", classes);
    return 0;
}

void evaluation_destroy(struct evaluation *v) {
    free(v->confusion);
    free(v->list);
    *v = (struct evaluation){0};
}

size_t evaluation_class_count(const struct evaluation *v, int label) {
    size_t n = 0;
    for (int i = 0; i < v->classes; i++)
        n += v->confusion[(size_t)label * (size_t)v->classes + (size_t)i];
    return n;
}

double evaluation_class_top1(const struct evaluation *v, int label) {
    size_t n = evaluation_class_count(v, label);
    return n ? (double)v->confusion[(size_t)label * (size_t)v->classes + (size_t)label] / (double)n : 0;
}

struct tally {
    size_t images, top1, top5;
    double loss, of_means; /* masked autoencoding: the loss of predicting each patch's mean */
};

static int make_room(struct evaluation *v, size_t images, struct error *e) {
    if (images <= v->room)
        return 0;
    size_t room = 2 * images;
    struct prediction *list = realloc(v->list, room * sizeof *list);
    if (!list)
        return error_set(e, ERROR_MEMORY, "not enough memory for the predictions of %zu images", images);
    v->list = list;
    v->room = room;
    return 0;
}

/* Shares of softmax of the true and the predicted class. */
static struct prediction predict(const float *row, size_t classes, int label, size_t said, uint32_t index) {
    double sum = 0;
    for (size_t c = 0; c < classes; c++)
        sum += exp((double)(row[c] - row[said]));
    return (struct prediction){.index = index,
                               .label = label,
                               .said = (int32_t)said,
                               .label_share = (float)(exp((double)(row[label] - row[said])) / sum),
                               .said_share = (float)(1 / sum)};
}

static void count(const struct batch *b, const float *logits, const double *losses, struct evaluation *v,
                  struct tally *sum) {
    size_t classes = (size_t)v->classes;
    for (int i = 0; i < b->count; i++) {
        if (b->labels[i] < 0)
            continue;
        const float *row = logits + (size_t)i * classes;
        int rank = loss_rank(classes, row, b->labels[i]);
        size_t said = 0;
        for (size_t c = 1; c < classes; c++)
            if (row[c] > row[said])
                said = c;
        v->confusion[(size_t)b->labels[i] * classes + said]++;
        v->list[sum->images++] = predict(row, classes, b->labels[i], said, b->index[i]);
        sum->top1 += rank == 0;
        sum->top5 += rank < 5;
        sum->loss += losses[i];
    }
}

/* The same for masked autoencoding: baselines [count] in place of logits. */
static int count_losses(const struct batch *b, const float *baselines, const double *losses, struct tally *sum,
                        struct error *e) {
    for (int i = 0; i < b->count; i++) {
        if (b->labels[i] < 0)
            continue;
        if (!isfinite(losses[i]))
            return error_set(e, ERROR_DIVERGED, "the loss of image %u is NaN or infinite in evaluation",
                             (unsigned)b->index[i]);
        sum->images++;
        sum->loss += losses[i];
        sum->of_means += (double)baselines[i];
    }
    return 0;
}

int evaluate(struct engine *g, const float *theta, struct loader *loader, team_tick_fn *tick, void *tick_context,
             struct evaluation *out, struct error *e) {
    struct tally sum = {0};
    struct batch batch;
    const float *logits;
    const double *losses;
    memset(out->confusion, 0, (size_t)out->classes * (size_t)out->classes * sizeof *out->confusion);
    out->begun = 0;
    out->batches = loader_batches(loader);
    loader_start(loader, 0, 0);
    int r;
    while ((r = loader_next(loader, &batch, e)) == 1) {
        out->begun++;
        if ((r = engine_forward(g, theta, &batch, tick, tick_context, &logits, &losses, e)) < 0)
            return r;
        if (!vector_ops()->finite((size_t)batch.count * (size_t)(out->classes ? out->classes : 1), logits))
            return error_set(e, ERROR_DIVERGED, "a logit is NaN or infinite in evaluation");
        if (out->classes == 0) {
            if ((r = count_losses(&batch, logits, losses, &sum, e)) < 0)
                return r;
            continue;
        }
        if ((r = make_room(out, sum.images + (size_t)batch.count, e)) < 0)
            return r;
        count(&batch, logits, losses, out, &sum);
    }
    if (r < 0)
        return r;
    if (sum.images == 0)
        return error_set(e, ERROR_DATA, "no image of the split could be read");
    double n = (double)sum.images;
    out->images = sum.images;
    out->top1 = out->classes ? (double)sum.top1 / n : sum.of_means > 0 ? 1 - sum.loss / sum.of_means : 0;
    out->top5 = (double)sum.top5 / n;
    out->loss = sum.loss / n;
    out->baseline = sum.of_means / n;
    return 0;
}
