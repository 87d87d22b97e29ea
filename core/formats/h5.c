#include "core/formats/h5.h"

#ifdef HAVE_HDF5

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hdf5.h>

#include "core/file_bytes.h"

/* A chunk is unpacked as a whole: one that is larger is not even begun. */
#define MOST_CHUNK ((hsize_t)1 << 28)
#define CACHE ((size_t)1 << 24)

enum { REASON = 160 };

struct h5 {
    hid_t file, array;
    struct h5_shape shape;
    char path[];
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* What libhdf5 says of the call that failed last, where it knows best: innermost. */
static herr_t take_first(unsigned i, const H5E_error2_t *error, void *text) {
    if (i == 0 && error->desc)
        snprintf(text, REASON, "%s", error->desc);
    return 0;
}

static void reason(char out[static REASON]) {
    snprintf(out, REASON, "no reason is known");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, out);
}

static int damaged(const struct h5 *h, const char *name, const char *why, struct error *e) {
    return error_set(e, ERROR_FORMAT, "%s: its array '%s' %s", h->path, name, why);
}

/* How its values are stored; NULL, or why they cannot be used. */
static const char *check_storage(hid_t array) {
    hsize_t chunk[H5_DIMENSIONS], bytes = 1;
    hid_t how = H5Dget_create_plist(array);
    if (how < 0)
        return "is damaged";
    H5D_layout_t layout = H5Pget_layout(how);
    int dimensions = layout == H5D_CHUNKED ? H5Pget_chunk(how, H5_DIMENSIONS, chunk) : 0;
    for (int i = 0; i < dimensions && i < H5_DIMENSIONS; i++)
        if (__builtin_mul_overflow(bytes, chunk[i], &bytes))
            bytes = MOST_CHUNK + 1;
    bool elsewhere = layout == H5D_VIRTUAL || H5Pget_external_count(how) != 0;
    H5Pclose(how);
    return elsewhere ? "has its values in other files" : bytes > MOST_CHUNK ? "is stored in chunks too large" : NULL;
}

static const char *check_type(hid_t array) {
    hid_t type = H5Dget_type(array);
    bool good = type >= 0 && H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) == 1;
    if (type >= 0)
        H5Tclose(type);
    return good ? NULL : "does not hold integers of one byte";
}

static const char *measure(hid_t array, struct h5_shape *shape) {
    hsize_t sizes[H5_DIMENSIONS];
    hid_t space = H5Dget_space(array);
    int dimensions = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    bool good =
        dimensions >= 1 && dimensions <= H5_DIMENSIONS && H5Sget_simple_extent_dims(space, sizes, NULL) == dimensions;
    if (space >= 0)
        H5Sclose(space);
    if (!good)
        return "has no shape of 1 to 4 dimensions";
    shape->dimensions = (size_t)dimensions;
    for (int i = 0; i < dimensions; i++)
        shape->at[i] = sizes[i];
    return NULL;
}

/* A link could lead to another file. */
static bool is_here(hid_t file, const char *name) {
    H5L_info_t link;
    return H5Lexists(file, name, H5P_DEFAULT) > 0 && H5Lget_info(file, name, &link, H5P_DEFAULT) >= 0 &&
           link.type == H5L_TYPE_HARD;
}

static int open_array(struct h5 *h, const char *name, struct error *e) {
    h->file = H5Fopen(h->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (h->file < 0) {
        char why[REASON];
        reason(why);
        return error_set(e, ERROR_FORMAT, "%s: cannot be read as an HDF5 file: %s", h->path, why);
    }
    if (!is_here(h->file, name))
        return error_set(e, ERROR_FORMAT, "%s: has no array '%s'", h->path, name);
    hid_t cache = H5Pcreate(H5P_DATASET_ACCESS);
    if (cache >= 0)
        H5Pset_chunk_cache(cache, 12421, CACHE, 1);
    h->array = H5Dopen2(h->file, name, cache >= 0 ? cache : H5P_DEFAULT);
    if (cache >= 0)
        H5Pclose(cache);
    const char *why = h->array < 0 ? "is no array, or damaged" : check_type(h->array);
    if (!why)
        why = measure(h->array, &h->shape);
    if (!why)
        why = check_storage(h->array);
    return why ? damaged(h, name, why, e) : 0;
}

static void close_array(struct h5 *h) {
    if (h->array >= 0)
        H5Dclose(h->array);
    if (h->file >= 0)
        H5Fclose(h->file);
}

/* Each thread has an error stack of its own, which prints unless it is told not to. */
static void begin_turn(void) {
    pthread_mutex_lock(&turn);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

int h5_open(struct h5 **out, const char *path, const char *name, struct h5_shape *shape, struct error *e) {
    *out = NULL;
    int r = file_bytes_check(path, e);
    if (r < 0)
        return r;
    struct h5 *h = calloc(1, sizeof *h + strlen(path) + 1);
    if (!h)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to open it", path);
    strcpy(h->path, path);
    h->file = h->array = -1;
    begin_turn();
    r = open_array(h, name, e);
    if (r < 0)
        close_array(h);
    pthread_mutex_unlock(&turn);
    if (r < 0) {
        free(h);
        return r;
    }
    *shape = h->shape;
    *out = h;
    return 0;
}

void h5_close(struct h5 *h) {
    if (!h)
        return;
    begin_turn();
    close_array(h);
    pthread_mutex_unlock(&turn);
    free(h);
}

/* False: `why` is what libhdf5 said, before the next call makes it forget. */
static bool read_rows(struct h5 *h, uint64_t first, uint64_t count, uint8_t *out, char why[REASON]) {
    hsize_t start[H5_DIMENSIONS] = {first}, size[H5_DIMENSIONS] = {count};
    for (size_t i = 1; i < h->shape.dimensions; i++)
        size[i] = h->shape.at[i];
    hid_t in_file = H5Dget_space(h->array), in_memory = H5Screate_simple((int)h->shape.dimensions, size, NULL);
    bool good = in_file >= 0 && in_memory >= 0 &&
                H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, size, NULL) >= 0 &&
                H5Dread(h->array, H5T_NATIVE_UINT8, in_memory, in_file, H5P_DEFAULT, out) >= 0;
    if (!good)
        reason(why);
    if (in_memory >= 0)
        H5Sclose(in_memory);
    if (in_file >= 0)
        H5Sclose(in_file);
    return good;
}

int h5_rows(struct h5 *h, uint64_t first, uint64_t count, uint8_t *out, struct error *e) {
    assert(first <= h->shape.at[0] && count <= h->shape.at[0] - first);
    char why[REASON] = "";
    begin_turn();
    bool good = read_rows(h, first, count, out, why);
    pthread_mutex_unlock(&turn);
    if (good)
        return 0;
    return error_set(e, ERROR_FORMAT, "%s: row %llu of its array cannot be read: %s", h->path,
                     (unsigned long long)first, why);
}

#else

int h5_open(struct h5 **out, const char *path, const char *name, struct h5_shape *shape, struct error *e) {
    (void)name, (void)shape;
    *out = NULL;
    return error_set(e, ERROR_DATA, "%s: cannot be read: built without libhdf5 (Debian package: libhdf5-dev)", path);
}

void h5_close(struct h5 *h) {
    (void)h;
}

int h5_rows(struct h5 *h, uint64_t first, uint64_t count, uint8_t *out, struct error *e) {
    (void)h, (void)first, (void)count, (void)out;
    return error_set(e, ERROR_DATA, "built without libhdf5");
}

#endif
