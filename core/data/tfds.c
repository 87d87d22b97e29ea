#include "core/data/tfds.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "core/file_bytes.h"
#include "core/number.h"

enum { MOST_SHARDS = 100000, MOST_EXAMPLES = 100000000, MOST_INFO = 1 << 26 };

struct split {
    char *name;
    size_t first_shard, shards, examples;
};

struct shard {
    char *path;
    size_t examples;
};

struct tfds {
    char *folder, *name;
    struct split *splits;
    size_t split_count;
    struct shard *shards; /* of all splits */
    size_t shard_count;
};

static int no_memory(const char *folder, struct error *e) {
    return error_set(e, ERROR_MEMORY, "%s: not enough memory to list its shards", folder);
}

static int bad_info(const struct tfds *t, const char *what, struct error *e) {
    return error_set(e, ERROR_FORMAT, "%s/dataset_info.json: %s", t->folder, what);
}

static const char *text_of(const cJSON *object, const char *name, const char *missing) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(value) ? value->valuestring : missing;
}

/* Lengths are 64-bit integers, which JSON writers of protocol buffers put into strings. */
static bool length_of(const cJSON *value, size_t *out) {
    uint64_t n;
    if (cJSON_IsString(value) && number_count(value->valuestring, &n) && n <= UINT32_MAX)
        *out = (size_t)n;
    else if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= UINT32_MAX &&
             value->valuedouble == (double)(uint32_t)value->valuedouble)
        *out = (size_t)value->valuedouble;
    else
        return false;
    return true;
}

/* What a template of TFDS stands for: "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}". NULL: no memory, or a part in
 * braces that is not known. */
static char *fill_in(const char *template, const char *dataset, const char *split, size_t shard, size_t shards) {
    char x_of_y[48], *out = NULL;
    size_t length;
    snprintf(x_of_y, sizeof x_of_y, "%05zu-of-%05zu", shard, shards);
    const struct {
        const char *name, *value;
    } known[] = {{"{DATASET}", dataset}, {"{SPLIT}", split}, {"{FILEFORMAT}", "tfrecord"}, {"{SHARD_X_OF_Y}", x_of_y}};
    FILE *f = open_memstream(&out, &length);
    bool good = f != NULL;
    while (good && *template) {
        size_t i = 0;
        while (i < 4 && strncmp(template, known[i].name, strlen(known[i].name)) != 0)
            i++;
        good = i < 4 || *template != '{';
        if (i < 4)
            fputs(known[i].value, f);
        else
            fputc(*template, f);
        template += i < 4 ? strlen(known[i].name) : 1;
    }
    if (f && fclose(f) != 0)
        good = false;
    if (!good) {
        free(out);
        return NULL;
    }
    return out;
}

static int add_shard(struct tfds *t, const char *template, const struct split *split, size_t shard, size_t examples,
                     struct error *e) {
    char *path = NULL, *name = fill_in(template, t->name, split->name, shard, split->shards);
    if (!name)
        return bad_info(t, "a filepathTemplate with unknown parts", e);
    int r = strchr(name, '/')                               ? bad_info(t, "a file name with a slash in it", e)
            : asprintf(&path, "%s/%s", t->folder, name) < 0 ? no_memory(t->folder, e)
                                                            : 0;
    free(name);
    if (r == 0)
        t->shards[t->shard_count++] = (struct shard){path, examples};
    return r;
}

static int add_split(struct tfds *t, const cJSON *object, struct error *e) {
    const char *name = text_of(object, "name", NULL);
    const char *template = text_of(object, "filepathTemplate", "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}");
    const cJSON *lengths = cJSON_GetObjectItemCaseSensitive(object, "shardLengths"), *length;
    size_t shards = cJSON_IsArray(lengths) ? (size_t)cJSON_GetArraySize(lengths) : 0;
    if (!name)
        return bad_info(t, "a split without a name", e);
    if (shards == 0)
        return bad_info(t, "a split without shardLengths (was it prepared by a very old TensorFlow Datasets?)", e);
    if (shards > MOST_SHARDS - t->shard_count)
        return bad_info(t, "more than 100000 shards", e);
    struct shard *grown = reallocarray(t->shards, t->shard_count + shards, sizeof *grown);
    if (grown)
        t->shards = grown;
    struct split *s = &t->splits[t->split_count];
    *s = (struct split){.name = strdup(name), .first_shard = t->shard_count, .shards = shards};
    if (!grown || !s->name) {
        free(s->name);
        return no_memory(t->folder, e);
    }
    t->split_count++;
    size_t i = 0;
    cJSON_ArrayForEach (length, lengths) {
        size_t n;
        if (!length_of(length, &n))
            return bad_info(t, "a length in shardLengths is no whole number", e);
        int r = add_shard(t, template, s, i++, n, e);
        if (r < 0)
            return r;
        s->examples += n;
    }
    if (s->examples > MOST_EXAMPLES)
        return bad_info(t, "a split of more than 100 million examples", e);
    return 0;
}

static int read_info(struct tfds *t, const cJSON *info, struct error *e) {
    const cJSON *splits = cJSON_GetObjectItemCaseSensitive(info, "splits"), *split;
    const char *format = text_of(info, "fileFormat", "tfrecord"), *name = text_of(info, "name", NULL);
    if (!name)
        return bad_info(t, "no name of a dataset", e);
    if (!cJSON_IsArray(splits) || cJSON_GetArraySize(splits) == 0)
        return bad_info(t, "no list of splits; that of a dataset prepared by TensorFlow Datasets was expected", e);
    if (strcmp(format, "tfrecord") != 0)
        return error_set(e, ERROR_FORMAT,
                         "%s/dataset_info.json: its files are of the format '%.40s'; tfrecord was expected", t->folder,
                         format);
    t->name = strdup(name);
    t->splits = calloc((size_t)cJSON_GetArraySize(splits), sizeof *t->splits);
    if (!t->name || !t->splits)
        return no_memory(t->folder, e);
    int r = 0;
    cJSON_ArrayForEach (split, splits) {
        if ((r = add_split(t, split, e)) < 0)
            break;
    }
    return r;
}

int tfds_open(struct tfds **out, const char *folder, struct error *e) {
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t size;
    *out = NULL;
    struct tfds *t = calloc(1, sizeof *t);
    if (!t || !(t->folder = strdup(folder)) || asprintf(&path, "%s/dataset_info.json", folder) < 0) {
        tfds_close(t);
        return no_memory(folder, e);
    }
    int r = file_bytes(&bytes, &size, path, MOST_INFO, "a text", e);
    if (r == 0) {
        cJSON *info = cJSON_ParseWithLength((const char *)bytes, size);
        r = info ? read_info(t, info, e) : bad_info(t, "no JSON", e);
        cJSON_Delete(info);
    }
    free(bytes);
    free(path);
    if (r < 0)
        tfds_close(t);
    else
        *out = t;
    return r;
}

void tfds_close(struct tfds *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->split_count; i++)
        free(t->splits[i].name);
    for (size_t i = 0; i < t->shard_count; i++)
        free(t->shards[i].path);
    free(t->splits);
    free(t->shards);
    free(t->name);
    free(t->folder);
    free(t);
}

const char *tfds_folder(const struct tfds *t) {
    return t->folder;
}

const char *tfds_name(const struct tfds *t) {
    return t->name;
}

static const struct split *find(const struct tfds *t, const char *name) {
    for (size_t i = 0; i < t->split_count; i++)
        if (strcmp(t->splits[i].name, name) == 0)
            return &t->splits[i];
    return NULL;
}

bool tfds_size(const struct tfds *t, const char *split, size_t *out) {
    const struct split *s = find(t, split);
    if (s)
        *out = s->examples;
    return s != NULL;
}

/* A shard's file, to be closed by the caller, and a window on it. */
static int open_shard(const struct shard *s, int *fd, struct window *w, struct error *e) {
    struct stat st;
    *fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return error_set(e, ERROR_IO, "%s: cannot be opened: %s", s->path, strerror(errno));
    if (fstat(*fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        return error_set(e, ERROR_IO, "%s: not a regular file; TFRecords were expected", s->path);
    }
    window_on_file(w, *fd, (uint64_t)st.st_size);
    return 0;
}

struct walk {
    tfds_each_fn *each;
    void *context;
    size_t i; /* of the next example for `each` */
};

/* Examples first..last-1 of a shard. */
static int walk_shard(const struct tfds *t, size_t shard, size_t first, size_t last, struct walk *k, struct error *e) {
    struct window w;
    struct tfrecord record;
    struct tfds_place place = {.shard = (uint32_t)shard};
    int fd, r = open_shard(&t->shards[shard], &fd, &w, e);
    if (r < 0)
        return r;
    bool lost = false;
    for (size_t n = 0; r == 0 && n < last; n++) {
        lost = lost || tfrecord_at(&w, place.record, &record, NULL) < 0;
        if (n >= first)
            r = k->each(k->context, k->i++, &place, lost ? NULL : &w, &record, e);
        if (!lost)
            place.record = record.next;
    }
    close(fd);
    return r;
}

int tfds_walk(const struct tfds *t, const char *split, size_t first, size_t count, tfds_each_fn *each, void *context,
              struct error *e) {
    const struct split *s = find(t, split);
    struct walk k = {each, context, 0};
    if (!s || first > s->examples || count > s->examples - first)
        return error_set(e, ERROR_DATA, "%s: examples %zu to %zu of the split '%s' were expected, it has %zu",
                         t->folder, first, first + count, split, s ? s->examples : 0);
    size_t before = 0;
    for (size_t i = s->first_shard; i < s->first_shard + s->shards && before < first + count; i++) {
        size_t n = t->shards[i].examples, from = first > before ? first - before : 0;
        size_t to = first + count - before < n ? first + count - before : n;
        int r = from < to ? walk_shard(t, i, from, to, &k, e) : 0;
        if (r < 0)
            return r;
        before += n;
    }
    return 0;
}

int tfds_read(const struct tfds *t, const struct tfds_place *place, uint8_t **bytes, size_t *size, struct error *e) {
    struct window w;
    struct tfrecord record;
    int fd, r = open_shard(&t->shards[place->shard], &fd, &w, e);
    *bytes = NULL;
    if (r < 0)
        return r;
    if ((r = tfrecord_at(&w, place->record, &record, e)) == 0) {
        *size = record.size;
        *bytes = malloc(record.size ? record.size : 1);
        r = *bytes ? tfrecord_read(&w, &record, *bytes, e)
                   : error_set(e, ERROR_MEMORY, "not enough memory for a record of %zu bytes", record.size);
    }
    close(fd);
    if (r < 0) {
        free(*bytes);
        *bytes = NULL;
        error_prefix(e, r, "%s: ", t->shards[place->shard].path);
    }
    return r;
}

const char *tfds_shard(const struct tfds *t, uint32_t shard) {
    return t->shards[shard].path;
}

void tfds_say(const struct tfds *t, const struct tfds_place *place, char *out, size_t size) {
    snprintf(out, size, "%s, record at byte %llu", t->shards[place->shard].path, (unsigned long long)place->record);
}
