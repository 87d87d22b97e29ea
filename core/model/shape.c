#include "core/model/shape.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct named {
    const char *name;
    struct vit_shape shape;
};

static const struct named shapes[] = {
#define X(name, dim, depth, heads, mlp, patch, image, description) {name, {dim, depth, heads, mlp, patch, image}},
#include "core/model/shapes.def"
#undef X
};

#define SHAPES (sizeof shapes / sizeof *shapes)

/* The side after "@"; false: it is no whole number. */
static bool parse_image(const char *text, int *image) {
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || *end || *text < '0' || *text > '9' || n <= 0 || n > 1000000)
        return false;
    *image = (int)n;
    return true;
}

int shape_named(const char *name, struct vit_shape *s, struct error *e) {
    char known[512] = "";
    size_t used = 0, size = strcspn(name, "@");
    for (size_t i = 0; i < SHAPES; i++) {
        if (strlen(shapes[i].name) != size || memcmp(shapes[i].name, name, size) != 0) {
            int n = snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", shapes[i].name);
            used += n > 0 && (size_t)n < sizeof known - used ? (size_t)n : 0;
            continue;
        }
        *s = shapes[i].shape;
        if (!name[size])
            return 0;
        if (!parse_image(name + size + 1, &s->image))
            return error_set(e, ERROR_USAGE,
                             "shape '%s': '%s' is no image side; expected a number of pixels, as in %s@384", name,
                             name + size + 1, shapes[i].name);
        return shape_check(s, e);
    }
    return error_set(e, ERROR_USAGE, "unknown shape '%s'; expected one of %s", name, known);
}

const char *shape_name(const struct vit_shape *s, char *out, size_t size) {
    for (size_t i = 0; i < SHAPES; i++) {
        struct vit_shape other = shapes[i].shape;
        other.image = s->image;
        if (memcmp(&other, s, sizeof other) == 0) {
            snprintf(out, size, "%s", shapes[i].name);
            return out;
        }
    }
    snprintf(out, size, "vit%dx%d", s->dim, s->depth);
    return out;
}

int shape_check(const struct vit_shape *s, struct error *e) {
    /* The limits keep every product of two sides within an int, and a hostile file from asking for all memory. */
    const struct {
        const char *name;
        int value, most;
    } sides[] = {
        {"width", s->dim, 16384}, {"depth", s->depth, 1024}, {"heads", s->heads, 1024},
        {"mlp", s->mlp, 65536},   {"patch", s->patch, 1024}, {"image", s->image, 16384},
    };
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        if (sides[i].value < 1 || sides[i].value > sides[i].most)
            return error_set(e, ERROR_SHAPE, "a ViT's %s is %d; expected 1 to %d", sides[i].name, sides[i].value,
                             sides[i].most);
    if (s->dim % s->heads != 0)
        return error_set(e, ERROR_SHAPE, "%d heads do not divide the width %d; expected a number of heads that does",
                         s->heads, s->dim);
    if (s->image % s->patch != 0)
        return error_set(e, ERROR_SHAPE,
                         "an image of %d pixels is no multiple of the patch of %d; the nearest are %d and %d", s->image,
                         s->patch, s->image / s->patch * s->patch, (s->image / s->patch + 1) * s->patch);
    return 0;
}

/* The product of `rank` sides. */
static size_t volume(const size_t *sides, size_t rank) {
    size_t n = 1;
    for (size_t i = 0; i < rank; i++)
        n *= sides[i];
    return n;
}

#define VOLUME(...) volume((const size_t[]){__VA_ARGS__}, sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))

size_t shape_parameters(const struct vit_shape *s) {
    size_t D = (size_t)s->dim, M = (size_t)s->mlp, P = (size_t)s->patch, N = (size_t)shape_patches(s);
    size_t global = 0, block = 0;
#define GLOBAL(field, name, ...) global += VOLUME(__VA_ARGS__);
#define BLOCK(field, name, ...) block += VOLUME(__VA_ARGS__);
#include "core/model/weights.def"
#undef GLOBAL
#undef BLOCK
    return global + block * (size_t)s->depth;
}
