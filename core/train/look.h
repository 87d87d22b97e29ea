/* What a screen asks the trainer for beside the snapshot: the attention of one image or, under masked autoencoding, its
 * reconstruction; pictures; the predictions of an evaluation. Requests are plain values; answers are one block of
 * memory each, flat and versioned, freed with free().
 *
 *     main: mailbox_ask_look(box, &(struct look_request){.serial = 7, .split = SPLIT_VAL, .index = 17, .block = 8});
 *     ... EVENT_LOOK, event.payload is a struct look with serial 7
 *
 * Answered on the trainer's thread, which otherwise waits for its team: between steps, and within a long one, where the
 * parameters are constant. Looking never touches a number of the run. A request is answered at once, but answers take
 * no more than about 2% of a moving run's time: after some five in a row (and a quarter of a second) the newest request
 * waits until the run can spare it. While the run is paused nothing waits. */
#ifndef CORE_TRAIN_LOOK_H
#define CORE_TRAIN_LOOK_H

#include "core/data/dataset.h"

#define LOOK_VERSION 2
#define LOOK_PICTURES 64 /* most pictures of one request */

struct look_request {
    uint64_t serial; /* from 1, grows with every request; 0: none */
    enum split split;
    uint32_t index; /* of the image in its split */
    int block;      /* from 0 */
    int head;       /* from 0; -1: the mean of all heads */
    int prompt;     /* whose row is wanted at every block, from 0; -1: the mean of all prompts */
    int mask;       /* masked autoencoding: 0 hides the patches that evaluation hides, n those of another draw */
};

/* Attention of one image. A row is a distribution over the tokens of a block's sequence: CLS, prompts, patches.
 *
 * Of a run that reconstructs, in place of all attention: what it makes of an image whose patches are hidden as in
 * evaluation, or by another draw. `block`, `head` and `prompt` of the request are then 0, 0 and -1, there are no
 * prompts, and `said` is -1. */
struct look {
    uint32_t version;
    struct look_request request;
    uint64_t step;                /* the parameters are those before this step */
    int32_t depth, patches, side; /* blocks; patches of the image; side of the picture in pixels */
    int32_t prompts;              /* prompt tokens in the sequence of the chosen block; 0 before the insertion */
    int32_t first;       /* block at whose input the prompts come in, from 0; depth where the method has none */
    int32_t label, said; /* true class (-1: unreadable) and the predicted one */
    float label_share, said_share;       /* softmax of these two */
    double seconds;                      /* that it took */
    size_t bytes;                        /* of the whole answer */
    size_t rows, query, cls, alone, rgb; /* offsets in bytes: see below */
    bool reconstructs;                   /* the four before rgb are not there, those below are */
    int32_t visible;                     /* patches that are seen */
    double loss, baseline;               /* of the image; that of predicting the mean of each hidden patch */
    size_t seen, masked, rebuilt;        /* offsets in bytes */
};

/* [1 + prompts, 1 + prompts + patches]: CLS's row and each prompt's at the chosen block and head. */
const float *look_rows(const struct look *l);
/* [depth, patches]: from the chosen prompt (or the mean of them) to the patches at every block; 0 before the insertion.
 */
const float *look_query(const struct look *l);
/* [depth, patches]: from CLS to the patches at every block. */
const float *look_cls(const struct look *l);
/* [depth, 1 + patches]: CLS's row to CLS and the patches, without prompts and with temperatures 1: the backbone alone.
 */
const float *look_alone(const struct look *l);
/* [side, side, 3]: the model's input as a picture. */
const uint8_t *look_rgb(const struct look *l);
/* [patches]: 1 where a patch is seen, 0 where it is hidden. */
const uint8_t *look_seen(const struct look *l);
/* [side, side, 3]: the input with grey in place of hidden patches. */
const uint8_t *look_masked(const struct look *l);
/* [side, side, 3]: the input with the prediction in place of hidden patches, of each patch's own mean and deviation. */
const uint8_t *look_rebuilt(const struct look *l);
/* 1 - loss / baseline: 0 is no better than each patch's mean, 1 is perfect; 0 where the baseline is 0. */
double look_explained(const struct look *l);

struct pictures_request {
    uint64_t serial;
    enum split split;
    int count;                     /* to LOOK_PICTURES */
    uint32_t index[LOOK_PICTURES]; /* in the split */
    int side;                      /* pixels wanted, 1 to 256 */
};

/* Pictures squeezed to side x side. An unreadable one is grey. */
struct pictures {
    uint32_t version;
    struct pictures_request request;
    uint8_t rgb[]; /* [count, side, side, 3] */
};

struct prediction {
    uint32_t index;                /* in the split */
    int32_t label, said;           /* true class, predicted one */
    float label_share, said_share; /* softmax of these two */
};

/* What an evaluation found, image by image in the split's order (readable ones). */
struct predictions {
    uint32_t version;
    enum split split;
    uint64_t step, epoch;
    int32_t classes;
    size_t count;
    struct prediction images[]; /* [count]; behind them confusion: see predictions_confusion() */
};

/* [classes, classes], true class then predicted. */
const uint32_t *predictions_confusion(const struct predictions *p);

#endif
