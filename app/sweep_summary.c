#include "app/sweep_summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool sweep_summary_has(const struct sweep_grid *g, size_t axis) {
    return (int)axis != g->seed && (int)axis != g->chosen;
}

const char *sweep_summary_name(const struct sweep_grid *g, size_t cell, bool chosen, const char *between, char *out,
                               size_t size) {
    size_t n = 0;
    snprintf(out, size, "all");
    for (size_t a = 0; a < g->axis_count && n < size; a++)
        if (sweep_summary_has(g, a) || (chosen && (int)a == g->chosen))
            n += (size_t)snprintf(out + n, size - n, "%s%s=%s", n ? between : "", g->axes[a].setting->name,
                                  sweep_grid_value(g, cell, a));
    return out;
}

/* The first `seeds` seeds of one combination; `tests` (may be NULL) has room for all of them. */
static struct sweep_line look_at(const struct sweep_table *t, size_t cell, size_t seeds, double *tests) {
    const struct sweep_grid *g = t->grid;
    struct sweep_line line = {.cell = cell, .val = NAN};
    size_t count = 0, known = 0;
    double sum = 0;
    for (size_t i = 0; i < seeds; i++) {
        const struct sweep_row *row = &t->rows[g->seed < 0 ? cell : sweep_grid_with(g, cell, (size_t)g->seed, i)];
        line.missing += row->status == SWEEP_MISSING;
        line.failed += row->status == SWEEP_FAILED;
        line.diverged += row->status == SWEEP_DIVERGED;
        count += row->status == SWEEP_DONE || row->status == SWEEP_DIVERGED;
        if (row->status == SWEEP_DONE && isnan(row->val))
            line.blind++;
        else if (row->status == SWEEP_DONE)
            sum += row->val;
        if (tests && row->status == SWEEP_DONE && !isnan(row->test))
            tests[known++] = row->test;
    }
    if (count)
        line.val = sum / (double)count;
    line.test = sweep_statistics_of(tests, known);
    return line;
}

/* The value with the highest mean on val, on the seeds that choose; `whole`: of all of those there is a result. */
static size_t choose(const struct sweep_table *t, size_t cell, bool *whole) {
    const struct sweep_grid *g = t->grid;
    size_t all = g->seed < 0 ? 1 : g->axes[g->seed].count;
    size_t seeds = g->choose_seeds > 0 ? (size_t)g->choose_seeds : all;
    struct sweep_line best = look_at(t, cell, seeds, NULL);
    *whole = best.missing == 0;
    for (size_t i = 1; g->chosen >= 0 && i < g->axes[g->chosen].count; i++) {
        struct sweep_line line = look_at(t, sweep_grid_with(g, cell, (size_t)g->chosen, i), seeds, NULL);
        *whole = *whole && line.missing == 0;
        if (line.val > best.val || (isnan(best.val) && !isnan(line.val)))
            best = line;
    }
    return best.cell;
}

bool sweep_summary_wants(const struct sweep_table *t, size_t cell) {
    const struct sweep_grid *g = t->grid;
    bool whole;
    if (g->choose_seeds == 0 || sweep_grid_digit(g, cell, (size_t)g->seed) < (size_t)g->choose_seeds)
        return true;
    size_t first = sweep_grid_with(g, sweep_grid_with(g, cell, (size_t)g->seed, 0), (size_t)g->chosen, 0);
    size_t chosen = choose(t, first, &whole);
    return whole && sweep_grid_digit(g, chosen, (size_t)g->chosen) == sweep_grid_digit(g, cell, (size_t)g->chosen);
}

static bool is_first(const struct sweep_grid *g, size_t cell) {
    for (size_t a = 0; a < g->axis_count; a++)
        if (!sweep_summary_has(g, a) && sweep_grid_digit(g, cell, a) != 0)
            return false;
    return true;
}

int sweep_summary_make(struct sweep_summary **out, const struct sweep_table *t, struct error *e) {
    const struct sweep_grid *g = t->grid;
    size_t cells = sweep_grid_cells(g), lines = 1;
    bool whole;
    for (size_t a = 0; a < g->axis_count; a++)
        lines *= sweep_summary_has(g, a) ? g->axes[a].count : 1;
    struct sweep_summary *s = calloc(1, sizeof *s + lines * sizeof *s->lines);
    double *tests = calloc(cells, sizeof *tests);
    *out = s;
    if (!s || !tests) {
        free(tests);
        return error_set(e, ERROR_MEMORY, "not enough memory for %zu lines of a sweep", lines);
    }
    for (size_t cell = 0; cell < cells; cell++)
        if (is_first(g, cell))
            s->lines[s->count++] = look_at(t, choose(t, cell, &whole), g->seed < 0 ? 1 : g->axes[g->seed].count, tests);
    s->best = s->count;
    for (size_t i = 0; i < s->count; i++)
        if (!isnan(s->lines[i].val) && (s->best == s->count || s->lines[i].val > s->lines[s->best].val))
            s->best = i;
    free(tests);
    return 0;
}

void sweep_summary_free(struct sweep_summary *s) {
    free(s);
}
