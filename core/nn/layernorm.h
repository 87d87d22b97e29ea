/* LayerNorm over the last dimension (torch.nn.LayerNorm, eps 1e-6): y = (x - mean) rstd w + b. R rows of D.
 * Pure; any thread may call. */
#ifndef CORE_NN_LAYERNORM_H
#define CORE_NN_LAYERNORM_H

#include <stddef.h>

#define LAYERNORM_EPS 1e-6f

/* x [R, D] -> y [R, D] overwritten; stats [R, 2] = mean, rstd of each row, kept for the way back. */
void layernorm_forward(size_t rows, size_t dim, const float *x, const float *w, const float *b, float *y, float *stats);

/* dy [R, D] -> dx [R, D] += (the residual's gradient is there already), dw [D] +=, db [D] +=; the last two may be NULL.
 * dx and dy are different arrays. */
void layernorm_backward(size_t rows, size_t dim, const float *x, const float *w, const float *stats, const float *dy,
                        float *dx, float *dw, float *db);

#endif
