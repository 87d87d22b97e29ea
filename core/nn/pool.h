/* The feature of a sequence (paper's reference: MODEL.*.pool). N tokens of width D = [CLS, P prompts, patches].
 *
 *     cls            norm(x)[CLS]                      MoCo v3, DINO, supervised ("original")
 *     mae            norm(mean of all but CLS)         MAE ("original"; "imgprompt_pool"): the prompts are in the mean
 *     img, prompt    norm(mean of patches | prompts)   "img_pool", "prompt_pool"
 *
 * A LayerNorm acts row by row, so all of them are one norm of the mean of a range of rows.
 * Pure; any thread may call. */
#ifndef CORE_NN_POOL_H
#define CORE_NN_POOL_H

#include <stddef.h>

struct pool_range {
    size_t first, count; /* rows that are averaged */
};

/* x [N, D], w [D], b [D] (the backbone's last norm) -> feature [D], mean [D] (kept for the way back), stats [2]. */
void pool_forward(struct pool_range range, size_t dim, const float *x, const float *w, const float *b, float *feature,
                  float *mean, float *stats);

/* dfeature [D] -> dx [N, D] overwritten (`tokens` rows); dw, db +=, may be NULL. scratch [D]. */
void pool_backward(struct pool_range range, size_t tokens, size_t dim, const float *mean, const float *w,
                   const float *stats, const float *dfeature, float *dx, float *dw, float *db, float *scratch);

#endif
