#include "app/sweep_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/whole_file.h"
#include "core/train/state.h"

const char *sweep_folder_file(const char *path, const char *file, char out[SWEEP_FOLDER_FILE]) {
    snprintf(out, SWEEP_FOLDER_FILE, "%s/%s", path, file);
    return out;
}

const char *sweep_folder_run(const char *path, const struct sweep_grid *g, size_t cell, char out[SWEEP_FOLDER_FILE]) {
    char name[SWEEP_GRID_NAME];
    snprintf(out, SWEEP_FOLDER_FILE, "%s/runs/%s", path, sweep_grid_name(g, cell, name));
    return out;
}

/* With the folders above it. */
static int make_folder(const char *path, struct error *e) {
    char part[SWEEP_FOLDER_FILE];
    for (size_t n = 1; path[n - 1]; n++) {
        if (path[n] && path[n] != '/')
            continue;
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        if (mkdir(part, 0777) < 0 && errno != EEXIST)
            return error_set(e, ERROR_IO, "%s: the folder cannot be made: %s", part, strerror(errno));
    }
    return 0;
}

static int open_lock(const struct sweep_folder *f, const char *name, int *out, struct error *e) {
    char path[SWEEP_FOLDER_FILE];
    *out = open(sweep_folder_file(f->path, name, path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    return *out >= 0 ? 0 : error_set(e, ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
}

static int lock(const struct sweep_folder *f, struct error *e) {
    if (flock(f->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return error_set(e, ERROR_USAGE, "%s: another gptui sweep is at work in this folder", f->path);
        return error_set(e, ERROR_IO, "%s/.lock: cannot be locked: %s", f->path, strerror(errno));
    }
    if (flock(f->runs, LOCK_EX | LOCK_NB) == 0)
        return 0;
    fprintf(stderr, "waiting for the runs of a sweep that was killed: they save and end\n");
    while (flock(f->runs, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_set(e, ERROR_IO, "%s/.runs: cannot be locked: %s", f->path, strerror(errno));
    return 0;
}

int sweep_folder_open(struct sweep_folder *f, const char *path, struct error *e) {
    char runs[SWEEP_FOLDER_FILE];
    *f = (struct sweep_folder){.lock = -1, .runs = -1};
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (!length || length >= sizeof f->path)
        return error_set(e, ERROR_USAGE, "out is %zu bytes long, expected 1 to %zu", length, sizeof f->path - 1);
    snprintf(f->path, sizeof f->path, "%.*s", (int)length, path);
    int r = make_folder(sweep_folder_file(f->path, "runs", runs), e);
    if (r == 0)
        r = open_lock(f, ".lock", &f->lock, e);
    if (r == 0)
        r = open_lock(f, ".runs", &f->runs, e);
    if (r == 0)
        r = lock(f, e);
    if (r < 0)
        sweep_folder_close(f);
    return r;
}

void sweep_folder_close(struct sweep_folder *f) {
    if (f->runs >= 0)
        close(f->runs);
    if (f->lock >= 0)
        close(f->lock);
    f->runs = f->lock = -1;
}

int sweep_folder_read(const char *path, struct sweep_grid *g, struct error *e) {
    char file[SWEEP_FOLDER_FILE];
    if (access(sweep_folder_file(path, "sweep.conf", file), F_OK) < 0 && errno == ENOENT)
        return 1;
    return sweep_grid_read(g, file, e);
}

static int write_grid(const void *grid, FILE *to) {
    return sweep_grid_write(grid, to);
}

int sweep_folder_record(const struct sweep_folder *f, const struct sweep_grid *g, struct error *e) {
    char path[SWEEP_FOLDER_FILE];
    struct sweep_grid old = {0};
    sweep_folder_file(f->path, "sweep.conf", path);
    int r = sweep_folder_read(f->path, &old, e);
    if (r == 0)
        r = sweep_grid_extends(g, &old, path, e);
    sweep_grid_destroy(&old);
    return r < 0 ? r : whole_file_write(path, write_grid, g, e);
}

/* What a run writes before its first save, and what it leaves of writing it. */
static bool ends_with(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

static bool is_of_run(const char *name) {
    static const char *const files[] = {"journal.gpt", "metrics.jsonl", "settings.conf"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(name, files[i]) == 0)
            return true;
    return ends_with(name, ".part") || ends_with(name, ".tmp");
}

static bool is_of_splits(const char *name) {
    return ends_with(name, ".json") || ends_with(name, ".part");
}

/* Removes what is known from a folder. */
static void empty(const char *folder, bool (*is_known)(const char *name)) {
    char path[2 * SWEEP_FOLDER_FILE];
    DIR *dir = opendir(folder);
    for (const struct dirent *d; dir && (d = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
        if (is_known(d->d_name))
            unlink(path);
    }
    if (dir)
        closedir(dir);
}

static int clear(const char *run, struct error *e) {
    char splits[SWEEP_FOLDER_FILE + 16];
    snprintf(splits, sizeof splits, "%s/splits", run);
    empty(splits, is_of_splits);
    rmdir(splits);
    empty(run, is_of_run);
    if (rmdir(run) == 0 || errno == ENOENT)
        return 0;
    return error_set(e, ERROR_IO, "%s: a run that saved nothing cannot be removed: %s", run, strerror(errno));
}

static int put_aside(const char *run, struct error *e) {
    char aside[SWEEP_FOLDER_FILE + 32];
    for (int k = 1; k < 1000; k++) {
        snprintf(aside, sizeof aside, "%s.damaged-%d", run, k);
        if (access(aside, F_OK) < 0)
            return rename(run, aside) == 0
                       ? 0
                       : error_set(e, ERROR_IO, "%s: the damaged run cannot be put aside: %s", run, strerror(errno));
    }
    return error_set(e, ERROR_IO, "%s: a thousand damaged runs lie beside it", run);
}

int sweep_folder_ready(const char *run, bool *resume, char why[SWEEP_FOLDER_WHY], struct error *e) {
    char file[SWEEP_FOLDER_FILE + 32], record[SWEEP_FOLDER_FILE + 32];
    struct state_position at;
    struct error damage = {0};
    why[0] = 0;
    snprintf(file, sizeof file, "%s/last.safetensors", run);
    snprintf(record, sizeof record, "%s/settings.conf", run);
    *resume = access(file, F_OK) == 0 || errno != ENOENT;
    if (!*resume)
        return clear(run, e);
    if (access(record, F_OK) < 0 && errno == ENOENT)
        error_set(&damage, ERROR_FORMAT, "%s: there is no settings.conf in it", run);
    else if (state_read_position(&at, NULL, file, &damage) == 0)
        return 0;
    if (damage.code != ERROR_FORMAT)
        return 0; /* the run says itself what is the matter */
    *resume = false;
    snprintf(why, SWEEP_FOLDER_WHY, "%.500s", damage.text);
    return put_aside(run, e);
}

int sweep_folder_time(const struct sweep_folder *f, const char *cell, double seconds, struct error *e) {
    char path[SWEEP_FOLDER_FILE];
    FILE *to = fopen(sweep_folder_file(f->path, "times.csv", path), "ae");
    if (!to)
        return error_set(e, ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (ftell(to) == 0)
        fputs("cell,seconds\n", to);
    int written = fprintf(to, "\"%s\",%.3f\n", cell, seconds);
    bool good = fclose(to) == 0 && written > 0;
    return good ? 0 : error_set(e, ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
}
