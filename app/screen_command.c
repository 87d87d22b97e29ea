#include "app/screen_command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
enum { WORDS = 8 };

static const struct screen_row rows[] = {
#define VERB(constant, name, syntax, help, examples) {constant, name, syntax, help, examples},
#include "app/screen_commands.def"
#undef VERB
};

struct move_word {
    const char *text;
    enum screen_move move;
};

/* What a verb takes: words that stand for a move, and whether a number or any text will do as well. */
struct grammar {
    const char *lead[WORDS]; /* words of place 1, whose index is `what` or `shown`; the moves then stand at place 2 */
    struct move_word moves[12];
    bool number, text, optional;
    const char *expected;
};

static const struct grammar grammars[SCREEN_VERBS] = {
    [SCREEN_VIEW] = {.moves = {{"overview", SCREEN_NAMED},
                               {"gates", SCREEN_NAMED},
                               {"attention", SCREEN_NAMED},
                               {"reconstruction", SCREEN_NAMED},
                               {"data", SCREEN_NAMED},
                               {"log", SCREEN_NAMED},
                               {"settings", SCREEN_NAMED},
                               {"help", SCREEN_NAMED},
                               {"next", SCREEN_NEXT},
                               {"previous", SCREEN_PREVIOUS}},
                     .expected = "overview, gates, attention, reconstruction, data, log, settings, help, next or "
                                 "previous"},
    [SCREEN_SELECT] = {.lead = {"block", "head", "prompt", "mask", "image", "sample", "split"},
                       .moves = {{"next", SCREEN_NEXT},
                                 {"previous", SCREEN_PREVIOUS},
                                 {"all", SCREEN_ALL},
                                 {"next-wrong", SCREEN_NEXT_WRONG},
                                 {"previous-wrong", SCREEN_PREVIOUS_WRONG},
                                 {"train", SCREEN_NAMED},
                                 {"val", SCREEN_NAMED},
                                 {"test", SCREEN_NAMED}},
                       .number = true},
    [SCREEN_SHOW] = {.lead = {"alone", "map", "temps", "all-samples"},
                     .moves = {{"on", SCREEN_ON}, {"off", SCREEN_OFF}},
                     .optional = true,
                     .expected = "on, off or nothing"},
    [SCREEN_ZOOM] = {.moves = {{"in", SCREEN_IN}, {"out", SCREEN_OUT}, {"all", SCREEN_ALL}},
                     .number = true,
                     .expected = "in, out, all or a number of steps"},
    [SCREEN_PAN] = {.moves = {{"left", SCREEN_LEFT}, {"right", SCREEN_RIGHT}, {"end", SCREEN_END}},
                    .expected = "left, right or end"},
    [SCREEN_CURSOR] = {.moves = {{"left", SCREEN_LEFT}, {"right", SCREEN_RIGHT}, {"off", SCREEN_OFF}},
                       .number = true,
                       .expected = "left, right, off or a step"},
    [SCREEN_SMOOTH] = {.moves = {{"more", SCREEN_MORE}, {"less", SCREEN_LESS}},
                       .number = true,
                       .expected = "more, less or a number of points"},
    [SCREEN_SCALE] = {.moves = {{"log", SCREEN_ON}, {"linear", SCREEN_OFF}, {"next", SCREEN_SWITCH}},
                      .expected = "log, linear or next"},
    [SCREEN_SCROLL] = {.moves = {{"up", SCREEN_UP},
                                 {"down", SCREEN_DOWN},
                                 {"page-up", SCREEN_PAGE_UP},
                                 {"page-down", SCREEN_PAGE_DOWN},
                                 {"top", SCREEN_TOP},
                                 {"bottom", SCREEN_END}},
                       .expected = "up, down, page-up, page-down, top or bottom"},
    [SCREEN_FILTER] = {.text = true, .optional = true, .expected = "a \"text\" or nothing"},
    [SCREEN_THEME] =
        {.moves = {{"dark", SCREEN_NAMED}, {"light", SCREEN_NAMED}, {"safe", SCREEN_NAMED}, {"next", SCREEN_NEXT}},
         .expected = "dark, light, safe or next"},
    [SCREEN_OVERLAY] = {.moves = {{"off", SCREEN_OFF}}, .text = true, .expected = "a run folder or off"},
    [SCREEN_SCREENSHOT] = {.text = true, .expected = "a file that ends in .svg or .txt"},
    [SCREEN_EXPORT] = {.text = true, .expected = "a file that ends in .csv or .png"},
    [SCREEN_ASK] = {.moves = {{"quit", SCREEN_NAMED}, {"data", SCREEN_NAMED}}, .expected = "quit or data"},
    [SCREEN_FILL] = {.text = true, .optional = true, .expected = "a \"text\""},
    [SCREEN_DIALOG] = {.number = true, .expected = "the number of a choice, from 1"},
};

size_t screen_command_count(void) {
    return COUNT(rows);
}

const struct screen_row *screen_command_at(size_t i) {
    assert(i < COUNT(rows));
    return &rows[i];
}

const struct screen_row *screen_command_find(const char *name) {
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

const char *screen_command_word(enum screen_verb verb, size_t n, size_t i) {
    const struct grammar *g = &grammars[verb];
    if (g->lead[0] && n == 1)
        return i < COUNT(g->lead) ? g->lead[i] : NULL;
    if (n != (g->lead[0] ? 2u : 1u))
        return NULL;
    return i < COUNT(g->moves) ? g->moves[i].text : NULL;
}

static int refuse(const char *verb, const char *word, const char *expected, struct error *e) {
    if (word)
        return error_set(e, ERROR_USAGE, "%s: found \"%.100s\", expected %s", verb, word, expected);
    return error_set(e, ERROR_USAGE, "%s: found the end of the line, expected %s", verb, expected);
}

/* Which moves each thing that can be selected knows. */
static const char *select_expected(const struct screen_command *c) {
    static const char *const expected[] = {
        [SCREEN_BLOCK] = "a block from 1, next or previous",
        [SCREEN_HEAD] = "a head from 1, all, next or previous",
        [SCREEN_PROMPT] = "a prompt from 1, all, next or previous",
        [SCREEN_MASK] = "a mask from 1, next or previous",
        [SCREEN_IMAGE] = "an image from 0, next, previous, next-wrong or previous-wrong",
        [SCREEN_SAMPLE] = "a row from 1, next or previous",
        [SCREEN_SPLIT] = "train, val, test or next",
    };
    return expected[c->what];
}

static bool select_knows(const struct screen_command *c) {
    switch (c->move) {
    case SCREEN_NUMBER:
        return c->what != SCREEN_SPLIT && (c->number > 0 || c->what == SCREEN_IMAGE);
    case SCREEN_ALL:
        return c->what == SCREEN_HEAD || c->what == SCREEN_PROMPT;
    case SCREEN_NEXT_WRONG:
    case SCREEN_PREVIOUS_WRONG:
        return c->what == SCREEN_IMAGE;
    case SCREEN_NAMED:
        return c->what == SCREEN_SPLIT;
    case SCREEN_PREVIOUS:
        return c->what != SCREEN_SPLIT;
    default:
        return true;
    }
}

/* "120x40" within what a canvas may be. */
static bool parse_size(const char *text, int *columns, int *rows_out) {
    char copy[32];
    uint64_t w, h;
    const char *x = strchr(text, 'x');
    if (!x || (size_t)(x - text) >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", (int)(x - text), text);
    if (!number_count(copy, &w) || !number_count(x + 1, &h) || w < 20 || w > 500 || h < 5 || h > 300)
        return false;
    *columns = (int)w;
    *rows_out = (int)h;
    return true;
}

static bool take_move(const struct grammar *g, const char *word, struct screen_command *c) {
    for (size_t i = 0; i < COUNT(g->moves) && g->moves[i].text; i++)
        if (strcmp(word, g->moves[i].text) == 0) {
            c->move = g->moves[i].move;
            snprintf(c->text, sizeof c->text, "%s", word);
            return true;
        }
    if (g->number && number_count(word, &c->number)) {
        c->move = SCREEN_NUMBER;
        return true;
    }
    if (!g->text || strlen(word) >= sizeof c->text)
        return false;
    c->move = SCREEN_NAMED;
    snprintf(c->text, sizeof c->text, "%s", word);
    return true;
}

static int take_lead(const struct grammar *g, const char *verb, const char *word, struct screen_command *c,
                     struct error *e) {
    char expected[120] = "";
    int found = -1;
    for (int i = 0; i < WORDS && g->lead[i]; i++) {
        size_t used = strlen(expected);
        bool last = i + 1 == WORDS || !g->lead[i + 1];
        snprintf(expected + used, sizeof expected - used, "%s%s", i == 0 ? "" : last ? " or " : ", ", g->lead[i]);
        if (word && strcmp(word, g->lead[i]) == 0)
            found = i;
    }
    if (found < 0)
        return refuse(verb, word, expected, e);
    c->what = (enum screen_what)found;
    c->shown = (enum screen_shown)found;
    return 0;
}

int screen_command_parse(struct screen_command *out, const char *const *words, size_t count, struct error *e) {
    assert(count > 0);
    const struct screen_row *row = screen_command_find(words[0]);
    assert(row);
    const struct grammar *g = &grammars[row->verb];
    *out = (struct screen_command){.verb = row->verb, .move = SCREEN_SWITCH};
    size_t next = 1;
    if (g->lead[0]) {
        int r = take_lead(g, row->name, next < count ? words[next] : NULL, out, e);
        if (r < 0)
            return r;
        next++;
    }
    const char *expected = row->verb == SCREEN_SELECT ? select_expected(out) : g->expected;
    if (expected && (next < count || !g->optional)) {
        const char *word = next < count ? words[next] : NULL;
        if (!word || !take_move(g, word, out) || (row->verb == SCREEN_SELECT && !select_knows(out)))
            return refuse(row->name, word, expected, e);
        next++;
    }
    if (row->verb == SCREEN_SCREENSHOT && next < count && !parse_size(words[next++], &out->columns, &out->rows))
        return refuse(row->name, words[next - 1], "a size from 20x5 to 500x300, as 80x24", e);
    if (next < count)
        return error_set(e, ERROR_USAGE, "%s: found \"%.100s\", expected nothing more (%s%s%s)", row->name, words[next],
                         row->name, *row->syntax ? " " : "", row->syntax);
    return 0;
}
