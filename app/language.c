#include "app/language.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen_command.h"
#include "core/nearest.h"
#include "core/number.h"
#include "core/settings.h"

static const struct language_verb verbs[] = {
#define VERB(constant, name, syntax, journal, help, examples) {constant, name, syntax, journal, help, examples},
#include "app/commands.def"
#undef VERB
};

static const struct language_verb prefixes[] = {
#define PREFIX(name, syntax, help, examples) {COMMAND_PAUSE, name, syntax, JOURNAL_NEVER, help, examples},
#define VERB(constant, name, syntax, journal, help, examples)
#include "app/commands.def"
#undef VERB
};

/* What freeze and thaw act on: some blocks of it, or all of it. */
static const struct {
    const char *name;
    enum command_target target;
    bool listed;
} targets[] = {
    {"gate", TARGET_GATE, true},   {"gates", TARGET_GATE, false},      {"temp", TARGET_TEMP, true},
    {"temps", TARGET_TEMP, false}, {"prompts", TARGET_PROMPTS, false}, {"head", TARGET_HEAD, false},
};

static const char *const compares[] = {
    [COMPARE_GE] = ">=", [COMPARE_GT] = ">",  [COMPARE_LE] = "<=",
    [COMPARE_LT] = "<",  [COMPARE_EQ] = "==", [COMPARE_NE] = "!=",
};

static const char *const metrics[] = {
#define X(constant, name, help) name,
    COMMAND_METRICS(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
enum { WORDS = 16 }; /* more than any command has */

struct words {
    char text[LANGUAGE_LINE]; /* the words, each with its 0 */
    struct word {
        const char *text; /* without its quotes */
        const char *raw;  /* as written */
        size_t raw_length;
    } word[WORDS];
    size_t count, next;
    const char *verb;
};

size_t language_verb_count(void) {
    return COUNT(verbs);
}

const struct language_verb *language_verb_at(size_t i) {
    assert(i < COUNT(verbs));
    return &verbs[i];
}

const struct language_verb *language_verb_of(enum command_verb verb) {
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (verbs[i].verb == verb)
            return &verbs[i];
    abort(); /* a verb without a row */
}

size_t language_prefix_count(void) {
    return COUNT(prefixes);
}

const struct language_verb *language_prefix_at(size_t i) {
    assert(i < COUNT(prefixes));
    return &prefixes[i];
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* Copies the word at `from` to `to` without its quotes; returns what follows it, NULL after an error. */
static const char *take_word(const char *from, char **to, struct error *e) {
    bool quoted = *from == '"';
    from += quoted;
    while (*from && (quoted ? *from != '"' : !is_blank(*from))) {
        if (!quoted && *from == '"') {
            error_set(e, ERROR_USAGE, "found a quote inside a word, expected it around the whole word");
            return NULL;
        }
        if (quoted && *from == '\\' && (from[1] == '"' || from[1] == '\\'))
            from++;
        *(*to)++ = *from++;
    }
    *(*to)++ = 0;
    if (!quoted)
        return from;
    if (!*from) {
        error_set(e, ERROR_USAGE, "found a quoted text without an end, expected a closing quote");
        return NULL;
    }
    if (from[1] && !is_blank(from[1])) {
        error_set(e, ERROR_USAGE, "found \"%.20s\" after a closing quote, expected a blank", from + 1);
        return NULL;
    }
    return from + 1;
}

static int split_words(struct words *w, const char *line, struct error *e) {
    w->count = w->next = 0;
    w->verb = NULL;
    if (strlen(line) >= LANGUAGE_LINE)
        return error_set(e, ERROR_USAGE, "found a line of %zu bytes, expected at most %d", strlen(line),
                         LANGUAGE_LINE - 1);
    if (line[strcspn(line, "\r\n")])
        return error_set(e, ERROR_USAGE, "found a line break, expected one command");
    char *to = w->text;
    for (const char *at = line;;) {
        while (is_blank(*at))
            at++;
        if (!*at || *at == '#')
            return 0;
        if (w->count == WORDS)
            return error_set(e, ERROR_USAGE, "found more than %d words, expected one command", WORDS);
        struct word *word = &w->word[w->count++];
        *word = (struct word){.text = to, .raw = at};
        at = take_word(at, &to, e);
        if (!at)
            return ERROR_USAGE;
        word->raw_length = (size_t)(at - word->raw);
    }
}

/* The next word, NULL at the end of the line. */
static const char *next_word(struct words *w) {
    return w->next < w->count ? w->word[w->next++].text : NULL;
}

/* Says that `word` (NULL: the end of the line) is not what was expected. */
static int __attribute__((format(printf, 4, 5)))
refuse(const struct words *w, const char *word, struct error *e, const char *format, ...) {
    char expected[300];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    if (word)
        return error_set(e, ERROR_USAGE, "%s: found \"%.100s\", expected %s", w->verb, word, expected);
    return error_set(e, ERROR_USAGE, "%s: found the end of the line, expected %s", w->verb, expected);
}

static int parse_moment(struct words *w, bool end_allowed, enum command_moment *moment, uint64_t *number,
                        struct error *e) {
    const char *word = next_word(w);
    if (word && end_allowed && strcmp(word, "end") == 0) {
        *moment = MOMENT_END;
        return 0;
    }
    if (word && strcmp(word, "step") == 0)
        *moment = MOMENT_STEP;
    else if (word && strcmp(word, "epoch") == 0)
        *moment = MOMENT_EPOCH;
    else
        return refuse(w, word, e, "step N%s epoch N%s", end_allowed ? "," : " or", end_allowed ? " or end" : "");
    const char *text = next_word(w);
    if (!text || !number_count(text, number))
        return refuse(w, text, e, "a number after %s, counted from 0", word);
    return 0;
}

static int parse_text(struct words *w, bool needed, const char *expected, struct command *c, struct error *e) {
    const char *word = next_word(w);
    if (!word && !needed)
        return 0;
    if (!word || !*word)
        return refuse(w, word, e, "%s", expected);
    if (strlen(word) >= sizeof c->text)
        return error_set(e, ERROR_USAGE, "%s: found a text of %zu bytes, expected at most %zu", w->verb, strlen(word),
                         sizeof c->text - 1);
    strcpy(c->text, word);
    return 0;
}

static int parse_data(struct words *w, struct command *c, struct error *e) {
    int result = parse_text(w, true, "a dataset, as scenes:count, folder:PATH or vtab:TASK:PATH", c, e);
    if (result < 0)
        return result;
    const char *word = next_word(w);
    if (word && strcmp(word, "restart") != 0)
        return refuse(w, word, e, "restart or nothing (a SPEC with blanks stands in quotes)");
    c->restart = word != NULL;
    return 0;
}

static int parse_split(struct words *w, struct command *c, struct error *e) {
    const char *word = next_word(w);
    c->split = word && strcmp(word, "test") == 0 ? SPLIT_TEST : SPLIT_VAL;
    if (word && c->split == SPLIT_VAL && strcmp(word, "val") != 0)
        return refuse(w, word, e, "val, test or nothing");
    return 0;
}

static int parse_count(struct words *w, struct command *c, struct error *e) {
    const char *word = next_word(w);
    c->count = 1;
    if (word && (!number_count(word, &c->count) || c->count == 0))
        return refuse(w, word, e, "a number of steps from 1, or nothing");
    return 0;
}

/* "4" or "3-6"; false if it is neither, or out of range. */
static bool parse_range(const char *text, size_t length, uint64_t *from, uint64_t *to) {
    char copy[32];
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    char *dash = strchr(copy, '-');
    if (dash)
        *dash = 0;
    if (!number_count(copy, from) || !number_count(dash ? dash + 1 : copy, to))
        return false;
    return 1 <= *from && *from <= *to && *to <= COMMAND_MAX_BLOCKS;
}

static int parse_list(struct words *w, struct command *c, struct error *e) {
    const char *word = next_word(w);
    for (const char *at = word; at;) {
        uint64_t from, to;
        size_t length = strcspn(at, ",");
        if (!parse_range(at, length, &from, &to))
            return refuse(w, word, e, "blocks from 1 to %d, as 3-6,9", COMMAND_MAX_BLOCKS);
        for (uint64_t block = from - 1; block < to; block++)
            c->mask[block / 32] |= UINT32_C(1) << block % 32;
        at = at[length] ? at + length + 1 : NULL;
    }
    return word ? 0 : refuse(w, word, e, "blocks, as 3-6,9");
}

static int parse_target(struct words *w, struct command *c, struct error *e) {
    const char *word = next_word(w);
    struct nearest near = nearest_to(word ? word : "");
    for (size_t i = 0; i < COUNT(targets); i++) {
        if (word && strcmp(word, targets[i].name) == 0) {
            c->target = targets[i].target;
            return targets[i].listed ? parse_list(w, c, e) : 0;
        }
        nearest_offer(&near, targets[i].name);
    }
    char hint[128];
    return refuse(w, word, e, "gate LIST, gates, temp LIST, temps, prompts or head%s",
                  nearest_hint(&near, "", "", hint, sizeof hint));
}

/* "gate.3" and the like: the part before the dot must be `name`. */
static bool parse_indexed(const char *word, const char *name, int *index) {
    size_t length = strlen(name);
    uint64_t number;
    if (strncmp(word, name, length) != 0 || word[length] != '.' || !number_count(word + length + 1, &number) ||
        number < 1 || number > COMMAND_MAX_BLOCKS)
        return false;
    *index = (int)number;
    return true;
}

static int parse_set(struct words *w, struct command *c, struct error *e) {
    const struct setting *lr = settings_find("lr");
    const char *word = next_word(w);
    double low = 0, high = 1;
    if (word && parse_indexed(word, "gate", &c->index)) {
        c->target = TARGET_GATE;
    } else if (word && parse_indexed(word, "temp", &c->index)) {
        c->target = TARGET_TEMP;
        low = 0.01, high = 10;
    } else if (word && strcmp(word, lr->name) == 0) {
        c->target = TARGET_LR;
        high = lr->high;
    } else {
        bool known = word && settings_find(word);
        return refuse(w, word, e, "gate.K, temp.K (K: a block from 1) or lr%s",
                      known ? "; other settings are fixed when a run starts" : "");
    }
    const char *text = next_word(w);
    if (!text || !number_real(text, &c->value) || c->value < low || c->value > high) {
        char from[NUMBER_TEXT], to[NUMBER_TEXT];
        return refuse(w, text, e, "a number from %s to %s for %s", number_print(low, from), number_print(high, to),
                      word);
    }
    return 0;
}

static int parse_expect(struct words *w, struct command *c, struct error *e) {
    const char *word = next_word(w);
    struct nearest near = nearest_to(word ? word : "");
    size_t metric = 0, compare = 0;
    while (metric < COUNT(metrics) && (!word || strcmp(word, metrics[metric]) != 0))
        nearest_offer(&near, metrics[metric++]);
    if (metric == COUNT(metrics)) {
        char all[200] = "", hint[100];
        for (size_t i = 0; i < COUNT(metrics); i++)
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                     i == 0                    ? ""
                     : i == COUNT(metrics) - 1 ? " or "
                                               : ", ",
                     metrics[i]);
        return refuse(w, word, e, "%s%s", all, nearest_hint(&near, "", "", hint, sizeof hint));
    }
    word = next_word(w);
    while (compare < COUNT(compares) && (!word || strcmp(word, compares[compare]) != 0))
        compare++;
    if (compare == COUNT(compares))
        return refuse(w, word, e, ">=, >, <=, <, == or !=");
    word = next_word(w);
    if (!word || !number_real(word, &c->value))
        return refuse(w, word, e, "a number, as 0.6");
    c->metric = (enum command_metric)metric;
    c->compare = (enum command_compare)compare;
    return 0;
}

static int parse_operands(struct words *w, struct command *c, struct error *e) {
    switch (c->verb) {
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
    case COMMAND_STOP:
    case COMMAND_QUIT:
        return 0;
    case COMMAND_STEP:
        return parse_count(w, c, e);
    case COMMAND_SAVE:
        return parse_text(w, false, "a file or nothing", c, e);
    case COMMAND_EVAL:
        return parse_split(w, c, e);
    case COMMAND_DATA:
        return parse_data(w, c, e);
    case COMMAND_FREEZE:
    case COMMAND_THAW:
        return parse_target(w, c, e);
    case COMMAND_SET:
        return parse_set(w, c, e);
    case COMMAND_NOTE:
        return parse_text(w, true, "a \"quoted text\"", c, e);
    case COMMAND_WAIT:
        return parse_moment(w, true, &c->until, &c->until_number, e);
    case COMMAND_EXPECT:
        return parse_expect(w, c, e);
    case COMMAND_SCREEN:
        break;
    }
    abort(); /* a verb without a parser */
}

static const struct language_verb *find_verb(const char *word, struct command *c, struct error *e) {
    struct nearest near = nearest_to(word);
    c->abandon = strcmp(word, "quit!") == 0;
    for (size_t i = 0; i < COUNT(verbs); i++) {
        if (strcmp(c->abandon ? "quit" : word, verbs[i].name) == 0)
            return &verbs[i];
        nearest_offer(&near, verbs[i].name);
    }
    for (size_t i = 0; i < COUNT(prefixes); i++)
        nearest_offer(&near, prefixes[i].name);
    for (size_t i = 0; i < screen_command_count(); i++)
        nearest_offer(&near, screen_command_at(i)->name);
    char hint[128];
    error_set(e, ERROR_USAGE, "unknown command \"%.100s\"%s", word,
              nearest_hint(&near, "", "see `gptui help commands`", hint, sizeof hint));
    return NULL;
}

/* The words from `first` on as they were written, one blank between them. */
static int join_line(const struct words *w, size_t first, struct command *c, struct error *e) {
    size_t used = 0;
    for (size_t i = first; i < w->count; i++) {
        size_t blank = i > first, length = w->word[i].raw_length;
        if (used + blank + length >= sizeof c->line)
            return error_set(e, ERROR_USAGE, "%s: found a command of more than %zu bytes, expected a shorter one",
                             w->verb, sizeof c->line - 1);
        if (blank)
            c->line[used++] = ' ';
        memcpy(c->line + used, w->word[i].raw, length);
        used += length;
    }
    c->line[used] = 0;
    return 0;
}

/* The end of a long origin says more than its beginning: it holds the line. */
static void copy_origin(struct command *c, const char *origin) {
    size_t length = strlen(origin), room = sizeof c->origin - 1;
    if (length <= room)
        strcpy(c->origin, origin);
    else
        snprintf(c->origin, sizeof c->origin, "...%s", origin + length - room + 3);
}

/* A command of the screen: checked here, carried as text, and parsed again by whoever has the screen. */
static int parse_screen(struct words *w, size_t first, struct command *c, struct error *e) {
    const char *words[WORDS];
    struct screen_command ignored;
    for (size_t i = first; i < w->count; i++)
        words[i - first] = w->word[i].text;
    c->verb = COMMAND_SCREEN;
    w->verb = words[0];
    int r = screen_command_parse(&ignored, words, w->count - first, e);
    return r < 0 ? r : join_line(w, first, c, e);
}

static int parse_words(struct words *w, struct command *c, struct error *e) {
    const char *word = next_word(w);
    if (!word)
        return error_set(e, ERROR_USAGE, "found nothing, expected a command; see `gptui help commands`");
    if (strcmp(word, "at") == 0) {
        w->verb = "at";
        int result = parse_moment(w, false, &c->at, &c->at_number, e);
        if (result < 0)
            return result;
        word = next_word(w);
        if (!word)
            return refuse(w, word, e, "a command");
        if (strcmp(word, "at") == 0 || strcmp(word, "wait") == 0)
            return refuse(w, word, e, "a command other than at and wait");
    }
    size_t first = w->next - 1;
    if (screen_command_find(word))
        return parse_screen(w, first, c, e);
    const struct language_verb *verb = find_verb(word, c, e);
    if (!verb)
        return ERROR_USAGE;
    c->verb = verb->verb;
    w->verb = verb->name;
    int result = parse_operands(w, c, e);
    if (result < 0)
        return result;
    word = next_word(w);
    if (word)
        return refuse(w, word, e, "nothing more (%s%s%s)", verb->name, *verb->syntax ? " " : "", verb->syntax);
    return join_line(w, first, c, e);
}

int language_parse_screen(const char *line, struct screen_command *out, struct error *e) {
    struct words w;
    const char *words[WORDS];
    int r = split_words(&w, line, e);
    for (size_t i = 0; r == 0 && i < w.count; i++)
        words[i] = w.word[i].text;
    return r < 0 ? r : screen_command_parse(out, words, w.count, e);
}

int language_parse(const char *line, const char *origin, struct command *out, struct error *e) {
    struct words words;
    memset(out, 0, sizeof *out);
    copy_origin(out, origin);
    int result = split_words(&words, line, e);
    return result < 0 ? result : parse_words(&words, out, e);
}

/* Text that grows in a buffer; `used` goes on counting where it no longer fits. */
struct writer {
    char *out;
    size_t size, used;
};

static void __attribute__((format(printf, 2, 3))) put(struct writer *w, const char *format, ...) {
    va_list args;
    va_start(args, format);
    bool room = w->used < w->size;
    int n = vsnprintf(room ? w->out + w->used : NULL, room ? w->size - w->used : 0, format, args);
    va_end(args);
    assert(n >= 0);
    w->used += (size_t)n;
}

static void put_text(struct writer *w, const char *text, bool quoted) {
    if (!quoted && *text && *text != '#' && !strpbrk(text, " \t\"")) {
        put(w, " %s", text);
        return;
    }
    put(w, " \"");
    for (; *text; text++)
        put(w, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    put(w, "\"");
}

static void put_moment(struct writer *w, enum command_moment moment, uint64_t number) {
    if (moment == MOMENT_END)
        put(w, " end");
    else
        put(w, " %s %llu", moment == MOMENT_STEP ? "step" : "epoch", (unsigned long long)number);
}

static bool has_block(const struct command *c, int i) {
    return i < COMMAND_MAX_BLOCKS && c->mask[i / 32] >> i % 32 & 1;
}

static void put_target(struct writer *w, const struct command *c) {
    bool listed = false;
    for (size_t i = 0; i < COUNT(c->mask); i++)
        listed = listed || c->mask[i];
    for (size_t i = 0; i < COUNT(targets); i++)
        if (targets[i].target == c->target && targets[i].listed == listed)
            put(w, " %s", targets[i].name);
    char before = ' ';
    for (int i = 0; listed && i < COMMAND_MAX_BLOCKS; i++) {
        if (!has_block(c, i))
            continue;
        int from = i;
        while (has_block(c, i + 1))
            i++;
        put(w, "%c%d", before, from + 1);
        if (i > from)
            put(w, "-%d", i + 1);
        before = ',';
    }
}

static void put_set(struct writer *w, const struct command *c) {
    char number[NUMBER_TEXT];
    if (c->target == TARGET_LR)
        put(w, " lr");
    else
        put(w, " %s.%d", c->target == TARGET_GATE ? "gate" : "temp", c->index);
    put(w, " %s", number_print(c->value, number));
}

static void put_operands(struct writer *w, const struct command *c) {
    char number[NUMBER_TEXT];
    switch (c->verb) {
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
    case COMMAND_STOP:
        return;
    case COMMAND_QUIT:
        put(w, "%s", c->abandon ? "!" : "");
        return;
    case COMMAND_STEP:
        put(w, " %llu", (unsigned long long)c->count);
        return;
    case COMMAND_SAVE:
        if (*c->text)
            put_text(w, c->text, false);
        return;
    case COMMAND_EVAL:
        put(w, " %s", c->split == SPLIT_TEST ? "test" : "val");
        return;
    case COMMAND_DATA:
        put_text(w, c->text, false);
        put(w, "%s", c->restart ? " restart" : "");
        return;
    case COMMAND_FREEZE:
    case COMMAND_THAW:
        put_target(w, c);
        return;
    case COMMAND_SET:
        put_set(w, c);
        return;
    case COMMAND_NOTE:
        put_text(w, c->text, true);
        return;
    case COMMAND_WAIT:
        put_moment(w, c->until, c->until_number);
        return;
    case COMMAND_EXPECT:
        put(w, " %s %s %s", metrics[c->metric], compares[c->compare], number_print(c->value, number));
        return;
    case COMMAND_SCREEN:
        return;
    }
}

const char *language_target(size_t i) {
    return i < COUNT(targets) ? targets[i].name : NULL;
}

int language_format(const struct command *c, char *out, size_t size) {
    struct writer w = {out, size, 0};
    if (c->at != MOMENT_NOW) {
        put(&w, "at");
        put_moment(&w, c->at, c->at_number);
        put(&w, " ");
    }
    put(&w, "%s", c->verb == COMMAND_SCREEN ? c->line : language_verb_of(c->verb)->name);
    put_operands(&w, c);
    return w.used < size ? (int)w.used : ERROR_MEMORY;
}
