/* Everything that a run is, apart from its settings and backbone: tuned tensors, optimizer, position, and the file it
 * is kept in (last.safetensors, best.safetensors).
 *
 *     struct state s;
 *     state_create(&s, &tuning, OPTIMIZER_SGD, &err);
 *     state_save(&s, &tuning, "runs/a/last.safetensors", script_left, &err);
 *     state_destroy(&s);
 *
 * One thread at a time. */
#ifndef CORE_TRAIN_STATE_H
#define CORE_TRAIN_STATE_H

#include "core/data/dataset.h"
#include "core/train/command.h"
#include "core/train/optimizer.h"
#include "core/train/snapshot.h"

struct state_position {
    uint64_t step;           /* updates done over the whole run */
    uint64_t epoch, batch;   /* the current epoch; its batches done */
    uint64_t swaps;          /* of datasets */
    uint64_t schedule_start; /* epoch at which the schedule began (0, or a `data ... restart`) */
    double base_rate;
    double loss;       /* of the last step */
    double epoch_loss; /* sum over this epoch's steps */
    struct freeze freeze;
    struct snapshot_result val, test, best;
    uint64_t updates;          /* the optimizer's */
    uint64_t head_since;       /* updates before the present head was drawn */
    uint64_t metrics, journal; /* lines written so far of metrics.jsonl and journal.gpt */
    bool finished;             /* the last epoch is done and evaluated */
    char data[COMMAND_TEXT];   /* SPEC in use */
};

struct state {
    struct state_position at;
    size_t total;                  /* floats of each of these */
    float *theta, *first, *second; /* second: NULL for SGD */
};

int state_create(struct state *s, const struct tuning *t, enum optimizer_kind optimizer, struct error *e);
void state_destroy(struct state *s); /* a zeroed one is accepted */

/* Copies position and tensors between states of one layout. */
void state_copy(struct state *to, const struct state *from);

/* A state for `next` with what stays when the dataset changes: prompts, gates, temperatures, and the head too unless it
 * is renewed (then drawn for the next number of swaps, its moments 0). */
int state_relayout(struct state *s, const struct tuning *old, const struct tuning *next, uint64_t seed, bool renew_head,
                   struct error *e);

/* Writes the tuned tensors under their names, the optimizer's as optim.first.NAME and optim.second.NAME, and the
 * position, class names and the script's unfired lines as metadata. Errors: ERROR_IO. */
int state_save(const struct state *s, const struct tuning *t, const struct dataset *d, const char *script_left,
               const char *path, struct error *e);

/* Reads the position alone, before a dataset is open; *script_left (may be NULL) is malloc'd text. Errors: ERROR_IO,
 * ERROR_FORMAT (not a saved run, or of a newer version). */
int state_read_position(struct state_position *out, char **script_left, const char *path, struct error *e);

/* Reads all of it into a created state. Errors also: ERROR_SHAPE: a tensor does not fit `t`. */
int state_load(struct state *s, const struct tuning *t, const char *path, struct error *e);

/* The hash of a saved run's tuned tensors (tuning_hash() of what state_load() would read). Errors: ERROR_IO,
 * ERROR_FORMAT. */
int state_hash_file(const char *path, char out[65], struct error *e);

#endif
