#include "app/help_screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/keys.h"
#include "app/language.h"

enum { ROOM = 400 }; /* bytes for a row's text */

struct help_rows {
    struct view_help_line *lines;
    char *text; /* where the next text goes */
    size_t count;
};

/* Texts that stand in no table are put behind the lines. */
static const char *keep(struct help_rows *r, const char *a, const char *b, const char *c) {
    char *text = r->text;
    int n = snprintf(text, ROOM, "%s%s%s", a, b, c);
    r->text += n < ROOM ? n + 1 : ROOM;
    return text;
}

static void add(struct help_rows *r, const char *section, const char *name, const char *help) {
    r->lines[r->count++] = (struct view_help_line){section, name, help};
}

struct view_help_line *help_screen_lines(bool pretrains, size_t *count) {
    size_t most = keys_count() + language_verb_count() + language_prefix_count() + screen_command_count();
    struct help_rows r = {.lines = calloc(most, sizeof(struct view_help_line) + ROOM)};
    if (!r.lines)
        return NULL;
    r.text = (char *)(r.lines + most);
    for (size_t i = 0; i < keys_count(); i++) {
        const struct key *k = keys_at(i);
        char views[120], where[128] = "";
        if (*keys_views(k, pretrains, views, sizeof views))
            snprintf(where, sizeof where, "  (%s)", views);
        if (*k->help && keys_work(k, pretrains))
            add(&r, "Keys", k->name, keep(&r, k->help, where, ""));
    }
    for (size_t i = 0; i < language_verb_count(); i++) {
        const struct language_verb *v = language_verb_at(i);
        add(&r, "Commands of the run", keep(&r, v->name, *v->syntax ? " " : "", v->syntax), v->help);
    }
    for (size_t i = 0; i < language_prefix_count(); i++) {
        const struct language_verb *v = language_prefix_at(i);
        add(&r, "Commands of the run", keep(&r, v->name, " ", v->syntax), v->help);
    }
    for (size_t i = 0; i < screen_command_count(); i++) {
        const struct screen_row *v = screen_command_at(i);
        add(&r, "Commands of the screen", keep(&r, v->name, *v->syntax ? " " : "", v->syntax), v->help);
    }
    *count = r.count;
    return r.lines;
}
