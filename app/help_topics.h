/* What help says, made from the tables; each topic is written onto a page, for the terminal and for the manual. */
#ifndef APP_HELP_TOPICS_H
#define APP_HELP_TOPICS_H

#include <stddef.h>

#include "app/page.h"
#include "app/subcommand.h"

struct help_topic {
    const char *name, *title, *summary;
    void (*write)(struct page *p);
};

size_t help_topics_count(void);
const struct help_topic *help_topics_at(size_t i);
const struct help_topic *help_topics_find(const char *name); /* NULL: none */

/* Usage, details and options of one subcommand. */
void help_topics_subcommand(struct page *p, const struct subcommand *command);

/* What stands for the value of a setting: "N", "on|off", "SPEC". Into out[size]; returns out. */
const char *help_topics_argument(const struct setting *row, char *out, size_t size);

/* Lines to be typed, and what they do; ends with a NULL line. */
struct help_example {
    const char *line, *text;
};
extern const struct help_example help_topics_examples[];

/* What the program is, in a paragraph. */
extern const char help_topics_about[];

#endif
