/* Golden files: weights, a batch, and what must come out of forward, backward and five optimizer steps, computed in
 * float64 by PyTorch. How a user checks a build, a BLAS or a CPU (`gptui verify`).
 *
 *     verify_file("mae_gated.safetensors", on_tensor, context, &err);
 *
 * Takes tensors model.*, input.images, input.labels, expect.*, optionally input.gate_noise, input.dropout, and metadata
 * dim, depth, heads, patch, image, classes, tokens, method, pool, insert_at (block from 0), learn_temp, batch,
 * optimizer, lr, momentum, beta2, eps, weight_decay, layer_decay; for method mae input.visible, expect.prediction and
 * expect.target in place of labels and logits, and mask_ratio, decoder_dim, decoder_depth, decoder_heads. One thread.
 */
#ifndef CORE_TRAIN_VERIFY_H
#define CORE_TRAIN_VERIFY_H

#include "core/error.h"

/* error = max |ours - expected| / max |expected|; a NaN is reported as infinity. */
typedef void verify_tensor_fn(void *context, const char *path, const char *name, double error);

/* Calls on_tensor for every expected tensor. Errors: ERROR_IO, ERROR_FORMAT, ERROR_SHAPE; an expect.* tensor that this
 * program does not know is ERROR_FORMAT, so that none is passed over in silence. */
int verify_file(const char *path, verify_tensor_fn *on_tensor, void *context, struct error *e);

#endif
