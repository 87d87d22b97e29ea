/* What a pretraining run makes of an image: as it is, what is seen of it, and what was made of that. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "views/flow.h"
#include "views/picture.h"
#include "views/reconstruction_private.h"
#include "views/views.h"

enum { TEXT = 96, LOW = 12, SMALL_SIDE = 32 };

static int hidden(const struct look *l) {
    return l->patches - l->visible;
}

/* What is chosen, but not in the look that is there; NULL: it is what was asked for. */
static const char *pending(const struct view_context *x, char out[static TEXT]) {
    const struct look_request *r = &x->look->request;
    const struct choice *c = x->choice;
    if (r->split != c->split || r->index != c->image)
        snprintf(out, TEXT, "%s #%u", split_name(c->split), c->image);
    else if (r->mask != c->mask)
        snprintf(out, TEXT, "mask %d", c->mask + 1);
    else
        return NULL;
    return out;
}

/* Which image under which mask, of which step. Returns the rows that it takes; without a canvas it is measured. */
static int draw_head(const struct view_context *x, struct canvas *c, struct area a) {
    const struct look *l = x->look;
    const struct paint *p = &x->paint;
    bool narrow = a.width < 60;
    struct flow f = {.c = c, .a = canvas_part(a, 0, 0, a.height < LOW ? 1 : 2, a.width)};
    char text[TEXT], age[32];
    snprintf(text, sizeof text, "#%u", l->request.index);
    flow_put(&f, p, split_name(l->request.split), THEME_TITLE, text);
    const char *wanted = pending(x, text);
    if (wanted && narrow)
        flow_put(&f, p, "waiting for", THEME_WARN, wanted);
    if (l->label < 0)
        flow_put(&f, p, "", THEME_BAD, "unreadable");
    char mask[TEXT];
    snprintf(mask, sizeof mask, l->request.mask ? "%d" : narrow ? "%d" : "%d, that of evaluation", l->request.mask + 1);
    flow_put(&f, p, "mask", THEME_TITLE, mask);
    if (wanted && !narrow)
        flow_put(&f, p, "waiting for", THEME_WARN, wanted);
    snprintf(mask, sizeof mask, "%d/%d", hidden(l), l->patches);
    if (narrow) /* wide ones have it beside the loss */
        flow_put(&f, p, "hidden", THEME_TEXT, mask);
    snprintf(mask, sizeof mask, "%llu", (unsigned long long)l->step);
    flow_put(&f, p, "step", THEME_TEXT, mask);
    if (x->look_age < 9.95)
        snprintf(mask, sizeof mask, "%.1f s old", fmax(x->look_age, 0));
    else
        snprintf(mask, sizeof mask, "%s old", view_duration(x->look_age, age));
    if (!wanted)
        flow_put(&f, p, "", THEME_DIM, mask);
    flow_line(&f);
    return f.y < f.a.height ? f.y : f.a.height;
}

static void put_number(struct flow *f, const struct paint *p, const char *label, enum theme_role role,
                       const char *format, double value) {
    char text[TEXT];
    snprintf(text, sizeof text, format, value);
    flow_put(f, p, label, role, text);
}

/* The whole split beside the one image. */
static void put_split(const struct view_context *x, struct flow *f) {
    enum split split = x->look->request.split;
    const struct snapshot_result *r = split == SPLIT_VAL ? &x->now->val : &x->now->test;
    const struct paint *p = &x->paint;
    char text[TEXT];
    if (split == SPLIT_TRAIN || !r->known)
        return;
    flow_put(f, p, "all of", split == SPLIT_VAL ? THEME_VAL : THEME_TEST, split_name(split));
    put_number(f, p, "loss", THEME_TEXT, "%.3f", r->loss);
    if (r->top1 < 1)
        put_number(f, p, "baseline", THEME_TEXT, "%.3f", r->loss / (1 - r->top1));
    put_number(f, p, "explained", THEME_TEXT, "%.1f%%", 100 * r->top1);
    snprintf(text, sizeof text, "after epoch %llu", (unsigned long long)r->epoch);
    flow_put(f, p, "", THEME_DIM, text);
    flow_line(f);
}

/* The image's numbers. Returns the rows that they take. */
static int draw_numbers(const struct view_context *x, struct canvas *c, struct area a, int most) {
    const struct look *l = x->look;
    const struct paint *p = &x->paint;
    struct flow f = {.c = c, .a = canvas_part(a, 0, 0, most, a.width)};
    char text[TEXT];
    if (l->label >= 0) {
        put_number(&f, p, "loss", THEME_TITLE, "%.3f", l->loss);
        if (a.width >= 40)
            put_number(&f, p, "baseline", THEME_TEXT, "%.3f", l->baseline);
        double explained = look_explained(l);
        put_number(&f, p, a.width < 60 ? "expl." : "explained", explained > 0 ? THEME_GOOD : THEME_BAD, "%.1f%%",
                   100 * explained);
    }
    snprintf(text, sizeof text, "%d of %d patches", hidden(l), l->patches);
    if (a.width >= 60)
        flow_put(&f, p, "hidden", THEME_TEXT, text);
    flow_line(&f);
    if (most > 1 && l->label >= 0) {
        put_split(x, &f);
        flow_put(&f, p, "", THEME_DIM,
                 a.width < 63 ? "baseline: predicting each patch's mean"
                              : "baseline: the loss of predicting the mean of each hidden patch");
        flow_line(&f);
    }
    return f.y < most ? f.y : most;
}

static struct reconstruction_layout layout_of(const struct view_context *x, struct area a) {
    struct reconstruction_layout o;
    int numbers = draw_numbers(x, NULL, a, a.height < LOW ? 1 : 4);
    reconstruction_layout_make(a, draw_head(x, NULL, a), numbers, x->task->images[x->choice->split], x->choice->image,
                               &o);
    return o;
}

/* The longest title that fits, as they get shorter. */
static void draw_title(const struct view_context *x, struct canvas *c, struct area pane, enum reconstruction_pane k) {
    char masked[TEXT];
    snprintf(masked, sizeof masked, "masked: %.0f%% hidden", 100.0 * hidden(x->look) / x->look->patches);
    const char *const titles[RECONSTRUCTION_PANES][3] = {
        [RECONSTRUCTION_INPUT] = {"original", "orig.", NULL},
        [RECONSTRUCTION_MASKED] = {masked, "masked", NULL},
        [RECONSTRUCTION_REBUILT] = {"reconstructed", "rebuilt", NULL},
    };
    const char *const *t = titles[k];
    while (t[1] && canvas_columns(t[0]) >= pane.width)
        t++;
    canvas_text(c, canvas_part(pane, 0, 0, 1, pane.width), 0, 0, theme_style(&x->paint, THEME_TITLE), t[0]);
}

/* Without colours grey is a shade like others: there hidden patches are left blank. */
static uint8_t *blank_hidden(const struct look *l) {
    size_t side = (size_t)l->side, across = (size_t)lround(sqrt((double)l->patches));
    uint8_t *rgb = malloc(3 * side * side);
    if (!rgb)
        return NULL;
    memcpy(rgb, look_rgb(l), 3 * side * side);
    for (size_t i = 0; i < side * side; i++)
        if (!look_seen(l)[i / side * across / side * across + i % side * across / side])
            memset(rgb + 3 * i, 0, 3);
    return rgb;
}

static void draw_pane(const struct view_context *x, struct canvas *c, struct area a, enum reconstruction_pane kind) {
    const struct look *l = x->look;
    const uint8_t *const pictures[RECONSTRUCTION_PANES] = {look_rgb(l), look_masked(l), look_rebuilt(l)};
    uint8_t *blank = kind == RECONSTRUCTION_MASKED && x->paint.colors < 256 ? blank_hidden(l) : NULL;
    picture_draw(c, a, &x->paint, &(struct picture){.rgb = blank ? blank : pictures[kind], .side = l->side});
    free(blank);
}

/* The picture of an image among those that came; NULL: it did not yet. */
static const uint8_t *picture_of(const struct view_context *x, uint32_t index) {
    const struct pictures *p = x->pictures;
    if (!p || p->request.split != x->choice->split)
        return NULL;
    for (int i = 0; i < p->request.count; i++)
        if (p->request.index[i] == index)
            return p->rgb + 3 * (size_t)p->request.side * (size_t)p->request.side * (size_t)i;
    return NULL;
}

static void draw_strip(const struct view_context *x, struct canvas *c, const struct reconstruction_layout *o) {
    struct style dim = theme_style(&x->paint, THEME_DIM);
    size_t images = x->task->images[x->choice->split];
    canvas_print(c, o->strip, 0, 0, dim, "%s images %u to %zu of %zu", split_name(x->choice->split), o->first,
                 o->first + (size_t)o->across < images ? o->first + (size_t)o->across - 1 : images - 1, images);
    for (int i = 0; i < o->across && o->first + (size_t)i < images; i++) {
        uint32_t index = o->first + (uint32_t)i;
        struct area m = reconstruction_layout_small(o, i);
        const uint8_t *rgb = picture_of(x, index);
        bool chosen = index == x->choice->image;
        char text[32];
        if (rgb)
            picture_draw(c, m, &x->paint, &(struct picture){.rgb = rgb, .side = x->pictures->request.side});
        else
            canvas_fill(c, m, x->paint.glyphs == GLYPHS_ASCII ? '.' : 0xb7, dim);
        snprintf(text, sizeof text, chosen ? "[#%u]" : "#%u", index);
        canvas_text(c, canvas_part(o->strip, o->strip.height - 1, m.x - o->strip.x, 1, m.width), 0, 0,
                    chosen ? theme_style(&x->paint, THEME_SELECTED) : dim, text);
    }
}

/* Before the first look. */
static void say_waiting(const struct view_context *x, struct canvas *c, struct area a) {
    const struct choice *k = x->choice;
    struct style text = theme_style(&x->paint, THEME_TEXT), dim = theme_style(&x->paint, THEME_DIM);
    struct area at = canvas_part(a, a.height / 3, 2, a.height, a.width - 2);
    if (x->task->images[k->split] == 0) {
        canvas_print(c, at, 0, 0, text, "The data has no %s images.", split_name(k->split));
        canvas_text(c, at, 1, 0, dim, "x chooses another split");
        return;
    }
    canvas_print(c, at, 0, 0, text, "Waiting for the reconstruction");
    canvas_print(c, at, 1, 0, text, "of %s #%u", split_name(k->split), k->image);
    canvas_text(c, at, 3, 0, dim,
                x->now->phase == PHASE_STARTING ? "It comes once the model is ready."
                                                : "It is computed between steps.");
}

static bool has_look(const struct view_context *x) {
    return x->look && x->look->reconstructs;
}

static void draw(const struct view_context *x, struct canvas *c, struct area a) {
    if (!has_look(x)) {
        say_waiting(x, c, a);
        return;
    }
    struct reconstruction_layout o = layout_of(x, a);
    draw_head(x, c, a);
    for (int i = 0; i < o.panes; i++) {
        if (o.title)
            draw_title(x, c, o.pane[i], o.kind[i]);
        draw_pane(x, c, canvas_part(o.pane[i], o.title, 0, o.pane[i].height, o.pane[i].width), o.kind[i]);
    }
    draw_numbers(x, c, o.numbers, o.numbers.height);
    if (o.strip.height > 0)
        draw_strip(x, c, &o);
}

static bool click(const struct view_context *x, struct area a, int y, int x_, char *command, size_t size) {
    if (!has_look(x))
        return false;
    struct reconstruction_layout o = layout_of(x, a);
    int i = reconstruction_layout_hit(&o, a.y + y, a.x + x_);
    if (i < 0 || o.first + (size_t)i >= x->task->images[x->choice->split])
        return false;
    snprintf(command, size, "select image %u", o.first + (uint32_t)i);
    return true;
}

static void wanted(const struct view_context *x, struct area a, struct pictures_request *out) {
    if (!has_look(x))
        return;
    struct reconstruction_layout o = layout_of(x, a);
    size_t images = x->task->images[x->choice->split];
    out->split = x->choice->split;
    out->side = SMALL_SIDE;
    for (int i = 0; i < o.across && o.strip.height > 0 && o.first + (size_t)i < images; i++)
        out->index[out->count++] = o.first + (uint32_t)i;
}

const struct view reconstruction_view = {
    .name = "reconstruction", .title = "Reconstruction", .draw = draw, .click = click, .wanted = wanted};
