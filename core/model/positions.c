#include "core/model/positions.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* out: [dim] = sin(p w_k), then cos(p w_k), w_k = 10000^(-k / (dim / 2)). */
static void encode(float *out, int position, int dim) {
    int half = dim / 2;
    for (int k = 0; k < half; k++) {
        double angle = position / pow(10000.0, (double)k / half);
        out[k] = (float)sin(angle);
        out[half + k] = (float)cos(angle);
    }
}

void positions_sincos(float *out, int grid, int dim) {
    size_t width = (size_t)dim;
    memset(out, 0, width * sizeof *out);
    for (int y = 0; y < grid; y++) {
        for (int x = 0; x < grid; x++) {
            float *row = out + width * (1 + (size_t)y * (size_t)grid + (size_t)x);
            encode(row, x, dim / 2);
            encode(row + dim / 2, y, dim / 2);
        }
    }
}

/* The four lines that make line `to` of the new grid, and their weights. */
struct taps {
    size_t index[4];
    float weight[4];
};

static float near_weight(float x) { /* |x| <= 1 */
    const float a = -0.75f;
    return ((a + 2) * x - (a + 3)) * x * x + 1;
}

static float far_weight(float x) { /* 1 < |x| < 2 */
    const float a = -0.75f;
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

static struct taps make_taps(int to_index, int from, int to) {
    float scale = (float)from / (float)to;
    float source = scale * ((float)to_index + 0.5f) - 0.5f;
    float start = floorf(source), t = source - start;
    struct taps out = {.weight = {far_weight(t + 1), near_weight(t), near_weight(1 - t), far_weight(2 - t)}};
    for (int i = 0; i < 4; i++) {
        int at = (int)start - 1 + i;
        out.index[i] = (size_t)(at < 0 ? 0 : at >= from ? from - 1 : at);
    }
    return out;
}

void positions_resize(const float *in, int from, int to, int dim, float *out) {
    size_t width = (size_t)dim;
    for (int y = 0; y < to; y++) {
        struct taps rows = make_taps(y, from, to);
        for (int x = 0; x < to; x++, out += width) {
            struct taps columns = make_taps(x, from, to);
            for (size_t d = 0; d < width; d++) {
                float line[4];
                for (int r = 0; r < 4; r++) {
                    const float *p = in + rows.index[r] * (size_t)from * width + d;
                    line[r] = p[columns.index[0] * width] * columns.weight[0] +
                              p[columns.index[1] * width] * columns.weight[1] +
                              p[columns.index[2] * width] * columns.weight[2] +
                              p[columns.index[3] * width] * columns.weight[3];
                }
                out[d] = line[0] * rows.weight[0] + line[1] * rows.weight[1] + line[2] * rows.weight[2] +
                         line[3] * rows.weight[3];
            }
        }
    }
}
