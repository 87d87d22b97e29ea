#include "core/data/vtab/vtab_source.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/file_bytes.h"

enum { MOST_NAMES = 1 << 20 /* bytes */ };

char *vtab_source_names(const char *folder, const char *file) {
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size;
    if (asprintf(&path, "%s/%s", folder, file) < 0)
        return NULL;
    file_bytes(&text, &size, path, MOST_NAMES, "a text", NULL);
    free(path);
    return (char *)text;
}
