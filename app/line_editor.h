/* The line at the bottom that commands are typed into: editing, history, completion.
 *
 *     line_editor_open(&p, ':', "set gate.3 ");
 *     switch (line_editor_key(&p, &key)) {
 *     case LINE_EDITOR_ENTER: run(p.text); ...
 *
 * A plain value; zeroed it is closed and has no history. Main thread. */
#ifndef APP_LINE_EDITOR_H
#define APP_LINE_EDITOR_H

#include "views/screen.h"

enum { LINE_EDITOR_TEXT = 1024, LINE_EDITOR_HISTORY = 100, LINE_EDITOR_OFFERS = 64 };

struct line_editor {
    bool open;
    char text[LINE_EDITOR_TEXT];          /* UTF-8 */
    int length, cursor;                   /* bytes */
    char *history[LINE_EDITOR_HISTORY];   /* oldest first */
    int history_count, history_at;        /* history_at == history_count: the line being written */
    char draft[LINE_EDITOR_TEXT];         /* that line, while an older one is shown */
    char *offers[LINE_EDITOR_OFFERS + 1]; /* completions; ends with NULL */
    int offered;                          /* the one in the text; -1: none */
    int word;                             /* where the completed word begins, bytes */
};

enum line_editor_result { LINE_EDITOR_IGNORED, LINE_EDITOR_CHANGED, LINE_EDITOR_ENTER, LINE_EDITOR_LEFT };

/* Adds what may stand for the word that begins at text + word: calls `add` with each. *word is set. */
typedef void line_editor_add_fn(void *context, const char *offer);
typedef void line_editor_complete_fn(void *source, const char *text, int cursor, int *word, line_editor_add_fn *add,
                                     void *context);

void line_editor_open(struct line_editor *p, const char *text);
void line_editor_close(struct line_editor *p);   /* keeps the history */
void line_editor_destroy(struct line_editor *p); /* frees it */

/* Enter keeps the line in the history and closes the prompt, its text still readable; Esc and Ctrl-C close it. Tab and
 * Shift-Tab go through what `complete` (may be NULL) offers. */
enum line_editor_result line_editor_key(struct line_editor *p, const struct screen_key *k,
                                        line_editor_complete_fn *complete, void *source);

/* Pasted or typed text at the cursor; what does not fit is dropped. */
void line_editor_insert(struct line_editor *p, const char *text);

#endif
