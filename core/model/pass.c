#include "core/model/pass.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/pass_memory.h"
#include "core/nn/layernorm.h"
#include "core/nn/linear.h"
#include "core/nn/loss.h"
#include "core/nn/patch.h"
#include "core/nn/prompt.h"
#include "core/nn/vector.h"

/* Arrays that blocks share: of the widest kind of row that goes through them. */
static void lay_out_shared(struct pass *p, size_t most) {
    const struct tuning *t = p->options.tuning;
    struct arena *a = &p->arena;
    size_t chunk = (size_t)p->options.chunk, plain = (size_t)shape_patches(&t->shape) + 1;
    size_t dim = (size_t)t->shape.dim, wide = (size_t)t->shape.mlp;
    struct pass_block widest = {.tokens = most, .dim = dim, .heads = (size_t)t->shape.heads};
    size_t scratch = pass_block_scratch(&widest);
    size_t values = arena_product(most, dim), hidden = arena_product(most, wide);
    if (tuning_reconstructs(t)) {
        size_t decoder = (size_t)t->weights.decoder.dim;
        struct pass_block decoding = {.tokens = plain, .dim = decoder, .heads = (size_t)t->weights.decoder.heads};
        size_t other = pass_block_scratch(&decoding);
        scratch = scratch > other ? scratch : other;
        values = values > plain * decoder ? values : plain * decoder;
        hidden = hidden > 4 * plain * decoder ? hidden : 4 * plain * decoder;
    }
    hidden = hidden > values ? hidden : values; /* rows of both go through p->wide */
    p->columns = arena_floats(a, arena_product(plain, 3 * (size_t)t->shape.patch * (size_t)t->shape.patch));
    p->unprompted = arena_floats(a, arena_product(arena_product(chunk, plain), dim));
    p->wide = arena_floats(a, arena_product(chunk, hidden));
    p->row = arena_floats(a, arena_product(chunk, values));
    p->scratch = arena_floats(a, scratch);
    if (!p->options.backward)
        return;
    p->dx = arena_floats(a, arena_product(chunk, values));
    p->dqkv = arena_floats(a, arena_product(chunk, 3 * values));
}

static void lay_out_blocks(struct pass *p, size_t most) {
    const struct pass_options *o = &p->options;
    const struct tuning *t = o->tuning;
    struct arena *a = &p->arena;
    size_t chunk = (size_t)o->chunk, dim = (size_t)t->shape.dim, rows = arena_product(chunk, most);
    struct pass_block shared = {
        .tokens = most, .dim = dim, .heads = (size_t)t->shape.heads, .mlp = (size_t)t->shape.mlp};
    struct pass_block again = shared;
    bool shares = !o->backward || p->lowest > 0; /* blocks that are not gone back through */
    if (shares)
        pass_block_lay_out(p, &shared, most, false);
    float *shared_x[2] = {arena_floats(a, arena_product(rows, dim)), NULL};
    shared_x[1] = shares ? arena_floats(a, arena_product(rows, dim)) : shared_x[0];
    again.kept = true;
    if (o->recompute && o->backward)
        pass_block_lay_out(p, &again, most, weights_any(&t->weights, WEIGHTS_BLOCKS, t->shape.depth - 1));
    for (int l = 0; l <= t->shape.depth; l++) {
        struct pass_block block = shared;
        block.number = l;
        block.kept = l < t->shape.depth && (o->keep_all || (o->backward && l >= p->lowest));
        block.tokens = (size_t)tuning_tokens(t, l);
        if (block.kept && o->backward) {
            bool weights = weights_offset(&t->weights, WEIGHTS_BLOCKS, l, WEIGHT_block_proj_weight) != SIZE_MAX;
            bool pools = p->pools && l + 1 == t->shape.depth;
            struct rows but_prompts;
            const struct rows *wanted = pools                                     ? &p->pool
                                        : pass_leaves_prompts(p, l, &but_prompts) ? &but_prompts
                                                                                  : NULL;
            if (o->recompute)
                block = pass_block_again(p, &again, l, block.tokens, weights);
            else
                pass_block_lay_out(p, &block, wanted ? rows_count(wanted) : block.tokens, weights);
            if (tuning_is_gated(t))
                block.ungated = arena_floats(a, arena_product(chunk * (size_t)t->options.prompts, dim));
        } else if (block.kept) { /* pass_attention() reads no more than these */
            block.qkv = arena_floats(a, arena_product(chunk * block.tokens, 3 * dim));
        }
        block.x = block.kept && o->backward ? arena_floats(a, arena_product(rows, dim)) : shared_x[l % 2];
        if (p->blocks)
            p->blocks[l] = block;
    }
}

/* Once to count, once to take: see arena.h. */
static void lay_out(struct pass *p) {
    const struct pass_options *o = &p->options;
    const struct tuning *t = o->tuning;
    struct arena *a = &p->arena;
    size_t chunk = (size_t)o->chunk, dim = (size_t)t->shape.dim, most = (size_t)tuning_tokens(t, t->shape.depth - 1);
    p->embedding = tuning_has_embedding(t);
    p->lowest = tuning_lowest_block(t);
    p->pool = tuning_pool_rows(t);
    p->pools = !o->keep_all && !o->compute_all && !tuning_reconstructs(t) &&
               !weights_any(&t->weights, WEIGHTS_BLOCKS, t->shape.depth - 1);
    lay_out_shared(p, most);
    lay_out_blocks(p, most);
    p->weights = arena_take(a, (size_t)(t->shape.depth + t->weights.decoder.depth), sizeof *p->weights);
    if (o->backward)
        p->dtemps = arena_take(a, (size_t)t->shape.depth, sizeof *p->dtemps);
    if (tuning_reconstructs(t)) {
        pass_mae_lay_out(p);
        return;
    }
    p->feature = arena_floats(a, chunk * dim);
    p->mean = arena_floats(a, chunk * dim);
    p->mean_stats = arena_floats(a, chunk * 2);
    p->pooled = arena_floats(a, chunk * (size_t)t->shape.mlp);
    p->keep = arena_floats(a, (size_t)t->options.prompts * dim);
    if (!o->backward)
        return;
    p->dz_in = arena_floats(a, arena_product(chunk, (size_t)t->options.prompts * dim));
    p->dlogits = arena_floats(a, chunk * (size_t)t->options.classes);
    p->dmean = arena_floats(a, chunk * dim);
    p->dfeature = arena_floats(a, chunk * dim);
}

size_t pass_bytes(const struct pass_options *options) {
    struct pass p = {.options = *options};
    lay_out(&p);
    return p.arena.overflow ? SIZE_MAX : p.arena.used;
}

int pass_create(struct pass **out, const struct pass_options *options, struct error *e) {
    assert(options->chunk > 0);
    struct pass *p = calloc(1, sizeof *p);
    if (!p)
        return error_set(e, ERROR_MEMORY, "not enough memory for a pass through the backbone");
    p->options = *options;
    lay_out(p);
    int r = arena_reserve(&p->arena, e);
    if (r < 0)
        goto fail;
    p->blocks = calloc((size_t)options->tuning->shape.depth + 1, sizeof *p->blocks);
    p->mae.decoder = calloc((size_t)options->tuning->weights.decoder.depth + 1, sizeof *p->mae.decoder);
    if (!p->blocks || !p->mae.decoder) {
        r = error_set(e, ERROR_MEMORY, "not enough memory for a pass through the backbone");
        goto fail;
    }
    lay_out(p);
    if (tuning_reconstructs(options->tuning))
        pass_mae_start(p);
    *out = p;
    return 0;
fail:
    pass_destroy(p);
    return r;
}

void pass_destroy(struct pass *p) {
    if (!p)
        return;
    arena_release(&p->arena);
    free(p->blocks);
    free(p->mae.decoder);
    free(p);
}

void pass_probe(struct pass *p, bool on) {
    p->probing = on;
    p->trouble[0] = 0;
}

const char *pass_trouble(const struct pass *p) {
    return p->trouble[0] ? p->trouble : NULL;
}

void pass_time(struct pass *p, bool on) {
    p->timing = on;
    p->phase_count = 0;
}

size_t pass_phases(const struct pass *p, struct pass_phase out[PASS_PHASES]) {
    memcpy(out, p->phases, p->phase_count * sizeof *out);
    return p->phase_count;
}

static void add_time(struct pass *p, const char *what) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - p->mark.tv_sec) + (double)(now.tv_nsec - p->mark.tv_nsec) * 1e-9;
    p->mark = now;
    size_t i = 0;
    while (i < p->phase_count && strcmp(p->phases[i].name, what) != 0)
        i++;
    if (i == PASS_PHASES)
        return;
    if (i == p->phase_count)
        p->phases[p->phase_count++] = (struct pass_phase){.name = what};
    p->phases[i].seconds += seconds;
}

void pass_check(struct pass *p, int block, const char *what, size_t n, const float *x) {
    if (p->timing)
        add_time(p, what);
    if (!p->probing || p->trouble[0] || vector_ops()->finite(n, x))
        return;
    int depth = p->options.tuning->shape.depth;
    if (block < 0)
        snprintf(p->trouble, sizeof p->trouble, "%s", what);
    else if (block < depth)
        snprintf(p->trouble, sizeof p->trouble, "block %d, %s", block + 1, what);
    else
        snprintf(p->trouble, sizeof p->trouble, "decoder block %d, %s", block - depth + 1, what);
}

size_t pass_prompts_offset(const struct tuning *t, int block) {
    if (!tuning_has_prompts(t) || block < t->options.insert_at)
        return SIZE_MAX;
    if (block == t->options.insert_at)
        return tuning_find(t, TUNED_PROMPTS)->offset;
    if (t->options.method != METHOD_DEEP)
        return SIZE_MAX;
    const struct tuned *deep = tuning_find(t, TUNED_DEEP_PROMPTS);
    return deep->offset + (size_t)(block - 1) * (size_t)t->options.prompts * (size_t)t->shape.dim;
}

const float *pass_keep(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, int block,
                       int sample) {
    const struct tuning *t = p->options.tuning;
    size_t n = (size_t)t->options.prompts * (size_t)t->shape.dim, position = chunk->first + (size_t)sample;
    if (step->keep)
        return step->keep + ((size_t)(block - t->options.insert_at) * (size_t)step->batch + position) * n;
    if (!step->dropout || t->options.prompt_dropout <= 0)
        return NULL;
    prompt_dropout(n, t->options.prompt_dropout, step->seed, step->number, (uint32_t)position, (uint32_t)block,
                   p->keep);
    return p->keep;
}

/* Writes the prompts of `block` into the room for them in its input. */
static void put_prompts(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, int block) {
    const struct tuning *t = p->options.tuning;
    size_t offset = pass_prompts_offset(t, block), dim = (size_t)t->shape.dim;
    if (offset == SIZE_MAX)
        return;
    const struct pass_block *b = &p->blocks[block];
    for (int i = 0; i < chunk->count; i++) {
        const float *keep = pass_keep(p, step, chunk, block, i);
        prompt_fill((size_t)t->options.prompts, dim, step->theta + offset, keep,
                    b->x + ((size_t)i * b->tokens + 1) * dim);
    }
    pass_check(p, block, "prompts", (size_t)chunk->count * b->tokens * dim, b->x);
}

/* Where the tokens on their way into `block` are written: straight into its input, or first without room for prompts.
 */
static float *way_into(struct pass *p, int block, size_t tokens) {
    return p->blocks[block].tokens == tokens ? p->blocks[block].x : p->unprompted;
}

static void widen(struct pass *p, int block, size_t tokens, int count) {
    const struct tuning *t = p->options.tuning;
    size_t dim = (size_t)t->shape.dim, wide = p->blocks[block].tokens;
    if (wide == tokens)
        return;
    for (int i = 0; i < count; i++)
        prompt_make_room(tokens, wide - tokens, dim, p->unprompted + (size_t)i * tokens * dim,
                         p->blocks[block].x + (size_t)i * wide * dim);
}

/* The tokens of one image, CLS and patches. */
static void embed_one(struct pass *p, const float *image, float *to) {
    const struct weights_globals *w = &p->globals;
    const struct vit_shape *s = &p->options.tuning->shape;
    patch_columns(s, image, p->columns);
    patch_forward(s, p->columns, w->patch_weight, w->patch_bias, w->cls_token, w->pos_embed, to);
}

static size_t image_floats(const struct vit_shape *s) {
    return 3 * (size_t)s->image * (size_t)s->image;
}

static void embed(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk) {
    const struct vit_shape *s = &p->options.tuning->shape;
    size_t tokens = (size_t)shape_patches(s) + 1, dim = (size_t)s->dim;
    float *to = way_into(p, 0, tokens);
    for (int i = 0; i < chunk->count; i++)
        embed_one(p, chunk->images + (size_t)i * image_floats(s), to + (size_t)i * tokens * dim);
    pass_check(p, -1, "patch embedding", (size_t)chunk->count * tokens * dim, to);
    widen(p, 0, tokens, chunk->count);
    put_prompts(p, step, chunk, 0);
}

size_t pass_prefix_floats(const struct tuning *t) {
    int frozen = tuning_frozen_blocks(t);
    if (frozen == 0)
        return 0;
    return (size_t)t->shape.dim * (frozen == t->shape.depth ? 1 : (size_t)shape_patches(&t->shape) + 1);
}

/* One image through what is frozen. */
static bool compute_prefix(struct pass *p, const struct pass_step *step, const float *image, float *to) {
    int depth = p->options.tuning->shape.depth;
    size_t dim = (size_t)p->options.tuning->shape.dim;
    embed_one(p, image, p->blocks[0].x);
    pass_check(p, -1, "patch embedding", p->blocks[0].tokens * dim, p->blocks[0].x);
    for (int l = 0; l < p->lowest; l++) {
        const struct pass_block *b = &p->blocks[l];
        if (p->pools && l + 1 == depth)
            return pass_last_forward(p, b, &p->weights[l], 1, step->values.temps[l], to);
        float *out = l + 1 == p->lowest && p->lowest < depth ? to : p->blocks[l + 1].x;
        if (!pass_block_forward(p, b, &p->weights[l], 1, step->values.temps[l], NULL, out))
            return false;
    }
    if (p->lowest == depth)
        rows_mean(&p->pool, dim, p->blocks[depth].x, to);
    return true;
}

/* Every sample's prefix, into the input of block p->lowest or p->mean. */
static bool take_prefix(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk) {
    const struct vit_shape *s = &p->options.tuning->shape;
    size_t tokens = (size_t)shape_patches(s) + 1, n = pass_prefix_floats(p->options.tuning);
    bool features = p->lowest == s->depth;
    for (int i = 0; i < chunk->count; i++) {
        const struct pass_prefix *prefix = &chunk->prefix[i];
        float *to = (features ? p->mean : p->unprompted) + (size_t)i * n;
        if (prefix->known)
            memcpy(to, prefix->known, n * sizeof *to);
        else if (!compute_prefix(p, step, chunk->images + (size_t)i * image_floats(s), to))
            return false;
        if (!prefix->known && prefix->found)
            memcpy(prefix->found, to, n * sizeof *to);
    }
    if (features)
        return true;
    if (p->blocks[p->lowest].tokens == tokens)
        memcpy(p->blocks[p->lowest].x, p->unprompted, (size_t)chunk->count * n * sizeof *p->unprompted);
    widen(p, p->lowest, tokens, chunk->count);
    put_prompts(p, step, chunk, p->lowest);
    return true;
}

bool pass_leaves_prompts(const struct pass *p, int l, struct rows *but_prompts) {
    const struct tuning *t = p->options.tuning;
    size_t prompts = (size_t)tuning_prompts_at(t, l);
    *but_prompts = (struct rows){1, prompts, (size_t)tuning_tokens(t, l) - 1 - prompts};
    return prompts && t->options.method == METHOD_DEEP && l + 1 < t->shape.depth && !p->options.keep_all &&
           !p->options.compute_all;
}

/* Whether the gate after block l lets nothing of the block's prompt rows through, and nothing else asks for them. */
static bool is_closed(const struct pass *p, const struct pass_step *step, int l) {
    const struct tuning *t = p->options.tuning;
    return step->forward_only && !p->options.keep_all && !p->options.compute_all && tuning_is_gated(t) &&
           l + 1 < t->shape.depth && tuning_prompts_at(t, l) && step->values.gates[l] == 0;
}

/* Eq. 7 on the prompt rows of the output of block l, already in the input of block l + 1. */
static void gate(struct pass *p, const struct pass_step *step, int l, int count) {
    const struct tuning *t = p->options.tuning;
    if (!tuning_is_gated(t) || l + 1 >= t->shape.depth || !tuning_prompts_at(t, l))
        return;
    const struct pass_block *b = &p->blocks[l];
    size_t dim = (size_t)t->shape.dim, n = (size_t)t->options.prompts * dim;
    bool closed = is_closed(p, step, l);
    for (int i = 0; i < count; i++) {
        size_t at = ((size_t)i * b->tokens + 1) * dim;
        float *z_out = p->blocks[l + 1].x + at;
        if (b->ungated)
            memcpy(b->ungated + (size_t)i * n, z_out, n * sizeof *z_out);
        if (closed)
            memcpy(z_out, b->x + at, n * sizeof *z_out);
        else
            prompt_gate(n, step->values.gates[l], z_out, b->x + at, z_out);
    }
    pass_check(p, l, "gate", (size_t)count * b->tokens * dim, p->blocks[l + 1].x);
}

static bool run_block(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, int l) {
    const struct pass_block *b = &p->blocks[l];
    const struct model_block *w = &p->weights[l];
    float tau = step->values.temps[l];
    if (p->pools && l + 1 == p->options.tuning->shape.depth)
        return pass_last_forward(p, b, w, chunk->count, tau, p->mean);
    struct rows but_prompts;
    bool left = pass_leaves_prompts(p, l, &but_prompts) || is_closed(p, step, l);
    size_t tokens = left ? rows_count(&but_prompts) : b->tokens;
    if (!pass_block_forward(p, b, w, chunk->count, tau, left ? &but_prompts : NULL, way_into(p, l + 1, tokens)))
        return false;
    if (l + 1 == p->options.tuning->shape.depth)
        return true;
    widen(p, l + 1, tokens, chunk->count);
    gate(p, step, l, chunk->count);
    put_prompts(p, step, chunk, l + 1);
    return true;
}

static void classify(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, float *logits) {
    const struct tuning *t = p->options.tuning;
    const struct weights_globals *w = &p->globals;
    const struct pass_block *last = &p->blocks[t->shape.depth];
    size_t dim = (size_t)t->shape.dim, classes = (size_t)t->options.classes, count = (size_t)chunk->count;
    bool pooled = p->pools || (chunk->prefix && p->lowest == t->shape.depth);
    for (size_t i = 0; !pooled && i < count; i++)
        rows_mean(&p->pool, dim, last->x + i * last->tokens * dim, p->mean + i * dim);
    layernorm_forward(count, dim, p->mean, w->norm_weight, w->norm_bias, p->feature, p->mean_stats);
    pass_check(p, -1, "pooled feature", count * dim, p->feature);
    linear_forward(count, dim, classes, p->feature, step->theta + tuning_find(t, TUNED_HEAD_WEIGHT)->offset,
                   step->theta + tuning_find(t, TUNED_HEAD_BIAS)->offset, logits);
    pass_check(p, -1, "head", count * classes, logits);
}

/* The weights that this pass computes with: theta's where they are tuned. */
static void bind_weights(struct pass *p, const float *theta) {
    const struct tuning *t = p->options.tuning;
    const struct model *m = p->options.model;
    p->globals = weights_globals(&t->weights, theta, m);
    for (int l = 0; l < t->shape.depth; l++)
        p->weights[l] = weights_block(&t->weights, WEIGHTS_BLOCKS, l, theta, &m->blocks[l]);
    p->mae.weights = weights_decoder(&t->weights, theta);
    for (int l = 0; l < t->weights.decoder.depth; l++)
        p->weights[t->shape.depth + l] = weights_block(&t->weights, WEIGHTS_DECODER_BLOCKS, l, theta, NULL);
}

int pass_forward(struct pass *p, const struct pass_step *step, const struct pass_chunk *chunk, float *logits,
                 double *losses) {
    const struct tuning *t = p->options.tuning;
    assert(chunk->count > 0 && chunk->count <= p->options.chunk);
    if (!pass_goes_on(p))
        return ERROR_CANCELLED;
    clock_gettime(CLOCK_MONOTONIC, &p->mark);
    bind_weights(p, step->theta);
    if (tuning_reconstructs(t))
        return pass_mae_forward(p, step, chunk, logits, losses);
    if (!chunk->prefix)
        embed(p, step, chunk);
    else if (!take_prefix(p, step, chunk))
        return ERROR_CANCELLED;
    for (int l = chunk->prefix ? p->lowest : 0; l < t->shape.depth; l++)
        if (!run_block(p, step, chunk, l))
            return ERROR_CANCELLED;
    classify(p, step, chunk, logits);
    size_t classes = (size_t)t->options.classes;
    for (int i = 0; losses && i < chunk->count; i++)
        losses[i] = chunk->labels[i] < 0 ? 0 : loss_forward(classes, logits + (size_t)i * classes, chunk->labels[i]);
    return 0;
}

size_t pass_attention(const struct pass *p, const struct pass_step *step, int block, int sample, int head, float *a) {
    const struct vit_shape *s = &p->options.tuning->shape;
    const struct pass_block *b = &p->blocks[block];
    struct rows but_prompts;
    bool shared = p->options.recompute && p->options.backward;
    if (!b->kept || shared || (p->pools && block + 1 == s->depth) || pass_leaves_prompts(p, block, &but_prompts))
        return 0;
    size_t dim = (size_t)s->dim;
    struct attention_shape heads = attention_shape_qkv(b->tokens, (size_t)s->heads, dim / (size_t)s->heads);
    const float *qkv = b->qkv + (size_t)sample * b->tokens * 3 * dim;
    attention_probabilities(&heads, (size_t)head, step->values.temps[block], qkv, qkv + dim, a, p->scratch);
    return b->tokens;
}
