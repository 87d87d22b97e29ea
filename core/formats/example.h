/* tf.train.Example, the protocol buffer in the records of TensorFlow Datasets: a map from names to lists of byte
 * strings, floats or integers.
 *
 *     Example  { 1: Features }     Features { 1: repeated { 1: key, 2: Feature } }
 *     Feature  { 1: BytesList | 2: FloatList | 3: Int64List }, each { 1: repeated values }
 *
 * Read where it lies: large values are passed over, not loaded. Numbers may be packed or not, entries in any order,
 * unknown fields are skipped, of two entries of one name the last counts (protobuf encoding guide). Any thread may
 * call, with a window of its own. */
#ifndef CORE_FORMATS_EXAMPLE_H
#define CORE_FORMATS_EXAMPLE_H

#include "core/error.h"
#include "core/formats/window.h"

enum example_kind { EXAMPLE_NONE, EXAMPLE_BYTES, EXAMPLE_FLOATS, EXAMPLE_INTS };

struct example_list {
    enum example_kind kind; /* NONE: not in the example, or empty of any list */
    uint64_t place;         /* of the list's message in the window */
    uint64_t size;          /* of that, bytes */
};

/* The lists called names[0..count-1] of the example at `place`. Errors: ERROR_FORMAT ("its field ... is damaged"). */
int example_find(struct window *w, uint64_t place, uint64_t size, const char *const *names, size_t count,
                 struct example_list *out, struct error *e);

/* The first byte string: its place and size. Errors: ERROR_FORMAT: none, or of another kind. */
int example_bytes(struct window *w, const struct example_list *l, uint64_t *place, uint64_t *size, struct error *e);

/* Calls each value in order, until one returns false. Errors: ERROR_FORMAT: of another kind, or damaged. A list that is
 * not there has no values. */
typedef bool example_int_fn(void *context, size_t i, int64_t value);
typedef bool example_float_fn(void *context, size_t i, float value);
int example_ints(struct window *w, const struct example_list *l, example_int_fn *each, void *context, struct error *e);
int example_floats(struct window *w, const struct example_list *l, example_float_fn *each, void *context,
                   struct error *e);

#endif
