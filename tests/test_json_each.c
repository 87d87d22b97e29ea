/* Objects of a JSON array, one after another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/formats/json_each.h"
#include "tests/pictures.h"

static char *folder;

static int make_folder(void **state) {
    (void)state;
    folder = pictures_folder();
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    pictures_remove(folder);
    return 0;
}

/* Adds the members `n`; one of -1 ends it. */
static int add(void *context, size_t i, const cJSON *object, struct error *e) {
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(object, "n");
    int *sum = context;
    if (!cJSON_IsNumber(n) || n->valueint == -1)
        return error_set(e, ERROR_DATA, "object %zu is not wanted", i);
    *sum += n->valueint;
    return 0;
}

static int sum_of(const char *text, int *sum, struct error *e) {
    const char *path = pictures_path(folder, "a.json");
    pictures_write_bytes(path, text, strlen(text));
    *sum = 0;
    return json_each(path, "all", add, sum, e);
}

static void the_objects_of_the_array_are_given_in_order(void **state) {
    (void)state;
    int sum;
    static const struct {
        const char *text;
        int sum;
    } good[] = {
        {"{\"all\":[{\"n\":1},{\"n\":2}]}", 3},
        {" {\n\"a\" : {\"all\": [{\"n\": 9}]} , \"b\": [[\"]\"]], \"c\": \"all\", \"d\": 1e5, \"e\": true , "
         "\"all\" : [ {\"n\" : 4 , \"s\": \"}\\\\\\\"{\"} , {\"m\": {}, \"n\": 5} ] , \"more",
         9},
        {"{\"all\": []}", 0},
        {"{\"\\\"all\": [{\"n\": 1}], \"all\": [{\"n\": 2}]}", 2},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct error e = {0};
        if (sum_of(good[i].text, &sum, &e) < 0)
            fail_msg("%s", e.text);
        assert_int_equal(sum, good[i].sum);
    }
}

static void what_is_no_such_array_is_said(void **state) {
    (void)state;
    int sum;
    static const char *const bad[] = {"",
                                      "[]",
                                      "{",
                                      "{}",
                                      "{\"all\"",
                                      "{\"all\": {}}",
                                      "{\"all\": [",
                                      "{\"all\": [1]}",
                                      "{\"all\": [{\"n\": 1}",
                                      "{\"all\": [{\"n\": 1},",
                                      "{\"all\": [{\"n\": 1},]}",
                                      "{\"all\": [{\"n\": 1} {\"n\": 1}]}",
                                      "{\"all\": [{\"n\": 1}, {\"n\": ",
                                      "{\"all\": [{\"n\": 1}, {\"n\" 2}]}",
                                      "{\"other\": [1, 2]}",
                                      "{\"other\": 1}",
                                      "{\"other\": \"cut",
                                      "{5: [], \"all\": []}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error e = {0};
        if (sum_of(bad[i], &sum, &e) != ERROR_FORMAT)
            fail_msg("'%s' is taken, or '%s'", bad[i], e.text);
        assert_non_null(strstr(e.text, "a.json: "));
    }
    struct error e = {0};
    assert_int_equal(sum_of("{\"all\": [{\"n\": 1}, {\"n\": -1}, 5]}", &sum, &e), ERROR_DATA);
    assert_string_equal(e.text, "object 1 is not wanted");
    assert_int_equal(json_each(pictures_path(folder, "none.json"), "all", add, &sum, &e), ERROR_IO);
    assert_int_equal(json_each(folder, "all", add, &sum, &e), ERROR_IO);
}

static void an_object_beyond_a_megabyte_is_refused(void **state) {
    (void)state;
    int sum;
    struct error e = {0};
    size_t length = (1 << 20) + 100;
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, ' ', length);
    memcpy(text, "{\"all\": [{\"n\": 1", 16);
    memcpy(text + length - 4, "}]}", 4);
    assert_int_equal(sum_of(text, &sum, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "an object of over 1048576 bytes"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_objects_of_the_array_are_given_in_order),
        cmocka_unit_test(what_is_no_such_array_is_said),
        cmocka_unit_test(an_object_beyond_a_megabyte_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
