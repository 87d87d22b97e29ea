/* Private to trainer.c, trainer_commands.c, trainer_looks.c, trainer_report.c and trainer_saving.c. */
#ifndef CORE_TRAIN_TRAINER_PRIVATE_H
#define CORE_TRAIN_TRAINER_PRIVATE_H

#include <stdatomic.h>

#include "core/train/agenda.h"
#include "core/train/looker.h"
#include "core/train/trainer.h"

struct trainer {
    struct trainer_options options;
    struct job *job;
    struct mailbox *mailbox;
    struct control control;
    struct engine *engine;
    struct loader *loaders[SPLITS];
    struct evaluation evaluation;
    atomic_bool stay;
    struct agenda agenda;
    struct state state;
    struct state good; /* the last one that gave a finite loss and gradient */
    bool paused;
    uint64_t pause_at;                   /* step at which a `step` from the keyboard ends; 0: none */
    bool stopped;                        /* by `stop`: as complete as a run that has ended by itself */
    bool leaving;                        /* nothing more is done */
    bool complete;                       /* ... because the run is at its end */
    bool abandon;                        /* ... without saving */
    bool broken;                         /* the state does not fit the job any more: memory ended in a swap */
    bool loader_ready;                   /* the training loader stands at the state's position */
    struct snapshot snapshot, published; /* the next one, the last one */
    enum snapshot_phase doing;           /* what is under way, held or not */
    long long last_save, last_publish;   /* engine_clock() */
    double image_ns;                     /* smoothed duration of an image's training; 0: none yet */
    bool working;                        /* in a step or evaluation ... */
    long long work_start, ticked;        /* ... since then; last looked at; engine_clock() */
    long long held_ns;                   /* of it on hold */
    bool unsaved;                        /* last.safetensors is behind */
    bool disk_failed;                    /* something could not be written, and somebody stays to make room */
    bool best_due;                       /* it was best.safetensors */
    struct looker *looker;               /* NULL until something is looked at */
    struct look_request look_asked;      /* not answered yet; serial 0: none */
    struct pictures_request pictures_asked;
    bool picturing;         /* the looker is at pictures, else at a look */
    bool dropped[2];        /* the last look, the last pictures: given up for a newer request */
    double look_debt;       /* seconds that answers took, less what the run has allowed since */
    double look_cost;       /* seconds of a look with its passes */
    long long look_counted; /* when look_debt was worked out; engine_clock() */
    struct trainer_result result;
};

/* trainer.c */
int trainer_evaluate(struct trainer *t, enum split split, struct error *e);
int trainer_finish(struct trainer *t, struct error *e); /* the evaluations that a complete run ends with */
int trainer_open_engine(struct trainer *t, struct error *e);
void trainer_close_engine(struct trainer *t);
uint64_t trainer_end_epoch(const struct trainer *t); /* the run is complete at its start */

/* trainer_saving.c */
int trainer_save(struct trainer *t, const char *path, struct error *e); /* NULL: last.safetensors */
/* Where weights of the backbone are tuned: the backbone as it is now, as model.safetensors of the run folder. */
int trainer_save_backbone(const struct trainer *t, struct error *e);
/* What the run saves by itself. Where somebody stays, a disk that refuses pauses the run and is no error;
 * trainer_endure() does that for any error, trainer_recover() tries again what is due. */
int trainer_keep(struct trainer *t, bool best, struct error *e);
int trainer_endure(struct trainer *t, int r, const struct error *e);
int trainer_recover(struct trainer *t, struct error *e);

/* trainer_looks.c: answers what was asked for (`now`: even if it has cost too much), hands over what an evaluation
 * found and which dataset was swapped in. */
void trainer_serve_looks(struct trainer *t, bool now);
void trainer_forget_looks(struct trainer *t); /* the dataset goes */
void trainer_report_predictions(struct trainer *t, enum split split);
void trainer_report_data(struct trainer *t);

/* trainer_commands.c: carries one command out between steps. Errors end the run, unless it came from the keyboard. */
int trainer_carry_out(struct trainer *t, const struct command *c, struct error *e);

/* trainer_report.c: what goes into the mailbox. */
void trainer_publish(struct trainer *t, enum snapshot_phase phase);
void trainer_begin_work(struct trainer *t); /* a step or evaluation */
double trainer_end_work(struct trainer *t); /* seconds that it took, on hold aside */
void trainer_tick(void *trainer);           /* within it: publishes progress, answers looks */
void trainer_mind(struct trainer *t);       /* the same without looks: obeys pause and resume */
void trainer_report_step(struct trainer *t, const struct engine_result *r, double seconds, int images);
void trainer_report_evaluation(struct trainer *t, enum split split);
void trainer_report_note(struct trainer *t, const char *note);
void trainer_journal(struct trainer *t, const char *line);
void trainer_unreadable(void *trainer, enum split split, size_t index, const char *why);

#endif
