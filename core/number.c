#include "core/number.h"

#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The C library owns this object: asking for it again costs nothing, and there is nothing to free. */
static locale_t c_locale(void) {
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool number_real(const char *text, double *out) {
    /* strtod also takes blanks, "nan", "infinity" and hexadecimal. */
    if (!*text || text[strspn(text, "+-.0123456789eE")])
        return false;
    char *end;
    double value = strtod_l(text, &end, c_locale());
    if (end == text || *end || !isfinite(value))
        return false;
    *out = value;
    return true;
}

bool number_whole(const char *text, int64_t *out) {
    const char *digits = text + (*text == '-' || *text == '+');
    if (!is_digit(*digits))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end || errno)
        return false;
    *out = value;
    return true;
}

bool number_count(const char *text, uint64_t *out) {
    if (!is_digit(*text))
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || errno)
        return false;
    *out = value;
    return true;
}

const char *number_print(double value, char out[static NUMBER_TEXT]) {
    assert(isfinite(value));
    locale_t before = uselocale(c_locale());           /* of this thread alone */
    if (value == trunc(value) && fabs(value) < 1e15) { /* 100, where %g would say 1e+02 */
        snprintf(out, NUMBER_TEXT, "%.0f", value);
        uselocale(before);
        return out;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, NUMBER_TEXT, "%.*g", digits, value);
        double back;
        if (number_real(out, &back) && back == value)
            break;
    }
    uselocale(before);
    return out;
}
