/* Names of classes as views show them: cut to the columns that there are, and said where there is none.
 *
 *     class_name_fit(task, 7, 12, text);                  // "Painted_Bu.."
 *
 * Pure. */
#ifndef VIEWS_CLASS_NAME_H
#define VIEWS_CLASS_NAME_H

#include "views/view.h"

enum { CLASS_NAME = 128 };

/* The name of a class in at most `most` columns, two dots at its end where it was cut; "unreadable" for -1, the number
 * for a label without a name. Returns out. */
const char *class_name_fit(const struct view_task *task, int label, int most, char out[static CLASS_NAME]);

#endif
