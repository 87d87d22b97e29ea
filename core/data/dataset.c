#include "core/data/dataset.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/data/reader.h"
#include "core/data/scenes.h"
#include "core/folder_has.h"

struct dataset {
    const struct reader *reader;
    struct reader_contents contents;
    char *spec;
};

static const struct reader *const readers[] = {&folder_reader, &cifar_reader, &fgvc_reader,
                                               &scenes_reader, &vtab_reader,  &vtab_800_reader};

#define READERS (sizeof readers / sizeof *readers)

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int unknown(const char *spec, struct error *e) {
    struct stat st;
    char known[256] = "";
    for (size_t i = 0; i < READERS; i++) {
        size_t n = strlen(known);
        snprintf(known + n, sizeof known - n, "%s:%s, ", readers[i]->kind, readers[i]->argument);
    }
    const char *colon = strchr(spec, ':');
    if (*spec == '\0')
        return error_set(e, ERROR_USAGE, "no data named; %sor the path of a folder was expected", known);
    if (stat(spec, &st) == 0)
        return error_set(e, ERROR_DATA, "data '%s': not a folder; %sor the path of a folder was expected", spec, known);
    if (colon && !memchr(spec, '/', (size_t)(colon - spec)))
        return error_set(e, ERROR_USAGE, "data '%s': unknown kind '%.*s'; %sor the path of a folder was expected", spec,
                         (int)(colon - spec), spec, known);
    if (scenes_find(spec))
        return error_set(e, ERROR_USAGE, "data '%s': no such folder; was scenes:%s meant?", spec, spec);
    return error_set(e, ERROR_IO, "data '%s': %s; %sor the path of a folder was expected", spec, strerror(errno),
                     known);
}

/* The reader whose kind `spec` begins with and, in *argument, what stands after that; NULL: none. */
static const struct reader *reader_of(const char *spec, const char **argument) {
    for (size_t i = 0; i < READERS; i++) {
        size_t n = strlen(readers[i]->kind);
        if (strncmp(spec, readers[i]->kind, n) == 0 && spec[n] == ':') {
            *argument = spec + n + 1;
            return readers[i];
        }
    }
    *argument = spec;
    return NULL;
}

/* Likewise; a folder's path needs no kind. */
static const struct reader *choose(const char *spec, const char **argument) {
    const struct reader *reader = reader_of(spec, argument);
    for (size_t i = 0; !reader && i < READERS; i++)
        if (readers[i]->recognises && readers[i]->recognises(spec))
            reader = readers[i];
    return reader ? reader : is_folder(spec) ? &folder_reader : NULL;
}

/* A folder that was named by its path alone and is none of class folders, but of a kind that needs a name besides:
 * says so in place of what the reader said. */
static int tell_of_another_kind(const char *path, int code, struct error *e) {
    static const struct {
        const char *file, *spec;
    } marks[] = {
        {"train.json", "fgvc:NAME"}, {"train_test_split.txt", "fgvc:NAME"}, {"dataset_info.json", "vtab:TASK"}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (folder_has(path, marks[i].file))
            return error_set(e, ERROR_USAGE, "data '%s': holds %s; %s:%s was expected, see `gptui help data`", path,
                             marks[i].file, marks[i].spec, path);
    return code;
}

/* KIND:ARGUMENT with the whole path; NULL: no memory. */
static char *normal_spec(const struct reader *reader, const char *argument) {
    const char *colon = reader->form == ARGUMENT_NAME_AND_PATH ? strchr(argument, ':') : NULL;
    const char *path = reader->form == ARGUMENT_PATH ? argument : colon ? colon + 1 : NULL;
    char *whole = path ? realpath(path, NULL) : NULL, *spec = NULL;
    if (whole && asprintf(&spec, "%s:%.*s%s", reader->kind, (int)(path - argument), argument, whole) < 0)
        spec = NULL;
    if (!whole && asprintf(&spec, "%s:%s", reader->kind, argument) < 0)
        spec = NULL;
    free(whole);
    return spec;
}

int dataset_open(struct dataset **out, const char *spec, const struct dataset_options *options, struct error *e) {
    const char *argument;
    *out = NULL;
    const struct reader *reader = choose(spec, &argument);
    if (!reader)
        return unknown(spec, e);
    if (*argument == '\0')
        return error_set(e, ERROR_USAGE, "data '%s': nothing after '%s:'; %s:%s was expected", spec, reader->kind,
                         reader->kind, reader->argument);
    struct dataset *d = calloc(1, sizeof *d);
    int r = ERROR_MEMORY;
    if (!d || !(d->spec = normal_spec(reader, argument))) {
        error_set(e, ERROR_MEMORY, "not enough memory for data '%s'", spec);
        goto free_dataset;
    }
    if ((r = reader->open(&d->contents, argument, options, e)) < 0)
        goto free_spec;
    d->reader = reader;
    *out = d;
    return 0;
free_spec:
    if (argument == spec)
        r = tell_of_another_kind(spec, r, e);
    free(d->spec);
free_dataset:
    free(d);
    return r;
}

void dataset_close(struct dataset *d) {
    if (!d)
        return;
    d->reader->close(d->contents.state);
    free(d->spec);
    free(d);
}

const char *dataset_spec(const struct dataset *d) {
    return d->spec;
}

size_t dataset_size(const struct dataset *d, enum split split) {
    return d->contents.size[split];
}

int dataset_classes(const struct dataset *d) {
    return d->contents.classes;
}

const char *dataset_class_name(const struct dataset *d, int label) {
    assert(label >= 0 && label < d->contents.classes);
    return d->reader->class_name(d->contents.state, label);
}

int dataset_label(const struct dataset *d, enum split split, size_t index) {
    assert(index < d->contents.size[split] || d->contents.native);
    return d->reader->label(d->contents.state, split, index);
}

const char *dataset_path(const struct dataset *d, enum split split, size_t index) {
    assert(index < d->contents.size[split]);
    return d->reader->path ? d->reader->path(d->contents.state, split, index) : NULL;
}

const char *dataset_say(const struct dataset *d, enum split split, size_t index, char *out, size_t size) {
    const char *path = d->reader->path ? dataset_path(d, split, index) : NULL;
    if (path)
        snprintf(out, size, "%s", path);
    else if (d->reader->say)
        d->reader->say(d->contents.state, split, index, out, size);
    else
        snprintf(out, size, "%s, %s image %zu", d->spec, split_name(split), index);
    return out;
}

bool dataset_is_stretched(const char *spec) {
    const char *argument;
    const struct reader *reader = reader_of(spec, &argument);
    return reader && reader->stretched;
}

bool dataset_beginning(size_t i, char *out, size_t size) {
    for (size_t k = 0; k < READERS; k++) {
        const struct reader *r = readers[k];
        const char *colon = r->form == ARGUMENT_NAME_AND_PATH ? ":" : "";
        size_t names = r->name ? 0 : 1;
        while (r->name && r->name(names))
            names++;
        if (i < names) {
            snprintf(out, size, "%s:%s%s", r->kind, r->name ? r->name(i) : "", colon);
            return true;
        }
        i -= names;
    }
    return false;
}

const char *dataset_short_name(const char *spec, char *out, size_t size) {
    const char *argument;
    const struct reader *reader = reader_of(spec, &argument);
    size_t kind = (size_t)(argument - spec), length = strlen(spec);
    while (length > kind + 1 && spec[length - 1] == '/')
        length--;
    const char *colon = reader && reader->form == ARGUMENT_NAME_AND_PATH ? strchr(argument, ':') : NULL;
    const char *slash = colon || (reader && reader->form == ARGUMENT_NAME) ? NULL : memrchr(spec, '/', length);
    if (colon)
        snprintf(out, size, "%.*s", (int)(colon - spec), spec);
    else if (slash)
        snprintf(out, size, "%.*s%.*s", (int)kind, spec, (int)(spec + length - slash - 1), slash + 1);
    else
        snprintf(out, size, "%.*s", (int)length, spec);
    return out;
}

bool dataset_is_native(const struct dataset *d) {
    return d->contents.native;
}

const char *dataset_dealt_path(const struct dataset *d, enum split split, size_t index) {
    return d->contents.dealt ? dataset_path(d, split, index) + d->contents.dealt : NULL;
}

size_t dataset_published(const struct dataset *d, enum split split) {
    return d->contents.published[split];
}

int dataset_published_classes(const struct dataset *d) {
    return d->contents.published_classes;
}

bool dataset_same_classes(const struct dataset *a, const struct dataset *b) {
    if (dataset_classes(a) != dataset_classes(b))
        return false;
    for (int i = 0; i < dataset_classes(a); i++)
        if (strcmp(dataset_class_name(a, i), dataset_class_name(b, i)) != 0)
            return false;
    return true;
}

int dataset_decode(const struct dataset *d, enum split split, size_t index, struct image *out, struct error *e) {
    assert(index < d->contents.size[split] || d->contents.native);
    *out = (struct image){0};
    return d->reader->decode(d->contents.state, split, index, out, e);
}

static int hash_file(const char *path, char out[65], struct error *e) {
    unsigned char buffer[16384];
    struct digest digest;
    ssize_t n = -1;
    /* O_NONBLOCK: what has become a fifo since the dataset was opened must not hang the program. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), failed = 0;
    digest_init(&digest);
    while (fd >= 0 && ((n = read(fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0)
            digest_update(&digest, buffer, (size_t)n);
    if (n < 0)
        failed = errno;
    if (fd >= 0)
        close(fd);
    if (failed)
        return error_set(e, ERROR_IO, "%s: cannot be read: %s", path, strerror(failed));
    digest_hex(&digest, out);
    return 0;
}

int dataset_hash_image(const struct dataset *d, enum split split, size_t index, char out[65], struct error *e) {
    const char *path = dataset_path(d, split, index);
    struct image im = {0};
    struct digest digest;
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (path)
        return hash_file(path, out, e);
    int r = d->reader->encoded ? d->reader->encoded(d->contents.state, split, index, &bytes, &size, e) : 0;
    if (r == 0 && !bytes)
        r = dataset_decode(d, split, index, &im, e);
    if (r == 0) {
        digest_init(&digest);
        digest_update(&digest, bytes ? bytes : im.rgb, bytes ? size : (size_t)im.width * (size_t)im.height * 3);
        digest_hex(&digest, out);
    }
    image_free(&im);
    free(bytes);
    return r;
}

void dataset_fingerprint(const struct dataset *d, char out[65]) {
    struct digest digest;
    digest_init(&digest);
    digest_update(&digest, d->reader->kind, strlen(d->reader->kind) + 1);
    for (int i = 0; i < d->contents.classes; i++) {
        const char *name = dataset_class_name(d, i);
        digest_update(&digest, name, strlen(name) + 1);
    }
    d->reader->fingerprint(d->contents.state, &digest);
    digest_hex(&digest, out);
}
