/* A view: a screen's main part, drawn from what is known of the run.
 *
 *     const struct view gates_view = {.name = "gates", .title = "Gates", .draw = draw, .click = click};
 *     view_of(VIEW_GATES)->draw(&context, &canvas, area);
 *
 * draw() reads its context and writes cells, nothing else: a view is tested without a terminal. Main thread. */
#ifndef VIEWS_VIEW_H
#define VIEWS_VIEW_H

#include "core/settings.h"
#include "core/train/look.h"
#include "core/train/snapshot.h"
#include "core/train/whatif.h"
#include "views/choice.h"
#include "views/history.h"
#include "views/theme.h"

/* What is the same for the whole run, or changes with a swap of the dataset alone. */
struct view_task {
    const char *run;    /* the run folder's path */
    const char *model;  /* "vitb16" */
    const char *family; /* "mae" */
    const char *device; /* "node017, 2 threads" */
    const char *data;   /* SPEC of the dataset in use, whole */
    const struct settings *settings;
    int depth, heads, patches, image; /* of the backbone; patches of an image; its side in pixels */
    int classes;
    const char *const *class_names; /* [classes] */
    size_t images[SPLITS];
    double train_gflop;   /* per image */
    double kept_gflop;    /* of both, what an image does not take whose frozen blocks are kept */
    size_t planned, kept; /* bytes that the run takes; besides, at most, for frozen blocks that are kept */
    bool read_only;       /* a finished run that is shown */
};

/* What the main thread measures of this process. */
struct view_machine {
    double peak_gflops; /* of sgemm on as many threads; 0: not known yet */
    size_t rss;         /* resident bytes */
    double saved_s;     /* seconds since the last save; negative: not saved yet */
};

struct view_log_line {
    double clock; /* seconds since the start */
    enum view_log_kind { LOG_SAID, LOG_WARNING, LOG_COMMAND, LOG_STRAY, LOG_EPOCH } kind;
    const char *text;
};

/* A row of the help view: a key or a command, from the tables of the program. */
struct view_help_line {
    const char *section; /* "Keys", "Commands" ... */
    const char *name, *help;
};

/* The line at the bottom, while it is open. */
struct view_prompt {
    bool open;
    char lead; /* ':' or '/' */
    const char *text;
    int cursor;                /* bytes before it */
    const char *error;         /* what is wrong with the text so far; NULL: nothing */
    const char *const *offers; /* completions, ends with NULL; may be NULL */
    int offered;               /* the one that Tab took last; -1: none */
};

/* A box over the view: a question or a list to choose from. */
struct view_dialog {
    const char *title;          /* NULL: there is none */
    const char *const *lines;   /* what it says, ends with NULL */
    const char *const *choices; /* ends with NULL */
    const char *const *keys;    /* the key of each choice */
    int chosen;
};

struct view_context {
    const struct view_task *task;
    const struct snapshot *now;
    const struct history *history;
    const struct history *other; /* laid over; NULL: none */
    const char *other_name;
    const struct look *look; /* the newest attention or reconstruction; NULL: none yet */
    const struct pictures *pictures;
    const struct predictions *predictions; /* of the chosen split's last evaluation; NULL: none yet */
    const struct whatif *whatif;           /* what `gptui whatif` found of this run; NULL: it never ran */
    const struct view_machine *machine;
    const struct choice *choice;
    const struct view_log_line *log; /* [log_count], oldest first */
    size_t log_count;
    const struct view_help_line *help; /* [help_count] */
    size_t help_count;
    const char *queued;  /* a command that waits for its moment: "set gate.7 0.2"; NULL: none */
    const char *message; /* the last thing said to the user; NULL: none */
    bool message_is_error;
    const struct view_prompt *prompt;
    const struct view_dialog *dialog;
    const char *hints; /* the keys that do something in this view, for the bottom line */
    double clock;      /* seconds since the start */
    double look_age;   /* seconds since `look` came */
    struct paint paint;
};

struct view {
    const char *name, *title;
    void (*draw)(const struct view_context *x, struct canvas *c, struct area a);
    /* The command that a click at (y, x) of the area means ("select block 3"), into command[size]; false: none. NULL:
     * nothing can be clicked. */
    bool (*click)(const struct view_context *x, struct area a, int y, int x_, char *command, size_t size);
    /* Rows that could be scrolled through in an area of this size, beyond those shown; NULL: it does not scroll. */
    int (*overflow)(const struct view_context *x, struct area a);
    /* The pictures that it wants to show in an area of this size, into *out, which is cleared; NULL: none. */
    void (*wanted)(const struct view_context *x, struct area a, struct pictures_request *out);
};

const struct view *view_of(enum view_id id);

/* Whether the run is one of masked autoencoding: no classes, prompts or gates. */
bool view_reconstructs(const struct view_context *x);

/* The view that stands at this place in this run: of a pretraining run, `reconstruction` in place of `attention`. */
const struct view *view_in(const struct view_context *x, enum view_id id);

/* The pictures that the chosen view wants to show in an area of this size; count 0: none. */
void view_wanted_pictures(const struct view_context *x, struct area a, struct pictures_request *out);

/* Indices into predictions->images in the order in which the data view lists them (errors first, the surest of them
 * first; with choice->all_samples all of them in the split's order). Returns how many, at most `most`. */
size_t view_samples(const struct predictions *p, const struct choice *choice, size_t most, uint32_t *out);

/* Seconds as people say them: "42 s", "3m20s", "15h04m", "2d03h". Returns out. */
const char *view_duration(double seconds, char out[static 32]);
/* GFLOP/s that the run does, counted in the method's own operations less those of frozen blocks that are kept. */
double view_gflops(const struct view_context *x);

/* What the share of a run is, "top-1" or "explained" (of masked patches), and its loss: "cross-entropy", "masked
 * patches". */
const char *view_share(const struct snapshot *s);
const char *view_loss(const struct snapshot *s);
/* Bytes: "559 MiB", "1.2 GiB". */
const char *view_bytes(size_t bytes, char out[static 32]);

#endif
