/* The safetensors format (huggingface/safetensors): u64 header length, JSON header, data.
 *
 * Reading goes through tensors_open(); this header holds the writer. Files appear whole or not at all: written beside
 * their place, synced, renamed, the folder synced. Any thread may call. */
#ifndef CORE_FORMATS_SAFETENSORS_H
#define CORE_FORMATS_SAFETENSORS_H

#include "core/formats/tensors.h"

struct safetensors_metadata {
    const char *key, *value; /* UTF-8 */
};

/* Writes `tensors` in the given order and the metadata pairs. Errors: ERROR_IO (disk full, not writable: the old file,
 * if any, is untouched and nothing is left beside it). */
int safetensors_write(const char *path, const struct tensor *tensors, size_t count,
                      const struct safetensors_metadata *metadata, size_t pairs, struct error *e);

#endif
