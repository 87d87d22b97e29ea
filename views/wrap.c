#include "views/wrap.h"

#include <stdio.h>
#include <string.h>

/* Columns of the next character of *text, which moves on. */
static int next_columns(const char **text) {
    char one[5];
    if (**text >= ' ' && **text <= '~') { /* nearly all of them */
        ++*text;
        return 1;
    }
    canvas_encode(canvas_next_code(text), one);
    return canvas_columns(one);
}

size_t wrap_bytes(const char *text, int width) {
    const char *at = text, *blank = NULL;
    int columns = 0;
    size_t most = width > 0 ? (size_t)width : 1, n = strnlen(text, most + 1);
    if (n <= most) /* no text has more columns than bytes */
        return n;
    while (*at) {
        const char *before = at;
        columns += next_columns(&at);
        if (columns > (int)most)
            return (size_t)((*before == ' ' ? before : blank ? blank : before > text ? before : at) - text);
        /* The blank behind a word, not one that leads the row. */
        if (*before == ' ' && before > text && before[-1] != ' ')
            blank = before;
    }
    return (size_t)(at - text);
}

const char *wrap_next(const char *text, int width) {
    text += wrap_bytes(text, width);
    return text + strspn(text, " ");
}

int wrap_rows(const char *text, int width) {
    int rows = 0;
    do {
        text = wrap_next(text, width);
        rows++;
    } while (*text);
    return rows;
}

bool wrap_holds(const char *text, const char *part) {
    return !*part || strcasestr(text, part);
}

static void print(struct canvas *c, struct area a, int y, int x, struct style s, const char *from, const char *to) {
    canvas_print(c, a, y, x, s, "%.*s", (int)(to - from), from);
}

/* The parts of the row from `row` to `end` that belong to a match, which may begin or end in another row. */
static void mark_row(struct canvas *c, struct area a, int y, int x, const char *text, const char *row, const char *end,
                     const struct wrap_mark *m) {
    size_t n = strlen(m->text);
    for (const char *found = strcasestr(text, m->text); found && found < end; found = strcasestr(found + n, m->text)) {
        const char *from = found > row ? found : row, *to = found + n < end ? found + n : end;
        if (to <= from)
            continue;
        int before = 0;
        for (const char *at = row; at < from;)
            before += next_columns(&at);
        print(c, a, y, x + before, m->style, from, to);
    }
}

int wrap_draw(struct canvas *c, struct area a, int y, int x, struct style s, const char *text,
              const struct wrap_mark *m) {
    int width = a.width - x, rows = 0;
    const char *row = text;
    do {
        const char *end = row + wrap_bytes(row, width);
        if (c && y + rows >= 0 && y + rows < a.height) {
            print(c, a, y + rows, x, s, row, end);
            if (m && *m->text)
                mark_row(c, a, y + rows, x, text, row, end, m);
        }
        row = end + strspn(end, " ");
        rows++;
    } while (*row);
    return rows;
}

/* The longest start of the text in `width` columns. */
static size_t head_bytes(const char *text, int width) {
    const char *at = text, *end = text;
    for (int columns = 0; *at;) {
        columns += next_columns(&at);
        if (columns > width)
            break;
        end = at;
    }
    return (size_t)(end - text);
}

const char *wrap_fit(const char *text, int width, bool tail, const struct paint *p, char *out, size_t size) {
    const char *dots = p->glyphs == GLYPHS_ASCII ? ".." : "\u2026";
    int columns = canvas_columns(text), room = width - canvas_columns(dots);
    if (columns <= width) {
        snprintf(out, size, "%s", text);
    } else if (room <= 0) {
        snprintf(out, size, "%.*s", (int)head_bytes(text, width), text);
    } else if (tail) {
        for (; columns > room; columns = canvas_columns(text))
            next_columns(&text);
        snprintf(out, size, "%s%s", dots, text);
    } else {
        snprintf(out, size, "%.*s%s", (int)head_bytes(text, room), text, dots);
    }
    return out;
}
