#include "core/nn/patch.h"

#include <string.h>

#include "core/nn/linear.h"
#include "core/nn/vector.h"

void patch_columns(const struct vit_shape *s, const float *image, float *columns) {
    size_t side = (size_t)s->image, patch = (size_t)s->patch, grid = side / patch;
    for (size_t y = 0; y < grid; y++)
        for (size_t x = 0; x < grid; x++)
            for (size_t c = 0; c < 3; c++)
                for (size_t row = 0; row < patch; row++, columns += patch)
                    memcpy(columns, image + (c * side + y * patch + row) * side + x * patch, patch * sizeof *columns);
}

void patch_forward(const struct vit_shape *s, const float *columns, const float *w, const float *b, const float *cls,
                   const float *pos, float *tokens) {
    const struct vector_ops *v = vector_ops();
    size_t dim = (size_t)s->dim, n = (size_t)shape_patches(s), area = 3 * (size_t)s->patch * (size_t)s->patch;
    memcpy(tokens, cls, dim * sizeof *tokens);
    linear_forward(n, area, dim, columns, w, b, tokens + dim);
    v->add((n + 1) * dim, pos, tokens);
}

void patch_backward(const struct vit_shape *s, const float *columns, const float *dtokens, float *dw, float *db,
                    float *dcls, float *dpos) {
    const struct vector_ops *v = vector_ops();
    size_t dim = (size_t)s->dim, n = (size_t)shape_patches(s), area = 3 * (size_t)s->patch * (size_t)s->patch;
    linear_backward(n, area, dim, columns, NULL, dtokens + dim, NULL, dw, db);
    if (dcls)
        v->add(dim, dtokens, dcls);
    if (dpos)
        v->add((n + 1) * dim, dtokens, dpos);
}
