#include "app/run_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cblas.h>
#include <cjson/cJSON.h>

#include "app/version.h"
#include "app/whole_file.h"
#include "core/nn/vector.h"

enum { MOST_TRIES = 100000 };

const char *run_folder_file(const char *path, const char *file, char out[RUN_FOLDER_FILE]) {
    snprintf(out, RUN_FOLDER_FILE, "%s/%s", path, file);
    return out;
}

/* Makes the folders above `path`. */
static int make_parents(const char *path, struct error *e) {
    char part[RUN_FOLDER_PATH];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0777) < 0 && errno != EEXIST)
            return error_set(e, ERROR_IO, "%s: the folder cannot be made: %s", part, strerror(errno));
    }
    return 0;
}

/* "scenes-shape" from "scenes:shape", "cub" from "folder:/data/cub/" and "fgvc:cub:/data/CUB". */
static void name_after(const char *data, char *out, size_t size) {
    char text[RUN_FOLDER_PATH];
    dataset_short_name(data, text, sizeof text);
    const char *colon = strchr(text, ':');
    const char *from = colon && strncmp(text, "scenes:", 7) != 0 ? colon + 1 : text;
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";
    size_t n = 0;
    for (; *from && n + 1 < size && n < 40; from++)
        out[n++] = strchr(plain, *from) ? *from : '-';
    out[n] = 0;
    if (!n || out[0] == '.')
        snprintf(out, size, "run");
}

static int open_files(struct run_folder *f, const char *mode, struct error *e) {
    char path[RUN_FOLDER_FILE];
    f->journal = fopen(run_folder_file(f->path, "journal.gpt", path), mode);
    if (f->journal && flock(fileno(f->journal), LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        run_folder_close(f);
        return error_set(e, ERROR_USAGE, "%s: another gptui is writing into this run", f->path);
    }
    if (f->journal)
        f->metrics = fopen(run_folder_file(f->path, "metrics.jsonl", path), mode);
    if (f->metrics)
        return 0;
    int r = error_set(e, ERROR_IO, "%s: it cannot be written: %s", path, strerror(errno));
    run_folder_close(f);
    return r;
}

int run_folder_create(struct run_folder *f, const char *wish, const char *data, struct error *e) {
    char base[RUN_FOLDER_PATH / 2];
    *f = (struct run_folder){0};
    if (strlen(wish) >= sizeof base)
        return error_set(e, ERROR_USAGE, "out is %zu bytes long, at most %zu are taken", strlen(wish), sizeof base - 1);
    if (wish[0]) {
        snprintf(base, sizeof base, "%s", wish);
        for (size_t n = strlen(base); n > 1 && base[n - 1] == '/'; n--)
            base[n - 1] = 0;
    } else {
        char name[64];
        name_after(data, name, sizeof name);
        snprintf(base, sizeof base, "runs/%s", name);
    }
    int r = make_parents(base, e);
    for (int k = 1; r == 0 && k < MOST_TRIES; k++) {
        if (wish[0] && k == 1)
            snprintf(f->path, sizeof f->path, "%s", base);
        else
            snprintf(f->path, sizeof f->path, "%s-%d", base, k);
        if (mkdir(f->path, 0777) == 0)
            return open_files(f, "we", e);
        if (errno != EEXIST)
            return error_set(e, ERROR_IO, "%s: the run folder cannot be made: %s", f->path, strerror(errno));
    }
    return r < 0 ? r : error_set(e, ERROR_IO, "%s: every name from -1 to -%d is taken", base, MOST_TRIES - 1);
}

/* Cuts the file behind its first `lines` lines, or its last whole one where it has fewer. */
static int cut(const char *path, uint64_t lines, struct error *e) {
    FILE *f = fopen(path, "r+e");
    if (!f && errno == ENOENT)
        return 0;
    if (!f)
        return error_set(e, ERROR_IO, "%s: it cannot be opened: %s", path, strerror(errno));
    int c;
    off_t size = 0, whole = 0;
    while (lines > 0 && (c = getc(f)) != EOF) {
        size++;
        whole = c == '\n' ? size : whole;
        lines -= c == '\n';
    }
    int r = ferror(f) || ftruncate(fileno(f), whole) < 0 ? -1 : 0;
    fclose(f);
    return r < 0 ? error_set(e, ERROR_IO, "%s: it cannot be cut: %s", path, strerror(errno)) : 0;
}

int run_folder_reopen(struct run_folder *f, const char *path, struct error *e) {
    *f = (struct run_folder){0};
    snprintf(f->path, sizeof f->path, "%s", path);
    return open_files(f, "ae", e);
}

int run_folder_cut(const struct run_folder *f, uint64_t journal_lines, uint64_t metrics_lines, struct error *e) {
    char file[RUN_FOLDER_FILE];
    int r = cut(run_folder_file(f->path, "journal.gpt", file), journal_lines, e);
    return r < 0 ? r : cut(run_folder_file(f->path, "metrics.jsonl", file), metrics_lines, e);
}

void run_folder_close(struct run_folder *f) {
    if (f->journal)
        fclose(f->journal);
    if (f->metrics)
        fclose(f->metrics);
    f->journal = f->metrics = NULL;
}

/* The whole line or nothing: half a line would spoil the next one. */
static int append(const struct run_folder *f, FILE *to, const char *name, const char *line, struct error *e) {
    off_t end = lseek(fileno(to), 0, SEEK_END);
    if (fprintf(to, "%s\n", line) >= 0 && fflush(to) == 0)
        return 0;
    int why = errno;
    __fpurge(to);
    const char *rest = ftruncate(fileno(to), end) < 0 ? ", and half of it may be left" : "";
    return error_set(e, ERROR_IO, "%s/%s: a line cannot be written%s: %s", f->path, name, rest, strerror(why));
}

int run_folder_journal(struct run_folder *f, const char *line, struct error *e) {
    return append(f, f->journal, "journal.gpt", line, e);
}

int run_folder_metrics(struct run_folder *f, const char *line, struct error *e) {
    return append(f, f->metrics, "metrics.jsonl", line, e);
}

/* The processor's name as the system gives it. */
static void cpu_name(char *out, size_t size) {
    char line[512];
    FILE *f = fopen("/proc/cpuinfo", "re");
    snprintf(out, size, "unknown");
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0)
            continue;
        snprintf(out, size, "%s", colon + 2);
        out[strcspn(out, "\n")] = 0;
        break;
    }
    if (f)
        fclose(f);
}

static void write_record(FILE *f, const struct job *job) {
    char cpu[256], hash[65];
    struct utsname system;
    cpu_name(cpu, sizeof cpu);
    fprintf(f, "# gptui " VERSION_TEXT "\n# cpu = %s\n", cpu);
    if (uname(&system) == 0)
        fprintf(f, "# system = %s %s %s\n", system.sysname, system.release, system.machine);
    fprintf(f, "# blas = %s, kernels %s\n# vector = %s\n", openblas_get_config(), openblas_get_corename(),
            vector_ops()->name);
    model_hash(job->model, hash);
    fprintf(f, "# model.sha256 = %s\n# model.source = %s, %s\n", hash, model_family_name(job->model->family),
            job->model->source);
    dataset_fingerprint(job->dataset, hash);
    fprintf(f, "# data.sha256 = %s\n# data.classes = %d\n\n", hash, dataset_classes(job->dataset));
}

struct record {
    const struct job *job;
    const struct settings *settings;
};

static int write_settings(const void *record, FILE *to) {
    const struct record *r = record;
    write_record(to, r->job);
    settings_write(r->settings, to);
    return 0;
}

/* {path: class} in the form of VPT's split files, to be freed; NULL: no memory. */
static char *split_text(const struct dataset *d, enum split split) {
    cJSON *o = cJSON_CreateObject();
    bool whole = o != NULL;
    for (size_t i = 0; whole && i < dataset_size(d, split); i++)
        whole = cJSON_AddNumberToObject(o, dataset_dealt_path(d, split, i), dataset_label(d, split, i)) != NULL;
    char *text = whole ? cJSON_Print(o) : NULL;
    cJSON_Delete(o);
    return text;
}

static int write_text(const void *text, FILE *to) {
    fprintf(to, "%s\n", (const char *)text);
    return 0;
}

int run_folder_splits(const char *path, const struct dataset *d, uint64_t swaps, char folder[RUN_FOLDER_FILE],
                      struct error *e) {
    char name[32] = "splits";
    int r = dataset_dealt_path(d, SPLIT_TRAIN, 0) != NULL;
    if (swaps > 0)
        snprintf(name, sizeof name, "splits-%" PRIu64, swaps);
    run_folder_file(path, name, folder);
    if (r > 0 && mkdir(folder, 0777) < 0 && errno != EEXIST)
        return error_set(e, ERROR_IO, "%s: it cannot be made: %s", folder, strerror(errno));
    for (enum split s = SPLIT_TRAIN; r > 0 && s < SPLITS; s++) {
        char file[RUN_FOLDER_FILE + 16], *text = split_text(d, s);
        snprintf(file, sizeof file, "%s/%s.json", folder, split_name(s));
        int code = text ? whole_file_write(file, write_text, text, e)
                        : error_set(e, ERROR_MEMORY, "%s: not enough memory to write it", file);
        free(text);
        r = code < 0 ? code : r;
    }
    return r;
}

int run_folder_settings(const struct run_folder *f, const struct job *job, const char *model, struct error *e) {
    char file[RUN_FOLDER_FILE];
    struct settings s = job->settings;
    /* Whole paths: a run can go on from any folder. */
    char *whole = model[0] ? realpath(model, NULL) : NULL;
    snprintf(s.model, sizeof s.model, "%.*s", (int)sizeof s.model - 1, whole ? whole : model);
    free(whole);
    snprintf(s.data, sizeof s.data, "%.*s", (int)sizeof s.data - 1, dataset_spec(job->dataset));
    return whole_file_write(run_folder_file(f->path, "settings.conf", file), write_settings, &(struct record){job, &s},
                            e);
}

int run_folder_read_settings(const char *path, struct settings *out, struct error *e) {
    char file[RUN_FOLDER_FILE];
    if (access(run_folder_file(path, "settings.conf", file), F_OK) < 0)
        return error_set(e, ERROR_USAGE, "%s: it is no run folder: there is no settings.conf in it", path);
    if (access(run_folder_file(path, "last.safetensors", file), F_OK) < 0 && errno == ENOENT)
        return error_set(e, ERROR_IO,
                         "%s: it holds no last.safetensors: the run was ended before its first save; start it again "
                         "with --config %s/settings.conf",
                         path, path);
    run_folder_file(path, "settings.conf", file);
    settings_default(out);
    return settings_read(out, file, e);
}

/* The hash that settings.conf has as "# KEY = HASH"; empty where it has none. */
static void read_hash(const char *path, const char *key, char out[65]) {
    char file[RUN_FOLDER_FILE], line[1024], form[64];
    snprintf(form, sizeof form, "# %s = %%64[0-9a-f]", key);
    out[0] = 0;
    FILE *f = fopen(run_folder_file(path, "settings.conf", file), "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, form, out) == 1)
            break;
    if (f)
        fclose(f);
}

int run_folder_check_model(const char *path, const struct model *m, struct error *e) {
    char was[65], is[65];
    read_hash(path, "model.sha256", was);
    model_hash(m, is);
    if (!was[0] || strcmp(was, is) == 0)
        return 0;
    return error_set(e, ERROR_FORMAT,
                     "%s: the run was made with a backbone whose SHA-256 is %.12s..., but this one's is "
                     "%.12s...",
                     path, was, is);
}

bool run_folder_has_data(const char *path, const struct dataset *d) {
    char was[65], is[65];
    read_hash(path, "data.sha256", was);
    dataset_fingerprint(d, is);
    return !was[0] || strcmp(was, is) == 0;
}
