#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "views/export_private.h"

bool export_has_suffix(const char *path, const char *suffix) {
    size_t n = strlen(path), m = strlen(suffix);
    return n > m && strcasecmp(path + n - m, suffix) == 0;
}

int export_open(struct export_file *x, const char *path, struct error *e) {
    if (strlen(path) >= sizeof x->path)
        return error_set(e, ERROR_USAGE, "%.100s...: the path is too long", path);
    snprintf(x->path, sizeof x->path, "%s", path);
    snprintf(x->part, sizeof x->part, "%s.%ld.part", path, (long)getpid());
    x->f = fopen(x->part, "we");
    return x->f ? 0 : error_set(e, ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
}

int export_close(struct export_file *x, bool keep, struct error *e) {
    int why = ferror(x->f) ? EIO : 0;
    if (!why && keep && (fflush(x->f) != 0 || fsync(fileno(x->f)) != 0))
        why = errno;
    if (fclose(x->f) != 0 && !why)
        why = errno;
    if (!why && keep && rename(x->part, x->path) < 0)
        why = errno;
    if (!keep || why)
        unlink(x->part);
    return keep && why ? error_set(e, ERROR_IO, "%s: cannot be written: %s", x->path, strerror(why)) : 0;
}

void export_text(const struct canvas *c, FILE *f) {
    const struct cell *row = c->cells;
    for (int y = 0; y < c->height; y++, row += c->width) {
        int end = c->width;
        while (end > 0 && row[end - 1].glyph == ' ')
            end--;
        for (int x = 0; x < end; x++) {
            char text[5];
            if (row[x].glyph)
                fputs(canvas_encode(row[x].glyph, text), f);
        }
        fputc('\n', f);
    }
}

/* ISO 8613-6 colours: `which` is 38 for ink, 48 for paper. */
static void put_color(int which, uint32_t rgb, int colors, FILE *f) {
    unsigned red = rgb >> 16 & 0xff, green = rgb >> 8 & 0xff, blue = rgb & 0xff;
    if (rgb == CANVAS_DEFAULT)
        fprintf(f, "\33[%dm", which + 1);
    else if (colors > 256)
        fprintf(f, "\33[%d;2;%u;%u;%um", which, red, green, blue);
    else
        fprintf(f, "\33[%d;5;%dm", which, theme_palette(rgb));
}

void export_colored(const struct canvas *c, int colors, FILE *f) {
    const struct cell *row = c->cells;
    if (colors < 256) {
        export_text(c, f);
        return;
    }
    for (int y = 0; y < c->height; y++, row += c->width) {
        uint32_t ink = CANVAS_DEFAULT, paper = CANVAS_DEFAULT;
        for (int x = 0; x < c->width; x++) {
            char text[5];
            const struct style *s = &row[x].style;
            if (s->ink != ink)
                put_color(38, ink = s->ink, colors, f);
            if (s->paper != paper)
                put_color(48, paper = s->paper, colors, f);
            if (row[x].glyph)
                fputs(canvas_encode(row[x].glyph, text), f);
        }
        fputs("\33[0m\n", f);
    }
}

int export_screen(const struct canvas *c, const struct paint *p, const char *path, struct error *e) {
    struct export_file x;
    bool svg = export_has_suffix(path, ".svg");
    if (!svg && !export_has_suffix(path, ".txt"))
        return error_set(e, ERROR_USAGE, "%.200s: a screenshot's name ends in .svg or .txt", path);
    int r = export_open(&x, path, e);
    if (r < 0)
        return r;
    if (svg)
        export_svg(c, p, x.f);
    else
        export_text(c, x.f);
    return export_close(&x, true, e);
}
