/* The reconstruction of an image, as a picture: seen patches as they are, hidden ones as they were predicted. The model
 * predicts a patch normalised to mean 0 and variance 1; its own mean and deviation, which the loss leaves out, are
 * given back to it (the published demonstration does the same: mae_visualize.ipynb). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/train/looker_private.h"

struct look *looker_rebuild_make(const struct tuning *t) {
    size_t patches = (size_t)shape_patches(&t->shape), side = (size_t)t->shape.image, picture = 3 * side * side;
    size_t rgb = sizeof(struct look), bytes = rgb + 3 * picture + patches;
    struct look *out = calloc(1, bytes);
    if (!out)
        return NULL;
    out->version = LOOK_VERSION;
    out->reconstructs = true;
    out->depth = out->first = t->shape.depth;
    out->patches = (int32_t)patches;
    out->side = (int32_t)side;
    out->visible = tuning_visible(t);
    out->rgb = rgb;
    out->masked = rgb + picture;
    out->rebuilt = rgb + 2 * picture;
    out->seen = rgb + 3 * picture;
    out->bytes = bytes;
    memset((uint8_t *)out + rgb, 128, 3 * picture);
    return out;
}

/* Where patch n's value k, in the order of row, column, channel, lies in [3, side, side]. */
static size_t place(size_t side, size_t patch, size_t n, size_t k) {
    size_t across = side / patch, row = n / across * patch + k / 3 / patch, column = n % across * patch + k / 3 % patch;
    return (k % 3 * side + row) * side + column;
}

/* A patch's mean and the deviation that its values were divided by. */
static void measure(size_t side, size_t patch, size_t n, const float *input, double *mean, double *deviation) {
    size_t values = 3 * patch * patch;
    double sum = 0, squares = 0;
    for (size_t k = 0; k < values; k++)
        sum += (double)input[place(side, patch, n, k)];
    *mean = sum / (double)values;
    for (size_t k = 0; k < values; k++) {
        double d = (double)input[place(side, patch, n, k)] - *mean;
        squares += d * d;
    }
    *deviation = sqrt(squares / (double)(values - 1) + PASS_TARGET_EPS);
}

int looker_rebuild_fill(const struct job *job, const float *input, const struct pass_reconstruction *r,
                        struct look *out, struct error *e) {
    const struct vit_shape *s = &job->tuning.shape;
    size_t side = (size_t)s->image, patch = (size_t)s->patch;
    uint8_t *seen = (uint8_t *)out + out->seen, *masked = (uint8_t *)out + out->masked;
    float *rebuilt = malloc(3 * side * side * sizeof *rebuilt);
    if (!rebuilt)
        return error_set(e, ERROR_MEMORY, "not enough memory for a picture of %zu pixels", side * side);
    memcpy(rebuilt, input, 3 * side * side * sizeof *rebuilt);
    for (size_t k = 0; k < r->seen; k++)
        seen[r->visible[k]] = 1;
    looker_picture(&job->preprocess, input, (uint8_t *)out + out->rgb);
    memcpy(masked, (uint8_t *)out + out->rgb, 3 * side * side);
    for (size_t n = 0; n < r->patches; n++) {
        double mean, deviation;
        if (seen[n])
            continue;
        measure(side, patch, n, input, &mean, &deviation);
        for (size_t k = 0; k < r->values; k++) {
            size_t at = place(side, patch, n, k);
            rebuilt[at] = (float)((double)r->prediction[n * r->values + k] * deviation + mean);
            masked[at % (side * side) * 3 + k % 3] = 128;
        }
    }
    looker_picture(&job->preprocess, rebuilt, (uint8_t *)out + out->rebuilt);
    out->loss = r->loss;
    out->baseline = r->baseline;
    free(rebuilt);
    return 0;
}
