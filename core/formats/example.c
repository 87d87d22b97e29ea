#include "core/formats/example.h"

#include <string.h>

enum { VARINT = 0, FIXED64 = 1, DELIMITED = 2, FIXED32 = 5 };
enum { MOST_NAME = 256 };

/* What is left of a message. */
struct message {
    struct window *w;
    uint64_t at, end;
};

struct field {
    uint64_t number;
    int type;
    uint64_t value;       /* of VARINT, FIXED32, FIXED64 */
    uint64_t place, size; /* of DELIMITED */
};

static bool varint(struct message *m, uint64_t *out) {
    uint64_t value = 0;
    for (int shift = 0; shift < 70 && m->at < m->end; shift += 7) {
        const uint8_t *b = window_at(m->w, m->at, 1);
        if (!b)
            return false;
        m->at++;
        if (shift == 63 && (*b & 0x7e)) /* beyond 64 bits */
            return false;
        value |= (uint64_t)(*b & 0x7f) << shift;
        if (!(*b & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool fixed(struct message *m, size_t n, uint64_t *out) {
    const uint8_t *b = n > m->end - m->at ? NULL : window_at(m->w, m->at, n);
    if (!b)
        return false;
    *out = n == 4 ? window_u32(b) : window_u64(b);
    m->at += n;
    return true;
}

/* 1 and the next field; 0 at the end; -1: damaged. */
static int next(struct message *m, struct field *f) {
    uint64_t tag;
    if (m->at == m->end)
        return 0;
    if (!varint(m, &tag) || tag >> 3 == 0)
        return -1;
    *f = (struct field){.number = tag >> 3, .type = (int)(tag & 7)};
    switch (f->type) {
    case VARINT:
        return varint(m, &f->value) ? 1 : -1;
    case FIXED64:
        return fixed(m, 8, &f->value) ? 1 : -1;
    case FIXED32:
        return fixed(m, 4, &f->value) ? 1 : -1;
    case DELIMITED:
        if (!varint(m, &f->size) || f->size > m->end - m->at)
            return -1;
        f->place = m->at;
        m->at += f->size;
        return 1;
    default: /* groups are of another age */
        return -1;
    }
}

static struct message inside(const struct message *m, const struct field *f) {
    return (struct message){m->w, f->place, f->place + f->size};
}

/* Which of the names the bytes at `place` are; count: none. */
static size_t which(struct window *w, uint64_t place, uint64_t size, const char *const *names, size_t count) {
    const uint8_t *b = size < MOST_NAME ? window_at(w, place, (size_t)size) : NULL;
    size_t i = b ? 0 : count;
    while (i < count && !(strlen(names[i]) == size && memcmp(names[i], b, (size_t)size) == 0))
        i++;
    return i;
}

/* Of a Feature the list it holds, the last if there are several. */
static bool list_of(struct message m, struct example_list *out) {
    struct field f;
    int r;
    *out = (struct example_list){0};
    while ((r = next(&m, &f)) == 1)
        if (f.number >= EXAMPLE_BYTES && f.number <= EXAMPLE_INTS) {
            if (f.type != DELIMITED)
                return false;
            *out = (struct example_list){(enum example_kind)f.number, f.place, f.size};
        }
    return r == 0;
}

/* An entry of the map: its lists go to the one of `out` that has its name. */
static bool take_entry(struct message m, const char *const *names, size_t count, struct example_list *out) {
    struct field f, value = {0};
    size_t name = count; /* an entry without a key is none of those asked for */
    int r;
    while ((r = next(&m, &f)) == 1) {
        if (f.number == 1 && f.type == DELIMITED)
            name = which(m.w, f.place, f.size, names, count);
        else if (f.number == 2 && f.type == DELIMITED)
            value = f;
        else if (f.number <= 2)
            return false;
    }
    if (r < 0)
        return false;
    struct example_list list;
    if (!list_of(inside(&m, &value), &list))
        return false;
    if (name < count)
        out[name] = list;
    return true;
}

static int damaged(struct error *e) {
    return error_set(e, ERROR_FORMAT, "it holds no tf.train.Example, or a damaged one");
}

int example_find(struct window *w, uint64_t place, uint64_t size, const char *const *names, size_t count,
                 struct example_list *out, struct error *e) {
    struct message example = {w, place, place + size};
    struct field features, entry;
    int r, s = 0;
    memset(out, 0, count * sizeof *out);
    while ((r = next(&example, &features)) == 1) {
        if (features.number != 1)
            continue;
        if (features.type != DELIMITED)
            return damaged(e);
        struct message map = inside(&example, &features);
        while ((s = next(&map, &entry)) == 1)
            if (entry.number == 1 && (entry.type != DELIMITED || !take_entry(inside(&map, &entry), names, count, out)))
                return damaged(e);
        if (s < 0)
            return damaged(e);
    }
    return r < 0 ? damaged(e) : 0;
}

static const char *const kinds[] = {"nothing", "byte strings", "floats", "integers"};

static int other_kind(const struct example_list *l, enum example_kind wanted, struct error *e) {
    return error_set(e, ERROR_FORMAT, "it holds %s where %s were expected", kinds[l->kind], kinds[wanted]);
}

int example_bytes(struct window *w, const struct example_list *l, uint64_t *place, uint64_t *size, struct error *e) {
    struct message m = {w, l->place, l->place + l->size};
    struct field f;
    int r;
    if (l->kind != EXAMPLE_BYTES)
        return other_kind(l, EXAMPLE_BYTES, e);
    while ((r = next(&m, &f)) == 1)
        if (f.number == 1 && f.type == DELIMITED) {
            *place = f.place;
            *size = f.size;
            return 0;
        }
    return r < 0 ? damaged(e) : error_set(e, ERROR_FORMAT, "its list of byte strings is empty");
}

/* A value as its 32 or 64 bits. */
typedef bool number_fn(void *call, size_t i, uint64_t bits);

static bool scalar(struct message *m, enum example_kind kind, uint64_t *bits) {
    return kind == EXAMPLE_INTS ? varint(m, bits) : fixed(m, 4, bits);
}

/* The numbers of a list, packed or not. */
static int each_number(struct window *w, const struct example_list *l, enum example_kind wanted, number_fn *each,
                       void *call, struct error *e) {
    const int single = wanted == EXAMPLE_INTS ? VARINT : FIXED32;
    struct message m = {w, l->place, l->place + l->size};
    struct field f;
    size_t i = 0;
    int r;
    if (l->kind == EXAMPLE_NONE)
        return 0;
    if (l->kind != wanted)
        return other_kind(l, wanted, e);
    while ((r = next(&m, &f)) == 1) {
        if (f.number != 1)
            continue;
        if (f.type == single && !each(call, i++, f.value))
            return 0;
        if (f.type != single && f.type != DELIMITED)
            return damaged(e);
        struct message packed = inside(&m, &f); /* of a single value: empty */
        while (packed.at < packed.end) {
            uint64_t bits;
            if (!scalar(&packed, wanted, &bits))
                return damaged(e);
            if (!each(call, i++, bits))
                return 0;
        }
    }
    return r < 0 ? damaged(e) : 0;
}

struct int_call {
    example_int_fn *each;
    void *context;
};

static bool give_int(void *call, size_t i, uint64_t bits) {
    const struct int_call *c = call;
    return c->each(c->context, i, (int64_t)bits);
}

int example_ints(struct window *w, const struct example_list *l, example_int_fn *each, void *context, struct error *e) {
    struct int_call call = {each, context};
    return each_number(w, l, EXAMPLE_INTS, give_int, &call, e);
}

struct float_call {
    example_float_fn *each;
    void *context;
};

static bool give_float(void *call, size_t i, uint64_t bits) {
    const struct float_call *c = call;
    uint32_t b = (uint32_t)bits;
    float f;
    memcpy(&f, &b, sizeof f);
    return c->each(c->context, i, f);
}

int example_floats(struct window *w, const struct example_list *l, example_float_fn *each, void *context,
                   struct error *e) {
    struct float_call call = {each, context};
    return each_number(w, l, EXAMPLE_FLOATS, give_float, &call, e);
}
