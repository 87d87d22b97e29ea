/* What plot.c is made of: axes with their ticks and numbers (plot_axis.c), and dots in cells (plot_raster.c). Only
 * these files include it. */
#ifndef VIEWS_PLOT_PRIVATE_H
#define VIEWS_PLOT_PRIVATE_H

#include "views/plot.h"

/* ---- axes */

#define PLOT_TICKS 16
#define PLOT_LABEL 16

struct plot_axis {
    enum plot_scale scale;
    double low, high; /* values at places 0 and 1 */
    size_t count;
    double ticks[PLOT_TICKS];
    char labels[PLOT_TICKS][PLOT_LABEL]; /* empty: a tick without a number */
    int width;                           /* columns of the widest label */
};

/* A value on its scale, and back. NaN: it has no place there. */
double plot_axis_bend(enum plot_scale scale, double value);
double plot_axis_unbend(enum plot_scale scale, double bent);

/* From low to high, which need not differ; rounded outwards to ticks if `rounded`. Labels say values times `factor`. At
 * most `most` ticks (2 at least). */
void plot_axis_make(struct plot_axis *a, enum plot_scale scale, double low, double high, bool rounded, double factor,
                    size_t most);

/* 0 at low, 1 at high, within +-1e6; NaN: a gap. */
double plot_axis_place(const struct plot_axis *a, double value);

/* ---- dots in cells */

/* While it is drawn, the dots of a cell are kept as bits of its glyph: nothing is allocated. */
struct plot_raster {
    struct canvas *canvas;
    struct area area;
    enum glyphs glyphs;
    bool plain;         /* no colours: curves differ by their dashes */
    int across, down;   /* dots of a cell */
    int width, height;  /* in dots */
    int curve;          /* being drawn, from 0 */
    struct style style; /* of its dots */
    unsigned phase;     /* of its dashes */
};

/* Blanks the area. */
void plot_raster_begin(struct plot_raster *r, struct canvas *c, struct area a, const struct paint *p);
void plot_raster_curve(struct plot_raster *r, int curve, struct style s); /* what follows is of this curve */

/* In dots from the top left, cut to the area. A column's span is part of an envelope, which lies below all curves. */
void plot_raster_line(struct plot_raster *r, double x0, double y0, double x1, double y1);
void plot_raster_point(struct plot_raster *r, double x, double y);
void plot_raster_span(struct plot_raster *r, int x, double y0, double y1);

/* A thin vertical line behind the curves, at a column of cells. */
void plot_raster_rule(struct plot_raster *r, int column, uint32_t glyph, struct style s);

/* Turns bits into glyphs. */
void plot_raster_end(struct plot_raster *r);

/* The glyph that stands for a curve in a legend. */
uint32_t plot_raster_sample(const struct plot_raster *r, int curve);

#endif
