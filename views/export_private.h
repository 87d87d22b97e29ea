/* Private to export_screen.c, export_svg.c, export_view.c, export_png.c and export_chart.c. */
#ifndef VIEWS_EXPORT_PRIVATE_H
#define VIEWS_EXPORT_PRIVATE_H

#include <stdio.h>

#include "views/export.h"
#include "views/plot.h"
#include "views/raster.h"

/* A file that appears whole or not at all: written beside its place, synced and renamed by export_close().
 *
 *     struct export_file x;
 *     if (export_open(&x, path, e) < 0) ...
 *     fputs("...", x.f);
 *     return export_close(&x, true, e);                */
struct export_file {
    FILE *f;
    char path[4096], part[4096 + 32];
};

/* Errors: ERROR_IO, ERROR_USAGE (the path is too long). */
int export_open(struct export_file *x, const char *path, struct error *e);
/* Ends it. Without `keep`, or after a failure, nothing is left and what stood there before stays. Errors: ERROR_IO. */
int export_close(struct export_file *x, bool keep, struct error *e);

/* Whether the path ends in this suffix, upper and lower case alike. */
bool export_has_suffix(const char *path, const char *suffix);

void export_svg(const struct canvas *c, const struct paint *p, FILE *f);

/* What the view shows as a picture for print. */
int export_png(const struct view_context *x, const char *path, struct error *e);

/* What a picture is written with: letters of `text` times 7 pixels. */
enum { EXPORT_TEXT = 3, EXPORT_LINE = 30 };
#define EXPORT_INK UINT32_C(0x202020)
#define EXPORT_GREY UINT32_C(0x767676)
#define EXPORT_GRID UINT32_C(0xe2e2e2)

struct export_curve {
    const struct series *series;
    const char *name;
    uint32_t color;
    bool dots;   /* its points are marked: one an evaluation */
    bool smooth; /* as the view's curves are smoothed */
};

/* A chart over steps: what it shows, and where. */
struct export_chart {
    double x, y, width, height; /* pixels of the plot itself; title above, labels left of and below it */
    const char *title;
    enum plot_scale scale;
    double factor; /* values are written times this */
    const struct export_curve *curves;
    size_t count;
    double from, to;  /* steps */
    double low, high; /* values; set by export_chart_draw() */
};

/* The steps that the view shows. */
void export_chart_range(const struct view_context *x, struct export_chart *k);
/* Curves with axes, legend and interventions. Errors: ERROR_MEMORY. */
int export_chart_draw(const struct view_context *x, struct raster *r, struct export_chart *k, struct error *e);
/* The axis of steps below a chart, and interventions across it. */
void export_chart_steps(const struct view_context *x, struct raster *r, const struct export_chart *k);

#endif
