/* Every setting of a run, from the table settings.def: the struct, its defaults, parsing and printing.
 *
 *     struct settings s;
 *     settings_default(&s);
 *     settings_set(&s, "lr", "0.5", &err);
 *
 * A plain value; functions are pure. */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/error.h"

/* Lists of choices: X(constant, text, help) */
#define METHODS(X)                                                                                                     \
    X(METHOD_GATED, "gated", "prompts once, a gate a block, a temperature a block (the paper)")                        \
    X(METHOD_GATED_HARD, "gated-hard", "gates drawn open or closed (Gumbel-sigmoid, straight-through)")                \
    X(METHOD_SHALLOW, "shallow", "VPT-shallow: prompts once, no gates")                                                \
    X(METHOD_DEEP, "deep", "VPT-deep: own prompts for every block")                                                    \
    X(METHOD_LINEAR, "linear", "the head alone")                                                                       \
    X(METHOD_FULL, "full", "fine-tuning: every weight of the backbone, and the head")                                  \
    X(METHOD_BIAS, "bias", "every bias of the backbone, and the head")                                                 \
    X(METHOD_PARTIAL, "partial", "the last blocks (partial-3: three), the last norm, and the head")                    \
    X(METHOD_MAE, "mae", "no task: masked autoencoding pretrains the backbone (gptui pretrain)")
#define POOLS(X)                                                                                                       \
    X(POOL_AUTO, "auto", "by the backbone's family")                                                                   \
    X(POOL_MAE, "mae", "mean of all tokens but CLS, then norm")                                                        \
    X(POOL_CLS, "cls", "norm, then CLS")                                                                               \
    X(POOL_IMG, "img", "mean of the patches, then norm")                                                               \
    X(POOL_PROMPT, "prompt", "mean of the prompts, then norm")
#define OPTIMIZERS(X)                                                                                                  \
    X(OPTIMIZER_SGD, "sgd", "momentum in PyTorch's form")                                                              \
    X(OPTIMIZER_ADAMW, "adamw", "Adam with decoupled weight decay")
#define SCHEDULES(X)                                                                                                   \
    X(SCHEDULE_COSINE, "cosine", "linear ramp from above 0, then cosine to 0")                                         \
    X(SCHEDULE_PAPER, "paper", "as published: epoch e of the ramp runs at e/warmup, so epoch 0 at 0")                  \
    X(SCHEDULE_CONSTANT, "constant", "ramp, then the base rate")
#define PREPROCESSINGS(X)                                                                                              \
    X(PREPROCESSING_AUTO, "auto", "vtab for vtab: and vtab800:, fgvc for other files")                                 \
    X(PREPROCESSING_FGVC, "fgvc", "shorter side resized (Pillow), crop")                                               \
    X(PREPROCESSING_VTAB, "vtab", "squeezed to a square (TensorFlow 1 bilinear)")                                      \
    X(PREPROCESSING_SQUARE, "square", "squeezed to a square (Pillow bilinear)")
#define AUGMENTATIONS(X)                                                                                               \
    X(AUGMENTATION_AUTO, "auto", "preprocess fgvc: crop-flip, else none; mae: scenes, resized-crop or flip")           \
    X(AUGMENTATION_NONE, "none", "none")                                                                               \
    X(AUGMENTATION_FLIP, "flip", "left-right flips")                                                                   \
    X(AUGMENTATION_CROP_FLIP, "crop-flip", "random crops and flips")                                                   \
    X(AUGMENTATION_RESIZED_CROP, "resized-crop", "random parts enlarged, and flips")                                   \
    X(AUGMENTATION_SCENES, "scenes", "flips, quarter turns and permuted colour channels")
#define EVAL_TESTS(X)                                                                                                  \
    X(EVAL_TEST_END, "end", "once, when the run ends")                                                                 \
    X(EVAL_TEST_EPOCH, "epoch", "after every epoch")
#define UNREADABLES(X)                                                                                                 \
    X(UNREADABLE_SKIP, "skip", "named, counted, and left out of its batch")                                            \
    X(UNREADABLE_STOP, "stop", "the run ends there")

#define X(name, text, help) name,
enum method { METHODS(X) };
enum pool { POOLS(X) };
enum optimizer_kind { OPTIMIZERS(X) };
enum schedule_kind { SCHEDULES(X) };
enum preprocessing { PREPROCESSINGS(X) };
enum augmentation { AUGMENTATIONS(X) };
enum eval_test { EVAL_TESTS(X) };
enum unreadable { UNREADABLES(X) };
#undef X

#define SETTINGS_TEXT 1024 /* bytes of a text setting, its 0 included */

struct settings {
#define TEXT(field, ...) char field[SETTINGS_TEXT];
#define INT(field, ...) int field;
#define REAL(field, ...) double field;
#define FLAG(field, ...) bool field;
#define CHOICE(field, ...) int field; /* of the list's enum */
#include "core/settings.def"
#undef TEXT
#undef INT
#undef REAL
#undef FLAG
#undef CHOICE
};

enum setting_type { SETTING_TEXT, SETTING_INT, SETTING_REAL, SETTING_FLAG, SETTING_CHOICE };
enum setting_applies { START, LIVE };

struct setting_choice {
    const char *text, *help;
};

/* A row of the table, for help, man page and completion. */
struct setting {
    enum setting_type type;
    const char *name;
    size_t offset; /* of the field in struct settings */
    double low, high;
    const struct setting_choice *choices; /* ends with a NULL text; NULL for other types */
    const char *unit;
    enum setting_applies applies;
    const char *help;
};

size_t settings_count(void);
const struct setting *settings_at(size_t i);
const struct setting *settings_find(const char *name); /* NULL: none */
const char *settings_group(size_t i);                  /* heading of the group that row i belongs to */

void settings_default(struct settings *s);

/* Sets one by name; method "partial-3" sets last-blocks too. Errors: ERROR_USAGE: unknown name (with the nearest one),
 * not a number, out of range (with the range and unit), unknown choice (with the choices), text too long or with a line
 * break. */
int settings_set(struct settings *s, const char *name, const char *value, struct error *e);

/* The value as text that settings_set() reads back to the same bits. Into out[size]; returns out. */
const char *settings_get(const struct settings *s, const struct setting *row, char *out, size_t size);

/* Reads "name = value" lines, # comments, "quoted text" where it has leading or trailing blanks. Errors: ERROR_IO,
 * ERROR_USAGE with FILE:LINE. */
int settings_read(struct settings *s, const char *path, struct error *e);

/* The same lines, one by one: `take` gets each name and value, whatever they are. An error of it ends the reading and
 * gets FILE:LINE too. */
typedef int settings_take(void *context, const char *name, const char *value, struct error *e);
int settings_each(const char *path, settings_take *take, void *context, struct error *e);

/* Writes such a line, quoted where it has to be. */
void settings_write_line(const char *name, const char *value, FILE *f);

/* Writes all of them as such lines. Returns a negative number if the stream has an error. */
int settings_write(const struct settings *s, FILE *f);

/* The text of a choice ("gated" for METHOD_GATED). */
const char *settings_choice(const char *name, int value);

#endif
