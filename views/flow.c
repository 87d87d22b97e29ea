#include "views/flow.h"

enum { GAP = 2 };

void flow_put(struct flow *f, const struct paint *p, const char *label, enum theme_role role, const char *text) {
    int first = canvas_columns(label), wide = first + (first > 0) + canvas_columns(text);
    if (f->x > 0 && f->x + GAP + wide > f->a.width) {
        f->y++;
        f->x = 0;
    }
    if (f->y >= f->a.height)
        return;
    f->x += f->x > 0 ? GAP : 0;
    if (f->c) {
        canvas_text(f->c, f->a, f->y, f->x, theme_style(p, THEME_DIM), label);
        canvas_text(f->c, f->a, f->y, f->x + first + (first > 0), theme_style(p, role), text);
    }
    f->x += wide;
}

void flow_line(struct flow *f) {
    f->y += f->x > 0;
    f->x = 0;
}
