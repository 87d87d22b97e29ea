/* What the attention view is made of: the numbers of a look, and where its parts lie. Only its files include it. */
#ifndef VIEWS_ATTENTION_PRIVATE_H
#define VIEWS_ATTENTION_PRIVATE_H

#include "views/view.h"

/* Where one row of attention goes. */
struct attention_row {
    bool known;
    double cls, prompts, patches; /* shares of the whole row */
    double bits;                  /* entropy of its part over the patches, taken as a distribution */
    double peak;                  /* the largest share of one patch */
};

struct attention_facts {
    int side;                         /* patches of a row of the image */
    const float *query, *cls, *alone; /* [side, side]; query: NULL where the block has no prompts */
    float *change;                    /* [side, side], cls - alone */
    double low, high;                 /* over all maps that are shown: one scale of colours */
    double most;                      /* of |change| */
    double bits;                      /* log2 of the patches: the most entropy there can be */
    struct attention_row of_query, of_cls, of_alone;
};

/* Takes memory; false: there is none. `alone` counts into the scale of colours where it is shown. */
bool attention_facts_make(const struct look *l, bool with_alone, struct attention_facts *out);
void attention_facts_free(struct attention_facts *f);

/* From CLS to prompt i (from 0) at the chosen block, a share. */
double attention_facts_of_prompt(const struct look *l, int i);
/* From prompt i to the patches at the chosen block. [patches] */
const float *attention_facts_prompt_map(const struct look *l, int i);

/* The `count` prompts that CLS looks at most, in that order, and `chosen` (-1: none) in the last place if it is not
 * among them. Returns how many. */
int attention_facts_rank(const struct look *l, int chosen, int count, int *out);

enum attention_pane {
    ATTENTION_IMAGE,
    ATTENTION_QUERY,
    ATTENTION_CLS,
    ATTENTION_ALONE,
    ATTENTION_CHANGE,
    ATTENTION_PANES
};

/* Small maps side by side, in one or more lines of them, with a row of labels below each. */
struct attention_strip {
    struct area at;    /* height 0: there is no room */
    int rows;          /* of cells, of a map */
    int label_rows;    /* below it */
    int across, lines; /* maps a line; lines */
    int count;         /* maps in all */
    int first;         /* block of the first map (of the strip of blocks) */
};

struct attention_layout {
    struct area head;
    int panes;
    enum attention_pane kind[ATTENTION_PANES];
    struct area pane[ATTENTION_PANES]; /* a row for the title if `title`, map, row for the legend */
    bool title, legend;
    struct area numbers;
    struct attention_strip blocks, prompts;
};

enum { ATTENTION_LABEL = 12 }; /* columns at the left of a strip that say what it is */

/* `head`: rows of the header. Where the parts lie depends on the look and the area alone. */
void attention_layout_make(const struct look *l, bool alone, struct area a, int head, struct attention_layout *out);

/* The cells of map i of a strip. */
struct area attention_layout_map(const struct attention_strip *s, int i);
/* The map at row y, column x of the canvas with its label; -1: none. */
int attention_layout_hit(const struct attention_strip *s, int y, int x);

#endif
