#include "app/whole_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

int whole_file_write(const char *path, whole_file_write_fn *write, const void *context, struct error *e) {
    char beside[PATH];
    if (snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid()) >= PATH)
        return error_set(e, ERROR_USAGE, "%.200s...: the path is too long", path);
    FILE *to = fopen(beside, "we");
    if (!to)
        return error_set(e, ERROR_IO, "%s: it cannot be written: %s", path, strerror(errno));
    errno = 0;
    bool memory = write(context, to) == ERROR_MEMORY;
    int why = memory ? ENOMEM : !ferror(to) ? 0 : errno ? errno : EIO;
    if (!why && (fflush(to) != 0 || fsync(fileno(to)) < 0))
        why = errno;
    if (fclose(to) != 0 && !why)
        why = errno;
    if (!why && rename(beside, path) == 0)
        return 0;
    why = why ? why : errno;
    unlink(beside);
    return error_set(e, memory ? ERROR_MEMORY : ERROR_IO, "%s: it cannot be written: %s", path, strerror(why));
}
