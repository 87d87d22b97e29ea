#include "core/settings.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"
#include "core/number.h"

#define X(constant, text, help) {text, help},
static const struct setting_choice choices_METHODS[] = {METHODS(X){NULL, NULL}};
static const struct setting_choice choices_POOLS[] = {POOLS(X){NULL, NULL}};
static const struct setting_choice choices_OPTIMIZERS[] = {OPTIMIZERS(X){NULL, NULL}};
static const struct setting_choice choices_SCHEDULES[] = {SCHEDULES(X){NULL, NULL}};
static const struct setting_choice choices_PREPROCESSINGS[] = {PREPROCESSINGS(X){NULL, NULL}};
static const struct setting_choice choices_AUGMENTATIONS[] = {AUGMENTATIONS(X){NULL, NULL}};
static const struct setting_choice choices_EVAL_TESTS[] = {EVAL_TESTS(X){NULL, NULL}};
static const struct setting_choice choices_UNREADABLES[] = {UNREADABLES(X){NULL, NULL}};
#undef X

#define AT(field) offsetof(struct settings, field)
#define TEXT(field, name, value, unit, applies, help) {SETTING_TEXT, name, AT(field), 0, 0, NULL, unit, applies, help},
#define INT(field, name, value, low, high, unit, applies, help)                                                        \
    {SETTING_INT, name, AT(field), low, high, NULL, unit, applies, help},
#define REAL(field, name, value, low, high, unit, applies, help)                                                       \
    {SETTING_REAL, name, AT(field), low, high, NULL, unit, applies, help},
#define FLAG(field, name, value, unit, applies, help) {SETTING_FLAG, name, AT(field), 0, 1, NULL, unit, applies, help},
#define CHOICE(field, name, value, values, unit, applies, help)                                                        \
    {SETTING_CHOICE, name, AT(field), 0, 0, choices_##values, unit, applies, help},
static const struct setting rows[] = {
#include "core/settings.def"
};
#undef TEXT
#undef INT
#undef REAL
#undef FLAG
#undef CHOICE

enum { ROWS = sizeof rows / sizeof rows[0] };

/* Numbers the rows, and gives each heading the number of the row that follows it. */
#define GROUP(id, title) FIRST_##id, BEFORE_##id = FIRST_##id - 1,
#define TEXT(field, ...) ROW_##field,
#define INT(field, ...) ROW_##field,
#define REAL(field, ...) ROW_##field,
#define FLAG(field, ...) ROW_##field,
#define CHOICE(field, ...) ROW_##field,
enum {
#include "core/settings.def"
};
#undef TEXT
#undef INT
#undef REAL
#undef FLAG
#undef CHOICE

#define GROUP(id, title) {title, FIRST_##id},
#define TEXT(field, ...)
#define INT(field, ...)
#define REAL(field, ...)
#define FLAG(field, ...)
#define CHOICE(field, ...)
static const struct {
    const char *title;
    size_t first;
} groups[] = {
#include "core/settings.def"
};
#undef TEXT
#undef INT
#undef REAL
#undef FLAG
#undef CHOICE

size_t settings_count(void) {
    return ROWS;
}

const struct setting *settings_at(size_t i) {
    assert(i < ROWS);
    return &rows[i];
}

const struct setting *settings_find(const char *name) {
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

const char *settings_group(size_t i) {
    assert(i < ROWS);
    const char *title = "";
    for (size_t g = 0; g < sizeof groups / sizeof groups[0] && groups[g].first <= i; g++)
        title = groups[g].title;
    return title;
}

void settings_default(struct settings *s) {
    memset(s, 0, sizeof *s);
#define TEXT(field, name, value, ...) strcpy(s->field, value);
#define INT(field, name, value, ...) s->field = value;
#define REAL(field, name, value, ...) s->field = value;
#define FLAG(field, name, value, ...) s->field = value;
#define CHOICE(field, name, value, ...) s->field = value;
#include "core/settings.def"
#undef TEXT
#undef INT
#undef REAL
#undef FLAG
#undef CHOICE
}

static int set_text(const struct setting *row, char *field, const char *value, struct error *e) {
    size_t length = strlen(value);
    if (length >= SETTINGS_TEXT)
        return error_set(e, ERROR_USAGE, "%s is a text of %zu bytes, expected at most %d", row->name, length,
                         SETTINGS_TEXT - 1);
    if (value[strcspn(value, "\r\n")])
        return error_set(e, ERROR_USAGE, "%s has a line break, expected one line", row->name);
    memset(field, 0, SETTINGS_TEXT);
    memcpy(field, value, length);
    return 0;
}

static int refuse_number(const struct setting *row, const char *value, struct error *e) {
    char low[NUMBER_TEXT], high[NUMBER_TEXT];
    return error_set(e, ERROR_USAGE, "%s is \"%.80s\", expected a %s from %s to %s%s%s%s", row->name, value,
                     row->type == SETTING_INT ? "whole number" : "number", number_print(row->low, low),
                     number_print(row->high, high), *row->unit ? " (" : "", row->unit, *row->unit ? ")" : "");
}

static int set_whole(const struct setting *row, int *field, const char *value, struct error *e) {
    int64_t number;
    if (!number_whole(value, &number) || number < (int64_t)row->low || number > (int64_t)row->high)
        return refuse_number(row, value, e);
    *field = (int)number;
    return 0;
}

static int set_real(const struct setting *row, double *field, const char *value, struct error *e) {
    double number;
    if (!number_real(value, &number) || number < row->low || number > row->high)
        return refuse_number(row, value, e);
    *field = number;
    return 0;
}

static int set_flag(const struct setting *row, bool *field, const char *value, struct error *e) {
    bool on = strcmp(value, "on") == 0;
    if (!on && strcmp(value, "off") != 0)
        return error_set(e, ERROR_USAGE, "%s is \"%.80s\", expected on or off", row->name, value);
    *field = on;
    return 0;
}

static int set_choice(const struct setting *row, int *field, const char *value, struct error *e) {
    char all[256] = "";
    struct nearest near = nearest_to(value);
    for (int i = 0; row->choices[i].text; i++) {
        if (strcmp(row->choices[i].text, value) == 0) {
            *field = i;
            return 0;
        }
        size_t used = strlen(all);
        const char *between = i == 0 ? "" : row->choices[i + 1].text ? ", " : " or ";
        snprintf(all + used, sizeof all - used, "%s%s", between, row->choices[i].text);
        nearest_offer(&near, row->choices[i].text);
    }
    char hint[128];
    return error_set(e, ERROR_USAGE, "%s is \"%.80s\", expected %s%s", row->name, value, all,
                     nearest_hint(&near, "", "", hint, sizeof hint));
}

int settings_set(struct settings *s, const char *name, const char *value, struct error *e) {
    const struct setting *row = settings_find(name);
    if (!row) {
        struct nearest near = nearest_to(name);
        for (size_t i = 0; i < ROWS; i++)
            nearest_offer(&near, rows[i].name);
        char hint[128];
        return error_set(e, ERROR_USAGE, "unknown setting \"%.80s\"%s", name,
                         nearest_hint(&near, "", "see `gptui help settings`", hint, sizeof hint));
    }
    if (row == &rows[ROW_method] && strncmp(value, "partial-", 8) == 0) {
        int r = set_whole(&rows[ROW_last_blocks], &s->last_blocks, value + 8, e);
        if (r < 0)
            return r;
        value = "partial";
    }
    void *field = (char *)s + row->offset;
    switch (row->type) {
    case SETTING_TEXT:
        return set_text(row, field, value, e);
    case SETTING_INT:
        return set_whole(row, field, value, e);
    case SETTING_REAL:
        return set_real(row, field, value, e);
    case SETTING_FLAG:
        return set_flag(row, field, value, e);
    case SETTING_CHOICE:
        return set_choice(row, field, value, e);
    }
    abort(); /* a type without a parser */
}

const char *settings_get(const struct settings *s, const struct setting *row, char *out, size_t size) {
    const void *field = (const char *)s + row->offset;
    char number[NUMBER_TEXT];
    switch (row->type) {
    case SETTING_TEXT:
        snprintf(out, size, "%s", (const char *)field);
        break;
    case SETTING_INT:
        snprintf(out, size, "%d", *(const int *)field);
        break;
    case SETTING_REAL:
        snprintf(out, size, "%s", number_print(*(const double *)field, number));
        break;
    case SETTING_FLAG:
        snprintf(out, size, "%s", *(const bool *)field ? "on" : "off");
        break;
    case SETTING_CHOICE:
        snprintf(out, size, "%s", row->choices[*(const int *)field].text);
        if (row == &rows[ROW_method] && s->method == METHOD_PARTIAL)
            snprintf(out, size, "partial-%d", s->last_blocks);
        break;
    }
    return out;
}

const char *settings_choice(const char *name, int value) {
    const struct setting *row = settings_find(name);
    assert(row && row->type == SETTING_CHOICE);
    int count = 0;
    while (row->choices[count].text)
        count++;
    assert(value >= 0 && value < count);
    return row->choices[value].text;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static char *skip_blanks(char *at) {
    while (is_blank(*at))
        at++;
    return at;
}

static void cut_blanks(char *from, char *end) {
    while (end > from && is_blank(end[-1]))
        end--;
    *end = 0;
}

/* Undoes "quoted \"text\"" in place; `text` points at the opening quote. NULL: no closing quote, else what follows it.
 */
static char *unquote(char *text) {
    char *to = text;
    for (char *from = text + 1; *from; from++) {
        if (*from == '"') {
            *to = 0;
            return from + 1;
        }
        if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
            from++;
        *to++ = *from;
    }
    return NULL;
}

/* A comment starts at a # that no value runs into. */
static void cut_comment(char *text) {
    for (char *at = text; *at; at++)
        if (*at == '#' && (at == text || is_blank(at[-1]))) {
            *at = 0;
            return;
        }
}

static int split_line(char *line, char **name, char **value, struct error *e) {
    *name = skip_blanks(line);
    *value = NULL;
    if (!**name || **name == '#') {
        *name = NULL;
        return 0;
    }
    char *equals = strchr(*name, '=');
    if (!equals)
        return error_set(e, ERROR_USAGE, "\"%.80s\" is no setting, expected \"name = value\"", *name);
    cut_blanks(*name, equals);
    *value = skip_blanks(equals + 1);
    if (**value != '"') {
        cut_comment(*value);
        cut_blanks(*value, *value + strlen(*value));
        return 0;
    }
    char *rest = unquote(*value);
    if (!rest)
        return error_set(e, ERROR_USAGE, "the text of %.80s has no closing quote", *name);
    rest = skip_blanks(rest);
    if (*rest && *rest != '#')
        return error_set(e, ERROR_USAGE, "\"%.80s\" follows the quoted text of %.80s, expected nothing", rest, *name);
    return 0;
}

int settings_each(const char *path, settings_take *take, void *context, struct error *e) {
    FILE *f = fopen(path, "re");
    if (!f)
        return error_set(e, ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    char *line = NULL, *name = NULL, *value = NULL;
    size_t room = 0;
    int result = 0;
    ssize_t length;
    for (size_t number = 1; result == 0 && (length = getline(&line, &room, f)) >= 0; number++) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = 0;
        if (strlen(line) != (size_t)length)
            result = error_set(e, ERROR_USAGE, "a byte 0 in the line, expected text");
        else
            result = split_line(line, &name, &value, e);
        if (result == 0 && name)
            result = take(context, name, value, e);
        if (result < 0)
            error_prefix(e, result, "%s:%zu: ", path, number);
    }
    if (result == 0 && ferror(f))
        result = error_set(e, ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    free(line);
    fclose(f);
    return result;
}

static int take_setting(void *settings, const char *name, const char *value, struct error *e) {
    return settings_set(settings, name, value, e);
}

int settings_read(struct settings *s, const char *path, struct error *e) {
    return settings_each(path, take_setting, s, e);
}

static bool needs_quotes(const char *text) {
    size_t length = strlen(text);
    return length == 0 || is_blank(text[0]) || is_blank(text[length - 1]) || text[0] == '"' || strchr(text, '#');
}

void settings_write_line(const char *name, const char *value, FILE *f) {
    if (!needs_quotes(value)) {
        fprintf(f, "%s = %s\n", name, value);
        return;
    }
    fprintf(f, "%s = \"", name);
    for (const char *at = value; *at; at++)
        fprintf(f, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
    fprintf(f, "\"\n");
}

int settings_write(const struct settings *s, FILE *f) {
    for (size_t i = 0; i < ROWS; i++) {
        char value[SETTINGS_TEXT];
        settings_write_line(rows[i].name, settings_get(s, &rows[i], value, sizeof value), f);
    }
    return ferror(f) ? ERROR_IO : 0;
}
