#include "core/train/engine.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/nn/loss.h"
#include "core/nn/prompt.h"
#include "core/nn/vector.h"
#include "core/train/kept.h"

struct engine {
    const struct job *job;
    struct control *control;
    struct team *team;
    int threads;
    struct arena arena;
    struct pass **passes; /* a member each */
    float **partial;      /* a member each: [total] of the chunk at work */
    float *gradient;      /* [total] */
    float *logits;        /* [batch, classes] */
    double *losses;       /* [batch] */
    float *noise;         /* [depth - 1] */
    struct kept *kept;    /* NULL: there is nothing to keep */
    size_t prefix_floats;
    struct pass_prefix **prefix; /* a member each: [chunk] */
    float **found;               /* a member each: [chunk, prefix_floats] */
    int most;                    /* images of the largest batch */
    atomic_int done, all, known;
    bool timing;
    atomic_llong reduce_ns;
    /* of the call under way */
    struct pass_step step;
    const struct batch *batch;
    bool backward;
    atomic_bool dropped;
};

long long engine_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool go_on(void *context) {
    return control_go_on(context);
}

static void lay_out(struct engine *g, int threads) {
    const struct tuning *t = &g->job->tuning;
    size_t total = t->total, depth = (size_t)t->shape.depth;
    size_t chunk = (size_t)g->job->settings.chunk;
    for (int i = 0; i < threads; i++) {
        float *partial = arena_floats(&g->arena, total);
        struct pass_prefix *prefix = arena_take(&g->arena, chunk, sizeof *prefix);
        float *found = arena_floats(&g->arena, arena_product(chunk, g->prefix_floats));
        if (g->arena.base) {
            g->partial[i] = partial;
            g->prefix[i] = prefix;
            g->found[i] = found;
        }
    }
    g->gradient = arena_floats(&g->arena, total);
    g->logits = arena_floats(&g->arena, arena_product((size_t)g->most, (size_t)tuning_outputs(t)));
    g->losses = arena_take(&g->arena, (size_t)g->most, sizeof *g->losses);
    g->noise = arena_floats(&g->arena, depth);
    g->step.values.gates = arena_floats(&g->arena, depth);
    g->step.values.slopes = arena_floats(&g->arena, depth);
    g->step.values.temps = arena_floats(&g->arena, depth);
}

int engine_create(struct engine **out, const struct job *job, int threads, struct control *control, struct error *e) {
    struct engine *g = calloc(1, sizeof *g);
    if (!g)
        return error_set(e, ERROR_MEMORY, "not enough memory for the training engine");
    const struct settings *s = &job->settings;
    g->job = job;
    g->control = control;
    g->threads = threads;
    g->most = (s->batch + s->chunk - 1) / s->chunk * s->chunk;
    g->passes = calloc((size_t)threads, sizeof(struct pass *));
    g->partial = calloc((size_t)threads, sizeof(float *));
    g->prefix = calloc((size_t)threads, sizeof(struct pass_prefix *));
    g->found = calloc((size_t)threads, sizeof(float *));
    g->prefix_floats = pass_prefix_floats(&job->tuning);
    int r = ERROR_MEMORY;
    if (!g->passes || !g->partial || !g->prefix || !g->found) {
        error_set(e, r, "not enough memory for the training engine");
        goto fail;
    }
    lay_out(g, threads);
    if ((r = arena_reserve(&g->arena, e)) < 0)
        goto fail;
    lay_out(g, threads);
    struct pass_options o = {.model = job->model,
                             .tuning = &job->tuning,
                             .chunk = s->chunk,
                             .backward = true,
                             .recompute = s->recompute,
                             .go_on = go_on,
                             .context = control};
    for (int i = 0; i < threads; i++)
        if ((r = pass_create(&g->passes[i], &o, e)) < 0)
            goto fail;
    if ((r = team_create(&g->team, threads, e)) < 0)
        goto fail;
    *out = g;
    return 0;
fail:
    engine_destroy(g);
    return r;
}

void engine_destroy(struct engine *g) {
    if (!g)
        return;
    team_destroy(g->team);
    for (int i = 0; g->passes && i < g->threads; i++)
        pass_destroy(g->passes[i]);
    kept_destroy(g->kept);
    free(g->passes);
    free(g->partial);
    free(g->prefix);
    free(g->found);
    arena_release(&g->arena);
    free(g);
}

int engine_threads(const struct engine *g) {
    return g->threads;
}

int engine_keep(struct engine *g, const size_t images[SPLITS], struct error *e) {
    kept_destroy(g->kept);
    g->kept = NULL;
    if (g->prefix_floats == 0)
        return 0;
    return kept_create(&g->kept, images, g->prefix_floats, (size_t)g->job->settings.cache_blocks << 20, e);
}

void engine_progress(const struct engine *g, int *done, int *all) {
    *done = atomic_load_explicit(&g->done, memory_order_relaxed);
    *all = atomic_load_explicit(&g->all, memory_order_relaxed);
}

void engine_time(struct engine *g, bool on) {
    g->timing = on;
    atomic_store(&g->reduce_ns, 0);
    for (int i = 0; i < g->threads; i++)
        pass_time(g->passes[i], on);
}

size_t engine_phases(const struct engine *g, struct pass_phase out[PASS_PHASES]) {
    size_t count = pass_phases(g->passes[0], out);
    for (int i = 1; i < g->threads; i++) {
        struct pass_phase more[PASS_PHASES];
        size_t n = pass_phases(g->passes[i], more);
        for (size_t k = 0; k < n; k++) {
            size_t at = 0;
            while (at < count && strcmp(out[at].name, more[k].name) != 0)
                at++;
            if (at == count && count < PASS_PHASES)
                out[count++] = (struct pass_phase){.name = more[k].name};
            if (at < count)
                out[at].seconds += more[k].seconds;
        }
    }
    if (count < PASS_PHASES)
        out[count++] = (struct pass_phase){"reduce", (double)atomic_load(&g->reduce_ns) * 1e-9};
    return count;
}

static struct pass_chunk chunk_at(const struct engine *g, size_t task) {
    const struct batch *b = g->batch;
    int size = g->job->settings.chunk, first = (int)task * size;
    size_t area = 3 * (size_t)g->job->settings.image * (size_t)g->job->settings.image;
    return (struct pass_chunk){
        .count = b->count - first < size ? b->count - first : size,
        .first = (uint32_t)first,
        .images = b->images + (size_t)first * area,
        .labels = b->labels + first,
        .index = b->index ? b->index + first : NULL,
    };
}

/* What is known of a chunk's images and where the rest is to go. Frozen blocks are computed one image a call wherever
 * they could be kept, whether they are or not. */
static const struct pass_prefix *look_up(struct engine *g, int member, const struct pass_chunk *chunk) {
    struct pass_prefix *prefix = g->prefix[member];
    if (!g->prefix_floats || !g->batch->as_is || !g->batch->index)
        return NULL;
    for (int i = 0; i < chunk->count; i++) {
        prefix[i] = (struct pass_prefix){0};
        if (!g->kept)
            continue;
        prefix[i].known = kept_get(g->kept, g->batch->split, chunk->index[i]);
        prefix[i].found = prefix[i].known ? NULL : g->found[member] + (size_t)i * g->prefix_floats;
        if (prefix[i].known)
            atomic_fetch_add_explicit(&g->known, 1, memory_order_relaxed);
    }
    return prefix;
}

static void keep(struct engine *g, const struct pass_chunk *chunk) {
    for (int i = 0; chunk->prefix && g->kept && i < chunk->count; i++)
        if (chunk->prefix[i].found && chunk->labels[i] >= 0)
            kept_put(g->kept, g->batch->split, chunk->index[i], chunk->prefix[i].found);
}

static void do_chunk(void *context, int member, size_t task) {
    struct engine *g = context;
    const struct tuning *t = &g->job->tuning;
    struct pass_chunk chunk = chunk_at(g, task);
    float *logits = g->logits + (size_t)chunk.first * (size_t)tuning_outputs(t), *partial = g->partial[member];
    chunk.prefix = look_up(g, member, &chunk);
    int r = pass_forward(g->passes[member], &g->step, &chunk, logits, g->losses + chunk.first);
    if (r == 0)
        keep(g, &chunk);
    if (r == 0 && g->backward) {
        memset(partial, 0, t->total * sizeof *partial);
        r = pass_backward(g->passes[member], &g->step, &chunk, logits, partial);
    }
    if (r < 0)
        atomic_store(&g->dropped, true);
    if (g->backward) {
        long long start = g->timing ? engine_clock() : 0;
        team_begin_turn(g->team, task);
        if (r == 0)
            vector_ops()->add(t->total, partial, g->gradient);
        team_end_turn(g->team);
        if (g->timing)
            atomic_fetch_add(&g->reduce_ns, engine_clock() - start);
    }
    atomic_fetch_add_explicit(&g->done, 1, memory_order_relaxed);
}

static int run(struct engine *g, const struct batch *batch, bool backward, team_tick_fn *tick, void *tick_context,
               struct error *e) {
    assert(batch->count > 0 && batch->count <= g->most);
    size_t chunk = (size_t)g->job->settings.chunk, chunks = ((size_t)batch->count + chunk - 1) / chunk;
    g->batch = batch;
    g->backward = backward;
    g->step.batch = batch->count;
    atomic_store(&g->dropped, false);
    atomic_store(&g->done, 0);
    atomic_store(&g->known, 0);
    atomic_store(&g->all, (int)chunks);
    team_run(g->team, do_chunk, g, chunks, tick, tick_context);
    return atomic_load(&g->dropped) ? error_set(e, ERROR_CANCELLED, "the step was given up on request") : 0;
}

/* Says where the first NaN or infinity arises, by going through the batch again, one chunk at a time. */
static int diagnose(struct engine *g, uint64_t step, double loss, struct error *e) {
    const struct tuning *t = &g->job->tuning;
    const char *what = isfinite(loss) ? "a gradient" : "the loss";
    const char *value = isnan(loss) ? "NaN" : isfinite(loss) ? "NaN or infinite" : "infinite";
    for (int i = 0; i < t->count; i++) {
        struct tuned n = tuning_at(t, i);
        if (!vector_ops()->finite(n.size, g->step.theta + n.offset))
            return error_set(e, ERROR_DIVERGED, "step %llu: %s is %s: %s held a NaN or infinity before the step",
                             (unsigned long long)step, what, value, n.name);
    }
    struct pass *p = g->passes[0];
    char where[128] = "a sum over the batch";
    pass_probe(p, true);
    bool found = false;
    for (size_t task = 0; task < (size_t)atomic_load(&g->all) && !found; task++) {
        struct pass_chunk chunk = chunk_at(g, task);
        float *logits = g->logits + (size_t)chunk.first * (size_t)tuning_outputs(t);
        chunk.prefix = look_up(g, 0, &chunk);
        if (pass_forward(p, &g->step, &chunk, logits, g->losses + chunk.first) < 0 || pass_trouble(p))
            break;
        memset(g->partial[0], 0, t->total * sizeof *g->partial[0]);
        if (pass_backward(p, &g->step, &chunk, logits, g->partial[0]) < 0)
            break;
        found = pass_trouble(p);
        for (int i = 0; i < t->count && !found; i++) {
            struct tuned n = tuning_at(t, i);
            found = !vector_ops()->finite(n.size, g->partial[0] + n.offset);
            if (found)
                snprintf(where, sizeof where, "the gradient of %s", n.name);
        }
    }
    if (pass_trouble(p))
        snprintf(where, sizeof where, "%s", pass_trouble(p));
    pass_probe(p, false);
    return error_set(e, ERROR_DIVERGED, "step %llu: %s is %s; it arises first in %s", (unsigned long long)step, what,
                     value, where);
}

/* Loss and share that is right (or explained) of the readable images of a batch. */
static struct engine_result sum_up(const struct engine *g, const struct batch *batch) {
    const struct tuning *t = &g->job->tuning;
    double loss = 0, of_means = 0;
    int hits = 0, n = batch->readable > 0 ? batch->readable : 1;
    for (int i = 0; i < batch->count; i++) {
        const float *row = g->logits + (size_t)i * (size_t)tuning_outputs(t);
        loss += g->losses[i];
        if (batch->labels[i] < 0)
            continue;
        if (tuning_reconstructs(t))
            of_means += (double)row[0];
        else
            hits += loss_rank((size_t)t->options.classes, row, batch->labels[i]) == 0;
    }
    double explained = of_means > 0 ? 1 - loss / of_means : 0;
    return (struct engine_result){
        .loss = loss / n, .top1 = tuning_reconstructs(t) ? explained : (double)hits / n, .gradient = g->gradient};
}

int engine_step(struct engine *g, const float *theta, const struct batch *batch, uint64_t step, team_tick_fn *tick,
                void *tick_context, struct engine_result *out, struct error *e) {
    const struct tuning *t = &g->job->tuning;
    uint64_t seed = (uint64_t)g->job->settings.seed;
    for (int l = 0; l + 1 < t->shape.depth; l++)
        g->noise[l] = (float)prompt_gumbel(seed, step, (uint32_t)l);
    g->step.theta = theta;
    g->step.seed = seed;
    g->step.number = step;
    g->step.dropout = true;
    g->step.forward_only = false;
    g->step.weight = batch->readable > 0 ? 1.0f / (float)batch->readable : 0.0f;
    tuning_values(t, theta, t->options.method == METHOD_GATED_HARD ? g->noise : NULL, &g->step.values);
    memset(g->gradient, 0, t->total * sizeof *g->gradient);
    int r = run(g, batch, true, tick, tick_context, e);
    if (r < 0)
        return r;
    *out = sum_up(g, batch);
    out->known = atomic_load(&g->known);
    if (!isfinite(out->loss) || !vector_ops()->finite(t->total, g->gradient))
        return diagnose(g, step, out->loss, e);
    return 0;
}

int engine_forward(struct engine *g, const float *theta, const struct batch *batch, team_tick_fn *tick,
                   void *tick_context, const float **logits, const double **losses, struct error *e) {
    g->step.theta = theta;
    g->step.dropout = false;
    g->step.forward_only = true;
    g->step.seed = (uint64_t)g->job->settings.seed;
    tuning_values(&g->job->tuning, theta, NULL, &g->step.values);
    int r = run(g, batch, false, tick, tick_context, e);
    *logits = g->logits;
    *losses = g->losses;
    return r;
}
