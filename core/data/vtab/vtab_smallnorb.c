/* smallnorb from its binary matrices: -dat.mat (pictures: the left and the right camera's) and -info.mat (instance,
 * elevation 0..8, azimuth 0, 2 .. 34, lighting). A matrix: a magic number for the type of its values, how many
 * dimensions, these (at least three are written), the values; all little-endian. -cat.mat is not needed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/vtab/raw_file.h"
#include "core/data/vtab/vtab_raw.h"
#include "core/data/vtab/vtab_source.h"
#include "core/formats/window.h"

enum { SIDE = 96, PICTURE = SIDE * SIDE, INFO = 4, BYTES = 0x1E3D4C55, INTEGERS = 0x1E3D4C54 };

#define TRAINING "smallnorb-5x46789x9x18x6x2x96x96-training-"
#define TESTING "smallnorb-5x01235x9x18x6x2x96x96-testing-"

struct smallnorb {
    struct vtab_raw raw;
    struct raw_file pictures[2];
    char *folder;
};

/* How many rows the matrix has; `rest` are its other dimensions, `row` their bytes. */
static int read_header(const struct raw_file *f, uint32_t magic, uint32_t count, const uint32_t *rest, size_t row,
                       size_t *header, uint32_t *rows, struct error *e) {
    uint8_t b[8 + 4 * 4];
    *header = 8 + 4 * (size_t)(count < 3 ? 3 : count);
    int r = raw_file_read(f, 0, *header, b, e);
    if (r < 0)
        return r;
    if (window_u32(b) != magic)
        return error_set(e, ERROR_FORMAT, "%s: begins with %08x; a smallNORB matrix beginning with %08x was expected",
                         f->path, window_u32(b), magic);
    bool good = window_u32(b + 4) == count;
    for (uint32_t i = 1; good && i < count; i++)
        good = window_u32(b + 8 + 4 * i) == rest[i - 1];
    if (!good)
        return error_set(e, ERROR_FORMAT, "%s: its shape is not that of smallNORB (N x %s)", f->path,
                         magic == BYTES ? "2 x 96 x 96" : "4");
    *rows = window_u32(b + 8);
    if (f->size != *header + (uint64_t)*rows * row)
        return error_set(e, ERROR_FORMAT, "%s: %llu bytes; %llu were expected for its %u images", f->path,
                         (unsigned long long)f->size, (unsigned long long)(*header + (uint64_t)*rows * row), *rows);
    return 0;
}

static int read_labels(struct vtab_raw_split *s, const struct vtab_task *task, const struct raw_file *info,
                       size_t header, struct error *e) {
    bool azimuth = strcmp(task->key, "label_azimuth") == 0;
    for (size_t i = 0; i < s->count; i++) {
        uint8_t b[4 * INFO];
        int r = raw_file_read(info, header + i * sizeof b, sizeof b, b, e);
        if (r < 0)
            return r;
        uint32_t value = window_u32(b + (azimuth ? 8 : 4));
        if ((!azimuth || value % 2 == 0) && (azimuth ? value / 2 : value) < (uint32_t)task->classes)
            s->labels[i] = (int16_t)(azimuth ? value / 2 : value);
    }
    return 0;
}

static int open_matrix(struct raw_file *out, const struct smallnorb *s, const char *stem, const char *kind,
                       struct error *e) {
    char name[128];
    snprintf(name, sizeof name, "%s%s.mat", stem, kind);
    return raw_file_open(out, s->folder, name, e);
}

static int open_split(struct smallnorb *s, size_t split, const char *name, const char *stem, struct error *e) {
    static const uint32_t shape[] = {2, SIDE, SIDE}, shape_of_info[] = {INFO};
    struct raw_file *f = &s->pictures[split], info;
    size_t header;
    uint32_t count, labels;
    int r = open_matrix(f, s, stem, "dat", e);
    if (r < 0 || (r = read_header(f, BYTES, 4, shape, 2 * PICTURE, &header, &count, e)) < 0 ||
        (r = vtab_raw_add(&s->raw, name, f->path, count, e)) < 0 || (r = open_matrix(&info, s, stem, "info", e)) < 0)
        return r;
    r = read_header(&info, INTEGERS, 2, shape_of_info, 4 * INFO, &header, &labels, e);
    if (r == 0 && labels != count)
        r = error_set(e, ERROR_FORMAT, "%s: of %u images; %u were expected, as in %s", info.path, labels, count,
                      f->path);
    if (r == 0)
        r = read_labels(&s->raw.splits[split], s->raw.task, &info, header, e);
    raw_file_close(&info);
    return r < 0 ? r : vtab_raw_sort(&s->raw, split, md5_order_number, NULL, e);
}

static void close_smallnorb(void *state) {
    struct smallnorb *s = state;
    raw_file_close(&s->pictures[0]);
    raw_file_close(&s->pictures[1]);
    vtab_raw_free(&s->raw);
    free(s->folder);
    free(s);
}

static int open_smallnorb(void **state, const struct vtab_task *task, const char *path, struct error *e) {
    static const char *const tops[] = {"smallnorb", NULL};
    char *folder;
    int r = vtab_raw_find(&folder, path, tops, TRAINING "dat.mat", e);
    if (r < 0 || !folder)
        return r;
    struct smallnorb *s = calloc(1, sizeof *s);
    if (!s) {
        free(folder);
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to open it", path);
    }
    s->folder = folder;
    s->raw.task = task;
    if ((r = open_split(s, 0, "train", TRAINING, e)) < 0 || (r = open_split(s, 1, "test", TESTING, e)) < 0) {
        close_smallnorb(s);
        return r;
    }
    *state = s;
    return 0;
}

static int pixels(const void *state, const struct vtab_image *i, struct image *out, struct error *e) {
    const struct smallnorb *s = state;
    uint8_t grey[PICTURE];
    int r = vtab_raw_check(state, i, e);
    if (r == 0)
        r = raw_file_read(&s->pictures[i->file], 8 + 4 * 4 + i->place * 2 * PICTURE, PICTURE, grey, e);
    return r < 0 ? r : vtab_raw_picture(out, grey, SIDE, SIDE, 1, 0, e);
}

const struct vtab_source vtab_smallnorb = {
    .dataset = "smallnorb",
    .expected = TRAINING "dat.mat",
    .open = open_smallnorb,
    .close = close_smallnorb,
    .size = vtab_raw_size,
    .locate = vtab_raw_locate,
    .pixels = pixels,
    .say = vtab_raw_say,
    .file = vtab_raw_file,
};
