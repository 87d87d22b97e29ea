/* Images of a split side by side: as a PNG, or in the terminal.
 *
 *     struct contact_sheet s;
 *     contact_sheet_create(&s, 25, 96, &err);
 *     contact_sheet_fill(&s, dataset, SPLIT_TRAIN, 25, 1, true, &err);
 *     image_write_png(&s.image, "sheet.png", &err);
 *     contact_sheet_destroy(&s);
 *
 * Main thread. */
#ifndef APP_CONTACT_SHEET_H
#define APP_CONTACT_SHEET_H

#include <stdio.h>

#include "core/data/dataset.h"

struct contact_sheet {
    struct image image; /* of cells, as square as can be, with gaps between */
    int cell, columns;  /* pixels of a cell's side; cells in a row */
};

/* Empty, for `count` images. Errors: ERROR_MEMORY, ERROR_USAGE (larger than IMAGE_MOST_PIXELS). */
int contact_sheet_create(struct contact_sheet *s, size_t count, int cell, struct error *e);
void contact_sheet_destroy(struct contact_sheet *s); /* a zeroed one is accepted */

/* Draws `count` images, every `step`th from the first on, each as large as fits with its proportions kept. One that
 * cannot be read leaves its cell empty, and is named on stderr with `say`. Errors: ERROR_MEMORY, ERROR_DATA (none can
 * be read). */
int contact_sheet_fill(struct contact_sheet *s, const struct dataset *d, enum split split, size_t count, size_t step,
                       bool say, struct error *e);

/* Prints images of a split, evenly spread over it, for a terminal of `columns` columns, two rows of them with their
 * classes below, in `colors` colours (0: shades). `say` and errors as above. */
int contact_sheet_print(const struct dataset *d, enum split split, int columns, int colors, bool say, FILE *f,
                        struct error *e);

#endif
