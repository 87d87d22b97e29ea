/* Positional embeddings: sin-cos as MAE makes them, and resizing to another grid. Pure functions.
 *
 *     positions_resize(pos + dim, 14, 24, dim, out + dim);   // 224 -> 384 pixels; row 0 is CLS, copied by the caller
 */
#ifndef CORE_MODEL_POSITIONS_H
#define CORE_MODEL_POSITIONS_H

/* out: [1 + grid * grid, dim], row 0 (CLS) zero. MAE's util/pos_embed.py: the first half of a row encodes the column,
 * the second the line, each as sines then cosines of dim / 4 frequencies. dim must be a multiple of 4. */
void positions_sincos(float *out, int grid, int dim);

/* in: [from * from, dim] -> out: [to * to, dim], as torch.nn.functional.interpolate(mode='bicubic',
 * align_corners=False, size=to): cubic convolution with a = -0.75, no antialiasing, edges repeated. */
void positions_resize(const float *in, int from, int to, int dim, float *out);

#endif
