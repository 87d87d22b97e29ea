#include "app/sweep_table.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/whole_file.h"
#include "core/number.h"

/* The columns behind those of the axes. */
enum column { STATUS, EPOCHS, STEPS, VAL, TEST, SHA256, RUN, WHY, COLUMNS };
static const char *const columns[COLUMNS] = {"status", "epochs", "steps", "val", "test", "sha256", "run", "why"};
enum { FIELDS = SWEEP_GRID_MOST + COLUMNS, COLUMN_NAME = 32 };

static const char *const words[] = {"missing", "done", "diverged", "failed"};

const char *sweep_table_word(enum sweep_status status) {
    return words[status];
}

void sweep_table_close(struct sweep_table *t) {
    if (t->file)
        fclose(t->file);
    free(t->rows);
    memset(t, 0, sizeof *t);
}

size_t sweep_table_count(const struct sweep_table *t, enum sweep_status status) {
    size_t n = 0, cells = sweep_grid_cells(t->grid);
    for (size_t cell = 0; cell < cells; cell++)
        n += t->rows[cell].status == status;
    return n;
}

/* ---- reading */

/* Cuts a line into its fields, in place. Returns how many; FIELDS + 1: there are more, or a quote is not closed. */
static size_t split(char *line, char *fields[FIELDS]) {
    for (size_t n = 0; n < FIELDS;) {
        char *to = line;
        bool quoted = *line == '"';
        fields[n++] = line;
        line += quoted;
        while (*line && (quoted || *line != ',')) {
            if (quoted && *line == '"' && *++line != '"') {
                quoted = false;
                continue;
            }
            *to++ = *line++;
        }
        bool last = !*line++;
        *to = 0;
        if (last)
            return quoted ? FIELDS + 1 : n;
    }
    return FIELDS + 1;
}

/* "epochs", "val.top1" */
static const char *column_name(const struct sweep_grid *g, int column, char out[static COLUMN_NAME]) {
    bool share = column == VAL || column == TEST;
    snprintf(out, COLUMN_NAME, "%s%s%s", columns[column], share ? "." : "", share ? sweep_grid_share(g) : "");
    return out;
}

/* Which field each axis and each column is. */
struct header {
    size_t count, axes[SWEEP_GRID_MOST], columns[COLUMNS];
};

static size_t place_of(char *const *fields, size_t count, const char *name) {
    size_t i = 0;
    while (i < count && strcmp(fields[i], name) != 0)
        i++;
    return i;
}

static int read_header(struct header *h, const struct sweep_grid *g, char *line, struct error *e) {
    char *fields[FIELDS], name[COLUMN_NAME];
    h->count = split(line, fields);
    if (h->count > FIELDS)
        return error_set(e, ERROR_FORMAT, "it is no line of fields, expected the header of a sweep");
    const char *missing = NULL;
    for (size_t a = 0; a < g->axis_count; a++)
        if ((h->axes[a] = place_of(fields, h->count, g->axes[a].setting->name)) == h->count)
            missing = g->axes[a].setting->name;
    for (int c = 0; c < COLUMNS; c++) { /* behind the axes, one of which may have the same name */
        size_t from = h->count >= COLUMNS ? h->count - COLUMNS : 0;
        column_name(g, c, name);
        if ((h->columns[c] = from + place_of(fields + from, h->count - from, name)) == h->count)
            return error_set(e, ERROR_FORMAT, "there is no column %s, expected the header of a sweep", name);
    }
    return missing ? error_set(e, ERROR_FORMAT, "there is no column %s, expected the header of a sweep", missing) : 0;
}

static int read_share(const char *text, double *out, struct error *e) {
    *out = NAN;
    if (*text && !number_real(text, out))
        return error_set(e, ERROR_FORMAT, "\"%.40s\" is no share of images, expected a number from 0 to 1", text);
    return 0;
}

static int read_count(const char *text, uint64_t *out, struct error *e) {
    *out = 0;
    if (*text && !number_count(text, out))
        return error_set(e, ERROR_FORMAT, "\"%.40s\" is no count, expected a whole number", text);
    return 0;
}

static int read_row(struct sweep_table *t, const struct header *h, char *line, struct error *e) {
    const struct sweep_grid *g = t->grid;
    char *fields[FIELDS];
    struct sweep_row row = {0};
    size_t count = split(line, fields), cell = 0, status = SWEEP_DONE;
    if (count != h->count)
        return error_set(e, ERROR_FORMAT, "the row has %s%zu fields, expected %zu as in the header",
                         count > FIELDS ? "more than " : "", count > FIELDS ? count - 1 : count, h->count);
    for (size_t a = 0; a < g->axis_count; a++) {
        size_t digit = sweep_grid_find(&g->axes[a], fields[h->axes[a]]);
        if (digit == g->axes[a].count)
            return error_set(e, ERROR_FORMAT, "%s is \"%.80s\", which is not in the grid", g->axes[a].setting->name,
                             fields[h->axes[a]]);
        cell = sweep_grid_with(g, cell, a, digit);
    }
    const char *word = fields[h->columns[STATUS]];
    while (status <= SWEEP_FAILED && strcmp(word, words[status]) != 0)
        status++;
    if (status > SWEEP_FAILED)
        return error_set(e, ERROR_FORMAT, "status is \"%.40s\", expected done, diverged or failed", word);
    row.status = (enum sweep_status)status;
    int r = read_count(fields[h->columns[EPOCHS]], &row.epochs, e);
    if (r == 0)
        r = read_count(fields[h->columns[STEPS]], &row.steps, e);
    if (r == 0)
        r = read_share(fields[h->columns[VAL]], &row.val, e);
    if (r == 0)
        r = read_share(fields[h->columns[TEST]], &row.test, e);
    snprintf(row.hash, sizeof row.hash, "%s", fields[h->columns[SHA256]]);
    snprintf(row.why, sizeof row.why, "%s", fields[h->columns[WHY]]);
    if (r == 0)
        t->rows[cell] = row; /* of a cell that was tried again the last one counts */
    return r;
}

/* Only whole lines: a last one without its end was torn. */
static int read_rows(struct sweep_table *t, FILE *f, struct error *e) {
    struct header h;
    char *line = NULL;
    size_t room = 0;
    int r = 0;
    ssize_t length;
    for (size_t number = 1; r == 0 && (length = getline(&line, &room, f)) > 0; number++) {
        if (line[length - 1] != '\n')
            break;
        line[length - 1] = 0;
        r = number == 1 ? read_header(&h, t->grid, line, e) : read_row(t, &h, line, e);
        if (r < 0)
            error_prefix(e, r, "%s:%zu: ", t->path, number);
    }
    if (r == 0 && ferror(f))
        r = error_set(e, ERROR_IO, "%s: cannot be read: %s", t->path, strerror(errno));
    free(line);
    return r;
}

int sweep_table_read(struct sweep_table *t, const struct sweep_grid *g, const char *path, struct error *e) {
    t->grid = g;
    snprintf(t->path, sizeof t->path, "%s", path);
    t->rows = calloc(sweep_grid_cells(g), sizeof *t->rows);
    if (!t->rows)
        return error_set(e, ERROR_MEMORY, "not enough memory for %zu cells", sweep_grid_cells(g));
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? 0 : error_set(e, ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    int r = read_rows(t, f, e);
    fclose(f);
    return r;
}

/* ---- writing */

void sweep_table_field(FILE *f, const char *text) {
    if (!text[strcspn(text, ",\"")]) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (; *text; text++)
        fprintf(f, "%s%c", *text == '"' ? "\"" : "", *text);
    fputc('"', f);
}

static void write_header(const struct sweep_table *t, FILE *f) {
    char name[COLUMN_NAME];
    for (size_t a = 0; a < t->grid->axis_count; a++)
        fprintf(f, "%s,", t->grid->axes[a].setting->name);
    for (int c = 0; c < COLUMNS; c++)
        fprintf(f, "%s%c", column_name(t->grid, c, name), c + 1 < COLUMNS ? ',' : '\n');
}

static void write_share(FILE *f, double share) {
    if (!isnan(share))
        fprintf(f, "%.6f", share);
    fputc(',', f);
}

static void write_row(const struct sweep_table *t, size_t cell, FILE *f) {
    const struct sweep_row *row = &t->rows[cell];
    char name[SWEEP_GRID_NAME], run[SWEEP_GRID_NAME + 8];
    for (size_t a = 0; a < t->grid->axis_count; a++) {
        sweep_table_field(f, sweep_grid_value(t->grid, cell, a));
        fputc(',', f);
    }
    fprintf(f, "%s,", words[row->status]);
    if (row->status == SWEEP_DONE)
        fprintf(f, "%llu,%llu,", (unsigned long long)row->epochs, (unsigned long long)row->steps);
    else
        fputs(",,", f);
    write_share(f, row->val);
    write_share(f, row->test);
    fprintf(f, "%s,", row->hash);
    snprintf(run, sizeof run, "runs/%s", sweep_grid_name(t->grid, cell, name));
    sweep_table_field(f, run);
    fputc(',', f);
    sweep_table_field(f, row->why);
    fputc('\n', f);
}

static int fail(const struct sweep_table *t, struct error *e) {
    return error_set(e, ERROR_IO, "%s: cannot be written: %s", t->path, strerror(errno));
}

static int write_rows(const void *table, FILE *f) {
    const struct sweep_table *t = table;
    write_header(t, f);
    for (size_t cell = 0; cell < sweep_grid_cells(t->grid); cell++)
        if (t->rows[cell].status != SWEEP_MISSING)
            write_row(t, cell, f);
    return 0;
}

int sweep_table_sort(struct sweep_table *t, struct error *e) {
    return whole_file_write(t->path, write_rows, t, e);
}

int sweep_table_open(struct sweep_table *t, struct error *e) {
    int r = sweep_table_sort(t, e);
    if (r < 0)
        return r;
    t->file = fopen(t->path, "ae");
    return t->file ? 0 : fail(t, e);
}

int sweep_table_add(struct sweep_table *t, size_t cell, const struct sweep_row *row, struct error *e) {
    assert(t->file && row->status != SWEEP_MISSING);
    struct sweep_row before = t->rows[cell];
    off_t end = lseek(fileno(t->file), 0, SEEK_END);
    t->rows[cell] = *row;
    write_row(t, cell, t->file);
    if (fflush(t->file) == 0 && fsync(fileno(t->file)) == 0)
        return 0;
    int r = fail(t, e);
    t->rows[cell] = before;
    __fpurge(t->file);
    int cut = ftruncate(fileno(t->file), end);
    (void)cut; /* where even that is refused, reading the table mends its torn last line */
    return r;
}
