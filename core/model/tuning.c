#include "core/model/tuning.h"

#include <assert.h>
#include <endian.h>
#include <math.h>
#include <stdio.h>
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

const char *tuning_text(enum tuned_kind kind) {
    return texts[kind];
}

bool tuning_has_prompts(const struct tuning *t) {
    switch (t->options.method) {
    case METHOD_LINEAR:
    case METHOD_FULL:
    case METHOD_BIAS:
    case METHOD_PARTIAL:
    case METHOD_MAE:
        return false;
    default:
        return true;
    }
}

bool tuning_reconstructs(const struct tuning *t) {
    return t->options.method == METHOD_MAE;
}

int tuning_outputs(const struct tuning *t) {
    return tuning_reconstructs(t) ? 1 : t->options.classes;
}

int tuning_visible(const struct tuning *t) {
    return (int)(shape_patches(&t->shape) * (1 - t->options.mask_ratio));
}

bool tuning_is_gated(const struct tuning *t) {
    return t->options.method == METHOD_GATED || t->options.method == METHOD_GATED_HARD;
}

int tuning_prompts_at(const struct tuning *t, int block) {
    return tuning_has_prompts(t) && block >= t->options.insert_at ? t->options.prompts : 0;
}

int tuning_tokens(const struct tuning *t, int block) {
    int patches = tuning_reconstructs(t) ? tuning_visible(t) : shape_patches(&t->shape);
    return 1 + tuning_prompts_at(t, block) + patches;
}

bool tuning_has_embedding(const struct tuning *t) {
    static const enum weights_row rows[] = {WEIGHT_cls_token, WEIGHT_pos_embed, WEIGHT_patch_weight, WEIGHT_patch_bias};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (weights_offset(&t->weights, WEIGHTS_GLOBALS, 0, (int)rows[i]) != SIZE_MAX)
            return true;
    return false;
}

int tuning_lowest_block(const struct tuning *t) {
    int lowest = t->shape.depth;
    if (tuning_has_embedding(t))
        return 0;
    if (tuning_has_prompts(t))
        lowest = tuning_find(t, TUNED_TEMPS) ? 0 : t->options.insert_at;
    for (int l = lowest - 1; l >= 0; l--)
        if (weights_any(&t->weights, WEIGHTS_BLOCKS, l))
            lowest = l;
    return lowest;
}

int tuning_frozen_blocks(const struct tuning *t) {
    return tuning_has_embedding(t) || tuning_reconstructs(t) ? 0 : tuning_lowest_block(t);
}

struct rows tuning_pool_rows(const struct tuning *t) {
    size_t prompts = tuning_has_prompts(t) ? (size_t)t->options.prompts : 0, patches = (size_t)shape_patches(&t->shape);
    switch (t->options.pool) {
    case POOL_MAE:
        return (struct rows){0, 1, prompts + patches};
    case POOL_IMG:
        return (struct rows){0, 1 + prompts, patches};
    case POOL_PROMPT:
        return (struct rows){0, 1, prompts};
    default:
        return (struct rows){1, 0, 0};
    }
}

static void add(struct tuning *t, enum tuned_kind kind, size_t a, size_t b, size_t c) {
    struct tuned *n = &t->tensors[t->own++];
    *n = (struct tuned){.kind = kind, .offset = t->total, .size = a, .layer = t->shape.depth + 1};
    n->decays = kind == TUNED_PROMPTS || kind == TUNED_DEEP_PROMPTS || kind == TUNED_HEAD_WEIGHT;
    snprintf(n->name, sizeof n->name, "%s", names[kind]);
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

static bool chosen(const struct weight *w, void *context) {
    const struct tuning *t = context;
    size_t n = strlen(w->name);
    bool positions = w->section == WEIGHTS_GLOBALS && w->row == WEIGHT_pos_embed;
    bool norm = w->section == WEIGHTS_GLOBALS && (w->row == WEIGHT_norm_weight || w->row == WEIGHT_norm_bias);
    switch (t->options.method) {
    case METHOD_FULL:
        return true;
    case METHOD_BIAS:
        return n > 5 && strcmp(w->name + n - 5, ".bias") == 0;
    case METHOD_PARTIAL:
        return norm || (w->section == WEIGHTS_BLOCKS && w->block >= t->shape.depth - t->options.last_blocks);
    case METHOD_MAE: /* positions are those of sin and cos, as published */
        return !positions;
    default:
        return false;
    }
}

static int check_reconstruction(const struct tuning *t, const struct vit_shape *decoder, struct error *e) {
    if (decoder->dim % decoder->heads != 0)
        return error_set(e, ERROR_USAGE, "decoder-dim is %d, which its %d heads (decoder-heads) do not divide",
                         decoder->dim, decoder->heads);
    if (decoder->dim % 4 != 0)
        return error_set(e, ERROR_USAGE, "decoder-dim is %d, expected a multiple of 4 for sin-cos positions",
                         decoder->dim);
    if (tuning_visible(t) < 1 || tuning_visible(t) >= shape_patches(&t->shape))
        return error_set(e, ERROR_USAGE,
                         "mask-ratio %g leaves %d of %d patches to see, expected at least 1 and fewer than all",
                         t->options.mask_ratio, tuning_visible(t), shape_patches(&t->shape));
    return 0;
}

static int add_weights(struct tuning *t, struct error *e) {
    const struct tuning_options *o = &t->options;
    struct vit_shape decoder = t->shape;
    decoder.dim = o->decoder_dim;
    decoder.depth = o->decoder_depth;
    decoder.heads = o->decoder_heads;
    decoder.mlp = 4 * o->decoder_dim;
    int r = tuning_reconstructs(t) ? check_reconstruction(t, &decoder, e) : 0;
    if (r < 0)
        return r;
    if (o->method == METHOD_PARTIAL && o->last_blocks > t->shape.depth)
        return error_set(e, ERROR_USAGE, "method partial-%d asks for more blocks than the backbone's %d",
                         o->last_blocks, t->shape.depth);
    t->total = weights_lay_out(&t->weights, &t->shape, tuning_reconstructs(t) ? &decoder : NULL, chosen, t, t->total);
    return 0;
}

static int add_prompts(struct tuning *t, struct error *e) {
    const struct tuning_options *o = &t->options;
    size_t dim = (size_t)t->shape.dim, depth = (size_t)t->shape.depth, prompts = (size_t)o->prompts;
    if (o->prompts < 1)
        return error_set(e, ERROR_USAGE, "the method needs at least one prompt token, but prompts is %d", o->prompts);
    if (o->insert_at < 0 || o->insert_at >= t->shape.depth)
        return error_set(e, ERROR_USAGE, "insert-at is %d, but the backbone has blocks 1 to %d", o->insert_at + 1,
                         t->shape.depth);
    add(t, TUNED_PROMPTS, 1, prompts, dim);
    if (o->method == METHOD_DEEP && depth > 1)
        add(t, TUNED_DEEP_PROMPTS, depth - 1, prompts, dim);
    return 0;
}

int tuning_create(struct tuning *t, const struct tuning_options *options, const struct vit_shape *shape,
                  struct error *e) {
    *t = (struct tuning){.options = *options, .shape = *shape};
    assert(options->pool != POOL_AUTO && (options->classes > 0 || tuning_reconstructs(t)));
    size_t dim = (size_t)shape->dim, depth = (size_t)shape->depth;
    if (!tuning_has_prompts(t) && options->pool == POOL_PROMPT)
        return error_set(e, ERROR_USAGE, "pool is prompt, but the method %s has no prompts: use mae, cls or img",
                         settings_choice("method", (int)options->method));
    int r = tuning_has_prompts(t) ? add_prompts(t, e) : 0;
    if (r < 0)
        return r;
    if (tuning_is_gated(t) && depth > 1)
        add(t, TUNED_GATES, depth - 1, 0, 0);
    if (tuning_is_gated(t) && options->temps)
        add(t, TUNED_TEMPS, depth, 0, 0);
    if (!tuning_reconstructs(t)) {
        add(t, TUNED_HEAD_WEIGHT, (size_t)options->classes, dim, 0);
        add(t, TUNED_HEAD_BIAS, (size_t)options->classes, 0, 0);
    }
    r = add_weights(t, e);
    t->count = t->own + t->weights.count;
    return r;
}

/* MAE's util/lr_decay.py, get_layer_id_for_vit; a decoder is above everything. */
static int weight_layer(const struct tuning *t, const struct weight *w) {
    if (w->section == WEIGHTS_BLOCKS)
        return w->block + 1;
    bool norm = w->section == WEIGHTS_GLOBALS && (w->row == WEIGHT_norm_weight || w->row == WEIGHT_norm_bias);
    return w->section == WEIGHTS_GLOBALS && !norm ? 0 : t->shape.depth + 1;
}

struct tuned tuning_at(const struct tuning *t, int i) {
    if (i < t->own)
        return t->tensors[i];
    struct weight w = weights_at(&t->weights, i - t->own);
    struct tuned n = {.kind = TUNED_WEIGHT,
                      .rank = w.rank,
                      .offset = w.offset,
                      .size = w.size,
                      .decays = weights_is_matrix(&w),
                      .layer = weight_layer(t, &w)};
    bool decoder = w.section == WEIGHTS_DECODER || w.section == WEIGHTS_DECODER_BLOCKS;
    snprintf(n.name, sizeof n.name, "%s%s", decoder ? "" : "enc.", w.name);
    memcpy(n.shape, w.shape, sizeof n.shape);
    return n;
}

const struct tuned *tuning_find(const struct tuning *t, enum tuned_kind kind) {
    for (int i = 0; i < t->own; i++)
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

void tuning_initialise(const struct tuning *t, const struct model *m, uint64_t seed, float *theta) {
    assert(m || t->weights.count == 0);
    memset(theta, 0, t->total * sizeof *theta);
    double area = 3.0 * t->shape.patch * t->shape.patch;
    float bound = (float)sqrt(6.0 / (area + t->shape.dim));
    draw_uniform(t, TUNED_PROMPTS, seed, bound, theta);
    draw_uniform(t, TUNED_DEEP_PROMPTS, seed, bound, theta);
    fill(t, TUNED_GATES, (float)-t->options.gate_init, theta);
    fill(t, TUNED_TEMPS, 1, theta);
    tuning_initialise_head(t, seed, 0, theta);
    if (m)
        weights_copy(&t->weights, m, theta);
    weights_initialise_decoder(&t->weights, seed, theta);
}

void tuning_initialise_head(const struct tuning *t, uint64_t seed, uint32_t swaps, float *theta) {
    const struct tuned *n = tuning_find(t, TUNED_HEAD_WEIGHT);
    struct philox_key key = philox_key(seed, PHILOX_HEAD);
    float deviation = n ? (float)sqrt(2.0 / t->options.classes) : 0;
    for (size_t i = 0; n && i < n->size; i++) {
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

struct tensor tuning_tensor(const struct tuned *n, const float *theta) {
    struct tensor out = {.name = n->name, .type = TENSOR_F32, .rank = n->rank, .count = n->size};
    memcpy(out.shape, n->shape, sizeof n->shape);
    out.data = theta + n->offset;
    return out;
}

/* The tensor whose name follows `name` ("": the first). */
static bool next_by_name(const struct tuning *t, const char *name, struct tuned *out) {
    bool found = false;
    for (int i = 0; i < t->count; i++) {
        struct tuned n = tuning_at(t, i);
        if (strcmp(n.name, name) > 0 && (!found || strcmp(n.name, out->name) < 0)) {
            *out = n;
            found = true;
        }
    }
    return found;
}

void tuning_hash(const struct tuning *t, const float *theta, char out[65]) {
    struct digest d;
    struct tuned n;
    char last[TUNED_NAME] = "";
    digest_init(&d);
    while (next_by_name(t, last, &n)) {
        digest_update(&d, n.name, strlen(n.name) + 1);
        digest_update(&d, theta + n.offset, n.size * sizeof *theta);
        memcpy(last, n.name, sizeof last);
    }
    digest_hex(&d, out);
}
