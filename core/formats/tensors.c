#include "core/formats/tensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/formats/reader.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are used where they lie in little-endian files");

struct tensors_block {
    struct tensors_block *next;
    _Alignas(64) unsigned char data[];
};

size_t tensor_type_bytes(enum tensor_type type) {
    static const size_t bytes[] = {
#define X(name, text, bytes) [name] = bytes,
        TENSOR_TYPES(X)
#undef X
    };
    return bytes[type];
}

const char *tensor_type_name(enum tensor_type type) {
    static const char *const names[] = {
#define X(name, text, bytes) [name] = text,
        TENSOR_TYPES(X)
#undef X
    };
    return names[type];
}

const char *tensor_shape_text(const struct tensor *t, char *out, size_t size) {
    size_t used = 0;
    if (size == 0)
        return out;
    out[0] = 0;
    for (int i = 0; i <= t->rank; i++) {
        int n = i == t->rank ? snprintf(out + used, size - used, i ? "]" : "[]")
                             : snprintf(out + used, size - used, "%s%zu", i ? ", " : "[", t->shape[i]);
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
    return out;
}

/* Exponent 31 (infinity, NaN) keeps its payload; the rest is rebiased by a multiplication, which is exact and turns
 * subnormal halves into normal floats. */
static float from_f16(uint16_t h) {
    union {
        uint32_t u;
        float f;
    } v = {.u = (uint32_t)(h & 0x7fff) << 13};
    v.f *= 0x1p112f;
    uint32_t infinite = (h & 0x7c00) == 0x7c00 ? 0x7f800000u : 0;
    v.u |= infinite | (uint32_t)(h & 0x8000) << 16;
    return v.f;
}

static float from_bf16(uint16_t h) {
    union {
        uint32_t u;
        float f;
    } v = {.u = (uint32_t)h << 16};
    return v.f;
}

void tensor_to_f32(const struct tensor *t, float *out) {
#define CONVERT(type, expression)                                                                                      \
    {                                                                                                                  \
        const type *in = t->data;                                                                                      \
        for (size_t i = 0; i < t->count; i++)                                                                          \
            out[i] = (expression);                                                                                     \
        return;                                                                                                        \
    }
    if (t->count == 0)
        return;
    switch (t->type) {
    case TENSOR_F32:
        memcpy(out, t->data, t->count * sizeof *out);
        return;
    case TENSOR_F64:
        CONVERT(double, (float)in[i])
    case TENSOR_F16:
        CONVERT(uint16_t, from_f16(in[i]))
    case TENSOR_BF16:
        CONVERT(uint16_t, from_bf16(in[i]))
    case TENSOR_I64:
        CONVERT(int64_t, (float)in[i])
    case TENSOR_I32:
        CONVERT(int32_t, (float)in[i])
    case TENSOR_I16:
        CONVERT(int16_t, (float)in[i])
    case TENSOR_I8:
        CONVERT(int8_t, (float)in[i])
    case TENSOR_U8:
        CONVERT(uint8_t, (float)in[i])
    case TENSOR_BOOL:
        CONVERT(uint8_t, in[i] ? 1.0f : 0.0f)
    case TENSOR_U16:
        CONVERT(uint16_t, (float)in[i])
    case TENSOR_U32:
        CONVERT(uint32_t, (float)in[i])
    case TENSOR_U64:
        CONVERT(uint64_t, (float)in[i])
    }
#undef CONVERT
}

/* Length of the UTF-8 sequence at `s` (at most `size` bytes), 0 if there is none (overlong, surrogate, beyond
 * U+10FFFF). */
static size_t utf8_sequence(const unsigned char *s, size_t size) {
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (n == 1)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > size)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
               (s[0] == 0xf4 && s[1] > 0x8f);
    return bad ? 0 : n;
}

bool tensors_utf8(const char *text, size_t size) {
    for (size_t i = 0, n; i < size; i += n)
        if ((n = utf8_sequence((const unsigned char *)text + i, size - i)) == 0)
            return false;
    return true;
}

const char *tensors_printable(const char *text, size_t text_size, char *out, size_t size) {
    size_t n = text_size < size ? text_size : size - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    out[n] = 0;
    return out;
}

void *tensors_memory(struct tensors *t, size_t size, struct error *e) {
    if (size > t->budget) {
        error_set(e, ERROR_FORMAT, "%s: describes tensors of far more bytes than the %zu of the file", t->path,
                  t->size);
        return NULL;
    }
    size_t bytes = (sizeof(struct tensors_block) + size + 63) & ~(size_t)63;
    struct tensors_block *b = aligned_alloc(64, bytes);
    if (!b) {
        error_set(e, ERROR_MEMORY, "%s: no memory for %zu bytes of a tensor", t->path, size);
        return NULL;
    }
    t->budget -= size;
    b->next = t->blocks;
    t->blocks = b;
    return b->data;
}

/* Makes room for one more element of `each` bytes in *array. */
static int grow(struct tensors *t, void **array, size_t count, size_t *room, size_t each, struct error *e) {
    if (count < *room)
        return 0;
    size_t wanted = *room ? *room * 2 : 64;
    void *larger = reallocarray(*array, wanted, each);
    if (!larger)
        return error_set(e, ERROR_MEMORY, "%s: no memory for a list of %zu entries", t->path, wanted);
    *array = larger;
    *room = wanted;
    return 0;
}

static char *copy_text(struct tensors *t, const char *text, size_t size, struct error *e) {
    char *copy = tensors_memory(t, size + 1, e);
    if (copy) {
        memcpy(copy, text, size);
        copy[size] = 0;
    }
    return copy;
}

bool tensors_extent(const struct tensor *item, size_t *count, size_t *bytes) {
    *count = 1;
    for (int i = 0; i < item->rank; i++)
        if (__builtin_mul_overflow(*count, item->shape[i], count))
            return false;
    return !__builtin_mul_overflow(*count, tensor_type_bytes(item->type), bytes);
}

bool tensors_clean(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return tensors_utf8(text, size);
}

/* Gives back the whole pages of the mapping under bytes that were copied: they would count as resident twice. */
static void forget(const struct tensors *t, const void *data, size_t bytes) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), map = (uintptr_t)t->file;
    uintptr_t from = ((uintptr_t)data + page - 1) / page * page, to = ((uintptr_t)data + bytes) / page * page;
    if ((uintptr_t)data >= map && (uintptr_t)data - map < t->size && from < to)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

int tensors_add(struct tensors *t, const char *name, size_t name_size, const struct tensor *item, struct error *e) {
    char shown[64];
    if (name_size == 0 || !tensors_clean(name, name_size))
        return error_set(e, ERROR_FORMAT, "%s: a tensor's name is '%s'; expected UTF-8 text without control characters",
                         t->path, tensors_printable(name, name_size, shown, sizeof shown));
    void *array = t->items;
    int rc = grow(t, &array, t->count, &t->room, sizeof *t->items, e);
    t->items = array;
    if (rc < 0)
        return rc;
    struct tensor *added = &t->items[t->count];
    *added = *item;
    size_t bytes;
    if (!tensors_extent(added, &added->count, &bytes))
        return error_set(e, ERROR_FORMAT, "%s: tensor %.*s has more elements than memory can address", t->path,
                         (int)(name_size < 200 ? name_size : 200), name);
    added->name = copy_text(t, name, name_size, e);
    if (!added->name)
        return e->code;
    if (bytes == 0) {
        static const uint64_t nothing;
        added->data = &nothing;
    } else if ((uintptr_t)added->data % tensor_type_bytes(added->type) != 0) {
        void *copy = tensors_memory(t, bytes, e);
        if (!copy)
            return e->code;
        memcpy(copy, added->data, bytes);
        forget(t, added->data, bytes);
        added->data = copy;
    }
    t->count++;
    return 0;
}

int tensors_add_metadata(struct tensors *t, const char *key, const char *value, struct error *e) {
    void *array = t->pairs;
    int rc = grow(t, &array, t->pair_count, &t->pair_room, sizeof *t->pairs, e);
    t->pairs = array;
    if (rc < 0)
        return rc;
    const char *k = copy_text(t, key, strlen(key), e), *v = k ? copy_text(t, value, strlen(value), e) : NULL;
    if (!v)
        return e->code;
    t->pairs[t->pair_count++] = (struct tensors_pair){k, v};
    return 0;
}

static size_t hash_name(const char *name) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ h >> 29);
}

/* The slot that holds `name`, or the empty one where it belongs. */
static size_t find_slot(const struct tensors *t, const char *name) {
    size_t at = hash_name(name) & t->slot_mask;
    while (t->slots[at] && strcmp(t->items[t->slots[at] - 1].name, name) != 0)
        at = (at + 1) & t->slot_mask;
    return at;
}

static int index_names(struct tensors *t, struct error *e) {
    size_t slots = 16;
    while (slots < 2 * t->count)
        slots *= 2;
    t->slots = calloc(slots, sizeof *t->slots);
    if (!t->slots)
        return error_set(e, ERROR_MEMORY, "%s: no memory for an index of %zu names", t->path, t->count);
    t->slot_mask = slots - 1;
    for (size_t i = 0; i < t->count; i++) {
        size_t at = find_slot(t, t->items[i].name);
        if (t->slots[at])
            return error_set(e, ERROR_FORMAT, "%s: holds two tensors named %.200s; expected one of each name", t->path,
                             t->items[i].name);
        t->slots[at] = i + 1;
    }
    return 0;
}

static int map_file(struct tensors *t, struct error *e) {
    struct stat st;
    int rc = 0;
    /* O_NONBLOCK: opening a named pipe must not wait for its writer. */
    int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(e, ERROR_IO, "%s: cannot be opened: %s", t->path, strerror(errno));
    if (fstat(fd, &st) < 0)
        rc = error_set(e, ERROR_IO, "%s: cannot be read: %s", t->path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        rc = error_set(e, ERROR_IO, "%s: is %s; expected a checkpoint file", t->path,
                       S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
    else if (st.st_size == 0)
        rc =
            error_set(e, ERROR_FORMAT, "%s: is empty (0 bytes); expected a safetensors or PyTorch checkpoint", t->path);
    else {
        void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED)
            rc = error_set(e, ERROR_IO, "%s: cannot be mapped into memory: %s", t->path, strerror(errno));
        else {
            t->file = map;
            t->size = (size_t)st.st_size;
        }
    }
    close(fd);
    return rc;
}

/* Files that people hold by mistake, told by their first bytes. */
static const char *what_it_is(const unsigned char *file, size_t size) {
    static const struct {
        const char *start, *text;
    } known[] = {
        {"version https://git-lfs", "a Git LFS pointer, not the file it stands for"},
        {"<!DOCTYPE", "a web page"},
        {"<html", "a web page"},
        {"\x1f\x8b", "a gzip file; unpack it first"},
        {"\x89HDF", "an HDF5 file"},
        {"\x93NUMPY", "a NumPy array"},
        {"\x80", "a pickle without PyTorch's magic number"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (size >= strlen(known[i].start) && memcmp(file, known[i].start, strlen(known[i].start)) == 0)
            return known[i].text;
    if (size > 262 && memcmp(file + 257, "ustar", 5) == 0)
        return "a tar archive (PyTorch before 0.1.10 wrote such checkpoints; save it again with a newer one)";
    return NULL;
}

static int read_content(struct tensors *t, struct error *e) {
    static const char magic[] = TORCH_LEGACY_MAGIC;
    if (t->size >= 4 && (memcmp(t->file, "PK\3\4", 4) == 0 || memcmp(t->file, "PK\5\6", 4) == 0))
        return torch_zip_read(t, e);
    if (t->size >= sizeof magic - 1 && memcmp(t->file, magic, sizeof magic - 1) == 0)
        return torch_legacy_read(t, e);
    const char *known = what_it_is(t->file, t->size);
    if (!known && t->size > 8 && t->file[8] == '{')
        return safetensors_read(t, e);
    char shown[17];
    tensors_printable((const char *)t->file, t->size < 16 ? t->size : 16, shown, sizeof shown);
    return error_set(e, ERROR_FORMAT,
                     "%s: is %s (begins with '%s'); expected safetensors, a PyTorch zip archive or a "
                     "PyTorch legacy file",
                     t->path, known ? known : "no checkpoint", shown);
}

int tensors_open(struct tensors **out, const char *path, struct error *e) {
    struct error own = {0};
    if (!e)
        e = &own;
    *out = NULL;
    struct tensors *t = calloc(1, sizeof *t);
    if (!t || !(t->path = strdup(path))) {
        free(t);
        return error_set(e, ERROR_MEMORY, "%s: no memory to open it", path);
    }
    int rc = map_file(t, e);
    if (rc < 0)
        goto fail;
    /* Copies are needed for unaligned, strided and compressed data; four times the file covers every honest one. */
    t->budget = ((size_t)64 << 20) + 4 * t->size;
    rc = read_content(t, e);
    if (rc < 0)
        goto fail;
    rc = index_names(t, e);
    if (rc < 0)
        goto fail;
    *out = t;
    return 0;
fail:
    tensors_close(t);
    return rc;
}

void tensors_close(struct tensors *t) {
    if (!t)
        return;
    for (struct tensors_block *b = t->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    if (t->file)
        munmap((void *)(uintptr_t)t->file, t->size);
    free(t->slots);
    free(t->pairs);
    free(t->items);
    free(t->path);
    free(t);
}

size_t tensors_count(const struct tensors *t) {
    return t->count;
}

const struct tensor *tensors_at(const struct tensors *t, size_t i) {
    return &t->items[i];
}

const struct tensor *tensors_find(const struct tensors *t, const char *name) {
    size_t slot = t->slots[find_slot(t, name)];
    return slot ? &t->items[slot - 1] : NULL;
}

const char *tensors_metadata(const struct tensors *t, const char *key) {
    for (size_t i = 0; i < t->pair_count; i++)
        if (strcmp(t->pairs[i].key, key) == 0)
            return t->pairs[i].value;
    return NULL;
}

size_t tensors_metadata_count(const struct tensors *t) {
    return t->pair_count;
}

const char *tensors_metadata_key(const struct tensors *t, size_t i) {
    return t->pairs[i].key;
}

const char *tensors_format(const struct tensors *t) {
    return t->format;
}

const char *tensors_path(const struct tensors *t) {
    return t->path;
}
