#include "core/nearest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 64 }; /* longer words are no misspelt names */

static int lower(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's distance with swaps of neighbours. d[i][j] for a[0..i) and b[0..j), of which
 * three rows are kept. */
static size_t edits(const char *a, size_t na, const char *b, size_t nb) {
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= nb; j++)
        last[j] = j;
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t change = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + change);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *unused = before;
        before = last;
        last = row;
        row = unused;
    }
    return last[nb];
}

struct nearest nearest_to(const char *word) {
    return (struct nearest){.to = word, .distance = (size_t)-1};
}

void nearest_offer(struct nearest *n, const char *candidate) {
    size_t length = strlen(n->to), other = strlen(candidate);
    if (length > LONGEST || other > LONGEST)
        return;
    size_t distance = edits(n->to, length, candidate, other);
    if (length >= 2 && length < other && strncasecmp(n->to, candidate, length) == 0)
        distance = 1;
    if (distance < n->distance && distance < other) {
        n->distance = distance;
        n->best = candidate;
    }
}

const char *nearest_word(const struct nearest *n) {
    return n->best && n->distance <= 1 + strlen(n->to) / 3 ? n->best : NULL;
}

const char *nearest_hint(const struct nearest *n, const char *dashes, const char *see, char *out, size_t size) {
    const char *word = nearest_word(n);
    if (word)
        snprintf(out, size, "; did you mean \"%s%s\"?", dashes, word);
    else
        snprintf(out, size, "%s%s", *see ? "; " : "", see);
    return out;
}
