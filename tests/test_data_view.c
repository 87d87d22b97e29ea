#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cells.h"
#include "tests/sample_look.h"
#include "tests/sample_run.h"
#include "views/class_name.h"
#include "views/views.h"

static struct sample_run run;
static struct canvas canvas;
static struct predictions *predictions;
static struct pictures *pictures;

static void open_run(size_t count, int classes) {
    sample_run_create(&run, 716);
    predictions = sample_look_predictions(count, classes);
    pictures = NULL;
    run.context.predictions = predictions;
    run.choice.image = 0;
    run.choice.sample = 0;
    run.task.classes = classes;
    if (classes > SAMPLE_CLASSES)
        run.task.class_names = NULL;
}

static void draw(int height, int width) {
    sample_run_draw(&run, &data_view, &canvas, height, width);
}

static void close_run(void) {
    free(predictions);
    free(pictures);
    canvas_destroy(&canvas);
    sample_run_destroy(&run);
}

#define assert_shows(text) sample_run_assert_shows(&canvas, text)

static size_t count_wrong(void) {
    size_t n = 0;
    for (size_t i = 0; i < predictions->count; i++)
        n += predictions->images[i].said != predictions->images[i].label;
    return n;
}

static void errors_come_first_the_surest_of_them_first(void **state) {
    (void)state;
    uint32_t order[1000], few[5];
    open_run(1000, 10);
    size_t n = view_samples(predictions, &run.choice, 1000, order);
    assert_int_equal(n, count_wrong());
    for (size_t i = 0; i < n; i++) {
        const struct prediction *p = &predictions->images[order[i]];
        assert_int_not_equal(p->said, p->label);
        if (i == 0)
            continue;
        const struct prediction *before = &predictions->images[order[i - 1]];
        assert_true(before->said_share >= p->said_share);
        assert_true(before->said_share > p->said_share || order[i - 1] < order[i]);
    }
    assert_int_equal(view_samples(predictions, &run.choice, 5, few), 5);
    assert_memory_equal(few, order, sizeof few);
    assert_int_equal(view_samples(predictions, &run.choice, n, order), n);
    assert_int_equal(view_samples(predictions, &run.choice, 0, order), 0);
    close_run();
}

static void all_samples_are_in_the_order_of_the_split(void **state) {
    (void)state;
    uint32_t order[40];
    open_run(30, 10);
    run.choice.all_samples = true;
    assert_int_equal(view_samples(predictions, &run.choice, 40, order), 30);
    for (uint32_t i = 0; i < 30; i++)
        assert_int_equal(order[i], i);
    assert_int_equal(view_samples(predictions, &run.choice, 7, order), 7);
    close_run();
}

static void the_header_counts_all_errors(void **state) {
    (void)state;
    char text[96];
    open_run(200, 10);
    size_t wrong = count_wrong();
    draw(19, 80);
    snprintf(text, sizeof text, "val  %zu wrong of 200 (%.1f%%)  top-1 %.1f%%  after epoch 21, step 704", wrong,
             (double)wrong / 2, 100 - (double)wrong / 2);
    assert_shows(text);
    draw(8, 40);
    snprintf(text, sizeof text, "val  %zu wrong of 200 (%.1f%%)", wrong, (double)wrong / 2);
    assert_shows(text);
    close_run();
}

static void a_sample_says_both_classes_and_their_probabilities(void **state) {
    (void)state;
    uint32_t first;
    char text[96];
    open_run(200, 10);
    view_samples(predictions, &run.choice, 1, &first);
    const struct prediction *p = &predictions->images[first];
    run.choice.image = p->index;
    draw(45, 200);
    snprintf(text, sizeof text, "#%u  Enter: its attention", p->index);
    assert_shows(text);
    snprintf(text, sizeof text, "said %s", run.task.class_names[p->said]);
    assert_shows(text);
    int y = sample_run_find(&canvas, 0, text);
    snprintf(text, sizeof text, "%.1f%%", 100 * (double)p->said_share);
    assert_true(sample_run_column(&canvas, y, text) > 0);
    snprintf(text, sizeof text, "true %s", run.task.class_names[p->label]);
    assert_int_equal(sample_run_find(&canvas, y, text), y + 1);
    close_run();
}

static void pictures_are_asked_for_and_shown_by_their_image(void **state) {
    (void)state;
    struct pictures_request r;
    struct area a = {0, 0, 19, 80};
    uint32_t order[200];
    open_run(200, 10);
    view_samples(predictions, &run.choice, 200, order);
    run.choice.view = VIEW_DATA;
    view_wanted_pictures(&run.context, a, &r);
    assert_int_equal(r.split, SPLIT_VAL);
    assert_true(r.count >= 5 && r.count <= LOOK_PICTURES);
    for (int i = 0; i < r.count; i++)
        assert_int_equal(r.index[i], order[i]);
    draw(19, 80);
    assert_int_equal(canvas_at(&canvas, 2, 2)->glyph, 0xb7);
    pictures = sample_look_pictures(&r);
    run.context.pictures = pictures;
    draw(19, 80);
    assert_int_equal(canvas_at(&canvas, 2, 2)->glyph, 0x2580);
    pictures->request.split = SPLIT_TEST;
    draw(19, 80);
    assert_int_equal(canvas_at(&canvas, 2, 2)->glyph, 0xb7);
    view_wanted_pictures(&run.context, (struct area){0, 0, 8, 40}, &r);
    assert_int_equal(r.count, 0);
    run.context.predictions = NULL;
    view_wanted_pictures(&run.context, a, &r);
    assert_int_equal(r.count, 0);
    close_run();
}

static void the_list_follows_the_chosen_sample_and_scrolls(void **state) {
    (void)state;
    struct area a = {0, 0, 19, 80};
    uint32_t order[200];
    char text[32];
    open_run(200, 10);
    size_t n = view_samples(predictions, &run.choice, 200, order);
    int more = data_view.overflow(&run.context, a);
    assert_true(more > 0 && more < (int)n);
    run.choice.sample = (int)n - 1;
    draw(19, 80);
    snprintf(text, sizeof text, "#%u", order[n - 1]);
    assert_shows(text);
    run.choice.sample = 0;
    run.choice.scroll[VIEW_DATA] = 3;
    draw(19, 80);
    snprintf(text, sizeof text, "#%u", order[3]);
    assert_true(sample_run_find(&canvas, 0, text) == 4);
    run.choice.scroll[VIEW_DATA] = 1000;
    draw(19, 80);
    snprintf(text, sizeof text, "#%u", order[n - 1]);
    assert_shows(text);
    assert_int_equal(data_view.overflow(&run.context, (struct area){0, 0, 500, 80}), 0);
    close_run();
}

static void a_click_chooses_the_image_under_it(void **state) {
    (void)state;
    struct area a = {3, 0, 19, 80};
    char command[64] = "", expected[64];
    uint32_t order[200];
    open_run(200, 10);
    view_samples(predictions, &run.choice, 200, order);
    snprintf(expected, sizeof expected, "select image %u", order[1]);
    assert_true(data_view.click(&run.context, a, 2 + 3, 10, command, sizeof command));
    assert_string_equal(command, expected);
    run.choice.scroll[VIEW_DATA] = 2;
    snprintf(expected, sizeof expected, "select image %u", order[3]);
    assert_true(data_view.click(&run.context, a, 2 + 5, 10, command, sizeof command));
    assert_string_equal(command, expected);
    assert_false(data_view.click(&run.context, a, 0, 10, command, sizeof command));
    assert_false(data_view.click(&run.context, a, 5, 60, command, sizeof command));
    run.context.predictions = NULL;
    assert_false(data_view.click(&run.context, a, 5, 10, command, sizeof command));
    close_run();
}

/* Rows of the matrix hold the numbers of predictions_confusion(), in columns headed by the classes' numbers. */
static void the_matrix_counts_true_by_predicted(void **state) {
    (void)state;
    open_run(200, 10);
    const uint32_t *m = predictions_confusion(predictions);
    run.context.paint.glyphs = GLYPHS_ASCII;
    draw(19, 80);
    int top = sample_run_find(&canvas, 0, "rows true, columns said") + 2;
    for (int i = 0; i < 10; i++) {
        char *row = sample_run_row(&canvas, top + i), *at = row + 80 - 10 * 3;
        for (int k = 0; k < 10; k++) {
            char word[16];
            int read = 0;
            assert_int_equal(sscanf(at, "%15s%n", word, &read), 1);
            at += read;
            char expected[16];
            snprintf(expected, sizeof expected, m[i * 10 + k] ? "%u" : ".", m[i * 10 + k]);
            assert_string_equal(word, expected);
        }
        free(row);
    }
    close_run();
}

static void many_classes_are_merged_and_the_worst_pairs_named(void **state) {
    (void)state;
    char text[64];
    open_run(6000, 200);
    const uint32_t *m = predictions_confusion(predictions);
    uint32_t most = 0;
    for (int i = 0; i < 200 * 200; i++)
        if (i / 200 != i % 200 && m[i] > most)
            most = m[i];
    draw(45, 200);
    assert_shows("3 x 3 classes a cell");
    draw(35, 120);
    assert_shows("true by said, 5 x 5 a cell");
    snprintf(text, sizeof text, "%u x  class ", most);
    assert_shows(text);
    assert_shows("-> said class ");
    close_run();
}

static void classes_stand_the_worst_first_with_their_counts(void **state) {
    (void)state;
    open_run(200, 10);
    const uint32_t *m = predictions_confusion(predictions);
    int worst = 0;
    char text[64];
    for (int i = 1; i < 10; i++)
        worst = m[i * 11] < m[worst * 11] ? i : worst;
    draw(45, 200);
    int y = sample_run_find(&canvas, 0, "top-1 images") + 1;
    assert_true(sample_run_column(&canvas, y, run.task.class_names[worst]) > 100);
    snprintf(text, sizeof text, "%.1f%%     20", 100 * m[worst * 11] / 20.0);
    assert_true(sample_run_column(&canvas, y, text) > 100);
    close_run();
}

static void before_the_first_evaluation_it_says_when_it_comes(void **state) {
    (void)state;
    open_run(20, 10);
    run.context.predictions = NULL;
    draw(19, 80);
    assert_shows("No predictions on val yet.");
    assert_shows("They come after epoch 22; `eval` makes them now.");
    assert_shows("train 512  val 200  test 1000 images");
    assert_shows("Scarlet Tanager");
    run.choice.split = SPLIT_TEST;
    draw(19, 80);
    assert_shows("They come at the end of the run; `eval test` makes them now.");
    run.choice.split = SPLIT_TRAIN;
    draw(19, 80);
    assert_shows("Training images are not evaluated.");
    run.choice.split = SPLIT_VAL;
    run.now.phase = PHASE_EVALUATING;
    draw(19, 80);
    assert_shows("An evaluation is under way.");
    run.task.images[SPLIT_VAL] = 0;
    draw(8, 40);
    assert_shows("The data has no such images.");
    close_run();
}

static void a_perfect_split_has_no_errors_to_list(void **state) {
    (void)state;
    open_run(20, 10);
    for (size_t i = 0; i < 20; i++)
        predictions->images[i].said = predictions->images[i].label;
    draw(19, 80);
    assert_shows("0 wrong of 20 (0%)");
    assert_shows("None of them is wrong.");
    predictions->count = 0;
    draw(19, 80);
    assert_shows("No image was readable.");
    close_run();
}

static void names_are_cut_to_the_columns_there_are(void **state) {
    (void)state;
    const char *const names[] = {"Indigo Bunting", "\u732b\u732b\u732b"};
    const struct view_task task = {.classes = 2, .class_names = names};
    char text[CLASS_NAME];
    assert_string_equal(class_name_fit(&task, 0, 14, text), "Indigo Bunting");
    assert_string_equal(class_name_fit(&task, 0, 13, text), "Indigo Bunt..");
    assert_string_equal(class_name_fit(&task, 0, 2, text), "");
    assert_string_equal(class_name_fit(&task, 0, 0, text), "");
    assert_string_equal(class_name_fit(&task, 1, 6, text), "\u732b\u732b\u732b");
    assert_string_equal(class_name_fit(&task, 1, 5, text), "\u732b..");
    assert_string_equal(class_name_fit(&task, -1, 20, text), "unreadable");
    assert_string_equal(class_name_fit(&task, 7, 20, text), "class 8");
}

static void any_size_stays_within_its_area(void **state) {
    (void)state;
    static const int classes[] = {2, 10, 47, 200};
    for (int k = 0; k < 8; k++) {
        open_run(300, classes[k % 4]);
        run.choice.all_samples = k > 3;
        run.context.paint.glyphs = (enum glyphs)(k % 3);
        run.context.paint.colors = (const int[]){0, 16, 256, 1 << 24}[k / 2];
        for (int width = 1; width <= 200; width += width < 40 ? 3 : 17)
            for (int height = 1; height <= 50; height += height < 20 ? 3 : 9) {
                struct area a = {1, 2, height, width};
                run.context.predictions = (width + height) % 5 ? predictions : NULL;
                cells_open(&canvas, height + 3, width + 5);
                data_view.draw(&run.context, &canvas, a);
                assert_true(cells_are_kept(&canvas, a));
            }
        close_run();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_come_first_the_surest_of_them_first),
        cmocka_unit_test(all_samples_are_in_the_order_of_the_split),
        cmocka_unit_test(the_header_counts_all_errors),
        cmocka_unit_test(a_sample_says_both_classes_and_their_probabilities),
        cmocka_unit_test(pictures_are_asked_for_and_shown_by_their_image),
        cmocka_unit_test(the_list_follows_the_chosen_sample_and_scrolls),
        cmocka_unit_test(a_click_chooses_the_image_under_it),
        cmocka_unit_test(the_matrix_counts_true_by_predicted),
        cmocka_unit_test(many_classes_are_merged_and_the_worst_pairs_named),
        cmocka_unit_test(classes_stand_the_worst_first_with_their_counts),
        cmocka_unit_test(before_the_first_evaluation_it_says_when_it_comes),
        cmocka_unit_test(a_perfect_split_has_no_errors_to_list),
        cmocka_unit_test(names_are_cut_to_the_columns_there_are),
        cmocka_unit_test(any_size_stays_within_its_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
