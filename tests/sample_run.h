/* A made-up run for the tests of views: a ViT of 12 blocks, gates and temperatures, 32 steps an epoch, 30 epochs.
 *
 *     struct sample_run r;
 *     sample_run_create(&r, 716);                    // 716 of its 960 steps are done
 *     struct canvas c = {0};
 *     sample_run_draw(&r, &overview_view, &c, 20, 80);
 *     char *text = sample_run_text(&c);              // rows of UTF-8, to print or to search
 *     assert_true(sample_run_shows(&c, "val"));
 *     free(text); canvas_destroy(&c); sample_run_destroy(&r);
 *
 * Everything in it may be changed before drawing; r.context points to its siblings, so a struct sample_run stays where
 * it was made. The same every time. Failures (no memory) fail the test. */
#ifndef TESTS_SAMPLE_RUN_H
#define TESTS_SAMPLE_RUN_H

#include "views/view.h"

enum { SAMPLE_BLOCKS = 12, SAMPLE_STEPS = 960, SAMPLE_EPOCHS = 30, SAMPLE_EPOCH = 32, SAMPLE_CLASSES = 10 };

/* Interventions, each at its step: ^1 and so on. */
#define SAMPLE_JOURNAL(X)                                                                                              \
    X(120, "freeze gate 3")                                                                                            \
    X(320, "set lr 0.08")                                                                                              \
    X(410, "note \"gates 7 and 8 open first\"")                                                                        \
    X(512, "set gate.7 0.2")                                                                                           \
    X(600, "freeze temp 5")                                                                                            \
    X(680, "freeze gate 1-2,9")

struct sample_run {
    struct settings settings;
    struct view_task task;
    struct snapshot now;
    struct history history, other;
    struct view_machine machine;
    struct choice choice;
    struct view_prompt prompt;
    struct view_dialog dialog;
    struct view_context context; /* of all these; dark theme, braille, true colours */
};

/* `steps` done, up to SAMPLE_STEPS: 0 is a run that starts, SAMPLE_STEPS one that is done. */
void sample_run_create(struct sample_run *r, uint64_t steps);
void sample_run_destroy(struct sample_run *r);

/* The run laid over for comparison (context.other): all steps, without interventions. */
void sample_run_overlay(struct sample_run *r);

/* Makes it a run of another method: no gates and temperatures, no prompts under METHOD_LINEAR
 * and METHOD_MAE. */
void sample_run_method(struct sample_run *r, enum method method);

/* Clears the canvas at this size and draws the view into all of it. */
void sample_run_draw(const struct sample_run *r, const struct view *view, struct canvas *c, int height, int width);

/* Rows of the canvas with their line ends; the caller frees. */
char *sample_run_text(const struct canvas *c);

/* One row of it, without blanks at its end; the caller frees. */
char *sample_run_row(const struct canvas *c, int y);

/* The first row, from `from` on, that holds the text; -1: none. */
int sample_run_find(const struct canvas *c, int from, const char *text);
bool sample_run_shows(const struct canvas *c, const char *text);

/* Fails with all that is on the canvas. */
#define sample_run_assert_shows(canvas, text)                                                                          \
    do {                                                                                                               \
        if (!sample_run_shows(canvas, text)) {                                                                         \
            char *all = sample_run_text(canvas);                                                                       \
            print_error("%s\n", all);                                                                                  \
            free(all);                                                                                                 \
            fail_msg("\"%s\" is not shown", text);                                                                     \
        }                                                                                                              \
    } while (0)

/* Column of the text in that row; -1: it is not there. */
int sample_run_column(const struct canvas *c, int y, const char *text);

#endif
