/* Mean, standard deviation and the 95% interval of the mean (Student's t) of a few numbers: results over seeds.
 *
 *     struct sweep_statistics s = sweep_statistics_of((double[]){0.31, 0.35, 0.33}, 3);
 *     printf("%.3f +- %.3f\n", s.mean, s.half);
 *
 * Pure functions; any thread may call. */
#ifndef APP_SWEEP_STATISTICS_H
#define APP_SWEEP_STATISTICS_H

#include <stddef.h>

struct sweep_statistics {
    size_t count;
    double mean; /* NaN: no numbers */
    double sd;   /* with n - 1; NaN below two numbers */
    double half; /* the interval is mean - half to mean + half; NaN below two numbers */
};

struct sweep_statistics sweep_statistics_of(const double *values, size_t count);

/* The 97.5% quantile of Student's t with this many degrees of freedom (1 at least). */
double sweep_statistics_quantile(size_t freedom);

#endif
