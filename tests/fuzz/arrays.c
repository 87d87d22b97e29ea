/* Files of arrays that raw downloads come in: MATLAB 5, .npy and .npz, HDF5, smallNORB's matrices, CIFAR's
 * records, CLEVR's JSON. */
#include <string.h>

#include "core/data/dataset.h"
#include "core/formats/h5.h"
#include "core/formats/json_each.h"
#include "core/formats/matlab.h"
#include "core/formats/npz.h"
#include "tests/fuzz/fuzz.h"

#define NORB "smallnorb-5x46789x9x18x6x2x96x96-training-"
#define NORB_TEST "smallnorb-5x01235x9x18x6x2x96x96-testing-"

static uint8_t out[1 << 16];

static void read_matlab(const char *path) {
    struct matlab *m;
    struct matlab_shape shape;
    int32_t *values;
    size_t count, bytes = 1;
    if (matlab_open(&m, path, NULL) < 0)
        return;
    if (matlab_numbers(m, "y", &values, &count, 1 << 16, NULL) == 0)
        free(values);
    if (matlab_begin(m, "X", &shape, NULL) == 0) {
        for (size_t i = 0; i < shape.dimensions; i++)
            bytes *= shape.at[i];
        matlab_bytes(m, 0, bytes < sizeof out ? bytes : sizeof out, out, NULL);
    }
    matlab_close(m);
}

static void read_npz(const char *path) {
    struct npz *z;
    if (npz_open(&z, path, "imgs.npy", "|u1", NULL) < 0)
        return;
    while (npz_read(z, out, 4096, NULL) == 0)
        ;
    npz_end(z, NULL);
    npz_close(z);
}

static void read_h5(const char *path) {
    struct h5 *h;
    struct h5_shape shape;
    if (h5_open(&h, path, "x", &shape, NULL) < 0)
        return;
    uint64_t row = 1;
    for (size_t i = 1; i < shape.dimensions && row <= sizeof out; i++)
        row = shape.at[i] < sizeof out ? row * shape.at[i] : sizeof out + 1;
    if (shape.at[0] > 0 && row <= sizeof out)
        h5_rows(h, shape.at[0] - 1, 1, out, NULL);
    h5_close(h);
}

static void open_and_decode(const char *spec) {
    const struct dataset_options options = {.seed = 1, .image = 32, .scenes = {1, 1, 1}};
    struct dataset *d;
    struct image im;
    if (dataset_open(&d, spec, &options, NULL) < 0)
        return;
    if (dataset_decode(d, SPLIT_TRAIN, 0, &im, NULL) == 0)
        image_free(&im);
    dataset_close(d);
}

/* The input in place of one of the matrices of smallNORB; of the others each has one pair of images and its labels. */
static void read_norb(const uint8_t *data, size_t size) {
    static const char *const names[] = {NORB "dat.mat", NORB "info.mat", NORB_TEST "dat.mat", NORB_TEST "info.mat"};
    static const uint32_t dat_head[] = {0x1E3D4C55, 4, 1, 2, 96, 96}, info[] = {0x1E3D4C54, 2, 1, 4, 1, 4, 1, 2, 5};
    static uint8_t dat[sizeof dat_head + 2 * 96 * 96];
    const char *folder = NULL;
    char spec[128];
    size_t way = fuzz_choice(&data, &size, 4);
    memcpy(dat, dat_head, sizeof dat_head);
    for (size_t i = 0; i < 4; i++)
        folder = i == way     ? fuzz_folder(names[i], data, size)
                 : i % 2 == 0 ? fuzz_folder(names[i], dat, sizeof dat)
                              : fuzz_folder(names[i], (const uint8_t *)info, sizeof info);
    snprintf(spec, sizeof spec, "vtab:smallnorb-azimuth:%s", folder);
    open_and_decode(spec);
}

/* CIFAR-100's files as whole records whose labels the input has, or as the input is. */
static void read_cifar(const uint8_t *data, size_t size) {
    enum { RECORD = 2 + 3 * 32 * 32, MOST = 64 };
    static uint8_t records[MOST * RECORD];
    char spec[128];
    bool whole = fuzz_choice(&data, &size, 2) == 0;
    size_t count = size < MOST ? size : MOST;
    for (size_t i = 0; i < count; i++)
        records[i * RECORD + 1] = data[i];
    fuzz_folder("train.bin", whole ? records : data, whole ? count * RECORD : size);
    snprintf(spec, sizeof spec, "cifar:%s", fuzz_folder("test.bin", records, RECORD));
    open_and_decode(spec);
}

static int look(void *context, size_t i, const cJSON *object, struct error *e) {
    (void)context, (void)i, (void)e;
    return cJSON_IsObject(object) ? 0 : (abort(), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const readers[])(const char *) = {read_matlab, read_npz, read_h5};
    struct npy header;
    char path[64];
    size_t way = fuzz_choice(&data, &size, 7);
    int fd = fuzz_file(data, size, path);
    if (way < 3)
        readers[way](path);
    else if (way == 3)
        read_norb(data, size);
    else if (way == 6)
        read_cifar(data, size);
    else if (way == 4)
        json_each(path, "scenes", look, NULL, NULL);
    else if (npy_header(&header, data, size) && header.size > size)
        abort();
    close(fd);
    return 0;
}
