/* The nearest of several words to one that is unknown, for "did you mean".
 *
 *     struct nearest n = nearest_to("freez");
 *     for (...) nearest_offer(&n, verb[i].name);
 *     if (nearest_word(&n)) ...                    // "freeze"
 *
 * Pure functions on a plain value, which borrows its words. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *to, *best;
    size_t distance; /* of the best so far */
};

struct nearest nearest_to(const char *word);

/* Keeps `candidate` if it is nearer than those before: by edits (a letter put in, left out, changed, or two neighbours
 * swapped), case aside. A word that `candidate` starts with counts as one edit away. */
void nearest_offer(struct nearest *n, const char *candidate);

/* NULL: none is near enough to be what was meant. */
const char *nearest_word(const struct nearest *n);

/* "; did you mean "BEST"?" or, where none is near, "; SEE" (which may be ""). Into out[size]; returns out. `dashes`
 * goes before the best word. */
const char *nearest_hint(const struct nearest *n, const char *dashes, const char *see, char *out, size_t size);

#endif
