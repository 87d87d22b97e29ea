/* From a decoded picture to the model's input: the published pipelines (DATASETS.md: sections 1 and 2).
 *
 *   fgvc    shorter side to image * 8 / 7 (Pillow's antialiased bilinear, 8-bit), centre crop; in training a random
 *           crop and a flip
 *   vtab    straight to image x image, TensorFlow 1's legacy bilinear in float, no augmentation
 *   square  straight to image x image, Pillow's bilinear
 *   native  already image x image
 *
 * Augmentations for pretraining, in place of crop and flip: resized-crop takes a part of 20 to 100% of the area, with
 * sides in a ratio of 3:4 to 4:3, and enlarges it (torchvision's RandomResizedCrop on the fitted picture), with flips;
 * scenes flips, makes quarter turns and permutes the colour channels.
 *
 * All then: / 255, minus the ImageNet mean, over its standard deviation.
 *
 * Work falls in two: preprocess_fit() is a function of the picture alone and what may be cached; preprocess_finish()
 * adds the augmentation, a function of (seed, epoch, image). Pure functions; any thread may call. */
#ifndef CORE_DATA_PREPROCESS_H
#define CORE_DATA_PREPROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/image.h"

enum preprocess_kind { PREPROCESS_FGVC, PREPROCESS_VTAB, PREPROCESS_SQUARE, PREPROCESS_NATIVE };
enum preprocess_augment { AUGMENT_NONE, AUGMENT_FLIP, AUGMENT_CROP_FLIP, AUGMENT_RESIZED_CROP, AUGMENT_SCENES };

struct preprocess {
    enum preprocess_kind kind;
    enum preprocess_augment augment; /* applied where `training` is true */
    int image;                       /* side of the model's input, pixels */
    uint64_t seed;
};

/* A picture ready to be cropped: 8-bit for fgvc, square, native; float 0..255 for vtab. */
struct fitted {
    int width, height;
    uint8_t *rgb;  /* [height, width, 3] or NULL */
    float *values; /* [height, width, 3] or NULL */
};

/* Errors: ERROR_MEMORY, ERROR_DATA (native and not image x image). */
int preprocess_fit(const struct preprocess *p, const struct image *in, struct fitted *out, struct error *e);
void fitted_free(struct fitted *f); /* a zeroed one is accepted */
size_t fitted_bytes(const struct fitted *f);

/* out: [3, image, image], normalised. `number` is the image's index in its split. Errors: ERROR_MEMORY, of resized-crop
 * in training alone. */
int preprocess_finish(const struct preprocess *p, const struct fitted *in, bool training, uint32_t epoch,
                      uint32_t number, float *out, struct error *e);

#endif
