#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/open_job.h"
#include "app/subcommand.h"
#include "core/nn/vector.h"
#include "core/train/engine.h"

struct predicting {
    struct saved_run run;
    struct control control;
    struct engine *engine;
    float *input, *probabilities;
    int top;
    size_t unreadable;
};

static void print_top(const struct predicting *p, const char *path) {
    int classes = p->run.class_count;
    for (int k = 0; k < p->top && k < classes; k++) {
        int best = 0;
        for (int c = 1; c < classes; c++)
            if (p->probabilities[c] > p->probabilities[best])
                best = c;
        printf("%s\t%s\t%.4f\n", path, p->run.classes[best], (double)p->probabilities[best]);
        p->probabilities[best] = -1;
    }
}

static int predict_image(struct predicting *p, const char *path, struct error *e) {
    struct image im = {0};
    struct fitted fitted = {0};
    struct error why = {0};
    int label = -1;
    const float *logits;
    const double *losses;
    int code = image_read(&im, path, &why);
    if (code == 0)
        code = preprocess_fit(&p->run.job.preprocess, &im, &fitted, &why);
    if (code == 0)
        code = preprocess_finish(&p->run.job.preprocess, &fitted, false, 0, 0, p->input, &why);
    fitted_free(&fitted);
    image_free(&im);
    if (code < 0) {
        fprintf(stderr, "gptui: %s\n", why.text);
        p->unreadable++;
        return 0;
    }
    struct batch batch = {.count = 1, .readable = 1, .images = p->input, .labels = &label};
    int r = engine_forward(p->engine, p->run.state.theta, &batch, NULL, NULL, &logits, &losses, e);
    if (r < 0)
        return r;
    memcpy(p->probabilities, logits, (size_t)p->run.class_count * sizeof *logits);
    vector_ops()->softmax(1, (size_t)p->run.class_count, 0, 1, p->probabilities);
    print_top(p, path);
    return 0;
}

static int is_visible(const struct dirent *d) {
    return d->d_name[0] != '.';
}

/* An image, or every image of a folder in the order of names. */
static int predict_path(struct predicting *p, const char *path, struct error *e) {
    struct stat st;
    struct dirent **names;
    if (stat(path, &st) < 0)
        return error_set(e, ERROR_IO, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return predict_image(p, path, e);
    int n = scandir(path, &names, is_visible, alphasort), r = 0;
    if (n < 0)
        return error_set(e, ERROR_IO, "%s: the folder cannot be read: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        char *file = NULL;
        if (r == 0 && asprintf(&file, "%s/%s", path, names[i]->d_name) < 0) {
            file = NULL;
            r = error_set(e, ERROR_MEMORY, "%s: not enough memory to look into it", path);
        }
        if (r == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
            r = predict_image(p, file, e);
        free(file);
        free(names[i]);
    }
    free(names);
    return r;
}

static int open_engine(struct predicting *p, struct error *e) {
    size_t side = (size_t)p->run.job.settings.image;
    p->input = malloc(3 * side * side * sizeof *p->input);
    p->probabilities = malloc((size_t)p->run.class_count * sizeof *p->probabilities);
    if (!p->input || !p->probabilities)
        return error_set(e, ERROR_MEMORY, "not enough memory for an image of %zu x %zu", side, side);
    /* Images come one at a time: a chunk of one, on one thread. */
    p->run.job.settings.chunk = p->run.job.settings.batch = 1;
    return engine_create(&p->engine, &p->run.job, 1, &p->control, e);
}

static int run(const struct arguments *a, struct error *e) {
    struct predicting p = {.top = 1};
    if (!arguments_has(a, "run"))
        return error_set(e, ERROR_USAGE, "which run is to predict? Name its folder with --run RUN");
    int r = arguments_count(a, "top", 1000000, &p.top, e);
    if (r < 0)
        return r;
    struct saved_options o = {.path = arguments_value(a, "run"), .best = arguments_has(a, "best")};
    r = saved_run_open(&p.run, &o, e);
    if (r < 0)
        return r;
    control_create(&p.control);
    if (tuning_reconstructs(&p.run.job.tuning))
        r = error_set(e, ERROR_USAGE,
                      "%s: it is a pretraining run, which has no classes to predict; its model.safetensors "
                      "is a backbone to tune",
                      o.path);
    if (r == 0)
        r = open_engine(&p, e);
    for (int i = 0; i < a->count && r == 0; i++)
        r = predict_path(&p, a->values[i], e);
    if (r == 0 && p.unreadable)
        r = error_set(e, ERROR_DATA, "%zu image%s could not be read", p.unreadable, p.unreadable == 1 ? "" : "s");
    engine_destroy(p.engine);
    control_destroy(&p.control);
    free(p.input);
    free(p.probabilities);
    saved_run_close(&p.run);
    return r;
}

const struct subcommand cmd_predict = {
    .name = "predict",
    .synopsis = "--run RUN IMAGE...|FOLDER [--top K] [--best]",
    .summary = "classes of images by a saved run",
    .details = "Prints a line an image: PATH, CLASS and PROBABILITY with tabs between; with --top K, K lines. Of a "
               "folder, every image in it. Images that cannot be read are named, and make the exit status 1.",
    .options = (const struct option[]){{"run", "RUN", "folder of the run"},
                                       {"top", "K", "the K most probable classes"},
                                       {"best", NULL, "the weights that were best on val, not the last ones"},
                                       {NULL, NULL, NULL}},
    .least = 1,
    .most = -1,
    .run = run,
};
