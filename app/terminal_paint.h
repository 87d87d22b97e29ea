/* What can be shown where, and where it runs: for screens and for screenshots without one. Main thread. */
#ifndef APP_TERMINAL_PAINT_H
#define APP_TERMINAL_PAINT_H

#include "core/train/job.h"
#include "views/screen.h"

/* What `s` can show; NULL: a screen in memory, which can show everything but what NO_COLOR and `ascii` forbid. `theme`:
 * a name, NULL or unknown: dark. */
struct paint terminal_paint(const struct screen *s, const char *theme, bool ascii);

/* "node017, 2 threads". Into out[size]; returns out. */
const char *terminal_device(const struct job *j, char *out, size_t size);

/* Whether NO_COLOR is set to something (no-color.org). */
bool terminal_no_color(void);

#endif
