/* Files of settings, and what they set written and read again. */
#include <string.h>

#include "core/settings.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct settings s, again;
    char path[64], *text;
    size_t length;
    int fd = fuzz_file(data, size, path);
    settings_default(&s);
    int r = settings_read(&s, path, NULL);
    close(fd);
    FILE *f = r == 0 ? open_memstream(&text, &length) : NULL;
    if (!f)
        return 0;
    settings_write(&s, f);
    fclose(f);
    fd = fuzz_file((const uint8_t *)text, length, path);
    settings_default(&again);
    if (settings_read(&again, path, NULL) < 0)
        abort();
    close(fd);
    free(text);
    return 0;
}
