#include "app/stray.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int stray_catch(struct stray *s, struct error *e) {
    *s = (struct stray){.saved = {-1, -1}, .pipe = {-1, -1}};
    fflush(stdout);
    fflush(stderr);
    if (pipe2(s->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set(e, ERROR_IO, "no pipe for what libraries print: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        int fd = STDOUT_FILENO + i;
        if (!isatty(fd))
            continue;
        s->saved[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (s->saved[i] >= 0)
            dup2(s->pipe[1], fd);
    }
    return 0;
}

void stray_release(struct stray *s) {
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++)
        if (s->saved[i] >= 0) {
            dup2(s->saved[i], STDOUT_FILENO + i);
            close(s->saved[i]);
        }
    for (int i = 0; i < 2; i++)
        if (s->pipe[i] >= 0)
            close(s->pipe[i]);
    *s = (struct stray){.saved = {-1, -1}, .pipe = {-1, -1}};
}

/* Takes the first `n` bytes, and `skip` more, from the part. */
static void take(struct stray *s, size_t n, size_t skip, char *out) {
    memcpy(out, s->part, n);
    out[n] = 0;
    s->used -= n + skip;
    memmove(s->part, s->part + n + skip, s->used);
}

bool stray_line(struct stray *s, char out[static STRAY_LINE]) {
    for (;;) {
        char *end = memchr(s->part, '\n', s->used);
        if (end) {
            take(s, (size_t)(end - s->part), 1, out);
            return true;
        }
        if (s->used == STRAY_LINE - 1) {
            take(s, s->used, 0, out);
            return true;
        }
        ssize_t n = read(s->pipe[0], s->part + s->used, STRAY_LINE - 1 - s->used);
        if (n <= 0)
            return false;
        s->used += (size_t)n;
    }
}
