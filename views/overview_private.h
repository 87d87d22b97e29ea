/* What overview.c is made of: the numbers at its top, the curves, and the blocks (overview_gates.c). Only these files
 * include it. */
#ifndef VIEWS_OVERVIEW_PRIVATE_H
#define VIEWS_OVERVIEW_PRIVATE_H

#include "views/view.h"

/* Rows that the table of all blocks takes, with its head. */
int overview_table_rows(const struct view_context *x);

/* A row a block; where not all fit, those around the chosen one. */
void overview_table(const struct view_context *x, struct canvas *c, struct area a);

/* The block, from 0, in row y of that area; -1: none. */
int overview_table_block(const struct view_context *x, struct area a, int y);

/* In two rows: all gates as bars, and the chosen block's numbers. */
void overview_compact(const struct view_context *x, struct canvas *c, struct area a);

#endif
