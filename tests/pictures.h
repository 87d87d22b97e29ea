/* Pictures and folders for the tests of the data pipeline. */
#ifndef TESTS_PICTURES_H
#define TESTS_PICTURES_H

#include <ftw.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/data/image.h"

/* A picture of no symmetry: value (37 x + 59 y + 83 c + 11 x y + salt) mod 256. */
static inline struct image pictures_make(int width, int height, int salt) {
    struct image im;
    if (image_create(&im, width, height, NULL) < 0)
        abort();
    uint8_t *out = im.rgb;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                *out++ = (uint8_t)((37 * x + 59 * y + 83 * c + 11 * x * y + salt) & 255);
    return im;
}

/* "ROOT/format..." with its folders made; the text lives until the fourth next call. */
__attribute__((format(printf, 2, 3))) static inline const char *pictures_path(const char *root, const char *format,
                                                                              ...) {
    static char texts[4][4096];
    static int turn;
    char *text = texts[turn++ & 3];
    int n = snprintf(text, sizeof *texts, "%s/", root);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, sizeof *texts - (size_t)n, format, args);
    va_end(args);
    for (char *p = text + n; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(text, 0777);
        *p = '/';
    }
    return text;
}

static inline void pictures_write_bytes(const char *path, const void *bytes, size_t size) {
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        abort();
}

/* A PNG of pictures_make(). */
static inline void pictures_write(const char *path, int width, int height, int salt) {
    struct image im = pictures_make(width, height, salt);
    if (image_write_png(&im, path, NULL) < 0)
        abort();
    image_free(&im);
}

/* A new folder; to be freed by pictures_remove(). */
static inline char *pictures_folder(void) {
    const char *tmp = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/gptui-test.XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0 || !mkdtemp(path))
        abort();
    return path;
}

static inline int pictures_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void pictures_remove(char *folder) {
    nftw(folder, pictures_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

#endif
