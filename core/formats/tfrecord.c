#include "core/formats/tfrecord.h"

#include "core/formats/crc32c.h"

enum { HEADER = 12, FOOTER = 4 };

#define MOST_BYTES ((uint64_t)1 << 30) /* of a record; a length beyond is damage that its checksum did not find */

static int bad(struct error *e, uint64_t place, const char *what) {
    return error_set(e, ERROR_FORMAT, "record at byte %llu: %s", (unsigned long long)place, what);
}

int tfrecord_at(struct window *w, uint64_t place, struct tfrecord *out, struct error *e) {
    const uint8_t *header = window_at(w, place, HEADER);
    if (!header)
        return bad(e, place, "the file ends before its length does");
    if (crc32c_masked(header, 8) != window_u32(header + 8))
        return bad(e, place, "the checksum of its length is wrong");
    uint64_t size = window_u64(header);
    if (size > MOST_BYTES)
        return bad(e, place, "it is longer than 1 GiB");
    if (size + HEADER + FOOTER > w->end - place)
        return bad(e, place, "the file ends before its data do");
    *out = (struct tfrecord){place + HEADER, (size_t)size, place + HEADER + size + FOOTER};
    return 0;
}

int tfrecord_read(struct window *w, const struct tfrecord *r, void *out, struct error *e) {
    uint64_t place = r->data - HEADER;
    uint8_t checksum[FOOTER];
    if (!window_copy(w, r->data, r->size, out) || !window_copy(w, r->data + r->size, FOOTER, checksum))
        return bad(e, place, "cannot be read");
    if (crc32c_masked(out, r->size) != window_u32(checksum))
        return bad(e, place, "the checksum of its data is wrong");
    return 0;
}
