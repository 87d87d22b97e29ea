#include "core/formats/matlab.h"

#ifdef HAVE_MATIO

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <matio.h>
#include <zlib.h> /* libmatio is built on it */

#include "core/formats/window.h"

struct matlab {
    mat_t *mat;
    matvar_t *array; /* of matlab_begin() */
    char path[];
};

enum { HEADER = 128, TAG = 8, COMPRESSED = 15 };

/* libmatio returns 0 where compressed data are less than the dimensions ask for, and tells of that by its log alone. */
static _Thread_local unsigned complaints;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void note(int level, char *message) {
    (void)message;
    if (level == MATIO_LOG_LEVEL_ERROR || level == (MATIO_LOG_LEVEL_CRITICAL))
        complaints++;
}

static void listen_to_log(void) {
    Mat_LogInitFunc("gptui", note);
}

/* Whether the `length` bytes from `at` on are a whole zlib stream with the right checksum. */
static bool check_stream(struct window *w, uint64_t at, uint64_t length) {
    enum { STEP = 1 << 16 };
    uint8_t *out = malloc(STEP);
    z_stream z = {0};
    int r = out && inflateInit(&z) == Z_OK ? Z_OK : Z_MEM_ERROR;
    for (uint64_t end = at + length; r == Z_OK && at < end;) {
        size_t n = end - at < WINDOW_MOST ? (size_t)(end - at) : WINDOW_MOST;
        const uint8_t *in = window_at(w, at, n);
        z.next_in = (Bytef *)in;
        z.avail_in = in ? (uInt)n : 0;
        at += n;
        do {
            z.next_out = out;
            z.avail_out = STEP;
            r = in ? inflate(&z, Z_NO_FLUSH) : Z_DATA_ERROR;
        } while (r == Z_OK && z.avail_out == 0);
        if (r == Z_BUF_ERROR) /* it wants more */
            r = Z_OK;
    }
    inflateEnd(&z);
    free(out);
    return r == Z_STREAM_END;
}

/* libmatio notices neither that a file ends within an array nor that compressed data are damaged: the lengths that its
 * elements state are added up, and what is compressed is unpacked once for its checksum. */
static int check_elements(const char *path, int fd, uint64_t size, struct error *e) {
    struct window w;
    window_on_file(&w, fd, size);
    const uint8_t *b = window_at(&w, HEADER - 4, 4);
    bool big = b && b[2] == 'M' && b[3] == 'I', little = b && b[2] == 'I' && b[3] == 'M';
    if ((!big && !little) || b[big ? 0 : 1] != 1)
        return error_set(e, ERROR_FORMAT, "%s: not a MATLAB file of version 5", path);
    uint64_t at = HEADER;
    while (at < size && (b = window_at(&w, at, TAG))) {
        uint32_t type = window_u32(b), length = window_u32(b + 4);
        type = big ? __builtin_bswap32(type) : type;
        length = big ? __builtin_bswap32(length) : length;
        if (type == COMPRESSED && length <= size - at - TAG && !check_stream(&w, at + TAG, length))
            return error_set(e, ERROR_FORMAT, "%s: the compressed array at byte %llu is damaged", path,
                             (unsigned long long)at);
        at += TAG + (uint64_t)length;
    }
    if (at == size && at > HEADER)
        return 0;
    return error_set(e, ERROR_FORMAT, "%s: %llu bytes; its arrays take %llu: it is cut off or damaged", path,
                     (unsigned long long)size, (unsigned long long)at);
}

static int check_file(const char *path, struct error *e) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;
    if (fd < 0 || fstat(fd, &st) < 0)
        r = error_set(e, ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        r = error_set(e, ERROR_IO, "%s: not a regular file", path);
    else
        r = check_elements(path, fd, (uint64_t)st.st_size, e);
    if (fd >= 0)
        close(fd);
    return r;
}

int matlab_open(struct matlab **out, const char *path, struct error *e) {
    *out = NULL;
    int r = check_file(path, e);
    if (r < 0)
        return r;
    struct matlab *m = calloc(1, sizeof *m + strlen(path) + 1);
    if (!m)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to open it", path);
    strcpy(m->path, path);
    pthread_once(&once, listen_to_log);
    if (!(m->mat = Mat_Open(path, MAT_ACC_RDONLY))) {
        free(m);
        return error_set(e, ERROR_FORMAT, "%s: cannot be read as a MATLAB file", path);
    }
    *out = m;
    return 0;
}

void matlab_close(struct matlab *m) {
    if (!m)
        return;
    Mat_VarFree(m->array);
    Mat_Close(m->mat);
    free(m);
}

static int not_there(const struct matlab *m, const char *name, const char *expected, struct error *e) {
    return error_set(e, ERROR_FORMAT, "%s: has no array '%s' of %s", m->path, name, expected);
}

/* The elements of an array as its dimensions tell; false: too many. */
static bool count_elements(const matvar_t *v, size_t most, size_t *out) {
    *out = 1;
    for (int i = 0; i < v->rank; i++)
        if (__builtin_mul_overflow(*out, v->dims[i], out))
            return false;
    return *out <= most;
}

static bool whole_number(const matvar_t *v, size_t i, int32_t *out) {
    double value;
    switch (v->class_type) {
    case MAT_C_DOUBLE:
        value = ((const double *)v->data)[i];
        break;
    case MAT_C_SINGLE:
        value = (double)((const float *)v->data)[i];
        break;
    case MAT_C_UINT8:
        value = ((const uint8_t *)v->data)[i];
        break;
    case MAT_C_INT8:
        value = ((const int8_t *)v->data)[i];
        break;
    case MAT_C_UINT16:
        value = ((const uint16_t *)v->data)[i];
        break;
    case MAT_C_INT16:
        value = ((const int16_t *)v->data)[i];
        break;
    case MAT_C_UINT32:
        value = ((const uint32_t *)v->data)[i];
        break;
    default: /* MAT_C_INT32: the callers have looked */
        value = ((const int32_t *)v->data)[i];
        break;
    }
    if (!(value >= INT32_MIN && value <= INT32_MAX) || value != (double)(int32_t)value)
        return false;
    *out = (int32_t)value;
    return true;
}

int matlab_numbers(struct matlab *m, const char *name, int32_t **values, size_t *count, size_t most, struct error *e) {
    matvar_t *v = Mat_VarReadInfo(m->mat, name);
    *values = NULL;
    complaints = 0;
    int r = 0;
    if (!v || v->class_type < MAT_C_DOUBLE || v->class_type > MAT_C_UINT32 || v->isComplex ||
        !count_elements(v, most, count) || *count == 0)
        r = not_there(m, name, "numbers", e);
    else if (Mat_VarReadDataAll(m->mat, v) != 0 || complaints || !v->data || v->nbytes / (size_t)v->data_size < *count)
        r = error_set(e, ERROR_FORMAT, "%s: its array '%s' is damaged", m->path, name);
    else if (!(*values = calloc(*count, sizeof **values)))
        r = error_set(e, ERROR_MEMORY, "%s: not enough memory for %zu numbers", m->path, *count);
    for (size_t i = 0; r == 0 && i < *count; i++)
        if (!whole_number(v, i, *values + i))
            r = not_there(m, name, "whole numbers", e);
    Mat_VarFree(v);
    if (r < 0) {
        free(*values);
        *values = NULL;
    }
    return r;
}

int matlab_begin(struct matlab *m, const char *name, struct matlab_shape *shape, struct error *e) {
    size_t elements;
    Mat_VarFree(m->array);
    m->array = Mat_VarReadInfo(m->mat, name);
    const matvar_t *v = m->array;
    /* libmatio counts in ints; a file of version 5 cannot hold more. */
    if (!v || v->class_type != MAT_C_UINT8 || v->isComplex || v->rank > MATLAB_DIMENSIONS ||
        !count_elements(v, INT_MAX, &elements))
        return not_there(m, name, "bytes", e);
    shape->dimensions = (size_t)v->rank;
    for (int i = 0; i < v->rank; i++)
        shape->at[i] = v->dims[i];
    return 0;
}

int matlab_bytes(struct matlab *m, size_t first, size_t count, uint8_t *out, struct error *e) {
    memset(out, 0, count);
    complaints = 0;
    if (first <= INT_MAX && count <= INT_MAX &&
        Mat_VarReadDataLinear(m->mat, m->array, out, (int)first, 1, (int)count) == 0 && complaints == 0)
        return 0;
    return error_set(e, ERROR_FORMAT, "%s: its array '%s' is damaged", m->path, m->array->name);
}

#else

int matlab_open(struct matlab **out, const char *path, struct error *e) {
    *out = NULL;
    return error_set(e, ERROR_DATA, "%s: cannot be read: built without libmatio (Debian package: libmatio-dev)", path);
}

void matlab_close(struct matlab *m) {
    (void)m;
}

int matlab_numbers(struct matlab *m, const char *name, int32_t **values, size_t *count, size_t most, struct error *e) {
    (void)m, (void)name, (void)most;
    *values = NULL;
    *count = 0;
    return error_set(e, ERROR_DATA, "built without libmatio");
}

int matlab_begin(struct matlab *m, const char *name, struct matlab_shape *shape, struct error *e) {
    (void)m, (void)name, (void)shape;
    return error_set(e, ERROR_DATA, "built without libmatio");
}

int matlab_bytes(struct matlab *m, size_t first, size_t count, uint8_t *out, struct error *e) {
    (void)m, (void)first, (void)count, (void)out;
    return error_set(e, ERROR_DATA, "built without libmatio");
}

#endif
