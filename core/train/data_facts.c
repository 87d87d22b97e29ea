#include "core/train/data_facts.h"

#include <stdlib.h>
#include <string.h>

struct data_facts *data_facts_of(const struct job *j) {
    const struct dataset *d = j->dataset;
    size_t classes = (size_t)dataset_classes(d), size = sizeof(struct data_facts) + (classes + 1) * sizeof(size_t);
    for (size_t i = 0; i < classes; i++)
        size += strlen(dataset_class_name(d, (int)i)) + 1;
    size += strlen(dataset_spec(d)) + 1;
    struct data_facts *f = calloc(1, size);
    if (!f)
        return NULL;
    f->version = DATA_FACTS_VERSION;
    f->classes = (int32_t)classes;
    for (int i = 0; i < SPLITS; i++)
        f->images[i] = dataset_size(d, (enum split)i);
    f->kept = job_kept_bytes(j);
    size_t at = sizeof(struct data_facts) + (classes + 1) * sizeof(size_t);
    for (size_t i = 0; i <= classes; i++) {
        const char *text = i < classes ? dataset_class_name(d, (int)i) : dataset_spec(d);
        size_t n = strlen(text) + 1;
        memcpy((char *)f + at, text, n);
        f->offset[i] = at;
        at += n;
    }
    return f;
}

const char *data_facts_class(const struct data_facts *f, int label) {
    return (const char *)f + f->offset[label];
}

const char *data_facts_spec(const struct data_facts *f) {
    return (const char *)f + f->offset[f->classes];
}
