/* Whole screens, through a terminal emulator, as the files of tests/fixtures/screens have them: every view of a made-up
 * run under a frozen clock. `scripts/renew-screens` writes these files anew, for a reader to compare. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sample_look.h"
#include "tests/sample_run.h"
#include "tests/screen_play.h"
#include "views/frame.h"

static struct sample_run run;
static struct look *look;
static struct predictions *predictions;

static int start(void **state) {
    (void)state;
    sample_run_create(&run, 716);
    look = sample_look_make(&(struct sample_look){.depth = SAMPLE_BLOCKS,
                                                  .side = 14,
                                                  .prompts = run.now.prompts,
                                                  .pixels = 56,
                                                  .request = {1, SPLIT_VAL, 17, 7, -1, -1, 0}});
    predictions = sample_look_predictions(200, SAMPLE_CLASSES);
    run.context.look = look;
    run.context.predictions = predictions;
    run.choice.split = SPLIT_VAL;
    run.choice.image = 17;
    run.choice.block = 7;
    run.choice.head = run.choice.prompt = -1;
    run.context.hints = "Space pause  f freeze  = set  u undo  s save  : command  ? help  q quit";
    return 0;
}

static int end(void **state) {
    (void)state;
    free(look);
    free(predictions);
    sample_run_destroy(&run);
    return 0;
}

static void draw(struct canvas *c, int frame) {
    (void)frame;
    frame_draw(&run.context, c);
}

/* What the terminal shows equals the file; with GPTUI_RENEW set it becomes the file. */
static void compare(struct terminal *t, const char *name) {
    char path[4096], *text = NULL;
    size_t room = 0;
    const char *root = getenv("GPTUI_SRCDIR"), *shown = terminal_text(t);
    bool renew = getenv("GPTUI_RENEW");
    snprintf(path, sizeof path, "%s/tests/fixtures/screens/%s.txt", root ? root : ".", name);
    FILE *f = fopen(path, renew ? "we" : "re");
    if (!f)
        fail_msg("%s cannot be opened; scripts/renew-screens makes it", path);
    ssize_t n = renew ? fputs(shown, f) : getdelim(&text, &room, 0, f);
    fclose(f);
    if (!renew && (n < 0 || strcmp(text, shown) != 0))
        fail_msg("%s is not what is shown:\n%s", path, shown);
    free(text);
}

static void check(enum view_id view, int height, int width, const char *term, const char *locale) {
    static const struct screen_play play = {.draw = draw};
    char name[128];
    run.choice.view = view;
    struct terminal *t = terminal_run(height, width, term, locale, screen_play_run, (void *)(uintptr_t)&play);
    assert_true(terminal_shows(t, "q quit", SOON));
    terminal_settle(t, QUIET);
    snprintf(name, sizeof name, "%s%s-%s-%dx%d", run.now.reconstructs ? "pretraining-" : "",
             view_in(&run.context, view)->name, term, width, height);
    compare(t, name);
    screen_play_stop(t);
}

static void every_view_looks_as_it_did_in_colour(void **state) {
    (void)state;
    for (int v = 0; v < VIEW_COUNT; v++) {
        check((enum view_id)v, 24, 80, "xterm-256color", "C.UTF-8");
        check((enum view_id)v, 40, 120, "xterm-256color", "C.UTF-8");
        check((enum view_id)v, 12, 40, "xterm-256color", "C.UTF-8");
    }
}

static void every_view_looks_as_it_did_on_a_vt100(void **state) {
    (void)state;
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.context.paint.colors = 0;
    for (int v = 0; v < VIEW_COUNT; v++)
        check((enum view_id)v, 24, 80, "vt100", "C");
}

/* The same run as one of pretraining: what its views show in place of gates, attention and classes. */
static int start_pretraining(void **state) {
    int r = start(state);
    free(look);
    free(predictions);
    predictions = NULL;
    sample_run_method(&run, METHOD_MAE);
    look = sample_look_rebuilt(&(struct sample_look){
        .depth = SAMPLE_BLOCKS, .side = 6, .pixels = 48, .request = {1, SPLIT_VAL, 17, 0, 0, -1, 0}});
    run.context.look = look;
    run.context.predictions = NULL;
    run.context.hints = "Space pause  h l image  p P mask  x split  s save  : command  ? help  q quit";
    return r;
}

static void pretraining_looks_as_it_did(void **state) {
    (void)state;
    const int views[] = {VIEW_OVERVIEW, VIEW_GATES, VIEW_ATTENTION, VIEW_DATA};
    for (int i = 0; i < 4; i++) {
        check((enum view_id)views[i], 24, 80, "xterm-256color", "C.UTF-8");
        check((enum view_id)views[i], 12, 40, "xterm-256color", "C.UTF-8");
    }
    check(VIEW_ATTENTION, 40, 120, "xterm-256color", "C.UTF-8");
    run.context.paint.glyphs = GLYPHS_ASCII;
    run.context.paint.colors = 0;
    check(VIEW_ATTENTION, 24, 80, "vt100", "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_view_looks_as_it_did_in_colour, start, end),
        cmocka_unit_test_setup_teardown(every_view_looks_as_it_did_on_a_vt100, start, end),
        cmocka_unit_test_setup_teardown(pretraining_looks_as_it_did, start_pretraining, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
