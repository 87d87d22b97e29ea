#include "core/data/vtab/spill.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spill {
    int fd;
    uint64_t size;
    char folder[]; /* for messages */
};

int spill_open(struct spill **out, struct error *e) {
    const char *tmp = getenv("TMPDIR"), *folder = tmp && *tmp ? tmp : "/tmp";
    struct spill *s = malloc(sizeof *s + strlen(folder) + 1);
    char *path = NULL;
    *out = NULL;
    if (!s || asprintf(&path, "%s/gptui.XXXXXX", folder) < 0) {
        free(s);
        return error_set(e, ERROR_MEMORY, "not enough memory for a temporary file in %s", folder);
    }
    s->size = 0;
    strcpy(s->folder, folder);
    s->fd = mkostemp(path, O_CLOEXEC);
    int why = errno;
    if (s->fd >= 0)
        unlink(path);
    free(path);
    if (s->fd < 0) {
        free(s);
        return error_set(e, ERROR_IO, "%s: no temporary file can be made there: %s; TMPDIR can name another folder",
                         folder, strerror(why));
    }
    *out = s;
    return 0;
}

void spill_close(struct spill *s) {
    if (!s)
        return;
    close(s->fd);
    free(s);
}

int spill_add(struct spill *s, const void *bytes, size_t size, struct error *e) {
    const uint8_t *b = bytes;
    while (size > 0) {
        ssize_t n = pwrite(s->fd, b, size, (off_t)s->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(e, ERROR_IO,
                             "%s: a temporary file of %llu bytes cannot grow: %s; TMPDIR can name another folder",
                             s->folder, (unsigned long long)s->size, n < 0 ? strerror(errno) : "nothing is written");
        b += n;
        size -= (size_t)n;
        s->size += (uint64_t)n;
    }
    return 0;
}

int spill_read(const struct spill *s, uint64_t place, size_t size, void *out, struct error *e) {
    uint8_t *b = out;
    assert(place <= s->size && size <= s->size - place);
    while (size > 0) {
        ssize_t n = pread(s->fd, b, size, (off_t)place);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(e, ERROR_IO, "%s: a temporary file cannot be read: %s", s->folder,
                             n < 0 ? strerror(errno) : "it has become shorter");
        b += n;
        size -= (size_t)n;
        place += (uint64_t)n;
    }
    return 0;
}
