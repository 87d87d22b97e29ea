/* What is around every view: the line that says what runs on what, the tabs, the progress, and at the bottom the queued
 * command, messages, the prompt with its offers, and the keys. Dialogs lie over it.
 *
 *     struct area a = frame_area(&context, &canvas);
 *     frame_draw(&context, &canvas);                   // the view and all around it
 *
 * Below FRAME_MIN_HEIGHT x FRAME_MIN_WIDTH a line says that there is no room. Pure. */
#ifndef VIEWS_FRAME_H
#define VIEWS_FRAME_H

#include "views/view.h"

#define FRAME_MIN_HEIGHT 12
#define FRAME_MIN_WIDTH 40

/* The area that the view gets in a canvas of this size. */
struct area frame_area(const struct view_context *x, const struct canvas *c);

void frame_draw(const struct view_context *x, struct canvas *c);

/* Where the prompt's cursor is, while it is open. */
void frame_cursor(const struct view_context *x, const struct canvas *c, int *y, int *x_);

/* The command that a click means: a tab, a choice of the dialog, or what the view says. */
bool frame_click(const struct view_context *x, const struct canvas *c, int y, int x_, char *command, size_t size);

#endif
