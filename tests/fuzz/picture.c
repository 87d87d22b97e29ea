/* What stands in an image folder: JPEG, PNG, BMP, GIF, PNM; and what preprocessing makes of it. */
#include "core/data/preprocess.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const enum preprocess_kind kinds[] = {PREPROCESS_FGVC, PREPROCESS_VTAB, PREPROCESS_SQUARE};
    static float out[3 * 16 * 16];
    struct image im;
    if (image_decode(&im, data, size, "input", NULL) < 0)
        return 0;
    for (size_t i = 0; i < 3; i++) {
        const struct preprocess p = {.kind = kinds[i], .augment = AUGMENT_FLIP, .image = 16, .seed = 1};
        struct fitted f;
        if (preprocess_fit(&p, &im, &f, NULL) < 0)
            continue;
        preprocess_finish(&p, &f, i == 0, 1, 2, out, NULL);
        fitted_free(&f);
    }
    image_free(&im);
    return 0;
}
