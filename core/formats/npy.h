/* The header of a .npy file: type and shape of the array that follows (format 1.0 to 3.0 of numpy.lib.format).
 *
 *     struct npy n;
 *     if (npy_header(&n, bytes, size) && strcmp(n.type, "|u1") == 0) ...   // values from byte n.size on
 *
 * Pure; any thread may call. */
#ifndef CORE_FORMATS_NPY_H
#define CORE_FORMATS_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NPY_DIMENSIONS = 8, NPY_HEADER = 4096 /* bytes that hold any header read here */ };

struct npy {
    size_t size;   /* bytes of the header: where the values begin */
    char type[16]; /* "|u1", "<i8" */
    size_t dimensions;
    uint64_t shape[NPY_DIMENSIONS];
};

/* From the first bytes of a file. False: no header of a plain array in C order, or a damaged one. */
bool npy_header(struct npy *out, const uint8_t *bytes, size_t size);

#endif
