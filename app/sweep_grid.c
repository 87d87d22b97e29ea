#include "app/sweep_grid.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/recipes.h"
#include "core/digest.h"
#include "core/nearest.h"
#include "core/number.h"

enum { LONGEST_NAME = 120 };

/* In a folder's name; whatever the locale says. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-=,"

void sweep_grid_destroy(struct sweep_grid *g) {
    for (size_t a = 0; a < g->axis_count; a++) {
        for (size_t i = 0; i < g->axes[a].count; i++)
            free(g->axes[a].values[i]);
        free(g->axes[a].values);
    }
    for (size_t i = 0; i < g->fixed_count; i++)
        free(g->fixed[i].value);
    memset(g, 0, sizeof *g);
}

/* The value in the one form that it is compared and written in; malloc'd. */
static int read_value(const char *name, const char *value, const struct setting **row, char **out, struct error *e) {
    struct settings s;
    char text[SETTINGS_TEXT];
    settings_default(&s);
    int r = settings_set(&s, name, value, e);
    if (r < 0)
        return r;
    *row = settings_find(name);
    if (strcmp(name, "out") == 0 || strcmp(name, "threads") == 0)
        return error_set(e, ERROR_USAGE, "%s is given to the sweep as a whole, by --%s, not to its runs", name, name);
    /* "partial" alone leaves the number of blocks to last-blocks, where settings_get() would name one. */
    bool bare = strcmp(name, "method") == 0 && strcmp(value, "partial") == 0;
    *out = strdup(bare ? value : settings_get(&s, *row, text, sizeof text));
    return *out ? 0 : error_set(e, ERROR_MEMORY, "not enough memory for the grid");
}

int sweep_grid_fix(struct sweep_grid *g, const char *name, const char *value, struct error *e) {
    const struct setting *row;
    char *text;
    int r = read_value(name, value, &row, &text, e);
    if (r < 0)
        return r;
    size_t i = 0;
    while (i < g->fixed_count && g->fixed[i].setting != row)
        i++;
    assert(i < SWEEP_GRID_MOST); /* as many as there are settings */
    if (i < g->fixed_count)
        free(g->fixed[i].value);
    else
        g->fixed_count++;
    g->fixed[i] = (struct sweep_fixed){row, text};
    return 0;
}

/* ---- axes */

size_t sweep_grid_axis(const struct sweep_grid *g, const char *name) {
    size_t a = 0;
    while (a < g->axis_count && strcmp(g->axes[a].setting->name, name) != 0)
        a++;
    return a;
}

size_t sweep_grid_find(const struct sweep_axis *axis, const char *value) {
    size_t i = 0;
    while (i < axis->count && strcmp(axis->values[i], value) != 0)
        i++;
    return i;
}

static int add_value(struct sweep_axis *axis, const char *name, const char *value, struct error *e) {
    char *text;
    if (!*value)
        return error_set(e, ERROR_USAGE, "the grid of %s has an empty value, expected values parted by commas", name);
    int r = read_value(name, value, &axis->setting, &text, e);
    if (r < 0)
        return r;
    char **more = NULL;
    if (sweep_grid_find(axis, text) < axis->count)
        r = error_set(e, ERROR_USAGE, "the grid of %s has %.80s twice", name, text);
    else if (!(more = realloc(axis->values, (axis->count + 1) * sizeof *more)))
        r = error_set(e, ERROR_MEMORY, "not enough memory for the grid");
    if (r < 0) {
        free(text);
        return r;
    }
    axis->values = more;
    axis->values[axis->count++] = text;
    return 0;
}

int sweep_grid_add(struct sweep_grid *g, const char *name, const char *values, struct error *e) {
    if (sweep_grid_axis(g, name) < g->axis_count)
        return error_set(e, ERROR_USAGE, "%s is in the grid twice, expected all its values in one list", name);
    assert(g->axis_count < SWEEP_GRID_MOST);
    struct sweep_axis *axis = &g->axes[g->axis_count++];
    *axis = (struct sweep_axis){0};
    char *copy = strdup(values), *rest = copy, *item;
    int r = copy ? 0 : error_set(e, ERROR_MEMORY, "not enough memory for the grid");
    while (r == 0 && (item = strsep(&rest, ","))) {
        item += strspn(item, " \t");
        for (size_t n = strlen(item); n > 0 && strchr(" \t", item[n - 1]); n--)
            item[n - 1] = 0;
        r = add_value(axis, name, item, e);
    }
    free(copy);
    if (r < 0 && !axis->count)
        g->axis_count--; /* no setting stands behind it */
    return r;
}

int sweep_grid_add_text(struct sweep_grid *g, const char *text, struct error *e) {
    const char *equals = strchr(text, '=');
    char name[64];
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof name)
        return error_set(e, ERROR_USAGE, "\"%.80s\" is no axis of a grid, expected NAME=VALUE,VALUE", text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    return sweep_grid_add(g, name, equals + 1, e);
}

int sweep_grid_choose_seeds(struct sweep_grid *g, const char *value, struct error *e) {
    uint64_t count;
    if (!number_count(value, &count) || count < 1 || count > SWEEP_GRID_CELLS)
        return error_set(e, ERROR_USAGE, "choose-seeds is \"%.40s\", expected a number of seeds, from 1", value);
    g->choose_seeds = (int)count;
    return 0;
}

/* ---- files */

static int take_line(void *grid, const char *name, const char *value, struct error *e) {
    struct sweep_grid *g = grid;
    if (strncmp(name, "grid", 4) == 0 && strspn(name + 4, " \t") > 0)
        return sweep_grid_add(g, name + 4 + strspn(name + 4, " \t"), value, e);
    if (strcmp(name, "choose-seeds") == 0)
        return g->choose_seeds > 0 ? 0 : sweep_grid_choose_seeds(g, value, e);
    if (strcmp(name, "choose") != 0)
        return sweep_grid_fix(g, name, value, e);
    if (strlen(value) >= sizeof g->choose)
        return error_set(e, ERROR_USAGE, "choose is \"%.40s...\", expected the name of a setting", value);
    if (!*g->choose) /* the command line's goes before the file's */
        strcpy(g->choose, value);
    return 0;
}

int sweep_grid_read(struct sweep_grid *g, const char *path, struct error *e) {
    return settings_each(path, take_line, g, e);
}

/* The list is a value as any other, quoted where it has to be. */
static int write_axis(const struct sweep_axis *axis, FILE *f) {
    char name[64], *list = NULL;
    size_t size;
    FILE *to = open_memstream(&list, &size);
    for (size_t i = 0; to && i < axis->count; i++)
        fprintf(to, "%s%s", i ? ", " : "", axis->values[i]);
    snprintf(name, sizeof name, "grid %s", axis->setting->name);
    bool good = to && fclose(to) == 0;
    if (good)
        settings_write_line(name, list, f);
    free(list);
    return good ? 0 : ERROR_MEMORY;
}

int sweep_grid_write(const struct sweep_grid *g, FILE *f) {
    for (size_t i = 0; i < g->fixed_count; i++)
        settings_write_line(g->fixed[i].setting->name, g->fixed[i].value, f);
    for (size_t a = 0; a < g->axis_count; a++)
        if (write_axis(&g->axes[a], f) < 0)
            return ERROR_MEMORY;
    if (*g->choose)
        settings_write_line("choose", g->choose, f);
    if (g->choose_seeds)
        fprintf(f, "choose-seeds = %d\n", g->choose_seeds);
    return ferror(f) ? ERROR_IO : 0;
}

/* ---- checks */

static int find_choice(struct sweep_grid *g, struct error *e) {
    size_t axis = sweep_grid_axis(g, *g->choose ? g->choose : "lr");
    g->chosen = axis < g->axis_count ? (int)axis : -1;
    if (!*g->choose || strcmp(g->choose, "none") == 0 || (g->chosen >= 0 && g->chosen != g->seed))
        return 0;
    if (g->chosen >= 0)
        return error_set(e, ERROR_USAGE, "choose is seed, expected another axis: results are averaged over the seeds");
    struct nearest near = nearest_to(g->choose);
    for (size_t a = 0; a < g->axis_count; a++)
        nearest_offer(&near, g->axes[a].setting->name);
    char hint[128];
    return error_set(e, ERROR_USAGE, "choose is \"%s\", expected a setting of the grid, or none%s", g->choose,
                     nearest_hint(&near, "", "", hint, sizeof hint));
}

static int check_choice(const struct sweep_grid *g, struct error *e) {
    size_t seeds = g->seed < 0 ? 0 : g->axes[g->seed].count;
    if (g->choose_seeds == 0 || (g->chosen >= 0 && (size_t)g->choose_seeds <= seeds))
        return 0;
    if (g->chosen < 0)
        return error_set(e, ERROR_USAGE, "choose-seeds is %d, but nothing is chosen in this grid", g->choose_seeds);
    return error_set(e, ERROR_USAGE, "choose-seeds is %d, but the grid has %zu seeds", g->choose_seeds, seeds);
}

/* "partial" may be one of the others with its number. */
static int check_partial(const struct sweep_grid *g, struct error *e) {
    size_t axis = sweep_grid_axis(g, "method");
    if (axis == g->axis_count || sweep_grid_axis(g, "last-blocks") < g->axis_count)
        return 0;
    for (size_t i = 0; i < g->axes[axis].count; i++)
        for (size_t k = 0; k < i; k++) {
            struct settings one, other;
            int r = sweep_grid_settings(g, sweep_grid_with(g, 0, axis, i), &one, e);
            if (r == 0)
                r = sweep_grid_settings(g, sweep_grid_with(g, 0, axis, k), &other, e);
            if (r < 0)
                return r;
            if (one.method == METHOD_PARTIAL && other.method == METHOD_PARTIAL && one.last_blocks == other.last_blocks)
                return error_set(e, ERROR_USAGE, "the grid of method has %s and %s, which are the same",
                                 g->axes[axis].values[k], g->axes[axis].values[i]);
        }
    return 0;
}

/* Of every recipe and method of the grid. */
static int check_methods(struct sweep_grid *g, struct error *e) {
    size_t recipe = sweep_grid_axis(g, "recipe"), recipes = recipe < g->axis_count ? g->axes[recipe].count : 1;
    size_t method = sweep_grid_axis(g, "method"), methods = method < g->axis_count ? g->axes[method].count : 1;
    for (size_t i = 0; i < recipes * methods; i++) {
        struct settings s;
        size_t cell = recipe < g->axis_count ? sweep_grid_with(g, 0, recipe, i / methods) : 0;
        if (method < g->axis_count)
            cell = sweep_grid_with(g, cell, method, i % methods);
        int r = sweep_grid_settings(g, cell, &s, e);
        if (r < 0)
            return r;
        bool reconstructs = s.method == METHOD_MAE;
        if (i > 0 && reconstructs != g->reconstructs)
            return error_set(e, ERROR_USAGE,
                             "the grid has the method mae beside others, expected one or the other: what a pretraining "
                             "explains does not compare with top-1");
        g->reconstructs = reconstructs;
    }
    return 0;
}

int sweep_grid_check(struct sweep_grid *g, struct error *e) {
    size_t cells = 1, seed = sweep_grid_axis(g, "seed");
    g->seed = seed < g->axis_count ? (int)seed : -1;
    if (!g->axis_count)
        return error_set(e, ERROR_USAGE, "nothing is varied, expected at least one --grid NAME=VALUE,VALUE");
    for (size_t i = 0; i < g->fixed_count; i++)
        if (sweep_grid_axis(g, g->fixed[i].setting->name) < g->axis_count)
            return error_set(e, ERROR_USAGE, "%s is both fixed, at %.80s, and in the grid, expected one of them",
                             g->fixed[i].setting->name, g->fixed[i].value);
    for (size_t a = 0; a < g->axis_count; a++) {
        if (g->axes[a].count > SWEEP_GRID_CELLS / cells)
            return error_set(e, ERROR_USAGE, "the grid has more than %d cells, expected fewer", SWEEP_GRID_CELLS);
        cells *= g->axes[a].count;
    }
    int r = check_methods(g, e);
    if (r == 0)
        r = check_partial(g, e);
    if (r == 0)
        r = find_choice(g, e);
    return r < 0 ? r : check_choice(g, e);
}

static const char *fixed_value(const struct sweep_grid *g, const struct setting *row) {
    for (size_t i = 0; i < g->fixed_count; i++)
        if (g->fixed[i].setting == row)
            return g->fixed[i].value;
    return NULL;
}

/* Settings that may differ from session to session may do so here. */
static int compare_fixed(const struct sweep_grid *g, const struct sweep_grid *old, const char *path, struct error *e) {
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_at(i);
        const char *is = fixed_value(g, row), *was = fixed_value(old, row);
        if (row->applies == LIVE || (!is && !was) || (is && was && strcmp(is, was) == 0))
            continue;
        return error_set(e, ERROR_USAGE,
                         "%s: %s is %.80s%s there, but %.80s%s here, expected the same settings, or another --out",
                         path, row->name, was ? was : "not", was ? "" : " fixed", is ? is : "not", is ? "" : " fixed");
    }
    return 0;
}

static const char *axis_name(const struct sweep_grid *g, size_t axis) {
    return axis < g->axis_count ? g->axes[axis].setting->name : "nothing";
}

int sweep_grid_extends(const struct sweep_grid *g, const struct sweep_grid *old, const char *path, struct error *e) {
    int r = compare_fixed(g, old, path, e);
    if (r < 0)
        return r;
    for (size_t a = 0; a < g->axis_count || a < old->axis_count; a++) {
        if (strcmp(axis_name(old, a), axis_name(g, a)) != 0)
            return error_set(e, ERROR_USAGE,
                             "%s: number %zu of the grid is %s there, but %s here, expected the same settings in the "
                             "same order, or another --out",
                             path, a + 1, axis_name(old, a), axis_name(g, a));
        const struct sweep_axis *was = &old->axes[a];
        for (size_t i = 0; i < was->count; i++)
            if (sweep_grid_find(&g->axes[a], was->values[i]) == g->axes[a].count)
                return error_set(e, ERROR_USAGE,
                                 "%s: the grid of %s has %.80s there, but not here, expected no value less, or another "
                                 "--out",
                                 path, was->setting->name, was->values[i]);
    }
    return 0;
}

/* ---- cells */

static size_t stride(const struct sweep_grid *g, size_t axis) {
    size_t n = 1;
    for (size_t a = axis + 1; a < g->axis_count; a++)
        n *= g->axes[a].count;
    return n;
}

const char *sweep_grid_share(const struct sweep_grid *g) {
    return g->reconstructs ? "explained" : "top1";
}

size_t sweep_grid_cells(const struct sweep_grid *g) {
    return g->axis_count ? stride(g, 0) * g->axes[0].count : 0;
}

size_t sweep_grid_runs(const struct sweep_grid *g) {
    size_t cells = sweep_grid_cells(g);
    if (g->choose_seeds == 0)
        return cells;
    size_t seeds = g->axes[g->seed].count, each = cells / seeds, first = (size_t)g->choose_seeds;
    return each * first + each / g->axes[g->chosen].count * (seeds - first);
}

size_t sweep_grid_digit(const struct sweep_grid *g, size_t cell, size_t axis) {
    return cell / stride(g, axis) % g->axes[axis].count;
}

size_t sweep_grid_with(const struct sweep_grid *g, size_t cell, size_t axis, size_t digit) {
    return cell - sweep_grid_digit(g, cell, axis) * stride(g, axis) + digit * stride(g, axis);
}

const char *sweep_grid_value(const struct sweep_grid *g, size_t cell, size_t axis) {
    return g->axes[axis].values[sweep_grid_digit(g, cell, axis)];
}

const char *sweep_grid_name(const struct sweep_grid *g, size_t cell, char out[SWEEP_GRID_NAME]) {
    struct digest d;
    char hash[DIGEST_HEX];
    size_t n = 0;
    bool changed = false;
    digest_init(&d);
    for (size_t a = 0; a < g->axis_count; a++) {
        const char *parts[] = {a ? "," : "", g->axes[a].setting->name, "=", sweep_grid_value(g, cell, a)};
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            digest_update(&d, parts[p], strlen(parts[p]));
            for (const char *at = parts[p]; *at; at++) {
                bool good = strchr(PLAIN, *at) != NULL;
                changed |= !good || n >= LONGEST_NAME;
                if (n < LONGEST_NAME)
                    out[n++] = good ? *at : '_';
            }
        }
    }
    out[n] = 0;
    digest_hex(&d, hash);
    if (changed)
        snprintf(out + n, SWEEP_GRID_NAME - n, "-%.12s", hash);
    return out;
}

static int apply(const struct sweep_grid *g, size_t cell, struct settings *s, struct error *e) {
    int r = 0;
    for (size_t i = 0; i < g->fixed_count && r == 0; i++)
        r = settings_set(s, g->fixed[i].setting->name, g->fixed[i].value, e);
    for (size_t a = 0; a < g->axis_count && r == 0; a++)
        r = settings_set(s, g->axes[a].setting->name, sweep_grid_value(g, cell, a), e);
    return r;
}

int sweep_grid_settings(const struct sweep_grid *g, size_t cell, struct settings *out, struct error *e) {
    char recipe[SETTINGS_TEXT];
    settings_default(out);
    int r = apply(g, cell, out, e);
    if (r < 0)
        return r;
    if ((r = recipes_choose(out, recipe, e)) < 0) /* depends on what is set */
        return r;
    settings_default(out);
    r = recipes_apply(out, recipe, e);
    return r < 0 ? r : apply(g, cell, out, e);
}
