#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/contact_sheet.h"
#include "app/page.h"
#include "app/subcommand.h"
#include "app/terminal_paint.h"
#include "core/data/dataset.h"
#include "core/data/scenes.h"
#include "core/digest.h"

/* Scenes are drawn at the side of the bundled backbone where --image says nothing. */
#define DEFAULT_SIDE 48

enum { SHEET_IMAGES = 64, SHEET_CELL = 96 };

static void list_images(const struct dataset *d) {
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        for (size_t i = 0; i < dataset_size(d, s); i++) {
            char hex[65];
            struct error why = {0};
            if (dataset_hash_image(d, s, i, hex, &why) < 0) {
                fprintf(stderr, "gptui: %s\n", why.text);
                snprintf(hex, sizeof hex, "-");
            }
            printf("%s\t%zu\t%d\t%s\n", split_name(s), i, dataset_label(d, s, i), hex);
        }
}

/* Names each image of a split that cannot be decoded; *count of them. Rendered images always can. */
static int find_unreadable(const struct dataset *d, enum split s, size_t *count, struct error *e) {
    *count = 0;
    for (size_t i = 0; i < dataset_size(d, s) && !dataset_is_native(d); i++) {
        struct image im;
        struct error why = {0};
        int r = dataset_decode(d, s, i, &im, &why);
        if (r == ERROR_MEMORY)
            return error_set(e, r, "%s", why.text);
        if (r < 0) {
            fprintf(stderr, "gptui: unreadable: %s\n", why.text);
            ++*count;
        }
        image_free(&im);
    }
    return 0;
}

static int print_classes(const struct dataset *d, struct error *e) {
    size_t classes = (size_t)dataset_classes(d);
    size_t *counts = calloc(classes, SPLITS * sizeof *counts);
    if (!counts)
        return error_set(e, ERROR_MEMORY, "not enough memory to count %zu classes", classes);
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        for (size_t i = 0; i < dataset_size(d, s); i++) {
            int label = dataset_label(d, s, i);
            if (label >= 0)
                counts[(size_t)label * SPLITS + s]++;
        }
    size_t least = SIZE_MAX, most = 0;
    for (size_t c = 0; c < classes; c++) {
        size_t n = counts[c * SPLITS + SPLIT_TRAIN];
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    char hash[DIGEST_HEX];
    dataset_fingerprint(d, hash);
    printf("\nclasses of train hold %zu to %zu images\nSHA-256 of names, labels and sizes %s\n", least, most, hash);
    printf("\n%5s  %9s %9s %9s  class\n", "label", "train", "val", "test");
    for (size_t c = 0; c < classes; c++) {
        const size_t *n = counts + c * SPLITS;
        printf("%5zu  %9zu %9zu %9zu  %s\n", c, n[SPLIT_TRAIN], n[SPLIT_VAL], n[SPLIT_TEST],
               dataset_class_name(d, (int)c));
    }
    free(counts);
    return 0;
}

static int summarise(const struct dataset *d, bool check, struct error *e) {
    printf("%s: %d classes", dataset_spec(d), dataset_classes(d));
    if (dataset_published_classes(d) && dataset_published_classes(d) != dataset_classes(d))
        printf(" (%d were published)", dataset_published_classes(d));
    printf("\n\n%-5s %9s%s\n", "split", "images", check ? " unreadable" : "");
    enum split empty = SPLITS;
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++) {
        size_t bad = 0;
        int r = check ? find_unreadable(d, s, &bad, e) : 0;
        if (r < 0)
            return r;
        printf("%-5s %9zu", split_name(s), dataset_size(d, s));
        if (check)
            printf(" %10zu", bad);
        if (dataset_published(d, s))
            printf("   %zu %s", dataset_published(d, s),
                   dataset_published(d, s) == dataset_size(d, s) ? "as published" : "were published");
        putchar('\n');
        if (bad == dataset_size(d, s) && empty == SPLITS)
            empty = s;
    }
    int r = print_classes(d, e);
    if (r == 0 && empty != SPLITS)
        r = error_set(e, ERROR_DATA, "%s: none of the %s images can be read", dataset_spec(d), split_name(empty));
    return r;
}

/* Colours of the terminal that stdout is; 0: none, or it cannot show half blocks. */
static int colors_of_terminal(void) {
    const char *depth = getenv("COLORTERM"), *term = getenv("TERM");
    if (terminal_no_color() || !term || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        return 0;
    bool direct = strstr(term, "direct") || (depth && (strstr(depth, "truecolor") || strstr(depth, "24bit")));
    return direct ? 1 << 24 : strstr(term, "256color") ? 256 : 0;
}

/* Images of train, evenly spread: as a PNG where that is asked for, and in a terminal. `said`: the unreadable ones were
 * named. */
static int show(const struct dataset *d, const char *path, bool said, struct error *e) {
    size_t all = dataset_size(d, SPLIT_TRAIN), count = all < SHEET_IMAGES ? all : SHEET_IMAGES;
    struct contact_sheet sheet = {0};
    int r = 0;
    if (path && (r = contact_sheet_create(&sheet, count, SHEET_CELL, e)) == 0 &&
        (r = contact_sheet_fill(&sheet, d, SPLIT_TRAIN, count, all / count, !said, e)) == 0)
        r = image_write_png(&sheet.image, path, e);
    contact_sheet_destroy(&sheet);
    if (r < 0 || !isatty(STDOUT_FILENO))
        return r;
    putchar('\n');
    return contact_sheet_print(d, SPLIT_TRAIN, page_width(stdout), colors_of_terminal(), !said && !path, stdout, e);
}

static int run(const struct arguments *a, struct error *e) {
    const struct settings *set = &a->settings;
    struct dataset_options options = {
        .seed = (uint64_t)set->seed,
        .image = set->image ? set->image : DEFAULT_SIDE,
        .scenes = {(size_t)set->scenes_train, (size_t)set->scenes_val, (size_t)set->scenes_test},
    };
    struct dataset *d = NULL;
    if (arguments_has(a, "list") && (arguments_has(a, "sheet") || arguments_has(a, "quick")))
        return error_set(e, ERROR_USAGE, "--list prints a list alone, expected no --sheet and no --quick beside it");
    int r = dataset_open(&d, a->count > 0 ? a->values[0] : set->data, &options, e);
    if (r < 0)
        return r;
    bool check = !arguments_has(a, "quick");
    if (arguments_has(a, "list"))
        list_images(d);
    else if ((r = summarise(d, check, e)) == 0)
        r = show(d, arguments_value(a, "sheet"), check, e);
    dataset_close(d);
    return r;
}

static void list_scenes(struct page *p) {
    char name[64];
    page_text(p, "The tasks of scenes:");
    for (size_t i = 0; i < scenes_count(); i++) {
        snprintf(name, sizeof name, "scenes:%s", scenes_name(scenes_at(i)));
        page_item(p, name, NULL, scenes_help(scenes_at(i)));
    }
}

const struct subcommand cmd_data = {
    .name = "data",
    .synopsis = "[SPEC] [--list] [--quick] [--sheet OUT.png]",
    .summary = "what a dataset holds: splits, classes, unreadable images",
    .details = "SPEC is one of\n"
               "  folder:PATH        train, val and test with a folder a class, or one\n"
               "                     level of class folders, split 80/10/10 by --seed\n"
               "  cifar:PATH         CIFAR-10 or CIFAR-100, the binary version unpacked;\n"
               "                     val is a tenth of each class, by --seed\n"
               "  fgvc:NAME:PATH     a fine-grained benchmark (below)\n"
               "  vtab:TASK:PATH     a task of VTAB-1K (below)\n"
               "  vtab800:TASK:PATH  the same, val not in train: to choose settings on\n"
               "  scenes:TASK        pictures that the program renders\n"
               "  PATH               as cifar:PATH or folder:PATH, by what is there\n\n"
               "`gptui recipes` lists every NAME (the first five) and TASK of VTAB-1K.\n\n"
               "fgvc: PATH holds train.json, val.json and test.json, {image path: class} each, as VPT has them. "
               "Without these the splits are made by --seed, from the lists that CUB and NABirds come with or from "
               "class folders, and a run on them writes them into its folder.\n\n"
               "The tasks of VTAB-1K are read from what TensorFlow Datasets prepared: PATH is the folder of its "
               "datasets, of one of them, or of its version. train is the published 1,000 images, val the last 200 of "
               "these, test the whole test split. Unless --preprocess says otherwise pictures are stretched to the "
               "input's square, as published.\n\n"
               "PATH can as well hold the raw download, unpacked: of cifar100 (binary version), svhn, camelyon, "
               "eurosat, resisc45, dtd, pets, flowers102, the two of clevr, of dsprites (.npz) and of smallnorb. The "
               "images and their order are the same. Pictures of svhn and dsprites go through a temporary file (83 and "
               "310 MB) in the folder that TMPDIR names, else in /tmp.\n\n"
               "Without --list it says how many images each split and class has, beside what was published, and shows "
               "some of train in a terminal. Every image is decoded once, and those that cannot be are named.\n\n"
               "--list prints a line an image: SPLIT, INDEX, LABEL and the SHA-256 of the encoded image (of the "
               "pixels, where none is encoded; - where it cannot be read), with tabs between.",
    .more = list_scenes,
    .options = (const struct option[]){{"list", NULL, "a line an image: split, index, label, SHA-256"},
                                       {"sheet", "OUT.png", "64 images of train, evenly spread, as a picture"},
                                       {"quick", NULL, "do not decode the images to find unreadable ones"},
                                       {NULL, NULL, NULL}},
    .takes_settings = true,
    .least = 0,
    .most = 1,
    .run = run,
};
