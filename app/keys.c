#include "app/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"

#define KEYS_ANY (~0u)
#define KEYS_GATES (1u << VIEW_OVERVIEW | 1u << VIEW_GATES)
#define KEYS_CURVES KEYS_GATES
#define KEYS_BLOCKS (KEYS_GATES | 1u << VIEW_ATTENTION)
#define KEYS_LISTS (1u << VIEW_LOG | 1u << VIEW_SETTINGS | 1u << VIEW_HELP)
#define KEYS_SCROLLED (KEYS_LISTS | 1u << VIEW_DATA)

static const struct key keys[] = {
#define KEY(name, views, act, text, help) {name, views, act, text, help},
#include "app/keys.def"
#undef KEY
};

enum { KEYS = sizeof keys / sizeof *keys };

size_t keys_count(void) {
    return KEYS;
}

const struct key *keys_at(size_t i) {
    assert(i < KEYS);
    return &keys[i];
}

const struct key *keys_find(const char *name, enum view_id view) {
    for (size_t i = 0; i < KEYS; i++)
        if ((keys[i].views >> view & 1u) && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static const char *fill(char sign, const struct snapshot *now, const struct choice *choice, char out[NUMBER_TEXT]) {
    bool known = choice->block >= 0 && choice->block < now->depth;
    size_t block = known ? (size_t)choice->block : 0;
    switch (sign) {
    case 'b':
        snprintf(out, NUMBER_TEXT, "%d", choice->block + 1);
        return out;
    case 'g':
        snprintf(out, NUMBER_TEXT, "%.3g", known ? (double)now->gates[block] : 0.0);
        return out;
    case 'f':
        return known && now->gate_frozen[block] ? "thaw" : "freeze";
    default:
        return known && now->temp_frozen[block] ? "thaw" : "freeze";
    }
}

const char *keys_text(const struct key *k, const struct snapshot *now, const struct choice *choice, char *out,
                      size_t size) {
    char text[NUMBER_TEXT];
    size_t used = 0;
    out[0] = 0;
    for (const char *at = k->text; *at && used + NUMBER_TEXT < size; at++) {
        if (*at == '%' && at[1])
            used += (size_t)snprintf(out + used, size - used, "%s", fill(*++at, now, choice, text));
        else
            used += (size_t)snprintf(out + used, size - used, "%c", *at);
    }
    return out;
}

const char *keys_views(const struct key *k, char *out, size_t size) {
    static const char *const names[] = {
#define X(constant, name) #name,
        VIEWS(X)
#undef X
    };
    out[0] = 0;
    for (int v = 0; v < VIEW_COUNT && k->views != KEYS_ANY; v++)
        if (k->views >> v & 1u)
            snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? ", " : "", names[v]);
    return out;
}

const char *keys_hints(enum view_id view, char *out, size_t size) {
    static const struct {
        unsigned views;
        const char *text;
    } hints[] = {
        {KEYS_ANY, "Space pause  "},
        {KEYS_GATES, "f freeze  = set  u undo  j k block  h l cursor  + - zoom  "},
        {1u << VIEW_GATES, "t temps  "},
        {1u << VIEW_ATTENTION, "h l image  j k block  p P prompt  [ ] head  n wrong  w alone  i image  x split  "},
        {1u << VIEW_DATA, "j k sample  Enter attention  a all  x split  d swap data  "},
        {KEYS_LISTS, "j k scroll  / filter  "},
        {KEYS_ANY, "s save  : command  ? help  q quit"},
    };
    out[0] = 0;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].views >> view & 1u)
            snprintf(out + strlen(out), size - strlen(out), "%s", hints[i].text);
    return out;
}
