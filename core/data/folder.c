/* folder:PATH. Either PATH/train/CLASS/IMAGE with val and test beside train, or PATH/CLASS/IMAGE, which is split here.
 *
 * Where labels do not matter, PATH/IMAGE will do too.
 *
 * A class is a folder of train that holds images; its label is its rank in byte order. Images stand in the byte order
 * of class, then of name, so that readdir's order never matters. Hidden names are passed over, symbolic links followed.
 * A file is an image by its content, whatever its suffix; one with the suffix of an image but other content is one too,
 * and unreadable, so that damage is reported and not silently left out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/data/listing.h"

/* Whether an entry is of the kind (DT_DIR or DT_REG), links followed. */
static bool is_kind(DIR *dir, const struct dirent *entry, unsigned char kind) {
    struct stat st;
    if (entry->d_type == DT_DIR || entry->d_type == DT_REG)
        return entry->d_type == kind;
    return fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && IFTODT(st.st_mode) == kind;
}

/* The names in `folder` of the given kind, in byte order. */
static int names_read(struct listing_names *out, const char *folder, unsigned char kind, struct error *e) {
    const struct dirent *entry;
    int r = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return error_set(e, ERROR_IO, "%s: the folder cannot be opened: %s", folder, strerror(errno));
    while (r == 0 && (errno = 0, entry = readdir(dir)))
        if (entry->d_name[0] != '.' && is_kind(dir, entry, kind) && !listing_add_name(out, strdup(entry->d_name)))
            r = listing_no_memory(folder, e);
    if (r == 0 && errno != 0)
        r = error_set(e, ERROR_IO, "%s: the folder cannot be read: %s", folder, strerror(errno));
    closedir(dir);
    if (out->count > 1)
        qsort(out->at, out->count, sizeof *out->at, listing_compare_names);
    return r;
}

static bool has_image_suffix(const char *name) {
    static const char *const suffixes[] = {"jpg", "jpeg", "jpe", "jfif", "png",  "bmp",  "gif", "pgm",
                                           "ppm", "pnm",  "tif", "tiff", "webp", "heic", "avif"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcasecmp(dot + 1, suffixes[i]) == 0)
            return true;
    return false;
}

static bool has_image_content(const char *path) {
    uint8_t first[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, first, sizeof first);
    if (fd >= 0)
        close(fd);
    return n > 0 && image_is_known(first, (size_t)n);
}

/* Adds the images of one class folder. */
static int add_images(struct listing_files *out, const char *folder, int label, struct error *e) {
    struct listing_names names = {0};
    int r = names_read(&names, folder, DT_REG, e);
    for (size_t i = 0; r == 0 && i < names.count; i++) {
        char *path = listing_join(folder, names.at[i]);
        if (!path)
            r = listing_no_memory(folder, e);
        else if (!has_image_suffix(names.at[i]) && !has_image_content(path))
            free(path);
        else if (!listing_add_file(out, path, label))
            r = listing_no_memory(folder, e);
    }
    listing_free_names(&names);
    return r;
}

/* A class folder of train: its images go to `images`, its name to the classes if there are any. */
static int add_class(struct listing *s, struct listing_files *images, const char *parent, const char *name,
                     struct error *e) {
    size_t before = images->count;
    char *folder = listing_join(parent, name);
    int r = folder ? add_images(images, folder, (int)s->classes.count, e) : listing_no_memory(parent, e);
    free(folder);
    if (r == 0 && images->count > before && !listing_add_name(&s->classes, strdup(name)))
        r = listing_no_memory(parent, e);
    return r;
}

/* The class folders of val or test, whose labels are those of train. */
static int add_known_class(struct listing *s, struct listing_files *images, const char *parent, const char *name,
                           struct error *e) {
    size_t before = images->count;
    char *const *found = bsearch(&name, s->classes.at, s->classes.count, sizeof name, listing_compare_names);
    int label = found ? (int)(found - s->classes.at) : -1;
    char *folder = listing_join(parent, name);
    int r = folder ? add_images(images, folder, label, e) : listing_no_memory(parent, e);
    free(folder);
    if (r == 0 && !found && images->count > before)
        r = error_set(e, ERROR_DATA, "%s: holds images of a class '%s' that %s/train has none of", parent, name,
                      s->root);
    return r;
}

static const char *const split_names[SPLITS][3] = {{"train"}, {"val", "validation", "valid"}, {"test"}};

static bool is_split_name(const char *name) {
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        for (size_t i = 0; i < 3 && split_names[split][i]; i++)
            if (strcmp(name, split_names[split][i]) == 0)
                return true;
    return false;
}

/* The existing folder of a split under one of its names, to be freed; *path is NULL where there is none. */
static int split_folder(const struct listing *s, enum split split, char **path, struct error *e) {
    struct stat st;
    *path = NULL;
    for (size_t i = 0; i < 3 && split_names[split][i]; i++) {
        char *candidate = listing_join(s->root, split_names[split][i]);
        if (!candidate)
            return listing_no_memory(s->root, e);
        if (stat(candidate, &st) < 0 || !S_ISDIR(st.st_mode)) {
            free(candidate);
        } else if (*path) {
            int r =
                error_set(e, ERROR_DATA, "%s and %s: two folders for one split; one was expected", *path, candidate);
            free(candidate);
            return r; /* *path goes to the caller, who frees it */
        } else {
            *path = candidate;
        }
    }
    return 0;
}

static int read_split(struct listing *s, enum split split, struct error *e) {
    struct listing_names names = {0};
    char *path;
    int r = split_folder(s, split, &path, e);
    if (r == 0 && !path)
        r = error_set(e, ERROR_DATA,
                      "%s: has no %s split; folders train, val and test with a folder a class were "
                      "expected",
                      s->root, split_name(split));
    if (r == 0)
        r = names_read(&names, path, DT_DIR, e);
    for (size_t i = 0; r == 0 && i < names.count; i++)
        r = (split == SPLIT_TRAIN ? add_class : add_known_class)(s, &s->splits[split], path, names.at[i], e);
    if (r == 0 && s->splits[split].count == 0)
        r = error_set(e, ERROR_DATA, "%s: holds no images; %s/CLASS/IMAGE was expected", path, path);
    listing_free_names(&names);
    free(path);
    return r;
}

/* The images of the folder itself, as one class. */
static int deal_all(struct listing *s, uint64_t seed, struct error *e) {
    struct listing_files images = {0};
    int r = add_images(&images, s->root, 0, e);
    if (r == 0 && images.count > 0 && !listing_add_name(&s->classes, strdup("image")))
        r = listing_no_memory(s->root, e);
    if (r == 0 && images.count > 0)
        r = listing_deal(s, &images, true, seed, e);
    listing_free_files(&images);
    return r;
}

static int read_and_deal(struct listing *s, uint64_t seed, bool unlabelled, struct error *e) {
    struct listing_names names = {0};
    int r = names_read(&names, s->root, DT_DIR, e);
    for (size_t i = 0; r == 0 && i < names.count; i++) {
        struct listing_files images = {0};
        r = add_class(s, &images, s->root, names.at[i], e);
        if (r == 0 && images.count > 0)
            r = listing_deal(s, &images, true, seed, e);
        listing_free_files(&images);
    }
    listing_free_names(&names);
    if (r == 0 && s->classes.count == 0 && unlabelled)
        r = deal_all(s, seed, e);
    if (r == 0 && s->classes.count == 0)
        return error_set(e, ERROR_DATA,
                         "%s: holds no images; %s/CLASS/IMAGE, or %s/train/CLASS/IMAGE with val and "
                         "test beside train, was expected",
                         s->root, s->root, s->root);
    return r;
}

/* A folder called train is a split if it holds folders, or if only splits stand beside it; else it is a class (of
 * vehicles, say). */
static int is_split(const struct listing *s, bool *out, struct error *e) {
    struct listing_names inside = {0}, beside = {0};
    char *train;
    int r = split_folder(s, SPLIT_TRAIN, &train, e);
    *out = train != NULL;
    if (r == 0 && train && (r = names_read(&inside, train, DT_DIR, e)) == 0 && inside.count == 0) {
        r = names_read(&beside, s->root, DT_DIR, e);
        for (size_t i = 0; i < beside.count; i++)
            *out = *out && is_split_name(beside.at[i]);
    }
    listing_free_names(&beside);
    listing_free_names(&inside);
    free(train);
    return r;
}

static int check(const struct listing *s, bool unlabelled, struct error *e) {
    if (s->classes.count == 1 && !unlabelled)
        return error_set(e, ERROR_DATA, "%s: one class only ('%s'); at least two folders with images were expected",
                         s->root, s->classes.at[0]);
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        if (s->splits[split].count == 0)
            return error_set(e, ERROR_DATA, "%s: too few images for a %s split; a class with at least %d was expected",
                             s->root, split_name(split), split == SPLIT_TEST ? 3 : 2);
    return 0;
}

static int open_folder(struct reader_contents *out, const char *argument, const struct dataset_options *options,
                       struct error *e) {
    struct listing *s = listing_create(argument);
    if (!s)
        return listing_no_memory(argument, e);
    bool splits = false;
    int r = is_split(s, &splits, e);
    if (r == 0 && !splits)
        r = read_and_deal(s, options->seed, options->unlabelled, e);
    for (enum split split = SPLIT_TRAIN; r == 0 && splits && split < SPLITS; split++)
        r = read_split(s, split, e);
    if (r < 0 || (r = check(s, options->unlabelled, e)) < 0) {
        listing_close(s);
        return r;
    }
    *out = listing_contents(s);
    return 0;
}

const struct reader folder_reader = {
    .kind = "folder",
    .argument = "PATH",
    .form = ARGUMENT_PATH,
    .open = open_folder,
    .close = listing_close,
    .class_name = listing_class_name,
    .label = listing_label,
    .path = listing_path,
    .decode = listing_decode,
    .fingerprint = listing_fingerprint,
};
