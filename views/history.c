#include "views/history.h"

#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/prompt.h"
#include "core/number.h"

/* What a line of metrics.jsonl says, as far as curves need it. A number that was not given, or null, is NaN. */
struct row {
    char kind[8], split[8];
    double step, loss, top1, lr, images_per_s;
    double gates[SNAPSHOT_BLOCKS], temps[SNAPSHOT_BLOCKS];
    int gate_count, temp_count;
};

/* Scanning: each of these reads one thing at *p, moves behind it and returns true; or returns false. Only what the
 * trainer writes is taken (flat objects without blanks); cJSON would allocate some fifty times a line. */
static bool take(const char **p, char c) {
    if (**p != c)
        return false;
    ++*p;
    return true;
}

static bool take_number(const char **p, double *out) {
    if (strncmp(*p, "null", 4) == 0) {
        *out = NAN;
        *p += 4;
        return true;
    }
    char text[NUMBER_TEXT];
    size_t size = strspn(*p, "+-.0123456789eE");
    if (size == 0 || size >= sizeof text)
        return false;
    memcpy(text, *p, size);
    text[size] = 0;
    *p += size;
    return number_real(text, out);
}

/* Cut to out[size]; escapes stay as they are. */
static bool take_string(const char **p, char *out, size_t size) {
    size_t n = 0;
    if (!take(p, '"'))
        return false;
    for (; **p && **p != '"'; ++*p) {
        if (n + 1 < size)
            out[n++] = **p;
        if (**p == '\\' && !*++*p)
            return false;
    }
    out[n] = 0;
    return take(p, '"');
}

/* Numbers behind the first `most` are read and dropped. */
static bool take_array(const char **p, double *out, int most, int *count) {
    double value;
    *count = 0;
    if (!take(p, '['))
        return false;
    if (take(p, ']'))
        return true;
    do {
        if (!take_number(p, &value))
            return false;
        if (*count < most)
            out[(*count)++] = value;
    } while (take(p, ','));
    return take(p, ']');
}

/* Where the value of a key goes; NULL: nobody asks. */
static double *number_of(struct row *r, const char *key) {
    const struct {
        const char *key;
        double *at;
    } table[] = {{"step", &r->step},      {"loss", &r->loss}, {"top1", &r->top1},
                 {"explained", &r->top1}, {"lr", &r->lr},     {"images_per_s", &r->images_per_s}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(key, table[i].key) == 0)
            return table[i].at;
    return NULL;
}

static bool take_value(const char **p, struct row *r, const char *key) {
    char text[8];
    double number, *at;
    double ignored[1];
    int count;
    switch (**p) {
    case '"':
        return take_string(p, !strcmp(key, "kind") ? r->kind : !strcmp(key, "split") ? r->split : text, sizeof text);
    case '[':
        if (strcmp(key, "gate_logits") == 0)
            return take_array(p, r->gates, SNAPSHOT_BLOCKS, &r->gate_count);
        if (strcmp(key, "temps") == 0)
            return take_array(p, r->temps, SNAPSHOT_BLOCKS, &r->temp_count);
        return take_array(p, ignored, 1, &count);
    default:
        at = number_of(r, key);
        return take_number(p, at ? at : &number);
    }
}

/* All of the line, or false: a torn one must not leave half a step behind. */
static bool scan(const char *line, struct row *r) {
    char key[32];
    const char *p = line;
    *r = (struct row){.step = NAN, .loss = NAN, .top1 = NAN, .lr = NAN, .images_per_s = NAN};
    if (!take(&p, '{'))
        return false;
    do {
        if (!take_string(&p, key, sizeof key) || !take(&p, ':') || !take_value(&p, r, key))
            return false;
    } while (take(&p, ','));
    return take(&p, '}') && p[strspn(p, "\r\n")] == 0 && r->step >= 0 && r->step < 1e15;
}

static int add_blocks(struct history *h, const struct row *r, struct error *e) {
    int status = 0;
    for (int i = 0; status == 0 && i < r->gate_count; i++)
        status = series_add(&h->gate[i], r->step, prompt_sigmoid(r->gates[i]), e);
    for (int i = 0; status == 0 && i < r->temp_count; i++)
        status = series_add(&h->temp[i], r->step, r->temps[i], e);
    if (status == 0 && r->gate_count > h->gates)
        h->gates = r->gate_count;
    if (status == 0 && r->temp_count > h->temps)
        h->temps = r->temp_count;
    return status;
}

static int add_step(struct history *h, const struct row *r, struct error *e) {
    int status = series_add(&h->loss, r->step, r->loss, e);
    if (status == 0)
        status = series_add(&h->top1, r->step, r->top1, e);
    if (status == 0)
        status = series_add(&h->rate, r->step, r->lr, e);
    if (status == 0)
        status = series_add(&h->speed, r->step, r->images_per_s, e);
    if (status == 0)
        status = add_blocks(h, r, e);
    h->steps = (uint64_t)r->step + 1;
    return status;
}

static int add_evaluation(struct history *h, const struct row *r, struct error *e) {
    if (strcmp(r->split, "test") == 0)
        return series_add(&h->test_top1, r->step, r->top1, e);
    if (strcmp(r->split, "val") != 0)
        return 0;
    int status = series_add(&h->val_loss, r->step, r->loss, e);
    return status < 0 ? status : series_add(&h->val_top1, r->step, r->top1, e);
}

int history_metrics(struct history *h, const char *line, struct error *e) {
    struct row r;
    if (!scan(line, &r))
        return 0;
    if (strcmp(r.kind, "step") == 0)
        return add_step(h, &r, e);
    return strcmp(r.kind, "eval") == 0 ? add_evaluation(h, &r, e) : 0;
}

/* Moves behind `word` if the text begins with it. */
static bool skip(const char **text, const char *word) {
    size_t n = strlen(word);
    if (strncmp(*text, word, n) != 0)
        return false;
    *text += n;
    return true;
}

/* Whether "3-6,9" names the block, counted from 1. */
static bool lists(const char *list, long block) {
    do {
        char *end;
        long from = strtol(list, &end, 10), to = from;
        if (end == list)
            return false;
        if (*end == '-')
            to = strtol(end + 1, &end, 10);
        if (block >= from && block <= to)
            return true;
        list = end;
    } while (skip(&list, ","));
    return false;
}

enum history_effect history_effect(const struct history_mark *m, bool temps, int block) {
    const char *text = m->line;
    enum history_effect effect = skip(&text, "freeze ") ? HISTORY_FREEZE
                                 : skip(&text, "thaw ") ? HISTORY_THAW
                                 : skip(&text, "set ")  ? HISTORY_SET
                                                        : HISTORY_NONE;
    if (effect == HISTORY_NONE || !skip(&text, temps ? "temp" : "gate"))
        return HISTORY_NONE;
    bool all = effect != HISTORY_SET && strcmp(text, "s") == 0;
    bool named = skip(&text, effect == HISTORY_SET ? "." : " ") && lists(text, block + 1);
    return all || named ? effect : HISTORY_NONE;
}

static int make_room(struct history *h, struct error *e) {
    if (h->mark_count < h->mark_room)
        return 0;
    size_t room = h->mark_room ? 2 * h->mark_room : 16;
    struct history_mark *marks = reallocarray(h->marks, room, sizeof *marks);
    if (!marks)
        return error_set(e, ERROR_MEMORY, "no memory for %zu lines of the journal", room);
    h->marks = marks;
    h->mark_room = room;
    return 0;
}

/* Copies without the end of the line; what is too long is cut before a character, not within. */
static void copy_line(char out[static HISTORY_LINE], const char *text) {
    size_t n = strcspn(text, "\r\n");
    if (n >= HISTORY_LINE)
        for (n = HISTORY_LINE - 1; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
            n--;
    memcpy(out, text, n);
    out[n] = 0;
}

int history_journal(struct history *h, const char *line, struct error *e) {
    static const char lead[] = "at step ";
    char *end;
    if (strncmp(line, lead, sizeof lead - 1) != 0)
        return 0;
    const char *digits = line + sizeof lead - 1;
    errno = 0;
    unsigned long long step = strtoull(digits, &end, 10);
    if (errno || *digits < '0' || *digits > '9' || *end != ' ' || !end[1 + strspn(end + 1, " \r\n")])
        return 0;
    int status = make_room(h, e);
    if (status < 0)
        return status;
    struct history_mark *m = &h->marks[h->mark_count++];
    *m = (struct history_mark){.number = (int)h->mark_count, .step = step};
    copy_line(m->line, end + 1);
    return 0;
}

typedef int take_line(struct history *h, const char *line, struct error *e);

static int read_file(struct history *h, const char *folder, const char *name, take_line *take_one, struct error *e) {
    char *path = NULL, *line = NULL;
    size_t room = 0;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return error_set(e, ERROR_MEMORY, "no memory to read the run %s", folder);
    FILE *f = fopen(path, "re");
    int status = f ? 0 : error_set(e, ERROR_IO, "%s: %s", path, strerror(errno));
    while (status == 0 && getline(&line, &room, f) >= 0)
        status = take_one(h, line, e);
    if (status == 0 && ferror(f))
        status = error_set(e, ERROR_IO, "%s: %s", path, strerror(errno));
    free(line);
    if (f)
        fclose(f);
    free(path);
    return status;
}

int history_read_run(struct history *h, const char *path, struct error *e) {
    int status = read_file(h, path, "metrics.jsonl", history_metrics, e);
    return status < 0 ? status : read_file(h, path, "journal.gpt", history_journal, e);
}

void history_destroy(struct history *h) {
    struct series *const all[] = {&h->loss, &h->top1, &h->rate, &h->speed, &h->val_loss, &h->val_top1, &h->test_top1};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        series_destroy(all[i]);
    for (int i = 0; i < SNAPSHOT_BLOCKS; i++) {
        series_destroy(&h->gate[i]);
        series_destroy(&h->temp[i]);
    }
    free(h->marks);
    *h = (struct history){0};
}
