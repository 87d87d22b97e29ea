#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *e, int code, const char *format, ...) {
    if (!e)
        return code;
    va_list args;
    va_start(args, format);
    e->code = code;
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return code;
}

int error_prefix(struct error *e, int code, const char *format, ...) {
    if (!e)
        return code;
    char old[sizeof e->text];
    memcpy(old, e->text, sizeof old);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof e->text)
        snprintf(e->text + n, sizeof e->text - (size_t)n, "%s", old);
    return code;
}

int error_exit_status(int code) {
    switch (code) {
#define X(name, exit_status, meaning)                                                                                  \
    case name:                                                                                                         \
        return exit_status;
#include "core/errors.def"
#undef X
    default:
        return code == ERROR_NONE ? 0 : 1;
    }
}
