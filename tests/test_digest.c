#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/digest.h"

static void gives_the_published_vectors(void **state) {
    static const struct {
        const char *text, *hex;
    } vectors[] = {/* FIPS 180-4 examples */
                   {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                   {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                   {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct digest d;
        char hex[DIGEST_HEX];
        digest_init(&d);
        digest_update(&d, vectors[i].text, strlen(vectors[i].text));
        digest_hex(&d, hex);
        assert_string_equal(hex, vectors[i].hex);
    }
}

static void does_not_depend_on_how_the_bytes_are_cut(void **state) {
    struct digest d;
    char hex[DIGEST_HEX], piece[1000];
    (void)state;
    memset(piece, 'a', sizeof piece);
    digest_init(&d);
    for (size_t done = 0, n = 1; done < 1000000; done += n, n = n % sizeof piece + 1) {
        n = n < 1000000 - done ? n : 1000000 - done;
        digest_update(&d, piece, n);
    }
    digest_hex(&d, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void starts_afresh_after_a_digest(void **state) {
    struct digest d;
    char hex[DIGEST_HEX];
    (void)state;
    digest_init(&d);
    digest_update(&d, "something else", 14);
    digest_hex(&d, hex);
    digest_update(&d, "abc", 3);
    digest_hex(&d, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_published_vectors),
        cmocka_unit_test(does_not_depend_on_how_the_bytes_are_cut),
        cmocka_unit_test(starts_afresh_after_a_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
