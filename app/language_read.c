#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/language.h"

/* Line numbers beside the commands, for errors of the whole script. */
struct reader {
    const char *name;
    struct script script;
    size_t *lines; /* [room] */
    size_t room;
};

static int reader_reserve(struct reader *r, struct error *e) {
    if (r->script.count < r->room)
        return 0;
    size_t room = r->room ? 2 * r->room : 16;
    struct command *commands = reallocarray(r->script.commands, room, sizeof *commands);
    if (commands)
        r->script.commands = commands;
    size_t *lines = reallocarray(r->lines, room, sizeof *lines);
    if (lines)
        r->lines = lines;
    if (!commands || !lines)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory for %zu commands", r->name, room);
    r->room = room;
    return 0;
}

static int reader_take(struct reader *r, char *line, size_t length, size_t number, struct error *e) {
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        line[--length] = 0;
    if (strlen(line) != length)
        return error_set(e, ERROR_USAGE, "%s:%zu: found a byte 0, expected text", r->name, number);
    char first = line[strspn(line, " \t")];
    if (!first || first == '#')
        return 0;
    int result = reader_reserve(r, e);
    if (result < 0)
        return result;
    char origin[4096];
    snprintf(origin, sizeof origin, "%.*s:%zu", (int)sizeof origin - 32, r->name, number);
    result = language_parse(line, origin, &r->script.commands[r->script.count], e);
    if (result < 0)
        return error_prefix(e, result, "%s:%zu: ", r->name, number);
    r->lines[r->script.count++] = number;
    return 0;
}

int language_read(struct script *out, FILE *f, const char *name, struct error *e) {
    struct reader r = {.name = name};
    char *line = NULL;
    size_t room = 0, bad;
    int result = 0;
    ssize_t length;
    for (size_t number = 1; result == 0 && (length = getline(&line, &room, f)) >= 0; number++)
        result = reader_take(&r, line, (size_t)length, number, e);
    if (result == 0 && ferror(f))
        result = error_set(e, ERROR_IO, "%s: cannot be read: %s", name, strerror(errno));
    if (result == 0 && (result = script_check(&r.script, &bad, e)) < 0)
        error_prefix(e, result, "%s:%zu: ", name, r.lines[bad]);
    if (result < 0)
        script_free(&r.script);
    free(r.lines);
    free(line);
    *out = r.script;
    return result;
}

int language_read_text(struct script *out, const char *text, const char *name, struct error *e) {
    *out = (struct script){0};
    size_t size = strlen(text);
    if (!size) /* which fmemopen() refuses */
        return 0;
    FILE *f = fmemopen((char *)(uintptr_t)text, size, "r");
    if (!f)
        return error_set(e, ERROR_MEMORY, "%s: not enough memory to read it", name);
    int r = language_read(out, f, name, e);
    fclose(f);
    return r;
}
