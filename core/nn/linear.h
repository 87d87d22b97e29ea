/* Linear layer, y = x w^T + b (torch.nn.functional.linear), on sgemm. R rows, I inputs, O outputs.
 *
 *     linear_forward(rows, in, out, x, w, b, y);
 *     linear_backward(rows, in, out, x, w, dy, dx, NULL, NULL);        // frozen weights: the gradient of x alone
 *
 * Pure; any thread may call; BLAS must be set to one thread. */
#ifndef CORE_NN_LINEAR_H
#define CORE_NN_LINEAR_H

#include <stddef.h>

/* x [R, I], w [O, I], b [O] -> y [R, O], overwritten; b NULL: what comes next adds it. */
void linear_forward(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *b, float *y);

/* y = residual + x w^T + b, the end of a residual branch; residual [R, O] may be y. */
void linear_forward_residual(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *b,
                             const float *residual, float *y);

/* dy [R, O] -> dx [R, I] overwritten, dw [O, I] += dy^T x, db [O] += column sums of dy. Each of dx, dw, db may be NULL:
 * not wanted. x is read only for dw. */
void linear_backward(size_t rows, size_t in, size_t out, const float *x, const float *w, const float *dy, float *dx,
                     float *dw, float *db);

#endif
