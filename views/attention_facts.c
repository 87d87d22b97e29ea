#include <math.h>
#include <stdlib.h>

#include "views/attention_private.h"

static size_t tokens(const struct look *l) {
    return 1 + (size_t)l->prompts + (size_t)l->patches;
}

/* Row i of the chosen block: 0 is CLS, the prompts follow. */
static const float *row_at(const struct look *l, int i) {
    return look_rows(l) + (size_t)i * tokens(l);
}

double attention_facts_of_prompt(const struct look *l, int i) {
    return (double)look_rows(l)[1 + i];
}

const float *attention_facts_prompt_map(const struct look *l, int i) {
    return row_at(l, 1 + i) + 1 + l->prompts;
}

static double sum(const float *v, int n) {
    double total = 0;
    for (int i = 0; i < n; i++)
        total += (double)v[i];
    return total;
}

/* Entropy in bits of v taken as a distribution; 0 where it has no mass. */
static double entropy(const float *v, int n) {
    double total = sum(v, n), bits = 0;
    for (int i = 0; i < n && total > 0; i++)
        if (v[i] > 0)
            bits -= (double)v[i] / total * log2((double)v[i] / total);
    return bits;
}

static double greatest(const float *v, int n) {
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, (double)v[i]);
    return most;
}

static struct attention_row row_of(double cls, double prompts, const float *patches, int n) {
    return (struct attention_row){.known = true,
                                  .cls = cls,
                                  .prompts = prompts,
                                  .patches = sum(patches, n),
                                  .bits = entropy(patches, n),
                                  .peak = greatest(patches, n)};
}

/* The chosen prompt's row, or the mean of all. Writes its part over the patches into map[patches]. */
static struct attention_row query_row(const struct look *l, float *map) {
    int chosen = l->request.prompt, from = chosen < 0 ? 0 : chosen, to = chosen < 0 ? l->prompts : chosen + 1;
    double scale = 1.0 / (to - from), cls = 0, prompts = 0;
    for (int p = from; p < to; p++) {
        const float *row = row_at(l, 1 + p);
        cls += scale * (double)row[0];
        prompts += scale * sum(row + 1, l->prompts);
        for (int i = 0; i < l->patches; i++)
            map[i] += (float)(scale * (double)row[1 + l->prompts + i]);
    }
    return row_of(cls, prompts, map, l->patches);
}

static void widen(struct attention_facts *f, const float *map) {
    for (int i = 0; map && i < f->side * f->side; i++) {
        f->low = fmin(f->low, (double)map[i]);
        f->high = fmax(f->high, (double)map[i]);
    }
}

bool attention_facts_make(const struct look *l, bool with_alone, struct attention_facts *out) {
    size_t patches = (size_t)l->patches;
    float *room = calloc(2 * (patches ? patches : 1), sizeof *room);
    const float *alone = look_alone(l) + (size_t)l->request.block * (1 + patches);
    if (!room)
        return false;
    *out = (struct attention_facts){.side = (int)lround(floor(sqrt((double)patches))),
                                    .cls = row_at(l, 0) + 1 + l->prompts,
                                    .alone = alone + 1,
                                    .change = room,
                                    .low = INFINITY,
                                    .high = -INFINITY,
                                    .bits = log2((double)patches)};
    if (l->prompts > 0 && l->request.prompt < l->prompts) {
        out->query = room + patches;
        out->of_query = query_row(l, room + patches);
    }
    const float *row = row_at(l, 0);
    out->of_cls = row_of((double)row[0], sum(row + 1, l->prompts), out->cls, l->patches);
    out->of_alone = row_of((double)alone[0], 0, out->alone, l->patches);
    for (int i = 0; i < l->patches; i++) {
        out->change[i] = out->cls[i] - out->alone[i];
        out->most = fmax(out->most, fabs((double)out->change[i]));
    }
    widen(out, out->query);
    widen(out, out->cls);
    widen(out, with_alone ? out->alone : NULL);
    return true;
}

void attention_facts_free(struct attention_facts *f) {
    free(f->change);
    *f = (struct attention_facts){0};
}

int attention_facts_rank(const struct look *l, int chosen, int count, int *out) {
    int n = 0;
    bool is_in = chosen < 0;
    for (int p = 0; p < l->prompts && count > 0; p++) {
        double share = attention_facts_of_prompt(l, p);
        if (n == count && !(share > attention_facts_of_prompt(l, out[n - 1])))
            continue;
        int i = n < count ? n++ : n - 1;
        for (; i > 0 && share > attention_facts_of_prompt(l, out[i - 1]); i--)
            out[i] = out[i - 1];
        out[i] = p;
    }
    for (int i = 0; i < n; i++)
        is_in = is_in || out[i] == chosen;
    if (!is_in && n > 0 && chosen < l->prompts)
        out[n - 1] = chosen;
    return n;
}
