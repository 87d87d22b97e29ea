/* How a run that somebody watches ends or goes on: a disk that refuses, leaving, a run that is only shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "tests/trainer_rig.h"

static void a_disk_that_refuses_lines_pauses_the_run_until_it_is_mended(void **state) {
    (void)state;
    struct rig r;
    prepare(&r, NULL);
    script(&r, COMMAND_WAIT, "wait step 5")->until = MOMENT_STEP;
    r.lines[0].until_number = 5;
    script(&r, COMMAND_NOTE, "note \"later\"");
    start(&r);
    UNTIL(&r, now(&r).version > 0);
    mailbox_fail(r.box, "metrics.jsonl: no space left");
    UNTIL(&r, now(&r).disk_failed && r.warning[0]);
    assert_int_equal(now(&r).phase, PHASE_PAUSED);
    assert_non_null(strstr(r.warning, "no space left; paused, nothing is lost: make room, then resume"));
    uint64_t step = now(&r).step;
    resume(&r); /* too early */
    UNTIL(&r, strncmp(r.warning, "resume: ", 8) == 0);
    post(&r, (struct command){.verb = COMMAND_SET, .target = TARGET_LR, .value = 9}, "set lr 9");
    UNTIL(&r, strncmp(r.warning, "set lr 9: ", 10) == 0); /* nothing that could not be written down */
    assert_true(now(&r).step == step && now(&r).disk_failed && now(&r).phase == PHASE_PAUSED);
    uint64_t serial = ask(&r, (struct look_request){.split = SPLIT_VAL});
    UNTIL(&r, r.look && r.look->request.serial == serial);
    mailbox_mend(r.box);
    resume(&r);
    ends_as_calmly(&r);
    assert_false(now(&r).disk_failed);
    assert_int_equal(r.events[EVENT_JOURNAL], 1); /* the note, and no `set lr` */
    tear_down(&r);
}

static void a_disk_that_refuses_weights_pauses_the_run_and_both_files_come_later(void **state) {
    (void)state;
    struct rig r;
    char away[4096];
    prepare(&r, NULL);
    script(&r, COMMAND_PAUSE, "pause");
    start(&r);
    UNTIL(&r, now(&r).phase == PHASE_PAUSED);
    uint64_t saves = now(&r).saves;
    assert_int_equal(saves, 1);
    snprintf(away, sizeof away, "%s.away", r.folder);
    assert_int_equal(rename(r.folder, away), 0);
    resume(&r);
    UNTIL(&r, now(&r).disk_failed && now(&r).phase == PHASE_PAUSED);
    assert_int_equal(now(&r).step, 4); /* the first epoch's end */
    assert_int_equal(now(&r).epoch, 1);
    assert_int_equal(now(&r).saves, saves);
    resume(&r);
    UNTIL(&r, strncmp(r.warning, "resume: ", 8) == 0);
    assert_int_equal(rename(away, r.folder), 0);
    resume(&r);
    UNTIL(&r, now(&r).phase == PHASE_DONE || now(&r).step > 4);
    assert_int_equal(access(pictures_path(r.folder, "best.safetensors"), R_OK), 0);
    ends_as_calmly(&r);
    assert_true(now(&r).saves > saves);
    tear_down(&r);
}

static void without_anybody_a_disk_that_refuses_ends_the_run(void **state) {
    (void)state;
    struct rig r;
    prepare(&r, NULL);
    r.options.stay = false;
    start(&r);
    mailbox_fail(r.box, "metrics.jsonl: no space left");
    assert_int_equal(finish(&r), ERROR_IO);
    tear_down(&r);
}

static void a_detached_run_ends_by_itself(void **state) {
    (void)state;
    struct rig r;
    prepare(&r, NULL);
    struct command *c = script(&r, COMMAND_PAUSE, "pause");
    c->at = MOMENT_STEP;
    c->at_number = 6; /* nobody will be there to resume */
    script(&r, COMMAND_PAUSE, "pause");
    start(&r);
    UNTIL(&r, now(&r).phase == PHASE_PAUSED);
    resume(&r);
    trainer_detach(r.trainer);
    assert_int_equal(finish(&r), 0);
    assert_string_equal(trainer_result(r.trainer)->hash, calm_hash());
    assert_true(trainer_result(r.trainer)->complete);
    tear_down(&r);
}

/* A file's bytes; malloc'd. */
static char *bytes_of(const char *path, size_t *size) {
    char *text = NULL;
    FILE *in = fopen(path, "rb"), *out = open_memstream(&text, size);
    assert_non_null(in);
    assert_non_null(out);
    for (int c; (c = fgetc(in)) != EOF;)
        fputc(c, out);
    fclose(in);
    fclose(out);
    return text;
}

static void leaving_drops_the_step_and_saves_or_not(void **state) {
    (void)state;
    for (int abandon = 0; abandon < 2; abandon++) {
        struct rig r;
        size_t before_size, after_size;
        prepare_long(&r);
        start(&r);
        UNTIL(&r, is_within(&r));
        const char *file = pictures_path(r.folder, "last.safetensors");
        char *before = bytes_of(file, &before_size);
        if (abandon)
            hold(&r); /* held or not, it leaves */
        long long asked = now_ms();
        if (abandon)
            trainer_abandon(r.trainer);
        else
            trainer_interrupt(r.trainer);
        assert_int_equal(finish(&r), 0);
        assert_true(now_ms() - asked < 5000);
        assert_int_equal(trainer_result(r.trainer)->saved, !abandon);
        assert_int_equal(r.events[EVENT_JOURNAL], !abandon);
        char *after = bytes_of(file, &after_size);
        if (abandon) {
            assert_int_equal(after_size, before_size);
            assert_memory_equal(after, before, after_size);
        }
        free(before);
        free(after);
        tear_down(&r);
    }
}

/* Names, sizes, times and bytes of a folder, as one text; malloc'd. */
static char *folder_text(const char *folder) {
    char *text = NULL;
    size_t size;
    struct dirent **list;
    FILE *out = open_memstream(&text, &size);
    int n = scandir(folder, &list, NULL, alphasort);
    assert_true(n > 2);
    for (int i = 0; i < n; i++) {
        struct stat st;
        if (strcmp(list[i]->d_name, "..") == 0) {
            free(list[i]);
            continue;
        }
        const char *path = pictures_path(folder, "%s", list[i]->d_name);
        assert_int_equal(stat(path, &st), 0);
        fprintf(out, "%s %lld %lld.%ld\n", list[i]->d_name, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                st.st_mtim.tv_nsec);
        if (S_ISREG(st.st_mode)) {
            size_t length;
            char *bytes = bytes_of(path, &length);
            fwrite(bytes, 1, length, out);
            free(bytes);
        }
        free(list[i]);
    }
    free(list);
    fclose(out);
    return text;
}

static void a_shown_run_is_looked_at_and_stays_as_it_is(void **state) {
    (void)state;
    struct rig r, shown;
    prepare(&r, NULL);
    start(&r);
    UNTIL(&r, now(&r).step >= 5); /* interrupted somewhere behind the first epoch */
    trainer_interrupt(r.trainer);
    assert_int_equal(finish(&r), 0);
    char *before = folder_text(r.folder);
    prepare(&shown, r.folder);
    shown.options.show = true;
    start(&shown);
    uint64_t serial = ask(&shown, (struct look_request){.split = SPLIT_VAL, .index = 2});
    UNTIL(&shown, shown.look && shown.look->request.serial == serial);
    assert_int_equal(now(&shown).step, trainer_result(r.trainer)->steps);
    post(&shown, (struct command){.verb = COMMAND_EVAL, .split = SPLIT_VAL}, "eval val");
    UNTIL(&shown, shown.predictions);
    assert_true(now(&shown).val.known && now(&shown).phase == PHASE_DONE);
    const enum command_verb refused[] = {COMMAND_RESUME, COMMAND_SAVE, COMMAND_STEP, COMMAND_STOP, COMMAND_NOTE};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int warnings = shown.events[EVENT_WARNING];
        post(&shown, (struct command){.verb = refused[i], .count = 1}, "refused");
        UNTIL(&shown, shown.events[EVENT_WARNING] > warnings);
    }
    trainer_interrupt(shown.trainer);
    assert_int_equal(finish(&shown), 0);
    assert_false(trainer_result(shown.trainer)->saved);
    assert_string_equal(trainer_result(shown.trainer)->hash, trainer_result(r.trainer)->hash);
    assert_int_equal(shown.events[EVENT_METRICS] + shown.events[EVENT_JOURNAL], 0);
    char *after = folder_text(r.folder);
    assert_string_equal(after, before);
    free(before);
    free(after);
    close_rig(&shown);
    tear_down(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_refuses_lines_pauses_the_run_until_it_is_mended),
        cmocka_unit_test(a_disk_that_refuses_weights_pauses_the_run_and_both_files_come_later),
        cmocka_unit_test(without_anybody_a_disk_that_refuses_ends_the_run),
        cmocka_unit_test(a_detached_run_ends_by_itself),
        cmocka_unit_test(leaving_drops_the_step_and_saves_or_not),
        cmocka_unit_test(a_shown_run_is_looked_at_and_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
