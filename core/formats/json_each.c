#include "core/formats/json_each.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_OBJECT = 1 << 20, MOST_KEY = 256 };

struct reading {
    FILE *file;
    const char *path;
    char *object; /* [MOST_OBJECT] */
};

static int get(const struct reading *r) {
    return getc_unlocked(r->file);
}

static int get_visible(const struct reading *r) {
    int c;
    do
        c = get(r);
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r');
    return c;
}

static int no_json(const struct reading *r, const char *expected, struct error *e) {
    if (ferror(r->file))
        return error_set(e, ERROR_IO, "%s: cannot be read", r->path);
    return error_set(e, ERROR_FORMAT, "%s: byte %lld: %s%s was expected", r->path, (long long)ftello(r->file),
                     feof(r->file) ? "the file ends where " : "", expected);
}

/* Copies a value from its first character on, up to what ends it: into `out` as far as `room` goes, and counts all.
 * Returns the character behind a number, a true, false or null; else that of the value's end; EOF: cut off. */
static int copy_value(const struct reading *r, int c, char *out, size_t room, size_t *length) {
    size_t depth = 0;
    bool text = false, escaped = false, plain = c != '{' && c != '[' && c != '"';
    for (*length = 0; c != EOF; c = get(r)) {
        if (plain && (c == ',' || c == '}' || c == ']'))
            return c;
        if (*length < room)
            out[*length] = (char)c;
        ++*length;
        if (text) {
            text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if (c == '"') {
            text = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (depth > 0 && (c == '}' || c == ']')) {
            depth--;
        }
        if (!plain && !text && depth == 0)
            return c;
    }
    return EOF;
}

/* Up to behind the '[' of the array. */
static int find_array(const struct reading *r, const char *key, struct error *e) {
    char name[MOST_KEY];
    size_t length;
    if (get_visible(r) != '{')
        return no_json(r, "{", e);
    for (;;) {
        int c = get_visible(r);
        if (c != '"' || copy_value(r, c, name, sizeof name, &length) == EOF || get_visible(r) != ':')
            return no_json(r, "the name of an entry, or all of the array", e);
        c = get_visible(r);
        if (length == strlen(key) + 2 && memcmp(name + 1, key, length - 2) == 0)
            return c == '[' ? 0 : no_json(r, "an array", e);
        bool plain = c != '{' && c != '[' && c != '"';
        c = copy_value(r, c, NULL, 0, &length);
        if ((plain ? c : get_visible(r)) != ',')
            return error_set(e, ERROR_FORMAT, "%s: has no array '%s', or is no JSON", r->path, key);
    }
}

static int one_object(const struct reading *r, size_t i, json_each_fn *each, void *context, struct error *e) {
    size_t length;
    long long place = (long long)ftello(r->file);
    if (copy_value(r, '{', r->object, MOST_OBJECT, &length) == EOF)
        return no_json(r, "the end of an object", e);
    cJSON *object = length <= MOST_OBJECT ? cJSON_ParseWithLength(r->object, length) : NULL;
    if (!object)
        return error_set(e, ERROR_FORMAT, "%s: byte %lld: no JSON, or an object of over %d bytes", r->path, place,
                         MOST_OBJECT);
    int rc = each(context, i, object, e);
    cJSON_Delete(object);
    return rc;
}

static int all_objects(const struct reading *r, json_each_fn *each, void *context, struct error *e) {
    int c = get_visible(r), rc = 0;
    if (c == ']')
        return 0;
    for (size_t i = 0; rc == 0; i++) {
        if (c != '{')
            return no_json(r, "an object", e);
        rc = one_object(r, i, each, context, e);
        if (rc == 0 && (c = get_visible(r)) == ']')
            return 0;
        if (rc == 0 && c != ',')
            return no_json(r, "a comma", e);
        if (rc == 0)
            c = get_visible(r);
    }
    return rc;
}

int json_each(const char *path, const char *key, json_each_fn *each, void *context, struct error *e) {
    struct stat st;
    /* O_NONBLOCK: a fifo must not hang the program. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        int rc = error_set(e, ERROR_IO, "%s: cannot be opened: %s", path, fd < 0 ? strerror(errno) : "no regular file");
        if (fd >= 0)
            close(fd);
        return rc;
    }
    struct reading r = {fdopen(fd, "rb"), path, malloc(MOST_OBJECT)};
    int rc = r.file && r.object ? find_array(&r, key, e) : error_set(e, ERROR_MEMORY, "%s: not enough memory", path);
    if (rc == 0)
        rc = all_objects(&r, each, context, e);
    free(r.object);
    if (r.file)
        fclose(r.file);
    else
        close(fd);
    return rc;
}
