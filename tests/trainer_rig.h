/* A run with the test as its main thread: for test_trainer_live.c and test_trainer_ends.c. */
#ifndef TESTS_TRAINER_RIG_H
#define TESTS_TRAINER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/train/trainer.h"
#include "tests/pictures.h"

enum { MOST_LINES = 32, PATIENCE_MS = 60000, KINDS = EVENT_ENDED + 1 };

struct rig {
    struct settings settings;
    struct job job;
    struct mailbox *box;
    struct trainer *trainer;
    struct trainer_options options;
    struct command lines[MOST_LINES];
    pthread_t thread;
    char *folder;
    struct look *look;               /* the newest */
    struct predictions *predictions; /* likewise */
    int events[KINDS];
    char warning[1024]; /* the newest */
    char screen[512];   /* commands of the screen and looks, in their order: "view;look 3;" */
    uint64_t serial;
    bool ended;
    bool ask_all_the_time, ask_on_screen;
};

static inline void set(struct settings *s, const char *name, const char *value) {
    struct error e = {0};
    if (settings_set(s, name, value, &e) < 0)
        fail_msg("%s", e.text);
}

static inline void sound(int r, const struct error *e) {
    if (r < 0)
        fail_msg("%s", e->text);
}

static inline void sleep_ms(int ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static inline long long now_ms(void) {
    return engine_clock() / 1000000;
}

static inline void wake(void *context) {
    (void)context;
}

/* Four epochs of four steps; the folder is new unless `folder` is given. */
static inline void prepare(struct rig *r, char *folder) {
    *r = (struct rig){.folder = folder ? folder : pictures_folder()};
    struct settings *s = &r->settings;
    settings_default(s);
    set(s, "model", "random:nano");
    set(s, "data", "scenes:shape");
    set(s, "prompts", "3");
    set(s, "lr", "0.5");
    set(s, "epochs", "4");
    set(s, "batch", "12");
    set(s, "chunk", "3");
    set(s, "threads", "2");
    set(s, "scenes-train", "48");
    set(s, "scenes-val", "15");
    set(s, "scenes-test", "5");
    r->options = (struct trainer_options){.job = &r->job, .folder = r->folder, .lines = r->lines, .stay = true};
}

static inline struct command *script(struct rig *r, enum command_verb verb, const char *line) {
    assert_true(r->options.count < MOST_LINES);
    struct command *c = &r->lines[r->options.count++];
    *c = (struct command){.verb = verb, .origin = "script:1"};
    snprintf(c->line, sizeof c->line, "%s", line);
    return c;
}

static inline void start(struct rig *r) {
    struct error e = {0};
    sound(job_open(&r->job, &r->settings, &e), &e);
    sound(mailbox_create(&r->box, wake, NULL, &e), &e);
    r->options.mailbox = r->box;
    sound(trainer_create(&r->trainer, &r->options, &e), &e);
    assert_int_equal(pthread_create(&r->thread, NULL, trainer_run, r->trainer), 0);
}

static inline uint64_t ask(struct rig *r, struct look_request q) {
    q.serial = ++r->serial;
    mailbox_ask_look(r->box, &q);
    return q.serial;
}

static inline void note(struct rig *r, const char *text) {
    snprintf(r->screen + strlen(r->screen), sizeof r->screen - strlen(r->screen), "%s;", text);
}

static inline void take(struct rig *r, struct event *v) {
    char text[64];
    r->events[v->kind]++;
    switch (v->kind) {
    case EVENT_LOOK:
        free(r->look);
        r->look = v->payload;
        v->payload = NULL;
        snprintf(text, sizeof text, "look %u", r->look->request.index);
        note(r, text);
        break;
    case EVENT_PREDICTIONS:
        free(r->predictions);
        r->predictions = v->payload;
        v->payload = NULL;
        break;
    case EVENT_WARNING:
        snprintf(r->warning, sizeof r->warning, "%s", v->text);
        break;
    case EVENT_SCREEN:
        note(r, v->text);
        if (r->ask_on_screen && strncmp(v->text, "select", 6) == 0)
            ask(r, (struct look_request){.split = SPLIT_VAL, .index = (uint32_t)strtoul(v->text + 6, NULL, 10)});
        break;
    case EVENT_ENDED:
        r->ended = true;
        break;
    default:
        break;
    }
    free(v->text);
    free(v->payload);
}

/* One turn of the main thread. */
static inline void pump(struct rig *r) {
    struct event v;
    while (mailbox_next(r->box, &v))
        take(r, &v);
    mailbox_flushed(r->box);
    if (r->ask_all_the_time) {
        uint32_t i = (uint32_t)r->serial;
        ask(r, (struct look_request){.split = SPLIT_VAL, .index = i % 3, .block = (int)i % 4, .head = -1});
        mailbox_ask_pictures(r->box,
                             &(struct pictures_request){.serial = r->serial, .count = 4, .index = {i % 9}, .side = 8});
    }
    sleep_ms(1);
}

static inline struct snapshot now(struct rig *r) {
    struct snapshot s = {0};
    mailbox_snapshot(r->box, &s);
    return s;
}

#define UNTIL(r, condition)                                                                                            \
    do {                                                                                                               \
        long long end_ = now_ms() + PATIENCE_MS;                                                                       \
        do {                                                                                                           \
            pump(r);                                                                                                   \
            if (now_ms() > end_)                                                                                       \
                fail_msg("waited in vain for %s; last warning: %s", #condition, (r)->warning);                         \
        } while (!(condition));                                                                                        \
    } while (0)

static inline void post(struct rig *r, struct command c, const char *line) {
    snprintf(c.line, sizeof c.line, "%s", line);
    snprintf(c.origin, sizeof c.origin, "keyboard");
    mailbox_post(r->box, &c);
}

static inline void hold(struct rig *r) {
    trainer_hold(r->trainer);
    post(r, (struct command){.verb = COMMAND_PAUSE}, "pause");
}

static inline void resume(struct rig *r) {
    trainer_release(r->trainer);
    post(r, (struct command){.verb = COMMAND_RESUME}, "resume");
}

/* Waits for the end; the folder stays. Returns the run's code. */
static inline int finish(struct rig *r) {
    UNTIL(r, r->ended);
    pthread_join(r->thread, NULL);
    return trainer_result(r->trainer)->code;
}

static inline void close_rig(struct rig *r) {
    trainer_destroy(r->trainer);
    mailbox_destroy(r->box);
    job_close(&r->job);
    free(r->look);
    free(r->predictions);
}

static inline void tear_down(struct rig *r) {
    char *folder = r->folder;
    close_rig(r);
    pictures_remove(folder);
}

/* What the run comes to with nobody there: its hash. */
static inline const char *calm_hash(void) {
    static char hash[65];
    if (!hash[0]) {
        struct rig r;
        prepare(&r, NULL);
        r.options.stay = false;
        start(&r);
        assert_int_equal(finish(&r), 0);
        assert_int_equal(trainer_result(r.trainer)->steps, 16);
        memcpy(hash, trainer_result(r.trainer)->hash, sizeof hash);
        tear_down(&r);
    }
    return hash;
}

static inline void ends_as_calmly(struct rig *r) {
    UNTIL(r, now(r).phase == PHASE_DONE);
    trainer_interrupt(r->trainer);
    assert_int_equal(finish(r), 0);
    assert_true(trainer_result(r->trainer)->saved);
    assert_string_equal(trainer_result(r->trainer)->hash, calm_hash());
}

/* A step long enough to be caught at work. */
static inline void prepare_long(struct rig *r) {
    prepare(r, NULL);
    set(&r->settings, "epochs", "50");
    set(&r->settings, "batch", "1440");
    set(&r->settings, "scenes-train", "1440");
}

static inline bool is_within(struct rig *r) {
    struct snapshot s = now(r);
    return s.step_done > 0 && s.step_done < 0.9 && s.phase == PHASE_TRAINING;
}

#endif
