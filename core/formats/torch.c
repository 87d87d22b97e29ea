#include "core/formats/torch.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64
#define MAX_VISITS ((size_t)1 << 22)
#define NAME_SIZE 1024

static const struct {
    enum pickle_global global;
    int type;
    size_t element;
} storage_types[] = {
    {PICKLE_FLOAT_STORAGE, TENSOR_F32, 4}, {PICKLE_DOUBLE_STORAGE, TENSOR_F64, 8},
    {PICKLE_HALF_STORAGE, TENSOR_F16, 2},  {PICKLE_BFLOAT16_STORAGE, TENSOR_BF16, 2},
    {PICKLE_LONG_STORAGE, TENSOR_I64, 8},  {PICKLE_INT_STORAGE, TENSOR_I32, 4},
    {PICKLE_SHORT_STORAGE, TENSOR_I16, 2}, {PICKLE_CHAR_STORAGE, TENSOR_I8, 1},
    {PICKLE_BYTE_STORAGE, TENSOR_U8, 1},   {PICKLE_BOOL_STORAGE, TENSOR_BOOL, 1},
    {PICKLE_COMPLEX_FLOAT_STORAGE, -1, 8}, {PICKLE_COMPLEX_DOUBLE_STORAGE, -1, 16},
    {PICKLE_QINT8_STORAGE, -1, 1},         {PICKLE_QUINT8_STORAGE, -1, 1},
    {PICKLE_QINT32_STORAGE, -1, 4},
};

static int compare_keys(const char *a, size_t a_size, const char *b, size_t b_size) {
    size_t n = a_size < b_size ? a_size : b_size;
    int c = n ? memcmp(a, b, n) : 0;
    return c ? c : (a_size > b_size) - (a_size < b_size);
}

static int compare_storages(const void *a, const void *b) {
    const struct torch_storage *x = a, *y = b;
    return compare_keys(x->key, x->key_size, y->key, y->key_size);
}

struct torch_storage *torch_find_storage(const struct torch_file *f, const char *key, size_t key_size) {
    struct torch_storage wanted = {.key = key, .key_size = key_size};
    if (f->storage_count == 0)
        return NULL;
    return bsearch(&wanted, f->storages, f->storage_count, sizeof wanted, compare_storages);
}

/* The tuple ("storage", type, key, device, numel[, view]) of a persistent id; NULL: it is no such tuple. */
static const struct pickle_value *storage_id(const struct pickle_value *persistent) {
    const struct pickle_value *id = persistent->list.items[0];
    struct pickle_value **i = id->list.items;
    if (id->kind != PICKLE_TUPLE || id->list.count < 5 || id->list.count > 6)
        return NULL;
    if (i[0]->kind != PICKLE_TEXT || compare_keys(i[0]->text.bytes, i[0]->text.size, "storage", 7) != 0)
        return NULL;
    if (i[1]->kind != PICKLE_GLOBAL || i[2]->kind != PICKLE_TEXT || i[4]->kind != PICKLE_INT || i[4]->integer < 0)
        return NULL;
    return id;
}

static int read_storage_id(const struct tensors *t, const struct pickle_value *persistent, struct torch_storage *s,
                           struct error *e) {
    char shown[80];
    const struct pickle_value *id = storage_id(persistent);
    if (!id)
        return error_set(
            e, ERROR_FORMAT,
            "%s: a persistent id of its pickle names no storage; expected (\"storage\", type, key, device, "
            "elements)",
            t->path);
    const struct pickle_value *type = id->list.items[1], *key = id->list.items[2];
    *s = (struct torch_storage){.key = key->text.bytes, .key_size = key->text.size};
    s->count = (size_t)id->list.items[4]->integer;
    for (size_t i = 0; i < sizeof storage_types / sizeof *storage_types; i++) {
        if (storage_types[i].global != type->global)
            continue;
        s->type = storage_types[i].type;
        s->element = storage_types[i].element;
        if (!__builtin_mul_overflow(s->count, s->element, &s->bytes))
            return 0;
        return error_set(e, ERROR_FORMAT, "%s: storage %s is of %zu elements; that is more than memory can address",
                         t->path, tensors_printable(s->key, s->key_size, shown, sizeof shown), s->count);
    }
    return error_set(e, ERROR_FORMAT,
                     "%s: a storage is of type %s; expected one of PyTorch's, such as torch.FloatStorage", t->path,
                     tensors_printable(type->text.bytes, type->text.size, shown, sizeof shown));
}

static int list_storages(struct torch_file *f, struct error *e) {
    size_t count = pickle_persistent_count(f->pickle), unique = 0;
    f->storages = calloc(count + 1, sizeof *f->storages);
    if (!f->storages)
        return error_set(e, ERROR_MEMORY, "%s: no memory for a list of %zu storages", f->tensors->path, count);
    for (size_t i = 0; i < count; i++) {
        int rc = read_storage_id(f->tensors, pickle_persistent(f->pickle, i), &f->storages[i], e);
        if (rc < 0)
            return rc;
    }
    if (count > 0)
        qsort(f->storages, count, sizeof *f->storages, compare_storages);
    for (size_t i = 0; i < count; i++) {
        struct torch_storage *s = &f->storages[i], *last = unique ? &f->storages[unique - 1] : NULL;
        if (!last || compare_storages(last, s) != 0) {
            f->storages[unique++] = *s;
        } else if (last->type != s->type || last->element != s->element || last->count != s->count) {
            char shown[80];
            return error_set(e, ERROR_FORMAT, "%s: storage %s is described in two ways (%zu and %zu elements)",
                             f->tensors->path, tensors_printable(s->key, s->key_size, shown, sizeof shown), last->count,
                             s->count);
        }
    }
    f->storage_count = unique;
    return 0;
}

int torch_begin(struct torch_file *f, const void *data, size_t size, size_t *used, struct error *e) {
    int rc = pickle_load(&f->pickle, data, size, used, e);
    if (rc < 0)
        return error_prefix(e, rc, "%s: ", f->tensors->path);
    rc = list_storages(f, e);
    if (rc < 0)
        torch_end(f);
    return rc;
}

void torch_end(struct torch_file *f) {
    pickle_close(f->pickle);
    free(f->storages);
    f->pickle = NULL;
    f->storages = NULL;
    f->storage_count = 0;
}

/* A tensor as its pickle describes it; offsets and strides count elements. */
struct view {
    struct torch_storage *storage;
    size_t offset, count;
    int rank;
    size_t shape[TENSOR_MAX_RANK], stride[TENSOR_MAX_RANK];
};

static int view_error(const struct torch_file *f, const char *name, const char *what, struct error *e) {
    return error_set(e, ERROR_FORMAT, "%s: tensor %s %s", f->tensors->path, name, what);
}

static bool read_sizes(const struct pickle_value *v, size_t *out) {
    for (size_t i = 0; i < v->list.count; i++) {
        if (v->list.items[i]->kind != PICKLE_INT || v->list.items[i]->integer < 0)
            return false;
        out[i] = (size_t)v->list.items[i]->integer;
    }
    return true;
}

/* One past the last element that the view touches; false on overflow. */
static bool view_end(const struct view *v, size_t *end) {
    *end = v->offset;
    for (int i = 0; i < v->rank; i++) {
        size_t reach;
        if (__builtin_mul_overflow(v->shape[i] - 1, v->stride[i], &reach) || __builtin_add_overflow(*end, reach, end))
            return false;
    }
    return !__builtin_add_overflow(*end, (size_t)1, end);
}

/* Reads (storage, offset, size, stride, ...) and checks that the view stays inside its storage. */
static int read_view(const struct torch_file *f, struct pickle_value *const *items, size_t count, const char *name,
                     struct view *v, struct error *e) {
    char text[160];
    *v = (struct view){0};
    if (count < 4 || items[0]->kind != PICKLE_PERSISTENT || items[1]->kind != PICKLE_INT || items[1]->integer < 0 ||
        items[2]->kind != PICKLE_TUPLE || items[3]->kind != PICKLE_TUPLE)
        return view_error(f, name, "is rebuilt from no (storage, offset, size, stride)", e);
    if (items[2]->list.count > TENSOR_MAX_RANK || items[3]->list.count != items[2]->list.count)
        return view_error(f, name, "has more than 8 dimensions, or not one stride for each", e);
    v->rank = (int)items[2]->list.count;
    if (!read_sizes(items[2], v->shape) || !read_sizes(items[3], v->stride))
        return view_error(f, name, "has a size or stride that is no whole number from 0", e);
    const struct pickle_value *id = storage_id(items[0]);
    v->storage = torch_find_storage(f, id->list.items[2]->text.bytes, id->list.items[2]->text.size);
    v->offset = (size_t)items[1]->integer;
    size_t length = v->storage->count, end;
    if (id->list.count == 6 && id->list.items[5]->kind == PICKLE_TUPLE) { /* legacy: (view key, offset, size) */
        const struct pickle_value *view = id->list.items[5];
        size_t base, size;
        if (view->list.count != 3 || view->list.items[1]->kind != PICKLE_INT || view->list.items[1]->integer < 0 ||
            view->list.items[2]->kind != PICKLE_INT || view->list.items[2]->integer < 0)
            return view_error(f, name, "lies in a storage view that is no (key, offset, size)", e);
        base = (size_t)view->list.items[1]->integer;
        size = (size_t)view->list.items[2]->integer;
        if (base > length || size > length - base || v->offset > size)
            return view_error(f, name, "lies in a view that leaves its storage", e);
        v->offset += base;
        length = base + size;
    }
    v->count = 1;
    for (int i = 0; i < v->rank; i++)
        if (__builtin_mul_overflow(v->count, v->shape[i], &v->count))
            return view_error(f, name, "has more elements than memory can address", e);
    if (v->count == 0)
        return 0;
    if (!view_end(v, &end) || end > length) {
        snprintf(text, sizeof text, "reaches past the end of its storage of %zu elements (offset %zu)", length,
                 v->offset);
        return view_error(f, name, text, e);
    }
    return 0;
}

static bool is_contiguous(const struct view *v) {
    size_t expected = 1;
    for (int i = v->rank - 1; i >= 0; i--) {
        if (v->shape[i] != 1 && v->stride[i] != expected)
            return false;
        expected *= v->shape[i];
    }
    return true;
}

/* out[count] = the elements in row-major order. The last dimension is the inner loop; the others count up. */
static void gather(const struct view *v, unsigned char *out) {
    size_t index[TENSOR_MAX_RANK] = {0}, element = v->storage->element, at = v->offset;
    size_t inner = v->rank ? v->shape[v->rank - 1] : 1, step = v->rank ? v->stride[v->rank - 1] : 0;
    for (size_t done = 0; done < v->count; done += inner) {
        for (size_t i = 0; i < inner; i++, out += element)
            memcpy(out, v->storage->data + (at + i * step) * element, element);
        for (int d = v->rank - 2; d >= 0; d--) {
            at += v->stride[d];
            if (++index[d] < v->shape[d])
                break;
            at -= v->stride[d] * v->shape[d];
            index[d] = 0;
        }
    }
}

static int add_view(struct torch_file *f, const struct view *v, const char *name, size_t name_size, struct error *e) {
    static const unsigned char nothing[8];
    if (v->storage->type < 0)
        return 0;
    if (!v->storage->data && v->count > 0) {
        int rc = f->find(f, v->storage, name, e);
        if (rc < 0)
            return rc;
    }
    struct tensor item = {.type = (enum tensor_type)v->storage->type, .rank = v->rank};
    size_t count, bytes;
    memcpy(item.shape, v->shape, sizeof item.shape);
    if (!tensors_extent(&item, &count, &bytes))
        return view_error(f, name, "has more elements than memory can address", e);
    if (v->count == 0) {
        item.data = nothing;
    } else if (is_contiguous(v)) {
        item.data = v->storage->data + v->offset * v->storage->element;
    } else {
        unsigned char *copy = tensors_memory(f->tensors, bytes, e);
        if (!copy)
            return e->code;
        gather(v, copy);
        item.data = copy;
    }
    return tensors_add(f->tensors, name, name_size, &item, e);
}

static int walk(struct torch_file *f, const struct pickle_value *v, char *name, size_t used, int depth,
                struct error *e);

/* The calls that make tensors; those of other functions were made opaque by the unpickler. */
static int walk_call(struct torch_file *f, const struct pickle_value *v, char *name, size_t used, int depth,
                     struct error *e) {
    struct view view;
    struct pickle_value **items = v->list.items;
    size_t count = v->list.count;
    enum pickle_global global = v->global;
    /* _rebuild_from_type_v2(function, type, arguments, state): a tensor of a subclass or with attributes. */
    if (global == PICKLE_REBUILD_FROM_TYPE) {
        if (count < 3 || items[0]->kind != PICKLE_GLOBAL || items[2]->kind != PICKLE_TUPLE)
            return 0;
        global = items[0]->global;
        count = items[2]->list.count;
        items = items[2]->list.items;
    }
    if (global == PICKLE_REBUILD_PARAMETER || global == PICKLE_REBUILD_PARAMETER_WITH_STATE)
        return count > 0 ? walk(f, items[0], name, used, depth + 1, e) : 0;
    if (global != PICKLE_REBUILD_TENSOR && global != PICKLE_REBUILD_TENSOR_V2)
        return 0;
    name[used] = 0;
    if (used == 0) {
        strcpy(name, "tensor"); /* the file is one bare tensor */
        used = strlen(name);
    }
    if (!tensors_clean(name, used))
        return error_set(e, ERROR_FORMAT, "%s: a tensor's name is no UTF-8 text or holds control characters",
                         f->tensors->path);
    int rc = read_view(f, items, count, name, &view, e);
    return rc < 0 ? rc : add_view(f, &view, name, used, e);
}

/* Appends ".key" to the name. 0: the key is of a kind that names nothing. */
static size_t name_entry(char *name, size_t used, const struct pickle_value *key) {
    char number[32];
    const char *text = number;
    size_t size;
    if (key->kind == PICKLE_INT) {
        size = (size_t)snprintf(number, sizeof number, "%lld", (long long)key->integer);
    } else if (key->kind == PICKLE_TEXT) {
        text = key->text.bytes;
        size = key->text.size;
    } else {
        return 0;
    }
    size_t dot = used > 0;
    if (size == 0 || size >= NAME_SIZE - used - dot)
        return 0;
    if (dot)
        name[used] = '.';
    memcpy(name + used + dot, text, size);
    return used + dot + size;
}

static int walk(struct torch_file *f, const struct pickle_value *v, char *name, size_t used, int depth,
                struct error *e) {
    if (depth > MAX_DEPTH || ++f->visits > MAX_VISITS)
        return error_set(e, ERROR_FORMAT, "%s: its values are nested deeper than %d or number more than %zu",
                         f->tensors->path, MAX_DEPTH, MAX_VISITS);
    if (v->kind == PICKLE_CALL)
        return walk_call(f, v, name, used, depth, e);
    if (v->kind != PICKLE_DICT && v->kind != PICKLE_LIST && v->kind != PICKLE_TUPLE)
        return 0;
    size_t step = v->kind == PICKLE_DICT ? 2 : 1;
    for (size_t i = 0; i < v->list.count; i += step) {
        struct pickle_value index = {.kind = PICKLE_INT};
        index.integer = (int64_t)i;
        size_t longer = name_entry(name, used, step == 2 ? v->list.items[i] : &index);
        int rc = longer ? walk(f, v->list.items[i + step - 1], name, longer, depth + 1, e) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

int torch_collect(struct torch_file *f, struct error *e) {
    char name[NAME_SIZE], shown[80];
    const struct pickle_value *root = pickle_root(f->pickle);
    int rc = walk(f, root, name, 0, 0, e);
    if (rc < 0 || f->tensors->count > 0)
        return rc;
    if (root->kind == PICKLE_OPAQUE)
        return error_set(
            e, ERROR_FORMAT,
            "%s: its content is an object made by %s, which is not run; expected tensors, as a state_dict() holds",
            f->tensors->path, tensors_printable(root->text.bytes, root->text.size, shown, sizeof shown));
    return error_set(e, ERROR_FORMAT, "%s: its pickle holds no tensors; expected a dict of them", f->tensors->path);
}
