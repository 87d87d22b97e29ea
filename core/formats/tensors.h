/* A read-only list of named tensors, whichever file format they came in.
 *
 *     struct tensors *t = NULL;
 *     if (tensors_open(&t, "mae_vitb.pth", &err) < 0) ...
 *     const struct tensor *w = tensors_find(t, "cls_token");
 *     tensors_close(t);
 *
 * The format is told by content, never by name: safetensors (memory-mapped), PyTorch zip archives, PyTorch legacy
 * streams (nested dicts become dotted names: {'model': {'norm.bias': x}} gives "model.norm.bias"). Tensors of other
 * types (complex, quantised, 8-bit floats) are refused in safetensors and left out of PyTorch files. What the list
 * hands out (names, data, metadata) belongs to it and lives until tensors_close(). A list is not changed after opening:
 * any number of threads may read it. */
#ifndef CORE_FORMATS_TENSORS_H
#define CORE_FORMATS_TENSORS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define TENSOR_MAX_RANK 8

/* X(name, safetensors name, bytes an element) */
#define TENSOR_TYPES(X)                                                                                                \
    X(TENSOR_F32, "F32", 4)                                                                                            \
    X(TENSOR_F64, "F64", 8)                                                                                            \
    X(TENSOR_F16, "F16", 2)                                                                                            \
    X(TENSOR_BF16, "BF16", 2)                                                                                          \
    X(TENSOR_I64, "I64", 8)                                                                                            \
    X(TENSOR_I32, "I32", 4)                                                                                            \
    X(TENSOR_I16, "I16", 2)                                                                                            \
    X(TENSOR_I8, "I8", 1)                                                                                              \
    X(TENSOR_U8, "U8", 1)                                                                                              \
    X(TENSOR_BOOL, "BOOL", 1)                                                                                          \
    X(TENSOR_U16, "U16", 2)                                                                                            \
    X(TENSOR_U32, "U32", 4)                                                                                            \
    X(TENSOR_U64, "U64", 8)

enum tensor_type {
#define X(name, text, bytes) name,
    TENSOR_TYPES(X)
#undef X
};

struct tensor {
    const char *name;
    enum tensor_type type;
    int rank;
    size_t shape[TENSOR_MAX_RANK];
    size_t count;     /* elements; 1 for rank 0 */
    const void *data; /* contiguous, row-major, little-endian; aligned to its element */
};

struct tensors;

/* Opens `path`. Errors: ERROR_IO, ERROR_FORMAT (says what was found and what was expected), ERROR_MEMORY. */
int tensors_open(struct tensors **out, const char *path, struct error *e);
void tensors_close(struct tensors *t); /* NULL is accepted */

size_t tensors_count(const struct tensors *t);
const struct tensor *tensors_at(const struct tensors *t, size_t i);           /* in the file's order */
const struct tensor *tensors_find(const struct tensors *t, const char *name); /* NULL: no such tensor */
const char *tensors_metadata(const struct tensors *t, const char *key);       /* NULL: no such key */
size_t tensors_metadata_count(const struct tensors *t);
const char *tensors_metadata_key(const struct tensors *t, size_t i);
const char *tensors_format(const struct tensors *t); /* "safetensors", "PyTorch zip", ... */
const char *tensors_path(const struct tensors *t);

size_t tensor_type_bytes(enum tensor_type type);
const char *tensor_type_name(enum tensor_type type);

/* out[count] = the tensor's values as f32 (f16, bf16 widened; f64 and whole numbers rounded to nearest). */
void tensor_to_f32(const struct tensor *t, float *out);

/* "[197, 768]" into out[size]. */
const char *tensor_shape_text(const struct tensor *t, char *out, size_t size);

#endif
