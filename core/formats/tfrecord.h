/* TFRecord files: length (u64, little-endian), masked CRC-32C of it, the data, masked CRC-32C of them; again and again.
 *
 *     for (uint64_t at = 0; tfrecord_at(&w, at, &record, &why) == 0; at = record.next) ...
 *
 * Any thread may call, with a window of its own. */
#ifndef CORE_FORMATS_TFRECORD_H
#define CORE_FORMATS_TFRECORD_H

#include "core/error.h"
#include "core/formats/window.h"

struct tfrecord {
    uint64_t data; /* place of its data in the file */
    size_t size;   /* of these, bytes */
    uint64_t next; /* place of the next record, or the file's end */
};

/* The record at `place`, its data not read; its length is checked. ERROR_FORMAT: what is wrong there ("record at byte
 * 120: ..."); no record follows that could be found. */
int tfrecord_at(struct window *w, uint64_t place, struct tfrecord *out, struct error *e);

/* Its data, checked, into `out` [size]. Errors: ERROR_FORMAT, likewise. */
int tfrecord_read(struct window *w, const struct tfrecord *r, void *out, struct error *e);

#endif
