#include "core/data/vtab/cifar_file.h"

#include <stdlib.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, MOST_LABELS = 2, TOGETHER = 64 /* records read at once */ };

int cifar_file_open(struct cifar_file *out, const char *folder, const char *name, size_t label_bytes, struct error *e) {
    struct cifar_file f = {.label_bytes = label_bytes, .record = label_bytes + 3 * PLANE};
    *out = f;
    int r = raw_file_open(&f.raw, folder, name, e);
    if (r < 0)
        return r;
    if (f.raw.size % f.record != 0) {
        r = error_set(e, ERROR_FORMAT, "%s: %llu bytes, no whole number of records of %zu bytes; it may be cut off",
                      f.raw.path, (unsigned long long)f.raw.size, f.record);
        cifar_file_close(&f);
        return r;
    }
    f.count = f.raw.size / f.record;
    *out = f;
    return 0;
}

void cifar_file_close(struct cifar_file *f) {
    raw_file_close(&f->raw);
}

int cifar_file_labels(const struct cifar_file *f, int classes, int16_t *labels, struct error *e) {
    uint8_t *records = malloc(TOGETHER * f->record);
    int r = records ? 0 : error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", f->raw.path);
    for (size_t at = 0; r == 0 && at < f->count; at += TOGETHER) {
        size_t n = f->count - at < TOGETHER ? f->count - at : TOGETHER;
        r = raw_file_read(&f->raw, (uint64_t)at * f->record, n * f->record, records, e);
        for (size_t i = 0; r == 0 && i < n; i++) {
            uint8_t label = records[i * f->record + f->label_bytes - 1];
            labels[at + i] = label < classes ? label : -1;
        }
    }
    free(records);
    return r;
}

int cifar_file_picture(const struct cifar_file *f, size_t index, struct image *out, struct error *e) {
    uint8_t record[MOST_LABELS + 3 * PLANE];
    int r = raw_file_read(&f->raw, (uint64_t)index * f->record, f->record, record, e);
    if (r == 0)
        r = image_create(out, SIDE, SIDE, e);
    for (size_t i = 0; r == 0 && i < 3 * PLANE; i++)
        out->rgb[i] = record[f->label_bytes + i % 3 * PLANE + i / 3];
    return r;
}
