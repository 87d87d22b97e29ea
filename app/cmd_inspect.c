/* gptui inspect FILE: what a checkpoint holds, tensor by tensor, and whether it can be used as a backbone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "app/subcommand.h"
#include "core/formats/names.h"
#include "core/model/model.h"

#define PART 4096 /* elements converted at a time */

struct statistics {
    double low, high, mean, deviation; /* over the finite values; NaN where there are none */
    size_t not_finite;
};

/* Elements from..from+count of `t`, as a tensor. */
static struct tensor part_of(const struct tensor *t, size_t from, size_t count) {
    struct tensor part = *t;
    part.data = (const char *)t->data + from * tensor_type_bytes(t->type);
    part.count = count;
    return part;
}

/* One pass for the mean, one for the deviation from it: exact enough for values of any offset. */
static struct statistics measure(const struct tensor *t) {
    struct statistics s = {.low = NAN, .high = NAN, .mean = NAN, .deviation = NAN};
    float values[PART];
    double sum = 0, squares = 0;
    size_t finite = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t at = 0; at < t->count; at += PART) {
            struct tensor part = part_of(t, at, t->count - at < PART ? t->count - at : PART);
            tensor_to_f32(&part, values);
            for (size_t i = 0; i < part.count; i++) {
                double v = (double)values[i];
                if (!isfinite(v))
                    continue;
                if (pass == 1) {
                    squares += (v - s.mean) * (v - s.mean);
                    continue;
                }
                s.low = v < s.low || finite == 0 ? v : s.low;
                s.high = v > s.high || finite == 0 ? v : s.high;
                sum += v;
                finite++;
            }
        }
        if (pass == 0 && finite > 0)
            s.mean = sum / (double)finite;
    }
    s.not_finite = t->count - finite;
    if (finite > 0)
        s.deviation = sqrt(squares / (double)finite);
    return s;
}

/* cJSON would write NaN as null anyway, but says so nowhere. */
static cJSON *number(double v) {
    return isfinite(v) ? cJSON_CreateNumber(v) : cJSON_CreateNull();
}

static cJSON *tensor_json(const struct tensor *t) {
    struct statistics s = measure(t);
    cJSON *item = cJSON_CreateObject(), *shape = cJSON_CreateArray();
    for (int i = 0; i < t->rank; i++)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)t->shape[i]));
    cJSON_AddStringToObject(item, "name", t->name);
    cJSON_AddStringToObject(item, "type", tensor_type_name(t->type));
    cJSON_AddItemToObject(item, "shape", shape);
    cJSON_AddItemToObject(item, "min", number(s.low));
    cJSON_AddItemToObject(item, "max", number(s.high));
    cJSON_AddItemToObject(item, "mean", number(s.mean));
    cJSON_AddItemToObject(item, "std", number(s.deviation));
    if (s.not_finite)
        cJSON_AddNumberToObject(item, "nonfinite", (double)s.not_finite);
    return item;
}

static cJSON *shape_json(const struct model *m) {
    cJSON *shape = cJSON_CreateObject();
    char name[32];
    cJSON_AddStringToObject(shape, "name", shape_name(&m->shape, name, sizeof name));
    cJSON_AddNumberToObject(shape, "dim", m->shape.dim);
    cJSON_AddNumberToObject(shape, "depth", m->shape.depth);
    cJSON_AddNumberToObject(shape, "heads", m->shape.heads);
    cJSON_AddNumberToObject(shape, "mlp", m->shape.mlp);
    cJSON_AddNumberToObject(shape, "patch", m->shape.patch);
    cJSON_AddNumberToObject(shape, "image", m->shape.image);
    cJSON_AddBoolToObject(shape, "heads_guessed", m->heads_guessed);
    return shape;
}

static size_t total_values(const struct tensors *t) {
    size_t total = 0;
    for (size_t i = 0; i < tensors_count(t); i++)
        total += tensors_at(t, i)->count;
    return total;
}

/* `m` NULL: no backbone, and `why` says why. */
static int print_json(const struct tensors *t, const struct model *m, const char *why, struct error *e) {
    cJSON *root = cJSON_CreateObject(), *list = cJSON_CreateArray(), *metadata = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "file", tensors_path(t));
    cJSON_AddStringToObject(root, "format", tensors_format(t));
    cJSON_AddItemToObject(root, "family", m ? cJSON_CreateString(model_family_name(m->family)) : cJSON_CreateNull());
    cJSON_AddItemToObject(root, "shape", m ? shape_json(m) : cJSON_CreateNull());
    cJSON_AddNumberToObject(root, "parameters", (double)(m ? shape_parameters(&m->shape) : total_values(t)));
    if (m)
        cJSON_AddStringToObject(root, "source", m->source);
    else
        cJSON_AddStringToObject(root, "no_backbone", why);
    for (size_t i = 0; i < tensors_metadata_count(t); i++)
        cJSON_AddStringToObject(metadata, tensors_metadata_key(t, i), tensors_metadata(t, tensors_metadata_key(t, i)));
    cJSON_AddItemToObject(root, "metadata", metadata);
    for (size_t i = 0; i < tensors_count(t); i++)
        cJSON_AddItemToArray(list, tensor_json(tensors_at(t, i)));
    cJSON_AddItemToObject(root, "tensors", list);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return error_set(e, ERROR_MEMORY, "no memory for a description of %zu tensors", tensors_count(t));
    puts(text);
    cJSON_free(text);
    return 0;
}

static void print_head(const struct tensors *t, const struct model *m, const char *why) {
    char name[32];
    printf("file        %s (%s)\n", tensors_path(t), tensors_format(t));
    if (!m) {
        printf("backbone    none: %s\n", why);
        printf("parameters  %zu in %zu tensors\n\n", total_values(t), tensors_count(t));
        return;
    }
    printf("family      %s (%s)\n", model_family_name(m->family), m->source);
    printf("shape       %s: width %d, %d blocks, %d heads%s, MLP %d, patch %d, image %d\n",
           shape_name(&m->shape, name, sizeof name), m->shape.dim, m->shape.depth, m->shape.heads,
           m->heads_guessed ? " (by the width; the file does not say)" : "", m->shape.mlp, m->shape.patch,
           m->shape.image);
    printf("parameters  %zu; %zu in the file's %zu tensors\n\n", shape_parameters(&m->shape), total_values(t),
           tensors_count(t));
}

static void print_table(const struct tensors *t) {
    int width = 4;
    for (size_t i = 0; i < tensors_count(t); i++) {
        int n = (int)strlen(tensors_at(t, i)->name);
        width = n > width ? n : width;
    }
    printf("%-*s  %-4s  %-20s %11s %11s %11s %11s\n", width, "name", "type", "shape", "min", "max", "mean", "std");
    for (size_t i = 0; i < tensors_count(t); i++) {
        const struct tensor *item = tensors_at(t, i);
        struct statistics s = measure(item);
        char shape[100];
        printf("%-*s  %-4s  %-20s %11.4g %11.4g %11.4g %11.4g", width, item->name, tensor_type_name(item->type),
               tensor_shape_text(item, shape, sizeof shape), s.low, s.high, s.mean, s.deviation);
        if (s.not_finite)
            printf("  %zu not finite", s.not_finite);
        putchar('\n');
    }
}

/* A file that is no backbone is described all the same, which is a success; one that would be, but for an error, is
 * described too, so that the error can be looked into, and fails. */
static int run(const struct arguments *a, struct error *e) {
    struct tensors *t = NULL;
    struct model *m = NULL;
    struct names names;
    struct error why = {0};
    int rc = tensors_open(&t, a->values[0], e);
    if (rc < 0)
        return rc;
    bool backbone = names_detect(&names, t, "", &why) == 0;
    if (backbone)
        rc = model_from_tensors(&m, t, "", NULL, e);
    const char *text = backbone ? e->text : why.text;
    struct error memory = {0};
    if (!arguments_has(a, "json")) {
        print_head(t, m, text);
        print_table(t);
    } else if (print_json(t, m, text, &memory) < 0) {
        *e = memory;
        rc = memory.code;
    }
    model_close(m);
    tensors_close(t);
    return rc;
}

const struct subcommand cmd_inspect = {
    .name = "inspect",
    .synopsis = "FILE [--json]",
    .summary = "what a checkpoint holds",
    .details = "Prints the family and the shape of the backbone in FILE (safetensors, PyTorch zip or legacy file, told "
               "by content), and of each tensor its name, type, shape, least and largest value, mean and standard "
               "deviation (over the finite values).\n\n"
               "A file that is no ViT backbone, such as a run's last.safetensors, is listed too. One that names the "
               "tensors of a backbone but lacks one, or holds a wrong shape or a value that is not finite, is listed, "
               "and the exit status is 1.",
    .options = (const struct option[]){{"json", NULL,
                                        "print one JSON object: file, format, family, shape, parameters, "
                                        "tensors; family and shape are null where there is no backbone"},
                                       {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run,
};
