#include "core/data/preprocess.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/resize.h"
#include "core/philox.h"

/* A thread of a picture would become gigabytes once its shorter side is enlarged. */
#define MAX_ASPECT 64
#define MAX_FITTED_PIXELS ((int64_t)1 << 26)

static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};

/* Pillow's resize to width x height. */
static int fit_to(const struct image *in, int width, int height, struct fitted *out, struct error *e) {
    struct image small;
    int r = image_create(&small, width, height, e);
    if (r < 0)
        return r;
    if ((r = resize_pillow(in, &small, e)) < 0) {
        image_free(&small);
        return r;
    }
    *out = (struct fitted){width, height, small.rgb, NULL};
    return 0;
}

static int fit_fgvc(const struct preprocess *p, const struct image *in, struct fitted *out, struct error *e) {
    bool tall = in->height >= in->width;
    int64_t shorter = tall ? in->width : in->height, longer = tall ? in->height : in->width;
    int64_t to = (int64_t)p->image * 8 / 7, other = to * longer / shorter;
    if (longer > MAX_ASPECT * shorter || to * other > MAX_FITTED_PIXELS)
        return error_set(
            e, ERROR_DATA,
            "a picture of %d x %d pixels is too elongated to be cropped: its longer side may be at most %d "
            "times the shorter one, and %lld pixels once the shorter one is %lld",
            in->width, in->height, MAX_ASPECT, (long long)(MAX_FITTED_PIXELS / to), (long long)to);
    return fit_to(in, (int)(tall ? to : other), (int)(tall ? other : to), out, e);
}

static int fit_vtab(const struct preprocess *p, const struct image *in, struct fitted *out, struct error *e) {
    size_t side = (size_t)p->image;
    float *values = malloc(side * side * 3 * sizeof *values);
    if (!values)
        return error_set(e, ERROR_MEMORY, "not enough memory for a picture of %zu x %zu pixels", side, side);
    resize_legacy(in, p->image, p->image, values);
    *out = (struct fitted){p->image, p->image, NULL, values};
    return 0;
}

int preprocess_fit(const struct preprocess *p, const struct image *in, struct fitted *out, struct error *e) {
    *out = (struct fitted){0};
    switch (p->kind) {
    case PREPROCESS_FGVC:
        return fit_fgvc(p, in, out, e);
    case PREPROCESS_VTAB:
        return fit_vtab(p, in, out, e);
    case PREPROCESS_NATIVE:
        if (in->width != p->image || in->height != p->image)
            return error_set(e, ERROR_DATA, "a picture of %d x %d pixels where %d x %d were expected", in->width,
                             in->height, p->image, p->image);
        break;
    case PREPROCESS_SQUARE:
        break;
    }
    return fit_to(in, p->image, p->image, out, e);
}

void fitted_free(struct fitted *f) {
    free(f->rgb);
    free(f->values);
    *f = (struct fitted){0};
}

size_t fitted_bytes(const struct fitted *f) {
    return (size_t)f->width * (size_t)f->height * ((f->rgb ? 3 : 0) + (f->values ? 3 * sizeof *f->values : 0));
}

/* (length - image) / 2, a half rounded to even, as Python's round(). */
static int centre(int length, int image) {
    int spare = length - image, half = spare / 2;
    return spare % 2 ? half + (half & 1) : half;
}

/* Part of the fitted picture that becomes the input, and how it is turned. */
struct view {
    int top, left, height, width;
    bool flip;
    int turns;      /* quarter turns */
    int channel[3]; /* where each channel of the input comes from */
};

/* torchvision's RandomResizedCrop.get_params with scale (0.2, 1) and ratio (3/4, 4/3); ten tries, else the middle. */
static void choose_part(const struct fitted *in, struct philox_key key, uint32_t epoch, uint32_t number,
                        struct view *v) {
    double area = (double)in->width * in->height;
    for (uint32_t i = 0; i < 10; i++) {
        struct philox_words r = philox(key, epoch, number, 2, i), s = philox(key, epoch, number, 3, i);
        double part = area * (0.2 + 0.8 * (double)philox_uniform(r.w[0]));
        double ratio = exp(log(3.0 / 4) + log(16.0 / 9) * (double)philox_uniform(r.w[1]));
        int width = (int)lround(sqrt(part * ratio)), height = (int)lround(sqrt(part / ratio));
        if (width < 1 || height < 1 || width > in->width || height > in->height)
            continue;
        v->width = width;
        v->height = height;
        v->top = (int)philox_below(s.w[0], s.w[1], (uint32_t)(in->height - height + 1));
        v->left = (int)philox_below(s.w[2], s.w[3], (uint32_t)(in->width - width + 1));
        return;
    }
}

static void choose_channels(struct philox_words r, struct view *v) {
    for (int i = 2; i > 0; i--) {
        int j = (int)philox_below(r.w[i], 0, (uint32_t)i + 1), swapped = v->channel[i];
        v->channel[i] = v->channel[j];
        v->channel[j] = swapped;
    }
}

static struct view choose_view(const struct preprocess *p, const struct fitted *in, bool training, uint32_t epoch,
                               uint32_t number) {
    struct view v = {.top = centre(in->height, p->image),
                     .left = centre(in->width, p->image),
                     .height = p->image,
                     .width = p->image,
                     .channel = {0, 1, 2}};
    if (!training || p->augment == AUGMENT_NONE)
        return v;
    struct philox_key key = philox_key(p->seed, PHILOX_AUGMENT);
    struct philox_words turn = philox(key, epoch, number, 1, 0);
    if (p->augment == AUGMENT_CROP_FLIP) {
        struct philox_words r = philox(key, epoch, number, 0, 0);
        v.top = (int)philox_below(r.w[0], r.w[1], (uint32_t)(in->height - p->image + 1));
        v.left = (int)philox_below(r.w[2], r.w[3], (uint32_t)(in->width - p->image + 1));
    }
    if (p->augment == AUGMENT_RESIZED_CROP)
        choose_part(in, key, epoch, number, &v);
    if (p->augment == AUGMENT_SCENES) {
        v.turns = (int)(turn.w[1] >> 30);
        choose_channels(philox(key, epoch, number, 4, 0), &v);
    }
    v.flip = turn.w[0] >> 31;
    return v;
}

/* Where pixel (x, y) of the input comes from, in the part of the picture. */
static size_t source(const struct view *v, const struct fitted *in, size_t side, size_t x, size_t y) {
    size_t last = side - 1, fx = v->flip ? last - x : x, fy = y;
    for (int i = 0; i < v->turns; i++) {
        size_t swapped = fx;
        fx = fy;
        fy = last - swapped;
    }
    return (((size_t)v->top + fy) * (size_t)in->width + (size_t)v->left + fx) * 3;
}

static void write_view(const struct preprocess *p, const struct view *v, const struct fitted *in, float *out) {
    size_t side = (size_t)p->image;
    for (size_t c = 0; c < 3; c++) {
        float table[256];
        for (int i = 0; in->rgb && i < 256; i++)
            table[i] = ((float)i / 255.0f - mean[c]) / deviation[c];
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++) {
                size_t from = source(v, in, side, x, y) + (size_t)v->channel[c];
                *out++ = in->rgb ? table[in->rgb[from]] : (in->values[from] / 255.0f - mean[c]) / deviation[c];
            }
    }
}

/* The part, enlarged to the input's size. Errors: ERROR_MEMORY. */
static int enlarge(const struct preprocess *p, const struct view *v, const struct fitted *in, struct image *out,
                   struct error *e) {
    struct image part = {0};
    assert(in->rgb); /* job.c: resized-crop does not go with vtab */
    int r = image_create(&part, v->width, v->height, e);
    if (r == 0)
        r = image_create(out, p->image, p->image, e);
    for (int y = 0; r == 0 && y < v->height; y++)
        memcpy(part.rgb + (size_t)y * (size_t)v->width * 3,
               in->rgb + (((size_t)v->top + (size_t)y) * (size_t)in->width + (size_t)v->left) * 3,
               (size_t)v->width * 3);
    if (r == 0)
        r = resize_pillow(&part, out, e);
    image_free(&part);
    return r;
}

int preprocess_finish(const struct preprocess *p, const struct fitted *in, bool training, uint32_t epoch,
                      uint32_t number, float *out, struct error *e) {
    struct view v = choose_view(p, in, training, epoch, number);
    if (v.width == p->image && v.height == p->image) {
        write_view(p, &v, in, out);
        return 0;
    }
    struct image large = {0};
    struct view whole = {.flip = v.flip, .channel = {0, 1, 2}};
    int r = enlarge(p, &v, in, &large, e);
    if (r == 0)
        write_view(p, &whole, &(struct fitted){large.width, large.height, large.rgb, NULL}, out);
    image_free(&large);
    return r;
}
