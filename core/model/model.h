/* A frozen backbone: its shape and a pointer to each weight.
 *
 *     struct model *m = NULL;
 *     struct model_options o = {.seed = 42};
 *     if (model_open(&m, "mae_vitb.bin", &o, &err) < 0) ...
 *     m->blocks[0].qkv_weight;                       // [3 * dim, dim], row-major
 *     model_close(m);
 *
 * f32 tensors of a safetensors file are used where they lie in the mapping (two runs share one copy); others are
 * converted into memory that the model owns. Constant after opening: any number of threads may read it. */
#ifndef CORE_MODEL_MODEL_H
#define CORE_MODEL_MODEL_H

#include <stdint.h>

#include "core/formats/tensors.h"
#include "core/model/shape.h"

/* Which training made the backbone; decides the default pool ("mae": all but CLS, others: cls). */
enum model_family { MODEL_MAE, MODEL_MOCO, MODEL_TIMM, MODEL_RANDOM };

struct model_block {
#define GLOBAL(field, name, ...)
#define BLOCK(field, name, ...) const float *field;
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
};

struct model {
    struct vit_shape shape;
    enum model_family family;
    bool heads_guessed; /* the file does not say; taken from the width */
    char source[64];    /* where the tensors came from: "safetensors", "PyTorch zip, MoCo v3 names", "random" ... */
#define GLOBAL(field, name, ...) const float *field;
#define BLOCK(field, name, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    struct model_block *blocks; /* [depth] */
    void *owner;                /* private to model.c */
};

struct model_options {
    int heads;     /* 0: what the file says, or else guessed from the width */
    int image;     /* 0: the file's own; else pos_embed is resized (bicubic, CLS row kept) */
    uint64_t seed; /* for random:SHAPE */
};

/* `spec`: a file (format and names told by content) or "random:SHAPE" (xavier-uniform matrices, zero biases, sin-cos
 * positions, the initialisation of MAE). Errors: ERROR_FORMAT and ERROR_SHAPE name the file and tensor, what was found
 * and what was expected; a NaN or infinite weight is ERROR_FORMAT. */
int model_open(struct model **out, const char *spec, const struct model_options *options, struct error *e);
void model_close(struct model *m); /* NULL is accepted */

/* Which training made the weights of a file, without loading them; MODEL_RANDOM for random:SHAPE. Errors as above. */
int model_family_of(const char *spec, enum model_family *out, struct error *e);

/* The same from tensors that the caller opened and keeps open as long as the model; names start with `prefix`
 * ("model." in golden files). Used by `verify`. */
int model_from_tensors(struct model **out, const struct tensors *t, const char *prefix,
                       const struct model_options *options, struct error *e);

/* Writes the backbone as safetensors (f32, or f16 if `half`), with shape, family and source in its metadata. */
int model_save(const struct model *m, const char *path, bool half, struct error *e);

/* SHA-256 of the weights as lower-case hex (over name, NUL, f32 values, in the order of names). */
void model_hash(const struct model *m, char out[65]);

const char *model_family_name(enum model_family family); /* "mae", "moco", "timm", "random" */

#endif
