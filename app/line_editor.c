#include "app/line_editor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop_offers(struct line_editor *p) {
    for (char **o = p->offers; *o; o++) {
        free(*o);
        *o = NULL;
    }
    p->offered = -1;
}

static void set_text(struct line_editor *p, const char *text) {
    snprintf(p->text, sizeof p->text, "%s", text);
    p->length = p->cursor = (int)strlen(p->text);
}

void line_editor_open(struct line_editor *p, const char *text) {
    drop_offers(p);
    set_text(p, text);
    p->history_at = p->history_count;
    p->open = true;
}

void line_editor_close(struct line_editor *p) {
    drop_offers(p);
    p->open = false;
}

void line_editor_destroy(struct line_editor *p) {
    drop_offers(p);
    for (int i = 0; i < p->history_count; i++)
        free(p->history[i]);
    *p = (struct line_editor){0};
}

/* A line that is the last one already is not kept twice. */
static void keep(struct line_editor *p) {
    if (p->length == 0 || (p->history_count && strcmp(p->history[p->history_count - 1], p->text) == 0))
        return;
    char *copy = strdup(p->text);
    if (!copy)
        return;
    if (p->history_count == LINE_EDITOR_HISTORY) {
        free(p->history[0]);
        memmove(p->history, p->history + 1, (LINE_EDITOR_HISTORY - 1) * sizeof *p->history);
        p->history_count--;
    }
    p->history[p->history_count++] = copy;
}

static void recall(struct line_editor *p, int by) {
    int to = p->history_at + by;
    if (to < 0 || to > p->history_count)
        return;
    if (p->history_at == p->history_count)
        memcpy(p->draft, p->text, sizeof p->draft);
    p->history_at = to;
    set_text(p, to == p->history_count ? p->draft : p->history[to]);
}

static void erase(struct line_editor *p, int from, int to) {
    memmove(p->text + from, p->text + to, (size_t)(p->length - to) + 1);
    p->length -= to - from;
    p->cursor = from;
}

void line_editor_insert(struct line_editor *p, const char *text) {
    int n = (int)strlen(text);
    if (p->length + n >= LINE_EDITOR_TEXT)
        return;
    memmove(p->text + p->cursor + n, p->text + p->cursor, (size_t)(p->length - p->cursor) + 1);
    memcpy(p->text + p->cursor, text, (size_t)n);
    p->length += n;
    p->cursor += n;
}

static bool is_tail(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

static int before(const struct line_editor *p, int at) {
    while (at > 0 && is_tail(p->text[--at]))
        ;
    return at;
}

static int after(const struct line_editor *p, int at) {
    if (at < p->length)
        at++;
    while (at < p->length && is_tail(p->text[at]))
        at++;
    return at;
}

static int word_before(const struct line_editor *p, int at) {
    while (at > 0 && p->text[at - 1] == ' ')
        at--;
    while (at > 0 && p->text[at - 1] != ' ')
        at--;
    return at;
}

static void add_offer(void *prompt, const char *offer) {
    struct line_editor *p = prompt;
    int n = 0;
    while (p->offers[n]) {
        if (strcmp(p->offers[n], offer) == 0)
            return;
        n++;
    }
    if (n < LINE_EDITOR_OFFERS)
        p->offers[n] = strdup(offer);
}

/* Bytes that all offers begin with. */
static int common(const struct line_editor *p) {
    int n = (int)strlen(p->offers[0]);
    for (int i = 1; p->offers[i]; i++) {
        int k = 0;
        while (k < n && p->offers[0][k] == p->offers[i][k])
            k++;
        n = k;
    }
    return n;
}

static void put_offer(struct line_editor *p, const char *offer, int length) {
    char part[LINE_EDITOR_TEXT];
    snprintf(part, sizeof part, "%.*s", length, offer);
    erase(p, p->word, p->cursor);
    line_editor_insert(p, part);
}

/* The first Tab writes what all offers share, and the whole of a single one; the next ones go through them. */
static void complete_word(struct line_editor *p, int by, line_editor_complete_fn *complete, void *source) {
    int count = 0;
    if (!p->offers[0]) {
        complete(source, p->text, p->cursor, &p->word, add_offer, p);
        if (!p->offers[0])
            return;
        int shared = common(p);
        bool more = shared > p->cursor - p->word;
        if (!p->offers[1]) {
            int n = (int)strlen(p->offers[0]);
            put_offer(p, p->offers[0], n);
            if (n && p->offers[0][n - 1] != '/' && p->offers[0][n - 1] != ':' && p->offers[0][n - 1] != '.')
                line_editor_insert(p, " ");
            drop_offers(p);
            return;
        }
        if (more) {
            put_offer(p, p->offers[0], shared);
            return;
        }
    }
    while (p->offers[count])
        count++;
    p->offered = p->offered < 0 ? (by > 0 ? 0 : count - 1) : (p->offered + by + count) % count;
    put_offer(p, p->offers[p->offered], (int)strlen(p->offers[p->offered]));
}

enum edit {
    EDIT_NOTHING,
    EDIT_LEFT,
    EDIT_RIGHT,
    EDIT_HOME,
    EDIT_END,
    EDIT_BACK,
    EDIT_DELETE,
    EDIT_WORD,
    EDIT_START,
    EDIT_REST,
    EDIT_OLDER,
    EDIT_NEWER,
};

static enum edit edit_of(const char *name) {
    static const struct {
        const char *name;
        enum edit edit;
    } keys[] = {
        {"Left", EDIT_LEFT},      {"Ctrl-B", EDIT_LEFT},  {"Right", EDIT_RIGHT},   {"Ctrl-F", EDIT_RIGHT},
        {"Home", EDIT_HOME},      {"Ctrl-A", EDIT_HOME},  {"End", EDIT_END},       {"Ctrl-E", EDIT_END},
        {"Backspace", EDIT_BACK}, {"Ctrl-H", EDIT_BACK},  {"Delete", EDIT_DELETE}, {"Ctrl-D", EDIT_DELETE},
        {"Ctrl-W", EDIT_WORD},    {"Ctrl-U", EDIT_START}, {"Ctrl-K", EDIT_REST},   {"Up", EDIT_OLDER},
        {"Ctrl-P", EDIT_OLDER},   {"Down", EDIT_NEWER},   {"Ctrl-N", EDIT_NEWER},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].name, name) == 0)
            return keys[i].edit;
    return EDIT_NOTHING;
}

static enum line_editor_result edit(struct line_editor *p, enum edit what) {
    switch (what) {
    case EDIT_NOTHING:
        return LINE_EDITOR_IGNORED;
    case EDIT_LEFT:
        p->cursor = before(p, p->cursor);
        break;
    case EDIT_RIGHT:
        p->cursor = after(p, p->cursor);
        break;
    case EDIT_HOME:
        p->cursor = 0;
        break;
    case EDIT_END:
        p->cursor = p->length;
        break;
    case EDIT_BACK:
        if (p->length == 0) {
            line_editor_close(p);
            return LINE_EDITOR_LEFT;
        }
        erase(p, before(p, p->cursor), p->cursor);
        break;
    case EDIT_DELETE:
        erase(p, p->cursor, after(p, p->cursor));
        break;
    case EDIT_WORD:
        erase(p, word_before(p, p->cursor), p->cursor);
        break;
    case EDIT_START:
        erase(p, 0, p->cursor);
        break;
    case EDIT_REST:
        erase(p, p->cursor, p->length);
        break;
    case EDIT_OLDER:
        recall(p, -1);
        break;
    case EDIT_NEWER:
        recall(p, 1);
        break;
    }
    return LINE_EDITOR_CHANGED;
}

enum line_editor_result line_editor_key(struct line_editor *p, const struct screen_key *k,
                                        line_editor_complete_fn *complete, void *source) {
    char text[5];
    if (k->kind == SCREEN_KEY_MOUSE)
        return LINE_EDITOR_IGNORED;
    if (strcmp(k->name, "Tab") == 0 || strcmp(k->name, "Shift-Tab") == 0) {
        if (complete)
            complete_word(p, strcmp(k->name, "Tab") == 0 ? 1 : -1, complete, source);
        return LINE_EDITOR_CHANGED;
    }
    if (strcmp(k->name, "Esc") == 0 && p->offers[0]) {
        drop_offers(p);
        return LINE_EDITOR_CHANGED;
    }
    drop_offers(p);
    if (strcmp(k->name, "Enter") == 0) {
        keep(p);
        line_editor_close(p);
        return LINE_EDITOR_ENTER;
    }
    if (strcmp(k->name, "Esc") == 0 || strcmp(k->name, "Ctrl-C") == 0) {
        line_editor_close(p);
        return LINE_EDITOR_LEFT;
    }
    if (k->kind != SCREEN_KEY_TEXT)
        return edit(p, edit_of(k->name));
    line_editor_insert(p, canvas_encode(k->code, text));
    return LINE_EDITOR_CHANGED;
}
