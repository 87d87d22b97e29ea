#include "app/assets.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_there(const char *folder, const char *name, char *out, size_t size) {
    int n = snprintf(out, size, "%s/%s", folder, name);
    return n > 0 && (size_t)n < size && access(out, R_OK) == 0;
}

/* The folder that the program itself lies in; 0 where the system does not say. */
static int own_folder(char out[PATH_MAX]) {
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n <= 0)
        return 0;
    out[n] = 0;
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = 0;
    return 1;
}

int assets_find(const char *name, char *out, size_t size, struct error *e) {
    const char *given = getenv("GPTUI_ASSETS");
    char own[PATH_MAX];
    if (given && is_there(given, name, out, size))
        return 0;
    if (own_folder(own)) {
        /* In a build folder the sources are this folder or one above; the first that fits wins over what is installed.
         */
        for (int up = 0; up < 3; up++) {
            char folder[PATH_MAX + 16];
            snprintf(folder, sizeof folder, "%s/assets", own);
            if (is_there(folder, name, out, size))
                return 0;
            char *slash = strrchr(own, '/');
            if (!slash)
                break;
            *slash = 0;
        }
    }
    if (is_there(GPTUI_DATADIR, name, out, size))
        return 0;
    return error_set(
        e, ERROR_IO,
        "%s is not found: it was looked for in %s%sassets/ beside and above the program, and " GPTUI_DATADIR
        "; name its folder with GPTUI_ASSETS",
        name, given ? given : "", given ? ", " : "");
}
