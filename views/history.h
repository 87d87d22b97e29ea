/* What a run has done so far, as curves and marks: read from the lines of metrics.jsonl and journal.gpt, one by one
 * while it runs, or from a run folder.
 *
 *     struct history h = {0};
 *     history_metrics(&h, "{\"kind\":\"step\",\"step\":0,...}", &err);
 *     history_journal(&h, "at step 120 freeze gate 3", &err);
 *     history_read_run(&other, "runs/cub-1", &err);
 *     history_destroy(&h);
 *
 * What the screen shows of the past is what these files say. Main thread. */
#ifndef VIEWS_HISTORY_H
#define VIEWS_HISTORY_H

#include "core/train/snapshot.h"
#include "views/series.h"

#define HISTORY_LINE 256

/* An intervention: a line of the journal, numbered from 1. */
struct history_mark {
    int number;
    uint64_t step;
    char line[HISTORY_LINE]; /* without its "at step N " */
};

struct history {
    int gates, temps;                      /* how many curves of each; 0 until a step says so */
    uint64_t steps;                        /* the next step's number */
    struct series loss, top1, rate, speed; /* of training by step: cross-entropy, share, learning rate, images/s */
    struct series val_loss, val_top1, test_top1; /* by step */
    struct series gate[SNAPSHOT_BLOCKS];         /* gate values 0 to 1 by step (sigmoid of the logged logits) */
    struct series temp[SNAPSHOT_BLOCKS];
    struct history_mark *marks; /* [mark_count] */
    size_t mark_count, mark_room;
};

/* One line of metrics.jsonl. A line that is none is ignored: the run goes on. Errors: ERROR_MEMORY. */
int history_metrics(struct history *h, const char *line, struct error *e);

/* One line of journal.gpt, "at step N COMMAND". Errors: ERROR_MEMORY. */
int history_journal(struct history *h, const char *line, struct error *e);

/* Both files of a run folder, into a zeroed history. Errors: ERROR_IO (no such run: names the file), ERROR_MEMORY. */
int history_read_run(struct history *h, const char *path, struct error *e);
void history_destroy(struct history *h); /* a zeroed one is accepted */

/* What an intervention does to the gate of a block (from 0), or with `temps` to its temperature. */
enum history_effect { HISTORY_NONE, HISTORY_FREEZE, HISTORY_THAW, HISTORY_SET };
enum history_effect history_effect(const struct history_mark *m, bool temps, int block);

#endif
