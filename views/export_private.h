/* Private to export_screen.c, export_view.c and export_png.c. */
#ifndef VIEWS_EXPORT_PRIVATE_H
#define VIEWS_EXPORT_PRIVATE_H

#include <stdio.h>

#include "views/export.h"

/* A file that appears whole or not at all: written as PATH.part, synced and renamed by export_close(). */
struct export_file {
    FILE *f;
    char path[4096], part[4096 + 8];
};

/* Errors: ERROR_IO, ERROR_USAGE (the path is too long). */
int export_open(struct export_file *x, const char *path, struct error *e);
/* Closes it; with `keep` false, or after an error of the stream, nothing is left. Errors: ERROR_IO. */
int export_close(struct export_file *x, bool keep, struct error *e);

/* Whether `path` ends in this suffix. */
bool export_has_suffix(const char *path, const char *suffix);

/* What the view shows as a picture for print. */
int export_png(const struct view_context *x, const char *path, struct error *e);

#endif
