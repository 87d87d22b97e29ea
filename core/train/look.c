#include "core/train/look.h"

static const float *floats(const struct look *l, size_t offset) {
    return (const float *)(const void *)((const char *)l + offset);
}

const float *look_rows(const struct look *l) {
    return floats(l, l->rows);
}

const float *look_query(const struct look *l) {
    return floats(l, l->query);
}

const float *look_cls(const struct look *l) {
    return floats(l, l->cls);
}

const float *look_alone(const struct look *l) {
    return floats(l, l->alone);
}

const uint8_t *look_rgb(const struct look *l) {
    return (const uint8_t *)l + l->rgb;
}

const uint8_t *look_seen(const struct look *l) {
    return (const uint8_t *)l + l->seen;
}

const uint8_t *look_masked(const struct look *l) {
    return (const uint8_t *)l + l->masked;
}

const uint8_t *look_rebuilt(const struct look *l) {
    return (const uint8_t *)l + l->rebuilt;
}

double look_explained(const struct look *l) {
    return l->baseline > 0 ? 1 - l->loss / l->baseline : 0;
}
