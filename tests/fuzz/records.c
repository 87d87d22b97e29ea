/* TFRecord files and the examples in them, with the label rules of every task; and dataset_info.json. */
#include "core/data/tfds.h"
#include "core/data/vtab/vtab_label.h"
#include "core/formats/example.h"
#include "tests/fuzz/fuzz.h"

static void read_example(struct window *w, uint64_t place, size_t size) {
    static const char *const name = "image";
    struct example_list list;
    uint64_t at, length;
    int label;
    for (size_t i = 0; i < vtab_count(); i++)
        if (vtab_label(vtab_at(i), w, place, size, &label, NULL) == 0 && (label < 0 || label >= vtab_at(i)->classes))
            abort();
    if (example_find(w, place, size, &name, 1, &list, NULL) == 0 && example_bytes(w, &list, &at, &length, NULL) == 0 &&
        (at < place || length > place + size - at))
        abort();
}

static void read_records(struct window *w) {
    struct tfrecord r;
    for (uint64_t at = 0; tfrecord_at(w, at, &r, NULL) == 0; at = r.next) {
        uint8_t *bytes = malloc(r.size + 1);
        if (bytes)
            tfrecord_read(w, &r, bytes, NULL);
        free(bytes);
        read_example(w, r.data, r.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tfds *t;
    struct window w;
    switch (fuzz_choice(&data, &size, 3)) {
    case 0:
        window_on_memory(&w, data, size);
        read_example(&w, 0, size);
        break;
    case 1:
        window_on_memory(&w, data, size);
        read_records(&w);
        break;
    default:
        if (tfds_open(&t, fuzz_folder("dataset_info.json", data, size), NULL) == 0)
            tfds_close(t);
    }
    return 0;
}
