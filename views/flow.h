/* Facts side by side that go on in the next row where they do not fit: "val #17  loss 0.412  hidden 27 of 36".
 *
 *     struct flow f = {.c = canvas, .a = area};
 *     flow_put(&f, &paint, "loss", THEME_TITLE, "0.412");
 *     flow_line(&f);                                       // what follows begins a row
 *     ... f.y rows are taken
 *
 * Without a canvas it is measured only. Pure. */
#ifndef VIEWS_FLOW_H
#define VIEWS_FLOW_H

#include "views/theme.h"

struct flow {
    struct canvas *c; /* NULL: nothing is drawn */
    struct area a;
    int y, x; /* where the next one goes */
};

/* A dim label ("": none) and its value, kept together; left out where no row is left. */
void flow_put(struct flow *f, const struct paint *p, const char *label, enum theme_role role, const char *text);
void flow_line(struct flow *f);

#endif
