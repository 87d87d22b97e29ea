/* Made-up answers of the trainer for the tests of views: attention of an image, predictions, pictures. Free each with
 * free(). The same every time. */
#ifndef TESTS_SAMPLE_LOOK_H
#define TESTS_SAMPLE_LOOK_H

#include <math.h>
#include <stdlib.h>

#include "core/train/look.h"

struct sample_look {
    int depth, side, prompts, first; /* blocks; patches of a row; prompts; block of the insertion, from 0 */
    int pixels;                      /* side of the picture */
    struct look_request request;
};

/* A bird's worth of colour: a bright disc on a sky over grass. */
static inline void sample_look_paint(uint8_t *rgb, int side, uint32_t index) {
    double cy = 0.35 + 0.3 * (index % 3) / 2, cx = 0.3 + 0.4 * (index % 5) / 4;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double v = (y + 0.5) / side, h = (x + 0.5) / side, r = hypot(v - cy, h - cx);
            uint8_t *p = rgb + 3 * ((size_t)y * (size_t)side + (size_t)x);
            bool disc = r<0.22, grass = v> 0.7 + 0.05 * sin(12 * h);
            p[0] = (uint8_t)(disc ? 210 - 300 * r : grass ? 60 : 120 + 60 * v);
            p[1] = (uint8_t)(disc ? 60 + 40 * (index % 4) : grass ? 120 - 40 * h : 160 + 40 * v);
            p[2] = (uint8_t)(disc ? 40 + 50 * (index % 3) : grass ? 50 : 230);
        }
}

/* The part of a row over the patches, with this sum: a hill whose place depends on `what` on a low plain. */
static inline void sample_look_hill(float *row, int side, int what, double sum) {
    double total = 0, cy = 0.3 + 0.4 * ((what * 37) % 11) / 11, cx = 0.25 + 0.5 * ((what * 53) % 13) / 13;
    for (int i = 0; i < side * side; i++) {
        double y = (i / side + 0.5) / side, x = (i % side + 0.5) / side;
        row[i] = (float)(0.12 + exp(-((y - cy) * (y - cy) + (x - cx) * (x - cx)) / (0.02 + 0.004 * (what % 7))));
        total += (double)row[i];
    }
    for (int i = 0; i < side * side; i++)
        row[i] = (float)((double)row[i] * sum / total);
}

/* Row i of a block: to CLS, to each prompt, to the patches; sums to 1. */
static inline void sample_look_row(float *row, int side, int prompts, int block, int i) {
    double to_prompts = prompts ? 0.314 : 0, used = 0;
    row[0] = 0.021f;
    for (int p = 0; p < prompts; p++)
        used += row[1 + p] = (float)(1 + (p * 7 + block) % prompts);
    for (int p = 0; p < prompts; p++)
        row[1 + p] = (float)((double)row[1 + p] * to_prompts / used);
    sample_look_hill(row + 1 + prompts, side, 3 * i + block, 1 - 0.021 - to_prompts);
}

static inline struct look *sample_look_make(const struct sample_look *s) {
    size_t depth = (size_t)s->depth, patches = (size_t)s->side * (size_t)s->side, pixels = (size_t)s->pixels;
    int prompts = s->request.block >= s->first ? s->prompts : 0;
    size_t tokens = 1 + (size_t)prompts + patches, rows = sizeof(struct look);
    size_t query = rows + (1 + (size_t)prompts) * tokens * sizeof(float);
    size_t cls = query + depth * patches * sizeof(float), alone = cls + depth * patches * sizeof(float);
    size_t rgb = alone + depth * (1 + patches) * sizeof(float), bytes = rgb + 3 * pixels * pixels;
    struct look *l = calloc(1, bytes);
    float *row = calloc(1 + (size_t)s->prompts + patches, sizeof *row);
    if (!l || !row)
        abort();
    *l = (struct look){.version = LOOK_VERSION,
                       .request = s->request,
                       .step = 716,
                       .depth = s->depth,
                       .patches = (int32_t)patches,
                       .side = s->pixels,
                       .prompts = prompts,
                       .first = s->first,
                       .label = 0,
                       .said = 1,
                       .label_share = 0.12f,
                       .said_share = 0.381f,
                       .seconds = 0.3,
                       .bytes = bytes,
                       .rows = rows,
                       .query = query,
                       .cls = cls,
                       .alone = alone,
                       .rgb = rgb};
    char *base = (char *)l;
    for (int i = 0; i <= prompts; i++)
        sample_look_row((float *)(void *)(base + rows) + (size_t)i * tokens, s->side, prompts, s->request.block, i);
    for (int b = 0; b < s->depth; b++) {
        float *of_query = (float *)(void *)(base + query) + (size_t)b * patches;
        float *of_cls = (float *)(void *)(base + cls) + (size_t)b * patches;
        float *plain = (float *)(void *)(base + alone) + (size_t)b * (1 + patches);
        int here = b >= s->first ? s->prompts : 0, chosen = s->request.prompt;
        sample_look_row(row, s->side, here, b, 0);
        for (size_t k = 0; k < patches; k++)
            of_cls[k] = row[1 + (size_t)here + k];
        for (int p = 0; p < here; p++) {
            sample_look_row(row, s->side, here, b, 1 + p);
            for (size_t k = 0; k < patches && (chosen < 0 || chosen == p); k++)
                of_query[k] += row[1 + (size_t)here + k] / (float)(chosen < 0 ? here : 1);
        }
        plain[0] = 0.08f;
        sample_look_hill(plain + 1, s->side, b + 5, 0.92);
    }
    sample_look_paint((uint8_t *)base + rgb, s->pixels, s->request.index);
    free(row);
    return l;
}

/* Of a pretraining run: `side` patches a row, of which every fourth is seen; what was hidden comes back in greyish. */
static inline struct look *sample_look_rebuilt(const struct sample_look *s) {
    size_t patches = (size_t)s->side * (size_t)s->side, pixels = (size_t)s->pixels, picture = 3 * pixels * pixels;
    struct look *l = calloc(1, sizeof *l + 3 * picture + patches);
    if (!l)
        abort();
    size_t rgb = sizeof *l;
    *l = (struct look){.version = LOOK_VERSION,
                       .request = s->request,
                       .step = 716,
                       .depth = s->depth,
                       .first = s->depth,
                       .patches = (int32_t)patches,
                       .side = s->pixels,
                       .said = -1,
                       .seconds = 0.3,
                       .bytes = rgb + 3 * picture + patches,
                       .rgb = rgb,
                       .reconstructs = true,
                       .visible = (int32_t)patches / 4,
                       .loss = 0.412,
                       .baseline = 0.987,
                       .masked = rgb + picture,
                       .rebuilt = rgb + 2 * picture,
                       .seen = rgb + 3 * picture};
    uint8_t *base = (uint8_t *)l;
    sample_look_paint(base + l->rgb, s->pixels, s->request.index);
    for (size_t i = 0; i < patches; i++)
        base[l->seen + i] = (i + i / (size_t)s->side + (size_t)s->request.mask) % 4 == 0;
    for (size_t i = 0; i < picture; i++) {
        size_t y = i / 3 / pixels * (size_t)s->side / pixels, x = i / 3 % pixels * (size_t)s->side / pixels;
        bool seen = base[l->seen + y * (size_t)s->side + x];
        base[l->masked + i] = seen ? base[l->rgb + i] : 128;
        base[l->rebuilt + i] = seen ? base[l->rgb + i] : (uint8_t)((base[l->rgb + i] + 128) / 2);
    }
    return l;
}

/* `count` images of `classes`; about every fifth one is taken for the class beside its own. */
static inline struct predictions *sample_look_predictions(size_t count, int classes) {
    size_t cells = (size_t)classes * (size_t)classes;
    struct predictions *p = calloc(1, sizeof *p + count * sizeof *p->images + cells * sizeof(uint32_t));
    if (!p)
        abort();
    *p = (struct predictions){
        .version = LOOK_VERSION, .split = SPLIT_VAL, .step = 704, .epoch = 21, .classes = classes, .count = count};
    uint32_t *confusion = (uint32_t *)(void *)(p->images + count);
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = (uint32_t)i * UINT32_C(2654435761) >> 8;
        int label = (int)(i % (size_t)classes), by = hash % 3 ? 1 : 2;
        bool wrong = hash % 11 < 2;
        float share = 0.35f + 0.6f * (float)(hash % 97) / 97;
        p->images[i] = (struct prediction){.index = (uint32_t)i,
                                           .label = label,
                                           .said = wrong ? (label + by) % classes : label,
                                           .said_share = share,
                                           .label_share = wrong ? (1 - share) / 2 : share};
        confusion[(size_t)label * (size_t)classes + (size_t)p->images[i].said]++;
    }
    return p;
}

/* What the trainer answers to such a request. */
static inline struct pictures *sample_look_pictures(const struct pictures_request *r) {
    size_t bytes = 3 * (size_t)r->side * (size_t)r->side;
    struct pictures *p = calloc(1, sizeof *p + (size_t)r->count * bytes);
    if (!p)
        abort();
    p->version = LOOK_VERSION;
    p->request = *r;
    for (int i = 0; i < r->count; i++)
        sample_look_paint(p->rgb + (size_t)i * bytes, r->side, r->index[i]);
    return p;
}

#endif
