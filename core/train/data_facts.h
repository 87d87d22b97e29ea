/* What a screen says of a job's dataset: a flat copy, since the dataset itself belongs to the trainer and is swapped
 * there.
 *
 *     struct data_facts *f = data_facts_of(job);                 // NULL: no memory
 *     name = data_facts_class(f, 0);
 *     free(f);
 *
 * One block of memory. Any thread. */
#ifndef CORE_TRAIN_DATA_FACTS_H
#define CORE_TRAIN_DATA_FACTS_H

#include "core/train/job.h"

#define DATA_FACTS_VERSION 2

struct data_facts {
    uint32_t version;
    int32_t classes;
    size_t images[SPLITS];
    size_t kept;     /* bytes that a run on it keeps of frozen blocks, at most */
    size_t offset[]; /* [classes + 1] of each class's name, then of the SPEC, from the start of this struct */
};

struct data_facts *data_facts_of(const struct job *j);

const char *data_facts_class(const struct data_facts *f, int label);
const char *data_facts_spec(const struct data_facts *f);

#endif
