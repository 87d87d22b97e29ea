#include "app/workbench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/help_screen.h"
#include "app/keys.h"
#include "app/progress.h"
#include "app/workbench_private.h"
#include "core/model/flops.h"
#include "views/frame.h"

#define LOST_AFTER 10.0 /* seconds without an answer: a request can go with a swap that failed */
#define LOOK_EVERY 1.0  /* seconds after which attention that is shown is asked for again */

double workbench_clock(const struct workbench *w) {
    return (double)(engine_clock() - w->start) * 1e-9;
}

/* Takes a dataset's facts over; false: no memory, the old ones stay. */
static bool take_facts(struct workbench *w, struct data_facts *f) {
    const char **names = f ? calloc((size_t)f->classes + 1, sizeof *names) : NULL;
    if (!names)
        return false;
    free(w->facts);
    free(w->class_names);
    w->facts = f;
    w->class_names = names;
    for (int i = 0; i < f->classes; i++)
        names[i] = data_facts_class(f, i);
    w->task.class_names = names;
    w->task.classes = f->classes;
    w->task.data = data_facts_spec(f);
    w->task.kept = f->kept;
    memcpy(w->task.images, f->images, sizeof w->task.images);
    return true;
}

static void describe_task(struct workbench *w, const struct workbench_options *o) {
    const struct job *j = o->job;
    const struct vit_shape *s = &j->model->shape;
    w->settings = j->settings;
    snprintf(w->folder, sizeof w->folder, "%s", o->folder);
    snprintf(w->device, sizeof w->device, "%s", o->device);
    shape_name(s, w->model, sizeof w->model);
    w->task.run = w->folder;
    w->task.model = w->model;
    w->task.family = model_family_name(j->model->family);
    w->task.device = w->device;
    w->task.settings = &w->settings;
    w->task.depth = s->depth;
    w->task.heads = s->heads;
    w->task.patches = shape_patches(s);
    w->task.image = s->image;
    w->task.train_gflop = flops_training(&j->tuning) * 1e-9;
    w->task.planned = job_bytes(j, team_size_for(j->settings.threads));
    w->task.kept_gflop = flops_prefix(&j->tuning) * 1e-9;
    w->task.read_only = o->read_only;
}

static void wire_context(struct workbench *w, const struct paint *paint) {
    w->context = (struct view_context){
        .task = &w->task,
        .now = &w->now,
        .history = &w->history,
        .machine = &w->machine,
        .choice = &w->choice,
        .log = w->log,
        .paint = *paint,
    };
}

int workbench_create(struct workbench **out, const struct workbench_options *o, struct error *e) {
    struct workbench *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(e, ERROR_MEMORY, "not enough memory for the screen");
    w->mailbox = o->mailbox;
    w->start = engine_clock();
    w->machine.saved_s = -1;
    describe_task(w, o);
    wire_context(w, &o->paint);
    w->help = help_screen_lines(view_reconstructs(&w->context), &w->context.help_count);
    w->context.help = w->help;
    struct data_facts *facts = data_facts_of(o->job);
    int r = 0;
    if (!take_facts(w, facts)) {
        free(facts);
        r = error_set(e, ERROR_MEMORY, "not enough memory for the screen");
    }
    if (r == 0 && o->read_history)
        r = history_read_run(&w->history, o->folder, e);
    if (r < 0) {
        workbench_destroy(w);
        return r;
    }
    w->choice = (struct choice){.head = -1, .prompt = -1, .split = w->task.images[SPLIT_VAL] ? SPLIT_VAL : SPLIT_TEST};
    workbench_size(w, o->height, o->width);
    workbench_read_whatif(w);
    *out = w;
    return 0;
}

void workbench_destroy(struct workbench *w) {
    if (!w)
        return;
    history_destroy(&w->history);
    history_destroy(&w->other);
    whatif_destroy(&w->whatif);
    free(w->look);
    free(w->pictures);
    for (int i = 0; i < SPLITS; i++)
        free(w->predictions[i]);
    for (size_t i = 0; i < w->log_count; i++)
        free((char *)w->log[i].text);
    free(w->help);
    free(w->class_names);
    free(w->facts);
    free(w);
}

void workbench_log(struct workbench *w, enum view_log_kind kind, const char *format, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        return;
    if (w->log_count == WORKBENCH_LOG) {
        free((char *)w->log[0].text);
        memmove(w->log, w->log + 1, (WORKBENCH_LOG - 1) * sizeof *w->log);
        w->log_count--;
    }
    w->log[w->log_count++] = (struct view_log_line){workbench_clock(w), kind, text};
    w->context.log_count = w->log_count;
    if (w->choice.scroll[VIEW_LOG] > 0)
        w->choice.scroll[VIEW_LOG]++; /* what is being read stays in place */
}

/* A line of the journal is an intervention: it gets its number, and the log says what it was. */
static void take_journal(struct workbench *w, const char *line) {
    struct error e = {0};
    size_t marks = w->history.mark_count;
    if (history_journal(&w->history, line, &e) < 0)
        workbench_log(w, LOG_WARNING, "%s", e.text);
    if (w->history.mark_count > marks) {
        const struct history_mark *m = &w->history.marks[marks];
        workbench_log(w, LOG_COMMAND, "^%d step %llu: %s", m->number, (unsigned long long)m->step, m->line);
    }
}

static void take_look(struct workbench *w, struct event *v) {
    free(w->look);
    w->look = v->payload;
    w->looked = workbench_clock(w);
    v->payload = NULL;
}

static void take_pictures(struct workbench *w, struct event *v) {
    free(w->pictures);
    w->pictures = v->payload;
    v->payload = NULL;
}

static void take_predictions(struct workbench *w, struct event *v) {
    struct predictions *p = v->payload;
    free(w->predictions[p->split]);
    w->predictions[p->split] = p;
    v->payload = NULL;
    if (p->split == w->choice.split)
        workbench_hold_sample(w, w->choice.view == VIEW_DATA);
}

/* A new dataset: what was known of the images of the old one is gone. */
static void take_data(struct workbench *w, struct event *v) {
    if (!take_facts(w, v->payload))
        return;
    v->payload = NULL;
    free(w->look);
    free(w->pictures);
    w->look = NULL;
    w->pictures = NULL;
    for (int i = 0; i < SPLITS; i++) {
        free(w->predictions[i]);
        w->predictions[i] = NULL;
    }
    w->choice.image = 0;
    w->choice.sample = 0;
    w->asked = (struct look_request){.serial = w->asked.serial, .block = -1}; /* like no request */
    w->asked_pictures = (struct pictures_request){.serial = w->asked_pictures.serial};
    workbench_hold_choice(w);
}

void workbench_event(struct workbench *w, struct event *v) {
    struct error e = {0};
    char line[512];
    switch (v->kind) {
    case EVENT_METRICS:
        if (history_metrics(&w->history, v->text, &e) < 0)
            workbench_log(w, LOG_WARNING, "%s", e.text);
        break;
    case EVENT_JOURNAL:
        take_journal(w, v->text);
        break;
    case EVENT_LOG:
        workbench_log(w, LOG_SAID, "%s", v->text);
        break;
    case EVENT_WARNING:
        workbench_log(w, LOG_WARNING, "%s", v->text);
        break;
    case EVENT_EPOCH:
        workbench_log(w, LOG_EPOCH, "%s", progress_epoch(&v->snapshot, line, sizeof line));
        break;
    case EVENT_LOOK:
        take_look(w, v);
        break;
    case EVENT_PICTURES:
        take_pictures(w, v);
        break;
    case EVENT_PREDICTIONS:
        take_predictions(w, v);
        break;
    case EVENT_DATA:
        take_data(w, v);
        break;
    case EVENT_SCREEN:
        break;
    case EVENT_ENDED:
        if (*v->text)
            workbench_log(w, LOG_WARNING, "%s", v->text);
        break;
    }
}

void workbench_snapshot(struct workbench *w) {
    mailbox_snapshot(w->mailbox, &w->now);
    workbench_hold_choice(w);
}

void workbench_size(struct workbench *w, int height, int width) {
    w->height = height;
    w->width = width;
}

struct area workbench_area(struct workbench *w) {
    struct canvas c = {.height = w->height, .width = w->width};
    return frame_area(workbench_context(w), &c);
}

struct view_context *workbench_context(struct workbench *w) {
    struct view_context *x = &w->context;
    x->whatif = w->whatif.count ? &w->whatif : NULL;
    x->look = w->look;
    x->pictures = w->pictures;
    x->predictions = w->predictions[w->choice.split];
    x->other = w->other_name[0] ? &w->other : NULL;
    x->other_name = w->other_name;
    x->log_count = w->log_count;
    x->hints = keys_hints(w->choice.view, view_reconstructs(x), w->hints, sizeof w->hints);
    x->clock = workbench_clock(w);
    x->look_age = x->clock - w->looked;
    return x;
}

struct view_machine *workbench_machine(struct workbench *w) {
    return &w->machine;
}

/* Attention is asked for when another one is chosen, and now and then while it is shown and the run moves. */
static void ask_look(struct workbench *w) {
    const struct choice *c = &w->choice;
    struct look_request r = {
        .split = c->split, .index = c->image, .block = c->block, .head = c->head, .prompt = c->prompt, .mask = c->mask};
    if (w->task.images[c->split] == 0)
        return;
    bool same = w->asked.serial && r.split == w->asked.split && r.index == w->asked.index &&
                r.block == w->asked.block && r.head == w->asked.head && r.prompt == w->asked.prompt &&
                r.mask == w->asked.mask;
    bool waits = !w->look || w->look->request.serial != w->asked.serial;
    bool old =
        !waits && w->look->step != w->now.step && workbench_clock(w) - w->looked > LOOK_EVERY + 50 * w->look->seconds;
    bool lost = waits && workbench_clock(w) - w->asked_at > LOST_AFTER;
    if (same && !old && !lost)
        return;
    w->asked_at = workbench_clock(w);
    r.serial = w->asked.serial + 1;
    w->asked = r;
    mailbox_ask_look(w->mailbox, &r);
}

static bool is_same(const struct pictures_request *a, const struct pictures_request *b) {
    return a->split == b->split && a->count == b->count && a->side == b->side &&
           memcmp(a->index, b->index, (size_t)a->count * sizeof *a->index) == 0;
}

static void ask_pictures(struct workbench *w) {
    struct pictures_request r = {0};
    view_wanted_pictures(workbench_context(w), workbench_area(w), &r);
    bool waits = !w->pictures || w->pictures->request.serial != w->asked_pictures.serial;
    bool lost = waits && workbench_clock(w) - w->asked_pictures_at > LOST_AFTER;
    if (r.count == 0 || (is_same(&r, &w->asked_pictures) && !lost))
        return;
    w->asked_pictures_at = workbench_clock(w);
    r.serial = w->asked_pictures.serial + 1;
    w->asked_pictures = r;
    mailbox_ask_pictures(w->mailbox, &r);
}

void workbench_ask(struct workbench *w) {
    if (w->choice.view == VIEW_ATTENTION)
        ask_look(w);
    if (w->choice.view == VIEW_ATTENTION || w->choice.view == VIEW_DATA)
        ask_pictures(w);
    else if (w->choice.view == VIEW_GATES)
        workbench_read_whatif(w);
}

void workbench_draw(struct workbench *w, struct canvas *c) {
    frame_draw(workbench_context(w), c);
}
