/* Exact GELU, y = x Phi(x) with Phi the normal distribution function (torch.nn.functional.gelu, approximate='none').
 * Pure; any thread may call; in and out may be the same array. */
#ifndef CORE_NN_GELU_H
#define CORE_NN_GELU_H

#include <stddef.h>

/* x [n] -> y [n], overwritten. */
void gelu_forward(size_t n, const float *x, float *y);

/* dx [n] = dy [n] gelu'(x [n]), overwritten; x is what went into gelu_forward(). */
void gelu_backward(size_t n, const float *x, const float *dy, float *dx);

#endif
