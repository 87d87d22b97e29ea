/* Run scripts and journals. */
#include "app/language.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct script s = {0};
    FILE *f = size ? fmemopen((void *)data, size, "r") : NULL;
    if (!f)
        return 0;
    if (language_read(&s, f, "input", NULL) == 0)
        script_free(&s);
    fclose(f);
    return 0;
}
