#include "core/formats/npz.h"

#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "core/file_bytes.h"

struct npz {
    zip_t *zip;
    zip_file_t *file;
    struct npy array;
    uint8_t first[NPY_HEADER]; /* bytes of the member; those behind its header are values */
    size_t have, used;
    const char *member;
    char path[];
};

static int damaged(const struct npz *z, const char *why, struct error *e) {
    return error_set(e, ERROR_FORMAT, "%s: its member %s is damaged (%s)", z->path, z->member, why);
}

static int open_archive(struct npz *z, struct error *e) {
    int code;
    int r = file_bytes_check(z->path, e);
    if (r < 0)
        return r;
    if ((z->zip = zip_open(z->path, ZIP_RDONLY, &code)))
        return 0;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    r = error_set(e, ERROR_FORMAT, "%s: cannot be read as a zip archive (%s); the file may be cut off", z->path,
                  zip_error_strerror(&error));
    zip_error_fini(&error);
    return r;
}

/* The bytes that the shape asks for; false: more than can be counted, or a type of unknown size. */
static bool bytes_asked_for(const struct npy *n, uint64_t *out) {
    const char *digit = n->type + strlen(n->type) - 1;
    *out = (uint64_t)(*digit - '0');
    if (*digit < '1' || *digit > '9')
        return false;
    for (size_t i = 0; i < n->dimensions; i++)
        if (__builtin_mul_overflow(*out, n->shape[i], out))
            return false;
    return true;
}

static int open_member(struct npz *z, const char *type, struct error *e) {
    struct zip_stat st;
    uint64_t asked;
    zip_int64_t index = zip_name_locate(z->zip, z->member, ZIP_FL_ENC_RAW);
    if (index < 0)
        return error_set(e, ERROR_FORMAT, "%s: has no member %s", z->path, z->member);
    if (zip_stat_index(z->zip, (zip_uint64_t)index, 0, &st) < 0 || !(st.valid & ZIP_STAT_SIZE) ||
        !(z->file = zip_fopen_index(z->zip, (zip_uint64_t)index, 0)))
        return damaged(z, zip_strerror(z->zip), e);
    zip_int64_t n;
    while (z->have < sizeof z->first && (n = zip_fread(z->file, z->first + z->have, sizeof z->first - z->have)) > 0)
        z->have += (size_t)n;
    if (!npy_header(&z->array, z->first, z->have))
        return damaged(z, "no header of an array in C order", e);
    if (strcmp(z->array.type, type) != 0)
        return error_set(e, ERROR_FORMAT, "%s: its member %s holds values of type '%s'; '%s' was expected", z->path,
                         z->member, z->array.type, type);
    if (!bytes_asked_for(&z->array, &asked) || st.size < z->array.size || st.size - z->array.size != asked)
        return damaged(z, "it is not as long as its shape asks for", e);
    z->used = z->array.size;
    return 0;
}

int npz_open(struct npz **out, const char *path, const char *member, const char *type, struct error *e) {
    struct npz *z = calloc(1, sizeof *z + strlen(path) + 1);
    *out = NULL;
    if (!z)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to open it", path);
    strcpy(z->path, path);
    z->member = member;
    int r = open_archive(z, e);
    if (r == 0)
        r = open_member(z, type, e);
    if (r < 0) {
        npz_close(z);
        return r;
    }
    *out = z;
    return 0;
}

void npz_close(struct npz *z) {
    if (!z)
        return;
    if (z->file)
        zip_fclose(z->file);
    if (z->zip)
        zip_discard(z->zip);
    free(z);
}

const struct npy *npz_array(const struct npz *z) {
    return &z->array;
}

int npz_read(struct npz *z, void *out, size_t size, struct error *e) {
    uint8_t *b = out;
    size_t kept = z->have - z->used < size ? z->have - z->used : size;
    memcpy(b, z->first + z->used, kept);
    z->used += kept;
    for (size_t have = kept; have < size;) {
        zip_int64_t n = zip_fread(z->file, b + have, size - have);
        if (n <= 0)
            return damaged(z, n < 0 ? zip_file_strerror(z->file) : "it ends early", e);
        have += (size_t)n;
    }
    return 0;
}

int npz_end(struct npz *z, struct error *e) {
    uint8_t byte;
    zip_int64_t n = z->used < z->have ? 1 : zip_fread(z->file, &byte, 1);
    return n == 0 ? 0 : damaged(z, n < 0 ? zip_file_strerror(z->file) : "it goes on behind its values", e);
}
