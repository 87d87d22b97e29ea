/* The results of whatif.h as a file, RUN/whatif.csv: a header, then a line a row, for people, spreadsheets and screens.
 *
 *     whatif_csv_write(&w, file);                             // then ferror(), as for every stream
 *     struct whatif w;
 *     if (whatif_csv_read(&w, "runs/a/whatif.csv", &err) < 0) ...
 *     whatif_destroy(&w);
 *
 * weights (last, best), split, step and images are the same in every line; block counts from 1 and is empty where a row
 * is of no one block, as are value and selection; top1, change and loss follow from evaluate(), change = top1 less the
 * baseline's, in shares. What is read is checked field by field and bounded: the file may be anything. Any thread. */
#ifndef CORE_TRAIN_WHATIF_CSV_H
#define CORE_TRAIN_WHATIF_CSV_H

#include <stdio.h>

#include "core/train/whatif.h"

#define WHATIF_CSV_NAME "whatif.csv"
#define WHATIF_CSV_MOST (1 << 20) /* bytes of a file */

void whatif_csv_write(const struct whatif *w, FILE *to);

/* text [size], no 0 needed, into *out, the caller's to destroy. Errors: ERROR_FORMAT (what line, what is wrong with
 * it), ERROR_MEMORY; then nothing is left to destroy. */
int whatif_csv_parse(struct whatif *out, const char *text, size_t size, struct error *e);

/* Errors: as above, with the path; ERROR_IO. */
int whatif_csv_read(struct whatif *out, const char *path, struct error *e);

#endif
