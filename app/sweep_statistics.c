#include "app/sweep_statistics.h"

#include <assert.h>
#include <math.h>

/* The share of the distribution between -t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4): a finite sum for whole
 * degrees of freedom. */
static double share_within(double t, size_t freedom) {
    double angle = atan(t / sqrt((double)freedom)), c = cos(angle), sum = 0, term;
    if (freedom % 2 == 0) {
        term = 1;
        for (size_t k = 0; k + 2 <= freedom; k += 2) {
            sum += term;
            term *= c * c * (double)(k + 1) / (double)(k + 2);
        }
        return sin(angle) * sum;
    }
    term = c;
    for (size_t k = 1; k + 2 <= freedom; k += 2) {
        sum += term;
        term *= c * c * (double)(k + 1) / (double)(k + 2);
    }
    return 2 / M_PI * (angle + sin(angle) * sum);
}

double sweep_statistics_quantile(size_t freedom) {
    assert(freedom > 0);
    double low = 1.9, high = 13; /* 1.96 at infinity, 12.7 at 1 */
    while (high - low > 1e-12) {
        double middle = (low + high) / 2;
        if (share_within(middle, freedom) < 0.95)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct sweep_statistics sweep_statistics_of(const double *values, size_t count) {
    struct sweep_statistics s = {count, NAN, NAN, NAN};
    if (!count)
        return s;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    s.mean = sum / (double)count;
    if (count < 2)
        return s;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - s.mean) * (values[i] - s.mean);
    s.sd = sqrt(squares / (double)(count - 1));
    s.half = sweep_statistics_quantile(count - 1) * s.sd / sqrt((double)count);
    return s;
}
