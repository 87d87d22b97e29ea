/* Prompt tokens: putting them in, dropout, and the gates (paper: Section 4.1, Eq. 7). D = width, P = prompts.
 * A sequence is [CLS, P prompts, patches].
 * Pure; any thread may call. */
#ifndef CORE_NN_PROMPT_H
#define CORE_NN_PROMPT_H

#include <stddef.h>
#include <stdint.h>

/* from [N, D] -> to [N + P, D]: CLS, then room for the prompts (left alone), then the patches. Different arrays. */
void prompt_make_room(size_t tokens, size_t prompts, size_t dim, const float *from, float *to);

/* The way back: to [N, D] = the rows of CLS and patches of from [N + P, D]. Different arrays. */
void prompt_close_room(size_t tokens, size_t prompts, size_t dim, const float *from, float *to);

/* rows [P, D] = prompts [P, D] * keep [P, D]; keep NULL: no dropout. The gradient is the same product. */
void prompt_fill(size_t prompts, size_t dim, const float *values, const float *keep, float *rows);

/* keep [n] = 0 with probability `rate`, else 1 / (1 - rate) (torch.nn.Dropout): a function of (seed, step, position in
 * the batch, block), element by element. */
void prompt_dropout(size_t n, double rate, uint64_t seed, uint64_t step, uint32_t position, uint32_t block,
                    float *keep);

/* Eq. 7: mixed = g z_out + (1 - g) z_in, n values each. mixed may be z_out. */
void prompt_gate(size_t n, float g, const float *z_out, const float *z_in, float *mixed);

/* dmixed -> dz_out = g dmixed, dz_in = (1 - g) dmixed, both overwritten; returns the gradient of g,
 * sum(dmixed (z_out - z_in)). dz_out may be dmixed. */
double prompt_gate_backward(size_t n, float g, const float *z_out, const float *z_in, const float *dmixed,
                            float *dz_out, float *dz_in);

/* sigmoid and its inverse; logit holds its argument within 1e-6 of 0 and 1. */
double prompt_sigmoid(double x);
double prompt_logit(double p);

/* Noise of the Gumbel-sigmoid (hard gates): the difference of two Gumbel draws, one draw a gate and step. */
double prompt_gumbel(uint64_t seed, uint64_t step, uint32_t gate);

/* Selection ratio (Eq. 10, 11): ratio[l] = w_l / sum(w) with w_l = g_l prod_{k > l} (1 - g_k), for `gates` gate values:
 * each block's share in the prompts that the last block receives. */
void prompt_selection_ratio(size_t gates, const float *g, float *ratio);

#endif
