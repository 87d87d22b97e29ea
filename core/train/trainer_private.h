/* Private to trainer.c, trainer_commands.c and trainer_report.c. */
#ifndef CORE_TRAIN_TRAINER_PRIVATE_H
#define CORE_TRAIN_TRAINER_PRIVATE_H

#include "core/train/agenda.h"
#include "core/train/trainer.h"

struct trainer {
    struct trainer_options options;
    struct job *job;
    struct mailbox *mailbox;
    struct control control;
    struct engine *engine;
    struct loader *loaders[SPLITS];
    struct evaluation evaluation;
    struct agenda agenda;
    struct state state;
    struct state good; /* the last one that gave a finite loss and gradient */
    bool paused;
    uint64_t pause_at; /* step at which a `step` from the keyboard ends; 0: none */
    bool stopped;      /* by `stop`: as complete as a run that has ended by itself */
    bool leaving;      /* nothing more is done */
    bool complete;     /* ... because the run is at its end */
    bool abandon;      /* ... without saving */
    bool broken;       /* the state does not fit the job any more: memory ended in a swap */
    bool loader_ready; /* the training loader stands at the state's position */
    struct snapshot snapshot;
    long long last_save, last_publish; /* engine_clock() */
    double image_ns;                   /* smoothed duration of an image's training; 0: none yet */
    struct trainer_result result;
};

/* trainer.c */
int trainer_evaluate(struct trainer *t, enum split split, struct error *e);
int trainer_save(struct trainer *t, const char *path, struct error *e); /* NULL: last.safetensors */
int trainer_finish(struct trainer *t, struct error *e); /* the evaluations that a complete run ends with */
int trainer_open_engine(struct trainer *t, struct error *e);
void trainer_close_engine(struct trainer *t);
uint64_t trainer_end_epoch(const struct trainer *t); /* the run is complete at its start */

/* trainer_commands.c: carries one command out between steps. Errors end the run, unless it came from the keyboard. */
int trainer_carry_out(struct trainer *t, const struct command *c, struct error *e);

/* trainer_report.c: what goes into the mailbox. */
void trainer_publish(struct trainer *t, enum snapshot_phase phase);
void trainer_tick(void *trainer); /* publishes progress within a step */
void trainer_report_step(struct trainer *t, const struct engine_result *r, double seconds, int images);
void trainer_report_evaluation(struct trainer *t, enum split split);
void trainer_report_note(struct trainer *t, const char *note);
void trainer_journal(struct trainer *t, const char *line);
void trainer_unreadable(void *trainer, enum split split, size_t index, const char *why);

#endif
