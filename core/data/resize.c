#include "core/data/resize.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The largest precision for which 255 times the sum of the weights stays below 2^31 (Resample.c). */
#define PRECISION_BITS (32 - 8 - 2)

/* Output pixel i is the sum over k < count[i] of weight[i * taps + k] * in[first[i] + k], over 2^22. */
struct filter {
    int taps;
    int *first, *count;
    int32_t *weight;
};

static void filter_free(struct filter *f) {
    free(f->first);
    free(f->count);
    free(f->weight);
}

/* precompute_coeffs() and normalize_coeffs_8bpc() of Resample.c: every operation in its order, in double. */
static void filter_pixel(struct filter *f, int i, int in, double scale, double support, double *k) {
    double centre = (i + 0.5) * scale, sum = 0, shrink = 1 / (scale < 1 ? 1 : scale);
    int first = (int)(centre - support + 0.5), end = (int)(centre + support + 0.5);
    if (first < 0)
        first = 0;
    if (end > in)
        end = in;
    for (int x = 0; x < end - first; x++) {
        double distance = fabs((x + first - centre + 0.5) * shrink);
        k[x] = distance < 1 ? 1 - distance : 0;
        sum += k[x];
    }
    for (int x = 0; x < end - first; x++) {
        double w = sum != 0 ? k[x] / sum : k[x];
        f->weight[(size_t)i * (size_t)f->taps + (size_t)x] = (int32_t)(0.5 + w * (1 << PRECISION_BITS));
    }
    f->first[i] = first;
    f->count[i] = end - first;
}

static int filter_make(struct filter *f, int in, int out, struct error *e) {
    double scale = (double)in / out, support = scale < 1 ? 1 : scale;
    f->taps = (int)ceil(support) * 2 + 1;
    f->first = malloc((size_t)out * sizeof *f->first);
    f->count = malloc((size_t)out * sizeof *f->count);
    f->weight = malloc((size_t)out * (size_t)f->taps * sizeof *f->weight);
    double *k = malloc((size_t)f->taps * sizeof *k);
    int r = 0;
    if (!f->first || !f->count || !f->weight || !k)
        r = error_set(e, ERROR_MEMORY, "not enough memory to resize %d pixels to %d", in, out);
    else
        for (int i = 0; i < out; i++)
            filter_pixel(f, i, in, scale, support, k);
    free(k);
    return r;
}

static uint8_t clip(int32_t sum) {
    int32_t v = sum >> PRECISION_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* in: [height, *, 3] -> out: [height, width, 3] */
static void pass_rows(const struct filter *f, const uint8_t *in, int in_width, uint8_t *out, int width, int height) {
    for (int y = 0; y < height; y++) {
        const uint8_t *row = in + (size_t)y * (size_t)in_width * 3;
        for (int x = 0; x < width; x++) {
            const int32_t *w = f->weight + (size_t)x * (size_t)f->taps;
            const uint8_t *p = row + (size_t)f->first[x] * 3;
            int32_t r = 1 << (PRECISION_BITS - 1), g = r, b = r;
            for (int k = 0; k < f->count[x]; k++, p += 3) {
                r += p[0] * w[k];
                g += p[1] * w[k];
                b += p[2] * w[k];
            }
            *out++ = clip(r);
            *out++ = clip(g);
            *out++ = clip(b);
        }
    }
}

/* in: [*, width, 3] -> out: [height, width, 3]; sum: [width, 3], so that the inner loop runs along rows. */
static void pass_columns(const struct filter *f, const uint8_t *in, uint8_t *out, int width, int height, int32_t *sum) {
    size_t row = (size_t)width * 3;
    for (int y = 0; y < height; y++, out += row) {
        const int32_t *w = f->weight + (size_t)y * (size_t)f->taps;
        for (size_t i = 0; i < row; i++)
            sum[i] = 1 << (PRECISION_BITS - 1);
        for (int k = 0; k < f->count[y]; k++) {
            const uint8_t *p = in + ((size_t)f->first[y] + (size_t)k) * row;
            for (size_t i = 0; i < row; i++)
                sum[i] += p[i] * w[k];
        }
        for (size_t i = 0; i < row; i++)
            out[i] = clip(sum[i]);
    }
}

int resize_pillow(const struct image *in, struct image *out, struct error *e) {
    struct filter horizontal = {0}, vertical = {0};
    struct image middle = {0};
    int32_t *sum = NULL;
    int r = 0;
    /* As in Pillow, a side that keeps its length is not filtered. */
    bool rows = in->width != out->width, columns = in->height != out->height;
    if (!rows && !columns) {
        memcpy(out->rgb, in->rgb, (size_t)in->width * (size_t)in->height * 3);
        return 0;
    }
    if (rows && (r = filter_make(&horizontal, in->width, out->width, e)) < 0)
        goto done;
    if (columns && (r = filter_make(&vertical, in->height, out->height, e)) < 0)
        goto done;
    if (rows && columns && (r = image_create(&middle, out->width, in->height, e)) < 0)
        goto done;
    if (columns && !(sum = malloc((size_t)out->width * 3 * sizeof *sum))) {
        r = error_set(e, ERROR_MEMORY, "not enough memory to resize a picture to %d x %d", out->width, out->height);
        goto done;
    }
    if (rows)
        pass_rows(&horizontal, in->rgb, in->width, columns ? middle.rgb : out->rgb, out->width, in->height);
    if (columns)
        pass_columns(&vertical, rows ? middle.rgb : in->rgb, out->rgb, out->width, out->height, sum);
done:
    free(sum);
    image_free(&middle);
    filter_free(&vertical);
    filter_free(&horizontal);
    return r;
}

struct tap {
    size_t low, high;
    float t;
};

static struct tap legacy_tap(int i, float scale, int in) {
    float at = (float)i * scale, low = floorf(at);
    size_t high = (size_t)ceilf(at), last = (size_t)in - 1;
    return (struct tap){(size_t)low < last ? (size_t)low : last, high < last ? high : last, at - low};
}

void resize_legacy(const struct image *in, int width, int height, float *out) {
    float across = (float)in->width / (float)width, down = (float)in->height / (float)height;
    for (int y = 0; y < height; y++) {
        struct tap v = legacy_tap(y, down, in->height);
        const uint8_t *top = in->rgb + v.low * (size_t)in->width * 3,
                      *bottom = in->rgb + v.high * (size_t)in->width * 3;
        for (int x = 0; x < width; x++) {
            struct tap h = legacy_tap(x, across, in->width);
            for (size_t c = 0; c < 3; c++) {
                float tl = top[h.low * 3 + c], tr = top[h.high * 3 + c];
                float bl = bottom[h.low * 3 + c], br = bottom[h.high * 3 + c];
                float t = tl + (tr - tl) * h.t, b = bl + (br - bl) * h.t;
                *out++ = t + (b - t) * v.t;
            }
        }
    }
}
