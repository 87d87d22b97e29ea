/* gptui convert IN OUT: any checkpoint that opens, as safetensors in our names. */
#include <stdio.h>

#include "app/subcommand.h"
#include "core/model/model.h"

enum { MOST = 100000 }; /* heads; pixels of a side */

static int run(const struct arguments *a, struct error *e) {
    struct model_options options = {0};
    struct model *m = NULL;
    char name[32], hash[65];
    int rc = arguments_count(a, "heads", MOST, &options.heads, e);
    if (rc == 0)
        rc = arguments_count(a, "image", MOST, &options.image, e);
    if (rc == 0)
        rc = model_open(&m, a->values[0], &options, e);
    if (rc < 0)
        return rc;
    rc = model_save(m, a->values[1], arguments_has(a, "half"), e);
    if (rc == 0) {
        model_hash(m, hash);
        printf("%s: %s, family %s, %d heads%s, image %d, from %s, sha256 %s\n", a->values[1],
               shape_name(&m->shape, name, sizeof name), model_family_name(m->family), m->shape.heads,
               m->heads_guessed ? " (by the width; --heads gives another number)" : "", m->shape.image, m->source,
               hash);
    }
    model_close(m);
    return rc;
}

const struct subcommand cmd_convert = {
    .name = "convert",
    .synopsis = "IN OUT [--half] [--heads N] [--image SIDE]",
    .summary = "write a backbone as safetensors",
    .details = "Reads a backbone in any form that --model takes (a file, or random:SHAPE) and writes it as safetensors "
               "in the MAE / timm names, with its shape, family and source in the metadata. Such a file is mapped when "
               "opened: nothing is copied, and runs share one copy in memory. OUT appears whole or not at all.\n\n"
               "The sha256 printed is of the f32 weights that were read; it is what a run records as its model.",
    .options = (const struct option[]){{"half", NULL, "store f16, half the size; widened to f32 when opened"},
                                       {"heads", "N", "attention heads, where the file does not say"},
                                       {"image", "SIDE", "resize the positional embeddings to images of this side"},
                                       {NULL, NULL, NULL}},
    .least = 2,
    .most = 2,
    .run = run,
};
