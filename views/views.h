/* Every view, for the table of view.c alone; a view's own file includes this too, so that its definition is checked. */
#ifndef VIEWS_VIEWS_H
#define VIEWS_VIEWS_H

#include "views/view.h"

#define X(constant, name) extern const struct view name##_view;
VIEWS(X)
#undef X

extern const struct view reconstruction_view; /* see view_in() */

#endif
