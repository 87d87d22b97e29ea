/* A folder for a group of tests, or for each: setup and teardown of cmocka. */
#ifndef TESTS_ROOT_H
#define TESTS_ROOT_H

#include "tests/pictures.h"

static char *root;

static inline int make_root(void **state) {
    (void)state;
    root = pictures_folder();
    return 0;
}

static inline int remove_root(void **state) {
    (void)state;
    pictures_remove(root);
    return 0;
}

#endif
