/* A restricted unpickler for PyTorch checkpoints: numbers, texts, plain containers, and calls of the few functions that
 * rebuild tensors, handed out as values. Nothing is ever imported or called: a global that is not in the table below,
 * and whatever is made with it, becomes an opaque value that knows its name only.
 *
 *     struct pickle *p = NULL;
 *     size_t used;
 *     if (pickle_load(&p, bytes, size, &used, &err) < 0) ...
 *     const struct pickle_value *model = pickle_get(pickle_root(p), "model");
 *     pickle_close(p);
 *
 * Values belong to the struct pickle; texts point into the bytes given, which must outlive it. Loading does not
 * recurse, and its memory is bounded. Values may be shared and may even contain themselves: who walks them must bound
 * depth and visits. Protocols 0 to 5. Any thread may read a loaded pickle. */
#ifndef CORE_FORMATS_PICKLE_H
#define CORE_FORMATS_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* The globals that are known: X(constant, module, name) */
#define PICKLE_GLOBALS(X)                                                                                              \
    X(PICKLE_ORDERED_DICT, "collections", "OrderedDict")                                                               \
    X(PICKLE_DEFAULT_DICT, "collections", "defaultdict")                                                               \
    X(PICKLE_SIZE, "torch", "Size")                                                                                    \
    X(PICKLE_REBUILD_TENSOR, "torch._utils", "_rebuild_tensor")                                                        \
    X(PICKLE_REBUILD_TENSOR_V2, "torch._utils", "_rebuild_tensor_v2")                                                  \
    X(PICKLE_REBUILD_PARAMETER, "torch._utils", "_rebuild_parameter")                                                  \
    X(PICKLE_REBUILD_PARAMETER_WITH_STATE, "torch._utils", "_rebuild_parameter_with_state")                            \
    X(PICKLE_REBUILD_FROM_TYPE, "torch._tensor", "_rebuild_from_type_v2")                                              \
    X(PICKLE_FLOAT_STORAGE, "torch", "FloatStorage")                                                                   \
    X(PICKLE_DOUBLE_STORAGE, "torch", "DoubleStorage")                                                                 \
    X(PICKLE_HALF_STORAGE, "torch", "HalfStorage")                                                                     \
    X(PICKLE_BFLOAT16_STORAGE, "torch", "BFloat16Storage")                                                             \
    X(PICKLE_LONG_STORAGE, "torch", "LongStorage")                                                                     \
    X(PICKLE_INT_STORAGE, "torch", "IntStorage")                                                                       \
    X(PICKLE_SHORT_STORAGE, "torch", "ShortStorage")                                                                   \
    X(PICKLE_CHAR_STORAGE, "torch", "CharStorage")                                                                     \
    X(PICKLE_BYTE_STORAGE, "torch", "ByteStorage")                                                                     \
    X(PICKLE_BOOL_STORAGE, "torch", "BoolStorage")                                                                     \
    X(PICKLE_COMPLEX_FLOAT_STORAGE, "torch", "ComplexFloatStorage")                                                    \
    X(PICKLE_COMPLEX_DOUBLE_STORAGE, "torch", "ComplexDoubleStorage")                                                  \
    X(PICKLE_QINT8_STORAGE, "torch", "QInt8Storage")                                                                   \
    X(PICKLE_QUINT8_STORAGE, "torch", "QUInt8Storage")                                                                 \
    X(PICKLE_QINT32_STORAGE, "torch", "QInt32Storage")

enum pickle_global {
    PICKLE_UNKNOWN,
#define X(name, module, text) name,
    PICKLE_GLOBALS(X)
#undef X
};

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,       /* integer: 0 or 1 */
    PICKLE_INT,        /* integer; those of more than 64 bits are opaque */
    PICKLE_FLOAT,      /* real */
    PICKLE_TEXT,       /* text: str (UTF-8 as the file has it) or bytes */
    PICKLE_TUPLE,      /* list */
    PICKLE_LIST,       /* list; sets too */
    PICKLE_DICT,       /* list: key, value, key, value ... as set, later ones win */
    PICKLE_GLOBAL,     /* global, text: "module.name" */
    PICKLE_CALL,       /* global (never PICKLE_UNKNOWN), list: the arguments */
    PICKLE_PERSISTENT, /* list: the one value that is the persistent id */
    PICKLE_OPAQUE,     /* text: what made it, "module.name" */
};

struct pickle_value {
    enum pickle_kind kind;
    enum pickle_global global;
    union {
        int64_t integer;
        double real;
        struct {
            const char *bytes; /* not terminated */
            size_t size;
        } text;
        struct {
            struct pickle_value **items;
            size_t count, room;
        } list;
    };
};

struct pickle;

/* Reads one pickle from the start of `data`; *used (NULL accepted) becomes its length. Errors: ERROR_FORMAT says where
 * and what; ERROR_MEMORY. */
int pickle_load(struct pickle **out, const void *data, size_t size, size_t *used, struct error *e);
void pickle_close(struct pickle *p); /* NULL is accepted */

const struct pickle_value *pickle_root(const struct pickle *p);

/* Every persistent id of the stream, in its order. */
size_t pickle_persistent_count(const struct pickle *p);
const struct pickle_value *pickle_persistent(const struct pickle *p, size_t i);

/* The value of `key` in a dict; NULL: no such key, or no dict. */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);

#endif
