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

#include "core/data/reader.h"
#include "core/philox.h"

struct file {
    char *path; /* root/... */
    uint64_t bytes;
    int label;
};

struct files {
    struct file *at;
    size_t count, room;
};

struct names {
    char **at;
    size_t count, room;
};

struct state {
    char *root;
    struct names classes;
    struct files splits[SPLITS];
};

static int no_memory(const char *path, struct error *e) {
    return error_set(e, ERROR_MEMORY, "%s: not enough memory to list its images", path);
}

/* Makes room for one more element. */
static bool grow(void *array, size_t *room, size_t count, size_t size) {
    void **at = array;
    if (count < *room)
        return true;
    size_t more = *room ? *room * 2 : 16;
    void *grown = reallocarray(*at, more, size);
    if (!grown)
        return false;
    *at = grown;
    *room = more;
    return true;
}

/* Takes `name` over, also when it fails. */
static bool names_add(struct names *n, char *name) {
    if (!name || !grow(&n->at, &n->room, n->count, sizeof *n->at)) {
        free(name);
        return false;
    }
    n->at[n->count++] = name;
    return true;
}

static void names_free(struct names *n) {
    for (size_t i = 0; i < n->count; i++)
        free(n->at[i]);
    free(n->at);
    *n = (struct names){0};
}

/* Takes file.path over, also when it fails. */
static bool files_add(struct files *f, struct file file) {
    if (!grow(&f->at, &f->room, f->count, sizeof *f->at)) {
        free(file.path);
        return false;
    }
    f->at[f->count++] = file;
    return true;
}

static void files_free(struct files *f) {
    for (size_t i = 0; i < f->count; i++)
        free(f->at[i].path);
    free(f->at);
    *f = (struct files){0};
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(const char *folder, const char *name) {
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* The names in `folder` of the given kind (S_IFDIR or S_IFREG), in byte order. */
static int names_read(struct names *out, const char *folder, mode_t kind, struct error *e) {
    const struct dirent *entry;
    struct stat st;
    int r = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return error_set(e, ERROR_IO, "%s: the folder cannot be opened: %s", folder, strerror(errno));
    while (r == 0 && (errno = 0, entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 || (st.st_mode & S_IFMT) != kind)
            continue;
        if (!names_add(out, strdup(entry->d_name)))
            r = no_memory(folder, e);
    }
    if (r == 0 && errno != 0)
        r = error_set(e, ERROR_IO, "%s: the folder cannot be read: %s", folder, strerror(errno));
    closedir(dir);
    if (out->count > 1)
        qsort(out->at, out->count, sizeof *out->at, compare_names);
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
static int add_images(struct files *out, const char *folder, int label, struct error *e) {
    struct names names = {0};
    struct stat st;
    int r = names_read(&names, folder, S_IFREG, e);
    for (size_t i = 0; r == 0 && i < names.count; i++) {
        char *path = join(folder, names.at[i]);
        if (!path) {
            r = no_memory(folder, e);
        } else if ((has_image_suffix(names.at[i]) || has_image_content(path)) && stat(path, &st) == 0) {
            if (!files_add(out, (struct file){path, (uint64_t)st.st_size, label}))
                r = no_memory(folder, e);
        } else {
            free(path);
        }
    }
    names_free(&names);
    return r;
}

/* A class folder of train: its images go to `images`, its name to the classes if there are any. */
static int add_class(struct state *s, struct files *images, const char *parent, const char *name, struct error *e) {
    size_t before = images->count;
    char *folder = join(parent, name);
    int r = folder ? add_images(images, folder, (int)s->classes.count, e) : no_memory(parent, e);
    free(folder);
    if (r == 0 && images->count > before && !names_add(&s->classes, strdup(name)))
        r = no_memory(parent, e);
    return r;
}

/* The class folders of val or test, whose labels are those of train. */
static int add_known_class(struct state *s, struct files *images, const char *parent, const char *name,
                           struct error *e) {
    size_t before = images->count;
    char *const *found = bsearch(&name, s->classes.at, s->classes.count, sizeof name, compare_names);
    int label = found ? (int)(found - s->classes.at) : -1;
    char *folder = join(parent, name);
    int r = folder ? add_images(images, folder, label, e) : no_memory(parent, e);
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
static int split_folder(const struct state *s, enum split split, char **path, struct error *e) {
    struct stat st;
    *path = NULL;
    for (size_t i = 0; i < 3 && split_names[split][i]; i++) {
        char *candidate = join(s->root, split_names[split][i]);
        if (!candidate)
            return no_memory(s->root, e);
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

static int read_split(struct state *s, enum split split, struct error *e) {
    struct names names = {0};
    char *path;
    int r = split_folder(s, split, &path, e);
    if (r == 0 && !path)
        r = error_set(e, ERROR_DATA,
                      "%s: has no %s split; folders train, val and test with a folder a class were "
                      "expected",
                      s->root, split_name(split));
    if (r == 0)
        r = names_read(&names, path, S_IFDIR, e);
    for (size_t i = 0; r == 0 && i < names.count; i++)
        r = (split == SPLIT_TRAIN ? add_class : add_known_class)(s, &s->splits[split], path, names.at[i], e);
    if (r == 0 && s->splits[split].count == 0)
        r = error_set(e, ERROR_DATA, "%s: holds no images; %s/CLASS/IMAGE was expected", path, path);
    names_free(&names);
    free(path);
    return r;
}

/* Ten percent each, at least one where that leaves one for the splits before it. */
static size_t share(size_t images, size_t least) {
    size_t tenth = (images + 5) / 10;
    return images < least ? 0 : tenth ? tenth : 1;
}

/* Deals the images of one class out to the three splits, each in the byte order of its names. */
static int deal(struct state *s, struct files *images, uint64_t seed, struct error *e) {
    size_t n = images->count, val = share(n, 2), test = share(n, 3), train = n - val - test;
    if (n > UINT32_MAX)
        return error_set(e, ERROR_DATA, "%s: %zu images in one class are more than can be shuffled", s->root, n);
    uint32_t *order = calloc(n, sizeof *order);
    unsigned char *where = calloc(n, 1);
    int r = order && where ? 0 : no_memory(s->root, e);
    if (r == 0) {
        philox_permutation(philox_key(seed, PHILOX_SPLIT), (uint32_t)images->at[0].label, order, (uint32_t)n);
        for (size_t i = 0; i < n; i++)
            where[order[i]] = i < train ? SPLIT_TRAIN : i < train + val ? SPLIT_VAL : SPLIT_TEST;
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct file file = images->at[i];
        images->at[i].path = NULL;
        if (!files_add(&s->splits[where[i]], file))
            r = no_memory(s->root, e);
    }
    free(where);
    free(order);
    return r;
}

/* The images of the folder itself, as one class. */
static int deal_all(struct state *s, uint64_t seed, struct error *e) {
    struct files images = {0};
    int r = add_images(&images, s->root, 0, e);
    if (r == 0 && images.count > 0 && !names_add(&s->classes, strdup("image")))
        r = no_memory(s->root, e);
    if (r == 0 && images.count > 0)
        r = deal(s, &images, seed, e);
    files_free(&images);
    return r;
}

static int read_and_deal(struct state *s, uint64_t seed, bool unlabelled, struct error *e) {
    struct names names = {0};
    int r = names_read(&names, s->root, S_IFDIR, e);
    for (size_t i = 0; r == 0 && i < names.count; i++) {
        struct files images = {0};
        r = add_class(s, &images, s->root, names.at[i], e);
        if (r == 0 && images.count > 0)
            r = deal(s, &images, seed, e);
        files_free(&images);
    }
    names_free(&names);
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
static int is_split(const struct state *s, bool *out, struct error *e) {
    struct names inside = {0}, beside = {0};
    char *train;
    int r = split_folder(s, SPLIT_TRAIN, &train, e);
    *out = train != NULL;
    if (r == 0 && train && (r = names_read(&inside, train, S_IFDIR, e)) == 0 && inside.count == 0) {
        r = names_read(&beside, s->root, S_IFDIR, e);
        for (size_t i = 0; i < beside.count; i++)
            *out = *out && is_split_name(beside.at[i]);
    }
    names_free(&beside);
    names_free(&inside);
    free(train);
    return r;
}

static int check(const struct state *s, bool unlabelled, struct error *e) {
    if (s->classes.count == 1 && !unlabelled)
        return error_set(e, ERROR_DATA, "%s: one class only ('%s'); at least two folders with images were expected",
                         s->root, s->classes.at[0]);
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        if (s->splits[split].count == 0)
            return error_set(e, ERROR_DATA, "%s: too few images for a %s split; a class with at least %d was expected",
                             s->root, split_name(split), split == SPLIT_TEST ? 3 : 2);
    return 0;
}

static void close_folder(void *state) {
    struct state *s = state;
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        files_free(&s->splits[split]);
    names_free(&s->classes);
    free(s->root);
    free(s);
}

static int open_folder(struct reader_contents *out, const char *argument, const struct dataset_options *options,
                       struct error *e) {
    size_t length = strlen(argument);
    while (length > 1 && argument[length - 1] == '/')
        length--;
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return no_memory(argument, e);
    bool splits = false;
    int r = (s->root = strndup(argument, length)) ? is_split(s, &splits, e) : no_memory(argument, e);
    if (r == 0 && !splits)
        r = read_and_deal(s, options->seed, options->unlabelled, e);
    for (enum split split = SPLIT_TRAIN; r == 0 && splits && split < SPLITS; split++)
        r = read_split(s, split, e);
    if (r < 0 || (r = check(s, options->unlabelled, e)) < 0) {
        close_folder(s);
        return r;
    }
    *out = (struct reader_contents){.state = s, .classes = (int)s->classes.count};
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        out->size[split] = s->splits[split].count;
    return 0;
}

static const char *class_name(const void *state, int label) {
    const struct state *s = state;
    return s->classes.at[label];
}

static int label_of(const void *state, enum split split, size_t index) {
    const struct state *s = state;
    return s->splits[split].at[index].label;
}

static const char *path_of(const void *state, enum split split, size_t index) {
    const struct state *s = state;
    return s->splits[split].at[index].path;
}

static int decode(const void *state, enum split split, size_t index, struct image *out, struct error *e) {
    return image_read(out, path_of(state, split, index), e);
}

/* Paths from the root on: a folder that has moved is still the same data. */
static void fingerprint(const void *state, struct digest *digest) {
    const struct state *s = state;
    for (enum split split = SPLIT_TRAIN; split < SPLITS; split++)
        for (size_t i = 0; i < s->splits[split].count; i++) {
            const struct file *f = &s->splits[split].at[i];
            const char *below = f->path + strlen(s->root);
            char text[64];
            int n =
                snprintf(text, sizeof text, "%s %d %llu ", split_name(split), f->label, (unsigned long long)f->bytes);
            digest_update(digest, text, (size_t)n);
            digest_update(digest, below, strlen(below) + 1);
        }
}

const struct reader folder_reader = {
    .kind = "folder",
    .argument = "PATH",
    .form = ARGUMENT_PATH,
    .open = open_folder,
    .close = close_folder,
    .class_name = class_name,
    .label = label_of,
    .path = path_of,
    .decode = decode,
    .fingerprint = fingerprint,
};
