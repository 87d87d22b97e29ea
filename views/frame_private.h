/* Private to frame.c, frame_pieces.c, frame_bottom.c and frame_dialog.c. */
#ifndef VIEWS_FRAME_PRIVATE_H
#define VIEWS_FRAME_PRIVATE_H

#include "views/frame.h"

enum { FRAME_RANKS = 10 };

/* A part of a line that has room for only some of them. */
struct frame_piece {
    char full[128], brief[64];
    struct style style;
    int rank;             /* 0 is the most important one */
    int full_rank;        /* of what its longer form says more; 0: less important than all pieces */
    bool bar;             /* `full` and `brief` say how long it is: a bar of the share `part` */
    double part;          /* 0 to 1 */
    bool shown, is_brief; /* set by frame_pieces_draw() */
};

/* Draws as many pieces as fit between columns x and `end` of row y, whole, by their ranks; in their order, `between`
 * before each but the first. */
void frame_pieces_draw(struct canvas *c, struct area a, const struct paint *p, int y, int x, int end,
                       struct frame_piece *pieces, int count, const char *between, struct style between_style);

/* What the run is doing: pieces for the progress line. Returns how many. */
enum { FRAME_PIECES = 10 };
int frame_pieces_progress(const struct view_context *x, struct frame_piece out[static FRAME_PIECES]);

/* The two rows below the view, from row y on. */
void frame_bottom_draw(const struct view_context *x, struct canvas *c, int y);
/* The column of the prompt's cursor. */
int frame_bottom_cursor(const struct view_context *x, int width);
/* The row of a screen that has no room for more than a prompt or a question. */
void frame_bottom_draw_tiny(const struct view_context *x, struct canvas *c, int y);

void frame_dialog_draw(const struct view_context *x, struct canvas *c);
/* The choice of the dialog at (y, x) of the canvas, from 0; -1: none. */
int frame_dialog_at(const struct view_context *x, const struct canvas *c, int y, int x_);
bool frame_dialog_is_open(const struct view_context *x);

#endif
