/* Where the parts of the reconstruction view lie. Only its files include it. */
#ifndef VIEWS_RECONSTRUCTION_PRIVATE_H
#define VIEWS_RECONSTRUCTION_PRIVATE_H

#include "views/view.h"

enum reconstruction_pane { RECONSTRUCTION_INPUT, RECONSTRUCTION_MASKED, RECONSTRUCTION_REBUILT, RECONSTRUCTION_PANES };

struct reconstruction_layout {
    struct area head;
    int panes;
    enum reconstruction_pane kind[RECONSTRUCTION_PANES];
    struct area pane[RECONSTRUCTION_PANES]; /* a row for the title if `title`, then the picture */
    bool title;
    struct area numbers;
    struct area strip; /* height 0: none; a row for what it is, pictures, a row of their numbers */
    int across;        /* pictures in it */
    uint32_t first;    /* the image of the first one */
};

/* `images` of the split, of which `image` is chosen; `head` and `numbers`: rows of these. A picture is a square: three
 * of them side by side or, if they become larger so, one below the other; in little room the masked and the rebuilt
 * one, or the rebuilt one alone. */
void reconstruction_layout_make(struct area a, int head, int numbers, size_t images, uint32_t image,
                                struct reconstruction_layout *out);

/* The cells of picture i of the strip. */
struct area reconstruction_layout_small(const struct reconstruction_layout *o, int i);
/* The picture of the strip at row y, column x of the canvas, or its number; -1: none. */
int reconstruction_layout_hit(const struct reconstruction_layout *o, int y, int x);

#endif
