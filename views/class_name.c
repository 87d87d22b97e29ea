#include "views/class_name.h"

#include <stdio.h>
#include <string.h>

/* Bytes of the longest beginning of text that takes at most `most` columns and, with its 0, `size` bytes. */
static size_t beginning(const char *text, int most, size_t size) {
    size_t used = 0;
    int columns = 0;
    for (const char *at = text; *at;) {
        char one[8] = {0};
        const char *start = at;
        canvas_next_code(&at);
        size_t bytes = (size_t)(at - start);
        if (bytes >= sizeof one || used + bytes >= size)
            break;
        memcpy(one, start, bytes);
        columns += canvas_columns(one);
        if (columns > most)
            break;
        used += bytes;
    }
    return used;
}

const char *class_name_fit(const struct view_task *task, int label, int most, char out[static CLASS_NAME]) {
    char number[32];
    const char *name = "unreadable";
    snprintf(number, sizeof number, "class %d", label + 1);
    if (label >= 0)
        name = task->class_names && label < task->classes ? task->class_names[label] : number;
    size_t used = beginning(name, most, CLASS_NAME - 2);
    if (name[used])
        used = beginning(name, most - 2, CLASS_NAME - 2);
    memcpy(out, name, used);
    strcpy(out + used, !name[used] ? "" : most >= 3 ? ".." : "");
    return out;
}
