/* Screens and curves as files: what is drawn in cells as .svg and .txt, numbers as .csv, pictures as .png. Whole files
 * or none: written beside their place and renamed. Main thread. */
#ifndef VIEWS_EXPORT_H
#define VIEWS_EXPORT_H

#include <stdio.h>

#include "views/view.h"

/* The canvas as SVG (cells as rectangles and text in a monospaced font, box drawing, blocks and braille as shapes, so
 * that it is crisp at any size) or as UTF-8 text, by the suffix. Errors: ERROR_USAGE (another suffix), ERROR_IO. */
int export_screen(const struct canvas *c, const struct paint *p, const char *path, struct error *e);

/* The canvas as UTF-8 text: its rows, without the blanks at their ends. */
void export_text(const struct canvas *c, FILE *f);

/* The same with colours for a terminal that has `colors` of them: 1 << 24, 256, or 0 for none. */
void export_colored(const struct canvas *c, int colors, FILE *f);

/* What the chosen view shows. .csv: its numbers (overview, gates: a row a step with loss, top1, rate, gates,
 * temperatures; attention: a row a patch; reconstruction: the image's row; data: a row an image and its prediction).
 * .png: the curve, the heat map or the attention map or reconstruction, 1600 pixels wide, with axes and labels. Errors:
 * ERROR_USAGE (suffix, or a view that has none), ERROR_IO, ERROR_MEMORY. */
int export_view(const struct view_context *x, const char *path, struct error *e);

#endif
