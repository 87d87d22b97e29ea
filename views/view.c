#include "views/view.h"

#include <assert.h>
#include <stdio.h>

#include "views/views.h"

const struct view *view_of(enum view_id id) {
    static const struct view *const views[VIEW_COUNT] = {
#define X(constant, name) [constant] = &name##_view,
        VIEWS(X)
#undef X
    };
    assert(id >= 0 && id < VIEW_COUNT);
    return views[id];
}

bool view_reconstructs(const struct view_context *x) {
    return x->task->settings->method == METHOD_MAE;
}

const struct view *view_in(const struct view_context *x, enum view_id id) {
    return id == VIEW_ATTENTION && view_reconstructs(x) ? &reconstruction_view : view_of(id);
}

void view_wanted_pictures(const struct view_context *x, struct area a, struct pictures_request *out) {
    const struct view *v = view_in(x, x->choice->view);
    *out = (struct pictures_request){0};
    if (v->wanted)
        v->wanted(x, a, out);
}

double view_gflops(const struct view_context *x) {
    return x->now->images_per_s * (x->task->train_gflop - x->now->kept * x->task->kept_gflop);
}

const char *view_share(const struct snapshot *s) {
    return s->reconstructs ? "explained" : "top-1";
}

const char *view_loss(const struct snapshot *s) {
    return s->reconstructs ? "masked patches" : "cross-entropy";
}

const char *view_duration(double seconds, char out[static 32]) {
    long long s = !(seconds > 0) ? 0 : seconds > 1e12 ? (long long)1e12 : (long long)(seconds + 0.5);
    if (s < 60)
        snprintf(out, 32, "%lld s", s);
    else if (s < 3600)
        snprintf(out, 32, "%lldm%02llds", s / 60, s % 60);
    else if (s < 86400)
        snprintf(out, 32, "%lldh%02lldm", s / 3600, s / 60 % 60);
    else
        snprintf(out, 32, "%lldd%02lldh", s / 86400, s / 3600 % 24);
    return out;
}

/* Up to 1023.9 of a unit, so that four digits are the most. */
const char *view_bytes(size_t bytes, char out[static 32]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    int unit = 0;
    while (value >= 1023.5) {
        value /= 1024;
        unit++;
    }
    snprintf(out, 32, "%.*f %s", unit > 2 && value < 99.5 ? 1 : 0, value, units[unit]);
    return out;
}
