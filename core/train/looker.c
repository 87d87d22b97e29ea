#include "core/train/looker_private.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/data/resize.h"
#include "core/train/engine.h"

struct looker {
    const struct job *job;
    pass_go_on_fn *go_on;
    void *context;
    struct tuning plain; /* the backbone alone */
    struct pass *tuned, *alone;
    struct arena arena;
    float *input;       /* [3, S, S] */
    float *logits;      /* [classes] of the tuned pass */
    float *no_logits;   /* [classes] of the backbone alone: of no use */
    float *map;         /* [N, N] */
    float *alone_cls;   /* [depth, heads, 1 + patches]: CLS's rows without prompts */
    float *zeros;       /* [plain.total], a theta for the backbone alone */
    float *ones;        /* [depth] its gates and temperatures */
    struct pass_step s; /* of the tuned pass */
    /* what is kept, and of which image */
    enum split split;
    uint32_t index;
    int mask; /* of the tuned pass, where it reconstructs */
    bool has_input, has_alone, has_tuned;
};

static int no_memory(struct error *e) {
    return error_set(e, ERROR_MEMORY, "not enough memory to look into the model");
}

int looker_create(struct looker **out, const struct job *job, pass_go_on_fn *go_on, void *context, struct error *e) {
    struct looker *l = calloc(1, sizeof *l);
    if (!l)
        return no_memory(e);
    l->job = job;
    l->go_on = go_on;
    l->context = context;
    *out = l;
    return 0;
}

void looker_destroy(struct looker *l) {
    if (!l)
        return;
    pass_destroy(l->tuned);
    pass_destroy(l->alone);
    arena_release(&l->arena);
    free(l);
}

void looker_forget(struct looker *l) {
    if (l)
        l->has_tuned = false;
}

static void lay_out_attention(struct looker *l) {
    const struct tuning *t = &l->job->tuning;
    struct arena *a = &l->arena;
    size_t depth = (size_t)t->shape.depth, patches = (size_t)shape_patches(&t->shape);
    size_t most = patches + 1 + (size_t)tuning_prompts_at(t, t->shape.depth - 1);
    l->no_logits = arena_floats(a, (size_t)t->options.classes);
    l->map = arena_floats(a, arena_product(most, most));
    l->alone_cls = arena_floats(a, arena_product(depth * (size_t)t->shape.heads, 1 + patches));
    l->zeros = arena_floats(a, l->plain.total);
    l->ones = arena_floats(a, depth);
}

/* Once to count, once to take: see arena.h. */
static void lay_out(struct looker *l) {
    const struct tuning *t = &l->job->tuning;
    struct arena *a = &l->arena;
    size_t depth = (size_t)t->shape.depth, side = (size_t)t->shape.image;
    l->input = arena_floats(a, arena_product(3 * side, side));
    l->logits = arena_floats(a, (size_t)tuning_outputs(t));
    l->s.values.gates = arena_floats(a, depth);
    l->s.values.slopes = arena_floats(a, depth);
    l->s.values.temps = arena_floats(a, depth);
    if (!tuning_reconstructs(t))
        lay_out_attention(l);
}

static int reserve(struct looker *l, struct error *e) {
    const struct tuning *t = &l->job->tuning;
    if (l->arena.base)
        return 0;
    l->arena = (struct arena){0};
    lay_out(l);
    int r = arena_reserve(&l->arena, e);
    if (r < 0)
        return r;
    lay_out(l);
    for (int i = 0; l->ones && i < t->shape.depth; i++)
        l->ones[i] = 1;
    return 0;
}

/* What the first look needs. A run that reconstructs has no classifier for the backbone alone to be compared with. */
static int open_passes(struct looker *l, struct error *e) {
    const struct tuning *t = &l->job->tuning;
    bool attends = !tuning_reconstructs(t);
    struct tuning_options plain = t->options;
    int r = 0;
    plain.method = METHOD_LINEAR;
    plain.temps = false;
    plain.pool = POOL_CLS;
    if ((attends && (r = tuning_create(&l->plain, &plain, &t->shape, e)) < 0) || (r = reserve(l, e)) < 0)
        return r;
    struct pass_options o = {
        .model = l->job->model, .tuning = t, .chunk = 1, .keep_all = attends, .go_on = l->go_on, .context = l->context};
    if (!l->tuned && (r = pass_create(&l->tuned, &o, e)) < 0)
        return r;
    o.tuning = &l->plain;
    return l->alone || !attends ? 0 : pass_create(&l->alone, &o, e);
}

static bool is_kept(const struct looker *l, const struct look_request *r) {
    return l->has_input && l->split == r->split && l->index == r->index;
}

bool looker_has(const struct looker *l, const struct look_request *r) {
    return is_kept(l, r) && l->has_tuned && (!tuning_reconstructs(&l->job->tuning) || l->mask == r->mask);
}

/* The image as evaluation sees it. */
static int read_input(struct looker *l, const struct look_request *r, struct error *e) {
    struct image image = {0};
    struct fitted fitted = {0};
    if (is_kept(l, r))
        return 0;
    l->has_input = l->has_alone = l->has_tuned = false;
    int code = dataset_decode(l->job->dataset, r->split, r->index, &image, e);
    if (code == 0)
        code = preprocess_fit(&l->job->preprocess, &image, &fitted, e);
    if (code == 0)
        code = preprocess_finish(&l->job->preprocess, &fitted, false, 0, r->index, l->input, e);
    if (code == 0) {
        l->split = r->split;
        l->index = r->index;
        l->has_input = true;
    }
    fitted_free(&fitted);
    image_free(&image);
    return code;
}

static int given_up(struct error *e) {
    return error_set(e, ERROR_CANCELLED, "the look was given up");
}

/* As the run is tuned. Another mask is that of evaluation in a run whose seed is greater by its number. */
static int run_tuned(struct looker *l, const float *theta, const struct look_request *r, struct error *e) {
    const struct job *j = l->job;
    struct pass_chunk chunk = {.count = 1, .images = l->input, .index = &l->index};
    if (looker_has(l, r))
        return 0;
    l->has_tuned = false;
    l->mask = r->mask;
    l->s.theta = theta;
    l->s.batch = 1;
    l->s.seed = (uint64_t)j->settings.seed + (uint64_t)r->mask;
    tuning_values(&j->tuning, theta, NULL, &l->s.values);
    if (pass_forward(l->tuned, &l->s, &chunk, l->logits, NULL) < 0)
        return given_up(e);
    l->has_tuned = true;
    return 0;
}

/* The backbone alone, as far as it is not kept. */
static int run_alone(struct looker *l, struct error *e) {
    const struct tuning *t = &l->job->tuning;
    struct pass_chunk chunk = {.count = 1, .images = l->input};
    size_t depth = (size_t)t->shape.depth, heads = (size_t)t->shape.heads;
    size_t row = 1 + (size_t)shape_patches(&t->shape);
    if (l->has_alone || tuning_reconstructs(t))
        return 0;
    struct pass_step plain = {.theta = l->zeros, .values = {l->ones, l->ones, l->ones}, .batch = 1};
    if (pass_forward(l->alone, &plain, &chunk, l->no_logits, NULL) < 0)
        return given_up(e);
    for (size_t i = 0; i < depth * heads; i++) {
        pass_attention(l->alone, &plain, (int)(i / heads), 0, (int)(i % heads), l->map);
        memcpy(l->alone_cls + i * row, l->map, row * sizeof *l->map);
    }
    l->has_alone = true;
    return 0;
}

/* Where the pipeline puts 0 and 255 is asked of it with a black and a white pixel. */
void looker_picture(const struct preprocess *p, const float *input, uint8_t *rgb) {
    struct preprocess one = {.kind = p->kind, .image = 1};
    uint8_t black[3] = {0, 0, 0}, white[3] = {255, 255, 255};
    float low[3], high[3];
    size_t area = (size_t)p->image * (size_t)p->image;
    preprocess_finish(&one, &(struct fitted){.width = 1, .height = 1, .rgb = black}, false, 0, 0, low, NULL);
    preprocess_finish(&one, &(struct fitted){.width = 1, .height = 1, .rgb = white}, false, 0, 0, high, NULL);
    for (size_t i = 0; i < area; i++)
        for (size_t c = 0; c < 3; c++) {
            float v = 255 * (input[c * area + i] - low[c]) / (high[c] - low[c]);
            rgb[3 * i + c] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5f);
        }
}

/* Room for a look at attention, its offsets set; NULL: no memory. */
static struct look *make(const struct tuning *t, size_t prompts) {
    size_t depth = (size_t)t->shape.depth, patches = (size_t)shape_patches(&t->shape), side = (size_t)t->shape.image;
    size_t tokens = 1 + prompts + patches, maps = depth * patches * sizeof(float);
    size_t rows = sizeof(struct look), query = rows + (1 + prompts) * tokens * sizeof(float), cls = query + maps;
    size_t alone = cls + maps, rgb = alone + depth * (1 + patches) * sizeof(float), bytes = rgb + 3 * side * side;
    struct look *out = calloc(1, bytes);
    if (!out)
        return NULL;
    out->version = LOOK_VERSION;
    out->depth = (int32_t)depth;
    out->patches = (int32_t)patches;
    out->side = (int32_t)side;
    out->prompts = (int32_t)prompts;
    out->first = tuning_has_prompts(t) ? t->options.insert_at : t->shape.depth;
    out->rows = rows;
    out->query = query;
    out->cls = cls;
    out->alone = alone;
    out->rgb = rgb;
    out->bytes = bytes;
    return out;
}

static float *floats(struct look *l, size_t offset) {
    return (float *)(void *)((char *)l + offset);
}

static void add(size_t n, float scale, const float *from, float *to) {
    for (size_t i = 0; i < n; i++)
        to[i] += scale * from[i];
}

/* Adds `scale` times head `h` of block `b` to everything that shows it. */
static void add_head(struct looker *l, const struct look_request *r, int b, int h, float scale, struct look *out) {
    size_t patches = (size_t)out->patches, here = (size_t)tuning_prompts_at(&l->job->tuning, b);
    size_t tokens = 1 + here + patches, at = (size_t)b * patches;
    const float *map = l->map, *to_patches = map + 1 + here;
    pass_attention(l->tuned, &l->s, b, 0, h, l->map);
    add(patches, scale, to_patches, floats(out, out->cls) + at);
    for (size_t p = 0; p < here; p++)
        if (r->prompt < 0 || p == (size_t)r->prompt)
            add(patches, r->prompt < 0 ? scale / (float)here : scale, to_patches + (1 + p) * tokens,
                floats(out, out->query) + at);
    if (b == r->block)
        add((1 + here) * tokens, scale, map, floats(out, out->rows));
}

/* The chosen block's rows of CLS and every prompt, then one row of each block. */
static void write_maps(struct looker *l, const struct look_request *r, struct look *out) {
    int heads = l->job->tuning.shape.heads, from = r->head < 0 ? 0 : r->head, to = r->head < 0 ? heads : r->head + 1;
    float scale = 1 / (float)(to - from);
    size_t row = 1 + (size_t)out->patches;
    for (int b = 0; b < out->depth; b++)
        for (int h = from; h < to; h++) {
            add_head(l, r, b, h, scale, out);
            add(row, scale, l->alone_cls + ((size_t)b * (size_t)heads + (size_t)h) * row,
                floats(out, out->alone) + (size_t)b * row);
        }
}

static void write_prediction(const struct looker *l, const struct look_request *r, struct look *out) {
    int classes = l->job->tuning.options.classes, said = 0;
    double sum = 0;
    for (int c = 1; c < classes; c++)
        if (l->logits[c] > l->logits[said])
            said = c;
    for (int c = 0; c < classes; c++)
        sum += exp((double)(l->logits[c] - l->logits[said]));
    out->label = dataset_label(l->job->dataset, r->split, r->index);
    out->said = said;
    out->said_share = (float)(1 / sum);
    if (out->label >= 0) /* else it is damaged */
        out->label_share = (float)(exp((double)(l->logits[out->label] - l->logits[said])) / sum);
}

static int hold(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

static int hold_request(const struct job *j, struct look_request *r, struct error *e) {
    const struct tuning *t = &j->tuning;
    size_t images = dataset_size(j->dataset, r->split);
    if (images == 0)
        return error_set(e, ERROR_DATA, "%s has no %s images to look at", dataset_spec(j->dataset),
                         split_name(r->split));
    r->index = r->index < images ? r->index : (uint32_t)images - 1;
    r->block = hold(r->block, 0, t->shape.depth - 1);
    r->head = hold(r->head, -1, t->shape.heads - 1);
    r->prompt = hold(r->prompt, -1, tuning_has_prompts(t) ? t->options.prompts - 1 : -1);
    r->mask = hold(r->mask, 0, tuning_reconstructs(t) ? INT_MAX : 0);
    if (tuning_reconstructs(t))
        r->block = r->head = 0;
    return 0;
}

/* What is seen of an image that could be read; its passes are done. */
static int write_look(struct looker *l, const struct look_request *r, struct look *out, struct error *e) {
    if (tuning_reconstructs(&l->job->tuning)) {
        struct pass_reconstruction rebuilt = pass_reconstruction(l->tuned, 0);
        out->label = dataset_label(l->job->dataset, r->split, r->index);
        return looker_rebuild_fill(l->job, l->input, &rebuilt, out, e);
    }
    write_maps(l, r, out);
    write_prediction(l, r, out);
    looker_picture(&l->job->preprocess, l->input, (uint8_t *)out + out->rgb);
    return 0;
}

int looker_look(struct looker *l, const float *theta, uint64_t step, const struct look_request *request,
                struct look **out, struct error *e) {
    const struct tuning *t = &l->job->tuning;
    struct look_request r = *request;
    long long start = engine_clock();
    int code = hold_request(l->job, &r, e);
    if (code < 0 || (code = open_passes(l, e)) < 0)
        return code;
    struct error unreadable = {0};
    code = read_input(l, &r, &unreadable);
    if (code == 0 && ((code = run_tuned(l, theta, &r, e)) < 0 || (code = run_alone(l, e)) < 0))
        return code;
    if (code == ERROR_MEMORY)
        return no_memory(e);
    struct look *k = tuning_reconstructs(t) ? looker_rebuild_make(t) : make(t, (size_t)tuning_prompts_at(t, r.block));
    if (!k)
        return no_memory(e);
    k->request = r;
    k->step = step;
    k->label = k->said = -1;
    if (l->has_input && (code = write_look(l, &r, k, e)) < 0) {
        free(k);
        return code;
    }
    if (!l->has_input)
        memset((uint8_t *)k + k->rgb, 128, 3 * (size_t)k->side * (size_t)k->side);
    k->seconds = (double)(engine_clock() - start) * 1e-9;
    *out = k;
    return 0;
}

/* One picture, squeezed; grey where it cannot be read. */
static void read_picture(const struct looker *l, enum split split, size_t index, int side, uint8_t *rgb) {
    struct image image = {0}, small = {0};
    size_t bytes = 3 * (size_t)side * (size_t)side;
    struct error ignored;
    memset(rgb, 128, bytes);
    if (index < dataset_size(l->job->dataset, split) &&
        dataset_decode(l->job->dataset, split, index, &image, &ignored) == 0 &&
        image_create(&small, side, side, &ignored) == 0 && resize_pillow(&image, &small, &ignored) == 0)
        memcpy(rgb, small.rgb, bytes);
    image_free(&image);
    image_free(&small);
}

int looker_pictures(struct looker *l, const struct pictures_request *request, struct pictures **out, struct error *e) {
    struct pictures_request r = *request;
    r.count = hold(r.count, 0, LOOK_PICTURES);
    r.side = hold(r.side, 1, 256);
    size_t bytes = 3 * (size_t)r.side * (size_t)r.side;
    struct pictures *p = calloc(1, sizeof *p + (size_t)r.count * bytes);
    if (!p)
        return no_memory(e);
    p->version = LOOK_VERSION;
    p->request = r;
    for (int i = 0; i < r.count; i++) {
        if (l->go_on && !l->go_on(l->context)) {
            free(p);
            return error_set(e, ERROR_CANCELLED, "the pictures were given up");
        }
        read_picture(l, r.split, r.index[i], r.side, p->rgb + (size_t)i * bytes);
    }
    *out = p;
    return 0;
}
