/* A run that somebody watches and steers: what is asked for, held and swapped while it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "tests/trainer_rig.h"

static void looking_all_the_time_changes_no_bit(void **state) {
    (void)state;
    struct rig r;
    prepare(&r, NULL);
    r.ask_all_the_time = true;
    start(&r);
    UNTIL(&r, now(&r).phase == PHASE_DONE);
    int looks = r.events[EVENT_LOOK];
    assert_true(looks >= 2 && r.events[EVENT_PICTURES] >= 2);
    ends_as_calmly(&r);
    tear_down(&r);
}

/* The hash of a run of masked autoencoding. */
static void reconstruct(bool looked_at, char hash[65]) {
    struct rig r;
    prepare(&r, NULL);
    set(&r.settings, "method", "mae");
    set(&r.settings, "lr", "0.01");
    r.options.stay = r.ask_all_the_time = looked_at;
    start(&r);
    if (looked_at) {
        UNTIL(&r, now(&r).phase == PHASE_DONE);
        assert_true(r.events[EVENT_LOOK] >= 2 && r.look->reconstructs && r.look->loss > 0);
        trainer_interrupt(r.trainer);
    }
    assert_int_equal(finish(&r), 0);
    snprintf(hash, 65, "%s", trainer_result(r.trainer)->hash);
    tear_down(&r);
}

static void looking_at_reconstructions_changes_no_bit(void **state) {
    (void)state;
    char calm[65], watched[65];
    reconstruct(false, calm);
    reconstruct(true, watched);
    assert_string_equal(calm, watched);
}

/* Other images all the time, while a long run trains: about 2% of its time and a first few. */
static void looks_take_a_small_share_of_the_time(void **state) {
    (void)state;
    struct rig r;
    double spent = 0, dearest = 0;
    prepare(&r, NULL);
    set(&r.settings, "epochs", "10000");
    start(&r);
    UNTIL(&r, now(&r).step > 0);
    long long begun = now_ms();
    uint64_t last = 0;
    for (uint32_t i = 0; now_ms() < begun + 4000; i++) {
        if (!r.look || r.look->request.serial == r.serial)
            ask(&r, (struct look_request){.split = SPLIT_TRAIN, .index = i % 40, .block = 1, .head = -1});
        pump(&r);
        if (r.look && r.look->request.serial != last) {
            spent += r.look->seconds;
            dearest = r.look->seconds > dearest ? r.look->seconds : dearest;
            last = r.look->request.serial;
        }
    }
    assert_true(r.events[EVENT_LOOK] >= 5);
    double burst = 5 * dearest > 0.25 ? 5 * dearest : 0.25;
    if (spent > burst + 0.02 * 4 + 2 * dearest)
        fail_msg("looks took %.3f s of 4 s, one at most %.3f s", spent, dearest);
    trainer_interrupt(r.trainer);
    assert_int_equal(finish(&r), 0);
    tear_down(&r);
}

static void a_pause_within_a_step_shows_at_once_and_stops_it(void **state) {
    (void)state;
    struct rig r;
    prepare_long(&r);
    start(&r);
    UNTIL(&r, is_within(&r));
    assert_false(now(&r).paused);
    hold(&r);
    long long posted = now_ms();
    UNTIL(&r, now(&r).phase == PHASE_PAUSED);
    assert_true(now_ms() - posted <= 100);
    assert_true(now(&r).paused);
    sleep_ms(300);
    struct snapshot then = now(&r);
    sleep_ms(300);
    assert_int_equal(now(&r).chunk, then.chunk);
    assert_true(then.step_done > 0 && then.step_done < 1 && then.queue_s != 0);
    uint64_t serial = ask(&r, (struct look_request){.split = SPLIT_TRAIN, .index = 7, .block = 2});
    UNTIL(&r, r.look && r.look->request.serial == serial); /* though the step stands still */
    assert_int_equal(r.look->step, then.step);
    assert_int_equal(now(&r).chunk, then.chunk);
    resume(&r);
    UNTIL(&r, now(&r).step > then.step);
    trainer_interrupt(r.trainer);
    assert_int_equal(finish(&r), 0);
    tear_down(&r);
}

static void a_pause_that_was_only_posted_holds_too(void **state) {
    (void)state;
    struct rig r;
    prepare_long(&r);
    start(&r);
    for (int tries = 0;; tries++) { /* what is nearly over pauses at its end: then once more */
        UNTIL(&r, is_within(&r));
        post(&r, (struct command){.verb = COMMAND_PAUSE}, "pause");
        UNTIL(&r, now(&r).phase == PHASE_PAUSED);
        if (now(&r).step_done > 0)
            break;
        assert_true(tries < 20);
        resume(&r);
    }
    uint64_t step = now(&r).step; /* in the middle of it */
    post(&r, (struct command){.verb = COMMAND_STEP, .count = 1}, "step 1");
    UNTIL(&r, now(&r).phase == PHASE_PAUSED && now(&r).step == step + 2); /* this one, and one more */
    sleep_ms(100);
    assert_int_equal(now(&r).step, step + 2);
    trainer_interrupt(r.trainer);
    assert_int_equal(finish(&r), 0);
    tear_down(&r);
}

static void time_on_hold_is_not_counted(void **state) {
    (void)state;
    struct rig r;
    prepare_long(&r);
    start(&r);
    UNTIL(&r, is_within(&r));
    uint64_t step = now(&r).step;
    long long start_ms = now_ms();
    hold(&r);
    sleep_ms(3000);
    resume(&r);
    UNTIL(&r, now(&r).step > step);
    double all = (double)(now_ms() - start_ms) / 1000;
    assert_true(now(&r).step_s > 0 && now(&r).step_s < all - 2);
    trainer_interrupt(r.trainer);
    assert_int_equal(finish(&r), 0);
    tear_down(&r);
}

static void a_paused_run_still_answers_and_evaluates(void **state) {
    (void)state;
    struct rig r;
    prepare(&r, NULL);
    script(&r, COMMAND_WAIT, "wait step 3")->until = MOMENT_STEP;
    r.lines[0].until_number = 3;
    script(&r, COMMAND_PAUSE, "pause");
    start(&r);
    UNTIL(&r, now(&r).phase == PHASE_PAUSED && now(&r).step == 3);
    assert_true(now(&r).queue_s <= 0 && now(&r).step_done <= 0);
    for (uint32_t i = 0; i < 20; i++) { /* more than the run would allow while it trains */
        uint64_t serial = ask(&r, (struct look_request){.split = SPLIT_VAL, .index = i % 5, .head = -1, .prompt = -1});
        UNTIL(&r, r.look && r.look->request.serial == serial);
        assert_int_equal(r.look->request.index, i % 5);
    }
    hold(&r); /* once more: an evaluation must not hang on it */
    post(&r, (struct command){.verb = COMMAND_EVAL, .split = SPLIT_VAL}, "eval val");
    UNTIL(&r, r.predictions);
    assert_int_equal(r.predictions->split, SPLIT_VAL);
    assert_int_equal(r.predictions->step, 3);
    assert_int_equal(now(&r).step, 3);
    resume(&r);
    ends_as_calmly(&r);
    tear_down(&r);
}

static void predictions_come_with_every_evaluation(void **state) {
    (void)state;
    struct rig r;
    prepare(&r, NULL);
    start(&r);
    uint64_t early = ask(&r, (struct look_request){.split = SPLIT_TEST, .index = 3});
    UNTIL(&r, r.look && r.look->request.serial == early);
    UNTIL(&r, now(&r).phase == PHASE_DONE && r.events[EVENT_PREDICTIONS] == 5); /* val four times, then test */
    uint64_t late = ask(&r, (struct look_request){.split = SPLIT_TEST, .index = 3});
    UNTIL(&r, r.look->request.serial == late);
    const struct predictions *p = r.predictions;
    assert_int_equal(p->version, LOOK_VERSION);
    assert_int_equal(p->split, SPLIT_TEST);
    assert_int_equal(p->count, 5);
    uint32_t hits = 0, cells = 0;
    const uint32_t *confusion = predictions_confusion(p);
    for (int32_t i = 0; i < p->classes * p->classes; i++)
        cells += confusion[i];
    for (size_t i = 0; i < p->count; i++) {
        const struct prediction *q = &p->images[i];
        assert_int_equal(q->index, i);
        assert_true(q->said_share >= q->label_share && q->said_share <= 1 && q->label_share >= 0);
        assert_int_equal(q->label, dataset_label(r.job.dataset, SPLIT_TEST, i));
        hits += q->label == q->said;
    }
    assert_int_equal(cells, 5);
    /* A look sees the weights of its moment. */
    assert_int_equal(r.look->step, p->step);
    assert_int_equal(r.look->said, p->images[3].said);
    assert_true(fabsf(r.look->label_share - p->images[3].label_share) < 1e-4f);
    assert_true((double)hits / 5 >= now(&r).test.top1 - 1e-9 && (double)hits / 5 <= now(&r).test.top1 + 1e-9);
    ends_as_calmly(&r);
    tear_down(&r);
}

static void commands_of_the_screen_see_a_settled_state(void **state) {
    (void)state;
    struct rig r;
    prepare(&r, NULL);
    r.ask_on_screen = true;
    script(&r, COMMAND_WAIT, "wait step 2")->until = MOMENT_STEP;
    r.lines[0].until_number = 2;
    script(&r, COMMAND_SCREEN, "select 3");
    script(&r, COMMAND_SCREEN, "shoot a");
    script(&r, COMMAND_SCREEN, "select 4");
    script(&r, COMMAND_SCREEN, "shoot b");
    start(&r);
    UNTIL(&r, now(&r).phase == PHASE_DONE);
    assert_string_equal(r.screen, "select 3;look 3;shoot a;select 4;look 4;shoot b;");
    assert_int_equal(r.look->step, 2);
    assert_int_equal(r.events[EVENT_JOURNAL], 0);
    ends_as_calmly(&r);
    tear_down(&r);
}

static void a_swap_says_what_came_and_looks_go_on(void **state) {
    (void)state;
    struct rig r;
    prepare(&r, NULL);
    struct command *c = script(&r, COMMAND_DATA, "data scenes:count");
    snprintf(c->text, sizeof c->text, "scenes:count");
    c->at = MOMENT_STEP;
    c->at_number = 2;
    r.ask_all_the_time = true;
    start(&r);
    UNTIL(&r, now(&r).phase == PHASE_DONE);
    assert_int_equal(r.events[EVENT_DATA], 1);
    assert_int_equal(now(&r).swaps, 1);
    r.ask_all_the_time = false;
    uint64_t serial = ask(&r, (struct look_request){.split = SPLIT_VAL, .index = 1, .block = 1});
    UNTIL(&r, r.look->request.serial == serial);
    assert_int_equal(r.look->label, dataset_label(r.job.dataset, SPLIT_VAL, 1));
    trainer_interrupt(r.trainer);
    assert_int_equal(finish(&r), 0);
    tear_down(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking_all_the_time_changes_no_bit),
        cmocka_unit_test(looking_at_reconstructions_changes_no_bit),
        cmocka_unit_test(looks_take_a_small_share_of_the_time),
        cmocka_unit_test(a_pause_within_a_step_shows_at_once_and_stops_it),
        cmocka_unit_test(a_pause_that_was_only_posted_holds_too),
        cmocka_unit_test(time_on_hold_is_not_counted),
        cmocka_unit_test(a_paused_run_still_answers_and_evaluates),
        cmocka_unit_test(predictions_come_with_every_evaluation),
        cmocka_unit_test(commands_of_the_screen_see_a_settled_state),
        cmocka_unit_test(a_swap_says_what_came_and_looks_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
