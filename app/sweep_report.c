#include "app/sweep_report.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/sweep_folder.h"
#include "app/whole_file.h"
#include "views/export.h"
#include "views/intervals.h"

enum { CELL = 1200, COLUMNS = SWEEP_GRID_MOST + 8, SVG_COLUMNS = 100, LEAST_COLUMNS = 48, MOST_COLUMNS = 120 };

static const char *share_words(const struct sweep_grid *g) {
    return g->reconstructs ? "share explained" : "top-1";
}

/* ---- the table as text */

/* A line of it, field by field; the same for what stands above (NULL). */
struct record {
    size_t count;
    char fields[COLUMNS][CELL];
};

static char *next(struct record *r) {
    return r->fields[r->count++];
}

static void put_percent(struct record *r, double share) {
    if (isnan(share))
        strcpy(next(r), "-");
    else
        snprintf(next(r), CELL, "%.1f", 100 * share);
}

/* "1 diverged, 2 failed" */
static void put_remarks(struct record *r, const struct sweep_line *line) {
    const struct {
        size_t count;
        const char *what;
    } remarks[] = {{line->diverged, "diverged"},
                   {line->failed, "failed"},
                   {line->missing, "not run yet"},
                   {line->blind, "without val"}};
    char *out = next(r);
    for (size_t i = 0, n = 0; i < sizeof remarks / sizeof *remarks; i++)
        if (remarks[i].count)
            n += (size_t)snprintf(out + n, CELL - n, "%s%zu %s", n ? ", " : "", remarks[i].count, remarks[i].what);
}

static void make_header(const struct sweep_grid *g, struct record *r) {
    memset(r, 0, sizeof *r);
    for (size_t a = 0; a < g->axis_count; a++)
        if (sweep_summary_has(g, a))
            snprintf(next(r), CELL, "%s", g->axes[a].setting->name);
    if (g->chosen >= 0)
        snprintf(next(r), CELL, "chosen %s", g->axes[g->chosen].setting->name);
    static const char *const words[] = {"n", "val %", "test %", "sd", "95% interval", "remarks"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        strcpy(next(r), words[i]);
}

static void make_record(const struct sweep_grid *g, const struct sweep_line *line, struct record *r) {
    memset(r, 0, sizeof *r);
    for (size_t a = 0; a < g->axis_count; a++)
        if (sweep_summary_has(g, a))
            snprintf(next(r), CELL, "%s", sweep_grid_value(g, line->cell, a));
    if (g->chosen >= 0)
        snprintf(next(r), CELL, "%s", isnan(line->val) ? "-" : sweep_grid_value(g, line->cell, (size_t)g->chosen));
    snprintf(next(r), CELL, "%zu", line->test.count);
    put_percent(r, line->val);
    put_percent(r, line->test.mean);
    put_percent(r, line->test.sd);
    if (isnan(line->test.half))
        strcpy(next(r), "-");
    else
        snprintf(next(r), CELL, "%.1f to %.1f", 100 * (line->test.mean - line->test.half),
                 100 * (line->test.mean + line->test.half));
    put_remarks(r, line);
}

static void print_record(const struct record *r, const int *widths, FILE *f) {
    for (size_t i = 0; i < r->count; i++) {
        fprintf(f, "| %s", r->fields[i]);
        for (int n = canvas_columns(r->fields[i]); n <= widths[i]; n++)
            fputc(' ', f);
    }
    fputs("|\n", f);
}

static void widen(const struct record *r, int *widths) {
    for (size_t i = 0; i < r->count; i++) {
        int columns = canvas_columns(r->fields[i]);
        widths[i] = columns > widths[i] ? columns : widths[i];
    }
}

void sweep_report_markdown(const struct sweep_report *r, FILE *f) {
    const struct sweep_grid *g = r->table->grid;
    struct record record;
    int widths[COLUMNS] = {0};
    make_header(g, &record);
    widen(&record, widths);
    for (size_t i = 0; i < r->summary->count; i++) {
        make_record(g, &r->summary->lines[i], &record);
        widen(&record, widths);
    }
    make_header(g, &record);
    print_record(&record, widths, f);
    for (size_t i = 0; i < record.count; i++) {
        fputc('|', f);
        for (int n = 0; n < widths[i] + 2; n++)
            fputc('-', f);
    }
    fputs("|\n", f);
    for (size_t i = 0; i < r->summary->count; i++) {
        make_record(g, &r->summary->lines[i], &record);
        print_record(&record, widths, f);
    }
    const char *share = share_words(g);
    fprintf(f, "\nval %%: mean of the best %s on val", share);
    if (g->chosen >= 0)
        fprintf(f, ", by which %s was chosen", g->axes[g->chosen].setting->name);
    fprintf(f,
            "; a diverged run counts as 0.\ntest %%: mean %s of the last weights over n seeds, with standard deviation "
            "and Student's t interval.\n",
            share);
}

/* ---- the table as numbers */

static void put_number(FILE *f, double value) {
    fputc(',', f);
    if (!isnan(value))
        fprintf(f, "%.6f", value);
}

static void write_csv(const struct sweep_report *r, FILE *f) {
    const struct sweep_grid *g = r->table->grid;
    for (size_t a = 0; a < g->axis_count; a++)
        if ((int)a != g->seed)
            fprintf(f, "%s,", g->axes[a].setting->name);
    const char *share = sweep_grid_share(g);
    fprintf(f, "n,val.%s,test.%s,test.sd,test.half,diverged,failed,missing\n", share, share);
    for (size_t i = 0; i < r->summary->count; i++) {
        const struct sweep_line *line = &r->summary->lines[i];
        for (size_t a = 0; a < g->axis_count; a++) {
            if ((int)a == g->seed)
                continue;
            if ((int)a != g->chosen || !isnan(line->val))
                sweep_table_field(f, sweep_grid_value(g, line->cell, a));
            fputc(',', f);
        }
        fprintf(f, "%zu", line->test.count);
        put_number(f, line->val);
        put_number(f, line->test.mean);
        put_number(f, line->test.sd);
        put_number(f, line->test.half);
        fprintf(f, ",%zu,%zu,%zu\n", line->diverged, line->failed, line->missing);
    }
}

/* ---- the plot */

/* So many columns wide, and a margin on either side. */
static int draw(const struct sweep_report *r, const struct paint *p, int columns, int margin, struct canvas *c,
                struct error *e) {
    enum { NAME = 200 };
    const struct sweep_summary *s = r->summary;
    struct intervals_row *rows = calloc(s->count, sizeof *rows);
    char *names = calloc(s->count, NAME);
    int result = rows && names ? canvas_create(c, intervals_height(s->count), columns + 2 * margin, e)
                               : error_set(e, ERROR_MEMORY, "not enough memory for the plot");
    if (result == 0) {
        for (size_t i = 0; i < s->count; i++) {
            const struct sweep_line *line = &s->lines[i];
            rows[i] = (struct intervals_row){names + NAME * i, line->test.mean, line->test.half};
            sweep_summary_name(r->table->grid, line->cell, !isnan(line->val), " ", names + NAME * i, NAME);
        }
        char title[96];
        snprintf(title, sizeof title, "test %s %%, mean over seeds and 95%% interval", share_words(r->table->grid));
        struct intervals k = {.title = title, .factor = 100, .rows = rows, .count = s->count, .best = s->best};
        canvas_clear(c, theme_style(p, THEME_TEXT));
        intervals_draw(c, canvas_part(canvas_all(c), 0, margin, c->height, columns), p, &k);
    }
    free(names);
    free(rows);
    return result;
}

/* ---- out */

struct file {
    const struct sweep_report *report;
    void (*write)(const struct sweep_report *, FILE *);
};

static int write_text(const void *file, FILE *to) {
    const struct file *f = file;
    f->write(f->report, to);
    return 0;
}

static int write_file(const struct sweep_report *r, const char *name,
                      void (*write)(const struct sweep_report *, FILE *), struct error *e) {
    char path[SWEEP_FOLDER_FILE];
    return whole_file_write(sweep_folder_file(r->folder, name, path), write_text, &(struct file){r, write}, e);
}

int sweep_report_write(const struct sweep_report *r, struct error *e) {
    char path[SWEEP_FOLDER_FILE];
    struct canvas c = {0};
    struct paint p = {.theme = theme_named(r->theme ? r->theme : "light"), .glyphs = GLYPHS_BRAILLE, .colors = 1 << 24};
    int result = write_file(r, "table.csv", write_csv, e);
    if (result == 0)
        result = write_file(r, "table.md", sweep_report_markdown, e);
    if (result == 0)
        result = draw(r, &p, SVG_COLUMNS, 1, &c, e);
    if (result == 0)
        result = export_screen(&c, &p, sweep_folder_file(r->folder, "table.svg", path), e);
    canvas_destroy(&c);
    return result;
}

int sweep_report_print(const struct sweep_report *r, int columns, FILE *f, struct error *e) {
    bool plain = r->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    struct canvas c = {0};
    struct paint p = {.theme = theme_named("dark"), .glyphs = plain ? GLYPHS_ASCII : GLYPHS_BLOCKS};
    int width = columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns > MOST_COLUMNS ? MOST_COLUMNS : columns;
    int result = draw(r, &p, width, 0, &c, e);
    if (result == 0) {
        sweep_report_markdown(r, f);
        fputc('\n', f);
        export_text(&c, f);
        fputc('\n', f);
    }
    canvas_destroy(&c);
    return result;
}

void sweep_report_line(const struct sweep_report *r, FILE *f) {
    const struct sweep_summary *s = r->summary;
    const struct sweep_table *t = r->table;
    char name[CELL];
    fprintf(f, "swept out=%s cells=%zu failed=%zu", r->folder,
            sweep_grid_cells(t->grid) - sweep_table_count(t, SWEEP_MISSING), sweep_table_count(t, SWEEP_FAILED));
    if (sweep_table_count(t, SWEEP_DIVERGED))
        fprintf(f, " diverged=%zu", sweep_table_count(t, SWEEP_DIVERGED));
    if (s->best < s->count) {
        const struct sweep_line *line = &s->lines[s->best];
        fprintf(f, " best=%s", sweep_summary_name(t->grid, line->cell, true, ",", name, sizeof name));
        if (!isnan(line->test.mean))
            fprintf(f, " test.%s=%.3f", sweep_grid_share(t->grid), line->test.mean);
        if (!isnan(line->test.half))
            fprintf(f, "±%.3f", line->test.half);
    }
    fputc('\n', f);
}
