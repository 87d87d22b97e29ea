#include "core/model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/formats/names.h"
#include "core/formats/safetensors.h"
#include "core/model/positions.h"
#include "core/model/random.h"

enum {
    GLOBALS = 0
#define GLOBAL(field, name, ...) +1
#define BLOCK(field, name, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    ,
    IN_BLOCK = 0
#define GLOBAL(field, name, ...)
#define BLOCK(field, name, ...) +1
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
};

/* A row of weights.def for one block: where the model keeps the pointer, and what shape the tensor must have. */
struct slot {
    char name[48];
    const float **where;
    int rank;
    size_t shape[4], count;
    float *copy; /* memory of ours, where the file's cannot be used as it is */
};

struct owner {
    struct tensors *tensors; /* NULL: the caller keeps them, or nothing points into them */
    struct slot *slots;      /* globals, then block by block */
    size_t count;
};

/* What loading needs to know of the file. */
struct source {
    const struct tensors *tensors;
    struct names names;
};

const char *model_family_name(enum model_family family) {
    static const char *const names[] = {"mae", "moco", "timm", "random"};
    return names[family];
}

static void set_slot(struct slot *s, const char *name, const float **where, const size_t *sides, size_t rank) {
    snprintf(s->name, sizeof s->name, "%s", name);
    s->where = where;
    s->rank = (int)rank;
    s->count = 1;
    for (size_t i = 0; i < rank; i++) {
        s->shape[i] = sides[i];
        s->count *= sides[i];
    }
}

#define SIDES(...) (const size_t[]){__VA_ARGS__}, sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)

static void fill_slots(struct model *m, struct slot *slots) {
    size_t D = (size_t)m->shape.dim, M = (size_t)m->shape.mlp, P = (size_t)m->shape.patch;
    size_t N = (size_t)shape_patches(&m->shape), n = 0;
#define GLOBAL(field, name, ...) set_slot(&slots[n++], name, &m->field, SIDES(__VA_ARGS__));
#define BLOCK(field, name, ...)
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    for (int i = 0; i < m->shape.depth; i++) {
        char full[48];
#define GLOBAL(field, name, ...)
#define BLOCK(field, name, ...)                                                                                        \
    snprintf(full, sizeof full, "blocks.%d." name, i);                                                                 \
    set_slot(&slots[n++], full, &m->blocks[i].field, SIDES(__VA_ARGS__));
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    }
}

/* An empty model of a checked shape. */
static int make_model(struct model **out, const struct vit_shape *shape, struct error *e) {
    struct model *m = calloc(1, sizeof *m);
    struct owner *o = calloc(1, sizeof *o);
    size_t count = (size_t)GLOBALS + (size_t)IN_BLOCK * (size_t)shape->depth;
    struct slot *slots = calloc(count, sizeof *slots);
    struct model_block *blocks = calloc((size_t)shape->depth, sizeof *blocks);
    if (!m || !o || !slots || !blocks) {
        free(m);
        free(o);
        free(slots);
        free(blocks);
        return error_set(e, ERROR_MEMORY, "no memory for a model of %d blocks", shape->depth);
    }
    m->shape = *shape;
    m->blocks = blocks;
    m->owner = o;
    o->slots = slots;
    o->count = count;
    fill_slots(m, slots);
    *out = m;
    return 0;
}

void model_close(struct model *m) {
    if (!m)
        return;
    struct owner *o = m->owner;
    for (size_t i = 0; i < o->count; i++)
        free(o->slots[i].copy);
    tensors_close(o->tensors);
    free(o->slots);
    free(o);
    free(m->blocks);
    free(m);
}

static float *make_copy(struct slot *s, struct error *e) {
    float *copy = aligned_alloc(64, (s->count * sizeof *copy + 63) & ~(size_t)63);
    if (!copy)
        error_set(e, ERROR_MEMORY, "no memory for the %zu values of %s", s->count, s->name);
    else
        s->copy = copy;
    return copy;
}

/* The index of the first NaN or infinity, or `count`. Exponents are or-ed together over a fixed number of values, which
 * every compiler turns into vector code at any level: the whole of ViT-B passes at the speed of memory. */
static size_t first_not_finite(const float *values, size_t count) {
    enum { RUN = 1024 };
    size_t i = 0;
    for (; i + RUN <= count; i += RUN) {
        uint32_t bits[RUN], bad = 0;
        memcpy(bits, values + i, sizeof bits);
        for (size_t k = 0; k < RUN; k++)
            bad |= (uint32_t)((bits[k] & 0x7f800000u) == 0x7f800000u);
        if (bad)
            break;
    }
    while (i < count && isfinite(values[i]))
        i++;
    return i;
}

static int check_finite(const struct source *f, const struct slot *s, const char *name, struct error *e) {
    const float *values = *s->where;
    char index[100] = "";
    size_t bad = first_not_finite(values, s->count), used = 0, rest = bad, stride = s->count;
    if (bad == s->count)
        return 0;
    for (int i = 0; i < s->rank && used < sizeof index; i++) {
        stride /= s->shape[i];
        used += (size_t)snprintf(index + used, sizeof index - used, "%s%zu", i ? ", " : "", rest / stride);
        rest %= stride;
    }
    return error_set(e, ERROR_FORMAT, "%s: tensor %s is %f at [%s]; expected finite values", tensors_path(f->tensors),
                     name, (double)values[bad], index);
}

/* Shapes are compared without leading ones: [1, 1, D], [1, D] and [D] are the same values. */
static bool same_shape(const struct tensor *t, const size_t *shape, int rank) {
    const size_t *a = t->shape;
    int n = t->rank;
    for (; n > 0 && *a == 1; n--)
        a++;
    for (; rank > 0 && *shape == 1; rank--)
        shape++;
    return n == rank && (n == 0 || memcmp(a, shape, (size_t)n * sizeof *a) == 0);
}

/* Part `part` of `s` in the file, its shape checked. NULL with the error set. */
static const struct tensor *find_part(const struct source *f, const struct slot *s, int part, int parts,
                                      struct error *e) {
    char name[NAMES_SIZE], has[100], wants[100];
    const struct tensor *t = tensors_find(f->tensors, names_text(&f->names, s->name, part, name));
    struct tensor wanted = {.rank = s->rank};
    memcpy(wanted.shape, s->shape, sizeof s->shape);
    wanted.shape[0] /= (size_t)parts;
    if (!t)
        error_set(e, ERROR_FORMAT, "%s: lacks tensor %s; expected one of shape %s", tensors_path(f->tensors), name,
                  tensor_shape_text(&wanted, wants, sizeof wants));
    else if (!same_shape(t, wanted.shape, wanted.rank))
        error_set(e, ERROR_SHAPE, "%s: tensor %s has shape %s; expected %s", tensors_path(f->tensors), name,
                  tensor_shape_text(t, has, sizeof has), tensor_shape_text(&wanted, wants, sizeof wants));
    else
        return t;
    return NULL;
}

/* Points the slot at the file's values, or at a copy of them. */
static int load_slot(const struct source *f, struct slot *s, struct error *e) {
    char name[NAMES_SIZE];
    int parts = names_parts(&f->names, s->name);
    const struct tensor *t = find_part(f, s, 0, parts, e);
    if (!t)
        return e->code;
    if (parts == 1 && t->type == TENSOR_F32) {
        *s->where = t->data;
    } else {
        float *out = make_copy(s, e);
        if (!out)
            return e->code;
        for (int part = 0; part < parts; part++) {
            if (part > 0 && !(t = find_part(f, s, part, parts, e)))
                return e->code;
            tensor_to_f32(t, out);
            out += t->count;
        }
        *s->where = s->copy;
    }
    return check_finite(f, s, names_text(&f->names, s->name, 0, name), e);
}

static struct slot *find_slot(const struct model *m, const float *const *where) {
    struct owner *o = m->owner;
    for (size_t i = 0; i < o->count; i++)
        if (o->slots[i].where == where)
            return &o->slots[i];
    return NULL;
}

/* The slot's values in memory of ours, to be changed. */
static float *own_copy(struct slot *s, struct error *e) {
    if (s->copy)
        return s->copy;
    const float *old = *s->where;
    float *copy = make_copy(s, e);
    if (copy)
        *s->where = memcpy(copy, old, s->count * sizeof *copy);
    return copy;
}

/* Row i of weight [D, n] and element i of bias [D] times scale[i]. */
static int fold_scale(struct model *m, const float **weight, const float **bias, const float *scale, struct error *e) {
    struct slot *ws = find_slot(m, weight), *bs = find_slot(m, bias);
    float *w = own_copy(ws, e), *b = w ? own_copy(bs, e) : NULL;
    size_t rows = ws->shape[0], columns = ws->shape[1];
    if (!b)
        return e->code;
    for (size_t i = 0; i < rows; i++) {
        b[i] *= scale[i];
        for (size_t k = 0; k < columns; k++)
            w[i * columns + k] *= scale[i];
    }
    return 0;
}

/* DINOv2 multiplies each branch by a learned vector before the residual sum: that is a factor of the rows of the
 * branch's last linear layer. */
static int fold_layer_scale(struct model *m, const struct source *f, int block, int branch, struct error *e) {
    char ours[48], name[NAMES_SIZE];
    snprintf(ours, sizeof ours, "blocks.%d.ls%d.gamma", block, branch);
    if (!tensors_find(f->tensors, names_text(&f->names, ours, 0, name)))
        return 0;
    const float *scale = NULL;
    struct slot s;
    set_slot(&s, ours, &scale, SIDES((size_t)m->shape.dim));
    s.copy = NULL;
    struct model_block *b = &m->blocks[block];
    int rc = load_slot(f, &s, e);
    if (rc == 0)
        rc = branch == 1 ? fold_scale(m, &b->proj_weight, &b->proj_bias, scale, e)
                         : fold_scale(m, &b->fc2_weight, &b->fc2_bias, scale, e);
    free(s.copy);
    return rc;
}

static int guess_heads(const struct vit_shape *s, bool moco) {
    if (s->dim == 384 && moco)
        return 12;
    if (s->dim == 1280)
        return 16;
    if (s->dim % 64 == 0)
        return s->dim / 64;
    if (s->dim % 32 == 0)
        return s->dim / 32;
    int heads = s->dim / 8;
    while (heads > 1 && s->dim % heads != 0)
        heads--;
    return heads > 0 ? heads : 1;
}

static const struct tensor *find_named(const struct source *f, const char *ours, struct error *e) {
    char name[NAMES_SIZE];
    const struct tensor *t = tensors_find(f->tensors, names_text(&f->names, ours, 0, name));
    if (!t)
        error_set(e, ERROR_FORMAT, "%s: lacks tensor %s, which tells the model's shape", tensors_path(f->tensors),
                  name);
    return t;
}

static int shape_error(const struct source *f, const char *ours, const struct tensor *t, const char *expected,
                       struct error *e) {
    char name[NAMES_SIZE], has[100];
    return error_set(e, ERROR_SHAPE, "%s: tensor %s has shape %s; expected %s", tensors_path(f->tensors),
                     names_text(&f->names, ours, 0, name), tensor_shape_text(t, has, sizeof has), expected);
}

/* Width, patch, image and MLP from the shapes of four tensors. Sides beyond an int become 0, which the check refuses.
 */
static int read_sides(const struct source *f, struct vit_shape *s, struct error *e) {
    const struct tensor *cls = find_named(f, "cls_token", e), *pos = cls ? find_named(f, "pos_embed", e) : NULL;
    const struct tensor *patch = pos ? find_named(f, "patch_embed.proj.weight", e) : NULL;
    const struct tensor *fc1 = patch ? find_named(f, "blocks.0.mlp.fc1.weight", e) : NULL;
    if (!fc1)
        return e->code;
    size_t dim = cls->count, most = 1 << 20, side = 1;
    if (dim == 0 || dim > most || cls->rank == 0 || cls->shape[cls->rank - 1] != dim)
        return shape_error(f, "cls_token", cls, "[1, 1, width]", e);
    if (patch->rank != 4 || patch->shape[1] != 3 || patch->shape[2] != patch->shape[3] || patch->shape[2] > most)
        return shape_error(f, "patch_embed.proj.weight", patch, "[width, 3, patch, patch]", e);
    size_t tokens = pos->rank >= 2 && pos->count % dim == 0 ? pos->count / dim : 0;
    while (tokens > 1 && side <= most && side * side < tokens - 1)
        side++;
    if (tokens < 2 || pos->shape[pos->rank - 1] != dim || side * side != tokens - 1)
        return shape_error(f, "pos_embed", pos, "[1, 1 + a square number of patches, width]", e);
    if (fc1->rank != 2 || fc1->shape[0] > most)
        return shape_error(f, "blocks.0.mlp.fc1.weight", fc1, "[mlp, width]", e);
    s->dim = (int)dim;
    s->patch = (int)patch->shape[2];
    s->image = side * patch->shape[2] <= most ? (int)(side * patch->shape[2]) : 0;
    s->mlp = (int)fc1->shape[0];
    return 0;
}

static int read_heads(const struct source *f, const struct model_options *o, struct vit_shape *s, bool *guessed,
                      struct error *e) {
    const char *text = tensors_metadata(f->tensors, "heads");
    *guessed = false;
    if (o && o->heads > 0) {
        s->heads = o->heads;
    } else if (text) {
        char *end;
        long n = strtol(text, &end, 10);
        if (end == text || *end || n < 1 || n > s->dim || s->dim % n != 0)
            return error_set(e, ERROR_FORMAT,
                             "%s: its metadata says heads '%.20s'; expected a number that divides the width %d",
                             tensors_path(f->tensors), text, s->dim);
        s->heads = (int)n;
    } else {
        s->heads = guess_heads(s, names_is_moco(&f->names));
        *guessed = true;
    }
    return 0;
}

static int read_shape(const struct source *f, const struct model_options *o, struct vit_shape *s, bool *guessed,
                      struct error *e) {
    static const char *const refused[] = {"register_tokens", "reg_token"};
    char name[NAMES_SIZE];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (tensors_find(f->tensors, names_text(&f->names, refused[i], 0, name)))
            return error_set(e, ERROR_FORMAT,
                             "%s: has register tokens (tensor %s), which this program does not support; expected a ViT "
                             "with CLS and patches only",
                             tensors_path(f->tensors), name);
    *s = (struct vit_shape){.depth = names_depth(&f->names, f->tensors)};
    if (s->depth == 0)
        return error_set(e, ERROR_FORMAT, "%s: lacks tensor %s, the first of its blocks", tensors_path(f->tensors),
                         names_text(&f->names, "blocks.0.norm1.weight", 0, name));
    int rc = read_sides(f, s, e);
    if (rc == 0)
        rc = read_heads(f, o, s, guessed, e);
    if (rc == 0 && (rc = shape_check(s, e)) < 0)
        error_prefix(e, rc, "%s: ", tensors_path(f->tensors));
    return rc;
}

static enum model_family read_family(const struct source *f) {
    const char *text = tensors_metadata(f->tensors, "family");
    for (int i = MODEL_MAE; text && i <= MODEL_RANDOM; i++)
        if (strcmp(text, model_family_name((enum model_family)i)) == 0)
            return (enum model_family)i;
    if (names_is_moco(&f->names))
        return MODEL_MOCO;
    return names_is_mae(&f->names, f->tensors) ? MODEL_MAE : MODEL_TIMM;
}

int model_family_of(const char *spec, enum model_family *out, struct error *e) {
    struct source f = {0};
    struct tensors *t = NULL;
    *out = MODEL_RANDOM;
    if (strncmp(spec, "random:", 7) == 0)
        return 0;
    int r = tensors_open(&t, spec, e);
    if (r < 0)
        return r;
    f.tensors = t;
    if ((r = names_detect(&f.names, t, "", e)) == 0)
        *out = read_family(&f);
    tensors_close(t);
    return r;
}

/* Goes over to images of another side: CLS keeps its row, the grid is resized. */
static int resize_image(struct model *m, int image, struct error *e) {
    struct vit_shape shape = m->shape;
    if (image == 0 || image == shape.image)
        return 0;
    shape.image = image;
    int rc = shape_check(&shape, e);
    if (rc < 0)
        return rc;
    struct slot *s = find_slot(m, &m->pos_embed), larger = *s;
    size_t dim = (size_t)shape.dim;
    larger.shape[1] = (size_t)shape_patches(&shape) + 1;
    larger.count = larger.shape[1] * dim;
    float *out = make_copy(&larger, e);
    if (!out)
        return e->code;
    memcpy(out, m->pos_embed, dim * sizeof *out);
    positions_resize(m->pos_embed + dim, m->shape.image / m->shape.patch, image / shape.patch, shape.dim, out + dim);
    free(s->copy);
    *s = larger;
    m->pos_embed = out;
    m->shape = shape;
    return 0;
}

static int load(struct model *m, const struct source *f, const struct model_options *options, struct error *e) {
    struct owner *o = m->owner;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->count; i++)
        rc = load_slot(f, &o->slots[i], e);
    for (int i = 0; rc == 0 && i < 2 * m->shape.depth; i++)
        rc = fold_layer_scale(m, f, i / 2, 1 + i % 2, e);
    if (rc == 0 && (rc = resize_image(m, options ? options->image : 0, e)) < 0)
        error_prefix(e, rc, "%s: ", tensors_path(f->tensors));
    return rc;
}

int model_from_tensors(struct model **out, const struct tensors *t, const char *prefix,
                       const struct model_options *options, struct error *e) {
    struct error own = {0};
    struct source f = {.tensors = t};
    struct vit_shape shape = {0};
    bool guessed = false;
    *out = NULL;
    if (!e)
        e = &own;
    int rc = names_detect(&f.names, t, prefix ? prefix : "", e);
    if (rc == 0)
        rc = read_shape(&f, options, &shape, &guessed, e);
    struct model *m = NULL;
    if (rc == 0)
        rc = make_model(&m, &shape, e);
    if (rc < 0)
        return rc;
    m->family = read_family(&f);
    m->heads_guessed = guessed;
    const char *source = tensors_metadata(t, "source");
    if (source)
        snprintf(m->source, sizeof m->source, "%.63s", source);
    else
        snprintf(m->source, sizeof m->source, "%.30s, %.30s", tensors_format(t), names_label(&f.names));
    rc = load(m, &f, options, e);
    if (rc < 0) {
        model_close(m);
        return rc;
    }
    *out = m;
    return 0;
}

/* Vectors and cls_token aside, a tensor is a matrix of its first side by the product of the others. */
static int fill_random(struct model *m, uint64_t seed, struct error *e) {
    struct owner *o = m->owner;
    for (size_t i = 0; i < o->count; i++) {
        struct slot *s = &o->slots[i];
        float *out = make_copy(s, e);
        if (!out)
            return e->code;
        *s->where = out;
        if (s->where == &m->pos_embed) {
            positions_sincos(out, m->shape.image / m->shape.patch, m->shape.dim);
        } else if (s->where == &m->cls_token) {
            random_normal(out, s->count, 0.02f, seed, (uint32_t)i);
        } else if (s->rank > 1) {
            random_xavier(out, s->shape[0], s->count / s->shape[0], seed, (uint32_t)i);
        } else { /* the only vectors that are weights are those of LayerNorm */
            float value = strcmp(s->name + strlen(s->name) - 7, ".weight") == 0 ? 1 : 0;
            for (size_t k = 0; k < s->count; k++)
                out[k] = value;
        }
    }
    return 0;
}

static int open_random(struct model **out, const char *name, const struct model_options *o, struct error *e) {
    struct vit_shape shape = {0};
    int rc = shape_named(name, &shape, e);
    if (rc < 0)
        return rc;
    if (o && o->image)
        shape.image = o->image;
    if (o && o->heads)
        shape.heads = o->heads;
    rc = shape_check(&shape, e);
    struct model *m = NULL;
    if (rc == 0)
        rc = make_model(&m, &shape, e);
    if (rc < 0)
        return rc;
    m->family = MODEL_RANDOM;
    snprintf(m->source, sizeof m->source, "random");
    rc = fill_random(m, o ? o->seed : 0, e);
    if (rc < 0) {
        model_close(m);
        return rc;
    }
    *out = m;
    return 0;
}

int model_open(struct model **out, const char *spec, const struct model_options *options, struct error *e) {
    static const char random_prefix[] = "random:";
    struct error own = {0};
    struct tensors *t = NULL;
    *out = NULL;
    if (!e)
        e = &own;
    if (strncmp(spec, random_prefix, sizeof random_prefix - 1) == 0)
        return open_random(out, spec + sizeof random_prefix - 1, options, e);
    int rc = tensors_open(&t, spec, e);
    if (rc == 0)
        rc = model_from_tensors(out, t, "", options, e);
    if (rc < 0) {
        tensors_close(t);
        return rc;
    }
    struct owner *o = (*out)->owner;
    bool points_into = false;
    for (size_t i = 0; i < o->count; i++)
        points_into |= !o->slots[i].copy;
    if (points_into)
        o->tensors = t;
    else
        tensors_close(t);
    return 0;
}

static int compare_names(const void *a, const void *b) {
    const struct slot *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void model_hash(const struct model *m, char out[65]) {
    const struct owner *o = m->owner;
    const struct slot *order[GLOBALS + IN_BLOCK * 1024]; /* shape_check() bounds the depth */
    struct digest d;
    for (size_t i = 0; i < o->count; i++)
        order[i] = &o->slots[i];
    qsort(order, o->count, sizeof *order, compare_names);
    digest_init(&d);
    for (size_t i = 0; i < o->count; i++) {
        digest_update(&d, order[i]->name, strlen(order[i]->name) + 1);
        digest_update(&d, *order[i]->where, order[i]->count * sizeof(float));
    }
    digest_hex(&d, out);
}
