#include "app/open_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/assets.h"

static int resolve_model(struct settings *s, struct error *e) {
    return s->model[0] ? 0 : assets_find(ASSETS_BACKBONE, s->model, sizeof s->model, e);
}

int open_job(struct job *j, const struct settings *s, struct error *e) {
    struct settings resolved = *s;
    *j = (struct job){0};
    int r = resolve_model(&resolved, e);
    return r < 0 ? r : job_open(j, &resolved, e);
}

int open_job_model(struct job *j, const struct settings *s, int classes, struct error *e) {
    struct settings resolved = *s;
    *j = (struct job){0};
    int r = resolve_model(&resolved, e);
    return r < 0 ? r : job_open_model(j, &resolved, classes, e);
}

/* The class names that a saved file holds, one a line. */
static int read_classes(struct saved_run *r, const char *file, struct error *e) {
    struct tensors *t = NULL;
    int code = tensors_open(&t, file, e);
    if (code < 0)
        return code;
    const char *text = tensors_metadata(t, "classes");
    size_t lines = 0;
    bool whole = true;
    for (const char *c = text; c && *c; c++)
        lines += *c == '\n';
    r->classes = calloc(lines + 1, sizeof *r->classes);
    while (r->classes && (size_t)r->class_count < lines) { /* what ends without a newline is none */
        size_t n = strcspn(text, "\n");
        char *name = r->classes[r->class_count++] = strndup(text, n);
        whole = whole && name;
        text += n + 1;
    }
    tensors_close(t);
    if (!r->classes || !whole)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", file);
    return lines ? 0 : error_set(e, ERROR_FORMAT, "%s: its metadata holds no class names", file);
}

static int check_classes(const struct saved_run *r, const char *path, struct error *e) {
    const struct dataset *d = r->job.dataset;
    if (dataset_classes(d) != r->class_count)
        return error_set(e, ERROR_DATA, "%s has %d classes, but the run %s was tuned for %d", dataset_spec(d),
                         dataset_classes(d), path, r->class_count);
    for (int i = 0; i < r->class_count; i++)
        if (strcmp(dataset_class_name(d, i), r->classes[i]) != 0)
            return error_set(e, ERROR_DATA, "%s: class %d is %s, but the run %s was tuned for %s there",
                             dataset_spec(d), i, dataset_class_name(d, i), path, r->classes[i]);
    return 0;
}

static int open_saved(struct saved_run *r, const struct saved_options *o, struct error *e) {
    char file[RUN_FOLDER_FILE];
    struct settings s;
    int code = run_folder_read_settings(o->path, &s, e);
    run_folder_file(o->path, o->best ? "best.safetensors" : "last.safetensors", file);
    if (code < 0 || (code = resolve_model(&s, e)) < 0 || (code = state_read_position(&r->at, NULL, file, e)) < 0 ||
        (code = read_classes(r, file, e)) < 0)
        return code;
    snprintf(s.data, sizeof s.data, "%.*s", (int)sizeof s.data - 1, o->data ? o->data : r->at.data);
    s.threads = o->threads > 0 ? o->threads : s.threads;
    code = o->with_data ? job_open(&r->job, &s, e) : job_open_model(&r->job, &s, r->class_count, e);
    if (code < 0 || (code = run_folder_check_model(o->path, r->job.model, e)) < 0 ||
        (o->with_data && !tuning_reconstructs(&r->job.tuning) && (code = check_classes(r, o->path, e)) < 0))
        return code;
    code = state_create(&r->state, &r->job.tuning, (enum optimizer_kind)s.optimizer, e);
    return code < 0 ? code : state_load(&r->state, &r->job.tuning, file, e);
}

int saved_run_open(struct saved_run *r, const struct saved_options *o, struct error *e) {
    *r = (struct saved_run){0};
    int code = open_saved(r, o, e);
    if (code < 0)
        saved_run_close(r);
    return code;
}

void saved_run_close(struct saved_run *r) {
    state_destroy(&r->state);
    job_close(&r->job);
    for (int i = 0; r->classes && i < r->class_count; i++)
        free(r->classes[i]);
    free(r->classes);
    *r = (struct saved_run){0};
}

void saved_run_name_unreadable(void *context, enum split split, size_t index, const char *why) {
    (void)context;
    fprintf(stderr, "gptui: %s image %zu is skipped: %s\n", split_name(split), index, why);
}
