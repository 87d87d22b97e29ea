/* PyTorch's format from 0.1.10 to 1.5: five pickles in a row (magic number, protocol version, system, the object, the
 * storages' keys), then the storages in the order of the keys: an int64 with the number of elements, and the elements.
 */
#include <stdint.h>
#include <string.h>

#include "core/formats/torch.h"

#define PROTOCOL 1001

/* The next of the small pickles before the object. */
static int next_pickle(const struct tensors *t, size_t *at, struct pickle **out, struct error *e) {
    size_t used = 0;
    int rc = pickle_load(out, t->file + *at, t->size - *at, &used, e);
    if (rc < 0)
        return error_prefix(e, rc, "%s: ", t->path);
    *at += used;
    return 0;
}

static int check_head(const struct tensors *t, size_t *at, struct error *e) {
    struct pickle *p = NULL;
    int rc = next_pickle(t, at, &p, e);
    if (rc < 0)
        return rc;
    const struct pickle_value *v = pickle_root(p);
    if (v->kind != PICKLE_INT || v->integer != PROTOCOL)
        rc = error_set(e, ERROR_FORMAT, "%s: is of an unknown version of PyTorch's legacy format; expected %d", t->path,
                       PROTOCOL);
    pickle_close(p);
    p = NULL;
    if (rc == 0)
        rc = next_pickle(t, at, &p, e);
    if (rc < 0)
        return rc;
    v = pickle_get(pickle_root(p), "little_endian");
    if (v && v->kind == PICKLE_BOOL && !v->integer)
        rc = error_set(e, ERROR_FORMAT, "%s: was saved on a big-endian machine; expected little-endian", t->path);
    pickle_close(p);
    return rc;
}

static int place_storage(struct torch_file *f, const struct pickle_value *key, size_t *at, struct error *e) {
    const struct tensors *t = f->tensors;
    char shown[80] = "?";
    uint64_t count;
    struct torch_storage *s = NULL;
    if (key->kind == PICKLE_TEXT) {
        tensors_printable(key->text.bytes, key->text.size, shown, sizeof shown);
        s = torch_find_storage(f, key->text.bytes, key->text.size);
    }
    if (!s)
        return error_set(e, ERROR_FORMAT, "%s: lists storage %s, which no tensor names", t->path, shown);
    if (t->size - *at < 8)
        return error_set(e, ERROR_FORMAT, "%s: ends before storage %s; the file is cut off", t->path, shown);
    memcpy(&count, t->file + *at, 8);
    *at += 8;
    if (count != s->count)
        return error_set(e, ERROR_FORMAT, "%s: storage %s holds %llu elements; expected %zu", t->path, shown,
                         (unsigned long long)count, s->count);
    if (s->bytes > t->size - *at)
        return error_set(e, ERROR_FORMAT, "%s: storage %s is of %zu bytes, but only %zu follow; the file is cut off",
                         t->path, shown, s->bytes, t->size - *at);
    s->data = t->file + *at;
    *at += s->bytes;
    return 0;
}

static int place_storages(struct torch_file *f, size_t at, struct error *e) {
    struct pickle *keys = NULL;
    int rc = next_pickle(f->tensors, &at, &keys, e);
    if (rc < 0)
        return rc;
    const struct pickle_value *list = pickle_root(keys);
    if (list->kind != PICKLE_LIST && list->kind != PICKLE_TUPLE)
        rc = error_set(e, ERROR_FORMAT, "%s: its fifth pickle is no list of storages", f->tensors->path);
    for (size_t i = 0; rc == 0 && i < list->list.count; i++)
        rc = place_storage(f, list->list.items[i], &at, e);
    pickle_close(keys);
    return rc;
}

static int storage_missing(struct torch_file *f, struct torch_storage *s, const char *name, struct error *e) {
    char shown[80];
    return error_set(e, ERROR_FORMAT, "%s: lacks storage %s of tensor %s", f->tensors->path,
                     tensors_printable(s->key, s->key_size, shown, sizeof shown), name);
}

int torch_legacy_read(struct tensors *t, struct error *e) {
    size_t at = sizeof TORCH_LEGACY_MAGIC - 1, used = 0;
    t->format = "PyTorch legacy";
    int rc = check_head(t, &at, e);
    if (rc < 0)
        return rc;
    struct torch_file f = {.tensors = t, .find = storage_missing};
    rc = torch_begin(&f, t->file + at, t->size - at, &used, e);
    if (rc < 0)
        return rc;
    rc = place_storages(&f, at + used, e);
    if (rc == 0)
        rc = torch_collect(&f, e);
    torch_end(&f);
    return rc;
}
