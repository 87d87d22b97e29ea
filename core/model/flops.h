/* Floating-point operations of the method itself, a multiply-add counted as two: what an implementation must do,
 * whatever it computes again or leaves out.
 *
 * With N tokens in a block (prompts counted from their insertion on), D, M and C the widths of tokens, MLP and head:
 *
 *     forward, a block       2 N (3 D D + D D + 2 D M)  +  4 N N D
 *     forward, the rest      2 patches (3 P P) D  +  2 D C
 *     backward, a block      the same matrix products once (to activations), once more where its weights are tuned,
 *                            and 8 N N D for attention
 *     backward, the head     4 D C
 *     masked autoencoding    N = 1 + seen patches in the encoder, 1 + patches in the decoder, E wide; its ends take
 *                            2 N D E  +  2 patches E (3 P P), three times over in training
 *
 * Blocks below the lowest tuned tensor have no backward. A plain function of shapes. */
#ifndef CORE_MODEL_FLOPS_H
#define CORE_MODEL_FLOPS_H

#include "core/model/tuning.h"

double flops_forward(const struct tuning *t);  /* of one image */
double flops_training(const struct tuning *t); /* forward and backward of one image */
double flops_prefix(const struct tuning *t);   /* of flops_forward(), what pass_prefix has: 0 where there is none */

#endif
