/* The lists that CUB-200-2011 and NABirds come with: images.txt, image_class_labels.txt, train_test_split.txt and
 * classes.txt, lines of a key and a value. Private to core/data. */
#ifndef CORE_DATA_FGVC_LISTS_H
#define CORE_DATA_FGVC_LISTS_H

#include "core/data/listing.h"

bool fgvc_lists_are_there(const struct listing *l);

/* Fills the listing: test as listed, train without a tenth of each class, which by `seed` is val. Paths in the lists
 * start from `folder` below its root. Errors: ERROR_IO, ERROR_FORMAT, ERROR_DATA, ERROR_MEMORY. */
int fgvc_lists_read(struct listing *l, const char *folder, uint64_t seed, struct error *e);

/* Classes that are called by a number (NABirds' folders, "0295") take the name that classes.txt, if it is there, has
 * for it. Errors: ERROR_IO, ERROR_FORMAT, ERROR_MEMORY. */
int fgvc_lists_name_numbers(struct listing *l, struct error *e);

#endif
