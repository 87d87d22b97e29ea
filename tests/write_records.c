/* write_records OUT: lines `LABEL PATH` on stdin become records of OUT, a TFRecord file of examples with `image` and
 * `label` as TensorFlow Datasets writes them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/file_bytes.h"
#include "tests/examples.h"

int main(int argc, char **argv) {
    static struct bytes map, example;
    char path[4096];
    long long label;
    FILE *to = argc == 2 ? fopen(argv[1], "wb") : NULL;
    if (!to)
        return 2;
    while (scanf("%lld %4095[^\n]", &label, path) == 2) {
        uint8_t *image;
        size_t size;
        int64_t value = label;
        if (file_bytes(&image, &size, path, sizeof map.at / 2, "an image", NULL) < 0)
            return 1;
        map.size = 0;
        bytes_string(&map, "image", image, size);
        bytes_ints(&map, "label", 1, &value, 1);
        bytes_example(&example, &map);
        bytes_write_record(to, example.at, example.size);
        free(image);
    }
    return fclose(to) == 0 ? 0 : 1;
}
