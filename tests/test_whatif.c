/* Gates and temperatures clamped on a small random backbone and rendered scenes, and the file that keeps the results.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/train/whatif_csv.h"

enum { BLOCKS = 4, VAL = 23 }; /* nano has 4 blocks */

struct rig {
    struct job job;
    struct control control;
    struct engine *engine;
    struct loader *loader;
    float *theta;
    struct whatif w;
};

static void set(struct settings *s, const char *name, const char *value) {
    struct error e = {0};
    if (settings_set(s, name, value, &e) < 0)
        fail_msg("%s", e.text);
}

static void sound(int r, const struct error *e) {
    if (r < 0)
        fail_msg("%s", e->text);
}

static void open_rig(struct rig *r, const char *method, const char *temps, const char *insert_at, int threads) {
    struct settings s;
    struct error e = {0};
    *r = (struct rig){0};
    settings_default(&s);
    set(&s, "model", "random:nano");
    set(&s, "data", "scenes:shape");
    set(&s, "method", method);
    set(&s, "temps", temps);
    set(&s, "insert-at", insert_at);
    set(&s, "prompts", "3");
    set(&s, "batch", "8");
    set(&s, "chunk", "3");
    set(&s, "scenes-train", "4");
    set(&s, "scenes-val", "23");
    set(&s, "scenes-test", "1");
    sound(job_open(&r->job, &s, &e), &e);
    control_create(&r->control);
    sound(engine_create(&r->engine, &r->job, threads, &r->control, &e), &e);
    sound(job_loader(&r->job, SPLIT_VAL, false, 1 << 20, NULL, NULL, &r->loader, &e), &e);
    r->theta = calloc(r->job.tuning.total, sizeof *r->theta);
    assert_non_null(r->theta);
    tuning_initialise(&r->job.tuning, r->job.model, 42, r->theta);
}

static void close_rig(struct rig *r) {
    whatif_destroy(&r->w);
    loader_close(r->loader);
    engine_destroy(r->engine);
    control_destroy(&r->control);
    job_close(&r->job);
    free(r->theta);
}

static float *tensor(const struct rig *r, enum tuned_kind kind, float *theta) {
    const struct tuned *n = tuning_find(&r->job.tuning, kind);
    assert_non_null(n);
    return theta + n->offset;
}

/* Prompts and head that matter, gates and temperatures far from any neutral value. */
static void stir(struct rig *r) {
    float *prompts = tensor(r, TUNED_PROMPTS, r->theta);
    for (size_t i = 0; i < tuning_find(&r->job.tuning, TUNED_PROMPTS)->size; i++)
        prompts[i] *= 12;
    if (tuning_find(&r->job.tuning, TUNED_GATES))
        for (int l = 0; l < BLOCKS - 1; l++)
            tensor(r, TUNED_GATES, r->theta)[l] = 0.7f * (float)l - 0.6f;
    if (tuning_find(&r->job.tuning, TUNED_TEMPS))
        for (int l = 0; l < BLOCKS; l++)
            tensor(r, TUNED_TEMPS, r->theta)[l] = 0.5f + 0.3f * (float)l;
}

static void ask(struct rig *r) {
    struct error e = {0};
    sound(whatif_create(&r->w, &r->job.tuning, r->theta, &e), &e);
    sound(whatif_evaluate(&r->w, r->engine, &r->job.tuning, r->theta, r->loader, NULL, NULL, &e), &e);
}

static const struct whatif_row *row_of(const struct rig *r, enum whatif_kind kind, int block) {
    const struct whatif_row *row = whatif_find(&r->w, kind, block);
    assert_non_null(row);
    return row;
}

/* Logits of all val images [VAL, classes]; free them. */
static float *logits_of(struct rig *r, const float *theta) {
    struct error e = {0};
    size_t classes = (size_t)r->job.tuning.options.classes, n = 0;
    float *all = calloc(VAL * classes, sizeof *all);
    struct batch b;
    int more;
    assert_non_null(all);
    loader_start(r->loader, 0, 0);
    while ((more = loader_next(r->loader, &b, &e)) == 1) {
        const float *logits;
        const double *losses;
        sound(engine_forward(r->engine, theta, &b, NULL, NULL, &logits, &losses, &e), &e);
        memcpy(all + n * classes, logits, (size_t)b.count * classes * sizeof *all);
        n += (size_t)b.count;
    }
    sound(more, &e);
    assert_int_equal(n, VAL);
    return all;
}

static float *clamped(const struct rig *r, enum whatif_kind kind, int block) {
    float *theta = calloc(r->job.tuning.total, sizeof *theta);
    struct whatif_row row = {.kind = kind, .block = block};
    assert_non_null(theta);
    whatif_clamp(&r->job.tuning, &row, r->theta, theta);
    return theta;
}

/* ---- clamping */

static void clamped_values_are_exact_and_the_others_stay(void **state) {
    (void)state;
    const char *const methods[] = {"gated", "gated-hard"};
    for (int m = 0; m < 2; m++) {
        struct rig r;
        float gates[2][BLOCKS], slopes[BLOCKS], temps[2][BLOCKS];
        open_rig(&r, methods[m], "on", "1", 1);
        stir(&r);
        tuning_values(&r.job.tuning, r.theta, NULL, &(struct tuning_values){gates[0], slopes, temps[0]});
        for (enum whatif_kind kind = WHATIF_GATE_0; kind < WHATIF_KINDS; kind++) {
            bool all = kind >= WHATIF_GATES_0;
            float *theta = clamped(&r, kind, all ? -1 : 1);
            tuning_values(&r.job.tuning, theta, NULL, &(struct tuning_values){gates[1], slopes, temps[1]});
            float gate = kind == WHATIF_GATE_0 || kind == WHATIF_GATES_0 ? 0.0f : 1.0f;
            bool moves_gates = kind != WHATIF_TEMP_1 && kind != WHATIF_TEMPS_1;
            bool moves_temps = !moves_gates || kind == WHATIF_NEUTRAL;
            for (int l = 0; l < BLOCKS; l++) {
                bool here = all || l == 1;
                if (l + 1 < BLOCKS)
                    assert_true(gates[1][l] == (moves_gates && here ? gate : gates[0][l]));
                assert_true(temps[1][l] == (moves_temps && here ? 1.0f : temps[0][l]));
            }
            free(theta);
        }
        close_rig(&r);
    }
}

/* The same prompts and head under another method's layout. */
static void copy_tensors(const struct rig *from, const struct rig *to) {
    static const enum tuned_kind kinds[] = {TUNED_PROMPTS, TUNED_HEAD_WEIGHT, TUNED_HEAD_BIAS};
    for (int i = 0; i < 3; i++)
        memcpy(tensor(to, kinds[i], to->theta), tensor(from, kinds[i], from->theta),
               tuning_find(&from->job.tuning, kinds[i])->size * sizeof(float));
}

static void everything_neutral_is_shallow_to_the_bit(void **state) {
    (void)state;
    struct rig gated, shallow;
    open_rig(&gated, "gated", "on", "1", 2);
    open_rig(&shallow, "shallow", "on", "1", 2);
    stir(&gated);
    copy_tensors(&gated, &shallow);
    float *theta = clamped(&gated, WHATIF_NEUTRAL, -1), *found = logits_of(&gated, theta);
    float *wanted = logits_of(&shallow, shallow.theta), *before = logits_of(&gated, gated.theta);
    size_t bytes = VAL * (size_t)gated.job.tuning.options.classes * sizeof *found;
    assert_memory_equal(found, wanted, bytes);
    assert_memory_not_equal(found, before, bytes);
    free(before);
    free(wanted);
    free(found);
    free(theta);
    close_rig(&shallow);
    close_rig(&gated);
}

/* A gate of 0 hands the prompts on untouched: what the block makes of them must not matter, however large. */
static void a_shut_gate_is_the_limit_of_small_ones(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "gated", "on", "1", 1);
    stir(&r);
    float *theta = clamped(&r, WHATIF_GATE_0, 1), *found = logits_of(&r, theta);
    tensor(&r, TUNED_GATES, r.theta)[1] = -30; /* 1e-13: 1 - g is 1 as a float */
    float *wanted = logits_of(&r, r.theta);
    for (size_t i = 0; i < VAL * (size_t)r.job.tuning.options.classes; i++)
        assert_true(fabsf(found[i] - wanted[i]) <= 4e-6f * (1 + fabsf(wanted[i]))); /* products of fewer rows */
    free(wanted);
    free(found);
    free(theta);
    close_rig(&r);
}

/* ---- results */

static void the_baseline_is_what_evaluate_says(void **state) {
    (void)state;
    struct rig r;
    struct evaluation v;
    struct error e = {0};
    open_rig(&r, "gated", "on", "1", 2);
    stir(&r);
    ask(&r);
    sound(evaluation_create(&v, r.job.tuning.options.classes, &e), &e);
    sound(evaluate(r.engine, r.theta, r.loader, NULL, NULL, &v, &e), &e);
    assert_int_equal(r.w.images, VAL);
    assert_int_equal(r.w.count, 1 + 3 * BLOCKS - 2 + 4);
    assert_true(whatif_top1(&r.w, &r.w.rows[0]) == v.top1);
    assert_true(r.w.rows[0].loss == v.loss);
    assert_true(whatif_change(&r.w, &r.w.rows[0]) == 0);
    evaluation_destroy(&v);
    close_rig(&r);
}

/* Every row against an evaluation of its own, image by image. */
static void a_row_counts_the_images_that_flip(void **state) {
    (void)state;
    struct rig r;
    struct evaluation before, after;
    struct error e = {0};
    size_t flips = 0;
    open_rig(&r, "gated", "on", "1", 1);
    stir(&r);
    ask(&r);
    sound(evaluation_create(&before, r.job.tuning.options.classes, &e), &e);
    sound(evaluation_create(&after, r.job.tuning.options.classes, &e), &e);
    sound(evaluate(r.engine, r.theta, r.loader, NULL, NULL, &before, &e), &e);
    for (size_t i = 1; i < r.w.count; i++) {
        const struct whatif_row *row = &r.w.rows[i];
        size_t better = 0, worse = 0;
        float *theta = clamped(&r, row->kind, row->block);
        sound(evaluate(r.engine, theta, r.loader, NULL, NULL, &after, &e), &e);
        for (size_t k = 0; k < after.images; k++) {
            bool was = before.list[k].said == before.list[k].label, is = after.list[k].said == after.list[k].label;
            better += is && !was;
            worse += was && !is;
        }
        assert_int_equal(row->better, better);
        assert_int_equal(row->worse, worse);
        assert_true(whatif_top1(&r.w, row) == after.top1);
        assert_true(row->loss == after.loss);
        flips += better + worse;
        free(theta);
    }
    assert_true(flips > 0);
    evaluation_destroy(&before);
    evaluation_destroy(&after);
    close_rig(&r);
}

static void the_results_depend_on_no_thread(void **state) {
    (void)state;
    struct rig one, many;
    open_rig(&one, "gated", "on", "1", 1);
    open_rig(&many, "gated", "on", "1", 3);
    stir(&one);
    stir(&many);
    ask(&one);
    ask(&many);
    assert_int_equal(one.w.count, many.w.count);
    for (size_t i = 0; i < one.w.count; i++) {
        const struct whatif_row *a = &one.w.rows[i], *b = &many.w.rows[i];
        assert_true(a->kind == b->kind && a->block == b->block && a->right == b->right && a->better == b->better &&
                    a->worse == b->worse && a->loss == b->loss);
    }
    close_rig(&many);
    close_rig(&one);
}

/* Of each hard gate one of the two rows changes nothing, and is not evaluated. */
static void a_hard_gate_that_is_so_already_changes_nothing(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "gated-hard", "on", "1", 1);
    stir(&r);
    ask(&r);
    for (int l = 0; l < BLOCKS - 1; l++) {
        double value = row_of(&r, WHATIF_GATE_0, l)->value;
        assert_true(value == 0 || value == 1);
        const struct whatif_row *same = row_of(&r, value == 0 ? WHATIF_GATE_0 : WHATIF_GATE_1, l);
        const struct whatif_row *other = row_of(&r, value == 0 ? WHATIF_GATE_1 : WHATIF_GATE_0, l);
        assert_true(same->loss == r.w.rows[0].loss && same->right == r.w.rows[0].right);
        assert_true(other->loss != r.w.rows[0].loss);
    }
    close_rig(&r);
}

static void values_and_selection_ratio_stand_beside_the_results(void **state) {
    (void)state;
    struct rig r;
    struct error e = {0};
    open_rig(&r, "gated", "on", "1", 1);
    stir(&r);
    sound(whatif_create(&r.w, &r.job.tuning, r.theta, &e), &e);
    assert_true(fabs(row_of(&r, WHATIF_GATE_1, 2)->value - 1 / (1 + exp(-0.8))) < 1e-6);
    assert_true(fabs(row_of(&r, WHATIF_TEMP_1, 3)->value - 1.4) < 1e-6);
    double sum = 0;
    for (int l = 0; l < BLOCKS - 1; l++)
        sum += row_of(&r, WHATIF_GATE_0, l)->selection;
    assert_true(fabs(sum - 1) < 1e-6);
    close_rig(&r);
}

/* ---- what there is to clamp */

static void a_method_without_gates_and_temperatures_is_refused(void **state) {
    (void)state;
    const char *const methods[] = {"shallow", "deep", "linear"};
    for (int m = 0; m < 3; m++) {
        struct rig r;
        struct error e = {0};
        open_rig(&r, methods[m], "on", "1", 1);
        assert_int_equal(whatif_create(&r.w, &r.job.tuning, r.theta, &e), ERROR_USAGE);
        assert_non_null(strstr(e.text, methods[m]));
        assert_non_null(strstr(e.text, "neither gates nor temperatures"));
        close_rig(&r);
    }
}

static void without_temperatures_there_are_gates_alone(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "gated", "off", "1", 1);
    stir(&r);
    ask(&r);
    assert_int_equal(r.w.count, 1 + 2 * (BLOCKS - 1) + 2);
    assert_null(whatif_find(&r.w, WHATIF_TEMP_1, 0));
    assert_null(whatif_find(&r.w, WHATIF_TEMPS_1, -1));
    assert_null(whatif_find(&r.w, WHATIF_NEUTRAL, -1));
    close_rig(&r);
}

static void gates_before_the_insertion_are_left_out(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "gated", "on", "3", 1);
    stir(&r);
    ask(&r);
    assert_null(whatif_find(&r.w, WHATIF_GATE_0, 1));
    assert_true(row_of(&r, WHATIF_GATE_0, 2)->loss != r.w.rows[0].loss);
    assert_true(row_of(&r, WHATIF_TEMP_1, 0)->loss != r.w.rows[0].loss);
    close_rig(&r);
}

static void gates_that_nothing_passes_are_no_question(void **state) {
    (void)state;
    struct rig r;
    open_rig(&r, "gated", "on", "4", 1); /* the last block, behind the last gate */
    stir(&r);
    ask(&r);
    assert_null(whatif_find(&r.w, WHATIF_GATE_0, 2));
    assert_null(whatif_find(&r.w, WHATIF_GATES_0, -1));
    assert_null(whatif_find(&r.w, WHATIF_NEUTRAL, -1));
    assert_non_null(whatif_find(&r.w, WHATIF_TEMPS_1, -1));
    close_rig(&r);
}

static void a_change_stands_out_by_its_flips(void **state) {
    (void)state;
    assert_false(whatif_is_clear(&(struct whatif_row){.better = 0, .worse = 0}));
    assert_false(whatif_is_clear(&(struct whatif_row){.better = 0, .worse = 4}));
    assert_true(whatif_is_clear(&(struct whatif_row){.better = 0, .worse = 5}));
    assert_false(whatif_is_clear(&(struct whatif_row){.better = 40, .worse = 55}));
    assert_true(whatif_is_clear(&(struct whatif_row){.better = 70, .worse = 30}));
    struct whatif_row rows[] = {{.right = 60}};
    struct whatif w = {.images = 100, .count = 1, .rows = rows};
    assert_true(fabs(whatif_error(&w, rows) - sqrt(0.24 / 100)) < 1e-12);
}

/* ---- the file */

static char *written(const struct whatif *w) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    whatif_csv_write(w, f);
    assert_int_equal(fclose(f), 0);
    return text;
}

static bool is_same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static void a_file_reads_back_to_what_was_written(void **state) {
    (void)state;
    struct rig r;
    struct whatif w;
    struct error e = {0};
    open_rig(&r, "gated", "on", "2", 1);
    stir(&r);
    ask(&r);
    r.w.split = SPLIT_TEST;
    r.w.best = true;
    r.w.step = 716;
    char *text = written(&r.w);
    sound(whatif_csv_parse(&w, text, strlen(text), &e), &e);
    assert_true(w.split == SPLIT_TEST && w.best && w.step == 716 && w.images == VAL && w.count == r.w.count);
    for (size_t i = 0; i < w.count; i++) {
        const struct whatif_row *a = &w.rows[i], *b = &r.w.rows[i];
        assert_true(a->kind == b->kind && a->block == b->block && a->right == b->right && a->better == b->better &&
                    a->worse == b->worse && is_same(a->loss, b->loss) && is_same(a->value, b->value) &&
                    is_same(a->selection, b->selection));
    }
    whatif_destroy(&w);
    free(text);
    close_rig(&r);
}

#define HEADER "weights,split,step,images,variant,block,value,selection,right,top1,change,better,worse,loss\n"
#define BASE "last,val,716,100,baseline,,,,60,0.6,0,0,0,1.2\n"

static void assert_refused(const char *text, size_t size, const char *why) {
    struct whatif w;
    struct error e = {0};
    assert_int_equal(whatif_csv_parse(&w, text, size, &e), ERROR_FORMAT);
    assert_null(w.rows);
    if (!strstr(e.text, why))
        fail_msg("\"%s\" is not in \"%s\"", why, e.text);
}

static void a_hostile_file_is_refused_in_a_sentence(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "no results"},
        {HEADER, "no results"},
        {"step,loss\n", "less than 14 fields"},
        {"weights,split,step,images,variant,block,value,selection,right,top1,change,worse,better,loss\n",
         "column 12 is \"worse\""},
        {HEADER "last,val,716,100,baseline,,,,60,0.6,0,0,0,1.2,9\n", "line 2: it has more than 14 fields"},
        {HEADER "last,val,716,100,baseline,,,,60,0.6,0,0,0,1.2", "line 2: it ends in the middle"},
        {HEADER "first,val,716,100,baseline,,,,60,0.6,0,0,0,1.2\n", "weights is \"first\""},
        {HEADER "last,dev,716,100,baseline,,,,60,0.6,0,0,0,1.2\n", "split is \"dev\""},
        {HEADER "last,val,-1,100,baseline,,,,60,0.6,0,0,0,1.2\n", "step is \"-1\""},
        {HEADER "last,val,99999999999999999999,100,baseline,,,,60,0.6,0,0,0,1.2\n", "step is"},
        {HEADER "last,val,716,0,baseline,,,,0,0,0,0,0,1.2\n", "images is \"0\""},
        {HEADER "last,val,716,100,gate=0,1,0.5,0.5,60,0.6,0,0,0,1.2\n", "variant is \"gate=0\", expected baseline"},
        {HEADER "last,val,716,100,baseline,,,,101,0.6,0,0,0,1.2\n", "right is \"101\""},
        {HEADER BASE BASE, "line 3: variant is \"baseline\""},
        {HEADER BASE "last,val,716,100,gate=2,1,0.5,0.5,60,0.6,0,0,0,1.2\n", "variant is \"gate=2\""},
        {HEADER BASE "last,val,716,100,gate=0,0,0.5,0.5,60,0.6,0,0,0,1.2\n", "block is \"0\""},
        {HEADER BASE "last,val,716,100,gate=0,1025,0.5,0.5,60,0.6,0,0,0,1.2\n", "block is \"1025\""},
        {HEADER BASE "last,val,716,100,gates=0,1,,,60,0.6,0,0,0,1.2\n", "block is \"1\", expected nothing"},
        {HEADER BASE "last,val,716,100,gate=0,1,nan,0.5,60,0.6,0,0,0,1.2\n", "value is \"nan\""},
        {HEADER BASE "last,val,716,100,gate=0,1,0.5,1.5,60,0.6,0,0,0,1.2\n", "selection is \"1.5\""},
        {HEADER BASE "last,val,716,100,gate=0,1,0.5,0.5,59,0.59,0,1,1,1.2\n", "line 3: right, better and worse"},
        {HEADER BASE "last,test,716,100,gate=0,1,0.5,0.5,60,0.6,0,0,0,1.2\n", "line 3: its weights, split"},
        {HEADER BASE "last,val,717,100,gate=0,1,0.5,0.5,60,0.6,0,0,0,1.2\n", "line 3: its weights, split"},
        {HEADER "\x1b[2J,val,716,100,baseline,,,,60,0.6,0,0,0,1.2\n", "field 1 is no short plain text"},
        {HEADER "last,val,716,100,"
                "baselinebaselinebaselinebaselinebaselinebaselinebaseline,,,,60,0.6,0,0,0,1.2\n",
         "field 5 is no short plain text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].why);
    assert_refused("weights\0,split\n", 15, "field 1 is no short plain text");
    assert_refused("\xff\xfe\n", 3, "field 1 is no short plain text");
}

/* Cut anywhere it is whole lines or an error, never a crash. */
static void a_truncated_file_is_refused_or_shorter(void **state) {
    (void)state;
    static const char text[] = HEADER BASE "last,val,716,100,gate=0,1,0.5,0.5,58,0.58,-0.02,1,3,1.2\n"
                                           "last,val,716,100,temps=1,,,,61,0.61,0.01,1,0,1.2\n";
    size_t whole = 0;
    for (size_t n = 0; n < sizeof text; n++) {
        struct whatif w;
        struct error e = {0};
        char *piece = malloc(n + 1); /* of its own size: a sanitizer sees what is read behind it */
        assert_non_null(piece);
        memcpy(piece, text, n);
        int r = whatif_csv_parse(&w, piece, n, &e);
        assert_true(r == ERROR_FORMAT ? e.text[0] && !w.rows : r == 0 && w.count > 0 && text[n - 1] == '\n');
        whole += r == 0;
        whatif_destroy(&w);
        free(piece);
    }
    assert_int_equal(whole, 3);
}

static void more_rows_than_blocks_allow_are_refused(void **state) {
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    fputs(HEADER BASE, f);
    for (int i = 0; i < WHATIF_MOST_ROWS; i++)
        fputs("last,val,716,100,gate=0,1,0.5,0.5,60,0.6,0,0,0,1.2\n", f);
    assert_int_equal(fclose(f), 0);
    assert_refused(text, size, "more than 3077 rows");
    free(text);
}

static void what_is_no_file_is_an_error_with_its_path(void **state) {
    (void)state;
    struct whatif w;
    struct error e = {0};
    char folder[] = "/tmp/gptui-whatif.XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(whatif_csv_read(&w, folder, &e), ERROR_IO);
    snprintf(path, sizeof path, "%s/none", folder);
    assert_int_equal(whatif_csv_read(&w, path, &e), ERROR_IO);
    assert_non_null(strstr(e.text, path));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(whatif_csv_read(&w, path, &e), ERROR_IO); /* and does not wait for a writer */
    unlink(path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("nonsense\n", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(whatif_csv_read(&w, path, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, path));
    assert_int_equal(truncate(path, WHATIF_CSV_MOST + 1), 0);
    assert_int_equal(whatif_csv_read(&w, path, &e), ERROR_FORMAT);
    assert_non_null(strstr(e.text, "larger"));
    unlink(path);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clamped_values_are_exact_and_the_others_stay),
        cmocka_unit_test(everything_neutral_is_shallow_to_the_bit),
        cmocka_unit_test(a_shut_gate_is_the_limit_of_small_ones),
        cmocka_unit_test(the_baseline_is_what_evaluate_says),
        cmocka_unit_test(a_row_counts_the_images_that_flip),
        cmocka_unit_test(the_results_depend_on_no_thread),
        cmocka_unit_test(a_hard_gate_that_is_so_already_changes_nothing),
        cmocka_unit_test(values_and_selection_ratio_stand_beside_the_results),
        cmocka_unit_test(a_method_without_gates_and_temperatures_is_refused),
        cmocka_unit_test(without_temperatures_there_are_gates_alone),
        cmocka_unit_test(gates_before_the_insertion_are_left_out),
        cmocka_unit_test(gates_that_nothing_passes_are_no_question),
        cmocka_unit_test(a_change_stands_out_by_its_flips),
        cmocka_unit_test(a_file_reads_back_to_what_was_written),
        cmocka_unit_test(a_hostile_file_is_refused_in_a_sentence),
        cmocka_unit_test(a_truncated_file_is_refused_or_shorter),
        cmocka_unit_test(more_rows_than_blocks_allow_are_refused),
        cmocka_unit_test(what_is_no_file_is_an_error_with_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
