/* The shape of a vision transformer. A plain value.
 *
 *     struct vit_shape s;
 *     shape_named("vitb16", &s);     // dim 768, depth 12, heads 12, patch 16, image 224, mlp 3072
 */
#ifndef CORE_MODEL_SHAPE_H
#define CORE_MODEL_SHAPE_H

#include <stddef.h>

#include "core/error.h"

struct vit_shape {
    int dim;   /* D, width of a token */
    int depth; /* L, blocks */
    int heads; /* H; dim / heads is the width of a head */
    int mlp;   /* hidden width of the MLP */
    int patch; /* side of a patch in pixels */
    int image; /* side of the square input in pixels, a multiple of patch */
};

/* Fills `s` from a name of shapes.def (vits16, vitb16, vitl16, vith14, nano ...), or one with another image side, as in
 * "vitb16@384". Errors: ERROR_USAGE names the known ones; ERROR_SHAPE. */
int shape_named(const char *name, struct vit_shape *s, struct error *e);

/* "vitb16" for a known shape (image size aside), else "vit768x12". Into out[size]. */
const char *shape_name(const struct vit_shape *s, char *out, size_t size);

/* Checks ranges and divisibility (dim by heads, image by patch). Errors: ERROR_SHAPE. */
int shape_check(const struct vit_shape *s, struct error *e);

/* Tokens of an image: (image / patch)^2. */
static inline int shape_patches(const struct vit_shape *s) {
    return (s->image / s->patch) * (s->image / s->patch);
}

/* Number of values of the backbone (all tensors of weights.def). */
size_t shape_parameters(const struct vit_shape *s);

#endif
