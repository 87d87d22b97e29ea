/* What the overview and the gates view share: which steps they show, the curves' points and marks there, and how the
 * numbers of a block are written. */
#ifndef VIEWS_CURVES_H
#define VIEWS_CURVES_H

#include "views/plot.h"
#include "views/view.h"

#define CURVES_POINTS 512 /* most points of a curve on screen */
#define CURVES_MARKS 128  /* most marks: older ones go */

struct curves_range {
    double from, to; /* steps */
};

/* The steps that the choice's window shows; of a run that has just begun a few more, so that it has a width. */
struct curves_range curves_range(const struct view_context *x);

/* The points of a curve for a plot of so many columns, into out[CURVES_POINTS]. `each_step`: it has a value a step, and
 * is smoothed as the choice says. Returns how many. */
size_t curves_read(const struct view_context *x, const struct series *s, int columns, bool each_step,
                   struct series_point *out);

/* The interventions of these steps, into out[CURVES_MARKS]. Returns how many. */
size_t curves_marks(const struct view_context *x, struct plot_mark *out);

/* The name of the run that is laid over, short. */
const char *curves_other(const struct view_context *x);

/* Whether the run tunes gates or temperatures; not before the first snapshot says so. */
bool curves_is_gated(const struct view_context *x);
bool curves_is_tempered(const struct view_context *x);
int curves_depth(const struct view_context *x);

/* Why there are no gates to show: "linear: the head alone is tuned, there are no gates". */
const char *curves_without_gates(const struct view_context *x);

/* The gates' value before the first step. */
double curves_gate_start(const struct view_context *x);

/* A share in six columns at most: ".0067", "3.2e-6". Returns out. */
const char *curves_share(double share, char out[static 32]);

/* A value against its start: "=", "+67%", "x12". Returns out. */
const char *curves_change(double value, double start, char out[static 32]);

/* inverse of the sigmoid, finite for every share. */
double curves_logit(double share);

#endif
