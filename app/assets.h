/* Where the files that come with the program are: the folder named by GPTUI_ASSETS, the installed data folder, or
 * assets/ beside or above the program (a build folder inside the source tree). Main thread only. */
#ifndef APP_ASSETS_H
#define APP_ASSETS_H

#include <stddef.h>

#include "core/error.h"

#define ASSETS_BACKBONE "mae_scenes.safetensors"

/* The path of asset `name` into out[size]. Errors: ERROR_IO: not found, with the places looked at. */
int assets_find(const char *name, char *out, size_t size, struct error *e);

#endif
