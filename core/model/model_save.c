#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/formats/safetensors.h"
#include "core/model/model.h"

/* Rounds to nearest, ties to even; beyond 65504 infinity. Subnormal halves are rounded by the addition of 0.5, whose
 * last bit is worth 2^-24, the smallest half. */
static uint16_t to_f16(float value) {
    union {
        float f;
        uint32_t u;
    } v = {.f = value};
    uint16_t sign = (uint16_t)(v.u >> 16 & 0x8000);
    v.u &= 0x7fffffff;
    if (v.u >= 0x47800000)
        return sign | 0x7c00;
    if (v.u < 0x38800000) {
        v.f += 0.5f;
        return (uint16_t)(sign | (v.u - 0x3f000000));
    }
    v.u += 0xc8000fffu + (v.u >> 13 & 1);
    return (uint16_t)(sign | v.u >> 13);
}

/* One tensor, its name in `name`, which must live as long. */
static void add(struct tensor *out, char *name, const float *data, const size_t *sides, size_t rank) {
    *out = (struct tensor){.name = name, .type = TENSOR_F32, .rank = (int)rank, .count = 1, .data = data};
    for (size_t i = 0; i < rank; i++) {
        out->shape[i] = sides[i];
        out->count *= sides[i];
    }
}

#define NAME_SIZE 48
#define SIDES(...) (const size_t[]){__VA_ARGS__}, sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)

/* Lists the tensors: the globals, then block by block. */
static size_t list_tensors(const struct model *m, struct tensor *out, char (*names)[NAME_SIZE]) {
    size_t D = (size_t)m->shape.dim, M = (size_t)m->shape.mlp, P = (size_t)m->shape.patch;
    size_t N = (size_t)shape_patches(&m->shape), n = 0;
#define GLOBAL(field, text, ...)                                                                                       \
    snprintf(names[n], NAME_SIZE, "%s", text);                                                                         \
    add(&out[n], names[n], m->field, SIDES(__VA_ARGS__));                                                              \
    n++;
#define BLOCK(field, text, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    for (int i = 0; i < m->shape.depth; i++) {
#define GLOBAL(field, text, ...)
#define BLOCK(field, text, ...)                                                                                        \
    snprintf(names[n], NAME_SIZE, "blocks.%d.%s", i, text);                                                            \
    add(&out[n], names[n], m->blocks[i].field, SIDES(__VA_ARGS__));                                                    \
    n++;
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    }
    return n;
}

/* Replaces the tensors' data by halves in one block of memory, which the caller frees. */
static int make_halves(struct tensor *tensors, size_t count, size_t values, uint16_t **out, struct error *e) {
    uint16_t *half = malloc(values * sizeof *half);
    *out = half;
    if (!half)
        return error_set(e, ERROR_MEMORY, "no memory for %zu values in half precision", values);
    for (size_t i = 0; i < count; i++) {
        const float *in = tensors[i].data;
        tensors[i].data = half;
        tensors[i].type = TENSOR_F16;
        for (size_t k = 0; k < tensors[i].count; k++, half++) {
            *half = to_f16(in[k]);
            if ((*half & 0x7c00) == 0x7c00)
                return error_set(e, ERROR_FORMAT,
                                 "tensor %s holds %g, which half precision cannot; expected at most 65504",
                                 tensors[i].name, (double)in[k]);
        }
    }
    return 0;
}

static int write_file(const struct model *m, const char *path, const struct tensor *tensors, size_t count,
                      struct error *e) {
    const struct {
        const char *key;
        int value;
    } sides[] = {
        {"dim", m->shape.dim}, {"depth", m->shape.depth}, {"heads", m->shape.heads},
        {"mlp", m->shape.mlp}, {"patch", m->shape.patch}, {"image", m->shape.image},
    };
    enum { SHAPE = sizeof sides / sizeof *sides };
    char numbers[SHAPE][16];
    struct safetensors_metadata metadata[SHAPE + 2];
    for (size_t i = 0; i < SHAPE; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%d", sides[i].value);
        metadata[i] = (struct safetensors_metadata){sides[i].key, numbers[i]};
    }
    metadata[SHAPE] = (struct safetensors_metadata){"family", model_family_name(m->family)};
    metadata[SHAPE + 1] = (struct safetensors_metadata){"source", m->source};
    return safetensors_write(path, tensors, count, metadata, SHAPE + 2, e);
}

int model_save(const struct model *m, const char *path, bool half, struct error *e) {
    size_t most = 16 + 16 * (size_t)m->shape.depth;
    uint16_t *halves = NULL;
    struct tensor *tensors = calloc(most, sizeof *tensors);
    char(*names)[NAME_SIZE] = calloc(most, sizeof *names);
    int rc = 0;
    if (!tensors || !names) {
        rc = error_set(e, ERROR_MEMORY, "%s: no memory for a list of tensors", path);
        goto done;
    }
    size_t count = list_tensors(m, tensors, names);
    if (half && (rc = make_halves(tensors, count, shape_parameters(&m->shape), &halves, e)) < 0)
        error_prefix(e, rc, "%s: ", path);
    if (rc == 0)
        rc = write_file(m, path, tensors, count, e);
done:
    free(halves);
    free(names);
    free(tensors);
    return rc;
}
