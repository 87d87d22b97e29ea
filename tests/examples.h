/* Bytes of tf.train.Example and of TFRecord files for tests, written by hand: no line of the reader's is used. */
#ifndef TESTS_EXAMPLES_H
#define TESTS_EXAMPLES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    uint8_t at[1 << 16];
    size_t size;
};

static inline void bytes_add(struct bytes *b, const void *data, size_t size) {
    if (b->size + size > sizeof b->at)
        abort();
    memcpy(b->at + b->size, data, size);
    b->size += size;
}

static inline void bytes_varint(struct bytes *b, uint64_t n) {
    do {
        uint8_t byte = (uint8_t)((n & 127) | (n > 127 ? 128 : 0));
        bytes_add(b, &byte, 1);
        n >>= 7;
    } while (n);
}

/* Field `number` with the bytes of `inside`. */
static inline void bytes_field(struct bytes *b, uint64_t number, const void *inside, size_t size) {
    bytes_varint(b, number << 3 | 2);
    bytes_varint(b, size);
    bytes_add(b, inside, size);
}

/* An entry of the map of features: `kind` is the field of Feature (1 bytes, 2 floats, 3 integers). */
static inline void bytes_entry(struct bytes *map, const char *key, uint64_t kind, const struct bytes *list) {
    struct bytes feature = {.size = 0}, entry = {.size = 0};
    bytes_field(&feature, kind, list->at, list->size);
    bytes_field(&entry, 1, key, strlen(key));
    bytes_field(&entry, 2, feature.at, feature.size);
    bytes_field(map, 1, entry.at, entry.size);
}

static inline void bytes_ints(struct bytes *map, const char *key, size_t count, const int64_t *values, int packed) {
    struct bytes list = {.size = 0}, inside = {.size = 0};
    for (size_t i = 0; i < count; i++) {
        if (!packed)
            bytes_varint(&list, 1 << 3);
        bytes_varint(packed ? &inside : &list, (uint64_t)values[i]);
    }
    if (packed)
        bytes_field(&list, 1, inside.at, inside.size);
    bytes_entry(map, key, 3, &list);
}

static inline void bytes_floats(struct bytes *map, const char *key, size_t count, const float *values, int packed) {
    struct bytes list = {.size = 0};
    if (packed)
        bytes_field(&list, 1, values, count * sizeof *values);
    for (size_t i = 0; i < count && !packed; i++) {
        bytes_varint(&list, 1 << 3 | 5);
        bytes_add(&list, &values[i], sizeof *values);
    }
    bytes_entry(map, key, 2, &list);
}

static inline void bytes_string(struct bytes *map, const char *key, const void *data, size_t size) {
    struct bytes list = {.size = 0};
    bytes_field(&list, 1, data, size);
    bytes_entry(map, key, 1, &list);
}

/* The map as an Example. */
static inline void bytes_example(struct bytes *out, const struct bytes *map) {
    out->size = 0;
    bytes_field(out, 1, map->at, map->size);
}

/* CRC-32C bit by bit, masked. */
static inline uint32_t bytes_checksum(const void *data, size_t size) {
    const uint8_t *b = data;
    uint32_t c = ~0u;
    for (size_t i = 0; i < size; i++) {
        c ^= b[i];
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? 0x82F63B78u : 0);
    }
    c = ~c;
    return (c >> 15 | c << 17) + 0xa282ead8u;
}

static inline void bytes_write_record(FILE *f, const void *data, size_t size) {
    uint64_t length = size;
    uint32_t of_length = bytes_checksum(&length, 8), of_data = bytes_checksum(data, size);
    if (fwrite(&length, 8, 1, f) != 1 || fwrite(&of_length, 4, 1, f) != 1 || fwrite(data, 1, size, f) != size ||
        fwrite(&of_data, 4, 1, f) != 1)
        abort();
}

#endif
