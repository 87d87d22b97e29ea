#include "core/train/verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/pass.h"
#include "core/nn/prompt.h"
#include "core/number.h"
#include "core/train/optimizer.h"

enum { STEPS = 5 };

struct golden {
    const char *path;
    struct tensors *file;
    struct model *model;
    struct tuning tuning;
    struct pass *pass, *looking; /* as a run computes, and with all of the attention */
    struct optimizer_options optimizer;
    int batch;
    double lr;
    float *memory; /* all of the below */
    float *images, *theta, *gradient, *first, *second, *logits, *noise, *keep, *gates, *slopes, *temps, *wanted,
        *decoder_pos;
    int *labels, *visible;
    double *losses;
    verify_tensor_fn *on_tensor;
    void *context;
};

static double number(const struct golden *g, const char *key, double missing) {
    const char *text = tensors_metadata(g->file, key);
    double x;
    return text && number_real(text, &x) ? x : missing;
}

/* 0 where it is missing, -1 where no int could hold it. */
static int whole(const struct golden *g, const char *key) {
    double x = number(g, key, 0);
    return x >= 0 && x <= 1 << 24 ? (int)x : -1;
}

static bool flag(const struct golden *g, const char *key, bool missing) {
    const char *text = tensors_metadata(g->file, key);
    return text ? strcmp(text, "True") == 0 || strcmp(text, "true") == 0 || strcmp(text, "1") == 0 : missing;
}

static int choice(const struct golden *g, const char *key, const char *missing, int *out, int *last_blocks,
                  struct error *e) {
    const char *text = tensors_metadata(g->file, key);
    struct settings s;
    settings_default(&s);
    int r = settings_set(&s, key, text ? text : missing, e);
    if (r < 0)
        return error_prefix(e, r, "%s: metadata: ", g->path);
    *out = strcmp(key, "method") == 0 ? s.method : strcmp(key, "pool") == 0 ? s.pool : s.optimizer;
    if (last_blocks)
        *last_blocks = s.last_blocks;
    return 0;
}

static int read_options(struct golden *g, struct error *e) {
    int method, pool, optimizer, last_blocks, r;
    if ((r = choice(g, "method", "gated", &method, &last_blocks, e)) < 0 ||
        (r = choice(g, "pool", "mae", &pool, NULL, e)) < 0 ||
        (r = choice(g, "optimizer", "sgd", &optimizer, NULL, e)) < 0)
        return r;
    bool gated = method == METHOD_GATED || method == METHOD_GATED_HARD;
    struct tuning_options o = {
        .method = (enum method)method,
        .pool = (enum pool)pool,
        .prompts = whole(g, "tokens"),
        .insert_at = whole(g, "insert_at"),
        .temps = gated && flag(g, "learn_temp", true),
        .classes = whole(g, "classes"),
        .last_blocks = last_blocks,
        .mask_ratio = number(g, "mask_ratio", 0.75),
        .decoder_dim = whole(g, "decoder_dim"),
        .decoder_depth = whole(g, "decoder_depth"),
        .decoder_heads = whole(g, "decoder_heads"),
    };
    bool reconstructs = method == METHOD_MAE;
    g->optimizer = (struct optimizer_options){
        .kind = (enum optimizer_kind)optimizer,
        .momentum = number(g, "momentum", 0.9),
        .beta2 = number(g, "beta2", 0.999),
        .epsilon = number(g, "eps", 1e-8),
        .weight_decay = number(g, "weight_decay", 0),
        .prompts = 1,
        .gates = 1,
        .temps = 1,
        .head = 1,
        .weights = 1,
        .layer_decay = number(g, "layer_decay", 1),
    };
    g->batch = whole(g, "batch");
    g->lr = number(g, "lr", 0.1);
    if (o.pool == POOL_AUTO)
        return error_set(e, ERROR_FORMAT, "%s: metadata pool is auto, but a golden file must name one", g->path);
    if (reconstructs && (!(o.mask_ratio >= 0 && o.mask_ratio <= 1) || o.classes != 0))
        return error_set(e, ERROR_FORMAT, "%s: metadata mask_ratio is not from 0 to 1, or there are classes", g->path);
    if (reconstructs && (o.decoder_dim < 1 || o.decoder_dim > 8192 || o.decoder_depth < 1 || o.decoder_depth > 64 ||
                         o.decoder_heads < 1 || o.decoder_heads > o.decoder_dim))
        return error_set(e, ERROR_FORMAT,
                         "%s: metadata decoder_dim, decoder_depth or decoder_heads is missing or out of range",
                         g->path);
    if (o.classes < !reconstructs || o.classes > 100000 || g->batch < 1 || g->batch > 4096 || o.prompts < 0 ||
        o.prompts > 100000)
        return error_set(e, ERROR_FORMAT, "%s: metadata classes, batch or tokens is missing or out of range", g->path);
    return tuning_create(&g->tuning, &o, &g->model->shape, e);
}

/* The tensor "PREFIX NAME", which must have `count` elements. */
static int find_tensor(const struct golden *g, const char *prefix, const char *name, size_t count,
                       const struct tensor **out, struct error *e) {
    char full[256], shape[128];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    const struct tensor *t = tensors_find(g->file, full);
    if (!t)
        return error_set(e, ERROR_FORMAT, "%s: there is no tensor %s", g->path, full);
    if (t->count != count)
        return error_set(e, ERROR_SHAPE, "%s: %s is %s, but %zu values were expected", g->path, full,
                         tensor_shape_text(t, shape, sizeof shape), count);
    if (out)
        *out = t;
    return 0;
}

/* The same as f32. */
static int read_tensor(const struct golden *g, const char *prefix, const char *name, size_t count, float *out,
                       struct error *e) {
    const struct tensor *t;
    int r = find_tensor(g, prefix, name, count, &t, e);
    if (r == 0)
        tensor_to_f32(t, out);
    return r;
}

/* Golden files name the tuned tensors as the peer does: without the "enc." of saved runs. */
static const char *short_name(const struct tuned *n) {
    return strncmp(n->name, "enc.", 4) == 0 ? n->name + 4 : n->name;
}

/* The tuned tensors must be there as the metadata says, before memory is taken by what it says. */
static int check_tensors(const struct golden *g, struct error *e) {
    for (int k = 0; k < g->tuning.count; k++) {
        struct tuned n = tuning_at(&g->tuning, k);
        int r = find_tensor(g, "model.", short_name(&n), n.size, NULL, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int take_memory(struct golden *g, struct error *e) {
    const struct tuning *t = &g->tuning;
    size_t batch = (size_t)g->batch, area = 3 * (size_t)t->shape.image * (size_t)t->shape.image, total = t->total;
    size_t depth = (size_t)t->shape.depth, classes = (size_t)t->options.classes;
    size_t prompts = (size_t)t->options.prompts * (size_t)t->shape.dim, outputs = (size_t)tuning_outputs(t);
    size_t tokens = (size_t)shape_patches(&t->shape) + 1 + (size_t)t->options.prompts;
    /* of a mask: seen patches, as they come and as whole numbers; of a decoder: positions */
    size_t patches = (size_t)shape_patches(&t->shape), decoder = (patches + 1) * (size_t)t->weights.decoder.dim;
    size_t seen = tuning_reconstructs(t) ? batch * (size_t)tuning_visible(t) : 0;
    size_t wanted = batch * (classes + (size_t)t->shape.heads * tokens * tokens + area) + total + depth + STEPS + seen;
    size_t sizes[] = {batch * area, total, total, total,  total,  batch * outputs, depth, depth * batch * prompts + 1,
                      depth,        depth, depth, wanted, decoder};
    float **arrays[] = {&g->images, &g->theta, &g->gradient, &g->first, &g->second, &g->logits,     &g->noise,
                        &g->keep,   &g->gates, &g->slopes,   &g->temps, &g->wanted, &g->decoder_pos};
    size_t sum = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        sum += sizes[i];
    g->memory = calloc(sum, sizeof *g->memory);
    g->labels = calloc(batch, sizeof *g->labels);
    g->losses = calloc(batch, sizeof *g->losses);
    g->visible = calloc(seen + 1, sizeof *g->visible);
    if (!g->memory || !g->labels || !g->losses || !g->visible)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to verify it", g->path);
    size_t at = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; at += sizes[i++])
        *arrays[i] = g->memory + at;
    return 0;
}

static int read_labels(struct golden *g, struct error *e) {
    int r = read_tensor(g, "input.", "labels", (size_t)g->batch, g->wanted, e);
    for (int i = 0; r == 0 && i < g->batch; i++) {
        if (!(g->wanted[i] >= 0 && g->wanted[i] < (float)g->tuning.options.classes))
            return error_set(e, ERROR_FORMAT, "%s: input.labels holds %g, but there are %d classes", g->path,
                             (double)g->wanted[i], g->tuning.options.classes);
        g->labels[i] = (int)g->wanted[i];
    }
    return r;
}

/* What masked autoencoding gets in place of labels: patches that are seen, and the decoder's positions. */
static int read_mask(struct golden *g, struct error *e) {
    const struct tuning *t = &g->tuning;
    size_t seen = (size_t)tuning_visible(t), patches = (size_t)shape_patches(&t->shape);
    int r = read_tensor(g, "input.", "visible", (size_t)g->batch * seen, g->wanted, e);
    for (size_t i = 0; r == 0 && i < (size_t)g->batch * seen; i++) {
        float low = i % seen ? g->wanted[i - 1] + 1 : 0;
        if (!(g->wanted[i] >= low && g->wanted[i] < (float)patches))
            return error_set(e, ERROR_FORMAT, "%s: input.visible is not ascending patches from 0 to %zu", g->path,
                             patches - 1);
        g->visible[i] = (int)g->wanted[i];
    }
    if (r == 0)
        r = read_tensor(g, "model.", "decoder_pos_embed", (patches + 1) * (size_t)t->weights.decoder.dim,
                        g->decoder_pos, e);
    return r;
}

static int read_inputs(struct golden *g, struct error *e) {
    const struct tuning *t = &g->tuning;
    size_t batch = (size_t)g->batch, area = 3 * (size_t)t->shape.image * (size_t)t->shape.image;
    int r = read_tensor(g, "input.", "images", batch * area, g->images, e);
    if (r < 0 || (r = tuning_reconstructs(t) ? read_mask(g, e) : read_labels(g, e)) < 0)
        return r;
    for (int k = 0; k < t->count; k++) {
        struct tuned n = tuning_at(t, k);
        if ((r = read_tensor(g, "model.", short_name(&n), n.size, g->theta + n.offset, e)) < 0)
            return r;
    }
    if (tensors_find(g->file, "input.gate_noise"))
        r = read_tensor(g, "input.", "gate_noise", (size_t)t->shape.depth - 1, g->noise, e);
    const struct tensor *keep = tensors_find(g->file, "input.dropout");
    size_t masks = t->options.method == METHOD_DEEP ? (size_t)(t->shape.depth - t->options.insert_at) : 1;
    if (r == 0 && keep)
        r = read_tensor(g, "input.", "dropout", masks * batch * (size_t)t->options.prompts * (size_t)t->shape.dim,
                        g->keep, e);
    return r;
}

static struct pass_step next_step(struct golden *g, bool training) {
    const struct tuning *t = &g->tuning;
    struct pass_step step = {
        .theta = g->theta,
        .values = {g->gates, g->slopes, g->temps},
        .keep = training && tensors_find(g->file, "input.dropout") ? g->keep : NULL,
        .visible = tuning_reconstructs(t) ? g->visible : NULL,
        .forward_only = !training,
        .batch = g->batch,
        .weight = 1.0f / (float)g->batch,
    };
    tuning_values(t, g->theta, training && tensors_find(g->file, "input.gate_noise") ? g->noise : NULL, &step.values);
    return step;
}

static double forward_backward(struct golden *g) {
    struct pass_step step = next_step(g, true);
    struct pass_chunk chunk = {.count = g->batch, .images = g->images, .labels = g->labels};
    memset(g->gradient, 0, g->tuning.total * sizeof *g->gradient);
    pass_forward(g->pass, &step, &chunk, g->logits, g->losses);
    pass_backward(g->pass, &step, &chunk, g->logits, g->gradient);
    double loss = 0;
    for (int i = 0; i < g->batch; i++)
        loss += g->losses[i];
    return loss / g->batch;
}

/* Compares `ours` [count] with the file's tensor, if it is there. */
static int compare(const struct golden *g, const char *prefix, const char *name, size_t count, const float *ours,
                   struct error *e) {
    char full[256];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    if (!tensors_find(g->file, full))
        return 0;
    int r = read_tensor(g, prefix, name, count, g->wanted, e);
    if (r < 0)
        return r;
    double worst = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        double d = fabs((double)ours[i] - (double)g->wanted[i]);
        largest = fmax(largest, fabs((double)g->wanted[i]));
        worst = d <= worst ? worst : d; /* a NaN is taken over */
    }
    double error = isnan(worst) ? INFINITY : worst == 0 ? 0 : largest > 0 ? worst / largest : INFINITY;
    g->on_tensor(g->context, g->path, full, error);
    return 1;
}

static int compare_tuned(const struct golden *g, const char *prefix, const float *values, struct error *e) {
    int done = 0;
    for (int k = 0; k < g->tuning.count; k++) {
        struct tuned n = tuning_at(&g->tuning, k);
        int r = compare(g, prefix, short_name(&n), n.size, values + n.offset, e);
        if (r < 0)
            return r;
        done += r;
    }
    return done;
}

static int compare_attention(struct golden *g, struct error *e) {
    const struct tuning *t = &g->tuning;
    struct pass_step step = next_step(g, true);
    struct pass_chunk chunk = {.count = g->batch, .images = g->images, .labels = g->labels};
    int done = 0;
    pass_forward(g->looking, &step, &chunk, g->logits, NULL);
    for (int l = 0; l < t->shape.depth; l++) {
        size_t n = (size_t)shape_patches(&t->shape) + 1 + (size_t)tuning_prompts_at(t, l), at = 0;
        char name[32];
        snprintf(name, sizeof name, "%d", l);
        float *ours = calloc((size_t)g->batch * (size_t)t->shape.heads * n * n, sizeof *ours);
        if (!ours)
            return error_set(e, ERROR_MEMORY, "%s: not enough memory to verify it", g->path);
        for (int i = 0; i < g->batch; i++)
            for (int h = 0; h < t->shape.heads; h++, at += n * n)
                pass_attention(g->looking, &step, l, i, h, ours + at);
        int r = compare(g, "expect.attention.", name, at, ours, e);
        free(ours);
        if (r < 0)
            return r;
        done += r;
    }
    return done;
}

/* Predictions and targets of all patches. */
static int compare_reconstruction(struct golden *g, struct error *e) {
    const struct vit_shape *s = &g->tuning.shape;
    if (!tuning_reconstructs(&g->tuning))
        return 0;
    size_t values = 3 * (size_t)s->image * (size_t)s->image, all = (size_t)g->batch * values;
    float *prediction = calloc(2 * all, sizeof *prediction), *target = prediction + all;
    if (!prediction)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to verify it", g->path);
    for (int i = 0; i < g->batch; i++) {
        struct pass_reconstruction r = pass_reconstruction(g->pass, i);
        memcpy(prediction + (size_t)i * values, r.prediction, values * sizeof *prediction);
        memcpy(target + (size_t)i * values, r.target, values * sizeof *target);
    }
    int first = compare(g, "expect.", "prediction", all, prediction, e);
    int second = first < 0 ? first : compare(g, "expect.", "target", all, target, e);
    free(prediction);
    return second < 0 ? second : first + second;
}

static int compare_steps(struct golden *g, struct error *e) {
    struct optimizer_state state = {.first = g->first, .second = g->second};
    struct freeze none = {0};
    float losses[STEPS];
    for (int i = 0; i < STEPS; i++) {
        tuning_clamp_temps(&g->tuning, g->theta);
        losses[i] = (float)forward_backward(g);
        optimizer_update(&g->optimizer, &g->tuning, &none, g->lr, &state, g->gradient, g->theta);
    }
    int r = compare(g, "expect.", "losses", STEPS, losses, e);
    if (r < 0)
        return r;
    int trained = compare_tuned(g, "expect.trained.", g->theta, e);
    return trained < 0 ? trained : r + trained;
}

static int compare_evaluation(struct golden *g, struct error *e) {
    struct pass_step step = next_step(g, false);
    struct pass_chunk chunk = {.count = g->batch, .images = g->images, .labels = g->labels};
    if (!tensors_find(g->file, "eval.logits"))
        return 0;
    pass_forward(g->pass, &step, &chunk, g->logits, g->losses);
    return compare(g, "eval.", "logits", (size_t)g->batch * (size_t)g->tuning.options.classes, g->logits, e);
}

/* Every comparison in turn; the sum of tensors compared. */
static int compare_all(struct golden *g, struct error *e) {
    size_t logits = (size_t)g->batch * (size_t)g->tuning.options.classes, gates = (size_t)g->tuning.shape.depth - 1;
    float loss = (float)forward_backward(g), ratio[OPTIMIZER_MAX_BLOCKS];
    prompt_selection_ratio(gates, g->gates, ratio);
    int r[7], sum = 0;
    r[0] = compare(g, "expect.", "logits", logits, g->logits, e);
    r[1] = r[0] < 0 ? r[0] : compare(g, "expect.", "loss", 1, &loss, e);
    r[2] = r[1] < 0 ? r[1] : compare_tuned(g, "expect.grad.", g->gradient, e);
    r[3] = r[2] < 0 ? r[2] : compare_attention(g, e);
    r[4] = r[3] < 0 ? r[3] : compare(g, "expect.", "selection_ratio", gates, ratio, e);
    r[5] = r[4] < 0 ? r[4] : compare_evaluation(g, e);
    r[6] = r[5] < 0 ? r[5] : compare_reconstruction(g, e);
    for (int i = 0; i < 7; i++)
        sum += r[i];
    if (r[6] < 0)
        return r[6];
    int steps = compare_steps(g, e);
    return steps < 0 ? steps : sum + steps;
}

static int verify(struct golden *g, struct error *e) {
    int r = read_options(g, e);
    if (r < 0 || (r = check_tensors(g, e)) < 0 || (r = take_memory(g, e)) < 0 || (r = read_inputs(g, e)) < 0)
        return r;
    struct pass_options o = {.model = g->model,
                             .tuning = &g->tuning,
                             .chunk = g->batch,
                             .backward = true,
                             .decoder_pos = tuning_reconstructs(&g->tuning) ? g->decoder_pos : NULL};
    struct pass_options looking = o;
    looking.backward = false;
    looking.keep_all = true;
    if ((r = pass_create(&g->pass, &o, e)) < 0 || (r = pass_create(&g->looking, &looking, e)) < 0 ||
        (r = compare_all(g, e)) < 0)
        return r;
    int expected = 0;
    for (size_t i = 0; i < tensors_count(g->file); i++) {
        const char *name = tensors_at(g->file, i)->name;
        expected += strncmp(name, "expect.", 7) == 0 || strncmp(name, "eval.", 5) == 0;
    }
    if (r != expected || r == 0)
        return error_set(e, ERROR_FORMAT, "%s: %d of its %d expected tensors are known to this program", g->path, r,
                         expected);
    return 0;
}

int verify_file(const char *path, verify_tensor_fn *on_tensor, void *context, struct error *e) {
    struct golden g = {.path = path, .on_tensor = on_tensor, .context = context};
    struct model_options as_stored = {0};
    int r = tensors_open(&g.file, path, e);
    if (r < 0)
        return r;
    r = model_from_tensors(&g.model, g.file, "model.", &as_stored, e);
    if (r == 0)
        r = verify(&g, e);
    pass_destroy(g.pass);
    pass_destroy(g.looking);
    free(g.memory);
    free(g.labels);
    free(g.visible);
    free(g.losses);
    model_close(g.model);
    tensors_close(g.file);
    return r;
}
