/* gptui convert IN OUT: any checkpoint that opens, as safetensors in our names. */
#include <stdio.h>
#include <stdlib.h>

#include "app/subcommand.h"
#include "core/model/model.h"

/* The value of an option that takes a whole number from 1; 0 where it is not given. */
static int whole_number(const struct arguments *a, const char *option, int *out, struct error *e) {
    const char *text = arguments_value(a, option);
    *out = 0;
    if (!text)
        return 0;
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || *end || n < 1 || n > 100000)
        return error_set(e, ERROR_USAGE, "--%s '%s' is no number; expected a whole one from 1", option, text);
    *out = (int)n;
    return 0;
}

static int run(const struct arguments *a, struct error *e) {
    struct model_options options = {0};
    struct model *m = NULL;
    char name[32], hash[65];
    int rc = whole_number(a, "heads", &options.heads, e);
    if (rc == 0)
        rc = whole_number(a, "image", &options.image, e);
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
    .details =
        "Reads a backbone in any form that --model takes (a file, or random:SHAPE) and writes it as safetensors in the "
        "MAE / timm names, with its shape, family and source in the metadata. Such a file is mapped when opened: "
        "nothing is copied, and runs share one copy in memory. OUT appears whole or not at all.\n\n"
        "The sha256 printed is of the f32 weights that were read; it is what a run records as its model.",
    .options = (const struct option[]){{"half", NULL, "store f16, half the size; widened to f32 when opened"},
                                       {"heads", "N", "attention heads, where the file does not say"},
                                       {"image", "SIDE", "resize the positional embeddings to images of this side"},
                                       {NULL, NULL, NULL}},
    .least = 2,
    .most = 2,
    .run = run,
};
