/* The reconstruction view of a pretraining run. */
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
#include "views/reconstruction_private.h"
#include "views/views.h"

static struct sample_run run;
static struct canvas canvas;
static struct pictures *pictures;

static const struct sample_look ordinary = {
    .depth = 12, .side = 6, .pixels = 48, .request = {1, SPLIT_VAL, 17, 0, 0, -1, 0}};

static struct look *open_with(struct sample_look s) {
    sample_run_create(&run, 716);
    sample_run_method(&run, METHOD_MAE);
    struct look *l = sample_look_rebuilt(&s);
    run.choice.view = VIEW_ATTENTION;
    run.choice.split = s.request.split;
    run.choice.image = s.request.index;
    run.choice.mask = s.request.mask;
    run.context.look = l;
    run.context.look_age = 0.3;
    return l;
}

static void draw(int height, int width) {
    sample_run_draw(&run, view_in(&run.context, VIEW_ATTENTION), &canvas, height, width);
}

static void close_run(struct look *l) {
    free(l);
    free(pictures);
    pictures = NULL;
    canvas_destroy(&canvas);
    sample_run_destroy(&run);
}

#define assert_shows(text) sample_run_assert_shows(&canvas, text)

static void it_stands_in_place_of_attention(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    assert_string_equal(view_in(&run.context, VIEW_ATTENTION)->name, "reconstruction");
    assert_ptr_equal(view_in(&run.context, VIEW_DATA), view_of(VIEW_DATA));
    run.settings.method = METHOD_GATED;
    assert_ptr_equal(view_in(&run.context, VIEW_ATTENTION), view_of(VIEW_ATTENTION));
    close_run(l);
}

static void three_pictures_and_their_numbers(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    draw(19, 80);
    assert_shows("val #17  mask 1, that of evaluation  step 716  0.3 s old");
    assert_shows("original");
    assert_shows("masked: 75% hidden");
    assert_shows("reconstructed");
    assert_shows("loss 0.412  baseline 0.987  explained 58.3%  hidden 27 of 36 patches");
    assert_shows("all of val  loss");
    close_run(l);
}

/* The ink of cell (y, x) of the pane below a title. */
static uint32_t ink_below(const char *title, int y, int x) {
    int row = sample_run_find(&canvas, 0, title);
    return canvas_at(&canvas, row + 1 + y, sample_run_column(&canvas, row, title) + x)->style.ink;
}

static void seen_patches_are_the_same_in_all_three_hidden_ones_in_none(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    draw(14, 80); /* 12 rows at most: a patch is at least a cell high */
    uint32_t grey = 0x848484;
    assert_true(look_seen(l)[0] && !look_seen(l)[1]);
    assert_int_equal(ink_below("original", 0, 0), ink_below("masked", 0, 0));
    assert_int_equal(ink_below("original", 0, 0), ink_below("reconstructed", 0, 0));
    assert_int_equal(ink_below("masked", 0, 5), grey);
    assert_true(ink_below("original", 0, 5) != grey && ink_below("reconstructed", 0, 5) != grey);
    assert_true(ink_below("original", 0, 5) != ink_below("reconstructed", 0, 5));
    close_run(l);
}

static void without_colours_hidden_patches_are_blank(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    run.context.paint.colors = 0;
    run.context.paint.glyphs = GLYPHS_ASCII;
    draw(14, 80);
    int row = sample_run_find(&canvas, 0, "masked"), x = sample_run_column(&canvas, row, "masked");
    assert_int_equal(canvas_at(&canvas, row + 1, x + 5)->glyph, ' ');
    assert_true(canvas_at(&canvas, row + 1, x)->glyph != ' ');
    close_run(l);
}

static void little_room_shows_less_and_says_what(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    draw(8, 40);
    assert_shows("val #17  mask 1  hidden 27/36  step 716");
    assert_shows("original    masked      rebuilt");
    assert_shows("loss 0.412  baseline 0.987  expl. 58.3%");
    draw(40, 40); /* one below the other */
    assert_true(sample_run_find(&canvas, 0, "masked: 75% hidden") > sample_run_find(&canvas, 0, "original") + 8);
    draw(8, 20);
    assert_shows("masked    rebuilt");
    assert_false(sample_run_shows(&canvas, "orig"));
    draw(8, 14);
    assert_shows("rebuilt");
    assert_false(sample_run_shows(&canvas, "masked"));
    close_run(l);
}

static void what_is_waited_for_is_said(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    run.choice.mask = 2;
    draw(19, 80);
    assert_shows("waiting for mask 3");
    run.choice.image = 18;
    draw(8, 40);
    assert_shows("waiting for val #18");
    run.context.look = NULL;
    draw(19, 80);
    assert_shows("Waiting for the reconstruction");
    assert_shows("of val #18");
    run.task.images[SPLIT_VAL] = 0;
    draw(8, 40);
    assert_shows("The data has no val images.");
    close_run(l);
}

static void an_unreadable_image_has_no_numbers(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    l->label = -1;
    draw(19, 80);
    assert_shows("unreadable");
    assert_false(sample_run_shows(&canvas, "explained"));
    close_run(l);
}

static void further_images_can_be_chosen(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    struct area a = {3, 2, 35, 120};
    struct pictures_request r;
    char command[64] = "";
    view_wanted_pictures(&run.context, a, &r);
    assert_true(r.count >= 4 && r.split == SPLIT_VAL);
    assert_true(r.index[0] <= 17 && r.index[r.count - 1] >= 17);
    pictures = sample_look_pictures(&r);
    run.context.pictures = pictures;
    draw(35, 120);
    assert_shows("[#17]");
    char first[32];
    snprintf(first, sizeof first, "#%u", r.index[0]);
    int y = sample_run_find(&canvas, 25, first), x = sample_run_column(&canvas, y, first);
    assert_int_equal(canvas_at(&canvas, y - 1, x)->glyph, 0x2580);
    assert_true(reconstruction_view.click(&run.context, a, y - 1, x, command, sizeof command));
    char expected[64];
    snprintf(expected, sizeof expected, "select image %u", r.index[0]);
    assert_string_equal(command, expected);
    assert_false(reconstruction_view.click(&run.context, a, 3, 3, command, sizeof command));
    view_wanted_pictures(&run.context, (struct area){0, 0, 8, 40}, &r);
    assert_int_equal(r.count, 0);
    run.choice.image = 199; /* the last one: no picture beyond it */
    view_wanted_pictures(&run.context, a, &r);
    assert_int_equal(r.index[r.count - 1], 199);
    close_run(l);
}

static void other_views_know_that_there_are_no_gates_and_classes(void **state) {
    (void)state;
    struct look *l = open_with(ordinary);
    sample_run_draw(&run, &gates_view, &canvas, 19, 80);
    assert_shows("pretraining: this run has no gates");
    sample_run_draw(&run, &data_view, &canvas, 19, 80);
    assert_shows("Pretraining has no classes.");
    assert_shows("train 512  val 200  test 1000 images");
    assert_false(sample_run_shows(&canvas, "redictions"));
    sample_run_draw(&run, &overview_view, &canvas, 19, 80);
    assert_shows("baseline loss");
    assert_shows("explained");
    assert_false(sample_run_shows(&canvas, "top-1"));
    sample_run_draw(&run, &overview_view, &canvas, 35, 120);
    assert_shows("learning rate");
    close_run(l);
}

static void any_size_stays_within_its_area(void **state) {
    (void)state;
    static const int sides[] = {4, 6, 14};
    for (int k = 0; k < 12; k++) {
        struct sample_look s = ordinary;
        s.side = sides[k % 3];
        s.pixels = 4 * sides[k % 3];
        s.request.mask = k % 2;
        struct look *l = open_with(s);
        run.context.paint.glyphs = (enum glyphs)(k % 3);
        run.context.paint.colors = (const int[]){0, 16, 256, 1 << 24}[k % 4];
        for (int width = 1; width <= 200; width += width < 44 ? 1 : 13)
            for (int height = 1; height <= 50; height += height < 20 ? 3 : 9) {
                struct area a = {1, 2, height, width};
                cells_open(&canvas, height + 3, width + 5);
                reconstruction_view.draw(&run.context, &canvas, a);
                assert_true(cells_are_kept(&canvas, a));
            }
        close_run(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stands_in_place_of_attention),
        cmocka_unit_test(three_pictures_and_their_numbers),
        cmocka_unit_test(seen_patches_are_the_same_in_all_three_hidden_ones_in_none),
        cmocka_unit_test(without_colours_hidden_patches_are_blank),
        cmocka_unit_test(little_room_shows_less_and_says_what),
        cmocka_unit_test(what_is_waited_for_is_said),
        cmocka_unit_test(an_unreadable_image_has_no_numbers),
        cmocka_unit_test(further_images_can_be_chosen),
        cmocka_unit_test(other_views_know_that_there_are_no_gates_and_classes),
        cmocka_unit_test(any_size_stays_within_its_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
