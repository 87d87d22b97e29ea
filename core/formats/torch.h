/* Private to core/formats: what the two PyTorch formats share. A file is a pickle, whose tensors refer to storages by
 * key, and the storages, whose place each format finds in its own way. */
#ifndef CORE_FORMATS_TORCH_H
#define CORE_FORMATS_TORCH_H

#include "core/formats/pickle.h"
#include "core/formats/reader.h"

struct torch_storage {
    const char *key; /* not terminated; points into the pickle */
    size_t key_size;
    int type;       /* enum tensor_type; negative: of a type whose tensors are left out */
    size_t element; /* bytes */
    size_t count;   /* elements */
    size_t bytes;
    const unsigned char *data; /* NULL: not found yet */
};

struct torch_file {
    struct tensors *tensors;
    struct pickle *pickle;
    struct torch_storage *storages; /* sorted by key */
    size_t storage_count;
    size_t visits; /* values looked at, to bound a pickle that contains itself */
    /* Sets s->data; `name`: the tensor that needs it, for the message. */
    int (*find)(struct torch_file *f, struct torch_storage *s, const char *name, struct error *e);
    void *format; /* of the caller, for find() */
};

/* Unpickles `data` (*used: its length, NULL accepted) and lists the storages it refers to. On success, and only then,
 * torch_end() frees what was made. */
int torch_begin(struct torch_file *f, const void *data, size_t size, size_t *used, struct error *e);
void torch_end(struct torch_file *f);

struct torch_storage *torch_find_storage(const struct torch_file *f, const char *key, size_t key_size);

/* Adds every tensor below the root to the list, named by its path ("model.norm.bias"). */
int torch_collect(struct torch_file *f, struct error *e);

#endif
