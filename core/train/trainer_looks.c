/* What screens ask for, answered beside the training.
 *
 * An answer takes the trainer's thread, and time from a core that the team wants. So each second of the run allows
 * SHARE of a second for answers, and their debt may grow to a few looks (BURST of them, at least BURST_SECONDS) before
 * requests have to wait; one that is then replaced by a newer one is never answered. A look that needs no pass (another
 * block, head or prompt of the same image and step) may go twice as deep, so that going through them does not stall.
 * While nothing is computed - paused, held, at the end - and for a script's own screen, all of this does not count. */
#include <stdlib.h>
#include <string.h>

#include "core/train/data_facts.h"
#include "core/train/trainer_private.h"

#define SHARE 0.02
#define BURST 5
#define BURST_SECONDS 0.25

/* Whether a newer request makes the answer under way useless. */
static bool is_outdated(struct trainer *t) {
    struct look_request look = {0};
    if (t->picturing)
        return mailbox_asked_pictures(t->mailbox, &t->pictures_asked);
    if (!mailbox_asked_look(t->mailbox, &look))
        return false;
    bool other =
        look.split != t->look_asked.split || look.index != t->look_asked.index || look.mask != t->look_asked.mask;
    t->look_asked = look;
    return other;
}

/* Between the looker's matrix products: the run is obeyed, and what nobody waits for any more is dropped; not twice in
 * a row, so that something is seen while a key is held down. */
static bool go_on(void *trainer) {
    struct trainer *t = trainer;
    trainer_mind(t);
    if (control_is_cancelled(&t->control))
        return false;
    if (t->dropped[t->picturing] || !is_outdated(t))
        return true;
    t->dropped[t->picturing] = true;
    return false;
}

/* Requests stay where they are until they are answered: go_on() may put newer ones in their place. */
static int answer_look(struct trainer *t, struct error *e) {
    struct look_request r = t->look_asked;
    struct look *look;
    bool passes = !looker_has(t->looker, &r);
    t->picturing = false;
    int code = looker_look(t->looker, t->state.theta, t->state.at.step, &r, &look, e);
    if (code == 0) {
        if (passes)
            t->look_cost = look->seconds;
        mailbox_hand_over(t->mailbox, EVENT_LOOK, look);
        t->dropped[false] = false;
    }
    if (t->look_asked.serial == r.serial)
        t->look_asked.serial = 0;
    return code;
}

static int answer_pictures(struct trainer *t, struct error *e) {
    struct pictures_request r = t->pictures_asked;
    struct pictures *pictures;
    t->picturing = true;
    int code = looker_pictures(t->looker, &r, &pictures, e);
    if (code == 0) {
        mailbox_hand_over(t->mailbox, EVENT_PICTURES, pictures);
        t->dropped[true] = false;
    }
    if (t->pictures_asked.serial == r.serial)
        t->pictures_asked.serial = 0;
    return code;
}

/* Whether the run can spare the time. */
static bool is_allowed(struct trainer *t) {
    long long clock = engine_clock();
    double burst = BURST * t->look_cost > BURST_SECONDS ? BURST * t->look_cost : BURST_SECONDS;
    t->look_debt -= SHARE * (double)(clock - t->look_counted) * 1e-9;
    t->look_debt = t->look_debt < 0 ? 0 : t->look_debt;
    t->look_counted = clock;
    if (t->look_asked.serial && t->looker && looker_has(t->looker, &t->look_asked))
        burst *= 2;
    return t->look_debt <= burst;
}

static bool is_asked(struct trainer *t) {
    mailbox_asked_look(t->mailbox, &t->look_asked);
    mailbox_asked_pictures(t->mailbox, &t->pictures_asked);
    return t->look_asked.serial || t->pictures_asked.serial;
}

void trainer_serve_looks(struct trainer *t, bool now) {
    struct error e = {0};
    int r = 0;
    if (t->broken || !is_asked(t) || (!now && !is_allowed(t)))
        return;
    long long start = engine_clock();
    if (!t->looker)
        r = looker_create(&t->looker, t->job, go_on, t, &e);
    if (r == 0 && t->look_asked.serial)
        do
            r = answer_look(t, &e);
        while (now && r == ERROR_CANCELLED && t->look_asked.serial); /* else the newer one comes at the next tick */
    if (r == ERROR_CANCELLED)
        r = 0;
    if (r == 0 && t->pictures_asked.serial)
        r = answer_pictures(t, &e);
    if (r < 0 && r != ERROR_CANCELLED)
        mailbox_emit(t->mailbox, EVENT_WARNING, "%s", e.text);
    if (!now)
        t->look_debt += (double)(engine_clock() - start) * 1e-9;
}

void trainer_forget_looks(struct trainer *t) {
    looker_destroy(t->looker);
    t->looker = NULL;
    t->look_asked.serial = t->pictures_asked.serial = 0;
}

/* Nobody is harmed where there is no memory for it: the screen then shows the last ones. */
void trainer_report_predictions(struct trainer *t, enum split split) {
    const struct evaluation *v = &t->evaluation;
    size_t list = v->images * sizeof *v->list, cells = (size_t)v->classes * (size_t)v->classes;
    struct predictions *p = malloc(sizeof *p + list + cells * sizeof *v->confusion);
    if (!p)
        return;
    *p = (struct predictions){.version = LOOK_VERSION,
                              .split = split,
                              .step = t->state.at.step,
                              .epoch = t->state.at.epoch,
                              .classes = v->classes,
                              .count = v->images};
    memcpy(p->images, v->list, list);
    memcpy(p->images + v->images, v->confusion, cells * sizeof *v->confusion);
    mailbox_hand_over(t->mailbox, EVENT_PREDICTIONS, p);
}

void trainer_report_data(struct trainer *t) {
    struct data_facts *f = data_facts_of(t->job);
    if (f)
        mailbox_hand_over(t->mailbox, EVENT_DATA, f);
}
