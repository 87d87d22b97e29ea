/* What a run is doing, as one flat value that the trainer publishes and everything else reads. Blocks and steps as on
 * screen: blocks from 1 (index 0 here is block 1), steps and epochs from 0. */
#ifndef CORE_TRAIN_SNAPSHOT_H
#define CORE_TRAIN_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#define SNAPSHOT_VERSION 4
#define SNAPSHOT_BLOCKS 64 /* deeper models show their first ones */

enum snapshot_phase { PHASE_STARTING, PHASE_TRAINING, PHASE_EVALUATING, PHASE_PAUSED, PHASE_DONE, PHASE_FAILED };

/* A split's last evaluation. */
struct snapshot_result {
    bool known;
    double top1, top5, loss; /* shares 0 to 1 (masked autoencoding: explained); mean loss */
    uint64_t epoch, step;    /* when it was made */
};

struct snapshot {
    uint32_t version;
    uint32_t phase;               /* enum snapshot_phase */
    uint64_t step, epoch, epochs; /* steps done; the current epoch; where the run ends */
    uint64_t batch, batches;      /* in this epoch: done, in all */
    uint64_t steps;               /* an estimate of the whole run's, by the present dataset */
    int32_t chunk, chunks;        /* of the step or evaluation under way */
    double loss, top1;            /* of the last step */
    double epoch_loss;            /* mean of this epoch's steps so far */
    double rate, base_rate;       /* learning rate now; before the schedule */
    double images_per_s;          /* of training, over the last seconds; 0: not known yet */
    double kept;                  /* share of these images whose frozen blocks were kept, not computed */
    double step_s, eta_s;         /* seconds a step; left until the end */
    double step_done;             /* share of the step or evaluation under way, 0 to 1; 0 between them */
    double queue_s;               /* until a command posted now takes effect; 0: at once; negative: not known */
    struct snapshot_result val, test, best;
    int32_t depth, prompts, classes;
    float gates[SNAPSHOT_BLOCKS], temps[SNAPSHOT_BLOCKS], selection[SNAPSHOT_BLOCKS]; /* depth - 1, depth, depth - 1 */
    bool gated, tempered;
    bool reconstructs; /* masked autoencoding: no classes, top1 is the share of the hidden variance explained */
    bool gate_frozen[SNAPSHOT_BLOCKS], temp_frozen[SNAPSHOT_BLOCKS], prompts_frozen, head_frozen;
    uint64_t unreadable; /* images */
    uint64_t saves;      /* of last.safetensors by this program so far */
    uint64_t swaps;      /* of datasets */
    bool paused;         /* or about to pause */
    bool disk_failed;    /* something could not be written: paused until there is room and the run is resumed */
    char data[256];      /* SPEC in use */
};

#endif
