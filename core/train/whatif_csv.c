#include "core/train/whatif_csv.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/number.h"

/* X(column): the order of the fields in a line. */
#define COLUMNS(X)                                                                                                     \
    X(weights)                                                                                                         \
    X(split)                                                                                                           \
    X(step)                                                                                                            \
    X(images)                                                                                                          \
    X(variant)                                                                                                         \
    X(block)                                                                                                           \
    X(value)                                                                                                           \
    X(selection)                                                                                                       \
    X(right)                                                                                                           \
    X(top1)                                                                                                            \
    X(change)                                                                                                          \
    X(better)                                                                                                          \
    X(worse)                                                                                                           \
    X(loss)

enum column {
#define X(name) COLUMN_##name,
    COLUMNS(X)
#undef X
        COLUMN_COUNT
};

static const char *const columns[] = {
#define X(name) #name,
    COLUMNS(X)
#undef X
};

enum { FIELD = 48, MOST_IMAGES = 1000000000 };

/* ---- writing */

/* Empty for what there is not. */
static void write_number(FILE *to, double value) {
    char text[NUMBER_TEXT];
    fprintf(to, ",%s", isfinite(value) ? number_print(value, text) : "");
}

void whatif_csv_write(const struct whatif *w, FILE *to) {
    for (int i = 0; i < COLUMN_COUNT; i++)
        fprintf(to, "%s%s", i ? "," : "", columns[i]);
    fputc('\n', to);
    for (size_t i = 0; i < w->count; i++) {
        const struct whatif_row *r = &w->rows[i];
        fprintf(to, "%s,%s,%llu,%zu,%s", w->best ? "best" : "last", split_name(w->split), (unsigned long long)w->step,
                w->images, whatif_kind_name(r->kind));
        write_number(to, r->block < 0 ? (double)NAN : r->block + 1.0);
        write_number(to, r->value);
        write_number(to, r->selection);
        fprintf(to, ",%zu", r->right);
        write_number(to, whatif_top1(w, r));
        write_number(to, whatif_change(w, r));
        fprintf(to, ",%zu,%zu", r->better, r->worse);
        write_number(to, r->loss);
        fputc('\n', to);
    }
}

/* ---- reading */

struct line {
    int number; /* from 1 */
    char fields[COLUMN_COUNT][FIELD];
};

static int refuse(const struct line *l, enum column c, const char *expected, struct error *e) {
    return error_set(e, ERROR_FORMAT, "line %d: %s is \"%s\", expected %s", l->number, columns[c], l->fields[c],
                     expected);
}

/* Cuts the line into its fields; control characters would reach the screen in an error's sentence. */
static int split_fields(struct line *l, const char *text, size_t size, struct error *e) {
    size_t n = 0;
    int c = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == ',') {
            l->fields[c][n] = 0;
            n = 0;
            if (++c == COLUMN_COUNT)
                break;
        } else if (text[i] < ' ' || text[i] > '~' || n + 1 == FIELD) {
            return error_set(e, ERROR_FORMAT, "line %d: its field %d is no short plain text", l->number, c + 1);
        } else {
            l->fields[c][n++] = text[i];
        }
    }
    if (c + 1 != COLUMN_COUNT)
        return error_set(e, ERROR_FORMAT, "line %d: it has %s than %d fields", l->number,
                         c == COLUMN_COUNT ? "more" : "less", COLUMN_COUNT);
    l->fields[c][n] = 0;
    return 0;
}

static int check_header(const struct line *l, struct error *e) {
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (strcmp(l->fields[i], columns[i]) != 0)
            return error_set(e, ERROR_FORMAT, "line 1: column %d is \"%s\", expected \"%s\"", i + 1, l->fields[i],
                             columns[i]);
    return 0;
}

static int read_count(const struct line *l, enum column c, uint64_t most, uint64_t *out, struct error *e) {
    char expected[64];
    if (number_count(l->fields[c], out) && *out <= most)
        return 0;
    snprintf(expected, sizeof expected, "a whole number up to %llu", (unsigned long long)most);
    return refuse(l, c, expected, e);
}

/* An empty field is NaN. */
static int read_real(const struct line *l, enum column c, double low, double high, double *out, struct error *e) {
    char expected[64];
    *out = NAN;
    if (!l->fields[c][0] || (number_real(l->fields[c], out) && *out >= low && *out <= high))
        return 0;
    snprintf(expected, sizeof expected, "a number from %g to %g", low, high);
    return refuse(l, c, expected, e);
}

static bool is_of_block(enum whatif_kind k) {
    return k == WHATIF_GATE_0 || k == WHATIF_GATE_1 || k == WHATIF_TEMP_1;
}

static int read_kind(const struct line *l, struct whatif_row *row, struct error *e) {
    uint64_t block;
    for (row->kind = 0; row->kind < WHATIF_KINDS; row->kind++)
        if (strcmp(l->fields[COLUMN_variant], whatif_kind_name(row->kind)) == 0)
            break;
    if (row->kind == WHATIF_KINDS || (row->kind == WHATIF_BASELINE) != (l->number == 2))
        return refuse(l, COLUMN_variant, l->number == 2 ? "baseline" : "gate=0, gate=1, temp=1 ...", e);
    row->block = -1;
    if (!is_of_block(row->kind))
        return l->fields[COLUMN_block][0] ? refuse(l, COLUMN_block, "nothing", e) : 0;
    if (!number_count(l->fields[COLUMN_block], &block) || block < 1 || block > WHATIF_MOST_BLOCKS)
        return refuse(l, COLUMN_block, "a block's number, from 1", e);
    row->block = (int)block - 1;
    return 0;
}

/* What is the same in every line; line 2 says what. */
static int read_common(const struct line *l, struct whatif *w, struct error *e) {
    uint64_t step, images;
    enum split split;
    bool best = strcmp(l->fields[COLUMN_weights], "best") == 0;
    int r;
    if (!best && strcmp(l->fields[COLUMN_weights], "last") != 0)
        return refuse(l, COLUMN_weights, "last or best", e);
    if (!split_parse(l->fields[COLUMN_split], &split))
        return refuse(l, COLUMN_split, "train, val or test", e);
    if ((r = read_count(l, COLUMN_step, UINT64_MAX, &step, e)) < 0 ||
        (r = read_count(l, COLUMN_images, MOST_IMAGES, &images, e)) < 0)
        return r;
    if (images == 0)
        return refuse(l, COLUMN_images, "at least 1", e);
    if (l->number > 2 && (best != w->best || split != w->split || step != w->step || images != w->images))
        return error_set(e, ERROR_FORMAT, "line %d: its weights, split, step or images are not those of line 2",
                         l->number);
    w->best = best;
    w->split = split;
    w->step = step;
    w->images = images;
    return 0;
}

static int read_row(const struct line *l, struct whatif *w, struct error *e) {
    struct whatif_row row = {0};
    uint64_t right, better, worse;
    int r = read_common(l, w, e);
    if (r < 0 || (r = read_kind(l, &row, e)) < 0 || (r = read_real(l, COLUMN_value, 0, 1000, &row.value, e)) < 0 ||
        (r = read_real(l, COLUMN_selection, 0, 1, &row.selection, e)) < 0 ||
        (r = read_count(l, COLUMN_right, w->images, &right, e)) < 0 ||
        (r = read_count(l, COLUMN_better, w->images, &better, e)) < 0 ||
        (r = read_count(l, COLUMN_worse, w->images, &worse, e)) < 0 ||
        (r = read_real(l, COLUMN_loss, 0, 1e30, &row.loss, e)) < 0)
        return r;
    row.right = (size_t)right;
    row.better = (size_t)better;
    row.worse = (size_t)worse;
    if (l->number > 2 && w->rows[0].right + row.better != row.right + row.worse)
        return error_set(e, ERROR_FORMAT, "line %d: right, better and worse do not fit the baseline's %zu right ones",
                         l->number, w->rows[0].right);
    if (w->count == WHATIF_MOST_ROWS)
        return error_set(e, ERROR_FORMAT, "it has more than %d rows", WHATIF_MOST_ROWS);
    w->rows[w->count++] = row;
    return 0;
}

static int parse(struct whatif *w, const char *text, size_t size, struct error *e) {
    struct line l = {.number = 1};
    for (const char *end; size > 0; l.number++, size -= (size_t)(end + 1 - text), text = end + 1) {
        end = memchr(text, '\n', size);
        if (!end)
            return error_set(e, ERROR_FORMAT, "line %d: it ends in the middle", l.number);
        int r = split_fields(&l, text, (size_t)(end - text), e);
        if (r < 0 || (r = l.number == 1 ? check_header(&l, e) : read_row(&l, w, e)) < 0)
            return r;
    }
    return w->count ? 0 : error_set(e, ERROR_FORMAT, "there are no results in it");
}

int whatif_csv_parse(struct whatif *out, const char *text, size_t size, struct error *e) {
    size_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    *out = (struct whatif){0};
    lines = lines < WHATIF_MOST_ROWS ? lines : WHATIF_MOST_ROWS;
    out->rows = calloc(lines + 1, sizeof *out->rows);
    if (!out->rows)
        return error_set(e, ERROR_MEMORY, "not enough memory for %zu rows", lines);
    int r = parse(out, text, size, e);
    if (r < 0)
        whatif_destroy(out);
    return r;
}

/* Opens a file that is one: a named pipe in its place must not hang the screen. */
static FILE *open_plain(const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fdopen(fd, "r");
    if (fd >= 0) {
        close(fd);
        errno = EINVAL;
    }
    return NULL;
}

int whatif_csv_read(struct whatif *out, const char *path, struct error *e) {
    *out = (struct whatif){0};
    char *text = malloc(WHATIF_CSV_MOST + 1);
    if (!text)
        return error_set(e, ERROR_MEMORY, "not enough memory to read %s", path);
    FILE *f = open_plain(path);
    size_t size = f ? fread(text, 1, WHATIF_CSV_MOST + 1, f) : 0;
    int r = 0;
    if (!f || ferror(f))
        r = error_set(e, ERROR_IO, "%s: it cannot be read: %s", path, strerror(errno));
    else if (size > WHATIF_CSV_MOST)
        r = error_set(e, ERROR_FORMAT, "%s: it is larger than any that gptui writes", path);
    else if ((r = whatif_csv_parse(out, text, size, e)) < 0)
        error_prefix(e, r, "%s: ", path);
    if (f)
        fclose(f);
    free(text);
    return r;
}
