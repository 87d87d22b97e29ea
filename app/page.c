#include "app/page.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DETAIL = 12 }; /* columns for the name of a detail */
#define KEPT_BLANK '\x1f'

int page_width(FILE *f) {
    struct winsize size;
    if (!isatty(fileno(f)) || ioctl(fileno(f), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < 40 ? 40 : size.ws_col > 100 ? 100 : size.ws_col;
}

void page_keep(char *text) {
    for (; *text; text++)
        if (*text == ' ')
            *text = KEPT_BLANK;
}

/* Text for troff: nothing in it is a request or an escape, and dashes and quotes stay ASCII when rendered. */
static void put_troff(FILE *f, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if ((i == 0 || text[i - 1] == '\n') && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", f);
        switch (text[i]) {
        case '\\':
            fputs("\\e", f);
            break;
        case '-':
            fputs("\\-", f);
            break;
        case '\'':
            fputs("\\(aq", f);
            break;
        case '`':
            fputs("\\(ga", f);
            break;
        case '^':
            fputs("\\(ha", f);
            break;
        case '~':
            fputs("\\(ti", f);
            break;
        case KEPT_BLANK:
            fputs("\\ ", f);
            break;
        case '\n':
            fputs("\n.br\n", f);
            break;
        default:
            fputc(text[i], f);
        }
    }
}

static void put_all_troff(FILE *f, const char *text) {
    put_troff(f, text, strlen(text));
}

static void put_blanks(FILE *f, int count) {
    fprintf(f, "%*s", count > 0 ? count : 0, "");
}

/* Prints `length` bytes of text between the columns `indent` and `width`; the line stands at `indent` already. */
static void put_wrapped(const struct page *p, int indent, const char *text, size_t length) {
    const char *end = text + length;
    for (int column = indent; text < end;) {
        if (*text == '\n') {
            fputc('\n', p->f);
            put_blanks(p->f, indent);
            column = indent;
            text++;
            continue;
        }
        int blanks = (int)strspn(text, " "), word = (int)strcspn(text + blanks, " \n");
        if (text + blanks + word > end)
            word = (int)(end - text) - blanks;
        if (column > indent && column + blanks + word > p->width) {
            fputc('\n', p->f);
            put_blanks(p->f, indent);
            column = indent;
            blanks = 0;
            text += strspn(text, " ");
        }
        column += blanks + word;
        for (const char *stop = text + blanks + word; text < stop; text++)
            fputc(*text == KEPT_BLANK ? ' ' : *text, p->f);
    }
    fputc('\n', p->f);
}

/* An empty line between parts of different kinds, but none below a heading. */
static void begin(struct page *p, enum page_part part) {
    bool apart = p->last != PAGE_NOTHING && p->last != PAGE_HEADING && (p->last != part || part == PAGE_PARAGRAPH);
    if (p->form == PAGE_TEXT && apart)
        fputc('\n', p->f);
    p->last = part;
}

void page_heading(struct page *p, const char *title) {
    if (p->form == PAGE_TEXT) {
        fprintf(p->f, "%s%s\n", p->last == PAGE_NOTHING ? "" : "\n", title);
    } else {
        fputs(".SH ", p->f);
        for (; *title; title++)
            fputc(toupper((unsigned char)*title), p->f);
        fputc('\n', p->f);
    }
    p->last = PAGE_HEADING;
}

void page_subheading(struct page *p, const char *title) {
    if (p->form == PAGE_TEXT)
        fprintf(p->f, "%s%s\n", p->last == PAGE_NOTHING ? "" : "\n", title);
    else
        fprintf(p->f, ".SS %s\n", title);
    p->last = PAGE_HEADING;
}

/* Prints a line, or lines to be joined, of `length` bytes. */
static void put_lines(const struct page *p, const char *text, size_t length) {
    if (p->form == PAGE_TEXT) {
        put_wrapped(p, 0, text, length);
    } else {
        put_troff(p->f, text, length);
        fputc('\n', p->f);
    }
}

static void put_paragraph(const struct page *p, const char *text, const char *end) {
    char joined[4096];
    size_t used = 0;
    for (; text < end; text += strspn(text, "\n")) {
        size_t length = strcspn(text, "\n");
        bool kept = *text == ' ';
        if (used > 0 && (kept || used + 1 + length > sizeof joined)) {
            put_lines(p, joined, used);
            used = 0;
        }
        if (kept || length + 1 > sizeof joined) {
            put_lines(p, text, length);
        } else {
            if (used > 0)
                joined[used++] = ' ';
            memcpy(joined + used, text, length);
            used += length;
            joined[used] = 0; /* looked at, not printed */
        }
        text += length;
    }
    if (used > 0)
        put_lines(p, joined, used);
}

void page_text(struct page *p, const char *text) {
    while (*text) {
        const char *end = strstr(text, "\n\n");
        if (!end)
            end = text + strlen(text);
        begin(p, PAGE_PARAGRAPH);
        if (p->form == PAGE_MAN)
            fputs(".PP\n", p->f);
        put_paragraph(p, text, end);
        text = end + strspn(end, "\n");
    }
}

void page_item(struct page *p, const char *name, const char *argument, const char *text) {
    bool has_argument = argument && *argument;
    begin(p, PAGE_ITEM);
    if (p->form == PAGE_MAN) {
        fputs(".TP\n\\fB", p->f);
        put_all_troff(p->f, name);
        fputs("\\fR", p->f);
        if (has_argument) {
            fputs(" \\fI", p->f);
            put_all_troff(p->f, argument);
            fputs("\\fR", p->f);
        }
        fputc('\n', p->f);
        put_all_troff(p->f, text);
        fputc('\n', p->f);
        return;
    }
    int used = fprintf(p->f, "  %s%s%s", name, has_argument ? " " : "", has_argument ? argument : "");
    if (used + 2 > p->column) {
        fputc('\n', p->f);
        used = 0;
    }
    put_blanks(p->f, p->column - used);
    put_wrapped(p, p->column, text, strlen(text));
}

void page_detail(struct page *p, const char *name, const char *text) {
    if (p->form == PAGE_MAN) {
        fputs(".br\n\\fB", p->f);
        put_all_troff(p->f, name);
        fputs("\\fR: ", p->f);
        put_all_troff(p->f, text);
        fputc('\n', p->f);
        return;
    }
    put_blanks(p->f, p->column + 2);
    int used = fprintf(p->f, "%s", name);
    put_blanks(p->f, used < DETAIL ? DETAIL - used : 2);
    put_wrapped(p, p->column + 2 + DETAIL, text, strlen(text));
}

void page_example(struct page *p, const char *line) {
    begin(p, PAGE_EXAMPLE);
    if (p->form == PAGE_TEXT) {
        fprintf(p->f, "  %s\n", line);
        return;
    }
    fputs(".PP\n.RS\n.nf\n", p->f);
    put_all_troff(p->f, line);
    fputs("\n.fi\n.RE\n", p->f);
}
