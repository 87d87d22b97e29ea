/* Errors: a negative code of errors.def as the return value, one clear sentence in the caller's struct.
 *
 *     struct error err = {0};
 *     if (tensors_open(&t, path, &err) < 0)
 *         fprintf(stderr, "gptui: %s\n", err.text);
 *
 * The sentence names the thing (file, tensor, field), what was found and what was expected. core/ never prints and
 * never exits. Any thread may call; a struct error belongs to one thread at a time. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

enum error_code {
    ERROR_NONE = 0,
#define X(name, exit_status, meaning) name##_INDEX_,
#include "core/errors.def"
#undef X
#define X(name, exit_status, meaning) name = -(name##_INDEX_),
#include "core/errors.def"
#undef X
};

struct error {
    int code; /* 0 or a negative enum error_code */
    char text[768];
};

/* Fills `e` (which may be NULL) with `code` and the formatted sentence; returns `code`, so that it can end a function.
 */
int error_set(struct error *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix" (a FILE:LINE, a path) before the sentence that is in `e`. Returns `code`, also where `e` is NULL. */
int error_prefix(struct error *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The exit status of DESIGN.md for a code (0 for 0). */
int error_exit_status(int code);

#endif
