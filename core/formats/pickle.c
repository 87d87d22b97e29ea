/* The machine is Python's: a stack, marks on it, and a memo. A mark is a NULL on the stack. Each opcode is a small
 * function in the table at the end; values live in an arena that is freed as a whole, so no opcode has to undo
 * anything.
 *
 * Bounds: each opcode makes at most one value and one list, lists double, and the arena ends at ARENA_LIMIT. A memo
 * index must be below the number of bytes read, since writing an index takes at least one opcode: a stream cannot make
 * the memo much larger than itself. */
#include "core/formats/pickle.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_LIMIT ((size_t)1 << 30)
#define ARENA_CHUNK ((size_t)1 << 16)
#define LIST_LIMIT ((size_t)1 << 26) /* values on the stack, in the memo */

struct chunk {
    struct chunk *next;
    _Alignas(16) unsigned char data[];
};

struct values { /* a growing list of pointers, by malloc */
    struct pickle_value **items;
    size_t count, room;
};

struct pickle {
    struct chunk *chunks;
    size_t chunk_used, chunk_size, arena_bytes;
    struct values stack, memo, persistents;
    struct pickle_value *root;
    const unsigned char *data;
    size_t size, at;
    struct error *error;
};

typedef int opcode(struct pickle *p, int op);

static int fail(struct pickle *p, const char *what) {
    return error_set(p->error, ERROR_FORMAT, "the pickle is damaged at byte %zu: %s", p->at, what);
}

static void *arena(struct pickle *p, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (size > p->chunk_size - p->chunk_used) {
        size_t room = size > ARENA_CHUNK ? size : ARENA_CHUNK;
        struct chunk *c = room <= ARENA_LIMIT - p->arena_bytes ? malloc(sizeof *c + room) : NULL;
        if (!c) {
            error_set(p->error, ERROR_MEMORY, "the pickle needs more than %zu MiB for its values",
                      p->arena_bytes >> 20);
            return NULL;
        }
        c->next = p->chunks;
        p->chunks = c;
        p->chunk_used = 0;
        p->chunk_size = room;
        p->arena_bytes += room;
    }
    void *out = p->chunks->data + p->chunk_used;
    p->chunk_used += size;
    return out;
}

static int append(struct pickle *p, struct values *v, struct pickle_value *item) {
    if (v->count == v->room) {
        size_t room = v->room ? 2 * v->room : 256;
        void *larger = room <= LIST_LIMIT ? reallocarray(v->items, room, sizeof *v->items) : NULL;
        if (!larger)
            return error_set(p->error, ERROR_MEMORY, "no memory for a pickle of %zu values", room);
        v->items = larger;
        v->room = room;
    }
    v->items[v->count++] = item;
    return 0;
}

static struct pickle_value *make(struct pickle *p, enum pickle_kind kind) {
    struct pickle_value *v = arena(p, sizeof *v);
    if (v) {
        memset(v, 0, sizeof *v);
        v->kind = kind;
    }
    return v;
}

static int push(struct pickle *p, struct pickle_value *v) {
    return v ? append(p, &p->stack, v) : ERROR_MEMORY;
}

static int push_integer(struct pickle *p, enum pickle_kind kind, int64_t n) {
    struct pickle_value *v = make(p, kind);
    if (v)
        v->integer = n;
    return push(p, v);
}

static struct pickle_value *make_text(struct pickle *p, enum pickle_kind kind, const char *bytes, size_t size) {
    struct pickle_value *v = make(p, kind);
    if (v) {
        v->text.bytes = bytes;
        v->text.size = size;
    }
    return v;
}

/* Takes the top value; NULL: the stack is empty or a mark is on top. */
static struct pickle_value *pop(struct pickle *p) {
    if (p->stack.count == 0 || !p->stack.items[p->stack.count - 1])
        return NULL;
    return p->stack.items[--p->stack.count];
}

static struct pickle_value *top(struct pickle *p) {
    return p->stack.count ? p->stack.items[p->stack.count - 1] : NULL;
}

/* Values above the last mark: their place on the stack. False: there is no mark. */
static bool above_mark(struct pickle *p, size_t *first) {
    for (size_t i = p->stack.count; i > 0; i--) {
        if (!p->stack.items[i - 1]) {
            *first = i;
            return true;
        }
    }
    return false;
}

static int extend(struct pickle *p, struct pickle_value *v, struct pickle_value *const *items, size_t count) {
    if (count > v->list.room - v->list.count) {
        size_t room = v->list.count + count + v->list.room;
        struct pickle_value **larger = arena(p, room * sizeof *larger);
        if (!larger)
            return ERROR_MEMORY;
        if (v->list.count)
            memcpy(larger, v->list.items, v->list.count * sizeof *larger);
        v->list.items = larger;
        v->list.room = room;
    }
    if (count)
        memcpy(v->list.items + v->list.count, items, count * sizeof *items);
    v->list.count += count;
    return 0;
}

/* The next `size` bytes; NULL (with the error set): the stream ends before. */
static const char *take(struct pickle *p, uint64_t size) {
    if (size > p->size - p->at) {
        fail(p, "it ends in the middle of a value");
        return NULL;
    }
    const char *out = (const char *)p->data + p->at;
    p->at += (size_t)size;
    return out;
}

/* A little-endian number of 1, 2, 4 or 8 bytes. */
static bool take_number(struct pickle *p, unsigned bytes, uint64_t *out) {
    const char *s = take(p, bytes);
    *out = 0;
    if (s)
        memcpy(out, s, bytes);
    return s != NULL;
}

/* The text up to the next line feed, which is skipped. */
static const char *take_line(struct pickle *p, size_t *size) {
    const unsigned char *start = p->data + p->at, *end = memchr(start, '\n', p->size - p->at);
    if (!end) {
        fail(p, "a line does not end");
        return NULL;
    }
    *size = (size_t)(end - start);
    p->at += *size + 1;
    return (const char *)start;
}

static int op_skip(struct pickle *p, int op) {
    uint64_t n;
    if (op == 0x80) {
        if (!take_number(p, 1, &n))
            return ERROR_FORMAT;
        return n <= 5 ? 0 : fail(p, "its protocol is newer than 5");
    }
    return take(p, 8) ? 0 : ERROR_FORMAT; /* FRAME */
}

static int op_mark(struct pickle *p, int op) {
    (void)op;
    return append(p, &p->stack, NULL);
}

static int op_pop(struct pickle *p, int op) {
    size_t first;
    if (op == '0') {
        if (p->stack.count == 0)
            return fail(p, "the stack is empty");
        p->stack.count--;
        return 0;
    }
    if (!above_mark(p, &first))
        return fail(p, "there is no mark");
    p->stack.count = first - 1;
    return 0;
}

static int op_dup(struct pickle *p, int op) {
    (void)op;
    return top(p) ? append(p, &p->stack, top(p)) : fail(p, "the stack is empty");
}

static int op_constant(struct pickle *p, int op) {
    if (op == 'N')
        return push(p, make(p, PICKLE_NONE));
    return push_integer(p, PICKLE_BOOL, op == 0x88);
}

static int op_binint(struct pickle *p, int op) {
    uint64_t n;
    if (!take_number(p, op == 'J' ? 4 : op == 'M' ? 2 : 1, &n))
        return ERROR_FORMAT;
    return push_integer(p, PICKLE_INT, op == 'J' ? (int64_t)(int32_t)(uint32_t)n : (int64_t)n);
}

static int op_long(struct pickle *p, int op) {
    uint64_t size, n = 0;
    if (!take_number(p, op == 0x8a ? 1 : 4, &size))
        return ERROR_FORMAT;
    const char *s = take(p, size);
    if (!s)
        return ERROR_FORMAT;
    if (size > 8)
        return push(p, make_text(p, PICKLE_OPAQUE, "int", 3));
    if (size > 0 && (s[size - 1] & 0x80))
        n = UINT64_MAX;
    memcpy(&n, s, (size_t)size);
    return push_integer(p, PICKLE_INT, (int64_t)n);
}

/* INT, LONG and FLOAT of protocol 0: a line of text. */
static int op_number_text(struct pickle *p, int op) {
    char copy[64], *end;
    size_t size;
    const char *s = take_line(p, &size);
    if (!s)
        return ERROR_FORMAT;
    if (op == 'I' && size == 2 && s[0] == '0' && (s[1] == '0' || s[1] == '1'))
        return push_integer(p, PICKLE_BOOL, s[1] == '1');
    if (op == 'L' && size > 0 && s[size - 1] == 'L')
        size--;
    if (size == 0 || size >= sizeof copy)
        return fail(p, "a number has no or too many digits");
    memcpy(copy, s, size);
    copy[size] = 0;
    errno = 0;
    struct pickle_value *v = make(p, op == 'F' ? PICKLE_FLOAT : PICKLE_INT);
    if (!v)
        return ERROR_MEMORY;
    if (op == 'F')
        v->real = strtod(copy, &end);
    else
        v->integer = strtoll(copy, &end, 10);
    if (*end || end == copy || (op != 'F' && errno == ERANGE))
        return fail(p, "a number is none");
    return push(p, v);
}

static int op_binfloat(struct pickle *p, int op) {
    uint64_t n;
    (void)op;
    if (!take_number(p, 8, &n))
        return ERROR_FORMAT;
    n = __builtin_bswap64(n);
    struct pickle_value *v = make(p, PICKLE_FLOAT);
    if (v)
        memcpy(&v->real, &n, sizeof n);
    return push(p, v);
}

/* Texts and bytes with a length before them: the length takes 1, 4 or 8 bytes. */
static int op_text(struct pickle *p, int op) {
    bool one = op == 0x8c || op == 'C' || op == 'U', eight = op == 0x8d || op == 0x8e || op == 0x96;
    uint64_t size;
    if (!take_number(p, one ? 1 : eight ? 8 : 4, &size))
        return ERROR_FORMAT;
    const char *s = take(p, size);
    return s ? push(p, make_text(p, PICKLE_TEXT, s, (size_t)size)) : ERROR_FORMAT;
}

/* STRING and UNICODE of protocol 0. Escapes are kept as they stand: names of tensors have none. */
static int op_text_line(struct pickle *p, int op) {
    size_t size;
    const char *s = take_line(p, &size);
    if (!s)
        return ERROR_FORMAT;
    if (op == 'S') {
        if (size < 2 || (s[0] != '\'' && s[0] != '"') || s[size - 1] != s[0])
            return fail(p, "a text is not quoted");
        s++;
        size -= 2;
    }
    return push(p, make_text(p, PICKLE_TEXT, s, size));
}

static int op_empty(struct pickle *p, int op) {
    return push(p, make(p, op == ')' ? PICKLE_TUPLE : op == '}' ? PICKLE_DICT : PICKLE_LIST));
}

/* TUPLE, LIST, DICT, FROZENSET: of everything above the mark. */
static int op_collect(struct pickle *p, int op) {
    size_t first;
    if (!above_mark(p, &first))
        return fail(p, "there is no mark");
    size_t count = p->stack.count - first;
    if (op == 'd' && count % 2)
        return fail(p, "a dict's last key has no value");
    struct pickle_value *v = make(p, op == 't' ? PICKLE_TUPLE : op == 'd' ? PICKLE_DICT : PICKLE_LIST);
    if (!v || extend(p, v, p->stack.items + first, count) < 0)
        return ERROR_MEMORY;
    p->stack.count = first - 1;
    return push(p, v);
}

static int op_tuple(struct pickle *p, int op) {
    size_t count = (size_t)(op - 0x84);
    if (p->stack.count < count)
        return fail(p, "the stack is empty");
    struct pickle_value **items = p->stack.items + p->stack.count - count;
    for (size_t i = 0; i < count; i++)
        if (!items[i])
            return fail(p, "a mark stands in a tuple");
    struct pickle_value *v = make(p, PICKLE_TUPLE);
    if (!v || extend(p, v, items, count) < 0)
        return ERROR_MEMORY;
    p->stack.count -= count;
    return push(p, v);
}

/* Adds to the list or dict below. An opaque value swallows what is added to it: its class is not known. */
static int add_items(struct pickle *p, enum pickle_kind kind, size_t first) {
    size_t count = p->stack.count - first, below = first;
    bool marked = below > 0 && !p->stack.items[below - 1];
    below -= marked;
    struct pickle_value *v = below > 0 ? p->stack.items[below - 1] : NULL;
    if (!v || (v->kind != kind && v->kind != PICKLE_OPAQUE))
        return fail(p, "items are added to no list or dict");
    if (kind == PICKLE_DICT && count % 2)
        return fail(p, "a dict's last key has no value");
    if (v->kind == kind && extend(p, v, p->stack.items + first, count) < 0)
        return ERROR_MEMORY;
    p->stack.count = below;
    return 0;
}

static int op_append(struct pickle *p, int op) {
    size_t count = op == 'a' ? 1 : 2;
    if (p->stack.count < count + 1 || !top(p) || !p->stack.items[p->stack.count - count])
        return fail(p, "the stack is empty");
    return add_items(p, op == 'a' ? PICKLE_LIST : PICKLE_DICT, p->stack.count - count);
}

static int op_extend(struct pickle *p, int op) {
    size_t first;
    if (!above_mark(p, &first))
        return fail(p, "there is no mark");
    return add_items(p, op == 'u' ? PICKLE_DICT : PICKLE_LIST, first);
}

static enum pickle_global known_global(const char *module, size_t module_size, const char *name, size_t name_size) {
#define X(constant, module_text, name_text)                                                                            \
    if (module_size == sizeof module_text - 1 && name_size == sizeof name_text - 1 &&                                  \
        memcmp(module, module_text, module_size) == 0 && memcmp(name, name_text, name_size) == 0)                      \
        return constant;
    PICKLE_GLOBALS(X)
#undef X
    return PICKLE_UNKNOWN;
}

static int push_global(struct pickle *p, const char *module, size_t module_size, const char *name, size_t name_size) {
    char *text = arena(p, module_size + 1 + name_size);
    struct pickle_value *v = text ? make_text(p, PICKLE_GLOBAL, text, module_size + 1 + name_size) : NULL;
    if (!v)
        return ERROR_MEMORY;
    memcpy(text, module, module_size);
    text[module_size] = '.';
    memcpy(text + module_size + 1, name, name_size);
    v->global = known_global(module, module_size, name, name_size);
    return push(p, v);
}

static int op_global(struct pickle *p, int op) {
    if (op == 0x93) { /* STACK_GLOBAL */
        struct pickle_value *name = pop(p), *module = name ? pop(p) : NULL;
        if (!module || name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
            return fail(p, "a global has no name");
        return push_global(p, module->text.bytes, module->text.size, name->text.bytes, name->text.size);
    }
    size_t module_size, name_size;
    const char *module = take_line(p, &module_size), *name = module ? take_line(p, &name_size) : NULL;
    return name ? push_global(p, module, module_size, name, name_size) : ERROR_FORMAT;
}

/* What an unknown `maker` makes: known by the maker's name only. */
static int push_opaque(struct pickle *p, const struct pickle_value *maker) {
    if (maker->kind == PICKLE_GLOBAL || maker->kind == PICKLE_OPAQUE)
        return push(p, make_text(p, PICKLE_OPAQUE, maker->text.bytes, maker->text.size));
    return push(p, make_text(p, PICKLE_OPAQUE, "object", 6));
}

/* INST and OBJ make instances of old classes; none of them is known, so the result is opaque. */
static int op_instance(struct pickle *p, int op) {
    size_t first;
    if (op == 'i') {
        int rc = op_global(p, op);
        if (rc < 0)
            return rc;
    }
    struct pickle_value *class = op == 'i' ? pop(p) : NULL;
    if (!above_mark(p, &first) || (op == 'o' && first == p->stack.count))
        return fail(p, "there is no mark");
    if (op == 'o')
        class = p->stack.items[first];
    p->stack.count = first - 1;
    return push_opaque(p, class);
}

static int fill_dict(struct pickle *p, struct pickle_value *dict, const struct pickle_value *pairs) {
    if (pairs->kind != PICKLE_LIST && pairs->kind != PICKLE_TUPLE)
        return 0;
    for (size_t i = 0; i < pairs->list.count; i++) {
        const struct pickle_value *pair = pairs->list.items[i];
        if ((pair->kind != PICKLE_LIST && pair->kind != PICKLE_TUPLE) || pair->list.count != 2)
            return fail(p, "an OrderedDict is made of no pairs");
        if (extend(p, dict, pair->list.items, 2) < 0)
            return ERROR_MEMORY;
    }
    return 0;
}

/* What calling `callable` stands for. Nothing is called. */
static int push_call(struct pickle *p, const struct pickle_value *callable, const struct pickle_value *arguments) {
    const struct pickle_value *one = arguments->list.count ? arguments->list.items[0] : NULL;
    struct pickle_value *v;
    int rc = 0;
    if (callable->kind != PICKLE_GLOBAL || callable->global == PICKLE_UNKNOWN)
        return push_opaque(p, callable);
    if (callable->global == PICKLE_ORDERED_DICT || callable->global == PICKLE_DEFAULT_DICT) {
        v = make(p, PICKLE_DICT);
        if (v && callable->global == PICKLE_ORDERED_DICT && one)
            rc = fill_dict(p, v, one);
        return rc < 0 ? rc : push(p, v);
    }
    if (callable->global == PICKLE_SIZE) {
        if (!one || (one->kind != PICKLE_TUPLE && one->kind != PICKLE_LIST))
            return fail(p, "a torch.Size is made of no list");
        v = make(p, PICKLE_TUPLE);
        return v && extend(p, v, one->list.items, one->list.count) == 0 ? push(p, v) : ERROR_MEMORY;
    }
    v = make(p, PICKLE_CALL);
    if (!v || extend(p, v, arguments->list.items, arguments->list.count) < 0)
        return ERROR_MEMORY;
    v->global = callable->global;
    return push(p, v);
}

/* REDUCE, NEWOBJ and NEWOBJ_EX: callable, arguments (and keywords, which no known global takes). */
static int op_call(struct pickle *p, int op) {
    if (op == 0x92 && !pop(p))
        return fail(p, "the stack is empty");
    struct pickle_value *arguments = pop(p), *callable = arguments ? pop(p) : NULL;
    if (!callable)
        return fail(p, "the stack is empty");
    if (arguments->kind != PICKLE_TUPLE)
        return fail(p, "a call has no tuple of arguments");
    return push_call(p, callable, arguments);
}

/* BUILD would set attributes of the object below: dropped, as no known value has any. */
static int op_build(struct pickle *p, int op) {
    (void)op;
    return pop(p) && top(p) ? 0 : fail(p, "the stack is empty");
}

static int op_persistent(struct pickle *p, int op) {
    struct pickle_value *id;
    if (op == 'P') {
        size_t size;
        const char *s = take_line(p, &size);
        if (!s)
            return ERROR_FORMAT;
        id = make_text(p, PICKLE_TEXT, s, size);
    } else if (!(id = pop(p))) {
        return fail(p, "the stack is empty");
    }
    struct pickle_value *v = id ? make(p, PICKLE_PERSISTENT) : NULL;
    if (!v || extend(p, v, &id, 1) < 0 || append(p, &p->persistents, v) < 0)
        return ERROR_MEMORY;
    return push(p, v);
}

/* The index of PUT and GET in its three forms. */
static int take_index(struct pickle *p, bool text, bool large, uint64_t *out) {
    if (!text)
        return take_number(p, large ? 4 : 1, out) ? 0 : ERROR_FORMAT;
    size_t size;
    const char *s = take_line(p, &size);
    if (!s)
        return ERROR_FORMAT;
    *out = 0;
    for (size_t i = 0; i < size; i++) {
        if (s[i] < '0' || s[i] > '9' || *out > UINT32_MAX)
            return fail(p, "a memo index is no number");
        *out = *out * 10 + (uint64_t)(s[i] - '0');
    }
    return 0;
}

static int op_put(struct pickle *p, int op) {
    uint64_t index = p->memo.count;
    int rc = op == 0x94 ? 0 : take_index(p, op == 'p', op == 'r', &index);
    if (rc < 0)
        return rc;
    if (!top(p))
        return fail(p, "the stack is empty");
    if (index >= p->at)
        return fail(p, "a memo index is larger than the pickle");
    while (p->memo.count <= index)
        if (append(p, &p->memo, NULL) < 0)
            return ERROR_MEMORY;
    p->memo.items[index] = top(p);
    return 0;
}

static int op_get(struct pickle *p, int op) {
    uint64_t index;
    int rc = take_index(p, op == 'g', op == 'j', &index);
    if (rc < 0)
        return rc;
    if (index >= p->memo.count || !p->memo.items[index])
        return fail(p, "a memo index was never set");
    return append(p, &p->stack, p->memo.items[index]);
}

static opcode *const opcodes[256] = {
    [0x80] = op_skip,       [0x95] = op_skip,       ['('] = op_mark,      ['0'] = op_pop,        ['1'] = op_pop,
    ['2'] = op_dup,         ['N'] = op_constant,    [0x88] = op_constant, [0x89] = op_constant,  ['J'] = op_binint,
    ['K'] = op_binint,      ['M'] = op_binint,      [0x8a] = op_long,     [0x8b] = op_long,      ['I'] = op_number_text,
    ['L'] = op_number_text, ['F'] = op_number_text, ['G'] = op_binfloat,  ['T'] = op_text,       ['U'] = op_text,
    ['X'] = op_text,        [0x8c] = op_text,       [0x8d] = op_text,     ['B'] = op_text,       ['C'] = op_text,
    [0x8e] = op_text,       [0x96] = op_text,       ['S'] = op_text_line, ['V'] = op_text_line,  [')'] = op_empty,
    [']'] = op_empty,       ['}'] = op_empty,       [0x8f] = op_empty,    ['t'] = op_collect,    ['l'] = op_collect,
    ['d'] = op_collect,     [0x91] = op_collect,    [0x85] = op_tuple,    [0x86] = op_tuple,     [0x87] = op_tuple,
    ['a'] = op_append,      ['s'] = op_append,      ['e'] = op_extend,    ['u'] = op_extend,     [0x90] = op_extend,
    ['c'] = op_global,      [0x93] = op_global,     ['i'] = op_instance,  ['o'] = op_instance,   ['R'] = op_call,
    [0x81] = op_call,       [0x92] = op_call,       ['b'] = op_build,     ['P'] = op_persistent, ['Q'] = op_persistent,
    ['p'] = op_put,         ['q'] = op_put,         ['r'] = op_put,       [0x94] = op_put,       ['g'] = op_get,
    ['h'] = op_get,         ['j'] = op_get,
};

static int run(struct pickle *p) {
    while (p->at < p->size) {
        int op = p->data[p->at++];
        if (op == '.') {
            p->root = pop(p);
            return p->root ? 0 : fail(p, "it ends without a value");
        }
        if (!opcodes[op]) {
            char what[64];
            snprintf(what, sizeof what, "0x%02x is no opcode that checkpoints use", (unsigned)op);
            return fail(p, what);
        }
        int rc = opcodes[op](p, op);
        if (rc < 0)
            return rc;
    }
    return fail(p, "it ends too early");
}

int pickle_load(struct pickle **out, const void *data, size_t size, size_t *used, struct error *e) {
    *out = NULL;
    struct pickle *p = calloc(1, sizeof *p);
    if (!p)
        return error_set(e, ERROR_MEMORY, "no memory for a pickle");
    p->data = data;
    p->size = size;
    p->error = e;
    int rc = run(p);
    p->error = NULL;
    if (rc < 0) {
        pickle_close(p);
        return rc;
    }
    if (used)
        *used = p->at;
    *out = p;
    return 0;
}

void pickle_close(struct pickle *p) {
    if (!p)
        return;
    for (struct chunk *c = p->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(p->stack.items);
    free(p->memo.items);
    free(p->persistents.items);
    free(p);
}

const struct pickle_value *pickle_root(const struct pickle *p) {
    return p->root;
}

size_t pickle_persistent_count(const struct pickle *p) {
    return p->persistents.count;
}

const struct pickle_value *pickle_persistent(const struct pickle *p, size_t i) {
    return p->persistents.items[i];
}

const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key) {
    size_t size = strlen(key);
    if (!dict || dict->kind != PICKLE_DICT)
        return NULL;
    for (size_t i = dict->list.count; i >= 2; i -= 2) {
        const struct pickle_value *k = dict->list.items[i - 2];
        if (k->kind == PICKLE_TEXT && k->text.size == size && memcmp(k->text.bytes, key, size) == 0)
            return dict->list.items[i - 1];
    }
    return NULL;
}
