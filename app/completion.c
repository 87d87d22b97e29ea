#include "app/completion.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/language.h"
#include "core/data/dataset.h"

enum { WORDS = 12, WORD = 256 };

struct line {
    char words[WORDS][WORD]; /* before the one at the cursor */
    size_t count;
    const char *part; /* of the word at the cursor */
    completion_add_fn *add;
    void *context;
};

static void offer(const struct line *l, const char *text) {
    if (strncmp(text, l->part, strlen(l->part)) == 0)
        l->add(l->context, text);
}

static void offer_all(const struct line *l, const char *const *texts) {
    for (; *texts; texts++)
        offer(l, *texts);
}

/* gate.1 gate.2 ... */
static void offer_numbered(const struct line *l, const char *lead, int count) {
    char text[64];
    for (int i = 1; i <= count; i++) {
        snprintf(text, sizeof text, "%s%d", lead, i);
        offer(l, text);
    }
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Entries of the folder that `path` (what follows `lead` in the word) is in; folders end with a slash. */
static void offer_paths(const struct line *l, const char *lead, bool folders_alone) {
    char folder[WORD] = ".", text[2 * WORD + 300];
    const char *path = l->part + strlen(lead), *slash = strrchr(path, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, by_name);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        struct stat st;
        snprintf(text, sizeof text, "%s/%s", folder, name);
        bool is_folder = stat(text, &st) == 0 && S_ISDIR(st.st_mode);
        bool hidden = name[0] == '.' && (!slash || slash[1] != '.');
        if (!hidden && (is_folder || !folders_alone)) {
            snprintf(text, sizeof text, "%s%.*s%s%s", lead, slash ? (int)(slash - path + 1) : 0, path, name,
                     is_folder ? "/" : "");
            offer(l, text);
        }
        free(entries[i]);
    }
    free(entries);
}

static void offer_verbs(const struct line *l, bool prefixes) {
    for (size_t i = 0; i < language_verb_count(); i++)
        offer(l, language_verb_at(i)->name);
    for (size_t i = 0; prefixes && i < language_prefix_count(); i++)
        offer(l, language_prefix_at(i)->name);
    for (size_t i = 0; i < screen_command_count(); i++)
        offer(l, screen_command_at(i)->name);
}

static void offer_data(const struct line *l, size_t place) {
    if (place != 1) {
        offer(l, "restart");
        return;
    }
    /* Of kinds with a name and a path the names come once the kind is there. */
    char text[WORD], last[WORD] = "";
    bool kind = strchr(l->part, ':') != NULL, path = strchr(l->part, '/') != NULL;
    for (size_t i = 0; dataset_beginning(i, text, sizeof text); i++) {
        size_t length = strlen(text), of_kind = strcspn(text, ":") + 1;
        if (text[length - 1] == ':' && strncmp(l->part, text, length) == 0) {
            offer_paths(l, text, true);
            path = false;
        }
        if (!kind && text[length - 1] == ':')
            text[of_kind] = '\0';
        if (strcmp(text, last) != 0)
            offer(l, text);
        snprintf(last, sizeof last, "%s", text);
    }
    if (path && !kind)
        offer_paths(l, "", true);
}

static void offer_operand(const struct line *l, const char *verb, size_t place, const struct completion_source *s) {
    static const char *const splits[] = {"val", "test", NULL};
    static const char *const moments[] = {"step", "epoch", "end", NULL};
    const struct screen_row *screen = screen_command_find(verb);
    const char *word;
    if (strcmp(verb, "freeze") == 0 || strcmp(verb, "thaw") == 0) {
        for (size_t i = 0; place == 1 && (word = language_target(i)); i++)
            offer(l, word);
    } else if (strcmp(verb, "set") == 0 && place == 1) {
        offer_numbered(l, "gate.", s->gates);
        offer_numbered(l, "temp.", s->temps);
        offer(l, "lr");
    } else if (strcmp(verb, "eval") == 0 && place == 1) {
        offer_all(l, splits);
    } else if (strcmp(verb, "wait") == 0 && place == 1) {
        offer_all(l, moments);
    } else if (strcmp(verb, "data") == 0) {
        offer_data(l, place);
    } else if (strcmp(verb, "save") == 0) {
        offer_paths(l, "", false);
    } else if (screen) {
        for (size_t i = 0; (word = screen_command_word(screen->verb, place, i)); i++)
            offer(l, word);
        if (place == 1 &&
            (screen->verb == SCREEN_OVERLAY || screen->verb == SCREEN_SCREENSHOT || screen->verb == SCREEN_EXPORT))
            offer_paths(l, "", screen->verb == SCREEN_OVERLAY);
    }
}

/* Words before the cursor's; quotes are left to the parser. */
static void split(struct line *l, const char *text, int cursor, char part[WORD], int *word) {
    int at = 0;
    for (;;) {
        while (at < cursor && text[at] == ' ')
            at++;
        int start = at;
        while (at < cursor && text[at] != ' ')
            at++;
        if (at == cursor || l->count == WORDS) {
            *word = start;
            snprintf(part, WORD, "%.*s", cursor - start, text + start);
            l->part = part;
            return;
        }
        snprintf(l->words[l->count++], WORD, "%.*s", at - start, text + start);
    }
}

void completion_offer(void *source, const char *text, int cursor, int *word, completion_add_fn *add, void *context) {
    static const char *const moments[] = {"step", "epoch", NULL};
    struct line l = {.add = add, .context = context};
    char part[WORD];
    split(&l, text, cursor, part, word);
    bool at = l.count > 0 && strcmp(l.words[0], "at") == 0;
    size_t verb = at ? 3 : 0;
    if (at && l.count == 1)
        offer_all(&l, moments);
    else if (l.count == verb)
        offer_verbs(&l, !at);
    else if (l.count > verb)
        offer_operand(&l, l.words[verb], l.count - verb, source);
}
