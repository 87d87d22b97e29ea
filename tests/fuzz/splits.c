/* Split files and lists of the fine-grained benchmarks: the input is train.json, or one of the lists. */
#include <string.h>

#include "core/data/dataset.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t *bytes(const char *text) {
    return (const uint8_t *)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const lists[] = {"images.txt", "image_class_labels.txt", "train_test_split.txt", "classes.txt"};
    static const char *const good[] = {"1 a/1.jpg\n2 b/2.jpg\n3 a/3.jpg\n4 b/4.jpg\n5 a/5.jpg\n6 b/6.jpg\n",
                                       "1 1\n2 2\n3 1\n4 2\n5 1\n6 2\n", "1 1\n2 1\n3 1\n4 1\n5 0\n6 0\n",
                                       "1 a\n2 b\n"};
    static const char json[] = "{\"a/1.jpg\": 1, \"b/2.jpg\": 2}";
    const struct dataset_options options = {.seed = 1, .image = 32, .scenes = {1, 1, 1}};
    struct dataset *d;
    char spec[128], hash[65];
    const char *folder = NULL;
    size_t way = fuzz_choice(&data, &size, 5);
    for (size_t i = 0; i < 4; i++)
        folder = fuzz_folder(lists[i], way == i + 1 ? data : bytes(good[i]), way == i + 1 ? size : strlen(good[i]));
    if (way == 0) {
        fuzz_folder("train.json", data, size);
        fuzz_folder("val.json", bytes(json), strlen(json));
        fuzz_folder("test.json", bytes(json), strlen(json));
    } else {
        for (enum split s = SPLIT_TRAIN; s < SPLITS; s++) {
            snprintf(spec, sizeof spec, "%s/%s.json", folder, split_name(s));
            unlink(spec);
        }
    }
    snprintf(spec, sizeof spec, "fgvc:cub:%s", folder);
    if (dataset_open(&d, spec, &options, NULL) < 0)
        return 0;
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        for (size_t i = 0; i < dataset_size(d, s); i++)
            dataset_class_name(d, dataset_label(d, s, i));
    dataset_fingerprint(d, hash);
    dataset_close(d);
    return 0;
}
