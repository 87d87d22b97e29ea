#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/formats/pickle.h"

/* A pickle as a literal, without the literal's own 0. */
#define BYTES(text) text, sizeof(text) - 1

static struct pickle *load(const char *bytes, size_t size) {
    struct pickle *p = NULL;
    struct error e = {0};
    size_t used = 0;
    if (pickle_load(&p, bytes, size, &used, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(used, size);
    return p;
}

static void refuse(const char *bytes, size_t size, const char *why) {
    struct pickle *p = NULL;
    struct error e = {0};
    assert_true(pickle_load(&p, bytes, size, NULL, &e) < 0);
    assert_null(p);
    if (!strstr(e.text, why))
        fail_msg("'%s' says nothing of '%s'", e.text, why);
}

static void assert_text(const struct pickle_value *v, const char *text) {
    assert_non_null(v);
    assert_int_equal(v->text.size, strlen(text));
    assert_memory_equal(v->text.bytes, text, v->text.size);
}

/* pickle.dumps({'a': [1, -2, 300, 70000, 2.5], 'b': (True, None, 'x')}, protocol=2) */
static void reads_plain_containers_of_protocol_2(void **state) {
    struct pickle *p =
        load(BYTES("\x80\x02}q\x00(X\x01\x00\x00\x00"
                   "aq\x01]q\x02(K\x01J\xfe\xff\xff\xffM,\x01Jp\x11\x01\x00G@\x04\x00\x00\x00\x00\x00\x00"
                   "eX\x01\x00\x00\x00"
                   "bq\x03\x88NX\x01\x00\x00\x00xq\x04\x87q\x05u."));
    const struct pickle_value *a = pickle_get(pickle_root(p), "a"), *b = pickle_get(pickle_root(p), "b");
    static const int64_t numbers[] = {1, -2, 300, 70000};
    (void)state;
    assert_int_equal(a->kind, PICKLE_LIST);
    assert_int_equal(a->list.count, 5);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(a->list.items[i]->integer, numbers[i]);
    assert_true(a->list.items[4]->kind == PICKLE_FLOAT && a->list.items[4]->real == 2.5);
    assert_int_equal(b->kind, PICKLE_TUPLE);
    assert_int_equal(b->list.count, 3);
    assert_int_equal(b->list.items[0]->kind, PICKLE_BOOL);
    assert_int_equal(b->list.items[1]->kind, PICKLE_NONE);
    assert_text(b->list.items[2], "x");
    assert_null(pickle_get(pickle_root(p), "c"));
    pickle_close(p);
}

/* The same kinds in protocol 0, and in protocol 4 with a frame and memoize. */
static void reads_other_protocols(void **state) {
    struct pickle *p = load(BYTES("(dp0\nS'a'\np1\n(lp2\nI1\naI01\naL-5L\naF2.5\nas."));
    const struct pickle_value *a = pickle_get(pickle_root(p), "a");
    (void)state;
    assert_int_equal(a->list.count, 4);
    assert_int_equal(a->list.items[0]->integer, 1);
    assert_int_equal(a->list.items[1]->kind, PICKLE_BOOL);
    assert_int_equal(a->list.items[2]->integer, -5);
    assert_true(a->list.items[3]->real == 2.5);
    pickle_close(p);
    p = load(BYTES("\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x02hi\x94h\x00\x86\x94."));
    assert_int_equal(pickle_root(p)->list.count, 2);
    assert_ptr_equal(pickle_root(p)->list.items[0], pickle_root(p)->list.items[1]);
    assert_text(pickle_root(p)->list.items[0], "hi");
    pickle_close(p);
}

static void long_numbers_keep_their_sign_or_become_opaque(void **state) {
    struct pickle *p = load(BYTES("\x80\x02\x8a\x02\xff\x7f\x8a\x01\xff\x8a\x00\x87."));
    (void)state;
    assert_int_equal(pickle_root(p)->list.items[0]->integer, 32767);
    assert_int_equal(pickle_root(p)->list.items[1]->integer, -1);
    assert_int_equal(pickle_root(p)->list.items[2]->integer, 0);
    pickle_close(p);
    p = load(BYTES("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."));
    assert_int_equal(pickle_root(p)->kind, PICKLE_OPAQUE);
    pickle_close(p);
}

static void unknown_globals_become_opaque_and_nothing_runs(void **state) {
    char folder[256], bytes[500], marker[300];
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof folder, "%s/test-pickle-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(marker, sizeof marker, "%s/ran", folder);
    int n = snprintf(bytes, sizeof bytes, "cos\nsystem\n(S'touch %s'\ntR.", marker);
    struct pickle *p = load(bytes, (size_t)n);
    assert_int_equal(pickle_root(p)->kind, PICKLE_OPAQUE);
    assert_text(pickle_root(p), "os.system");
    pickle_close(p);
    n = snprintf(bytes, sizeof bytes, "(S'touch %s'\nios\nsystem\n.", marker);
    p = load(bytes, (size_t)n);
    assert_int_equal(pickle_root(p)->kind, PICKLE_OPAQUE);
    pickle_close(p);
    n = snprintf(bytes, sizeof bytes, "(cos\nsystem\nS'touch %s'\no.", marker);
    p = load(bytes, (size_t)n);
    assert_text(pickle_root(p), "os.system");
    pickle_close(p);
    assert_int_equal(access(marker, F_OK), -1);
    rmdir(folder);
}

static void opaque_values_swallow_items_and_state(void **state) {
    /* Namespace(); SETITEMS on it; BUILD; beside it a number */
    struct pickle *p = load(BYTES("\x80\x02"
                                  "cargparse\nNamespace\n)\x81(K\x01K\x02u}bK\x07\x86."));
    (void)state;
    assert_int_equal(pickle_root(p)->list.items[0]->kind, PICKLE_OPAQUE);
    assert_text(pickle_root(p)->list.items[0], "argparse.Namespace");
    assert_int_equal(pickle_root(p)->list.items[1]->integer, 7);
    pickle_close(p);
}

static void known_calls_keep_their_arguments(void **state) {
    struct pickle *p = load(BYTES("\x80\x02"
                                  "ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x02K\x03tR."));
    (void)state;
    assert_int_equal(pickle_root(p)->kind, PICKLE_CALL);
    assert_int_equal(pickle_root(p)->global, PICKLE_REBUILD_TENSOR_V2);
    assert_int_equal(pickle_root(p)->list.count, 3);
    assert_int_equal(pickle_root(p)->list.items[2]->integer, 3);
    pickle_close(p);
    p = load(BYTES("\x80\x02"
                   "ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00kK\x09u."));
    assert_int_equal(pickle_get(pickle_root(p), "k")->integer, 9);
    pickle_close(p);
    p = load(BYTES("\x80\x02"
                   "ccollections\nOrderedDict\n]]X\x01\x00\x00\x00kaK\x09"
                   "aa\x85R."));
    assert_int_equal(pickle_get(pickle_root(p), "k")->integer, 9);
    pickle_close(p);
    p = load(BYTES("\x80\x02"
                   "ctorch\nSize\nK\x04K\x05\x86\x85R."));
    assert_int_equal(pickle_root(p)->kind, PICKLE_TUPLE);
    assert_int_equal(pickle_root(p)->list.items[1]->integer, 5);
    pickle_close(p);
}

static void persistent_ids_are_listed_in_order(void **state) {
    struct pickle *p = load(BYTES("\x80\x02K\x01QK\x02Q\x86."));
    (void)state;
    assert_int_equal(pickle_persistent_count(p), 2);
    assert_int_equal(pickle_persistent(p, 0)->list.items[0]->integer, 1);
    assert_int_equal(pickle_persistent(p, 1)->list.items[0]->integer, 2);
    assert_ptr_equal(pickle_root(p)->list.items[0], pickle_persistent(p, 0));
    pickle_close(p);
}

static void a_list_may_contain_itself(void **state) {
    struct pickle *p = load(BYTES("\x80\x02]q\x00h\x00"
                                  "a."));
    (void)state;
    assert_ptr_equal(pickle_root(p)->list.items[0], pickle_root(p));
    pickle_close(p);
}

static void refuses_damaged_streams(void **state) {
    (void)state;
    refuse(BYTES(""), "ends too early");
    refuse(BYTES("."), "ends without a value");
    refuse(BYTES("(."), "ends without a value");
    refuse(BYTES("K"), "middle of a value");
    refuse(BYTES("X\xff\xff\xff\xff"
                 "abc."),
           "middle of a value");
    refuse(BYTES("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), "middle of a value");
    refuse(BYTES("\x80\x09."), "newer than 5");
    refuse(BYTES("t."), "no mark");
    refuse(BYTES("R."), "stack is empty");
    refuse(BYTES("K\x01K\x02R."), "no tuple of arguments");
    refuse(BYTES("K\x01(K\x02"
                 "e."),
           "no list or dict");
    refuse(BYTES("}(K\x02u."), "no value");
    refuse(BYTES("(\x85."), "a mark stands in a tuple");
    refuse(BYTES("h\x05."), "never set");
    refuse(BYTES("K\x01r\xff\xff\xff\xff."), "larger than the pickle");
    refuse(BYTES("K\x01p99999999999999999999\n."), "no number");
    refuse(BYTES("cos\nsystem"), "does not end");
    refuse(BYTES("I12x\n."), "a number is none");
    refuse(BYTES("\x82\x01."), "0x82 is no opcode");
    refuse(BYTES("ctorch\nSize\nK\x04\x85R."), "torch.Size");
}

/* Every prefix of a pickle and every single changed byte gives a value or an error. */
static void survives_any_truncation_and_any_changed_byte(void **state) {
    static const char whole[] = "\x80\x02}q\x00(X\x01\x00\x00\x00"
                                "aq\x01"
                                "ctorch._utils\n_rebuild_tensor_v2\n(("
                                "X\x07\x00\x00\x00storageK\x01tQK\x00K\x02\x85K\x01\x85tRX\x01\x00\x00\x00n"
                                "ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00mK\x02sbu.";
    char copy[sizeof whole];
    size_t size = sizeof whole - 1, refused = 0;
    (void)state;
    pickle_close(load(whole, size));
    for (size_t n = 0; n < size; n++) {
        struct pickle *p = NULL;
        char *exact = malloc(n + 1); /* its end is watched by the sanitizer */
        memcpy(exact, whole, n);
        refused += pickle_load(&p, exact, n, NULL, NULL) < 0;
        pickle_close(p);
        free(exact);
    }
    assert_int_equal(refused, size);
    for (size_t i = 0; i < size; i++) {
        for (unsigned value = 0; value < 256; value++) {
            struct pickle *p = NULL;
            memcpy(copy, whole, size);
            copy[i] = (char)value;
            pickle_load(&p, copy, size, NULL, NULL);
            pickle_close(p);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plain_containers_of_protocol_2),
        cmocka_unit_test(reads_other_protocols),
        cmocka_unit_test(long_numbers_keep_their_sign_or_become_opaque),
        cmocka_unit_test(unknown_globals_become_opaque_and_nothing_runs),
        cmocka_unit_test(opaque_values_swallow_items_and_state),
        cmocka_unit_test(known_calls_keep_their_arguments),
        cmocka_unit_test(persistent_ids_are_listed_in_order),
        cmocka_unit_test(a_list_may_contain_itself),
        cmocka_unit_test(refuses_damaged_streams),
        cmocka_unit_test(survives_any_truncation_and_any_changed_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
