/* What a sweep found, as files and as text: table.csv, table.md and table.svg in its folder, and the same table with a
 * plot for the terminal. Main thread only. */
#ifndef APP_SWEEP_REPORT_H
#define APP_SWEEP_REPORT_H

#include "app/sweep_summary.h"

struct sweep_report {
    const struct sweep_table *table;
    const struct sweep_summary *summary;
    const char *folder; /* of the sweep */
    bool ascii;         /* draw with plain characters alone */
    const char *theme;  /* of table.svg; NULL: light */
};

/* Writes the three files, each beside its place and renamed. Errors: ERROR_IO, ERROR_MEMORY. */
int sweep_report_write(const struct sweep_report *r, struct error *e);

/* The table and the plot, so many columns wide. Errors: ERROR_MEMORY. */
int sweep_report_print(const struct sweep_report *r, int columns, FILE *f, struct error *e);

/* "swept out=PATH cells=24 failed=0 best=method=gated,lr=0.1 test.top1=0.345±0.012", what does not apply left out. */
void sweep_report_line(const struct sweep_report *r, FILE *f);

/* The table as Markdown. */
void sweep_report_markdown(const struct sweep_report *r, FILE *f);

#endif
