/* What screen commands choose, what events leave in the log and the curves, and screenshots without a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/language.h"
#include "app/workbench.h"
#include "core/train/data_facts.h"

struct rig {
    struct job job;
    struct mailbox *mailbox;
    struct workbench *workbench;
    struct snapshot now;
};

static void wake(void *context) {
    (void)context;
}

static void sound(int r, const struct error *e) {
    if (r < 0)
        fail_msg("%s", e->text);
}

static void set(struct settings *s, const char *name, const char *value) {
    struct error e = {0};
    sound(settings_set(s, name, value, &e), &e);
}

/* Nano: 4 blocks, 3 heads. */
static void set_up(struct rig *r) {
    struct settings s;
    struct error e = {0};
    *r = (struct rig){0};
    settings_default(&s);
    set(&s, "model", "random:nano");
    set(&s, "data", "scenes:shape");
    set(&s, "prompts", "3");
    set(&s, "scenes-train", "8");
    set(&s, "scenes-val", "7");
    set(&s, "scenes-test", "5");
    sound(job_open(&r->job, &s, &e), &e);
    sound(mailbox_create(&r->mailbox, wake, NULL, &e), &e);
    struct workbench_options o = {
        .job = &r->job, .mailbox = r->mailbox, .folder = "runs/a", .device = "here, 1 thread"};
    o.paint = (struct paint){.theme = theme_named("dark"), .glyphs = GLYPHS_BRAILLE, .colors = 1 << 24};
    o.height = 24;
    o.width = 80;
    sound(workbench_create(&r->workbench, &o, &e), &e);
    r->now = (struct snapshot){.version = SNAPSHOT_VERSION, .phase = PHASE_TRAINING, .depth = 4, .prompts = 3};
    r->now.gated = r->now.tempered = true;
    mailbox_publish(r->mailbox, &r->now);
    workbench_snapshot(r->workbench);
}

static void tear_down(struct rig *r) {
    workbench_destroy(r->workbench);
    mailbox_destroy(r->mailbox);
    job_close(&r->job);
}

static int try(struct rig *r, const char *line, struct error *e) {
    struct screen_command c;
    sound(language_parse_screen(line, &c, e), e);
    return workbench_command(r->workbench, &c, e);
}

static void run(struct rig *r, const char *line) {
    struct error e = {0};
    sound(try(r, line, &e), &e);
}

static void refused(struct rig *r, const char *line, const char *part) {
    struct error e = {0};
    assert_true(try(r, line, &e) < 0);
    if (!strstr(e.text, part))
        fail_msg("%s: \"%s\" lacks \"%s\"", line, e.text, part);
}

static const struct choice *chosen(struct rig *r) {
    return workbench_context(r->workbench)->choice;
}

static void tell(struct rig *r, enum event_kind kind, const char *text, void *payload) {
    struct event v = {.kind = kind, .text = (char *)text, .payload = payload};
    workbench_event(r->workbench, &v);
    free(v.payload);
}

static struct predictions *predictions_of(enum split split, const int *said, size_t count) {
    struct predictions *p = calloc(1, sizeof *p + count * sizeof *p->images + 100 * sizeof(uint32_t));
    assert_non_null(p);
    p->version = LOOK_VERSION;
    p->split = split;
    p->classes = 10;
    p->count = count;
    for (size_t i = 0; i < count; i++)
        p->images[i] = (struct prediction){(uint32_t)i, 1, said[i], 0.3f, 0.5f};
    return p;
}

static void blocks_heads_and_prompts_stay_within_the_model(void **state) {
    (void)state;
    struct rig r;
    set_up(&r);
    assert_int_equal(chosen(&r)->block, 0);
    assert_int_equal(chosen(&r)->head, -1);
    run(&r, "select block previous");
    assert_int_equal(chosen(&r)->block, 0);
    run(&r, "select block 3");
    assert_int_equal(chosen(&r)->block, 2);
    run(&r, "select block 99");
    assert_int_equal(chosen(&r)->block, 3);
    run(&r, "select head next");
    assert_int_equal(chosen(&r)->head, 0);
    run(&r, "select head previous");
    assert_int_equal(chosen(&r)->head, -1);
    run(&r, "select prompt 3");
    run(&r, "select prompt next");
    assert_int_equal(chosen(&r)->prompt, 2);
    run(&r, "select prompt all");
    assert_int_equal(chosen(&r)->prompt, -1);
    tear_down(&r);
}

static void images_and_splits_are_those_of_the_dataset(void **state) {
    (void)state;
    struct rig r;
    set_up(&r);
    const int said[] = {1, 0, 1, 2, 1, 1, 3};
    assert_int_equal(chosen(&r)->split, SPLIT_VAL);
    run(&r, "select image 6");
    run(&r, "select image next");
    assert_int_equal(chosen(&r)->image, 6);
    refused(&r, "select image 7", "from 0 to 6");
    refused(&r, "select image next-wrong", "`eval` finds out");
    tell(&r, EVENT_PREDICTIONS, NULL, predictions_of(SPLIT_VAL, said, 7));
    run(&r, "select image 0");
    run(&r, "select image next-wrong");
    assert_int_equal(chosen(&r)->image, 1);
    run(&r, "select image next-wrong");
    assert_int_equal(chosen(&r)->image, 3);
    run(&r, "select image previous-wrong");
    assert_int_equal(chosen(&r)->image, 1);
    refused(&r, "select image previous-wrong", "no earlier image");
    run(&r, "select sample 2"); /* errors first */
    assert_int_not_equal(said[chosen(&r)->image], 1);
    assert_int_equal(chosen(&r)->sample, 1);
    run(&r, "select image 6"); /* the list follows */
    run(&r, "select sample previous");
    run(&r, "select sample next");
    assert_int_equal(chosen(&r)->image, 6);
    run(&r, "select split test");
    assert_int_equal(chosen(&r)->image, 0);
    refused(&r, "select image 5", "from 0 to 4");
    run(&r, "select split next");
    assert_int_equal(chosen(&r)->split, SPLIT_TRAIN);
    tear_down(&r);
}

static void views_go_round_and_curves_zoom(void **state) {
    (void)state;
    struct rig r;
    set_up(&r);
    run(&r, "view previous");
    assert_int_equal(chosen(&r)->view, VIEW_HELP);
    run(&r, "view next");
    assert_int_equal(chosen(&r)->view, VIEW_OVERVIEW);
    for (int i = 0; i < 400; i++) {
        char line[128];
        snprintf(line, sizeof line, "{\"kind\":\"step\",\"step\":%d,\"epoch\":0,\"batch\":%d,\"loss\":1,\"top1\":0}", i,
                 i);
        tell(&r, EVENT_METRICS, line, NULL);
    }
    run(&r, "zoom in");
    assert_true(chosen(&r)->window > 199 && chosen(&r)->window < 201);
    run(&r, "pan left");
    assert_true(chosen(&r)->end > 299 && chosen(&r)->end < 301);
    run(&r, "pan left");
    run(&r, "pan left"); /* no further than the first step */
    assert_true(chosen(&r)->end > 199 && chosen(&r)->end < 201);
    run(&r, "zoom out");
    assert_true(chosen(&r)->window <= 0);
    run(&r, "cursor 1000");
    assert_true(chosen(&r)->has_cursor && chosen(&r)->cursor < 400);
    run(&r, "cursor off");
    assert_false(chosen(&r)->has_cursor);
    run(&r, "smooth more");
    run(&r, "smooth more");
    assert_int_equal(chosen(&r)->smooth, 10);
    run(&r, "smooth less");
    assert_int_equal(chosen(&r)->smooth, 5);
    tear_down(&r);
}

static void the_log_says_what_each_mark_was(void **state) {
    (void)state;
    struct rig r;
    set_up(&r);
    tell(&r, EVENT_JOURNAL, "at step 12 freeze gate 3", NULL);
    tell(&r, EVENT_WARNING, "the disk is full", NULL);
    const struct view_context *x = workbench_context(r.workbench);
    assert_int_equal(x->log_count, 2);
    assert_string_equal(x->log[0].text, "^1 step 12: freeze gate 3");
    assert_int_equal(x->log[1].kind, LOG_WARNING);
    assert_int_equal(x->history->mark_count, 1);
    for (int i = 0; i < 3000; i++)
        workbench_log(r.workbench, LOG_SAID, "line %d", i);
    x = workbench_context(r.workbench);
    assert_int_equal(x->log_count, 2000);
    assert_string_equal(x->log[1999].text, "line 2999");
    tear_down(&r);
}

static void attention_is_asked_for_once_where_it_is_seen(void **state) {
    (void)state;
    struct rig r;
    struct look_request look;
    set_up(&r);
    workbench_ask(r.workbench);
    assert_false(mailbox_asked_look(r.mailbox, &look));
    run(&r, "view attention");
    run(&r, "select block 2");
    workbench_ask(r.workbench);
    assert_true(mailbox_asked_look(r.mailbox, &look));
    assert_int_equal(look.block, 1);
    workbench_ask(r.workbench);
    assert_false(mailbox_asked_look(r.mailbox, &look));
    run(&r, "select image 4");
    workbench_ask(r.workbench);
    assert_true(mailbox_asked_look(r.mailbox, &look));
    assert_int_equal(look.index, 4);
    tear_down(&r);
}

static void another_dataset_brings_its_classes(void **state) {
    (void)state;
    struct rig r;
    struct dataset *d = NULL;
    struct error e = {0};
    struct dataset_options o = {.seed = 1, .image = 32, .scenes = {3, 2, 1}};
    const int said[] = {0};
    set_up(&r);
    tell(&r, EVENT_PREDICTIONS, NULL, predictions_of(SPLIT_VAL, said, 1));
    run(&r, "select image 6");
    sound(dataset_open(&d, "scenes:count", &o, &e), &e);
    struct job other = r.job;
    other.dataset = d;
    tell(&r, EVENT_DATA, NULL, data_facts_of(&other));
    const struct view_context *x = workbench_context(r.workbench);
    assert_int_equal(x->task->classes, dataset_classes(d));
    assert_string_equal(x->task->class_names[1], dataset_class_name(d, 1));
    assert_int_equal(x->task->images[SPLIT_VAL], 2);
    assert_null(x->predictions);
    assert_int_equal(x->choice->image, 0);
    dataset_close(d);
    tear_down(&r);
}

static void screenshots_and_exports_are_files(void **state) {
    (void)state;
    struct rig r;
    char folder[] = "/tmp/gptui-shots.XXXXXX", line[256], text[8192];
    const char *const views[] = {"overview", "gates", "attention", "data", "log", "settings", "help"};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    set_up(&r);
    for (size_t i = 0; i < 7; i++) {
        snprintf(line, sizeof line, "view %s", views[i]);
        run(&r, line);
        run(&r, "screenshot a.txt 100x30");
        run(&r, "screenshot a.svg");
        FILE *f = fopen("a.txt", "re");
        assert_non_null(f);
        size_t n = fread(text, 1, sizeof text - 1, f);
        text[n] = 0;
        fclose(f);
        int lines = 0;
        for (size_t k = 0; k < n; k++)
            lines += text[k] == '\n';
        assert_int_equal(lines, 30);
        assert_non_null(strstr(text, views[i]));
    }
    run(&r, "view overview");
    run(&r, "export a.csv");
    run(&r, "export a.png");
    refused(&r, "screenshot a.gif", ".svg or .txt");
    refused(&r, "export a.txt", ".csv or .png");
    refused(&r, "screenshot missing/a.svg", "No such file");
    refused(&r, "overlay missing", "missing");
    refused(&r, "redraw", "needs a terminal");
    unlink("a.txt");
    unlink("a.svg");
    unlink("a.csv");
    unlink("a.png");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing half-written is left */
    tear_down(&r);
}

/* ---- whatif.csv */

#define WHATIF_HEAD                                                                                                    \
    "weights,split,step,images,variant,block,value,selection,right,top1,change,better,worse,loss\n"                    \
    "last,val,3,7,baseline,,,,4,0.5,0,0,0,1.2\n"

static void write_whatif(const char *text) {
    FILE *f = fopen("runs/a/whatif.csv", "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* After as long as the folder is not looked at again. */
static const struct whatif *look_again(struct rig *r) {
    run(r, "view gates");
    usleep(520000);
    workbench_ask(r->workbench);
    return workbench_context(r->workbench)->whatif;
}

static bool log_has(struct rig *r, const char *text) {
    const struct view_context *x = workbench_context(r->workbench);
    for (size_t i = 0; i < x->log_count; i++)
        if (strstr(x->log[i].text, text))
            return true;
    return false;
}

static void what_whatif_found_is_read_from_the_run_folder(void **state) {
    (void)state;
    char folder[] = "/tmp/gptui-worth.XXXXXX";
    struct rig r;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("runs", 0700) | mkdir("runs/a", 0700), 0);
    write_whatif(WHATIF_HEAD "last,val,3,7,gate=0,4,0.5,0.5,3,0.4,-0.1,0,1,1.2\n");
    set_up(&r);
    const struct whatif *w = workbench_context(r.workbench)->whatif;
    assert_non_null(w);
    assert_true(w->step == 3 && w->images == 7 && w->count == 2);
    write_whatif(WHATIF_HEAD "last,val,3,7,gate=0,5,0.5,0.5,3,0.4,-0.1,0,1,1.2\n"); /* nano has 4 blocks */
    assert_null(look_again(&r));
    assert_true(log_has(&r, "whatif.csv: it is about a run of more than 4 blocks"));
    write_whatif("weights,\x1b[31m");
    assert_null(look_again(&r));
    assert_true(log_has(&r, "runs/a/whatif.csv: line 1: "));
    assert_int_equal(unlink("runs/a/whatif.csv"), 0);
    assert_null(look_again(&r));
    write_whatif(WHATIF_HEAD);
    assert_non_null(look_again(&r));
    tear_down(&r);
    assert_int_equal(unlink("runs/a/whatif.csv") | rmdir("runs/a") | rmdir("runs"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_heads_and_prompts_stay_within_the_model),
        cmocka_unit_test(images_and_splits_are_those_of_the_dataset),
        cmocka_unit_test(views_go_round_and_curves_zoom),
        cmocka_unit_test(the_log_says_what_each_mark_was),
        cmocka_unit_test(attention_is_asked_for_once_where_it_is_seen),
        cmocka_unit_test(another_dataset_brings_its_classes),
        cmocka_unit_test(screenshots_and_exports_are_files),
        cmocka_unit_test(what_whatif_found_is_read_from_the_run_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
