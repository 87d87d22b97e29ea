#include "core/data/vtab/raw_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int measure(struct raw_file *f, struct error *e) {
    struct stat st;
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return error_set(e, ERROR_IO, "%s: cannot be opened: %s", f->path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(e, ERROR_IO, "%s: not a regular file", f->path);
    f->size = (uint64_t)st.st_size;
    return 0;
}

int raw_file_open(struct raw_file *out, const char *folder, const char *name, struct error *e) {
    struct raw_file f = {0};
    *out = f;
    if (asprintf(&f.path, "%s/%s", folder, name) < 0)
        return error_set(e, ERROR_MEMORY, "%s/%s: not enough memory for its name", folder, name);
    /* O_NONBLOCK: a fifo must not hang the program. */
    f.fd = open(f.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int r = measure(&f, e);
    if (r < 0) {
        if (f.fd >= 0)
            close(f.fd);
        free(f.path);
        return r;
    }
    *out = f;
    return 0;
}

void raw_file_close(struct raw_file *f) {
    if (f->path)
        close(f->fd);
    free(f->path);
    *f = (struct raw_file){0};
}

static int ends_before(const struct raw_file *f, uint64_t place, size_t size, struct error *e) {
    struct stat st;
    return error_set(e, ERROR_FORMAT, "%s: %lld bytes; %zu bytes from byte %llu on were expected", f->path,
                     fstat(f->fd, &st) == 0 ? (long long)st.st_size : -1, size, (unsigned long long)place);
}

int raw_file_read(const struct raw_file *f, uint64_t place, size_t size, void *out, struct error *e) {
    uint8_t *b = out;
    for (size_t have = 0; have < size;) {
        ssize_t n = pread(f->fd, b + have, size - have, (off_t)(place + have));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(e, ERROR_IO, "%s: cannot be read: %s", f->path, strerror(errno));
        if (n == 0)
            return ends_before(f, place, size, e);
        have += (size_t)n;
    }
    return 0;
}
