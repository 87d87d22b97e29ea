/* What a view shows as numbers: comma-separated values as in RFC 4180. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "views/export_private.h"

enum { MOST_POINTS = SERIES_BUCKETS + SERIES_RECENT };

/* ---- fields */

/* Nine digits, whatever the locale; an empty field where it is not known. */
static void put(FILE *f, bool known, double value) {
    char text[NUMBER_TEXT];
    fputc(',', f);
    if (!known || !isfinite(value))
        return;
    snprintf(text, sizeof text, "%.8e", value);
    fputs(number_print(strtod(text, NULL), text), f);
}

/* Quoted where it has to be. */
static void put_text(FILE *f, const char *text) {
    fputc(',', f);
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

static void end_row(FILE *f) {
    fputs("\r\n", f);
}

/* ---- overview and gates: a row a step */

/* All of a series: what has left its recent buffer by buckets, the rest in full. Into out[MOST_POINTS]. */
static size_t read_all(const struct series *s, struct series_point *out) {
    size_t n = 0;
    if (s->count > SERIES_RECENT)
        n = (s->count - SERIES_RECENT + s->each - 1) / s->each;
    if (n > 0)
        memcpy(out, s->whole, n * sizeof *out);
    for (size_t from = n * s->each; from < s->count; from++)
        out[n++] = s->recent[from % SERIES_RECENT];
    return n;
}

/* Evaluations on their way into the rows of the steps that they came behind. */
struct evaluations {
    struct series_point *points;
    size_t count, at;
};

/* The last evaluation behind step `from` and not behind step `to`. */
static void put_evaluation(FILE *f, struct evaluations *v, double from, double to) {
    bool known = false;
    double value = 0;
    for (; v->at < v->count && v->points[v->at].x <= to; v->at++)
        if (v->points[v->at].x > from && v->points[v->at].count > 0) {
            known = true;
            value = v->points[v->at].mean;
        }
    put(f, known, value);
}

static void put_at(FILE *f, const struct series *s, double x) {
    double value = 0;
    bool known = series_at(s, x, &value);
    put(f, known, value);
}

static void write_curves_header(const struct view_context *x, FILE *f) {
    const struct history *h = x->history;
    const char *unit = view_reconstructs(x) ? "" : "_nats", *share = view_reconstructs(x) ? "explained" : "top1";
    fprintf(f,
            "step,steps_in_row,train_loss%s,train_loss_low%s,train_loss_high%s,train_%s_share,learning_rate,"
            "images_per_s,val_loss%s,val_%s_share,test_%s_share",
            unit, unit, unit, share, unit, share, share);
    for (int i = 0; i < h->gates; i++)
        fprintf(f, ",gate.%d_share", i + 1);
    for (int i = 0; i < h->temps; i++)
        fprintf(f, ",temp.%d", i + 1);
    end_row(f);
}

static void write_step(const struct history *h, FILE *f, const struct series_point *p, double next,
                       struct evaluations evaluations[3]) {
    bool known = p->count > 0;
    fprintf(f, "%.0f,%zu", p->x, known ? p->count : (size_t)1);
    put(f, known, p->mean);
    put(f, known, p->low);
    put(f, known, p->high);
    put_at(f, &h->top1, p->x);
    put_at(f, &h->rate, p->x);
    put_at(f, &h->speed, p->x);
    for (int i = 0; i < 3; i++)
        put_evaluation(f, &evaluations[i], p->x, next);
    for (int i = 0; i < h->gates; i++)
        put_at(f, &h->gate[i], p->x);
    for (int i = 0; i < h->temps; i++)
        put_at(f, &h->temp[i], p->x);
    end_row(f);
}

/* A row a step; of a run that is longer than the curves keep in full, rows for several old steps. */
static int write_curves(const struct view_context *x, FILE *f, struct error *e) {
    const struct history *h = x->history;
    const struct series *evaluated[3] = {&h->val_loss, &h->val_top1, &h->test_top1};
    struct evaluations evaluations[3];
    struct series_point *points = calloc(4 * MOST_POINTS, sizeof *points);
    if (!points)
        return error_set(e, ERROR_MEMORY, "not enough memory for the curves");
    size_t n = read_all(&h->loss, points);
    for (int i = 0; i < 3; i++) {
        struct series_point *own = points + (size_t)(i + 1) * MOST_POINTS;
        evaluations[i] = (struct evaluations){own, read_all(evaluated[i], own), 0};
    }
    write_curves_header(x, f);
    for (size_t i = 0; i < n; i++)
        write_step(h, f, &points[i], i + 1 < n ? points[i + 1].x : INFINITY, evaluations);
    free(points);
    return 0;
}

/* ---- attention: a row a patch */

static int write_attention(const struct view_context *x, FILE *f, struct error *e) {
    const struct look *l = x->look;
    if (!l)
        return error_set(e, ERROR_USAGE, "no attention is known yet; the attention view asks for it");
    size_t n = (size_t)l->patches, side = (size_t)lround(sqrt((double)n)), block = (size_t)l->request.block;
    char query[32] = "prompts-mean", head[32] = "mean";
    if (l->request.prompt >= 0)
        snprintf(query, sizeof query, "prompt-%d", l->request.prompt + 1);
    if (l->request.head >= 0)
        snprintf(head, sizeof head, "%d", l->request.head + 1);
    fputs("split,image,step,block,head,query,patch_row,patch_column,query_share,cls_share,cls_without_prompts_share",
          f);
    end_row(f);
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%s,%u,%llu,%zu,%s,%s,%zu,%zu", split_name(l->request.split), l->request.index,
                (unsigned long long)l->step, block + 1, head, query, i / side, i % side);
        put(f, l->prompts > 0, (double)look_query(l)[block * n + i]);
        put(f, true, (double)look_cls(l)[block * n + i]);
        put(f, true, (double)look_alone(l)[block * (1 + n) + 1 + i]);
        end_row(f);
    }
    return 0;
}

/* ---- reconstruction: a row for the image */

static int write_reconstruction(const struct view_context *x, FILE *f, struct error *e) {
    const struct look *l = x->look;
    if (!l)
        return error_set(e, ERROR_USAGE, "no reconstruction is known yet; the reconstruction view asks for it");
    fputs("split,image,step,mask,patches,hidden_patches,loss,baseline_loss,explained_share", f);
    end_row(f);
    fprintf(f, "%s,%u,%llu,%d,%d,%d", split_name(l->request.split), l->request.index, (unsigned long long)l->step,
            l->request.mask + 1, l->patches, l->patches - l->visible);
    put(f, l->label >= 0, l->loss);
    put(f, l->label >= 0, l->baseline);
    put(f, l->label >= 0, look_explained(l));
    end_row(f);
    return 0;
}

/* ---- data: a row an image */

static void put_class(FILE *f, const struct view_task *t, int label) {
    bool named = label >= 0 && label < t->classes && t->class_names && t->class_names[label];
    if (label >= 0)
        fprintf(f, ",%d", label);
    else
        fputc(',', f); /* an unreadable image has no class */
    put_text(f, named ? t->class_names[label] : "");
}

static int write_predictions(const struct view_context *x, FILE *f, struct error *e) {
    const struct predictions *p = x->predictions;
    if (view_reconstructs(x))
        return error_set(e, ERROR_USAGE, "pretraining has no classes, and so no predictions to export");
    if (!p)
        return error_set(e, ERROR_USAGE, "%s has not been evaluated yet; `eval %s` does", split_name(x->choice->split),
                         split_name(x->choice->split));
    fputs("split,image,step,true_class,true_name,said_class,said_name,is_right,true_share,said_share", f);
    end_row(f);
    for (size_t i = 0; i < p->count; i++) {
        const struct prediction *k = &p->images[i];
        fprintf(f, "%s,%u,%llu", split_name(p->split), k->index, (unsigned long long)p->step);
        put_class(f, x->task, k->label);
        put_class(f, x->task, k->said);
        fprintf(f, ",%d", k->label == k->said);
        put(f, true, (double)k->label_share);
        put(f, true, (double)k->said_share);
        end_row(f);
    }
    return 0;
}

static int write_numbers(const struct view_context *x, FILE *f, struct error *e) {
    switch (x->choice->view) {
    case VIEW_OVERVIEW:
    case VIEW_GATES:
        return write_curves(x, f, e);
    case VIEW_ATTENTION:
        return view_reconstructs(x) ? write_reconstruction(x, f, e) : write_attention(x, f, e);
    case VIEW_DATA:
        return write_predictions(x, f, e);
    default:
        return error_set(e, ERROR_USAGE, "the %s view has no numbers to export; overview, gates, attention and data do",
                         view_of(x->choice->view)->name);
    }
}

static int export_csv(const struct view_context *x, const char *path, struct error *e) {
    struct export_file file;
    int r = export_open(&file, path, e);
    if (r < 0)
        return r;
    r = write_numbers(x, file.f, e);
    int closed = export_close(&file, r == 0, r == 0 ? e : NULL);
    return r < 0 ? r : closed;
}

int export_view(const struct view_context *x, const char *path, struct error *e) {
    if (export_has_suffix(path, ".csv"))
        return export_csv(x, path, e);
    if (export_has_suffix(path, ".png"))
        return export_png(x, path, e);
    return error_set(e, ERROR_USAGE, "%.200s: an export's name ends in .csv or .png", path);
}
