/* The names that a ViT's tensors go by in published checkpoints, from one table.
 *
 *     struct names n;
 *     char name[NAMES_SIZE];
 *     if (names_detect(&n, t, "", &err) < 0) ...
 *     tensors_find(t, names_text(&n, "blocks.3.norm1.weight", 0, name));
 *         // "state_dict.module.base_encoder.blocks.3.norm1.weight" in MoCo v3's
 *
 * Ours are those of MAE and timm (core/model/weights.def). Plain values; any thread may call. */
#ifndef CORE_FORMATS_NAMES_H
#define CORE_FORMATS_NAMES_H

#include "core/formats/tensors.h"

#define NAMES_SIZE 256
#define NAMES_PARTS 3 /* most tensors that one of ours is split into: q, k, v */

struct names_layout;

struct names {
    const struct names_layout *layout;
    char prefix[128]; /* before every name: the dicts and modules around the encoder */
};

/* Finds the encoder among the tensors whose names start with `under` ("": anywhere). Wrappers such as {'model': ...},
 * {'state_dict': ...}, "module." and "base_encoder." are looked through; momentum and student copies are not the
 * encoder. Errors: ERROR_FORMAT: there is none; says which names were looked for and what the file holds. */
int names_detect(struct names *n, const struct tensors *t, const char *under, struct error *e);

/* The file's name for part `part` (from 0) of our `name`, into out[NAMES_SIZE]; returns `out`. */
const char *names_text(const struct names *n, const char *name, int part, char out[NAMES_SIZE]);

/* 1, or NAMES_PARTS where the file holds `name` as parts that are put together along the first dimension. */
int names_parts(const struct names *n, const char *name);

/* One more than the highest block number; 0: no blocks. */
int names_depth(const struct names *n, const struct tensors *t);

bool names_is_moco(const struct names *n);
bool names_is_mae(const struct names *n, const struct tensors *t);

/* "MAE / timm names", "MoCo v3 names", "Hugging Face names". */
const char *names_label(const struct names *n);

#endif
