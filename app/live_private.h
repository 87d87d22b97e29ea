/* Private to live.c (loop, frames, signals) and live_input.c (keys, commands, dialogs). */
#ifndef APP_LIVE_PRIVATE_H
#define APP_LIVE_PRIVATE_H

#include "app/line_editor.h"
#include "app/live.h"
#include "app/stray.h"
#include "app/workbench.h"

enum { LIVE_UNDO = 50, LIVE_CHOICES = 24, LIVE_PENDING = 16 };

enum live_dialog { DIALOG_NONE, DIALOG_QUIT, DIALOG_DATA };
enum live_signal { LIVE_WINCH, LIVE_TERM, LIVE_HUP, LIVE_INT, LIVE_USR1, LIVE_CONT, LIVE_SIGNALS };

struct live {
    struct runner runner;
    struct workbench *workbench;
    struct screen *screen;
    struct canvas canvas;
    struct stray stray;
    int in, out; /* the terminal */
    uv_poll_t input, stray_input;
    uv_timer_t frame, second;
    uv_signal_t signals[LIVE_SIGNALS];
    uint64_t drawn; /* uv_now() of the last frame */
    uint64_t keyed; /* and of the last one that answered keys */
    bool frame_set; /* a frame is due */
    bool show;      /* a saved run is looked at */
    bool detach;    /* goes on without the screen */
    int signal;     /* that ends the run; 0: none */

    struct line_editor prompt;
    char prompt_error[256];
    struct view_prompt prompt_view;
    enum live_dialog dialog;
    int dialog_choice;
    struct view_dialog dialog_view;
    char *choices[LIVE_CHOICES + 1]; /* of the data dialog: SPECs */
    char *undo[LIVE_UNDO];           /* inverses, oldest first */
    int undo_count;
    struct command pending[LIVE_PENDING]; /* posted, not yet taken */
    char queued[COMMAND_TEXT + 64], message[512];
    uint64_t message_at; /* uv_now() */
    uint64_t saves;      /* seen in the snapshot */
    uint64_t saved_at;
};

/* live.c */
void live_touch(struct live *l); /* something changed: a frame soon */
void live_draw(struct live *l);  /* a frame now */
void live_say(struct live *l, bool error, const char *format, ...) __attribute__((format(printf, 3, 4)));
void live_leave(struct live *l, bool abandon); /* ends the run, or the screen where it has ended */
bool live_can_save(struct live *l);            /* false: the disk refuses, and the user has been told */
void live_suspend(struct live *l);

/* live_input.c */
void live_key(struct live *l, const struct screen_key *k);
void live_command(struct live *l, const char *line);
void live_dialog_show(struct live *l, struct view_context *x); /* what the frame draws of it */
void live_input_destroy(struct live *l);

#endif
