#include "core/model/tuning.h"

#include <assert.h>
#include <endian.h>
#include <math.h>
#include <string.h>

#include "core/digest.h"
#include "core/nn/prompt.h"
#include "core/philox.h"

_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "files and hashes hold floats as they lie in memory");

enum { ALIGN = 16 }; /* floats: tensors of theta start on cache lines */

static const char *const names[] = {
#define X(constant, name, text) name,
    TUNED_TENSORS(X)
#undef X
};

static const char *const texts[] = {
#define X(constant, name, text) text,
    TUNED_TENSORS(X)
#undef X
};

const char *tuning_name(enum tuned_kind kind) {
    return names[kind];
}

const char *tuning_text(enum tuned_kind kind) {
    return texts[kind];
}

bool tuning_has_prompts(const struct tuning *t) {
    return t->options.method != METHOD_LINEAR;
}

bool tuning_is_gated(const struct tuning *t) {
    return t->options.method == METHOD_GATED || t->options.method == METHOD_GATED_HARD;
}

int tuning_prompts_at(const struct tuning *t, int block) {
    return tuning_has_prompts(t) && block >= t->options.insert_at ? t->options.prompts : 0;
}

struct pool_range tuning_pool_range(const struct tuning *t) {
    size_t prompts = tuning_has_prompts(t) ? (size_t)t->options.prompts : 0, patches = (size_t)shape_patches(&t->shape);
    switch (t->options.pool) {
    case POOL_MAE:
        return (struct pool_range){1, prompts + patches};
    case POOL_IMG:
        return (struct pool_range){1 + prompts, patches};
    case POOL_PROMPT:
        return (struct pool_range){1, prompts};
    default:
        return (struct pool_range){0, 1};
    }
}

static void add(struct tuning *t, enum tuned_kind kind, size_t a, size_t b, size_t c) {
    struct tuned *n = &t->tensors[t->count++];
    *n = (struct tuned){.kind = kind, .offset = t->total, .size = a};
    n->shape[n->rank++] = a;
    if (b) {
        n->shape[n->rank++] = b;
        n->size *= b;
    }
    if (c) {
        n->shape[n->rank++] = c;
        n->size *= c;
    }
    t->total += (n->size + ALIGN - 1) / ALIGN * ALIGN;
}

int tuning_create(struct tuning *t, const struct tuning_options *options, const struct vit_shape *shape,
                  struct error *e) {
    assert(options->pool != POOL_AUTO && options->classes > 0);
    *t = (struct tuning){.options = *options, .shape = *shape};
    size_t dim = (size_t)shape->dim, depth = (size_t)shape->depth, prompts = (size_t)options->prompts;
    if (!tuning_has_prompts(t) && options->pool == POOL_PROMPT)
        return error_set(e, ERROR_USAGE, "pool is prompt, but the method linear has no prompts: use mae, cls or img");
    if (tuning_has_prompts(t)) {
        if (options->prompts < 1)
            return error_set(e, ERROR_USAGE, "the method needs at least one prompt token, but prompts is %d",
                             options->prompts);
        if (options->insert_at < 0 || options->insert_at >= shape->depth)
            return error_set(e, ERROR_USAGE, "insert-at is %d, but the backbone has blocks 1 to %d",
                             options->insert_at + 1, shape->depth);
        add(t, TUNED_PROMPTS, 1, prompts, dim);
        if (options->method == METHOD_DEEP && depth > 1)
            add(t, TUNED_DEEP_PROMPTS, depth - 1, prompts, dim);
    }
    if (tuning_is_gated(t) && depth > 1)
        add(t, TUNED_GATES, depth - 1, 0, 0);
    if (tuning_is_gated(t) && options->temps)
        add(t, TUNED_TEMPS, depth, 0, 0);
    add(t, TUNED_HEAD_WEIGHT, (size_t)options->classes, dim, 0);
    add(t, TUNED_HEAD_BIAS, (size_t)options->classes, 0, 0);
    return 0;
}

const struct tuned *tuning_find(const struct tuning *t, enum tuned_kind kind) {
    for (int i = 0; i < t->count; i++)
        if (t->tensors[i].kind == kind)
            return &t->tensors[i];
    return NULL;
}

static void fill(const struct tuning *t, enum tuned_kind kind, float value, float *theta) {
    const struct tuned *n = tuning_find(t, kind);
    for (size_t i = 0; n && i < n->size; i++)
        theta[n->offset + i] = value;
}

static void draw_uniform(const struct tuning *t, enum tuned_kind kind, uint64_t seed, float bound, float *theta) {
    const struct tuned *n = tuning_find(t, kind);
    struct philox_key key = philox_key(seed, PHILOX_PROMPTS);
    for (size_t i = 0; n && i < n->size; i++) {
        struct philox_words r = philox(key, (uint32_t)i, (uint32_t)kind, 0, 0);
        theta[n->offset + i] = (2 * philox_uniform(r.w[0]) - 1) * bound;
    }
}

void tuning_initialise(const struct tuning *t, uint64_t seed, float *theta) {
    memset(theta, 0, t->total * sizeof *theta);
    double area = 3.0 * t->shape.patch * t->shape.patch;
    float bound = (float)sqrt(6.0 / (area + t->shape.dim));
    draw_uniform(t, TUNED_PROMPTS, seed, bound, theta);
    draw_uniform(t, TUNED_DEEP_PROMPTS, seed, bound, theta);
    fill(t, TUNED_GATES, (float)-t->options.gate_init, theta);
    fill(t, TUNED_TEMPS, 1, theta);
    tuning_initialise_head(t, seed, 0, theta);
}

void tuning_initialise_head(const struct tuning *t, uint64_t seed, uint32_t swaps, float *theta) {
    const struct tuned *n = tuning_find(t, TUNED_HEAD_WEIGHT);
    struct philox_key key = philox_key(seed, PHILOX_HEAD);
    float deviation = (float)sqrt(2.0 / t->options.classes);
    for (size_t i = 0; i < n->size; i++) {
        struct philox_words r = philox(key, (uint32_t)i, swaps, 0, 0);
        theta[n->offset + i] = deviation * philox_normal(r.w[0], r.w[1]);
    }
    fill(t, TUNED_HEAD_BIAS, (float)-log(99.0), theta);
}

float tuning_held_temp(float tau) {
    /* Written so that a NaN stays one. */
    return tau < TUNING_TEMP_LOW ? TUNING_TEMP_LOW : tau > TUNING_TEMP_HIGH ? TUNING_TEMP_HIGH : tau;
}

void tuning_clamp_temps(const struct tuning *t, float *theta) {
    const struct tuned *n = tuning_find(t, TUNED_TEMPS);
    for (size_t i = 0; n && i < n->size; i++)
        theta[n->offset + i] = tuning_held_temp(theta[n->offset + i]);
}

void tuning_values(const struct tuning *t, const float *theta, const float *noise, struct tuning_values *v) {
    const struct tuned *gates = tuning_find(t, TUNED_GATES), *temps = tuning_find(t, TUNED_TEMPS);
    bool hard = t->options.method == METHOD_GATED_HARD;
    for (int l = 0; l < t->shape.depth; l++)
        v->temps[l] = temps ? tuning_held_temp(theta[temps->offset + (size_t)l]) : 1.0f;
    for (int l = 0; l + 1 < t->shape.depth; l++) {
        double gamma = gates ? (double)theta[gates->offset + (size_t)l] : 0;
        double soft = prompt_sigmoid(gamma + (hard && noise ? (double)noise[l] : 0));
        v->gates[l] = !gates ? 1.0f : hard ? (float)(gamma + (noise ? (double)noise[l] : 0) > 0) : (float)soft;
        v->slopes[l] = gates ? (float)(soft * (1 - soft)) : 0.0f;
    }
}

struct tensor tuning_tensor(const struct tuning *t, int i, const float *theta) {
    const struct tuned *n = &t->tensors[i];
    struct tensor out = {.name = tuning_name(n->kind), .type = TENSOR_F32, .rank = n->rank, .count = n->size};
    memcpy(out.shape, n->shape, sizeof n->shape);
    out.data = theta + n->offset;
    return out;
}

void tuning_hash(const struct tuning *t, const float *theta, char out[65]) {
    int order[TUNED_KINDS];
    for (int i = 0; i < t->count; i++) {
        int j = i;
        for (; j > 0 && strcmp(names[t->tensors[order[j - 1]].kind], names[t->tensors[i].kind]) > 0; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    struct digest d;
    digest_init(&d);
    for (int i = 0; i < t->count; i++) {
        const struct tuned *n = &t->tensors[order[i]];
        digest_update(&d, names[n->kind], strlen(names[n->kind]) + 1);
        digest_update(&d, theta + n->offset, n->size * sizeof *theta);
    }
    digest_hex(&d, out);
}
