#include "core/formats/names.h"

#include <stdio.h>
#include <string.h>

struct names_pair {
    const char *ours, *theirs[NAMES_PARTS]; /* one, or three that are put together */
};

struct names_layout {
    const char *label;
    const char *block;                          /* before the number of a block */
    const struct names_pair *global, *in_block; /* end with a NULL; NULL: the names are ours */
};

static const struct names_pair hf_global[] = {
    {"cls_token", {"embeddings.cls_token"}},
    {"pos_embed", {"embeddings.position_embeddings"}},
    {"patch_embed.proj.weight", {"embeddings.patch_embeddings.projection.weight"}},
    {"patch_embed.proj.bias", {"embeddings.patch_embeddings.projection.bias"}},
    {"norm.weight", {"layernorm.weight"}},
    {"norm.bias", {"layernorm.bias"}},
    {NULL, {NULL}},
};

static const struct names_pair hf_block[] = {
    {"norm1.weight", {"layernorm_before.weight"}},
    {"norm1.bias", {"layernorm_before.bias"}},
    {"attn.qkv.weight",
     {"attention.attention.query.weight", "attention.attention.key.weight", "attention.attention.value.weight"}},
    {"attn.qkv.bias",
     {"attention.attention.query.bias", "attention.attention.key.bias", "attention.attention.value.bias"}},
    {"attn.proj.weight", {"attention.output.dense.weight"}},
    {"attn.proj.bias", {"attention.output.dense.bias"}},
    {"norm2.weight", {"layernorm_after.weight"}},
    {"norm2.bias", {"layernorm_after.bias"}},
    {"mlp.fc1.weight", {"intermediate.dense.weight"}},
    {"mlp.fc1.bias", {"intermediate.dense.bias"}},
    {"mlp.fc2.weight", {"output.dense.weight"}},
    {"mlp.fc2.bias", {"output.dense.bias"}},
    {NULL, {NULL}},
};

static const struct names_layout layouts[] = {
    {"MAE / timm names", "blocks.", NULL, NULL},
    {"Hugging Face names", "encoder.layer.", hf_global, hf_block},
};

/* Dicts and modules that an encoder is wrapped in, in any order. */
static const char *const wrappers[] = {
    "model.",   "state_dict.", "model_state_dict.", "module.", "base_encoder.",
    "encoder.", "backbone.",   "teacher.",          "net.",    "vit.",
    "enc.",     "_orig_mod.",
};

static bool is_wrapping(const char *prefix, size_t size) {
    while (size > 0) {
        size_t used = 0;
        for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers && !used; i++) {
            size_t n = strlen(wrappers[i]);
            if (n <= size && memcmp(prefix, wrappers[i], n) == 0)
                used = n;
        }
        if (!used)
            return false;
        prefix += used;
        size -= used;
    }
    return true;
}

/* The prefix of `name` before `ending`, if `name` ends so, starts with `under`, and only wrappers stand between. */
static bool match(struct names *n, const char *name, const char *under, const char *ending) {
    size_t size = strlen(name), tail = strlen(ending), head = strlen(under);
    if (size < tail + head || strcmp(name + size - tail, ending) != 0 || strncmp(name, under, head) != 0)
        return false;
    size_t prefix = size - tail;
    if (prefix >= sizeof n->prefix || !is_wrapping(name + head, prefix - head))
        return false;
    memcpy(n->prefix, name, prefix);
    n->prefix[prefix] = 0;
    return true;
}

int names_detect(struct names *n, const struct tensors *t, const char *under, struct error *e) {
    /* Any one of them tells the encoder, so that the loader can name the others if they are missing. */
    static const char *const anchors[] = {"cls_token", "pos_embed", "patch_embed.proj.weight"};
    struct names none = {.layout = &layouts[0]};
    for (size_t a = 0; a < sizeof anchors / sizeof *anchors; a++) {
        for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++) {
            char ending[NAMES_SIZE];
            none.layout = &layouts[l];
            names_text(&none, anchors[a], 0, ending);
            for (size_t i = 0; i < tensors_count(t); i++) {
                n->layout = &layouts[l];
                if (match(n, tensors_at(t, i)->name, under, ending))
                    return 0;
            }
        }
    }
    return error_set(e, ERROR_FORMAT,
                     "%s: holds no ViT backbone: of its %zu tensors%s%.100s none is cls_token, pos_embed or "
                     "patch_embed.proj.weight (MAE, timm, DINO, MoCo v3 names) or embeddings.cls_token (Hugging Face)",
                     tensors_path(t), tensors_count(t),
                     *under             ? " under "
                     : tensors_count(t) ? ", the first being "
                                        : "",
                     *under             ? under
                     : tensors_count(t) ? tensors_at(t, 0)->name
                                        : "");
}

static const struct names_pair *find_pair(const struct names_pair *table, const char *name) {
    for (; table && table->ours; table++)
        if (strcmp(table->ours, name) == 0)
            return table;
    return NULL;
}

/* Takes "blocks.12.norm1.weight" apart. False: it is not within a block. */
static bool split_block(const char *name, int *number, const char **rest) {
    int used = 0;
    if (sscanf(name, "blocks.%9d.%n", number, &used) != 1 || used == 0)
        return false;
    *rest = name + used;
    return true;
}

const char *names_text(const struct names *n, const char *name, int part, char out[NAMES_SIZE]) {
    int block = 0;
    const char *rest = name;
    bool in_block = split_block(name, &block, &rest);
    const struct names_pair *pair = find_pair(in_block ? n->layout->in_block : n->layout->global, rest);
    const char *theirs = pair ? pair->theirs[part] : rest;
    if (in_block)
        snprintf(out, NAMES_SIZE, "%s%s%d.%s", n->prefix, n->layout->block, block, theirs);
    else
        snprintf(out, NAMES_SIZE, "%s%s", n->prefix, theirs);
    return out;
}

int names_parts(const struct names *n, const char *name) {
    int block = 0;
    const char *rest = name;
    bool in_block = split_block(name, &block, &rest);
    const struct names_pair *pair = find_pair(in_block ? n->layout->in_block : n->layout->global, rest);
    return pair && pair->theirs[1] ? NAMES_PARTS : 1;
}

int names_depth(const struct names *n, const struct tensors *t) {
    char start[NAMES_SIZE];
    int depth = 0;
    size_t size = (size_t)snprintf(start, sizeof start, "%s%s", n->prefix, n->layout->block);
    for (size_t i = 0; i < tensors_count(t); i++) {
        int number, used = 0;
        const char *name = tensors_at(t, i)->name;
        if (strncmp(name, start, size) == 0 && sscanf(name + size, "%9d.%n", &number, &used) == 1 && used > 0 &&
            number >= depth)
            depth = number + 1;
    }
    return depth;
}

bool names_is_moco(const struct names *n) {
    return strstr(n->prefix, "base_encoder.") != NULL;
}

/* A tensor whose name contains `text`. */
static bool any_contains(const struct tensors *t, const char *text) {
    for (size_t i = 0; i < tensors_count(t); i++)
        if (strstr(tensors_at(t, i)->name, text))
            return true;
    return false;
}

/* MAE's own files are {'model': ...}, but so are DeiT's, which have a classifier; DINOv2 has a mask_token too, beside
 * its layer scale. Hugging Face's ViTMAE lacks the pooler and the classifier of its ViT. */
bool names_is_mae(const struct names *n, const struct tensors *t) {
    char name[NAMES_SIZE];
    if (any_contains(t, "decoder_embed.") || any_contains(t, "decoder_pos_embed") ||
        any_contains(t, "decoder.decoder_"))
        return true;
    if (n->layout == &layouts[1])
        return strstr(n->prefix, "vit.") && !any_contains(t, "pooler.") && !any_contains(t, "classifier.");
    if (tensors_find(t, names_text(n, "blocks.0.ls1.gamma", 0, name)) ||
        tensors_find(t, names_text(n, "head.weight", 0, name)))
        return false;
    return strncmp(n->prefix, "model.", 6) == 0 || tensors_find(t, names_text(n, "mask_token", 0, name));
}

const char *names_label(const struct names *n) {
    return names_is_moco(n) ? "MoCo v3 names" : n->layout->label;
}
