/* Files of tensors: safetensors, PyTorch's zip and legacy form with the restricted unpickler; and a model from them. */
#include "core/formats/pickle.h"
#include "core/model/model.h"
#include "tests/fuzz/fuzz.h"

static void read_tensors(const char *path) {
    struct tensors *t;
    if (tensors_open(&t, path, NULL) < 0)
        return;
    for (size_t i = 0; i < tensors_count(t) && i < 64; i++) {
        const struct tensor *one = tensors_at(t, i);
        float *values = one->count < 1 << 16 ? calloc(one->count + 1, sizeof *values) : NULL;
        char text[64];
        tensor_shape_text(one, text, sizeof text);
        if (values)
            tensor_to_f32(one, values);
        free(values);
    }
    tensors_close(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct model *m;
    struct pickle *p;
    char path[64];
    int fd = fuzz_file(data, size, path);
    read_tensors(path);
    if (model_open(&m, path, &(struct model_options){0}, NULL) == 0)
        model_close(m);
    if (pickle_load(&p, data, size, NULL, NULL) == 0)
        pickle_close(p);
    close(fd);
    return 0;
}
