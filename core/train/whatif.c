#include "core/train/whatif.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/prompt.h"

/* A logit whose sigmoid is exactly 0 or 1 as a float, and which is open or shut for a hard gate: exp(-200) is far below
 * the least float, and vanishes beside 1. */
#define SURE 200.0f

static const char *const names[] = {
#define X(constant, name) name,
    WHATIF_KINDS_LIST(X)
#undef X
};

const char *whatif_kind_name(enum whatif_kind kind) {
    return names[kind];
}

/* Gates and temperatures as the model uses them. */
struct values {
    float *floats;
    struct tuning_values v;
};

static int values_create(struct values *v, const struct tuning *t, struct error *e) {
    size_t depth = (size_t)t->shape.depth;
    v->floats = calloc(3 * depth, sizeof *v->floats);
    if (!v->floats)
        return error_set(e, ERROR_MEMORY, "not enough memory for the values of %zu blocks", depth);
    v->v = (struct tuning_values){v->floats, v->floats + depth, v->floats + 2 * depth};
    return 0;
}

static bool are_equal(const struct values *a, const struct values *b, int depth) {
    bool equal = true;
    for (int l = 0; l < depth; l++)
        equal = equal && a->v.temps[l] == b->v.temps[l] && (l + 1 == depth || a->v.gates[l] == b->v.gates[l]);
    return equal;
}

/* ---- the list */

static void add(struct whatif *w, enum whatif_kind kind, int block, double value, double selection) {
    assert(w->count < WHATIF_MOST_ROWS);
    w->rows[w->count++] = (struct whatif_row){.kind = kind, .block = block, .value = value, .selection = selection};
}

static void fill(struct whatif *w, const struct tuning *t, const struct values *v, const float *ratio) {
    bool gated = false, tempered = tuning_find(t, TUNED_TEMPS); /* gated: by gates that prompts pass through */
    int depth = t->shape.depth;
    add(w, WHATIF_BASELINE, -1, NAN, NAN);
    for (int l = 0; l < depth; l++) {
        double gate = (double)v->v.gates[l], temp = (double)v->v.temps[l];
        if (tuning_find(t, TUNED_GATES) && l + 1 < depth && tuning_prompts_at(t, l)) {
            gated = true;
            add(w, WHATIF_GATE_0, l, gate, (double)ratio[l]);
            add(w, WHATIF_GATE_1, l, gate, (double)ratio[l]);
        }
        if (tempered)
            add(w, WHATIF_TEMP_1, l, temp, NAN);
    }
    if (gated) {
        add(w, WHATIF_GATES_0, -1, NAN, NAN);
        add(w, WHATIF_GATES_1, -1, NAN, NAN);
    }
    if (tempered)
        add(w, WHATIF_TEMPS_1, -1, NAN, NAN);
    if (gated && tempered)
        add(w, WHATIF_NEUTRAL, -1, NAN, NAN);
}

int whatif_create(struct whatif *w, const struct tuning *t, const float *theta, struct error *e) {
    const struct tuned *gates = tuning_find(t, TUNED_GATES), *temps = tuning_find(t, TUNED_TEMPS);
    float ratio[WHATIF_MOST_BLOCKS];
    struct values v;
    *w = (struct whatif){0};
    if (tuning_reconstructs(t))
        return error_set(e, ERROR_USAGE, "it is a pretraining run, which has no gates or temperatures to clamp");
    if (!gates && !temps)
        return error_set(e, ERROR_USAGE,
                         "the run was tuned with the method %s, which has neither gates nor temperatures to clamp",
                         settings_choice("method", (int)t->options.method));
    assert(t->shape.depth <= WHATIF_MOST_BLOCKS);
    w->rows = calloc(3 * (size_t)t->shape.depth + 5, sizeof *w->rows);
    if (!w->rows)
        return error_set(e, ERROR_MEMORY, "not enough memory for a list of %d blocks", t->shape.depth);
    int r = values_create(&v, t, e);
    if (r < 0) {
        whatif_destroy(w);
        return r;
    }
    tuning_values(t, theta, NULL, &v.v);
    prompt_selection_ratio((size_t)t->shape.depth - 1, v.v.gates, ratio);
    fill(w, t, &v, ratio);
    free(v.floats);
    return 0;
}

void whatif_destroy(struct whatif *w) {
    free(w->rows);
    *w = (struct whatif){0};
}

/* block < 0: every one. */
static void put(const struct tuning *t, enum tuned_kind kind, int block, float value, float *theta) {
    const struct tuned *n = tuning_find(t, kind);
    for (size_t l = 0; n && l < n->size; l++)
        if (block < 0 || (size_t)block == l)
            theta[n->offset + l] = value;
}

void whatif_clamp(const struct tuning *t, const struct whatif_row *row, const float *theta, float *changed) {
    memcpy(changed, theta, t->total * sizeof *changed);
    switch (row->kind) {
    case WHATIF_GATE_0:
    case WHATIF_GATES_0:
        put(t, TUNED_GATES, row->block, -SURE, changed);
        break;
    case WHATIF_GATE_1:
    case WHATIF_GATES_1:
        put(t, TUNED_GATES, row->block, SURE, changed);
        break;
    case WHATIF_TEMP_1:
    case WHATIF_TEMPS_1:
        put(t, TUNED_TEMPS, row->block, 1, changed);
        break;
    case WHATIF_NEUTRAL:
        put(t, TUNED_GATES, -1, SURE, changed);
        put(t, TUNED_TEMPS, -1, 1, changed);
        break;
    case WHATIF_BASELINE:
    case WHATIF_KINDS:
        break;
    }
}

/* ---- the results */

struct work {
    struct whatif *w;
    struct engine *engine;
    const struct tuning *tuning;
    const float *theta;
    float *changed; /* [tuning->total] */
    struct loader *loader;
    struct evaluation result, baseline; /* the baseline's list of predictions is what others are held against */
    struct values as_tuned, clamped;
    size_t row;
    whatif_progress_fn *progress;
    void *context;
};

static void report(const struct work *k, double share) {
    if (k->progress)
        k->progress(k->context, k->w, k->row, share);
}

static void tick(void *work) {
    const struct work *k = work;
    const struct evaluation *v = k->row ? &k->result : &k->baseline;
    int done, all;
    engine_progress(k->engine, &done, &all);
    double part = all > 0 ? (double)done / all : 0, batches = (double)(v->batches ? v->batches : 1);
    report(k, fmin(((double)v->begun - 1 + part) / batches, 0.999));
}

static bool is_right(const struct prediction *p) {
    return p->said == p->label;
}

static int compare(const struct work *k, const struct evaluation *v, struct whatif_row *row, struct error *e) {
    const struct evaluation *before = &k->baseline;
    size_t i = 0;
    while (i < v->images && i < before->images && v->list[i].index == before->list[i].index)
        i++;
    if (i < v->images || i < before->images)
        return error_set(e, ERROR_DATA, "image %u of the split could be read at one time and not at another",
                         (unsigned)(i < v->images ? v : before)->list[i].index);
    for (i = 0; i < v->images; i++) {
        bool was = is_right(&before->list[i]), is = is_right(&v->list[i]);
        row->right += is;
        row->better += is && !was;
        row->worse += was && !is;
    }
    row->loss = v->loss;
    return 0;
}

static int evaluate_row(struct work *k, struct error *e) {
    struct whatif_row *row = &k->w->rows[k->row];
    struct evaluation *v = k->row ? &k->result : &k->baseline;
    whatif_clamp(k->tuning, row, k->theta, k->changed);
    tuning_values(k->tuning, k->changed, NULL, &k->clamped.v);
    if (k->row && are_equal(&k->as_tuned, &k->clamped, k->tuning->shape.depth)) {
        row->right = k->w->rows[0].right;
        row->loss = k->w->rows[0].loss;
        return 0;
    }
    int r = evaluate(k->engine, k->changed, k->loader, tick, k, v, e);
    return r < 0 ? r : compare(k, v, row, e);
}

int whatif_evaluate(struct whatif *w, struct engine *g, const struct tuning *t, const float *theta,
                    struct loader *loader, whatif_progress_fn *progress, void *context, struct error *e) {
    struct work k = {.w = w,
                     .engine = g,
                     .tuning = t,
                     .theta = theta,
                     .loader = loader,
                     .progress = progress,
                     .context = context,
                     .changed = malloc(t->total * sizeof *k.changed)};
    int r = k.changed ? 0 : error_set(e, ERROR_MEMORY, "not enough memory for a copy of the tuned values");
    if (r < 0 || (r = evaluation_create(&k.result, t->options.classes, e)) < 0 ||
        (r = evaluation_create(&k.baseline, t->options.classes, e)) < 0 || (r = values_create(&k.as_tuned, t, e)) < 0 ||
        (r = values_create(&k.clamped, t, e)) < 0)
        goto out;
    tuning_values(t, theta, NULL, &k.as_tuned.v);
    for (; k.row < w->count && (r = evaluate_row(&k, e)) == 0; k.row++) {
        w->images = k.baseline.images;
        report(&k, 1);
    }
out:
    free(k.clamped.floats);
    free(k.as_tuned.floats);
    evaluation_destroy(&k.baseline);
    evaluation_destroy(&k.result);
    free(k.changed);
    return r;
}

/* ---- reading them */

const struct whatif_row *whatif_find(const struct whatif *w, enum whatif_kind kind, int block) {
    for (size_t i = 0; i < w->count; i++)
        if (w->rows[i].kind == kind && w->rows[i].block == block)
            return &w->rows[i];
    return NULL;
}

double whatif_top1(const struct whatif *w, const struct whatif_row *row) {
    return w->images ? (double)row->right / (double)w->images : 0;
}

double whatif_change(const struct whatif *w, const struct whatif_row *row) {
    return w->images ? ((double)row->right - (double)w->rows[0].right) / (double)w->images : 0;
}

double whatif_error(const struct whatif *w, const struct whatif_row *row) {
    double p = whatif_top1(w, row);
    return w->images ? sqrt(p * (1 - p) / (double)w->images) : 0;
}

bool whatif_is_clear(const struct whatif_row *row) {
    double better = (double)row->better, worse = (double)row->worse;
    return fabs(better - worse) > 2 * sqrt(better + worse);
}
