/* Raw downloads of pixels give the examples that the prepared datasets give. Those of image files: test_vtab_files.c.
 */
#include "tests/raw_rig.h"
#include "tests/root.h"

#include <zip.h>

#ifdef HAVE_MATIO
#include <matio.h>
#endif
#ifdef HAVE_HDF5
#include <hdf5.h>
#endif

/* ---- cifar100 */

enum { CIFAR_RECORD = 2 + 3 * 1024 };

static void label_of_100(char split, size_t i, struct bytes *map) {
    int64_t label = rig_label(split, i, 100);
    bytes_ints(map, "label", 1, &label, 1);
}

static struct rig cifar = {"cifar100", "3.0.2",      RIG_COLOUR, 32, {{"train", 1000}, {"test", 30}},
                           NULL,       label_of_100, {NULL}};

static void write_cifar(const char *folder) {
    for (int s = 0; s < 2; s++) {
        FILE *f = fopen(pictures_path(root, "%s/%s.bin", folder, cifar.splits[s].name), "wb");
        assert_non_null(f);
        for (size_t i = 0; i < cifar.splits[s].count; i++) {
            char split = *cifar.splits[s].name;
            struct image im = rig_picture(&cifar, rig_salt(split, i));
            uint8_t record[CIFAR_RECORD] = {(uint8_t)(i % 20), (uint8_t)rig_label(split, i, 100)};
            for (size_t c = 0; c < 3; c++)
                for (size_t p = 0; p < 1024; p++)
                    record[2 + 1024 * c + p] = im.rgb[3 * p + c];
            image_free(&im);
            assert_int_equal(fwrite(record, sizeof record, 1, f), 1);
        }
        assert_int_equal(fclose(f), 0);
    }
}

static void cifar_is_the_same(void **state) {
    (void)state;
    rig_write_prepared(&cifar, root);
    write_cifar("raw/cifar-100-binary");
    rig_expect_raw("cifar100", root, "raw");
    rig_expect_raw("cifar100", root, "raw/cifar-100-binary");
    rig_free(&cifar);
    char names[1000] = "", where[600];
    for (int i = 0; i < 100; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "kind %d\n", i);
    rig_write_text(pictures_path(root, "raw/cifar-100-binary/fine_label_names.txt"), names);
    struct dataset *d = rig_open("vtab", "cifar100", root, "raw");
    assert_int_equal(dataset_size(d, SPLIT_TRAIN), 900);
    assert_string_equal(dataset_class_name(d, 99), "kind 99");
    assert_non_null(strstr(dataset_say(d, SPLIT_TEST, 0, where, sizeof where), "cifar-100-binary/test.bin, image "));
    dataset_close(d);
}

static void a_damaged_cifar_is_said(void **state) {
    (void)state;
    struct image im;
    struct error e = {0};
    uint8_t label = 200;
    write_cifar("bad");
    for (long i = 0; i < 30; i++)
        rig_patch(pictures_path(root, "bad/test.bin"), i * CIFAR_RECORD + 1, &label, 1);
    struct dataset *d = rig_open("vtab", "cifar100", root, "bad");
    assert_int_equal(dataset_label(d, SPLIT_TEST, 7), -1);
    assert_int_equal(dataset_decode(d, SPLIT_TEST, 7, &im, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "bad/test.bin, image "));
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 7, &im, &e), 0);
    image_free(&im);
    rig_cut(pictures_path(root, "bad/train.bin"), 100); /* while it is open */
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 7, &im, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "bad/train.bin: 100 bytes; 3074 bytes from byte "));
    dataset_close(d);
    rig_expect_error("cifar100", root, "bad", ERROR_FORMAT, "train.bin: 100 bytes, no whole number of records");
    rig_cut(pictures_path(root, "bad/train.bin"), 0);
    rig_expect_error("cifar100", root, "bad", ERROR_DATA, "train.bin: 0 images");
    write_cifar("bad");
    unlink(pictures_path(root, "bad/test.bin"));
    rig_expect_error("cifar100", root, "bad", ERROR_IO, "bad/test.bin: cannot be opened");
    rig_expect_error("cifar100", root, "nowhere", ERROR_DATA, "or cifar-100-binary/train.bin of the raw download");
    rig_expect_error("kitti", root, "nowhere", ERROR_DATA, "as TensorFlow Datasets prepares it, was expected");
}

/* ---- smallnorb */

static void norb_labels(char split, size_t i, struct bytes *map) {
    int64_t azimuth = rig_label(split, i, 18), elevation = rig_label(split, i + 1, 9);
    bytes_ints(map, "label_azimuth", 1, &azimuth, 1);
    bytes_ints(map, "label_elevation", 1, &elevation, 1);
}

static struct rig norb = {"smallnorb", "2.0.0",     RIG_GREY, 96, {{"train", 70}, {"test", 215}},
                          NULL,        norb_labels, {NULL}};

#define TRAINING "smallnorb-5x46789x9x18x6x2x96x96-training-"
#define TESTING "smallnorb-5x01235x9x18x6x2x96x96-testing-"

static void put(FILE *f, const uint32_t *values, size_t count) {
    assert_int_equal(fwrite(values, 4, count, f), count);
}

static void write_norb_split(const char *folder, const char *stem, char split, uint32_t count) {
    FILE *dat = fopen(pictures_path(root, "%s/%sdat.mat", folder, stem), "wb");
    FILE *info = fopen(pictures_path(root, "%s/%sinfo.mat", folder, stem), "wb");
    assert_non_null(dat);
    assert_non_null(info);
    put(dat, (const uint32_t[]){0x1E3D4C55, 4, count, 2, 96, 96}, 6);
    put(info, (const uint32_t[]){0x1E3D4C54, 2, count, 4, 1}, 5);
    for (size_t i = 0; i < count; i++) {
        struct image im = rig_picture(&norb, rig_salt(split, i));
        uint8_t grey[2][96 * 96] = {{0}};
        for (size_t p = 0; p < 96 * 96; p++)
            grey[0][p] = im.rgb[3 * p];
        image_free(&im);
        assert_int_equal(fwrite(grey, sizeof grey, 1, dat), 1);
        put(info, (const uint32_t[]){4, (uint32_t)rig_label(split, i + 1, 9), 2 * (uint32_t)rig_label(split, i, 18), 5},
            4);
    }
    assert_int_equal(fclose(dat), 0);
    assert_int_equal(fclose(info), 0);
}

static void write_norb(const char *folder) {
    write_norb_split(folder, TRAINING, 't', 70);
    write_norb_split(folder, TESTING, 't', 215);
}

static void smallnorb_is_the_same(void **state) {
    (void)state;
    rig_write_prepared(&norb, root);
    write_norb("raw");
    rig_expect_raw("smallnorb-azimuth", root, "raw");
    rig_expect_raw("smallnorb-elevation", root, "raw");
    rig_free(&norb);
}

static void a_damaged_smallnorb_is_said(void **state) {
    (void)state;
    write_norb("norb");
    const char *info = strdup(pictures_path(root, "norb/" TRAINING "info.mat"));
    const char *dat = strdup(pictures_path(root, "norb/" TESTING "dat.mat"));
    rig_patch(info, 20 + 8, (const uint8_t[]){3}, 1); /* an odd azimuth */
    struct dataset *d = rig_open("vtab800", "smallnorb-azimuth", root, "norb");
    int unknown = 0;
    for (size_t i = 0; i < 70; i++)
        unknown += dataset_label(d, SPLIT_TRAIN, i) == -1;
    assert_int_equal(unknown, 1);
    dataset_close(d);
    rig_cut(info, -1);
    rig_expect_error("smallnorb-azimuth", root, "norb", ERROR_FORMAT, "1139 bytes; 1140 were expected for its 70");
    rig_cut(info, 10);
    rig_expect_error("smallnorb-azimuth", root, "norb", ERROR_FORMAT,
                     "10 bytes; 20 bytes from byte 0 on were expected");
    write_norb_split("norb", TRAINING, 't', 70);
    rig_patch(info, 8, (const uint8_t[]){69}, 1);
    rig_cut(info, -16);
    rig_expect_error("smallnorb-azimuth", root, "norb", ERROR_FORMAT, "of 69 images; 70 were expected");
    write_norb_split("norb", TRAINING, 't', 70);
    rig_patch(dat, 12, (const uint8_t[]){3}, 1);
    rig_expect_error("smallnorb-azimuth", root, "norb", ERROR_FORMAT, "(N x 2 x 96 x 96)");
    rig_patch(dat, 0, "abcd", 4);
    rig_expect_error("smallnorb-azimuth", root, "norb", ERROR_FORMAT, "beginning with 1e3d4c55 was expected");
    free((char *)info);
    free((char *)dat);
}

/* ---- dsprites */

#define NPZ "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"

static void sprite_labels(char split, size_t i, struct bytes *map) {
    int64_t x = rig_label(split, i, 32), orientation = rig_label(split, i + 5, 40);
    bytes_ints(map, "label_x_position", 1, &x, 1);
    bytes_ints(map, "label_orientation", 1, &orientation, 0);
}

static struct rig sprites = {"dsprites", "2.0.0", RIG_BINARY, 64, {{"train", 700}}, NULL, sprite_labels, {NULL}};

/* Takes `values` over. */
static void add_npy(zip_t *zip, const char *name, const char *header, const void *values, size_t size) {
    size_t padded = (10 + strlen(header) + 1 + 63) / 64 * 64;
    uint8_t *bytes = calloc(1, padded + size);
    assert_non_null(bytes);
    memset(bytes, ' ', padded);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (uint8_t)(padded - 10);
    bytes[9] = 0;
    memcpy(bytes + 10, header, strlen(header));
    bytes[padded - 1] = '\n';
    memcpy(bytes + padded, values, size);
    zip_source_t *source = zip_source_buffer(zip, bytes, padded + size, 1);
    assert_non_null(source);
    zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_OVERWRITE);
    assert_true(index >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 6), 0);
}

static void write_sprites(const char *folder, const char *images, const char *latents) {
    static uint8_t pixels[700][64 * 64];
    static int64_t classes[700][6];
    const char *path = pictures_path(root, "%s/" NPZ, folder);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    for (size_t i = 0; i < 700; i++) {
        struct image im = rig_picture(&sprites, rig_salt('t', i));
        for (size_t p = 0; p < 64 * 64; p++)
            pixels[i][p] = im.rgb[3 * p];
        image_free(&im);
        classes[i][3] = rig_label('t', i + 5, 40);
        classes[i][4] = rig_label('t', i, 32);
    }
    add_npy(zip, "metadata.npy", "{'descr': '|O', 'fortran_order': False, 'shape': (), }", "pickled", 7);
    add_npy(zip, "imgs.npy", images, pixels, sizeof pixels);
    add_npy(zip, "latents_classes.npy", latents, classes, sizeof classes);
    assert_int_equal(zip_close(zip), 0);
}

#define IMAGES "{'descr': '|u1', 'fortran_order': False, 'shape': (700, 64, 64), }"
#define LATENTS "{'descr': '<i8', 'fortran_order': False, 'shape': (700, 6), }"

static void dsprites_is_the_same(void **state) {
    (void)state;
    rig_write_prepared(&sprites, root);
    write_sprites("raw", IMAGES, LATENTS);
    rig_expect_raw("dsprites-location", root, "raw");
#ifndef __SANITIZE_THREAD__ /* the same images once more */
    rig_expect_raw("dsprites-orientation", root, "raw");
#endif
    rig_free(&sprites);
}

static void expect_sprites(const char *images, const char *latents, const char *part) {
    write_sprites("sprites", images, latents);
    rig_expect_error("dsprites-location", root, "sprites", ERROR_FORMAT, part);
}

static void a_damaged_dsprites_is_said(void **state) {
    (void)state;
    expect_sprites(IMAGES, "{'descr': '<i4', 'fortran_order': False, 'shape': (700, 6), }", "of type '<i4'; '<i8'");
    expect_sprites(IMAGES, "{'descr': '<i8', 'fortran_order': False, 'shape': (699, 6), }", "as its shape asks for");
    expect_sprites(IMAGES, "{'descr': '<i8', 'fortran_order': False, 'shape': (1400, 3), }", "shape than N x 6");
    expect_sprites(IMAGES, "{'descr': '<i8', 'fortran_order': True, 'shape': (700, 6), }", "in C order");
    expect_sprites("{'descr': '|u1', 'fortran_order': False, 'shape': (700, 4096), }", LATENTS, "700 x 64 x 64");
    expect_sprites("{'descr': '|u1', 'fortran_order': False, 'shape': (18446744073709551615, 64, 64), }", LATENTS,
                   "as its shape asks for");
    write_sprites("sprites", IMAGES, LATENTS);
    /* The local header of imgs.npy is 30 bytes and the name; then deflate's blocks. */
    const char *path = pictures_path(root, "sprites/" NPZ);
    uint8_t noise[64];
    memset(noise, 0xa5, sizeof noise);
    rig_patch(path, 3000, noise, sizeof noise);
    rig_expect_error("dsprites-location", root, "sprites", ERROR_FORMAT, "imgs.npy is damaged");
    rig_cut(path, -30);
    rig_expect_error("dsprites-location", root, "sprites", ERROR_FORMAT, "the file may be cut off");
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    add_npy(zip, "imgs.npy", IMAGES, noise, 0);
    assert_int_equal(zip_close(zip), 0);
    rig_expect_error("dsprites-location", root, "sprites", ERROR_FORMAT, "has no member latents_classes.npy");
}

static void no_room_for_a_temporary_file_is_said(void **state) {
    (void)state;
    char *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
    write_sprites("sprites", IMAGES, LATENTS);
    setenv("TMPDIR", "/nonexistent", 1);
    rig_expect_error("dsprites-location", root, "sprites", ERROR_IO, "/nonexistent: no temporary file");
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
}

/* ---- svhn */

static void label_of_10(char split, size_t i, struct bytes *map) {
    int64_t label = rig_label(split, i, 10);
    bytes_ints(map, "label", 1, &label, 1);
}

static struct rig svhn = {"svhn_cropped", "3.0.0",     RIG_COLOUR, 32, {{"train", 500}, {"test", 40}},
                          NULL,           label_of_10, {NULL}};

#ifdef HAVE_MATIO

static void write_array(mat_t *mat, const char *name, enum matio_classes class, enum matio_types type, size_t *dims,
                        int rank, void *values, enum matio_compression compression) {
    matvar_t *v = Mat_VarCreate(name, class, type, rank, dims, values, MAT_F_DONT_COPY_DATA);
    assert_non_null(v);
    assert_int_equal(Mat_VarWrite(mat, v, compression), 0);
    Mat_VarFree(v);
}

static void write_svhn_file(const char *folder, const char *split, size_t count, size_t digits,
                            enum matio_compression compression) {
    uint8_t *x = calloc(count, 3072), *y = calloc(digits, 1);
    mat_t *mat = Mat_CreateVer(pictures_path(root, "%s/%s_32x32.mat", folder, split), NULL, MAT_FT_MAT5);
    assert_non_null(x);
    assert_non_null(y);
    assert_non_null(mat);
    for (size_t i = 0; i < count; i++) {
        struct image im = rig_picture(&svhn, rig_salt(*split, i));
        for (size_t row = 0; row < 32; row++)
            for (size_t column = 0; column < 32; column++)
                for (size_t c = 0; c < 3; c++)
                    x[3072 * i + 1024 * c + 32 * column + row] = im.rgb[3 * (32 * row + column) + c];
        image_free(&im);
    }
    for (size_t i = 0; i < digits; i++) {
        int label = rig_label(*split, i, 10);
        y[i] = (uint8_t)(label ? label : 10);
    }
    write_array(mat, "X", MAT_C_UINT8, MAT_T_UINT8, (size_t[]){32, 32, 3, count}, 4, x, compression);
    write_array(mat, "y", MAT_C_UINT8, MAT_T_UINT8, (size_t[]){digits, 1}, 2, y, compression);
    Mat_Close(mat);
    free(x);
    free(y);
}

static void svhn_is_the_same(void **state) {
    (void)state;
    rig_write_prepared(&svhn, root);
    write_svhn_file("raw", "train", 500, 500, MAT_COMPRESSION_NONE);
    write_svhn_file("raw", "test", 40, 40, MAT_COMPRESSION_ZLIB);
    rig_expect_raw("svhn", root, "raw");
    rig_free(&svhn);
}

static void a_damaged_svhn_is_said(void **state) {
    (void)state;
    char *train = strdup(pictures_path(root, "svhn/train_32x32.mat"));
    write_svhn_file("svhn", "test", 40, 40, MAT_COMPRESSION_NONE);
    write_svhn_file("svhn", "train", 50, 49, MAT_COMPRESSION_NONE);
    rig_expect_error("svhn", root, "svhn", ERROR_FORMAT, "y has 49 digits; 50 were expected");
    write_svhn_file("svhn", "train", 50, 50, MAT_COMPRESSION_NONE);
    rig_cut(train, 128 + 50 * 3072 / 2);
    rig_expect_error("svhn", root, "svhn", ERROR_FORMAT, "it is cut off or damaged");
    write_svhn_file("svhn", "train", 50, 50, MAT_COMPRESSION_ZLIB);
    rig_cut(train, -1);
    rig_expect_error("svhn", root, "svhn", ERROR_FORMAT, "it is cut off or damaged");
    write_svhn_file("svhn", "train", 50, 50, MAT_COMPRESSION_ZLIB);
    uint8_t noise[64];
    memset(noise, 0xa5, sizeof noise);
    rig_patch(train, 1000, noise, sizeof noise);
    rig_expect_error("svhn", root, "svhn", ERROR_FORMAT, "the compressed array at byte 128 is damaged");
    rig_write_text(train, "no MATLAB file, though it is long enough to have the header of one: "
                          "it takes one hundred and twenty-eight bytes to have that, and these are more.");
    rig_expect_error("svhn", root, "svhn", ERROR_FORMAT, "not a MATLAB file of version 5");
    mat_t *mat = Mat_CreateVer(train, NULL, MAT_FT_MAT5);
    double one = 1.5;
    uint8_t pixels[3072] = {0};
    write_array(mat, "X", MAT_C_UINT8, MAT_T_UINT8, (size_t[]){32, 32, 3, 1}, 4, pixels, MAT_COMPRESSION_NONE);
    write_array(mat, "y", MAT_C_DOUBLE, MAT_T_DOUBLE, (size_t[]){1, 1}, 2, &one, MAT_COMPRESSION_NONE);
    Mat_Close(mat);
    rig_expect_error("svhn", root, "svhn", ERROR_FORMAT, "has no array 'y' of whole numbers");
    free(train);
}

#else

static void svhn_is_the_same(void **state) {
    (void)state;
    (void)svhn;
    rig_write_text(pictures_path(root, "raw/train_32x32.mat"), "anything");
    rig_expect_error("svhn", root, "raw", ERROR_DATA, "built without libmatio (Debian package: libmatio-dev)");
}

static void a_damaged_svhn_is_said(void **state) {
    (void)state;
    skip();
}

#endif

/* ---- camelyon */

static void camelyon_key(const char *split, size_t i, char *out, size_t size) {
    snprintf(out, size, "%s_%zu", strcmp(split, "validation") == 0 ? "valid" : split, i);
}

static void label_of_2(char split, size_t i, struct bytes *map) {
    int64_t label = rig_label(split, i, 2);
    bytes_ints(map, "label", 1, &label, 1);
}

static struct rig camelyon = {
    "patch_camelyon", "2.0.0",    RIG_COLOUR, 96, {{"train", 90}, {"validation", 40}, {"test", 20}},
    camelyon_key,     label_of_2, {NULL}};

#ifdef HAVE_HDF5

static void write_h5(const char *path, const char *name, int rank, const hsize_t *dims, hid_t type, const void *values,
                     bool packed) {
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space = H5Screate_simple(rank, dims, NULL);
    hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    if (packed) {
        hsize_t chunk[4] = {7, 96, 48, 3};
        assert_true(H5Pset_chunk(how, rank, chunk) >= 0);
        assert_true(H5Pset_deflate(how, 1) >= 0);
    }
    hid_t array = H5Dcreate2(file, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
    assert_true(H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(array);
    H5Pclose(how);
    H5Sclose(space);
    assert_true(H5Fclose(file) >= 0);
}

static void write_camelyon_split(const char *folder, const char *split, const char *name, size_t count, size_t labels,
                                 bool packed) {
    uint8_t *x = calloc(count, 96 * 96 * 3), *y = calloc(labels, 1);
    assert_non_null(x);
    assert_non_null(y);
    for (size_t i = 0; i < count; i++) {
        struct image im = rig_picture(&camelyon, rig_salt(*split, i));
        memcpy(x + 96 * 96 * 3 * i, im.rgb, 96 * 96 * 3);
        image_free(&im);
    }
    for (size_t i = 0; i < labels; i++)
        y[i] = (uint8_t)rig_label(*split, i, 2);
    write_h5(pictures_path(root, "%s/camelyonpatch_level_2_split_%s_x.h5", folder, name), "x", 4,
             (const hsize_t[]){count, 96, 96, 3}, H5T_NATIVE_UINT8, x, packed);
    write_h5(pictures_path(root, "%s/camelyonpatch_level_2_split_%s_y.h5", folder, name), "y", 4,
             (const hsize_t[]){labels, 1, 1, 1}, H5T_NATIVE_UINT8, y, false);
    free(x);
    free(y);
}

static void write_camelyon(const char *folder) {
    write_camelyon_split(folder, "train", "train", 90, 90, true);
    write_camelyon_split(folder, "validation", "valid", 40, 40, false);
    write_camelyon_split(folder, "test", "test", 20, 20, true);
}

static void camelyon_is_the_same(void **state) {
    (void)state;
    rig_write_prepared(&camelyon, root);
    write_camelyon("raw");
    rig_expect_raw("camelyon", root, "raw");
    rig_free(&camelyon);
}

static void a_damaged_camelyon_is_said(void **state) {
    (void)state;
    struct image im;
    struct error e = {0};
    char *x = strdup(pictures_path(root, "camelyon/camelyonpatch_level_2_split_train_x.h5"));
    write_camelyon("camelyon");
    uint8_t noise[96 * 96];
    memset(noise, 0xa5, sizeof noise);
    rig_patch(x, -(long)sizeof noise, noise, sizeof noise);
    struct dataset *d = rig_open("vtab", "camelyon", root, "camelyon");
    size_t bad = 0;
    for (size_t i = 0; i < 90; i++) {
        bad += dataset_decode(d, SPLIT_TRAIN, i, &im, &e) < 0;
        image_free(&im);
    }
    assert_true(bad > 0 && bad < 90);
    assert_int_equal(e.code, ERROR_FORMAT);
    assert_non_null(strstr(e.text, "split_train_x.h5: row "));
    assert_null(strstr(e.text, "no reason is known"));
    dataset_close(d);
    rig_cut(x, -5000);
    rig_expect_error("camelyon", root, "camelyon", ERROR_FORMAT, "train_x.h5: cannot be read as an HDF5 file: ");
    write_camelyon_split("camelyon", "train", "train", 90, 89, false);
    rig_expect_error("camelyon", root, "camelyon", ERROR_FORMAT, "another shape than 90 x 1 x 1 x 1");
    write_h5(x, "x", 4, (const hsize_t[]){1, 96, 96, 1}, H5T_NATIVE_UINT8, noise, false);
    rig_expect_error("camelyon", root, "camelyon", ERROR_FORMAT, "another shape than N x 96 x 96 x 3");
    write_h5(x, "x", 1, (const hsize_t[]){9}, H5T_NATIVE_FLOAT, noise, false);
    rig_expect_error("camelyon", root, "camelyon", ERROR_FORMAT, "does not hold integers of one byte");
    write_h5(x, "z", 1, (const hsize_t[]){9}, H5T_NATIVE_FLOAT, noise, false);
    rig_expect_error("camelyon", root, "camelyon", ERROR_FORMAT, "has no array 'x'");
    hid_t file = H5Fcreate(x, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Lcreate_external("other.h5", "x", file, "x", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(file);
    rig_expect_error("camelyon", root, "camelyon", ERROR_FORMAT, "has no array 'x'");
    unlink(x);
    rig_expect_error("camelyon", root, "camelyon", ERROR_DATA, "camelyonpatch_level_2_split_train_x.h5 of the raw");
    free(x);
}

#else

static void camelyon_is_the_same(void **state) {
    (void)state;
    (void)camelyon;
    rig_write_text(pictures_path(root, "raw/camelyonpatch_level_2_split_train_x.h5"), "anything");
    rig_expect_error("camelyon", root, "raw", ERROR_DATA, "built without libhdf5 (Debian package: libhdf5-dev)");
}

static void a_damaged_camelyon_is_said(void **state) {
    (void)state;
    skip();
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_is_the_same),
        cmocka_unit_test(a_damaged_cifar_is_said),
        cmocka_unit_test(smallnorb_is_the_same),
        cmocka_unit_test(a_damaged_smallnorb_is_said),
        cmocka_unit_test(dsprites_is_the_same),
        cmocka_unit_test(a_damaged_dsprites_is_said),
        cmocka_unit_test(svhn_is_the_same),
        cmocka_unit_test(a_damaged_svhn_is_said),
        cmocka_unit_test(camelyon_is_the_same),
        cmocka_unit_test(a_damaged_camelyon_is_said),
        cmocka_unit_test(no_room_for_a_temporary_file_is_said),
    };
#ifdef __SANITIZE_THREAD__ /* damage is met by one thread, and its tests write much */
    cmocka_set_test_filter("*_is_the_same");
#endif
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
