#include "app/subcommand.h"
#include "app/subcommands.h"

static int run(const struct arguments *a, struct error *e) {
    return cmd_run.run(a, e);
}

const struct subcommand cmd_pretrain = {
    .name = "pretrain",
    .synopsis = "[SCRIPT] [--model FILE] [--data SPEC] [--NAME VALUE]...",
    .summary = "make a backbone: masked autoencoding (He et al., CVPR 2022)",
    .details = "A run like any other, with the recipe pretrain: the method mae from random weights on an endless "
               "stream of rendered scenes. Most patches of an image are hidden (mask-ratio); the encoder sees the "
               "others, a light decoder (decoder-dim, -depth, -heads) predicts what is hidden. The loss is the mean "
               "squared distance to the hidden patches, each normalised to mean 0 and variance 1; `explained` is 1 - "
               "loss / loss of predicting each patch's mean: 0 is no better than that, 1 is perfect. Training images "
               "are augmented (--augment). The journal, --resume and the views are those of any run; key 3 shows "
               "reconstructions.\n\n"
               "Photographs: --data folder:PATH --model random:vits16; PATH needs no class folders. When the run ends, "
               "RUN/model.safetensors is the backbone under MAE's names, ready for --model. The last line of standard "
               "output is\n\n"
               "    done run=PATH epochs=N steps=N val.explained=0.000 test.explained=0.000\n"
               "         sha256=HEX",
    .options = cmd_run_options,
    .takes_settings = true,
    .recipe = "pretrain",
    .most = 1,
    .run = run,
};
