#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/arguments.h"
#include "app/headless.h"
#include "app/language.h"
#include "app/live.h"
#include "app/open_job.h"
#include "app/plan.h"
#include "app/progress.h"
#include "core/number.h"

/* The script given as positional argument; `left`, the lines that a resumed run still has, where there is none. */
static int read_script(const struct arguments *a, const char *left, struct script *out, struct error *e) {
    const char *path = a->count > 0 ? a->values[0] : NULL;
    if (!path)
        return language_read_text(out, left, "the run's script", e);
    if (strcmp(path, "-") == 0)
        return language_read(out, stdin, "standard input", e);
    FILE *f = fopen(path, "re");
    if (!f)
        return error_set(e, ERROR_IO, "%s: the script cannot be read: %s", path, strerror(errno));
    int r = language_read(out, f, path, e);
    fclose(f);
    return r;
}

static void say_job(const struct job *j) {
    char shape[64];
    char task[64];
    if (tuning_reconstructs(&j->tuning))
        snprintf(task, sizeof task, "%d of %d patches hidden",
                 shape_patches(&j->tuning.shape) - tuning_visible(&j->tuning), shape_patches(&j->tuning.shape));
    else
        snprintf(task, sizeof task, "%d classes", dataset_classes(j->dataset));
    fprintf(stderr, "%s (%s) on %s: %s, %zu + %zu + %zu images\n", shape_name(&j->model->shape, shape, sizeof shape),
            model_family_name(j->model->family), dataset_spec(j->dataset), task, dataset_size(j->dataset, SPLIT_TRAIN),
            dataset_size(j->dataset, SPLIT_VAL), dataset_size(j->dataset, SPLIT_TEST));
}

static void say_plan(const struct job *j) {
    struct plan p;
    struct error ignored = {0};
    char text[256];
    if (plan_measure(&p, j, &ignored) == 0)
        fprintf(stderr, "%s\n", plan_line(&p, text, sizeof text));
}

static void print_result(const struct run_folder *f, const struct trainer_result *r, bool reconstructs) {
    printf("done run=%s epochs=%llu steps=%llu", f->path, (unsigned long long)r->epochs, (unsigned long long)r->steps);
    const char *share = reconstructs ? "explained" : "top1";
    if (r->val.known && r->val.step == r->steps)
        printf(" val.%s=%.3f", share, r->val.top1);
    if (r->test.known && r->test.step == r->steps)
        printf(" test.%s=%.3f", share, r->test.top1);
    printf(" sha256=%s\n", r->hash);
}

/* One run of the program. */
struct session {
    const struct arguments *arguments;
    bool live; /* on a terminal, with the views */
    struct settings settings;
    struct state_position at; /* of a run that was there before */
    struct script script;
    struct job job;
    struct run_folder folder;
    struct trainer_result result;
};

/* The last line of a run goes out whatever its exit status is, if its weights are on file. */
static void close_session(struct session *s) {
    if (s->result.saved)
        print_result(&s->folder, &s->result, tuning_reconstructs(&s->job.tuning));
    run_folder_close(&s->folder);
    job_close(&s->job);
    script_free(&s->script);
}

/* Makes the folder and records the settings in it; `model` is what was asked for. */
static int make_folder(struct session *s, const char *wish, const char *model, struct error *e) {
    int r = run_folder_create(&s->folder, wish, s->job.settings.data, e);
    return r < 0 ? r : run_folder_settings(&s->folder, &s->job, model, e);
}

static int go(struct session *s, bool resume, struct error *e) {
    bool ascii = arguments_has(s->arguments, "ascii");
    const char *theme = arguments_value(s->arguments, "theme");
    if (s->live) {
        struct live_options o = {.job = &s->job, .folder = &s->folder, .script = &s->script, .resume = resume};
        o.ascii = ascii;
        o.theme = theme;
        return live_run(&o, &s->result, e);
    }
    struct headless_options o = {.job = &s->job, .folder = &s->folder, .script = &s->script, .resume = resume};
    o.ascii = ascii;
    o.theme = theme;
    fprintf(stderr, "%s, run folder %s\n", settings_choice("method", s->job.settings.method), s->folder.path);
    return headless_run(&o, &s->result, e);
}

/* A replay compares and ends: nobody needs to watch it. A script from standard input leaves no keyboard. */
static bool is_live(const struct arguments *a) {
    bool piped = a->count > 0 && strcmp(a->values[0], "-") == 0;
    return live_can() && !piped && !arguments_has(a, "headless") && !arguments_has(a, "replay");
}

static int run_new(const struct arguments *a, struct error *e) {
    struct session s = {.arguments = a, .live = is_live(a)};
    int r = read_script(a, "", &s.script, e);
    if (r == 0 && (r = open_job(&s.job, &a->settings, e)) == 0) {
        if (!s.live) {
            say_job(&s.job);
            say_plan(&s.job); /* takes a while: before the folder, so that leaving here leaves nothing behind */
        }
        r = make_folder(&s, a->settings.out, a->settings.model, e);
    }
    if (r == 0)
        r = go(&s, false, e);
    close_session(&s);
    return r;
}

/* Not an error: a mended image is a reason to go on. */
static void warn_of_data(const char *path, const struct dataset *d) {
    if (!run_folder_has_data(path, d))
        fprintf(stderr,
                "gptui: %s is not what %s began with (files were added, removed or changed): expect other numbers\n",
                dataset_spec(d), path);
}

static bool is_same_folder(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The order matters: the folder is locked before anything of it is read, and changed only when all else is well. */
static int open_resumed(struct session *s, const struct arguments *a, const char *path, struct error *e) {
    char file[RUN_FOLDER_FILE], *left = NULL;
    int r = run_folder_read_settings(path, &s->settings, e);
    if (r < 0)
        return r;
    if ((r = arguments_override(a, &s->settings, e)) < 0)
        return r;
    if ((r = run_folder_reopen(&s->folder, path, e)) < 0)
        return r;
    if ((r = state_read_position(&s->at, &left, run_folder_file(path, "last.safetensors", file), e)) < 0)
        return r;
    r = read_script(a, left, &s->script, e);
    free(left);
    if (r < 0)
        return r;
    snprintf(s->settings.data, sizeof s->settings.data, "%s", s->at.data);
    if ((r = open_job(&s->job, &s->settings, e)) < 0)
        return r;
    if ((r = run_folder_check_model(path, s->job.model, e)) < 0)
        return r;
    return run_folder_cut(&s->folder, s->at.journal, s->at.metrics, e);
}

static int resume(const struct arguments *a, const char *path, struct error *e) {
    struct session s = {.arguments = a, .live = is_live(a)};
    if (arguments_has(a, "out") && !is_same_folder(a->settings.out, path))
        return error_set(e, ERROR_USAGE, "--out is \"%.200s\", but --resume goes on in %.200s", a->settings.out, path);
    int r = open_resumed(&s, a, path, e);
    if (r == 0) {
        if (!s.live)
            say_job(&s.job);
        if (s.at.swaps == 0)
            warn_of_data(path, s.job.dataset);
        fprintf(stderr, PROGRESS_GOES_ON "\n", (unsigned long long)s.at.step, (unsigned long long)s.at.epoch);
        r = go(&s, true, e);
    }
    close_session(&s);
    return r;
}

/* The journal of the run at `path` as a script: the lines that its saved state knows, and the stop where it ended. */
static int read_journal(struct session *s, const char *path, struct error *e) {
    char file[RUN_FOLDER_FILE], *text = NULL, *line = NULL;
    size_t size, room = 0;
    FILE *from = fopen(run_folder_file(path, "journal.gpt", file), "re");
    if (!from)
        return error_set(e, ERROR_IO, "%s: the journal cannot be read: %s", file, strerror(errno));
    FILE *to = open_memstream(&text, &size);
    for (uint64_t i = 0; to && i < s->at.journal && getline(&line, &room, from) >= 0; i++)
        fputs(line, to);
    if (to && !s->at.finished)
        fprintf(to, "at step %llu stop\n", (unsigned long long)s->at.step);
    free(line);
    fclose(from);
    int r = to && fclose(to) == 0 ? language_read_text(&s->script, text, file, e)
                                  : error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", file);
    free(text);
    return r;
}

static int open_replayed(struct session *s, const struct arguments *a, const char *path, char expected[65],
                         struct error *e) {
    char file[RUN_FOLDER_FILE];
    run_folder_file(path, "last.safetensors", file);
    int r = run_folder_read_settings(path, &s->settings, e);
    if (r < 0)
        return r;
    if ((r = arguments_override(a, &s->settings, e)) < 0)
        return r;
    if ((r = state_read_position(&s->at, NULL, file, e)) < 0)
        return r;
    if ((r = state_hash_file(file, expected, e)) < 0)
        return r;
    if ((r = read_journal(s, path, e)) < 0)
        return r;
    if ((r = open_job(&s->job, &s->settings, e)) < 0)
        return r;
    return run_folder_check_model(path, s->job.model, e);
}

static int replay(const struct arguments *a, const char *path, struct error *e) {
    char wish[RUN_FOLDER_FILE], expected[65];
    struct session s = {.arguments = a};
    if (a->count > 0)
        return error_set(e, ERROR_USAGE, "%s: --replay runs the journal of %s and takes no script", a->values[0], path);
    int length = (int)strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    snprintf(wish, sizeof wish, "%.*s-replay", length, path);
    int r = open_replayed(&s, a, path, expected, e);
    if (r == 0) {
        say_job(&s.job);
        warn_of_data(path, s.job.dataset);
        r = make_folder(&s, arguments_has(a, "out") ? a->settings.out : wish, s.settings.model, e);
    }
    if (r == 0)
        r = go(&s, false, e);
    if (r == 0) {
        bool same = strcmp(expected, s.result.hash) == 0;
        printf("replay of %s: %s, sha256=%s%s%s\n", path, same ? "the same weights" : "DIFFERENT weights",
               s.result.hash, same ? "" : ", expected ", same ? "" : expected);
        r = !same;
    }
    close_session(&s);
    return r;
}

/* The kernel sends SIGTERM when the program that started this one ends, however that comes about. The look at the
 * parent is for one that ended before it was asked to. */
static int attach(const char *to, struct error *e) {
    uint64_t parent;
    if (!number_count(to, &parent))
        return error_set(e, ERROR_USAGE, "attached is \"%.80s\", expected the number of a process", to);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || (uint64_t)getppid() != parent)
        return error_set(e, ERROR_CANCELLED, "process %s did not start this run, or has ended", to);
    return 0;
}

static int run(const struct arguments *a, struct error *e) {
    const char *attached = arguments_value(a, "attached");
    if (attached && attach(attached, e) < 0)
        return e->code;
    const char *theme = NULL;
    int r = arguments_theme(a, &theme, e);
    if (r < 0)
        return r;
    const char *resumed = arguments_value(a, "resume"), *replayed = arguments_value(a, "replay");
    if (resumed && replayed)
        return error_set(e, ERROR_USAGE, "--resume and --replay exclude each other");
    return resumed ? resume(a, resumed, e) : replayed ? replay(a, replayed, e) : run_new(a, e);
}

const struct option cmd_run_options[] = {
    {"headless", NULL, "without the live views; meant too where standard input or output is no terminal"},
    {"ascii", NULL, "draw with plain characters alone"},
    {"theme", "NAME", "colours of the views: dark, light or safe (for colour-blind eyes)"},
    {"resume", "RUN", "go on with the run in this folder, to the bit"},
    {"replay", "RUN",
     "run the journal of this run again, in RUN-replay, and compare the weights (status 1: they differ)"},
    {"attached", "PID", "save and end, as for SIGTERM, when this process, which started the run, ends"},
    {NULL, NULL, NULL},
};

const struct subcommand cmd_run = {
    .name = "run",
    .synopsis = "[SCRIPT] [--model FILE] [--data SPEC] [--method NAME] [--NAME VALUE]...",
    .summary = "tune a backbone; also where no command is named",
    .details = "Without options: gated prompt tuning of the bundled backbone on the bundled task. SCRIPT holds lines "
               "of the command language (gptui help commands), - reads them from standard input.\n\n"
               "On a terminal the run is watched and steered in live views (gptui help keys). Without one, or with "
               "--headless, progress goes to standard error. Everything else goes into the run folder (gptui help "
               "files). The last line of standard output is\n\n"
               "    done run=PATH epochs=N steps=N val.top1=0.000 test.top1=0.000 sha256=HEX\n\n"
               "where what does not apply is left out; sha256 is that of the tuned tensors, and the same for any "
               "--threads, after any interruption and --resume, and for --replay.\n\n"
               "SIGINT and SIGTERM save and end the run, SIGUSR1 saves.",
    .options = cmd_run_options,
    .takes_settings = true,
    .most = 1,
    .run = run,
};
