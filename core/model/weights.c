#include "core/model/weights.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/model/random.h"

enum { ALIGN = 16 }; /* floats: tensors start on cache lines */

_Static_assert(WEIGHTS_GLOBAL_ROWS <= WEIGHTS_ROWS && WEIGHTS_BLOCK_ROWS <= WEIGHTS_ROWS &&
                   WEIGHTS_DECODER_ROWS <= WEIGHTS_ROWS,
               "a section has more rows than its table");

static const int row_counts[] = {WEIGHTS_GLOBAL_ROWS, WEIGHTS_BLOCK_ROWS, WEIGHTS_DECODER_ROWS, WEIGHTS_BLOCK_ROWS};

static int block_count(const struct weights *w, enum weights_section section) {
    switch (section) {
    case WEIGHTS_BLOCKS:
        return w->shape.depth;
    case WEIGHTS_DECODER_BLOCKS:
        return w->decoder.depth;
    case WEIGHTS_DECODER:
        return w->decoder.depth > 0;
    default:
        return 1;
    }
}

static void set(struct weight *t, const char *name, const size_t *sides, size_t rank) {
    const char *prefix = t->section == WEIGHTS_BLOCKS           ? "blocks."
                         : t->section == WEIGHTS_DECODER_BLOCKS ? "decoder_blocks."
                                                                : NULL;
    if (prefix)
        snprintf(t->name, sizeof t->name, "%s%d.%s", prefix, t->block, name);
    else
        snprintf(t->name, sizeof t->name, "%s", name);
    t->rank = (int)rank;
    t->size = 1;
    for (size_t i = 0; i < rank; i++) {
        t->shape[i] = sides[i];
        t->size *= sides[i];
    }
}

#define SIDES(...) (const size_t[]){__VA_ARGS__}, sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)

static void describe_encoder(const struct weights *w, struct weight *t) {
    size_t D = (size_t)w->shape.dim, P = (size_t)w->shape.patch, N = (size_t)shape_patches(&w->shape);
    switch (t->row) {
#define GLOBAL(field, name, ...)                                                                                       \
    case WEIGHT_##field:                                                                                               \
        set(t, name, SIDES(__VA_ARGS__));                                                                              \
        break;
#define BLOCK(field, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    default:
        assert(0);
    }
}

static void describe_block(const struct vit_shape *s, struct weight *t) {
    size_t D = (size_t)s->dim, M = (size_t)s->mlp;
    switch (t->row) {
#define GLOBAL(field, ...)
#define BLOCK(field, name, ...)                                                                                        \
    case WEIGHT_block_##field:                                                                                         \
        set(t, name, SIDES(__VA_ARGS__));                                                                              \
        break;
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    default:
        assert(0);
    }
}

static void describe_decoder(const struct weights *w, struct weight *t) {
    size_t D = (size_t)w->shape.dim, E = (size_t)w->decoder.dim, P = (size_t)w->shape.patch;
    switch (t->row) {
#define GLOBAL(field, name, ...)                                                                                       \
    case WEIGHT_decoder_##field:                                                                                       \
        set(t, name, SIDES(__VA_ARGS__));                                                                              \
        break;
#include "core/model/decoder.def"
#undef GLOBAL
    default:
        assert(0);
    }
}

static struct weight describe(const struct weights *w, enum weights_section section, int block, int row) {
    struct weight t = {.section = section, .block = block, .row = row};
    if (section == WEIGHTS_GLOBALS)
        describe_encoder(w, &t);
    else if (section == WEIGHTS_DECODER)
        describe_decoder(w, &t);
    else
        describe_block(section == WEIGHTS_BLOCKS ? &w->shape : &w->decoder, &t);
    return t;
}

/* The rows of one block of a section, at their offsets; how much room they take. */
static size_t lay_out_rows(struct weights *w, enum weights_section section, int block, weights_chosen_fn *chosen,
                           void *context) {
    size_t room = 0;
    w->sections[section].rows = 0;
    for (int row = 0; row < row_counts[section]; row++) {
        struct weight t = describe(w, section, block, row);
        bool trains = chosen(&t, context);
        w->sections[section].at[row] = trains ? room : SIZE_MAX;
        w->sections[section].rows += trains;
        room += trains ? (t.size + ALIGN - 1) / ALIGN * ALIGN : 0;
    }
    return room;
}

size_t weights_lay_out(struct weights *w, const struct vit_shape *shape, const struct vit_shape *decoder,
                       weights_chosen_fn *chosen, void *context, size_t start) {
    *w = (struct weights){.shape = *shape};
    if (decoder)
        w->decoder = *decoder;
    for (int s = 0; s < WEIGHTS_SECTIONS; s++) {
        int blocks = block_count(w, (enum weights_section)s), first = blocks;
        size_t room = 0;
        /* What trains is a block and all that follow it: the last one tells, the first one that has any begins. */
        while (first > 0 && (room = lay_out_rows(w, (enum weights_section)s, first - 1, chosen, context)) > 0)
            first--;
        if (blocks > 0)
            room = lay_out_rows(w, (enum weights_section)s, blocks - 1, chosen, context);
        w->sections[s].first = first;
        w->sections[s].start = start;
        w->sections[s].stride = room;
        w->sections[s].count = w->sections[s].rows * (blocks - first);
        w->count += w->sections[s].count;
        start += room * (size_t)(blocks - first);
    }
    return start;
}

size_t weights_offset(const struct weights *w, enum weights_section section, int block, int row) {
    if (w->sections[section].count == 0 || block < w->sections[section].first ||
        w->sections[section].at[row] == SIZE_MAX)
        return SIZE_MAX;
    size_t blocks = (size_t)(block - w->sections[section].first);
    return w->sections[section].start + blocks * w->sections[section].stride + w->sections[section].at[row];
}

bool weights_any(const struct weights *w, enum weights_section section, int block) {
    return w->sections[section].count > 0 && block >= w->sections[section].first;
}

struct weight weights_at(const struct weights *w, int i) {
    int s = 0;
    assert(i >= 0 && i < w->count);
    for (; i >= w->sections[s].count; s++)
        i -= w->sections[s].count;
    int block = w->sections[s].first + i / w->sections[s].rows, left = i % w->sections[s].rows, row = 0;
    for (;; row++)
        if (w->sections[s].at[row] != SIZE_MAX && left-- == 0)
            break;
    struct weight t = describe(w, (enum weights_section)s, block, row);
    t.offset = weights_offset(w, t.section, block, row);
    return t;
}

static const float *pick(const struct weights *w, enum weights_section section, int block, int row, const float *theta,
                         const float *frozen) {
    size_t offset = weights_offset(w, section, block, row);
    return offset == SIZE_MAX ? frozen : theta + offset;
}

static float *pick_gradient(const struct weights *w, enum weights_section section, int block, int row,
                            float *gradient) {
    size_t offset = weights_offset(w, section, block, row);
    return offset == SIZE_MAX ? NULL : gradient + offset;
}

struct model_block weights_block(const struct weights *w, enum weights_section section, int block, const float *theta,
                                 const struct model_block *frozen) {
    if (!weights_any(w, section, block) && frozen)
        return *frozen;
    return (struct model_block){
#define GLOBAL(field, ...)
#define BLOCK(field, ...) .field = pick(w, section, block, WEIGHT_block_##field, theta, frozen ? frozen->field : NULL),
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    };
}

struct weights_globals weights_globals(const struct weights *w, const float *theta, const struct model *frozen) {
    return (struct weights_globals){
#define GLOBAL(field, ...) .field = pick(w, WEIGHTS_GLOBALS, 0, WEIGHT_##field, theta, frozen->field),
#define BLOCK(field, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    };
}

struct weights_decoder weights_decoder(const struct weights *w, const float *theta) {
    return (struct weights_decoder){
#define GLOBAL(field, ...) .field = pick(w, WEIGHTS_DECODER, 0, WEIGHT_decoder_##field, theta, NULL),
#include "core/model/decoder.def"
#undef GLOBAL
    };
}

struct weights_block_gradient weights_block_gradient(const struct weights *w, enum weights_section section, int block,
                                                     float *gradient) {
    return (struct weights_block_gradient){
#define GLOBAL(field, ...)
#define BLOCK(field, ...) .field = pick_gradient(w, section, block, WEIGHT_block_##field, gradient),
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    };
}

struct weights_globals_gradient weights_globals_gradient(const struct weights *w, float *gradient) {
    return (struct weights_globals_gradient){
#define GLOBAL(field, ...) .field = pick_gradient(w, WEIGHTS_GLOBALS, 0, WEIGHT_##field, gradient),
#define BLOCK(field, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    };
}

struct weights_decoder_gradient weights_decoder_gradient(const struct weights *w, float *gradient) {
    return (struct weights_decoder_gradient){
#define GLOBAL(field, ...) .field = pick_gradient(w, WEIGHTS_DECODER, 0, WEIGHT_decoder_##field, gradient),
#include "core/model/decoder.def"
#undef GLOBAL
    };
}

bool weights_is_matrix(const struct weight *w) {
    size_t n = strlen(w->name);
    return w->rank >= 2 && n > 7 && strcmp(w->name + n - 7, ".weight") == 0;
}

void weights_initialise_decoder(const struct weights *w, uint64_t seed, float *theta) {
    enum { FIRST_NUMBER = 1 << 24 }; /* of the random stream: a backbone's tensors have smaller ones */
    for (int i = 0; i < w->count; i++) {
        struct weight t = weights_at(w, i);
        if (t.section != WEIGHTS_DECODER && t.section != WEIGHTS_DECODER_BLOCKS)
            continue;
        float *out = theta + t.offset;
        uint32_t number = FIRST_NUMBER + (uint32_t)i;
        size_t n = strlen(t.name);
        if (weights_is_matrix(&t))
            random_xavier(out, t.shape[0], t.size / t.shape[0], seed, number);
        else if (t.section == WEIGHTS_DECODER && t.row == WEIGHT_decoder_mask_token)
            random_normal(out, t.size, 0.02f, seed, number);
        else
            for (size_t k = 0; k < t.size; k++)
                out[k] = strcmp(t.name + n - 7, ".weight") == 0 ? 1 : 0;
    }
}

void weights_copy(const struct weights *w, const struct model *m, float *theta) {
    static const struct weights none = {0};
    struct weights_globals globals = weights_globals(&none, NULL, m);
    for (int i = 0; i < w->count; i++) {
        struct weight t = weights_at(w, i);
        const float *from = NULL;
        if (t.section == WEIGHTS_GLOBALS)
            from = ((const float *const *)&globals)[t.row];
        else if (t.section == WEIGHTS_BLOCKS)
            from = ((const float *const *)&m->blocks[t.block])[t.row];
        if (from)
            memcpy(theta + t.offset, from, t.size * sizeof *theta);
    }
}

void weights_model(const struct weights *w, const float *theta, const struct model *m, struct model *out,
                   struct model_block *blocks) {
    struct weights_globals g = weights_globals(w, theta, m);
    *out = *m;
    out->owner = NULL;
#define GLOBAL(field, ...) out->field = g.field;
#define BLOCK(field, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    out->blocks = blocks;
    for (int l = 0; l < m->shape.depth; l++)
        blocks[l] = weights_block(w, WEIGHTS_BLOCKS, l, theta, &m->blocks[l]);
}
