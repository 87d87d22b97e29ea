#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/arguments.h"
#include "app/headless.h"
#include "app/language.h"
#include "app/open_job.h"
#include "app/plan.h"
#include "app/progress.h"

/* Reads the script given as positional argument, after the lines that a resumed run has left. */
static int read_script(const struct arguments *a, const char *left, struct script *out, struct error *e) {
    char *text = NULL;
    size_t size;
    *out = (struct script){0};
    const char *path = a->count > 0 ? a->values[0] : NULL;
    if (path && !left[0]) {
        FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
        if (!f)
            return error_set(e, ERROR_IO, "%s: the script cannot be read: %s", path, strerror(errno));
        int r = language_read(out, f, f == stdin ? "standard input" : path, e);
        if (f != stdin)
            fclose(f);
        return r;
    }
    if (path)
        return error_set(e, ERROR_USAGE,
                         "%s: the run still has lines of its own script to carry out, so it takes no other", path);
    size = strlen(left);
    text = strdup(left);
    FILE *f = text && size ? fmemopen(text, size, "r") : NULL;
    int r = f ? language_read(out, f, "the run's script", e) : 0;
    if (f)
        fclose(f);
    free(text);
    return r;
}

static void say_job(const struct job *j) {
    char shape[64];
    fprintf(stderr, "%s (%s) on %s: %d classes, %zu + %zu + %zu images\n",
            shape_name(&j->model->shape, shape, sizeof shape), model_family_name(j->model->family),
            dataset_spec(j->dataset), dataset_classes(j->dataset), dataset_size(j->dataset, SPLIT_TRAIN),
            dataset_size(j->dataset, SPLIT_VAL), dataset_size(j->dataset, SPLIT_TEST));
}

static void say_folder(const struct job *j, const struct run_folder *f) {
    fprintf(stderr, "%s, run folder %s\n", settings_choice("method", j->settings.method), f->path);
}

static void say_plan(const struct job *j) {
    struct plan p;
    struct error ignored = {0};
    char text[256];
    if (plan_measure(&p, j, &ignored) == 0)
        fprintf(stderr, "%s\n", plan_line(&p, text, sizeof text));
}

static void print_result(const struct run_folder *f, const struct trainer_result *r) {
    printf("done run=%s epochs=%llu steps=%llu", f->path, (unsigned long long)r->epochs, (unsigned long long)r->steps);
    if (r->val.known && r->val.step == r->steps)
        printf(" val.top1=%.3f", r->val.top1);
    if (r->test.known && r->test.step == r->steps)
        printf(" test.top1=%.3f", r->test.top1);
    printf(" sha256=%s\n", r->hash);
}

static int run_new(const struct arguments *a, struct error *e) {
    struct script script;
    struct job job = {0};
    struct run_folder folder = {0};
    struct trainer_result result = {0};
    int r = read_script(a, "", &script, e);
    if (r < 0)
        return r;
    r = open_job(&job, &a->settings, e);
    if (r == 0) {
        say_job(&job);
        say_plan(&job); /* takes a while: before the folder, so that leaving here leaves nothing behind */
    }
    if (r == 0 && (r = run_folder_create(&folder, a->settings.out, job.settings.data, e)) == 0 &&
        (r = run_folder_settings(&folder, &job, a->settings.model, e)) == 0) {
        say_folder(&job, &folder);
        struct headless_options o = {&job, &folder, &script, false};
        r = headless_run(&o, &result, e);
        if (r >= 0)
            print_result(&folder, &result);
    }
    run_folder_close(&folder);
    job_close(&job);
    script_free(&script);
    return r;
}

static bool is_same_folder(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int resume(const struct arguments *a, const char *path, struct error *e) {
    if (arguments_has(a, "out") && !is_same_folder(a->settings.out, path))
        return error_set(e, ERROR_USAGE, "--out is \"%.200s\", but --resume goes on in %.200s", a->settings.out, path);

    char file[RUN_FOLDER_FILE], *left = NULL;
    struct settings s;
    struct state_position at;
    struct script script = {0};
    struct job job = {0};
    struct run_folder folder = {0};
    struct trainer_result result = {0};
    int r = run_folder_read_settings(path, &s, e);
    if (r < 0 || (r = arguments_override(a, &s, e)) < 0 || (r = run_folder_reopen(&folder, path, e)) < 0 ||
        (r = state_read_position(&at, &left, run_folder_file(path, "last.safetensors", file), e)) < 0) {
        run_folder_close(&folder);
        return r;
    }
    snprintf(s.data, sizeof s.data, "%s", at.data);
    if ((r = read_script(a, left, &script, e)) == 0 && (r = open_job(&job, &s, e)) == 0 &&
        (r = run_folder_check_model(path, job.model, e)) == 0 &&
        (r = run_folder_cut(&folder, at.journal, at.metrics, e)) == 0) {
        say_job(&job);
        say_folder(&job, &folder);
        fprintf(stderr, "goes on at step %llu, epoch %llu\n", (unsigned long long)at.step,
                (unsigned long long)at.epoch);
        struct headless_options o = {&job, &folder, &script, true};
        r = headless_run(&o, &result, e);
        if (r >= 0)
            print_result(&folder, &result);
    }
    run_folder_close(&folder);
    job_close(&job);
    script_free(&script);
    free(left);
    return r;
}

/* The journal of the run at `path` as a script: the lines that its saved state knows, and the stop where it ended. */
static int read_journal(const char *path, const struct state_position *at, struct script *out, struct error *e) {
    char file[RUN_FOLDER_FILE], *text = NULL, *line = NULL;
    size_t size, room = 0;
    FILE *from = fopen(run_folder_file(path, "journal.gpt", file), "re");
    if (!from)
        return error_set(e, ERROR_IO, "%s: the journal cannot be read: %s", file, strerror(errno));
    FILE *to = open_memstream(&text, &size);
    for (uint64_t i = 0; to && i < at->journal && getline(&line, &room, from) >= 0; i++)
        fputs(line, to);
    if (to && !at->finished)
        fprintf(to, "at step %llu stop\n", (unsigned long long)at->step);
    free(line);
    fclose(from);
    int r = to && fclose(to) == 0 ? 0 : error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", file);
    FILE *f = r == 0 && size ? fmemopen(text, size, "r") : NULL;
    if (f) {
        r = language_read(out, f, file, e);
        fclose(f);
    }
    free(text);
    return r;
}

static int replay(const struct arguments *a, const char *path, struct error *e) {
    char file[RUN_FOLDER_FILE], wish[RUN_FOLDER_FILE], model[SETTINGS_TEXT], expected[65];
    struct settings s;
    struct state_position at;
    struct script script = {0};
    struct job job = {0};
    struct run_folder folder = {0};
    struct trainer_result result = {0};
    if (a->count > 0)
        return error_set(e, ERROR_USAGE, "%s: --replay runs the journal of %s and takes no script", a->values[0], path);
    run_folder_file(path, "last.safetensors", file);
    int r = run_folder_read_settings(path, &s, e);
    if (r < 0 || (r = arguments_override(a, &s, e)) < 0 || (r = state_read_position(&at, NULL, file, e)) < 0 ||
        (r = state_hash_file(file, expected, e)) < 0 || (r = read_journal(path, &at, &script, e)) < 0)
        return r;
    snprintf(model, sizeof model, "%s", s.model);
    int length = (int)strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    snprintf(wish, sizeof wish, "%.*s-replay", length, path);
    const char *out = arguments_has(a, "out") ? a->settings.out : wish;
    if ((r = open_job(&job, &s, e)) == 0 && (r = run_folder_check_model(path, job.model, e)) == 0 &&
        (r = run_folder_create(&folder, out, job.settings.data, e)) == 0 &&
        (r = run_folder_settings(&folder, &job, model, e)) == 0) {
        say_job(&job);
        say_folder(&job, &folder);
        struct headless_options o = {&job, &folder, &script, false};
        r = headless_run(&o, &result, e);
        bool same = strcmp(expected, result.hash) == 0;
        if (r >= 0) {
            printf("replay of %s: %s, expected sha256=%s\n", path, same ? "the same weights" : "DIFFERENT weights",
                   expected);
            print_result(&folder, &result);
        }
        r = r == 0 && !same ? 1 : r;
    }
    run_folder_close(&folder);
    job_close(&job);
    script_free(&script);
    return r;
}

static int run(const struct arguments *a, struct error *e) {
    const char *resumed = arguments_value(a, "resume"), *replayed = arguments_value(a, "replay");
    if (resumed && replayed)
        return error_set(e, ERROR_USAGE, "--resume and --replay exclude each other");
    return resumed ? resume(a, resumed, e) : replayed ? replay(a, replayed, e) : run_new(a, e);
}

const struct subcommand cmd_run = {
    .name = "run",
    .synopsis = "[SCRIPT] [--model FILE] [--data SPEC] [--method NAME] [--NAME VALUE]...",
    .summary = "tune a backbone; this is what gptui does where no other command is named",
    .details =
        "Without options: gated prompt tuning of the bundled backbone on the bundled task. SCRIPT holds lines of the\n"
        "command language (gptui help commands), - reads them from standard input.\n"
        "\n"
        "Progress goes to standard error, everything else into the run folder (gptui help files). The last line of\n"
        "standard output is\n"
        "\n"
        "    done run=PATH epochs=N steps=N val.top1=0.000 test.top1=0.000 sha256=HEX\n"
        "\n"
        "where what does not apply is left out; sha256 is that of the tuned tensors, and the same for any --threads,\n"
        "after any interruption and --resume, and for --replay.\n"
        "\n"
        "SIGINT and SIGTERM save and end the run, SIGUSR1 saves.",
    .options =
        (const struct option[]){
            {"headless", NULL, "without the live views; this version has none, so it is always meant"},
            {"resume", "RUN", "go on with the run in this folder, to the bit"},
            {"replay", "RUN", "run the journal of this run again and compare the weights"},
            {NULL, NULL, NULL},
        },
    .takes_settings = true,
    .most = 1,
    .run = run,
};
