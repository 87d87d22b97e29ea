/* The objects of a long array in a JSON file, one after another: no more than one is in memory.
 *
 *     json_each("scenes.json", "scenes", note_scene, &labels, &err);     // {"info": ..., "scenes": [{...}, {...}]}
 *
 * Any thread may call. */
#ifndef CORE_FORMATS_JSON_EACH_H
#define CORE_FORMATS_JSON_EACH_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "core/error.h"

/* Negative ends it. */
typedef int json_each_fn(void *context, size_t i, const cJSON *object, struct error *e);

/* Calls `each` for the objects of the array `key` of the object that the file is. What stands behind the array is not
 * looked at. Errors: ERROR_IO, ERROR_MEMORY, ERROR_FORMAT (no JSON, no such array, an element that is no object, one of
 * over a megabyte: with its place), and those of `each`. */
int json_each(const char *path, const char *key, json_each_fn *each, void *context, struct error *e);

#endif
