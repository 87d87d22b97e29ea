/* What lies in a folder. Any thread may call; no memory counts as not there. */
#ifndef CORE_FOLDER_HAS_H
#define CORE_FOLDER_HAS_H

#include <stdbool.h>

bool folder_has(const char *folder, const char *name);
bool folder_has_folder(const char *folder, const char *name);

#endif
