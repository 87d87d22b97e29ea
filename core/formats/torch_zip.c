/* PyTorch's format since 1.6: a zip archive with STEM/data.pkl and one member STEM/data/KEY a storage.
 *
 * libzip reads the archive out of the mapping through a source of ours. Members are stored, as torch.save writes them
 * (64-byte aligned), so their bytes can be used where they lie: the source notes where libzip reads a member's first
 * bytes. A member that is compressed after all is unpacked into memory. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "core/formats/torch.h"

#define PROBE 64 /* bytes read to learn where a member lies */

struct archive {
    const unsigned char *file;
    size_t size, at;
    size_t last_at, last_size, reads; /* the last read */
    zip_error_t error;
    zip_t *zip;
    char stem[512]; /* with its slash; may be empty */
};

static zip_int64_t source_read(struct archive *a, void *data, zip_uint64_t size) {
    size_t n = size < a->size - a->at ? (size_t)size : a->size - a->at;
    memcpy(data, a->file + a->at, n);
    a->last_at = a->at;
    a->last_size = n;
    a->reads++;
    a->at += n;
    return (zip_int64_t)n;
}

static zip_int64_t source_stat(const struct archive *a, void *data, zip_uint64_t size) {
    struct zip_stat st;
    if (size < sizeof st)
        return -1;
    zip_stat_init(&st);
    st.size = a->size;
    st.valid = ZIP_STAT_SIZE;
    memcpy(data, &st, sizeof st);
    return (zip_int64_t)sizeof st;
}

static zip_int64_t source(void *user, void *data, zip_uint64_t size, zip_source_cmd_t command) {
    struct archive *a = user;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        a->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return source_read(a, data, size);
    case ZIP_SOURCE_SEEK: {
        zip_int64_t at = zip_source_seek_compute_offset(a->at, a->size, data, size, &a->error);
        if (at < 0)
            return -1;
        a->at = (size_t)at;
        return 0;
    }
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)a->at;
    case ZIP_SOURCE_STAT:
        return source_stat(a, data, size);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&a->error, data, size);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                              ZIP_SOURCE_SUPPORTS, -1);
    default:
        zip_error_set(&a->error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

static int archive_open(struct archive *a, const struct tensors *t, struct error *e) {
    zip_error_t error;
    *a = (struct archive){.file = t->file, .size = t->size};
    zip_error_init(&a->error);
    zip_error_init(&error);
    zip_source_t *s = zip_source_function_create(source, a, &error);
    a->zip = s ? zip_open_from_source(s, ZIP_RDONLY, &error) : NULL;
    int rc = 0;
    if (!a->zip) {
        rc = error_set(e, ERROR_FORMAT, "%s: is a zip archive that cannot be read (%s); the file may be cut off",
                       t->path, zip_error_strerror(&error));
        zip_source_free(s);
        zip_error_fini(&a->error);
    }
    zip_error_fini(&error);
    return rc;
}

static void archive_close(struct archive *a) {
    zip_discard(a->zip);
    zip_error_fini(&a->error);
}

/* The whole member into memory of the list. */
static const unsigned char *unpack(struct tensors *t, zip_file_t *f, const struct zip_stat *st, struct error *e) {
    unsigned char *out = tensors_memory(t, (size_t)st->size, e);
    for (size_t have = 0; out && have < st->size;) {
        zip_int64_t n = zip_fread(f, out + have, st->size - have);
        if (n <= 0) {
            error_set(e, ERROR_FORMAT, "%s: archive member %.200s cannot be unpacked (%s)", t->path, st->name,
                      n < 0 ? zip_file_strerror(f) : "it ends early");
            return NULL;
        }
        have += (size_t)n;
    }
    return out;
}

/* The place of a stored member in the mapping; NULL: not found out. */
static const unsigned char *locate(struct archive *a, zip_file_t *f, const struct zip_stat *st) {
    unsigned char probe[PROBE];
    zip_uint64_t wanted = st->size < PROBE ? st->size : PROBE;
    if (st->comp_method != ZIP_CM_STORE || st->encryption_method != ZIP_EM_NONE || wanted == 0)
        return NULL;
    size_t reads = a->reads;
    if (zip_fread(f, probe, wanted) != (zip_int64_t)wanted)
        return NULL;
    const unsigned char *place = a->file + a->last_at;
    bool sure = a->reads == reads + 1 && a->last_size == wanted && st->size <= a->size - a->last_at &&
                memcmp(place, probe, wanted) == 0;
    return sure ? place : NULL;
}

/* The bytes of member `index`, whose size is in *size; NULL with the error set. */
static const unsigned char *member(struct tensors *t, struct archive *a, zip_uint64_t index, size_t *size,
                                   struct error *e) {
    struct zip_stat st;
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    zip_file_t *f = NULL;
    if (zip_stat_index(a->zip, index, 0, &st) < 0 || (st.valid & needed) != needed ||
        !(f = zip_fopen_index(a->zip, index, 0))) {
        error_set(e, ERROR_FORMAT, "%s: archive member %llu cannot be read (%s)", t->path, (unsigned long long)index,
                  zip_strerror(a->zip));
        return NULL;
    }
    const unsigned char *out = locate(a, f, &st);
    if (!out) {
        zip_fclose(f);
        f = zip_fopen_index(a->zip, index, 0);
        if (f)
            out = unpack(t, f, &st, e);
        else
            error_set(e, ERROR_FORMAT, "%s: archive member %.200s cannot be read (%s)", t->path, st.name,
                      zip_strerror(a->zip));
    }
    if (f)
        zip_fclose(f);
    *size = (size_t)st.size;
    return out;
}

/* The index of STEM/data.pkl, any stem of at most one folder; sets the stem. Negative: there is none. */
static zip_int64_t find_pickle(struct archive *a) {
    static const char wanted[] = "data.pkl";
    zip_int64_t count = zip_get_num_entries(a->zip, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        const char *slash = name ? strchr(name, '/') : NULL;
        size_t stem = slash ? (size_t)(slash + 1 - name) : 0;
        if (!name || strcmp(name + stem, wanted) != 0 || stem >= sizeof a->stem)
            continue;
        memcpy(a->stem, name, stem);
        a->stem[stem] = 0;
        return i;
    }
    return -1;
}

static int find_storage(struct torch_file *f, struct torch_storage *s, const char *name, struct error *e) {
    struct archive *a = f->format;
    char path[sizeof a->stem + 128], shown[80];
    size_t size = 0;
    tensors_printable(s->key, s->key_size, shown, sizeof shown);
    snprintf(path, sizeof path, "%sdata/%.*s", a->stem, (int)(s->key_size < 100 ? s->key_size : 100), s->key);
    zip_int64_t index = zip_name_locate(a->zip, path, ZIP_FL_ENC_RAW);
    if (index < 0)
        return error_set(e, ERROR_FORMAT, "%s: the archive lacks data/%s, the storage of tensor %s", f->tensors->path,
                         shown, name);
    s->data = member(f->tensors, a, (zip_uint64_t)index, &size, e);
    if (!s->data)
        return e->code;
    if (size == s->bytes)
        return 0;
    return error_set(e, ERROR_FORMAT, "%s: data/%s, the storage of tensor %s, holds %zu bytes; expected %zu",
                     f->tensors->path, shown, name, size, s->bytes);
}

/* "byteorder" is written since 2.1; files without it come from little-endian machines but for rare ones. */
static int check_byte_order(struct tensors *t, struct archive *a, struct error *e) {
    char path[sizeof a->stem + 16];
    size_t size;
    snprintf(path, sizeof path, "%sbyteorder", a->stem);
    zip_int64_t index = zip_name_locate(a->zip, path, ZIP_FL_ENC_RAW);
    if (index < 0)
        return 0;
    const unsigned char *text = member(t, a, (zip_uint64_t)index, &size, e);
    if (!text)
        return e->code;
    if (size >= 6 && memcmp(text, "little", 6) == 0)
        return 0;
    return error_set(e, ERROR_FORMAT, "%s: its byteorder is not 'little'; it was saved on a big-endian machine",
                     t->path);
}

int torch_zip_read(struct tensors *t, struct error *e) {
    struct archive a;
    t->format = "PyTorch zip";
    int rc = archive_open(&a, t, e);
    if (rc < 0)
        return rc;
    struct torch_file f = {.tensors = t, .find = find_storage, .format = &a};
    zip_int64_t index = find_pickle(&a);
    size_t size = 0;
    const unsigned char *data = NULL;
    if (index < 0)
        rc = error_set(e, ERROR_FORMAT, "%s: is a zip archive without data.pkl; expected one that torch.save wrote",
                       t->path);
    else if (!(data = member(t, &a, (zip_uint64_t)index, &size, e)))
        rc = e->code;
    if (rc == 0)
        rc = check_byte_order(t, &a, e);
    if (rc == 0)
        rc = torch_begin(&f, data, size, NULL, e);
    if (rc == 0) {
        rc = torch_collect(&f, e);
        torch_end(&f);
    }
    archive_close(&a);
    return rc;
}
