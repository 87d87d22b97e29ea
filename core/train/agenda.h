/* The script of a run while it is carried out: where its cursor stands, and which `at` lines have fired.
 *
 *     struct agenda a;
 *     agenda_create(&a, commands, count, &err);
 *     while ((c = agenda_next(&a, &now)))
 *         carry_out(c);                     // until a wait holds it, or nothing is left
 *
 * Lines run from the top; an `at` line is put down for its moment when the cursor comes to it. At one moment the lines
 * put down for it come in the order of the script, before the cursor goes on. The trainer's thread. */
#ifndef CORE_TRAIN_AGENDA_H
#define CORE_TRAIN_AGENDA_H

#include "core/train/command.h"

struct agenda {
    struct command *lines; /* [count], owned */
    bool *fired;           /* [count], of lines before the cursor: done */
    size_t count, room, cursor;
    size_t taken;        /* 1 + the line that agenda_next() handed out last; 0: none */
    uint64_t until_step; /* a `step` line holds the cursor until then */
    bool stepping;
    bool *marked_fired; /* what agenda_mark() saw */
    size_t marked_cursor;
    uint64_t marked_until_step;
    bool marked_stepping;
};

struct agenda_moment {
    uint64_t step, epoch;
    bool finished; /* the run is complete */
};

int agenda_create(struct agenda *a, const struct command *lines, size_t count, struct error *e);
void agenda_destroy(struct agenda *a); /* a zeroed one is accepted */

/* Puts an `at` line down from outside the script (the keyboard). */
int agenda_add(struct agenda *a, const struct command *line, struct error *e);

/* The next line to carry out at this moment, NULL: none. Valid until agenda_add(). `wait` and `step` lines hold the
 * cursor and are not handed out; a `step` line is, once, when it is come to. */
const struct command *agenda_next(struct agenda *a, const struct agenda_moment *now);

/* The line that agenda_next() handed out last was interrupted: it is next once more. Nothing where it gave none. */
void agenda_retake(struct agenda *a);

/* Remembers how far the script is; agenda_rewind() goes back there. Nothing is allocated. */
void agenda_mark(struct agenda *a);
void agenda_rewind(struct agenda *a);

/* The first `at` line put down whose moment has not come, or the first such `expect`; NULL: none. */
const struct command *agenda_unfired(const struct agenda *a);
const struct command *agenda_unfired_expect(const struct agenda *a);

/* The lines that are left, as a script; malloc'd, NULL: no memory. */
char *agenda_text(const struct agenda *a);

/* "at step N LINE" into out. */
void agenda_line(const struct command *c, char *out, size_t size);

#endif
