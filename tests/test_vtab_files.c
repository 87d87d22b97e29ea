/* Raw downloads of image files give the examples that the prepared datasets give. */
#include "tests/raw_rig.h"
#include "tests/root.h"

#ifdef HAVE_MATIO
#include <matio.h>
#endif

#define FILES(dataset, version, key, labels, ...)                                                                      \
    {                                                                                                                  \
        dataset, version, RIG_COLOUR, RIG_SIDE_OF_FILES, {__VA_ARGS__}, key, labels, {                                 \
            NULL                                                                                                       \
        }                                                                                                              \
    }

static void write_image(struct rig *r, const char *split, size_t i, const char *path) {
    const struct bytes *png = rig_png(r, rig_salt(*split, i));
    pictures_write_bytes(path, png->at, png->size);
}

static void add_label(char split, size_t i, int classes, struct bytes *map) {
    int64_t label = rig_label(split, i, classes);
    bytes_ints(map, "label", 1, &label, 1);
}

/* CLASS, a separator, the image: the first class is the one by which a download is known. */
static void name_of(const char *split, size_t i, int classes, const char *first, const char *between, char *out,
                    size_t size) {
    int label = rig_label(*split, i, classes);
    char class[32];
    snprintf(class, sizeof class, "b_class%02d", label);
    snprintf(out, size, "%s%s%s_%s_%zu.jpg", label ? class : first, between, label ? class : first, split, i);
}

/* ---- eurosat and resisc45: a folder a class */

static void eurosat_key(const char *split, size_t i, char *out, size_t size) {
    name_of(split, i, 10, "AnnualCrop", "_", out, size);
}

static void eurosat_labels(char split, size_t i, struct bytes *map) {
    add_label(split, i, 10, map);
}

static void resisc_key(const char *split, size_t i, char *out, size_t size) {
    name_of(split, i, 45, "airplane", "_", out, size);
}

static void resisc_labels(char split, size_t i, struct bytes *map) {
    add_label(split, i, 45, map);
}

static struct rig eurosat = FILES("eurosat/rgb", "2.0.0", eurosat_key, eurosat_labels, {"train", 300});
static struct rig resisc = FILES("resisc45", "3.0.0", resisc_key, resisc_labels, {"train", 300});

static void write_folders(struct rig *r, const char *folder, int classes, const char *first) {
    char name[128];
    for (size_t i = 0; i < r->splits[0].count; i++) {
        name_of("train", i, classes, first, "/", name, sizeof name);
        write_image(r, "train", i, pictures_path(root, "%s/%s", folder, name));
    }
    rig_write_text(pictures_path(root, "%s/%s/Thumbs.db", folder, first), "no image");
}

static void folders_are_the_same(void **state) {
    (void)state;
    rig_write_prepared(&eurosat, root);
    rig_write_prepared(&resisc, root);
    write_folders(&eurosat, "raw/2750", 10, "AnnualCrop");
    write_folders(&resisc, "raw/NWPU-RESISC45", 45, "airplane");
    rig_expect_raw("eurosat", root, "raw");
    rig_expect_raw("eurosat", root, "raw/2750");
    rig_expect_encoded("eurosat", root, "raw");
    rig_expect_raw("resisc45", root, "raw");
    struct dataset *d = rig_open("vtab", "resisc45", root, "raw");
    assert_string_equal(dataset_class_name(d, 0), "airplane");
    assert_string_equal(dataset_class_name(d, 44), "b_class44");
    dataset_close(d);
    rig_free(&resisc);
}

static void a_missing_class_or_image_is_said(void **state) {
    (void)state;
    struct image im;
    struct error e = {0};
    char where[600];
    struct dataset *d = rig_open("vtab", "eurosat", root, "raw");
    dataset_say(d, SPLIT_TRAIN, 3, where, sizeof where);
    assert_int_equal(unlink(where), 0);
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 3, &im, &e), ERROR_IO);
    assert_non_null(strstr(e.text, where));
    pictures_write_bytes(where, "no picture", 10);
    assert_int_equal(dataset_decode(d, SPLIT_TRAIN, 3, &im, &e), ERROR_DATA);
    dataset_close(d);
    mkdir(pictures_path(root, "raw/2750/another"), 0777);
    rig_expect_error("eurosat", root, "raw", ERROR_DATA, "raw/2750: 11 folders; 10 were expected");
    rig_free(&eurosat);
}

/* ---- dtd and pets: lists */

static void dtd_key(const char *split, size_t i, char *out, size_t size) {
    name_of(split, i, 47, "adorned", "/", out, size);
}

static void dtd_labels(char split, size_t i, struct bytes *map) {
    add_label(split, i, 47, map);
}

static void pets_key(const char *split, size_t i, char *out, size_t size) {
    int label = rig_label(*split, i, 37);
    snprintf(out, size, "%c_breed%02d_%s%zu.jpg", label % 2 ? 'P' : 'p', label, split, i);
}

static void pets_labels(char split, size_t i, struct bytes *map) {
    add_label(split, i, 37, map);
}

static struct rig dtd = FILES("dtd", "3.0.1", dtd_key, dtd_labels, {"train", 120}, {"validation", 60}, {"test", 50});
static struct rig pets = FILES("oxford_iiit_pet", "3.2.0", pets_key, pets_labels, {"train", 120}, {"test", 50});

static void dtd_line(FILE *f, const char *name, int label) {
    (void)label;
    fprintf(f, "%s\r\n", name);
}

static void pets_line(FILE *f, const char *name, int label) {
    fprintf(f, "%.*s %d 1 1\n", (int)(strlen(name) - 4), name, label + 1);
}

static void write_list(struct rig *r, int s, const char *folder, const char *list, int classes,
                       void (*line)(FILE *f, const char *name, int label)) {
    const char *split = r->splits[s].name;
    char name[128];
    FILE *f = fopen(pictures_path(root, "%s/%s", folder, list), "w");
    assert_non_null(f);
    for (size_t i = 0; i < r->splits[s].count; i++) {
        r->key(split, i, name, sizeof name);
        line(f, name, rig_label(*split, i, classes));
        write_image(r, split, i, pictures_path(root, "%s/images/%s", folder, name));
    }
    assert_int_equal(fclose(f), 0);
}

static void lists_are_the_same(void **state) {
    (void)state;
    rig_write_prepared(&dtd, root);
    rig_write_prepared(&pets, root);
    write_list(&dtd, 0, "raw/dtd", "labels/train1.txt", 47, dtd_line);
    write_list(&dtd, 1, "raw/dtd", "labels/val1.txt", 47, dtd_line);
    write_list(&dtd, 2, "raw/dtd", "labels/test1.txt", 47, dtd_line);
    write_list(&pets, 0, "raw", "annotations/trainval.txt", 37, pets_line);
    write_list(&pets, 1, "raw", "annotations/test.txt", 37, pets_line);
    rig_expect_raw("dtd", root, "raw");
    rig_expect_encoded("dtd", root, "raw/dtd");
    rig_expect_raw("pets", root, "raw");
    struct dataset *d = rig_open("vtab", "pets", root, "raw");
    assert_string_equal(dataset_class_name(d, 36), "p_breed36");
    dataset_close(d);
    rig_free(&dtd);
    rig_free(&pets);
}

static void a_damaged_list_is_said(void **state) {
    (void)state;
    static const struct {
        const char *line, *part;
    } bad[] = {{"adorned/../../x.jpg", "train1.txt:1: 'adorned/../../x.jpg' names no image of a class of the task dtd"},
               {"/etc/passwd", "names no image"},
               {"../images/x.jpg", "names no image"},
               {"woven/x.jpg", "names no image"},
               {"adorned/", "names no image"},
               {"adorned", "names no image"}};
    char *list = strdup(pictures_path(root, "raw/dtd/labels/train1.txt"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rig_write_text(list, bad[i].line);
        rig_expect_error("dtd", root, "raw", ERROR_FORMAT, bad[i].part);
    }
    rig_write_text(list, "\n");
    rig_expect_error("dtd", root, "raw", ERROR_DATA, "train1.txt: 0 images");
    unlink(list);
    rig_expect_error("dtd", root, "raw", ERROR_DATA, "or dtd/labels/train1.txt of the raw download");
    free(list);
    rig_write_text(pictures_path(root, "raw/annotations/trainval.txt"), "a_1 1 1 1\nb_1 38 1 1\n");
    rig_expect_error("pets", root, "raw", ERROR_FORMAT, "trainval.txt:2: 'b_1' names no image");
    rig_write_text(pictures_path(root, "raw/annotations/trainval.txt"), "a_1\n");
    rig_expect_error("pets", root, "raw", ERROR_FORMAT, "names no image");
}

/* ---- flowers102 */

static void flowers_key(const char *split, size_t i, char *out, size_t size) {
    snprintf(out, size, "image_%05zu.jpg", (*split == 'v' ? 200 : strcmp(split, "test") == 0 ? 300 : 0) + i + 1);
}

static void flowers_labels(char split, size_t i, struct bytes *map) {
    add_label(split, i, 102, map);
}

static struct rig flowers =
    FILES("oxford_flowers102", "2.1.1", flowers_key, flowers_labels, {"train", 120}, {"validation", 60}, {"test", 50});

#ifdef HAVE_MATIO

static void write_row(mat_t *mat, const char *name, enum matio_classes class, enum matio_types type, size_t count,
                      void *values) {
    size_t dims[] = {1, count};
    matvar_t *v = Mat_VarCreate(name, class, type, 2, dims, values, MAT_F_DONT_COPY_DATA);
    assert_non_null(v);
    assert_int_equal(Mat_VarWrite(mat, v, MAT_COMPRESSION_ZLIB), 0);
    Mat_VarFree(v);
}

static mat_t *create(const char *path) {
    mat_t *mat = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    assert_non_null(mat);
    return mat;
}

/* Image i + 1 is of class labels[i]. */
static void write_flowers(double *labels, size_t count, uint16_t first_of_test) {
    static const char *const arrays[] = {"trnid", "valid", "tstid"};
    uint16_t ids[120];
    mat_t *mat = create(pictures_path(root, "raw/imagelabels.mat"));
    write_row(mat, "labels", MAT_C_DOUBLE, MAT_T_DOUBLE, count, labels);
    Mat_Close(mat);
    mat = create(pictures_path(root, "raw/setid.mat"));
    for (int s = 0; s < 3; s++) {
        for (size_t i = 0; i < flowers.splits[s].count; i++)
            ids[i] = (uint16_t)(i + (s == 0 ? 1 : s == 1 ? 201 : first_of_test));
        write_row(mat, arrays[s], MAT_C_UINT16, MAT_T_UINT16, flowers.splits[s].count, ids);
    }
    Mat_Close(mat);
}

static void flowers_are_the_same(void **state) {
    (void)state;
    double labels[350];
    char name[64];
    for (int i = 0; i < 350; i++)
        labels[i] = 1;
    for (int s = 0; s < 3; s++)
        for (size_t i = 0; i < flowers.splits[s].count; i++) {
            const char *split = flowers.splits[s].name;
            labels[i + (size_t)(s == 0 ? 0 : s == 1 ? 200 : 300)] = rig_label(*split, i, 102) + 1;
            flowers_key(split, i, name, sizeof name);
            write_image(&flowers, split, i, pictures_path(root, "raw/jpg/%s", name));
        }
    rig_write_prepared(&flowers, root);
    write_flowers(labels, 350, 301);
    rig_expect_raw("flowers102", root, "raw");
    rig_expect_encoded("flowers102", root, "raw");
    rig_free(&flowers);
    write_flowers(labels, 350, 302);
    rig_expect_error("flowers102", root, "raw", ERROR_FORMAT, "setid.mat: names image 351; 1 to 350 were expected");
    labels[0] = 103;
    write_flowers(labels, 350, 301);
    struct dataset *d = rig_open("vtab800", "flowers102", root, "raw");
    int unknown = 0;
    for (size_t i = 0; i < 120; i++)
        unknown += dataset_label(d, SPLIT_TRAIN, i) == -1;
    assert_int_equal(unknown, 1);
    dataset_close(d);
    rig_cut(pictures_path(root, "raw/imagelabels.mat"), -3);
    rig_expect_error("flowers102", root, "raw", ERROR_FORMAT, "imagelabels.mat: ");
    unlink(pictures_path(root, "raw/imagelabels.mat"));
    rig_expect_error("flowers102", root, "raw", ERROR_IO, "imagelabels.mat: cannot be opened");
}

#else

static void flowers_are_the_same(void **state) {
    (void)state;
    (void)flowers;
    rig_write_text(pictures_path(root, "raw/setid.mat"), "anything");
    rig_expect_error("flowers102", root, "raw", ERROR_DATA, "built without libmatio (Debian package: libmatio-dev)");
}

#endif

/* ---- clevr */

static void clevr_key(const char *split, size_t i, char *out, size_t size) {
    snprintf(out, size, "CLEVR_%s_%06zu.png", *split == 'v' ? "val" : split, i);
}

static size_t objects_of(char split, size_t i) {
    return (size_t)rig_label(split, i, 8) + 3;
}

/* Of object j: the distances are about those between which the classes are. */
static double distance_of(char split, size_t i, size_t j) {
    return 7.75 + 0.25 * (double)((i * 5 + (size_t)split) % 12) + 0.37 * (double)((j + i) % objects_of(split, i));
}

static void clevr_labels(char split, size_t i, struct bytes *map) {
    int64_t sizes[16] = {0};
    float places[48] = {0};
    size_t n = objects_of(split, i);
    for (size_t j = 0; j < n; j++)
        places[3 * j + 2] = (float)distance_of(split, i, j);
    bytes_ints(map, "objects/size", n, sizes, 1);
    bytes_floats(map, "objects/pixel_coords", 3 * n, places, 1);
}

static struct rig clevr = FILES("clevr", "3.1.0", clevr_key, clevr_labels, {"train", 200}, {"validation", 50});

static void write_scenes(int s) {
    const char *split = clevr.splits[s].name, *name = s ? "val" : "train";
    char image[64];
    FILE *f = fopen(pictures_path(root, "raw/CLEVR_v1.0/scenes/CLEVR_%s_scenes.json", name), "w");
    assert_non_null(f);
    fprintf(f, "{\"info\": {\"split\": \"%s\", \"scenes\": [\"}\\\"]\", 1.5e3, null]}, \"n\": -1, \"scenes\": [", name);
    for (size_t i = 0; i < clevr.splits[s].count; i++) {
        clevr_key(split, i, image, sizeof image);
        fprintf(f, "%s{\"image_index\": %zu, \"image_filename\": \"%s\", \"objects\": [", i ? ", " : "", i, image);
        for (size_t j = 0; j < objects_of(*split, i); j++)
            fprintf(f, "%s{\"size\": \"small\", \"3d_coords\": [1, 2, 3], \"pixel_coords\": [7, 9, %.17g]}",
                    j ? ", " : "", distance_of(*split, i, j));
        fputs("], \"relationships\": {\"left\": [[], [0]]}}", f);
        write_image(&clevr, split, i, pictures_path(root, "raw/CLEVR_v1.0/images/%s/%s", name, image));
    }
    fputs("]}\n", f);
    assert_int_equal(fclose(f), 0);
}

static void clevr_is_the_same(void **state) {
    (void)state;
    rig_write_prepared(&clevr, root);
    write_scenes(0);
    write_scenes(1);
    rig_expect_raw("clevr-count", root, "raw");
    rig_expect_raw("clevr-distance", root, "raw/CLEVR_v1.0");
    rig_expect_encoded("clevr-count", root, "raw");
    rig_free(&clevr);
}

static void a_damaged_clevr_is_said(void **state) {
    (void)state;
    char *list = strdup(pictures_path(root, "raw/CLEVR_v1.0/scenes/CLEVR_train_scenes.json"));
    rig_cut(list, -10);
    rig_expect_error("clevr-count", root, "raw", ERROR_FORMAT, "CLEVR_train_scenes.json: byte ");
    rig_write_text(list, "{\"scenes\": [{\"image_filename\": \"a.png\"}, {\"image_filename\": \"../a.png\"}]}");
    rig_expect_error("clevr-count", root, "raw", ERROR_FORMAT, "scene 1 has no image_filename");
    rig_write_text(list,
                   "{\"scenes\": [{\"image_filename\": \"a.png\", \"objects\": [{\"pixel_coords\": [1, 2, 101]}]},"
                   " {\"image_filename\": \"b.png\", \"objects\": [{\"pixel_coords\": [1, 2]}]},"
                   " {\"image_filename\": \"c.png\", \"objects\": []},"
                   " {\"image_filename\": \"d.png\", \"objects\": 5},"
                   " {\"image_filename\": \"e.png\", \"objects\": [{\"pixel_coords\": [1, 2, 8.25]}]}]}");
    struct dataset *d = rig_open("vtab800", "clevr-distance", root, "raw");
    int known = 0;
    for (size_t i = 0; i < 5; i++)
        if (dataset_label(d, SPLIT_TRAIN, i) >= 0) {
            assert_int_equal(dataset_label(d, SPLIT_TRAIN, i), 1);
            known++;
        }
    assert_int_equal(known, 1);
    dataset_close(d);
    free(list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_the_same),    cmocka_unit_test(a_missing_class_or_image_is_said),
        cmocka_unit_test(lists_are_the_same),      cmocka_unit_test(a_damaged_list_is_said),
        cmocka_unit_test(flowers_are_the_same),    cmocka_unit_test(clevr_is_the_same),
        cmocka_unit_test(a_damaged_clevr_is_said),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
