/* What the fuzz targets share. Each is a file with LLVMFuzzerTestOneInput(): libFuzzer calls it with bytes of its own
 * making, and AddressSanitizer and UBSan watch. scripts/fuzz builds and runs them. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory that holds the bytes, and its path; closed by close(). */
static inline int fuzz_file(const uint8_t *data, size_t size, char path[64]) {
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

/* Writes the bytes to a file of that name in a folder of this process, below the one that scripts/fuzz removes; returns
 * the folder. */
static inline const char *fuzz_folder(const char *name, const uint8_t *data, size_t size) {
    static char folder[128];
    char path[256];
    if (!*folder) {
        const char *tmp = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/gptui-fuzz.XXXXXX", tmp && *tmp ? tmp : "/dev/shm");
        if (!mkdtemp(folder))
            abort();
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
    return folder;
}

/* The first byte of the input chooses one of `count` ways; the rest is left. */
static inline size_t fuzz_choice(const uint8_t **data, size_t *size, size_t count) {
    size_t way = *size ? **data % count : 0;
    *data += *size > 0;
    *size -= *size > 0;
    return way;
}

#endif
