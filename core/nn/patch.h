/* Patch embedding: a convolution with stride = kernel = P (timm's PatchEmbed), plus positions, with the CLS token in
 * front. N = (S / P)^2 patches of an image with side S, in row-major order; a column holds 3 P P pixels, channel first.
 * Pure; any thread may call; BLAS must be set to one thread. */
#ifndef CORE_NN_PATCH_H
#define CORE_NN_PATCH_H

#include <stddef.h>

#include "core/model/shape.h"

/* image [3, S, S] -> columns [N, 3 P P], overwritten. */
void patch_columns(const struct vit_shape *s, const float *image, float *columns);

/* columns [N, 3 P P], w [D, 3, P, P], b [D], cls [D], pos [N + 1, D] -> tokens [N + 1, D], overwritten. */
void patch_forward(const struct vit_shape *s, const float *columns, const float *w, const float *b, const float *cls,
                   const float *pos, float *tokens);

/* dtokens [N + 1, D] -> dw +=, db +=, dcls +=, dpos +=, shaped as above; each may be NULL. */
void patch_backward(const struct vit_shape *s, const float *columns, const float *dtokens, float *dw, float *db,
                    float *dcls, float *dpos);

#endif
