#include "core/formats/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "core/formats/reader.h"

#define HEADER_LIMIT 100000000u /* of the format's own reader */
#define HEADER_ALIGN 64         /* the data begin at a multiple, so that f32 tensors can be used in place */

/* Where a tensor's bytes lie, counted from the end of the header. */
struct span {
    size_t begin, end;
    const char *name; /* belongs to the JSON tree */
};

/* Whole numbers up to 2^53 pass through cJSON's doubles unchanged. */
static bool whole_number(const cJSON *item, size_t *out) {
    double d = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(d >= 0 && d <= 0x1p53) || d != (double)(size_t)d)
        return false;
    *out = (size_t)d;
    return true;
}

static int entry_error(const struct tensors *t, const char *name, const char *what, struct error *e) {
    char shown[200];
    return error_set(e, ERROR_FORMAT, "%s: tensor %s: %s", t->path,
                     tensors_printable(name, strlen(name), shown, sizeof shown), what);
}

static int parse_type(const struct tensors *t, const cJSON *entry, const cJSON *dtype, struct tensor *out,
                      struct error *e) {
    char text[200], shown[32];
    if (!cJSON_IsString(dtype))
        return entry_error(t, entry->string, "has no dtype; expected a text such as \"F32\"", e);
#define X(type_name, type_text, bytes)                                                                                 \
    if (strcmp(dtype->valuestring, type_text) == 0) {                                                                  \
        out->type = type_name;                                                                                         \
        return 0;                                                                                                      \
    }
    TENSOR_TYPES(X)
#undef X
    snprintf(text, sizeof text, "has dtype '%s'; expected F32, F64, F16, BF16, BOOL or a whole-number type",
             tensors_printable(dtype->valuestring, strlen(dtype->valuestring), shown, sizeof shown));
    return entry_error(t, entry->string, text, e);
}

static int parse_shape(const struct tensors *t, const cJSON *entry, const cJSON *shape, struct tensor *out,
                       struct error *e) {
    const cJSON *item;
    if (!cJSON_IsArray(shape))
        return entry_error(t, entry->string, "has no shape; expected a list of whole numbers", e);
    cJSON_ArrayForEach (item, shape) {
        if (out->rank == TENSOR_MAX_RANK)
            return entry_error(t, entry->string, "has more than 8 dimensions", e);
        if (!whole_number(item, &out->shape[out->rank++]))
            return entry_error(t, entry->string, "has a shape that is no list of whole numbers up to 2^53", e);
    }
    return 0;
}

static int parse_offsets(const struct tensors *t, const cJSON *entry, const cJSON *offsets, const struct tensor *item,
                         struct span *out, struct error *e) {
    char text[200], shape[100];
    size_t count, bytes;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !whole_number(offsets->child, &out->begin) ||
        !whole_number(offsets->child->next, &out->end) || out->begin > out->end)
        return entry_error(t, entry->string, "has no data_offsets; expected [begin, end] with begin <= end", e);
    if (!tensors_extent(item, &count, &bytes))
        return entry_error(t, entry->string, "has more elements than memory can address", e);
    if (out->end - out->begin == bytes)
        return 0;
    snprintf(text, sizeof text, "data_offsets [%zu, %zu] span %zu bytes; expected %zu for %s of type %s", out->begin,
             out->end, out->end - out->begin, bytes, tensor_shape_text(item, shape, sizeof shape),
             tensor_type_name(item->type));
    return entry_error(t, entry->string, text, e);
}

static int parse_entry(const struct tensors *t, const cJSON *entry, struct tensor *out, struct span *span,
                       struct error *e) {
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    const cJSON *found[3] = {NULL, NULL, NULL}, *item;
    if (!cJSON_IsObject(entry))
        return entry_error(t, entry->string, "is described by no JSON object; expected dtype, shape, data_offsets", e);
    cJSON_ArrayForEach (item, entry) {
        for (size_t i = 0; i < 3; i++) {
            if (strcmp(item->string, keys[i]) != 0)
                continue;
            if (found[i])
                return entry_error(t, entry->string, "gives dtype, shape or data_offsets twice", e);
            found[i] = item;
        }
    }
    *out = (struct tensor){0};
    span->name = entry->string;
    int rc = parse_type(t, entry, found[0], out, e);
    if (rc == 0)
        rc = parse_shape(t, entry, found[1], out, e);
    if (rc == 0)
        rc = parse_offsets(t, entry, found[2], out, span, e);
    return rc;
}

static int compare_spans(const void *a, const void *b) {
    const struct span *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* The spans must tile the data: no hole, no overlap, nothing left over. Sorts them. */
static int check_spans(const struct tensors *t, struct span *spans, size_t count, size_t data_size, struct error *e) {
    char text[200];
    size_t at = 0;
    if (count > 0)
        qsort(spans, count, sizeof *spans, compare_spans);
    for (size_t i = 0; i < count; i++) {
        if (spans[i].begin != at) {
            snprintf(text, sizeof text, "data_offsets begin at %zu; expected %zu, where the tensor before ends",
                     spans[i].begin, at);
            return entry_error(t, spans[i].name, text, e);
        }
        at = spans[i].end;
    }
    if (at == data_size)
        return 0;
    return error_set(e, ERROR_FORMAT,
                     "%s: holds %zu bytes of data after its header; expected %zu, the end of its tensors", t->path,
                     data_size, at);
}

static int read_metadata(struct tensors *t, const cJSON *metadata, struct error *e) {
    const cJSON *item;
    if (!cJSON_IsObject(metadata))
        return error_set(e, ERROR_FORMAT, "%s: __metadata__ is no JSON object; expected one of texts", t->path);
    cJSON_ArrayForEach (item, metadata) {
        char shown[64];
        if (!cJSON_IsString(item))
            return error_set(e, ERROR_FORMAT, "%s: __metadata__ field '%s' is no text; expected texts only", t->path,
                             tensors_printable(item->string, strlen(item->string), shown, sizeof shown));
        if (tensors_metadata(t, item->string))
            return error_set(e, ERROR_FORMAT, "%s: __metadata__ gives '%s' twice", t->path,
                             tensors_printable(item->string, strlen(item->string), shown, sizeof shown));
        int rc = tensors_add_metadata(t, item->string, item->valuestring, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int past_end(const struct tensors *t, const struct span *s, size_t data_size, struct error *e) {
    char text[120];
    snprintf(text, sizeof text, "ends at byte %zu of the data, but the file holds %zu; it is cut off", s->end,
             data_size);
    return entry_error(t, s->name, text, e);
}

static int read_entries(struct tensors *t, const cJSON *json, size_t data_at, struct error *e) {
    size_t count = 0;
    bool has_metadata = false;
    int rc = 0;
    struct span *spans = calloc((size_t)cJSON_GetArraySize(json) + 1, sizeof *spans);
    if (!spans)
        return error_set(e, ERROR_MEMORY, "%s: no memory for its list of tensors", t->path);
    const cJSON *entry;
    cJSON_ArrayForEach (entry, json) {
        struct tensor item;
        if (strcmp(entry->string, "__metadata__") == 0) {
            rc = has_metadata ? error_set(e, ERROR_FORMAT, "%s: holds __metadata__ twice", t->path)
                              : read_metadata(t, entry, e);
            has_metadata = true;
        } else {
            rc = parse_entry(t, entry, &item, &spans[count], e);
            /* The pointer is looked at only after the span is known to lie in the file. */
            if (rc == 0 && spans[count].end > t->size - data_at)
                rc = past_end(t, &spans[count], t->size - data_at, e);
            item.data = rc == 0 ? t->file + data_at + spans[count].begin : NULL;
            if (rc == 0)
                rc = tensors_add(t, entry->string, strlen(entry->string), &item, e);
            count++;
        }
        if (rc < 0)
            goto done;
    }
    rc = check_spans(t, spans, count, t->size - data_at, e);
done:
    free(spans);
    return rc;
}

static int header_length(const struct tensors *t, size_t *out, struct error *e) {
    uint64_t n;
    if (t->size < 8)
        return error_set(e, ERROR_FORMAT, "%s: is %zu bytes long; expected at least 8", t->path, t->size);
    memcpy(&n, t->file, 8);
    if (n > HEADER_LIMIT)
        return error_set(e, ERROR_FORMAT, "%s: its header length is %llu; expected at most %u", t->path,
                         (unsigned long long)n, HEADER_LIMIT);
    if (n > t->size - 8)
        return error_set(e, ERROR_FORMAT,
                         "%s: its header length is %llu, but only %zu bytes follow; the file is cut off", t->path,
                         (unsigned long long)n, t->size - 8);
    *out = (size_t)n;
    return 0;
}

int safetensors_read(struct tensors *t, struct error *e) {
    size_t length = 0;
    const char *end = NULL;
    t->format = "safetensors";
    int rc = header_length(t, &length, e);
    if (rc < 0)
        return rc;
    /* A copy with zeros behind it, so that no parser looks past the header. */
    char *text = calloc(1, length + 16);
    if (!text)
        return error_set(e, ERROR_MEMORY, "%s: no memory for its header of %zu bytes", t->path, length);
    memcpy(text, t->file + 8, length);
    cJSON *json = NULL;
    if (!tensors_utf8(text, length))
        rc = error_set(e, ERROR_FORMAT, "%s: its header is no valid UTF-8", t->path);
    else if (!(json = cJSON_ParseWithLengthOpts(text, length, &end, 0)) || !cJSON_IsObject(json))
        rc = error_set(e, ERROR_FORMAT, "%s: its header is no JSON object (near byte %td)", t->path,
                       end ? end - text + 8 : 8);
    else if (strspn(end, " ") != (size_t)(text + length - end))
        rc = error_set(e, ERROR_FORMAT, "%s: its header holds something after the JSON object (at byte %td)", t->path,
                       end - text + 8);
    else
        rc = read_entries(t, json, 8 + length, e);
    cJSON_Delete(json);
    free(text);
    return rc;
}

/* As a JSON text; bytes that are no UTF-8 (a path may hold any) become U+FFFD. */
static void put_text(FILE *f, const char *text) {
    bool valid = tensors_utf8(text, strlen(text));
    fputc('"', f);
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(f, "\\%c", *s);
        else if (*s < 0x20)
            fprintf(f, "\\u%04x", *s);
        else if (*s >= 0x80 && !valid)
            fputs("\\ufffd", f);
        else
            fputc(*s, f);
    }
    fputc('"', f);
}

static size_t tensor_bytes(const struct tensor *t) {
    return t->count * tensor_type_bytes(t->type);
}

/* The length field and the padded header, allocated. NULL: no memory. */
static char *make_header(const struct tensor *tensors, size_t count, const struct safetensors_metadata *metadata,
                         size_t pairs, size_t *size) {
    char *text = NULL;
    const char *comma = "";
    size_t at = 0;
    FILE *f = open_memstream(&text, size);
    if (!f)
        return NULL;
    fputs("12345678{", f);
    if (pairs > 0) {
        fputs("\"__metadata__\":{", f);
        for (size_t i = 0; i < pairs; i++) {
            fputs(i ? "," : "", f);
            put_text(f, metadata[i].key);
            fputc(':', f);
            put_text(f, metadata[i].value);
        }
        fputc('}', f);
        comma = ",";
    }
    for (size_t i = 0; i < count; i++) {
        fputs(comma, f);
        comma = ",";
        put_text(f, tensors[i].name);
        fprintf(f, ":{\"dtype\":\"%s\",\"shape\":[", tensor_type_name(tensors[i].type));
        for (int k = 0; k < tensors[i].rank; k++)
            fprintf(f, "%s%zu", k ? "," : "", tensors[i].shape[k]);
        fprintf(f, "],\"data_offsets\":[%zu,%zu]}", at, at + tensor_bytes(&tensors[i]));
        at += tensor_bytes(&tensors[i]);
    }
    fputc('}', f);
    for (long n = ftell(f); n % HEADER_ALIGN != 0; n++)
        fputc(' ', f);
    bool bad = ferror(f) != 0;
    if (fclose(f) != 0 || bad) {
        free(text);
        return NULL;
    }
    uint64_t length = *size - 8;
    memcpy(text, &length, 8);
    return text;
}

static int write_all(int fd, const void *data, size_t size) {
    const char *p = data;
    while (size > 0) {
        ssize_t n = write(fd, p, size < ((size_t)1 << 30) ? size : (size_t)1 << 30);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Opens the file that is written beside `path`. It has one fixed name, so that a killed writer leaves at most one
 * behind, which the next writer takes over; the lock keeps two writers apart. Errors: -1 and errno. */
static int open_beside(const char *beside) {
    for (int attempt = 0; attempt < 100; attempt++) {
        struct stat by_name, by_fd;
        int fd = open(beside, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            close(fd);
            errno = EBUSY;
            return -1;
        }
        /* Between opening and locking, its writer may have renamed it to the finished file: then take a new one. */
        if (stat(beside, &by_name) == 0 && fstat(fd, &by_fd) == 0 && by_name.st_ino == by_fd.st_ino &&
            by_name.st_dev == by_fd.st_dev) {
            if (ftruncate(fd, 0) == 0)
                return fd;
            int saved = errno;
            close(fd);
            errno = saved;
            return -1;
        }
        close(fd);
    }
    errno = EBUSY;
    return -1;
}

/* The rename is on disk only once the folder is. Some file systems cannot sync folders; then nothing can be done. */
static void sync_folder(const char *path) {
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

static int write_beside(int fd, const char *header, size_t header_size, const struct tensor *tensors, size_t count) {
    if (write_all(fd, header, header_size) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (write_all(fd, tensors[i].data, tensor_bytes(&tensors[i])) < 0)
            return -1;
    return fsync(fd);
}

int safetensors_write(const char *path, const struct tensor *tensors, size_t count,
                      const struct safetensors_metadata *metadata, size_t pairs, struct error *e) {
    struct stat st;
    size_t header_size = 0;
    int rc = 0;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return error_set(e, ERROR_IO, "%s: cannot be written: it is %s; expected a file name", path,
                         S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
    char *beside = NULL;
    char *header = make_header(tensors, count, metadata, pairs, &header_size);
    if (!header || asprintf(&beside, "%s.tmp", path) < 0) {
        free(header);
        return error_set(e, ERROR_MEMORY, "%s: no memory for its header", path);
    }
    int fd = open_beside(beside);
    if (fd < 0) {
        rc = error_set(e, ERROR_IO, "%s: cannot be written: %s", beside, strerror(errno));
        goto done;
    }
    if (write_beside(fd, header, header_size, tensors, count) < 0 || rename(beside, path) < 0) {
        rc = error_set(e, ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
        unlink(beside);
    }
    close(fd);
    if (rc == 0)
        sync_folder(path);
done:
    free(beside);
    free(header);
    return rc;
}
