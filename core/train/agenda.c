#include "core/train/agenda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int grow(struct agenda *a, size_t room, struct error *e) {
    struct command *lines = realloc(a->lines, (room ? room : 1) * sizeof *lines);
    if (lines)
        a->lines = lines;
    bool *fired = lines ? realloc(a->fired, (room ? room : 1) * sizeof *fired) : NULL;
    if (fired)
        a->fired = fired;
    bool *marked = fired ? realloc(a->marked_fired, (room ? room : 1) * sizeof *marked) : NULL;
    if (!marked)
        return error_set(e, ERROR_MEMORY, "not enough memory for a script of %zu lines", room);
    a->marked_fired = marked;
    a->room = room;
    return 0;
}

int agenda_create(struct agenda *a, const struct command *lines, size_t count, struct error *e) {
    *a = (struct agenda){0};
    if (grow(a, count, e) < 0) {
        agenda_destroy(a);
        return ERROR_MEMORY;
    }
    if (count)
        memcpy(a->lines, lines, count * sizeof *lines);
    memset(a->fired, 0, count * sizeof *a->fired);
    a->count = count;
    return 0;
}

void agenda_destroy(struct agenda *a) {
    free(a->lines);
    free(a->fired);
    free(a->marked_fired);
    *a = (struct agenda){0};
}

int agenda_add(struct agenda *a, const struct command *line, struct error *e) {
    if (a->count == a->room && grow(a, a->room * 2 + 8, e) < 0)
        return ERROR_MEMORY;
    /* Before the cursor, as if the script had come to it. */
    memmove(a->lines + a->cursor + 1, a->lines + a->cursor, (a->count - a->cursor) * sizeof *a->lines);
    memmove(a->fired + a->cursor + 1, a->fired + a->cursor, (a->count - a->cursor) * sizeof *a->fired);
    a->lines[a->cursor] = *line;
    a->fired[a->cursor++] = false;
    a->count++;
    return 0;
}

static bool is_due(const struct command *c, const struct agenda_moment *now) {
    return c->at == MOMENT_STEP ? c->at_number <= now->step : c->at_number <= now->epoch;
}

static bool is_over(const struct command *wait, const struct agenda_moment *now) {
    switch (wait->until) {
    case MOMENT_STEP:
        return now->finished || wait->until_number <= now->step;
    case MOMENT_EPOCH:
        return now->finished || wait->until_number <= now->epoch;
    default:
        return now->finished;
    }
}

static struct command *first_due(struct agenda *a, const struct agenda_moment *now) {
    for (size_t i = 0; i < a->cursor; i++)
        if (!a->fired[i] && is_due(&a->lines[i], now)) {
            a->fired[i] = true;
            a->taken = i + 1;
            return &a->lines[i];
        }
    return NULL;
}

const struct command *agenda_next(struct agenda *a, const struct agenda_moment *now) {
    a->taken = 0;
    for (;;) {
        struct command *c = first_due(a, now);
        if (c)
            return c;
        if (a->stepping && now->step < a->until_step && !now->finished)
            return NULL;
        a->stepping = false;
        if (a->cursor == a->count)
            return NULL;
        c = &a->lines[a->cursor];
        if (c->verb == COMMAND_WAIT && !is_over(c, now))
            return NULL;
        a->fired[a->cursor++] = c->at == MOMENT_NOW;
        if (c->at != MOMENT_NOW || c->verb == COMMAND_WAIT)
            continue;
        if (c->verb == COMMAND_STEP) {
            a->stepping = true;
            a->until_step = now->step + c->count;
        }
        a->taken = a->cursor;
        return c;
    }
}

void agenda_retake(struct agenda *a) {
    if (!a->taken)
        return;
    size_t line = a->taken - 1;
    a->fired[line] = false;
    if (a->lines[line].at == MOMENT_NOW)
        a->cursor = line;
    a->taken = 0;
}

void agenda_mark(struct agenda *a) {
    memcpy(a->marked_fired, a->fired, a->cursor * sizeof *a->fired);
    a->marked_cursor = a->cursor;
    a->marked_stepping = a->stepping;
    a->marked_until_step = a->until_step;
}

void agenda_rewind(struct agenda *a) {
    /* Lines that agenda_add() put in since stand behind the marked cursor, and are come to again. */
    memcpy(a->fired, a->marked_fired, a->marked_cursor * sizeof *a->fired);
    a->cursor = a->marked_cursor;
    a->stepping = a->marked_stepping;
    a->until_step = a->marked_until_step;
}

const struct command *agenda_unfired(const struct agenda *a) {
    for (size_t i = 0; i < a->cursor; i++)
        if (!a->fired[i])
            return &a->lines[i];
    return NULL;
}

const struct command *agenda_unfired_expect(const struct agenda *a) {
    for (size_t i = 0; i < a->cursor; i++)
        if (!a->fired[i] && a->lines[i].verb == COMMAND_EXPECT)
            return &a->lines[i];
    return NULL;
}

void agenda_line(const struct command *c, char *out, size_t size) {
    if (c->at == MOMENT_NOW)
        snprintf(out, size, "%s", c->line);
    else
        snprintf(out, size, "at %s %llu %s", c->at == MOMENT_STEP ? "step" : "epoch", (unsigned long long)c->at_number,
                 c->line);
}

/* What is left of a `step` line. */
static void put_wait(const struct agenda *a, FILE *f) {
    if (a->stepping)
        fprintf(f, "wait step %llu\n", (unsigned long long)a->until_step);
}

char *agenda_text(const struct agenda *a) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return NULL;
    for (size_t i = 0; i < a->count; i++) {
        char line[COMMAND_TEXT + 64];
        /* Where the cursor stands: lines put down before it must not come to stand behind the wait. */
        if (i == a->cursor)
            put_wait(a, f);
        if (i < a->cursor && a->fired[i])
            continue;
        agenda_line(&a->lines[i], line, sizeof line);
        fprintf(f, "%s\n", line);
    }
    if (a->cursor == a->count)
        put_wait(a, f);
    return fclose(f) == 0 ? text : NULL;
}
