/* Exact GELU, y = x Phi(x) with Phi the normal distribution function (torch.nn.functional.gelu, approximate='none'),
 * on the result of a linear layer whose bias is added here. R rows of M.
 * Pure; any thread may call. */
#ifndef CORE_NN_GELU_H
#define CORE_NN_GELU_H

#include <stddef.h>

/* x [R, M], b [M] -> y [R, M] = gelu(x + b), overwritten; x and y may be the same array. */
void gelu_forward(size_t rows, size_t dim, const float *x, const float *b, float *y);

/* The same with x [R, M] = gelu'(x + b) in place, which costs little beside y; x and y are different arrays. */
void gelu_forward_slope(size_t rows, size_t dim, float *x, const float *b, float *y);

/* dy [n] -> that times the slope that gelu_forward_slope() left, in place. */
void gelu_backward(size_t n, const float *slope, float *dy);

#endif
