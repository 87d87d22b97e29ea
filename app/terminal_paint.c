#include "app/terminal_paint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/train/team.h"

bool terminal_no_color(void) {
    const char *value = getenv("NO_COLOR");
    return value && *value;
}

struct paint terminal_paint(const struct screen *s, const char *theme, bool ascii) {
    struct paint p = {.glyphs = ascii ? GLYPHS_ASCII : GLYPHS_BRAILLE, .colors = terminal_no_color() ? 0 : 1 << 24};
    if (s)
        screen_paint(s, &p);
    p.theme = theme ? theme_named(theme) : NULL;
    if (!p.theme)
        p.theme = theme_named("dark");
    return p;
}

const char *terminal_device(const struct job *j, char *out, size_t size) {
    char host[64] = "";
    int threads = team_size_for(j->settings.threads);
    if (gethostname(host, sizeof host - 1) < 0)
        snprintf(host, sizeof host, "this machine");
    host[strcspn(host, ".")] = 0;
    snprintf(out, size, "%.40s, %d thread%s", host, threads, threads == 1 ? "" : "s");
    return out;
}
