#include <string.h>

#include "views/reconstruction_private.h"

enum {
    GAP = 2,        /* columns between panes, and between small pictures */
    LEAST = 4,      /* rows of a picture for all three to be shown */
    SMALL = 3,      /* rows of a picture of the strip, least and most */
    SMALL_MOST = 6, /* */
    STRIP_REST = 3  /* rows of the strip beside its pictures: a blank, what it is, numbers */
};

static int min(int a, int b) {
    return a < b ? a : b;
}

/* Rows of a picture where `count` of them stand side by side. */
static int rows_across(struct area body, int count, int title) {
    return min((body.width - (count - 1) * GAP) / (2 * count), body.height - title);
}

static int rows_stacked(struct area body, int title) {
    return min(body.width / 2, body.height / RECONSTRUCTION_PANES - title);
}

/* Lays out the panes. Returns the rows that they take. */
static int place(struct area body, struct reconstruction_layout *out) {
    int title = body.height > 2, count = RECONSTRUCTION_PANES, rows = rows_across(body, count, title);
    bool stacked = rows_stacked(body, title) > rows && rows_stacked(body, title) >= LEAST;
    if (stacked)
        rows = rows_stacked(body, title);
    while (!stacked && rows < LEAST && count > 1)
        if (rows_across(body, --count, title) > rows)
            rows = rows_across(body, count, title);
        else
            break;
    if (rows <= 0)
        return 0;
    out->panes = count;
    out->title = title;
    for (int i = 0; i < count; i++) {
        out->kind[i] = (enum reconstruction_pane)(RECONSTRUCTION_PANES - count + i);
        int y = stacked ? i * (title + rows) : 0, x = stacked ? 0 : i * (2 * rows + GAP);
        out->pane[i] = canvas_part(body, y, x, title + rows, stacked ? body.width : 2 * rows + GAP);
    }
    return (title + rows) * (stacked ? count : 1);
}

/* Whole pages of the split's images, so that its pictures stay while one is chosen after the other. */
static void place_strip(struct area a, int left, size_t images, uint32_t image, struct reconstruction_layout *out) {
    int rows = min(left - STRIP_REST, SMALL_MOST);
    if (rows < SMALL || images < 2)
        return;
    out->across = min(min(a.width / (2 * rows + GAP), LOOK_PICTURES), (int)(images < 64 ? images : 64));
    if (out->across < 2)
        return;
    out->first = image / (uint32_t)out->across * (uint32_t)out->across;
    out->strip = canvas_part(a, a.height - rows - 2, 0, rows + 2, a.width);
}

void reconstruction_layout_make(struct area a, int head, int numbers, size_t images, uint32_t image,
                                struct reconstruction_layout *out) {
    memset(out, 0, sizeof *out);
    head = min(head, a.height);
    numbers = min(numbers, a.height - head);
    struct area body = canvas_part(a, head, 0, a.height - head - numbers, a.width);
    out->head = canvas_part(a, 0, 0, head, a.width);
    int taken = place(body, out);
    out->numbers = canvas_part(a, head + taken, 0, numbers, a.width);
    place_strip(a, body.height - taken, images, image, out);
}

struct area reconstruction_layout_small(const struct reconstruction_layout *o, int i) {
    int rows = o->strip.height - 2;
    return canvas_part(o->strip, 1, i * (2 * rows + GAP), rows, 2 * rows);
}

int reconstruction_layout_hit(const struct reconstruction_layout *o, int y, int x) {
    for (int i = 0; i < o->across && o->strip.height > 0; i++) {
        struct area m = reconstruction_layout_small(o, i);
        if (y >= m.y && y <= m.y + m.height && x >= m.x && x < m.x + m.width)
            return i;
    }
    return -1;
}
