/* Numbers as text, strictly and whatever the locale: the whole string or nothing, always a decimal point.
 *
 *     double lr;
 *     if (!number_real("0.5", &lr)) ...            // "", "0,5", "0.5x", " 1", "nan", "inf", "0x1p3" are refused
 *     char text[NUMBER_TEXT];
 *     number_print(lr, text);                      // "0.5": the shortest text that reads back to the same bits
 *
 * Pure functions; any thread may call. */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_TEXT 32 /* bytes that hold any printed number */

/* A finite decimal number, with an optional exponent. False, and *out untouched, if `text` is anything else. */
bool number_real(const char *text, double *out);

/* A whole number with an optional sign. False if it does not fit. */
bool number_whole(const char *text, int64_t *out);

/* A whole number of digits alone. False if it does not fit. */
bool number_count(const char *text, uint64_t *out);

/* Into `out`; returns it. `value` is finite. */
const char *number_print(double value, char out[static NUMBER_TEXT]);

#endif
