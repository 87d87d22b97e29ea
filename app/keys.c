#include "app/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"

#define KEYS_ANY (~0u)
#define KEYS_CURVES (1u << VIEW_OVERVIEW | 1u << VIEW_GATES)
#define KEYS_GATES (KEYS_CURVES | KEY_TUNED)
#define KEYS_BLOCKS (KEYS_GATES | 1u << VIEW_ATTENTION)
#define KEYS_ATTENTION (1u << VIEW_ATTENTION | KEY_TUNED)
#define KEYS_RECONSTRUCTION (1u << VIEW_ATTENTION | KEY_PRETRAINED)
#define KEYS_SAMPLES (1u << VIEW_DATA | KEY_TUNED)
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

static bool works_in(unsigned views, bool pretrains) {
    unsigned runs = views & (KEY_TUNED | KEY_PRETRAINED);
    return runs == 0 || runs & (pretrains ? KEY_PRETRAINED : KEY_TUNED);
}

bool keys_work(const struct key *k, bool pretrains) {
    return works_in(k->views, pretrains);
}

const struct key *keys_find(const char *name, enum view_id view, bool pretrains) {
    for (size_t i = 0; i < KEYS; i++)
        if ((keys[i].views >> view & 1u) && keys_work(&keys[i], pretrains) && strcmp(keys[i].name, name) == 0)
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

const char *keys_views(const struct key *k, bool pretrains, char *out, size_t size) {
    static const char *const names[] = {
#define X(constant, name) #name,
        VIEWS(X)
#undef X
    };
    out[0] = 0;
    for (int v = 0; v < VIEW_COUNT && k->views != KEYS_ANY; v++)
        if (k->views >> v & 1u)
            snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? ", " : "",
                     v == VIEW_ATTENTION && (pretrains || !keys_work(k, false)) ? "reconstruction" : names[v]);
    return out;
}

const char *keys_hints(enum view_id view, bool pretrains, char *out, size_t size) {
    static const struct {
        unsigned views;
        const char *text;
    } hints[] = {
        {KEYS_ANY, "Space pause  "},
        {KEYS_GATES, "f freeze  = set  u undo  j k block  "},
        {KEYS_CURVES, "h l cursor  + - zoom  "},
        {1u << VIEW_GATES | KEY_TUNED, "t temps  "},
        {KEYS_ATTENTION, "h l image  j k block  p P prompt  [ ] head  n wrong  w alone  i image  x split  "},
        {KEYS_RECONSTRUCTION, "h l image  p P mask  x split  "},
        {KEYS_SAMPLES, "j k sample  Enter attention  a all  "},
        {1u << VIEW_DATA, "x split  d swap data  "},
        {KEYS_LISTS, "j k scroll  / filter  "},
        {KEYS_ANY, "s save  : command  ? help  q quit"},
    };
    out[0] = 0;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if ((hints[i].views >> view & 1u) && works_in(hints[i].views, pretrains))
            snprintf(out + strlen(out), size - strlen(out), "%s", hints[i].text);
    return out;
}
