/* What can be asked of a run: one command, as a value. Its text form is parsed by app/language.h; the trainer
 * (trainer.h) carries it out. Plain values. */
#ifndef CORE_TRAIN_COMMAND_H
#define CORE_TRAIN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/dataset.h"

enum command_verb {
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_STEP,   /* count */
    COMMAND_STOP,   /* ends the training here: evaluates, saves, prints the result */
    COMMAND_QUIT,   /* saves and leaves; `abandon`: leaves without saving */
    COMMAND_SAVE,   /* text: a file, or empty for last.safetensors */
    COMMAND_EVAL,   /* split */
    COMMAND_DATA,   /* text: SPEC; restart */
    COMMAND_FREEZE, /* target, from..to in `mask` */
    COMMAND_THAW,
    COMMAND_SET,    /* target and index, value */
    COMMAND_NOTE,   /* text */
    COMMAND_WAIT,   /* until */
    COMMAND_EXPECT, /* metric, compare, value */
    COMMAND_SCREEN, /* line: a command of the screen, which the main thread carries out */
};

enum command_target { TARGET_GATE, TARGET_TEMP, TARGET_PROMPTS, TARGET_HEAD, TARGET_LR };
enum command_moment { MOMENT_NOW, MOMENT_STEP, MOMENT_EPOCH, MOMENT_END };
enum command_compare { COMPARE_GE, COMPARE_GT, COMPARE_LE, COMPARE_LT, COMPARE_EQ, COMPARE_NE };

/* Numbers that `expect` may ask for: X(constant, name, what it is) */
#define COMMAND_METRICS(X)                                                                                             \
    X(METRIC_STEP, "step", "steps done")                                                                               \
    X(METRIC_EPOCH, "epoch", "the current epoch, from 0")                                                              \
    X(METRIC_LOSS, "loss", "training loss of the last step")                                                           \
    X(METRIC_LR, "lr", "the current base rate")                                                                        \
    X(METRIC_VAL_TOP1, "val.top1", "share of val images right, at the last evaluation, 0 to 1")                        \
    X(METRIC_VAL_TOP5, "val.top5", "the true class among the first five")                                              \
    X(METRIC_VAL_LOSS, "val.loss", "mean loss on val, at the last evaluation")                                         \
    X(METRIC_VAL_EXPLAINED, "val.explained", "in a pretraining, in place of both top: share explained, 0 to 1")        \
    X(METRIC_TEST_TOP1, "test.top1", "the same on test")                                                               \
    X(METRIC_TEST_TOP5, "test.top5", "the same on test")                                                               \
    X(METRIC_TEST_LOSS, "test.loss", "the same on test")                                                               \
    X(METRIC_TEST_EXPLAINED, "test.explained", "the same on test")

enum command_metric {
#define X(name, text, help) name,
    COMMAND_METRICS(X)
#undef X
};

#define COMMAND_TEXT 1024
#define COMMAND_MAX_BLOCKS 1024 /* longest list that freeze and thaw take */

struct command {
    enum command_verb verb;
    enum command_moment at; /* MOMENT_NOW, or `at step|epoch at_number` */
    uint64_t at_number;

    enum command_moment until; /* wait */
    uint64_t until_number;
    uint64_t count; /* step */
    bool abandon;   /* quit! */
    bool restart;   /* data */
    enum split split;
    enum command_target target;
    int index;                              /* set gate.K, temp.K: K, from 1 */
    uint32_t mask[COMMAND_MAX_BLOCKS / 32]; /* freeze, thaw: bit K - 1 for block K; all bits 0: every one */
    enum command_metric metric;
    enum command_compare compare;
    double value;
    char text[COMMAND_TEXT]; /* data, note, save */
    char line[COMMAND_TEXT]; /* the command as written, without `at ...`, comments and surplus blanks */
    char origin[64];         /* FILE:LINE, or "keyboard" */
};

#endif
