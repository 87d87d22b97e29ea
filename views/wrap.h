/* Text cut into rows between words, and what was searched for in it.
 *
 *     y += wrap_draw(&canvas, area, y, 11, style, text, &(struct wrap_mark){"gate", selected});
 *
 * Columns count, not bytes. Pure. */
#ifndef VIEWS_WRAP_H
#define VIEWS_WRAP_H

#include <stddef.h>

#include "views/theme.h"

/* What is searched for, upper and lower case alike, and how it is shown. */
struct wrap_mark {
    const char *text; /* "": nothing */
    struct style style;
};

/* Bytes of the first row of `width` columns: cut behind a word, within one that is longer. 0 at the end. */
size_t wrap_bytes(const char *text, int width);
/* Where the next row begins: blanks between rows are left out. */
const char *wrap_next(const char *text, int width);
int wrap_rows(const char *text, int width); /* 1 for an empty text */

/* Draws a text from (y, x) of the area to its right edge, in as many rows as it takes; only rows within the area are
 * seen. c NULL: nothing is drawn. m NULL: nothing is marked. Returns the rows. */
int wrap_draw(struct canvas *c, struct area a, int y, int x, struct style s, const char *text,
              const struct wrap_mark *m);

/* Whether `text` holds `part`, upper and lower case alike; every text holds "". */
bool wrap_holds(const char *text, const char *part);

/* The text in at most `width` columns, with an ellipsis where it was cut off: at its end, or, with `tail`, at its start
 * (of a path the end says more). Into out[size]; returns out. */
const char *wrap_fit(const char *text, int width, bool tail, const struct paint *p, char *out, size_t size);

#endif
