/* Values, errors and files for the tests of the mathematics and the engine. */
#ifndef TESTS_NUMBERS_H
#define TESTS_NUMBERS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/philox.h"

/* out[n] = uniform in [low, high): a function of `salt` and the element. */
static inline void numbers_fill(size_t n, uint32_t salt, double low, double high, float *out) {
    struct philox_key key = philox_key(7, PHILOX_TEST);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(low + (high - low) * (double)philox_uniform(philox(key, (uint32_t)i, salt, 0, 0).w[0]));
}

/* max |ours - wanted| / max |wanted|; infinity where ours has a NaN or wanted is all 0 and ours is not. */
static inline double numbers_error(size_t n, const float *ours, const double *wanted) {
    double worst = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)ours[i] - wanted[i]);
        largest = fmax(largest, fabs(wanted[i]));
        worst = d <= worst ? worst : d;
    }
    return isnan(worst) ? (double)INFINITY : worst <= 0 ? 0 : largest > 0 ? worst / largest : (double)INFINITY;
}

/* The same against floats. */
static inline double numbers_error_f32(size_t n, const float *ours, const float *wanted) {
    double worst = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)ours[i] - (double)wanted[i]);
        largest = fmax(largest, fabs((double)wanted[i]));
        worst = d <= worst ? worst : d;
    }
    return isnan(worst) ? (double)INFINITY : worst <= 0 ? 0 : largest > 0 ? worst / largest : (double)INFINITY;
}

/* f'(*x) of a function that reads *x, by the five-point stencil; *x is as it was afterwards. The error is of the order
 * of h^4, so that h can be large against the rounding of f32. */
static inline double numbers_slope(double (*f)(void *), void *context, float *x, double h) {
    const int at[] = {-2, -1, 1, 2};
    const double weight[] = {1, -8, 8, -1};
    float kept = *x;
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        *x = (float)((double)kept + at[i] * h);
        sum += weight[i] * f(context);
    }
    *x = kept;
    return sum / (12 * h);
}

/* "$GPTUI_SRCDIR/tests/fixtures/NAME"; the text lives until the next call. */
static inline const char *numbers_fixture(const char *name) {
    static char path[4096];
    const char *root = getenv("GPTUI_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/fixtures/%s", root ? root : ".", name);
    return path;
}

/* A new folder under $TMPDIR; rmdir() it. */
static inline char *numbers_folder(char out[static 4096]) {
    const char *root = getenv("TMPDIR");
    snprintf(out, 4096, "%s/gptui-test-XXXXXX", root && *root ? root : "/tmp");
    if (!mkdtemp(out))
        abort();
    return out;
}

#endif
