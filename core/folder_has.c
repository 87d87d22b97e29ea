#include "core/folder_has.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool look(const char *folder, const char *name, struct stat *st) {
    char *path = NULL;
    bool there = asprintf(&path, "%s/%s", folder, name) >= 0 && stat(path, st) == 0;
    free(path);
    return there;
}

bool folder_has(const char *folder, const char *name) {
    struct stat st;
    return look(folder, name, &st);
}

bool folder_has_folder(const char *folder, const char *name) {
    struct stat st;
    return look(folder, name, &st) && S_ISDIR(st.st_mode);
}
