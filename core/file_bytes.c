#include "core/file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads up to `room` bytes; negative: an error in errno. */
static ssize_t read_all(int fd, uint8_t *out, size_t room) {
    size_t got = 0;
    while (got < room) {
        ssize_t n = read(fd, out + got, room - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static int read_file(int fd, uint8_t **bytes, size_t *size, const char *path, size_t most, const char *what,
                     struct error *e) {
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_set(e, ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(e, ERROR_IO, "%s: not a regular file; %s was expected", path, what);
    if (st.st_size > (off_t)most)
        return error_set(e, ERROR_DATA, "%s: %lld bytes; %s of at most %zu bytes was expected", path,
                         (long long)st.st_size, what, most);
    uint8_t *b = malloc((size_t)st.st_size + 1);
    if (!b)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory for its %lld bytes", path, (long long)st.st_size);
    ssize_t got = read_all(fd, b, (size_t)st.st_size);
    if (got < 0) {
        int why = errno;
        free(b);
        return error_set(e, ERROR_IO, "%s: cannot be read: %s", path, strerror(why));
    }
    b[got] = 0;
    *bytes = b;
    *size = (size_t)got;
    return 0;
}

int file_bytes(uint8_t **bytes, size_t *size, const char *path, size_t most, const char *what, struct error *e) {
    /* O_NONBLOCK: a fifo must not hang the program. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *bytes = NULL;
    *size = 0;
    if (fd < 0)
        return error_set(e, ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    int r = read_file(fd, bytes, size, path, most, what, e);
    close(fd);
    return r;
}

int file_bytes_check(const char *path, struct error *e) {
    struct stat st;
    if (stat(path, &st) < 0 || (S_ISREG(st.st_mode) && access(path, R_OK) < 0))
        return error_set(e, ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    return S_ISREG(st.st_mode) ? 0 : error_set(e, ERROR_IO, "%s: not a regular file", path);
}
