#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nn/prompt.h"
#include "tests/sample_run.h"

static const char *const classes[SAMPLE_CLASSES] = {
    "Painted Bunting", "Indigo Bunting", "Blue Grosbeak",    "Cardinal",      "Scarlet Tanager",
    "Summer Tanager",  "Bobolink",       "Baltimore Oriole", "Cedar Waxwing", "Black-capped Vireo",
};

static const struct view_log_line log_lines[] = {
    {0.1, LOG_SAID, "backbone mae vitb16, 85.8 M parameters, none of them tuned"},
    {0.2, LOG_SAID, "a step takes about 6.5 s on 2 threads"},
    {12.4, LOG_WARNING, "train image 812 is skipped: truncated JPEG"},
    {211.0, LOG_EPOCH, "epoch 0: loss 3.4215 lr 0.0333 val 14.2% (best 14.2% at 0) 9.83 images/s"},
    {790.0, LOG_COMMAND, "^1 step 120: freeze gate 3"},
    {2100.5, LOG_COMMAND, "^2 step 320: set lr 0.08"},
    {2101.0, LOG_STRAY, "libjpeg: premature end of data segment"},
    {2690.0, LOG_COMMAND, "^3 step 410: note \"gates 7 and 8 open first\""},
};

static const struct view_help_line help_lines[] = {
    {"Keys", "Space", "pause, go on"},
    {"Keys", "f", "freeze or thaw the block's gate"},
    {"Keys", "q", "leave"},
    {"Commands", "freeze gate LIST|gates|temp LIST|temps|prompts|head", "Keeps these as they are."},
    {"Commands", "set gate.K X|temp.K X|lr X", "Gives the gate of block K a value from 0 to 1."},
};

/* -1 to 1: a function of the step and of what it is for. */
static double noise(uint64_t step, uint32_t what) {
    uint32_t hash = (uint32_t)step * UINT32_C(2654435761) ^ (what + 1) * UINT32_C(2246822519);
    hash ^= hash >> 15;
    hash *= UINT32_C(3266489917);
    hash ^= hash >> 13;
    hash *= UINT32_C(668265263);
    return (double)(hash >> 8) / (double)(1 << 23) - 1;
}

static double base_rate(uint64_t step, bool steered) {
    return steered && step >= 320 ? 0.08 : 0.1;
}

static double rate_factor(uint64_t step) {
    const double warmup = 3;
    double epoch = floor((double)step / SAMPLE_EPOCH);
    return epoch < warmup ? (epoch + 1) / warmup : 0.5 * (1 + cos(M_PI * (epoch - warmup) / (SAMPLE_EPOCHS - warmup)));
}

/* Late blocks open, middle ones a little, early ones close; a frozen one stays. */
static double gate_logit(uint64_t step, int block, bool steered) {
    static const double ends[SAMPLE_BLOCKS - 1] = {-6.1, -5.6, -4.2, -5.1, -4.6, -4.1, -2.9, -2.2, -3.6, -0.4, 2.1};
    bool set = steered && block == 6 && step >= 512;
    if (steered && block == 2 && step > 120)
        step = 120;
    if (steered && (block == 0 || block == 1 || block == 8) && step > 680)
        step = 680;
    double share = 1 - exp(-(double)step / 260), logit = -5 + (ends[block] + 5) * share;
    if (set)
        logit = prompt_logit(0.2) + 0.4 * (1 - exp(-(double)(step - 512) / 120));
    return logit + 0.01 * share * noise(step / SAMPLE_EPOCH, (uint32_t)block);
}

static double temperature(uint64_t step, int block, bool steered) {
    if (steered && block == 4 && step > 600)
        step = 600;
    double end = 0.68 + 0.07 * block + 0.1 * noise(3, (uint32_t)block);
    return 1 + (end - 1) * (1 - exp(-(double)step / 300));
}

static double train_loss(uint64_t step, bool steered) {
    double floor_ = steered ? 0.42 : 0.61, t = (double)step;
    return floor_ + 2.9 * exp(-t / 210) + (0.12 + 0.1 * exp(-t / 300)) * noise(step, 50);
}

static double val_top1(uint64_t step, bool steered) {
    return (steered ? 0.79 : 0.74) * (1 - exp(-(double)step / 190)) + 0.012 * noise(step, 60);
}

static void add(struct history *h, const char *line) {
    struct error e = {0};
    if (history_metrics(h, line, &e) < 0)
        fail_msg("%s", e.text);
}

static void add_step(struct history *h, uint64_t step, bool gated, bool steered) {
    char line[2048];
    size_t n = 0;
    double top1 = round(16 * (0.93 * (1 - exp(-(double)step / 170)) + 0.07 * noise(step, 51))) / 16;
    n += (size_t)snprintf(line + n, sizeof line - n,
                          "{\"kind\":\"step\",\"step\":%llu,\"epoch\":%llu,\"batch\":%llu,\"loss\":%.6f,\"top1\":%.6f,"
                          "\"lr\":%.6g,\"seconds\":6.5,\"images_per_s\":%.3f",
                          (unsigned long long)step, (unsigned long long)(step / SAMPLE_EPOCH),
                          (unsigned long long)(step % SAMPLE_EPOCH), train_loss(step, steered), fmax(0, fmin(1, top1)),
                          base_rate(step, steered) * rate_factor(step), 9.83 + 0.2 * noise(step, 52));
    for (int i = 0; gated && i < SAMPLE_BLOCKS - 1; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%s%.6f", i ? "," : ",\"gate_logits\":[",
                              gate_logit(step, i, steered));
    for (int i = 0; gated && i < SAMPLE_BLOCKS; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%s%.6f", i ? "," : "],\"temps\":[",
                              temperature(step, i, steered));
    snprintf(line + n, sizeof line - n, "%s}", gated ? "]" : "");
    add(h, line);
}

static void add_evaluation(struct history *h, const char *split, uint64_t step, double top1) {
    char line[256];
    snprintf(line, sizeof line,
             "{\"kind\":\"eval\",\"step\":%llu,\"epoch\":%llu,\"split\":\"%s\",\"images\":200,\"top1\":%.6f,"
             "\"top5\":%.6f,\"loss\":%.6f,\"class_top1\":[0.5,1.0]}",
             (unsigned long long)step, (unsigned long long)(step / SAMPLE_EPOCH - 1), split, top1, fmin(1, top1 + 0.15),
             train_loss(step, true) + 0.25);
    add(h, line);
}

/* What metrics.jsonl and journal.gpt would say. */
static void add_run(struct history *h, uint64_t steps, bool gated, bool steered) {
    static const struct {
        uint64_t step;
        const char *command;
    } journal[] = {
#define X(step, command) {step, command},
        SAMPLE_JOURNAL(X)
#undef X
    };
    for (uint64_t step = 0; step < steps; step++) {
        add_step(h, step, gated, steered);
        if ((step + 1) % SAMPLE_EPOCH == 0)
            add_evaluation(h, "val", step + 1, val_top1(step + 1, steered));
    }
    if (steps == SAMPLE_STEPS)
        add_evaluation(h, "test", steps, val_top1(steps, steered) - 0.013);
    for (size_t i = 0; steered && gated && i < sizeof journal / sizeof *journal && journal[i].step < steps; i++) {
        char line[HISTORY_LINE];
        struct error e = {0};
        snprintf(line, sizeof line, "at step %llu %s", (unsigned long long)journal[i].step, journal[i].command);
        if (history_journal(h, line, &e) < 0)
            fail_msg("%s", e.text);
    }
}

static void set_task(struct sample_run *r) {
    settings_default(&r->settings);
    r->settings.prompts = 100;
    r->settings.epochs = SAMPLE_EPOCHS;
    r->settings.batch = 16;
    snprintf(r->settings.data, sizeof r->settings.data, "fgvc:cub:data/cub");
    r->task = (struct view_task){
        .run = "runs/cub-1",
        .model = "vitb16",
        .family = "mae",
        .device = "node017, 2 threads",
        .settings = &r->settings,
        .depth = SAMPLE_BLOCKS,
        .heads = 12,
        .patches = 196,
        .image = 224,
        .classes = SAMPLE_CLASSES,
        .class_names = classes,
        .images = {512, 200, 1000},
        .train_gflop = 78.4,
        .planned = (size_t)559 << 20,
    };
    r->machine = (struct view_machine){.peak_gflops = 896, .rss = (size_t)559 << 20, .saved_s = 8};
}

/* Evaluations of the snapshot, as the epochs that are done left them. */
static void set_results(struct snapshot *s, uint64_t steps) {
    for (uint64_t step = SAMPLE_EPOCH; step <= steps; step += SAMPLE_EPOCH) {
        double top1 = val_top1(step, true);
        s->val = (struct snapshot_result){
            true, top1, fmin(1, top1 + 0.15), train_loss(step, true) + 0.25, step / SAMPLE_EPOCH - 1, step};
        if (!s->best.known || s->val.top1 > s->best.top1)
            s->best = s->val;
    }
    if (steps == SAMPLE_STEPS) {
        s->test = s->val;
        s->test.top1 -= 0.013;
    }
}

static void set_blocks(struct snapshot *s, uint64_t steps) {
    static const int frozen[] = {0, 1, 8};
    uint64_t last = steps ? steps - 1 : 0;
    float gates[SAMPLE_BLOCKS - 1];
    for (int i = 0; i < SAMPLE_BLOCKS; i++)
        s->temps[i] = (float)temperature(last, i, true);
    for (int i = 0; i < SAMPLE_BLOCKS - 1; i++)
        s->gates[i] = gates[i] = (float)prompt_sigmoid(gate_logit(last, i, true));
    prompt_selection_ratio(SAMPLE_BLOCKS - 1, gates, s->selection);
    s->gate_frozen[2] = steps > 120;
    s->temp_frozen[4] = steps > 600;
    for (size_t i = 0; i < sizeof frozen / sizeof *frozen; i++)
        s->gate_frozen[frozen[i]] = steps > 680;
}

static void set_snapshot(struct sample_run *r, uint64_t steps) {
    uint64_t last = steps ? steps - 1 : 0, left = SAMPLE_STEPS - steps;
    r->now = (struct snapshot){
        .version = SNAPSHOT_VERSION,
        .phase = steps == 0  ? PHASE_STARTING
                 : left == 0 ? PHASE_DONE
                             : PHASE_TRAINING,
        .step = steps,
        .epoch = steps / SAMPLE_EPOCH,
        .epochs = SAMPLE_EPOCHS,
        .batch = steps % SAMPLE_EPOCH,
        .batches = SAMPLE_EPOCH,
        .steps = SAMPLE_STEPS,
        .chunk = left && steps ? 5 : 0,
        .chunks = 8,
        .rate = base_rate(last, true) * rate_factor(last),
        .base_rate = base_rate(last, true),
        .depth = SAMPLE_BLOCKS,
        .prompts = 100,
        .classes = SAMPLE_CLASSES,
        .gated = true,
        .tempered = true,
        .data = "fgvc:cub:data/cub",
    };
    if (steps) {
        series_last(&r->history.loss, &(double){0}, &r->now.loss);
        series_last(&r->history.top1, &(double){0}, &r->now.top1);
        r->now.epoch_loss = train_loss(last, true);
        r->now.images_per_s = 9.8;
        r->now.step_s = 6.5;
        r->now.eta_s = (double)left * 6.5;
    }
    set_results(&r->now, steps);
    set_blocks(&r->now, steps);
}

void sample_run_create(struct sample_run *r, uint64_t steps) {
    if (steps > SAMPLE_STEPS)
        fail_msg("a sample run has %d steps at most", SAMPLE_STEPS);
    *r = (struct sample_run){0};
    set_task(r);
    add_run(&r->history, steps, true, true);
    set_snapshot(r, steps);
    r->choice = (struct choice){.head = -1, .prompt = -1, .split = SPLIT_VAL, .block = 2};
    r->context = (struct view_context){
        .task = &r->task,
        .now = &r->now,
        .history = &r->history,
        .machine = &r->machine,
        .choice = &r->choice,
        .log = log_lines,
        .log_count = sizeof log_lines / sizeof *log_lines,
        .help = help_lines,
        .help_count = sizeof help_lines / sizeof *help_lines,
        .prompt = &r->prompt,
        .dialog = &r->dialog,
        .hints = "Space pause  f freeze  : command  q quit  ? help",
        .clock = 6.5 * (double)steps,
        .paint = {.theme = theme_named("dark"), .glyphs = GLYPHS_BRAILLE, .colors = 1 << 24},
    };
}

void sample_run_destroy(struct sample_run *r) {
    history_destroy(&r->history);
    history_destroy(&r->other);
}

void sample_run_overlay(struct sample_run *r) {
    add_run(&r->other, SAMPLE_STEPS, true, false);
    r->context.other = &r->other;
    r->context.other_name = "runs/cub-0";
}

void sample_run_method(struct sample_run *r, enum method method) {
    uint64_t steps = r->history.steps;
    history_destroy(&r->history);
    add_run(&r->history, steps, false, true);
    r->settings.method = (int)method;
    r->now.gated = r->now.tempered = false;
    for (int i = 0; i < SNAPSHOT_BLOCKS; i++) {
        r->now.gate_frozen[i] = r->now.temp_frozen[i] = false;
        r->now.gates[i] = r->now.temps[i] = r->now.selection[i] = 0;
    }
    r->now.reconstructs = method == METHOD_MAE;
    if (method == METHOD_LINEAR || method == METHOD_MAE)
        r->now.prompts = 0;
}

void sample_run_draw(const struct sample_run *r, const struct view *view, struct canvas *c, int height, int width) {
    struct error e = {0};
    if (canvas_create(c, height, width, &e) < 0)
        fail_msg("%s", e.text);
    canvas_clear(c, theme_style(&r->context.paint, THEME_TEXT));
    view->draw(&r->context, c, canvas_all(c));
}

char *sample_run_row(const struct canvas *c, int y) {
    char *row = malloc((size_t)c->width * 4 + 1), code[5];
    size_t n = 0;
    if (!row)
        fail_msg("no memory for a row of text");
    for (int x = 0; x < c->width; x++) {
        uint32_t glyph = c->cells[(size_t)y * (size_t)c->width + (size_t)x].glyph;
        if (glyph == 0)
            continue;
        canvas_encode(glyph, code);
        memcpy(row + n, code, strlen(code));
        n += strlen(code);
    }
    while (n > 0 && row[n - 1] == ' ')
        n--;
    row[n] = 0;
    return row;
}

char *sample_run_text(const struct canvas *c) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    for (int y = 0; f && y < c->height; y++) {
        char *row = sample_run_row(c, y);
        fprintf(f, "%s\n", row);
        free(row);
    }
    if (!f || fclose(f) != 0)
        fail_msg("no memory for the text of a screen");
    return text;
}

int sample_run_column(const struct canvas *c, int y, const char *text) {
    char *row = sample_run_row(c, y), *at = strstr(row, text);
    int column = -1;
    if (at) {
        *at = 0;
        column = canvas_columns(row);
    }
    free(row);
    return column;
}

int sample_run_find(const struct canvas *c, int from, const char *text) {
    for (int y = from; y < c->height; y++)
        if (sample_run_column(c, y, text) >= 0)
            return y;
    return -1;
}

bool sample_run_shows(const struct canvas *c, const char *text) {
    return sample_run_find(c, 0, text) >= 0;
}
