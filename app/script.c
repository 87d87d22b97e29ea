#include "app/script.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool ends_pause(const struct command *c) {
    return c->verb == COMMAND_RESUME || c->verb == COMMAND_STOP || c->verb == COMMAND_QUIT;
}

static bool immediate_pause_ends(const struct script *s, size_t pause) {
    for (size_t i = pause + 1; i < s->count; i++) {
        const struct command *c = &s->commands[i];
        if (c->at != MOMENT_NOW)
            continue; /* happens in the course of the training, which stands still */
        if (c->verb == COMMAND_WAIT)
            return false;
        if (ends_pause(c) || c->verb == COMMAND_STEP)
            return true;
    }
    return false;
}

static bool timed_pause_ends(const struct script *s, size_t pause) {
    const struct command *p = &s->commands[pause];
    for (size_t i = pause + 1; i < s->count; i++) {
        const struct command *c = &s->commands[i];
        if (c->at == p->at && c->at_number == p->at_number && ends_pause(c))
            return true;
    }
    return false;
}

int script_check(const struct script *s, size_t *bad, struct error *e) {
    for (size_t i = 0; i < s->count; i++) {
        const struct command *c = &s->commands[i];
        if (c->verb != COMMAND_PAUSE)
            continue;
        *bad = i;
        if (c->at == MOMENT_NOW && !immediate_pause_ends(s, i))
            return error_set(e, ERROR_USAGE,
                             "pause: nothing ends it, expected resume, step, stop or quit before the next wait and "
                             "before the end of the script");
        if (c->at != MOMENT_NOW && !timed_pause_ends(s, i))
            return error_set(e, ERROR_USAGE,
                             "pause: nothing ends it, expected a line below with the same at %s %llu and resume, stop "
                             "or quit",
                             c->at == MOMENT_STEP ? "step" : "epoch", (unsigned long long)c->at_number);
    }
    return 0;
}

void script_free(struct script *s) {
    free(s->commands);
    memset(s, 0, sizeof *s);
}
