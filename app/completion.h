/* What may stand at the cursor of a command line, from the tables of the command language: for the prompt.
 *
 *     completion_offer(&source, "freeze ga", 9, &word, add, context);        // add("gate"), add("gates"); word = 7
 *
 * Paths are looked up in the file system. Main thread. */
#ifndef APP_COMPLETION_H
#define APP_COMPLETION_H

struct completion_source {
    int gates, temps, heads, prompts; /* of the run; how many */
};

typedef void completion_add_fn(void *context, const char *offer);

void completion_offer(void *source, const char *text, int cursor, int *word, completion_add_fn *add, void *context);

#endif
