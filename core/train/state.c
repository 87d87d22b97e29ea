#include "core/train/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/formats/safetensors.h"
#include "core/number.h"

#define STATE_FORMAT "gptui run 1"

int state_create(struct state *s, const struct tuning *t, enum optimizer_kind optimizer, struct error *e) {
    *s = (struct state){.total = t->total};
    s->theta = calloc(t->total, sizeof *s->theta);
    s->first = calloc(t->total, sizeof *s->first);
    s->second = optimizer == OPTIMIZER_ADAMW ? calloc(t->total, sizeof *s->second) : NULL;
    if (s->theta && s->first && (s->second || optimizer != OPTIMIZER_ADAMW))
        return 0;
    state_destroy(s);
    return error_set(e, ERROR_MEMORY, "not enough memory for %zu tuned values", t->total);
}

void state_destroy(struct state *s) {
    free(s->theta);
    free(s->first);
    free(s->second);
    *s = (struct state){0};
}

void state_copy(struct state *to, const struct state *from) {
    to->at = from->at;
    memcpy(to->theta, from->theta, from->total * sizeof *to->theta);
    memcpy(to->first, from->first, from->total * sizeof *to->first);
    if (from->second)
        memcpy(to->second, from->second, from->total * sizeof *to->second);
}

int state_relayout(struct state *s, const struct tuning *old, const struct tuning *next, uint64_t seed, bool renew_head,
                   struct error *e) {
    struct state n;
    int r = state_create(&n, next, s->second ? OPTIMIZER_ADAMW : OPTIMIZER_SGD, e);
    if (r < 0)
        return r;
    n.at = s->at;
    if (renew_head) {
        tuning_initialise_head(next, seed, (uint32_t)s->at.swaps + 1, n.theta);
        n.at.head_since = s->at.updates;
    }
    for (int i = 0; i < old->count; i++) { /* one method, so one list of tensors */
        struct tuned from = tuning_at(old, i), to = tuning_at(next, i);
        bool head = from.kind == TUNED_HEAD_WEIGHT || from.kind == TUNED_HEAD_BIAS;
        if (head && renew_head)
            continue;
        memcpy(n.theta + to.offset, s->theta + from.offset, from.size * sizeof *n.theta);
        memcpy(n.first + to.offset, s->first + from.offset, from.size * sizeof *n.first);
        if (s->second)
            memcpy(n.second + to.offset, s->second + from.offset, from.size * sizeof *n.second);
    }
    state_destroy(s);
    *s = n;
    return 0;
}

/* The position as text, field by field: one table for writing and reading. WHOLE(key, field), REAL(key, field). */
#define POSITION_RESULT(WHOLE, REAL, FLAG, name)                                                                       \
    FLAG(#name ".known", name.known)                                                                                   \
    REAL(#name ".top1", name.top1)                                                                                     \
    REAL(#name ".top5", name.top5)                                                                                     \
    REAL(#name ".loss", name.loss)                                                                                     \
    WHOLE(#name ".epoch", name.epoch)                                                                                  \
    WHOLE(#name ".step", name.step)
#define POSITION(WHOLE, REAL, FLAG)                                                                                    \
    WHOLE("step", step)                                                                                                \
    WHOLE("epoch", epoch)                                                                                              \
    WHOLE("batch", batch)                                                                                              \
    WHOLE("swaps", swaps)                                                                                              \
    WHOLE("schedule_start", schedule_start)                                                                            \
    REAL("base_rate", base_rate)                                                                                       \
    REAL("loss", loss)                                                                                                 \
    REAL("epoch_loss", epoch_loss)                                                                                     \
    WHOLE("head_since", head_since)                                                                                    \
    WHOLE("updates", updates)                                                                                          \
    WHOLE("metrics", metrics)                                                                                          \
    WHOLE("journal", journal)                                                                                          \
    FLAG("finished", finished)                                                                                         \
    FLAG("frozen.prompts", freeze.prompts)                                                                             \
    FLAG("frozen.head", freeze.head)                                                                                   \
    POSITION_RESULT(WHOLE, REAL, FLAG, val)                                                                            \
    POSITION_RESULT(WHOLE, REAL, FLAG, test)                                                                           \
    POSITION_RESULT(WHOLE, REAL, FLAG, best)

enum { MOST_PAIRS = 48, MASK_TEXT = OPTIMIZER_MAX_BLOCKS / 32 * 9 + 1 };

struct pairs {
    struct safetensors_metadata list[MOST_PAIRS];
    char text[MOST_PAIRS][NUMBER_TEXT];
    size_t count;
};

static void put(struct pairs *p, const char *key, const char *value) {
    p->list[p->count++] = (struct safetensors_metadata){key, value};
}

static void put_real(struct pairs *p, const char *key, double value) {
    put(p, key, number_print(value, p->text[p->count]));
}

static void put_whole(struct pairs *p, const char *key, uint64_t value) {
    snprintf(p->text[p->count], NUMBER_TEXT, "%llu", (unsigned long long)value);
    put(p, key, p->text[p->count]);
}

static void put_position(struct pairs *p, const struct state_position *at) {
#define WHOLE(key, field) put_whole(p, key, at->field);
#define REAL(key, field) put_real(p, key, at->field);
#define FLAG(key, field) put(p, key, at->field ? "yes" : "no");
    POSITION(WHOLE, REAL, FLAG)
#undef WHOLE
#undef REAL
#undef FLAG
}

static const char *mask_text(const uint32_t *mask, char *out) {
    for (int i = 0; i < OPTIMIZER_MAX_BLOCKS / 32; i++)
        snprintf(out + 9 * i, 10, "%08x ", mask[i]);
    return out;
}

/* The class names, one a line; malloc'd. */
static char *class_lines(const struct dataset *d) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return NULL;
    for (int i = 0; i < dataset_classes(d); i++)
        fprintf(f, "%s\n", dataset_class_name(d, i));
    if (fclose(f) == 0)
        return text;
    free(text);
    return NULL;
}

/* The tensors of a saved run, theta's and the optimizer's, with the names that they point to. */
struct listing {
    struct tuned *tuned; /* [3 * count] */
    struct tensor *tensors;
    size_t count;
};

static void listing_destroy(struct listing *l) {
    free(l->tuned);
    free(l->tensors);
}

static void list(struct listing *l, const struct tuning *t, const char *prefix, const float *values) {
    for (int i = 0; values && i < t->count; i++) {
        struct tuned *n = &l->tuned[l->count], plain = tuning_at(t, i);
        *n = plain;
        snprintf(n->name, sizeof n->name, "%s%.*s", prefix, (int)(sizeof n->name - strlen(prefix) - 1), plain.name);
        l->tensors[l->count++] = tuning_tensor(n, values);
    }
}

static int listing_create(struct listing *l, const struct state *s, const struct tuning *t, struct error *e) {
    size_t most = 3 * (size_t)t->count;
    *l = (struct listing){calloc(most, sizeof *l->tuned), calloc(most, sizeof *l->tensors), 0};
    if (!l->tuned || !l->tensors) {
        listing_destroy(l);
        return error_set(e, ERROR_MEMORY, "not enough memory to list %zu tensors", most);
    }
    list(l, t, "", s->theta);
    list(l, t, "optim.first.", s->first);
    list(l, t, "optim.second.", s->second);
    return 0;
}

int state_save(const struct state *s, const struct tuning *t, const struct dataset *d, const char *script_left,
               const char *path, struct error *e) {
    struct pairs p = {.count = 0};
    struct listing l;
    char gates[MASK_TEXT], temps[MASK_TEXT];
    int r = listing_create(&l, s, t, e);
    if (r < 0)
        return error_prefix(e, r, "%s: ", path);
    char *classes = class_lines(d);
    if (!classes) {
        listing_destroy(&l);
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to save it", path);
    }
    put(&p, "format", STATE_FORMAT);
    put_position(&p, &s->at);
    put(&p, "frozen.gates", mask_text(s->at.freeze.gates, gates));
    put(&p, "frozen.temps", mask_text(s->at.freeze.temps, temps));
    put(&p, "data", s->at.data);
    put(&p, "classes", classes);
    put(&p, "script", script_left);
    r = safetensors_write(path, l.tensors, l.count, p.list, p.count, e);
    free(classes);
    listing_destroy(&l);
    return r;
}

static bool read_whole(const struct tensors *f, const char *key, uint64_t *out) {
    const char *text = tensors_metadata(f, key);
    return text && number_count(text, out);
}

static bool read_real(const struct tensors *f, const char *key, double *out) {
    const char *text = tensors_metadata(f, key);
    return text && number_real(text, out);
}

static bool read_flag(const struct tensors *f, const char *key, bool *out) {
    const char *text = tensors_metadata(f, key);
    *out = text && strcmp(text, "yes") == 0;
    return text && (*out || strcmp(text, "no") == 0);
}

static bool read_mask(const struct tensors *f, const char *key, uint32_t *mask) {
    const char *text = tensors_metadata(f, key);
    for (int i = 0; i < OPTIMIZER_MAX_BLOCKS / 32; i++) {
        int length = 0;
        if (!text || sscanf(text, "%8x %n", &mask[i], &length) != 1 || length == 0)
            return false;
        text += length;
    }
    return true;
}

static int read_position(const struct tensors *f, struct state_position *at, struct error *e) {
    const char *format = tensors_metadata(f, "format"), *data = tensors_metadata(f, "data");
    if (!format || strcmp(format, STATE_FORMAT) != 0)
        return error_set(e, ERROR_FORMAT, "%s: its format is \"%s\", but a saved run says \"%s\"", tensors_path(f),
                         format ? format : "not given", STATE_FORMAT);
    *at = (struct state_position){0};
    const char *bad = NULL;
#define WHOLE(key, field) bad = bad || read_whole(f, key, &at->field) ? bad : (key);
#define REAL(key, field) bad = bad || read_real(f, key, &at->field) ? bad : (key);
#define FLAG(key, field) bad = bad || read_flag(f, key, &at->field) ? bad : (key);
    POSITION(WHOLE, REAL, FLAG)
#undef WHOLE
#undef REAL
#undef FLAG
    bad = bad || read_mask(f, "frozen.gates", at->freeze.gates) ? bad : "frozen.gates";
    bad = bad || read_mask(f, "frozen.temps", at->freeze.temps) ? bad : "frozen.temps";
    bad = bad || (data && strlen(data) < sizeof at->data) ? bad : "data";
    if (bad)
        return error_set(e, ERROR_FORMAT, "%s: its metadata field %s is missing or cannot be read", tensors_path(f),
                         bad);
    snprintf(at->data, sizeof at->data, "%s", data);
    return 0;
}

int state_read_position(struct state_position *out, char **script_left, const char *path, struct error *e) {
    struct tensors *f = NULL;
    int r = tensors_open(&f, path, e);
    if (r < 0)
        return r;
    r = read_position(f, out, e);
    const char *script = tensors_metadata(f, "script");
    if (r == 0 && script_left) {
        *script_left = strdup(script ? script : "");
        r = *script_left ? 0 : error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", path);
    }
    tensors_close(f);
    return r;
}

static int load_tensors(const struct tensors *f, const struct tuning *t, const char *prefix, float *values,
                        struct error *e) {
    for (int i = 0; i < t->count; i++) {
        char name[96], found[96], wanted[96];
        struct tuned tuned = tuning_at(t, i);
        struct tensor fits = tuning_tensor(&tuned, values);
        snprintf(name, sizeof name, "%s%s", prefix, fits.name);
        const struct tensor *n = tensors_find(f, name);
        tensor_shape_text(&fits, wanted, sizeof wanted);
        if (!n)
            return error_set(e, ERROR_FORMAT, "%s: there is no tensor %s, which this run needs as %s", tensors_path(f),
                             name, wanted);
        if (n->count != fits.count || n->rank != fits.rank || memcmp(n->shape, fits.shape, sizeof tuned.shape) != 0)
            return error_set(e, ERROR_SHAPE, "%s: %s is %s, but this run needs %s", tensors_path(f), name,
                             tensor_shape_text(n, found, sizeof found), wanted);
        tensor_to_f32(n, values + tuned.offset);
    }
    return 0;
}

int state_load(struct state *s, const struct tuning *t, const char *path, struct error *e) {
    struct tensors *f = NULL;
    int r = tensors_open(&f, path, e);
    if (r < 0)
        return r;
    if ((r = read_position(f, &s->at, e)) == 0 && (r = load_tensors(f, t, "", s->theta, e)) == 0 &&
        (r = load_tensors(f, t, "optim.first.", s->first, e)) == 0 && s->second)
        r = load_tensors(f, t, "optim.second.", s->second, e);
    tensors_close(f);
    return r;
}

static int by_name(const void *a, const void *b) {
    const struct tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

int state_hash_file(const char *path, char out[65], struct error *e) {
    struct tensors *f = NULL;
    size_t count = 0;
    int r = tensors_open(&f, path, e);
    if (r < 0)
        return r;
    const struct tensor **tuned = calloc(tensors_count(f) + 1, sizeof *tuned);
    if (!tuned)
        r = error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", path);
    for (size_t i = 0; r == 0 && i < tensors_count(f); i++) {
        const struct tensor *t = tensors_at(f, i);
        if (strncmp(t->name, "optim.", 6) == 0)
            continue;
        if (t->type != TENSOR_F32)
            r = error_set(e, ERROR_FORMAT, "%s: %s is no tensor of a saved run", path, t->name);
        else
            tuned[count++] = t;
    }
    if (count > 0)
        qsort(tuned, count, sizeof *tuned, by_name);
    struct digest d;
    digest_init(&d);
    for (size_t i = 0; i < count; i++) {
        digest_update(&d, tuned[i]->name, strlen(tuned[i]->name) + 1);
        digest_update(&d, tuned[i]->data, tuned[i]->count * sizeof(float));
    }
    digest_hex(&d, out);
    free(tuned);
    tensors_close(f);
    return r;
}
