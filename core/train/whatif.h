/* What if a gate were shut? Accuracy of a tuned run with gates and temperatures clamped, one at a time and all of them:
 * which block matters.
 *
 *     struct whatif w;
 *     whatif_create(&w, &job->tuning, theta, &err);         // the list: w.rows[w.count], the first one unchanged
 *     whatif_evaluate(&w, engine, &job->tuning, theta, loader, NULL, NULL, &err);
 *     const struct whatif_row *row = whatif_find(&w, WHATIF_GATE_0, 3);
 *     printf("%+.1f\n", 100 * whatif_change(&w, row));      // percentage points of top-1
 *     whatif_destroy(&w);
 *
 * A clamped gate is exactly 0 (the block hands its prompts on as they came: Eq. 7 without Zout) or exactly 1 (it
 * replaces them); all gates 1 and all temperatures 1 is VPT-shallow with these prompts and this head. Nothing is tuned
 * again, so a change is what the present weights owe to that gate, not what tuning without it would reach.
 *
 * The owner of a struct whatif frees it with whatif_destroy(). whatif_evaluate() is called by the engine's caller, the
 * rest is pure; any thread may call. whatif_csv.h keeps the results in a file. */
#ifndef CORE_TRAIN_WHATIF_H
#define CORE_TRAIN_WHATIF_H

#include "core/train/evaluate.h"

/* X(constant, name in files): what is clamped, and to what. */
#define WHATIF_KINDS_LIST(X)                                                                                           \
    X(WHATIF_BASELINE, "baseline")                                                                                     \
    X(WHATIF_GATE_0, "gate=0")                                                                                         \
    X(WHATIF_GATE_1, "gate=1")                                                                                         \
    X(WHATIF_TEMP_1, "temp=1")                                                                                         \
    X(WHATIF_GATES_0, "gates=0")                                                                                       \
    X(WHATIF_GATES_1, "gates=1")                                                                                       \
    X(WHATIF_TEMPS_1, "temps=1")                                                                                       \
    X(WHATIF_NEUTRAL, "neutral") /* every gate and every temperature 1 */

enum whatif_kind {
#define X(constant, name) constant,
    WHATIF_KINDS_LIST(X)
#undef X
        WHATIF_KINDS
};

#define WHATIF_MOST_BLOCKS 1024
#define WHATIF_MOST_ROWS (3 * WHATIF_MOST_BLOCKS + 5)

struct whatif_row {
    enum whatif_kind kind;
    int block;            /* from 0; -1: of no one block */
    double value;         /* the block's gate or temperature as tuned; NaN where there is no one block */
    double selection;     /* its selection ratio (Eq. 11), of a gate; otherwise NaN */
    size_t right;         /* images predicted right */
    size_t better, worse; /* images that are right where the baseline was wrong, and wrong where it was right */
    double loss;          /* mean cross-entropy */
};

struct whatif {
    enum split split; /* what was evaluated: the caller's to fill in, like the next two */
    bool best;        /* the weights that were best on val, not the last ones */
    uint64_t step;    /* updates that made the weights */
    size_t images;    /* readable ones */
    size_t count;
    struct whatif_row *rows; /* [count]: baseline, then block by block, then all together */
};

/* The list of what is to be evaluated, with values and selection ratios, and no results. Gates of blocks before the
 * prompts' insertion are left out: nothing passes them. Errors: ERROR_USAGE: the method tunes neither gates nor
 * temperatures; ERROR_MEMORY. */
int whatif_create(struct whatif *w, const struct tuning *t, const float *theta, struct error *e);
void whatif_destroy(struct whatif *w); /* a zeroed one is accepted */

/* changed [t->total] = theta with what the row says clamped. */
void whatif_clamp(const struct tuning *t, const struct whatif_row *row, const float *theta, float *changed);

/* Called about every 25 ms: row `row` is under way, `share` of it (0 to 1) is done; 1: its result is there. */
typedef void whatif_progress_fn(void *context, const struct whatif *w, size_t row, double share);

/* Evaluates every row on the loader's split; a row that changes no value (a hard gate that is shut already) takes the
 * baseline's result over. The results depend on no thread. progress may be NULL. Errors: those of evaluate();
 * ERROR_MEMORY; ERROR_DATA: an image could be read at one time and not at another. */
int whatif_evaluate(struct whatif *w, struct engine *g, const struct tuning *t, const float *theta,
                    struct loader *loader, whatif_progress_fn *progress, void *context, struct error *e);

/* NULL: there is no such row. block: from 0; -1 for the kinds of no one block. */
const struct whatif_row *whatif_find(const struct whatif *w, enum whatif_kind kind, int block);

/* Shares of the images: top-1; top-1 less the baseline's; and the standard error of a top-1, sqrt(p (1 - p) / n). */
double whatif_top1(const struct whatif *w, const struct whatif_row *row);
double whatif_change(const struct whatif *w, const struct whatif_row *row);
double whatif_error(const struct whatif *w, const struct whatif_row *row);

/* Whether a change stands out: |better - worse| > 2 sqrt(better + worse), the same images before and after (McNemar).
 * By chance about one change in twenty does. */
bool whatif_is_clear(const struct whatif_row *row);

const char *whatif_kind_name(enum whatif_kind kind); /* "gate=0" */

#endif
