/* What a view shows as numbers: comma-separated values as in RFC 4180. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "views/export_private.h"

enum { POINTS = SERIES_RECENT };

/* A number, or nothing where it is not known. */
static void put(FILE *f, bool known, double value) {
    if (known && isfinite(value))
        fprintf(f, ",%.9g", value);
    else
        fputc(',', f);
}

static void put_text(FILE *f, const char *text) {
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

static void put_at(FILE *f, const struct series *s, double x) {
    double value;
    bool known = series_at(s, x, &value);
    put(f, known, known ? value : 0);
}

/* A row a step, or a row for several where the run is longer than the curves keep. */
static int write_curves(const struct view_context *x, FILE *f, struct error *e) {
    const struct history *h = x->history;
    struct series_point *points = calloc(POINTS, sizeof *points);
    if (!points)
        return error_set(e, ERROR_MEMORY, "not enough memory for the curves");
    fputs("step,loss,loss_low,loss_high,top1,lr,val_top1,val_loss,test_top1", f);
    for (int i = 0; i < h->gates; i++)
        fprintf(f, ",gate.%d", i + 1);
    for (int i = 0; i < h->temps; i++)
        fprintf(f, ",temp.%d", i + 1);
    fputs("\r\n", f);
    size_t n = series_read(&h->loss, 0, (double)h->steps, POINTS, points);
    for (size_t k = 0; k < n; k++) {
        const struct series_point *p = &points[k];
        fprintf(f, "%.0f", p->x);
        put(f, p->count > 0, p->mean);
        put(f, p->count > 0, p->low);
        put(f, p->count > 0, p->high);
        put_at(f, &h->top1, p->x);
        put_at(f, &h->rate, p->x);
        put_at(f, &h->val_top1, p->x);
        put_at(f, &h->val_loss, p->x);
        put_at(f, &h->test_top1, p->x);
        for (int i = 0; i < h->gates; i++)
            put_at(f, &h->gate[i], p->x);
        for (int i = 0; i < h->temps; i++)
            put_at(f, &h->temp[i], p->x);
        fputs("\r\n", f);
    }
    free(points);
    return 0;
}

static int write_attention(const struct view_context *x, FILE *f, struct error *e) {
    const struct look *l = x->look;
    if (!l)
        return error_set(e, ERROR_USAGE, "no attention has been computed yet: choose an image in the attention view");
    size_t n = (size_t)l->patches, side = (size_t)(sqrt((double)n) + 0.5), block = (size_t)l->request.block;
    fputs("patch_row,patch_column,prompt_share,cls_share,cls_share_without_prompts\r\n", f);
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%zu,%zu", i / side, i % side);
        put(f, l->prompts > 0, (double)look_query(l)[block * n + i]);
        put(f, true, (double)look_cls(l)[block * n + i]);
        put(f, true, (double)look_alone(l)[block * (1 + n) + 1 + i]);
        fputs("\r\n", f);
    }
    return 0;
}

static int write_predictions(const struct view_context *x, FILE *f, struct error *e) {
    const struct predictions *p = x->predictions;
    if (!p)
        return error_set(e, ERROR_USAGE, "%s has not been evaluated yet; `eval %s` does", split_name(x->choice->split),
                         split_name(x->choice->split));
    fputs("split,image,true,said,true_share,said_share\r\n", f);
    for (size_t i = 0; i < p->count; i++) {
        const struct prediction *k = &p->images[i];
        fprintf(f, "%s,%u,", split_name(p->split), k->index);
        put_text(f, x->task->class_names[k->label]);
        fputc(',', f);
        put_text(f, x->task->class_names[k->said]);
        put(f, true, (double)k->label_share);
        put(f, true, (double)k->said_share);
        fputs("\r\n", f);
    }
    return 0;
}

static int write_csv(const struct view_context *x, const char *path, struct error *e) {
    struct export_file file;
    int r = export_open(&file, path, e);
    if (r < 0)
        return r;
    switch (x->choice->view) {
    case VIEW_OVERVIEW:
    case VIEW_GATES:
        r = write_curves(x, file.f, e);
        break;
    case VIEW_ATTENTION:
        r = write_attention(x, file.f, e);
        break;
    case VIEW_DATA:
        r = write_predictions(x, file.f, e);
        break;
    default:
        r = error_set(e, ERROR_USAGE, "the %s view has no numbers to export; overview, gates, attention and data have",
                      view_of(x->choice->view)->name);
    }
    struct error ignored;
    int closed = export_close(&file, r == 0, r < 0 ? &ignored : e);
    return r < 0 ? r : closed;
}

int export_view(const struct view_context *x, const char *path, struct error *e) {
    if (export_has_suffix(path, ".csv"))
        return write_csv(x, path, e);
    if (export_has_suffix(path, ".png"))
        return export_png(x, path, e);
    return error_set(e, ERROR_USAGE, "%.200s: an export's name ends in .csv or .png", path);
}
