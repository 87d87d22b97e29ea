/* The keys (keys.def): each means a command, run at once or put into the prompt.
 *
 *     const struct key *k = keys_find("f", VIEW_GATES, view_reconstructs(&context));
 *     keys_text(k, &context, text, sizeof text);            // "freeze gate 3"
 *
 * Pure. */
#ifndef APP_KEYS_H
#define APP_KEYS_H

#include "views/view.h"

enum key_act { KEY_RUN, KEY_FILL };

/* Kinds of runs in which a key works; neither or both: in all. */
enum key_runs { KEY_TUNED = 1u << 30, KEY_PRETRAINED = 1u << 29 };

struct key {
    const char *name;
    unsigned views; /* bit 1 << enum view_id, and of enum key_runs */
    enum key_act act;
    const char *text, *help; /* help "": another name of a key above */
};

size_t keys_count(void);
const struct key *keys_at(size_t i);
/* NULL: it means nothing there. `pretrains`: in a run of masked autoencoding. */
const struct key *keys_find(const char *name, enum view_id view, bool pretrains);
bool keys_work(const struct key *k, bool pretrains);

/* The key's text, its %-signs filled in from the chosen block. Returns out. */
const char *keys_text(const struct key *k, const struct snapshot *now, const struct choice *choice, char *out,
                      size_t size);

/* The views in which it works, "overview, gates"; "" where it works in all. In a pretraining run, and of a key for such
 * a run alone, they have its names. Returns out. */
const char *keys_views(const struct key *k, bool pretrains, char *out, size_t size);

/* "Space pause  f freeze ..." : what fits the bottom line of a view best. Returns out. */
const char *keys_hints(enum view_id view, bool pretrains, char *out, size_t size);

#endif
